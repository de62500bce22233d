"""Answers without end. They are refused at a ceiling, in bounded memory: 64 MiB of a body from AWS, 16 MiB from plain
HTTP, 128 KiB of headers; and a list without end at its thousandth page."""

import gwrun
import runbooks
from server import Server, ok_json

MIB = 1 << 20
ENV = dict(gwrun.KEYS, AWS_MAX_ATTEMPTS="3")

PAGES = """
local ecs = require "ecs"
return {
  title = "Pages", summary = "Lists tasks.", region = "us-east-1", needs = { aws = { "ecs:ListTasks" } },
  run = function(rb) rb:note("%d", #ecs.list_tasks { cluster = "c", service = "s" }) end,
}
"""


class Endless:
    """Sends `begin`, then `part` for as long as it is read."""

    def __init__(self, begin, part):
        self.begin, self.part, self.sent = begin, part, 0

    def __call__(self, _):
        yield self.begin
        while True:
            self.sent += len(self.part)
            yield self.part


class Sizes(gwrun.Case):
    def test_a_body_without_end_is_refused_at_64_mib(self):
        endless = Endless(b"HTTP/1.1 200 OK\r\n\r\n{", b" " * 65536)
        with Server(endless) as server:
            result = self.gwrun(self.write("look.lua", runbooks.READ), "--endpoint-url", server.url, env=ENV)
            self.assertEqual(len(server.requests), 1, "it is not asked for again")
        self.assert_ends(result, gwrun.FAILED, r"127\.0\.0\.1:\d+: the answer is larger than 67108864 bytes$")
        self.assertLess(endless.sent, 96 * MIB)
        self.assertLess(gwrun.children_peak_bytes(), 400 * MIB)

    def test_a_length_that_announces_too_much_is_refused_in_time(self):
        endless = Endless(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n", b" " * 65536)
        with Server(endless) as server:
            result = self.gwrun(self.write("look.lua", runbooks.READ), "--endpoint-url", server.url, env=ENV)
        self.assert_ends(result, gwrun.FAILED, r"the answer is larger than 67108864 bytes$")

    def test_a_plain_http_body_without_end_is_refused_at_16_mib(self):
        endless = Endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536)
        with Server(endless) as server:
            result = self.gwrun(self.write("probe.lua", runbooks.HTTP), "--url", server.url)
        self.assert_ends(result, gwrun.FAILED, r"the answer is larger than 16777216 bytes$")
        self.assertLess(endless.sent, 48 * MIB)

    def test_headers_without_end_are_refused(self):
        endless = Endless(b"HTTP/1.1 200 OK\r\n", b"X-Filler: " + b"x" * 1000 + b"\r\n")
        with Server(endless) as server:
            result = self.gwrun(self.write("look.lua", runbooks.READ), "--endpoint-url", server.url, env=ENV)
        self.assert_ends(result, gwrun.FAILED, r"the answer's headers are larger than 131072 bytes$")

    def test_a_header_line_without_end_is_refused(self):
        endless = Endless(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 65536)
        with Server(endless) as server:
            result = self.gwrun(self.write("look.lua", runbooks.READ), "--endpoint-url", server.url, env=ENV)
        self.assert_ends(result, gwrun.FAILED, r"a header line of the answer is too large$")

    def test_the_same_page_twice_ends_the_list(self):
        with Server(ok_json({"taskArns": [], "nextToken": "again"})) as server:
            result = self.gwrun(self.write("pages.lua", PAGES), "--endpoint-url", server.url, env=ENV)
            self.assertEqual(len(server.requests), 2)
        self.assert_ends(result, gwrun.UNREACHABLE, r"ecs\.list_tasks: the same page came twice$")

    def test_a_list_without_end_is_given_up(self):
        with Server(lambda _: ok_json({"taskArns": [], "nextToken": str(len(server.requests))})) as server:
            result = self.gwrun(self.write("pages.lua", PAGES), "--endpoint-url", server.url, env=ENV)
            self.assertEqual(len(server.requests), 1000)
        self.assert_ends(result, gwrun.UNREACHABLE, r"ecs\.list_tasks: no end after 1000 pages$")


if __name__ == "__main__":
    gwrun.main()
