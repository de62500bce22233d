--- GitHub's REST API for runbooks: secrets of a repository's Actions, runs of its workflows.
--- https://docs.github.com/en/rest/actions

local box = require "host.box"
local failure = require "failure"
local http = require "http"

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

local function explain(method, path, response)
  local told = json.decode(response.body)
  local message = type(told) == "table" and told.message or response.reason
  failure.raise("problem", "GitHub: %s %s: %d %s%s", method, path, response.status, tostring(message),
    ADVICE[response.status] and "; " .. ADVICE[response.status] or "")
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
  if failure.text(found):find(": 404 ", 1, true) then return nil end
  error(found, 0)
end

---Starts a workflow. Inside a step.
---@param workflow string its file's name
---@param ref string branch or tag
function Repository:dispatch(workflow, ref)
  call(self, "POST", ("actions/workflows/%s/dispatches"):format(workflow), { ref = ref })
end

---The newest run of a workflow that was dispatched since a moment.
---@param workflow string
---@param since number epoch seconds
---@return { id: integer, status: string, conclusion?: string, html_url: string }? run nil: none yet; it may take seconds
function Repository:run_since(workflow, since)
  local found = call(self, "GET", ("actions/workflows/%s/runs?event=workflow_dispatch&created=%%3E%%3D%s&per_page=20"):format(workflow, time.iso(math.floor(since))))
  for _, run in ipairs(found.workflow_runs or {}) do
    if (time.parse(run.created_at) or 0) >= math.floor(since) then return run end
  end
end

---@param id integer
---@return { id: integer, status: string, conclusion?: string, html_url: string }
function Repository:run(id) return call(self, "GET", ("actions/runs/%d"):format(id)) end

return github
