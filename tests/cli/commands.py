"""Commands and variables: what a runbook may run and read, and what a program is given of ours."""

import os
import time

import gwrun

BOOK = """
local process, env = require "process", require "env"
return {
  title = "Run", summary = "Runs commands.", params = { name = { type = "string" } },
  needs = { run = { %(run)s }, env = { %(env)s } },
  run = function(rb, p)
%(body)s
  end,
}
"""

IN_A_STEP = 'rb:step("Do", { change = function()\n%s\nend })'


class Case(gwrun.Case):
    def book(self, body, run="", env=""):
        return self.write("x.lua", BOOK % {"run": run, "env": env, "body": body})

    def run_book(self, body, *args, run="", env="", environment=None, **how):
        return self.gwrun(self.book(body, run, env), "--yes", "--output", "json", *args, env=environment, **how)

    def notes(self, result):
        self.assertEqual(result.code, gwrun.OK, result)
        return [event["text"] for event in result.events if event["event"] == "note"]


class Commands(Case):
    def test_a_command_gives_its_output_and_code(self):
        result = self.run_book("""
          local done = process.try_run { "sh", "-c", "cat; echo oops >&2; exit 3", stdin = "given" }
          rb:note("%d %s %s", done.code, done.stdout, done.stderr)
          local ended = process.try_run { "sh", "-c", "kill -9 $$" }
          rb:note("%s %d", tostring(ended.code), ended.signal)
        """, run='"read: sh *"')
        self.assertEqual(self.notes(result), ["3 given oops\n", "nil 9"])

    def test_no_shell_sees_the_words(self):
        result = self.run_book('rb:note("%s", process.run { "printf", "%s|", "a b", "$HOME", ";id", "" }.stdout)',
                               run='"read: printf *"')
        self.assertEqual(self.notes(result), ["a b|$HOME|;id||"])

    def test_another_code_than_0_raises(self):
        result = self.run_book('process.run { "sh", "-c", "echo first >&2; echo why >&2; exit 4" }', run='"read: sh *"')
        self.assert_ends(result, gwrun.FAILED, r"run sh -c '.*': ended with code 4: why$")

    def test_what_is_allowed(self):
        rows = [("git log", "git log", True), ("git log", "git log -1", False), ("git log *", "git log -1 x", True),
                ("git log *", "git push", False), ("git *log -*", "git shortlog -s", True), ("*", "anything at all", True),
                ("git", "/usr/bin/git", False), ("git -c *", "git push -c x", False)]
        for entry, command, allowed in rows:
            words = ", ".join(f'"{word}"' for word in command.split())
            body = f'local _, err = process.try_run {{ {words} }}\nrb:note("%s", err and err.kind or "none")'
            with self.subTest(entry=entry, command=command):
                notes = self.notes(self.run_book(body, run=f'"read: {entry}"'))
                self.assertEqual(notes[0] != "denied", allowed, notes)

    def test_what_is_not_declared_is_refused(self):
        result = self.run_book('process.run { "id", "-u" }', run='"id"')
        self.assert_ends(result, gwrun.REFUSED, r"run id -u: not declared in this runbook's needs\.run; add \"id -u\" "
                                                r"\(refused before it was run\)$")

    def test_a_command_changes_something_unless_its_entry_says_that_it_reads(self):
        body = f'process.run {{ "touch", "{self.path("made")}" }}'
        result = self.run_book(body, run='"touch *"')
        self.assert_ends(result, gwrun.REFUSED, "changes something, which only the change function of rb:step may do")
        self.assertFalse(os.path.exists(self.path("made")))
        self.assertEqual(self.run_book(IN_A_STEP % body, run='"touch *"').code, gwrun.OK)
        self.assertTrue(os.path.exists(self.path("made")))

    def test_a_plan_shows_a_change_and_runs_what_reads(self):
        result = self.run_book('rb:note("%s", process.run { "echo", "read" }.stdout)\n' + IN_A_STEP % (
            f'rb:note("%s", process.run {{ "touch", "{self.path("made")}", stdin = "x" }}.stdout)'), "--plan",
            run='"touch *", "read: echo *"')
        self.assertEqual(self.notes(result), ["read\n", "(known after apply)"])
        self.assertFalse(os.path.exists(self.path("made")))
        calls = [event["calls"] for event in result.events if event["event"] == "step.planned"]
        self.assertEqual([[(call["action"], call["params"]) for call in step] for step in calls],
                         [[(f"run touch {self.path('made')}", {"command": ["touch", self.path("made")], "stdin": "x"})]])

    def test_a_rehearsal_changes_nothing_outside(self):
        body = f'process.run {{ "touch", "{self.path("made")}" }}'
        result = self.run_book(IN_A_STEP % body, "--sim", run='"touch *"')
        self.assert_ends(result, gwrun.REFUSED, "a rehearsal does not run it, and the simulated world has no answer to it")
        self.assertFalse(os.path.exists(self.path("made")))

    def test_the_environment_is_small(self):
        environment = {"TZ": "UTC", "CI_JOB": "7", "CI_TOKEN": gwrun.SECRET_KEY, "OTHER": "x", "LD_PRELOAD": None, **gwrun.KEYS}
        result = self.run_book('rb:note("%s", process.run { "env" }.stdout)', run='"read: env"', env='"CI_*", "AWS_*"',
                               environment=environment)
        names = sorted(line.split("=")[0] for line in self.notes(result)[0].splitlines())
        self.assertEqual([name for name in names if name not in ("PWD", "SHLVL", "_")],
                         ["AWS_ACCESS_KEY_ID", "AWS_EC2_METADATA_DISABLED", "CI_JOB", "HOME", "PATH", "TZ"])

    def test_a_variable_that_is_set_must_be_declared(self):
        body = 'rb:note("%s", process.run { "sh", "-c", "echo $MY_WAY", env = { MY_WAY = "here" } }.stdout)'
        self.assertEqual(self.notes(self.run_book(body, run='"read: sh *"', env='"MY_WAY"')), ["here\n"])
        self.assert_ends(self.run_book(body, run='"read: sh *"'), gwrun.REFUSED,
                         r"env 'MY_WAY': not declared in this runbook's needs\.env; add \"MY_WAY\"$")

    def test_no_descriptor_is_handed_on(self):
        read, write = os.pipe()
        os.set_inheritable(write, True)
        result = self.run_book('rb:note("%s", process.run { "ls", "/proc/self/fd" }.stdout)', run='"read: ls *"', pass_fds=[write])
        os.close(read)
        os.close(write)
        self.assertEqual(self.notes(result)[0].split()[:3], ["0", "1", "2"])
        self.assertLessEqual(len(self.notes(result)[0].split()), 4)  # ls has the folder itself open

    def test_a_command_is_ended_with_all_that_it_started_when_its_time_is_over(self):
        began = time.monotonic()
        result = self.run_book('process.run { "sh", "-c", "sleep 60 & sleep 60", timeout = 0.2 }', run='"read: sh *"')
        self.assert_ends(result, gwrun.UNREACHABLE, r"run sh -c 'sleep 60 & sleep 60': took longer than it may, and was ended$")
        self.assertLess(time.monotonic() - began, 5)

    def test_what_it_leaves_behind_does_not_hold_the_run(self):
        began = time.monotonic()
        result = self.run_book('rb:note("%s", process.run { "sh", "-c", "sleep 60 & echo done" }.stdout)', run='"read: sh *"')
        self.assertEqual(self.notes(result), ["done\n"])
        self.assertLess(time.monotonic() - began, 5)

    def test_it_ends_with_the_task_that_waits_for_it(self):
        began = time.monotonic()
        result = self.run_book("""
          local ok, err = pcall(parallel, {
            function() process.run { "sleep", "60" } end,
            function() sleep(0.1) error("stop", 0) end,
          })
          rb:note("%s", tostring(err))
        """, run='"read: sleep *"')
        self.assertEqual(self.notes(result), ["stop"])
        self.assertLess(time.monotonic() - began, 5)

    def test_output_and_input_may_be_long_but_not_endless(self):
        result = self.run_book("""
          rb:note("%d", #process.run { "cat", stdin = ("x"):rep(3000000) }.stdout)
          local _, err = process.try_run { "yes" }
          rb:note("%s", tostring(err))
        """, run='"read: cat", "read: yes"')
        self.assertEqual(self.notes(result), ["3000000", "run yes: printed more than it may"])

    def test_several_run_at_once(self):
        began = time.monotonic()
        result = self.run_book("""
          local out = parallel.map({ 1, 2, 3, 4, 5 }, function(n)
            return process.run { "sh", "-c", "sleep 0.3; echo $0", tostring(n) }.stdout
          end)
          rb:note("%s", table.concat(out))
        """, run='"read: sh *"')
        self.assertEqual(self.notes(result), ["1\n2\n3\n4\n5\n"])
        self.assertLess(time.monotonic() - began, 1.4)

    def test_a_program_that_is_none(self):
        for words, message in (('"no-such-program"', r"no program 'no-such-program' in the folders of PATH"),
                               ('"./x.lua"', r"'\./x\.lua' is no program")):
            with self.subTest(words):
                self.assert_ends(self.run_book(f"process.run {{ {words} }}", run='"read: *"'), gwrun.FAILED, message)

    def test_a_command_that_is_none(self):
        for command, message in (('{}', "expected the words of a command"), ('{ 7 }', "word '1' must be a string, got number"),
                                 ('{ "a\\0b" }', "zero byte"), ('{ "id", timout = 1 }', "did you mean 'timeout'"),
                                 ('{ "id", timeout = -1 }', "timeout must be above 0"), ('"id"', "expected a table of words")):
            with self.subTest(command):
                self.assert_ends(self.run_book(f"process.run({command})", run='"read: *"'), gwrun.SCRIPT, message)


class Variables(Case):
    def test_a_declared_variable(self):
        result = self.run_book('rb:note("%s %s", env.get "CI_JOB", tostring(env.get "CI_NONE"))', env='"CI_*"',
                               environment={"CI_JOB": "7"})
        self.assertEqual(self.notes(result), ["7 nil"])

    def test_any_other(self):
        for name, entry, message in (
                ("HOME", "CI_*", r"env 'HOME': not declared in this runbook's needs\.env; add \"HOME\""),
                ("AWS_SECRET_ACCESS_KEY", "*", r"env 'AWS_SECRET_ACCESS_KEY': no runbook may read keys and tokens of AWS"),
                ("AWS_SESSION_TOKEN", "AWS_SESSION_TOKEN", r"no runbook may read keys and tokens of AWS")):
            with self.subTest(name):
                result = self.run_book(f'env.get "{name}"', env=f'"{entry}"', environment=gwrun.KEYS)
                self.assert_ends(result, gwrun.REFUSED, message)


if __name__ == "__main__":
    gwrun.main()
