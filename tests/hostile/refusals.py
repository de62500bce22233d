"""AWS says no, or something that poses as AWS does. AWS's own words, code and request id are kept; what stands between
us and AWS is named as such."""

import gwrun
import runbooks
from server import Server, answer, json_error, xml_error

LONG = "x" * 5000

# claim, error code, exit code
CODES = [
    ("an expired token", "ExpiredTokenException", gwrun.CREDENTIALS),
    ("an unknown key", "UnrecognizedClientException", gwrun.CREDENTIALS),
    ("a wrong secret", "InvalidSignatureException", gwrun.CREDENTIALS),
    ("no permission", "AccessDeniedException", gwrun.CREDENTIALS),
    ("a code with a namespace", "com.amazon.coral.service#AccessDeniedException", gwrun.CREDENTIALS),
    ("no such thing", "ClusterNotFoundException", gwrun.FAILED),
    ("a code that nobody knows", "SomethingNewException", gwrun.FAILED),
]

# claim, answer, what is said
FOREIGN = [
    ("a page with status 500", answer(500, "<html><h1>boom</h1></html>", reason="Internal Server Error"),
     "HTTP status 500, 'Internal Server Error'"),
    ("a gateway's text", answer(502, "upstream connect error\nand more", reason="Bad Gateway"),
     "HTTP status 502, 'upstream connect error'"),
    ("nothing at all", answer(503, "", reason="Service Unavailable"), "HTTP status 503, 'Service Unavailable'"),
    ("a proxy's refusal", answer(403, "<html>Blocked by policy</html>", reason="Forbidden"),
     "HTTP status 403, 'Forbidden'"),
    ("a proxy that wants a password", answer(407, "", reason="Proxy Authentication Required"),
     "HTTP status 407, 'Proxy Authentication Required'"),
    ("a redirect", answer(302, "", [("Location", "http://127.0.0.1:1/")], "Found"), "HTTP status 302, 'Found'"),
]


class Refusals(gwrun.Case):
    def run_against(self, given, runbook=runbooks.READ, *args, attempts=1):
        with Server(given) as server:
            result = self.gwrun(self.write("look.lua", runbook), "--yes", "--endpoint-url", server.url, *args,
                                env=dict(gwrun.KEYS, AWS_MAX_ATTEMPTS=str(attempts)))
            self.requests = server.requests
            self.place = server.url.removeprefix("http://")
        return result

    def test_the_code_decides_the_exit_code(self):
        for claim, code, exit_code in CODES:
            for form, runbook in ((json_error, runbooks.READ), (xml_error, runbooks.READ_XML)):
                with self.subTest(claim, form=form.__name__):
                    if form is xml_error and "#" in code:
                        continue  # JSON's way to write it
                    result = self.run_against(form(code, "It is not to be."), runbook)
                    name = code.rpartition("#")[2]
                    self.assert_ends(result, exit_code, rf": It is not to be \({name}, request 4c1f-0001\)")
                    self.assertEqual(len(self.requests), 1)

    def test_a_credentials_error_says_where_they_came_from(self):
        result = self.run_against(json_error("ExpiredTokenException", "expired"))
        self.assert_ends(result, gwrun.CREDENTIALS, r"; the credentials came from environment$")
        self.write(".aws/credentials", "[ops]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n"
                                       f"aws_secret_access_key = {gwrun.SECRET_KEY}\n")
        result = self.run_against(json_error("ExpiredTokenException", "expired"), runbooks.READ, "--profile", "ops")
        self.assert_ends(result, gwrun.CREDENTIALS, r"came from profile 'ops' in \S+/\.aws/credentials$")

    def test_throttling_without_end_is_given_up(self):
        for attempts in (1, 3):
            with self.subTest(attempts=attempts):
                result = self.run_against(json_error("ThrottlingException", "Rate exceeded"), attempts=attempts)
                self.assert_ends(result, gwrun.FAILED, r"Rate exceeded \(ThrottlingException, request 4c1f-0001\)$")
                self.assertEqual(len(self.requests), attempts)

    def test_what_is_not_aws_is_called_so(self):
        for claim, given, message in FOREIGN:
            for runbook in (runbooks.READ, runbooks.READ_XML):
                with self.subTest(claim):
                    result = self.run_against(given, runbook)
                    self.assert_ends(result, gwrun.UNREACHABLE, rf"no answer of AWS but {message}, from {self.place} "
                                                                r"\(an outage, a proxy, or a wrong endpoint\)$")

    def test_a_redirect_is_not_followed(self):
        with Server(answer(200, "{}")) as other:
            result = self.run_against(answer(307, "", [("Location", other.url)], "Temporary Redirect"))
            self.assertEqual(other.requests, [])
        self.assertEqual(result.code, gwrun.UNREACHABLE, result)

    def test_an_endless_message_leaves_code_and_request_id_visible(self):
        result = self.run_against(json_error("WeirdException", LONG))
        self.assert_ends(result, gwrun.FAILED, r"x\.\.\. \(WeirdException, request 4c1f-0001\)$")
        result = self.run_against(json_error("W" * 5000, "short"))
        self.assert_ends(result, gwrun.FAILED, r": short \(W+\.\.\., request 4c1f-0001\)$")

    def test_a_step_that_failed_says_which(self):
        result = self.run_against(json_error("ServiceNotFoundException", "Service not found."), runbooks.CHANGE)
        self.assert_ends(result, gwrun.FAILED, r"^gwrun: look: stopped in step 1: ecs:UpdateService: Service not found "
                                               r"\(ServiceNotFoundException, request 4c1f-0001\)$")


if __name__ == "__main__":
    gwrun.main()
