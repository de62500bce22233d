"""What the other side says may hold what a terminal acts on: colours, titles, cleared screens, other directions, line
breaks. None of it reaches standard output or standard error as it is, in no form of output; the rules of gwrun.Case see
to that in every row."""

import gwrun
import runbooks
from server import Server, answer, json_error, ok_json, xml_error

# ESC and BEL; a title; CSI as one C1 character; directions; line breaks of all kinds; DEL; NUL.
ACTING = "a\x1b[31mb\x1b]0;title\x07c\u009b2Jd\u202ee\u2066f\ng\r\nh\u2028i\x7fj\x00k\x08l"
HEADER = "a\x1b[31mb\x1b]0;title\x07c\x9b2Jd"  # what a header line can hold, in ISO 8859-1

LIST = """
local aws = require "aws"
return {
  title = "List", summary = "Shows what it gets.", region = "us-east-1", needs = { aws = { "ecs:DescribeServices" } },
  run = function(rb)
    local service = aws.ecs.describe_services { services = { "web" } }.services[1]
    local name = service.serviceName
    rb:note("%s", name)
    rb:warn("%s", name)
    rb:evidence(name, service)
    print(name)
    rb:wait(name, function() return "done", name end)
    rb:try_wait(name, function() return "failed", name end)
    rb:checklist(name, { { text = name, probe = function() return false, name end }, { text = name, manual = true } })
    rb:step(name, { confirm = name, change = function() end })
    rb:step(name, { check = function() return name end, change = function() end })
    rb:step(name, { change = function() error(name) end })
  end,
}
"""

FORMS = [[], ["--output", "json"], ["--verbose"], ["--quiet"]]


class Texts(gwrun.Case):
    def run_against(self, given, runbook, *args):
        with Server(given) as server:
            result = self.gwrun(self.write("look.lua", runbook), "--yes", "--endpoint-url", server.url, *args,
                                env=dict(gwrun.KEYS, AWS_MAX_ATTEMPTS="1"))
        if "json" in args:
            self.assertEqual(result.events[-1]["event"], "run.finished")
        return result

    def test_error_messages_and_codes(self):
        for form in FORMS:
            for given, runbook in ((json_error(ACTING, ACTING), runbooks.READ),
                                   (json_error("Odd", ACTING), runbooks.CHANGE),
                                   (xml_error("Odd", "a\u009b2Jb\u202ec\nd"), runbooks.READ_XML)):
                with self.subTest(form=form):
                    result = self.run_against(given, runbook, *form)
                    self.assertEqual(result.code, gwrun.FAILED, result)
                    self.assertRegex(result.err, r"\Agwrun: look: [^\n]+\n\Z", result)

    def test_reasons_and_headers(self):
        headers = [("x-amzn-RequestId", HEADER), ("x-amzn-ErrorType", HEADER), (HEADER, HEADER)]
        for form in FORMS:
            for status in (200, 400, 500):
                with self.subTest(form=form, status=status):
                    self.run_against(answer(status, "{}", headers, reason=HEADER), runbooks.READ, *form)

    def test_bodies_that_are_no_errors(self):
        for form in FORMS:
            with self.subTest(form=form):
                result = self.run_against(answer(502, ACTING, reason="Bad Gateway"), runbooks.READ, *form)
                self.assertEqual(result.code, gwrun.UNREACHABLE, result)

    def test_data_that_a_runbook_shows(self):
        given = ok_json({"services": [{"serviceName": ACTING}]})
        for form in FORMS:
            with self.subTest(form=form):
                result = self.run_against(given, LIST, *form)
                self.assertEqual(result.code, gwrun.SCRIPT, result)

    def test_plain_http(self):
        for form in FORMS:
            with self.subTest(form=form), \
                    Server(answer(200, ACTING.encode() + b"\xff\x9b", [("X", HEADER)], reason=HEADER)) as server:
                result = self.gwrun(self.write("probe.lua", runbooks.HTTP), "--url", server.url, *form)
                self.assertEqual(result.code, gwrun.OK, result)

    def test_json_keeps_the_text_that_it_makes_harmless(self):
        result = self.run_against(ok_json({"services": [{"serviceName": ACTING}]}), LIST, "--output", "json")
        notes = [event["text"] for event in result.events if event["event"] == "note"]
        self.assertEqual(notes[0], ACTING)


if __name__ == "__main__":
    gwrun.main()
