"""Finding runbooks, listing them, and what help says of one."""

import os

import gwrun

EMPTY = 'return { title = "t", summary = "%s", run = function() end }'

DOCUMENTED = """
return {
  title = "Drain", summary = "Drains one host, slowly and with care, so that nobody notices that it went away at all.",
  guide = "Operations > Draining", region = "eu-west-1",
  params = {
    host = { type = "string", required = true, env = "GWRUN_HOST", help = "which host" },
    mode = { type = "enum", values = { "slow", "fast" }, default = "slow" },
    force = { type = "boolean" },
    batch = { type = "integer", min = 1, max = 50, default = 10, example = 5 },
    wait = { type = "duration", max = "1h", default = 90 },
    owner = { type = "string", pattern = "%a+", prompt = "who is on call" },
    zones = { type = "list", of = "enum", values = { "a", "b" }, min = 1 },
    report = { type = "file", access = "write" },
    token = { type = "secret", env = "GWRUN_TOKEN", help = "of the registry" },
  },
  needs = { aws = { "ecs:DescribeServices" }, http = { "example.com" } },
  run = function() end,
}
"""


class Catalogue(gwrun.Case):
    def test_an_unknown_runbook_names_the_nearest_and_where_it_looked(self):
        self.write("runbooks/emergency_rollback.lua", EMPTY % "x")
        self.write("more/scale.lua", EMPTY % "x")
        env = {"GWRUN_PATH": self.path("more")}
        for name, near in (("emergency_rolback", "emergency_rollback"), ("emergency-rollback", "emergency_rollback"),
                           ("Emergency_Rollback", "emergency_rollback"), ("scal", "scale")):
            for args in ([name], ["help", name]):
                with self.subTest(args):
                    self.assert_ends(self.gwrun(*args, env=env), gwrun.USAGE,
                                     rf"^gwrun: no runbook '{name}', did you mean '{near}'\? "
                                     rf"\(looked in {self.folder}/more, \./runbooks")
        self.assert_ends(self.gwrun("nothing_of_that_kind", env=env), gwrun.USAGE,
                         r"no runbook 'nothing_of_that_kind' \(looked in ")

    def test_a_path_that_is_no_file(self):
        os.mkdir(self.path("folder.lua"))
        os.mkfifo(self.path("fifo.lua"))
        for path, message in (("./nope.lua", r"\./nope\.lua: cannot be opened \(No such file or directory\)"),
                              ("./folder.lua", r"\./folder\.lua: is a folder, not a file"),
                              ("./fifo.lua", r"\./fifo\.lua: is something else, not a file"),
                              ("/dev/zero", r"/dev/zero: is something else, not a file"),
                              ("folder.lua", r"no runbook 'folder\.lua'")):
            with self.subTest(path):
                self.assert_ends(self.gwrun(path, timeout=10), gwrun.USAGE, rf"^gwrun: {message}")

    def test_a_file_that_cannot_be_read(self):
        if os.geteuid() == 0:
            self.skipTest("root may read everything")
        os.chmod(self.write("look.lua", EMPTY % "x"), 0)
        for args in (["look.lua"], ["help", "look.lua"]):
            with self.subTest(args):
                self.assert_ends(self.gwrun(*args), gwrun.USAGE, r"look\.lua: cannot be opened \(Permission denied\)$")

    def test_a_name_a_file_and_a_path_find_the_same(self):
        self.write("runbooks/scale.lua", EMPTY % "x")
        for name in ("scale", "scale.lua", "runbooks/scale", "./runbooks/scale.lua", self.path("runbooks/scale.lua")):
            with self.subTest(name):
                self.assertEqual(self.gwrun(name).code, gwrun.OK)

    def test_the_first_folder_wins(self):
        self.write("runbooks/scale.lua", EMPTY % "second")
        self.write("mine/scale.lua", EMPTY % "first")
        result = self.gwrun("list", env={"GWRUN_PATH": f"/nope::{self.path('mine')}"})
        self.assertRegex(result.out, r"(?m)^scale +first$")
        self.assertNotIn("second", result.out)

    def test_list_shows_one_that_is_broken_with_why(self):
        self.write("runbooks/good.lua", EMPTY % "Does good.")
        self.write("runbooks/broken.lua", "return {")
        self.write("runbooks/service.lua", "return {}")
        result = self.gwrun("list")
        self.assertEqual((result.code, result.err), (gwrun.OK, ""))
        self.assertRegex(result.out, r"(?m)^broken +broken\.lua:1: unexpected symbol near <eof>\ngood +Does good\.$")
        self.assertNotRegex(result.out, r"(?m)^service\s")
        by_name = {entry["name"]: entry for entry in self.gwrun("list", "--output", "json").events[0]}
        self.assertEqual(by_name["good"]["summary"], "Does good.")
        self.assertIn("error", by_name["broken"])

    def test_list_as_json_has_the_parameters(self):
        self.write("runbooks/drain.lua", DOCUMENTED)
        entries = {entry["name"]: entry for entry in self.gwrun("list", "--output", "json").events[0]}
        params = {param["name"]: param for param in entries["drain"]["params"]}
        self.assertEqual(params["batch"], {"name": "batch", "flag": "--batch", "type": "integer", "takes": "integer",
                                           "required": False, "default": 10, "range": "1 to 50", "example": 5})
        self.assertEqual(params["host"]["required"], True)
        self.assertEqual(params["zones"]["type"], "list of enum")

    def test_list_says_when_there_is_nothing(self):
        if "no runbooks" not in self.gwrun("list").err:
            self.skipTest("this program has runbooks beside it")
        self.assert_ends(self.gwrun("list"), gwrun.USAGE, r"^gwrun: no runbooks in \./runbooks; GWRUN_PATH names folders$")
        self.assertEqual(self.gwrun("list", "--output", "json").events, [[]])

    def test_help_says_what_a_runbook_is_for_and_takes_and_needs(self):
        self.write("runbooks/drain.lua", DOCUMENTED)
        expected = """\
Drain
Drains one host, slowly and with care, so that nobody notices that it went away
at all.
guide: Operations > Draining

  gwrun drain [--plan | --sim] [parameters]

parameters
  --batch integer
      1 to 50; default 10; example 5
  --force boolean
  --host string
      which host; required; environment GWRUN_HOST
  --mode slow|fast
      default "slow"
  --owner string
      who is on call; of the form %a+
  --report file to write
  --token prompt://|file://PATH|env://GWRUN_NAME|-
      of the registry; environment GWRUN_TOKEN
  --wait duration
      at most 1h; default "1m30s"
  --zones list of a|b
      at least 1 item

needs of AWS
  ecs:DescribeServices

needs of HTTP
  example.com
"""
        for args in (["help", "drain"], ["drain", "--help"]):
            with self.subTest(args):
                result = self.gwrun(*args)
                self.assertEqual((result.code, result.out), (gwrun.OK, expected))

    def test_help_of_a_command_is_what_the_command_says_itself(self):
        for name, begin in [("help", "gwrun runs operational runbooks"), ("approve", "gwrun approve RUN"), ("check", "gwrun check"),
                            ("history", "gwrun history"), ("list", "gwrun list"), ("locks", "gwrun locks"), ("login", "gwrun login"),
                            ("new", "gwrun new NAME"), ("policy", "gwrun policy RUNBOOK"), ("resume", "gwrun resume RUN"),
                            ("show", "gwrun show RUN"), ("test", "gwrun test"), ("types", "gwrun types DIR"),
                            ("undo", "gwrun undo RUN"), ("whoami", "gwrun whoami"),
                            ("call", "One call of AWS"), ("models", "gwrun models list")]:
            with self.subTest(name):
                result = self.gwrun("help", name)
                self.assertEqual((result.code, result.out[:len(begin)]), (gwrun.OK, begin))

    def test_help_of_a_broken_runbook_says_why(self):
        self.write("runbooks/broken.lua", "return {\n  title = ,\n}")
        self.assert_ends(self.gwrun("help", "broken"), gwrun.SCRIPT, r"^gwrun: broken\.lua:2: unexpected symbol near ','$")

    def test_help_and_list_show_foreign_text_harmlessly(self):
        self.write("runbooks/evil.lua", EMPTY % r"a\27[2Jb\155c")
        for args in (["help", "evil"], ["list"], ["list", "--output", "json"]):
            with self.subTest(args):
                self.assertEqual(self.gwrun(*args).code, gwrun.OK)  # the rules of gwrun.Case see to the rest

    def test_a_parameter_that_could_never_be_given_is_refused(self):
        self.write("runbooks/look.lua", 'return { title = "t", summary = "s", params = { plan = { type = "string" } }, '
                                        "run = function() end }")
        self.assert_ends(self.gwrun("look"), gwrun.SCRIPT, r"parameter '--plan' could never be given: gwrun has an option")


if __name__ == "__main__":
    gwrun.main()
