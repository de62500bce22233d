"""A large output of a command in a container, on a terminal, beside plain cat on the same terminal: all of it arrives, in bounded memory. How
much slower it is is printed, as a ratio; the agent here is one in Python, and a part of it."""

import os
import pty
import subprocess
import time
import unittest

import gwrun
from container import Container

SIZE = 32 << 20
MOST_MEMORY = 64 << 20


def lines(size):
    line = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ .\n"
    return line * (size // len(line))


class Output(gwrun.Case):
    def on_pty(self, command, **env):
        """Runs it on a terminal; answers the bytes that it showed, and the seconds."""
        master, slave = pty.openpty()
        began, shown = time.monotonic(), 0
        child = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, cwd=self.folder, start_new_session=True,
                                 env=self.environment(**env))
        os.close(slave)
        while True:
            try:
                block = os.read(master, 65536)
            except OSError:  # nobody has the other end any more
                break
            if not block:
                break
            shown += len(block)
        os.close(master)
        self.assertEqual(child.wait(), 0)
        return shown, time.monotonic() - began

    def test_output_beside_cat(self):
        text = lines(SIZE)
        path = self.write("large", text)
        expected = len(text) + text.count(b"\n")  # a terminal makes CR LF of LF
        with Container(self.folder) as world:
            plain, plain_s = self.on_pty(["cat", path])
            ours, ours_s = self.on_pty([gwrun.PROGRAM, "exec", "web", "--cluster", "blue", "--endpoint-url", world.url, "--yes", "--",
                                        "cat", path], **gwrun.KEYS, AWS_REGION="us-east-1")
        self.assertEqual((plain, ours), (expected, expected))
        self.assertLess(gwrun.children_peak_bytes(), MOST_MEMORY)
        mib = SIZE / (1 << 20)
        print(f"\n{mib:.0f} MiB: cat {mib / plain_s:.0f} MiB/s, gwrun exec {mib / ours_s:.0f} MiB/s; {ours_s / plain_s:.1f} times as long")


if __name__ == "__main__":
    unittest.main()
