"""What SDKs do for single services and no model tells, beside botocore: custom_botocore.py GWRUN ENDPOINT_TOOL

Each row is a call. Both clients are stopped at the moment of sending, at the same second, and the requests compared: all
of them but the names of the two programs and their counts of attempts, and with the scope of the signature in place of it,
as it covers those. URLs that are signed inside a request are compared to the last byte.
"""

import base64
import datetime
import hashlib
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest
from unittest import mock
from urllib.parse import parse_qsl

try:
    import botocore.session
    import botocore.utils
    from botocore.config import Config
except ImportError:
    print("custom interop: skipped, python3 has no botocore")
    sys.exit(77)

import endpoint_calls
from endpoint_botocore import Tool

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../blackbox"))
from server import Server, answer  # noqa: E402

PROGRAM, TOOL = sys.argv[1:3]
TIME = 1_700_000_000
REGION = "eu-central-1"
ADDED = ["bedrock-agentcore", "bedrock-runtime", "cloudsearchdomain", "cognito-identity", "docdb", "glacier", "machinelearning",
         "neptune", "timestream-query"]
BEHIND = {"user-agent", "amz-sdk-invocation-id", "amz-sdk-request", "content-length", "x-amz-user-agent"}
SNAPSHOT = "arn:aws:rds:us-east-1:123456789012:snapshot:s"
COPY = {"TargetDBClusterSnapshotIdentifier": "t", "SourceDBClusterSnapshotIdentifier": "s", "KmsKeyId": "k&k="}
CLUSTER = {"DBClusterIdentifier": "c", "Engine": "docdb"}
ARCHIVE = {"vaultName": "v", "body": "0123456789abcdef" * (3 << 16) + "x"}

ROWS = [
    ("rds", "CopyDBSnapshot", {"SourceDBSnapshotIdentifier": SNAPSHOT, "TargetDBSnapshotIdentifier": "t",
                               "Tags": [{"Key": "a b", "Value": "ü/+"}], "SourceRegion": "us-east-1"}),
    ("rds", "CopyDBSnapshot", {"SourceDBSnapshotIdentifier": "s", "TargetDBSnapshotIdentifier": "t"}),
    ("rds", "CopyDBSnapshot", {"SourceDBSnapshotIdentifier": "s", "TargetDBSnapshotIdentifier": "t",
                               "SourceRegion": "us-east-1", "PreSignedUrl": "https://mine/"}),
    ("rds", "CopyDBClusterSnapshot", {**COPY, "SourceRegion": "us-west-2"}),
    ("rds", "CreateDBCluster", {**CLUSTER, "Engine": "aurora-mysql", "SourceRegion": "eu-west-1"}),
    ("rds", "CreateDBInstanceReadReplica", {"DBInstanceIdentifier": "r", "SourceDBInstanceIdentifier": "s",
                                            "SourceRegion": "us-east-1"}),
    ("rds", "StartDBInstanceAutomatedBackupsReplication", {"SourceDBInstanceArn": "arn:aws:rds:us-east-1:1:db:s",
                                                           "SourceRegion": "us-east-1"}),
    ("neptune", "CopyDBClusterSnapshot", {**COPY, "SourceRegion": "us-east-1"}),
    ("neptune", "CreateDBCluster", {**CLUSTER, "Engine": "neptune", "SourceRegion": "us-east-1"}),
    ("docdb", "CopyDBClusterSnapshot", {**COPY, "SourceRegion": "us-east-1"}),
    ("docdb", "CreateDBCluster", {**CLUSTER, "SourceRegion": "us-east-1"}),
    ("ec2", "CopySnapshot", {"SourceRegion": "us-east-1", "SourceSnapshotId": "snap-1", "Encrypted": True}),
    ("ec2", "CopySnapshot", {"SourceRegion": "us-east-1", "SourceSnapshotId": "snap-1", "DestinationRegion": "ignored"}),
    ("ec2", "CopySnapshot", {"SourceRegion": "us-east-1", "SourceSnapshotId": "snap-1", "DestinationRegion": "kept",
                             "PresignedUrl": "https://mine/"}),
    ("ec2", "CopyImage", {"SourceRegion": "us-east-1", "SourceImageId": "ami-1", "Name": "name", "ClientToken": "t"}),
    ("ec2", "DescribeTags", {"Filters": [{"Name": "a", "Values": ["b"]}]}),
    ("ec2", "SearchLocalGatewayRoutes", {"LocalGatewayRouteTableId": "l", "Filters": [{"Name": "a", "Values": ["b"]}]}),
    ("ec2", "DescribeTransitGatewayRouteTables", {"Filters": [{"Name": "a", "Values": ["b"]}]}),
    ("ec2", "RunInstances", {"MinCount": 1, "MaxCount": 1, "UserData": "#!/bin/sh\n", "ClientToken": "t"}),
    ("autoscaling", "CreateLaunchConfiguration", {"LaunchConfigurationName": "l", "UserData": "é"}),
    ("logs", "CreateExportTask", {"logGroupName": "g", "fromTime": 1, "to": 2, "destination": "d"}),
    ("cloudsearchdomain", "Search", {"query": "a b&c", "returnFields": "title", "size": 3}),
    ("machinelearning", "Predict", {"MLModelId": "m", "Record": {"a": "b"},
                                    "PredictEndpoint": "https://realtime.machinelearning.us-east-1.amazonaws.com"}),
    ("glacier", "UploadArchive", ARCHIVE),
    ("glacier", "UploadArchive", {"vaultName": "v", "checksum": "of-mine", "body": "abc"}),
    ("glacier", "UploadArchive", {"vaultName": "v", "accountId": "123456789012", "body": ""}),
    ("glacier", "UploadMultipartPart", {"vaultName": "v", "uploadId": "u", "range": "bytes 0-3/*", "body": "abcd"}),
    ("glacier", "ListVaults", {}),
    ("apigateway", "GetRestApis", {}),
    ("apigateway", "GetExport", {"restApiId": "a", "stageName": "s", "exportType": "swagger", "accepts": "application/yaml"}),
    ("route53", "GetHostedZone", {"Id": "/hostedzone/Z1"}),
    ("route53", "GetChange", {"Id": "/change/C1"}),
    ("route53", "ListResourceRecordSets", {"HostedZoneId": "/hostedzone/Z1"}),
    ("s3", "CreateMultipartUpload", {"Bucket": "b-b", "Key": "k", "SSECustomerKey": "k" * 32, "SSECustomerAlgorithm": "AES256"}),
    ("s3", "GetObject", {"Bucket": "b-b", "Key": "k", "SSECustomerKey": "k" * 32, "SSECustomerAlgorithm": "AES256"}),
    ("s3", "CopyObject", {"Bucket": "b-b", "Key": "k", "CopySource": "b/ü +?versionId=v", "CopySourceSSECustomerKey": "k" * 32,
                          "CopySourceSSECustomerAlgorithm": "AES256"}),
    ("s3", "DeleteObjects", {"Bucket": "b-b", "Delete": {"Objects": [{"Key": "a\rb&<c"}]}}),
    ("s3", "ListObjectsV2", {"Bucket": "b-b"}),
    ("s3", "CreateBucket", {"Bucket": "b-b"}),
    ("sqs", "SendMessage", {"QueueUrl": "https://queue.example/1/q", "MessageBody": "m"}),
    ("sts", "AssumeRoleWithWebIdentity", {"RoleArn": "arn:aws:iam::123456789012:role/r", "RoleSessionName": "name",
                                          "WebIdentityToken": "t" * 4}),
    ("cognito-identity", "GetId", {"IdentityPoolId": "eu-central-1:p"}),
    ("cognito-identity", "GetCredentialsForIdentity", {"IdentityId": "eu-central-1:i"}),
    ("timestream-query", "DescribeEndpoints", {}),
    ("bedrock-runtime", "Converse", {"modelId": "m"}),
    ("bedrock-agentcore", "CreateEvent", {"memoryId": "m" * 12, "actorId": "a", "eventTimestamp": 1700000000.123,
                                          "payload": [], "clientToken": "t"}),
]


def header_rows(headers):
    rows = {}
    for name, value in headers.items():
        name = name.lower()
        value = value.decode() if isinstance(value, bytes) else str(value)
        if name == "authorization":
            value = endpoint_calls.scope(value) or value
        if name == "content-type":
            value = value.removesuffix("; charset=utf-8")  # botocore's of forms; Smithy has none
        if name not in BEHIND:
            rows[name] = value
    return rows


def body_rows(headers, body):
    kind = headers.get("content-type", "")
    if "x-www-form-urlencoded" in kind:
        return sorted(parse_qsl(body.decode(), keep_blank_values=True))
    return json.loads(body) if "json" in kind and body else body


class SameRequests(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        home = tempfile.TemporaryDirectory(prefix="gwrun-custom-")
        cls.addClassCleanup(home.cleanup)
        environment = {"HOME": home.name, "PATH": os.environ["PATH"], "AWS_BEARER_TOKEN_BEDROCK": "a-token",
                       "AWS_CONFIG_FILE": os.path.join(home.name, "none")}
        cls.enterClassContext(mock.patch.dict(os.environ, environment, clear=True))
        data = os.path.join(os.path.dirname(botocore.__file__), "data")
        for name in ADDED:
            subprocess.run([PROGRAM, "models", "add", os.path.join(data, name)], check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE)
        cls.tool = Tool(TOOL)
        cls.addClassCleanup(cls.tool.close)
        cls.session = botocore.session.Session()
        cls.session.set_credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG")

    def theirs(self, service, operation, params):
        client = self.session.create_client(service, REGION, config=Config(retries={"total_max_attempts": 1}))
        client.meta.events.register("before-send", endpoint_calls.capture)
        names = {name: method for method, name in client.meta.method_to_api_mapping.items()}
        now = datetime.datetime.fromtimestamp(TIME, datetime.timezone.utc)
        with mock.patch("botocore.auth.get_current_datetime", return_value=now):
            try:
                getattr(client, names[operation])(**params)
            except endpoint_calls.Captured as captured:
                request = captured.request
        body = request.body or b""
        body = body.read() if hasattr(body, "read") else body
        return request.method, request.url, request.headers, body.encode() if isinstance(body, str) else body

    def ours(self, service, operation, params):
        said = self.tool.ask({"service": service, "operation": operation, "input": params, "region": REGION, "time": TIME})
        self.assertNotIn("error", said)
        return said["method"], said["url"], said["headers"], base64.b64decode(said["body"])

    def comparable(self, method, url, headers, body):
        rows = header_rows(headers)
        return {"method": method, "url": url, "headers": rows, "body": body_rows(rows, body)}

    def test_an_archive_from_a_file_has_the_checksums_of_its_bytes(self):
        path = os.path.join(os.environ["HOME"], "archive")
        with open(path, "wb") as file:
            file.write(ARCHIVE["body"].encode())
        with Server(answer(201)) as server:
            subprocess.run([PROGRAM, "call", "glacier", "upload-archive", "--yes", "--account-id", "-", "--vault-name", "v", "--region",
                            REGION, "--endpoint-url", server.url, "--body", path], check=True, capture_output=True,
                           env={**os.environ, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"})
        request = server.requests[0]
        self.assertEqual(request.body, ARCHIVE["body"].encode())
        self.assertEqual(request.headers["x-amz-sha256-tree-hash"], botocore.utils.calculate_tree_hash(io.BytesIO(request.body)))
        self.assertEqual(request.headers["x-amz-content-sha256"], hashlib.sha256(request.body).hexdigest())

    def test_the_same_call_makes_the_same_request(self):
        for row in ROWS:
            with self.subTest(row[0] + ":" + row[1], params=str(row[2])[:150]):
                ours, theirs = self.comparable(*self.ours(*row)), self.comparable(*self.theirs(*row))
                if "content-type" not in theirs["headers"]:  # which botocore leaves out of bodies that are not its own
                    ours["headers"].pop("content-type", None)
                self.assertEqual(ours, theirs)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
