"""Loading a runbook for what it says of itself executes nothing that acts, and outside of a step only reading calls are allowed."""

import os

import gwrun
from server import Server, ok_json

ACTS = ["aws.ecs.describe_services { services = { 'web' } }", "aws.ecs.update_service { service = 'web' }", "sleep(60)",
        "require('process').run { 'touch', 'made' }", "require('http').request { url = url }", "require('file').open 'x.lua'",
        "parallel { function() end }"]
BOOK = """
local url = "%s"
%s
return {
  title = "Acts", summary = "Acts while it is loaded.", region = "us-east-1",
  needs = { aws = { "*" }, http = { "*" }, run = { "*" }, read = { "*" } }, run = function() end,
}
"""
READS = """
return {
  title = "Reads", summary = "Reads, and changes outside of a step.", region = "us-east-1", preflight = false, needs = { aws = { "ecs:*" } },
  run = function(rb)
    rb:note("%d services", #aws.ecs.describe_services { services = { "web" } }.services)
    aws.ecs.update_service { service = "web", desiredCount = 2 }
  end,
}
"""


class Loading(gwrun.Case):
    def test_what_acts_does_not_happen_while_a_runbook_is_loaded(self):
        for act in ACTS:
            with Server(ok_json({})) as server:
                path = self.write("runbooks/x.lua", BOOK % (server.url, act))
                for command in (["list"], ["help", "x"], ["check", "x"], ["policy", "x"], [path, "--yes", "--endpoint-url", server.url]):
                    with self.subTest(act, command=command[0]):
                        result = self.gwrun(*command, env=gwrun.KEYS)
                        self.assertIn(result.code, (gwrun.OK, gwrun.SCRIPT, gwrun.FAILED, gwrun.REFUSED, gwrun.PROBLEM), result)
                        self.assertIn("x.lua", result.out + result.err, result)
                self.assertEqual(server.requests, [], act)
            self.assertFalse(os.path.exists(self.path("made")), act)

    def test_outside_of_a_step_only_reading_calls_are_allowed(self):
        with Server(ok_json({"services": [{}]})) as server:
            result = self.gwrun(self.write("reads.lua", READS), "--yes", "--endpoint-url", server.url, env=gwrun.KEYS)
            self.assertEqual([request.operation for request in server.requests], ["DescribeServices"])
        self.assertIn("- 1 services\n", result.out)
        self.assert_ends(result, gwrun.REFUSED, "ecs:UpdateService.*step")


if __name__ == "__main__":
    gwrun.main()
