---@meta _

-- What every chunk of a runbook sees beside Lua's own libraries; the C core binds it (docs/host-api.md).

---@type Aws
aws = {}

---Waits on the run's clock, which in the simulator is a virtual one.
---@param seconds number
function sleep(seconds) end

---@class Parallel: parallel_module
---@overload fun(functions: table<any, fun(): any>, how?: { limit?: integer }): table

---Runs functions as tasks, and returns their first results, as a list or by name; the first failure cancels the others.
---@type Parallel
parallel = {}

---Tells the operator something, as a note of the run.
---@param ... any
function print(...) end

---A value that prints as "[secret]", and is kept out of journals, reports and errors.
---@class Secret
local Secret = {}

---Whether it is this text; "==" between a secret and a text is false.
---@param text string|Secret
---@return boolean
function Secret:is(text) end

---@param text string|Secret
---@return boolean
function Secret:starts_with(text) end

---@param text string|Secret
---@return boolean
function Secret:ends_with(text) end

---Whether there is nothing in it but white space.
---@return boolean
function Secret:is_blank() end

time = {}

---@return number seconds since 1970
function time.now() end

---@return number seconds, for differences
function time.monotonic() end

---@param instant number
---@return string text "2015-01-25T08:00:00Z"
function time.iso(instant) end

---@param text string "2015-01-25T08:00:00Z"
---@return number? instant
---@return table? err
function time.parse(text) end

---@param text string "1h30m"
---@return number? seconds
---@return table? err
function time.duration(text) end

---@param seconds number
---@return string text "2m 30s"
function time.format_duration(seconds) end

json = {}

---Stands for null where nil would be no member.
json.null = {}

---@param text string
---@return any value
---@return table? err
function json.decode(text) end

---@param value any secrets become "[secret]"
---@param how? { indent?: integer, keep_doubles?: boolean } keep_doubles: 70.0 as "70.0"
---@return string text
function json.encode(value, how) end

---Marks a table as a list, so that it stays one when it is empty.
---@generic T: table
---@param list T
---@return T
function json.array(list) end

---What a JMESPath expression finds; nil for null.
---@param value any
---@param expression string
---@param ordered? boolean maps keep their order
---@return any
function json.query(value, expression, ordered) end

---@param expression string
---@return true? fits
---@return table? err
function json.check_query(expression) end

---@return table map that keeps the order in which keys are assigned
function json.ordered() end
