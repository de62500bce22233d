"""Runs that are killed, changed from outside, gone on with and taken back, against a server that nobody here wrote: moto_resume.py GWRUN

Between gwrun and moto stands a gate that kills gwrun by SIGKILL before or after a request takes effect.
"""

import contextlib
import http.client
import http.server
import itertools
import json
import os
import subprocess
import sys
import threading
import unittest

import boto3

import moto

OK, PROBLEM, REFUSED, BROKEN = 0, 3, 4, 5

CHANGES = """
local name, other = "%(name)s", "/%(name)s/size"

local function is_two()
  local answer = aws.ssm.try_get_parameter { Name = other }
  return answer and answer.Parameter.Value:is "2" -- the models call it sensitive: a secret
end

local function count(cluster)
  return aws.ecs.describe_services { cluster = "blue", services = { name } }.services[1].desiredCount
end

return {
  title = "Three changes", summary = "One with a token, two that are looked at.", lock = name,
  needs = { aws = { "secretsmanager:*", "ssm:*", "ecs:*" } },
  run = function(rb)
    local before = rb:decide("count before", count)
    rb:step("Store", {
      change = function()
        return aws.secretsmanager.put_secret_value { SecretId = name, SecretString = "two" }.VersionId
      end,
    })
    rb:step("Size", {
      check = is_two,
      change = function() aws.ssm.put_parameter { Name = other, Value = "2", Type = "String", Overwrite = true } end,
    })
    rb:step("Scale", {
      check = function() return count() == 2 end,
      change = function() aws.ecs.update_service { cluster = "blue", service = name, desiredCount = 2 } end,
      undo = function() aws.ecs.update_service { cluster = "blue", service = name, desiredCount = before } end,
    })
  end,
}
"""

WATCHED = """
local ecs = require "ecs"
local which = { cluster = "blue", service = "%(name)s" }

local function scale(rb, count)
  rb:step("Scale to " .. count, {
    change = function() aws.ecs.update_service { cluster = "blue", service = which.service, desiredCount = count } end,
    undo = function() aws.ecs.update_service { cluster = "blue", service = which.service, desiredCount = 1 } end,
  })
end

return {
  title = "Watched", summary = "Scales, waits for a file, and scales again.", params = { done = { type = "string", default = "done" } },
  needs = { aws = { "ecs:DescribeServices", "ecs:UpdateService", "ssm:PutParameter" }, read = { "done" } },
  run = function(rb)
    rb:watch("the load", function() return { most = 2.0 } end) -- 2 in the journal
    rb:watch(ecs.watched(which))
    scale(rb, 2)
    rb:step("Note it elsewhere", {
      change = function() aws.ssm.put_parameter { Name = "/" .. which.service .. "/size", Value = "2", Type = "String" } end,
    })
    rb:wait("the file is there", function()
      return pcall(require("file").open, "done") and "done" or "waiting", "no file"
    end, { timeout = "1m", every = 0.1 })
    scale(rb, 3)
  end,
}
"""

WATCHED_SECRET = """
return {
  title = "Watched", summary = "Watches a value.", needs = { aws = { "ssm:GetParameter" } },
  run = function(rb)
    rb:watch("the key", function() return aws.ssm.get_parameter { Name = "%(name)s" }.Parameter end)
  end,
}
"""


class Gate:
    """Hands requests on to moto, and ends the program at the one that it is told."""

    def __init__(self, world):
        gate = self
        self.world, self.child, self.kill, self.seen = world, None, None, 0
        self.changes = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
                gate.seen += 1
                if gate.kill == ("before", gate.seen):
                    return gate.end()
                status, headers, answer = gate.forward(self.path, self.headers, body)
                if operation.startswith(("Put", "Update")) and status == 200:
                    gate.changes.append(operation)
                if gate.kill == ("after", gate.seen):
                    return gate.end()
                self.send_response(status)
                for name, value in headers:
                    if name.lower() not in ("connection", "transfer-encoding", "content-length", "server", "date"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                with contextlib.suppress(BrokenPipeError):  # who asked may be dead
                    self.wfile.write(answer)
                return None

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def forward(self, path, headers, body):
        connection = http.client.HTTPConnection(self.world.url.removeprefix("http://"), timeout=30)
        kept = {name: value for name, value in headers.items() if name.lower() not in ("connection", "host", "content-length")}
        connection.request("POST", path, body, {**kept, "Host": headers["Host"]})
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        return response.status, response.getheaders(), answer

    def end(self):
        self.child.kill()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Resume(unittest.TestCase):
    numbers = itertools.count(1)
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.world = moto.World(GWRUN)
        cls.addClassCleanup(cls.world.close)
        cls.gate = Gate(cls.world)
        cls.addClassCleanup(cls.gate.close)

        def client(name):
            return boto3.client(name, endpoint_url=cls.world.url, region_name=moto.REGION, aws_access_key_id="a",
                                aws_secret_access_key="b")

        cls.ecs, cls.ssm, cls.secrets = client("ecs"), client("ssm"), client("secretsmanager")
        cls.ecs.create_cluster(clusterName="blue")
        cls.ecs.register_task_definition(family="web", containerDefinitions=[{"name": "web", "image": "web:1", "memory": 64}])

    def setUp(self):
        self.name = f"web-{next(self.numbers)}"
        self.state = f"state-{self.name}"
        self.ecs.create_service(cluster="blue", serviceName=self.name, taskDefinition="web:1", desiredCount=1)
        self.secrets.create_secret(Name=self.name, SecretString="one")
        self.gate.changes, self.gate.seen, self.gate.kill = [], 0, None

    def start(self, *args):
        child = subprocess.Popen([GWRUN, *args, "--yes", "--output", "json", "--region", moto.REGION, "--endpoint-url", self.gate.url],
                                 cwd=self.world.folder.name, env=self.world.environment(GWRUN_STATE=self.state),
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.gate.child = child
        return child

    def run_to_end(self, *args):
        child = self.start(*args)
        out, err = child.communicate(timeout=100)
        return child.returncode, [json.loads(line) for line in out.splitlines()], err.decode()

    def service(self):
        return self.ecs.describe_services(cluster="blue", services=[self.name])["services"][0]

    def state_of_all(self):
        versions = self.secrets.list_secret_version_ids(SecretId=self.name, IncludeDeprecated=True)["Versions"]
        return {"count": self.service()["desiredCount"], "size": self.ssm.get_parameter(Name=f"/{self.name}/size")["Parameter"]["Version"],
                "versions": len(versions), "secret": self.secrets.get_secret_value(SecretId=self.name)["SecretString"]}

    def test_killed_at_each_request_it_goes_on_and_nothing_is_done_twice(self):
        wanted = {"count": 2, "size": 1, "versions": 2, "secret": "two"}
        book = self.world.write("changes.lua", CHANGES % {"name": self.name})
        code, _, err = self.run_to_end(book)
        self.assertEqual((code, self.state_of_all()), (OK, wanted), err)
        requests = self.gate.seen
        self.assertEqual(sorted(self.gate.changes), ["PutParameter", "PutSecretValue", "UpdateService"])
        for moment, number in itertools.product(("before", "after"), range(1, requests + 1)):
            with self.subTest(moment=moment, request=number):
                self.setUp()
                book = self.world.write("changes.lua", CHANGES % {"name": self.name})
                self.gate.kill = (moment, number)
                code, _, _ = self.run_to_end(book)
                self.assertEqual(code, -9)
                self.gate.kill = None
                code, _, err = self.run_to_end("resume", "last")
                self.assertEqual((code, self.state_of_all()), (OK, wanted), err)
                changes = [change for change in self.gate.changes if change != "PutSecretValue"]  # that has a token
                self.assertEqual(sorted(changes), ["PutParameter", "UpdateService"])

    def test_what_changed_while_the_run_was_dead_is_told_and_asked_about(self):
        book = self.world.write("watched.lua", WATCHED % {"name": self.name})
        child = self.start(book)
        for line in child.stdout:
            if json.loads(line)["event"] == "wait.progress":
                break
        child.kill()
        child.communicate()
        self.ecs.update_service(cluster="blue", service=self.name, desiredCount=5)
        code, _, err = self.run_to_end("resume", "last")
        self.assertEqual(code, REFUSED, err)
        self.assertRegex(err, rf"service {self.name} was changed by somebody else: desiredCount: 2 -> 5; CloudTrail ")
        self.assertEqual(self.service()["desiredCount"], 5)
        with open(os.path.join(self.world.folder.name, "done"), "wb"):
            pass
        code, _, err = self.run_to_end("resume", "last", "--on-foreign-change", "accept")
        os.remove(os.path.join(self.world.folder.name, "done"))
        self.assertEqual((code, self.service()["desiredCount"]), (OK, 3), err)
        code, _, err = self.run_to_end("undo", "last")
        self.assertEqual((code, self.service()["desiredCount"]), (PROBLEM, 1), err)  # the note elsewhere has no undo

    def test_a_secret_cannot_be_watched(self):
        self.ssm.put_parameter(Name=self.name, Value="one", Type="String")
        code, _, err = self.run_to_end(self.world.write("secret.lua", WATCHED_SECRET % {"name": self.name}))
        self.assertEqual(code, BROKEN, err)
        self.assertIn("rb:watch 'the key': fact Value is a secret, which cannot be compared; watch its version or its date", err)


if __name__ == "__main__":
    GWRUN = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
