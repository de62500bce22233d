"""Ctrl-C, signals, a closed window. The run ends in order with exit code 130, says how far it came, and leaves the
terminal as it was."""

import signal
import subprocess
import time

import gwrun
import runbooks
from server import Server, ok_json
from terminal import TerminalCase

WAIT = """
return {
  title = "Wait", summary = "Waits for what does not come.",
  run = function(rb)
    rb:wait("for ever", function() return "waiting", "nothing yet" end, { timeout = "1h", every = 60 })
  end,
}
"""
ASK = """
return {
  title = "Ask", summary = "Asks.",
  run = function(rb) rb:step("One", { change = function() end }) end,
}
"""
STUBBORN = """
return {
  title = "Stubborn", summary = "Does not let itself be stopped.",
  run = function(rb)
    rb:note("begun")
    while true do pcall(function() while true do end end) end
  end,
}
"""
CTRL_C = "\x03"


class Interrupts(TerminalCase):
    def test_ctrl_c_during_a_wait(self):
        terminal = self.terminal(self.write("wait.lua", WAIT))
        terminal.expect("nothing yet")
        terminal.type(CTRL_C)
        self.assertEqual(terminal.finish(), gwrun.INTERRUPTED, terminal.seen)
        self.assertIn("interrupted; nothing was changed", terminal.seen)

    def test_ctrl_c_at_a_question(self):
        terminal = self.terminal(self.write("ask.lua", ASK))
        terminal.expect("go on?.*: ")
        terminal.type(CTRL_C)
        self.assertEqual(terminal.finish(), gwrun.INTERRUPTED, terminal.seen)
        self.assertIn("interrupted in step 1 'One'; nothing was changed", " ".join(terminal.seen.split()))

    def test_the_second_ctrl_c_stops_a_script_that_never_waits(self):
        terminal = self.terminal(self.write("stubborn.lua", STUBBORN))
        terminal.expect("begun")
        terminal.type(CTRL_C)
        time.sleep(0.3)
        terminal.type(CTRL_C)
        self.assertEqual(terminal.finish(), gwrun.INTERRUPTED, terminal.seen)

    def test_a_change_in_flight_is_awaited_and_told(self):
        def slow(_):
            time.sleep(1)
            return ok_json({"service": {}})

        with Server(slow) as server:
            child = self.start(self.write("scale.lua", runbooks.CHANGE), "--yes", "--endpoint-url", server.url)
            self.wait_until(lambda: server.requests)
            child.send_signal(signal.SIGINT)
            result = self.end_of(child)
        self.assertEqual(result.code, gwrun.INTERRUPTED, result)
        self.assertIn("ecs:UpdateService ok", result.out)
        self.assertRegex(result.err, r"^gwrun: scale: interrupted in step 1 'Scale to 2', after 1 changing call\n$")

    def test_the_second_signal_does_not_wait_and_says_what_is_not_known(self):
        def never(_):
            time.sleep(20)
            return ok_json({})

        with Server(never) as server:
            child = self.start(self.write("scale.lua", runbooks.CHANGE), "--yes", "--endpoint-url", server.url)
            self.wait_until(lambda: server.requests)
            child.send_signal(signal.SIGINT)
            time.sleep(0.3)
            child.send_signal(signal.SIGINT)
            result = self.end_of(child)
        self.assertEqual(result.code, gwrun.INTERRUPTED, result)
        self.assertRegex(result.out, r"ecs:UpdateService: cancelled; whether it took effect is not known")

    def test_other_signals_end_it_likewise(self):
        for number in (signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number):
                child = self.start(self.write("wait.lua", WAIT), "--output", "json")
                self.assertIn(b"run.started", child.stdout.readline())
                child.send_signal(number)
                result = self.end_of(child)
                self.assertEqual(result.code, gwrun.INTERRUPTED, result)
                self.assertEqual(result.events[-1]["outcome"], "interrupted")

    def test_a_window_that_is_closed_ends_it(self):
        terminal = self.terminal(self.write("wait.lua", WAIT))
        terminal.expect("nothing yet")
        self.assertIn(terminal.hang_up(), (gwrun.INTERRUPTED, gwrun.FAILED))

    def test_a_window_that_is_closed_at_a_question_confirms_nothing(self):
        with Server(ok_json({"service": {}})) as server:
            terminal = self.terminal(self.write("scale.lua", runbooks.CHANGE), "--endpoint-url", server.url, **gwrun.KEYS)
            terminal.expect("go on?.*: ")
            self.assertIn(terminal.hang_up(), (gwrun.INTERRUPTED, gwrun.REFUSED, gwrun.FAILED))
            self.assertEqual(server.requests, [])

    # ---- without a terminal

    def start(self, *args):
        child = subprocess.Popen([gwrun.PROGRAM, *args], cwd=self.folder, env=self.environment(**gwrun.KEYS),
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(lambda: child.poll() is not None or child.kill())
        return child

    def end_of(self, child):
        result = gwrun.Result(*self.communicate(child))
        self.check_rules(result)
        return result

    def communicate(self, child):
        out, err = child.communicate(timeout=15)
        return child.returncode, out, err

    def wait_until(self, condition):
        deadline = time.monotonic() + 10
        while not condition():
            self.assertLess(time.monotonic(), deadline, "it does not come")
            time.sleep(0.01)


if __name__ == "__main__":
    gwrun.main()
