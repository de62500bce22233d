"""Presigned URLs of generated calls, byte for byte beside botocore's: presign_botocore.py PRESIGN_TOOL

For S3 botocore is told to use virtual hosts: without, it signs for the global host name of S3 (a rule of its own
that other SDKs do not have). Left out where botocore makes a URL that no service takes: bodies of JSON and XML, which it
moves into the query, and lists in the query, of which it keeps the first element.
"""

import datetime
import json
import random
import subprocess
import sys
from unittest import mock

try:
    import botocore
    import botocore.session
    from botocore.config import Config
    from botocore.credentials import Credentials
except ImportError:
    print("presign interop: skipped, python3 has no botocore")
    sys.exit(77)

SEED = 20131122
COUNT = 1500
REGIONS = ["us-east-1", "eu-central-1", "us-gov-west-1", "cn-north-1"]
TEXT = list("abzAZ09-_.~ %+:@!$&'()*,;=/?#[]\"<>\\^`{|}") + ["é", "ሴ", "😂"]
TOKENS = ["", "FwoGZXIvYXdzEBYaDH+/qa0AP1Example=="]


def some_text(rng):
    return "".join(rng.choice(TEXT) for _ in range(rng.randint(1, 12)))


def some_bucket(rng):
    return "bucket-" + "".join(rng.choice("abcdefgh0123") for _ in range(6))


def some_s3(rng):
    bucket, key = some_bucket(rng), some_text(rng).strip("/.") or "k"
    whole = {"Bucket": bucket, "Key": key}
    kind = rng.randrange(9)
    if kind == 0:
        return "get_object", {**whole, "ResponseContentType": some_text(rng), "VersionId": some_text(rng)}
    if kind == 1:
        return "put_object", {**whole, "ContentType": "text/plain", "Metadata": {"a": "x y", "b": "z"}}
    if kind == 2:
        return "list_objects_v2", {"Bucket": bucket, "Prefix": some_text(rng), "MaxKeys": rng.randint(1, 1000)}
    if kind == 3:
        return "upload_part", {**whole, "PartNumber": rng.randint(1, 10000), "UploadId": some_text(rng)}
    if kind == 4:
        return "get_object_acl", whole
    if kind == 5:
        return "put_object", {**whole, "ServerSideEncryption": "aws:kms", "ACL": "private",
                              "ContentDisposition": 'attachment; filename="a b.txt"'}
    if kind == 6:
        return "get_object", {**whole, "Range": "bytes=0-99", "IfMatch": '"etag"'}
    if kind == 7:
        return "delete_object", whole
    return "head_object", whole


def some_query(rng):
    kind = rng.randrange(5)
    if kind == 0:
        return "sts", "get_caller_identity", {}
    if kind == 1:
        return "sts", "assume_role", {"RoleArn": "arn:aws:iam::123456789012:role/" + "r" * rng.randint(1, 5),
                                      "RoleSessionName": "name", "Tags": [{"Key": some_text(rng), "Value": "v"}]}
    if kind == 2:
        return "ec2", "describe_instances", {"Filters": [{"Name": some_text(rng), "Values": ["a", some_text(rng)]}]}
    if kind == 3:
        return "rds", "describe_db_instances", {"DBInstanceIdentifier": some_text(rng)}
    return "sns", "publish", {"TopicArn": "arn:aws:sns:us-east-1:123456789012:t", "Message": some_text(rng)}


def some_call(rng):
    line = {"region": rng.choice(REGIONS), "token": rng.choice(TOKENS), "expires": rng.randint(1, 604800),
            "time": rng.randint(1_000_000_000, 2_000_000_000)}
    if rng.random() < 0.6:
        operation, params = some_s3(rng)
        return {**line, "service": "s3", "operation": operation, "input": params}
    service, operation, params = some_query(rng)
    return {**line, "service": service, "operation": operation, "input": params}


class Theirs:
    def __init__(self):
        self.session = botocore.session.Session()
        self.clients = {}

    def client(self, service, region, token):
        key = service, region, token
        if key not in self.clients:
            self.clients[key] = self.session.create_client(
                service, region_name=region, aws_access_key_id="AKIDEXAMPLE",
                aws_secret_access_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", aws_session_token=token or None,
                config=Config(signature_version="v4" if service != "s3" else "s3v4", s3={"addressing_style": "virtual"}))
        return self.clients[key]

    def url(self, line):
        now = datetime.datetime.fromtimestamp(line["time"], datetime.timezone.utc)
        with mock.patch("botocore.auth.get_current_datetime", return_value=now):
            client = self.client(line["service"], line["region"], line["token"])
            return client.generate_presigned_url(line["operation"], line["input"], line["expires"])


def main():
    rng = random.Random(SEED)
    models = botocore.session.Session().get_available_services()
    lines = []
    while len(lines) < COUNT:
        line = some_call(rng)
        if line["service"] in models:
            lines.append(line)
    text = "".join(json.dumps(line) + "\n" for line in lines)
    done = subprocess.run([sys.argv[1]], input=text.encode(), stdout=subprocess.PIPE, timeout=100, check=True)
    ours = done.stdout.decode().splitlines()
    theirs = Theirs()
    differences = 0
    for line, got in zip(lines, ours, strict=True):
        expected = theirs.url(line)
        if got != expected:
            differences += 1
            if differences <= 5:
                print(f"{json.dumps(line)}\n  expected {expected}\n  got      {got}")
    print(f"presigned urls: {len(lines) - differences} of {len(lines)} equal to botocore's {botocore.__version__}")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
