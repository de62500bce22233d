"""Scripts that are broken: exit code 5, and one line with file and line where there is one. Never a stack trace."""

import gwrun

RUN = 'return { title = "t", summary = "s", run = function(rb, p)\n%s\nend }'

# claim, text of the file, what is said before anything runs
NOT_LOADED = [
    ("a mistake in the syntax", 'return {\n  title = "x",,\n}', r"x\.lua:2: unexpected symbol near ','"),
    ("an end that is missing", "return {", r"x\.lua:1: unexpected symbol near <eof>"),
    ("nothing", "", r"x\.lua: a runbook returns a table .*, this one returned nil"),
    ("no table", "return 7", r"x\.lua: a runbook returns a table .*, this one returned number"),
    ("no title", 'return { summary = "s", run = function() end }', r"x\.lua: runbook: 'title' is missing"),
    ("no run", 'return { title = "t", summary = "s" }', r"x\.lua: runbook: 'run' is missing"),
    ("a misspelt field", 'return { titel = "t" }', r"x\.lua: runbook: unknown option 'titel', did you mean 'title'\?"),
    ("a field of the wrong type", 'return { title = 7, summary = "s", run = function() end }',
     r"x\.lua: runbook: option 'title' must be a string, got number"),
    ("a misspelt need", 'return { title = "t", summary = "s", needs = { awss = {} }, run = function() end }',
     r"x\.lua: runbook\.needs: unknown option 'awss', did you mean 'aws'\?"),
    ("a parameter of no type", 'return { title = "t", summary = "s", params = { a = { type = "text" } }, '
                               "run = function() end }", r"x\.lua: params\.a: unknown type 'text', expected one of "),
    ("an error while it loads", "\nerror('on purpose')", r"x\.lua:2: on purpose"),
    ("waiting while it loads", "sleep(1)", r"x\.lua:1: cannot wait here"),
    ("a call while it loads", "aws.ecs.list_clusters {}",
     r"x\.lua: .*aws\.ecs\.list_clusters: AWS is called inside a runbook's run function only"),
    ("a global", "\n\nx = 1", r"x\.lua:3: .*'x'"),
    ("a misspelt name", "return { title = tite }", r"x\.lua:1: .*'tite'"),
    ("a module that is not there", "require 'ecss'", r"x\.lua:1: require: no module 'ecss', did you mean 'ecs'\?"),
    ("compiled code", b"\x1bLua\x54\x00", r"x\.lua: compiled chunks are refused; only Lua text is run"),
    ("a program", b"\x7fELF\x02\x01\x01\x00", r"x\.lua:1: unexpected symbol near '<\\127>'"),
    ("bytes", bytes(range(128, 256)), r"x\.lua:1: unexpected symbol near "),
    ("nesting without end", "return " + "{" * 100_000, r"x\.lua: C stack overflow"),
]

# claim, body of `run`, what is said when it has run
RAISED = [
    ("an index of nothing", "local x = nil\nx.y = 1", r"x\.lua:3: attempt to index a nil value \(local 'x'\)"),
    ("a message", "error('no, not\\nthis')", r"x\.lua:2: no, not this"),
    ("a message with an escape", "error('\\27[31mred', 0)", r" \[31mred"),
    ("a table", "error({})", r"the script raised a table instead of a message"),
    ("nothing", "error(nil)", r"the script raised a nil instead of a message"),
    ("a function", "error(print)", r"the script raised a function instead of a message"),
    ("a message that raises", "error(setmetatable({}, { __tostring = function() error('no') end }))",
     r"the script raised a table instead of a message"),
    ("depth without end", "local function f() return 1 + f() end\nf()", r"x\.lua:2: stack overflow"),
    ("a wrong format", "rb:note('%d', 'x')",
     r"x\.lua:2: rb:note: bad argument #2 to 'string\.format' \(number expected, got string\)"),
    ("an option that is none", "rb:step('S', { chnage = function() end })",
     r"x\.lua:2: rb:step: unknown option 'chnage', did you mean 'change'\?"),
    ("a service that is none", "aws.ecss.describe_services {}", r"x\.lua:2: aws: no service 'ecss', did you mean 'ecs'\?"),
    ("a service with a dash in its name", "aws.cognito_idp.list_users {}",
     r"x\.lua:2: aws\.cognito_idp: its name is 'cognito-idp'; write aws\[\"cognito-idp\"\]"),
    ("an operation that is none", "aws.ecs.describe_service {}",
     r"x\.lua:2: ecs: no operation 'describe_service', did you mean 'describe_services'\?"),
    ("a process", "os.execute('id')", r"x\.lua:2: .*'os'"),
    ("a change of the world's rules", "string.format = nil", r"x\.lua:2: .*string"),
]


class Scripts(gwrun.Case):
    def test_what_cannot_be_loaded(self):
        for claim, text, message in NOT_LOADED:
            with self.subTest(claim):
                result = self.gwrun(self.write("x.lua", text))
                self.assert_ends(result, gwrun.SCRIPT, rf"^gwrun: {message}")
                self.assertEqual(result.out, "")

    def test_what_goes_wrong_in_a_run(self):
        for claim, body, message in RAISED:
            with self.subTest(claim):
                result = self.gwrun(self.write("x.lua", RUN % body), "--sim")
                self.assert_ends(result, gwrun.SCRIPT, rf"^gwrun: x: {message}")
                self.assertIn("Exit code 5", result.out)

    def test_a_file_beyond_1_mib(self):
        result = self.gwrun(self.write("x.lua", " " * ((1 << 20) + 1)))
        self.assert_ends(result, gwrun.USAGE, r"x\.lua: larger than 1 MiB$")

    def test_what_was_not_declared_is_refused(self):
        undeclared = self.write("x.lua", RUN % "aws.ecs.list_clusters {}")
        self.assert_ends(self.gwrun(undeclared, "--sim"), gwrun.REFUSED,
                         r"ecs:ListClusters: not declared in this runbook's needs\.aws; add \"ecs:ListClusters\" "
                         r"\(refused before anything was sent\)$")

    def test_a_change_outside_a_step_is_refused(self):
        text = (RUN % "aws.ecs.stop_task { task = 't' }").replace("run =", 'needs = { aws = { "ecs:*" } }, run =')
        self.assert_ends(self.gwrun(self.write("x.lua", text), "--sim", "--yes"), gwrun.REFUSED,
                         r"ecs:StopTask: changes something, which only the change function of rb:step may do")

    def test_memory_without_end(self):
        result = self.gwrun(self.write("x.lua", RUN % "local s = 'x' while true do s = s .. s end"), "--sim")
        self.assert_ends(result, gwrun.SCRIPT, r"^gwrun: x: .*memory")


if __name__ == "__main__":
    gwrun.main()
