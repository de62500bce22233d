--- Published protocol vectors as models: case M (from 0) of suite N of .../input/json.json becomes the service
--- "json-in-N-M", of .../output/json.json "json-out-N-M". Each has a service of its own because cases of one suite may
--- define the same operation in different ways.
local json = require "models.json"

local vectors = {}

local DIRECTIONS = { input = "in", output = "out" }

-- They name the endpoint themselves, and nobody to sign for.
local ENDPOINT_RULES = [[{"version": "1.0",
  "parameters": {"Endpoint": {"builtIn": "SDK::Endpoint", "required": true, "type": "String"}},
  "rules": [{"conditions": [], "type": "endpoint", "endpoint": {"url": {"ref": "Endpoint"},
    "properties": {"authSchemes": [{"name": "sigv4", "signingName": "vectors"}]}}}]}]]

-- The response's element around a query operation's result: the shape names it, or else it is left to be known.
local function set_result_wrapper(given, shapes)
  if given.output and not given.output.resultWrapper then
    json.set(given.output, "resultWrapper", shapes[given.output.shape].resultWrapper or given.name .. "Result")
  end
end

-- An answer may be an error that only another operation of the service is known for.
local function add_errors(given, shapes)
  local named, errors = {}, given.errors or json.array {}
  for _, err in ipairs(errors) do named[err.shape] = true end
  for _, name in ipairs(shapes) do
    if shapes[name].exception and not named[name] then errors[#errors + 1] = { "shape", shape = name } end
  end
  json.set(given, "errors", errors)
end

local function operations_of(suite, case)
  local operations, given = {}, case.given
  given.name = given.name or case.id
  if suite.metadata.protocol == "query" then set_result_wrapper(given, suite.shapes) end
  add_errors(given, suite.shapes)
  json.set(operations, given.name, given)
  return operations
end

---@param path string
---@param suites table the file's content
---@param rules Rules
---@return Model[]
function vectors.models(path, suites, rules)
  local folder, base = path:match "([^/]+)/([^/]+)%.json$"
  local models = {}
  for index, suite in ipairs(suites) do
    local shapes = json.write(suite.shapes)
    for number, case in ipairs(suite.cases) do
      models[#models + 1] = {
        name = ("%s-%s-%d-%d"):format(base, DIRECTIONS[folder], index - 1, number - 1), rules = rules,
        metadata = suite.metadata, operations = operations_of(suite, case), shapes = json.read(shapes),
        endpoint_rules = json.read(ENDPOINT_RULES),
      }
    end
  end
  return models
end

return vectors
