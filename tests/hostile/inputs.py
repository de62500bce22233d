"""What an operator, or a script that fills in an operator's words, may hand over: parameters that would break out of
their place in the request, files that never end, damaged files. Nothing is sent, and one line says what is wrong."""

import os
import time

import gwrun
from server import Server, ok_json

PUT = ["s3api", "put-object", "--bucket", "b-1", "--key", "k"]
DEEP = 10_000

# claim, words, what is said
PARAMETERS = [
    ("a header's end", [*PUT, "--content-type", "a\r\nX-Evil: 1"], r"'ContentType': .*cannot hold control characters"),
    ("NUL in a header", [*PUT, "--cli-input-json", r'{"ContentType":"a\u0000b"}'], r"cannot hold control characters"),
    ("an escape in a header", [*PUT, "--metadata", r'{"a":"\u001b[31m"}'], r"'Metadata.a': .*control characters"),
    ("a header's end in a name", [*PUT, "--metadata", r'{"a\r\nX-Evil: 1":"b"}'], r"sent as the name of a header"),
    ("a bucket that is a path", ["s3api", "list-objects-v2", "--bucket", "a/../b"], r"'Bucket': .*, got 'a/\.\./b'"),
    ("a bucket that is a host", ["s3api", "list-objects-v2", "--bucket", "@evil.example"], r"'Bucket': expected a name"),
    ("a bucket with a line break", ["s3api", "list-objects-v2", "--bucket", "a\r\nb"], r"'Bucket': expected a name"),
    ("a path that leads up", ["lambda", "get-function", "--function-name", ".."], r"'\.\.' would lead to another path"),
    ("a path that stays", ["s3api", "list-objects-v2", "--bucket", "."], r"'\.' would lead to another path"),
    ("nothing for a part of the path", ["s3api", "list-objects-v2", "--bucket", ""], r"'Bucket': "),
    ("no UTF-8", ["ecs", "list-tasks", "--cluster", b"\xff\xfe"], r"not UTF-8"),
    ("deep JSON", ["dynamodb", "put-item", "--table-name", "t", "--item", "[" * DEEP], r"json: nested deeper than 256"),
    ("deep shorthand", ["ecs", "tag-resource", "--resource-arn", "a", "--tags", "key=" + "{a=" * DEEP], r"nested deeper"),
    ("a deep expression", ["ecs", "list-tasks", "--query", "[" * DEEP], r"--query: jmespath: "),
    ("a region that is a host", ["ecs", "list-tasks", "--region", "evil.example/"], r"region 'evil\.example/': expected"),
    ("an endpoint with a user", ["ecs", "list-tasks", "--endpoint-url", "http://u:pass@127.0.0.1:1"], r"url: has a user"),
    ("a file without end", ["ecs", "list-tasks", "--cluster", "file:///dev/zero"], r"larger than 64 MiB"),
    ("JSON without end", ["ecs", "list-tasks", "--cli-input-json", "file:///dev/zero"], r"larger than 64 MiB"),
    ("a folder as a file", ["ecs", "list-tasks", "--cluster", "file:///"], r"'/' cannot be read"),
]

# What the processes of a profile print, and what is said of it.
PROCESSES = [
    ("cat /dev/zero", r"printed more than 64 KiB"),
    ("echo '[[[['", r"expected it to print a JSON object"),
    ("sh -c 'kill -9 $$'", r"ended with (signal 9|exit code 137)"),
    (f"sh -c 'echo {gwrun.SECRET_KEY} >&2; exit 1'", r"ended with exit code 1: \[secret\]"),
]


class Inputs(gwrun.Case):
    def setUp(self):
        super().setUp()
        self.server = self.enterContext(Server(ok_json({})))
        self.env = {**gwrun.KEYS, "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": self.server.url, "AWS_MAX_ATTEMPTS": "1"}

    def refused(self, words, code, message, **env):
        began = time.monotonic()
        result = self.gwrun(*words, env={**self.env, **env})
        self.assert_ends(result, code, message)
        self.assertLess(time.monotonic() - began, 40)
        self.assertEqual(self.server.requests, [])

    def test_parameters_that_cannot_be_sent_are_wrong_use(self):
        for claim, words, message in PARAMETERS:
            with self.subTest(claim):
                self.refused(["call", *words, "--yes"], gwrun.USAGE, message)

    def test_a_configuration_that_is_none(self):
        self.write("bytes", bytes(range(256)))
        os.mkfifo(self.path("fifo"))
        for name in (self.folder, "/dev/zero", self.path("bytes"), self.path("fifo")):
            with self.subTest(name):
                self.refused(["call", "ecs", "list-tasks"], gwrun.USAGE, name.replace("\\", ""), AWS_CONFIG_FILE=name)

    def test_a_pipe_to_which_somebody_writes_is_a_configuration(self):
        read, write = os.pipe()
        os.write(write, b"[default]\nregion = eu-west-1\n")
        os.close(write)
        os.set_inheritable(read, True)
        self.addCleanup(os.close, read)
        child = self.gwrun("call", "ecs", "list-tasks", "--plan", pass_fds=[read],
                           env={**self.env, "AWS_REGION": None, "AWS_CONFIG_FILE": f"/dev/fd/{read}"})
        self.assertIn('"Region": "eu-west-1"', child.out, child)

    def test_processes_that_print_no_credentials(self):
        for command, message in PROCESSES:
            with self.subTest(command):
                self.write(".aws/config", f"[profile p]\ncredential_process = {command}\n")
                self.refused(["call", "ecs", "list-tasks", "--profile", "p"], gwrun.CREDENTIALS, message)

    def test_damaged_models(self):
        for damaged in (b"", b"\0" * 100_000, bytes(range(256)) * 20):
            self.write("models/svc.model", damaged)
            for words in (["svc", "help"], ["svc", "list-things"], ["svc", "wait", "done"]):
                with self.subTest(words):
                    self.refused(["call", *words], gwrun.USAGE, r"svc\.model: damaged", GWRUN_MODELS=self.path("models"))

    def test_keys_of_objects_lead_nowhere_else(self):
        for key, path in (("../../x", "/b-1/../../x"), ("a\r\nX-Evil: 1", "/b-1/a%0D%0AX-Evil%3A%201"), ("a?b#c", "/b-1/a%3Fb%23c")):
            self.gwrun("call", "s3api", "head-object", "--bucket", "b-1", "--key", key, env=self.env)
            self.assertEqual(self.server.requests[-1].target, path)


if __name__ == "__main__":
    gwrun.main()
