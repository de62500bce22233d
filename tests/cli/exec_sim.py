"""gwrun exec against `gwrun sim`: the shell that is played, and commands that run for real in a sandbox."""

import hashlib
import os
import re
import signal
import subprocess
import time
import unittest

import gwrun
from terminal import TerminalCase

HAS_SANDBOX = os.access("/usr/bin/bwrap", os.X_OK)
START_SECONDS = 30


def running(text):
    """Whether a process of this machine has this in its command line."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if text.encode() in file.read():
                    return True
        except OSError:
            pass
    return False


class Simulated(TerminalCase):
    def simulate(self, *options):
        server = subprocess.Popen([gwrun.PROGRAM, "sim", "--quiet", *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, env=self.environment())
        self.addCleanup(self.end, server)
        exports, deadline = {}, time.monotonic() + START_SECONDS
        while "no_proxy" not in exports and time.monotonic() < deadline:
            name, value = re.fullmatch(r"export (\w+)=(.*)\n", server.stdout.readline().decode()).groups()
            exports[name] = value
        self.env = exports
        return server

    def end(self, server):
        if server.poll() is None:
            server.terminate()
        server.wait(10)
        server.stdout.close()

    def piped(self, *words, stdin=None):
        return self.gwrun("exec", "--yes", "--", *words, env=self.env, stdin=stdin)

    def shell(self):
        terminal = self.terminal("exec", "--yes", **self.env)
        terminal.expect("# ")
        return terminal


class Played(Simulated):
    def test_the_health_endpoint_is_asked_inside_the_task(self):
        self.simulate()
        result = self.piped("curl", "-fsS", "http://localhost:8000/health")
        self.assertEqual((result.code, result.out), (22, "curl: (22) The requested URL returned error: 503\n"), result)
        result = self.piped("curl", "-s", "http://localhost:9999/")
        self.assertEqual((result.code, result.out), (7, ""), result)

    def test_nothing_runs_on_this_machine(self):
        self.simulate()
        name = self.path("made")
        self.assertEqual(self.piped("touch", name).code, 127)
        self.assertEqual(self.piped("sh", "-c", f"echo x > {name}").code, 0)
        self.assertFalse(os.path.exists(name))

    def test_a_shell_on_a_terminal(self):
        self.simulate()
        terminal = self.shell()
        terminal.type("X='a b'; echo \"$X\" '$X'\r")
        terminal.expect("a b \\$X\r\n# ")
        terminal.type("nope\r")
        terminal.expect("sh: 1: nope: not found\r\n# ")
        terminal.type("echo $? && false || echo was false\r")
        terminal.expect("127\r\nwas false\r\n# ")
        terminal.type("exit 7\r")
        self.assertEqual(terminal.finish(), 7)


@unittest.skipUnless(HAS_SANDBOX, "no bubblewrap here")
class Sandboxed(Simulated):
    def test_a_real_shell_that_sees_nothing_of_this_machine(self):
        self.simulate("--exec")
        terminal = self.shell()
        terminal.type("echo $((6 * 7)); stty size; pwd; ls -a; test -e /etc/passwd || echo nobody\n")
        terminal.expect("42\r\n24 80\r\n/app\r\n\\.  \\.\\.\r\nnobody\r\n")
        terminal.type("echo $AWS_SECRET_ACCESS_KEY$GWRUN_STATE-; touch /usr/x; ls /proc | grep -c '^[0-9]'\n")
        terminal.expect("-\r\n.*Read-only file system\r\n\\d\r\n")
        terminal.type("exit 5\n")
        self.assertEqual(terminal.finish(), 5, terminal.seen)

    def test_the_health_endpoint_is_the_simulated_one(self):
        self.simulate("--exec")
        result = self.piped("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "http://localhost:8000/health")
        self.assertEqual((result.code, result.out), (0, "503"), result)

    def test_bytes_survive_a_bad_network(self):
        data = os.urandom(20000)
        for fault in ("session", "session lost=0.1 twice=0.1", "session late=0.05", "session every=40"):
            with self.subTest(fault):
                server = self.simulate("--exec", "--fault", fault)
                result = self.piped("sha256sum", stdin=data)
                self.assertEqual((result.code, result.out), (0, hashlib.sha256(data).hexdigest() + "  -\n"), result)
                self.end(server)

    def test_nothing_is_left_when_the_simulator_ends(self):
        server = self.simulate("--exec")
        client = subprocess.Popen([gwrun.PROGRAM, "exec", "--yes", "--", "sleep", "86399.25"], env=self.environment(**self.env),
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while not running("sleep\0" + "86399.25") and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertTrue(running("sleep\0" + "86399.25"))
        server.send_signal(signal.SIGKILL)
        client.terminate()
        client.wait(30)
        while running("sleep\0" + "86399.25") and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertFalse(running("sleep\0" + "86399.25"))


if __name__ == "__main__":
    gwrun.main()
