--- Revisions of a service's task definition: which there are, which ran well, what differs between two, and new ones.

local aws = require "aws"
local ecs = require "ecs"
local failure = require "failure"

local revisions = {}

-- ---- what was deployed

local function describe(arns)
  local by_arn = {}
  for first = 1, #arns, 20 do
    local chunk = table.move(arns, first, math.min(first + 19, #arns), 1, {})
    local answer = aws.ecs.describe_service_revisions { serviceRevisionArns = chunk }
    for _, revision in ipairs(answer.serviceRevisions or {}) do by_arn[revision.serviceRevisionArn] = revision end
  end
  return by_arn
end

-- Each service revision that a deployment was to come to, once.
local function targets_of(briefs)
  local arns, seen = {}, {}
  for _, brief in ipairs(briefs) do
    local arn = brief.targetServiceRevisionArn
    if arn and not seen[arn] then
      seen[arn] = true
      arns[#arns + 1] = arn
    end
  end
  return arns
end

---@class PastDeployment
---@field arn string of the service deployment
---@field status string "SUCCESSFUL", "ROLLBACK_SUCCESSFUL", "STOPPED", "IN_PROGRESS", ...
---@field reason? string ECS's words
---@field created_at number
---@field finished_at? number
---@field task_definition string the revision that it was to bring
---@field images { container: string, image: string, digest?: string }[] what its tasks ran

local function as_past(brief, revision)
  local images = {}
  for i, image in ipairs(revision.containerImages or {}) do
    images[i] = { container = image.containerName, image = image.image, digest = image.imageDigest }
  end
  return {
    arn = brief.serviceDeploymentArn, status = brief.status, reason = brief.statusReason, created_at = brief.createdAt or 0,
    finished_at = brief.finishedAt, task_definition = revision.taskDefinition, images = images,
  }
end

---The deployments of a service, newest first: ECS remembers 90 days.
---@param which ServiceName
---@return PastDeployment[]
function revisions.history(which)
  local briefs = ecs.all_pages("list_service_deployments", { cluster = which.cluster, service = which.service }, "serviceDeployments")
  table.sort(briefs, function(a, b) return (a.createdAt or 0) > (b.createdAt or 0) end)
  local targets, list = describe(targets_of(briefs)), {}
  for _, brief in ipairs(briefs) do
    local revision = targets[brief.targetServiceRevisionArn]
    if revision then list[#list + 1] = as_past(brief, revision) end
  end
  return list
end

---The images of a deployment by their digests, in one text: the same for a copy of a revision. Nil where ECS does not tell.
---@param deployment PastDeployment
---@return string?
function revisions.content(deployment)
  local parts = {}
  for i, image in ipairs(deployment.images) do
    if not image.digest then return nil end
    parts[i] = image.container .. "=" .. image.digest
  end
  table.sort(parts)
  return #parts > 0 and table.concat(parts, ",") or nil
end

-- When a content was first deployed: a copy of an old revision is as old as what is in it.
local function ages(history)
  local first = {}
  for i = #history, 1, -1 do
    local content = revisions.content(history[i])
    if content and not first[content] then first[content] = #history - i end
  end
  return function(deployment) return first[revisions.content(deployment) or ""] end
end

-- Whether the service went on from a revision, rather than back to an older one, by its number or by what is in it: then that it
-- was steady once is no proof any more, whatever became of going back. The last time it was deployed decides. To be asked newest first.
local function went_on(history)
  local newer, answers, age_of = {}, {}, ages(history)
  return function(deployment)
    local name = deployment.task_definition
    local family, number, age = ecs.family(name), ecs.revision(name), age_of(deployment)
    local next_one = newer[family]
    if answers[name] == nil then
      answers[name] = not next_one or number <= next_one.number and (age or 0) <= (next_one.age or age or 0)
    end
    newer[family] = { number = number, age = age }
    return answers[name]
  end
end

---The deployments that ended well, newest first, without those of revisions that the service went back from.
---@param which ServiceName
---@param history? PastDeployment[] as `revisions.history` gives it
---@return PastDeployment[]
function revisions.proven(which, history)
  history = history or revisions.history(which)
  local proven, stands = {}, went_on(history)
  for _, deployment in ipairs(history) do
    if stands(deployment) and deployment.status == "SUCCESSFUL" then proven[#proven + 1] = deployment end
  end
  return proven
end

-- ---- what there is

---The family's ACTIVE revisions, newest first.
---@param family string
---@return string[] arns
function revisions.active(family)
  local arns = ecs.all_pages("list_task_definitions", { familyPrefix = family, status = "ACTIVE", sort = "DESC" }, "taskDefinitionArns")
  local own = {}
  for _, arn in ipairs(arns) do
    if ecs.family(arn) == family then own[#own + 1] = arn end
  end
  table.sort(own, function(a, b) return ecs.revision(a) > ecs.revision(b) end)
  return own
end

---Describes a revision; raises for one that does not exist.
---@param name string "family:revision" or an ARN
---@return table task_definition
function revisions.describe(name)
  local answer, err = aws.ecs.try_describe_task_definition { taskDefinition = name }
  if not answer then
    if err.code == "ClientException" or err.code == "InvalidParameterException" then
      failure.raise("usage", "revision %d: task definition '%s' does not exist (%s)", ecs.revision(name) or 0, ecs.short(name), err.code)
    end
    error(err, 2)
  end
  return ecs.check_members("ecs:DescribeTaskDefinition", answer.taskDefinition or {}, { "taskDefinitionArn", "status", "containerDefinitions" })
end

---Describes one that may be deployed; raises for one that does not exist or is not ACTIVE.
---@param name string "family:revision" or an ARN
---@return table task_definition
function revisions.get_deployable(name)
  local found = revisions.describe(name)
  if found.status ~= "ACTIVE" then
    failure.raise("usage", "revision %d: task definition '%s' is %s and cannot be deployed", ecs.revision(name) or 0, ecs.short(name), found.status)
  end
  return found
end

-- What nobody could ask about is not taken for inactive: the next one would be chosen, and be an older one.
local function is_active(arn)
  local answer, err = aws.ecs.try_describe_task_definition { taskDefinition = arn }
  if err and err.code ~= "ClientException" and err.code ~= "InvalidParameterException" then error(err, 0) end
  return answer ~= nil and (answer.taskDefinition or {}).status == "ACTIVE"
end

-- Nil and why, where it cannot be had at all: not allowed, not known to what answers. What a moment later may be had is raised.
local function proven_or_why(which)
  local ran, proven = pcall(revisions.proven, which)
  if ran then return proven end
  local facts = failure.plain(proven)
  if failure.passes(proven) and facts.kind ~= "protocol" or (facts.code or ""):find "^Expired" then error(proven, 0) end
  return nil, failure.text(proven)
end

---The newest deployment of another revision than the present one that was proven good and can be deployed again.
---@param proven PastDeployment[]
---@param current string the task definition in force
---@return PastDeployment?
function revisions.last_good(proven, current)
  for _, deployment in ipairs(proven) do
    if ecs.short(deployment.task_definition) ~= ecs.short(current) and is_active(deployment.task_definition) then return deployment end
  end
end

---The revision to return to: the last one that a deployment of this service proved good and that is not the present one;
---without a usable history the highest ACTIVE revision below the present one.
---@param which ServiceName
---@param current string the task definition in force
---@return string? arn
---@return string why how it was chosen, or why there is none
function revisions.choose(which, current)
  local proven, problem = proven_or_why(which)
  local good = proven and revisions.last_good(proven, current)
  if good then
    return good.task_definition, "the last revision before the present one that a deployment brought to a steady state, on "
        .. time.iso(math.floor(good.finished_at or good.created_at))
  end
  local history = proven and "no earlier deployment of the last 90 days ended well" or
      ("the deployment history could not be read: " .. problem)
  for _, arn in ipairs(revisions.active(ecs.family(current))) do
    if ecs.revision(arn) < ecs.revision(current) then
      return arn, "the previous ACTIVE revision, not proven good (" .. history .. ")"
    end
  end
  return nil, "the family has no earlier ACTIVE revision, and " .. history
end

-- ---- new ones

-- What AWS adds to a task definition: RegisterTaskDefinition does not take it.
local ADDED = {
  taskDefinitionArn = true, revision = true, status = true, requiresAttributes = true, compatibilities = true, registeredAt = true,
  registeredBy = true, deregisteredAt = true,
}

local function copy(value)
  if type(value) ~= "table" then return value end
  local made = getmetatable(value) == "array" and json.array {} or {}
  for key, member in pairs(value) do made[key] = copy(member) end
  return made
end

---What RegisterTaskDefinition takes to make the same revision again: a copy that may be changed.
---@param task_definition table as DescribeTaskDefinition answers it, or of a file
---@return table input
function revisions.registration(task_definition)
  local input = {}
  for name, value in pairs(task_definition) do
    if not ADDED[name] then input[name] = copy(value) end
  end
  return input
end

local function is_secret(value) return type(value) == "userdata" and getmetatable(value) == "secret" end

-- Names and values of environment variables are secrets where AWS told them, and texts where an operator did.
local function same(a, b)
  if not is_secret(a) and not is_secret(b) then return a == b end
  if type(a) == "table" or type(b) == "table" or a == nil or b == nil then return false end
  local secret = is_secret(a) and a or b
  return a .. secret == b .. secret
end

local function name_of(item)
  return type(item) == "table" and (item.name or item.key or item.containerName) or nil
end

---@class Difference
---@field path string "containerDefinitions[web].image"
---@field from? any nil: it is new
---@field to? any nil: it is gone

local compare

-- An entry that has a name and one thing more is told by that: environment[PORT].
local function whole(item)
  if type(item) ~= "table" then return item end
  return item.value or item.valueFrom or json.encode(item)
end

local function find_entry(list, item, i)
  local name = name_of(item)
  if not name then return list[i], i end
  for k, other in ipairs(list) do
    if same(name_of(other), name) then return other, k end
  end
end

local function entry_path(path, item, i) return ("%s[%s]"):format(path, tostring(name_of(item) or i)) end

local function compare_lists(path, a, b, found)
  local met = {}
  for i, item in ipairs(a) do
    local other, k = find_entry(b, item, i)
    if other == nil then
      found[#found + 1] = { path = entry_path(path, item, i), from = whole(item) }
    else
      met[k] = true
      -- what the operator calls it is no secret
      compare(entry_path(path, is_secret(name_of(item)) and other or item, i), item, other, found)
    end
  end
  for i, item in ipairs(b) do
    if not met[i] then found[#found + 1] = { path = entry_path(path, item, i), to = whole(item) } end
  end
end

local function compare_maps(path, a, b, found)
  local names = {}
  for name in pairs(a) do names[name] = true end
  for name in pairs(b) do names[name] = true end
  for name in pairs(names) do
    local inner = path == "" and name or (name == "value" or name == "valueFrom") and path or path .. "." .. name
    compare(inner, a[name], b[name], found)
  end
end

local function is_empty(value) return value == nil or type(value) == "table" and next(value) == nil end

function compare(path, a, b, found)
  if is_empty(a) and is_empty(b) then return end
  if type(a) == "table" and type(b) == "table" then
    local is_list = #a > 0 or #b > 0
    return (is_list and compare_lists or compare_maps)(path, a, b, found)
  end
  if type(a) == "table" or type(b) == "table" then
    found[#found + 1] = { path = path, from = a ~= nil and whole(a) or nil, to = b ~= nil and whole(b) or nil }
  elseif not same(a, b) then
    found[#found + 1] = { path = path, from = a, to = b }
  end
end

---What differs between two task definitions, in the order of the paths.
---@param before table as DescribeTaskDefinition answers it, or as RegisterTaskDefinition takes it
---@param after table
---@return Difference[]
function revisions.differences(before, after)
  local found = {}
  compare("", revisions.registration(before), revisions.registration(after), found)
  table.sort(found, function(a, b) return a.path < b.path end)
  return found
end

local SEARCHED = 20

---An ACTIVE revision, among the newest twenty of the family, that is the same as what would be registered.
---@param input table as RegisterTaskDefinition takes it
---@return string|false arn
function revisions.find_same(input)
  local active = revisions.active(input.family)
  for i = 1, math.min(#active, SEARCHED) do
    if #revisions.differences(revisions.describe(active[i]), input) == 0 then return active[i] end
  end
  return false
end

---The differences as lines for people. What AWS tells of environment variables is hidden.
---@param differences Difference[]
---@return string[]
function revisions.lines(differences)
  local lines = {}
  for i, one in ipairs(differences) do
    if one.from == nil then
      lines[i] = ("+ %s: %s"):format(one.path, tostring(one.to))
    elseif one.to == nil then
      lines[i] = ("- %s: %s"):format(one.path, tostring(one.from))
    else
      lines[i] = ("~ %s: %s -> %s"):format(one.path, tostring(one.from), tostring(one.to))
    end
  end
  return lines
end

-- ---- images

---The registry's repository and the tag of an image of ECR; nil for another registry.
---@param image string
---@return { account: string, region: string, repository: string, tag?: string, digest?: string }?
function revisions.ecr_image(image)
  local account, region, rest = image:match "^(%d+)%.dkr%.ecr%.([%w-]+)%.amazonaws%.com[%.%a]*/(.+)$"
  if not account then return nil end
  local repository, digest = rest:match "^(.-)@(sha256:%x+)$"
  local tagged, tag = rest:match "^(.*):([^:/]+)$"
  if digest then return { account = account, region = region, repository = repository:match "^(.*):[^:/]+$" or repository, digest = digest } end
  return { account = account, region = region, repository = tagged or rest, tag = tag or "latest" }
end

---The digest that an image's tag points to now.
---@param image string
---@return string? digest
---@return string? why not
function revisions.present_digest(image)
  local parts = revisions.ecr_image(image)
  if not parts then return nil, "it is not in ECR: whether it exists cannot be asked" end
  local answer, err = aws.client("ecr", { region = parts.region }).try_describe_images {
    registryId = parts.account, repositoryName = parts.repository, imageIds = { { imageTag = parts.tag, imageDigest = parts.digest } },
  }
  if not answer then return nil, failure.text(err), err.code end
  return answer.imageDetails[1].imageDigest
end

return revisions
