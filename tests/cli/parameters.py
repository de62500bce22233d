"""A runbook's own parameters: from the command line, files, the environment and the terminal, and what is refused."""

import json
import os
import re

import gwrun
from terminal import TerminalCase

RUNBOOK = """
return {
  title = "Scale", summary = "Shows what it was given.",
  params = {
    count = { type = "integer", min = 1, max = 4, required = true, help = "tasks wanted" },
    mode = { type = "enum", values = { "fast", "slow" }, default = "fast" },
    dry_run = { type = "boolean", default = false },
    patience = { type = "duration", default = "5m", min = 10 },
    cluster = { type = "string", default = "blue", env = "GWRUN_CLUSTER" },
    url = { type = "url", env = "GWRUN_HEALTH_URL" },
    role = { type = "arn" },
    ids = { type = "list" },
    tag = { type = "string", pattern = "v%d+" },
  },
  run = function(rb, p)
    rb:note("<%s %s %s %s %s>", p.count, p.mode, p.dry_run, p.patience, p.cluster)
  end,
}
"""

# A secret is passed on and never read; that it is the right one shows in what it equals.
SECRET = """
return {
  title = "Token", summary = "Takes a secret.",
  params = {
    token = { type = "secret", required = true, env = "GWRUN_TOKEN", help = "of the registry" },
    proof = { type = "secret" },
    short = { type = "secret" },
  },
  run = function(rb, p)
    rb:note("<%s %s %s>", p.token, "got " .. p.token, p.token == p.proof)
    rb:note("%s", json.encode(p))
  end,
}
"""

FILES = """
return {
  title = "Files", summary = "Takes files.",
  params = { cert = { type = "file" }, out = { type = "file", access = "write" } },
  needs = { read = { "{cert}" }, write = { "{out}" } },
  run = function(rb, p)
    if p.cert then rb:note("<%d bytes>", require("file").open(p.cert):size()) end
  end,
}
"""

# arguments, environment, what the runbook sees
RIGHT = [
    (["--count", "2"], {}, "2 fast false 300 blue"),
    (["--count=2", "--mode=slow", "--dry-run", "--patience", "1h"], {}, "2 slow true 3600 blue"),
    (["--count", "+2", "--no-dry-run", "--cluster", ""], {}, "2 fast false 300 "),
    (["--count", "2", "--cluster=--plan"], {}, "2 fast false 300 --plan"),
    (["--count", "2"], {"GWRUN_CLUSTER": "green"}, "2 fast false 300 green"),
    (["--count", "2", "--cluster", "red"], {"GWRUN_CLUSTER": "green"}, "2 fast false 300 red"),
    (["--count", "2"], {"GWRUN_CLUSTER": ""}, "2 fast false 300 blue"),
]

# arguments, environment, what is said
WRONG = [
    ([], {}, r"--count: required \(tasks wanted\)$"),
    (["--mode", "x"], {}, r"--mode: expected one of fast, slow, got 'x'; --count: required \(tasks wanted\)$"),
    (["--count"], {}, r"option '--count' needs a value$"),
    (["--count", "five"], {}, r"--count: expected an integer, got 'five'$"),
    (["--count", "1.5"], {}, r"--count: expected an integer, got '1\.5'$"),
    (["--count", "99999999999999999999"], {}, r"--count: expected an integer, got '9+'$"),
    (["--count", ""], {}, r"--count: expected an integer, got ''$"),
    (["--count", "0"], {}, r"--count: expected at least 1, got '0'$"),
    (["--count", "9"], {}, r"--count: expected at most 4, got '9'$"),
    (["--coutn", "2"], {}, r"unknown option '--coutn', did you mean '--count'\?$"),
    (["--count", "2", "--count", "3"], {}, r"option '--count' is given twice$"),
    (["--count", "2", "3"], {}, r"unexpected argument '3'$"),
    (["--count", "2", "--mode", "fsat"], {}, r"--mode: expected one of fast, slow, got 'fsat', did you mean 'fast'\?$"),
    (["--count", "2", "--dry-run=maybe"], {}, r"--dry-run: expected true or false, got 'maybe'$"),
    (["--count", "2", "--no-dry-run=true"], {}, r"option '--no-dry-run' takes no value$"),
    (["--count", "2", "--patience", "1s"], {}, r"--patience: expected at least 10s, got '1s'$"),
    (["--count", "2", "--patience", "soon"], {}, r"--patience: expected a duration such as 90s, 10m or 1h30m, got 'soon'$"),
    (["--count", "2", "--role", "admin"], {}, r"--role: expected an ARN \(.*\), got 'admin'$"),
    (["--count", "2", "--tag", "1"], {}, r"--tag: expected text of the form v%d\+, got '1'$"),
    (["--count", "2"], {"GWRUN_HEALTH_URL": "nope"},
     r"GWRUN_HEALTH_URL: expected a URL that begins with http:// or https://, got 'nope'$"),
    (["--count", "\x1b[31m2\n"], {}, r"--count: expected an integer, got '"),
    (["--params"], {}, r"option '--params' needs a value$"),
    (["--params", "none.json"], {}, r"none\.json: cannot be opened \(No such file or directory\)$"),
    (["--params", "/dev/null"], {}, r"/dev/null: the text is empty$"),
]

# what stands in a file, what is said
WRONG_FILES = [
    ('{\n  "count": 2,\n}', r"p\.json:3:1: .+"),
    ("[2]", r'p\.json: expected a JSON object, \{ "name": value, \.\.\. \}'),
    ('{"coutn": 2}', r"p\.json: unknown parameter 'coutn', did you mean 'count'\?"),
    ('{"count": "many"}', r"p\.json: count: expected an integer, got 'many'"),
    ('{"count": 2, "dry_run": "perhaps"}', r"p\.json: dry_run: expected true or false, got 'perhaps'"),
    ('{"count": 2, "ids": {"a": "b"}}', r"p\.json: ids: expected a list, got a map"),
]


class Parameters(gwrun.Case):
    def setUp(self):
        super().setUp()
        self.scale = self.write("scale.lua", RUNBOOK)

    def test_what_is_given_arrives(self):
        for args, env, seen in RIGHT:
            with self.subTest(args, env=env):
                result = self.gwrun(self.scale, *args, env=env)
                self.assertEqual(result.code, gwrun.OK, result)
                self.assertIn(f"<{seen}>", result.out)

    def test_what_is_wrong_is_refused_before_anything_happens(self):
        for args, env, message in WRONG:
            with self.subTest(args, env=env):
                result = self.gwrun(self.scale, *args, env=env)
                self.assert_ends(result, gwrun.USAGE, rf"^gwrun: scale: {message}")
                self.assertEqual(result.out, "")

    def test_files_of_parameters(self):
        self.write("a.json", json.dumps({"count": 2, "patience": "1m", "cluster": "a", "ids": ["x"]}))
        self.write("b.json", json.dumps({"cluster": "b", "dry_run": True, "url": None}))
        result = self.gwrun(self.scale, "--params", "a.json", "--params=b.json", "--count", "3")
        self.assertIn("<3 fast true 60 b>", result.out, result)
        result = self.gwrun(self.scale, "--params", "-", stdin=b'{"count": 4, "mode": "slow"}')
        self.assertIn("<4 slow false 300 blue>", result.out, result)

    def test_what_is_wrong_in_a_file_is_told_with_its_place(self):
        for text, message in WRONG_FILES:
            with self.subTest(text):
                self.write("p.json", text)
                self.assert_ends(self.gwrun(self.scale, "--params", "p.json"), gwrun.USAGE, rf"^gwrun: scale: {message}$")

    def test_a_file_is_looked_at_before_anything_happens(self):
        self.write("cert.pem", "12345")
        os.mkdir(self.path("folder"))
        runbook = self.write("files.lua", FILES)
        result = self.gwrun(runbook, "--cert", "cert.pem", "--out", "new.txt")
        self.assertEqual(result.code, gwrun.OK, result)
        self.assertIn("<5 bytes>", result.out)
        for args, message in [
                (["--cert", "gone.pem"], r"--cert: 'gone\.pem' cannot be read \(No such file or directory\)"),
                (["--cert", "folder"], r"--cert: 'folder' is a folder, not a file"),
                (["--out", "none/new.txt"], r"--out: 'none/new\.txt' cannot be written \(No such file or directory\)")]:
            with self.subTest(args):
                self.assert_ends(self.gwrun(runbook, *args), gwrun.USAGE, rf"^gwrun: files: {message}$")

    def test_a_default_that_raises_is_the_scripts_fault(self):
        self.write("x.lua", """return { title = "t", summary = "s", params = {
            a = { type = "string", default = function(p) return p.a.b end } }, run = function() end }""")
        self.assert_ends(self.gwrun("x.lua"), gwrun.SCRIPT, r"^gwrun: params\.a: its default asks for itself$")
        self.write("y.lua", """return { title = "t", summary = "s", params = {
            a = { type = "string", default = function(p) return nil .. "" end } }, run = function() end }""")
        self.assert_ends(self.gwrun("y.lua"), gwrun.SCRIPT, r"^gwrun: y\.lua:2: attempt to concatenate a nil value$")

    def test_a_default_makes_no_calls(self):
        self.write("acts.lua", """return { title = "t", summary = "s", needs = { aws = { "sts:GetCallerIdentity" } }, params = {
            who = { type = "string", default = function() return aws.sts.get_caller_identity{}.Arn end } },
            run = function() end }""")
        self.assert_ends(self.gwrun("acts.lua", "--sim"), gwrun.REFUSED,
                         r"^gwrun: sts:GetCallerIdentity: not sent, the run has not begun "
                         r"\(the default of a parameter makes no calls\)$")


class Secrets(gwrun.Case):
    def setUp(self):
        super().setUp()
        self.token = self.write("token.lua", SECRET)
        self.write("secret.txt", gwrun.SECRET_VALUE + "\n")

    def test_a_secret_comes_from_a_file_a_variable_or_standard_input(self):
        proof = ["--proof", "file://secret.txt"]
        self.write("p.json", json.dumps({"token": gwrun.SECRET_VALUE}))
        for args, env, stdin in [
                (["--token", "file://secret.txt"], {}, None),
                (["--token=env://GWRUN_MINE"], {"GWRUN_MINE": gwrun.SECRET_VALUE}, None),
                ([], {"GWRUN_TOKEN": gwrun.SECRET_VALUE}, None),
                (["--token", "-"], {}, gwrun.SECRET_VALUE.encode() + b"\r\n"),
                (["--params", "p.json"], {}, None)]:
            with self.subTest(args, env=env):
                for output in ("text", "json"):
                    result = self.gwrun(self.token, *args, *proof, "--output", output, env=env, stdin=stdin)
                    self.assertEqual(result.code, gwrun.OK, result)
                    self.assertIn("<[secret] [secret] true>", result.out)

    def test_a_secret_on_the_command_line_is_refused_and_not_repeated(self):
        ways = r"give prompt://, file://PATH, env://GWRUN_NAME, or - for standard input$"
        for args, message in [
                (["--token", gwrun.SECRET_VALUE], rf"--token: a secret is not written where others can read it; {ways}"),
                ([f"--token={gwrun.SECRET_VALUE}"], rf"--token: a secret is not written where others can read it; {ways}"),
                ([], rf"--token: required \(of the registry\); {ways}"),
                (["--token", "prompt://"], r"--token: prompt:// needs a terminal, and there is none$"),
                (["--token", "env://HOME"], r"--token: env://HOME: a runbook sees only variables that begin with GWRUN_$"),
                (["--token", "env://GWRUN_NONE"], r"--token: env://GWRUN_NONE: the variable is not set$"),
                (["--token", "file://none"], r"--token: 'none' cannot be opened \(No such file or directory\)$"),
                (["--token", "file:///dev/null"], r"--token: '/dev/null' is blank$")]:
            with self.subTest(args):
                self.assert_ends(self.gwrun(self.token, *args), gwrun.USAGE, rf"^gwrun: token: {message}")

    def test_a_blank_is_no_secret_wherever_it_comes_from(self):
        self.write("blank.txt", " \t\r\n\n")
        self.write("blank.json", '{ "token": "  " }')
        for args, env, message in [
                (["--token", "file://blank.txt"], {}, r"--token: 'blank.txt' is blank$"),
                (["--token", "env://GWRUN_BLANK"], {"GWRUN_BLANK": "  "}, r"--token: env://GWRUN_BLANK: the variable is blank$"),
                ([], {"GWRUN_TOKEN": "  "}, r"GWRUN_TOKEN: it is blank$"),
                (["--params", "blank.json"], {}, r"blank.json: token: it is blank$")]:
            with self.subTest(args):
                self.assert_ends(self.gwrun(self.token, *args, env=env), gwrun.USAGE, rf"^gwrun: token: {message}")

    def test_a_script_does_not_get_hold_of_what_reads_files(self):
        self.write("thief.lua", """
            local params = require "params"
            params.bind = function(schemas, args, sources) return {} end
            return { title = "t", summary = "s", run = function() end }""")
        self.assert_ends(self.gwrun("thief.lua"), gwrun.SCRIPT, "thief.lua:2: require: module 'params' is for the stdlib only")


RESUMED = """
return {
  title = "Resumed", summary = "Fails while a file is not there.",
  params = {
    token = { type = "secret", env = "GWRUN_TOKEN" },
    since = { type = "time", default = "1h", max = "now" }, wait = { type = "duration", default = "90s" },
    other = { type = "secret" },
  },
  needs = { read = { "ready" } },
  run = function(rb, p)
    rb:step("Look", { change = function()
      rb:note("<%s %s %s %s>", time.iso(p.since), p.wait, p.token, p.other)
      require("file").open("ready")
    end })
  end,
}
"""


class Resumed(gwrun.Case):
    def test_a_run_that_goes_on_has_the_same_parameters_and_asks_for_its_secrets_only(self):
        runbook = self.write("resumed.lua", RESUMED)
        self.write("secret.txt", gwrun.SECRET_VALUE)
        first = self.gwrun(runbook, "--yes", "--token", "file://secret.txt")
        self.assertNotEqual(first.code, gwrun.OK)
        seen = re.search(r"<\S+ 90 \[secret\] nil>", first.out)
        self.assertTrue(seen, first)
        missing = self.gwrun("resume", "last", "--yes")
        self.assert_ends(missing, gwrun.USAGE, r"--token: required; give prompt://, file://PATH, env://GWRUN_NAME")
        self.assert_ends(self.gwrun("resume", "last", "--yes", "--wait", "5s"), gwrun.USAGE, r"unknown option '--wait'")
        for args, env in [(["--token", "file://secret.txt"], {}), ([], {"GWRUN_TOKEN": gwrun.SECRET_VALUE})]:
            again = self.gwrun("resume", "last", "--yes", *args, env=env)
            self.assertNotEqual(again.code, gwrun.OK)
            self.assertIn(seen.group(), again.out, again)
        self.write("ready", "")
        self.assertEqual(self.gwrun("resume", "last", "--yes", "--token=-", stdin=b"another").code, gwrun.OK)


UNDONE = """
local process = require "process"
return {
  title = "Undone", summary = "Makes a file; taking it back may need the token.",
  params = { token = { type = "secret" }, needed = { type = "boolean", default = false } },
  needs = { run = { "touch made", "rm *" } },
  run = function(rb, p)
    local header = p.needed and function() return "Bearer " .. p.token end or function() return "" end
    rb:step("Make it", {
      change = function() process.run { "touch", "made" } end,
      undo = function() process.run { "rm", "made", stdin = header() } end,
    })
  end,
}
"""


class Undone(gwrun.Case):
    def test_what_is_taken_back_takes_a_secret_again_only_where_it_is_used(self):
        runbook = self.write("undone.lua", UNDONE)
        self.write("secret.txt", gwrun.SECRET_VALUE)
        token = ("--token", "file://secret.txt")
        for flags, without in (([], gwrun.OK), (["--needed"], gwrun.FAILED)):
            with self.subTest(flags):
                self.assertEqual(self.gwrun(runbook, "--yes", *token, *flags).code, gwrun.OK)
                undone = self.gwrun("undo", "last", "--yes")
                self.assertEqual(undone.code, without, undone)
                if without != gwrun.OK:
                    self.assertIn("give the parameter again (--NAME file://PATH)", undone.out + undone.err)
                    self.assertEqual(self.gwrun("undo", "last", "--yes", *token).code, gwrun.OK)


class Prompts(TerminalCase):
    def test_what_is_missing_is_asked_for_until_it_is_right(self):
        terminal = self.terminal(self.write("scale.lua", RUNBOOK))
        terminal.expect(r"--count: tasks wanted \(integer, 1 to 4\): ")
        terminal.type("nine\n")
        terminal.expect(r"expected an integer, got 'nine'; --count: tasks wanted \(integer, 1 to 4\): ")
        terminal.type("3\n")
        self.assertEqual(terminal.finish(), gwrun.OK, terminal.seen)
        self.assertIn("<3 fast false 300 blue>", terminal.seen)

    def test_for_unattended_use_nothing_is_asked(self):
        terminal = self.terminal(self.write("scale.lua", RUNBOOK), "--yes")
        self.assertEqual(terminal.finish(), gwrun.USAGE, terminal.seen)
        self.assertIn("--count: required (tasks wanted)", terminal.seen)

    def test_a_secret_is_typed_unseen(self):
        self.write("secret.txt", gwrun.SECRET_VALUE)
        runbook = self.write("token.lua", SECRET)
        for args in ([], ["--token", "prompt://"]):
            with self.subTest(args):
                terminal = self.terminal(runbook, "--proof", "file://secret.txt", *args)
                terminal.expect(r"--token: of the registry \(secret\): ")
                terminal.type(gwrun.SECRET_VALUE + "\n")
                self.assertEqual(terminal.finish(), gwrun.OK, terminal.seen)
                self.assertIn("<[secret] [secret] true>", terminal.seen)

    def test_an_interrupt_at_a_question_leaves_the_terminal_as_it_was(self):
        terminal = self.terminal(self.write("token.lua", SECRET))
        terminal.expect(r"--token: of the registry \(secret\): ")
        terminal.type("\x03")
        self.assertEqual(terminal.finish(), gwrun.INTERRUPTED, terminal.seen)

    def test_the_end_of_input_is_no_answer(self):
        terminal = self.terminal(self.write("scale.lua", RUNBOOK))
        terminal.expect(r"--count: tasks wanted \(integer, 1 to 4\): ")
        terminal.type("\x04")
        self.assertEqual(terminal.finish(), gwrun.USAGE, terminal.seen)
        self.assertIn("scale: --count: no answer came", terminal.seen)


if __name__ == "__main__":
    gwrun.main()
