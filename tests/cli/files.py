"""Files as streams of calls: which ones a runbook may use, and that a download is whole or not there."""

import base64
import json
import os
import subprocess
import threading
import zlib

import certificate
import gwrun
from server import Server, answer

RUNBOOK = """
local file = require "file"
return {
  title = "Files", summary = "Moves one file.", region = "us-east-1",
  params = { path = { type = "string", required = true }, folder = { type = "string" } },
  preflight = false,
  needs = { aws = { "s3:GetObject", "s3:PutObject", "s3:HeadObject" }, read = { %(read)s }, write = { %(write)s } },
  run = function(rb, p)
    %(run)s
  end,
}
"""
UPLOAD = """
    local body = file.open(p.path)
    rb:step("Upload", { change = function()
      aws.s3.put_object { Bucket = "bucket", Key = "key", Body = body }
    end })"""
DOWNLOAD = """
    local got = aws.s3.get_object({ Bucket = "bucket", Key = "key" }, { save_to = p.path%s })
    rb:evidence("body", got.Body)"""


def hello(*headers):
    return answer(200, b"hello", headers)


class Files(gwrun.Case):
    def files(self, path, run, answers=hello(), read="", write="", extra=()):
        book = self.write("files.lua", RUNBOOK % {"run": run, "read": read, "write": write})
        with Server(answers) as server:
            result = self.gwrun(book, "--path", path, "--yes", "--endpoint-url", server.url, *extra, env=gwrun.KEYS)
        self.requests = server.requests
        return result

    def names(self):
        return sorted(name for name in os.listdir(self.folder) if name != "files.lua")

    def content(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    # ---- small ones, whole ------------------------------------------------------------------------

    def test_a_small_file_is_read_and_written_whole(self):
        run = """
    local text = assert(file.try_read(p.path))
    rb:step("Write", { change = function() file.write(p.folder .. "/copy", text .. "!") end })"""
        self.write("data/a.txt", b"hello")
        result = self.files("data/a.txt", run, read='"{path}"', write='"{folder}/"', extra=("--folder", "data"))
        self.assertEqual(0, result.code, result.err)
        self.assertEqual(b"hello!", self.content("data/copy"))
        self.assertEqual(0o600, os.stat(self.path("data/copy")).st_mode & 0o777)
        again = self.files("data/a.txt", run, read='"{path}"', write='"{folder}/"', extra=("--folder", "data"))
        self.assertEqual(1, again.code)
        self.assertIn("is there already, and is kept", again.err)
        self.assertEqual(b"hello!", self.content("data/copy"))

    def test_a_plan_writes_no_file(self):
        run = """
    rb:step("Write", { change = function() file.write(p.path, "x") end })"""
        result = self.files("new.txt", run, write='"{path}"', extra=("--plan",))
        self.assertEqual(0, result.code, result.err)
        self.assertIn("write file new.txt", result.out)
        self.assertEqual([], self.names())

    def test_what_is_not_declared_is_neither_read_nor_written(self):
        self.write("data/a.txt", b"hello")
        result = self.files("data/a.txt", "assert(file.try_read(p.path))")
        self.assertIn("not declared in this runbook's needs.read", result.err)
        result = self.files("b.txt", 'rb:step("Write", { change = function() file.write(p.path, "x") end })')
        self.assertEqual(4, result.code)
        self.assertIn("not declared in this runbook's needs.write", result.err)

    def test_a_file_that_is_too_large_or_not_there_is_no_text(self):
        self.write("big", b"x" * ((1 << 20) + 1))
        run = "local text, err = file.try_read(p.path)  rb:note('%s: %s', tostring(text), tostring(err))"
        self.assertIn("nil: file '", self.files("big", run, read='"{path}"').out)
        self.assertIn("larger than 1 MiB", self.files("big", run, read='"{path}"').out)
        self.assertIn("No such file", self.files("gone", run, read='"{path}"').out)

    # ---- what may be read ------------------------------------------------------------------------

    def test_a_declared_file_is_sent(self):
        self.write("data/a.bin", b"\x00\xff" * 1000)
        for declared in ('"data/a.bin"', '"data/*.bin"', '"data/"', '"{path}"', '"./data/../data/a*"'):
            with self.subTest(declared):
                result = self.files("data/a.bin", UPLOAD, answers=answer(200), read=declared)
                self.assertEqual(result.code, gwrun.OK, result)
                self.assertEqual(self.requests[0].body, b"\x00\xff" * 1000)

    def test_other_files_are_refused_before_they_are_opened(self):
        self.write("data/a.bin", "x")
        self.write("data/deep/a.bin", "x")
        os.symlink("../secret", self.path("data/link"))
        self.write("secret", "x")
        for path, declared in [("secret", '"data/*"'), ("data/../secret", '"data/*"'), ("data/link", '"data/*"'),
                               ("data/deep/a.bin", '"data/*"'), ("data/a.bin", '"data/*.txt"'),
                               ("data/a.bin", ""), ("data/a.bin", '"{folder}/"'), ("data/a.bin", '""')]:
            with self.subTest(path, declared=declared):
                result = self.files(path, UPLOAD, read=declared)
                self.assert_ends(result, gwrun.REFUSED, rf"file '{path}': not declared in this runbook's needs.read; "
                                                        rf'add "{path}" \(refused before it was opened\)')
                self.assertEqual(self.requests, [])

    def test_what_is_no_file_is_told(self):
        os.mkdir(self.path("data"))
        for path, said in [("missing", "No such file or directory"), ("data", "is a directory")]:
            with self.subTest(path):
                self.assert_ends(self.files(path, UPLOAD, read='"*"'), gwrun.FAILED,
                                 f"file '[^']*{path}': cannot be read: {said}")

    def test_over_tls_the_checksum_is_behind_the_bytes(self):
        data = os.urandom((1 << 20) + 3)
        self.write("a.bin", data)
        book = self.write("files.lua", RUNBOOK % {"run": UPLOAD, "read": '"*"', "write": ""})
        with Server(answer(200), tls=certificate.make(self, "localhost")) as server:
            result = self.gwrun(book, "--path", "a.bin", "--yes", "--endpoint-url",
                                server.url.replace("127.0.0.1", "localhost"),
                                env=dict(gwrun.KEYS, AWS_CA_BUNDLE=self.path("certificate.pem")))
        self.assertEqual(result.code, gwrun.OK, result)
        [request] = server.requests
        crc = base64.b64encode(zlib.crc32(data).to_bytes(4, "big"))
        self.assertEqual(request.body, b"100000\r\n" + data[:1 << 20] + b"\r\n3\r\n" + data[1 << 20:] +
                         b"\r\n0\r\nx-amz-checksum-crc32:" + crc + b"\r\n\r\n")
        self.assertEqual(request.headers["x-amz-content-sha256"], "STREAMING-UNSIGNED-PAYLOAD-TRAILER")

    # ---- what may be written ---------------------------------------------------------------------

    def test_a_download_is_a_file(self):
        result = self.files("got.txt", DOWNLOAD % "", write='"*.txt"', extra=["--output", "json"])
        self.assertEqual(result.code, gwrun.OK, result)
        self.assertEqual(self.content("got.txt"), b"hello")
        [body] = [event["value"] for event in result.events if event["event"] == "evidence"]
        self.assertEqual(body, {"path": os.path.realpath(self.path("got.txt")), "size": 5})
        self.assertEqual(os.stat(self.path("got.txt")).st_mode & 0o077, 0)

    def test_other_places_are_refused_before_anything_is_sent(self):
        os.mkdir(self.path("out"))
        os.symlink("../elsewhere", self.path("out/link"))
        for path, declared in [("a.txt", '"out/"'), ("out/../a.txt", '"out/"'), ("out/link", '"out/"'), ("a.txt", "")]:
            with self.subTest(path):
                result = self.files(path, DOWNLOAD % "", write=declared)
                self.assertIn(result.code, (gwrun.REFUSED, gwrun.FAILED), result)
                self.assertEqual(self.requests, [])
                self.assertEqual(self.names(), ["out"])

    def test_a_name_that_the_system_would_cut_off_is_refused(self):
        run = """aws.s3.get_object({ Bucket = "bucket", Key = "key" }, { save_to = "other\\0.txt" })"""
        result = self.files("x", run, write='"*"')
        self.assert_ends(result, gwrun.FAILED, "a path with a zero byte in it")
        self.assertEqual(self.requests, [])
        self.assertEqual(self.names(), [])

    def test_what_cannot_be_written_is_told(self):
        os.mkdir(self.path("out"))
        for path, said in [("out", "is a directory"), ("none/a", "No such file or directory")]:
            with self.subTest(path):
                self.assert_ends(self.files(path, DOWNLOAD % "", write='"*", "none/"'), gwrun.FAILED,
                                 f"file '[^']*{path}': cannot be written: {said}")

    def test_an_existing_file_is_kept_unless_it_may_be_replaced(self):
        self.write("got.txt", "old")
        self.assert_ends(self.files("got.txt", DOWNLOAD % "", write='"*"'), gwrun.FAILED, "is there already, and is kept")
        self.assertEqual(self.requests, [])
        self.assertEqual(self.content("got.txt"), b"old")
        self.assertEqual(self.files("got.txt", DOWNLOAD % ", replace = true", write='"*"').code, gwrun.OK)
        self.assertEqual(self.content("got.txt"), b"hello")

    def test_a_plan_writes_no_file(self):
        result = self.files("got.txt", DOWNLOAD % "", write='"*"', extra=["--plan"])
        self.assertEqual(result.code, gwrun.OK, result)
        self.assertEqual(self.requests, [])
        self.assertEqual(self.names(), [])

    # ---- what goes wrong on the way --------------------------------------------------------------

    def test_an_answer_that_is_not_whole_leaves_no_file(self):
        cut = [b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"]
        wrong = hello(("x-amz-checksum-crc32", "AAAAAA=="))
        missing = answer(404, "<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>")
        for claim, given, said in [
                ("cut off", cut, "connection closed after 5 bytes of the answer"),
                ("other bytes", wrong, "expected x-amz-checksum-crc32 'AAAAAA==', computed 'NhCmhg=='"),
                ("an error", missing, r"s3:GetObject: no such key \(NoSuchKey\)")]:
            with self.subTest(claim):
                result = self.files("got.txt", DOWNLOAD % "", answers=given, write='"*"')
                self.assertNotEqual(result.code, gwrun.OK, result)
                self.assertRegex(result.err, said)
                self.assertEqual(self.names(), [])

    def test_an_answer_too_large_for_memory_names_the_way_out(self):
        run = """aws.s3.get_object { Bucket = "bucket", Key = "key" }"""
        large = [b"HTTP/1.1 200 OK\r\nContent-Length: 70000000\r\n\r\n" + b"x" * 70_000_000]
        result = self.files("x", run, answers=large)
        self.assert_ends(result, gwrun.FAILED, r'larger than 67108864 bytes; save_to = "path" puts the bytes into a file')

    def test_save_to_is_for_answers_that_are_bytes(self):
        run = """aws.s3.head_object({ Bucket = "bucket", Key = "key" }, { save_to = p.path })"""
        self.assertRegex(self.files("x", run, write='"*"').err,
                         r"aws.s3.head_object: option 'save_to': the answer has no bytes to be saved")

    def test_save_to_wants_a_path(self):
        run = """aws.s3.get_object({ Bucket = "bucket", Key = "key" }, { save_to = "" })"""
        self.assertRegex(self.files("x", run, write='"*"').err,
                         r"aws.s3.get_object: option 'save_to': expected a path, got an empty text")

    def test_a_long_download_tells_how_far_it_is(self):
        told = threading.Event()

        def parts():
            yield b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"
            told.wait(30)
            yield b"world"

        book = self.write("files.lua", RUNBOOK % {"run": DOWNLOAD % "", "read": "", "write": '"*"'})
        with Server(lambda request: parts()) as server:
            child = subprocess.Popen(
                [gwrun.PROGRAM, book, "--path", "got.txt", "--output", "json", "--endpoint-url", server.url],
                cwd=self.folder, env=self.environment(**gwrun.KEYS), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
            progress = []
            for line in child.stdout:
                event = json.loads(line)
                if event["event"] == "call.progress":
                    progress.append(event)
                    told.set()
            child.stdout.close()
            self.assertEqual(child.wait(), gwrun.OK)
        self.assertEqual((progress[0]["action"], progress[0]["done_bytes"], progress[0]["total_bytes"]),
                         ("s3:GetObject", 5, 10))
        self.assertEqual(self.content("got.txt"), b"helloworld")

    def test_help_names_the_files(self):
        book = self.write("files.lua", RUNBOOK % {"run": "", "read": '"certs/*.pem"', "write": '"{folder}/"'})
        said = self.gwrun("help", book).out
        self.assertIn("reads files\n  certs/*.pem\n", said)
        self.assertIn("writes files\n  {folder}/\n", said)


if __name__ == "__main__":
    gwrun.main()
