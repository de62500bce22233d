"""`gwrun sim` on a port of its own: the simulated world for the aws CLI, boto3 and curl. Ended here, by its pid."""

import atexit
import os
import re
import signal
import subprocess
import time

import moto

START_SECONDS = 30


class Simulator(moto.Folder):
    """One simulator, until close() or the program's end."""

    def __init__(self, gwrun, *options):
        super().__init__(gwrun)
        self.log = os.path.join(self.folder.name, "sim.log")
        with open(self.log, "wb") as log:
            self.server = subprocess.Popen([self.gwrun_program, "sim", *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                           stderr=log, env=self.environment())
        atexit.register(self.close)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        self.exports = self.read_exports()
        self.url = self.exports["AWS_ENDPOINT_URL"]

    def read_exports(self):
        """What it says that a shell should set."""
        exports, end = {}, time.monotonic() + START_SECONDS
        while "AWS_DEFAULT_REGION" not in exports:
            line = self.server.stdout.readline().decode()
            if not line or time.monotonic() > end:
                raise RuntimeError(f"gwrun sim did not start: {self.said()}")
            name, value = re.fullmatch(r"export (\w+)=(.*)\n", line).groups()
            exports[name] = value
        return exports

    def said(self):
        with open(self.log, encoding="utf-8") as log:
            return log.read()

    def shell(self, text, **env):
        """Runs a command as an operator types it; the exit code, standard output and standard error."""
        done = subprocess.run(["sh", "-c", text], env=self.environment(**self.exports, **env), cwd=self.folder.name,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def close(self, number=signal.SIGTERM):
        """The exit code; may be repeated."""
        atexit.unregister(self.close)
        exit_code = moto.stop(self.server, number)
        self.server.stdout.close()
        super().close()
        return exit_code
