--- Several things at once: `parallel{...}` runs functions, `parallel.map(items, f)` one function over many items.
---
--- Of a map only `limit` calls of the function are under way at a time, whatever the number of items: thousands of items cost
--- thousands of results, not thousands of tasks.

local options = require "options"
local task = require "host.task"

local parallel = {}

local HOW = { limit = "number", keep_going = "boolean" }
local LIMIT = 10

---@class Failure
---@field index integer which item, from 1
---@field item any
---@field error any

-- What gives the items one by one: index, item; nil at the end. An iterator may suspend (it may ask AWS for the next page),
-- and cannot be asked by two tasks at once.
local function each_of(items)
  local index = 0
  if type(items) == "table" then
    return function()
      index = index + 1
      if items[index] ~= nil then return index, items[index] end
    end
  end
  local lock, ended = task.lock(), false
  return function()
    lock:acquire()
    local item
    if not ended then item = items() end
    ended = item == nil
    if not ended then index = index + 1 end
    local number = index
    lock:release()
    if item ~= nil then return number, item end
  end
end

local function check_limit(limit)
  if limit == nil then return LIMIT end
  if math.type(limit) ~= "integer" or limit < 1 then
    error("parallel.map: limit must be an integer from 1 up, got " .. tostring(limit), 3)
  end
  return limit
end

---Calls `f(item, index)` for each item, at most `limit` at a time, and returns what it returned, in the order of the items. The
---first failure cancels the others and is raised; with `keep_going` all are made, and the failures are returned too.
---@param items table|fun(): any a list, or an iterator like aws.<service>.pages.<operation>{...}
---@param f fun(item: any, index: integer): any
---@param how? { limit?: integer, keep_going?: boolean } limit: 10 unless given
---@return table results nil where there is none
---@return Failure[]? failures with keep_going, in the order of the items
function parallel.map(items, f, how)
  how = options.check("parallel.map", how or {}, HOW)
  local limit, next_item = check_limit(how.limit), each_of(items)
  local results, failures = json.array {}, json.array {}
  local function work()
    for index, item in next_item do
      if how.keep_going then
        local ok, result = pcall(f, item, index)
        if ok then
          results[index] = result
        else
          failures[#failures + 1] = { index = index, item = item, error = result }
        end
      else
        results[index] = f(item, index)
      end
    end
  end
  local workers = {}
  for i = 1, type(items) == "table" and math.min(limit, #items) or limit do workers[i] = work end
  task.parallel(workers)
  if not how.keep_going then return results end
  table.sort(failures, function(a, b) return a.index < b.index end)
  return results, failures
end

return setmetatable({}, {
  __index = parallel,
  __newindex = function() error("parallel: cannot be changed", 2) end,
  __metatable = "parallel",
  __call = task.call_parallel,
})
