"""The aws CLI, boto3 and curl against `gwrun sim`, beyond the commands of the operations guide: sim_cli.py GWRUN"""

import json
import os
import signal
import sys
import unittest

import moto
import sim

moto.require("aws", "curl")
boto3 = moto.module("boto3")
GWRUN = sys.argv.pop(1)
TARGET_GROUP = "arn:aws:elasticloadbalancing:us-east-1:758888582357:targetgroup/busyb-google-workspace/32e64755db77f32e"
LOGS = "--log-group-name /ecs/busyb-google-workspace-mcp --region us-east-1"


class Services(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = sim.Simulator(GWRUN, "--speed", "60")
        cls.addClassCleanup(cls.world.close)

    def run_shell(self, text, **env):
        code, out, err = self.world.shell(text, **env)
        self.assertEqual(code, 0, f"{text}\n{out}{err}")
        return out

    def answer(self, text, **env):
        return json.loads(self.run_shell(text, **env))

    def refused(self, text, **env):
        code, out, err = self.world.shell(text, **env)
        self.assertNotEqual(code, 0, out)
        return err.strip()

    # ---- logs

    def test_logs(self):
        streams = self.answer(f"aws logs describe-log-streams {LOGS} --order-by LastEventTime --descending --max-items 10")["logStreams"]
        self.assertTrue(streams[0]["logStreamName"].startswith("ecs/busyb-google-workspace-mcp/"), streams)
        name = streams[0]["logStreamName"]
        events = self.answer(f"aws logs get-log-events {LOGS} --log-stream-name {name} --limit 100")["events"]
        self.assertTrue(0 < len(events) <= 100)
        found = self.answer(f"aws logs filter-log-events {LOGS} --filter-pattern ERROR --max-items 5")["events"]
        self.assertTrue(all("ERROR" in event["message"] for event in found))
        self.assertEqual(self.answer(f"aws logs describe-log-groups --region us-east-1")["logGroups"][0]["retentionInDays"], 30)

    def query(self, text, hours=1):
        """The rows of a query, and its status on the way."""
        started = self.answer(f"aws logs start-query {LOGS} --start-time $(( $(date +%s) - {hours * 3600} )) --end-time $(( $(date +%s) + 36000 )) "
                              f"--query-string '{text}'")
        for _ in range(30):
            found = self.answer(f"aws logs get-query-results --query-id {started['queryId']} --region us-east-1")
            if found["status"] == "Complete":
                return [{cell["field"]: cell["value"] for cell in row} for row in found["results"]]
            self.assertEqual((found["status"], found["results"]), ("Running", []))
        self.fail("the query does not end")

    def test_queries(self):
        rows = self.query("fields @timestamp, @message | filter @message like /ERROR/ | stats count() by bin(5m)")
        self.assertTrue(rows)
        for row in rows:
            self.assertRegex(row["bin(5m)"], r"^\d{4}-\d\d-\d\d \d\d:\d[05]:00\.000$")
            self.assertTrue(int(row["count()"]) > 0)
        newest = self.query("fields @timestamp, @message | sort @timestamp desc | limit 3")
        self.assertEqual(len(newest), 3)
        self.assertEqual(sorted(newest[0]), ["@message", "@ptr", "@timestamp"])
        self.assertTrue(newest[0]["@timestamp"] >= newest[2]["@timestamp"])
        lines = self.query('fields @message | filter @message like "GET /health" and not (@message like /(?i)error|warn/) | limit 2')
        self.assertTrue(all("GET /health" in row["@message"] for row in lines))
        self.assertIn("(MalformedQueryException)", self.refused(
            f"aws logs start-query {LOGS} --start-time 0 --end-time 1 --query-string 'fields @message | fliter x'"))

    def test_export(self):
        create = (f"aws logs create-export-task {LOGS} --from $(( $(date +%s) - 604800 ))000 --to $(( $(date +%s) + 36000 ))000 "
                  "--destination-prefix google-workspace-mcp/logs/2025/11/12 --destination")
        self.assertIn("GetBucketAcl call on the given bucket failed", self.refused(f"{create} busyb-oauth-tokens-758888582357"))
        task = self.answer(f"{create} your-log-archive-bucket")["taskId"]
        for _ in range(30):
            found = self.answer(f"aws logs describe-export-tasks --task-id {task}")["exportTasks"][0]
            if found["status"]["code"] != "RUNNING":
                break
        self.assertEqual(found["status"]["code"], "COMPLETED")
        keys = self.answer("aws s3api list-objects-v2 --bucket your-log-archive-bucket --prefix google-workspace-mcp/ --query 'Contents[].Key'")
        self.assertTrue(all(key.startswith(f"google-workspace-mcp/logs/2025/11/12/{task}/") and key.endswith(".gz") for key in keys), keys)

    # ---- metrics and scaling

    def statistics(self, metric, since, period, names):
        dimensions = "Name=ServiceName,Value=busyb-google-workspace-mcp-service Name=ClusterName,Value=busyb-cluster"
        return self.answer(f"""aws cloudwatch get-metric-statistics --namespace AWS/ECS --metric-name {metric} --dimensions {dimensions} \\
          --start-time $(date -u -d '{since}' +%Y-%m-%dT%H:%M:%S) --end-time $(date -u +%Y-%m-%dT%H:%M:%S) --period {period} \\
          --statistics {names} --region us-east-1 --output json""")

    def test_metrics(self):
        cpu = self.statistics("CPUUtilization", "1 hour ago", 300, "Average Maximum")
        self.assertEqual(cpu["Label"], "CPUUtilization")
        self.assertIn(len(cpu["Datapoints"]), (12, 13))  # periods begin with the start, to the minute
        for point in cpu["Datapoints"]:
            self.assertEqual(point["Unit"], "Percent")
            self.assertTrue(0 < point["Average"] <= point["Maximum"] <= 100, point)
        week = self.statistics("CPUUtilization", "7 days ago", 86400, "Average")["Datapoints"]
        self.assertIn(len(week), (7, 8))
        memory = self.statistics("MemoryUtilization", "1 hour ago", 300, "Average")["Datapoints"]
        self.assertTrue(all(30 < point["Average"] < 50 for point in memory), memory)
        names = self.answer("aws cloudwatch list-metrics --namespace AWS/ApplicationELB --query 'Metrics[].MetricName'")
        self.assertIn("HTTPCode_Target_5XX_Count", names)

    def test_own_metrics(self):
        """Many at once: the CLI packs them with gzip."""
        data = [{"MetricName": "Depth", "Value": number, "Unit": "Count"} for number in range(400)]
        self.world.write("data.json", json.dumps(data))
        self.run_shell("aws cloudwatch put-metric-data --namespace App --metric-data file://data.json")
        self.assertEqual(self.answer("aws cloudwatch list-metrics --namespace App")["Metrics"],
                         [{"Namespace": "App", "MetricName": "Depth", "Dimensions": []}])

    def test_auto_scaling(self):
        what = ("--service-namespace ecs --scalable-dimension ecs:service:DesiredCount "
                "--resource-id service/busyb-cluster/busyb-google-workspace-mcp-service")
        self.assertIn("(ObjectNotFoundException)", self.refused(f"aws application-autoscaling deregister-scalable-target {what}"))
        self.run_shell(f"aws application-autoscaling register-scalable-target {what} --min-capacity 1 --max-capacity 4 --region us-east-1")
        policy = {"TargetValue": 70.0, "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
                  "ScaleOutCooldown": 60, "ScaleInCooldown": 180}
        made = self.answer(f"aws application-autoscaling put-scaling-policy {what} --policy-name busyb-google-workspace-cpu-scaling "
                           f"--policy-type TargetTrackingScaling --target-tracking-scaling-policy-configuration '{json.dumps(policy)}'")
        self.assertEqual(len(made["Alarms"]), 2)
        found = self.answer("aws application-autoscaling describe-scaling-policies --service-namespace ecs "
                            "--resource-id service/busyb-cluster/busyb-google-workspace-mcp-service --region us-east-1")
        self.assertEqual(found["ScalingPolicies"][0]["TargetTrackingScalingPolicyConfiguration"], policy)
        alarms = self.answer("aws cloudwatch describe-alarms --query 'MetricAlarms[].[Threshold,EvaluationPeriods]'")
        self.assertEqual(alarms, [[70.0, 3], [63.0, 15]])
        self.run_shell(f"aws application-autoscaling delete-scaling-policy {what} --policy-name busyb-google-workspace-cpu-scaling")
        self.run_shell(f"aws application-autoscaling deregister-scalable-target {what}")
        self.assertEqual(self.answer("aws cloudwatch describe-alarms")["MetricAlarms"], [])

    # ---- keys

    def test_keys(self):
        user = "--user-name github-actions-google-workspace-mcp"
        made = self.answer(f"aws iam create-access-key {user}")["AccessKey"]
        self.assertEqual(made["Status"], "Active")
        keys = [key["AccessKeyId"] for key in self.answer(f"aws iam list-access-keys {user}")["AccessKeyMetadata"]]
        self.assertIn(made["AccessKeyId"], keys)
        self.run_shell(f"aws iam delete-access-key {user} --access-key-id {made['AccessKeyId']}")

    # ---- rules of the load balancer

    def test_path_prefix(self):
        listener = "arn:aws:elasticloadbalancing:us-east-1:758888582357:listener/app/busyb-alb/5111c2db275a2af3/55b0b891b903df23"
        rule = "arn:aws:elasticloadbalancing:us-east-1:758888582357:listener-rule/app/busyb-alb/5111c2db275a2af3/55b0b891b903df23/92304d50b03b02d4"
        create = (f"aws elbv2 create-rule --listener-arn {listener} --priority 50 --conditions Field=path-pattern,Values='/mcp/google-workspace*' "
                  f"--actions Type=forward,TargetGroupArn={TARGET_GROUP} --region us-east-1")
        self.assertIn("(PriorityInUse)", self.refused(create))
        self.run_shell(f"aws elbv2 delete-rule --rule-arn {rule} --region us-east-1")
        self.assertIn("(RuleNotFound)", self.refused(f"aws elbv2 delete-rule --rule-arn {rule} --region us-east-1"))
        made = self.answer(create)["Rules"][0]
        self.assertEqual((made["Priority"], made["Conditions"][0]["Values"]), ("50", ["/mcp/google-workspace*"]))
        rules = self.answer(f"aws elbv2 describe-rules --listener-arn {listener}")["Rules"]
        self.assertEqual([one["Priority"] for one in rules], ["50", "default"])
        changed = self.answer(f"aws elbv2 modify-rule --rule-arn {made['RuleArn']} --conditions Field=path-pattern,Values='/google-workspace/*'")
        self.assertEqual(changed["Rules"][0]["Conditions"][0]["Values"], ["/google-workspace/*"])

    # ---- S3

    def test_objects(self):
        bucket = "busyb-oauth-tokens-758888582357"
        self.assertEqual(self.run_shell(f"aws s3 ls s3://{bucket}/").split(), ["PRE", "tokens/"])
        lines = self.run_shell(f"aws s3 ls s3://{bucket}/ --recursive").splitlines()
        self.assertEqual([line.split()[2:] for line in lines], [
            ["1431", "tokens/ana@example.com.json"], ["1398", "tokens/ben@example.com.json"],
            ["1412", "tokens/eva@example.com.json"], ["1407", "tokens/tom@example.com.json"]])
        self.assertEqual(self.answer(f"aws s3api list-objects-v2 --bucket {bucket} --page-size 1 --query 'length(Contents)'"), 4)
        self.world.write("note.txt", "hello\n")
        self.run_shell("aws s3 cp note.txt s3://your-log-archive-bucket/a/note.txt")
        self.assertEqual(self.run_shell("aws s3 cp s3://your-log-archive-bucket/a/note.txt -"), "hello\n")
        found = self.answer("aws s3api head-object --bucket your-log-archive-bucket --key a/note.txt")
        self.assertEqual((found["ContentLength"], found["ContentType"]), (6, "text/plain"))
        self.run_shell("aws s3 rm s3://your-log-archive-bucket/a/note.txt")
        self.assertIn("(404)", self.refused("aws s3api head-object --bucket your-log-archive-bucket --key a/note.txt"))
        self.assertIn("(NoSuchBucket)", self.refused("aws s3 ls s3://no-such-bucket"))

    def test_lifecycle_and_policy_of_a_bucket(self):
        bucket = "--bucket busyb-oauth-tokens-758888582357"
        rules = {"Rules": [{"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "tokens/"}, "Expiration": {"Days": 90}}]}
        self.world.write("s3-lifecycle-policy.json", json.dumps(rules))
        self.assertIn("(NoSuchLifecycleConfiguration)", self.refused(f"aws s3api get-bucket-lifecycle-configuration {bucket}"))
        self.run_shell(f"aws s3api put-bucket-lifecycle-configuration {bucket} --lifecycle-configuration file://s3-lifecycle-policy.json")
        self.assertEqual(self.answer(f"aws s3api get-bucket-lifecycle-configuration {bucket}")["Rules"], rules["Rules"])
        self.run_shell(f"aws s3api delete-bucket-lifecycle {bucket}")
        self.assertIn("(NoSuchBucketPolicy)", self.refused(f"aws s3api get-bucket-policy {bucket}"))
        self.assertIn("(MalformedPolicy)", self.refused(f"aws s3api put-bucket-policy {bucket} --policy nonsense"))

    # ---- service discovery

    def test_service_discovery(self):
        service = self.answer("aws servicediscovery get-service --id srv-gxethbb34gto3cbr --region us-east-1")["Service"]
        self.assertEqual((service["Name"], service["DnsConfig"]["DnsRecords"]), ("google-workspace", [{"Type": "A", "TTL": 60}]))
        instances = self.answer("aws servicediscovery list-instances --service-id srv-gxethbb34gto3cbr --region us-east-1")["Instances"]
        tasks = self.answer("aws ecs list-tasks --cluster busyb-cluster")["taskArns"]
        for instance in instances:
            self.assertIn(instance["Id"], [arn.rpartition("/")[2] for arn in tasks])
            self.assertRegex(instance["Attributes"]["AWS_INSTANCE_IPV4"], r"^10\.0\.10\.\d+$")
        found = self.client("servicediscovery").discover_instances(NamespaceName="busyb.local", ServiceName="google-workspace", HealthStatus="ALL")
        self.assertTrue(all(one["HealthStatus"] in ("HEALTHY", "UNHEALTHY") for one in found["Instances"]), found)
        self.assertIn("(ServiceNotFound)", self.refused("aws servicediscovery get-service --id srv-nosuchservice0"))

    # ---- secrets

    def test_secrets(self):
        secret = "--secret-id busyb/google-oauth-client-secret --region us-east-1"
        value = f"aws secretsmanager get-secret-value {secret} --query SecretString --output text"
        self.assertEqual(self.run_shell(value), '{"GOOGLE_OAUTH_CLIENT_SECRET":"simulated-client-secret"}\n')
        new = """--secret-string '{"GOOGLE_OAUTH_CLIENT_SECRET":"new-client-secret"}'"""
        made = self.answer(f"aws secretsmanager update-secret {secret} {new}")["VersionId"]
        self.assertEqual(self.run_shell(value), '{"GOOGLE_OAUTH_CLIENT_SECRET":"new-client-secret"}\n')
        self.assertEqual(self.run_shell(f"{value} --version-stage AWSPREVIOUS"), '{"GOOGLE_OAUTH_CLIENT_SECRET":"simulated-client-secret"}\n')
        stages = self.answer(f"aws secretsmanager describe-secret {secret}")["VersionIdsToStages"]
        self.assertEqual((stages.pop(made), list(stages.values())), (["AWSCURRENT"], [["AWSPREVIOUS"]]))
        former = next(iter(stages))
        move = f"aws secretsmanager update-secret-version-stage {secret} --version-stage AWSCURRENT --move-to-version-id {former}"
        self.assertIn("you must explicitly reference that version in RemoveFromVersionId", self.refused(move))
        self.run_shell(f"{move} --remove-from-version-id {made}")
        self.assertEqual(self.run_shell(value), '{"GOOGLE_OAUTH_CLIENT_SECRET":"simulated-client-secret"}\n')
        token = "--client-request-token 6f1d2c4e-9a3b-4d5e-8f70-a1b2c3d4e5f6"
        put = f"aws secretsmanager put-secret-value --secret-id busyb/google-oauth-client-id {token} --secret-string"
        first = self.answer(f"{put} one")
        self.assertEqual(self.answer(f"{put} one"), first)
        self.assertIn("(ResourceExistsException)", self.refused(f"{put} two"))
        self.assertIn("(ResourceNotFoundException)", self.refused("aws secretsmanager get-secret-value --secret-id other"))

    def test_policy_of_the_task(self):
        found = self.answer("aws iam get-role-policy --role-name busyb-google-workspace-mcp-task-role "
                            "--policy-name busyb-google-workspace-mcp-policy --region us-east-1")
        self.assertEqual(found["PolicyDocument"]["Statement"][1]["Action"], "s3:ListBucket")
        self.assertIn("(NoSuchEntity)", self.refused("aws iam get-role-policy --role-name busyb-google-workspace-mcp-task-role --policy-name x"))

    # ---- images and networks

    def test_images(self):
        images = self.answer("aws ecr describe-images --repository-name busyb-google-workspace-mcp --query 'imageDetails[].imageTags[]'")
        self.assertEqual(sorted(images), ["9f3c2ab", "c41d7e0", "latest"])
        found = self.answer("aws ecr list-images --repository-name busyb-google-workspace-mcp")["imageIds"]
        self.assertEqual(len({one["imageDigest"] for one in found}), 3)
        self.assertIn("(RepositoryNotFoundException)", self.refused("aws ecr describe-images --repository-name other"))
        self.assertIn("(ImageNotFoundException)", self.refused(
            "aws ecr describe-images --repository-name busyb-google-workspace-mcp --image-ids imageTag=none"))

    def test_networks(self):
        group = self.answer("aws ec2 describe-security-groups --group-ids sg-0d41e8f2ab6c7930f")["SecurityGroups"][0]
        self.assertEqual([(rule["FromPort"], rule["UserIdGroupPairs"][0]["GroupId"]) for rule in group["IpPermissions"]],
                         [(8000, "sg-02c7f1e9b5d3a6084"), (8000, "sg-0d41e8f2ab6c7930f")])
        for name in ("enableDnsSupport", "enableDnsHostnames"):
            found = self.answer(f"aws ec2 describe-vpc-attribute --vpc-id {group['VpcId']} --attribute {name}")
            self.assertEqual(found[name[0].upper() + name[1:]], {"Value": True})
        subnets = self.answer(f"aws ec2 describe-subnets --filters Name=vpc-id,Values={group['VpcId']} --query 'Subnets[].CidrBlock'")
        self.assertEqual(subnets, ["10.0.10.0/24", "10.0.1.0/24", "10.0.2.0/24"])
        self.assertIn("(InvalidGroup.NotFound)", self.refused("aws ec2 describe-security-groups --group-ids sg-0123456789abcdef0"))

    # ---- who may

    def test_who_calls(self):
        self.assertEqual(self.answer("aws sts get-caller-identity")["Arn"], "arn:aws:iam::758888582357:user/oncall")

    def test_a_wrong_key_is_refused(self):
        self.assertIn("(SignatureDoesNotMatch)", self.refused("AWS_SECRET_ACCESS_KEY=other aws sts get-caller-identity"))
        self.assertIn("(UnrecognizedClientException)", self.refused("AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE aws ecs list-clusters"))

    def test_what_is_not_there(self):
        self.assertIn("(ClusterNotFoundException)", self.refused("aws ecs list-tasks --cluster other"))
        self.assertIn("dynamodb:ListTables is not simulated", self.refused("aws dynamodb list-tables"))

    # ---- boto3

    def client(self, service):
        config = boto3.session.Config(inject_host_prefix=False, retries={"total_max_attempts": 1})
        return boto3.client(service, endpoint_url=self.world.url, region_name="us-east-1", config=config,
                            aws_access_key_id=self.world.exports["AWS_ACCESS_KEY_ID"],
                            aws_secret_access_key=self.world.exports["AWS_SECRET_ACCESS_KEY"])

    def test_pages(self):
        pages = self.client("ecs").get_paginator("list_task_definitions").paginate(
            familyPrefix="busyb-google-workspace-mcp", PaginationConfig={"PageSize": 1})
        self.assertEqual([arn.rpartition(":")[2] for page in pages for arn in page["taskDefinitionArns"]], ["1", "2", "3"])

    def test_a_stream_of_events(self):
        group = "arn:aws:logs:us-east-1:758888582357:log-group:/ecs/busyb-google-workspace-mcp"
        stream = self.client("logs").start_live_tail(logGroupIdentifiers=[group])["responseStream"]
        kinds = []
        for event in stream:
            kinds += list(event)
            if len(kinds) == 3:
                break
        stream.close()
        self.assertEqual(kinds, ["sessionStart", "sessionUpdate", "sessionUpdate"])

    # ---- the world's own hosts

    def test_a_host_of_the_world_by_proxy(self):
        body = self.run_shell(f"curl -s -x {self.world.url} http://google-workspace.busyb.local:8000/health")
        self.assertIn("healthy", body)
        self.assertEqual(self.world.shell(f"curl -s -m 20 -x {self.world.url} http://nowhere.example/")[0], 52)  # an empty reply

    def test_nothing_of_its_shell_goes_elsewhere(self):
        self.assertIn("healthy", self.run_shell("curl -s http://google-workspace.busyb.local:8000/health"))
        code, _, err = self.world.shell("curl -sS https://api.github.com/")
        self.assertEqual((code, "501" in err), (56, True), err)
        code, _, err = self.world.shell("env -u AWS_ENDPOINT_URL " + os.path.abspath(GWRUN) + " call ecs list-clusters")
        self.assertEqual(code, 7, err)

    # ---- gwrun itself

    def test_gwrun_is_a_client_like_any_other(self):
        code, out, err = self.world.gwrun("whoami", "--output", "json", env=self.world.exports)
        self.assertEqual((code, json.loads(out)["arn"]), (0, "arn:aws:iam::758888582357:user/oncall"), err)


class Server(unittest.TestCase):
    def test_it_shows_the_calls_and_ends_in_order(self):
        world = sim.Simulator(GWRUN, "--seed", "7")
        self.assertEqual(world.shell("aws sts get-caller-identity")[0], 0)
        said = world.said()
        self.assertRegex(said, r"\Agwrun: world 'guide' listens on http://127\.0\.0\.1:\d+; Ctrl-C ends it\n")
        self.assertRegex(said, r"\d\d:\d\d:\d\dZ  sts:GetCallerIdentity  200  \d+ ms\n")
        self.assertEqual(world.close(signal.SIGINT), 0)

    def test_a_port_that_is_taken(self):
        world = sim.Simulator(GWRUN)
        self.addCleanup(world.close)
        code, out, err = world.gwrun("sim", "--port", world.url.rpartition(":")[2])
        self.assertEqual((code, out), (2, ""))
        self.assertRegex(err, r"\Agwrun: port \d+ cannot be listened on: Address already in use\n\Z")

    def test_wrong_use(self):
        folder = moto.Folder(GWRUN)
        self.addCleanup(folder.close)
        for args, message in ((["--port", "99999"], "option '--port' must be a whole number from 0 to 65535, got '99999'"),
                              (["--speed", "fast"], "option '--speed' must be a whole number from 1 to 10000, got 'fast'"),
                              (["--prot", "1"], "unknown option '--prot', did you mean '--port'?"),
                              (["--sim-world", "nowhere"], "nowhere")):
            with self.subTest(args):
                code, out, err = folder.gwrun("sim", *args)
                self.assertEqual((code in (2, 5), out), (True, ""), err)
                self.assertIn(message, err)


if __name__ == "__main__":
    unittest.main(verbosity=2)
