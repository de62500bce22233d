"""The emergency rollback against a server that nobody here wrote: moto_rollback.py GWRUN RUNBOOK

The aws CLI seeds the guide's world and, after each run, tells what became of it. moto has no
deployments, no task health and no replacement of stopped tasks, so that a run cannot prove its
outcome there: how it judges those is not looked at.
"""

import json
import os
import sys
import unittest

import moto

CLUSTER = "busyb-cluster"
SERVICE = "busyb-google-workspace-mcp-service"
FAMILY = "busyb-google-workspace-mcp"
LOG_GROUP = "/ecs/busyb-google-workspace-mcp"
TARGET = "10.0.10.50"
DONE_OR_NOT_PROVEN = (0, 3)
USAGE, REFUSED = 2, 4


def containers(tag):
    return json.dumps([{
        "name": FAMILY, "essential": True, "memory": 2048, "portMappings": [{"containerPort": 8000}],
        "image": f"{moto.ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/{FAMILY}:{tag}",
    }])


class Rollback(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = moto.World(GWRUN)
        cls.addClassCleanup(cls.world.close)
        cls.health = moto.HealthEndpoint()
        cls.addClassCleanup(cls.health.close)
        cls.seed_network()

    @classmethod
    def seed_network(cls):
        aws = cls.world.aws
        vpc = aws("ec2", "describe-vpcs")["Vpcs"][0]["VpcId"]
        aws("ec2", "modify-vpc-attribute", "--vpc-id", vpc, "--enable-dns-hostnames")
        subnets = aws("ec2", "describe-subnets", "--filters", f"Name=vpc-id,Values={vpc}")
        groups = aws("ec2", "describe-security-groups", "--filters", f"Name=vpc-id,Values={vpc}")
        cls.network = "awsvpcConfiguration={{subnets=[{}],securityGroups=[{}]}}".format(
            subnets["Subnets"][0]["SubnetId"], groups["SecurityGroups"][0]["GroupId"])
        group = aws("elbv2", "create-target-group", "--name", "busyb-google-workspace", "--protocol", "HTTP",
                    "--port", "8000", "--vpc-id", vpc, "--target-type", "ip")
        cls.target_group = group["TargetGroups"][0]["TargetGroupArn"]
        aws("elbv2", "register-targets", "--target-group-arn", cls.target_group, "--targets", f"Id={TARGET},Port=8000")
        aws("logs", "create-log-group", "--log-group-name", LOG_GROUP)
        aws("logs", "create-log-stream", "--log-group-name", LOG_GROUP, "--log-stream-name", "ecs/one")
        aws("logs", "put-log-events", "--log-group-name", LOG_GROUP, "--log-stream-name", "ecs/one",
            "--log-events", "timestamp=1762917120000,message=INFO started")

    def setUp(self):
        """A cluster of the test's own, with the service and a task on the third revision."""
        aws = self.world.aws
        self.cluster = f"{CLUSTER}-{self.id().rsplit('.', 1)[1]}".replace("_", "-")
        self.family = f"{FAMILY}-{self.id().rsplit('.', 1)[1]}"
        aws("ecs", "create-cluster", "--cluster-name", self.cluster)
        for tag in ("v1", "v2", "v3"):
            aws("ecs", "register-task-definition", "--family", self.family, "--network-mode", "awsvpc",
                "--requires-compatibilities", "FARGATE", "--cpu", "1024", "--memory", "2048",
                "--container-definitions", containers(tag))
        aws("ecs", "create-service", "--cluster", self.cluster, "--service-name", SERVICE,
            "--task-definition", f"{self.family}:3", "--desired-count", "1", "--launch-type", "FARGATE")
        # Otherwise each look at a task moves it towards its end.
        self.world.moto("state-manager/set-transition",
                        {"model_name": "ecs::task", "transition": {"progression": "manual", "times": 1000}})
        started = aws("ecs", "run-task", "--cluster", self.cluster, "--task-definition", f"{self.family}:3",
                      "--launch-type", "FARGATE", "--network-configuration", self.network)
        self.task = started["tasks"][0]["taskArn"]

    # ---- the run and its witness

    def rollback(self, *args):
        return self.world.gwrun(RUNBOOK, "--endpoint-url", self.world.url, "--cluster", self.cluster,
                                "--target-group", self.target_group, "--health-url", self.health.url,
                                "--settle", "2s", *args)

    def service_revision(self):
        services = self.world.aws("ecs", "describe-services", "--cluster", self.cluster, "--services", SERVICE)
        return services["services"][0]["taskDefinition"].rsplit("/", 1)[-1]

    def task_status(self):
        tasks = self.world.aws("ecs", "describe-tasks", "--cluster", self.cluster, "--tasks", self.task)
        return tasks["tasks"][0]["lastStatus"], tasks["tasks"][0].get("stoppedReason")

    def assert_rolled_back_to(self, revision, run):
        code, out, err = run
        self.assertIn(code, DONE_OR_NOT_PROVEN, out + err)
        self.assertEqual(self.service_revision(), f"{self.family}:{revision}", out)
        self.assertEqual(self.task_status(), ("STOPPED", "Emergency rollback"), out)

    def assert_nothing_changed(self):
        self.assertEqual(self.service_revision(), f"{self.family}:3")
        self.assertEqual(self.task_status()[0], "RUNNING")

    # ---- the claims

    def test_goes_back_to_the_revision_before(self):
        run = self.rollback("--yes", "--output", "json")
        self.assert_rolled_back_to(2, run)
        events = [json.loads(line) for line in run[1].splitlines()]
        changes = [event["action"] for event in events if event["event"] == "call" and event["effect"] != "read"]
        self.assertEqual(changes, ["ecs:UpdateService", "ecs:StopTask"])
        proven = {event["item"] for event in events if event["event"] == "check" and event["state"] == "ok"}
        texts = {event["text"] for event in events if event["event"] == "check" and event["item"] in proven}
        self.assertLessEqual({"the load balancer's targets are healthy", "the health endpoint answers"}, texts)

    def test_stops_tasks_first_when_asked_to(self):
        run = self.rollback("--yes", "--order", "stop-first", "--output", "json")
        self.assert_rolled_back_to(2, run)
        events = [json.loads(line) for line in run[1].splitlines()]
        changes = [event["action"] for event in events if event["event"] == "call" and event["effect"] != "read"]
        self.assertEqual(changes, ["ecs:StopTask", "ecs:UpdateService"])

    def test_goes_back_to_the_revision_that_is_named(self):
        self.assert_rolled_back_to(1, self.rollback("--yes", "--revision", "1"))

    def test_a_plan_changes_nothing(self):
        code, out, err = self.rollback("--plan")
        self.assertEqual(code, 0, out + err)
        self.assertIn(f"{self.family}:3 -> {self.family}:2", out)
        self.assert_nothing_changed()

    def test_without_a_terminal_nothing_is_confirmed(self):
        code, out, err = self.rollback()
        self.assertEqual(code, REFUSED, out + err)
        self.assertIn("--yes", err)
        self.assert_nothing_changed()

    def test_refuses_a_revision_that_does_not_exist(self):
        code, out, err = self.rollback("--yes", "--revision", "99")
        self.assertEqual(code, USAGE, out + err)
        self.assertIn(f"{self.family}:99", err)
        self.assert_nothing_changed()

    def test_refuses_a_revision_that_is_inactive(self):
        self.world.aws("ecs", "deregister-task-definition", "--task-definition", f"{self.family}:2")
        code, out, err = self.rollback("--yes", "--revision", "2")
        self.assertEqual(code, USAGE, out + err)
        self.assertIn("INACTIVE", err)
        self.assert_nothing_changed()


if __name__ == "__main__":
    GWRUN, RUNBOOK = map(os.path.abspath, sys.argv[1:])
    unittest.main(argv=sys.argv[:1], verbosity=2)
