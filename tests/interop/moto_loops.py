"""Pages and waiters of a runbook against moto_server, beside boto3's own: moto_loops.py GWRUN"""

import json
import os
import sys
import unittest

import moto

try:
    import boto3
    from botocore.config import Config
except ImportError:
    moto.skip("python3 has no boto3")

RUNBOOK = """
return {
  title = "Loops", summary = "Pages and waiters.", needs = { aws = { "logs:*", "iam:*", "ecs:*", "elasticloadbalancing:*", "dynamodb:*" } },
  run = function(rb)
    local function keep(name, service, operation, params, how)
      local items = {}
      for item in aws[service].pages[operation](params, how) do items[#items + 1] = item end
      rb:evidence(name, json.array(items))
    end
    keep("groups", "logs", "describe_log_groups", { logGroupNamePrefix = "/g/" }, { page_size = 4 })
    keep("some groups", "logs", "describe_log_groups", { logGroupNamePrefix = "/g/" }, { page_size = 4, limit = 6 })
    keep("roles", "iam", "list_roles", { PathPrefix = "/loops/" }, { page_size = 3 })
    keep("items", "dynamodb", "scan", { TableName = "runs" }, { page_size = 2 })
    keep("services", "ecs", "list_services", { cluster = "blue" }, { page_size = 1 })
    aws.iam.wait.role_exists { RoleName = "role1" }
    aws.dynamodb.wait.table_exists { TableName = "runs" }
    local ok, err = pcall(aws.iam.wait.role_exists, { RoleName = "nobody" }, { max_attempts = 2, delay = 0.01 })
    rb:evidence("nobody", tostring(err))
    ok, err = pcall(aws.ecs.wait.services_stable, { cluster = "blue", services = { "nothing" } }, { delay = 0.01 })
    rb:evidence("nothing", tostring(err))
  end,
}
"""


class Loops(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.world = moto.World(GWRUN)
        cls.addClassCleanup(cls.world.close)
        cls.fill()
        path = cls.world.write("loops.lua", RUNBOOK)
        code, out, err = cls.world.gwrun(path, "--yes", "--output", "json", "--region", moto.REGION,
                                         "--endpoint-url", cls.world.url)
        cls.events = [json.loads(line) for line in out.splitlines()]
        if code != 0:
            raise RuntimeError(f"exit code {code}: {err}{out[-2000:]}")
        cls.found = {event["name"]: event["value"] for event in cls.events if event["event"] == "evidence"}

    @classmethod
    def boto3(cls, service):
        return boto3.client(service, endpoint_url=cls.world.url, region_name=moto.REGION, aws_access_key_id="a",
                            aws_secret_access_key="b", config=Config(retries={"max_attempts": 0}))

    @classmethod
    def fill(cls):
        logs, iam, ecs, dynamodb = (cls.boto3(name) for name in ("logs", "iam", "ecs", "dynamodb"))
        for i in range(11):
            logs.create_log_group(logGroupName=f"/g/{i:02}")
        for i in range(7):
            iam.create_role(RoleName=f"role{i}", Path="/loops/", AssumeRolePolicyDocument='{"Statement":[]}')
        dynamodb.create_table(TableName="runs", BillingMode="PAY_PER_REQUEST",
                              KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                              AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
        for i in range(5):
            dynamodb.put_item(TableName="runs", Item={"id": {"S": str(i)}})
        ecs.create_cluster(clusterName="blue")
        ecs.register_task_definition(family="web", containerDefinitions=[{"name": "web", "image": "web:1", "memory": 128}])
        for name in ("one", "two", "three"):
            ecs.create_service(cluster="blue", serviceName=name, taskDefinition="web", desiredCount=0)

    def expected(self, service, operation, key, size, **params):
        pages = self.boto3(service).get_paginator(operation).paginate(PaginationConfig={"PageSize": size}, **params)
        return [item for page in pages for item in page[key]]

    def test_items_are_those_of_boto3_in_their_order(self):
        def names(items, key):
            return [item[key] for item in items]

        groups = self.expected("logs", "describe_log_groups", "logGroups", 4, logGroupNamePrefix="/g/")
        self.assertEqual(len(groups), 11)
        self.assertEqual(names(self.found["groups"], "logGroupName"), names(groups, "logGroupName"))
        self.assertEqual(names(self.found["some groups"], "logGroupName"), names(groups, "logGroupName")[:6])
        roles = self.expected("iam", "list_roles", "Roles", 3, PathPrefix="/loops/")
        self.assertEqual(names(self.found["roles"], "RoleName"), names(roles, "RoleName"))
        self.assertEqual(self.found["items"], self.expected("dynamodb", "scan", "Items", 2, TableName="runs"))
        self.assertEqual(self.found["services"], self.expected("ecs", "list_services", "serviceArns", 1, cluster="blue"))

    def test_a_limit_asks_for_no_page_too_many(self):
        calls = [event["action"] for event in self.events if event["event"] == "call"]
        self.assertEqual(calls.count("logs:DescribeLogGroups"), 3 + 2)

    def test_waiters_say_why_they_end(self):
        self.assertEqual(self.found["nobody"], "aws.iam.wait.role_exists: not reached after 2 attempts, 0s apart")
        self.assertEqual(self.found["nothing"], "aws.ecs.wait.services_stable: cannot be reached any more: "
                         "one of 'failures[].reason' is \"MISSING\" (attempt 1)")


if __name__ == "__main__":
    GWRUN = os.path.abspath(sys.argv[1])
    unittest.main(argv=sys.argv[:1], verbosity=2)
