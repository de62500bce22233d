"""Calls of every kind from a runbook against moto_server, beside boto3: moto_calls.py GWRUN

gwrun changes the world, one call a row of CHANGES; then gwrun and boto3 read it, one call a row of
READS, and must have been told the same.
"""

import datetime
import json
import os
import sys
import unittest
import urllib.parse

import moto

try:
    import boto3
    from botocore.config import Config
except ImportError:
    moto.skip("python3 has no boto3")

ASSUME = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": ["logs:*", "ecs:Describe*"], "Resource": "*"}]})
TEMPLATE = json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})
STATES = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})
SCALING = {"ServiceNamespace": "ecs", "ResourceId": "service/blue/web", "ScalableDimension": "ecs:service:DesiredCount"}
SECRET_TEXT = "hunter2-hunter2-hunter2"

CHANGES = [
    ("ecs", "create_cluster", {"clusterName": "blue"}),
    ("ecs", "register_task_definition", {"family": "web", "containerDefinitions": [
        {"name": "web", "image": "web:1", "memory": 128, "dockerLabels": {"greeting": "grüß dich 😀"},
         "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/web"}}}]}),
    ("ecs", "create_service", {"cluster": "blue", "serviceName": "web", "taskDefinition": "web:1", "desiredCount": 1}),
    ("ecs", "update_service", {"cluster": "blue", "service": "web", "desiredCount": 2}),
    ("logs", "create_log_group", {"logGroupName": "/ecs/web"}),
    ("logs", "put_retention_policy", {"logGroupName": "/ecs/web", "retentionInDays": 30}),
    ("logs", "create_log_stream", {"logGroupName": "/ecs/web", "logStreamName": "one"}),
    ("logs", "put_log_events", {"logGroupName": "/ecs/web", "logStreamName": "one", "logEvents": [
        {"timestamp": 1762917120000, "message": "ERROR \u0001 tab\there \"quoted\" \\ 東京"}]}),
    ("application-autoscaling", "register_scalable_target", {**SCALING, "MinCapacity": 1, "MaxCapacity": 4}),
    ("application-autoscaling", "put_scaling_policy", {
        **SCALING, "PolicyName": "cpu", "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 62.5, "PredefinedMetricSpecification": {
            "PredefinedMetricType": "ECSServiceAverageCPUUtilization"}}}),
    ("secretsmanager", "create_secret", {"Name": "web/key", "SecretString": SECRET_TEXT}),
    ("secretsmanager", "tag_resource", {"SecretId": "web/key", "Tags": [{"Key": "team", "Value": "a&b <c>"}]}),
    ("ssm", "put_parameter", {"Name": "/web/size", "Value": "3", "Type": "String"}),
    ("ssm", "put_parameter", {"Name": "/web/colour", "Value": "blue", "Type": "String"}),
    ("dynamodb", "create_table", {
        "TableName": "runs", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}),
    ("dynamodb", "put_item", {"TableName": "runs", "Item": {
        "id": {"S": "a"}, "n": {"N": "12345678901234567890"}, "none": {"NULL": True}, "on": {"BOOL": False},
        "list": {"L": [{"S": ""}, {"N": "-0.5"}]}, "map": {"M": {"ключ": {"S": "значение"}}}, "set": {"SS": ["x", "y"]}}}),
    ("kms", "create_key", {"Description": "for tests"}),
    ("events", "put_rule", {"Name": "nightly", "ScheduleExpression": "rate(1 day)"}),
    ("ecr", "create_repository", {"repositoryName": "web"}),
    ("servicediscovery", "create_http_namespace", {"Name": "busyb.local"}),
    ("sqs", "create_queue", {"QueueName": "jobs", "Attributes": {"DelaySeconds": "5"}}),
    ("stepfunctions", "create_state_machine", {
        "name": "flow", "definition": STATES, "roleArn": f"arn:aws:iam::{moto.ACCOUNT}:role/task"}),
    ("codedeploy", "create_application", {"applicationName": "web", "computePlatform": "ECS"}),
    ("acm", "request_certificate", {"DomainName": "example.com"}),
    ("iam", "create_role", {"RoleName": "task", "AssumeRolePolicyDocument": ASSUME, "Path": "/ops/"}),
    ("iam", "put_role_policy", {"RoleName": "task", "PolicyName": "logs", "PolicyDocument": POLICY}),
    ("iam", "create_user", {"UserName": "github-actions"}),
    ("iam", "create_access_key", {"UserName": "github-actions"}),
    ("sns", "create_topic", {"Name": "alerts", "Tags": [{"Key": "a", "Value": "1 + 1 = 2"}]}),
    ("sns", "subscribe", {"TopicArn": f"arn:aws:sns:us-east-1:{moto.ACCOUNT}:alerts", "Protocol": "email",
                          "Endpoint": "ops@example.com"}),
    ("cloudwatch", "put_metric_alarm", {
        "AlarmName": "cpu-high", "Namespace": "AWS/ECS", "MetricName": "CPUUtilization", "Statistic": "Average", "Period": 300,
        "EvaluationPeriods": 2, "Threshold": 80.5, "ComparisonOperator": "GreaterThanThreshold",
        "Dimensions": [{"Name": "ServiceName", "Value": "web"}]}),
    ("cloudformation", "create_stack", {"StackName": "base", "TemplateBody": TEMPLATE}),
    ("autoscaling", "create_launch_configuration", {
        "LaunchConfigurationName": "lc", "ImageId": "ami-12345678", "InstanceType": "t3.micro"}),
    ("rds", "create_db_instance", {
        "DBInstanceIdentifier": "db", "DBInstanceClass": "db.t3.micro", "Engine": "postgres", "AllocatedStorage": 20,
        "MasterUsername": "root", "MasterUserPassword": SECRET_TEXT}),
    ("elbv2", "create_target_group", {
        "Name": "web", "Protocol": "HTTP", "Port": 8000, "TargetType": "ip", "VpcId": "{vpc}"}),
]

READS = [
    ("ecs", "describe_clusters", {"clusters": ["blue"]}),
    ("ecs", "describe_services", {"cluster": "blue", "services": ["web", "none"]}),
    ("ecs", "describe_task_definition", {"taskDefinition": "web:1"}),
    ("ecs", "list_services", {"cluster": "blue"}),
    ("ecs", "list_tasks", {"cluster": "blue"}),
    ("ecs", "list_task_definitions", {"familyPrefix": "web"}),
    ("logs", "describe_log_groups", {}),
    ("logs", "describe_log_streams", {"logGroupName": "/ecs/web"}),
    ("logs", "filter_log_events", {"logGroupName": "/ecs/web"}),
    ("logs", "get_log_events", {"logGroupName": "/ecs/web", "logStreamName": "one"}),
    ("application-autoscaling", "describe_scalable_targets", {"ServiceNamespace": "ecs"}),
    ("application-autoscaling", "describe_scaling_policies", {"ServiceNamespace": "ecs"}),
    ("secretsmanager", "describe_secret", {"SecretId": "web/key"}),
    ("secretsmanager", "list_secrets", {}),
    ("ssm", "get_parameters_by_path", {"Path": "/web"}),
    ("ssm", "describe_parameters", {}),
    ("dynamodb", "describe_table", {"TableName": "runs"}),
    ("dynamodb", "get_item", {"TableName": "runs", "Key": {"id": {"S": "a"}}}),
    ("dynamodb", "scan", {"TableName": "runs"}),
    ("kms", "list_keys", {}),
    ("events", "list_rules", {}),
    ("ecr", "describe_repositories", {}),
    ("servicediscovery", "list_namespaces", {}),
    ("sqs", "list_queues", {}),
    ("stepfunctions", "list_state_machines", {}),
    ("codedeploy", "list_applications", {}),
    ("acm", "list_certificates", {}),
    ("cloudtrail", "describe_trails", {}),
    ("iam", "get_role", {"RoleName": "task"}),
    ("iam", "list_roles", {}),
    ("iam", "get_role_policy", {"RoleName": "task", "PolicyName": "logs"}),
    ("iam", "list_users", {}),
    ("iam", "list_access_keys", {"UserName": "github-actions"}),
    ("iam", "get_account_summary", {}),
    ("sts", "get_caller_identity", {}),
    ("sns", "list_topics", {}),
    ("sns", "list_subscriptions", {}),
    ("sns", "get_topic_attributes", {"TopicArn": f"arn:aws:sns:us-east-1:{moto.ACCOUNT}:alerts"}),
    ("cloudwatch", "describe_alarms", {}),
    ("cloudwatch", "list_metrics", {}),
    ("cloudformation", "describe_stacks", {"StackName": "base"}),
    ("cloudformation", "list_stack_resources", {"StackName": "base"}),
    ("autoscaling", "describe_launch_configurations", {}),
    ("autoscaling", "describe_auto_scaling_groups", {}),
    ("rds", "describe_db_instances", {}),
    ("elbv2", "describe_target_groups", {}),
    ("elbv2", "describe_load_balancers", {}),
]

RUNBOOK = """
local aws = require "aws"
local calls = json.decode(%s)
return {
  title = "Calls", summary = "Makes the calls it is given.",
  needs = { aws = { %s } },
  run = function(rb)
    local function make()
      for i, call in ipairs(calls) do
        local answer, err = aws[call[1]]["try_" .. call[2]](call[3])
        rb:evidence(tostring(i), answer or { failed = tostring(err) })
      end
    end
    rb:step("Call", { change = make })
  end,
}
"""

ACTIONS = {"elbv2": "elasticloadbalancing", "stepfunctions": "states"}


def action_prefix(service):
    return ACTIONS.get(service, service)


def plain(value):
    """A value of boto3's as JSON has it: times as seconds."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    return value


def comparable(value, key=None):
    """boto3 takes IAM's policy documents apart, which AWS sends as URL-encoded text, and keeps times to
    the microsecond only. LatestRestorableTime is the moment of the answer."""
    if isinstance(value, dict):
        return {name: comparable(item, name) for name, item in value.items() if name != "LatestRestorableTime"}
    if isinstance(value, list):
        return [comparable(item) for item in value]
    if key in ("AssumeRolePolicyDocument", "PolicyDocument") and isinstance(value, str):
        return json.loads(urllib.parse.unquote(value))
    return round(value, 3) if isinstance(value, float) else value


class Calls(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.world = moto.World(GWRUN)
        cls.addClassCleanup(cls.world.close)
        cls.vpc = cls.boto3("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
        cls.changes, cls.changes_said = cls.call([
            (service, name, json.loads(json.dumps(params).replace("{vpc}", cls.vpc)))
            for service, name, params in CHANGES])
        cls.reads, _ = cls.call(READS)

    @classmethod
    def boto3(cls, service):
        return boto3.client(service, endpoint_url=cls.world.url, region_name=moto.REGION, aws_access_key_id="a",
                            aws_secret_access_key="b", config=Config(retries={"max_attempts": 0}))

    @classmethod
    def call(cls, calls):
        """The answers to the calls, made by one runbook; and all that was printed."""
        prefixes = sorted({f'"{action_prefix(service)}:*"' for service, _, _ in calls})
        text = "[==[" + json.dumps(calls) + "]==]"
        path = cls.world.write("calls.lua", RUNBOOK % (text, ", ".join(prefixes)))
        code, out, err = cls.world.gwrun(path, "--yes", "--output", "json", "--region", moto.REGION,
                                         "--endpoint-url", cls.world.url)
        events = [json.loads(line) for line in out.splitlines()]
        answers = {int(event["name"]): event["value"] for event in events if event["event"] == "evidence"}
        if code != 0 or len(answers) != len(calls):
            raise RuntimeError(f"exit code {code}: {err}{out[-2000:]}")
        return [answers[i + 1] for i in range(len(calls))], out + err

    def test_every_change_is_understood(self):
        for (service, name, _), answer in zip(CHANGES, self.changes):
            with self.subTest(f"{service}.{name}"):
                self.assertNotIn("failed", answer)

    def test_every_answer_is_the_one_that_boto3_reads(self):
        for (service, name, params), answer in zip(READS, self.reads):
            with self.subTest(f"{service}.{name}"):
                expected = plain(getattr(self.boto3(service), name)(**params))
                del expected["ResponseMetadata"]
                for parameter in expected.get("Parameters", []) if name == "get_parameters_by_path" else []:
                    parameter["Value"] = "[secret]"  # sensitive in the model
                self.assertEqual(comparable(answer), comparable(expected))

    def test_secrets_are_never_printed(self):
        self.assertNotIn(SECRET_TEXT, self.changes_said)
        answers, said = self.call([("secretsmanager", "get_secret_value", {"SecretId": "web/key"})])
        self.assertEqual(answers[0]["SecretString"], "[secret]")
        self.assertNotIn(SECRET_TEXT, said)
        key = next(answer for row, answer in zip(CHANGES, self.changes) if row[1] == "create_access_key")
        self.assertEqual(key["AccessKey"]["SecretAccessKey"], "[secret]")

    def test_an_error_says_what_and_where(self):
        answers, _ = self.call([("iam", "get_user", {"UserName": "nobody"}),
                                ("ecs", "describe_services", {"cluster": "red", "services": ["web"]})])
        self.assertRegex(answers[0]["failed"], r"^iam:GetUser: .*nobody.* \(NoSuchEntity, request [^)]+\)$")
        self.assertRegex(answers[1]["failed"], r"^ecs:DescribeServices: .* \(ClusterNotFoundException, request [^)]+\)$")


if __name__ == "__main__":
    GWRUN = os.path.abspath(sys.argv[1])
    unittest.main(argv=sys.argv[:1], verbosity=2)
