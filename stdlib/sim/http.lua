--- Plain hosts of the world: names in service discovery, and load balancers.

local app = require "sim.app"
local balancing = require "sim.elbv2"
local fail = require "sim.fail"
local github = require "sim.github"

local http = {}

local TEXT = { ["content-type"] = "text/plain; charset=utf-8" }
local HTML = { ["content-type"] = "text/html", server = "awselb/2.0" }

local function page(status, reason)
  return {
    status = status, headers = HTML,
    body = ("<html>\r\n<head><title>%d %s</title></head>\r\n<body>\r\n<center><h1>%d %s</h1></center>\r\n</body>\r\n</html>\r\n")
      :format(status, reason, status, reason),
  }
end

local function refuse(request)
  fail.network(("%s: connection refused"):format(request.authority))
end

-- A name in service discovery leads to one of the healthy tasks, or, when none is, to any that runs.
local function discovered(world, entry, request)
  if request.port ~= entry.port then refuse(request) end
  local tasks = world.tasks_in_service(true)
  if #tasks == 0 then tasks = world.tasks_in_service(false) end
  if #tasks == 0 then fail.network(("%s: could not resolve host"):format(request.authority)) end
  return app.answer(tasks[1].app, request.path) or refuse(request)
end

local function targets_in(group, state)
  local list = {}
  for _, target in ipairs(group.targets) do
    if target.state == state then list[#list + 1] = target end
  end
  return list
end

local function app_of(world, target)
  for _, cluster in pairs(world.ecs.clusters) do
    for _, task in ipairs(cluster.task_order) do
      if task.target == target then return task.app end
    end
  end
end

-- With no healthy target a load balancer tries the unhealthy ones.
local function forwarded(world, group, path)
  local list = targets_in(group, "healthy")
  if #list == 0 then list = targets_in(group, "unhealthy") end
  if #list == 0 then return page(503, "Service Temporarily Unavailable") end
  return app.answer(app_of(world, list[1]), path) or page(502, "Bad Gateway")
end

local function balanced(world, entry, request)
  local action, path = balancing.route(world, world.elb.balancers[entry.balancer], request.host, request.path)
  if action.forward then return forwarded(world, world.elb.groups[action.forward], path) end
  return { status = action.status, headers = TEXT, body = action.body }
end

-- Somebody's webhook: it keeps what it is sent.
local function hooked(world, request)
  if request.method ~= "POST" then return page(405, "Method Not Allowed") end
  table.insert(world.hooked, { host = request.host, path = request.path, body = request.body })
  return { status = 202, headers = TEXT, body = "ok" }
end

local function task_named(world, id)
  for _, cluster in pairs(world.ecs.clusters) do
    if cluster.tasks[id] then return cluster.tasks[id] end
  end
end

---A request of a task's container to itself.
---@param task Task
---@param port integer
---@param path string
---@return table? answer nil: nothing listens there
function http.inside(task, port, path)
  local mapping = (task.definition.containerDefinitions[1].portMappings or {})[1]
  return mapping and mapping.containerPort == port and task.app and app.answer(task.app, path) or nil
end

---Answers a request to one of the world's hosts; `task`: of that task's container, perhaps to itself.
---@param world table
---@param request { method: string, host: string, port: integer, authority: string, path: string, query: string, body: string, authorization: string, task?: string }
---@return { status: integer, headers: table<string, string>, body: string }
function http.answer(world, request)
  local task = (request.task or "") ~= "" and task_named(world, request.task)
  if task and (request.host == "localhost" or request.host == "127.0.0.1") then
    return http.inside(task, request.port, request.path) or refuse(request)
  end
  local entry = world.hosts[request.host] or fail.network(("%s: could not resolve host"):format(request.authority))
  if entry.github then return github.answer(world, request) end
  if entry.hook then return hooked(world, request) end
  if entry.balancer then return balanced(world, entry, request) end
  return discovered(world, entry, request)
end

---The status that a URL answers with now; 0 where nothing answers.
---@param world table
---@param url string
---@return integer
function http.status(world, url)
  local scheme, host_name, port, path = url:match "^(%a+)://([^/:]+):?(%d*)(.*)$"
  local ran, answer = pcall(http.answer, world, {
    method = "GET", host = host_name, port = tonumber(port) or (scheme == "https" and 443 or 80), authority = host_name, path = path, query = "", body = "",
  })
  return ran and answer.status or 0
end

---@param world table
---@param data table<string, { port?: integer, balancer?: string, github?: boolean, hook?: boolean }>
function http.open(world, data)
  world.hosts, world.hooked = data or {}, {}
end

return http
