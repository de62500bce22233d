"""`gwrun sim` on a port of its own: the simulated world for the aws CLI, boto3 and curl. Ended here, by its pid."""

import atexit
import os
import re
import signal
import subprocess
import time

import moto

START_SECONDS = 30
SECOND_CLI = "/usr/bin/aws"  # Debian's package, where the first on PATH is of version 1, which has no `logs tail`


def newest_cli():
    """The aws command line to use, and whether it is of version 2."""
    for program in ("aws", SECOND_CLI):
        try:
            said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        if "aws-cli/2" in said.stdout + said.stderr:
            return program, True
    return "aws", False


CLI, CLI_IS_SECOND = newest_cli()


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
        # by option: early releases of version 2 do not know the variable
        self.program("aws", f'exec {CLI} --endpoint-url "$AWS_ENDPOINT_URL" "$@"')

    def program(self, name, text):
        """A program for shell() that comes before the machine's own of that name."""
        path = self.write(f"programs/{name}", f'#!/bin/sh\nPATH="${{PATH#*:}}"\n{text}\n')
        os.chmod(path, 0o755)

    def read_exports(self):
        """What it says that a shell should set."""
        exports, end = {}, time.monotonic() + START_SECONDS
        while "no_proxy" not in exports:
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
        path = f"{os.path.join(self.folder.name, 'programs')}:{os.environ['PATH']}"
        done = subprocess.run(["sh", "-c", text], env=self.environment(**self.exports, PATH=path, AWS_PAGER="", **env), cwd=self.folder.name,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def close(self, number=signal.SIGTERM):
        """The exit code; may be repeated."""
        atexit.unregister(self.close)
        exit_code = moto.stop(self.server, number)
        self.server.stdout.close()
        super().close()
        return exit_code
