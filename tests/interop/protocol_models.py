"""Generated models that have the traits of a protocol in all combinations, as botocore's service-2 format has them.
One operation each, with an input, an output and an error."""

PROTOCOLS = ["json", "query", "ec2", "rest-json", "rest-xml", "smithy-rpc-v2-cbor"]
REST = ("rest-json", "rest-xml")
XML = ("query", "ec2", "rest-xml")
SCALARS = ["string", "integer", "long", "float", "double", "boolean", "timestamp", "blob"]
TIMES = ["iso8601", "rfc822", "unixTimestamp"]


class Maker:
    def __init__(self, rng, protocol):
        self.rng, self.protocol = rng, protocol
        self.shapes = {}

    def maybe(self, chance=0.3):
        return self.rng.random() < chance

    def add(self, shape):
        name = f"Shape{len(self.shapes)}"
        self.shapes[name] = shape
        return name

    def scalar(self, kinds=SCALARS):
        shape = {"type": self.rng.choice(kinds)}
        if shape["type"] == "timestamp" and self.maybe() and self.protocol != "smithy-rpc-v2-cbor":
            shape["timestampFormat"] = self.rng.choice(TIMES)
        return self.add(shape)

    def reference(self, shape, wire=None):
        reference = {"shape": shape}
        if wire and self.maybe() and self.protocol != "smithy-rpc-v2-cbor":  # botocore reads none there
            reference["locationName"] = wire
        return reference

    def list(self, depth, flattened=False, kinds=None):
        inner = self.scalar(kinds or SCALARS) if kinds or depth > 2 else self.shape(depth + 1)
        shape = {"type": "list", "member": self.reference(inner, f"item{len(self.shapes)}" if self.protocol in XML else None)}
        if flattened and self.maybe():
            shape["flattened"] = True
            if self.protocol == "rest-xml":
                shape["member"].pop("locationName", None)
        return self.add(shape)

    def map(self, depth, flattened=False):
        names = ("K", "V") if self.protocol in XML else (None, None)
        shape = {"type": "map", "key": self.reference(self.add({"type": "string"}), names[0]),
                 "value": self.reference(self.shape(depth + 1) if depth < 3 else self.scalar(), names[1])}
        if flattened and self.maybe():
            shape["flattened"] = True
        return self.add(shape)

    def shape(self, depth, flattened=False):
        """Only what is the member of a structure may be flattened."""
        kind = self.rng.choice(["scalar"] * 4 + ["list", "map", "structure", "union", "document"])
        if kind == "document" and self.protocol in ("json", "rest-json"):
            return self.add({"type": "structure", "members": {}, "document": True})
        if depth > 3 or kind in ("scalar", "document") or kind == "map" and self.protocol == "ec2":
            return self.scalar()
        if kind == "list":
            return self.list(depth, flattened)
        if kind == "map":
            return self.map(depth, flattened)
        shape = {"type": "structure", "members": self.members(depth + 1, flattened=kind != "union")}
        if kind == "union":
            shape["union"] = True
        return self.add(shape)

    def members(self, depth, prefix="m", flattened=True):
        # not `flattened`: a union, whose one member must be seen, be it an empty list
        """Names begin with a capital for ec2, which Smithy adds and botocore does not. A flattened list has one name,
        and in rest-xml not the list's: botocore writes the structure's there and reads the list's."""
        prefix = prefix.upper() if self.protocol == "ec2" else prefix
        members = {}
        for i in range(self.rng.randint(1, 4)):
            name = self.shape(depth, flattened and self.protocol in ("query", "rest-xml"))
            has_name = "locationName" in self.shapes[name].get("member", {}) and "flattened" in self.shapes[name]
            reference = self.reference(name, None if has_name else f"{prefix}Wire{i}")
            if self.protocol == "rest-xml" and depth > 0 and flattened and self.maybe(0.15):
                reference = {"shape": self.add({"type": "string"}), "locationName": f"attr{i}", "xmlAttribute": True}
            elif self.protocol == "rest-xml" and "flattened" not in self.shapes[name] and self.maybe(0.15):
                # botocore puts that of a flattened list on the element around it
                reference["xmlNamespace"] = {"uri": "http://x/", **({"prefix": "p"} if self.maybe() else {})}
            if self.protocol == "ec2" and self.maybe(0.2):
                reference["queryName"] = f"Query{i}"
            members[f"{prefix}{i}"] = reference
        return members

    def bound(self, direction):
        """Members outside the body; returns them and the labels of the path."""
        members, labels = {}, []
        for i in range(self.rng.randint(0, 2) if direction == "input" else 0):
            members[f"label{i}"] = {"shape": self.scalar(SCALARS[:-1]), "location": "uri", "locationName": f"Label{i}"}
            labels.append(f"Label{i}+" if i == 1 else f"Label{i}")
        places = ["header", "headers"] + (["querystring"] * 3 if direction == "input" else [])
        has_map = False
        for i in range(self.rng.randint(0, 4)):
            place = self.rng.choice(places)
            if place == "headers":
                shape = self.add({"type": "map", "key": {"shape": self.add({"type": "string"})},
                                  "value": {"shape": self.add({"type": "string"})}})
                members[f"{place}{i}"] = {"shape": shape, "location": place, "locationName": f"x-pre{i}-"}
                continue
            kinds = ["string", "integer", "boolean"] if direction == "output" else SCALARS[:-1]
            shape = self.list(9, kinds=kinds) if self.maybe() else self.scalar(SCALARS[:-1])
            if place == "querystring" and not has_map and self.maybe(0.2):
                has_map = True
                inner = self.list(9, kinds=["string"]) if self.maybe(0.5) else self.add({"type": "string"})
                shape = self.add({"type": "map", "key": {"shape": self.add({"type": "string"})},
                                  "value": {"shape": inner}})
            members[f"{place}{i}"] = {"shape": shape, "location": place, "locationName": f"X-{place}{i}"}
        return members, labels

    def payload(self):
        kind = self.rng.choice(["blob", "string", "structure", "structure", "union", "document"])
        if kind in ("blob", "string"):
            return {"shape": self.add({"type": kind})}
        if kind == "document" and self.protocol == "rest-json":
            return {"shape": self.add({"type": "structure", "members": {}, "document": True})}
        shape = {"type": "structure", "members": self.members(1, flattened=kind != "union")}
        if kind == "union":
            shape["union"] = True
        return {"shape": self.add(shape), "locationName": "Payload"}

    def top(self, direction):
        if self.protocol not in REST:
            return self.add({"type": "structure", "members": self.members(0)}), []
        members, labels = self.bound(direction)
        shape = {"type": "structure", "members": members}
        if self.maybe():
            members["payload"] = self.payload()
            shape["payload"] = "payload"
        elif self.maybe(0.8):
            members.update(self.members(0))
        return self.add(shape), labels

    def model(self):
        output, _ = self.top("output")
        source, labels = self.top("input")
        error = self.add({"type": "structure", "exception": True, "error": {"httpStatusCode": 418},
                          "members": {"message": {"shape": self.add({"type": "string"})}, **self.members(0, "e")}})
        uri = "/".join(["/fixed"] + [f"{{{label}}}" for label in labels]) + ("?literal=1" if self.maybe() else "")
        rest = self.protocol in REST
        given = {"name": "DoThing", "input": {"shape": source}, "output": {"shape": output}, "errors": [{"shape": error}],
                 "http": {"method": self.rng.choice(["GET", "POST", "PUT"]) if rest else "POST",
                          "requestUri": uri if rest else "/"}}
        if self.protocol == "query":
            given["output"]["resultWrapper"] = "DoThingResult"
        if self.protocol == "rest-xml":
            given["input"]["locationName"] = "DoThingRequest"
        metadata = {"protocol": self.protocol, "protocols": [self.protocol], "apiVersion": "2020-01-01",
                    "targetPrefix": "Prefix", "jsonVersion": "1.1", "endpointPrefix": "x", "serviceId": "Generated",
                    "signatureVersion": "v4"}
        return {"metadata": metadata, "operations": {"DoThing": given}, "shapes": self.shapes}


def model(rng, protocol):
    return Maker(rng, protocol).model()
