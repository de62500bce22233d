"""A moto_server of the test's own, the aws CLI as seeder and witness, and gwrun against both.

What is missing skips the test with one line. Everything started here is ended here, by its pid.
"""

import atexit
import http.server
import importlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ACCOUNT = "758888582357"
REGION = "us-east-1"
START_SECONDS = 60
STOP_SECONDS = 10


def skip(reason):
    print(f"moto interop: skipped, {reason}")
    sys.exit(77)


def require(*programs):
    for program in programs:
        if not shutil.which(program):
            skip(f"no {program} on PATH")


def module(name):
    """A Python module that is not of the project."""
    try:
        return importlib.import_module(name)
    except ImportError:
        skip(f"no Python module {name}")


def stop(server, number=signal.SIGTERM):
    """Ends a process that was started here; its exit code. May be repeated."""
    if server.poll() is None:
        server.send_signal(number)
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait(STOP_SECONDS)
    return server.returncode


class Folder:
    """A home folder without any configuration, and gwrun in it."""

    def __init__(self, gwrun):
        self.gwrun_program = os.path.abspath(gwrun)
        self.folder = tempfile.TemporaryDirectory(prefix="gwrun-moto-")

    def close(self):
        self.folder.cleanup()

    def environment(self, **changes):
        """Nothing of the caller's but PATH. A change to None takes a variable out."""
        variables = {"PATH": os.environ["PATH"], "HOME": self.folder.name, "LC_ALL": "C.UTF-8",
                     "ASAN_OPTIONS": "exitcode=99", "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
                     "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                     "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, **changes}
        return {name: value for name, value in variables.items() if value is not None}

    def gwrun(self, *args, env=None):
        """Runs gwrun without a terminal; the exit code, standard output and standard error."""
        done = subprocess.run([self.gwrun_program, *args], env=self.environment(**(env or {})),
                              cwd=self.folder.name, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=100)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def write(self, name, text):
        path = os.path.join(self.folder.name, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path


class World(Folder):
    """One server beside it, until close() or the program's end."""

    def __init__(self, gwrun):
        require("moto_server")
        super().__init__(gwrun)
        self.log = os.path.join(self.folder.name, "moto.log")
        with open(self.log, "wb") as log:
            self.server = subprocess.Popen(
                ["moto_server", "-H", "127.0.0.1", "-p", "0"], stdout=log, stderr=subprocess.STDOUT,
                env=dict(os.environ, MOTO_ACCOUNT_ID=ACCOUNT, MOTO_ECS_SERVICE_RUNNING="1"))
        atexit.register(self.close)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        self.url = self.wait_for_url()

    def wait_for_url(self):
        """The server takes a free port, and listens once it tells which."""
        end = time.monotonic() + START_SECONDS
        while True:
            has_ended = self.server.poll() is not None
            with open(self.log, encoding="utf-8", errors="replace") as log:
                said = log.read()
            if found := re.search(r"Running on (http://127\.0\.0\.1:\d+)", said):
                return found[1]
            if has_ended or time.monotonic() > end:
                raise RuntimeError(f"moto_server did not start: {said[-2000:]}")
            time.sleep(0.05)

    def close(self):
        """May be repeated."""
        atexit.unregister(self.close)
        stop(self.server)
        super().close()

    def aws(self, *args):
        """One call of the aws CLI, its own calls for roles included; its answer, parsed."""
        done = subprocess.run(["aws", "--endpoint-url", self.url, "--output", "json", *args],
                              env=self.environment(AWS_ENDPOINT_URL=self.url), stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=60)
        if done.returncode != 0:
            raise RuntimeError(f"aws {' '.join(args)}: {done.stderr.decode()}")
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def moto(self, path, body):
        """One call of moto's own interface."""
        request = urllib.request.Request(f"{self.url}/moto-api/{path}", json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=10).close()


class HealthEndpoint:
    """Answers GET with 200 on loopback, until close()."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *args):
            pass

    def __init__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/health"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
