"""gwrun on a pseudo-terminal, with somebody typing."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

import gwrun

PATIENCE_S = 20


class Terminal:
    """One run whose standard streams are all the same terminal."""

    def __init__(self, case, command, env, columns=80):
        self.case = case
        self.seen = ""  # all that the terminal has shown
        self.read_to = 0  # where the last expect() ended
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.attributes = termios.tcgetattr(slave)
        self.slave = slave  # kept open, so that its state can be looked at afterwards
        self.child = subprocess.Popen(command, cwd=case.folder, env=env, stdin=slave, stdout=slave,
                                      stderr=slave, start_new_session=True,
                                      preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def read_some(self, timeout_s):
        if not select.select([self.master], [], [], timeout_s)[0]:
            return False
        self.seen += os.read(self.master, 65536).decode("utf-8", "replace")
        return True

    def expect(self, pattern):
        """Waits until the pattern stands in what has come since the last one; answers the match."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            found = re.compile(pattern, re.S).search(self.seen, self.read_to)
            if found:
                self.read_to = found.end()
                return found
            if time.monotonic() > deadline or (self.child.poll() is not None and not self.read_some(0.2)):
                self.case.fail(f"'{pattern}' did not come; the terminal shows\n{self.seen}")
            self.read_some(0.2)

    def type(self, text):
        os.write(self.master, text.encode())

    def lines(self):
        """What stood on the lines in the end, without colours."""
        plain = re.sub("\x1b\\[[0-9;]*[A-Za-z]", "", self.seen).replace("\r\n", "\n")
        return [line.rpartition("\r")[2] for line in plain.split("\n")]

    def hang_up(self):
        """The window is closed, or the line is lost."""
        os.close(self.slave)
        os.close(self.master)
        self.master = self.slave = None
        try:
            return self.child.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.case.fail("does not end when its terminal is gone")

    def finish(self):
        """Waits for the end; answers the exit code."""
        deadline = time.monotonic() + PATIENCE_S
        while self.child.poll() is None:
            if time.monotonic() > deadline:
                self.case.fail(f"does not end; the terminal shows\n{self.seen}")
            self.read_some(0.05)
        while self.read_some(0.05):
            pass
        self.case.check_said(self.seen)
        self.case.assertEqual(termios.tcgetattr(self.slave), self.attributes, "the terminal is as it was")
        return self.child.returncode

    def close(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        if self.master is not None:
            os.close(self.master)
            os.close(self.slave)


class TerminalCase(gwrun.Case):
    def terminal(self, *args, columns=80, **env):
        """gwrun on a terminal."""
        return self.on_terminal([gwrun.PROGRAM, *args], columns, env)

    def shell(self, line, **env):
        """A line of shell on a terminal."""
        return self.on_terminal(["/bin/sh", "-c", line], 80, env)

    def on_terminal(self, command, columns, env):
        terminal = Terminal(self, command, self.environment(**env), columns)
        self.addCleanup(terminal.close)
        return terminal
