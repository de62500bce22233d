"""A script that tries to escape gets nothing: not out of the sandbox, not past its needs, not past the limits of memory and time, and
not at what the engine itself runs on."""

import os
import signal
import subprocess
import time

import gwrun
from server import Server, ok_json

FRAME = """
local declared = {{}}
return {{
  title = "Attack", summary = "Tries to escape.", region = "us-east-1", preflight = false, {declared}
  run = function(rb)
{body}
  end,
}}
"""

# claim, body of `run`, exit code, what standard error says; None: it ends well, and that is the claim
NOTHING_THERE = [(f"there is no {name}", f"return {name}.x", gwrun.SCRIPT, f"unknown global '{name}'") for name in (
    "io", "os", "debug", "package", "load", "loadfile", "dofile", "loadstring", "collectgarbage", "_G", "warn")]

ESCAPES = [
    ("no bytecode is made", "local f = string.dump", gwrun.OK, None),
    ("no function is dumped", "string.dump(function() end)", gwrun.SCRIPT, "attempt to call a nil value"),
    ("host modules are not for scripts", 'require "host.run".emit { event = "note" }', gwrun.SCRIPT, "host.run"),
    ("nor under another spelling", 'require "host/run"', gwrun.SCRIPT, "require"),
    ("no module from elsewhere", 'require "../../etc/passwd"', gwrun.SCRIPT, "require"),
    ("no module by an absolute path", 'require "/etc/passwd"', gwrun.SCRIPT, "require"),
    ("no module with a zero byte", 'require "ecs\\0x"', gwrun.SCRIPT, "require"),
    ("no compiled module", 'require "compiled"', gwrun.SCRIPT, "compiled.lua: compiled chunks are refused"),
    ("the engine is not for scripts", """require("runbook").run({ title = "x", summary = "x", needs = { aws = { "*:*" } },
      run = function() end }, {}, "x")""", gwrun.SCRIPT, "module 'runbook' is for the stdlib only"),
    ("nor are its parts", 'require "runbook.perform"', gwrun.SCRIPT, "module 'runbook.perform' is for the stdlib only"),
    ("nor what tells the tests", 'require "spec"', gwrun.SCRIPT, "module 'spec' is for the stdlib only"),
    ("a module of its own is none of the stdlib", 'require "planned"', gwrun.SCRIPT, "module 'host.run' is for the stdlib only"),
    ("globals are not written", "x = 1", gwrun.SCRIPT, "global"),
    ("not through the environment", "_ENV.x = 1", gwrun.SCRIPT, "global"),
    ("nor by rawset", "rawset(_ENV, 'print', nil)", gwrun.SCRIPT, "."),
    ("the metatable of globals is hidden", "getmetatable(_ENV).__index = nil", gwrun.SCRIPT, "."),
    ("nor replaced", "setmetatable(_ENV, {})", gwrun.SCRIPT, "protected"),
    ("the metatable of strings is hidden", "getmetatable('').__index = {}", gwrun.SCRIPT, "."),
    ("the metatable of strings is not replaced", "setmetatable('', {})", gwrun.SCRIPT, "."),
]

# What the engine and the other modules run on is read only, and `rb` is none of the engine's own.
TAMPERING = [f"{target} = function() return 'evil' end" for target in (
    "string.format", "table.concat", "table.sort", "math.floor", "string.gsub", "string.match", "json.encode", "json.array", "time.now",
    "time.iso", "table.pack", "table.unpack", "aws.ecs", "aws.client", "aws.sts.get_caller_identity", "aws.sts.pages", "aws.sts.pages.x",
    "getmetatable(aws).__index", "getmetatable(aws.sts).__index", "parallel.map", "getmetatable(parallel).__call",
    "getmetatable(json.null).__tostring", "require('failure').exit_code", "require('failure').exit.ok", "require('ecs').get_service",
    "getmetatable(require('failure').new('x', 'y')).__tostring", "getmetatable(select(2, pcall(aws.sts.get_caller_identity))).__tostring",
    "rb.note", "rb.tell", "getmetatable(rb).__index")] + [
    f"rawset({table}, '{name}', function() return 'evil' end)" for table, name in (
        ("string", "format"), ("aws", "sts"), ("aws.sts", "get_caller_identity"), ("aws.sts.wait", "x"), ("parallel", "map"), ("rb", "note"),
        ("require('failure')", "text"), ("require('failure').exit", "ok"))] + [
    f"setmetatable({table}, {{}})" for table in ("string", "aws", "aws.sts", "aws.sts.pages", "parallel", "rb", "require('failure').exit",
                                                 "json.array {}")] + [
    f"assert(rb.{member})" for member in ("tell", "say", "root", "past", "declaration", "p", "undos", "branch", "next_id", "front")]

LIMITS = [
    ("a long text", "local s = ('x'):rep(1 << 40)", gwrun.SCRIPT, "memory|too large|resulting string"),
    ("a text that doubles", "local s = 'x' while true do s = s .. s end", gwrun.SCRIPT, "memory"),
    ("a table without end", "local t = {} for i = 1, math.huge do t[i] = ('%99d'):format(i):rep(10) end", gwrun.SCRIPT, "memory"),
    ("one that catches it", "while true do pcall(function() local s = 'x' while true do s = s .. s end end) end", gwrun.SCRIPT,
     "memory|without waiting|endless"),
    ("recursion without end", "local function f() return 1 + f() end f()", gwrun.SCRIPT, "stack overflow"),
    ("recursion in C", "local function f(s) return (s:gsub('.', f)) end f('x')", gwrun.SCRIPT, "overflow"),
    ("recursion through metatables", "local t = setmetatable({}, {}) getmetatable(t).__index = function(_, k) return t[k] end return t.x",
     gwrun.SCRIPT, "overflow"),
    ("recursion through pcall", "local function f() return pcall(f) end f() rb:note('done')", gwrun.OK, None),
    ("too deep a table", "local t = {} for i = 1, 1e5 do t = { t } end rb:evidence('deep', t)", gwrun.SCRIPT, "64 levels"),
    ("a table in itself", "local t = {} t.t = t rb:evidence('loop', t)", gwrun.SCRIPT, "64 levels"),
    ("too many results", "return table.unpack({}, 1, 1e8)", gwrun.SCRIPT, "too many results"),
    ("a wide format", "return ('%99999d'):format(1)", gwrun.SCRIPT, "invalid (conversion|format)"),
    ("a sort that contradicts itself", "local t = {} for i = 1, 1000 do t[i] = i % 7 end table.sort(t, function() return true end)",
     gwrun.SCRIPT, "invalid order function"),
    ("coroutines without end", "local function f() return coroutine.wrap(f)() end f()", gwrun.SCRIPT, "overflow|memory"),
    ("tasks without end", "local function f() return parallel { f, f } end f()", gwrun.SCRIPT, "memory|limit|overflow|without waiting"),
    ("an object that says no name", "error(setmetatable({}, { __tostring = function() error('x') end }))", gwrun.SCRIPT, "."),
    ("an object that names itself endlessly", "error(setmetatable({}, { __tostring = function() while true do end end }))", gwrun.SCRIPT, "."),
    ("an error that is nil", "error(nil)", gwrun.SCRIPT, "."),
]

GATE = [
    ("an action that was not declared", "aws.sts.get_caller_identity()", gwrun.REFUSED, "not declared", ""),
    ("a change outside of a step", "aws.ecs.update_service { service = 'web' }", gwrun.REFUSED, "step", 'needs = { aws = { "ecs:*" } },'),
    ("a change by a function kept from a step", """
      local kept
      rb:step("x", { change = function() kept = function() return aws.ecs.update_service { service = 'web' } end end })
      kept()""", gwrun.REFUSED, "step", 'needs = { aws = { "ecs:*" } },'),
    ("a change by a coroutine of a step", """
      local co
      rb:step("x", { change = function()
        co = coroutine.create(function() coroutine.yield() aws.ecs.update_service { service = 'web' } end)
        coroutine.resume(co)
      end })
      local ok, err = coroutine.resume(co)
      assert(ok, err)""", gwrun.REFUSED, "step", 'needs = { aws = { "ecs:*" } },'),
    ("a change in a check", """
      rb:step("x", { check = function() aws.ecs.update_service { service = 'web' } end, change = function() end })""",
     gwrun.REFUSED, "step", 'needs = { aws = { "ecs:*" } },'),
    ("needs that are written later", "declared.aws = { 'sts:*' } aws.sts.get_caller_identity()", gwrun.REFUSED, "not declared",
     "needs = declared,"),
    ("a file", 'require("file").open "/etc/passwd"', gwrun.REFUSED, "not declared", ""),
    ("a file by a link", 'require("file").open "link"', gwrun.REFUSED, "not declared", 'needs = { read = { "link" } },'),
    ("a file by dots", 'require("file").open "in/../../../../../../etc/passwd"', gwrun.REFUSED, "not declared", 'needs = { read = { "in/" } },'),
    ("a device", 'require("file").open "/dev/zero"', gwrun.REFUSED, "processes and devices", 'needs = { read = { "/dev/zero" } },'),
    ("its own memory", 'require("file").open "/proc/self/mem"', gwrun.REFUSED, "processes and devices", 'needs = { read = { "/proc/self/mem" } },'),
    ("a host", 'require("http").request { url = "http://127.0.0.1:1/" }', gwrun.REFUSED, "not declared", 'needs = { http = { "example.com" } },'),
    ("a host behind another's name", 'require("http").request { url = "http://example.com@127.0.0.1:1/" }', gwrun.FAILED, "has a user or password", 'needs = { http = { "example.com" } },'),
    ("a host by a longer name", 'require("http").request { url = "http://example.com.evil.test:1/" }', gwrun.REFUSED, "not declared",
     'needs = { http = { "example.com" } },'),
    ("a command", 'require("process").run { "id" }', gwrun.REFUSED, "not declared", ""),
    ("a command in the folder", 'require("process").run { "./id" }', gwrun.REFUSED, "not declared", 'needs = { run = { "read: id" } },'),
    ("a further word", 'require("process").run { "id", "-u" }', gwrun.REFUSED, "not declared", 'needs = { run = { "read: id" } },'),
    ("a variable", 'require("env").get "HOME"', gwrun.REFUSED, "not declared", ""),
    ("a key by its variable", 'require("env").get "AWS_SECRET_ACCESS_KEY"', gwrun.REFUSED, "no runbook may read keys and tokens", 'needs = { env = { "*" } },'),
]


BACKTRACKS = "return (('a'):rep(40)):find(('a?'):rep(40) .. ('a'):rep(40) .. 'b')"


class Sandbox(gwrun.Case):
    def attack(self, body, declared=""):
        began = time.monotonic()
        with Server(ok_json({})) as server:
            result = self.gwrun(self.write("attack.lua", FRAME.format(body=body, declared=declared)), "--yes", "--endpoint-url", server.url,
                                env=gwrun.KEYS, timeout=240)
            self.assertEqual(server.requests, [])
        self.assertLess(time.monotonic() - began, 230)  # of a busy machine; the limit itself is on processor time
        return result

    def check(self, body, code, message, declared=""):
        result = self.attack(body, declared)
        if message is None:
            self.assertEqual(result.code, code, result)
        else:
            self.assert_ends(result, code, message)

    def test_what_is_not_there(self):
        for claim, body, code, message in NOTHING_THERE + ESCAPES:
            with self.subTest(claim):
                self.write("planned.lua", 'return require "host.run"')
                self.write("compiled.lua", b"\x1bLuaT\x00\x19\x93\r\n\x1a\n")
                self.check(body, code, message)

    def test_what_the_engine_runs_on(self):
        tried = "".join(f"  tried([==[{act}]==], pcall(function() {act} end))\n" for act in TAMPERING)
        result = self.attack(f"""
  local function tried(act, done) if done then rb:note("tampered: %s", act) end end
{tried}
  rb:note('%s %d', 'still', 1)
  rb:evidence('e', {{ a = 1 }})
  rb:checklist('c', {{ {{ text = 't', probe = function() return true end }} }})""")
        self.assertEqual(result.code, gwrun.OK, result)
        self.assertNotIn("tampered", result.out)
        self.assertIn("- still 1\n", result.out)
        self.assertIn("[x] t", result.out)

    def test_confirmation_cannot_be_avoided(self):
        for claim, options in (("by an inherited option", "setmetatable({ change = function() end }, { __index = { unasked = true } })"),
                               ("by one of the engine's own", "{ change = function() end, unasked = true }"),
                               ("by an option behind pairs", """setmetatable({}, { __metatable = "mine", __pairs = function()
                                  return next, { change = function() end, unasked = true } end })""")):
            with self.subTest(claim):
                book = self.write("attack.lua", FRAME.format(declared="", body=f"rb:step('x', {options})"))
                self.assert_ends(self.gwrun(book, env=gwrun.KEYS), gwrun.SCRIPT, "unasked|without a metatable")

    def test_what_was_checked_is_what_is_used(self):
        body = """
  local how = { change = function() rb:note("asked for") end }
  how.check = function() how.change = function() rb:note("another") end how.word = nil return false end
  how.word = "erase"
  rb:step("x", how)"""
        result = self.gwrun(self.write("attack.lua", FRAME.format(declared="", body=body)), "--yes", env=gwrun.KEYS)
        self.assertEqual(result.code, gwrun.OK, result)
        self.assertIn("- asked for\n", result.out)

    def test_a_command_of_the_folder_is_that_one_wherever_it_runs(self):
        os.mkdir(self.path("other"))
        for name, text in (("tool", "declared"), ("other/tool", "another")):
            os.chmod(self.write(name, f"#!/bin/sh\necho {text}\n"), 0o755)
        book = self.write("attack.lua", FRAME.format(
            declared='needs = { run = { "read: ./tool" } },',
            body='rb:note("%s", require("process").run { "./tool", cwd = "other" }.stdout)'))
        result = self.gwrun(book, env=gwrun.KEYS)
        self.assertEqual(result.code, gwrun.OK, result)
        self.assertIn("- declared", result.out)

    def test_limits(self):
        for claim, body, code, message in LIMITS:
            with self.subTest(claim):
                self.check(body, code, message)
        self.assertLess(gwrun.children_peak_bytes(), 1 << 30)

    def test_what_calls_under_way_hold_counts(self):
        self.check("""
    local words, all = { "sleep", "1", stdin = ('x'):rep(50 << 20) }, {}
    for i = 1, 100 do all[i] = function() return require("process").run(words) end end
    parallel(all)""", gwrun.SCRIPT, "not enough memory", 'needs = { run = { "read: sleep 1" } },')
        self.assertLess(gwrun.children_peak_bytes(), 2 << 30)  # sanitizers keep for a while what was freed; all of them hold 5 GB

    def test_a_pattern_that_backtracks_for_ever_ends_with_its_time(self):
        self.check(BACKTRACKS, gwrun.SCRIPT, "script ran 15 s in one function of Lua: a pattern that backtracks\\?")

    def test_also_where_a_runbook_is_only_looked_at(self):
        for command in ("help", "check"):
            with self.subTest(command):
                book = self.write("attack.lua", BACKTRACKS)
                self.assert_ends(self.gwrun(command, book), gwrun.SCRIPT, "a pattern that backtracks\\? Ended at once$")

    def test_or_at_the_fourth_interrupt(self):
        book = self.write("attack.lua", FRAME.format(declared="", body="rb:note('begun') " + BACKTRACKS))
        child = subprocess.Popen([gwrun.PROGRAM, book], env=self.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
        self.addCleanup(child.kill)
        while b"begun" not in child.stdout.readline():
            pass
        for _ in range(4):
            time.sleep(0.1)
            child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=30)
        self.assertEqual((child.returncode, err), (gwrun.INTERRUPTED, b"gwrun: ended at once; the journal has what was done\n"), out)

    def test_the_gate(self):
        os.symlink("/etc/passwd", self.path("link"))
        os.mkdir(self.path("in"))
        for claim, body, code, message, declared in GATE:
            with self.subTest(claim):
                self.check(body, code, message, declared)


if __name__ == "__main__":
    gwrun.main()
