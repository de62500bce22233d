"""Every aws command of the operations guide, as it stands there, with the real CLI against `gwrun sim`: sim_guide.py GWRUN

Only `aws ecs execute-command` is not here: the CLI hands it to another program. Placeholders are filled in, and `watch` looks once. Where the guide's own command is wrong, what AWS answers to it is expected."""

import json
import re
import signal
import subprocess
import sys
import unittest

import moto
import sim

moto.require("aws", "curl")
GWRUN = sys.argv.pop(1)
FOLLOW_SECONDS = 60

SERVICE = "busyb-google-workspace-mcp-service"
REVISION = "arn:aws:ecs:us-east-1:758888582357:task-definition/busyb-google-workspace-mcp:"

UPDATE = """aws ecs update-service \\
  --cluster busyb-cluster \\
  --service busyb-google-workspace-mcp-service \\
"""
DESCRIBE = """aws ecs describe-services \\
  --cluster busyb-cluster \\
  --services busyb-google-workspace-mcp-service \\
"""
RUNNING_TASK = """TASK_ARN=$(aws ecs list-tasks \\
  --cluster busyb-cluster \\
  --service-name busyb-google-workspace-mcp-service \\
  --desired-status RUNNING \\
  --query 'taskArns[0]' \\
  --output text \\
  --region us-east-1)
"""
REGISTER = """aws ecs register-task-definition \\
  --cli-input-json file://ecs/task-definition-google-workspace-mcp.json \\
  --region us-east-1
"""
NEW_REVISION = """NEW_REVISION=$(aws ecs describe-task-definition \\
  --task-definition busyb-google-workspace-mcp \\
  --query 'taskDefinition.revision' \\
  --output text \\
  --region us-east-1)
"""
WAIT = """aws ecs wait services-stable \\
  --cluster busyb-cluster \\
  --services busyb-google-workspace-mcp-service \\
  --region us-east-1
"""
STATISTICS = """aws cloudwatch get-metric-statistics \\
  --namespace AWS/ECS \\
  --metric-name {metric} \\
  --dimensions Name=ServiceName,Value=busyb-google-workspace-mcp-service Name=ClusterName,Value=busyb-cluster \\
  --start-time $(date -u -d '{since}' +%Y-%m-%dT%H:%M:%S) \\
  --end-time $(date -u +%Y-%m-%dT%H:%M:%S) \\
  --period {period} \\
  --statistics {names} \\
  --region us-east-1
"""
SCALABLE = """--service-namespace ecs \\
  --scalable-dimension ecs:service:DesiredCount \\
  --resource-id service/busyb-cluster/busyb-google-workspace-mcp-service \\
"""
TARGET_GROUP = "arn:aws:elasticloadbalancing:us-east-1:758888582357:targetgroup/busyb-google-workspace/32e64755db77f32e"
RULE = "arn:aws:elasticloadbalancing:us-east-1:758888582357:listener-rule/app/busyb-alb/5111c2db275a2af3/55b0b891b903df23/92304d50b03b02d4"
TARGET_HEALTH = f"""aws elbv2 describe-target-health \\
  --target-group-arn {TARGET_GROUP} \\
  --region us-east-1
"""
INSTANCES = """aws servicediscovery list-instances \\
  --service-id srv-gxethbb34gto3cbr \\
  --region us-east-1
"""


WORLD = None


def setUpModule():
    global WORLD
    WORLD = sim.Simulator(GWRUN, "--speed", "60")
    unittest.addModuleCleanup(WORLD.close)
    WORLD.program("watch", 'exec sh -c "$3"')


class Section(unittest.TestCase):
    """A section of the guide. The world begins with a bad revision deployed."""

    def put_good_revision(self):
        if self.answer(DESCRIBE + "  --query 'services[0].taskDefinition'") != f"{REVISION}2":
            self.run_shell(UPDATE + "  --task-definition busyb-google-workspace-mcp:2 \\\n  --region us-east-1")
            self.run_shell(WAIT)

    def run_shell(self, text):
        code, out, err = WORLD.shell(text)
        self.assertEqual(code, 0, f"{text}\n{out}{err}")
        return out

    def answer(self, text):
        return json.loads(self.run_shell(text))

    def refused(self, text):
        code, out, err = WORLD.shell(text)
        self.assertNotEqual(code, 0, out)
        return err.strip()

    def needs_second_cli(self):
        if not sim.CLI_IS_SECOND:
            self.skipTest("the aws CLI here is of version 1, which has no `logs tail`")


class Status(Section):
    def setUp(self):
        self.put_good_revision()

    def test_quick_status(self):
        found = self.answer(DESCRIBE + """\
  --query 'services[0].{Status:status,Running:runningCount,Desired:desiredCount,Pending:pendingCount,Events:events[0:5]}' \\
  --output json \\
  --region us-east-1""")
        self.assertEqual([found[name] for name in ("Status", "Running", "Desired", "Pending")], ["ACTIVE", 1, 1, 0])
        self.assertIn(f"(service {SERVICE}) has reached a steady state.", [event["message"] for event in found["Events"]])

    def test_whole_description(self):
        service = self.answer(DESCRIBE + "  --region us-east-1")["services"][0]
        self.assertEqual((service["status"], service["launchType"], service["deployments"][0]["status"]), ("ACTIVE", "FARGATE", "PRIMARY"))
        self.assertEqual(service["loadBalancers"], [
            {"targetGroupArn": TARGET_GROUP, "containerName": "busyb-google-workspace-mcp", "containerPort": 8000}])

    def test_tasks(self):
        arns = self.answer("""aws ecs list-tasks \\
  --cluster busyb-cluster \\
  --service-name busyb-google-workspace-mcp-service \\
  --desired-status RUNNING \\
  --region us-east-1""")["taskArns"]
        self.assertRegex(arns[0], r"^arn:aws:ecs:us-east-1:758888582357:task/busyb-cluster/[0-9a-f]{32}$")
        task = self.answer(RUNNING_TASK + """
aws ecs describe-tasks \\
  --cluster busyb-cluster \\
  --tasks ${TASK_ARN} \\
  --query 'tasks[0].{TaskArn:taskArn,Status:lastStatus,Health:healthStatus,IP:attachments[0].details[?name==`privateIPv4Address`].value|[0],"""
                           """StartedAt:startedAt,CPU:cpu,Memory:memory}' \\
  --output json \\
  --region us-east-1""")
        self.assertEqual([task[name] for name in ("TaskArn", "Status", "Health", "CPU", "Memory")],
                         [arns[0], "RUNNING", "HEALTHY", "512", "1024"])
        self.assertRegex(task["IP"], r"^10\.0\.10\.\d+$")
        container = self.answer(RUNNING_TASK + """
aws ecs describe-tasks \\
  --cluster busyb-cluster \\
  --tasks ${TASK_ARN} \\
  --query 'tasks[0].containers[0].{Name:name,Health:healthStatus,Status:lastStatus,ExitCode:exitCode}' \\
  --output json \\
  --region us-east-1""")
        self.assertEqual((container["Name"], container["Status"], container["ExitCode"]), ("busyb-google-workspace-mcp", "RUNNING", None))

    def test_targets(self):
        target = self.answer(TARGET_HEALTH)["TargetHealthDescriptions"][0]
        self.assertRegex(target["Target"]["Id"], r"^10\.0\.10\.\d+$")
        self.assertEqual((target["Target"]["Port"], target["HealthCheckPort"]), (8000, "8000"))
        self.assertEqual(target["TargetHealth"], {"State": "healthy"})

    def test_service_discovery(self):
        found = self.answer("""aws servicediscovery get-service \\
  --id srv-gxethbb34gto3cbr \\
  --region us-east-1""")["Service"]
        self.assertEqual((found["Name"], found["DnsConfig"]["DnsRecords"]), ("google-workspace", [{"Type": "A", "TTL": 60}]))
        self.assertEqual(len(self.answer(INSTANCES)["Instances"]), 1)

    def test_metrics(self):
        for metric, low, high in (("CPUUtilization", 0, 100), ("MemoryUtilization", 30, 50)):
            with self.subTest(metric):
                points = self.answer(STATISTICS.format(metric=metric, since="1 hour ago", period=300, names="Average Maximum"))["Datapoints"]
                self.assertIn(len(points), (12, 13))  # periods begin with the start, to the minute
                for point in points:
                    self.assertTrue(low < point["Average"] <= point["Maximum"] <= high, point)
                    self.assertEqual(point["Unit"], "Percent")


class Logs(Section):
    def tail(self, *options):
        self.needs_second_cli()
        return self.run_shell(f"aws logs tail /ecs/busyb-google-workspace-mcp {' '.join(options)} --region us-east-1").splitlines()

    def follow(self, *options):
        """The first line of a tail that goes on until Ctrl-C."""
        self.needs_second_cli()
        command = [sim.CLI, "--endpoint-url", WORLD.url, "logs", "tail", "/ecs/busyb-google-workspace-mcp", "--follow", *options,
                   "--region", "us-east-1"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   env=WORLD.environment(**WORLD.exports))
        watchdog = moto.threading.Timer(FOLLOW_SECONDS, process.kill)
        watchdog.start()
        line = process.stdout.readline().decode()
        watchdog.cancel()
        moto.stop(process, signal.SIGINT)
        process.stdout.close()
        return line

    def test_since(self):
        hour, half = self.tail("--since", "1h"), self.tail("--since", "30m")
        self.assertTrue(len(hour) > len(half) > 0, (len(hour), len(half)))
        line = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00 ecs/busyb-google-workspace-mcp/[0-9a-f]{32} ")
        for one in hour:
            self.assertRegex(one, line)
        self.assertTrue(len(self.tail("--since", "2025-11-12T10:00:00")) > len(hour))

    def test_patterns(self):
        for pattern, since, least in (("OAuth", "1h", 1), ("Authentication", "1h", 0), ('\\"/health\\"', "5m", 1)):
            with self.subTest(pattern):
                found = self.tail("--since", since, "--filter-pattern", f'"{pattern}"')
                self.assertTrue(len(found) >= least and all(pattern.strip('\\"') in one for one in found), found)
        # the guide leaves out the quotation marks that a term with other signs than letters and digits needs
        self.assertIn("Invalid character(s) in term '/health'", self.refused(
            'aws logs tail /ecs/busyb-google-workspace-mcp --since 5m --filter-pattern "/health" --region us-east-1'))

    def test_follow(self):
        self.assertIn("ecs/busyb-google-workspace-mcp/", self.follow())
        self.assertIn("ERROR", self.follow("--filter-pattern", "ERROR", "--since", "7d"))

    def test_streams(self):
        streams = self.answer("""aws logs describe-log-streams \\
  --log-group-name /ecs/busyb-google-workspace-mcp \\
  --order-by LastEventTime \\
  --descending \\
  --max-items 10 \\
  --region us-east-1""")["logStreams"]
        times = [stream["lastEventTimestamp"] for stream in streams]
        self.assertEqual(times, sorted(times, reverse=True))
        read = """
aws logs get-log-events \\
  --log-group-name /ecs/busyb-google-workspace-mcp \\
  --log-stream-name ${LOG_STREAM} \\
  --limit 100 \\
  --region us-east-1"""
        events = self.answer(f'LOG_STREAM="{streams[0]["logStreamName"]}"\n{read}')["events"]
        self.assertTrue(0 < len(events) <= 100)
        self.assertIn("(ResourceNotFoundException)", self.refused(f'LOG_STREAM="ecs/busyb-google-workspace-mcp/abc123def456"\n{read}'))

    def test_query(self):
        started = self.answer("""aws logs start-query \\
  --log-group-name /ecs/busyb-google-workspace-mcp \\
  --start-time $(date -u -d '1 hour ago' +%s) \\
  --end-time $(date -u +%s) \\
  --query-string 'fields @timestamp, @message | filter @message like /ERROR/ | stats count() by bin(5m)' \\
  --region us-east-1""")
        for _ in range(30):
            found = self.answer(f"aws logs get-query-results --query-id {started['queryId']} --region us-east-1")
            if found["status"] == "Complete":
                break
        self.assertEqual(found["status"], "Complete")
        for row in found["results"]:
            self.assertEqual([cell["field"] for cell in row], ["bin(5m)", "count()"])

    def test_export(self):
        command = """aws logs create-export-task \\
  --log-group-name /ecs/busyb-google-workspace-mcp \\
  --from $(date -u -d '7 days ago' +%s)000 \\
  --to $(date -u +%s)000 \\
  --destination {destination} \\
  --destination-prefix google-workspace-mcp/logs/$(date +%Y/%m/%d) \\
  --region us-east-1"""
        # the guide's address is none: the API takes the bucket's name
        self.assertIn("(InvalidParameterException)", self.refused(command.format(destination="s3://your-log-archive-bucket")))
        self.assertRegex(self.answer(command.format(destination="your-log-archive-bucket"))["taskId"], r"^[0-9a-f-]{36}$")

    def test_retention(self):
        retention = """aws logs describe-log-groups \\
  --log-group-name-prefix /ecs/busyb-google-workspace-mcp \\
  --query 'logGroups[0].retentionInDays' \\
  --region us-east-1"""
        self.assertEqual(self.answer(retention), 30)
        self.run_shell("""aws logs put-retention-policy \\
  --log-group-name /ecs/busyb-google-workspace-mcp \\
  --retention-in-days 60 \\
  --region us-east-1""")
        self.assertEqual(self.answer(retention), 60)


class Scaling(Section):
    def test_up_and_down(self):
        self.put_good_revision()
        for count in (2, 1):
            with self.subTest(count):
                changed = self.answer(f"{UPDATE}  --desired-count {count} \\\n  --region us-east-1")["service"]
                self.assertEqual(changed["desiredCount"], count)
                self.run_shell(WAIT)
                table = self.run_shell("""watch -n 5 'aws ecs describe-services \\
  --cluster busyb-cluster \\
  --services busyb-google-workspace-mcp-service \\
  --query "services[0].{Desired:desiredCount,Running:runningCount,Pending:pendingCount}" \\
  --output table \\
  --region us-east-1'""")
                self.assertEqual(re.findall(r"\d+", table), [str(count), "0", str(count)])

    def test_auto_scaling(self):
        self.run_shell(f"""aws application-autoscaling register-scalable-target \\
  {SCALABLE}  --min-capacity 1 \\
  --max-capacity 4 \\
  --region us-east-1""")
        self.run_shell(f"""aws application-autoscaling put-scaling-policy \\
  {SCALABLE}  --policy-name busyb-google-workspace-cpu-scaling \\
  --policy-type TargetTrackingScaling \\
  --target-tracking-scaling-policy-configuration '{{
    "TargetValue": 70.0,
    "PredefinedMetricSpecification": {{
      "PredefinedMetricType": "ECSServiceAverageCPUUtilization"
    }},
    "ScaleOutCooldown": 60,
    "ScaleInCooldown": 180
  }}' \\
  --region us-east-1""")
        show = """aws application-autoscaling describe-scaling-policies \\
  --service-namespace ecs \\
  --resource-id service/busyb-cluster/busyb-google-workspace-mcp-service \\
  --region us-east-1"""
        policy = self.answer(show)["ScalingPolicies"][0]
        self.assertEqual(policy["TargetTrackingScalingPolicyConfiguration"], {
            "TargetValue": 70.0, "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
            "ScaleOutCooldown": 60, "ScaleInCooldown": 180})
        self.run_shell(f"""aws application-autoscaling delete-scaling-policy \\
  {SCALABLE}  --policy-name busyb-google-workspace-cpu-scaling \\
  --region us-east-1""")
        self.run_shell(f"""aws application-autoscaling deregister-scalable-target \\
  {SCALABLE}  --region us-east-1""")
        self.assertEqual(self.answer(show)["ScalingPolicies"], [])


class Deployments(Section):
    def task_definition(self, image):
        """The file that the guide says to edit."""
        found = self.answer("aws ecs describe-task-definition --task-definition busyb-google-workspace-mcp:2 --query taskDefinition")
        for name in ("taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt", "registeredBy"):
            found.pop(name, None)
        found["containerDefinitions"][0]["image"] = image
        WORLD.write("ecs/task-definition-google-workspace-mcp.json", json.dumps(found))

    def test_force(self):
        changed = self.answer(UPDATE + "  --force-new-deployment \\\n  --region us-east-1")["service"]
        self.assertEqual([one["status"] for one in changed["deployments"]][0], "PRIMARY")
        self.assertEqual(len({one["id"] for one in changed["deployments"]}), len(changed["deployments"]))

    def test_new_revision(self):
        self.task_definition("758888582357.dkr.ecr.us-east-1.amazonaws.com/busyb-google-workspace-mcp:c41d7e0")
        made = self.answer(REGISTER)["taskDefinition"]
        new = made["taskDefinitionArn"]
        self.assertEqual((int(new.removeprefix(REVISION)) > 4, made["status"]), (True, "ACTIVE"))
        changed = self.answer(NEW_REVISION + UPDATE + """\
  --task-definition busyb-google-workspace-mcp:${NEW_REVISION} \\
  --region us-east-1""")["service"]
        self.assertEqual(changed["taskDefinition"], new)
        events = self.run_shell("""watch -n 5 'aws ecs describe-services \\
  --cluster busyb-cluster \\
  --services busyb-google-workspace-mcp-service \\
  --query "services[0].events[0:5]" \\
  --output table \\
  --region us-east-1'""")
        self.assertIn(f"(service {SERVICE}) has", events)
        self.assertEqual(self.run_shell(WAIT + '\necho "Deployment complete!"'), "Deployment complete!\n")
        deployments = self.answer(DESCRIBE + "  --query 'services[0].deployments' \\\n  --output json \\\n  --region us-east-1")
        self.assertEqual([(one["status"], one["taskDefinition"], one["rolloutState"]) for one in deployments],
                         [("PRIMARY", new, "COMPLETED")])

    def test_new_environment(self):
        self.task_definition("758888582357.dkr.ecr.us-east-1.amazonaws.com/busyb-google-workspace-mcp:latest")
        new = self.answer(REGISTER)["taskDefinition"]["taskDefinitionArn"]
        changed = self.answer(NEW_REVISION + UPDATE + """\
  --task-definition busyb-google-workspace-mcp:${NEW_REVISION} \\
  --force-new-deployment \\
  --region us-east-1""")["service"]
        self.assertEqual(changed["deployments"][0]["taskDefinition"], new)


class Rollback(Section):
    def test_rollback(self):
        arns = self.answer("""aws ecs list-task-definitions \\
  --family-prefix busyb-google-workspace-mcp \\
  --sort DESC \\
  --max-items 5 \\
  --region us-east-1""")["taskDefinitionArns"]
        self.assertEqual(arns[-3:], [f"{REVISION}3", f"{REVISION}2", f"{REVISION}1"])
        self.run_shell(UPDATE + """\
  --task-definition busyb-google-workspace-mcp:2 \\
  --force-new-deployment \\
  --region us-east-1""")
        self.run_shell(WAIT)
        self.assertEqual(self.run_shell(DESCRIBE + """\
  --query 'services[0].taskDefinition' \\
  --output text \\
  --region us-east-1"""), f"{REVISION}2\n")
        self.assertEqual(self.answer(DESCRIBE + """\
  --query 'services[0].{Running:runningCount,Desired:desiredCount}' \\
  --region us-east-1"""), {"Running": 1, "Desired": 1})

    def test_emergency_rollback(self):
        stopped = self.run_shell("""TASK_ARNS=$(aws ecs list-tasks \\
  --cluster busyb-cluster \\
  --service-name busyb-google-workspace-mcp-service \\
  --query 'taskArns' \\
  --output text \\
  --region us-east-1)

for TASK_ARN in ${TASK_ARNS}; do
  aws ecs stop-task \\
    --cluster busyb-cluster \\
    --task ${TASK_ARN} \\
    --reason "Emergency rollback" \\
    --region us-east-1
done""")
        self.assertIn('"stoppedReason": "Emergency rollback"', stopped)
        for _ in range(20):  # looked at before the long wait: ECS forgets a stopped task in an hour, which is a minute here
            reason = self.answer("""STOPPED_TASK=$(aws ecs list-tasks \\
  --cluster busyb-cluster \\
  --service-name busyb-google-workspace-mcp-service \\
  --desired-status STOPPED \\
  --query 'taskArns[0]' \\
  --output text \\
  --region us-east-1)

aws ecs describe-tasks \\
  --cluster busyb-cluster \\
  --tasks ${STOPPED_TASK} \\
  --query 'tasks[0].{StoppedReason:stoppedReason,StoppedAt:stoppedAt,Containers:containers[0].{ExitCode:exitCode,Reason:reason}}' \\
  --output json \\
  --region us-east-1""")
            if reason["StoppedAt"]:
                break
        self.assertTrue(reason["StoppedAt"] and reason["StoppedReason"], reason)
        self.run_shell(UPDATE + """\
  --task-definition busyb-google-workspace-mcp:2 \\
  --force-new-deployment \\
  --region us-east-1""")
        self.run_shell(WAIT)
        self.assertEqual(self.answer("""watch -n 2 'aws ecs describe-services \\
  --cluster busyb-cluster \\
  --services busyb-google-workspace-mcp-service \\
  --query "services[0].{Running:runningCount,Desired:desiredCount}" \\
  --region us-east-1'"""), {"Running": 1, "Desired": 1})

    def test_path_prefix(self):
        curl = f"curl -s -k -o /dev/null -w '%{{http_code}}' -x {WORLD.url}"
        outside = f"{curl} http://busyb-alb-1791678277.us-east-1.elb.amazonaws.com"
        inside = f"{curl} http://google-workspace.busyb.local:8000/health"
        self.put_good_revision()
        self.assertEqual((self.run_shell(f"{outside}/google-workspace/health"), self.run_shell(inside)), ("404", "200"))
        delete = f"""aws elbv2 delete-rule \\
  --rule-arn {RULE} \\
  --region us-east-1"""
        create = f"""aws elbv2 create-rule \\
  --listener-arn arn:aws:elasticloadbalancing:us-east-1:758888582357:listener/app/busyb-alb/5111c2db275a2af3/55b0b891b903df23 \\
  --priority 50 \\
  --conditions Field=path-pattern,Values='/mcp/google-workspace*' \\
  --actions Type=forward,TargetGroupArn={TARGET_GROUP} \\
  --region us-east-1"""
        self.assertIn("(PriorityInUse)", self.refused(create))
        self.run_shell(delete)
        made = self.answer(create)["Rules"][0]
        self.assertEqual((made["Priority"], made["Conditions"][0]["Values"]), ("50", ["/mcp/google-workspace*"]))
        self.assertIn("(RuleNotFound)", self.refused(delete))


class Troubleshooting(Section):
    def test_health_of_the_container(self):
        self.assertEqual(self.answer(RUNNING_TASK + """
aws ecs describe-tasks \\
  --cluster busyb-cluster \\
  --tasks ${TASK_ARN} \\
  --query 'tasks[0].containers[0].{Health:healthStatus,LastStatus:lastStatus}' \\
  --region us-east-1""")["LastStatus"], "RUNNING")

    def test_secrets_bucket_and_policy(self):
        self.assertEqual(json.loads(self.run_shell("""aws secretsmanager get-secret-value \\
  --secret-id busyb/google-oauth-client-id \\
  --query 'SecretString' \\
  --output text \\
  --region us-east-1""")).keys(), {"GOOGLE_OAUTH_CLIENT_ID"})
        self.assertEqual(self.run_shell("aws s3 ls s3://busyb-oauth-tokens-758888582357/").split(), ["PRE", "tokens/"])
        policy = self.answer("""aws iam get-role-policy \\
  --role-name busyb-google-workspace-mcp-task-role \\
  --policy-name busyb-google-workspace-mcp-policy \\
  --region us-east-1""")
        self.assertEqual(policy["PolicyDocument"]["Statement"][1]["Action"], "s3:ListBucket")


class Maintenance(Section):
    def test_access_keys(self):
        made = self.answer("aws iam create-access-key --user-name github-actions-google-workspace-mcp")["AccessKey"]
        keys = "aws iam list-access-keys --user-name github-actions-google-workspace-mcp --query 'AccessKeyMetadata[].AccessKeyId'"
        old = [key for key in self.answer(keys) if key != made["AccessKeyId"]]
        self.run_shell(f"""aws iam delete-access-key \\
  --user-name github-actions-google-workspace-mcp \\
  --access-key-id {old[0]}""")
        self.assertEqual(self.answer(keys), [made["AccessKeyId"]])

    def test_google_credentials(self):
        for secret, name, value in (("client-id", "GOOGLE_OAUTH_CLIENT_ID", "new-client-id"),
                                    ("client-secret", "GOOGLE_OAUTH_CLIENT_SECRET", "new-client-secret")):
            self.run_shell(f"""aws secretsmanager update-secret \\
  --secret-id busyb/google-oauth-{secret} \\
  --secret-string '{{"{name}":"{value}"}}' \\
  --region us-east-1""")
            self.assertEqual(self.run_shell(f"aws secretsmanager get-secret-value --secret-id busyb/google-oauth-{secret} "
                                            "--query SecretString --output text"), f'{{"{name}":"{value}"}}\n')

    def test_cost(self):
        week = self.answer(STATISTICS.format(metric="CPUUtilization", since="7 days ago", period=86400, names="Average"))["Datapoints"]
        self.assertIn(len(week), (7, 8))

    def test_old_tokens(self):
        lines = self.run_shell("aws s3 ls s3://busyb-oauth-tokens-758888582357/ --recursive").splitlines()
        self.assertEqual([line.split()[3] for line in lines], [
            "tokens/ana@example.com.json", "tokens/ben@example.com.json", "tokens/eva@example.com.json", "tokens/tom@example.com.json"])
        rules = {"Rules": [{"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "tokens/"}, "Expiration": {"Days": 90}}]}
        WORLD.write("s3-lifecycle-policy.json", json.dumps(rules))
        self.run_shell("""aws s3api put-bucket-lifecycle-configuration \\
  --bucket busyb-oauth-tokens-758888582357 \\
  --lifecycle-configuration file://s3-lifecycle-policy.json""")
        self.assertEqual(self.answer("aws s3api get-bucket-lifecycle-configuration --bucket busyb-oauth-tokens-758888582357")["Rules"], rules["Rules"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
