"""--read-only: what changes something is refused before anything is sent, and what reads goes on."""

import gwrun
import runbooks
from server import Server, ok_json

REFUSED = r"changes something, and this run is read-only: it has --read-only, or GWRUN_READ_ONLY is set " \
          r"\(refused before anything was sent\)$"

# A step that changes things without asking first.
DIRECT = """
local http, process = require "http", require "process"
return {
  title = "Change", summary = "Changes things.", region = "us-east-1",
  params = { url = { type = "url" } },
  needs = { aws = { "ecs:*" }, http = { "*" }, run = { "touch *" } },
  run = function(rb, p)
    local acts = {
      function() return aws.ecs.try_update_service { service = "web", desiredCount = 2 } end,
      function() return http.try_request { url = p.url, method = "POST" } end,
      function() return process.try_run { "touch", "made" } end,
    }
    for _, act in ipairs(acts) do
      local _, err = act()
      rb:note("%s", tostring(err))
    end
  end,
}
"""


class ReadOnly(gwrun.Case):
    def test_a_step_is_refused_and_nothing_is_sent(self):
        book = self.write("scale.lua", runbooks.CHANGE)
        for args, env in ((["--read-only"], {}), ([], {"GWRUN_READ_ONLY": "1"})):
            with self.subTest(args=args), Server(ok_json({})) as server:
                result = self.gwrun(book, "--yes", "--endpoint-url", server.url, *args, env={**gwrun.KEYS, **env})
                self.assert_ends(result, gwrun.REFUSED, "step 'Scale to 2': " + REFUSED)
                self.assertEqual(server.requests, [])

    def test_a_plan_and_a_reading_run_are_not(self):
        with Server(ok_json({})) as server:
            for name, book, args in (("look.lua", runbooks.READ, []), ("scale.lua", runbooks.CHANGE, ["--plan"])):
                with self.subTest(name):
                    result = self.gwrun(self.write(name, book), "--read-only", "--endpoint-url", server.url, *args,
                                        env=gwrun.KEYS)
                    self.assertEqual(result.code, gwrun.OK, result)

    def test_every_kind_of_change_is_refused(self):
        with Server(ok_json({})) as server:
            result = self.gwrun(self.write("x.lua", DIRECT), "--read-only", "--no-preflight", "--output", "json", "--endpoint-url", server.url,
                                "--url", server.url + "/hook", env=gwrun.KEYS)
            self.assertEqual(server.requests, [])
        notes = [event["text"] for event in result.events if event["event"] == "note"]
        for note, subject in zip(notes, ("ecs:UpdateService: ", f"POST {server.url}/hook: ", "run touch made: "), strict=True):
            self.assertRegex(note, "^" + subject + REFUSED)

    def test_a_call_too(self):
        with Server(ok_json({})) as server:
            result = self.gwrun("call", "ecs", "stop-task", "--task", "t", "--yes", "--read-only", "--region", "us-east-1",
                                "--endpoint-url", server.url, env=gwrun.KEYS)
            self.assert_ends(result, gwrun.REFUSED, REFUSED)
            self.assertEqual(server.requests, [])
            reading = self.gwrun("call", "ecs", "list-clusters", "--read-only", "--region", "us-east-1",
                                 "--endpoint-url", server.url, env=gwrun.KEYS)
            self.assertEqual(reading.code, gwrun.OK, reading)

    def test_a_rehearsal_is_not_held_by_the_environment(self):
        book = self.write("x.lua", """return {
          title = "t", summary = "s", needs = { run = { "true" } },
          run = function(rb) rb:note("%s", rb:step("S", { change = function() return "changed" end })) end }""")
        self.assertEqual(self.gwrun(book, "--sim", env={"GWRUN_READ_ONLY": "1"}).code, gwrun.OK)
        self.assert_ends(self.gwrun(book, "--sim", "--read-only"), gwrun.REFUSED, REFUSED)


if __name__ == "__main__":
    gwrun.main()
