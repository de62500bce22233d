"""S3's paths and signatures against moto_server: moto_s3.py GWRUN

boto3 writes objects under odd keys; gwrun reads and deletes them, by path and by host name. Between gwrun and moto stands
a gate that lets through only what is signed, by botocore's reckoning, over the bytes that came.
"""

import http.client
import http.server
import json
import os
import re
import sys
import threading
import unittest
import urllib.parse

import moto

try:
    import boto3
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.config import Config
    from botocore.credentials import Credentials
except ImportError:
    moto.skip("python3 has no boto3")

KEYS = ["key", "a/b/c", "end/", "sp ace", "pl+us", "100%", "%2F", "q?x=1&y", "h#ash", "é/ሴ/😂", "~*('!)", "a=b;c:d@e,f$g", "[x]{y}|^`\"<>\\",
        "a//b", "./a", "a/./b", "a/../b", "..a", "tab\there", "-_.~"]

CALLS = """
local keys = json.decode(%s)
return {
  title = "Objects", summary = "Reads and deletes the objects it is told of.", preflight = false, needs = { aws = { "s3:*" } },
  run = function(rb)
    local function say(name, answer, err) rb:evidence(name, answer or { code = err.code or tostring(err) }) end
    rb:step("Call", { change = function()
      for _, bucket in ipairs(%s) do
        for i, key in ipairs(keys) do
          say(bucket .. " get " .. i, aws.s3.try_get_object_tagging { Bucket = bucket, Key = key })
          say(bucket .. " head " .. i, aws.s3.try_head_object { Bucket = bucket, Key = key })
        end
        say(bucket .. " list", aws.s3.try_list_objects_v2 { Bucket = bucket })
        say(bucket .. " where", aws.s3.try_get_bucket_location { Bucket = bucket })
        for i, key in ipairs(keys) do
          say(bucket .. " delete " .. i, aws.s3.try_delete_object { Bucket = bucket, Key = key })
        end
      end
      say("buckets", aws.s3.try_list_buckets {})
    end })
  end,
}
"""


KEY = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


class Gate:
    """Checks and forwards, on loopback, until close()."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def is_signed(self, target, body):
            authorization = self.headers.get("Authorization", "")
            found = re.search(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/.*SignedHeaders=([^,]+), *Signature=(\w+)", authorization)
            if not found:
                return False
            region, service, names, signature = found.groups()
            headers = {name: self.headers[name] for name in names.split(";")}
            request = AWSRequest(self.command, f"http://{self.headers['Host']}{target}", headers, body)
            request.context["timestamp"] = self.headers["X-Amz-Date"]
            auth = S3SigV4Auth(Credentials(*KEY), service, region)
            canonical = auth.canonical_request(request)
            return auth.signature(auth.string_to_sign(request, canonical), request) == signature

        def answer(self, status, headers, body):
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in ("transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def handle_any(self):
            target = self.requestline.split(" ")[1]  # self.path is not what came
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.server.targets.append(target)
            if not self.is_signed(target, body):
                text = b"<Error><Code>SignatureDoesNotMatch</Code><Message>by the gate</Message></Error>"
                self.answer(403, [("Content-Type", "application/xml"), ("Content-Length", str(len(text)))], text)
                return
            moto_server = http.client.HTTPConnection(self.server.behind)
            moto_server.putrequest(self.command, target, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                moto_server.putheader(name, value)
            moto_server.endheaders(body)
            answer = moto_server.getresponse()
            self.answer(answer.status, answer.getheaders(), answer.read())
            moto_server.close()

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_any

        def log_message(self, *args):
            pass

    def __init__(self, url):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.Handler)
        self.server.behind = urllib.parse.urlsplit(url).netloc
        self.server.targets = []
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def lua_text(value):
    return "[==[" + json.dumps(value) + "]==]"


def lua_list(values):
    return "{ " + ", ".join(json.dumps(value) for value in values) + " }"


class Objects(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.world = moto.World(GWRUN)
        self.addCleanup(self.world.close)
        self.gate = Gate(self.world.url)
        self.addCleanup(self.gate.close)
        self.s3 = boto3.client("s3", endpoint_url=self.world.url, region_name=moto.REGION, aws_access_key_id=KEY[0],
                               aws_secret_access_key=KEY[1],
                               config=Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}))

    def fill(self, buckets):
        self.buckets = buckets
        for bucket in buckets:
            self.s3.create_bucket(Bucket=bucket)
            for i, key in enumerate(KEYS):
                self.s3.put_object(Bucket=bucket, Key=key, Body=b"x" * i, Tagging=f"number={i}")

    def run_calls(self, host, config="", secret=KEY[1]):
        path = self.world.write("test.lua", CALLS % (lua_text(KEYS), lua_list(self.buckets)))
        environment = {"AWS_ACCESS_KEY_ID": KEY[0], "AWS_SECRET_ACCESS_KEY": secret,
                       "AWS_CONFIG_FILE": self.world.write("config", config)}
        url = f"http://{host}:{self.gate.port}"
        code, out, err = self.world.gwrun(path, "--output", "json", "--yes", "--endpoint-url", url, env=environment)
        self.assertEqual(code, 0, err + out[-2000:])
        events = [json.loads(line) for line in out.splitlines()]
        return {event["name"]: event["value"] for event in events if event["event"] == "evidence"}

    def check(self, found):
        for bucket in self.buckets:
            for i, key in enumerate(KEYS, start=1):
                with self.subTest(bucket=bucket, key=key):
                    self.assertEqual(found[f"{bucket} get {i}"].get("TagSet"), [{"Key": "number", "Value": str(i - 1)}],
                                     found[f"{bucket} get {i}"])
                    self.assertEqual(found[f"{bucket} head {i}"].get("ContentLength"), i - 1, found[f"{bucket} head {i}"])
                    self.assertNotIn("code", found[f"{bucket} delete {i}"])
            self.assertEqual(sorted(item["Key"] for item in found[f"{bucket} list"]["Contents"]), sorted(KEYS))
            self.assertNotIn("code", found[f"{bucket} where"])
            self.assertNotIn("Contents", self.s3.list_objects_v2(Bucket=bucket))
        self.assertEqual([item["Name"] for item in found["buckets"]["Buckets"]], sorted(self.buckets))

    def test_objects_by_path(self):
        self.fill(["plain-bucket", "with.dots.bucket"])
        self.check(self.run_calls("127.0.0.1"))
        self.assertIn("/plain-bucket/a/../b", self.gate.server.targets)

    def test_objects_by_host_name(self):
        self.fill(["plain-bucket"])  # moto takes the first label of a host for the bucket
        self.check(self.run_calls("localhost", "[default]\ns3 =\n  addressing_style = virtual\n"))
        self.assertIn("/a/../b", self.gate.server.targets)

    def test_the_gate_is_shut_for_another_key(self):
        self.fill([])
        self.assertEqual(self.run_calls("127.0.0.1", secret="another-key")["buckets"], {"code": "SignatureDoesNotMatch"})


if __name__ == "__main__":
    GWRUN = os.path.abspath(sys.argv.pop(1))
    unittest.main()
