--- GitHub's REST API, simulated: the secrets of a repository for Actions, and runs of a workflow that signs to AWS with them.
--- https://docs.github.com/en/rest/actions
---
--- A run that was dispatched is queued for a while, then in progress, then completed: with success where the key in the secrets is
--- one that IAM knows. Limits: one repository, one workflow, one page of runs.

local clock = require "sim.clock"
local host = require "host.sim"
local random = require "sim.random"

local github = {}

local KEY_ID = "568250167242549743"
local QUEUED_S, RUNS_S = { 3, 8 }, { 45, 90 }
local HEADERS = { ["content-type"] = "application/json; charset=utf-8" }

local function answer(status, value)
  return { status = status, headers = HEADERS, body = value and host.json(value) or "" }
end

local function refuse(status, message)
  return answer(status, { message = message, documentation_url = "https://docs.github.com/rest", status = tostring(status) })
end

local function holder(world) return "github " .. world.github.repository end

local function describe_secret(secret)
  return { name = secret.name, created_at = host.iso(math.floor(secret.created_at)), updated_at = host.iso(math.floor(secret.updated_at)) }
end

local function put_secret(world, name, request)
  local given = host.parse_json(request.body)
  if type(given) ~= "table" or not given.encrypted_value then return refuse(422, "Invalid request.\n\n\"encrypted_value\" wasn't supplied.") end
  if given.key_id ~= KEY_ID then return refuse(422, "key_id is not valid: the public key has changed") end
  local value = host.open_box(holder(world), given.encrypted_value)
  if not value then return refuse(422, "Bad request - failed to decrypt the value") end
  local known = world.github.secrets[name]
  world.github.secrets[name] = { name = name, value = value, created_at = known and known.created_at or clock.now(), updated_at = clock.now() }
  return known and answer(204) or answer(201, {})
end

-- Does the key in the repository's secrets sign a call?
local function signs(world)
  local secrets = world.github.secrets
  local id, secret = (secrets.AWS_ACCESS_KEY_ID or {}).value, (secrets.AWS_SECRET_ACCESS_KEY or {}).value
  return id ~= nil and world.use_key(id, secret)
end

local function dispatch(world, workflow, request)
  local given = host.parse_json(request.body)
  if workflow ~= world.github.workflow then return refuse(404, "Not Found") end
  if type(given) ~= "table" or not given.ref then return refuse(422, "Invalid request.\n\n\"ref\" wasn't supplied.") end
  if given.ref ~= "main" then return refuse(422, "No ref found for: " .. given.ref) end
  local run = {
    id = 9000000000 + #world.github.runs + 1, status = "queued", created_at = clock.now(), updated_at = clock.now(), number = #world.github.runs + 1,
  }
  table.insert(world.github.runs, run)
  clock.after(random.between(QUEUED_S), function()
    run.status, run.updated_at = "in_progress", clock.now()
    clock.after(random.between(RUNS_S), function()
      run.status, run.conclusion, run.updated_at = "completed", signs(world) and "success" or "failure", clock.now()
    end)
  end)
  return answer(204)
end

local function describe_run(world, run)
  return {
    id = run.id, name = "Deploy", status = run.status, conclusion = run.conclusion, event = "workflow_dispatch", head_branch = "main", run_number = run.number,
    created_at = host.iso(math.floor(run.created_at)), updated_at = host.iso(math.floor(run.updated_at)),
    html_url = ("https://github.com/%s/actions/runs/%d"):format(world.github.repository, run.id),
  }
end

local function list_runs(world)
  local list = host.array {}
  for i = #world.github.runs, 1, -1 do list[#list + 1] = describe_run(world, world.github.runs[i]) end
  return answer(200, { total_count = #list, workflow_runs = list })
end

local function find_run(world, id)
  for _, run in ipairs(world.github.runs) do
    if run.id == tonumber(id) then return answer(200, describe_run(world, run)) end
  end
  return refuse(404, "Not Found")
end

-- "METHOD pattern of the path" -> what answers; the first that fits counts.
local ROUTES = {
  { "GET", "^actions/secrets/public%-key$", function(world) return answer(200, { key_id = KEY_ID, key = host.box_key(holder(world)) }) end },
  { "PUT", "^actions/secrets/([%w_]+)$", put_secret },
  { "GET", "^actions/secrets/([%w_]+)$", function(world, name)
    local secret = world.github.secrets[name]
    return secret and answer(200, describe_secret(secret)) or refuse(404, "Not Found")
  end },
  { "POST", "^actions/workflows/([^/]+)/dispatches$", dispatch },
  { "GET", "^actions/workflows/[^/]+/runs$", list_runs },
  { "GET", "^actions/runs/(%d+)$", find_run },
}

---Answers a request to the API.
---@param world table
---@param request table as http.answer takes it
---@return table response
function github.answer(world, request)
  if request.authorization ~= "Bearer " .. world.github.token then return refuse(401, "Bad credentials") end
  local prefix = ("/repos/%s/"):format(world.github.repository)
  if request.path:sub(1, #prefix) ~= prefix then return refuse(404, "Not Found") end
  local rest = request.path:sub(#prefix + 1)
  for _, route in ipairs(ROUTES) do
    local part = request.method == route[1] and rest:match(route[2])
    if part then return route[3](world, part, request) end
  end
  return refuse(404, "Not Found")
end

---@param world table
---@param data { repository: string, workflow: string, token: string, secrets: table<string, string> }?
function github.open(world, data)
  if not data then return end
  world.github = { repository = data.repository, workflow = data.workflow, token = data.token, secrets = {}, runs = {} }
  for name, value in pairs(data.secrets) do
    world.github.secrets[name] = { name = name, value = value, created_at = clock.now() - 30 * 86400, updated_at = clock.now() - 30 * 86400 }
  end
end

return github
