--- Elastic Container Registry, simulated: the images that the world's tasks are made of.

local clock = require "sim.clock"
local fail = require "sim.fail"
local host = require "host.sim"
local images = require "sim.images"
local pages = require "sim.pages"

local operations = {}

local SIZE = 187654321 -- bytes; no image of the world says its own

-- "758888582357.dkr.ecr.us-east-1.amazonaws.com/web" of this registry: "web".
local function own_name(world, repository)
  local prefix = ("%s.dkr.ecr.%s.amazonaws.com/"):format(world.account, world.region)
  return repository:sub(1, #prefix) == prefix and repository:sub(#prefix + 1) or nil
end

-- The tags that point to an image of a repository.
local function tags_of(world, repository, image)
  local tags = host.array {}
  for name, one in pairs(world.images.tags) do
    if one == image and images.repository(name) == repository then tags[#tags + 1] = name:match "([^:]+)$" end
  end
  table.sort(tags)
  return tags
end

---@class EcrImage
---@field digest string
---@field tags string[]
---@field pushed_at number

-- Repository -> its images, the newest first.
local function repositories(world)
  local all = {}
  for name, image in pairs(world.images.digests) do
    local repository = images.repository(name)
    local own = own_name(world, repository)
    if own then
      all[own] = all[own] or { images = {} }
      table.insert(all[own].images, { digest = image.digest, tags = tags_of(world, repository, image), pushed_at = image.pushed_at or 0 })
    end
  end
  for _, one in pairs(all) do
    table.sort(one.images, function(a, b)
      if a.pushed_at ~= b.pushed_at then return a.pushed_at > b.pushed_at end
      return a.digest < b.digest
    end)
  end
  return all
end

local function find(world, name)
  local found = repositories(world)[name]
  if not found then
    fail("RepositoryNotFoundException", "The repository with name '%s' does not exist in the registry with id '%s'", name, world.account)
  end
  return found
end

local function arn(world, name)
  return ("arn:aws:ecr:%s:%s:repository/%s"):format(world.region, world.account, name)
end

local function answer(list, input, member, key, describe)
  return pages.answer(list, { size = input.maxResults, token = input.nextToken, most = 1000, key = key, next = "nextToken" }, member, describe)
end

function operations.describe_repositories(world, input)
  local all, names = repositories(world), {}
  for name in pairs(all) do names[#names + 1] = name end
  if input.repositoryNames then
    names = input.repositoryNames
    for _, name in ipairs(names) do find(world, name) end
  end
  return answer(names, input, "repositories", nil, function(name)
    return {
      repositoryArn = arn(world, name), registryId = world.account, repositoryName = name, createdAt = clock.stamp(world.ecr.created_at),
      repositoryUri = ("%s.dkr.ecr.%s.amazonaws.com/%s"):format(world.account, world.region, name), imageTagMutability = "MUTABLE",
    }
  end)
end

local function has_tag(image, tag)
  for _, known in ipairs(image.tags) do
    if known == tag then return true end
  end
  return false
end

-- The images that were asked for; those that are not there raise.
local function chosen(repository, ids, name, world)
  if not ids then return repository.images end
  local list = {}
  for i, id in ipairs(ids) do
    for _, image in ipairs(repository.images) do
      if (not id.imageDigest or image.digest == id.imageDigest) and (not id.imageTag or has_tag(image, id.imageTag)) then list[i] = image end
    end
    if not list[i] then
      fail("ImageNotFoundException", "The image with imageId {imageDigest:'%s', imageTag:'%s'} does not exist within the repository with name '%s' in the registry with id '%s'",
        id.imageDigest or "null", id.imageTag or "null", name, world.account)
    end
  end
  return list
end

function operations.describe_images(world, input)
  local wanted = chosen(find(world, input.repositoryName), input.imageIds, input.repositoryName, world)
  return answer(wanted, input, "imageDetails", function(image) return image.digest end, function(image)
    return {
      registryId = world.account, repositoryName = input.repositoryName, imageDigest = image.digest, imageTags = #image.tags > 0 and image.tags or nil,
      imagePushedAt = clock.stamp(image.pushed_at), imageSizeInBytes = SIZE,
      imageManifestMediaType = "application/vnd.docker.distribution.manifest.v2+json",
    }
  end)
end

function operations.list_images(world, input)
  local ids = {}
  for _, image in ipairs(find(world, input.repositoryName).images) do
    for _, tag in ipairs(image.tags) do ids[#ids + 1] = { imageDigest = image.digest, imageTag = tag } end
    if #image.tags == 0 then ids[#ids + 1] = { imageDigest = image.digest } end
  end
  return answer(ids, input, "imageIds", function(id) return id.imageDigest .. (id.imageTag or "") end, function(id) return id end)
end

return {
  operations = operations,
  ---@param world table
  open = function(world) world.ecr = { created_at = clock.now() } end,
}
