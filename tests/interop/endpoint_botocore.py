"""Compares endpoints with botocore's: endpoint_botocore.py ENDPOINT_TOOL [TABLE SERVICE...]

The rule sets of all services that botocore has, evaluated by both with generated parameters: the same URL, headers,
properties and errors. Then the calls of the services that are built in, under generated settings: botocore's client and
gwrun's send to the same URL, signed for the same scope. With a table of models that host/models/tool.lua compiled: those
of its services that are named.
"""

import glob
import gzip
import json
import os
import random
import subprocess
import sys

try:
    import botocore
    from botocore.endpoint_provider import EndpointProvider
    from botocore.exceptions import EndpointProviderError
except ImportError:
    print("endpoint interop: skipped, python3 has no botocore")
    sys.exit(77)

import endpoint_calls

SEED = 20150830
DATA = os.path.join(os.path.dirname(botocore.__file__), "data")
CASES, MORE_CASES = 40, 1500  # a rule set; one that has more to ask than the usual four parameters


class Tool:
    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        return self.process.wait()


def load(path):
    with gzip.open(path) if path.endswith(".gz") else open(path, "rb") as file:
        return json.load(file)


# ---- generated parameters --------------------------------------------------------------------------------------------

ODD_REGIONS = ["eu-newhere-7", "us-gov-nowhere-1", "cn-south-9", "bogus", "US-EAST-1", "a.b", "-x", "x-", "", "us_east_1",
               "us-isob-far-1", "eusc-de-west-2", "s3-external-1", "us-east-1 ", "é", "x" * 63, "x" * 64, "local"]
ENDPOINTS = ["https://example.com", "http://localhost:4566", "http://localhost:4566/a/path", "https://h/slash/",
             "https://1.2.3.4", "https://1.2.3.4:8443/p", "https://[::1]:443/", "https://control.vpce-1a2b.s3.us-west-2.vpce.amazonaws.com"]
BUCKETS = ["bucket", "bucket.with.dots", "Bucket", "bucket_name", "99_ab", "bu", "a", "192.168.1.1", "b.-c", "-bucket", "a..b",
           "x" * 63, "x" * 64, "bucket--usw2-az1--x-s3", "bucket--use1-az4--xa-s3", "b/c", "bücket", "bucket--op-s3"]
ARNS = ["arn:aws:s3:us-west-2:123456789012:accesspoint:myendpoint", "arn:aws:s3:us-west-2:123456789012:accesspoint/my-endpoint",
        "arn:aws:s3::123456789012:accesspoint:mfzwi23gnjvgw.mrap", "arn:aws:s3:cn-north-1:123456789012:accesspoint:x",
        "arn:aws:s3:us-west-2::accesspoint:x", "arn:aws:s3:us-west-2:123456789012:accesspoint", "arn:aws:s3:::bucket",
        "arn:aws:s3:us-west-2:123.45:accesspoint:x", "arn:aws:s3:us-west-2:123456789012:accesspoint:a:b",
        "arn:aws:s3-object-lambda:us-east-1:123456789012:accesspoint/mybanner", "arn:aws:s3-object-lambda:us-east-1:123456789012:bucket/x",
        "arn:aws:s3-outposts:us-west-2:123456789012:outpost:op-01234567890123456:accesspoint:reports",
        "arn:aws:s3-outposts:us-west-2:123456789012:outpost/op-01234567890123456/bucket/mybucket",
        "arn:aws:s3-outposts:us-west-2:123456789012:outpost", "arn:aws:s3-outposts:us-east-1:123456789012:outpost:op-1:accesspoint",
        "arn:aws:dynamodb:us-east-1:123456789012:table/t", "arn:aws:dynamodb:us-west-2:333333333333:table/t/stream/x",
        "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/t", "arn:aws:kinesis:us-east-1:123456789012:stream/foo",
        "arn:aws:kinesis:us-east-1:123456789012:stream/foo/consumer/c:1", "arn:aws:kinesis:us-east-1:123:stream", "arn:aws:kinesis:::a",
        "arn:aws:cloudfront::123456789012:key-value-store/my-first-kvs3", "arn:aws:cloudfront:us-east-1:123456789012:key-value-store/x",
        "arn:aws", "arn:aws:s3", "arn:aws:s3:", "arn::s3:r:a:b", "arn:aws::r:a:b", "arn:aws:s3:r:a:", "arn:aws:s3:r:a:b:", "arn"]
OTHER_TEXTS = ["preferred", "disabled", "required", "123456789012", "abc.def", "a.b.c", "x", "", "control", "data", "ControlPlane",
               "DataPlane", "op-01234567890123456", "e.123", "a b"]


def literals(rules, found):
    """The texts that the rules compare with: they lead to the deeper rules."""
    if isinstance(rules, dict):
        if rules.get("fn") == "stringEquals":
            found.update(arg for arg in rules["argv"] if isinstance(arg, str) and "{" not in arg)
        for value in rules.values():
            literals(value, found)
    elif isinstance(rules, list):
        for value in rules:
            literals(value, found)
    return found


def some_text(rng, name, regions, texts):
    if name == "Region":
        return rng.choice(regions if rng.random() < 0.8 else ODD_REGIONS)
    if name == "Endpoint":
        return rng.choice(ENDPOINTS)
    if name in ("AccountId", "EndpointId", "StreamId", "OutpostId", "AccessPointName") or name.endswith("Mode"):
        return rng.choice(OTHER_TEXTS + texts)
    if name == "Bucket":
        return rng.choice(BUCKETS if rng.random() < 0.6 else ARNS)
    if name.lower().endswith("arn"):
        return rng.choice(ARNS if rng.random() < 0.9 else BUCKETS)
    return rng.choice(OTHER_TEXTS + texts)


def some_params(rng, ruleset, regions, texts):
    params = {}
    for name, spec in ruleset["parameters"].items():
        kind = spec["type"].lower()
        rare = name in ("Endpoint", "UseFIPS", "UseDualStack")
        if rng.random() < (0.75 if rare else 0.1 if name == "Region" else 0.35):
            continue
        if kind == "boolean":
            params[name] = rng.random() < 0.5
        elif kind == "stringarray":
            params[name] = [rng.choice(ARNS) for _ in range(rng.randint(0, 2))]
        else:
            params[name] = some_text(rng, name, regions, texts)
    return params


# ---- rules -----------------------------------------------------------------------------------------------------------

def theirs(provider, params):
    """None where botocore breaks: it subscripts and joins what is not set."""
    try:
        found = provider.resolve_endpoint(**{k: tuple(v) if isinstance(v, list) else v for k, v in params.items()})
    except EndpointProviderError as error:
        message = error.kwargs.get("msg", "")
        if message.startswith("No endpoint found"):
            message = "No endpoint found"
        prefix = "Cannot find value for required parameter "
        if message.startswith(prefix):
            message = f"endpoint rules: nothing is given for the required parameter '{message[len(prefix):]}'"
        if message.startswith("Both ") or message.startswith("Input must be"):
            return None
        return {"error": message}
    except (AttributeError, KeyError, TypeError):
        return None
    return {"url": found.url, "headers": found.headers, "properties": found.properties}


def compare_rules(tool, rng):
    partitions = load(os.path.join(DATA, "partitions.json"))
    regions = [region for partition in partitions["partitions"] for region in partition["regions"]]
    failures, compared, broken, sets = [], 0, 0, 0
    for path in sorted(glob.glob(os.path.join(DATA, "*", "*", "endpoint-rule-set-1.json.gz"))):
        service = path.split(os.sep)[-3]
        ruleset = load(path)
        provider = EndpointProvider(ruleset, partitions)
        texts = sorted(literals(ruleset["rules"], set()))
        tool.ask({"rules": ruleset})
        sets += 1
        for _ in range(CASES if len(ruleset["parameters"]) <= 4 else MORE_CASES):
            params = some_params(rng, ruleset, regions, texts)
            expected = theirs(provider, params)
            got = tool.ask({"params": params})
            compared += 1
            if expected is None:
                broken += 1
            elif got != json.loads(json.dumps(expected)):
                failures.append(f"{service} {json.dumps(params)}\n  botocore {json.dumps(expected)}\n  gwrun    {json.dumps(got)}")
    print(f"endpoint rules: {sets} sets, {compared} questions, {broken} that botocore breaks at, {len(failures)} differ")
    return failures


def main():
    rng = random.Random(SEED)
    tool = Tool(*sys.argv[1:3])
    failures = compare_rules(tool, rng)
    failures += endpoint_calls.compare_calls(tool, rng, sys.argv[3:])
    for failure in failures[:20]:
        print(failure)
    return 1 if failures or tool.close() != 0 else 0


if __name__ == "__main__":
    sys.exit(main())
