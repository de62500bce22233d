"""gwrun policy: the IAM policy of a runbook, from its declaration and what is seen of its calls."""

import json

import gwrun

SCRIPT = """
local aws = require "aws"
local ecs = require "ecs"
return { title = "t", summary = "s", region = "eu-west-1",
  params = {
    cluster = { type = "string", default = "blue" }, service = { type = "string", required = true }, n = { type = "integer", default = 2 },
    target_group = { type = "arn", default = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/web/0123456789abcdef" },
  },
  needs = { aws = { %s } },
  run = function(rb, p)
    local which = { cluster = p.cluster, service = p.service }
    rb:step("s", { check = function() end, change = function()
%s
    end })
  end }
"""

SERVICES = ["application-autoscaling", "cloudtrail", "cloudwatch", "ecr", "ecs", "elbv2", "iam", "logs", "s3", "secretsmanager",
            "servicediscovery", "sns", "ssm", "sts"]

# Operations of which the Service Authorization Reference does not tell.
NOT_TOLD = {"cloudtrail:ListInsightsMetricData", "cloudwatch:DescribeAlarmContributors", "ecr:ListImageReferrers",
            "iam:UpdateDelegationRequest", "logs:GetLogObject", "s3:RenameObject", "s3express:CreateSession",
            "s3express:ListAllMyDirectoryBuckets", "s3-object-lambda:WriteGetObjectResponse"}


OWN = ("IamPreflightRights", "IamPreflightRole", "CloudtrailWatch")


class Policy(gwrun.Case):
    def policy(self, needs, body, *args, err=""):
        """What the runbook needs; what gwrun reads for itself has a test of its own."""
        return [one for one in self.whole_policy(needs, body, *args, err=err) if one["Sid"] not in OWN]

    def whole_policy(self, needs, body, *args, err=""):
        self.write("x.lua", SCRIPT % (", ".join(f'"{action}"' for action in needs.split()), body))
        result = self.gwrun("policy", "./x.lua", *args)
        self.assertEqual((result.code, result.err), (gwrun.OK, err), result)
        policy = json.loads(result.out)
        self.assertEqual(list(policy), ["Version", "Statement"])
        self.assertEqual(policy["Version"], "2012-10-17")
        return policy["Statement"]

    def assert_scoped(self, action, body, *resources, condition=None, args=("--service", "web")):
        """The one statement with this action names these resources."""
        found = [one for one in self.policy(action, body, *args) if action in one["Action"]]
        self.assertEqual([(one["Resource"], one.get("Condition")) for one in found], [(list(resources), condition)])

    def test_statements_group_actions_with_the_same_resources_in_a_fixed_order(self):
        self.assertEqual(self.policy("ecs:UpdateService ecs:DescribeServices elasticloadbalancing:DescribeTargetHealth", """
            aws.elbv2.describe_target_health { TargetGroupArn = p.target_group }
            aws.ecs.update_service { cluster = p.cluster, service = p.service }
            ecs.get_service(which)""", "--service", "web"), [
                {"Sid": "EcsService", "Effect": "Allow", "Action": ["ecs:DescribeServices", "ecs:UpdateService"],
                 "Resource": ["arn:aws:ecs:eu-west-1:111122223333:service/blue/web"]},
                {"Sid": "ElasticloadbalancingWithoutResources", "Effect": "Allow",
                 "Action": ["elasticloadbalancing:DescribeTargetHealth"], "Resource": ["*"]}])

    def test_what_the_engine_reads_for_itself(self):
        def own(needs, body):
            return [one for one in self.whole_policy(needs, body) if one["Sid"] in OWN]
        rights = {"Sid": "IamPreflightRights", "Effect": "Allow", "Action": ["iam:SimulatePrincipalPolicy"],
                  "Resource": ["arn:aws:iam::111122223333:role/*", "arn:aws:iam::111122223333:user/*"]}
        role = {"Sid": "IamPreflightRole", "Effect": "Allow", "Action": ["iam:GetRole"], "Resource": ["arn:aws:iam::111122223333:role/*"]}
        watch = {"Sid": "CloudtrailWatch", "Effect": "Allow", "Action": ["cloudtrail:LookupEvents"], "Resource": ["*"]}
        change = "aws.ecs.update_service { cluster = p.cluster, service = p.service }"
        self.assertEqual(own("ecs:DescribeServices", "ecs.get_service(which)"), [])
        self.assertEqual(own("ecs:UpdateService", change), [rights, role])
        self.assertEqual(own("ecs:UpdateService", "rb:watch('x', function() return {} end) " + change), [watch, rights, role])

    def test_parameters_account_and_region_are_as_given(self):
        body = "aws.ecs.update_service { cluster = p.cluster, service = p.service }"
        for args, arn in (((), "arn:aws:ecs:eu-west-1:111122223333:service/blue/*"),
                          (("--cluster", "green", "--service", "api"), "arn:aws:ecs:eu-west-1:111122223333:service/green/api"),
                          (("--account", "444455556666", "--region", "us-gov-west-1"),
                           "arn:aws-us-gov:ecs:us-gov-west-1:444455556666:service/blue/*")):
            with self.subTest(args):
                self.assert_scoped("ecs:UpdateService", body, arn, args=args)

    def test_parameters_come_from_files_too(self):
        self.write("p.json", '{ "service": "api" }')
        body = "aws.ecs.update_service { cluster = p.cluster, service = p.service }"
        self.assert_scoped("ecs:UpdateService", body, "arn:aws:ecs:eu-west-1:111122223333:service/blue/api", args=("--params", "p.json"))

    def test_a_client_of_another_region_or_profile_is_there(self):
        for settings, arn in (('region = "us-west-2"', "arn:aws:ecs:us-west-2:111122223333:service/blue/web"),
                              ('profile = "ops"', "arn:aws:ecs:eu-west-1:*:service/blue/web"),
                              ("region = rb:ask('where')", "arn:aws:ecs:*:111122223333:service/blue/web")):
            with self.subTest(settings):
                self.assert_scoped("ecs:DescribeServices", f"aws.client('ecs', {{ {settings} }})"
                                   ".describe_services { cluster = p.cluster, services = { p.service } }", arn)

    def test_resources_are_named_as_their_services_name_them(self):
        where = "eu-west-1:111122223333"
        for action, body, *resources in (
            ("ecs:StopTask", "aws.ecs.stop_task { cluster = p.cluster, task = rb:ask 'x' }", f"arn:aws:ecs:{where}:task/blue/*"),
            ("ecs:DeregisterTaskDefinition", "aws.ecs.deregister_task_definition { taskDefinition = 'web:3' }", "*"),
            ("ecs:DeleteTaskDefinitions", "aws.ecs.delete_task_definitions { taskDefinitions = { 'web:3', 'web:4' } }",
             f"arn:aws:ecs:{where}:task-definition/web:3", f"arn:aws:ecs:{where}:task-definition/web:4"),
            ("ecs:ExecuteCommand", "aws.ecs.execute_command { cluster = 'arn:aws:ecs:eu-west-1:1:cluster/x', task = 't', command = 'ls' }",
             f"arn:aws:ecs:{where}:task/x/t", "arn:aws:ecs:eu-west-1:1:cluster/x"),
            ("elasticloadbalancing:DeregisterTargets", "aws.elbv2.deregister_targets { TargetGroupArn = p.target_group, Targets = {} }",
             f"arn:aws:elasticloadbalancing:{where}:targetgroup/web/0123456789abcdef"),
            ("logs:FilterLogEvents", "aws.logs.filter_log_events { logGroupName = '/ecs/' .. p.service }",
             f"arn:aws:logs:{where}:log-group:/ecs/web:*"),
            ("logs:GetLogEvents", "aws.logs.get_log_events { logGroupName = '/ecs/web', logStreamName = ('a/%s'):format(rb:ask 'x') }",
             f"arn:aws:logs:{where}:log-group:/ecs/web:log-stream:a/*"),
            ("logs:TagResource", "aws.logs.tag_resource { resourceArn = 'arn:aws:logs:eu-west-1:1:log-group:x', tags = {} }",
             "arn:aws:logs:eu-west-1:1:log-group:x"),
            ("cloudwatch:PutMetricAlarm", "aws.cloudwatch.put_metric_alarm { AlarmName = 'cpu' }", f"arn:aws:cloudwatch:{where}:alarm:cpu"),
            ("secretsmanager:GetSecretValue", "aws.secretsmanager.get_secret_value { SecretId = 'db' }",
             f"arn:aws:secretsmanager:{where}:secret:db-??????"),
            ("ssm:GetParameter", "aws.ssm.get_parameter { Name = '/web/key' }", f"arn:aws:ssm:{where}:parameter/web/key"),
            ("s3:PutObject", "aws.s3.put_object { Bucket = 'b', Key = 'backup/' .. rb:ask 'x' }", "arn:aws:s3:::b/backup/*"),
            ("sns:Publish", "aws.sns.publish { TopicArn = 'arn:aws:sns:eu-west-1:1:pager', Message = 'x' }", "arn:aws:sns:eu-west-1:1:pager"),
            ("ecr:DescribeImages", "aws.ecr.describe_images { repositoryName = 'web' }", f"arn:aws:ecr:{where}:repository/web"),
            ("cloudtrail:LookupEvents", "aws.cloudtrail.lookup_events {}", "*"),
            ("servicediscovery:GetService", "aws.servicediscovery.get_service { Id = 'srv-1' }", f"arn:aws:servicediscovery:{where}:service/srv-1"),
            ("sts:AssumeRole", "aws.sts.assume_role { RoleArn = 'arn:aws:iam::1:role/ops', RoleSessionName = 'x' }", "arn:aws:iam::1:role/ops"),
        ):
            with self.subTest(action):
                self.assert_scoped(action, body, *resources)

    def test_conditions_where_the_resource_does_not_say_it(self):
        cluster = {"ArnEquals": {"ecs:cluster": "arn:aws:ecs:eu-west-1:111122223333:cluster/blue"}}
        self.assert_scoped("ecs:ListTasks", "aws.ecs.list_tasks { cluster = p.cluster }", "*", condition=cluster)
        self.assert_scoped("ecs:RunTask", "aws.ecs.run_task { cluster = p.cluster, taskDefinition = 'job' }",
                           "arn:aws:ecs:eu-west-1:111122223333:task-definition/job:*", condition=cluster)
        self.assert_scoped("cloudwatch:PutMetricData", "aws.cloudwatch.put_metric_data { Namespace = 'Ops', MetricData = {} }", "*",
                           condition={"StringEquals": {"cloudwatch:namespace": "Ops"}})

    def test_what_hands_over_a_role_may_pass_it(self):
        passed = [one for one in self.policy("ecs:RegisterTaskDefinition", """
            aws.ecs.register_task_definition { family = "web", containerDefinitions = {}, taskRoleArn = "web-task",
              executionRoleArn = "arn:aws:iam::111122223333:role/exec" }""") if one["Action"] == ["iam:PassRole"]]
        self.assertEqual(passed, [{
            "Sid": "IamPassRole", "Effect": "Allow", "Action": ["iam:PassRole"],
            "Resource": ["arn:aws:iam::111122223333:role/exec", "arn:aws:iam::111122223333:role/web-task"],
            "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}}])

    def test_what_makes_something_with_tags_may_tag_it_and_nothing_else(self):
        body = "aws.elbv2.create_rule { ListenerArn = 'arn:aws:elasticloadbalancing:eu-west-1:1:listener/app/a/1/2', Conditions = {}, Priority = 1, Actions = {} }"
        self.assertEqual([one["Action"] for one in self.policy("elasticloadbalancing:CreateRule", body)], [["elasticloadbalancing:CreateRule"]])
        tagging = [one for one in self.policy("elasticloadbalancing:CreateRule elasticloadbalancing:AddTags", body)
                   if one["Action"] == ["elasticloadbalancing:AddTags"]]
        self.assertEqual(tagging, [{
            "Sid": "ElasticloadbalancingByCreateAction", "Effect": "Allow", "Action": ["elasticloadbalancing:AddTags"], "Resource": ["*"],
            "Condition": {"StringEquals": {"elasticloadbalancing:CreateAction": "CreateRule"}}}])

    def test_operations_of_s3_have_actions_of_other_names(self):
        statements = self.policy("s3:ListObjectsV2 s3:UploadPart s3:CopyObject", """
            aws.s3.list_objects_v2 { Bucket = "b" }
            aws.s3.upload_part { Bucket = "b", Key = "k", PartNumber = 1, UploadId = "u" }
            aws.s3.copy_object { Bucket = "b", Key = "k", CopySource = "other/key" }""")
        self.assertEqual([(one["Action"], one["Resource"]) for one in statements], [
            (["s3:ListBucket"], ["arn:aws:s3:::b"]), (["s3:GetObject"], ["arn:aws:s3:::other/key"]),
            (["s3:PutObject"], ["arn:aws:s3:::b/k"])])

    def test_declared_and_not_seen_called_and_not_declared(self):
        self.assertEqual(self.policy("ecs:DescribeServices ecs:RunTask", "ecs.get_service(which)")[0], {
            "Sid": "EcsDeclaredButNotSeen", "Effect": "Allow", "Action": ["ecs:RunTask"], "Resource": ["*"]})
        self.assertEqual(self.policy("", "ecs.get_service(which)", err="gwrun: 'ecs:DescribeServices' is called, but not declared "
                                     "in needs.aws, and left out\n"), [])
        self.assertEqual(self.policy("sts:GetCallerIdentity", "aws.sts.get_caller_identity {}"), [])

    def test_wrong_use(self):
        self.write("x.lua", SCRIPT % ("", ""))
        for args, message in (((), "which runbook"), (("./nope.lua",), "cannot be opened"),
                              (("./x.lua", "--account", "12"), "option '--account': expected the 12 digits of an account, got '12'$"),
                              (("./x.lua", "--clustr", "x"), "unknown option '--clustr', did you mean '--cluster'")):
            with self.subTest(args):
                self.assert_ends(self.gwrun("policy", *args), gwrun.USAGE, message)
        self.write("x.lua", "return {")
        self.assert_ends(self.gwrun("policy", "./x.lua"), gwrun.SCRIPT, r"\./x\.lua:1:9: unexpected symbol near '<eof>'$")

    # ---- the data

    def everything(self):
        """The policy of a runbook that calls every operation of the services."""
        calls, prefixes = [], set()
        for service in SERVICES:
            model = json.loads(self.gwrun("models", "show", service, "--output", "json").out)
            for operation in model["operations"]:
                calls.append(f'aws.client("{service}").{operation["snake_name"]} {{}}')
                prefixes.add(operation["action"].split(":")[0] + ":*")
        return self.policy(" ".join(sorted(prefixes)), "\n".join(calls)), len(calls)

    def test_every_operation_of_the_services_is_known(self):
        statements, count = self.everything()
        self.assertGreater(count, 700)
        unknown = {action for one in statements if "NotInReference" in one["Sid"] for action in one["Action"]}
        self.assertEqual(unknown, NOT_TOLD)
        sids = [one["Sid"] for one in statements]
        self.assertEqual(len(sids), len(set(sids)))
        for one in statements:
            self.assertRegex(one["Sid"], r"\A[A-Za-z0-9]+\Z")
            self.assertEqual(one["Action"], sorted(one["Action"]))
            for arn in one["Resource"]:
                self.assertRegex(arn, r"\A(\*|arn:aws:[a-z0-9-]+:[a-z0-9*-]*:[0-9*]*:[^{}]+)\Z")

    def test_it_is_a_policy_to_moto(self):
        try:
            from moto.iam.policy_validation import IAMPolicyDocumentValidator
        except ImportError:
            self.skipTest("moto is not installed")
        newer = ("delegation-request", ":root")  # than moto's list of IAM's resources
        statements = [one for one in self.everything()[0] if not any(word in arn for arn in one["Resource"] for word in newer)]
        IAMPolicyDocumentValidator(json.dumps({"Version": "2012-10-17", "Statement": statements})).validate()
        with self.assertRaises(Exception):
            IAMPolicyDocumentValidator(json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}]})).validate()


if __name__ == "__main__":
    gwrun.main()
