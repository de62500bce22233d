"""Streams of generated events that our server side writes, read by botocore with its own models:
events_botocore.py EVENTS_TOOL [SEED [COUNT]]"""

import base64
import datetime
import json
import random
import subprocess
import sys

try:
    import botocore.session
    from botocore.eventstream import EventStream
    from botocore.exceptions import EventStreamError
    from botocore.parsers import create_parser
except ImportError:
    print("skipped: python3 has no botocore")
    sys.exit(77)

OPERATIONS = [("logs", "StartLiveTail"), ("logs", "GetLogObject"), ("s3", "SelectObjectContent"),
              ("lambda", "InvokeWithResponseStream")]


def value(rng, shape, depth=0):
    """What we are given, and what botocore is to make of it."""
    kind = shape.type_name
    if kind == "structure":
        members = {name: value(rng, member, depth + 1) for name, member in shape.members.items()
                   if rng.random() < 0.8 and depth < 5}
        return {name: ours for name, (ours, _) in members.items()}, {name: theirs for name, (_, theirs) in members.items()}
    if kind == "list":
        items = [value(rng, shape.member, depth + 1) for _ in range(rng.randrange(3))]
        return [ours for ours, _ in items], [theirs for _, theirs in items]
    if kind in ("integer", "long"):
        number = rng.choice([0, 1, -1, 2**31 - 1, 1700000000123 if kind == "long" else 7])
        return number, number
    if kind == "boolean":
        return (rng.random() < 0.5,) * 2
    if kind == "timestamp":
        return 1700000000, datetime.datetime.fromtimestamp(1700000000, datetime.timezone.utc)
    text = rng.choice(["", "text", "<&>\"'", "two words"] + ([] if kind == "blob" else ["é😀"]))
    return text, text.encode() if kind == "blob" else text


def event(rng, stream):
    names = [name for name, member in stream.members.items() if not member.metadata.get("exception")]
    name = rng.choice(names)
    ours, theirs = value(rng, stream.members[name])
    return {name: ours}, {name: theirs}


def without_nothing(read):
    """botocore says more of what is not there: an empty list, a payload without bytes."""
    if isinstance(read, dict):
        parts = {name: without_nothing(part) for name, part in read.items()}
        return {name: part for name, part in parts.items() if part not in ({}, [], b"", "", None)}
    if isinstance(read, list):
        return [without_nothing(part) for part in read]
    return read


class Raw:
    """As the body of an answer."""

    def __init__(self, body):
        self.body = body

    def stream(self):
        for at in range(0, len(self.body), 37):
            yield self.body[at:at + 37]

    def close(self):
        pass


def read(model, operation, body):
    output = model.operation_model(operation).output_shape
    name = output.serialization.get("payload") or next(iter(
        name for name, member in output.members.items() if member.serialization.get("eventstream")))
    parser = create_parser(model.metadata["protocol"])
    stream = EventStream(Raw(body), output.members[name], parser._event_stream_parser, operation)
    if model.metadata["protocol"] == "json":
        assert stream.get_initial_response().headers[":event-type"] == "initial-response"
    events, error = [], None
    try:
        for one in stream:
            events.append(one)
    except EventStreamError as failed:
        error = failed.response["Error"]
    return events, error


def main(tool, seed=1, count=600):
    rng = random.Random(int(seed))
    session = botocore.session.get_session()
    models = {name: session.get_service_model(name) for name, _ in OPERATIONS}
    cases, lines = [], []
    for _ in range(int(count)):
        service, operation = rng.choice(OPERATIONS)
        output = models[service].operation_model(operation).output_shape
        stream = next(member for member in output.members.values() if getattr(member, "serialization", {}).get("eventstream"))
        events = [event(rng, stream) for _ in range(rng.randrange(6))]
        error = rng.choice([None, {"code": "InternalFailure", "message": "sorry"}])
        cases.append((service, operation, [theirs for _, theirs in events], error))
        lines.append(json.dumps({"service": service, "operation": operation, "output": {},
                                 "events": [ours for ours, _ in events], "error": error}))
    told = subprocess.run([tool], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True, timeout=100)
    total = 0
    for line, (service, operation, expected, error), answer in zip(lines, cases, map(json.loads, told.stdout.splitlines())):
        assert "body" in answer, (line, answer)
        events, failed = read(models[service], operation, base64.b64decode(answer["body"]))
        assert [list(one) for one in events] == [list(one) for one in expected], (line, events)
        assert [without_nothing(one) for one in events] == [without_nothing(one) for one in expected], (line, events)
        assert (failed and failed["Code"]) == (error and error["code"]), (line, failed)
        total += len(events)
    print(f"botocore reads {total} events of {len(cases)} streams as they were meant")


main(*sys.argv[1:])
