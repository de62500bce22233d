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

import moto
from call_rows import READS, SECRET_READS, SEEDS

try:
    import awscli.clidriver
except ImportError:
    moto.skip("python3 has no awscli")

CONFIG = "[default]\ncli_timestamp_format = iso8601\ncli_binary_format = raw-in-base64-out\n"


def reference(world, words):
    """What the aws CLI prints, and its exit code; in this process, which saves its start."""
    out, err = io.StringIO(), io.StringIO()
    environment = world.environment(AWS_DATA_PATH=os.environ.get("AWS_DATA_PATH"))  # awscli's own
    with unittest.mock.patch.dict(os.environ, environment, clear=True), \
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

    def test_prints_secrets_on_demand(self):
        for line in SECRET_READS:
            with self.subTest(line):
                self.check(line, "--reveal-secrets")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
