"""Compares signatures with botocore's over generated requests: sigv4_botocore.py SIGV4_TOOL

Both sides get the same URL, percent-encoded as it goes on the wire, and botocore's signer is called
on it directly: AWSRequest.prepare(), which encodes anew, is not involved. Three inputs are left out
because the two sides mean to differ: a Date header (botocore rewrites it instead of adding
X-Amz-Date), an empty part between two '&' (skipped here, "=" there), and header white space beyond
ASCII (Python's split() knows more of it).
"""

import base64
import datetime
import json
import random
import subprocess
import sys
from unittest import mock
from urllib.parse import quote

try:
    import botocore
    import botocore.auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
except ImportError:
    print("sigv4 interop: skipped, python3 has no botocore")
    sys.exit(77)

COUNT = 600
SEED = 20150830
METHODS = ["GET", "PUT", "POST", "DELETE", "HEAD", "PATCH"]
PLACES = [
    ("us-east-1", "ecs"), ("eu-west-1", "logs"), ("ap-southeast-2", "elasticloadbalancing"),
    ("us-gov-west-1", "sts"), ("cn-north-1", "monitoring"), ("sa-east-1", "secretsmanager"),
]
HOSTS = ["ecs.us-east-1.amazonaws.com", "ECS.US-EAST-1.amazonaws.com", "localhost:4566",
         "example.com:443", "example.com:80", "[fd00:ec2::254]:8443", "[::1]"]
TEXT = list("abzAZ09-_.~ %+:@!$&'()*,;=/?#[]\"<>\\^`{|}\t") + ["é", "ሴ", "😂", "\x00", "\x7f"]
RAW_IN_PATH = "-_.~:@!$&'()*+,;="
SPACES = ["", " ", "  ", "\t", " \t "]
HEADER_NAMES = ["X-Amz-Target", "x-amz-meta-a", "X-AMZ-Meta-B", "Content-Type", "Content-Length",
                "Range", "A", "zz-last", "User-Agent", "Expect", "X-Amzn-Trace-Id"]


def some_text(rng, longest=8):
    return "".join(rng.choice(TEXT) for _ in range(rng.randint(0, longest)))


def some_path(rng):
    segments = []
    for _ in range(rng.randint(0, 5)):
        kind = rng.random()
        if kind < 0.3:
            segments.append(rng.choice(["", ".", "..", "...", ".a", "%2E%2E", "%2F", "%25"]))
        elif kind < 0.5:
            segments.append("".join(rng.choice(RAW_IN_PATH + "ab") for _ in range(4)))
        else:
            segments.append(quote(some_text(rng), safe="-_.~"))
    return "/" + "/".join(segments)


def some_query(rng):
    names = [quote(some_text(rng), safe="-_.~") for _ in range(3)] + ["Action", "a", "A"]
    parts = []
    for _ in range(rng.randint(0, 6)):
        name = rng.choice(names)
        if name and rng.random() < 0.15:
            parts.append(name)
        else:
            parts.append(name + "=" + quote(some_text(rng), safe="-_.~"))
    return "?" + "&".join(parts) if parts else rng.choice(["", "?"])


def some_headers(rng):
    headers = []
    for _ in range(rng.randint(0, 5)):
        words = [quote(some_text(rng), safe="!*'();:@&=+$,/?#[]<>\"") for _ in range(3)]
        value = rng.choice(SPACES).join([""] + words + [""])
        headers.append([rng.choice(HEADER_NAMES), value])
    return headers


def some_request(rng):
    keep_path = rng.random() < 0.4
    region, service = rng.choice(PLACES)
    body = rng.choice([b"", b"{}", rng.randbytes(rng.randint(1, 300))])
    return {
        "method": rng.choice(METHODS),
        "url": rng.choice(["http", "https"]) + "://" + rng.choice(HOSTS) + some_path(rng)
               + some_query(rng),
        "headers": some_headers(rng),
        "body": base64.b64encode(body).decode(),
        "access_key": "AKIDEXAMPLE",
        "secret_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "token": rng.choice(["", "", "IQoJb3JpZ2luX2VjEP//////wEa+token=="]),
        "region": region,
        "service": "s3" if keep_path else service,
        "time": rng.randint(0, 4102444799),
        "keep_path": keep_path,
    }


def frozen(moment):
    """Freezes the clock of botocore.auth, which newer versions read through a function."""
    if hasattr(botocore.auth, "get_current_datetime"):
        return mock.patch.object(botocore.auth, "get_current_datetime", lambda *_, **__: moment)
    clock = mock.Mock(wraps=datetime.datetime)
    clock.utcnow.return_value = moment
    return mock.patch.object(botocore.auth.datetime, "datetime", clock)


def sign_with_botocore(request):
    signer = botocore.auth.S3SigV4Auth if request["keep_path"] else botocore.auth.SigV4Auth
    credentials = Credentials(request["access_key"], request["secret_key"],
                              request["token"] or None)
    aws_request = AWSRequest(request["method"], request["url"],
                             data=base64.b64decode(request["body"]))
    for name, value in request["headers"]:
        aws_request.headers.add_header(name, value)
    moment = datetime.datetime.fromtimestamp(request["time"], datetime.timezone.utc)
    with frozen(moment):
        signer(credentials, request["service"], request["region"]).add_auth(aws_request)
    return aws_request.headers["Authorization"]


def main():
    rng = random.Random(SEED)
    requests = [some_request(rng) for _ in range(COUNT)]
    lines = "".join(json.dumps(request) + "\n" for request in requests)
    answer = subprocess.run([sys.argv[1]], input=lines, stdout=subprocess.PIPE, check=True,
                            encoding="utf-8", timeout=60)
    ours = answer.stdout.splitlines()
    equal = 0
    for request, mine in zip(requests, ours):
        theirs = sign_with_botocore(request)
        if mine == theirs:
            equal += 1
        else:
            print(f"differs: {json.dumps(request)}\n  botocore: {theirs}\n  ours:     {mine}")
    print(f"sigv4 interop: {equal} of {COUNT} signatures equal botocore {botocore.__version__}'s")
    return 0 if equal == COUNT == len(ours) else 1


sys.exit(main())
