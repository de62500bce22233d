"""The emergency rollback, deployments and looks at the service against a server that nobody here wrote: moto_rollback.py GWRUN RUNBOOKS

The aws CLI seeds the guide's world and, after each run, tells what became of it. moto has no
deployments, no task health and no replacement of stopped tasks, so that a run cannot prove its
outcome there: how it judges those is not looked at.

The service is on the third of four revisions; the fourth was deregistered.
"""

import contextlib
import itertools
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
WITHDRAWN = 4
DONE_OR_NOT_PROVEN = (0, 3)
USAGE, REFUSED = 2, 4


def containers(tag):
    return json.dumps([{
        "name": FAMILY, "essential": True, "memory": 2048, "portMappings": [{"containerPort": 8000}],
        "image": f"{moto.ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/{FAMILY}:{tag}",
    }])


class Rollback(unittest.TestCase):
    numbers = itertools.count(1)

    @classmethod
    def setUpClass(cls):
        cls.world = moto.World(GWRUN)
        cls.addClassCleanup(cls.world.close)
        cls.health = moto.HealthEndpoint()
        cls.addClassCleanup(cls.health.close)
        # Otherwise each look at a task moves it towards its end.
        cls.world.moto("state-manager/set-transition",
                       {"model_name": "ecs::task", "transition": {"progression": "manual", "times": 1000}})
        cls.seed_revisions()
        cls.seed_surroundings()

    @classmethod
    def seed_revisions(cls):
        aws = cls.world.aws
        for revision in range(1, WITHDRAWN + 1):
            aws("ecs", "register-task-definition", "--family", FAMILY, "--network-mode", "awsvpc",
                "--requires-compatibilities", "FARGATE", "--cpu", "1024", "--memory", "2048",
                "--container-definitions", containers(f"v{revision}"))
        aws("ecs", "deregister-task-definition", "--task-definition", f"{FAMILY}:{WITHDRAWN}")

    @classmethod
    def seed_surroundings(cls):
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
        aws("ecr", "create-repository", "--repository-name", FAMILY)
        for tag in ("v3", "abc123def"):
            aws("ecr", "put-image", "--repository-name", FAMILY, "--image-tag", tag, "--image-manifest", json.dumps(
                {"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", "layers": [], "tag": tag}))

    def setUp(self):
        """A cluster of the test's own, with the service and a task on the third revision."""
        aws = self.world.aws
        self.cluster = f"{CLUSTER}-{next(self.numbers)}"
        aws("ecs", "create-cluster", "--cluster-name", self.cluster)
        aws("ecs", "create-service", "--cluster", self.cluster, "--service-name", SERVICE,
            "--task-definition", f"{FAMILY}:3", "--desired-count", "1", "--launch-type", "FARGATE")
        started = aws("ecs", "run-task", "--cluster", self.cluster, "--task-definition", f"{FAMILY}:3",
                      "--launch-type", "FARGATE", "--network-configuration", self.network)
        self.task = started["tasks"][0]["taskArn"]

    # ---- the run and its witness

    def run_book(self, name, *args):
        return self.world.gwrun(os.path.join(RUNBOOKS, f"{name}.lua"), "--endpoint-url", self.world.url, "--cluster", self.cluster,
                                "--target-group", self.target_group, *args)

    def rollback(self, *args):
        return self.run_book("emergency_rollback", "--health-url", self.health.url, "--settle", "2s", *args)

    def change(self, name, *args):
        """A change that moto cannot show the outcome of, and the definition that the service has then."""
        code, out, err = self.run_book(name, "--yes", "--health-url", self.health.url, "--settle", "2s", *args)
        self.assertIn(code, DONE_OR_NOT_PROVEN, out + err)
        return self.definition()

    def undo(self):
        code, out, err = self.world.gwrun("undo", "last", "--yes", "--endpoint-url", self.world.url)
        self.assertIn(code, DONE_OR_NOT_PROVEN, out + err)
        return self.definition()

    def definition(self):
        return self.world.aws("ecs", "describe-task-definition", "--task-definition", self.services()[0]["taskDefinition"])["taskDefinition"]

    def services(self):
        return self.world.aws("ecs", "describe-services", "--cluster", self.cluster, "--services", SERVICE)["services"]

    def tasks(self):
        return self.world.aws("ecs", "describe-tasks", "--cluster", self.cluster, "--tasks", self.task)["tasks"]

    def assert_rolled_back_to(self, revision, run):
        code, out, err = run
        self.assertIn(code, DONE_OR_NOT_PROVEN, out + err)
        self.assertEqual(self.services()[0]["taskDefinition"].rsplit("/", 1)[-1], f"{FAMILY}:{revision}", out)
        task = self.tasks()[0]
        self.assertEqual((task["lastStatus"], task["stoppedReason"]), ("STOPPED", "Emergency rollback"), out)

    @contextlib.contextmanager
    def assert_nothing_changes(self):
        before = self.services(), self.tasks()
        yield
        self.assertEqual((self.services(), self.tasks()), before)

    def assert_changes(self, run, actions):
        events = [json.loads(line) for line in run[1].splitlines()]
        sent = [event["action"] for event in events if event["event"] == "call" and event["effect"] != "read"]
        self.assertEqual(sent, actions)

    # ---- the emergency rollback

    def test_goes_back_to_the_revision_before(self):
        run = self.rollback("--yes", "--output", "json")
        self.assert_rolled_back_to(2, run)
        self.assert_changes(run, ["ecs:UpdateService", "ecs:StopTask"])
        events = [json.loads(line) for line in run[1].splitlines()]
        proven = {event["text"] for event in events if event["event"] == "check" and event["state"] == "ok"}
        self.assertLessEqual({f"the service and all its tasks run {FAMILY}:2", "the health endpoint answers",
                              "the load balancer's targets are healthy"}, proven)

    def test_stops_tasks_first_when_asked_to(self):
        run = self.rollback("--yes", "--order", "stop-first", "--output", "json")
        self.assert_rolled_back_to(2, run)
        self.assert_changes(run, ["ecs:StopTask", "ecs:UpdateService"])

    def test_goes_back_to_the_revision_that_is_named(self):
        self.assert_rolled_back_to(1, self.rollback("--yes", "--revision", "1"))

    def test_a_plan_changes_nothing(self):
        with self.assert_nothing_changes():
            code, out, err = self.rollback("--plan")
        self.assertEqual(code, 0, out + err)
        self.assertIn(f"{FAMILY}:3 -> {FAMILY}:2", out)

    def test_without_a_terminal_nothing_is_confirmed(self):
        with self.assert_nothing_changes():
            code, out, err = self.rollback()
        self.assertEqual(code, REFUSED, out + err)
        self.assertIn("--yes", err)

    def test_refuses_a_revision_that_does_not_exist(self):
        with self.assert_nothing_changes():
            code, out, err = self.rollback("--yes", "--revision", "99")
        self.assertEqual(code, USAGE, out + err)
        self.assertIn(f"{FAMILY}:99", err)

    def test_refuses_a_revision_that_is_inactive(self):
        with self.assert_nothing_changes():
            code, out, err = self.rollback("--yes", "--revision", str(WITHDRAWN))
        self.assertEqual(code, USAGE, out + err)
        self.assertIn("INACTIVE", err)

    # ---- deployments; of the rollback moto lacks ListServiceDeployments

    def test_deploy_of_another_image_with_other_variables(self):
        made = self.change("deploy", "--image", "abc123def", "--set", "LOG_LEVEL=debug")
        self.assertGreater(made["revision"], WITHDRAWN)
        container = made["containerDefinitions"][0]
        self.assertTrue(container["image"].endswith(f"/{FAMILY}:abc123def"), container)
        self.assertEqual(container["environment"], [{"name": "LOG_LEVEL", "value": "debug"}])
        self.assertEqual(self.undo()["revision"], 3)
        status = self.world.aws("ecs", "describe-task-definition", "--task-definition", f"{FAMILY}:{made['revision']}")["taskDefinition"]["status"]
        self.assertEqual(status, "INACTIVE")

    def test_deploy_refuses_an_image_that_is_not_there(self):
        with self.assert_nothing_changes():
            code, out, err = self.run_book("deploy", "--yes", "--image", "none")
        self.assertEqual(code, USAGE, out + err)
        self.assertIn("is not in the registry", err)

    # ---- looks

    def test_service_status(self):
        code, out, err = self.run_book("service_status", "--detail", "--tasks")
        self.assertIn(code, DONE_OR_NOT_PROVEN, out + err)
        self.assertIn(f"{FAMILY}:3", out)
        self.assertIn(self.task.rpartition("/")[2], out)

    def test_diagnose(self):
        code, out, err = self.run_book("diagnose", "--health-url", self.health.url)
        self.assertIn(code, DONE_OR_NOT_PROVEN, out + err)
        for area in ("start", "health", "access", "oauth", "resources", "logs"):
            self.assertRegex(out, rf"(?m)^  {area} ")


if __name__ == "__main__":
    moto.require("aws")
    GWRUN, RUNBOOKS = map(os.path.abspath, sys.argv[1:])
    unittest.main(argv=sys.argv[:1], verbosity=2)
