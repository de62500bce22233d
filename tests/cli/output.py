"""What a run prints where: the two forms, how much, colour, and what happens when nobody takes it."""

import os
import subprocess
import sys

import gwrun
import runbooks
from server import Server, json_error, ok_json

ROLLBACK = os.path.join(gwrun.SOURCE, "runbooks", "emergency_rollback.lua")
CHATTY = """
return {
  title = "Chatty", summary = "Says much.",
  run = function(rb)
    for i = 1, 20000 do rb:note("line %d of many that are said", i) end
  end,
}
"""


class Output(gwrun.Case):
    def change(self, *args, given=ok_json({"service": {}})):
        with Server(given) as server:
            return self.gwrun(self.write("scale.lua", runbooks.CHANGE), "--endpoint-url", server.url, *args,
                              env=dict(gwrun.KEYS, AWS_MAX_ATTEMPTS="1"))

    def test_text_for_people(self):
        result = self.change("--yes")
        self.assertEqual((result.code, result.err), (gwrun.OK, ""))
        self.assertRegex(result.out, r"(?s)\AScale\nregion us-east-1, run \d{8}-\d{6}-\d{3}\n\n1\. Scale to 2\n"
                                     r".*desiredCount: 1 -> 2.*\n- scaled\n\nOK Scale, after ")

    def test_json_is_one_event_a_line_numbered_and_dated(self):
        for args in (["--yes"], ["--plan"], []):
            with self.subTest(args):
                events = self.change("--output", "json", *args).events
                self.assertEqual([event["seq"] for event in events], list(range(1, len(events) + 1)))
                self.assertEqual(events[0]["event"], "run.started")
                self.assertEqual(events[-1]["event"], "run.finished")
                for event in events:
                    self.assertRegex(event["at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")

    def test_json_of_a_change(self):
        events = self.change("--output", "json", "--yes").events
        self.assertEqual([event["event"] for event in events],
                         ["run.started", "step.started", "step.confirm", "call.intent", "call", "step.finished", "note",
                          "run.finished"])
        self.assertEqual(events[2]["answered"], "assumed")
        self.assertEqual((events[4]["action"], events[4]["effect"], events[4]["outcome"]),
                         ("ecs:UpdateService", "change", "ok"))
        self.assertEqual((events[7]["outcome"], events[7]["exit_code"]), ("ok", 0))

    def test_json_of_a_failure_says_it_as_standard_error_does(self):
        result = self.change("--output", "json", "--yes", given=json_error("ServiceNotFoundException", "Service not found."))
        self.assertEqual(result.code, gwrun.FAILED)
        end = result.events[-1]
        self.assertEqual((end["outcome"], end["exit_code"]), ("failed", 1))
        self.assertEqual(result.err, f"gwrun: scale: {end['text']}\n")

    def test_a_rehearsal_says_the_same_every_time(self):
        for args in ([], ["--output", "json"], ["--seed", "7", "--verbose"]):
            with self.subTest(args):
                first, second = (self.gwrun(ROLLBACK, "--sim", *args, env={"GWRUN_STATE": self.path(f"{args}{i}")}).out for i in range(2))
                self.assertEqual(first, second)

    def test_quiet_says_problems_and_the_outcome_only(self):
        self.assertRegex(self.change("--yes", "--quiet").out, r"\AOK Scale, after \S+\n\Z")
        failed = self.change("--yes", "--quiet", given=json_error("ServiceNotFoundException", "Service not found."))
        self.assertRegex(failed.out, r"failed: ecs:UpdateService: Service not found \(ServiceNotFoundException")
        self.assertNotIn("desiredCount", failed.out)

    def test_verbose_says_reading_calls_too(self):
        with Server(ok_json({})) as server:
            look = self.write("look.lua", runbooks.READ)
            quiet = self.gwrun(look, "--endpoint-url", server.url, env=gwrun.KEYS)
            verbose = self.gwrun(look, "--endpoint-url", server.url, "--verbose", env=gwrun.KEYS)
        self.assertNotIn("ecs:DescribeServices", quiet.out)
        self.assertIn("ecs:DescribeServices ok in ", verbose.out)

    def test_without_a_terminal_there_is_no_change_without_yes(self):
        result = self.change()
        self.assert_ends(result, gwrun.REFUSED, r"^gwrun: scale: stopped in step 1: step 'Scale to 2' needs an answer, and "
                                                r"there is no terminal: add --yes to confirm every change, or --plan to "
                                                r"change nothing$")

    def test_a_plan_needs_no_answer_and_says_the_call(self):
        result = self.change("--plan")
        self.assertEqual((result.code, result.err), (gwrun.OK, ""))
        self.assertRegex(result.out, r"(?s)PLAN: nothing will be changed.*ecs:UpdateService.*desiredCount: 2.*"
                                     r"PLANNED Scale, .*nothing was changed")

    def test_no_colour_without_a_terminal(self):
        for env in ({}, {"NO_COLOR": "1"}, {"CLICOLOR_FORCE": "1", "FORCE_COLOR": "1"}):
            with self.subTest(env):
                self.assertNotIn("\x1b", self.gwrun(ROLLBACK, "--sim", env=env).out)

    def test_ascii_where_the_locale_is_not_utf_8(self):
        result = self.gwrun(ROLLBACK, "--sim", env={"LC_ALL": "C"})
        self.assertTrue(result.out.isascii(), result)

    # ---- nobody takes it

    def run_into(self, stdout, *args, stderr=subprocess.PIPE):
        child = subprocess.run([gwrun.PROGRAM, *args], cwd=self.folder, env=self.environment(), stdin=subprocess.DEVNULL,
                               stdout=stdout, stderr=stderr, timeout=60, check=False)
        result = gwrun.Result(child.returncode, b"", child.stderr or b"")
        self.check_rules(result)
        return result

    def test_a_full_disk(self):
        chatty = self.write("chatty.lua", CHATTY)
        with open("/dev/full", "wb") as full:
            for args in (["--version"], ["--help"], ["help", chatty]):
                with self.subTest(args):
                    self.assert_ends(self.run_into(full, *args), gwrun.FAILED,
                                     r"^gwrun: standard output could not be written$")
            for args in ([chatty], [chatty, "--output", "json"]):
                with self.subTest(args):
                    self.assert_ends(self.run_into(full, *args), gwrun.FAILED,
                                     r"^gwrun: chatty: the output could not be written; nothing was changed$")

    def test_a_reader_that_leaves(self):
        chatty = self.write("chatty.lua", CHATTY)
        for args in ([chatty], [chatty, "--output", "json"]):
            with self.subTest(args):
                reader = subprocess.Popen([sys.executable, "-c", "import os; os.read(0, 1)"], stdin=subprocess.PIPE)
                result = self.run_into(reader.stdin, *args)
                reader.stdin.close()
                reader.wait()
                self.assert_ends(result, gwrun.FAILED,
                                 r"^gwrun: chatty: the output could not be written; nothing was changed$")

    def test_one_place_for_both_says_it_once(self):
        look = self.write("x.lua", 'return { title = "t", summary = "s", run = function() error("on purpose") end }')
        child = subprocess.run([gwrun.PROGRAM, look], cwd=self.folder, env=self.environment(), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
        self.assertEqual(child.stdout.count(b"on purpose"), 1, child.stdout)


if __name__ == "__main__":
    gwrun.main()
