"""What gwrun call sends, beside the aws CLI: call_requests.py GWRUN

Each command line of call_lines.py is typed at both, and a server that plays AWS compares the requests:
operation and parameters, before any wire form.
"""

import contextlib
import http.server
import io
import json
import os
import shlex
import sys
import threading
import unittest
import unittest.mock
import urllib.parse

import moto
from call_lines import LINES

try:
    import awscli.clidriver
except ImportError:
    moto.skip("python3 has no awscli")

TOKENS = {"clientToken", "ClientRequestToken", "ClientToken", "CreatorRequestId", "idempotencyToken"}


class Recorder(http.server.BaseHTTPRequestHandler):
    """Remembers a request in a form that does not depend on order, and answers with nothing."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        target = self.headers.get("X-Amz-Target")
        if target:
            params = {name: value for name, value in json.loads(body).items() if name not in TOKENS}
            self.server.seen.append((target, params))
            self.answer("application/x-amz-json-1.1", b"{}")
        else:
            form = {name: value for name, value in urllib.parse.parse_qsl(body, keep_blank_values=True) if name not in TOKENS}
            self.server.seen.append((form["Action"], form))
            self.answer("text/xml", f"<{form['Action']}Response/>".encode())

    def answer(self, kind, body):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class SameRequests(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
        self.server.seen = []
        self.addCleanup(self.server.server_close)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.addCleanup(self.server.shutdown)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.world = moto.Folder(sys.argv[1])
        self.addCleanup(self.world.close)
        self.world.write(".aws/config", "[default]\ncli_binary_format = raw-in-base64-out\n")
        self.world.write("secret.bin", "\0binary")
        self.world.write("policy.json", '{"Version": "2012-10-17"}')
        self.world.write("task.json", json.dumps({
            "family": "web", "cpu": "512", "containerDefinitions": [
                {"name": "web", "image": "web:1", "essential": True, "environment": [{"name": "A", "value": "1"}]}]}))

    def reference(self, words):
        err = io.StringIO()
        environment = self.world.environment(AWS_DATA_PATH=os.environ.get("AWS_DATA_PATH"))
        with unittest.mock.patch.dict(os.environ, environment, clear=True), contextlib.chdir(self.world.folder.name), \
                contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(err):
            awscli.clidriver.create_clidriver().main(["--endpoint-url", self.url, *words])
        return self.take(), err.getvalue()

    def take(self):
        seen, self.server.seen = self.server.seen, []
        return seen

    def test_the_same_words_make_the_same_request(self):
        for line in LINES:
            with self.subTest(line):
                words = shlex.split(line)
                expected, said = self.reference(words)
                self.assertTrue(expected, said)
                code, _, err = self.world.gwrun("call", "--endpoint-url", self.url, "--yes", *words)
                self.assertEqual((code, self.take()), (0, expected), err)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
