"""Calls of every kind from a runbook against moto_server, beside boto3: moto_calls.py GWRUN

gwrun changes the world, one call a row of CHANGES; then gwrun and boto3 read it, one call a row of
READS, and must have been told the same. The runs that follow are about what stands around a call:
bytes, errors, pages, secrets, and where settings come from. moto closes each connection, so that
their use for more than one call cannot be seen here.
"""

import datetime
import json
import os
import sys
import unittest
import unittest.mock
import urllib.parse

import moto
from moto_rows import CHANGES, LACKING, READS, SECRET_TEXT

try:
    import boto3
    import botocore.session
    from botocore.config import Config
    from botocore.exceptions import ClientError
except ImportError:
    moto.skip("python3 has no boto3")

UNMARKED_SECRETS = {"Base64"}  # ecr's authorizationToken, which the model does not mark
NOWHERE = "http://127.0.0.1:1"
PREFIXES = {"elbv2": "elasticloadbalancing", "stepfunctions": "states", "resourcegroupstaggingapi": "tag"}

CALLS = """
local calls = json.decode(%s)
return {
  title = "Calls", summary = "Makes the calls it is given.", needs = { aws = { %s } },
  run = function(rb)
    local function make()
      for i, call in ipairs(calls) do
        local answer, err = aws[call[1]]["try_" .. call[2]](call[3])
        rb:evidence(tostring(i), answer or {
          text = tostring(err), kind = err.kind, service = err.service, operation = err.operation, code = err.code,
          http_status = err.http_status, request_id = err.request_id, attempts = err.attempts, detail = err.detail,
        })
      end
    end
    rb:step("Call", { change = make })
  end,
}
"""

PAGES = """
local rows = json.decode(%s)
return {
  title = "Pages", summary = "Goes from page to page by hand.",
  needs = { aws = { "iam:List*", "ssm:Get*", "logs:Describe*", "dynamodb:Scan" } },
  run = function(rb)
    for _, row in ipairs(rows) do
      local service, operation, params, given, told = table.unpack(row)
      local pages = {}
      repeat
        local page = aws[service][operation](params)
        pages[#pages + 1] = page
        params[given] = page[told]
      until not page[told]
      rb:evidence(operation, pages)
    end
  end,
}
"""

# service, operation, parameters, the token as a parameter and as it is answered
PAGED = [
    ("iam", "list_roles", {"PathPrefix": "/paged/", "MaxItems": 2}, "Marker", "Marker"),
    ("ssm", "get_parameters_by_path", {"Path": "/paged", "MaxResults": 2}, "NextToken", "NextToken"),
    ("logs", "describe_log_groups", {"logGroupNamePrefix": "/paged/", "limit": 2}, "nextToken", "nextToken"),
    ("dynamodb", "scan", {"TableName": "paged", "Limit": 2}, "ExclusiveStartKey", "LastEvaluatedKey"),
]

BYTES = """
return {
  title = "Bytes", summary = "Sends every byte and looks at it.", needs = { aws = { "dynamodb:*", "kms:*", "secretsmanager:*" } },
  params = { key = { type = "string" } },
  run = function(rb, p)
    local all = {}
    for i = 0, 255 do all[#all + 1] = string.char(i) end
    all = table.concat(all)
    rb:step("Write", {
      change = function()
        aws.dynamodb.put_item { TableName = "paged", Item = { id = { S = "bytes" }, all = { B = all }, set = { BS = { "\\0", "\\xff\\xfe" } } } }
        local sealed = aws.kms.encrypt { KeyId = p.key, Plaintext = all }.CiphertextBlob
        local opened = aws.kms.decrypt { CiphertextBlob = sealed }.Plaintext
        aws.secretsmanager.create_secret { Name = "bytes", SecretBinary = opened }
      end,
    })
    local item = aws.dynamodb.get_item { TableName = "paged", Key = { id = { S = "bytes" } } }.Item
    rb:evidence("same", item.all.B == all and #item.set.BS == 2)
  end,
}
"""

SECRETS = """
return {
  title = "Secrets", summary = "Is careless with a secret.", needs = { aws = { "secretsmanager:*", "ssm:*", "rds:*", "iam:*" } },
  run = function(rb)
    local answer = aws.secretsmanager.get_secret_value { SecretId = "careless" }
    local secret = answer.SecretString
    print(secret)
    rb:note("joined: %s", "a" .. secret .. "b")
    rb:warn("formatted: %s", secret)
    rb:evidence("value", secret)
    rb:evidence("answer", answer)
    rb:evidence("text", json.encode(answer))
    rb:step("Use " .. tostring(secret), {
      confirm = "set it to " .. tostring(secret),
      change = function()
        aws.secretsmanager.put_secret_value { SecretId = "copy", SecretString = secret }
        aws.rds.modify_db_instance { DBInstanceIdentifier = "db", MasterUserPassword = "PLAIN" }
        aws.ssm.put_parameter { Name = "/careless", Value = "PLAIN", Type = "SecureString", Overwrite = true }
      end,
    })
    aws.ssm.get_parameter { Name = secret }
  end,
}
""".replace("PLAIN", SECRET_TEXT)

WHO = """
return {
  title = "Who", summary = "Asks who and where it is.",
  needs = { aws = { "sts:GetCallerIdentity", "ecs:ListClusters", "elasticloadbalancing:DescribeLoadBalancers" } },
  run = function(rb)
    rb:evidence("who", aws.sts.get_caller_identity().Arn:match "[^:]+$")
    rb:evidence("where", aws.ecs.list_clusters().clusterArns)
    aws.elbv2.describe_load_balancers()
  end,
}
"""

NO_REGION = {"AWS_REGION": None, "AWS_DEFAULT_REGION": None}
NO_KEYS = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
OPS = "aws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
EAST, WEST = "us-east-1", "eu-west-1"

# claim, environment, config file, credentials file, who, where
SETTINGS = [
    ("an endpoint for all services", {"AWS_ENDPOINT_URL": "{url}"}, "", "", "user/moto", EAST),
    ("endpoints of single services come before it", {
        "AWS_ENDPOINT_URL": NOWHERE, "AWS_ENDPOINT_URL_STS": "{url}", "AWS_ENDPOINT_URL_ECS": "{url}",
        "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2": "{url}"}, "", "", "user/moto", EAST),
    ("the environment comes before the file", {"AWS_ENDPOINT_URL": "{url}", "AWS_DEFAULT_REGION": EAST},
     f"[default]\nendpoint_url = {NOWHERE}\nregion = {WEST}\n", "", "user/moto", EAST),
    ("the file", NO_REGION, f"[default]\nendpoint_url = {{url}}\nregion = {WEST}\n", "", "user/moto", WEST),
    ("endpoints of single services in the file", NO_REGION,
     f"[default]\nregion = {WEST}\nservices = local\nendpoint_url = {NOWHERE}\n[services local]\n"
     "sts =\n  endpoint_url = {url}\necs =\n  endpoint_url = {url}\n"
     "elastic_load_balancing_v2 =\n  endpoint_url = {url}\n", "", "user/moto", WEST),
    ("a profile with its keys, region and endpoint", {**NO_REGION, **NO_KEYS, "AWS_PROFILE": "ops"},
     f"[default]\nendpoint_url = {NOWHERE}\n[profile ops]\nregion = {WEST}\nendpoint_url = {{url}}\n" + OPS, "",
     "user/ops", WEST),
    ("keys in the credentials file", {**NO_KEYS, "AWS_PROFILE": "ops"}, "[profile ops]\nendpoint_url = {url}\n",
     "[ops]\n" + OPS, "user/ops", EAST),
]

# claim, options, environment, who, where
OPTIONS = [
    ("an endpoint", ["--endpoint-url", "{url}"], {"AWS_ENDPOINT_URL": NOWHERE, "AWS_ENDPOINT_URL_STS": NOWHERE},
     "user/moto", EAST),
    ("a region", ["--region", WEST], {"AWS_ENDPOINT_URL": "{url}"}, "user/moto", WEST),
    ("a profile", ["--profile", "ops"], {"AWS_ENDPOINT_URL": "{url}", "AWS_PROFILE": "default"}, "user/ops", EAST),
]


def plain(value):
    """A value of boto3's as JSON has it: times as seconds."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    return value


def guarded(value, shape, secret=False):
    """The value without what is sensitive; boto3 takes IAM's policy documents apart, so that their shape is text."""
    if shape.type_name == "string" and isinstance(value, dict):
        return value
    secret = secret or shape.metadata.get("sensitive", False) or shape.name in UNMARKED_SECRETS
    if isinstance(value, dict):
        return {key: guarded(item, shape.members[key] if shape.type_name == "structure" else shape.value, secret)
                for key, item in value.items()}
    if isinstance(value, list):
        return [guarded(item, shape.member, secret) for item in value]
    return "[secret]" if secret and isinstance(value, str) else value


def comparable(value, key=None):
    """boto3 takes IAM's policy documents apart, which AWS sends as URL-encoded text, and keeps times to
    the microsecond only. LatestRestorableTime is the moment of the answer."""
    if isinstance(value, dict):
        return {name: comparable(item, name) for name, item in value.items() if name != "LatestRestorableTime"}
    if isinstance(value, list):
        return [comparable(item) for item in value]
    if key in ("AssumeRolePolicyDocument", "PolicyDocument") and isinstance(value, str):
        return json.loads(urllib.parse.unquote(value))
    return round(value, 3) if isinstance(value, float) and key != "Threshold" and abs(value) > 1e6 else value


def lua_text(value):
    return "[==[" + json.dumps(value) + "]==]"


class Calls(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.world = moto.World(GWRUN)
        cls.addClassCleanup(cls.world.close)
        names = cls.seed()
        cls.changes, cls.changes_said = cls.call(cls.fill(CHANGES, names))
        cls.rows = cls.fill(READS, names)
        cls.reads, _ = cls.call(cls.rows)
        cls.expected = [cls.told(*row) for row in cls.rows]

    @classmethod
    def boto3(cls, service, **options):
        return boto3.client(service, endpoint_url=cls.world.url, region_name=options.get("region", moto.REGION),
                            aws_access_key_id="a", aws_secret_access_key="b",
                            config=Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}))

    @classmethod
    def seed(cls):
        """What only other protocols can make, and what is named by the server."""
        ec2, elbv2 = cls.boto3("ec2"), cls.boto3("elbv2")
        vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]][:2]
        cls.boto3("s3").create_bucket(Bucket="trail")
        front = elbv2.create_load_balancer(Name="front", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
        one, two = (elbv2.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]
                    ["TargetGroupArn"] for name in ("one", "two"))
        listener = elbv2.create_listener(LoadBalancerArn=front, Protocol="HTTP", Port=80, DefaultActions=[
            {"Type": "forward", "TargetGroupArn": one}])["Listeners"][0]["ListenerArn"]
        return {"vpc": vpc, "listener": listener, "one": one, "two": two, "url": cls.world.url, "account": moto.ACCOUNT}

    @staticmethod
    def fill(rows, names):
        text = json.dumps(rows)
        for name, value in names.items():
            text = text.replace("{" + name + "}", value)
        return json.loads(text)

    @classmethod
    def run_text(cls, text, *args, env=None, code=0):
        """Runs a runbook given as text; what it found by name, its events, and all that was printed."""
        path = cls.world.write("test.lua", text)
        got, out, err = cls.world.gwrun(path, "--output", "json", *args, env=env)
        events = [json.loads(line) for line in out.splitlines()]
        if got != code:
            raise AssertionError(f"exit code {got}: {err}{out[-2000:]}")
        found = {event["name"]: event["value"] for event in events if event["event"] == "evidence"}
        return found, events, out + err

    @classmethod
    def call(cls, calls):
        """The answers to the calls, made by one runbook; and all that was printed."""
        prefixes = sorted({f'"{PREFIXES.get(service, service)}:*"' for service, _, _ in calls})
        found, _, said = cls.run_text(CALLS % (lua_text(calls), ", ".join(prefixes)), "--yes", "--region", moto.REGION,
                                      "--endpoint-url", cls.world.url)
        return [found[str(i + 1)] for i in range(len(calls))], said

    @classmethod
    def told(cls, service, name, params):
        """What boto3 is told, with what botocore's model calls sensitive hidden."""
        client = cls.boto3(service)
        answer = getattr(client, name)(**params)
        del answer["ResponseMetadata"]
        operation = client.meta.method_to_api_mapping[name]
        return guarded(plain(answer), client.meta.service_model.operation_model(operation).output_shape)

    # ---- calls

    def test_every_change_is_understood(self):
        for (service, name, _), answer in zip(CHANGES, self.changes):
            with self.subTest(f"{service}.{name}"):
                self.assertNotIn("http_status", answer)

    def test_every_answer_is_the_one_that_boto3_reads(self):
        for (service, name, _), answer, expected in zip(self.rows, self.reads, self.expected):
            with self.subTest(f"{service}.{name}"):
                self.assertEqual(comparable(answer), comparable(expected))

    def test_what_moto_lacks_is_told_to_be_no_answer_of_aws(self):
        for (service, name, _), error in zip(LACKING, self.call(LACKING)[0]):
            with self.subTest(f"{service}.{name}"):
                self.assertEqual((error["kind"], error["http_status"]), ("protocol", 500))
                self.assertIn("no answer of AWS but HTTP status 500", error["text"])

    def test_what_was_sent_is_there(self):
        secret = self.boto3("secretsmanager").get_secret_value(SecretId="web/key")
        self.assertEqual(secret["SecretString"], SECRET_TEXT)
        container = self.boto3("ecs").describe_task_definition(taskDefinition="web:1")["taskDefinition"]["containerDefinitions"][0]
        self.assertEqual(container["environment"], [{"name": "TOKEN", "value": SECRET_TEXT}])
        self.assertEqual(container["dockerLabels"], {"greeting": "grüß dich 😀"})
        tags = self.boto3("iam").list_role_tags(RoleName="task")["Tags"]
        self.assertEqual({tag["Key"]: tag["Value"] for tag in tags}, {"team": "größe & <b> +%2F", "b": ""})
        events = self.boto3("logs").get_log_events(logGroupName="/ecs/web", logStreamName="one")["events"]
        self.assertEqual(events[0]["message"], 'ERROR \u0001 tab\there "quoted" \\ 東京')

    def test_bytes_go_and_come_as_they_are(self):
        self.fill_pages()
        key = self.boto3("kms").create_key()["KeyMetadata"]["KeyId"]
        found, _, _ = self.run_text(BYTES, "--yes", "--endpoint-url", self.world.url, "--key", key)
        self.assertIs(found["same"], True)
        every = bytes(range(256))
        item = self.boto3("dynamodb").get_item(TableName="paged", Key={"id": {"S": "bytes"}})["Item"]
        self.assertEqual(item["all"]["B"], every)
        self.assertEqual(sorted(item["set"]["BS"]), [b"\0", b"\xff\xfe"])
        self.assertEqual(self.boto3("secretsmanager").get_secret_value(SecretId="bytes")["SecretBinary"], every)
        self.boto3("dynamodb").delete_item(TableName="paged", Key={"id": {"S": "bytes"}})

    # ---- errors

    def test_an_error_is_one_value(self):
        rows = [
            ("iam", "get_user", {"UserName": "nobody"}),
            ("ecs", "describe_services", {"cluster": "red", "services": ["web"]}),
            ("elbv2", "describe_rules", {"ListenerArn": "arn:aws:elasticloadbalancing:us-east-1:1:listener/app/a/b/c"}),
            ("cloudformation", "describe_stacks", {"StackName": "none"}),
            ("secretsmanager", "get_secret_value", {"SecretId": "none"}),
            ("dynamodb", "put_item", {"TableName": "runs", "Item": {"id": {"S": "a"}},
                                      "ConditionExpression": "attribute_not_exists(id)"}),
            ("sqs", "get_queue_url", {"QueueName": "none"}),
            ("rds", "describe_db_instances", {"DBInstanceIdentifier": "none"}),
        ]
        for (service, name, params), error in zip(rows, self.call(rows)[0]):
            with self.subTest(f"{service}.{name}"), self.assertRaises(ClientError) as caught:
                getattr(self.boto3(service), name)(**params)
            expected = caught.exception
            self.assertEqual(
                (error["kind"], error["service"], error["operation"], error["code"], error["http_status"], error["attempts"]),
                ("service", service, expected.operation_name, expected.response["Error"]["Code"],
                 expected.response["ResponseMetadata"]["HTTPStatusCode"], 1))
            prefix = PREFIXES.get(service, service)
            message = expected.response["Error"]["Message"].rstrip(".")
            self.assertEqual(error["text"], f"{prefix}:{expected.operation_name}: {message} "
                                            f"({error['code']}, request {error['request_id']})")
            self.assertTrue(error["request_id"])

    def test_what_a_run_stops_at_is_told_by_its_events(self):
        text = CALLS % (lua_text([["iam", "get_user", {"UserName": "nobody"}]]), '"iam:*"')
        _, events, said = self.run_text(text.replace('"try_" .. ', ""), "--yes", "--endpoint-url", self.world.url, code=1)
        by_kind = {event["event"]: event for event in events}
        for error in (by_kind["call"]["error"], by_kind["step.failed"]["error"]):
            self.assertEqual((error["kind"], error["code"]), ("service", "NoSuchEntity"))
            self.assertEqual(error["request_id"], by_kind["call"]["request_id"])
        self.assertIn("(NoSuchEntity, request ", said.splitlines()[-1])

    # ---- pages

    @classmethod
    def fill_pages(cls):
        dynamodb = cls.boto3("dynamodb")
        if "paged" in dynamodb.list_tables()["TableNames"]:
            return
        dynamodb.create_table(TableName="paged", BillingMode="PAY_PER_REQUEST",
                              KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                              AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
        for i in range(5):
            cls.boto3("iam").create_role(RoleName=f"paged{i}", Path="/paged/", AssumeRolePolicyDocument="{}")
            cls.boto3("ssm").put_parameter(Name=f"/paged/{i}", Value=f"value{i}", Type="String")
            cls.boto3("logs").create_log_group(logGroupName=f"/paged/{i}")
            dynamodb.put_item(TableName="paged", Item={"id": {"S": str(i)}})

    def test_pages_by_hand(self):
        self.fill_pages()
        found, _, _ = self.run_text(PAGES % lua_text(PAGED), "--endpoint-url", self.world.url)
        for service, name, params, given, told in PAGED:
            pages, params = [], dict(params)
            while not pages or told in pages[-1]:
                pages.append(self.told(service, name, params))
                params[given] = pages[-1].get(told)
            with self.subTest(f"{service}.{name}"):
                self.assertEqual(len(pages), 3)
                self.assertEqual(comparable(found[name]), comparable(pages))

    # ---- secrets

    def test_secrets_are_never_printed(self):
        self.assertNotIn(SECRET_TEXT, self.changes_said)
        key = next(answer for row, answer in zip(CHANGES, self.changes) if row[1] == "create_access_key")
        self.assertEqual(key["AccessKey"]["SecretAccessKey"], "[secret]")

        manager = self.boto3("secretsmanager")
        manager.create_secret(Name="careless", SecretString=SECRET_TEXT)
        manager.create_secret(Name="copy", SecretString="none yet")
        path = self.world.write("secrets.lua", SECRETS)
        for mode in (["--plan"], ["--plan", "--output", "json"], ["--yes"], ["--yes", "--output", "json"],
                     ["--yes", "--verbose"], ["--yes", "--quiet"], []):
            with self.subTest(mode):
                _, out, err = self.world.gwrun(path, "--endpoint-url", self.world.url, *mode)
                self.assertNotIn(SECRET_TEXT, out + err)
                self.assertIn("[secret]", out)
                if "--yes" in mode or "--plan" in mode:
                    self.assertIn("Parameter [secret] not found", out + err)
        self.assertEqual(manager.get_secret_value(SecretId="copy")["SecretString"], SECRET_TEXT)
        parameter = self.boto3("ssm").get_parameter(Name="/careless", WithDecryption=True)
        self.assertEqual(parameter["Parameter"]["Value"], SECRET_TEXT)

    # ---- settings

    def who_and_where(self, *args, env):
        found, _, _ = self.run_text(WHO, *args, env=env)
        return found["who"], [arn.split(":")[3] for arn in found["where"]]

    def boto3_who_and_where(self, env):
        with unittest.mock.patch.dict(os.environ, self.world.environment(**env), clear=True):
            session = boto3.Session()
            who = session.client("sts").get_caller_identity()["Arn"]
            where = session.client("ecs").list_clusters()["clusterArns"]
            session.client("elbv2").describe_load_balancers()
        return who.rsplit(":", 1)[1], [arn.split(":")[3] for arn in where]

    def make_settings(self, config, credentials):
        """Fills in and writes the shared files; a function that fills in other texts."""
        filled = lambda text: text.format(url=self.world.url, **self.ops) if text else text
        self.world.write(".aws/config", filled(config))
        self.world.write(".aws/credentials", filled(credentials))
        self.addCleanup(lambda: [self.world.write(f".aws/{name}", "") for name in ("config", "credentials")])
        return lambda env: {"AWS_MAX_ATTEMPTS": "1", **{name: filled(value) for name, value in env.items()}}

    @property
    def ops(self):
        iam = self.boto3("iam")
        if not any(user["UserName"] == "ops" for user in iam.list_users()["Users"]):
            iam.create_user(UserName="ops")
            type(self).ops_key = iam.create_access_key(UserName="ops")["AccessKey"]
            self.boto3("ecs", region=WEST).create_cluster(clusterName="west")
        return {"key": self.ops_key["AccessKeyId"], "secret": self.ops_key["SecretAccessKey"]}

    def test_settings_are_those_of_boto3(self):
        for claim, env, config, credentials, who, where in SETTINGS:
            with self.subTest(claim):
                env = self.make_settings(config, credentials)(env)
                self.assertEqual(self.boto3_who_and_where(env), (who, [where]))
                self.assertEqual(self.who_and_where(env=env), (who, [where]))

    def test_options_come_before_everything_else(self):
        for claim, options, env, who, where in OPTIONS:
            with self.subTest(claim):
                env = self.make_settings("[profile ops]\n" + OPS, "")(env)
                options = [option.format(url=self.world.url) for option in options]
                if "--profile" in options:
                    env.update(NO_KEYS)
                self.assertEqual(self.who_and_where(*options, env=env), (who, [where]))


if __name__ == "__main__":
    GWRUN = os.path.abspath(sys.argv[1])
    unittest.main(argv=sys.argv[:1], verbosity=2)
