"""The runbooks of the guide against a server that nobody here wrote: moto_runbooks.py GWRUN RUNBOOKS

The aws CLI seeds what they work on and tells afterwards what became of it. Only what moto has is looked at: it has no deployments and no
task health, so that runbooks which change a service cannot prove their outcome there, and end with 0 or 3.
"""

import base64
import ctypes
import ctypes.util
import http.server
import json
import os
import sys
import threading
import time
import unittest

import moto

CLUSTER, SERVICE, FAMILY = "busyb-cluster", "busyb-google-workspace-mcp-service", "busyb-google-workspace-mcp"
LOG_GROUP, STREAM = "/ecs/busyb-google-workspace-mcp", "ecs/busyb-google-workspace-mcp/0123456789abcdef0123456789abcdef"
BUCKET, USER = "busyb-oauth-tokens-758888582357", "github-actions-google-workspace-mcp"
DONE_OR_NOT_PROVEN = (0, 3)
LATER = {"ID": "of-others", "Status": "Enabled", "Filter": {"Prefix": "x/"}, "Expiration": {"Days": 7}}


class GitHub:
    """A repository's API on a port of this machine; sealed boxes are opened by libsodium itself."""

    def __init__(self, sodium):
        self.sodium, self.secrets, self.written, self.runs, self.heard = sodium, {}, {}, [], []
        self.refusals = {}  # path -> how often it answers 502 yet
        self.public, self.private = ctypes.create_string_buffer(32), ctypes.create_string_buffer(32)
        sodium.crypto_box_keypair(self.public, self.private)
        github = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self, status, value=None):
                body = json.dumps(value).encode() if value is not None else b""
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def handle_any(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                github.heard.append((self.command, self.path.split("?")[0], self.headers.get("Authorization")))
                self.answer(*github.reply(self.command, self.path.split("?")[0].split("/actions/")[1], body))

            do_GET = do_PUT = do_POST = handle_any

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def reply(self, method, path, body):
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        if method != "GET" and self.refusals.get(path, 0) > 0:
            self.refusals[path] -= 1
            return 502, {"message": "Server Error"}
        if path == "secrets/public-key":
            return 200, {"key_id": "1", "key": base64.b64encode(self.public.raw).decode()}
        if method == "PUT":
            box = base64.b64decode(body["encrypted_value"])
            text = ctypes.create_string_buffer(len(box) - 48)
            opened = self.sodium.crypto_box_seal_open(text, box, ctypes.c_ulonglong(len(box)), self.public, self.private)
            self.secrets[path.split("/")[-1]] = text.raw.decode() if opened == 0 else None
            self.written[path] = now
            return (204,)
        if path.startswith("secrets/"):
            return (200, {"updated_at": self.written[path]}) if path in self.written else (404, {"message": "Not Found"})
        if path.endswith("/dispatches"):
            self.runs.append({"id": 1, "status": "completed", "conclusion": "success", "created_at": now, "html_url": "https://example/1"})
            return (204,)
        return 200, {"workflow_runs": self.runs}

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Outside:
    """What answers from outside and inside: 200 for these paths, else 404."""

    def __init__(self, *paths):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200 if self.path in paths else 404)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Runbooks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = moto.World(GWRUN)
        cls.addClassCleanup(cls.world.close)
        aws = cls.world.aws
        aws("logs", "create-log-group", "--log-group-name", LOG_GROUP)
        aws("logs", "create-log-stream", "--log-group-name", LOG_GROUP, "--log-stream-name", STREAM)
        now = int(time.time() * 1000)
        aws("logs", "put-log-events", "--log-group-name", LOG_GROUP, "--log-stream-name", STREAM, "--log-events",
            json.dumps([{"timestamp": now - 2000, "message": "INFO started"}, {"timestamp": now - 1000, "message": "ModuleNotFoundError: No module named 'x'"}]))
        aws("s3api", "create-bucket", "--bucket", BUCKET)
        aws("ecs", "create-cluster", "--cluster-name", CLUSTER)
        aws("ecs", "register-task-definition", "--family", FAMILY, "--network-mode", "awsvpc", "--requires-compatibilities", "FARGATE",
            "--cpu", "512", "--memory", "1024", "--container-definitions",
            json.dumps([{"name": "web", "image": "nginx:1", "essential": True, "portMappings": [{"containerPort": 8000}]}]))
        aws("ecs", "create-service", "--cluster", CLUSTER, "--service-name", SERVICE, "--task-definition", FAMILY, "--desired-count", "1",
            "--launch-type", "FARGATE")
        vpc = aws("ec2", "describe-vpcs")["Vpcs"][0]["VpcId"]
        cls.subnets = [subnet["SubnetId"] for subnet in aws("ec2", "describe-subnets")["Subnets"][:2]]
        group = aws("elbv2", "create-target-group", "--name", "web", "--protocol", "HTTP", "--port", "8000", "--vpc-id", vpc, "--target-type", "ip")
        cls.target_group = group["TargetGroups"][0]["TargetGroupArn"]

    def run_book(self, name, *args, command=None):
        book = os.path.join(RUNBOOKS, name + ".lua")
        return self.world.gwrun(*(command or [book]), "--yes", "--endpoint-url", self.world.url, *args)

    def undo(self):
        return self.run_book("", command=["undo", "last"])

    def assert_ended(self, run, *codes):
        code, out, err = run
        self.assertIn(code, codes or (0,), out + err)
        return out

    def test_logs(self):
        self.assertIn("likely cause: the image lacks a Python dependency", self.assert_ended(self.run_book("logs", "--since", "5m")))
        self.assertIn(STREAM, self.assert_ended(self.run_book("logs", "--streams")))
        self.assertNotIn("INFO started", self.assert_ended(self.run_book("logs", "--since", "5m", "--filter", "ModuleNotFoundError")))

    def test_log_retention(self):
        def days():
            return self.world.aws("logs", "describe-log-groups", "--log-group-name-prefix", LOG_GROUP)["logGroups"][0].get("retentionInDays")
        self.assert_ended(self.run_book("log_retention", "--days", "60"))
        self.assertEqual(60, days())
        self.assert_ended(self.undo())
        self.assertIsNone(days())

    def test_s3_cleanup(self):
        aws = self.world.aws
        aws("s3api", "put-bucket-lifecycle-configuration", "--bucket", BUCKET, "--lifecycle-configuration", json.dumps({"Rules": [LATER]}))
        self.assert_ended(self.run_book("s3_cleanup", "--expire-after", "90"))
        rules = aws("s3api", "get-bucket-lifecycle-configuration", "--bucket", BUCKET)["Rules"]
        self.assertEqual(["of-others", "expire-old-oauth-tokens"], [rule["ID"] for rule in rules])
        self.assert_ended(self.undo())
        self.assertEqual([LATER], aws("s3api", "get-bucket-lifecycle-configuration", "--bucket", BUCKET)["Rules"])

    def test_scale(self):
        def desired():
            return self.world.aws("ecs", "describe-services", "--cluster", CLUSTER, "--services", SERVICE)["services"][0]["desiredCount"]
        self.assert_ended(self.run_book("scale", "--count", "2", "--settle", "2s", "--target-group", self.target_group), *DONE_OR_NOT_PROVEN)
        self.assertEqual(2, desired())
        self.assert_ended(self.undo(), *DONE_OR_NOT_PROVEN)
        self.assertEqual(1, desired())

    def test_autoscaling(self):
        def policies():
            found = self.world.aws("application-autoscaling", "describe-scaling-policies", "--service-namespace", "ecs")["ScalingPolicies"]
            return [(one["PolicyName"], one["TargetTrackingScalingPolicyConfiguration"]["TargetValue"]) for one in found]
        self.assert_ended(self.run_book("autoscaling", "--action", "set"))
        self.assertEqual([("busyb-google-workspace-cpu-scaling", 70.0)], policies())
        self.assertIn("keeps ECSServiceAverageCPUUtilization at 70", self.assert_ended(self.run_book("autoscaling")))
        self.assert_ended(self.run_book("autoscaling", "--action", "disable"))
        self.assertEqual([], policies())
        self.assert_ended(self.undo())
        self.assertEqual([("busyb-google-workspace-cpu-scaling", 70.0)], policies())

    def rules(self, listener):
        """As the CLI tells them, with their tags; without ARNs, which a rule that is made again has anew."""
        rules = self.world.aws("elbv2", "describe-rules", "--listener-arn", listener)["Rules"]
        for rule in rules:
            arn = rule.pop("RuleArn")
            if not rule["IsDefault"]:
                rule["Tags"] = self.world.aws("elbv2", "describe-tags", "--resource-arns", arn)["TagDescriptions"][0]["Tags"]
        return rules

    def test_fix_path_prefix(self):
        aws, outside = self.world.aws, Outside("/mcp/google-workspace/health")
        self.addCleanup(outside.close)
        balancer = aws("elbv2", "create-load-balancer", "--name", "web", "--subnets", *self.subnets)["LoadBalancers"][0]["LoadBalancerArn"]
        listener = aws("elbv2", "create-listener", "--load-balancer-arn", balancer, "--protocol", "HTTP", "--port", "80", "--default-actions",
                       "Type=fixed-response,FixedResponseConfig={StatusCode=404}")["Listeners"][0]["ListenerArn"]
        aws("elbv2", "create-rule", "--listener-arn", listener, "--priority", "50", "--tags", "Key=owner,Value=platform", "--actions",
            f"Type=forward,TargetGroupArn={self.target_group}", "--conditions", "Field=host-header,Values=mcp.example.com",
            "Field=path-pattern,Values='/google-workspace/*'")
        before = self.rules(listener)
        args = ("--listener", listener, "--target-group", self.target_group, "--external-url", outside.url, "--health-url", outside.url + "/inside")
        self.assert_ended(self.run_book("fix_path_prefix", "--option", "2", *args))
        changed = self.rules(listener)
        self.assertEqual([["mcp.example.com"], ["/mcp/google-workspace*"]],
                         [(one.get("PathPatternConfig") or one.get("HostHeaderConfig") or one)["Values"] for one in changed[0]["Conditions"]])
        self.assertEqual(before[0]["Tags"], changed[0]["Tags"])
        self.assert_ended(self.undo())
        self.assertEqual(before, self.rules(listener))
        self.assert_ended(self.run_book("fix_path_prefix", "--option", "3", *args))
        self.assertEqual(["default"], [rule["Priority"] for rule in self.rules(listener)])
        self.assert_ended(self.undo())
        self.assertEqual(before, self.rules(listener))
        gone = self.run_book("fix_path_prefix", "--option", "4", "--listener", listener[:-4] + "0000", *args[2:])
        self.assert_ended(gone, 2)
        self.assertIn("there is no listener", gone[2])

    def test_rotate_google_oauth(self):
        def value(name):  # by its stage: without one moto goes on to answer the newest
            return json.loads(self.world.aws("secretsmanager", "get-secret-value", "--secret-id", name, "--version-stage", "AWSCURRENT")["SecretString"])
        aws, outside = self.world.aws, Outside("/health")
        self.addCleanup(outside.close)
        aws("secretsmanager", "create-secret", "--name", "id", "--secret-string", '{"GOOGLE_OAUTH_CLIENT_ID": "old", "owner": "platform"}')
        aws("secretsmanager", "create-secret", "--name", "secret", "--secret-string", '{"GOOGLE_OAUTH_CLIENT_SECRET": "old"}')
        new = self.world.write("id", "1234-abc.apps.googleusercontent.com\n")
        args = ("--client-id", f"file://{new}")
        out = self.assert_ended(self.run_book(
            "rotate_google_oauth", *args, "--client-id-secret", "id", "--client-secret-secret", "secret", "--target-group", self.target_group,
            "--health-url", outside.url + "/health", "--settle", "1s", "--quiet-for", "1s"), *DONE_OR_NOT_PROVEN)
        self.assertNotIn("1234-abc", out)
        self.assertEqual({"GOOGLE_OAUTH_CLIENT_ID": "1234-abc.apps.googleusercontent.com", "owner": "platform"}, value("id"))
        self.assert_ended(self.undo())  # without the new id, which may be the wrong one
        self.assertEqual({"GOOGLE_OAUTH_CLIENT_ID": "old", "owner": "platform"}, value("id"))

    def github(self):
        path = ctypes.util.find_library("sodium")
        if not path:
            self.skipTest("no libsodium")
        sodium = ctypes.CDLL(path)
        sodium.sodium_init()
        github = GitHub(sodium)
        self.addCleanup(github.close)
        return github

    def make_key(self, user):
        self.world.aws("iam", "create-user", "--user-name", user)
        return self.world.aws("iam", "create-access-key", "--user-name", user)["AccessKey"]["AccessKeyId"]

    def keys(self, user):
        return [key["AccessKeyId"] for key in self.world.aws("iam", "list-access-keys", "--user-name", user)["AccessKeyMetadata"]]

    def assert_rotated(self, user, old, github):
        keys = self.keys(user)
        self.assertEqual(1, len(keys))
        self.assertNotIn(old, keys)
        self.assertEqual(keys[0], github.secrets["AWS_ACCESS_KEY_ID"])
        self.assertGreaterEqual(len(github.secrets["AWS_SECRET_ACCESS_KEY"]), 40)

    def test_rotate_aws_keys(self):
        github, old = self.github(), self.make_key(USER)
        token = self.world.write("token", "secret-token-of-github\n")
        out = self.assert_ended(self.run_book("rotate_aws_keys", "--github-api", github.url, "--github-token", f"file://{token}", "--watch", "1s"))
        self.assert_rotated(USER, old, github)
        self.assertEqual({"Bearer secret-token-of-github"}, {heard[2] for heard in github.heard})
        self.assertNotIn("secret-token-of-github", out)
        self.assertNotIn(github.secrets["AWS_SECRET_ACCESS_KEY"], out)

    def test_half_written_secrets_of_github(self):
        github, old = self.github(), self.make_key("half")
        token = self.world.write("token", "secret-token-of-github\n")
        args = ("--github-token", f"file://{token}")
        github.refusals["secrets/AWS_SECRET_ACCESS_KEY"] = 4
        out = self.assert_ended(self.run_book("rotate_aws_keys", "--pipeline-user", "half", "--github-api", github.url, "--watch", "1s", *args), 7)
        self.assertIn("the pipeline cannot sign until this step is done", out)
        made = [key for key in self.keys("half") if key != old]
        self.assertEqual(made, [github.secrets["AWS_ACCESS_KEY_ID"]])  # each try went on with the same key
        self.assert_ended(self.run_book("", *args, command=["resume", "last"]))
        self.assert_rotated("half", old, github)
        self.assertNotIn(made[0], self.keys("half"))  # its secret was lost with the process


if __name__ == "__main__":
    moto.require("aws", "moto_server")
    GWRUN, RUNBOOKS = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1], verbosity=2)
