"""gwrun check: what it finds in a runbook without running it, and how it says so."""

import os

import gwrun

GOOD = """
local aws = require "aws"
local ecs = require "ecs"

local function scale(rb, which, p)
  rb:step("Scale", {
    check = function() return ecs.get_service(which).desiredCount == p.count end,
    change = function()
      aws.ecs.update_service { cluster = which.cluster, service = which.service, desiredCount = p.count }
    end,
  })
end

return {
  title = "Scale", summary = "Scales.", region = "eu-west-1", lock = "ecs:blue/web",
  params = { count = { type = "integer", required = true }, host = { type = "string", default = "example.com" } },
  needs = { aws = { "ecs:DescribeServices", "ecs:UpdateService" }, http = { "{host}" } },
  run = function(rb, p)
    local which = { cluster = "blue", service = "web" }
    rb:note("%d tasks wanted, 100%% sure", p.count)
    scale(rb, which, p)
    rb:wait("Steady", function() return ecs.get_service(which).runningCount == p.count and "done" end, { timeout = "10m" })
  end,
}
"""

FRAME = """local aws = require "aws"
local ecs = require "ecs"
return { title = "t", summary = "s", lock = "ecs:c/w",
  params = { count = { type = "integer" } },
  needs = { aws = { "ecs:DescribeServices", "ecs:UpdateService" } },
  run = function(rb, p)
    ecs.get_service { cluster = "c", service = p.count }
    rb:step("x", { check = function() end, change = function() aws.ecs.update_service { service = "w" } end })
%s
  end }
"""
BODY_LINE = 9  # of FRAME, where a body begins


class Check(gwrun.Case):
    def check(self, text, *args, code=gwrun.SCRIPT):
        """The lines that are said of a script, without its name."""
        self.write("x.lua", text)
        result = self.gwrun("check", "./x.lua", *args)
        self.assertEqual((result.code, result.err), (code, ""), result)
        lines = result.out.splitlines()
        for line in lines[:-1]:
            self.assertTrue(line.startswith("./x.lua:"), line)
        return [line[len("./x.lua:"):] for line in lines[:-1]], lines[-1]

    def assert_body(self, body, *expected, code=gwrun.SCRIPT):
        """What is said of a body of `run`; lines count from its first."""
        found, _ = self.check(FRAME % body, code=code)
        shown = []
        for line in found:
            number, rest = line.split(":", 1)
            shown.append(f"{int(number) - BODY_LINE + 1}:{rest}")
        self.assertEqual(shown, list(expected), body)

    # ---- the command

    def test_a_runbook_without_a_mistake(self):
        self.assertEqual(self.check(GOOD, code=gwrun.OK), ([], "1 runbook checked: 0 errors, 0 warnings"))

    def test_without_names_every_runbook_in_the_folders_is_checked(self):
        self.write("runbooks/one.lua", GOOD)
        self.write("runbooks/two.lua", "return {")
        self.write("runbooks/service.lua", "return {}")
        self.write("more/one.lua", GOOD)
        result = self.gwrun("check", env={"GWRUN_PATH": self.path("more")})
        self.assertEqual(result.code, gwrun.SCRIPT)
        self.assertIn("./runbooks/two.lua:1:9: error: unexpected symbol near '<eof>' [syntax]\n", result.out)
        self.assertNotIn("./runbooks/one.lua", result.out)

    def test_the_runbooks_that_come_with_it_are_clean(self):
        folder = os.path.join(gwrun.SOURCE, "runbooks")
        names = sorted(name for name in os.listdir(folder) if name.endswith(".lua") and name != "service.lua")
        result = self.gwrun("check", "--strict", *(os.path.join(folder, name) for name in names))
        self.assertEqual(result.code, gwrun.OK, result)

    def test_what_is_not_there_and_wrong_use(self):
        self.assert_ends(self.gwrun("check", "./nope.lua"), gwrun.USAGE, r"\./nope\.lua: cannot be opened")
        self.assert_ends(self.gwrun("check", "--strickt"), gwrun.USAGE,
                         r"unknown option '--strickt', did you mean '--strict'\?$")

    def test_json_is_a_list(self):
        self.write("x.lua", FRAME % "aws.ecs.list_servises {}")
        result = self.gwrun("check", "./x.lua", "--output", "json")
        self.assertEqual(result.code, gwrun.SCRIPT)
        self.assertEqual(result.events, [[{
            "file": "./x.lua", "line": BODY_LINE, "column": 9, "level": "error", "rule": "unknown-operation",
            "text": "ecs: no operation 'list_servises', did you mean 'list_services'?"}]])
        self.write("x.lua", GOOD)
        self.assertEqual(self.gwrun("check", "./x.lua", "--output", "json").out, "[]\n")

    def test_strict_makes_errors_of_warnings(self):
        body = "local unused = 1"
        self.assert_body(body, "1:7: warning: local 'unused' is never used [unused-local]", code=gwrun.OK)
        found, summary = self.check(FRAME % body, "--strict")
        self.assertEqual(found, [f"{BODY_LINE}:7: error: local 'unused' is never used [unused-local]"])
        self.assertEqual(summary, "1 runbook checked: 1 error, 0 warnings")

    def test_a_comment_silences_one_rule_on_its_line(self):
        self.assert_body("local unused = foo -- gwrun: allow unused-local",
                         "1:16: error: unknown global 'foo' [unknown-global]")
        self.assert_body("local unused = foo -- gwrun: allow unused-local, unknown-global: it is for later", code=gwrun.OK)

    def test_a_script_is_never_run(self):
        self.write("x.lua", 'local aws = require "aws"\naws.ecs.list_clusters {}\nreturn {}')
        result = self.gwrun("check", "./x.lua")
        self.assertEqual(result.code, gwrun.SCRIPT)
        self.assertRegex(result.out, r"\A\./x\.lua:1:1: error: .*AWS is called inside a runbook's run function only \[declaration\]\n")

    def test_a_broken_declaration_has_its_place(self):
        found, _ = self.check('return { title = "t" }')
        self.assertEqual(found, ["1:1: error: runbook: 'summary' is missing [declaration]"])

    # ---- AWS

    def test_names_of_aws_that_do_not_exist(self):
        self.assert_body("aws.exs.x()", "1:5: error: aws: no service 'exs', did you mean 'ebs'? [unknown-service]")
        self.assert_body('aws.client("ec5", {}).x()', "1:5: error: aws: no service 'ec5', did you mean 'ec2'? [unknown-service]")
        self.assert_body("aws.ecs.try_describe_service {}",
                         "1:9: error: ecs: no operation 'try_describe_service', did you mean 'describe_services'? [unknown-operation]")
        self.assert_body("aws.ecs.pages.describe_services {}",
                         "1:15: error: ecs: 'describe_services' has no pages that AWS's models know of [unknown-pages]")
        self.assert_body("aws.ecs.wait.service_stable {}",
                         "1:14: error: ecs: no waiter 'service_stable', did you mean 'services_stable'? [unknown-waiter]")
        self.assert_body("ecs.get_servce()", "1:5: error: module 'ecs' has no 'get_servce', did you mean 'get_service'? [unknown-function]")

    def test_parameters_are_held_against_the_model(self):
        self.assert_body('aws.ecs.describe_services { clustr = "c", services = "web" }',
                         "1:29: error: ecs:DescribeServices: no member 'clustr', did you mean 'cluster'? [unknown-member]",
                         "1:54: error: ecs:DescribeServices: services: expected a list, got string [wrong-type]")
        self.assert_body("aws.ecs.describe_services { include = p.count and { 'TAG' } or { 1 } }",
                         "1:27: error: ecs:DescribeServices: 'services' is required [missing-member]",
                         "1:53: error: ecs:DescribeServices: include[1]: 'TAG' is none of TAGS, did you mean 'TAGS'? [unknown-enum]",
                         "1:66: error: ecs:DescribeServices: include[1]: expected text, got number [wrong-type]")

    def test_nested_parameters_too(self):
        self.assert_body("""rb:step("y", { check = function() end, change = function()
          local deployment = { maximumPercent = "x" }
          deployment.minimumHealthyPercen = 50
          aws.ecs.update_service { service = "w", deploymentConfiguration = deployment }
        end })""",
                         "2:49: error: ecs:UpdateService: deploymentConfiguration.maximumPercent: expected an integer, got string [wrong-type]",
                         "3:22: error: ecs:UpdateService: no member 'deploymentConfiguration.minimumHealthyPercen', "
                         "did you mean 'minimumHealthyPercent'? [unknown-member]")

    def test_what_is_not_written_down_is_not_judged(self):
        self.assert_body("""local params = { services = { p.count } }
        for name, value in pairs(p) do params[name] = value end
        aws.ecs.describe_services(params)
        aws.ecs[p.count] {}
        aws.client(p.count).x {}""", code=gwrun.OK)

    # ---- what is declared

    def test_actions_are_held_against_needs_through_the_stdlib_too(self):
        self.assert_body("aws.ecs.list_clusters {}", "1:9: error: 'ecs:ListClusters' is not in needs.aws [undeclared-action]")
        self.assert_body('ecs.list_tasks { cluster = "c", service = "w" }',
                         "1:5: error: 'ecs:DescribeTasks' is not in needs.aws (called by stdlib/ecs.lua) [undeclared-action]",
                         "1:5: error: 'ecs:ListTasks' is not in needs.aws (called by stdlib/ecs.lua) [undeclared-action]")

    def test_declared_actions_exist_and_are_used(self):
        text = GOOD.replace('"ecs:DescribeServices", ', '"ecs:Describe*", "ecs:DescribeServic", "esc:X", "ecs:RunTask", "all", ')
        found, _ = self.check(text)
        self.assertEqual(found, [
            "17:38: error: needs.aws: there is no action 'ecs:DescribeServic', did you mean 'ecs:DescribeServices'? [unknown-action]",
            "17:60: error: needs.aws: 'esc:X': no service has actions that begin with 'esc:', did you mean 'ecs'? [unknown-action]",
            "17:69: warning: needs.aws: 'ecs:RunTask' is declared, but nothing is seen that calls it [unused-action]",
            "17:84: error: needs.aws: 'all' is no action: expected 'service:Operation' [unknown-action]"])

    def test_what_plans_and_the_preflight_read_counts_as_used(self):
        text = GOOD.replace("  run = function(rb, p)\n", "  targets = function(p) return { require 'logs'.exists(p.host) } end,\n  run = function(rb, p)\n")
        text = text.replace('"ecs:UpdateService" }', '"ecs:UpdateService", "logs:DescribeLogGroups", "ecs:TagResource", "ecs:ListTagsForResource" }')
        text = text.replace("      aws.ecs.update_service {", "      aws.ecs.tag_resource { resourceArn = p.host, tags = {} }\n      aws.ecs.update_service {")
        self.assertEqual(self.check(text, code=gwrun.OK)[0], [])

    def test_a_secret_is_not_compared_with_a_text(self):
        text = GOOD.replace("  run = function(rb, p)\n", "  run = function(rb, p)\n    if p.token == 'x' or 'y' ~= p.token or p.token:is 'z' then return end\n")
        text = text.replace("params = {", "params = { token = { type = 'secret' },")
        found, _ = self.check(text)
        self.assertEqual([line.split(" ", 1)[1] for line in found],
                         ["error: a secret is never equal to a text; write p.token:is(text) [secret-comparison]"] * 2)

    def test_hosts_and_files_are_declared(self):
        self.assert_body("""require "http".request { url = "https://example.com/x" }
        require "file".open "certs/a.pem" """,
                         "1:16: error: 'https://example.com/x' is not in needs.http [undeclared-host]",
                         "2:24: error: 'certs/a.pem' is not in needs.read [undeclared-file]")
        declared = FRAME.replace("needs = {", 'needs = { http = { "example.com" }, read = { "certs/*.pem" },')
        self.check(declared % """require "http".request { url = "https://example.com/x" }
        require "file".open "certs/a.pem" """, code=gwrun.OK)

    def test_commands_in_containers_are_declared(self):
        frame = FRAME.replace('"ecs:UpdateService"', '"ecs:UpdateService", "ecs:ExecuteCommand", "ecs:DescribeTasks"%s')
        body = """aws.ecs.exec { cluster = "c", service = "w", command = { "curl", "http://localhost/health" } }"""
        found, _ = self.check(frame % ("", body))
        self.assertEqual([line.split(": ", 1)[1] for line in found], [
            "error: command 'curl' in a container changes something outside of a step: only 'change' and 'undo' of rb:step may "
            "[outside-step]",
            "error: 'ecs:ListTasks' is not in needs.aws [undeclared-action]",
            "error: command 'curl' with these words is not in needs.exec [undeclared-command]"])
        declared = frame.replace("needs = {", 'needs = { exec = { "read: curl *" },')
        self.check(declared % (', "ecs:ListTasks"', body), code=gwrun.OK)

    def test_commands_and_variables_are_declared(self):
        body = """local process = require "process"
        process.run { "git", "log", p.count }
        rb:step("y", { check = function() end, change = function() process.run { "git", "push", "origin" } end })
        rb:note(require "env".get "CI_JOB")"""
        self.assert_body(body,
                         "2:17: error: command 'git' changes something outside of a step: only 'change' and 'undo' of rb:step may [outside-step]",
                         "2:17: error: command 'git' with these words is not in needs.run [undeclared-command]",
                         "3:76: error: command 'git' with these words is not in needs.run [undeclared-command]",
                         "4:31: error: 'CI_JOB' is not in needs.env [undeclared-variable]")
        declared = FRAME.replace("needs = {", 'needs = { run = { "read: git log *", "git push *" }, env = { "CI_*" },')
        self.check(declared % body, code=gwrun.OK)

    def test_parameters_are_declared_and_used(self):
        self.assert_body("rb:note(p.cuont)", "1:11: error: parameter 'cuont' is not declared, did you mean 'count'? [unknown-parameter]")
        found, _ = self.check(GOOD.replace(', http = { "{host}" }', ""), code=gwrun.OK)
        self.assertEqual(found, ["16:61: warning: parameter 'host' is declared, but never used [unused-parameter]"])

    # ---- names

    def test_globals_and_locals(self):
        self.assert_body("""count = 1
        print(os.time(), string.gsubb, sleeep)
        local function f() return f() end""",
                         "1:1: error: global 'count' is written: globals are read-only; use local [global-write]",
                         "2:15: error: unknown global 'os' [unknown-global]",
                         "2:33: error: string has no 'gsubb', did you mean 'gsub'? [unknown-global]",
                         "2:40: error: unknown global 'sleeep', did you mean 'sleep'? [unknown-global]",
                         "3:24: warning: function 'f' is never used [unused-local]")

    # ---- steps

    def test_changes_belong_into_a_step(self):
        self.assert_body("""aws.ecs.update_service { service = "w" }
        parallel { function() aws.ecs.update_service { service = "w" } end }
        rb:step("y", { check = function() aws.ecs.update_service { service = "w" } end, change = function() end })
        local handlers = {}
        handlers[p.count] = function() aws.ecs.update_service { service = "w" } end""",
                         "1:9: error: ecs:UpdateService changes something outside of a step: only 'change' and 'undo' of rb:step may [outside-step]",
                         "2:39: error: ecs:UpdateService changes something outside of a step: only 'change' and 'undo' of rb:step may [outside-step]",
                         "3:51: error: ecs:UpdateService changes something in 'check' of a step: only 'change' and 'undo' of rb:step may [outside-step]")

    def test_options_of_the_engine(self):
        self.assert_body("""rb:step("y", { chnge = 1, confirm = 5, check = function() end, change = function() end })
        rb:wait("w", function() return "done" end, { timeuot = "10m" })
        rb:checklist("c", { { text = "a", prob = 1 } })
        rb:parallel({ a = function() end }, { limt = 1 })
        rb:steps("z")""",
                         "1:16: error: rb:step: unknown option 'chnge', did you mean 'change'? [unknown-option]",
                         "1:27: error: rb:step: option 'confirm' must be a string or function, got number [wrong-type]",
                         "2:54: error: rb:wait: unknown option 'timeuot', did you mean 'timeout'? [unknown-option]",
                         "3:43: error: rb:checklist item: unknown option 'prob', did you mean 'probe'? [unknown-option]",
                         "4:47: error: rb:parallel: unknown option 'limt', did you mean 'limit'? [unknown-option]",
                         "5:12: error: rb has no method 'steps', did you mean 'step'? [unknown-method]")
        self.assert_body("""rb:step("y", { check = function() end, change = function() end, retry = { atempts = 3 } })""",
                         "1:75: error: rb:step retry: unknown option 'atempts', did you mean 'attempts'? [unknown-option]")

    def test_a_step_changes_something_and_can_be_settled(self):
        self.assert_body("""rb:step("y", { change = function() aws.ecs.update_service { service = "w" } end })
        rb:step("z", { check = function() return true end })""",
                         "1:4: warning: rb:step: ecs:UpdateService cannot be taken back without 'undo', nor settled after a crash "
                         "without 'check': AWS has no token to know it by [no-undo-or-check]",
                         "2:12: error: rb:step: 'change' is missing [step-without-change]")

    def test_formats_have_their_values(self):
        self.assert_body("""rb:note("%s and %s", 1)
        rb:warn("100%")
        rb:refuse("%d", 1, 2)
        rb:note(("%s"):format())""",
                         "1:4: error: rb:note: the format wants 2 values, 1 given [format]",
                         "2:12: error: rb:warn: '%' is no directive of a format; '%%' is a percent sign [format]",
                         "3:12: warning: rb:refuse: the format shows 1 value of 2 [format]",
                         "4:24: error: string.format: the format wants 1 value, 0 given [format]")


if __name__ == "__main__":
    gwrun.main()
