"""gwrun history, show, approve, locks: what the journal says of runs, and what people do with it."""

import base64
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
import time

import gwrun

NOTE = """
return {
  title = "Note", summary = "Says something.", params = { text = { type = "string", default = "hello" } },
  run = function(rb, p) rb:note("%s", p.text) end,
}
"""
STEPS = """
return {
  title = "Steps", summary = "Does two things, the second as told.", params = { good = { type = "boolean" } },
  run = function(rb, p)
    rb:step("First", { change = function() return 1 end })
    rb:step("Second", { change = function() if not p.good then require("failure").raise("problem", "no luck") end end })
  end,
}
"""
APPROVED = """
return {
  title = "Delete it", summary = "Needs a second person.",
  run = function(rb)
    rb:step("Delete", { confirm = "delete everything", approval = "20s", change = function() rb:note("deleted") end })
  end,
}
"""
KEEPS = """
local file = require "file"
return {
  title = "Keep", summary = "Keeps a file.", needs = { read = { "dump.bin" } },
  run = function(rb)
    rb:evidence("dump", file.open "dump.bin")
    rb:step("Fail once", { change = function() if not pcall(file.open, "mended") then require("failure").raise("problem", "no") end end })
  end,
}
"""
LOCKED = """
return {
  title = "Hold", summary = "Holds a lock.", lock = "ecs:blue/web",
  run = function(rb)
    rb:note("held")
    rb:wait("for ever", function() return "waiting", "nothing yet" end, { timeout = "1m", every = 1 })
  end,
}
"""


class Store(gwrun.Case):
    def book(self, name, text):
        return self.write(f"runbooks/{name}.lua", text)

    def run_book(self, name, text, *args, code=gwrun.OK):
        """The id of the run."""
        result = self.gwrun(self.book(name, text), "--yes", "--output", "json", *args)
        self.assertEqual(result.code, code, result)
        return result.events[0]["run"]

    def ids(self, *args):
        return [run["run"] for run in json.loads(self.gwrun("history", "--output", "json", *args).out)]

    def sql(self, statement):
        with sqlite3.connect(os.path.join(self.state, "journal.db")) as db:
            db.execute(statement)
        db.close()


class History(Store):
    def test_a_store_without_runs(self):
        self.assertEqual(self.gwrun("history").out, "no runs yet\n")
        self.assertEqual(self.gwrun("history", "--output", "json").out, "[]\n")
        self.assert_ends(self.gwrun("show", "last"), gwrun.USAGE, "journal.db': No such file or directory")

    def test_the_newest_first_and_what_can_be_gone_on_with_is_open(self):
        first = self.run_book("note", NOTE)
        second = self.run_book("steps", STEPS, code=gwrun.PROBLEM)
        third = self.run_book("note", NOTE, "--plan")
        runs = json.loads(self.gwrun("history", "--output", "json").out)
        self.assertEqual([(run["run"], run["mode"], run["outcome"], run["can_resume"]) for run in runs],
                         [(third, "plan", "planned", False), (second, "real", "problem", True), (first, "real", "ok", False)])
        lines = self.gwrun("history").out.splitlines()
        self.assertRegex(lines[3], rf"^  {third} +note +plan +planned ")
        self.assertRegex(lines[4], rf"^  {second} +steps +run +problem, open ")
        self.assertRegex(lines[5], rf"^  {first} +note +run +ok  ")

    def test_filters(self):
        first, second = self.run_book("note", NOTE), self.run_book("steps", STEPS, code=gwrun.PROBLEM)
        for args, expected in [(["--runbook", "note"], [first]), (["--open"], [second]), (["--limit", "1"], [second]),
                               (["--since", "1h"], [second, first]), (["--since=1h", "--runbook=none"], [])]:
            with self.subTest(args):
                self.assertEqual(self.ids(*args), expected)

    def test_rehearsals_are_kept_apart(self):
        self.run_book("note", NOTE, "--sim")
        self.assertEqual(self.ids(), [])
        self.assertEqual(len(self.ids("--rehearsals")), 1)

    def test_wrong_use(self):
        for args, message in [(["--opn"], "unknown option '--opn', did you mean '--open'?"),
                              (["x"], "unexpected argument 'x'; 'gwrun show x' shows one run"),
                              (["--limit"], "option '--limit' needs a value")]:
            self.assert_ends(self.gwrun("history", *args), gwrun.USAGE, re.escape(message))
        self.run_book("note", NOTE)
        for args, message in [(["--limit", "0"], "expected a positive number, got '0'"),
                              (["--since", "soon"], "expected a duration such as 12h or 30d, got 'soon'")]:
            self.assert_ends(self.gwrun("history", *args), gwrun.USAGE, re.escape(message))

    def test_verify_proves_that_nothing_was_altered(self):
        run = self.run_book("note", NOTE)
        result = self.gwrun("history", "--verify")
        self.assertRegex(result.out, r"\Aintact: 1 runs, 3 events, head [0-9a-f]{64}\n\Z")
        self.sql("UPDATE event SET body = replace(body, 'hello', 'hullo') WHERE event = 'note'")
        result = self.gwrun("history", "--verify")
        self.assert_ends(result, gwrun.PROBLEM, f"the journal is not what was written: run {run}: event \\d+")
        self.assertIn('"intact":false', self.gwrun("history", "--verify", "--output", "json").out)

    def test_prune_takes_out_what_is_old_and_says_how_much(self):
        self.run_book("note", NOTE)
        open_run = self.run_book("steps", STEPS, code=gwrun.PROBLEM)
        self.assert_ends(self.gwrun("history", "--prune", "1d"), gwrun.REFUSED, "add --yes")
        self.assertEqual(self.gwrun("history", "--prune", "1d", "--yes").out, "0 runs taken out\n")
        time.sleep(0.01)
        self.assertRegex(self.gwrun("history", "--prune", "0s", "--yes").out, r"\A[12] runs? taken out\n\Z")
        self.assertNotIn("note", self.gwrun("history").out)
        self.assertTrue(self.gwrun("history", "--verify").out.startswith("intact: "), open_run)


    def test_retention_takes_out_what_is_old_when_another_run_begins(self):
        old = self.run_book("note", NOTE)
        self.assertEqual(self.gwrun("history", "--limit", "1", env={"GWRUN_RETENTION": "0s"}).code, gwrun.OK)
        time.sleep(0.01)
        self.assertEqual(self.gwrun(self.book("steps", STEPS), "--yes", "--good", env={"GWRUN_RETENTION": "90d"}).code, gwrun.OK)
        self.assertIn(old, self.ids())
        self.assertEqual(self.gwrun(self.book("steps", STEPS), "--yes", "--good", env={"GWRUN_RETENTION": "0s"}).code, gwrun.OK)
        self.assertNotIn(old, self.ids())
        self.assertTrue(self.gwrun("history", "--verify").out.startswith("intact: "))
        self.assertRegex(self.gwrun(self.book("note", NOTE), env={"GWRUN_RETENTION": "long"}).err, "GWRUN_RETENTION: expected a duration")


class Show(Store):
    def test_it_reads_as_it_did_when_it_ran(self):
        shown = self.gwrun(self.book("steps", STEPS), "--yes", "--good")
        self.assertEqual(self.gwrun("show", "last").out, shown.out)

    def test_by_the_beginning_or_the_end_of_an_id(self):
        run = self.run_book("note", NOTE)
        for name in (run, run[:-1], run[-7:], "last"):
            self.assertEqual(self.gwrun("show", name, "--output", "json").events[0]["run"], run)
        self.assert_ends(self.gwrun("show", "nosuch"), gwrun.USAGE, "no run 'nosuch' in journal")
        self.assert_ends(self.gwrun("show"), gwrun.USAGE, "which run\\? 'gwrun history' shows them")

    def test_one_step(self):
        self.run_book("steps", STEPS, "--good")
        events = self.gwrun("show", "last", "--step", "2", "--output", "json").events
        self.assertEqual([event["event"] for event in events], ["step.started", "step.confirm", "step.finished"])

    def test_an_export_can_be_held_against_the_chain_by_anybody(self):
        self.run_book("note", NOTE)
        run = self.run_book("steps", STEPS, "--good")
        self.assertEqual(self.gwrun("show", run, "--export", "run.jsonl").code, gwrun.OK)
        with open(self.path("run.jsonl"), encoding="utf-8") as file:
            head, *lines = map(json.loads, file)
        self.assertEqual((head["run"], head["number"]), (run, 2))
        events = [line for line in lines if "seq" in line]
        self.assertEqual(len(events), head["events"])
        before = bytes.fromhex(head["root"])
        for event in events:
            text = f"{run}\n{head['number']}\n{event['seq']}\n{event['body']}".encode()
            before = hashlib.sha256(before + text).digest()
            self.assertEqual(event["hash"], before.hex())
        for text in (line for line in lines if "text" in line):
            self.assertEqual(hashlib.sha256(text["body"].encode()).hexdigest(), text["text"])
        self.assertIn(STEPS, [line.get("body") for line in lines])

    def test_files_that_were_kept_come_out_as_they_went_in(self):
        content = bytes(range(256)) * 4
        self.write("dump.bin", content)
        run = self.run_book("keep", KEEPS, code=gwrun.PROBLEM)
        self.assertIn("= dump: file dump.bin, 1024 bytes, kept\n", self.gwrun("show", run).out)
        self.write("dump.bin", b"another")
        self.assertEqual(self.gwrun("show", run, "--file", "dump", "--to", "out.bin").code, gwrun.OK)
        with open(self.path("out.bin"), "rb") as file:
            self.assertEqual(file.read(), content)
        self.assert_ends(self.gwrun("show", run, "--file", "dump", "--to", "out.bin"), gwrun.USAGE, "out.bin: cannot be written")
        self.assert_ends(self.gwrun("show", run, "--file", "dumb"), gwrun.USAGE, "keeps no file as evidence 'dumb'")
        self.gwrun("show", run, "--export", "run.jsonl")
        with open(self.path("run.jsonl"), encoding="utf-8") as file:
            kept, = (line for line in map(json.loads, file) if "file" in line)
        self.assertEqual((kept["file"], base64.b64decode(kept["base64"])), ("dump", content))
        self.gwrun("resume", run, "--yes")
        events = self.gwrun("show", run, "--output", "json").events
        self.assertEqual(len([event for event in events if event["event"] == "evidence"]), 1)
        self.assertTrue(self.gwrun("history", "--verify").out.startswith("intact: "))

    def test_a_file_that_is_not_declared_is_not_kept(self):
        self.write("dump.bin", b"x")
        book = self.book("keep", KEEPS.replace('{ "dump.bin" }', "{}"))
        self.assert_ends(self.gwrun(book, "--yes"), gwrun.REFUSED, "file 'dump.bin': not declared in this runbook's needs.read")

    def test_an_export_overwrites_nothing(self):
        self.run_book("note", NOTE)
        self.write("there", "mine")
        self.assert_ends(self.gwrun("show", "last", "--export", "there"), gwrun.USAGE, "there: cannot be made")


class Approve(Store):
    def begin(self):
        child = subprocess.Popen([gwrun.PROGRAM, self.book("delete", APPROVED), "--yes", "--output", "json"], cwd=self.folder,
                                 env=self.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.addCleanup(child.wait)
        self.addCleanup(child.stdout.close)
        for line in child.stdout:
            if json.loads(line)["event"] == "approval.asked":
                return child
        self.fail("nothing was asked")

    def as_other(self, *args):
        """Another user of the same machine, who shares the folder by its group."""
        if os.geteuid() != 0:
            self.skipTest("only root can be two users")
        program = os.path.join(self.state, "gwrun")
        shutil.copy(gwrun.PROGRAM, program)
        child = subprocess.run(["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", program, *args], cwd="/",
                               env=self.environment(HOME="/"), capture_output=True, check=False)
        return gwrun.Result(child.returncode, child.stdout, child.stderr)

    def setUp(self):
        super().setUp()
        if os.geteuid() == 0:
            os.chown(self.state, 0, 65534)
            os.chmod(self.state, 0o770)

    def rest(self, child):
        events = [json.loads(line) for line in child.stdout]
        return child.wait(), events

    def test_one_does_not_approve_oneself(self):
        child = self.begin()
        self.assert_ends(self.gwrun("approve", "last", "--yes", env={"USER": "boss", "LOGNAME": "boss"}), gwrun.REFUSED,
                         "own: somebody else has to approve it")
        child.terminate()
        child.wait()
        self.assert_ends(self.gwrun("approve", "last", "--yes"), gwrun.USAGE, "asks for no approval now")

    def test_another_user_releases_the_step(self):
        child = self.begin()
        said = self.as_other("approve", "last", "--yes", "--note", "I looked")
        self.assertRegex(said.out, r"\Aapproved step 1 of run ", said)
        code, events = self.rest(child)
        self.assertEqual(code, gwrun.OK)
        given = next(event for event in events if event["event"] == "approval.given")
        self.assertEqual((given["by"], given["note"]), ("nobody", "I looked"))
        self.assertTrue(self.gwrun("history", "--verify").out.startswith("intact: "))

    def test_another_user_refuses_it(self):
        child = self.begin()
        self.as_other("approve", "last", "--yes", "--refuse", "--note", "not today")
        code, events = self.rest(child)
        self.assertEqual(code, gwrun.REFUSED)
        self.assertIn("refused by nobody: not today", events[-1]["text"])

    def test_what_is_to_be_approved_is_told_before(self):
        child = self.begin()
        said = self.as_other("approve", "last")
        self.assertEqual(said.code, gwrun.REFUSED, said)
        self.assertRegex(said.err, r"Approve: Delete it, run \S+ by root@\S+, account.*, step 1 'Delete': delete everything\..*add --yes")
        child.terminate()
        child.wait()


class Locks(Store):
    def test_who_holds_what(self):
        self.assertEqual(self.gwrun("locks").out, "nothing is locked\n")
        child = subprocess.Popen([gwrun.PROGRAM, self.book("hold", LOCKED), "--yes"], cwd=self.folder, env=self.environment(),
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.addCleanup(child.stdout.close)
        while b"nothing yet" not in child.stdout.readline():
            pass
        lock = json.loads(self.gwrun("locks", "--output", "json").out)[0]
        self.assertEqual((lock["lock"], lock["pid"], lock["reason"]), ("ecs:blue/web", child.pid, "Hold"))
        self.assertIn("ecs:blue/web", self.gwrun("locks").out)
        child.terminate()
        child.wait()
        self.assertEqual(self.gwrun("locks", "--output", "json").out, "[]\n")


if __name__ == "__main__":
    gwrun.main()
