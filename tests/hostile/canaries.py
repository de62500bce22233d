"""Secrets stay secret, also where the other side sends them back or a script prints them. That none of the canaries is on
standard output or standard error is a rule of gwrun.Case; here are the ways that were tried."""

import gwrun
import runbooks
from server import Server, answer, json_error, ok_json, xml_error

ALL = " and ".join(gwrun.CANARIES[:2])
ENV = dict(gwrun.KEYS, AWS_MAX_ATTEMPTS="1")
FORMS = [[], ["--output", "json"], ["--verbose"], ["--quiet"], ["--plan"]]

# claim, answer, runbook
ECHOES = [
    ("in a message", json_error("Odd", ALL), runbooks.READ),
    ("in a code", json_error(gwrun.SECRET_KEY, "x"), runbooks.READ),
    ("in XML", xml_error("Odd", ALL), runbooks.READ_XML),
    ("in a request id", answer(400, "{}", [("x-amzn-RequestId", gwrun.SESSION_TOKEN)]), runbooks.READ),
    ("in a gateway's text", answer(502, ALL), runbooks.READ),
    ("in the reason", answer(502, "", reason=gwrun.SECRET_KEY), runbooks.READ),
    ("in a header line", answer(200, "{}", [("x-amzn-RequestId", ALL)]), runbooks.READ),
    ("over line breaks", json_error("Odd", "\n".join(gwrun.CANARIES[:2])), runbooks.READ),
    ("in a long message, wherever it is cut",
     json_error("Odd", "".join(f"{n:03d}{gwrun.SECRET_KEY}" for n in range(100))), runbooks.READ),
    ("in an element that is not expected", answer(200, f"<{gwrun.SECRET_KEY[:12]}>{ALL}</x>"), runbooks.READ_XML),
]


class Canaries(gwrun.Case):
    def test_credentials_that_are_sent_back(self):
        for claim, given, runbook in ECHOES:
            for form in FORMS:
                with self.subTest(claim, form=form), Server(given) as server:
                    self.gwrun(self.write("look.lua", runbook), "--endpoint-url", server.url, *form, env=ENV)

    def test_no_part_of_a_secret_is_left_where_a_message_is_cut(self):
        for length in range(560, 640, 3):
            with self.subTest(length=length), Server(json_error("Odd", "x" * length + gwrun.SECRET_KEY)) as server:
                result = self.gwrun(self.write("look.lua", runbooks.READ), "--endpoint-url", server.url, env=ENV)
                self.assertNotIn(gwrun.SECRET_KEY[:4], result.out + result.err)

    def test_secret_values_that_a_script_prints(self):
        given = ok_json({"Name": "db", "SecretString": gwrun.SECRET_VALUE})
        for form in FORMS:
            with self.subTest(form=form), Server(given) as server:
                result = self.gwrun(self.write("look.lua", runbooks.SECRET), "--endpoint-url", server.url, *form, env=ENV)
                self.assertEqual(result.code, gwrun.SCRIPT, result)
                self.assertIn("[secret]", result.out + result.err)

    def test_secret_values_in_answers_that_are_not_understood(self):
        for body in (f'{{"SecretString":["{gwrun.SECRET_VALUE}"]}}', f'{{"SecretString":"{gwrun.SECRET_VALUE}'):
            with self.subTest(body=body), Server(answer(200, body)) as server:
                result = self.gwrun(self.write("look.lua", runbooks.SECRET), "--endpoint-url", server.url, env=ENV)
                self.assertEqual(result.code, gwrun.UNREACHABLE, result)

    def test_secrets_go_over_the_wire_as_signature_only(self):
        with Server(ok_json({})) as server:
            self.gwrun(self.write("look.lua", runbooks.READ), "--endpoint-url", server.url, env=ENV)
            request = server.requests[0]
        self.assertNotIn(gwrun.SECRET_KEY, repr([request.target, request.headers, request.body]))
        self.assertEqual(request.headers["x-amz-security-token"], gwrun.SESSION_TOKEN)
        self.assertRegex(request.headers["authorization"], r"^AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/")

    def test_a_broken_credentials_file_is_not_quoted(self):
        for text in (f"[default]\n{gwrun.SECRET_KEY}\n", f"{gwrun.SECRET_KEY}\n", f"[default\n{gwrun.SECRET_KEY}",
                     f"[default]\nregion = {gwrun.SECRET_KEY}\n", f"[{gwrun.SECRET_KEY}"):
            with self.subTest(text=text):
                self.write(".aws/credentials", text)
                result = self.gwrun(self.write("look.lua", runbooks.READ))
                self.assertRegex(result.err, r"\Agwrun: [^\n]+\n\Z")
                self.assertIn(result.code, (gwrun.USAGE, gwrun.CREDENTIALS))

    def test_a_script_cannot_read_the_credentials(self):
        for code, message in (("os.getenv('AWS_SECRET_ACCESS_KEY')", "os"),
                              ("io.open('/proc/self/environ')", "io"),
                              ("require('host.run').env('AWS_SECRET_ACCESS_KEY')", "host.run"),
                              ("debug.getregistry()", "debug")):
            with self.subTest(code):
                runbook = self.write("look.lua", f'return {{ title = "x", summary = "x", run = function() {code} end }}')
                self.assert_ends(self.gwrun(runbook, env=ENV), gwrun.SCRIPT, rf"look\.lua:1: .*{message}")


if __name__ == "__main__":
    gwrun.main()
