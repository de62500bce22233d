"""gwrun call beside the aws CLI, the same words through both: call_moto.py GWRUN

The CLI seeds a moto_server; then each command line of call_rows.py is typed at both, and what they
print must be the same to the byte. The CLI is version 1, told to write times as version 2 does.
"""

import contextlib
import io
import os
import shlex
import sys
import unittest
import unittest.mock
import zipfile

import moto
from call_rows import DOWNLOADS, FILES, READS, SECRET_READS, SEEDS

try:
    import awscli.clidriver
except ImportError:
    moto.skip("python3 has no awscli")

CONFIG = "[default]\ncli_timestamp_format = iso8601\ncli_binary_format = raw-in-base64-out\n"


def reference(world, words):
    """What the aws CLI prints, and its exit code; in this process, which saves its start."""
    out, err = io.StringIO(), io.StringIO()
    environment = world.environment(AWS_DATA_PATH=os.environ.get("AWS_DATA_PATH"))  # awscli's own
    with unittest.mock.patch.dict(os.environ, environment, clear=True), contextlib.chdir(world.folder.name), \
            contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = awscli.clidriver.create_clidriver().main(["--endpoint-url", world.url, *words])
        except SystemExit as end:
            code = end.code
    return code, out.getvalue(), err.getvalue()


class SameOutput(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.world = moto.World(sys.argv[1])
        cls.addClassCleanup(cls.world.close)
        cls.world.write(".aws/config", CONFIG)
        for name, text in FILES.items():
            cls.world.write(name, text)
        with zipfile.ZipFile(os.path.join(cls.world.folder.name, "f.zip"), "w") as code:
            code.writestr("a.py", "def h(event, context): return 1")
        for line in SEEDS:
            code, _, err = reference(cls.world, shlex.split(line))
            if code != 0:
                raise RuntimeError(f"aws {line}: {err}")

    def check(self, line, *own):
        words = shlex.split(line)
        code, out, err = reference(self.world, words)
        self.assertEqual(code, 0, err)
        self.assertEqual(self.world.gwrun("call", "--endpoint-url", self.world.url, *words, *own), (0, out, ""))

    def test_prints_what_the_aws_cli_prints(self):
        for line in READS:
            with self.subTest(line):
                self.check(line)

    def read_file(self, name):
        with open(os.path.join(self.world.folder.name, name), "rb") as file:
            return file.read()

    def test_writes_the_files_that_the_aws_cli_writes(self):
        for line in DOWNLOADS:
            with self.subTest(line):
                words = shlex.split(line)[:-1]
                code, out, err = reference(self.world, [*words, "theirs"])
                self.assertEqual(code, 0, err)
                ours = self.world.gwrun("call", "--endpoint-url", self.world.url, "--yes", *words, "ours")
                self.assertEqual(ours, (0, out, ""))
                self.assertEqual(self.read_file("ours"), self.read_file("theirs"))

    def test_sends_a_file_as_it_is(self):
        self.world.write("big", "0123456789" * 300000)
        code, _, err = self.world.gwrun("call", "--endpoint-url", self.world.url, "--yes", "s3api", "put-object",
                                        "--bucket", "logs", "--key", "big", "--body", "big")
        self.assertEqual((code, err), (0, ""))
        reference(self.world, shlex.split("s3api get-object --bucket logs --key big theirs"))
        self.assertEqual(self.read_file("theirs"), self.read_file("big"))

    def test_prints_secrets_on_demand(self):
        for line in SECRET_READS:
            with self.subTest(line):
                self.check(line, "--reveal-secrets")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
