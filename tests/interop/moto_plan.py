"""Plans of changes of several services against moto_server: what is, and what will be: moto_plan.py GWRUN"""

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
local POLICY = [[{ "Statement": { "Resource": "*", "Action": "s3:GetObject", "Effect": "Allow" }, "Version": "2012-10-17" }]]

local function step(rb, name, change) rb:step(name, { change = change }) end

return {
  title = "Plan", summary = "Changes something of each service.", region = "us-east-1",
  params = {
    rule = { type = "string" }, group = { type = "string" }, other = { type = "string" }, key = { type = "string" },
    first_key = { type = "string" },
  },
  needs = { aws = {
    "ecs:*", "elasticloadbalancing:*", "logs:*", "application-autoscaling:*", "secretsmanager:*", "s3:*", "iam:*", "sqs:*",
    "cloudwatch:*",
  } },
  run = function(rb, p)
    step(rb, "service", function()
      aws.ecs.update_service { cluster = "blue", service = "web", taskDefinition = "web:1", desiredCount = 2 }
    end)
    step(rb, "new service", function()
      aws.ecs.create_service { cluster = "blue", serviceName = "api", taskDefinition = "web:1", desiredCount = 1 }
    end)
    step(rb, "the new service", function() aws.ecs.update_service { cluster = "blue", service = "api", desiredCount = 3 } end)
    step(rb, "no service", function() aws.ecs.delete_service { cluster = "blue", service = "nobody" } end)
    step(rb, "rule", function()
      aws.elbv2.modify_rule { RuleArn = p.rule, Actions = { { Type = "forward", TargetGroupArn = p.other } } }
    end)
    step(rb, "target group", function()
      aws.elbv2.modify_target_group { TargetGroupArn = p.group, HealthCheckPath = "/ready", HealthCheckIntervalSeconds = 30 }
    end)
    step(rb, "attributes", function()
      aws.elbv2.modify_target_group_attributes {
        TargetGroupArn = p.group, Attributes = { { Key = "deregistration_delay.timeout_seconds", Value = "30" } },
      }
    end)
    step(rb, "retention", function() aws.logs.put_retention_policy { logGroupName = "/app", retentionInDays = 30 } end)
    step(rb, "capacity", function()
      aws["application-autoscaling"].register_scalable_target {
        ServiceNamespace = "ecs", ResourceId = "service/blue/web", ScalableDimension = "ecs:service:DesiredCount",
        MinCapacity = 1, MaxCapacity = 8,
      }
    end)
    step(rb, "secret", function()
      aws.secretsmanager.update_secret { SecretId = "db", Description = "new", SecretString = "hunter3-hunter3" }
    end)
    step(rb, "lifecycle", function()
      aws.s3.put_bucket_lifecycle_configuration { Bucket = "archive", LifecycleConfiguration = { Rules = {
        { ID = "old", Status = "Enabled", Filter = { Prefix = "logs/" }, Expiration = { Days = 30 } },
        { ID = "new", Status = "Enabled", Filter = { Prefix = "tmp/" }, Expiration = { Days = 1 } },
      } } }
    end)
    step(rb, "access key", function()
      aws.iam.update_access_key { UserName = "ci", AccessKeyId = p.key, Status = "Inactive" }
    end)
    step(rb, "policy", function()
      aws.iam.put_role_policy { RoleName = "task", PolicyName = "read", PolicyDocument = POLICY }
    end)
    step(rb, "other policy", function()
      aws.iam.put_role_policy { RoleName = "task", PolicyName = "read", PolicyDocument = POLICY:gsub("GetObject", "PutObject") .. "" }
    end)
    step(rb, "queue", function()
      aws.sqs.set_queue_attributes { QueueUrl = "%(queue)s", Attributes = { VisibilityTimeout = "60" } }
    end)
    step(rb, "alarm", function()
      aws.cloudwatch.put_metric_alarm {
        AlarmName = "cpu", Threshold = 90, EvaluationPeriods = 1, Period = 60, ComparisonOperator = "GreaterThanThreshold",
        MetricName = "CPUUtilization", Namespace = "AWS/ECS", Statistic = "Average",
      }
    end)
    for _, key in ipairs { p.key, p.first_key } do
      step(rb, "delete " .. key, function() aws.iam.delete_access_key { UserName = "ci", AccessKeyId = key } end)
    end
    step(rb, "delete again", function() aws.iam.delete_access_key { UserName = "ci", AccessKeyId = p.key } end)
    step(rb, "user", function() aws.iam.delete_user { UserName = "ci" } end)
  end,
}
"""


class Plan(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.world = moto.World(GWRUN)
        cls.addClassCleanup(cls.world.close)
        cls.fill()
        cls.before = cls.state()
        path = cls.world.write("changes.lua", RUNBOOK % {"queue": cls.queue})
        code, out, err = cls.world.gwrun(path, "--plan", "--output", "json", "--endpoint-url", cls.world.url, "--rule", cls.rule,
                                         "--group", cls.groups[0], "--other", cls.groups[1], "--key", cls.key, "--first-key", cls.first_key)
        if code != 0:
            raise RuntimeError(f"exit code {code}: {err}{out[-2000:]}")
        cls.out = out
        cls.events = [json.loads(line) for line in out.splitlines()]
        cls.calls = {event["name"]: event["calls"][0] for event in cls.events if event["event"] == "step.planned"}

    @classmethod
    def client(cls, service):
        return boto3.client(service, endpoint_url=cls.world.url, region_name=moto.REGION, aws_access_key_id="a",
                            aws_secret_access_key="b", config=Config(retries={"max_attempts": 0}))

    @classmethod
    def fill(cls):
        ecs, elbv2, ec2, iam = (cls.client(name) for name in ("ecs", "elbv2", "ec2", "iam"))
        ecs.create_cluster(clusterName="blue")
        for image in ("web:1", "web:2"):
            ecs.register_task_definition(family="web", containerDefinitions=[{"name": "web", "image": image, "memory": 128}])
        ecs.create_service(cluster="blue", serviceName="web", taskDefinition="web:2", desiredCount=2)
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=f"{moto.REGION}{zone}")["Subnet"]["SubnetId"]
                   for i, zone in enumerate("ab")]
        cls.groups = [elbv2.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc, HealthCheckPath="/health",
                                                HealthCheckIntervalSeconds=30)["TargetGroups"][0]["TargetGroupArn"]
                      for name in ("one", "two")]
        balancer = elbv2.create_load_balancer(Name="lb", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
        forward = [{"Type": "forward", "TargetGroupArn": cls.groups[0]}]
        listener = elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80,
                                         DefaultActions=forward)["Listeners"][0]["ListenerArn"]
        cls.rule = elbv2.create_rule(ListenerArn=listener, Priority=1, Actions=forward, Conditions=[
            {"Field": "path-pattern", "Values": ["/api/*"]}])["Rules"][0]["RuleArn"]
        for name in ("/app", "/app/worker"):
            cls.client("logs").create_log_group(logGroupName=name)
            cls.client("logs").put_retention_policy(logGroupName=name, retentionInDays=7)
        cls.client("application-autoscaling").register_scalable_target(
            ServiceNamespace="ecs", ResourceId="service/blue/web", ScalableDimension="ecs:service:DesiredCount",
            MinCapacity=1, MaxCapacity=4)
        cls.client("secretsmanager").create_secret(Name="db", Description="old", SecretString="hunter2-hunter2")
        s3 = cls.client("s3")
        s3.create_bucket(Bucket="archive")
        s3.put_bucket_lifecycle_configuration(Bucket="archive", LifecycleConfiguration={"Rules": [
            {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 90}},
            {"ID": "gone", "Status": "Enabled", "Filter": {"Prefix": "x/"}, "Expiration": {"Days": 2}}]})
        iam.create_user(UserName="ci")
        cls.first_key = iam.create_access_key(UserName="ci")["AccessKey"]["AccessKeyId"]
        cls.key = iam.create_access_key(UserName="ci")["AccessKey"]["AccessKeyId"]
        iam.create_role(RoleName="task", AssumeRolePolicyDocument='{"Statement":[]}')
        iam.put_role_policy(RoleName="task", PolicyName="read", PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}))
        cls.queue = cls.client("sqs").create_queue(QueueName="jobs", Attributes={"VisibilityTimeout": "30"})["QueueUrl"]
        cls.client("cloudwatch").put_metric_alarm(
            AlarmName="cpu", Threshold=80, EvaluationPeriods=1, Period=60, ComparisonOperator="GreaterThanThreshold",
            MetricName="CPUUtilization", Namespace="AWS/ECS", Statistic="Average")

    @classmethod
    def state(cls):
        """What the plan's changes would show in."""
        answers = [
            cls.client("ecs").describe_services(cluster="blue", services=["web", "api"]),
            cls.client("elbv2").describe_rules(RuleArns=[cls.rule]),
            cls.client("elbv2").describe_target_groups(TargetGroupArns=cls.groups),
            cls.client("logs").describe_log_groups(),
            cls.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs"),
            cls.client("secretsmanager").describe_secret(SecretId="db"),
            cls.client("s3").get_bucket_lifecycle_configuration(Bucket="archive"),
            cls.client("iam").list_access_keys(UserName="ci"),
            cls.client("sqs").get_queue_attributes(QueueUrl=cls.queue, AttributeNames=["VisibilityTimeout"]),
            cls.client("cloudwatch").describe_alarms(),
        ]
        for answer in answers:
            del answer["ResponseMetadata"]
        return answers

    def assert_planned(self, step, effect, *expected):
        """The step's call, and its changes as (kind, path, from, to)."""
        call = self.calls[step]
        found = [(change["kind"], change["path"], change.get("from"), change.get("to"))
                 for change in call["changes"] if change["kind"] != "same"]
        self.assertEqual(found, list(expected), call)
        self.assertEqual(call["effect"], effect, call)

    def test_ecs(self):
        arn = f"arn:aws:ecs:{moto.REGION}:{moto.ACCOUNT}:task-definition/web:2"
        self.assert_planned("service", "change", ("changed", "taskDefinition", arn, "web:1"))
        self.assert_planned("new service", "create", ("added", "desiredCount", None, 1), ("added", "taskDefinition", None, "web:1"))
        self.assert_planned("the new service", "change", ("changed", "desiredCount", 1, 3))
        self.assertEqual(self.calls["the new service"]["assumes"], "2")
        self.assert_planned("no service", "destroy")
        self.assertEqual(self.calls["no service"]["note"], "there is none now")

    def test_load_balancing(self):
        change, = [change for change in self.calls["rule"]["changes"] if change["kind"] != "same"]
        self.assertEqual((change["kind"], change["path"]), ("changed", "Actions"))
        self.assertEqual([action["TargetGroupArn"] for action in change["from"] + change["to"]], self.groups)
        self.assert_planned("target group", "change", ("changed", "HealthCheckPath", "/health", "/ready"))
        self.assert_planned("attributes", "change", (
            "changed", "Attributes[deregistration_delay.timeout_seconds].Value", "300", "30"))

    def test_the_log_group_of_that_name_is_meant_not_one_that_begins_so(self):
        self.assert_planned("retention", "change", ("changed", "retentionInDays", 7, 30))

    def test_scaling(self):
        self.assert_planned("capacity", "change", ("changed", "MaxCapacity", 4, 8))

    def test_a_secret_shows_that_it_is_set_and_not_what_it_is(self):
        self.assert_planned("secret", "change", ("changed", "Description", "old", "new"),
                            ("set", "SecretString", None, "[secret]"))
        self.assertNotIn("hunter", self.out)

    def test_lifecycle_rules_are_compared_by_their_ids(self):
        changes = {change["path"]: change for change in self.calls["lifecycle"]["changes"] if change["kind"] != "same"}
        old = changes["LifecycleConfiguration.Rules[old].Expiration.Days"]
        self.assertEqual((old["kind"], old["from"], old["to"]), ("changed", 90, 30))
        self.assertEqual(changes["LifecycleConfiguration.Rules[new].Expiration.Days"]["kind"], "added")
        self.assertEqual(changes["LifecycleConfiguration.Rules[gone]"]["kind"], "removed")

    def test_iam(self):
        self.assert_planned("access key", "change", ("changed", "Status", "Active", "Inactive"))
        self.assert_planned("policy", "none")
        change, = [change for change in self.calls["other policy"]["changes"] if change["kind"] != "same"]
        self.assertEqual((change["path"], change["from"], change["to"]),
                         ("PolicyDocument.Statement.Action", "s3:GetObject", "s3:PutObject"))
        self.assertIn(("removed", "UserName", "ci"), [(change["kind"], change["path"], change.get("from"))
                                                      for change in self.calls["user"]["changes"]])

    def test_of_a_list_that_is_meant_is_destroyed_and_then_gone(self):
        for key in (self.key, self.first_key):
            self.assertIn(("removed", "AccessKeyId", key), [(change["kind"], change["path"], change.get("from"))
                                                            for change in self.calls[f"delete {key}"]["changes"]])
        self.assertEqual(self.calls["delete again"]["note"], "there is none now")

    def test_queues_and_alarms(self):
        self.assert_planned("queue", "change", ("changed", "Attributes.VisibilityTimeout", "30", "60"))
        self.assert_planned("alarm", "change", ("changed", "Threshold", 80.0, 90))

    def test_only_readings_are_sent_and_nothing_changes(self):
        self.assertEqual({event["effect"] for event in self.events if event["event"] == "call"}, {"read"})
        self.assertEqual(self.state(), self.before)


if __name__ == "__main__":
    GWRUN = os.path.abspath(sys.argv[1])
    unittest.main(argv=sys.argv[:1], verbosity=2)
