"""gwrun's own options: what is wrong is refused before anything else happens, with the nearest right name."""

import gwrun
import runbooks

# arguments ("look" stands for a runbook), what is said
WRONG = [
    ([], r"which runbook\? 'gwrun list' shows them, 'gwrun help' how it is used"),
    (["--sim"], r"which runbook\?"),
    (["--hlep"], r"unknown option '--hlep', did you mean '--help'\?"),
    (["--plna", "look"], r"unknown option '--plna', did you mean '--plan'\?"),
    (["--frobnicate", "look"], r"unknown option '--frobnicate'; 'gwrun help' lists them"),
    (["look", "--plna"], r"look: unknown option '--plna', did you mean '--plan'\?"),
    (["look", "--regoin", "eu-west-1"], r"look: unknown option '--regoin', did you mean '--region'\?"),
    (["look", "--verbsoe"], r"look: unknown option '--verbsoe', did you mean '--verbose'\?"),
    (["look", "-x"], r"look: unknown option '-x'"),
    (["look", "--region"], r"option '--region' needs a value"),
    (["look", "--region="], r"option '--region' needs a value"),
    (["look", "--region", "--plan"], r"option '--region' needs a value"),
    (["look", "--profile", ""], r"option '--profile' needs a value"),
    (["look", "--output", "xml"], r"option '--output': expected text or json, got 'xml'"),
    (["look", "--yes=1"], r"option '--yes' takes no value"),
    (["look", "--seed", "0", "--sim"], r"option '--seed': expected a positive integer, got '0'"),
    (["look", "--seed", "x", "--sim"], r"option '--seed': expected a positive integer, got 'x'"),
    (["look", "--seed", "7"], r"option '--seed' is for the simulator; add '--sim'"),
    (["look", "--sim-world", "guide"], r"option '--sim-world' is for the simulator; add '--sim'"),
    (["look", "--sim", "--sim-world", "giude"], r"simulator: world 'giude': .*did you mean 'sim\.worlds\.guide'\?"),
    (["look", "--sim", "--profile", "x"], r"option '--profile' has no meaning in the simulator"),
    (["look", "--sim", "--endpoint-url", "x"], r"option '--endpoint-url' has no meaning in the simulator"),
    (["look", "--yes", "--ask"], r"options '--yes' and '--ask' exclude each other"),
    (["look", "--quiet", "--verbose"], r"options '--quiet' and '--verbose' exclude each other"),
    (["look", "--endpoint-url", "nope"], r"the endpoint argument: url 'nope': expected http:// or https://"),
    (["look", "--endpoint-url", "ftp://x"], r"the endpoint argument: url 'ftp://x': expected http or https, not 'ftp'"),
    (["look", "--region", "us east"], r"region 'us east': expected a name like 'us-east-1'"),
    (["look", "--region", "evil.example/"], r"region 'evil\.example/': expected a name like 'us-east-1'"),
    (["look", "extra"], r"look: unexpected argument 'extra'"),
    (["look", "--", "--plan"], r"look: unknown option '--plan'$"),
    (["list", "extra"], r"list: unexpected argument 'extra'"),
    (["list", "--plna"], r"list: unexpected argument '--plna'"),
    (["help", "look", "extra"], r"help: unexpected argument 'extra'"),
    (["test"], r"no file here, in \./runbooks or in \./tests ends in '_test\.lua'; .*'gwrun new NAME' makes a first one"),
    (["test", "nowhere"], r"nowhere: cannot be opened \(No such file or directory\)"),
    (["test", "--fliter", "x"], r"gwrun test: unknown option '--fliter', did you mean '--filter'\?"),
    (["test", "--junit"], r"option '--junit' needs a value"),
]


class Options(gwrun.Case):
    def test_wrong_use_is_refused_with_exit_code_2(self):
        self.write("runbooks/look.lua", runbooks.READ)
        for args, message in WRONG:
            with self.subTest(args):
                result = self.gwrun(*args, env=gwrun.KEYS)
                self.assert_ends(result, gwrun.USAGE, rf"^gwrun: {message}")
                self.assertEqual(result.out, "")

    def test_what_was_typed_is_shown_harmlessly(self):
        for args in (["--\x1b[31m"], ["\x1b]0;title\x07"], ["\u009b2J", "--plan"], ["--output", "\u202ex\ny"]):
            with self.subTest(args):
                self.assert_ends(self.gwrun(*args), gwrun.USAGE, r"^gwrun: ")

    def test_options_may_stand_before_and_after_the_name(self):
        look = self.write("look.lua", 'return { title = "x", summary = "x", run = function(rb) rb:note("ran") end }')
        for args in (["--sim", look], [look, "--sim"], ["--sim", "--", look], ["--seed=7", look, "--sim"]):
            with self.subTest(args):
                result = self.gwrun(*args)
                self.assertEqual(result.code, gwrun.OK, result)
                self.assertIn("ran", result.out)

    def test_version_and_help_say_it_on_standard_output(self):
        version = self.gwrun("--version")
        self.assertRegex(version.out, r"\Agwrun \d+\.\d+\.\d+\n\Z")
        for args in (["--help"], ["-h"], ["help"]):
            with self.subTest(args):
                result = self.gwrun(*args)
                self.assertEqual((result.code, result.err), (gwrun.OK, ""))
                self.assertRegex(result.out, r"\Agwrun runs operational runbooks")
                self.assertLessEqual(max(map(len, result.out.splitlines())), 100)

    def test_help_lists_every_option_and_every_exit_code(self):
        text = self.gwrun("--help").out
        for option in ("ask", "endpoint-url", "help", "no-color", "output", "plan", "profile", "quiet", "region",
                       "seed", "sim", "sim-world", "verbose", "version", "yes"):
            self.assertRegex(text, rf"--{option}\b")
        for code in (0, 1, 2, 3, 4, 5, 6, 7, 70, 130):
            self.assertRegex(text, rf"(?m)(^|  ){code} ")


if __name__ == "__main__":
    gwrun.main()
