"""aws.ecs.exec: a command in a container as a part of a runbook: declared, planned, journalled, limited and interrupted as every call."""

import os
import signal
import subprocess
import time

import gwrun
from container import Container
from server import json_error

RUNBOOK = """
return {
  title = "In the container", summary = "Runs something there.", region = "us-east-1", preflight = false,
  needs = { aws = { "ecs:ExecuteCommand", "ecs:DescribeTasks", "ecs:ListTasks" }, exec = { %(exec)s } },
  run = function(rb)
    %(run)s
  end,
}
"""
READS = '"read: sh -c *"'
CHANGES = '"sh -c *", "touch *"'
WHERE = 'cluster = "blue", service = "web", '


class Runbooks(gwrun.Case):
    def setUp(self):
        super().setUp()
        self.world = Container(self.folder)
        self.world.__enter__()
        self.addCleanup(self.world.__exit__)

    def command(self, run, needs, *args):
        path = self.write("inside.lua", RUNBOOK % {"run": run, "exec": needs})
        return [path, "--endpoint-url", self.world.url, *args]

    def run_it(self, run, needs, *args):
        return self.gwrun(*self.command(run, needs, *args), env=gwrun.KEYS)

    def step(self, given):
        return ('rb:step("Do it", { change = function() local done = aws.ecs.exec { %s %s } rb:note("ended with %%s", done.status) end })'
                % (WHERE, given))

    def test_output_and_status_are_the_result(self):
        result = self.run_it('local found = aws.ecs.exec { %s command = "printf \'one\\\\ntwo\'; exit 3" }'
                             ' rb:note("<%%s> %%d %%s", (found.output:gsub("\\n", "|")), found.status, found.container)' % WHERE, READS)
        self.assertEqual(result.code, 0, result)
        self.assertIn("<one|two> 3 app", result.out)

    def test_a_reading_command_needs_no_step_and_is_not_confirmed(self):
        result = self.run_it('rb:note("%%s", aws.ecs.exec { %s command = "echo fine" }.output)' % WHERE, READS, "--plan")
        self.assertIn("fine", result.out)

    def test_others_change_something(self):
        result = self.run_it("aws.ecs.exec { %s command = 'touch x' }" % WHERE, CHANGES)
        self.assertEqual(result.code, gwrun.REFUSED, result)
        self.assertIn("ecs:ExecuteCommand: changes something, which only the change function of rb:step may do", result.out + result.err)
        self.assertEqual(self.world.commands, [])

    def test_what_is_not_declared_is_refused_with_what_to_declare(self):
        result = self.run_it("aws.ecs.exec { %s command = { 'rm', '-r', 'a b' } }" % WHERE, READS)
        self.assertEqual(result.code, gwrun.REFUSED, result)
        self.assertIn('not declared in this runbook\'s needs.exec; add "rm -r a\\ b", with "read: " before it', result.err)
        self.assertEqual(self.world.commands, [])

    def test_a_change_is_planned_and_journalled(self):
        given = 'command = { "touch", "made" }'
        plan = self.run_it(self.step(given), CHANGES, "--plan")
        self.assertEqual(plan.code, 0, plan)
        self.assertIn("ecs:ExecuteCommand", plan.out)
        self.assertEqual(self.world.commands, [])
        done = self.run_it(self.step(given), CHANGES, "--yes", "--output", "json")
        self.assertEqual(done.code, 0, done)
        self.assertTrue(os.path.exists(self.path("made")))
        intent = [event for event in done.events if event["event"] == "call.intent"]
        self.assertEqual([event["params"]["command"] for event in intent], [["touch", "made"]])
        self.assertEqual(intent[0]["effect"], "change")
        call = [event for event in done.events if event["event"] == "call" and event["action"] == "ecs:ExecuteCommand"]
        self.assertEqual((call[0]["outcome"], call[0]["output"]["status"]), ("ok", 0))
        self.assertNotIn("token-", done.out)

    def test_the_output_is_kept_only_where_that_is_asked_for(self):
        for record, kept in (("", {"gwrun:lost": True}), ("record = true,", "something to keep\n")):
            done = self.run_it(self.step(record + 'command = "echo something to keep"'), CHANGES, "--yes", "--output", "json")
            call = [event for event in done.events if event["event"] == "call" and event["action"] == "ecs:ExecuteCommand"][0]
            self.assertEqual(call["output"]["output"], kept)

    def test_one_that_takes_too_long_is_ended(self):
        began = time.monotonic()
        result = self.run_it(self.step('timeout = 1, command = "sleep 60"'), CHANGES, "--yes")
        self.assertLess(time.monotonic() - began, 20)
        self.assertEqual(result.code, gwrun.FAILED, result)
        self.assertIn("the command did not end in 1 seconds", result.err)
        self.assertTrue(self.world.agent.closed)

    def test_an_interrupt_ends_it_and_what_it_did_is_not_known(self):
        words = self.command(self.step('command = "touch begun; sleep 60"'), CHANGES, "--yes")
        child = subprocess.Popen([gwrun.PROGRAM, *words], cwd=self.folder, env=self.environment(**gwrun.KEYS),
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 20
        while not os.path.exists(self.path("begun")) and time.monotonic() < deadline:
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=20)
        self.assertEqual(child.returncode, gwrun.INTERRUPTED, (out, err))
        resumed = self.gwrun("resume", "last", "--yes", "--endpoint-url", self.world.url, env=gwrun.KEYS)
        self.assertIn("not known whether", resumed.out + resumed.err)
        self.assertEqual(len(self.world.commands), 1)

    def test_a_service_that_is_not_ready_is_waited_for(self):
        self.world.tasks[0]["startedAt"] = time.time() - 20
        answers = [json_error("TargetNotConnectedException", "not connected"), None]
        self.world.answers["ExecuteCommand"] = lambda given: answers.pop(0) or self.world.execute(given)
        result = self.run_it('rb:note("%%s", aws.ecs.exec { %s command = "echo at last" }.output)' % WHERE, READS)
        self.assertIn("at last", result.out, result)

    def test_words_that_are_missing_are_the_scripts_fault(self):
        result = self.run_it("aws.ecs.exec { cluster = 'blue' }", READS)
        self.assertEqual(result.code, gwrun.SCRIPT, result)
        self.assertIn("inside.lua:6: aws.ecs.exec: 'command' is missing", result.err)


if __name__ == "__main__":
    gwrun.main()
