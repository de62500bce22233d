"""Answers that are streams of events, in AWS's frames."""

import json
import struct
import zlib

HEAD = (b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\nx-amzn-RequestId: 4c1f-0001\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n")


def frame(headers, payload):
    head = b"".join(struct.pack(">B", len(name)) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
                    for name, value in headers.items())
    prelude = struct.pack(">II", len(head) + len(payload) + 16, len(head))
    body = prelude + struct.pack(">I", zlib.crc32(prelude)) + head + payload
    return body + struct.pack(">I", zlib.crc32(body))


def event(name, value):
    return frame({":message-type": "event", ":event-type": name, ":content-type": "application/json"},
                 json.dumps(value).encode())


def exception(name, message):
    return frame({":message-type": "exception", ":exception-type": name}, json.dumps({"message": message}).encode())


def chunk(data):
    return b"%x\r\n" % len(data) + data + b"\r\n"


def stream(*frames, end=True):
    yield HEAD
    for data in frames:
        yield chunk(data)
    if end:
        yield b"0\r\n\r\n"
