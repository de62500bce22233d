"""Bodies, checksums and what the signature says of them, beside botocore's for the same generated calls:
payload_botocore.py PAYLOAD_TOOL

Compared are the body and the headers that follow from it. Left out is what frames the message (botocore sends a framed
body in chunks, gwrun with its length; botocore asks first before any file, gwrun from 1 MiB on), the content type (it is
compared with the protocols), and algorithms for which botocore has no code without the CRT.
"""

import base64
import gzip
import io
import json
import os
import random
import subprocess
import sys
import tempfile

try:
    import botocore
    import botocore.session
    from botocore.awsrequest import AWSResponse
    from botocore.config import Config
except ImportError:
    print("payload interop: skipped, python3 has no botocore")
    sys.exit(77)

SEED = 64
COUNT = 300
MIB = 1 << 20
SIZES = [0, 1, 100, 65536, MIB - 1, MIB, MIB + 1, 3 * MIB + 7]
ALGORITHMS = [None, None, None, "CRC32", "SHA1", "SHA256", "SHA512"]
COMPARED = ["content-encoding", "content-md5", "x-amz-content-sha256", "x-amz-trailer",
            "x-amz-decoded-content-length", "x-amz-sdk-checksum-algorithm", "x-amz-checksum-mode", "x-amz-checksum-crc32",
            "x-amz-checksum-sha1", "x-amz-checksum-sha256", "x-amz-checksum-sha512"]
HELLO_SHA1 = "qvTGHdzF6KLavt4PO0gs2a6pQ00="


def some_call(rng, folder):
    """(service, operation, parameters, path of the body or None)"""
    key = {"Bucket": "bucket", "Key": "key"}
    kind = rng.randrange(9)
    if kind < 4:
        operation = rng.choice(["put_object", "upload_part"])
        params = {**key, "PartNumber": 1, "UploadId": "id"} if operation == "upload_part" else dict(key)
        if algorithm := rng.choice(ALGORITHMS):
            params["ChecksumAlgorithm"] = algorithm
        elif rng.random() < 0.2:
            params["ChecksumSHA1"] = HELLO_SHA1
        elif rng.random() < 0.2:
            params["ContentMD5"] = "XUFAKrxLKna5cZ2REBfFkg=="
        if operation == "put_object" and rng.random() < 0.3:
            params["ContentEncoding"] = "br"
        if rng.random() < 0.3:
            return "s3", operation, {**params, "Body": "hello"}, None
        return "s3", operation, params, os.path.join(folder, str(rng.choice(SIZES)))
    if kind == 4:
        return "s3", "delete_objects", {"Bucket": "bucket", "Delete": {"Objects": [{"Key": "a&b"}]}}, None
    if kind == 5:
        params = {"Bucket": "bucket", "Policy": "{}"}
        return "s3", "put_bucket_policy", {**params, "ChecksumAlgorithm": "SHA256"} if rng.random() < .5 else params, None
    if kind == 6:
        return "s3", rng.choice(["get_object", "list_buckets", "head_object"]), dict(key), None
    if kind == 7:
        return "s3", "put_object_tagging", {**key, "Tagging": {"TagSet": [{"Key": "k", "Value": "v"}]}}, None
    count = rng.choice([1, 10, 1000])
    return "cloudwatch", "put_metric_data", {"Namespace": "n", "MetricData": [{"MetricName": "m" * 50}] * count}, None


def some_line(rng, folder):
    service, operation, params, path = some_call(rng, folder)
    if operation == "list_buckets":
        params = {}
    return {"service": service, "operation": operation, "input": params, "file": path,
            "http": rng.random() < 0.4, "when_required": rng.random() < 0.2,
            "signing": rng.choice([None, None, None, False]), "compress": rng.random() < 0.8}


def config_text(line):
    lines = ["[default]"]
    if line["when_required"]:
        lines += ["request_checksum_calculation = when_required", "response_checksum_validation = when_required"]
    if not line["compress"]:
        lines += ["disable_request_compression = true"]
    if line["signing"] is not None:
        lines += ["s3 =", f"  payload_signing_enabled = {str(line['signing']).lower()}"]
    return "\n".join(lines) + "\n"


def endpoint(line):
    return "http://127.0.0.1:9000" if line["http"] else None


class Theirs:
    def __init__(self):
        self.session = botocore.session.Session()
        self.clients = {}
        self.seen = None

    def client(self, line):
        key = line["service"], line["http"], line["when_required"], line["signing"], line["compress"]
        if key not in self.clients:
            when = "when_required" if line["when_required"] else "when_supported"
            s3 = {} if line["signing"] is None else {"payload_signing_enabled": line["signing"]}
            client = self.session.create_client(
                line["service"], region_name="us-west-2", endpoint_url=endpoint(line), aws_access_key_id="AKIDEXAMPLE",
                aws_secret_access_key="wJalrXUtnFEMI/K7MDENG",
                config=Config(s3=s3, request_checksum_calculation=when, response_checksum_validation=when,
                              disable_request_compression=not line["compress"]))
            client.meta.events.register("before-send", self.look)
            self.clients[key] = client
        return self.clients[key]

    def look(self, request, **_):
        body = request.body.read() if hasattr(request.body, "read") else request.body or b""
        headers = {name.lower(): value.decode() if isinstance(value, bytes) else value
                   for name, value in request.headers.items()}
        self.seen = headers, body.encode() if isinstance(body, str) else body
        return AWSResponse(request.url, 200, {}, io.BytesIO(b""))

    def request(self, line):
        params = dict(line["input"])
        if "Body" in params:
            params["Body"] = params["Body"].encode()
        self.seen = None
        file = open(line["file"], "rb") if line["file"] else None
        try:
            if file:
                params["Body"] = file
            getattr(self.client(line), line["operation"])(**params)
        except Exception:  # the answer is empty, which some operations do not allow
            if self.seen is None:
                raise
        finally:
            if file:
                file.close()
        return self.seen


def view(headers, body):
    shown = {name: headers[name] for name in COMPARED if headers.get(name)}
    if shown.get("content-encoding") == "gzip":
        body = gzip.decompress(body)  # whose bytes are the compressor's own affair
    return shown, json.loads(body) if body.startswith(b'{"Namespace"') else body


def main():
    rng = random.Random(SEED)
    theirs = Theirs()
    different = 0
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            with open(os.path.join(folder, str(size)), "wb") as file:
                file.write(rng.randbytes(size))
        lines = [some_line(rng, folder) for _ in range(COUNT)]
        questions = "".join(json.dumps({
            **{name: line[name] for name in ("service", "operation")}, "config": config_text(line),
            "file": line["file"] or "", "endpoint_url": endpoint(line) or "", "input": line["input"]}) + "\n" for line in lines)
        done = subprocess.run([sys.argv[1]], input=questions.encode(), stdout=subprocess.PIPE, timeout=100, check=True)
        for line, text in zip(lines, done.stdout.decode().splitlines(), strict=True):
            got = json.loads(text)
            ours = ({}, got["error"]) if "error" in got else view(
                {name.lower(): value for name, value in got["headers"].items()}, base64.b64decode(got["body"]))
            expected = view(*theirs.request(line))
            if ours != expected:
                different += 1
                if different <= 5:
                    print(f"{line}\n  expected {expected[0]} {str(expected[1])[:80]}\n  got      {ours[0]} {str(ours[1])[:80]}")
    print(f"payloads: {COUNT - different} of {COUNT} as botocore's {botocore.__version__}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
