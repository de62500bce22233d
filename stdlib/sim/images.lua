--- The images of the world's registries: a tag is a pointer that moves, a digest is the image itself.

local images = {}

---@class SimImage
---@field digest string "sha256:..."
---@field behaviour table what a program of it does
---@field pushed_at number

---@return { tags: table<string, SimImage>, digests: table<string, SimImage> } by "registry/repository:tag", by "registry/repository@digest"
function images.new()
  return { tags = {}, digests = {} }
end

---The repository in an image's name, with its registry.
---@param name string
---@return string
function images.repository(name)
  return name:match "^(.-)@" or name:match "^(.*):[^:/]+$" or name
end

---The tag points to this image from now on.
---@param world table
---@param name string "registry/repository:tag"
---@param image SimImage
function images.push(world, name, image)
  local by_digest = ("%s@%s"):format(images.repository(name), image.digest)
  local known = world.images.digests[by_digest] or image
  known.pushed_at = image.pushed_at
  world.images.digests[by_digest], world.images.tags[name] = known, known
end

---The image of that name, with a tag or a digest; nil when there is none.
---@param world table
---@param name string
---@return SimImage?
function images.find(world, name)
  return world.images.digests[name] or world.images.tags[name]
end

return images
