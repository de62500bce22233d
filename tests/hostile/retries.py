"""A server that fails in one way after the other, attempt by attempt: what it is sent each time, and what the run says of it."""

import datetime
import email.utils
import itertools

import gwrun
import runbooks
from server import RESET, SILENCE, Script, Server, answer, json_error, ok_json

FINE = ok_json({"services": []})
BROKEN = json_error("ServerException", "sorry", status=500)
THROTTLED = json_error("ThrottlingException", "Rate exceeded")
HALF = [b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{}"]
GARBAGE = [b"SSH-2.0-OpenSSH_9.2\r\n"]
CRASH = [RESET]

SHORT, LONG = 0.05, 1.0  # seconds that the first delay may last: after a failure, after throttling

# A changing call whose token makes a repetition harmless.
WITH_TOKEN = """
local aws = require "aws"
return {
  title = "Write", summary = "Writes a secret.", region = "us-east-1", preflight = false,
  needs = { aws = { "secretsmanager:PutSecretValue" } },
  run = function(rb)
    rb:step("Write", { change = function() aws.secretsmanager.put_secret_value { SecretId = "a", SecretString = "b" } end })
  end,
}
"""

# A reading call whose client and call are made with options.
WITH_OPTIONS = """
local aws = require "aws"
return {
  title = "Look", summary = "Reads one service.", region = "us-east-1", needs = { aws = { "ecs:DescribeServices" } },
  run = function(rb)
    local report = {}
    local _, err = aws.client("ecs", %s).try_describe_services({ services = { "web" } }, { report = report, timeout = %s })
    rb:note("%%d attempts, status %%d, %%s", report.attempts, report.http_status, err)
  end,
}
"""

# claim, answers, codes or beginnings of the causes of each retry, longest first delays in seconds, attempts, how it ends
READS = [
    ("a status of 500 and one without a body", [BROKEN, answer(503), FINE], ["ServerException", "503"], [SHORT, SHORT], "ok"),
    ("all of the transient statuses", [answer(500), answer(502), answer(504)], ["500", "502"], [SHORT, SHORT], "failed"),
    ("throttling", [THROTTLED, THROTTLED, FINE], ["ThrottlingException"] * 2, [LONG, LONG], "ok"),
    ("throttling by a status alone", [answer(429), FINE], ["429"], [LONG], "ok"),
    ("throttling that does not end", [THROTTLED], ["ThrottlingException"] * 2, [LONG, LONG], "failed"),
    ("a reset connection", [CRASH, FINE], ["127.0.0.1:"], [SHORT], "ok"),
    ("a connection closed without an answer", [[b""], FINE], ["127.0.0.1:"], [SHORT], "ok"),
    ("half an answer", [HALF, FINE], ["127.0.0.1:"], [SHORT], "ok"),
    ("no HTTP at all", [GARBAGE, FINE], ["127.0.0.1:"], [SHORT], "ok"),
    ("an answer that is no JSON", [answer(200, "<html>"), FINE], ["ecs:"], [SHORT], "ok"),
    ("one way after the other", [CRASH, THROTTLED, FINE], ["127.0.0.1:", "ThrottlingException"], [SHORT, LONG], "ok"),
    ("what no repetition helps", [json_error("ServiceNotFoundException")], [], [], "failed"),
    ("a status of 501", [answer(501)], [], [], "failed"),
]

# claim, answers, attempts: a change is repeated where it cannot have happened, or where the SDKs repeat it
CHANGES = [
    ("a reset connection", [CRASH, FINE], 2),
    ("a status of 500", [BROKEN, FINE], 2),
    ("throttling", [THROTTLED, FINE], 2),
    ("no HTTP at all", [GARBAGE, FINE], 1),
    ("an answer that is no JSON", [answer(200, "<html>"), FINE], 1),
]


class Retries(gwrun.Case):
    def events(self, script, server, *args, **env):
        result = self.gwrun(self.write("book.lua", script), "--endpoint-url", server.url, "--output", "json", "--yes", *args,
                            env=dict(gwrun.KEYS, **env))
        return result.events

    def retries(self, events):
        return [event for event in events if event["event"] == "call.retry"]

    def call(self, events):
        calls = [event for event in events if event["event"] == "call"]
        self.assertEqual(len(calls), 1)
        return calls[0]

    def check_requests(self, requests, most):
        """Each attempt is the same call, counted and signed anew."""
        self.assertEqual(len({request.headers["amz-sdk-invocation-id"] for request in requests}), 1)
        self.assertEqual(len({request.body for request in requests}), 1)
        for number, request in enumerate(requests, 1):
            self.assertEqual(request.headers["amz-sdk-request"], f"attempt={number}; max={most}")
            self.assertIn(request.headers["x-amz-date"][:8], request.headers["authorization"])

    def test_what_is_tried_again_and_after_which_delay(self):
        for claim, answers, causes, limits, outcome in READS:
            with self.subTest(claim), Script(*answers) as server:
                events = self.events(runbooks.READ, server)
                self.check_requests(server.requests, 3)
                self.assertEqual(len(server.requests), len(causes) + 1)
                for number, (event, cause, limit) in enumerate(
                        itertools.zip_longest(self.retries(events), causes, limits), 1):
                    self.assertEqual(event["attempt"], number)
                    self.assertTrue(event["cause"].startswith(cause), event)
                    self.assertLessEqual(event["delay_ms"], 1000 * limit * 2 ** (number - 1))
                self.assertEqual(self.call(events)["attempts"], len(causes) + 1)
                self.assertEqual(self.call(events)["outcome"], outcome)

    def test_a_change_is_not_repeated_when_its_answer_makes_no_sense(self):
        for claim, answers, attempts in CHANGES:
            with self.subTest(claim), Script(*answers) as server:
                events = self.events(runbooks.CHANGE, server)
                self.check_requests(server.requests, 3)
                self.assertEqual(self.call(events)["attempts"], attempts)
                self.assertEqual(len(server.requests), attempts)

    def test_the_idempotency_token_stays_the_same(self):
        with Script(CRASH, BROKEN, FINE) as server:
            self.events(WITH_TOKEN, server)
            self.check_requests(server.requests, 3)
            self.assertEqual(len(server.requests), 3)
            self.assertRegex(server.requests[0].body, rb'"ClientRequestToken":"[0-9a-f-]{36}"')

    def test_the_number_of_attempts_is_the_environments_the_profiles_or_the_scripts(self):
        config = self.write("config", "[default]\nmax_attempts = 2\n[profile many]\nretry_mode = adaptive\nmax_attempts = 4\n")
        self.write("many.lua", runbooks.READ)
        for attempts, env, args in [(5, {"AWS_MAX_ATTEMPTS": "5"}, []), (1, {"AWS_MAX_ATTEMPTS": "1"}, []),
                                    (2, {"AWS_CONFIG_FILE": config}, []),
                                    (4, {"AWS_CONFIG_FILE": config, "AWS_PROFILE": "many"}, [])]:
            with self.subTest(env), Script(BROKEN) as server:
                events = self.events(runbooks.READ, server, *args, **env)
                self.check_requests(server.requests, attempts)
                self.assertEqual(self.call(events)["attempts"], attempts)
        with Script(BROKEN) as server:
            self.events(WITH_OPTIONS % ("{ max_attempts = 4 }", 30), server)
            self.check_requests(server.requests, 4)
            self.assertEqual(len(server.requests), 4)

    def test_a_wrong_mode_is_refused_by_name(self):
        result = self.gwrun(self.write("book.lua", runbooks.READ), env=dict(gwrun.KEYS, AWS_RETRY_MODE="eager"))
        self.assert_ends(result, gwrun.USAGE, r"AWS_RETRY_MODE: expected standard, adaptive or legacy, got 'eager'$")

    def test_the_server_may_ask_for_a_longer_delay(self):
        for name, value, delay_ms in [("x-amz-retry-after", "1100", 1100), ("Retry-After", "1", 1000)]:
            with self.subTest(name), Script(answer(503, "", [(name, value)]), FINE) as server:
                events = self.events(runbooks.READ, server)
                self.assertEqual([event["delay_ms"] for event in self.retries(events)], [delay_ms])
                first, second = (request.headers["x-amz-date"] for request in server.requests)
                self.assertLess(first, second)

    def test_a_server_with_another_clock_is_signed_for_with_its_own(self):
        hour = datetime.timedelta(hours=1)
        there = datetime.datetime.now(datetime.timezone.utc) + hour
        refusal = answer(403, '{"__type":"RequestTimeTooSkewed","message":"too skewed"}',
                         [("Date", email.utils.format_datetime(there, usegmt=True))])
        with Script(refusal, FINE) as server:
            events = self.events(runbooks.READ, server, AWS_MAX_ATTEMPTS="1")
            first, second = (datetime.datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
                             for request in server.requests)
        self.assertGreater(second - first, hour / 2)
        self.assertEqual(self.call(events)["outcome"], "ok")

    def test_an_attempt_in_which_nothing_comes_ends_and_another_is_made(self):
        with Script([SILENCE], [b"HTTP/1.1 200 OK\r\n", SILENCE], FINE) as server:
            events = self.events(WITH_OPTIONS % ("{ read_timeout = 0.3 }", 30), server)
            self.assertEqual([event["cause"].partition(": ")[2] for event in self.retries(events)],
                             ["no answer within 0.3 s", "silent for 0.3 s after 0 bytes of the answer"])
            self.assertIn("3 attempts, status 200, nil", [event.get("text") for event in events])

    def test_a_call_ends_at_its_own_time_whatever_is_still_to_try(self):
        with Script(json_error("ThrottlingException"), [SILENCE]) as server:
            events = self.events(WITH_OPTIONS % ("{ max_attempts = 50 }", 2.5), server)
        self.assertIn("2 attempts, status 0, ecs:DescribeServices: no answer within 2.5 s (2 attempts; the last failure: "
                      "ThrottlingException)", [event.get("text") for event in events])

    def test_a_connection_that_died_in_the_meantime_costs_no_attempt(self):
        twice = runbooks.READ.replace("local answer =", 'aws.ecs.describe_services { services = { "web" } } local answer =')
        with Server(FINE, hang_up=True) as server:
            events = self.events(twice, server)
        self.assertEqual([event["attempts"] for event in events if event["event"] == "call"], [1, 1])

    def test_verbose_tells_each_attempt(self):
        with Script(THROTTLED, FINE) as server:
            result = self.gwrun(self.write("book.lua", runbooks.READ), "--verbose", "--endpoint-url", server.url,
                                env=gwrun.KEYS)
        self.assertRegex(result.out, r"ecs:DescribeServices: attempt 1 failed \(ThrottlingException\), again in \d+ ms")
        self.assertRegex(result.out, r"ecs:DescribeServices ok in \d+ ms.* \(2 attempts\)")


if __name__ == "__main__":
    gwrun.main()
