"""Runs of small runbooks that change something everybody can see: what a step has done stands in the file `done`, a line each time."""

import os

import gwrun
from terminal import TerminalCase

# `did(text)` is a change of the world that everybody can see: a command, run in a step only.
FRAME = """
local failure, process = require "failure", require "process"
local function did(text) process.run {{ "tee", "-a", "done", stdin = text .. "\\n" }} end
local function is_there(name) return process.run {{ "ls" }}.stdout:find(name, 1, true) ~= nil end
return {{
  title = "Go on", summary = "Does things.", {declared}
  needs = {{ run = {{ "tee -a done", "read: ls" }}, http = {{ "*" }} }},
  run = function(rb, p)
{body}
  end,
}}
"""


class Runs(TerminalCase):
    def book(self, body, declared=""):
        return self.write("runbooks/book.lua", FRAME.format(body=body, declared=declared))

    def go(self, *args, code=gwrun.OK, env=None):
        result = self.gwrun(*args, "--output", "json", env=env)
        self.assertEqual(result.code, code, result)
        return result.events

    def done(self):
        if not os.path.exists(self.path("done")):
            return []
        with open(self.path("done"), encoding="utf-8") as file:
            return file.read().splitlines()

    def steps(self, events):
        return [(event["event"], event["name"]) for event in events if event["event"].startswith("step.") and "name" in event]
