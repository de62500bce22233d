"""gwrun drill: incidents in the simulator, played by a script or by hand, and exploration."""

import json
import signal
import subprocess

import gwrun

DRILLS = ["answer_lost", "bad_image", "breaker_trips", "crash_loop", "empty_log_pages", "forced_redeploy", "foreign_deployment", "forgotten_tasks", "google_secret_revoked",
          "guide_order", "health_check", "healthy_then_crashes", "key_not_valid_yet", "leaked_key", "memory_leak", "no_capacity", "operator_killed", "path_prefix", "scale_out_under_load", "scaled_meanwhile",
          "target_flap", "task_role_loses_s3", "throttled", "token_expires"]

WORLD_SECRET = "simulated/secret/of/the/oncall/engineer"

IDLE = """
return {
  title = "Nobody acts", summary = "A bad image, and nobody who looks.",
  world = { bad = "none", timeline = { { after = 60, deploy = "degrades" } } },
  harm = function(now) return now.share < 1 end,
  respond = function() end,
  expect = { { text = "served", within = "2m", holds = function(now) return now.share == 1 end } },
  never = { { text = "nobody is served", happens = function(now) return now.share == 0 end } },
}
"""

CALM = IDLE.replace('deploy = "degrades"', 'deploy = "good"')

# Does not look whether its change was made.
CARELESS = """
local aws = require "aws"
return {
  title = "Careless", summary = "Scales to two.",
  needs = { aws = { "ecs:UpdateService" } },
  run = function(rb)
    rb:step("Scale to 2", { change = function()
      aws.ecs.try_update_service { cluster = "busyb-cluster", service = "busyb-google-workspace-mcp-service", desiredCount = 2 }
    end })
  end,
}
"""


class Drill(gwrun.Case):
    def finish(self, result):
        return [event for event in result.events if event["event"] == "run.finished" and "child" not in event][0]

    def test_without_a_name_it_lists_what_there_is(self):
        self.assertEqual(self.gwrun("drill").out.split(), DRILLS)

    def test_every_drill_that_is_shipped_is_passed(self):
        for name in DRILLS:
            with self.subTest(name):
                result = self.gwrun("drill", name, "--output", "json")
                self.assertEqual(result.code, gwrun.OK, result)
                self.assertEqual(self.finish(result)["outcome"], "ok")

    def test_the_score_tells_when_and_what_it_cost(self):
        result = self.gwrun("drill", "bad_image")
        self.assertEqual(result.code, gwrun.OK, result)
        self.assertIn("[x] requests are served again: after 1m 36s", result.out)
        self.assertRegex(result.out, r"all that was expected +2m 03s +60/60\n")
        self.assertRegex(result.out, r"requests lost +4\d\d +20/20\n")
        self.assertIn("OK A bad image is deployed, after 6m 43s: passed, 100 points; the first attempt\n", result.out)

    def test_the_same_seed_is_the_same_to_the_byte(self):
        one, other = (self.gwrun("drill", "throttled", "--seed", "7", "--output", "json", env={"GWRUN_STATE": self.path(place)})
                      for place in ("one", "other"))
        self.assertEqual(one.out, other.out)
        self.assertNotEqual(one.out, self.gwrun("drill", "throttled", "--seed", "8", "--output", "json").out)

    def test_it_is_kept_with_its_runs_and_compared_with_earlier_ones(self):
        self.gwrun("drill", "bad_image")
        again = self.gwrun("drill", "bad_image")
        self.assertIn("passed, 100 points; 1 earlier, the last 100, the best 100", again.out)
        listed = json.loads(self.gwrun("history", "--rehearsals", "--output", "json").out)
        self.assertEqual([run["runbook"] for run in listed if not run.get("parent")], ["drill bad_image", "drill bad_image"])
        shown = self.gwrun("show", "last", "--rehearsals")
        self.assertIn("A bad image is deployed", shown.out)
        self.assertRegex(shown.out, r"requests lost +4\d\d +20/20\n")
        self.assertEqual(self.gwrun("history", "--rehearsals", "--verify").code, gwrun.OK)

    def test_where_nobody_acts_it_is_not_passed(self):
        self.write("runbooks/drills/idle.lua", IDLE)
        result = self.gwrun("drill", "idle", "--output", "json")
        self.assertEqual(result.code, gwrun.PROBLEM, result)
        checks = [(event["text"], event["state"]) for event in result.events if event["event"] == "check"]
        self.assertEqual(checks, [("served", "failed"), ("never: nobody is served", "failed")])
        finish = self.finish(result)
        self.assertEqual(finish["text"], "not passed, 40 points; the first attempt")
        self.assertEqual(finish["world"]["points"], 40)

    def test_a_world_without_harm_is_no_drill(self):
        self.write("runbooks/drills/calm.lua", CALM)
        result = self.gwrun("drill", "calm")
        self.assertEqual(result.code, gwrun.PROBLEM, result)
        self.assertIn("nothing went wrong in this world, so that there was nothing to do", result.out)

    def test_mistakes(self):
        self.assert_ends(self.gwrun("drill", "no_such"), gwrun.USAGE, "no drill 'no_such'; 'gwrun drill' lists them")
        self.assert_ends(self.gwrun("drill", "--hand-on", "bad_image"), gwrun.USAGE, "did you mean '--hands-on'")
        self.assert_ends(self.gwrun("drill", "--explore", "ten", "emergency_rollback"), gwrun.USAGE, "how many courses, got 'ten'")
        self.assert_ends(self.gwrun("drill", "--explore", "3"), gwrun.USAGE, "which runbook\\?")
        self.write("runbooks/drills/broken.lua", "return {")
        self.assert_ends(self.gwrun("drill", "broken"), gwrun.SCRIPT, "broken.lua:1: ")
        self.write("runbooks/drills/bare.lua", "return { title = 'x', summary = 'y' }")
        self.assert_ends(self.gwrun("drill", "bare"), gwrun.SCRIPT, "bare: the drill lacks 'harm'")
        self.write("runbooks/drills/odd.lua", "return { title = 'x', sumary = 'y' }")
        self.assert_ends(self.gwrun("drill", "odd"), gwrun.SCRIPT, "unknown option 'sumary', did you mean 'summary'")

    def test_a_person_plays_it_and_may_give_up(self):
        child = subprocess.Popen([gwrun.PROGRAM, "drill", "bad_image", "--hands-on", "--speed", "30", "--output", "json"], cwd=self.folder,
                                 env=self.environment(AWS_SECRET_ACCESS_KEY=WORLD_SECRET), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        events = []
        for line in child.stdout:
            events.append(json.loads(line))
            if events[-1].get("text", "").startswith("ALERT"):
                break
        invitation = [event["text"] for event in events if event.get("text", "").startswith("export ")][0]
        keys = dict(word.split("=", 1) for word in invitation.split()[1:])
        self.assertEqual(keys["AWS_SECRET_ACCESS_KEY"], WORLD_SECRET)  # also in the shell of an earlier drill
        self.assertEqual(keys["GWRUN_GITHUB_API"], "http://api.github.com")
        url = keys["AWS_ENDPOINT_URL"]
        service = ["--cluster", "busyb-cluster", "--service", "busyb-google-workspace-mcp-service"]
        changed = self.gwrun("call", "ecs", "update-service", *service, "--task-definition", "busyb-google-workspace-mcp:2",
                             "--endpoint-url", url, "--yes", env=keys)
        self.assertEqual(changed.code, gwrun.OK, changed)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
        self.assertEqual(child.returncode, gwrun.PROBLEM, err)
        rest = [json.loads(line) for line in out.splitlines()]
        table = [event for event in rest if event["event"] == "table"][0]
        self.assertEqual([row[1] for row in table["rows"] if row[0] == "calls, of them changes"], ["1, 1"])
        self.assertIn("detected", rest[-1]["world"])

    def test_exploration(self):
        result = self.gwrun("drill", "--explore", "20", "emergency_rollback")
        self.assertEqual(result.code, gwrun.OK, result)
        self.assertRegex(result.out, r"\Aemergency_rollback: 20 courses of faults, all come to the same end \([\d.]+ s\)\n\Z")

    def test_exploration_finds_a_careless_runbook_and_says_how_to_see_it(self):
        book = self.write("runbooks/careless.lua", CARELESS)
        result = self.gwrun("drill", "--explore", "200", book)
        self.assertEqual(result.code, gwrun.PROBLEM, result)
        self.assertRegex(result.out, r"course \d+: it comes to another end: .+\.desired is 1, not 2\nagain: gwrun \S+careless.lua --sim --seed \d+ --fault \'expired ecs:UpdateService nth=1\'\n")


if __name__ == "__main__":
    gwrun.main()
