--- GitHub's REST API for runbooks: secrets of a repository's Actions, runs of its workflows.
--- https://docs.github.com/en/rest/actions

local box = require "host.box"
local failure = require "failure"
local http = require "http"
local planned = require "planned"

local github = {}

---@class Repository
---@field api string "https://api.github.com"
---@field repository string "owner/name"
---@field token Secret
local Repository = {}
Repository.__index = Repository

---@param of { api: string, repository: string, token: Secret }
---@return Repository
function github.new(of)
  return setmetatable({ api = of.api:gsub("/+$", ""), repository = of.repository, token = of.token }, Repository)
end

local ADVICE = {
  [401] = "GitHub does not know the token: it has expired, or was mistyped",
  [403] = "the token may not do this: it needs Secrets and Actions, read and write, of the repository; or too much was asked",
  [404] = "there is no such repository, secret or workflow, or the token may not see it",
  [422] = "GitHub does not take what was sent",
  [429] = "too much was asked: wait a minute",
}

-- What GitHub itself fails of, or refuses as too much, may pass: a wait goes on with it.
local function explain(method, path, response)
  local told, status = json.decode(response.body), response.status
  local message = type(told) == "table" and told.message or response.reason
  local kind = (status >= 500 or status == 429) and "protocol" or "problem"
  local err = failure.new(kind, ("GitHub: %s %s: %d %s%s"):format(method, path, status, tostring(message),
    ADVICE[status] and "; " .. ADVICE[status] or ""))
  err.http_status = status
  error(err, 0)
end

-- The answer, decoded; raises for any status but those of success.
local function call(self, method, path, body)
  local response = http.request {
    url = ("%s/repos/%s/%s"):format(self.api, self.repository, path), method = method, body = body and json.encode(body), timeout = 30,
    headers = {
      Authorization = "Bearer " .. self.token, Accept = "application/vnd.github+json", ["X-GitHub-Api-Version"] = "2022-11-28",
      ["User-Agent"] = "gwrun", ["Content-Type"] = body and "application/json" or nil,
    },
  }
  if planned.is_unknown(response) then return nil end
  if response.status < 200 or response.status > 299 then explain(method, path, response) end
  return method == "GET" and json.decode(response.body) or nil
end

---The public key that secrets are closed for. Also tells whether the token is good.
---@return { key_id: string, key: string }
function Repository:public_key()
  local found = call(self, "GET", "actions/secrets/public-key")
  if type(found) ~= "table" or not found.key or not found.key_id then failure.raise("protocol", "GitHub: the answer lacks the public key") end
  return found
end

---Writes a secret. Inside a step.
---@param name string
---@param value string|Secret
function Repository:put_secret(name, value)
  local key = self:public_key()
  local closed, err = box.close(value, key.key)
  if not closed then error(err, 2) end
  call(self, "PUT", "actions/secrets/" .. name, { encrypted_value = closed, key_id = key.key_id })
end

---When a secret was written last; nil where there is none.
---@param name string
---@return number? at
function Repository:secret_written_at(name)
  local ran, found = pcall(call, self, "GET", "actions/secrets/" .. name)
  if ran then return time.parse(found.updated_at) end
  if type(found) == "table" and found.http_status == 404 then return nil end
  error(found, 0)
end

---Starts a workflow. Inside a step.
---@param workflow string its file's name
---@param ref string branch or tag
function Repository:dispatch(workflow, ref)
  call(self, "POST", ("actions/workflows/%s/dispatches"):format(workflow), { ref = ref })
end

---@class WorkflowRun
---@field id integer
---@field status string
---@field conclusion? string
---@field html_url string

-- The runs of a workflow that were dispatched, the newest first.
local function list_runs(self, workflow)
  return call(self, "GET", ("actions/workflows/%s/runs?event=workflow_dispatch&per_page=50"):format(workflow)).workflow_runs or {}
end

---The newest run of a workflow that was dispatched; ids grow, so that a later one is known by its own, whatever clocks say.
---@param workflow string
---@return integer id 0: there is none
function Repository:newest_run(workflow)
  local newest = 0
  for _, run in ipairs(list_runs(self, workflow)) do newest = math.max(newest, run.id) end
  return newest
end

---The first run of a workflow that was dispatched after another one.
---@param workflow string
---@param id integer of the other
---@return WorkflowRun? run nil: none yet; it may take seconds
function Repository:run_after(workflow, id)
  local first
  for _, run in ipairs(list_runs(self, workflow)) do
    if run.id > id and (not first or run.id < first.id) then first = run end
  end
  return first
end

---A probe for rb:wait: has the run that was dispatched after another one succeeded?
---@param workflow string
---@param id integer of the other
---@return fun(): string, string
function Repository:probe(workflow, id)
  return function()
    local run = self:run_after(workflow, id)
    if not run then return "waiting", "it has not begun" end
    if run.status ~= "completed" then return "waiting", ("%s, %s"):format(run.status, run.html_url) end
    return run.conclusion == "success" and "done" or "failed", ("%s, %s"):format(run.conclusion or "?", run.html_url)
  end
end

return github
