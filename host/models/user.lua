--- `gwrun models`: the models of the user's own, beside those built in. Runs inside gwrun; host.models is what C gives it:
---   read(path) list(path)       as models.source wants them, and nil, err where reading failed
---   rules() folder() now()      rules.txt; where models are kept; the time as text
---   names(which)                "built in" or "added"
---   describe(name, which)       what is in a table, or `error`
---   facts(name)                 the facts that an added model was compiled from; nil, err
---   write(parts) remove(name)   true; nil, err
---   print(text) note(text)      a line on standard output; on standard error
---   progress(text)              a line that the next one replaces, on a terminal only
local compile = require "models.compile"
local effects = require "models.effects"
local facts = require "models.facts"
local host = require "host.models"
local json = require "models.json"
local source = require "models.source"

local BUILT_IN, ADDED = "built in", "added"

local USAGE = [[gwrun models list                       the services there are
gwrun models show NAME                  its operations, and what each does to an account
gwrun models add PATH [NAME...]         adds models in botocore's format: an SDK's data folder, or part of one;
                                        with --plan only shows what each operation would count as
gwrun models update [NAME...]           compiles added models anew, for another version of gwrun
gwrun models remove NAME...             removes added models]]

-- ---- help ------------------------------------------------------------------------------------------------------------

local function fail(format, ...) error(format:format(...), 0) end

local function check(value, err)
  if err then error(err.message, 0) end
  return value
end

local function is_one_of(list, name)
  for _, item in ipairs(list) do
    if item == name then return true end
  end
  return false
end

-- Rows of texts as lines; the last column is as long as it likes.
local function print_columns(rows)
  local widths = {}
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do widths[i] = math.max(widths[i] or 0, utf8.len(cell) or #cell) end
  end
  for _, row in ipairs(rows) do
    local cells = {}
    for i, cell in ipairs(row) do
      cells[i] = i == #row and cell or cell .. (" "):rep(widths[i] - (utf8.len(cell) or #cell))
    end
    host.print((table.concat(cells, "  "):gsub(" +$", "")))
  end
end

local function size_text(bytes) return ("%.0f KB"):format(math.max(bytes / 1000, 1)) end

-- A table as JSON with its members in this order.
local function ordered(members)
  local object = {}
  for _, member in ipairs(members) do
    if member[2] ~= nil then json.set(object, member[1], member[2]) end
  end
  return object
end

-- ---- list and show ---------------------------------------------------------------------------------------------------

-- What is known of one model; `error` where it cannot be used.
local function look_up(name, origin)
  local model = host.describe(name, origin)
  model.about = model.about and json.read(model.about) or {}
  model.name, model.origin = name, origin
  return model
end

local function all_models()
  local models, own = {}, host.names(ADDED)
  for _, name in ipairs(host.names(BUILT_IN)) do
    models[#models + 1] = look_up(name, BUILT_IN)
    models[#models].overridden = is_one_of(own, name)
  end
  for _, name in ipairs(own) do
    models[#models + 1] = look_up(name, ADDED)
    models[#models].overrides = is_one_of(host.names(BUILT_IN), name)
  end
  table.sort(models, function(a, b)
    if a.name ~= b.name then return a.name < b.name end
    return a.origin == BUILT_IN and b.origin ~= BUILT_IN
  end)
  return models
end

local function origin_text(model)
  if model.overridden then return BUILT_IN .. ", not used" end
  return model.overrides and ADDED .. ", in place of the built-in one" or model.origin
end

local function as_json(model)
  return ordered {
    { "name", model.name }, { "id", model.id }, { "protocol", model.protocol }, { "api_version", model.api_version },
    { "operations", model.operations and #model.operations }, { "waiters", model.waiters },
    { "origin", model.origin }, { "used", not model.overridden }, { "bytes", model.bytes },
    { "source", model.about.source }, { "added", model.about.added }, { "error", model.error },
  }
end

local function print_json(value) host.print(json.write(value)) end

local COMMANDS = {}

function COMMANDS.list(args, how)
  if #args > 0 then fail("models list: unexpected argument '%s'", args[1]) end
  local models, rows = all_models(), {}
  if how.json then
    for i, model in ipairs(models) do models[i] = as_json(model) end
    return print_json(json.array(models))
  end
  for i, model in ipairs(models) do
    rows[i] = model.error and { model.name, model.origin, model.error } or
      { model.name, ("%4d operations"):format(#model.operations), model.protocol,
        model.bytes and size_text(model.bytes) or "", origin_text(model) }
  end
  print_columns(rows)
end

local function print_operations(model)
  local rows = {}
  for i, op in ipairs(model.operations) do
    rows[i] = { op.effect, op.snake_name, op.action, op.pages and "pages" or "" }
  end
  print_columns(rows)
end

function COMMANDS.show(args, how)
  local name = args[1] or fail "models show: which service?"
  if args[2] then fail("models show: unexpected argument '%s'", args[2]) end
  local added = is_one_of(host.names(ADDED), name)
  local model = look_up(name, added and ADDED or BUILT_IN)
  if model.error then error(model.error, 0) end
  if how.json then
    local object, operations = as_json(model), {}
    for i, op in ipairs(model.operations) do
      operations[i] = ordered { { "name", op.name }, { "snake_name", op.snake_name }, { "effect", op.effect },
        { "action", op.action }, { "pages", op.pages } }
    end
    object.operations = json.array(operations)
    return print_json(object)
  end
  host.print(("%s, %s: %d operations, %s, version %s"):format(name, model.id, #model.operations, model.protocol,
    model.api_version))
  if added then host.print(("added %s from %s"):format(model.about.added, model.about.source)) end
  print_operations(model)
end

-- ---- add -------------------------------------------------------------------------------------------------------------

local FILES = {
  read = function(path) return check(host.read(path)) end,
  list = host.list,
}

-- A model that is not built as models are trips over one of our own lines: that is no defect of ours.
local function explain(message)
  local text = tostring(message)
  local what = text:match "^stdlib/models/.-:%d+: (.*)$" or text:match "^attempt to .*$"
  return what and "not built as models in botocore's format are: " .. what or text
end

local function about_of(model)
  return json.write(ordered {
    { "source", model.path }, { "uid", model.metadata.uid }, { "api_version", model.metadata.apiVersion },
    { "added", host.now() },
  })
end

local function compile_and_write(name, text, about)
  local table_bytes = compile.table { { name = name .. ".api", text = text } }
  return check(host.write { name = name, about = about, table = table_bytes, facts = text })
end

-- One line of what was added.
local function add_one(place, rules)
  local model = source.load(FILES, place, rules)
  compile_and_write(model.name, facts.write(model), about_of(model))
  for _, trait in ipairs(facts.unknown_traits(model)) do
    host.note(("%s: %s is not known here and was left out"):format(model.name, trait))
  end
  return ("%s: %d operations, from %s"):format(model.name, #model.operations, model.path)
end

local function report_one(place, rules)
  local model = source.load(FILES, place, rules)
  local rows = {}
  for i, op in ipairs(facts.operations(model)) do
    local effect, reason = effects.of(rules, model.name, op.name, op.readonly)
    rows[i] = { effect, model.name .. ":" .. op.name, reason }
  end
  print_columns(rows)
end

-- A whole SDK has newer and older models of what is built in: those are replaced only when they are named.
local function without_built_in(places)
  local rest, builtin = {}, host.names(BUILT_IN)
  for _, place in ipairs(places) do
    if not is_one_of(builtin, place.name) then rest[#rest + 1] = place end
  end
  local left = #places - #rest
  if left > 0 then host.note(("%d services are built in and stay as they are; name one to replace it"):format(left)) end
  return rest
end

-- Does `act` for each of the places; tells what failed and goes on. Answers how many did not.
local function for_each(places, act)
  local done = 0
  for i, place in ipairs(places) do
    if #places > 1 then host.progress(("%d of %d: %s"):format(i, #places, place.name)) end
    local ok, message = pcall(act, place)
    if not ok then
      host.note(("%s: %s"):format(place.name, explain(message)))
    else
      done = done + 1
      if message then host.print(message) end
    end
  end
  host.progress ""
  return done
end

local function summary(done, all, what)
  if all > 1 then host.print(("%s %d of %d services in %s"):format(what, done, all, host.folder())) end
  return done == all
end

function COMMANDS.add(args, how)
  local path = args[1] or fail "models add: which file or folder?"
  local names = table.move(args, 2, #args, 1, {})
  local places = source.find(FILES, path, names)
  if #places > 1 and #names == 0 and not how.plan then places = without_built_in(places) end
  local rules = effects.read(host.rules())
  local act = how.plan and report_one or add_one
  local done = for_each(places, function(place) return act(place, rules) end)
  if how.plan then return done == #places end
  return summary(done, #places, "added")
end

-- ---- update and remove -----------------------------------------------------------------------------------------------

local function update_one(place)
  local model = look_up(place.name, ADDED)
  compile_and_write(place.name, check(host.facts(place.name)), json.write(model.about))
  return place.name .. ": compiled anew"
end

local function check_added(names)
  local own = host.names(ADDED)
  for _, name in ipairs(names) do
    if not is_one_of(own, name) then
      fail("models: '%s' is not among the added ones (%s)", name, #own > 0 and table.concat(own, ", ") or "there are none")
    end
  end
end

function COMMANDS.update(args)
  check_added(args)
  local places = {}
  for i, name in ipairs(#args > 0 and args or host.names(ADDED)) do places[i] = { name = name } end
  return summary(for_each(places, update_one), #places, "compiled")
end

function COMMANDS.remove(args)
  if #args == 0 then fail "models remove: which service?" end
  check_added(args)
  for _, name in ipairs(args) do
    check(host.remove(name))
    host.print(name .. ": removed")
  end
end

-- ---- main ------------------------------------------------------------------------------------------------------------

-- `--service NAME` says the same as NAME behind the path.
local function take_options(args)
  local rest = {}
  local i = 1
  while i <= #args do
    local value = args[i]:match "^%-%-service=(.+)$"
    if args[i] == "--service" then
      i = i + 1
      value = args[i] or fail "option '--service' needs a value"
    end
    if not value and args[i]:find "^%-" then fail("models: unknown option '%s'; 'gwrun models help' shows how", args[i]) end
    rest[#rest + 1] = value or args[i]
    i = i + 1
  end
  return rest
end

---Whether all went well; raises what did not.
---@param args string[]
---@param how { json: boolean, plan: boolean }
return function(args, how)
  local command = table.remove(args, 1)
  if not command or command == "help" then
    for line in USAGE:gmatch "[^\n]+" do host.print(line) end
    return true
  end
  local act = COMMANDS[command] or
    fail("models: no command '%s'; there are add, list, remove, show and update", command)
  return act(take_options(args), how) ~= false
end
