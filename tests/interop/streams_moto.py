"""Files to S3 and back: against moto_server with every checksum, beside boto3; and in constant memory, against a server of
the test's own: streams_moto.py GWRUN"""

import hashlib
import json
import os
import re
import socketserver
import subprocess
import sys
import threading
import unittest

import moto

try:
    import boto3
except ImportError:
    moto.skip("python3 has no boto3")

MIB = 1 << 20
ALGORITHMS = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]

ROUND_TRIP = """
local file = require "file"
return {
  title = "Round trip", summary = "A file to S3 and back.", preflight = false, params = { algorithm = { type = "string" } },
  needs = { aws = { "s3:PutObject", "s3:GetObject" }, read = { "in.bin" }, write = { "out.bin" } },
  run = function(rb, p)
    local where = { Bucket = "round-trip", Key = "a b/" .. (p.algorithm or "default") }
    rb:step("Upload", { change = function()
      rb:evidence("put", aws.s3.put_object { Bucket = where.Bucket, Key = where.Key, Body = file.open "in.bin",
        ChecksumAlgorithm = p.algorithm })
    end })
    rb:evidence("got", aws.s3.get_object(where, { save_to = "out.bin", replace = true }))
  end,
}
"""
PARTS = """
local s3 = require "s3"
return {
  title = "Parts", summary = "One file in parts.", preflight = false,
  needs = { aws = { "s3:*" }, read = { "in.bin" } },
  run = function(rb)
    rb:step("Upload", { change = function()
      rb:evidence("put", s3.upload("in.bin", { Bucket = "round-trip", Key = "parts", ContentType = "text/x" },
        { threshold = 0, part_size = 5 * 1024 * 1024 }))
    end })
  end,
}
"""
BIG = """
local file = require "file"
return {
  title = "Big", summary = "One file, one way.", preflight = false, params = { up = { type = "boolean" } },
  needs = { aws = { "s3:PutObject", "s3:GetObject" }, read = { "big.bin" }, write = { "big.out" } },
  run = function(rb, p)
    local where = { Bucket = "bucket", Key = "big" }
    if not p.up then return aws.s3.get_object(where, { save_to = "big.out", replace = true }) end
    rb:step("Upload", { change = function()
      aws.s3.put_object { Bucket = where.Bucket, Key = where.Key, Body = file.open "big.bin" }
    end })
  end,
}
"""


class Sink(socketserver.StreamRequestHandler):
    """Takes what is PUT; gives zeros for a GET of /bucket/big, as many as the server says."""

    def handle(self):
        while head := self.read_head():
            length = int(found[1]) if (found := re.search(rb"(?i)\ncontent-length: *(\d+)", head)) else 0
            if b"100-continue" in head:
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.server.received = 0
            while self.server.received < length and (piece := self.rfile.read1(MIB)):
                self.server.received += len(piece)
            size = self.server.size if head.startswith(b"GET") else 0
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
            for _ in range(0, size, MIB):
                self.wfile.write(bytes(MIB))

    def read_head(self):
        head = b""
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            head += line
        return head


class RoundTrip(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = moto.World(GWRUN)
        cls.addClassCleanup(cls.world.close)
        cls.s3 = boto3.client("s3", endpoint_url=cls.world.url, region_name=moto.REGION, aws_access_key_id="a",
                              aws_secret_access_key="b")
        cls.s3.create_bucket(Bucket="round-trip")
        cls.book = cls.world.write("round_trip.lua", ROUND_TRIP)

    def path(self, name):
        return os.path.join(self.world.folder.name, name)

    def content(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def go(self, data, *args):
        with open(self.path("in.bin"), "wb") as file:
            file.write(data)
        code, out, err = self.world.gwrun(self.book, *args, "--yes", "--output", "json", "--region", moto.REGION,
                                          "--endpoint-url", self.world.url)
        self.assertEqual(code, 0, err)
        self.assertEqual(self.content("out.bin"), data)
        return {event["name"]: event["value"] for event in map(json.loads, out.splitlines()) if event["event"] == "evidence"}

    def test_with_every_checksum(self):
        data = os.urandom(3 * MIB + 5)
        for algorithm in ALGORITHMS:
            with self.subTest(algorithm):
                found = self.go(data, "--algorithm", algorithm)
                told = self.s3.head_object(Bucket="round-trip", Key="a b/" + algorithm, ChecksumMode="ENABLED")
                self.assertEqual(told["ContentLength"], len(data))
                self.assertEqual(found["got"]["Body"]["size"], len(data))
                name = "Checksum" + algorithm
                if told.get(name):
                    self.assertEqual(found["got"][name], told[name])

    def test_what_boto3_reads_and_writes(self):
        data = os.urandom(MIB)
        found = self.go(data)
        self.assertEqual(self.s3.get_object(Bucket="round-trip", Key="a b/default")["Body"].read(), data)
        self.assertEqual(found["got"]["ETag"], f'"{hashlib.md5(data).hexdigest()}"')

    def test_an_empty_file(self):
        self.assertEqual(self.go(b"")["got"]["Body"]["size"], 0)


    def test_a_file_in_parts(self):
        data = os.urandom(12 * MIB + 1)
        with open(self.path("in.bin"), "wb") as file:
            file.write(data)
        book = self.world.write("parts.lua", PARTS)
        code, out, err = self.world.gwrun(book, "--yes", "--output", "json", "--region", moto.REGION,
                                          "--endpoint-url", self.world.url)
        self.assertEqual(code, 0, err)
        got = self.s3.get_object(Bucket="round-trip", Key="parts")
        self.assertEqual(got["Body"].read(), data)
        self.assertEqual(got["ContentType"], "text/x")
        self.assertTrue(got["ETag"].endswith('-3"'), got["ETag"])
        calls = [event["action"] for event in map(json.loads, out.splitlines()) if event["event"] == "call"]
        self.assertEqual(sorted(calls), ["s3:CompleteMultipartUpload", "s3:CreateMultipartUpload"] + 3 * ["s3:UploadPart"])

    def test_an_upload_that_fails_leaves_no_parts(self):
        with open(self.path("in.bin"), "wb") as file:
            file.write(bytes(6 * MIB))
        book = self.world.write("parts.lua", PARTS.replace('"s3:*"', '"s3:CreateM*", "s3:Abort*"'))
        code, _, err = self.world.gwrun(book, "--yes", "--region", moto.REGION, "--endpoint-url", self.world.url)
        self.assertEqual(code, 4, err)
        self.assertIn("s3:UploadPart: not declared", err)
        self.assertEqual(self.s3.list_multipart_uploads(Bucket="round-trip").get("Uploads", []), [])


# What AddressSanitizer keeps of released memory is none of ours; only a program built with it reads this.
PLAIN_MEMORY = {"ASAN_OPTIONS": "exitcode=99:quarantine_size_mb=1"}


class Memory(unittest.TestCase):
    """The peak of the process is that of a small file, whatever the size."""

    @classmethod
    def setUpClass(cls):
        cls.world = moto.World(GWRUN)
        cls.addClassCleanup(cls.world.close)
        cls.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Sink)
        cls.server.daemon_threads = True
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.server.server_close)
        cls.addClassCleanup(cls.server.shutdown)
        cls.book = cls.world.write("big.lua", BIG)

    def peak_kib(self, size, *args):
        """Of one run that moves a file of so many bytes; the file is sparse."""
        self.server.size = size
        with open(os.path.join(self.world.folder.name, "big.bin"), "wb") as file:
            file.truncate(size)
        url = f"http://127.0.0.1:{self.server.server_address[1]}"
        child = subprocess.Popen(
            [self.world.gwrun_program, self.book, *args, "--yes", "--region", moto.REGION, "--endpoint-url", url],
            cwd=self.world.folder.name, env=dict(self.world.environment(), **PLAIN_MEMORY), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = child.stdout.read().decode()
        child.stdout.close()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(child.returncode, 0, said)
        return usage.ru_maxrss

    def test_uploads(self):
        small, large = self.peak_kib(8 * MIB, "--up"), self.peak_kib(512 * MIB, "--up")
        self.assertEqual(self.server.received, 512 * MIB)
        print(f"upload: peak {small} KiB with 8 MiB, {large} KiB with 512 MiB")
        self.assertLess(large, 1.2 * small)

    def test_downloads(self):
        small, large = self.peak_kib(8 * MIB), self.peak_kib(512 * MIB)
        self.assertEqual(os.path.getsize(os.path.join(self.world.folder.name, "big.out")), 512 * MIB)
        print(f"download: peak {small} KiB with 8 MiB, {large} KiB with 512 MiB")
        self.assertLess(large, 1.2 * small)


if __name__ == "__main__":
    GWRUN = sys.argv.pop(1)
    unittest.main(verbosity=2)
