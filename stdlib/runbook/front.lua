--- What a script has of its run: what is documented, and none of what the engine runs on.

local options = require "options"

local front = {}

local methods = {}
local runs = setmetatable({}, { __mode = "k" }) -- front -> the run or branch behind it

local FACTS = { simulated = true, planning = true, user = true }

---The functions of a part of `rb` become its methods.
---@param part table<string, function>
function front.show(part)
  for name, method in pairs(part) do
    methods[name] = function(rb, ...)
      local run = runs[rb]
      if not run then error(("rb.%s: call it as rb:%s(...)"):format(name, name), 2) end
      return method(run, ...)
    end
  end
end

local meta = { __metatable = "rb", __name = "rb" }

function meta.__index(rb, name)
  if FACTS[name] then return runs[rb][name] end
  local method = methods[name]
  if not method then
    error(("rb has no '%s'%s"):format(tostring(name), options.hint(tostring(name), options.sorted(methods))), 2)
  end
  return method
end

function meta.__newindex(_, name)
  error(("rb.%s: cannot be written"):format(tostring(name)), 2)
end

---@param run table a run, or a branch of it
---@return Run
function front.of(run)
  local rb = setmetatable({}, meta)
  runs[rb] = run
  return rb
end

return front
