"""The other side cannot be reached, is no HTTP server, or leaves in the middle. Exit code 7, and one line that names the
place."""

import time

import gwrun
import runbooks
from server import Server, answer, unused_port

ENV = dict(gwrun.KEYS, AWS_MAX_ATTEMPTS="1")

# claim, what is sent before the connection is closed, what is said
BROKEN = [
    ("nothing", [b""], "connection closed before an answer"),
    ("bytes", [bytes(range(128, 256)) * 8 + b"\r\n\r\n"], "the answer is not HTTP"),
    ("another protocol", [b"SSH-2.0-OpenSSH_9.2\r\n"], "the answer is not HTTP"),
    ("half the headers", [b"HTTP/1.1 200 OK\r\nContent-Le"], "connection closed inside the headers of the answer"),
    ("half the body", [b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{}"],
     "connection closed after 2 bytes of the answer"),
    ("a chunk that is none", [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"],
     "the answer breaks HTTP: "),
    ("half a chunk", [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{}"],
     "connection closed after 2 bytes of the answer"),
    ("a length that is none", [b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}"], "the answer breaks HTTP: "),
    ("a header without a colon", [b"HTTP/1.1 200 OK\r\n\x1b[31mred\r\n\r\n{}"], "the answer breaks HTTP: "),
    ("a status that is none", [b"HTTP/1.1 OK\r\n\r\n{}"], "the answer (is not|breaks) HTTP"),
]


class Connections(gwrun.Case):
    def setUp(self):
        super().setUp()
        self.look = self.write("look.lua", runbooks.READ)

    def test_an_answer_that_breaks_off_or_is_none(self):
        for claim, sent, message in BROKEN:
            with self.subTest(claim), Server(lambda _: sent) as server:
                result = self.gwrun(self.look, "--endpoint-url", server.url, env=ENV)
                place = server.url.removeprefix("http://")
                self.assert_ends(result, gwrun.UNREACHABLE, rf"ecs:DescribeServices: {place}: {message}")

    def test_a_port_that_nobody_listens_on(self):
        port = unused_port()
        result = self.gwrun(self.look, "--endpoint-url", f"http://127.0.0.1:{port}", env=ENV)
        self.assert_ends(result, gwrun.UNREACHABLE, rf"could not connect to 127\.0\.0\.1:{port}: connection refused$")

    def test_a_name_that_nobody_has(self):
        result = self.gwrun(self.look, "--endpoint-url", "http://nope.invalid", env=ENV)
        self.assert_ends(result, gwrun.UNREACHABLE, r"could not resolve host 'nope\.invalid'$")

    def test_a_lost_connection_is_tried_again(self):
        with Server(lambda _: [b""]) as server:
            self.gwrun(self.look, "--endpoint-url", server.url, env=dict(ENV, AWS_MAX_ATTEMPTS="4"))
            self.assertEqual(len(server.requests), 4)

    def test_an_answer_that_drips_ends_at_its_time(self):
        def drip(_):
            for byte in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000:
                yield bytes([byte])
                time.sleep(0.05)

        with Server(drip) as server:
            began = time.monotonic()
            result = self.gwrun(self.write("probe.lua", runbooks.HTTP), "--url", server.url, "--timeout", "1")
            self.assertLess(time.monotonic() - began, 5)
        self.assert_ends(result, gwrun.UNREACHABLE, r"no complete answer within 1 s$")

    def test_a_proxy_that_is_not_there(self):
        port = unused_port()
        result = self.gwrun(self.look, "--endpoint-url", "http://aws.invalid",
                            env=dict(ENV, HTTP_PROXY=f"http://127.0.0.1:{port}"))
        self.assert_ends(result, gwrun.UNREACHABLE, rf"the proxy does not lead there: .*{port}.*HTTP_PROXY")

    def test_a_proxy_sees_no_credentials_but_the_signature(self):
        with Server(answer(407, "", reason="Proxy Authentication Required")) as proxy:
            self.gwrun(self.look, "--endpoint-url", "http://aws.invalid", env=dict(ENV, HTTP_PROXY=proxy.url))
            head = repr([proxy.requests[0].headers, proxy.requests[0].body])
        self.assertNotIn(gwrun.SECRET_KEY, head)
        self.assertIn("Signature=", head)


if __name__ == "__main__":
    gwrun.main()
