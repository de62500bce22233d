"""Answers whose body is not what AWS sends. The run ends with one line that says what is wrong and who answered, and
with exit code 7: what answered is not AWS."""

import gwrun
import runbooks
from server import Server, answer

DEEP = 100_000

# claim, body of a 200 answer to ecs:DescribeServices, what is said of it
JSON_BODIES = [
    ("cut off", b'{"services":[{"a"', r"json: cut off \(line 1, column 18\)"),
    ("nothing", b"", r"the answer is empty"),
    ("white space", b" \r\n", r"json: the text is empty"),
    ("a login page", b"<html><h1>Sign in</h1></html>", r"json: malformed \(line 1, column 1\)"),
    ("bytes", bytes(range(256)), r"json: "),
    ("a list", b"[]", r"expected an object, got list"),
    ("null", b"null", r"expected an object, got null"),
    ("two values", b"{}{}", r"json: text behind the value \(line 1, column 3\)"),
    ("text for a list", b'{"services":"web"}', r"member 'services': expected a list, got string"),
    ("text for a number", b'{"services":[{"desiredCount":"many"}]}',
     r"member 'services\[0\]\.desiredCount': expected an integer, got string"),
    ("a number beyond 64 bits", b'{"services":[{"desiredCount":99999999999999999999}]}',
     r"member 'services\[0\]\.desiredCount': expected an integer, got number"),
    ("a number beyond a double", b'{"services":[{"desiredCount":1e999}]}', r"json: number out of range"),
    ("a number of a million digits", b'{"services":[{"desiredCount":' + b"9" * 1_000_000 + b"}]}", r"json: "),
    ("objects nested without end", b'{"a":' * DEEP, r"json: nested deeper than 256 levels"),
    ("lists nested without end", b'{"services":' + b"[" * DEEP, r"json: nested deeper than 256 levels"),
    ("more values than memory is good for", b'{"services":[' + b"{}," * (1 << 21) + b"{}]}",
     r"json: more than 2097152 values"),
    ("no UTF-8", b'{"services":[{"serviceName":"\xff\xfe"}]}', r"json: not UTF-8"),
    ("half a surrogate pair", rb'{"services":[{"serviceName":"\ud800"}]}', r"json: malformed"),
    ("a raw escape", b'{"services":[{"serviceName":"\x1b[2J"}]}', r"json: control character in a string"),
]

BOMB = b"""<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]>
<GetCallerIdentityResponse><Account>&d;&d;&d;</Account></GetCallerIdentityResponse>"""
OUTSIDE = b"""<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<GetCallerIdentityResponse><Account>&x;</Account></GetCallerIdentityResponse>"""

# the same of sts:GetCallerIdentity
XML_BODIES = [
    ("nothing", b"", r"the answer is empty"),
    ("cut off", b"<GetCallerIdentityResponse><Get", r"xml: unclosed token"),
    ("a login page", b"<html><h1>Sign in</h1></html>", r"expected <GetCallerIdentityResponse>, got <html>"),
    ("JSON", b'{"Account":"1"}', r"xml: not well-formed"),
    ("entities that multiply", BOMB, r"xml: a document type declaration is not accepted"),
    ("entities from a file", OUTSIDE, r"xml: a document type declaration is not accepted"),
    ("an unknown entity", b"<GetCallerIdentityResponse>&x;</GetCallerIdentityResponse>", r"xml: undefined entity"),
    ("elements nested without end", b"<a>" * DEEP, r"xml: nested too deep"),
    ("more elements than memory is good for", b"<GetCallerIdentityResponse>" + b"<a/>" * (1 << 21),
     r"xml: too many elements"),
    ("no UTF-8", b"<GetCallerIdentityResponse>\xff\xfe</GetCallerIdentityResponse>", r"xml: not well-formed"),
]


class Bodies(gwrun.Case):
    def check(self, runbook, operation, body, message):
        with Server(answer(200, body)) as server:
            result = self.gwrun(runbook, "--endpoint-url", server.url, env=dict(gwrun.KEYS, AWS_MAX_ATTEMPTS="1"))
            place = server.url.removeprefix("http://")
        self.assert_ends(result, gwrun.UNREACHABLE, rf"^gwrun: look: {operation}: .*{message}.*; answered by {place}$")

    def test_json_that_is_no_answer(self):
        runbook = self.write("look.lua", runbooks.READ)
        for claim, body, message in JSON_BODIES:
            with self.subTest(claim):
                self.check(runbook, "ecs:DescribeServices", body, message)

    def test_xml_that_is_no_answer(self):
        runbook = self.write("look.lua", runbooks.READ_XML)
        for claim, body, message in XML_BODIES:
            with self.subTest(claim):
                self.check(runbook, "sts:GetCallerIdentity", body, message)

    def test_what_the_model_does_not_know_is_let_pass(self):
        with Server(answer(200, b'{"services":[{"new":{"x":[1,2]}}],"newer":null}')) as server:
            result = self.gwrun(self.write("look.lua", runbooks.READ), "--endpoint-url", server.url, env=gwrun.KEYS)
        self.assertEqual(result.code, gwrun.OK, result)
        self.assertIn("1 services", result.out)

    def test_a_reading_call_is_repeated_after_garbage_and_a_changing_call_is_not(self):
        for runbook, requests in ((runbooks.READ, 3), (runbooks.CHANGE, 1)):
            with self.subTest(requests=requests), Server(answer(200, b"<html>")) as server:
                result = self.gwrun(self.write("look.lua", runbook), "--yes", "--endpoint-url", server.url,
                                    env=gwrun.KEYS)
                self.assertEqual(len(server.requests), requests)
                self.assert_ends(result, gwrun.UNREACHABLE, r"json: malformed")


if __name__ == "__main__":
    gwrun.main()
