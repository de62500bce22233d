#!/usr/bin/env python3
"""Imports AWS's published API models as facts: data/<service>.api and data/partitions.json.

Reads the format of botocore's data folder and writes one text file a service, without a word of AWS's
documentation. What the models do not say (which operations read, change or destroy; IAM's prefixes; secrets that
are not marked) comes from rules.txt. A maintainer runs this when AWS's models move; the build only reads the result.

  import.py                          all services of services.txt, from the installed botocore
  import.py --data DIR ecs logs      these services, from another data folder
  import.py --report [SERVICE...]    effect, operation and deciding line of each operation, for review; writes nothing
  import.py --vectors OUT FILE...    published protocol vectors as one .api file, for the protocol tests:
                                     suite N (from 0) of .../input/json.json becomes the service "json-in-N", of
                                     .../output/json.json "json-out-N"; an operation keeps the name of `given`,
                                     unless an earlier case of the suite defines that name differently: then its
                                     name is the case's id

The format, by lines; compile.lua reads it. A word that has blanks or quotes in it is written as a JSON string.

  service NAME                                       several may share a file; facts of the service, one a line
  operation NAME snake_name EFFECT                   indented: http METHOD URI [STATUS], input SHAPE, output SHAPE
                                                     [RESULT-WRAPPER], errors SHAPE..., host-prefix, auth,
                                                     checksum, compress, context, context-path, pages
  waiter NAME snake_name OPERATION delay=S attempts=N     indented: STATE MATCHER EXPECTED-JSON [JMESPATH]
  structure|list|map NAME TRAIT...                   indented: one member a line, MEMBER[!] SHAPE TRAIT...; ! required
  string NAME TRAIT...                               indented: one value of its enum a line
  blob|boolean|integer|long|float|double|timestamp NAME TRAIT...
  endpoint-rules                                     indented: JSON, of which line breaks and indents are no part
"""
import argparse
import gzip
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PREFERRED = ["json", "rest-json", "rest-xml", "query", "ec2", "smithy-rpc-v2-cbor"]
LINE_WIDTH = 150


# ---- names ---------------------------------------------------------------------------------------------------------

IRREGULAR = {
    "CreateCachediSCSIVolume": "create_cached_iscsi_volume",
    "DescribeCachediSCSIVolumes": "describe_cached_iscsi_volumes",
    "DescribeStorediSCSIVolumes": "describe_stored_iscsi_volumes",
    "CreateStorediSCSIVolume": "create_stored_iscsi_volume",
    "ListHITsForQualificationType": "list_hits_for_qualification_type",
}


def snake_name(name):
    """The name as boto3 spells it in Python (botocore's xform_name)."""
    if "_" in name:
        return name
    if name in IRREGULAR:
        return IRREGULAR[name]
    for whole, plain in (("PartiQL", "Partiql"), ("WhatsApp", "Whatsapp"), ("OTel", "Otel")):
        name = name.replace(whole, plain)
    plural = re.search(r"[A-Z]{2,}s$", name)
    if plural:
        name = name[: plural.start()] + "_" + plural.group().lower()
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


def word(text):
    """One word of a line: as it is, or as a JSON string where it would not be one word."""
    text = str(text)
    return text if re.fullmatch(r'[^\s"]+', text) else json.dumps(text, ensure_ascii=False)


def trait(name, value):
    return f"{name}={word(value)}"


# ---- rules.txt -----------------------------------------------------------------------------------------------------

class Rules:
    """What the models do not say; see the head of rules.txt."""

    EFFECTS = ("read", "read-secret", "change", "destroy")

    def __init__(self, path):
        self.verbs, self.operations, self.prefixes, self.sensitive = {}, {}, {}, set()
        self.used = set()
        with open(path) as lines:
            for number, line in enumerate(lines, 1):
                words = line.split("#")[0].split()
                if words:
                    self._add(words, f"{os.path.basename(path)}:{number}")

    def _add(self, words, place):
        keyword, rest = words[0], words[1:]
        if keyword == "iam-prefix":
            self.prefixes[rest[0]] = rest[1]
        elif keyword == "sensitive":
            self.sensitive.update(rest)
        elif keyword in ("verb", "operation") and rest[0] in self.EFFECTS:
            table = self.verbs if keyword == "verb" else self.operations
            table.update({name: (rest[0], place) for name in rest[1:]})
        else:
            sys.exit(f"{place}: no such rule: '{' '.join(words)}'")

    def effect(self, service, name, operation):
        """The effect, and what decided it."""
        full = f"{service}:{name}"
        for pattern in sorted(self.operations, key=len, reverse=True):
            if full == pattern or (pattern.endswith("*") and full.startswith(pattern[:-1])):
                self.used.add(pattern)
                return self.operations[pattern]
        if operation.get("readonly"):
            return "read", "readonly trait"
        for verb in sorted(self.verbs, key=len, reverse=True):
            if re.match(verb + r"(?![a-z])", name):
                return self.verbs[verb]
        return "change", "no rule"


# ---- one service ---------------------------------------------------------------------------------------------------

class Service:
    """Writes the facts of one service-2 model as lines."""

    def __init__(self, name, model, rules, paginators=None, waiters=None, endpoint_rules=None):
        self.name, self.meta, self.rules = name, model["metadata"], rules
        self.operations = model["operations"]
        self.shapes = {key: dict(shape) for key, shape in model["shapes"].items()}
        self.paginators = (paginators or {}).get("pagination", {})
        self.waiters = (waiters or {}).get("waiters", {})
        self.endpoint_rules = endpoint_rules
        self._move_input_traits()

    def _move_input_traits(self):
        """An operation may name the XML element of its input; the shape, used nowhere else, takes that over."""
        for operation in self.operations.values():
            reference = operation.get("input", {})
            for key in ("locationName", "xmlNamespace"):
                if key in reference:
                    self.shapes[reference["shape"]][key] = reference[key]

    def protocol(self):
        spoken = self.meta.get("protocols") or [self.meta["protocol"]]
        return next(p for p in PREFERRED if p in spoken)

    def lines(self):
        yield from self._facts()
        for name in sorted(self.operations, key=lambda n: self.operations[n]["name"]):
            yield ""
            yield from self._operation(self.operations[name])
        for name in sorted(self.waiters):
            yield ""
            yield from self._waiter(name, self.waiters[name])
        for index, name in enumerate(sorted(self._reachable())):
            if index == 0:
                yield ""
            yield from self._shape(name, self.shapes[name])
        if self.endpoint_rules:
            yield ""
            yield "endpoint-rules"
            yield from rule_lines(self.endpoint_rules)

    def _facts(self):
        meta = self.meta
        prefix = meta.get("endpointPrefix", "")
        signing = meta.get("signingName", prefix)
        spoken = meta.get("protocols") or [meta["protocol"]]
        facts = [
            ("id", meta.get("serviceId", self.name)),
            ("endpoint-prefix", prefix),
            ("signing-name", signing),
            ("iam-prefix", self.rules.prefixes.get(self.name, signing)),
            ("api-version", meta.get("apiVersion", "")),
            ("protocol", self.protocol()),
            ("target-prefix", meta.get("targetPrefix", "")),
            ("json-version", meta.get("jsonVersion", "")),
            ("xml-namespace", namespace(meta.get("xmlNamespace", ""))[0]),
            ("global-endpoint", meta.get("globalEndpoint", "")),
        ]
        yield f"service {self.name}"
        yield from (f"  {key} {word(value)}" for key, value in facts if value)
        yield "  protocols " + " ".join(spoken)
        if "awsQueryCompatible" in meta:
            yield "  query-compatible"

    def _operation(self, op):
        name = op["name"]
        effect, _ = self.rules.effect(self.name, name, op)
        yield f"operation {name} {snake_name(name)} {effect}"
        http = op.get("http", {"method": "POST", "requestUri": "/"})
        yield "  http " + " ".join(word(http[key]) for key in ("method", "requestUri", "responseCode") if key in http)
        if "input" in op:
            yield f"  input {op['input']['shape']}"
        if "output" in op:
            wrapper = op["output"].get("resultWrapper")
            yield f"  output {op['output']['shape']}" + (f" {wrapper}" if wrapper else "")
        if op.get("errors"):
            yield "  errors " + " ".join(error["shape"] for error in op["errors"])
        yield from self._operation_traits(op)
        if name in self.paginators:
            yield "  pages " + " ".join(page_words(self.paginators[name]))

    def _operation_traits(self, op):
        if "hostPrefix" in op.get("endpoint", {}):
            yield f"  host-prefix {word(op['endpoint']['hostPrefix'])}"
        auth = operation_auth(self.meta, op)
        if auth:
            yield f"  auth {auth}"
        checksum = dict(op.get("httpChecksum", {}))
        if op.get("httpChecksumRequired") or checksum.get("requestChecksumRequired"):
            checksum["requestChecksumRequired"] = True
        if checksum:
            yield "  checksum " + " ".join(checksum_words(checksum))
        if "requestcompression" in op:
            yield "  compress " + " ".join(op["requestcompression"]["encodings"])
        if "staticContextParams" in op:
            values = {key: param["value"] for key, param in op["staticContextParams"].items()}
            yield "  context " + " ".join(trait(k, json.dumps(v)) for k, v in sorted(values.items()))
        if "operationContextParams" in op:
            paths = {key: param["path"] for key, param in op["operationContextParams"].items()}
            yield "  context-path " + " ".join(trait(k, v) for k, v in sorted(paths.items()))

    def _waiter(self, name, waiter):
        yield (f"waiter {name} {snake_name(name)} {waiter['operation']} "
               f"delay={waiter['delay']} attempts={waiter['maxAttempts']}")
        for a in waiter["acceptors"]:
            words = [a["state"], a["matcher"], json.dumps(a["expected"])]
            yield "  " + " ".join(words + ([a["argument"]] if "argument" in a else []))

    def _reachable(self):
        found, todo = set(), []
        for op in self.operations.values():
            todo += [op[key]["shape"] for key in ("input", "output") if key in op]
            todo += [error["shape"] for error in op.get("errors", [])]
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                todo += [member["shape"] for _, member in members(self.shapes[name])]
        return found

    def _shape(self, name, shape):
        words = [shape_type(name, shape), name] + shape_traits(shape)
        if f"{self.name}:{name}" in self.rules.sensitive:
            self.rules.used.add(f"{self.name}:{name}")
            words.insert(2, "sensitive")
        yield " ".join(words)
        required = shape.get("required", [])
        for key, member in members(shape):
            mark = "!" if key in required else ""
            yield " ".join([f"  {key}{mark}", member["shape"]] + member_traits(member))
        yield from (f"  {word(value)}" for value in shape.get("enum", []))


def operation_auth(meta, op):
    """How requests are signed where that is not by SigV4 with a hash of the body; None where it is."""
    if op.get("authtype") == "none" or op.get("auth") == ["smithy.api#noAuth"]:
        return "none"
    if op.get("authtype") == "v4-unsigned-body" or op.get("unsignedPayload"):
        return "unsigned-body"
    return "bearer" if meta.get("signatureVersion") == "bearer" else None


def namespace(value):
    """(uri, prefix) of an xmlNamespace, which models write as a text or as an object."""
    return (value, "") if isinstance(value, str) else (value["uri"], value.get("prefix", ""))


def shape_type(name, shape):
    kind = {"character": "string"}.get(shape["type"], shape["type"])
    known = "structure list map string blob boolean integer long float double timestamp"
    if kind not in known.split():
        sys.exit(f"shape '{name}': unknown type '{kind}'")
    return kind


def members(shape):
    if shape["type"] == "structure":
        return list(shape["members"].items())
    return [(key, shape[key]) for key in ("member", "key", "value") if key in shape]


def flags(traits, names):
    return [out for key, out in names if traits.get(key)]


def common_traits(traits):
    """What shapes and members may both carry."""
    words = []
    if "locationName" in traits:
        words.append(trait("wire", traits["locationName"]))
    if "timestampFormat" in traits:
        words.append(trait("time", traits["timestampFormat"]))
    if "xmlNamespace" in traits:
        uri, prefix = namespace(traits["xmlNamespace"])
        words += [trait("namespace", uri)] + ([trait("prefix", prefix)] if prefix else [])
    return words + flags(traits, [("flattened",) * 2, ("streaming",) * 2, ("sensitive",) * 2])


def shape_traits(shape):
    words = common_traits(shape)
    words += flags(shape, [("union", "union"), ("document", "document"), ("sparse", "sparse"), ("wrapper", "wrapper"),
                           ("eventstream", "event-stream"), ("event", "event")])
    if shape.get("exception") or "error" in shape:
        error = shape.get("error", {})
        words.append("exception")
        words += [trait("code", error["code"])] if "code" in error else []
        words += [trait("status", error["httpStatusCode"])] if "httpStatusCode" in error else []
        words += ["sender"] if error.get("senderFault") else []
        words += ["fault"] if shape.get("fault") else []
    if "retryable" in shape:
        words += ["retryable"] + (["throttling"] if shape["retryable"].get("throttling") else [])
    if "payload" in shape:
        words.append(trait("payload", shape["payload"]))
    return words + [trait(key, json.dumps(shape[key])) for key in ("min", "max") if key in shape]


def member_traits(member):
    words = common_traits(member)
    if "queryName" in member:
        words.append(trait("query-name", member["queryName"]))
    if "location" in member:
        words.append(trait("in", member["location"].lower()))
    if "contextParam" in member:
        words.append(trait("context", member["contextParam"]["name"]))
    return words + flags(member, [("idempotencyToken", "token"), ("xmlAttribute", "attribute"), ("jsonvalue", "json"),
                                  ("hostLabel", "host-label"), ("eventheader", "event-header"),
                                  ("eventpayload", "event-payload")])


def checksum_words(checksum):
    words = ["required"] if checksum.get("requestChecksumRequired") else []
    for key, name in (("requestAlgorithmMember", "request"), ("requestValidationModeMember", "validation")):
        words += [trait(name, checksum[key])] if key in checksum else []
    if "responseAlgorithms" in checksum:
        words.append(trait("response", ",".join(checksum["responseAlgorithms"])))
    return words


def page_words(page):
    words = []
    for key, name in (("input_token", "in"), ("output_token", "out"), ("result_key", "items"), ("limit_key", "limit"),
                      ("more_results", "more"), ("non_aggregate_keys", "keep")):
        values = page.get(key, [])
        words += [trait(name, value) for value in (values if isinstance(values, list) else [values])]
    return words


# ---- endpoint rules ------------------------------------------------------------------------------------------------

def without_documentation(value):
    if isinstance(value, list):
        return [without_documentation(item) for item in value]
    if isinstance(value, dict):
        return {key: without_documentation(item) for key, item in value.items() if key != "documentation"}
    return value


def rule_lines(rules):
    """Minified JSON, broken where a value would pass the line: a rule that changes is a line that changes."""
    yield from broken_json(without_documentation(rules), 1, "", "")


def broken_json(value, depth, before, after):
    whole = before + json.dumps(value, separators=(",", ":"), ensure_ascii=False) + after
    indent = "  " * depth
    if len(indent) + len(whole) <= LINE_WIDTH or not isinstance(value, (dict, list)):
        yield indent + whole
        return
    opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
    yield indent + before + opening
    items = list(value.items()) if isinstance(value, dict) else [(None, item) for item in value]
    for index, (key, item) in enumerate(items):
        name = "" if key is None else json.dumps(key) + ":"
        yield from broken_json(item, depth + 1, name, "," if index + 1 < len(items) else "")
    yield indent + closing + after


# ---- sources -------------------------------------------------------------------------------------------------------

def botocore_data():
    try:
        import botocore
    except ImportError:
        sys.exit("botocore is not installed; name its data folder with --data")
    return os.path.join(os.path.dirname(botocore.__file__), "data")


def read_json(path):
    """The JSON file, plain or compressed; None where there is neither."""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as stream:
            return json.load(stream)
    if os.path.exists(path + ".gz"):
        with gzip.open(path + ".gz", "rt", encoding="utf-8") as stream:
            return json.load(stream)
    return None


def load_service(data, name, rules):
    folder = os.path.join(data, name)
    versions = [v for v in os.listdir(folder) if os.path.isdir(os.path.join(folder, v))]
    parts = [read_json(os.path.join(folder, max(versions), part + ".json"))
             for part in ("service-2", "paginators-1", "waiters-2", "endpoint-rule-set-1")]
    return Service(name, parts[0], rules, *parts[1:])


def vector_services(path, rules):
    direction = {"input": "in", "output": "out"}[os.path.basename(os.path.dirname(os.path.abspath(path)))]
    base = os.path.basename(path)[: -len(".json")]
    for index, suite in enumerate(read_json(path)):
        yield Service(f"{base}-{direction}-{index}", vector_model(suite), rules)


def vector_model(suite):
    operations = {}
    for case in suite["cases"]:
        given = {key: value for key, value in case["given"].items() if key != "documentation"}
        given.setdefault("name", case["id"])
        if operations.get(given["name"], given) != given:
            given["name"] = case["id"]
        operations[given["name"]] = given
    if suite["metadata"]["protocol"] == "query":
        for name, given in operations.items():
            if "output" in given:
                given["output"] = {"resultWrapper": name + "Result", **given["output"]}
    return {"metadata": suite["metadata"], "operations": operations, "shapes": suite["shapes"]}


def write(path, services):
    text = "\n\n".join("\n".join(service.lines()) for service in services) + "\n"
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)


def report(service):
    for op in sorted(service.operations.values(), key=lambda op: op["name"]):
        effect, place = service.rules.effect(service.name, op["name"], op)
        print(f"{effect:<12} {service.name + ':' + op['name']:<70} {place}")


def write_partitions(data, path):
    partitions = read_json(os.path.join(data, "partitions.json"))
    for partition in partitions["partitions"]:
        partition["regions"] = {name: {key: value for key, value in region.items() if key != "description"}
                                for name, region in partition["regions"].items()}
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(partitions, stream, indent=1)
        stream.write("\n")


def listed_services():
    with open(os.path.join(HERE, "services.txt")) as lines:
        return [line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="services, or with --vectors the files")
    parser.add_argument("--data", help="botocore's data folder; default: of the installed botocore")
    parser.add_argument("--out", default=os.path.join(HERE, "data"), help="folder to write to")
    parser.add_argument("--report", action="store_true", help="print effects instead of writing")
    parser.add_argument("--vectors", metavar="OUT", help="import protocol vectors to this file")
    args = parser.parse_args()
    rules = Rules(os.path.join(HERE, "rules.txt"))
    if args.vectors:
        write(args.vectors, [s for path in args.names for s in vector_services(path, rules)])
        return
    data = args.data or botocore_data()
    for name in args.names or listed_services():
        service = load_service(data, name, rules)
        if args.report:
            report(service)
        else:
            write(os.path.join(args.out, name + ".api"), [service])
    if not args.names:
        for stale in sorted((set(rules.operations) | (set() if args.report else rules.sensitive)) - rules.used):
            print(f"rules.txt: '{stale}' names nothing that exists", file=sys.stderr)
        if not args.report:
            write_partitions(data, os.path.join(args.out, "partitions.json"))


if __name__ == "__main__":
    main()
