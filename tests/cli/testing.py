"""gwrun test: which files it runs, what it says of them, and how a claim that does not hold is told."""

import json
import os
import re
import xml.etree.ElementTree as ElementTree

import gwrun

SUBJECT = """
local aws = require "aws"
return {
  title = "Stop one", summary = "Stops a task.", region = "us-east-1",
  params = { name = { type = "string", default = "web" } },
  needs = { aws = { "ecs:ListTasks", "ecs:StopTask" } },
  run = function(rb, p)
    local arn = aws.ecs.list_tasks { cluster = "busyb-cluster" }.taskArns[1]
    local why = rb:ask("Why is " .. p.name .. " stopped?", { default = "no reason" })
    rb:step("Stop it", {
      confirm = "running -> stopped", word = "stop",
      change = function() aws.ecs.stop_task { cluster = "busyb-cluster", task = arn, reason = why } end,
    })
  end,
}
"""

PASSES = 'local spec = require "spec"\nspec.test("it holds", function() end)\n'
FAILS = 'local spec = require "spec"\nspec.test("it does not hold", function() spec.expect(1, 2) end)\n'

# body of a test, what is said of it
MESSAGES = [
    ("spec.expect({ a = { 1, 2 } }, { a = { 1, 3 } }, 'it')",
     ["stop_test.lua:2: it differs at 'a[2]'", "expected  3", "got       2", "the whole is { a = { 1, 2 } }"]),
    ("spec.expect_match({ a = 1, b = 2 }, { a = function(n) return n > 1 end })",
     ["stop_test.lua:2: the value differs at 'a'", "expected  what the function accepts", "got       1"]),
    ("spec.expect_error(function() error('left') end, 'right')",
     ["stop_test.lua:2: another error was raised", 'expected  "right"', 'got       "stop_test.lua:2: left"']),
    ("spec.expect_error(function() end, 'right')", ["stop_test.lua:2: no error was raised"]),
    ("local x = nil; x.y = 1", ["stop_test.lua:2: attempt to index a nil value (local 'x')"]),
    ("spec.run { plna = true }", ["stop_test.lua:2: spec.run: unknown option 'plna', did you mean 'plan'?"]),
    ("spec.run { runbook = 'stpo' }", ["stop_test.lua:2: no runbook 'stpo'"]),
    ("spec.run { world = { bda = 1 } }", ["stop_test.lua:2: simulator: world 'guide' has no setting 'bda'"]),
    ("spec.run {}:expect_exit(3)", ["stop_test.lua:2: exit code", "expected  3", "got       0", "the run ended ok"]),
    ("spec.run { params = { nmae = 'x' } }:expect_exit(0)",
     ["got       2", "the run did not begin: stop: unknown option '--nmae', did you mean '--name'?"]),
    ("spec.run {}:expect_called 'ecs:UpdateService'",
     ["stop_test.lua:2: never called: ecs:UpdateService", "calls made:", "  ecs:ListTasks", "  ecs:StopTask { cluster = "]),
    ("spec.run {}:expect_called { 'ecs:StopTask', reason = 'boredom' }",
     ['expected  reason = "boredom"', 'got       reason = "no reason"']),
    ("spec.run {}:expect_called('ecs:StopTask', 2)",
     ["stop_test.lua:2: calls of ecs:StopTask", "expected  2", "got       1"]),
    ("spec.run {}:expect_called 'ecs:StopTasks'",
     ["stop_test.lua:2: no action 'ecs:StopTasks', did you mean 'ecs:StopTask'?"]),
    ("spec.run {}:expect_not_called { 'ecs:StopTask', raeson = 'x' }",
     ["stop_test.lua:2: ecs:StopTask has no parameter 'raeson', did you mean 'reason'?"]),
    ("spec.run {}:expect_not_called 'ecs:Stop*'", ["stop_test.lua:2: called, and should not be: ecs:StopTask {"]),
    ("spec.run {}:expect_changes {}", ["stop_test.lua:2: change 1", "expected  nothing", "got       ecs:StopTask {"]),
    ("spec.run {}:expect_order { 'ecs:StopTask', 'ecs:ListTasks' }",
     ["stop_test.lua:2: not called after ecs:StopTask: ecs:ListTasks"]),
    ("spec.run { plan = true }:expect_planned { 'ecs:UpdateService' }",
     ["stop_test.lua:2: planned change 1", "expected  ecs:UpdateService", "got       ecs:StopTask {"]),
    ("spec.run {}:expect_steps { { 'Stop it', 'skipped' } }",
     ["stop_test.lua:2: steps differs at '[1][2]'", 'expected  "skipped"', 'got       "finished"']),
    ("spec.run {}:expect_event('note', { text = 'x' })", ["no event 'note' like { text = \"x\" }", "there is no 'note' at all"]),
    ("spec.run {}:expect_output 'Start it'", ['stop_test.lua:2: not in the output: "Start it"', "Stop it"]),
    ("spec.run {}:expect_no_output 'Stop it'", ['stop_test.lua:2: in the output: "Stop it"']),
    ("spec.run { answers = { 'bored', { 'stopped -> running', 'stop' } } }",
     ["stop_test.lua:2: question 2", 'expected  "stopped -> running"', 'got       "running -> stopped"']),
    ("spec.run { answers = { 'bored', 'stop', 'yes' } }",
     ['stop_test.lua:2: 3 answers were given, 2 questions asked: "yes" was not needed']),
    ("spec.run { answers = { 'bored' } }:expect_exit(0)", ["stop_test.lua:2: exit code", "no answer came"]),
    ("spec.world().ecs.stop_taks {}", ["stop_test.lua:2: ecs: no operation 'stop_taks'"]),
    ("spec.world().ecs.describe_services { cluster = 'nope', services = { 'x' } }",
     ["stop_test.lua:2: ecs:DescribeServices: ", "(ClusterNotFoundException)"]),
]

# bodies that hold
HOLD = [
    "spec.run { answers = { 'bored', 'stop' } }:expect_changes { { 'ecs:StopTask', reason = 'bored' } }",
    "spec.run { answers = { '', 'stop' } }:expect_changes { { 'ecs:StopTask', reason = 'no reason' } }",
    "local run = spec.run { params = { name = 'it' }, answers = { 'bored', 'halt' } }\n"
    "run:expect_exit(4)\nrun:expect_changes {}\nrun:expect_questions { 'Why is it stopped?', 'running -> stopped' }",
    "spec.run { ask = true }:expect_exit(4)",
    "local run = spec.run {}\nrun:expect_order { 'ecs:List*', { 'ecs:StopTask', cluster = 'busyb-cluster' } }\n"
    "run:expect_event('step.finished', { name = 'Stop it' })\nrun:expect_output 'Stop it'\nrun:expect_no_output 'Start it'",
    "local world = spec.world { seed = 7 }\nlocal before = world.ecs.list_tasks { cluster = 'busyb-cluster' }.taskArns\n"
    "world:run {}\nworld:pass '5m'\nlocal after = world.ecs.list_tasks { cluster = 'busyb-cluster' }.taskArns\n"
    "for _, task in ipairs(after) do assert(task ~= before[1]) end",
    "local run = spec.run { plan = true }\nrun:expect_planned { 'ecs:StopTask' }\nrun:expect_changes {}\n"
    "run:expect_steps { { 'Stop it', 'planned' } }",
]


def body(text):
    return f'spec.test("t", function()\n{text} end)\n'


class Testing(gwrun.Case):
    def test_the_example_of_the_documentation(self):
        for document, name in (("README.md", "scale.lua"), ("docs/testing.md", "scale_test.lua")):
            with open(os.path.join(gwrun.SOURCE, document), encoding="utf-8") as file:
                self.write(name, re.search(r"```lua\n(.*?)```", file.read(), re.S)[1])
        result = self.gwrun("test")
        self.assertEqual(result.code, gwrun.OK, result)
        self.assertRegex(result.out, r"\Ascale_test\.lua\n(  ok      .*\n){5}\n5 passed, 0 failed in \d+\.\d s\n\Z")

    def test_messages_of_claims_that_do_not_hold(self):
        self.write("stop.lua", SUBJECT)
        for text, lines in MESSAGES:
            with self.subTest(text):
                path = self.write("stop_test.lua", f'local spec = require "spec" {body(text)}')
                result = self.gwrun("test", os.path.basename(path))
                self.assertEqual(result.code, gwrun.FAILED, result)
                for line in lines:
                    self.assertIn(line, result.out)

    def test_claims_that_hold(self):
        self.write("stop.lua", SUBJECT)
        self.write("stop_test.lua", 'local spec = require "spec"\n' + "".join(body(text) for text in HOLD))
        result = self.gwrun("test")
        self.assertEqual(result.code, gwrun.OK, result)
        self.assertIn(f"{len(HOLD)} passed, 0 failed", result.out)

    def test_a_helper_is_told_with_where_it_was_called_from(self):
        self.write("x_test.lua", 'local spec = require "spec"\nlocal function check(n)\n  spec.expect(n, 1)\nend\n'
                                 'spec.test("t", function()\n  check(2)\nend)\n')
        self.assertIn("x_test.lua:3: not as expected (from x_test.lua:6)", self.gwrun("test").out)

    def test_which_files_are_run(self):
        for name in ("a_test.lua", "runbooks/b_test.lua", "tests/deep/c_test.lua", "other/d_test.lua", "tests/.git/e_test.lua"):
            self.write(name, PASSES)
        self.write("tests/helper.lua", "error('not a test')")
        for args, files in (([], ["a_test.lua", "runbooks/b_test.lua", "tests/deep/c_test.lua"]),
                            (["other/"], ["other/d_test.lua"]),
                            (["tests", "a_test.lua"], ["tests/deep/c_test.lua", "a_test.lua"])):
            with self.subTest(args):
                result = self.gwrun("test", *args)
                self.assertEqual(result.code, gwrun.OK, result)
                self.assertEqual(re.findall(r"^\S+\.lua$", result.out, re.M), files)

    def test_a_folder_without_tests(self):
        os.mkdir(self.path("empty"))
        self.assert_ends(self.gwrun("test", "empty"), gwrun.USAGE, r"empty: no file there ends in '_test\.lua'$")

    def test_filter(self):
        self.write("x_test.lua", PASSES + FAILS.split("\n")[1])
        result = self.gwrun("test", "--filter", "it holds")
        self.assertEqual(result.code, gwrun.OK, result)
        self.assertIn("1 passed, 0 failed", result.out)
        self.assert_ends(self.gwrun("test", "--filter=nothing like it"), gwrun.USAGE, r"no test says 'nothing like it'$")

    def test_a_file_without_tests(self):
        self.write("x_test.lua", "")
        self.assert_ends(self.gwrun("test"), gwrun.USAGE, r"no test is declared there")

    def test_a_broken_file_does_not_hide_the_others(self):
        self.write("a_test.lua", "local spec = = 1\n")
        self.write("b_test.lua", PASSES)
        result = self.gwrun("test")
        self.assertEqual(result.code, gwrun.SCRIPT, result)
        self.assertIn("a_test.lua:1: unexpected symbol near '='", result.out)
        self.assertIn("1 passed, 1 failed", result.out)

    def test_json(self):
        self.write("x_test.lua", PASSES + FAILS.split("\n")[1])
        events = self.gwrun("test", "--output", "json").events
        for event in events:
            self.assertLess(event.pop("seconds"), 60)
        self.assertEqual(events, [
            {"event": "test", "file": "x_test.lua", "claim": "it holds", "line": 2, "outcome": "ok"},
            {"event": "test", "file": "x_test.lua", "claim": "it does not hold", "line": 3, "outcome": "failed",
             "message": "x_test.lua:3: not as expected", "expected": "2", "got": "1"},
            {"event": "tests.finished", "passed": 1, "failed": 1},
        ])

    def test_junit(self):
        self.write("a_test.lua", 'local spec = require "spec"\nspec.test("a < b & \\"c\\"", function() error("\\1]]>", 0) end)')
        self.write("b_test.lua", PASSES)
        self.write("c_test.lua", "return +")
        self.gwrun("test", "--junit", "report.xml")
        suites = ElementTree.parse(self.path("report.xml")).getroot()
        self.assertEqual([(suite.get("name"), suite.get("tests"), suite.get("failures"), suite.get("errors")) for suite in suites],
                         [("a_test.lua", "1", "1", "0"), ("b_test.lua", "1", "0", "0"), ("c_test.lua", "1", "0", "1")])
        case = suites[0][0]
        self.assertEqual((case.get("name"), case.get("file"), case.get("line")), ('a < b & "c"', "a_test.lua", "2"))
        self.assertIn("]]>", case[0].get("message"))
        self.assertEqual(list(suites[1][0]), [])
        self.assertIn("c_test.lua:1: unexpected symbol", suites[2][0][0].text)

    def test_a_report_that_cannot_be_written(self):
        self.write("x_test.lua", PASSES)
        self.assert_ends(self.gwrun("test", "--junit", "nowhere/report.xml"), gwrun.USAGE,
                         r"nowhere/report\.xml: cannot be written \(No such file or directory\)$")

    def test_what_is_sensitive_is_hidden(self):
        self.write("x.lua", """
            local aws = require "aws"
            return { title = "t", summary = "s", region = "us-east-1", needs = { aws = { "iam:CreateLoginProfile" } },
              run = function(rb) rb:step("S", { change = function()
                aws.iam.create_login_profile { UserName = "a", Password = "%s" }
              end }) end }""" % gwrun.SECRET_VALUE)
        self.write("x_test.lua", 'local spec = require "spec"\n' + body(
            "spec.run {}:expect_called { 'iam:CreateLoginProfile', UserName = 'b' }"))
        result = self.gwrun("test")
        self.assertIn('iam:CreateLoginProfile { Password = "[secret]", UserName = "a" }', result.out)

    def test_a_test_is_no_runbook(self):
        self.write("runbooks/x_test.lua", PASSES)
        self.write("runbooks/x.lua", 'return { title = "X", summary = "Does x.", run = function() end }')
        result = self.gwrun("list", env={"GWRUN_PATH": "runbooks"})
        self.assertNotIn("x_test", result.out)

    def test_aws_is_called_in_worlds_only(self):
        self.write("x_test.lua", 'local spec = require "spec"\nlocal aws = require "aws"\n'
                                 'spec.test("t", function() aws.ecs.list_clusters {} end)\n')
        self.assertIn("ecs:ListClusters: a test calls AWS in its world: run.world.ecs.describe_services{...}",
                      self.gwrun("test").out)


if __name__ == "__main__":
    gwrun.main()
