"""The emergency rollback against an AWS that answers in right types but not in earnest. Whatever comes, it ends with a
line that an operator understands, never with an error inside a script. Without the preflight, which would not let it begin."""

import os

import gwrun
from server import Server, json_error, ok_json

ROLLBACK = os.path.join(gwrun.SOURCE, "runbooks", "emergency_rollback.lua")
ARN = "arn:aws:ecs:us-east-1:758888582357:task-definition/web:"
SERVICE = {"taskDefinition": ARN + "3", "desiredCount": 1, "runningCount": 1, "deployments": [{"id": "d-1"}]}
DEFINITION = {"taskDefinitionArn": ARN + "2", "status": "ACTIVE", "containerDefinitions": []}

GOOD = {
    "DescribeServices": ok_json({"services": [SERVICE]}),
    "ListServiceDeployments": ok_json({"serviceDeployments": []}),
    "ListTaskDefinitions": ok_json({"taskDefinitionArns": [ARN + "3", ARN + "2"]}),
    "DescribeTaskDefinition": ok_json({"taskDefinition": DEFINITION}),
    "ListTasks": ok_json({"taskArns": []}),
}

# claim, what differs from the above, exit code, what is said
ROWS = [
    ("an empty answer", {"DescribeServices": ok_json({})}, gwrun.UNREACHABLE,
     r"ecs:DescribeServices: the answer has no services and no failures"),
    ("no such service", {"DescribeServices": ok_json({"failures": [{"reason": "MISSING"}]})}, gwrun.USAGE,
     r"service 'busyb-google-workspace-mcp-service' in cluster 'busyb-cluster': not found \(MISSING\)"),
    ("a service without anything", {"DescribeServices": ok_json({"services": [{}]})}, gwrun.UNREACHABLE,
     r"ecs:DescribeServices: the answer lacks 'taskDefinition'"),
    ("a task definition that is none", {"DescribeServices": ok_json({"services": [dict(SERVICE, taskDefinition="x")]})},
     gwrun.UNREACHABLE, r"ecs:DescribeServices: 'x' is no revision of a task definition"),
    ("no revisions", {"ListTaskDefinitions": ok_json({})}, gwrun.USAGE,
     r"no revision to return to: .*; name one with --revision"),
    ("revisions that are none", {"ListTaskDefinitions": ok_json({"taskDefinitionArns": ["", "x", ":", "web:x"]})},
     gwrun.USAGE, r"no revision to return to"),
    ("a revision without anything", {"DescribeTaskDefinition": ok_json({"taskDefinition": {}})}, gwrun.UNREACHABLE,
     r"ecs:DescribeTaskDefinition: the answer lacks 'taskDefinitionArn'"),
    ("no revision", {"DescribeTaskDefinition": ok_json({})}, gwrun.UNREACHABLE,
     r"ecs:DescribeTaskDefinition: the answer lacks 'taskDefinitionArn'"),
    ("an update that tells nothing", {"UpdateService": ok_json({})}, gwrun.UNREACHABLE,
     r"stopped in step 1: ecs:UpdateService: the answer lacks the deployment; whether it has begun is not known"),
    ("an update without deployments", {"UpdateService": ok_json({"service": SERVICE})}, gwrun.UNREACHABLE,
     r"stopped in step 1: ecs:UpdateService: the answer lacks the deployment"),
    ("an update that is not allowed", {"UpdateService": json_error("AccessDeniedException", "No.")}, gwrun.CREDENTIALS,
     r"stopped in step 1: ecs:UpdateService: No \(AccessDeniedException, request 4c1f-0001\); the credentials came from"),
    ("a task without anything", {
        "UpdateService": ok_json({"service": {"deployments": [{"id": "d-2", "status": "PRIMARY"}]}}),
        "ListTasks": ok_json({"taskArns": ["t"]}), "DescribeTasks": ok_json({"tasks": [{}]})},
     gwrun.UNREACHABLE, r"stopped in step 1: ecs:DescribeTasks: the answer lacks 'taskArn'"),
]


class Rollback(gwrun.Case):
    def run_against(self, answers, *args):
        def give(request):
            return answers.get(request.operation) or json_error("InvalidAction", f"no {request.operation}")

        with Server(give) as server:
            result = self.gwrun(ROLLBACK, *args, "--no-preflight", "--endpoint-url", server.url,
                                env=dict(gwrun.KEYS, AWS_MAX_ATTEMPTS="1"))
            self.operations = [request.operation for request in server.requests]
        return result

    def test_what_is_missing_is_named(self):
        for claim, different, code, message in ROWS:
            with self.subTest(claim):
                self.assert_ends(self.run_against({**GOOD, **different}, "--yes"), code, message)

    def test_a_plan_sends_no_change_whatever_is_answered(self):
        for claim, different in [("good answers", {})] + [row[:2] for row in ROWS]:
            with self.subTest(claim):
                result = self.run_against({**GOOD, **different}, "--plan")
                self.assertNotEqual(result.code, gwrun.SCRIPT, result)
                self.assertFalse({"UpdateService", "StopTask"} & set(self.operations))


if __name__ == "__main__":
    gwrun.main()
