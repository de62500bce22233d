--- Several parts of a runbook at once.

local failure = require "failure"
local options = require "options"
local undo = require "runbook.undo"

---@class RunBranches
local branches = {}

-- In a fixed order: the same script asks in the same order again.
local function names_of(work)
  local names = {}
  for name in pairs(work) do
    if type(name) ~= "string" or not name:match("^[%w_-]+$") then
      error(("rb:parallel: branches are named with letters, digits, - and _, got '%s'; a name made of data needs "
        .. "name:gsub('[^%%w_-]', '_')"):format(tostring(name)), 3)
    end
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

-- An undo goes through all of them, each as far as it came.
local function replay(self, names, functions)
  local reached = false
  for _, name in ipairs(names) do
    local ok, err = pcall(functions[name])
    if not ok and err ~= undo.REACHED then error(err, 0) end
    reached = reached or not ok
  end
  if reached then error(undo.REACHED, 0) end
end

---Runs branches at once, each with a `rb` of its own: `rb:parallel { west = function(rb) ... end, east = ... }`. A name has
---letters, digits, - and _. When one fails the others go on to their ends before the failure is raised: a half-made
---change is worse than a late one.
---@param work table<string, fun(rb: Run): any>
---@param how? { limit?: integer } at most so many at a time
---@return table<string, any> results by name
function branches:parallel(work, how)
  how = options.check("rb:parallel", how or {}, { limit = "number" })
  local id, names = self:next_id("parallel"), names_of(work)
  local functions, results, failures = {}, {}, {}
  for _, name in ipairs(names) do
    local branch = self:branch(("%s.%s."):format(id, name))
    local body = work[name]
    functions[name] = function() results[name] = body(branch.front) end
  end
  if self.root.undoing then
    replay(self, names, functions)
    return results
  end
  local each = {}
  for i, name in ipairs(names) do
    each[i] = function()
      local ok, err = pcall(functions[name])
      if not ok then failures[#failures + 1] = { name = name, error = err } end
    end
  end
  parallel(each, how)
  local first = failures[1]
  if not first then return results end
  for i = 2, #failures do
    self:warn("branch %s failed too: %s", failures[i].name, failure.text(failures[i].error))
  end
  error(first.error, 0)
end

return branches
