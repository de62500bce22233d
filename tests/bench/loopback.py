"""The server of loopback.c and the work that is measured against it."""

import json
import os
import subprocess

ANSWER = json.dumps({"services": [{
    "serviceArn": "arn:aws:ecs:us-east-1:123456789012:service/blue/web", "serviceName": "web", "status": "ACTIVE",
    "clusterArn": "arn:aws:ecs:us-east-1:123456789012:cluster/blue", "desiredCount": 2, "runningCount": 2, "pendingCount": 0,
    "launchType": "FARGATE", "taskDefinition": "arn:aws:ecs:us-east-1:123456789012:task-definition/web:7",
    "deployments": [{"id": "ecs-svc/1234567890123456789", "status": "PRIMARY", "desiredCount": 2, "runningCount": 2,
                     "rolloutState": "COMPLETED", "createdAt": 1762917120.25, "updatedAt": 1762917180.5}],
    "events": [{"id": f"e{i}", "createdAt": 1762917120 + i, "message": "(service web) has reached a steady state."}
               for i in range(10)],
}], "failures": []})

RUNBOOK = """
local aws = require "aws"
return {
  title = "Many", summary = "Describes one service many times.", region = "us-east-1",
  needs = { aws = { "ecs:DescribeServices" } },
  params = { calls = { type = "integer", default = 1 }, limit = { type = "integer" } },
  run = function(rb, p)
    local numbers, found = {}, 0
    for i = 1, p.calls do numbers[i] = i end
    local function describe() return #aws.ecs.describe_services({ cluster = "blue", services = { "web" } }).services end
    local counts
    if p.limit then
      counts = parallel.map(numbers, describe, { limit = p.limit })
    else
      for i in ipairs(numbers) do numbers[i] = describe end
      counts = parallel(numbers)
    end
    for _, count in ipairs(counts) do found = found + count end
    rb:note("%d services", found)
  end,
}
"""


class Loopback:
    """Serves while it is open; then `requests` and `connections`, the most at once, are known."""

    def __init__(self, folder):
        answer = os.path.join(folder, "answer.json")
        with open(answer, "w", encoding="ascii") as file:
            file.write(ANSWER)
        self.process = subprocess.Popen([os.environ["GW_LOOPBACK"], answer], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        out, _ = self.process.communicate()
        self.requests, self.connections = map(int, out.split())
