"""A runbook's own parameters: from the command line, from the environment, and what is refused."""

import gwrun

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

# arguments, environment, what the runbook sees
RIGHT = [
    (["--count", "2"], {}, "2 fast false 300.0 blue"),
    (["--count=2", "--mode=slow", "--dry-run", "--patience", "1h"], {}, "2 slow true 3600.0 blue"),
    (["--count", "+2", "--no-dry-run", "--cluster", ""], {}, "2 fast false 300.0 "),
    (["--count", "2", "--cluster=--plan"], {}, "2 fast false 300.0 --plan"),
    (["--count", "2"], {"GWRUN_CLUSTER": "green"}, "2 fast false 300.0 green"),
    (["--count", "2", "--cluster", "red"], {"GWRUN_CLUSTER": "green"}, "2 fast false 300.0 red"),
    (["--count", "2"], {"GWRUN_CLUSTER": ""}, "2 fast false 300.0 blue"),
]

# arguments, environment, what is said
WRONG = [
    ([], {}, r"--count: required \(tasks wanted\)"),
    (["--count"], {}, r"option '--count' needs a value"),
    (["--count", "five"], {}, r"--count: expected an integer, got 'five'"),
    (["--count", "1.5"], {}, r"--count: expected an integer, got '1\.5'"),
    (["--count", "99999999999999999999"], {}, r"--count: expected an integer, got '9+'"),
    (["--count", ""], {}, r"--count: expected an integer, got ''"),
    (["--count", "0"], {}, r"--count: expected at least 1, got '0'"),
    (["--count", "9"], {}, r"--count: expected at most 4, got '9'"),
    (["--coutn", "2"], {}, r"unknown option '--coutn', did you mean '--count'\?"),
    (["--count", "2", "--count", "3"], {}, r"option '--count' is given twice"),
    (["--count", "2", "3"], {}, r"unexpected argument '3'"),
    (["--count", "2", "--mode", "fsat"], {}, r"--mode: expected one of fast, slow, did you mean 'fast'\?, got 'fsat'"),
    (["--count", "2", "--dry-run=maybe"], {}, r"--dry-run: expected true or false, got 'maybe'"),
    (["--count", "2", "--patience", "1s"], {}, r"--patience: expected at least 10 seconds, got '1s'"),
    (["--count", "2", "--patience", "soon"], {}, r"--patience: expected a duration such as 90s, 10m or 1h30m, got 'soon'"),
    (["--count", "2", "--role", "admin"], {}, r"--role: expected an ARN \(.*\), got 'admin'"),
    (["--count", "2", "--tag", "1"], {}, r"--tag: expected text of the form v%d\+, got '1'"),
    (["--count", "2"], {"GWRUN_HEALTH_URL": "nope"},
     r"GWRUN_HEALTH_URL: expected a URL that begins with http:// or https://, got 'nope'"),
    (["--count", "\x1b[31m2\n"], {}, r"--count: expected an integer, got '"),
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


if __name__ == "__main__":
    gwrun.main()
