"""Answers that are streams of events, as logs:StartLiveTail gives them: read in a loop, left, cancelled, damaged, cut off.
The frames are made here, and held against botocore's reader where there is one."""

import json
import signal
import subprocess
import threading

import gwrun
from frames import HEAD, chunk, event, exception, frame, stream
from server import Server, answer, json_error

# The sanitizer would keep what is released.
ENV = dict(gwrun.KEYS, AWS_MAX_ATTEMPTS="2", ASAN_OPTIONS="exitcode=99:quarantine_size_mb=1")

RUNBOOK = """
local aws = require "aws"
return {
  title = "Tail", summary = "Follows a log group.", region = "us-east-1",
  needs = { aws = { "logs:StartLiveTail", "logs:DescribeLogGroups" } },
  run = function(rb)
    local function tail() return aws.logs.start_live_tail { logGroupIdentifiers = { "arn:aws:logs:::log-group:g" } } end
    local function names(stream, limit)
      local seen = {}
      for event in stream do
        local name = next(event)
        local results = event[name].sessionResults
        seen[#seen + 1] = results and results[1] and results[1].message or name
        if limit and #seen == limit then break end
      end
      return table.concat(seen, " ")
    end
    BODY
  end,
}
"""


def line(message):
    return event("sessionUpdate", {"sessionMetadata": {"sampled": False},
                                   "sessionResults": [{"message": message, "timestamp": 1700000000000}]})


INITIAL = event("initial-response", {})
START = event("sessionStart", {"sessionId": "s", "requestId": "r"})


def endless(gone):
    """Lines for as long as somebody reads them; sets `gone` when nobody does."""
    try:
        yield HEAD + chunk(INITIAL + START)
        number = 0
        while True:
            number += 1
            yield chunk(line(f"line-{number}"))
    finally:
        gone.set()


class EventStreams(gwrun.Case):
    def tail(self, given, body, *args, **kwargs):
        path = self.write("tail.lua", RUNBOOK.replace("BODY", body))
        with Server(given) as server:
            result = self.gwrun(path, "--endpoint-url", server.url, "--output", "json", *args, env=ENV, **kwargs)
            self.requests = server.requests
        return result

    def evidence(self, result):
        return {one["name"]: one["value"] for one in result.events if one["event"] == "evidence"}

    def test_the_frames_are_those_of_botocore(self):
        try:
            from botocore.eventstream import EventStreamBuffer
        except ImportError:
            self.skipTest("python3 has no botocore")
        buffer = EventStreamBuffer()
        buffer.add_data(INITIAL + line("hello") + exception("SessionTimeoutException", "late"))
        told = [(one.headers.get(":event-type") or one.headers[":exception-type"]) for one in buffer]
        self.assertEqual(told, ["initial-response", "sessionUpdate", "SessionTimeoutException"])

    def test_a_loop_reads_all_events_and_ends_with_the_stream(self):
        result = self.tail(lambda _: stream(INITIAL, START, line("a"), line("b")),
                           'rb:evidence("seen", names(tail().responseStream))')
        self.assertEqual(result.code, gwrun.OK, result)
        self.assertEqual(self.evidence(result), {"seen": "sessionStart a b"})
        calls = [one for one in result.events if one["event"].startswith("call")]
        self.assertEqual([(one["event"], one["outcome"]) for one in calls], [("call", "ok"), ("call.stream", "ok")])
        self.assertEqual(calls[1]["events"], 3)

    def test_frames_may_come_in_any_pieces(self):
        whole = INITIAL + START + line("a") + line("b")
        for size in (1, 3, 100):
            pieces = [whole[at:at + size] for at in range(0, len(whole), size)]
            with self.subTest(size=size):
                result = self.tail(lambda _: stream(*pieces), 'rb:evidence("seen", names(tail().responseStream))')
                self.assertEqual(self.evidence(result), {"seen": "sessionStart a b"}, result)

    def test_unknown_events_are_skipped(self):
        result = self.tail(lambda _: stream(INITIAL, event("heartbeat", {}), line("a")),
                           'rb:evidence("seen", names(tail().responseStream))')
        self.assertEqual(self.evidence(result), {"seen": "a"}, result)

    def test_a_plan_reads_too(self):
        result = self.tail(lambda _: stream(INITIAL, line("a")), 'rb:evidence("seen", names(tail().responseStream))',
                           "--plan")
        self.assertEqual(result.code, gwrun.OK, result)
        self.assertEqual(len(self.requests), 1)

    def check_closed(self, body, *args):
        gone = threading.Event()
        result = self.tail(lambda _: endless(gone), body, *args)
        self.assertTrue(gone.wait(20), "the connection is still open")
        return result

    def test_a_closed_stream_closes_its_connection_at_once(self):
        for claim, close in (("close", "stream:close()"), ("to be closed", "do local held <close> = stream end")):
            with self.subTest(claim):
                result = self.check_closed(f"""
                  local stream = tail().responseStream
                  rb:evidence("seen", names(stream, 3))
                  {close}
                  rb:evidence("after", tostring(stream()))""")
                self.assertEqual(result.code, gwrun.OK, result)
                self.assertEqual(self.evidence(result), {"seen": "sessionStart line-1 line-2", "after": "nil"})
                ends = [one["events"] for one in result.events if one["event"] == "call.stream"]
                self.assertEqual(len(ends), 1)

    def test_a_loop_that_is_left_closes_its_connection_while_the_run_goes_on(self):
        gone = threading.Event()

        def given(request):
            if request.operation == "StartLiveTail":
                return endless(gone)
            return answer(200, json.dumps({"logGroups": [{"logGroupName": "gone"}] if gone.is_set() else []}))

        result = self.tail(given, """
          rb:evidence("seen", names(tail().responseStream, 2))
          repeat
            sleep(0.1)
            local groups = aws.logs.describe_log_groups().logGroups
          until #groups > 0
          rb:evidence("closed", true)""")
        self.assertEqual(result.code, gwrun.OK, result)
        self.assertEqual(self.evidence(result), {"seen": "sessionStart line-1", "closed": True})

    def test_a_task_that_is_cancelled_closes_it(self):
        result = self.check_closed("""
          local fail = function() sleep(0.5) error "enough" end
          pcall(parallel, { function() names(tail().responseStream) end, fail })
          rb:evidence("after", true)""")
        self.assertEqual(result.code, gwrun.OK, result)
        self.assertEqual(self.evidence(result), {"after": True})

    def test_the_timeout_of_the_call_is_that_of_the_whole_stream(self):
        result = self.check_closed("""
          local input = { logGroupIdentifiers = { "arn:aws:logs:::log-group:g" } }
          local ok, err = pcall(names, aws.logs.start_live_tail(input, { timeout = 0.5 }).responseStream)
          rb:evidence("kind", err.kind)""")
        self.assertEqual(self.evidence(result), {"kind": "timeout"}, result)

    def test_an_exception_of_the_stream_is_raised_as_the_error_it_is(self):
        result = self.tail(lambda _: stream(INITIAL, line("a"), exception("SessionTimeoutException", "three hours")), """
          local ok, err = pcall(names, tail().responseStream)
          rb:evidence("ok", ok)
          rb:evidence("code", err.code)
          rb:evidence("operation", err.operation)
          rb:evidence("message", err.message)""")
        self.assertEqual(self.evidence(result), {
            "ok": False, "code": "SessionTimeoutException", "operation": "StartLiveTail",
            "message": "logs:StartLiveTail: three hours (SessionTimeoutException, request 4c1f-0001)"}, result)

    def test_what_ends_it_otherwise_is_told_once_and_not_repeated(self):
        rows = [
            ("cut off", lambda _: stream(INITIAL, line("a"), end=False), "network", "connection closed after "),
            ("inside an event", lambda _: stream(INITIAL, line("a")[:50]), "protocol", "it ended inside an event"),
            ("damaged", lambda _: stream(INITIAL, line("a")[:-1] + b"x"), "protocol", "checksum of the message is "),
            ("no event", lambda _: stream(INITIAL, frame({}, b"")), "protocol", "no ':message-type'"),
            ("not JSON", lambda _: stream(INITIAL, frame({":message-type": "event", ":event-type": "sessionUpdate"}, b"{")),
             "protocol", "the body is not understood"),
        ]
        for claim, given, kind, part in rows:
            with self.subTest(claim):
                result = self.tail(given, """
                  local stream = tail().responseStream
                  local ok, err = pcall(names, stream)
                  rb:evidence("kind", err.kind)
                  rb:evidence("message", err.message)
                  rb:evidence("again", tostring(stream()))""")
                told = self.evidence(result)
                self.assertEqual((told["kind"], told["again"]), (kind, "nil"), result)
                self.assertTrue(told["message"].startswith("logs:StartLiveTail: "), told)
                self.assertIn(part, told["message"])
                self.assertEqual(len(self.requests), 1)

    def test_before_its_beginning_it_is_a_call_like_any_other(self):
        answers = iter([json_error("InternalFailure", "busy", status=500), stream(INITIAL, line("a"))])
        result = self.tail(lambda _: next(answers), 'rb:evidence("seen", names(tail().responseStream))')
        self.assertEqual(self.evidence(result), {"seen": "a"}, result)
        self.assertEqual(len(self.requests), 2)
        result = self.tail(json_error("ResourceNotFoundException", "no such group"), "tail()")
        self.assertEqual(result.code, gwrun.FAILED, result)
        self.assertIn("no such group (ResourceNotFoundException", result.err)

    def test_records_of_s3_select_are_bytes_and_the_rest_is_xml(self):
        def told(name, payload=b""):
            return frame({":message-type": "event", ":event-type": name}, payload)

        path = self.write("select.lua", """
          local aws = require "aws"
          return {
            title = "Select", summary = "Reads an object.", region = "us-east-1", needs = { aws = { "s3:SelectObjectContent" } },
            run = function(rb)
              local answer = aws.s3.select_object_content {
                Bucket = "b", Key = "k", Expression = "select * from s3object", ExpressionType = "SQL",
                InputSerialization = { CSV = {} }, OutputSerialization = { CSV = {} } }
              local names, text = {}, ""
              for event in answer.Payload do
                names[#names + 1] = next(event)
                text = text .. (event.Records and event.Records.Payload or "")
                if event.Stats then rb:evidence("scanned", event.Stats.Details.BytesScanned) end
              end
              rb:evidence("names", table.concat(names, " "))
              rb:evidence("text", text)
            end,
          }""")
        frames = [told("Records", b"1,a\n2"), told("Cont"), told("Records", b",b\n"),
                  told("Stats", b"<Stats xmlns=''><BytesScanned>512</BytesScanned></Stats>"), told("End")]
        with Server(lambda _: stream(*frames)) as server:
            result = self.gwrun(path, "--endpoint-url", server.url, "--output", "json", env=ENV)
        self.assertEqual(self.evidence(result), {"scanned": 512, "names": "Records Cont Records Stats End",
                                                 "text": "1,a\n2,b\n"}, result)
        self.assertIn("select-type=2", server.requests[0].target)

    def test_an_interrupt_ends_a_run_that_reads(self):
        gone, reading = threading.Event(), threading.Event()

        def given(_):
            yield HEAD + chunk(INITIAL + START)
            reading.set()
            try:
                gone.wait(20)
                yield chunk(line("x") * 1000)
            finally:
                gone.set()

        path = self.write("tail.lua", RUNBOOK.replace("BODY", "names(tail().responseStream)"))
        with Server(given) as server:
            child = subprocess.Popen([gwrun.PROGRAM, path, "--endpoint-url", server.url], cwd=self.folder,
                                     env=self.environment(**ENV), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertTrue(reading.wait(20))
            child.send_signal(signal.SIGINT)
            child.communicate(timeout=20)
            gone.set()
        self.assertEqual(child.returncode, gwrun.INTERRUPTED)

    def count(self, events):
        part = chunk(line("x" * 200) * 100)
        given = (data for data in [HEAD, chunk(INITIAL), *[part] * (events // 100), b"0\r\n\r\n"])
        result = self.tail(lambda _: given, """
          local count = 0
          for event in tail().responseStream do count = count + 1 end
          rb:evidence("count", count)""")
        self.assertEqual(self.evidence(result), {"count": events}, result)
        return gwrun.children_peak_bytes()

    def test_a_long_stream_needs_no_more_memory_than_a_short_one(self):
        short = self.count(1000)
        self.assertLessEqual(self.count(100000), short * 1.2)


if __name__ == "__main__":
    gwrun.main()
