--- Published protocol vectors as models: suite N (from 0) of .../input/json.json becomes the service "json-in-N", of
--- .../output/json.json "json-out-N". An operation keeps the name of its `given`, unless an earlier case of the suite defines
--- that name differently: then its name is the case's id, which of a case that has none is "Case" and its number.
local json = require "models.json"

local vectors = {}

local DIRECTIONS = { input = "in", output = "out" }

-- They name the endpoint themselves, and nobody to sign for.
local ENDPOINT_RULES = [[{"version": "1.0",
  "parameters": {"Endpoint": {"builtIn": "SDK::Endpoint", "required": true, "type": "String"}},
  "rules": [{"conditions": [], "type": "endpoint", "endpoint": {"url": {"ref": "Endpoint"},
    "properties": {"authSchemes": [{"name": "sigv4", "signingName": "vectors"}]}}}]}]]

-- The response's element around a query operation's result, which the vectors leave to be known.
local function set_result_wrapper(given)
  if given.output and not given.output.resultWrapper then
    json.set(given.output, "resultWrapper", given.name .. "Result")
  end
end

local function operations_of(suite)
  local operations = {}
  for i, case in ipairs(suite.cases) do
    local given, id = case.given, case.id or ("Case%d"):format(i - 1)
    given.name = given.name or id
    local earlier = operations[given.name]
    if earlier and json.write(earlier) ~= json.write(given) then given.name = id end
    json.set(operations, given.name, given)
  end
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
    local operations = operations_of(suite)
    if suite.metadata.protocol == "query" then
      for _, name in ipairs(operations) do set_result_wrapper(operations[name]) end
    end
    models[index] = {
      name = ("%s-%s-%d"):format(base, DIRECTIONS[folder], index - 1), rules = rules,
      metadata = suite.metadata, operations = operations, shapes = suite.shapes,
      endpoint_rules = json.read(ENDPOINT_RULES),
    }
  end
  return models
end

return vectors
