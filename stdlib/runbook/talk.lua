--- What a run tells and asks: notes, warnings, evidence, questions, decisions.

local failure = require "failure"
local host = require "host.run"
local options = require "options"
local planned = require "planned"

---@class RunTalk
local talk = {}

-- A mistake in it is told where the runbook made it.
local function fill(method, format, ...)
  local filled, text = pcall(string.format, format, ...)
  if not filled then error(method .. ": " .. text, 3) end
  return text
end

---Tells the operator something.
---@param format string as for string.format
function talk:note(format, ...)
  self.root:say { event = "note", text = fill("rb:note", format, ...) }
end

---Tells the operator something that should give pause.
---@param format string
function talk:warn(format, ...)
  self.root:say { event = "warning", text = fill("rb:warn", format, ...) }
end

-- A file that was kept before a resume is not kept twice.
local function keep_file(root, name, path)
  if root.replaying or root.silent then return end
  local size, hash = host.keep_file(name, path)
  if not size then error(hash, 3) end
  root:tell { event = "evidence", name = name, file = path, size = size, hash = hash }
end

---Keeps something with the run: a value, or a file whole, at most 64 MiB (`gwrun show RUN --file NAME` gets it out).
---@param name string
---@param value any plain data, or what `file.open` gives
function talk:evidence(name, value)
  if type(value) == "userdata" and getmetatable(value) == "file" then return keep_file(self.root, name, value:path()) end
  self.root:say { event = "evidence", name = name, value = planned.plain(value) }
end

---Works something out once: a run that is resumed has the same value again. What a runbook reads before its first change
---belongs here, for after the change the same reading gives something else.
---@generic T
---@param name string
---@param work fun(): T plain data: text, numbers, booleans, tables of these
---@return T
function talk:decide(name, work)
  local id = self:next_id("decision")
  local known = self.root.past:find("decisions", id, name)
  if known then return known.value end
  self.root:begin_new()
  local value = work()
  self.root:tell { event = "decided", id = id, name = name, value = planned.plain(value) }
  return value
end

---Asks the operator for a text. A resumed run has the same answer again; a secret one is asked for again.
---@param text string
---@param how? { default?: string, secret?: boolean } a secret is not shown while it is typed
---@return string|Secret
function talk:ask(text, how)
  how = options.check("rb:ask", how or {}, { default = "string", secret = "boolean" })
  local id = self:next_id("question")
  local known = self.root.past:find("answers", id, text)
  if known and not how.secret then return known.value end
  if not known then self.root:begin_new() end
  local answer, err = host.ask { text = text, default = how.default, secret = how.secret }
  if err then error(err, 2) end
  self.root:tell { event = "answered", id = id, text = text, answer = answer, by = host.user }
  return answer
end

---Ends the run: what was asked for cannot be done.
---@param format string
function talk:refuse(format, ...)
  failure.raise("usage", "%s", fill("rb:refuse", format, ...))
end

return talk
