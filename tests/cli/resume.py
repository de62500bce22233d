"""What a run does when it goes on, when a step fails, and when it is taken back: the sentences of docs/journal.md, with real processes and
a journal on disk. What a step has done stands in the file `done`, a line each time."""

import json
import os
import signal
import subprocess

import gwrun
from runs import FRAME, Runs
from server import Server, answer, json_error, ok_json

FAILS_AT_FIRST = """
    rb:step("One", { change = function() did "one" return { n = 41 } end, undo = function(r) did("undo one " .. r.n) end })
    rb:step("Two", {
      change = function()
        did "two"
        if not is_there "mended" then failure.raise("problem", "it does not work yet") end
        return "two's result"
      end,
      undo = function(result) did("undo two " .. tostring(result)) end,
    })
    rb:step("Three", { change = function() did "three" end })
"""


class Resume(Runs):
    def test_finished_steps_answer_from_the_journal_and_the_rest_is_done(self):
        events = self.go(self.book(FAILS_AT_FIRST), "--yes", code=gwrun.PROBLEM)
        self.assertEqual(self.done(), ["one", "two"])
        self.assertEqual(events[-1]["resume"], f"gwrun resume {events[0]['run']}")
        self.write("mended", "")
        events = self.go("resume", "last", "--yes")
        self.assertEqual(self.steps(events)[0], ("step.recalled", "One"))
        self.assertEqual(self.done(), ["one", "two", "three"])
        self.assertEqual([event["action"] for event in events if event["event"] == "call.recalled"], ["run tee -a done"])
        self.assert_ends(self.gwrun("resume", "last", "--yes"), gwrun.USAGE, "has ended well: there is nothing to go on with")

    def test_code_between_steps_runs_again_and_decisions_are_those_of_before(self):
        book = self.book("""
    local n = rb:decide("a number", function() return is_there "mended" and 2 or 1 end)
    rb:note("decided %d", n)
    rb:step("One", { change = function() did("one " .. n) end })
    rb:step("Two", { change = function() if not is_there "mended" then failure.raise("problem", "no") end did("two " .. n) end })
""")
        self.go(book, "--yes", code=gwrun.PROBLEM)
        self.write("mended", "")
        self.go("resume", "last", "--yes")
        self.assertEqual(self.done(), ["one 1", "two 1"])

    def test_a_script_that_took_another_way_is_refused(self):
        self.go(self.book("""
    rb:step(is_there "mended" and "Other" or "One", { change = function() did "one" end })
    rb:step("Two", { change = function() failure.raise("problem", "no") end })
"""), "--yes", code=gwrun.PROBLEM)
        self.write("mended", "")
        self.assert_ends(self.gwrun("resume", "last", "--yes"), gwrun.USAGE,
                         "step 1 was 'One' in this run's journal and is 'Other' now: the script took another way; what it reads before its "
                         "first change belongs in rb:decide")

    def test_a_script_that_changed_since_is_shown_and_refused(self):
        self.go(self.book(FAILS_AT_FIRST), "--yes", code=gwrun.PROBLEM)
        self.book(FAILS_AT_FIRST.replace('did "three"', 'did "3"'))
        result = self.gwrun("resume", "last", "--yes")
        self.assertEqual(result.code, gwrun.REFUSED, result)
        self.assertRegex(result.err, r'(?s)-    rb:step\("Three", .*did "three".*\+    rb:step\("Three", .*did "3".*add --accept-changes')
        self.write("mended", "")
        self.go("resume", "last", "--yes", "--accept-changes")
        self.assertEqual(self.done(), ["one", "two", "3"])

    def test_killed_in_a_step_the_operator_is_asked_about_the_change_of_which_nobody_knows(self):
        book = self.book("""
    rb:step("One", { change = function() require("http").request { url = p.url, method = "POST", body = "x", timeout = 60 } did "one" end })
""", 'params = { url = { type = "url" } },')
        with Server(lambda request: child.send_signal(signal.SIGKILL) or ok_json({})) as server:
            child = subprocess.Popen([gwrun.PROGRAM, book, "--yes", "--url", server.url + "/hook"], cwd=self.folder, env=self.environment(),
                                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            child.wait()
        self.assert_ends(self.gwrun("resume", "last", "--yes"), gwrun.FAILED,
                         r"POST http://127.0.0.1:\d+/hook in step 1: sent at \S+, and not known whether it took effect; look, then resume with "
                         r"--uncertain applied or --uncertain again")
        events = self.go("resume", "last", "--yes", "--uncertain", "applied")
        self.assertEqual([(e["as"], e["by"]) for e in events if e["event"] == "call.settled"], [("applied", "flag")])
        self.assertEqual(self.done(), ["one"])

    def test_at_a_terminal_the_operator_says_whether_it_was_applied(self):
        book = self.book("""
    rb:step("One", { change = function() require("http").request { url = p.url, method = "POST" } did "one" end })
""", 'params = { url = { type = "url" } },')
        for key, sent in (("a", 1), ("s", 2)):
            with self.subTest(key), Server(lambda request: self.kill_first() or ok_json({})) as server:
                self.child = subprocess.Popen([gwrun.PROGRAM, book, "--yes", "--url", server.url], cwd=self.folder, env=self.environment(),
                                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
                self.child.wait()
                terminal = self.terminal("resume", "last")
                terminal.expect("not known whether it took effect.*?stop: ")
                terminal.type(key + "\n")
                terminal.expect("go on\\?[^\\n]*: ")
                terminal.type("y\n")
                self.assertEqual(terminal.finish(), gwrun.OK, terminal.seen)
                self.assertEqual(len(server.requests), sent)
        self.assertEqual(self.done(), ["one", "one"])

    def kill_first(self):
        """The server's answer reaches the first process no more."""
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()

    def test_a_request_that_was_answered_is_not_sent_again_and_its_content_is_not_kept(self):
        body = """
    rb:step("One", { change = function()
      local answer = require("http").request { url = p.url, method = "POST", body = "x" }
      did("answered " .. answer.status)
      if not is_there "mended" then failure.raise("problem", "no") end
      return tostring(answer.body)
    end })
"""
        with Server(answer(201, gwrun.SECRET_VALUE)) as server:
            self.go(self.book(body, 'params = { url = { type = "url" } },'), "--yes", "--url", server.url + "/hook?token=CANARYquery",
                    code=gwrun.PROBLEM)
            self.write("mended", "")
            self.go("resume", "last", "--yes")
            self.assertEqual(len(server.requests), 1)
        self.assertEqual(self.done(), ["answered 201"])
        for name in os.listdir(self.state):
            with open(os.path.join(self.state, name), "rb") as file:
                content = file.read()
            self.assertNotIn(gwrun.SECRET_VALUE.encode(), content, name)

    def test_a_request_that_never_left_is_simply_sent_again(self):
        book = self.book("""
    rb:step("One", { change = function()
      local answer, err = require("http").try_request { url = is_there "mended" and p.url or "http://127.0.0.1:1/", method = "POST" }
      if not answer then error(err) end
      did "sent"
    end })
""", 'params = { url = { type = "url" } },')
        with Server(ok_json({})) as server:
            events = self.go(book, "--yes", "--url", server.url, code=gwrun.UNREACHABLE)
            call, = (event for event in events if event["event"] == "call" and event["action"].startswith("POST"))
            self.assertNotIn("uncertain", call)
            self.write("mended", "")
            self.go("resume", "last", "--yes")
            self.assertEqual((len(server.requests), self.done()), (1, ["sent"]))

    def test_a_secret_in_a_result_is_lost_and_using_it_says_which_step_to_undo(self):
        body = """
    local got = rb:step("Secret", { change = function() did "one" return { key = p.token, id = 7 } end })
    rb:step("Two", { change = function()
      if not is_there "mended" then failure.raise("problem", "no") end
      did("id " .. got.id)
      if is_there "use" then return "key " .. got.key end
    end })
"""
        book = self.book(body, 'params = { token = { type = "secret", env = "GWRUN_TOKEN" } },')
        env = {"GWRUN_TOKEN": gwrun.SECRET_VALUE}
        self.go(book, "--yes", code=gwrun.PROBLEM, env=env)
        self.write("mended", "")
        self.write("use", "")
        result = self.gwrun("resume", "last", "--yes", env=env)
        self.assertEqual(result.code, gwrun.FAILED, result)
        self.assertRegex(result.err, "secret")
        os.remove(self.path("use"))
        self.go("resume", "last", "--yes", env=env)
        self.assertEqual(self.done(), ["one", "id 7"])
        for name in os.listdir(self.state):
            with open(os.path.join(self.state, name), "rb") as file:
                self.assertNotIn(gwrun.SECRET_VALUE.encode(), file.read(), name)

    def test_sigterm_and_sighup_are_orderly_and_the_way_to_go_on_is_printed(self):
        book = self.book("""
    rb:step("One", { change = function() did "one" end })
    rb:wait("it is mended", function() return is_there "mended" and "done" or "waiting", "nothing yet" end, { every = 0.05 })
    rb:step("Two", { change = function() did "two" end })
""")
        for number in (signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number):
                child = subprocess.Popen([gwrun.PROGRAM, book, "--yes", "--output", "json"], cwd=self.folder, env=self.environment(),
                                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
                for line in child.stdout:
                    if json.loads(line)["event"] == "wait.progress":
                        break
                child.send_signal(number)
                last = json.loads(child.stdout.read().splitlines()[-1])
                child.stdout.close()
                self.assertEqual((child.wait(), last["outcome"]), (gwrun.INTERRUPTED, "interrupted"))
                self.assertEqual(last["text"], "interrupted, after 1 changing call")
                self.assertTrue(last["resume"].startswith("gwrun resume "), last)
        self.write("mended", "")
        self.go("resume", "last", "--yes")
        self.assertEqual(self.done(), ["one", "one", "two"])


    def test_expired_credentials_end_the_run_and_others_go_on_with_it(self):
        scale = """
return {
  title = "Scale", summary = "Scales.", region = "us-east-1", preflight = false, needs = { aws = { "ecs:UpdateService" } },
  run = function(rb)
    rb:step("One", { change = function() return aws.ecs.update_service { service = "web", desiredCount = 1 }.service.desiredCount end })
    rb:step("Two", { change = function() aws.ecs.update_service { service = "web", desiredCount = 2 } end })
  end,
}
"""
        book = self.write("runbooks/scale.lua", scale)

        def give(request):
            fresh = "AKIAFRESH" in request.headers["authorization"]
            if fresh or b'"desiredCount":1' in request.body:
                return ok_json({"service": {"desiredCount": 1}})
            return json_error("ExpiredTokenException", "The security token included in the request is expired")

        with Server(give) as server:
            events = self.go(book, "--yes", "--endpoint-url", server.url, env=gwrun.KEYS, code=gwrun.CREDENTIALS)
            self.assertTrue(events[-1]["resume"].startswith("gwrun resume "))
            self.go("resume", "last", "--yes", env=dict(gwrun.KEYS, AWS_ACCESS_KEY_ID="AKIAFRESH"))
            counts = [json.loads(request.body)["desiredCount"] for request in server.requests]
        self.assertEqual(counts, [1, 2, 2])

    def test_the_last_is_the_newest_that_can_be_gone_on_with(self):
        events = self.go(self.book(FAILS_AT_FIRST), "--yes", code=gwrun.PROBLEM)
        refused = self.write("runbooks/refused.lua", FRAME.format(body='rb:refuse("not now")', declared=""))
        self.go(refused, "--yes", code=gwrun.USAGE)
        self.write("mended", "")
        resumed = self.go("resume", "last", "--yes")
        self.assertEqual(resumed[0]["run"], events[0]["run"])


class Failure(Runs):
    def test_flags_answer_where_nobody_can(self):
        for flag, code, expected in (("stop", gwrun.PROBLEM, ["one", "two"]), ("skip", gwrun.OK, ["one", "two", "three"]),
                                     ("retry", gwrun.PROBLEM, ["one", "two"]),
                                     ("undo", gwrun.PROBLEM, ["one", "two", "undo two nil", "undo one 41"])):
            with self.subTest(flag):
                events = self.go(self.book(FAILS_AT_FIRST), "--yes", "--on-failure", flag, code=code)
                self.assertEqual(self.done(), expected)
                answered = [event for event in events if event["event"] == "failure.answered"]
                self.assertEqual([event["answer"] for event in answered], 3 * ["retry"] + ["stop"] if flag == "retry" else [flag])
                os.remove(self.path("done"))

    def test_the_operator_chooses(self):
        terminal = self.terminal(self.book(FAILS_AT_FIRST, 'params = { size = { type = "integer", default = 1 } },'))
        for question, typed in (("go on\\?[^\\n]*: ", "y"), ("go on\\?[^\\n]*: ", "y"), ("it does not work yet.*?stop: ", "e"), ("which of[^\\n]*: ", "size"),
                                ("size: ", "5"), ("it does not work yet.*?stop: ", "r"), ("it does not work yet.*?stop: ", "s"),
                                ("why is it right[^\\n]*: ", "I did it by hand"), ("go on\\?[^\\n]*: ", "y")):
            terminal.expect(question)
            terminal.type(typed + "\n")
        self.assertEqual(terminal.finish(), gwrun.OK, terminal.seen)
        self.assertEqual(self.done(), ["one", "two", "three"])
        events = self.gwrun("show", "last", "--output", "json").events
        self.assertEqual([(e["name"], e["value"]) for e in events if e["event"] == "parameter.changed"], [("size", 5)])
        skipped, = (e for e in events if e["event"] == "step.skipped")
        self.assertEqual((skipped["name"], skipped["reason"]), ("Two", "I did it by hand"))

    def test_a_parameter_that_locks_or_needs_were_settled_with_is_not_edited(self):
        terminal = self.terminal(self.book(FAILS_AT_FIRST, 'params = { name = { type = "string", default = "blue" } }, lock = "ecs:{name}",'))
        for question, typed in (("go on\\?[^\\n]*: ", "y"), ("go on\\?[^\\n]*: ", "y"), ("it does not work yet.*?stop: ", "e"), ("which of[^\\n]*: ", "name"),
                                ("settled with it.*it does not work yet.*?stop: ", "q")):
            terminal.expect(question)
            terminal.type(typed + "\n")
        self.assertEqual(terminal.finish(), gwrun.PROBLEM, terminal.seen)

    def test_what_failed_is_told_with_its_request_and_what_is_probably_behind_it(self):
        book = self.write("runbooks/scale.lua", """
return {
  title = "Scale", summary = "Scales.", region = "us-east-1", preflight = false, needs = { aws = { "ecs:UpdateService" } },
  run = function(rb) rb:step("One", { change = function() aws.ecs.update_service { service = "web", desiredCount = 1 } end }) end,
}
""")
        with Server(json_error("AccessDeniedException", "User: me is not authorized to perform: ecs:UpdateService")) as server:
            result = self.gwrun(book, "--yes", "--endpoint-url", server.url, env=gwrun.KEYS)
        self.assertEqual(result.code, gwrun.CREDENTIALS, result)
        self.assertRegex(result.out, r"failed: ecs:UpdateService: User: me is not authorized .*\(AccessDeniedException, request 4c1f-0001\)\n"
                                     r"   - likely cause: [^\n]+\n")

    def test_a_step_tries_as_often_as_it_says(self):
        events = self.go(self.book("""
    rb:step("Flaky", {
      retry = { attempts = 3, every = 0.01 },
      change = function() rb:note("try") did "try" failure.raise("network", "lost") end,
    })
"""), "--yes", code=gwrun.UNREACHABLE)
        self.assertEqual([e["text"] for e in events if e["event"] == "note"],
                         ["try", "try 1 of 3 failed, the next in 0s", "try", "try 2 of 3 failed, the next in 0s", "try"])
        self.assertEqual(self.done(), ["try"])  # what was done once answers from the journal

    def test_a_mistake_in_the_script_is_not_tried_again(self):
        self.go(self.book('rb:step("Wrong", { retry = 3, change = function() did "try" local x = nil; x.y = 1 end })'), "--yes", code=gwrun.SCRIPT)
        self.assertEqual(self.done(), ["try"])

    def test_timeouts_of_step_and_run(self):
        for body, declared, text in (
                ('rb:step("Slow", { timeout = 0.05, change = function() sleep(60) end })', "", "step 1"),
                ('sleep(60)', "timeout = 0.05,", "")):
            events = self.go(self.book(body, declared), "--yes", code=gwrun.UNREACHABLE)
            self.assertRegex(events[-1]["text"], f"{text}.*not finished after 0.1s")


class Undo(Runs):
    def test_in_reverse_order_with_results_each_planned_and_journalled(self):
        self.go(self.book(FAILS_AT_FIRST), "--yes", code=gwrun.PROBLEM)
        planned = self.go("undo", "last", "--plan")
        self.assertEqual([e["name"] for e in planned if e["event"] == "step.planned"], ["Undo: Two", "Undo: One"])
        self.assertEqual(self.done(), ["one", "two"])
        events = self.go("undo", "last", "--yes")
        self.assertEqual(self.done(), ["one", "two", "undo two nil", "undo one 41"])
        self.assertEqual([(e["step"], e["name"]) for e in events if e["event"] == "step.finished"], [("2/undo", "Undo: Two"), ("1/undo", "Undo: One")])
        self.assert_ends(self.gwrun("undo", "last", "--yes"), gwrun.USAGE, "is undone already")
        self.assert_ends(self.gwrun("resume", "last", "--yes"), gwrun.USAGE, "is undone already")

    def test_what_has_no_undo_stays_and_is_said(self):
        self.go(self.book('rb:step("One", { change = function() did "one" end })'), "--yes")
        events = self.go("undo", "last", "--yes", code=gwrun.PROBLEM)
        self.assertIn("step 1 'One' has no undo: what it did stays", [e.get("text") for e in events])
        self.assertIn("1 without an undo: what they did stays", events[-1]["text"])

    def test_skipped_steps_are_not_taken_back(self):
        self.go(self.book("""
    rb:step("So already", { check = function() return true end, change = function() end, undo = function() did "undone" end })
    rb:step("Not wanted", { when = false, change = function() end, undo = function() did "undone" end })
    rb:step("One", { change = function() did "one" end, undo = function() did "undo one" end })
"""), "--yes")
        self.go("undo", "last", "--yes")
        self.assertEqual(self.done(), ["one", "undo one"])

    def test_branches_are_taken_back_too(self):
        self.go(self.book("""
    rb:parallel {
      west = function(rb) rb:step("West", { change = function() did "west" end, undo = function() did "undo west" end }) end,
      east = function(rb) rb:step("East", { change = function() did "east" end, undo = function() did "undo east" end }) end,
    }
"""), "--yes")
        self.go("undo", "last", "--yes")
        self.assertEqual((sorted(self.done()[:2]), sorted(self.done()[2:])), (["east", "west"], ["undo east", "undo west"]))


if __name__ == "__main__":
    gwrun.main()
