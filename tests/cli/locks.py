"""Runs that change the same service do not run at once: one wins, the others say who holds it."""

import json
import re
import signal
import subprocess
import time

import gwrun

HOLD = """
return {
  title = "Scale", summary = "Holds the service until a file is there.", lock = "ecs:blue/web",
  params = { done = { type = "file" } }, needs = { read = { "done" } },
  run = function(rb)
    rb:step("Hold", { change = function() rb:note("held") end })
    rb:wait("it is over", function() return pcall(require("file").open, "done") and "done", "not yet" end, { timeout = "30s", every = 0.05 })
  end,
}
"""


class Locks(gwrun.Case):
    def setUp(self):
        super().setUp()
        self.book = self.write("scale.lua", HOLD)
        self.children = []
        self.addCleanup(self.end_all)

    def end_all(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
            child.communicate()

    def start(self, *args):
        child = subprocess.Popen([gwrun.PROGRAM, self.book, "--yes", "--output", "json", *args], cwd=self.folder,
                                 env=self.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.children.append(child)
        return child

    def until(self, child, event):
        for line in child.stdout:
            found = json.loads(line)
            if found["event"] == event:
                return found
        return self.fail(f"no {event}: {child.stderr.read()}")

    def finish(self):
        with open(self.path("done"), "wb"):
            pass

    def ended(self, child):
        out, err = child.communicate(timeout=60)
        return gwrun.Result(child.returncode, out, err)

    def test_of_many_that_begin_at_once_one_wins_and_the_others_say_who_holds_it(self):
        children = [self.start() for _ in range(8)]
        deadline = time.monotonic() + 30
        while sum(child.poll() is not None for child in children) < 7 and time.monotonic() < deadline:
            time.sleep(0.01)
        losers = [child for child in children if child.poll() is not None]
        winner, = (child for child in children if child.poll() is None)
        run = self.until(winner, "run.started")["run"]
        for child in losers:
            result = self.ended(child)
            self.assertEqual(result.code, gwrun.REFUSED, result)
            self.assertRegex(result.err, rf"lock 'ecs:blue/web' is held by \w+@\S+ since \S+: Scale, run {re.escape(run)}; "
                                         r"wait for it \(--wait-for-lock\), or take it over \(--take-over 'reason'\)")
            self.assertNotIn("held", [event.get("text") for event in result.events])
        self.finish()
        self.assertEqual(self.ended(winner).code, gwrun.OK)

    def test_who_waits_goes_on_when_the_other_ends(self):
        first = self.start()
        self.until(first, "lock.taken")
        second = self.start("--wait-for-lock")
        self.assertRegex(self.until(second, "note")["text"], r"\Awaiting for the lock 'ecs:blue/web' is held by ")
        self.finish()
        self.assertEqual((self.ended(first).code, self.ended(second).code), (gwrun.OK, gwrun.OK))

    def test_who_is_killed_has_lost_its_lock_at_once(self):
        first = self.start()
        self.until(first, "lock.taken")
        first.send_signal(signal.SIGKILL)
        first.wait()
        self.finish()
        self.assertEqual(self.ended(self.start()).code, gwrun.OK)

    def test_it_can_be_taken_over_with_a_reason(self):
        first = self.start()
        self.until(first, "lock.taken")
        second = self.start("--take-over", "the other laptop is asleep")
        taken = self.until(second, "lock.taken")
        self.assertEqual((taken["reason"], taken["from"]["reason"]), ("the other laptop is asleep", "Scale"))
        held, = json.loads(self.gwrun("locks", "--output", "json").out)
        self.assertEqual((held["lock"], held["pid"]), ("ecs:blue/web", second.pid))
        self.finish()
        self.assertEqual(self.ended(second).code, gwrun.OK)


if __name__ == "__main__":
    gwrun.main()
