"""Runs gwrun as an operator does, and holds what it says against rules that have no exception.

By hand: GWRUN=build/dev/gwrun PYTHONPATH=tests/blackbox python3 tests/cli/usage.py
"""

import json
import os
import re
import resource
import subprocess
import tempfile
import unittest

PROGRAM = os.path.abspath(os.environ["GWRUN"])
SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))

# The exit codes of README.md.
OK, FAILED, USAGE, PROBLEM, REFUSED, SCRIPT, CREDENTIALS, UNREACHABLE = range(8)
INTERNAL, INTERRUPTED = 70, 130

SECRET_KEY = "CANARYsecret/wJalrXUtnFEMI/K7MDENG+bPx"
SESSION_TOKEN = "CANARYtoken//FwoGZXIvYXdzEBYaDHqa0AP1Example=="
SECRET_VALUE = "CANARYvalue-hunter2-hunter2"
CANARIES = [SECRET_KEY, SESSION_TOKEN, SECRET_VALUE]

KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    "AWS_SESSION_TOKEN": SESSION_TOKEN,
}

SANITIZER_REPORT = re.compile(r"Sanitizer|runtime error:")
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Result:
    """What one run said, and how it ended."""

    def __init__(self, code, out, err):
        self.code = code
        self.out = out.decode("utf-8")  # both are UTF-8, whatever the other side sent
        self.err = err.decode("utf-8")

    @property
    def events(self):
        """Of --output json: every line is one."""
        return [json.loads(line) for line in self.out.split("\n")[:-1]]

    def __repr__(self):
        return f"exit code {self.code}\n--- stdout\n{self.out}--- stderr\n{self.err}---"


class Case(unittest.TestCase):
    """A test with a folder of its own, which is also HOME and the working directory."""

    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="gwrun-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        state = tempfile.TemporaryDirectory(prefix="gwrun-state-")
        self.addCleanup(state.cleanup)
        self.state = state.name  # where journals are kept

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        """Puts a file into the test's folder; answers its path."""
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return self.path(name)

    def environment(self, **extra):
        """Nothing of the caller's own but where programs are; a variable given as None is absent."""
        known = {"PATH": os.environ["PATH"], "HOME": self.folder, "LC_ALL": "C.UTF-8", "TERM": "xterm",
                 "ASAN_OPTIONS": "exitcode=99", "AWS_EC2_METADATA_DISABLED": "true", "GWRUN_STATE": self.state}
        known.update(extra)
        return {name: value for name, value in known.items() if value is not None}

    def gwrun(self, *args, env=None, stdin=None, timeout=60, pass_fds=()):
        """Runs the program to its end, without a terminal."""
        child = subprocess.Popen([PROGRAM, *args], cwd=self.folder, env=self.environment(**(env or {})),
                                 stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=pass_fds)
        try:
            out, err = child.communicate(stdin, timeout)
        except subprocess.TimeoutExpired:
            child.kill()
            out, err = child.communicate()
            self.fail(f"still running after {timeout} s\n{out}\n{err}")
        result = Result(child.returncode, out, err)
        self.check_rules(result)
        return result

    def check_said(self, text):
        """What is never said, whatever happens."""
        for canary in CANARIES:
            self.assertNotIn(canary, text)
        self.assertNotRegex(text, SANITIZER_REPORT)
        self.assertNotIn("stack traceback", text)

    def check_rules(self, result):
        """What holds for every run that does not stand on a terminal."""
        for text in (result.out, result.err):
            self.check_said(text)
            self.assertNotRegex(text, CONTROL, result)
        self.assertGreaterEqual(result.code, 0, result)  # no signal has ended it

    def assert_ends(self, result, code, message):
        """It ended with the code, and one line on standard error matches the pattern."""
        self.assertEqual(result.code, code, result)
        self.assertRegex(result.err, r"\Agwrun: [^\n]+\n\Z", result)
        self.assertRegex(result.err, message, result)


def children_peak_bytes():
    """The largest memory that any child so far has had."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def main():
    unittest.main(verbosity=2)
