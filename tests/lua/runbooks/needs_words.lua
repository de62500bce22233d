-- A runbook of tests/lua/needs.lua: files, commands and variables with a parameter in their entry.
local env = require "env"
local file = require "file"
local process = require "process"

return {
  title = "Needs", summary = "Opens files, runs commands, reads variables.",
  params = { value = { type = "string" } },
  needs = {
    read = { "tests/lua/{value}.lua", "{value}" }, run = { "git log {value}", "{value} status" }, env = { "{value}" },
  },
  run = function(rb)
    for _, path in ipairs { "tests/lua/needs.lua", "tests/lua/runbooks/needs.lua", "tests/check.lua", "README.md" } do
      local _, err = file.try_open(path)
      rb:evidence(path, not err or err.kind ~= "denied")
    end
    for _, command in ipairs { "git log a", "git log a b", "git log *", "git status", "read: git status", "a status" } do
      local words = {}
      for word in command:gmatch "%S+" do words[#words + 1] = word end
      if command == "git log a b" then words = { "git", "log", "a b" } end
      local _, err = process.try_run(words)
      rb:evidence(command, not err or not tostring(err):find("not declared", 1, true))
    end
    for _, name in ipairs { "CI_JOB", "HOME" } do rb:evidence(name, (pcall(env.get, name))) end
  end,
}
