"""The calls of endpoint_botocore.py: botocore's clients against gwrun's, up to the moment of sending."""

import os
import re
import tempfile

import botocore.loaders
import botocore.session
from botocore.config import Config

import protocol_botocore
from protocol_values import Generator

REGIONS = ["us-east-1", "us-west-2", "eu-west-1", "cn-north-1", "us-gov-west-1", "us-iso-east-1", "eusc-de-east-1",
           "eu-newhere-7", "us-east-2"]
S3_REGIONS = REGIONS + ["aws-global", "s3-external-1"]
CLIENTS, CALLS = 6, 4  # of a service
S3_CLIENTS, S3_CALLS = 120, 25
ACCOUNT = "123456789012"

BUCKETS = ["bucket", "bucket", "my-bucket-1", "bucket.with.dots", "Bucket", "bucket_name", "UPPER.case", "b" * 63, "abc"]
ARNS = ["arn:aws:s3:us-west-2:123456789012:accesspoint:myendpoint", "arn:aws:s3:us-east-1:123456789012:accesspoint/my-endpoint",
        "arn:aws:s3:cn-north-1:123456789012:accesspoint:x",
        "arn:aws:s3-object-lambda:us-east-1:123456789012:accesspoint/mybanner",
        "arn:aws:s3-outposts:us-west-2:123456789012:outpost:op-01234567890123456:accesspoint:reports",
        "arn:aws:s3-outposts:us-west-2:123456789012:outpost/op-01234567890123456/accesspoint/reports"]
KEYS = ["key", "a/b/c", "/leading", "a//b", "./x", "../x", "a/../b", "a/./b", ".", "..", "trailing/", "sp ace", "pl+us", "per%cent",
        "%2F", "unicode-é-ሴ-😂", "q?uery", "h#ash", "a&b=c", "~tilde*('!)", "semi;colon:at@", "tab\there", "[brackets]{}|^`\"<>\\"]
# Where gwrun means to differ: botocore signs for the region that its older endpoint file has for the service, of which
# the rules say nothing; and it puts a host prefix before custom endpoints too, before an address even.
OLDER_REGION = {"health", "waf"}
S3_OPERATIONS = [
    ("GetObject", "Bucket Key"), ("GetObject", "Bucket Key"), ("HeadObject", "Bucket Key"), ("DeleteObject", "Bucket Key"),
    ("GetObjectTagging", "Bucket Key"), ("ListObjectsV2", "Bucket"), ("ListObjectsV2", "Bucket Prefix"), ("HeadBucket", "Bucket"),
    ("GetBucketLocation", "Bucket"), ("GetBucketPolicy", "Bucket"), ("DeleteBucket", "Bucket"), ("ListBuckets", ""),
    ("ListMultipartUploads", "Bucket"), ("AbortMultipartUpload", "Bucket Key UploadId"), ("CreateBucket", "Bucket"),
]


# ---- generated settings ----------------------------------------------------------------------------------------------

def maybe(rng, chance, settings, name, *values):
    if rng.random() < chance:
        settings[name] = rng.choice(values)


def some_settings(rng, service):
    """The lines of a profile; "s3" holds those of its section."""
    settings = {"region": rng.choice(S3_REGIONS if service == "s3" else REGIONS)}
    maybe(rng, 0.15, settings, "use_fips_endpoint", "true", "TRUE", "false", "yes")
    maybe(rng, 0.15, settings, "use_dualstack_endpoint", "true", "True", "false")
    maybe(rng, 0.15, settings, "endpoint_url", "http://localhost:4566", "https://vpce.example.com/base", "https://1.2.3.4:8443")
    maybe(rng, 0.4, settings, "sts_regional_endpoints", "legacy", "regional")
    maybe(rng, 0.4, settings, "account_id_endpoint_mode", "preferred", "disabled", "required")
    if service == "s3":
        s3 = {}
        maybe(rng, 0.4, s3, "addressing_style", "auto", "virtual", "path")
        maybe(rng, 0.15, s3, "use_accelerate_endpoint", "true", "false")
        maybe(rng, 0.15, s3, "use_dualstack_endpoint", "true", "false")
        maybe(rng, 0.4, s3, "use_arn_region", "true", "false")
        maybe(rng, 0.4, s3, "us_east_1_regional_endpoint", "regional", "legacy")
        settings["s3"] = s3
        if s3.get("use_accelerate_endpoint") == "true" and s3.get("addressing_style") == "path":
            del s3["addressing_style"]  # a contradiction: gwrun says so, botocore drops the style
    return settings


def profile_text(settings):
    lines = ["[default]"]
    for name, value in settings.items():
        if isinstance(value, dict):
            if value:
                lines.append(f"{name} =")
                lines += [f"  {key} = {text}" for key, text in value.items()]
        else:
            lines.append(f"{name} = {value}")
    return "\n".join(lines) + "\n"


# ---- generated calls -------------------------------------------------------------------------------------------------

def s3_call(rng):
    operation, names = rng.choice(S3_OPERATIONS)
    values = {"Bucket": rng.choice(BUCKETS if rng.random() < 0.7 else ARNS), "Key": rng.choice(KEYS), "Prefix": rng.choice(KEYS),
              "UploadId": "VXBsb2FkIElE/=+"}
    return operation, {name: values[name] for name in names.split()}


def differs_by_design(service, operation_model, settings):
    prefix = (operation_model.endpoint or {}).get("hostPrefix")
    return service in OLDER_REGION or (prefix and "endpoint_url" in settings)


def some_calls(rng, service, model):
    if service == "s3":
        return [s3_call(rng) for _ in range(S3_CALLS)]
    calls = []
    for _ in range(CALLS):
        operation = model.operation_model(rng.choice(model.operation_names))
        shape = operation.input_shape
        calls.append((operation.name, Generator(rng, specials=False).structure(shape) if shape else {}))
    return calls


# ---- the two clients -------------------------------------------------------------------------------------------------

class Captured(Exception):
    def __init__(self, request):
        self.request = request


def capture(request, **kwargs):
    raise Captured(request)


class Botocore:
    def __init__(self, loader, service, folder, settings, account):
        path = os.path.join(folder, "config")
        with open(path, "w", encoding="utf-8") as file:
            file.write(profile_text(settings))
        os.environ.update(AWS_CONFIG_FILE=path, AWS_SHARED_CREDENTIALS_FILE=os.path.join(folder, "none"))
        session = botocore.session.Session()
        session.register_component("data_loader", loader)
        session.set_credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG", account_id=account)
        self.client = session.create_client(service, config=Config(retries={"total_max_attempts": 1}))
        self.client.meta.events.register("before-send", capture)
        self.names = {name: method for method, name in self.client.meta.method_to_api_mapping.items()}

    def request(self, operation, params):
        try:
            getattr(self.client, self.names[operation])(**params)
        except Captured as captured:
            authorization = captured.request.headers.get("Authorization", "")
            if isinstance(authorization, bytes):
                authorization = authorization.decode()
            return plain(captured.request.url), scope(authorization)
        except Exception as error:  # whatever it is: it was refused
            return None, f"{type(error).__name__}: {error}"
        return None, "nothing was sent"


def plain(url):
    """Without what is made anew for each request, the mark of a query that is empty, and the slash behind an
    endpoint's own path, which Smithy keeps (HostWithPath) and botocore does not."""
    url = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "TOKEN", url).removesuffix("?")
    return re.sub(r"/base/($|\?)", r"/base\1", url)


def same(expected, got):
    """The same request; or both refused, and then with the rule's text where a rule refused it."""
    if expected[0] or got[0]:
        return expected == got
    rule = re.search(r"endpoint of [a-z0-9-]+: (.*)", got[1])
    return not rule or rule.group(1) in expected[1]


def scope(authorization):
    """Region and service."""
    found = re.search(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/aws4_request", authorization)
    return "/".join(found.groups()) if found else ""


def ours(tool, service, operation, params, settings, account):
    said = tool.ask({"service": service, "operation": operation, "input": params, "config": profile_text(settings),
                     "account_id": account})
    if "error" in said:
        return None, said["error"]
    headers = {name.lower(): value for name, value in said["headers"].items()}
    return plain(said["url"]), scope(headers.get("authorization", ""))


def compare_calls(tool, rng, services):
    """Of these services, or of those that are built in."""
    loader = botocore.loaders.Loader()
    failures, compared, refused, unspoken = [], 0, 0, set()
    with tempfile.TemporaryDirectory() as folder:
        for service in services or protocol_botocore.listed_services():
            for _ in range(S3_CLIENTS if service == "s3" else CLIENTS):
                settings = some_settings(rng, service)
                account = rng.choice([None, ACCOUNT])
                theirs = Botocore(loader, service, folder, settings, account)
                for operation, params in some_calls(rng, service, theirs.client.meta.service_model):
                    got = ours(tool, service, operation, params, settings, account or "")
                    if got[0] is None and "stream of events" in got[1]:
                        unspoken.add(f"{service}:{operation}")
                        continue
                    if got[0] is None and re.search("sent as a header|part of the path|lead to another path", got[1]):
                        continue  # generated control characters, empty labels and dots, which botocore lets through
                    if differs_by_design(service, theirs.client.meta.service_model.operation_model(operation), settings):
                        continue
                    expected = theirs.request(operation, params)
                    compared += 1
                    refused += expected[0] is None
                    if not same(expected, got):
                        failures.append(f"{service}:{operation} {params} {settings} account {account}\n"
                                        f"  botocore {expected}\n  gwrun    {got}")
    print(f"endpoint calls: {compared} compared, {refused} refused by both, {len(failures)} differ")
    if unspoken:
        print("endpoint calls: left out", ", ".join(sorted(unspoken)), "(event streams)")
    return failures
