"""Compares the wire protocols with botocore's over generated parameters: protocol_botocore.py PROTOCOL_TOOL

For every operation of every built-in json and query service: the request that gwrun's client writes is what botocore's
serializer writes, gwrun's server reads it back, and botocore's parser reads the answers and errors that gwrun's server
writes. Blobs are ASCII here, for they travel to the tool inside JSON.
"""

import json
import math
import os
import random
import subprocess
import sys
from urllib.parse import parse_qsl

try:
    import botocore
    import botocore.session
    from botocore import parsers, serialize
    from botocore.awsrequest import HeadersDict
except ImportError:
    print("protocol interop: skipped, python3 has no botocore")
    sys.exit(77)

SEED = 20150830
SERVICES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../host/models/services.txt")
LETTERS = list("abzAZ09-_.~ %+:@!$&'()*,;=/?#[]\"<>\\^`{|}") + ["é", "ሴ", "😂", "\t", "\n"]
DEEPEST = 5
NO_WIRE_MEMBERS = {"SourceRegion"}  # botocore's own addition to rds: it presigns a URL from it


def listed_services():
    with open(SERVICES, encoding="utf-8") as lines:
        return [line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()]


# ---- generated values ------------------------------------------------------------------------------------------------

def some_length(rng, shape, longest):
    low = int(shape.metadata.get("min", 0))
    return max(low, min(rng.randint(0, longest), int(shape.metadata.get("max", longest))))


def some_number(rng, shape, low, high):
    low = shape.metadata.get("min", low)
    return rng.randint(math.ceil(low), math.floor(min(shape.metadata.get("max", high), max(high, low))))


def some_value(rng, shape, depth):
    kind = shape.type_name
    if getattr(shape, "is_document_type", False):
        return {"a": [1, "x", None, {"b": 1.5}]}
    if kind == "structure":
        return some_structure(rng, shape, depth)
    if kind == "list":
        return [some_value(rng, shape.member, depth + 1) for _ in range(some_length(rng, shape, 2 if depth < DEEPEST else 0))]
    if kind == "map":
        keys = (some_value(rng, shape.key, depth + 1) for _ in range(some_length(rng, shape, 2 if depth < DEEPEST else 0)))
        return {key: some_value(rng, shape.value, depth + 1) for key in keys}
    if kind in ("string", "character"):
        return "".join(rng.choice(LETTERS) for _ in range(some_length(rng, shape, 6)))
    if kind == "blob":
        return "".join(rng.choice("abc ") for _ in range(some_length(rng, shape, 6)))
    if kind == "boolean":
        return rng.random() < 0.5
    if kind in ("float", "double"):
        return some_number(rng, shape, -9, 9) + (0.5 if "max" not in shape.metadata else 0.0)
    if kind == "timestamp":
        return rng.choice([0, 1422172800, rng.randint(1, 2_000_000_000)])
    return some_number(rng, shape, -(2**31) if kind == "integer" else -(2**62), 2**31 - 1 if kind == "integer" else 2**62)


def some_structure(rng, shape, depth):
    chance = 0.7 if depth < 2 else 0.3
    if getattr(shape, "is_tagged_union", False):
        name = rng.choice([n for n, m in shape.members.items() if m.type_name not in ("list", "map", "structure")] or
                          list(shape.members)) if depth > DEEPEST - 2 else rng.choice(list(shape.members))
        return {name: some_value(rng, shape.members[name], depth + 1)}
    wanted = [name for name in shape.members if name in shape.required_members or
              (rng.random() < chance and depth < DEEPEST)]
    return {name: some_value(rng, shape.members[name], depth + 1) for name in wanted if name not in NO_WIRE_MEMBERS}


def for_botocore(shape, value):
    """The value with blobs as bytes."""
    if getattr(shape, "is_document_type", False):
        return value
    if shape.type_name == "structure":
        return {name: for_botocore(shape.members[name], member) for name, member in value.items()}
    if shape.type_name == "list":
        return [for_botocore(shape.member, item) for item in value]
    if shape.type_name == "map":
        return {key: for_botocore(shape.value, item) for key, item in value.items()}
    return value.encode() if shape.type_name == "blob" else value


def from_botocore(shape, value):
    """What botocore parsed, in the tool's terms."""
    if getattr(shape, "is_document_type", False):
        return value
    if shape.type_name == "structure":
        return {name: from_botocore(shape.members[name], value[name]) for name in shape.members if name in value}
    if shape.type_name == "list":
        return [from_botocore(shape.member, item) for item in value]
    if shape.type_name == "map":
        return {key: from_botocore(shape.value, item) for key, item in value.items()}
    if shape.type_name == "blob":
        return value.decode()
    return value.timestamp() if shape.type_name == "timestamp" else value


def without_empty_maps(shape, value):
    """What is left of it behind a form, which knows neither empty maps nor structures."""
    if shape.type_name == "structure":
        members = {name: without_empty_maps(shape.members[name], member) for name, member in value.items()}
        return {name: member for name, member in members.items() if member != {}}
    if shape.type_name == "list":
        return [without_empty_maps(shape.member, item) for item in value]
    if shape.type_name == "map":
        return {key: without_empty_maps(shape.value, item) for key, item in value.items()}
    return value


def has_empty_element(shape, value):
    """A list or map in it holds an empty structure, which a form cannot carry."""
    if shape.type_name == "structure":
        return any(has_empty_element(shape.members[name], member) for name, member in value.items())
    if shape.type_name == "list":
        return any(item == {} or has_empty_element(shape.member, item) for item in value)
    if shape.type_name == "map":
        return any(item == {} or has_empty_element(shape.value, item) for item in value.values())
    return False


# ---- the comparison --------------------------------------------------------------------------------------------------

def parse(protocol, answer, op):
    response = {**answer, "headers": HeadersDict(answer["headers"]), "body": answer["body"].encode()}
    return parsers.create_parser(protocol).parse(response, op.output_shape)


class Comparison:
    def __init__(self, tool):
        self.tool = subprocess.Popen([tool], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
        self.checks = 0
        self.failures = []

    def ask(self, question):
        self.tool.stdin.write(json.dumps(question) + "\n")
        self.tool.stdin.flush()
        return json.loads(self.tool.stdout.readline())

    def check(self, what, actual, expected):
        self.checks += 1
        if actual != expected:
            self.failures.append(f"{what}:\n  gwrun    {actual!r}\n  expected {expected!r}"[:2000])

    def operation(self, rng, service, protocol, op):
        name = f"{service}:{op.name}"
        given = some_structure(rng, op.input_shape, 0) if op.input_shape else {}
        result = some_structure(rng, op.output_shape, 0) if op.output_shape else {}
        errors = op.error_shapes
        code = rng.choice(errors).error_code or rng.choice(errors).name if errors else "SomeError"
        answer = self.ask({"service": service, "operation": op.name, "input": given, "output": result, "code": code})
        if "failure" in answer:
            self.check(f"{name} {given}", answer["failure"], None)
            return
        self.request(name, protocol, op, given, answer)
        self.response(name, protocol, op, result, answer)
        self.error(name, protocol, op, code, answer)

    def request(self, name, protocol, op, given, answer):
        params = for_botocore(op.input_shape, given) if op.input_shape else {}
        expected = serialize.create_serializer(protocol, False).serialize_to_request(params, op)
        if protocol == "query":
            body = {key: str(text) for key, text in expected["body"].items()}
            self.check(f"{name} body", dict(parse_qsl(answer["body"], keep_blank_values=True)), body)
            if op.input_shape and has_empty_element(op.input_shape, given):
                return
            given = without_empty_maps(op.input_shape, given) if op.input_shape else given
        else:
            self.check(f"{name} target", answer["headers"]["X-Amz-Target"], expected["headers"]["X-Amz-Target"])
            self.check(f"{name} type", answer["headers"]["Content-Type"], expected["headers"]["Content-Type"])
            self.check(f"{name} body", json.loads(answer["body"]), json.loads(expected["body"]))
        self.check(f"{name} read", answer["read"], given)

    def response(self, name, protocol, op, result, answer):
        parsed = parse(protocol, answer["response"], op)
        self.check(f"{name} id", parsed.pop("ResponseMetadata")["RequestId"], "id-1")
        self.check(f"{name} result", from_botocore(op.output_shape, parsed) if op.output_shape else parsed, result)

    def error(self, name, protocol, op, code, answer):
        parsed = parse(protocol, answer["error"], op)
        self.check(f"{name} error", (parsed["Error"]["Code"], parsed["Error"]["Message"]), (code, 'a < b & "c"'))


def main():
    session = botocore.session.get_session()
    comparison = Comparison(sys.argv[1])
    rng = random.Random(SEED)
    operations = 0
    for service in listed_services():
        model = session.get_service_model(service)
        protocol = model.resolved_protocol
        if protocol not in ("json", "query"):
            continue
        for name in model.operation_names:
            op = model.operation_model(name)
            if op.has_event_stream_output:
                continue
            operations += 1
            for _ in range(3):
                comparison.operation(rng, service, protocol, op)
    for failure in comparison.failures[:20]:
        print(failure)
    print(f"botocore {botocore.__version__}: {operations} operations, {comparison.checks} comparisons, "
          f"{len(comparison.failures)} differ")
    sys.exit(1 if comparison.failures or operations == 0 else 0)


if __name__ == "__main__":
    main()
