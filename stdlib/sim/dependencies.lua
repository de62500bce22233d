--- What programs need of others while they run: an OAuth client that Google knows, a bucket that the task's role may use. One that lacks
--- something answers its health check, and fails its users.
---
--- The behaviour of an image says what it needs: `needs = { google = { id = VARIABLE, secret = VARIABLE }, s3 = BUCKET }`, and what it logs then:
--- `log.denied = { google = { every, text }, s3 = { every, text } }`.

local app = require "sim.app"
local policy = require "sim.iam.policy"
local traffic = require "sim.traffic"

local dependencies = {}

-- Google takes pairs of an id and a secret that were given out together, and not revoked.
local function google_takes(world, id, secret)
  for _, client in ipairs(world.google or {}) do
    if client.id == id and client.secret == secret and not client.revoked then return true end
  end
  return false
end

local function role_of(world, arn)
  for _, role in pairs(world.iam.roles) do
    if role.arn == arn then return role end
  end
end

local function may_use(world, task, bucket)
  local role = role_of(world, task.definition.taskRoleArn)
  if not role or not world.s3.buckets[bucket] then return false end
  local decision = policy.decide(role.policies, { action = "s3:GetObject", resource = ("arn:aws:s3:::%s/token"):format(bucket), context = {} })
  return decision == "allowed"
end

-- What a task lacks; nil: nothing.
local function missing(world, task)
  local needs = task.app.behaviour.needs or {}
  local values = task.values or {}
  if needs.s3 and not may_use(world, task, needs.s3) then return "s3" end
  if needs.google and world.google and not google_takes(world, values[needs.google.id], values[needs.google.secret]) then return "google" end
end

---Looks at every program that runs. To be called when something has changed that one may need.
---@param world table
function dependencies.update(world)
  local changed = false
  for _, cluster in pairs(world.ecs.clusters) do
    for _, task in ipairs(cluster.task_order) do
      if task.app and app.state(task.app) ~= "gone" and app.deny(task.app, missing(world, task)) then changed = true end
    end
  end
  if changed then traffic.update(world) end
end

---Google does not take a client's secret any more.
---@param world table
---@param secret string
function dependencies.revoke(world, secret)
  for _, client in ipairs(world.google or {}) do
    if client.secret == secret then client.revoked = true end
  end
  dependencies.update(world)
end

return dependencies
