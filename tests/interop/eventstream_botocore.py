"""Generated event streams, whole and damaged, read by botocore and by our reader, and written by our writer:
eventstream_botocore.py EVENTSTREAM_TOOL [SEED [COUNT]]

The frames are made here, by neither of the two. botocore gives the numbers of all widths as integers and true and false as
booleans; which type they came in only our side tells."""

import base64
import json
import random
import struct
import subprocess
import sys
import zlib

try:
    from botocore.eventstream import EventStreamBuffer, ParserError
except ImportError:
    print("skipped: python3 has no botocore")
    sys.exit(77)

WIDTHS = {2: "b", 3: "h", 4: "i", 5: "q", 8: "q"}


def frame(headers, payload):
    head = b"".join(headers)
    prelude = struct.pack(">II", len(head) + len(payload) + 16, len(head))
    body = prelude + struct.pack(">I", zlib.crc32(prelude)) + head + payload
    return body + struct.pack(">I", zlib.crc32(body))


def header(rng, name):
    kind = rng.randrange(10)
    start = struct.pack(">B", len(name)) + name + struct.pack(">B", kind)
    if kind < 2:
        return start
    if kind in WIDTHS:
        bits = 8 * struct.calcsize(WIDTHS[kind])
        number = rng.choice([-1, 0, 1, -(1 << bits - 1), (1 << bits - 1) - 1, rng.randrange(-100, 100)])
        return start + struct.pack(">" + WIDTHS[kind], number)
    if kind == 9:
        return start + rng.randbytes(16)
    value = rng.randbytes(rng.choice([0, 1, 30, 3000]))
    if kind == 7:
        value = rng.choice(["", "text", "é😀", "x" * 2000]).encode()
    return start + struct.pack(">H", len(value)) + value


def message(rng):
    names = {rng.choice([b":event-type", b"n%d" % rng.randrange(50), b"x" * 255, "ü".encode()])
             for _ in range(rng.randrange(6))}
    return frame([header(rng, name) for name in sorted(names)], rng.randbytes(rng.choice([0, 1, 100, 5000])))


def damage(rng, stream):
    kind = rng.randrange(4)
    at = rng.randrange(len(stream))
    if kind == 0:
        return stream[:at]
    if kind == 1:
        return stream[:at] + bytes([stream[at] ^ (1 << rng.randrange(8))]) + stream[at + 1:]
    if kind == 2:
        return stream[:at] + stream[at + rng.randrange(1, 4):]
    twice = b"\x01a\x00"
    return stream + frame([twice, twice], b"")


def by_botocore(stream, piece):
    buffer, messages, error = EventStreamBuffer(), [], False
    try:
        for at in range(0, len(stream), piece):
            buffer.add_data(stream[at:at + piece])
            for event in buffer:
                messages.append((event.headers, event.payload))
    except ParserError:
        error = True
    return messages, error


def unpacked(row):
    """A header as botocore gives it."""
    kind, value = row["type"], base64.b64decode(row["bytes"])
    if kind < 2:
        return kind == 0
    if kind in WIDTHS:
        return row["number"]
    return value.decode() if kind == 7 else value


def by_us(answer):
    return [({base64.b64decode(row["name"]).decode(): unpacked(row) for row in told["headers"]},
             base64.b64decode(told["payload"])) for told in answer["messages"]]


def main(tool, seed=1, count=1500):
    rng = random.Random(int(seed))
    cases = []
    for _ in range(int(count)):
        stream = b"".join(message(rng) for _ in range(rng.randrange(1, 6)))
        is_damaged = rng.random() < 0.4
        cases.append((damage(rng, stream) if is_damaged else stream, is_damaged, rng.choice([1, 7, 100, 1 << 20])))
    asked = "".join(json.dumps({"stream": base64.b64encode(stream).decode(), "piece": piece}) + "\n"
                    for stream, _, piece in cases)
    told = subprocess.run([tool], input=asked, capture_output=True, text=True, check=True, timeout=100)
    answers = [json.loads(line) for line in told.stdout.splitlines()]
    assert len(answers) == len(cases)
    broken = 0
    for (stream, is_damaged, piece), answer in zip(cases, answers):
        messages, error = by_botocore(stream, piece)
        assert by_us(answer) == messages, (stream, answer)
        assert bool(answer["error"]) == error, (stream, answer["error"])
        again = base64.b64decode(answer["again"])
        assert again == stream[:len(again)]
        if not is_damaged:
            assert again == stream and answer["pending"] == 0, (stream, answer)
        broken += error
    print(f"{len(cases)} streams are the same to botocore and to us, {broken} of them refused by both")


main(*sys.argv[1:])
