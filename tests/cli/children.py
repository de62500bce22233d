"""A runbook as a step of another: a run of its own, whose plan, failure, resume and undo are those of the whole."""

import json

import gwrun
from runs import FRAME, Runs


def frame(title, body, declared):
    return FRAME.format(body=body, declared=declared).replace("Go on", title)


INNER = """
    rb:step("In one", { change = function() did("in one " .. p.n) end, undo = function() did "undo in one" end })
    rb:step("In two", { change = function()
      if not is_there "mended" then failure.raise("problem", "not yet") end
      did "in two"
    end, undo = function() did "undo in two" end })
    return { sum = p.n + 1 }
"""
INNER_DECLARED = 'params = { n = { type = "integer", required = true, max = 50 } }, lock = "thing",'
OUTER = """
    rb:step("First", { change = function() did "first" end, undo = function() did "undo first" end })
    local got = rb:run("inner", { n = 41 })
    rb:step("Last", { change = function() did("last " .. got.sum) end, undo = function() did "undo last" end })
"""
OUTER_DECLARED = 'runbooks = { "inner" }, lock = "thing",'


class Children(Runs):
    def books(self, inner=INNER, outer=OUTER, declared=OUTER_DECLARED):
        self.write("runbooks/inner.lua", frame("Inner", inner, INNER_DECLARED))
        return self.write("runbooks/outer.lua", frame("Outer", outer, declared))

    def test_it_has_a_journal_of_its_own_and_its_result_comes_back(self):
        self.write("mended", "")
        events = self.go(self.books(), "--yes")
        self.assertEqual(self.done(), ["first", "in one 41", "in two", "last 42"])
        parent = events[0]["run"]
        started = [(e["runbook"], e["run"], e.get("parent"), e.get("child")) for e in events if e["event"] == "run.started"]
        self.assertEqual(started, [("outer", parent, None, None), ("inner", parent + ".2", parent, parent + ".2")])
        own = self.gwrun("show", parent + ".2", "--output", "json").events
        self.assertEqual((own[0]["event"], own[-1]["event"], own[-1]["result"]), ("run.started", "run.finished", {"sum": 42}))
        self.assertTrue(self.gwrun("history", "--verify").out.startswith("intact: 2 runs"))

    def test_resume_goes_on_inside_and_undo_takes_all_of_it_back(self):
        events = self.go(self.books(), "--yes", code=gwrun.PROBLEM)
        self.assertEqual(events[-1]["text"], f"inner, run {events[0]['run']}.2: not yet")
        self.assertEqual([run["run"] for run in json.loads(self.gwrun("history", "--open", "--output", "json").out)],
                         [events[0]["run"]])
        self.assert_ends(self.gwrun("resume", events[0]["run"] + ".2", "--yes"), gwrun.USAGE,
                         f"is a step of another: gwrun resume {events[0]['run']}$")
        self.write("mended", "")
        self.go("resume", events[0]["run"], "--yes")
        self.assertEqual(self.done(), ["first", "in one 41", "in two", "last 42"])
        self.go("undo", "last", "--yes")
        self.assertEqual(self.done()[4:], ["undo last", "undo in two", "undo in one", "undo first"])

    def test_half_of_it_can_be_taken_back(self):
        self.go(self.books(), "--yes", code=gwrun.PROBLEM)
        self.go("undo", "last", "--yes")
        self.assertEqual(self.done(), ["first", "in one 41", "undo in one", "undo first"])

    def test_its_failure_is_the_steps(self):
        self.go(self.books(), "--yes", "--on-failure", "undo", code=gwrun.PROBLEM)
        self.assertEqual(self.done(), ["first", "in one 41", "undo in one", "undo first"])

    def test_a_plan_goes_through_it(self):
        events = self.go(self.books(), "--plan")
        self.assertEqual([e["name"] for e in events if e["event"] == "step.planned"], ["First", "In one", "In two", "Last"])
        self.assertEqual(self.done(), [])

    def test_policy_and_check_go_through_it_too(self):
        self.write("runbooks/called.lua", """return { title = "b", summary = "b", needs = { aws = { "ecs:UpdateService" } }, run = function(rb)
          rb:step("x", { check = function() end, change = function() aws.ecs.update_service { cluster = "blue", service = "web" } end }) end }""")
        self.write("runbooks/calls.lua", """return { title = "a", summary = "a", runbooks = { "called", "caled" }, needs = { aws = { "ecs:ListClusters" } },
          run = function(rb) aws.ecs.list_clusters() rb:run("called") end }""")
        self.assert_ends(self.gwrun("policy", "calls"), gwrun.USAGE, "no runbook 'caled', did you mean 'called'\\?")
        checked = self.gwrun("check", "calls")
        self.assertIn("runbooks/calls.lua:1:61: error: no runbook 'caled', did you mean 'called'?", checked.out)
        self.write("runbooks/caled.lua", 'return { title = "c", summary = "c", run = function() end }')
        policy = json.loads(self.gwrun("policy", "calls").out)
        self.assertEqual(sorted(action for one in policy["Statement"] for action in one["Action"]), ["ecs:ListClusters", "ecs:UpdateService",
                          "iam:GetRole", "iam:SimulatePrincipalPolicy"])

    def test_what_is_refused(self):
        for inner, outer, declared, code, message in (
                (INNER, OUTER, "", gwrun.REFUSED, 'runbook \'inner\': not declared in this runbook\'s runbooks; add "inner"'),
                (INNER, 'rb:run("iner")', 'runbooks = { "iner" },', gwrun.USAGE, "no runbook 'iner', did you mean 'inner'\\?"),
                (INNER, 'rb:run("inner", { n = 99 })', OUTER_DECLARED, gwrun.USAGE, "inner: n: .*50"),
                (INNER, 'rb:run("inner", { m = 9 })', OUTER_DECLARED, gwrun.USAGE, "inner: unknown parameter 'm', did you mean 'n'\\?"),
                (INNER, 'rb:run("inner")', OUTER_DECLARED, gwrun.USAGE, "inner: --n: required"),
                (INNER, 'rb:run("outer")', 'runbooks = { "outer" },', gwrun.USAGE, "runbook 'outer' calls itself"),
                ("local x = nil; x.y = 1", OUTER, OUTER_DECLARED, gwrun.SCRIPT, "inner, run .*attempt to index a nil value")):
            with self.subTest(message):
                self.assert_ends(self.gwrun(self.books(inner, outer, declared), "--yes"), code, message)

    def test_a_script_of_a_step_that_changed_since_is_refused_too(self):
        self.go(self.books(), "--yes", code=gwrun.PROBLEM)
        self.books(INNER.replace('did "in two"', 'did "in 2"'))
        result = self.gwrun("resume", "last", "--yes")
        self.assertEqual(result.code, gwrun.REFUSED, result)
        self.assertIn('+      did "in 2"', result.err)

    def test_an_interrupt_ends_both_in_order(self):
        book = self.books(inner="""
    rb:step("In one", { change = function() did "in one" end })
    rb:wait("for ever", function() return "waiting", "nothing yet" end, { timeout = "1h", every = 60 })
""")
        terminal = self.terminal(book, "--yes")
        terminal.expect("nothing yet")
        terminal.type("\x03")
        self.assertEqual(terminal.finish(), gwrun.INTERRUPTED, terminal.seen)
        outcomes = {run["runbook"]: run["outcome"] for run in json.loads(self.gwrun("history", "--output", "json").out)}
        self.assertEqual(outcomes, {"outer": "interrupted", "inner": "interrupted"})


if __name__ == "__main__":
    gwrun.main()
