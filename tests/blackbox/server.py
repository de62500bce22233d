"""A server on the loopback that answers as it is told, down to the single byte."""

import json
import re
import socket
import socketserver
import struct
import threading


RESET = object()  # as a part: the connection is closed with a reset
SILENCE = object()  # nothing more comes


class Request:
    def __init__(self, head, body):
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.target, _ = lines[0].split(" ", 2)
        self.headers = {name.strip().lower(): value.strip()
                        for name, _, value in (line.partition(":") for line in lines[1:])}
        self.body = body

    @property
    def operation(self):
        """Of a JSON or a query service: "DescribeServices"."""
        target = self.headers.get("x-amz-target")
        if target:
            return target.rpartition(".")[2]
        found = re.match(rb"Action=(\w+)", self.body)
        return found.group(1).decode() if found else None


def answer(status, body=b"", headers=(), reason="Whatever"):
    """The bytes of a whole answer with its right length."""
    body = body if isinstance(body, bytes) else body.encode()
    lines = [f"HTTP/1.1 {status} {reason}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def ok_json(value):
    return answer(200, json.dumps(value), [("Content-Type", "application/x-amz-json-1.1")])


def json_error(code, message="", status=400):
    return answer(status, json.dumps({"__type": code, "message": message}),
                  [("x-amzn-RequestId", "4c1f-0001")])


def xml_error(code, message="", status=400):
    return answer(status, f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>"
                          f"<Message>{message}</Message></Error><RequestId>4c1f-0001</RequestId>"
                          "</ErrorResponse>")


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            while self.answer_one():
                pass
        except OSError:
            pass  # the other side is gone, which is its right

    def answer_one(self):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.rfile.readline(65536)
            if not line:
                return False
            head += line
        head = head[:-4]
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        request = Request(head, self.rfile.read(int(length.group(1)) if length else 0))
        self.server.requests.append(request)
        given = self.server.answer(request) if callable(self.server.answer) else self.server.answer
        for part in [given] if isinstance(given, bytes) else given:
            if part is RESET:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif part is SILENCE:
                self.rfile.read()  # until the other side leaves
            else:
                self.connection.sendall(part)
        return isinstance(given, bytes) and not self.server.hang_up


class Server(socketserver.ThreadingTCPServer):
    """Serves `answer`: bytes, parts of bytes after which the connection is closed, or a function of
    the request that gives either. With `hang_up` it is closed after bytes too."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, answer, hang_up=False, tls=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.hang_up = hang_up
        self.tls = tls
        self.requests = []
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def get_request(self):
        connection, address = super().get_request()
        return (self.tls.wrap_socket(connection, server_side=True) if self.tls else connection), address

    def handle_error(self, request, client_address):
        pass  # a client that breaks off a handshake is what some tests are about

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Script(Server):
    """Answers the first request with the first of the answers, and so on; the last one repeats."""

    def __init__(self, *answers):
        super().__init__(lambda _: answers[min(len(self.requests), len(answers)) - 1])


def unused_port():
    """A port of the loopback that refuses connections."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
