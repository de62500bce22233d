--- S3, simulated: buckets of objects in memory, with policies and lifecycles.
--- Limits: that a bucket keeps versions is only noted; lifecycles are kept, and delete nothing.

local clock = require "sim.clock"
local fail = require "sim.fail"
local host = require "host.sim"
local pages = require "sim.pages"

local operations = {}

local DAY = 86400
local STANDARD = "STANDARD"

---@class SimObject
---@field key string
---@field size integer
---@field body string? nil: zero bytes in that number
---@field etag string
---@field modified_at number
---@field metadata table?
---@field type string

local function refuse(status, code, format, ...)
  fail.raise { code = code, message = format:format(...), status = status }
end

local function find(world, name)
  local bucket = world.s3.buckets[name]
  if not bucket then refuse(404, "NoSuchBucket", "The specified bucket does not exist") end
  return bucket
end

local function find_object(world, input)
  local object = find(world, input.Bucket).objects[input.Key]
  if not object then refuse(404, "NoSuchKey", "The specified key does not exist.") end
  return object
end

-- ---- buckets

function operations.list_buckets(world, input)
  local list = host.array {}
  for name, bucket in pairs(world.s3.buckets) do
    list[#list + 1] = { Name = name, CreationDate = clock.stamp(bucket.created_at), BucketRegion = world.region }
  end
  local page, token = pages.cut(list, {
    size = input.MaxBuckets, token = input.ContinuationToken, most = 10000, key = function(bucket) return bucket.Name end,
    invalid = "InvalidArgument",
  })
  return { Buckets = host.array(page), ContinuationToken = token, Owner = { ID = world.account } }
end

function operations.head_bucket(world, input)
  find(world, input.Bucket)
  return { BucketRegion = world.region }
end

function operations.get_bucket_location(world, input)
  find(world, input.Bucket)
  return { LocationConstraint = world.region ~= "us-east-1" and world.region or nil }
end

function operations.put_bucket_policy(world, input)
  local bucket = find(world, input.Bucket)
  if not host.parse_json(input.Policy) then refuse(400, "MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'") end
  bucket.policy = input.Policy
  return {}
end

function operations.get_bucket_policy(world, input)
  local text = find(world, input.Bucket).policy
  if not text then refuse(404, "NoSuchBucketPolicy", "The bucket policy does not exist") end
  return { Policy = text }
end

function operations.delete_bucket_policy(world, input)
  find(world, input.Bucket).policy = nil
  return {}
end

function operations.put_bucket_lifecycle_configuration(world, input)
  local bucket, rules, ids = find(world, input.Bucket), (input.LifecycleConfiguration or {}).Rules or {}, {}
  for i, rule in ipairs(rules) do
    rule.ID = rule.ID or ("rule-%d"):format(i)
    if ids[rule.ID] then refuse(400, "InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule") end
    ids[rule.ID] = true
  end
  bucket.rules, bucket.minimum_size = rules, input.TransitionDefaultMinimumObjectSize or "all_storage_classes_128K"
  return { TransitionDefaultMinimumObjectSize = bucket.minimum_size }
end

function operations.get_bucket_lifecycle_configuration(world, input)
  local bucket = find(world, input.Bucket)
  if not bucket.rules then refuse(404, "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist") end
  return { Rules = bucket.rules, TransitionDefaultMinimumObjectSize = bucket.minimum_size }
end

function operations.delete_bucket_lifecycle(world, input)
  find(world, input.Bucket).rules = nil
  return {}
end

function operations.put_bucket_versioning(world, input)
  find(world, input.Bucket).versioning = (input.VersioningConfiguration or {}).Status
  return {}
end

-- Empty for a bucket that never had it.
function operations.get_bucket_versioning(world, input)
  return { Status = find(world, input.Bucket).versioning }
end

-- ---- objects

local function put(bucket, data)
  bucket.objects[data.key] = {
    key = data.key, size = data.size or #data.body, body = data.body, modified_at = data.modified_at or clock.now(),
    etag = ('"%s"'):format(host.digest(data.body or data.key):sub(1, 32)), metadata = data.metadata,
    type = data.type or "binary/octet-stream",
  }
  return bucket.objects[data.key]
end

function operations.put_object(world, input)
  local object = put(find(world, input.Bucket), { key = input.Key, body = input.Body or "", metadata = input.Metadata, type = input.ContentType })
  return { ETag = object.etag }
end

local function head(object)
  return {
    LastModified = object.modified_at // 1, ContentLength = object.size, ETag = object.etag, ContentType = object.type,
    Metadata = object.metadata, AcceptRanges = "bytes",
  }
end

function operations.head_object(world, input) return head(find_object(world, input)) end

function operations.get_object(world, input)
  local object = find_object(world, input)
  local shape = head(object)
  shape.Body = object.body or ("\0"):rep(object.size)
  return shape
end

function operations.delete_object(world, input)
  find(world, input.Bucket).objects[input.Key] = nil
  return {}
end

function operations.delete_objects(world, input)
  local bucket, deleted = find(world, input.Bucket), host.array {}
  for i, object in ipairs(input.Delete.Objects) do
    bucket.objects[object.Key] = nil
    deleted[i] = { Key = object.Key }
  end
  return { Deleted = not input.Delete.Quiet and deleted or nil }
end

-- The keys of a listing; those with the delimiter behind the prefix are one entry.
local function entries_of(bucket, prefix, delimiter, after)
  local list, seen = {}, {}
  for key, object in pairs(bucket.objects) do
    if key:sub(1, #prefix) == prefix then
      local _, last = (delimiter ~= "" and key or ""):find(delimiter, #prefix + 1, true)
      local common = delimiter ~= "" and last and key:sub(1, last) or nil
      local name = common or key
      if not seen[name] and name > after then
        seen[name] = true
        list[#list + 1] = { name = name, object = not common and object or nil }
      end
    end
  end
  return list
end

local function describe(object)
  return {
    Key = object.key, LastModified = object.modified_at // 1, ETag = object.etag, Size = object.size, StorageClass = STANDARD,
  }
end

local function listing(world, input, after, token)
  local bucket = find(world, input.Bucket)
  local list = entries_of(bucket, input.Prefix or "", input.Delimiter or "", after or "")
  local page, next_token = pages.cut(list, {
    size = input.MaxKeys, token = token, most = 1000, key = function(entry) return entry.name end, invalid = "InvalidArgument",
  })
  local contents, prefixes = host.array {}, host.array {}
  for _, entry in ipairs(page) do
    if entry.object then contents[#contents + 1] = describe(entry.object) else prefixes[#prefixes + 1] = { Prefix = entry.name } end
  end
  local answer = {
    Name = input.Bucket, Prefix = input.Prefix or "", Delimiter = input.Delimiter, MaxKeys = input.MaxKeys or 1000, IsTruncated = next_token ~= nil,
    EncodingType = input.EncodingType, Contents = #contents > 0 and contents or nil, CommonPrefixes = #prefixes > 0 and prefixes or nil,
  }
  return answer, next_token, page
end

function operations.list_objects_v2(world, input)
  local answer, token, page = listing(world, input, input.StartAfter, input.ContinuationToken)
  answer.KeyCount, answer.NextContinuationToken = #page, token
  answer.ContinuationToken, answer.StartAfter = input.ContinuationToken, input.StartAfter
  return answer
end

function operations.list_objects(world, input)
  local answer, token, page = listing(world, input, input.Marker)
  answer.Marker, answer.NextMarker = input.Marker or "", token and input.Delimiter and page[#page].name or nil
  return answer
end

return {
  operations = operations,
  ---Of each bucket how many objects it has, its policy and rules.
  ---@param world table
  state = function(world)
    local all = {}
    for name, bucket in pairs(world.s3.buckets) do
      local objects = 0
      for _ in pairs(bucket.objects) do objects = objects + 1 end
      all[name] = { objects = objects, policy = bucket.policy, rules = bucket.rules }
    end
    return all
  end,
  ---@param world table
  ---@param data { name: string, policy?: string, objects?: { key: string, size?: integer, body?: string, age_days?: number }[] }[]
  open = function(world, data)
    world.s3, world.put_object = { buckets = {} }, put
    for _, given in ipairs(data or {}) do
      local bucket = { objects = {}, created_at = clock.now(), policy = given.policy }
      world.s3.buckets[given.name] = bucket
      for _, object in ipairs(given.objects or {}) do
        object.modified_at = host.now() - (object.age_days or 0) * DAY
        put(bucket, object)
      end
    end
  end,
}
