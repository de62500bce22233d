"""Compares the wire protocols with botocore's: protocol_botocore.py PROTOCOL_TOOL LUA MODELS_TOOL [SEED] [ROUNDS]

Over generated values, for every operation of every built-in service, of some of them forced to speak CBOR, and of
generated models that have all traits of a protocol (protocol_models.py):

  requests  gwrun's client writes what botocore's serializer writes, part by part; gwrun's server reads it back
  answers   botocore's parser reads the answers and errors that gwrun's server writes; gwrun's client reads these, and
            those that botocore's serializer writes for the output's shape, with the same result

Where botocore is known to be wrong, Smithy counts: see the functions with `botocore` in their names.
"""

import base64
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from urllib.parse import parse_qsl
from xml.etree import ElementTree

try:
    import botocore
    import botocore.session
    from botocore import parsers, serialize
    from botocore.awsrequest import HeadersDict
    from botocore.model import ServiceModel
except ImportError:
    print("protocol interop: skipped, python3 has no botocore")
    sys.exit(77)

import protocol_models
from protocol_values import Generator, for_botocore, from_botocore, has_empty_element, is_document, without_empty

SEED = 20150830
ROUNDS = 2
SERVICES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../host/models/services.txt")
CBOR_SERVICES = ["cloudwatch", "dynamodb", "events", "kms", "logs"]  # ecs has documents, which CBOR has not
XML_PROTOCOLS = ("query", "ec2", "rest-xml")
REST = ("rest-json", "rest-xml")
MESSAGE = 'a < b & "c"'
# A server takes them for another operation of the same path: their successors, or for the host it was not asked at.
S3_SHADOWED = {"GetBucketLifecycle", "GetBucketNotification", "PutBucketLifecycle", "PutBucketNotification",
               "ListDirectoryBuckets"}


def listed_services():
    with open(SERVICES, encoding="utf-8") as lines:
        return [line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()]


def payload_of(shape):
    name = shape.serialization.get("payload") if shape else None
    return (name, shape.members[name]) if name else (None, None)


def is_raw(shape):
    return shape is not None and shape.type_name in ("blob", "string")


# ---- bodies as trees -------------------------------------------------------------------------------------------------

def plain_number(text):
    """A whole number without the ".0" that Python gives it."""
    return re.sub(r"^(-?\d+)\.0$", r"\1", text)


def xml_tree(element):
    text = element.text or ""
    if len(element):
        text = text.strip()
    return element.tag, sorted(element.attrib.items()), plain_number(text), [xml_tree(child) for child in element]


def body_tree(protocol, raw, body):
    """The body so that bodies which say the same are equal."""
    if raw or body == b"":
        return body
    if protocol in ("json", "rest-json"):
        return json.loads(body)
    if protocol == "rest-xml":
        return xml_tree(ElementTree.fromstring(body))
    return repr(parse_cbor(body))


def parse_cbor(body):
    parser = parsers.create_parser("smithy-rpc-v2-cbor")
    return parser.parse_data_item(parser.get_peekable_stream_from_bytes(body))


def plain(pairs):
    """In any order."""
    return sorted((key, plain_number(text)) for key, text in pairs)


def query_pairs(query):
    """botocore's query: a dictionary whose values may be lists."""
    pairs = []
    for key, value in query.items():
        pairs += [(key, str(item)) for item in value] if isinstance(value, list) else [(key, str(value))]
    return pairs


# ---- where botocore is wrong -----------------------------------------------------------------------------------------

def correct_botocore_query(op, given, query):
    """Smithy: a parameter of its own wins over the entry of a query map (RestJsonQueryPrecedence); botocore lets the
    later one win. A list in a map repeats its key; that botocore does. Lists of booleans do not exist in such maps."""
    for name, member in (op.input_shape.members if op.input_shape else {}).items():
        if member.serialization.get("location") == "querystring" and member.type_name != "map" and name in given:
            key = member.serialization.get("name", name)
            serializer = serialize.create_serializer("rest-json", False)
            part = {"uri_path_kwargs": {}, "query_string_kwargs": {}, "headers": {}, "body_kwargs": {}}
            serializer._partition_parameters(part, name, for_botocore(member, given[name]), op.input_shape.members)
            query[key] = part["query_string_kwargs"][key]
    return query


def leaves_out_body_unlike_botocore(shape, given):
    """Smithy: a union, list or document that is the payload and not given is no body (RestJsonHttpPayloadWithUnsetUnion);
    botocore sends {}, and does not read what is missing."""
    name, payload = payload_of(shape)
    return name and name not in given and not is_raw(payload) and (
        payload.type_name != "structure" or payload.is_tagged_union or is_document(payload))


def has_no_name_for_botocore(op):
    """botocore's rest-xml fails for a payload without locationName, which Smithy names by its shape
    (HttpPayloadWithXmlNamespace), and for bodies of inputs without one."""
    name, payload = payload_of(op.input_shape)
    if name and not is_raw(payload):
        return "name" not in payload.serialization
    return op.input_shape is not None and not name and "name" not in op.input_shape.serialization and any(
        "location" not in member.serialization for member in op.input_shape.members.values())


# ---- answers by botocore ---------------------------------------------------------------------------------------------

def written_by_botocore(protocol, op, result):
    """An answer with the result, as botocore would write it were it a request; None where that cannot be."""
    shape = op.output_shape
    name, payload = payload_of(shape)
    located = any("location" in member.serialization for member in shape.members.values())
    if name or located or any(is_document(m) and protocol != "json" for m in shape.members.values()):
        return None
    params = for_botocore(shape, result)
    if protocol in ("json", "rest-json"):
        body = {}
        serialize.create_serializer("json", False)._serialize(body, params, shape)
        return json.dumps(body, indent=2).encode()
    if protocol == "smithy-rpc-v2-cbor":
        return serialize.create_serializer(protocol, False)._serialize_body_params(params, shape)
    return xml_by_botocore(protocol, op, params)


def xml_by_botocore(protocol, op, params):
    root = ElementTree.Element("")
    wrapper = op.output_shape.serialization.get("resultWrapper", "Wrapper")
    serialize.create_serializer("rest-xml", False)._serialize(op.output_shape, params, root, wrapper)
    text = ElementTree.tostring(root[0], encoding="unicode")
    if protocol == "rest-xml":
        return ("<?xml version='1.0'?>\n" + text).encode()
    if "resultWrapper" not in op.output_shape.serialization:
        text = "".join(ElementTree.tostring(child, encoding="unicode") for child in root[0])
    return f"<{op.name}Response xmlns='http://x/'>{text}<!-- c --></{op.name}Response>".encode()


# ---- the comparison --------------------------------------------------------------------------------------------------

class Comparison:
    def __init__(self, tool, table):
        self.tool = subprocess.Popen([tool, table], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                     encoding="utf-8")
        self.checks, self.operations = 0, {}
        self.failures = []

    def ask(self, question):
        self.tool.stdin.write(json.dumps(question) + "\n")
        self.tool.stdin.flush()
        return json.loads(self.tool.stdout.readline())

    def check(self, what, actual, expected):
        self.checks += 1
        if actual != expected:
            self.failures.append(f"{what}:\n  gwrun    {actual!r}\n  expected {expected!r}"[:3000])

    def operation(self, rng, service, protocol, op):
        self.operations[protocol] = self.operations.get(protocol, 0) + 1
        name = f"{service}:{op.name}"
        given = Generator(rng).structure(op.input_shape) if op.input_shape else {}
        result = Generator(rng, answers=True).structure(op.output_shape) if op.output_shape else {}
        error = rng.choice(op.error_shapes) if op.error_shapes else None
        detail = Generator(rng, answers=True).structure(error) if error else {}
        # the message, and what some models bind to the header that tells the code, are not the detail's to say
        said = {key for key, member in (error.members if error else {}).items() if key.lower() == "message" or
                member.serialization.get("name", "").lower() == "x-amzn-errortype"}
        detail = {key: value for key, value in detail.items() if key not in said}
        own = written_by_botocore(protocol, op, result) if op.output_shape else None
        answers = [{"status_code": 200, "headers": {}, "body": base64.b64encode(own).decode()}] if own else []
        answer = self.ask({"service": service, "operation": op.name, "input": given, "output": result,
                           "error": {"code": error and (error.error_code or error.name) or "SomeError",
                                     "detail": detail}, "answers": answers})
        if "failure" in answer:
            self.check(f"{name} {given}", answer["failure"], None)
            return
        self.request(name, protocol, op, given, answer)
        self.response(name, protocol, op, result, answer)
        self.error(name, protocol, op, error, detail, answer)
        if own:
            self.own_response(name, protocol, op, own, answer)

    # requests

    def request(self, name, protocol, op, given, answer):
        request = answer["request"]
        body = base64.b64decode(request["body"])
        _, payload = payload_of(op.input_shape)
        self.read_back(name, protocol, op, given, answer)
        if protocol == "rest-xml" and has_no_name_for_botocore(op):
            return
        params = for_botocore(op.input_shape, given) if op.input_shape else {}
        expected = serialize.create_serializer(protocol, False).serialize_to_request(params, op)
        self.check(f"{name} method", request["method"], expected["method"])
        self.url(name, op, given, request["url"], expected)
        self.headers(name, request["headers"], expected["headers"], op, given)
        if protocol in ("query", "ec2"):
            pairs = [(key, str(text)) for key, text in expected["body"].items()]
            self.check(f"{name} body", plain(parse_qsl(body.decode(), keep_blank_values=True)), plain(pairs))
        elif protocol == "rest-json" and payload is not None and is_document(payload):
            self.check(f"{name} body", body and json.loads(body), given.get("payload", b""))  # botocore: {"null": ...}
        elif protocol == "rest-json" and leaves_out_body_unlike_botocore(op.input_shape, given):
            self.check(f"{name} body", body, b"")
        else:
            raw = is_raw(payload)
            self.check(f"{name} body", body_tree(protocol, raw, body), body_tree(protocol, raw, expected["body"]))

    def url(self, name, op, given, url, expected):
        path, _, query = url.partition("?")
        expected_path, _, fixed = expected["url_path"].partition("?")
        pairs = parse_qsl(fixed, keep_blank_values=True)
        if expected["query_string"]:
            pairs += query_pairs(correct_botocore_query(op, given, expected["query_string"]))
        self.check(f"{name} path", path, expected_path)
        self.check(f"{name} query", plain(parse_qsl(query, keep_blank_values=True)), plain(pairs))

    def headers(self, name, headers, expected, op, given):
        ours = {key.lower(): value for key, value in headers.items()}
        for key, value in expected.items():
            if key.lower() == "content-length":
                continue  # gwrun leaves it to whoever sends
            if key.lower() == "content-type" and op.service_model.metadata["protocol"] in ("query", "ec2"):
                value = value.split(";")[0]  # botocore adds a charset, which Smithy does not
            if key.lower() == "content-type" and leaves_out_body_unlike_botocore(op.input_shape, given):
                continue
            self.check(f"{name} header {key}", ours.get(key.lower(), "").replace(", ", ","),
                       str(value).replace(", ", ","))
        named = {key.lower() for key in expected} | {"content-type"}
        if op.service_model.service_id == "API Gateway":
            named.add("accept")  # botocore adds it behind the serializer
        if op.name == "DescribeEndpoints":
            named.add("x-amz-api-version")  # likewise, for whoever asks where to call
        self.check(f"{name} other headers", sorted(set(ours) - named), [])

    def read_back(self, name, protocol, op, given, answer):
        """What leaves no trace on the wire (empty lists and maps here and there) cannot come back, but what did makes
        the same request."""
        if op.input_shape and protocol in ("query", "ec2") and has_empty_element(op.input_shape, given):
            return
        self.check(f"{name} operation", answer["read_as"], op.name)
        if protocol != "rest-xml" or without_empty(op.input_shape, given) == given:  # an empty root is as good as none
            self.check(f"{name} read back", self.traces(answer["again"]), self.traces(answer["request"]))
        for key, value in given.items():
            if answer["read"].get(key) != value:
                self.lost(name, op.input_shape.members[key], value, answer["read"].get(key))

    @staticmethod
    def traces(request):
        """In any order; but not the type of a body without bytes, which is no parameter."""
        path, _, query = request["url"].partition("?")
        headers = {key: value for key, value in request["headers"].items() if request["body"] or key != "Content-Type"}
        return request["method"], path, sorted(query.split("&")), headers, request["body"]

    def lost(self, name, shape, given, read):
        location = shape.serialization.get("location")
        if without_empty(shape, given) in ([], {}, "") or location == "querystring" and shape.type_name == "map":
            return
        if location == "header" and shape.serialization.get("name", "").lower() == "content-length":
            return
        self.check(f"{name} read", None if read is None else without_empty(shape, read), without_empty(shape, given))

    # answers

    def parse(self, protocol, answer, shape, body):
        response = {"status_code": answer["status_code"], "headers": HeadersDict(answer["headers"]), "body": body}
        return parsers.create_parser(protocol).parse(response, shape)

    def parse_result(self, protocol, op, answer):
        """botocore takes blobs that are the payload for text unless they are no bytes."""
        body = base64.b64decode(answer["body"])
        payload = payload_of(op.output_shape)[1]
        is_blob = payload is not None and payload.type_name == "blob"
        return self.parse(protocol, answer, op.output_shape, bytearray(body) if is_blob else body)

    def response(self, name, protocol, op, result, answer):
        if leaves_out_body_unlike_botocore(op.output_shape, result):
            return
        parsed = self.parse_result(protocol, op, answer["response"])
        metadata = parsed.pop("ResponseMetadata")
        if op.output_shape or protocol != "smithy-rpc-v2-cbor":  # there botocore forgets it
            self.check(f"{name} id", metadata["RequestId"], "id-1")
        parsed = from_botocore(op.output_shape, parsed) if op.output_shape else parsed
        ours = answer["answers"][0]
        if op.output_shape:
            self.same_result(f"{name} result", protocol, op, parsed, result)
            self.same_result(f"{name} result read", protocol, op, ours.get("output", ours), parsed)

    def same_result(self, name, protocol, op, actual, expected):
        """The status, which only one of two may have; empty lists in headers and where they are flat, and empty
        payloads, which leave no trace; the type of a raw payload, which the server adds."""
        def core(value):
            if protocol in XML_PROTOCOLS and not set(value) - set(op.output_shape.members):
                value = without_empty(op.output_shape, value)
            kept = {}
            for key, item in value.items() if isinstance(value, dict) else ():
                member = op.output_shape.members.get(key)
                location = member.serialization.get("location") if member else None
                header = member.serialization.get("name", key).lower() if member else ""
                if location == "statusCode" or header == "content-type" or item in ([], {}, "") and (
                        location or key == op.output_shape.serialization.get("payload")):
                    continue
                kept[key] = item
            return kept if isinstance(value, dict) and not set(value) - set(op.output_shape.members) else value
        self.check(name, core(actual), core(expected))

    def own_response(self, name, protocol, op, own, answer):
        parsed = self.parse(protocol, {"status_code": 200, "headers": {}}, op.output_shape, own)
        parsed.pop("ResponseMetadata", None)
        ours = answer["answers"][2]
        self.check(f"{name} botocore's answer", ours.get("output", ours), from_botocore(op.output_shape, parsed))

    def error(self, name, protocol, op, shape, detail, answer):
        code = shape and (shape.error_code or shape.name) or "SomeError"
        body = base64.b64decode(answer["error"]["body"])
        parsed = self.parse(protocol, answer["error"], op.output_shape, body)
        ours = answer["answers"][1]
        if op.http.get("method") == "HEAD" and protocol == "rest-xml":
            self.check(f"{name} error", (ours["code"], parsed["Error"]["Code"]), (str(answer["error"]["status_code"]),) * 2)
            return
        said = (parsed["Error"]["Code"], parsed["Error"].get("Message"))
        expected = code if protocol in (*XML_PROTOCOLS, "rest-json") or op.service_model.is_query_compatible else \
            shape.name if shape else code
        if op.http.get("method") == "HEAD":
            said = (said[0], MESSAGE)
        self.check(f"{name} error", said, (expected, MESSAGE))
        self.check(f"{name} error read", ours["code"], expected)
        if shape and protocol in (*XML_PROTOCOLS, "json", "rest-json", "smithy-rpc-v2-cbor"):
            self.detail(name, protocol, shape, detail, answer["error"], body, ours)

    def detail(self, name, protocol, shape, detail, response, body, ours):
        def core(members):
            members = without_empty(shape, members) if protocol in XML_PROTOCOLS else members
            return {key: value for key, value in members.items() if key.lower() != "message" and value not in ([], {}) and
                    shape.members[key].serialization.get("name", "").lower() != "x-amzn-errortype"}
        self.check(f"{name} error detail", core(ours["detail"]), core(detail))
        if protocol not in ("query", "ec2"):  # botocore looks for those at the wrong place: QueryComplexError
            parsed = self.parse(protocol, response, shape, body)
            self.check(f"{name} error detail by botocore", core(from_botocore(shape, parsed)), core(detail))


# ---- models ----------------------------------------------------------------------------------------------------------

def forced(session, service, protocol):
    """The service's own model, but with another protocol."""
    model = session.get_component("data_loader").load_service_model(service, "service-2")
    return {**model, "metadata": {**model["metadata"], "protocol": protocol, "protocols": [protocol]}}


def compile_models(lua, tool, folder, models):
    """All models as the table that PROTOCOL_TOOL reads, each operation a service of its own: its path, and those."""
    path, facts, table = (os.path.join(folder, name) for name in ("input/other.json", "facts.api", "table.bin"))
    os.mkdir(os.path.dirname(path))
    suites = [{"metadata": model["metadata"], "shapes": model["shapes"],
               "cases": [{"id": name, "given": given} for name, given in model["operations"].items()]}
              for model in models]
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(suites, stream)
    for command in (["vectors", facts, path], ["compile", table, facts]):
        subprocess.run([lua, tool, *command], check=True)
    return table, [(f"other-in-{index}-{number}", {**model, "operations": {name: given}})
                   for index, model in enumerate(models)
                   for number, (name, given) in enumerate(model["operations"].items())]


def each_operation(service, model, protocol):
    for name in model.operation_names:
        op = model.operation_model(name)
        if service == "s3" and name in S3_SHADOWED:
            continue
        if not op.has_event_stream_output and not op.has_event_stream_input:
            yield service, protocol, op


def main():
    tool, lua, models_tool = sys.argv[1:4]
    seed, rounds = (int(text) for text in (sys.argv[4:] + [SEED, ROUNDS][len(sys.argv[4:]):]))
    rng = random.Random(seed)
    session = botocore.session.get_session()
    others = [forced(session, service, "smithy-rpc-v2-cbor") for service in CBOR_SERVICES]
    others += [protocol_models.model(rng, protocol) for protocol in protocol_models.PROTOCOLS for _ in range(60)]
    with tempfile.TemporaryDirectory() as folder:
        table, others = compile_models(lua, models_tool, folder, others)
        comparison = Comparison(tool, table)
        services = [(name, session.get_service_model(name)) for name in listed_services()]
        services += [(name, ServiceModel(model, name)) for name, model in others]
        for service, model in services:
            for case in each_operation(service, model, model.resolved_protocol):
                for _ in range(rounds):
                    comparison.operation(rng, *case)
    for failure in comparison.failures[:20]:
        print(failure)
    inputs = ", ".join(f"{protocol} {count}" for protocol, count in sorted(comparison.operations.items()))
    print(f"botocore {botocore.__version__}, seed {seed}: inputs: {inputs}; {comparison.checks} comparisons, "
          f"{len(comparison.failures)} differ")
    sys.exit(1 if comparison.failures or not comparison.operations else 0)


if __name__ == "__main__":
    main()
