--- S3 clean-up: OAuth tokens of users who have not come for long, and a lifecycle that deletes them by itself.
---
--- Guide: Maintenance Procedures > Cost Optimization > S3 Storage Cleanup.
---
--- Differs from the guide: `put-bucket-lifecycle-configuration` replaces all rules of the bucket. Here the one rule is put among those
--- that are there, the difference is shown, and undo brings back exactly what was.

local aws = require "aws"
local service = require "service"

local DAY = 86400
local SHOWN = 20
local RULE = "expire-old-oauth-tokens"

-- Counts all, keeps the oldest few: a bucket may have millions.
local function look(rb, p)
  local seen = { count = 0, bytes = 0, old = 0, old_bytes = 0, oldest = {} }
  local now = time.now()
  for object in aws.s3.pages.list_objects_v2 { Bucket = p.token_bucket, Prefix = p.prefix } do
    local age = (now - object.LastModified) / DAY
    seen.count, seen.bytes = seen.count + 1, seen.bytes + object.Size
    rb:progress("Listing " .. p.token_bucket, ("%d objects"):format(seen.count))
    if age >= p.days then
      seen.old, seen.old_bytes = seen.old + 1, seen.old_bytes + object.Size
      table.insert(seen.oldest, { key = object.Key, age = age, size = object.Size })
      table.sort(seen.oldest, function(a, b) return a.age > b.age end)
      seen.oldest[SHOWN + 1] = nil
    end
  end
  return seen
end

local function show(rb, p, seen)
  rb:note("%s: %d objects, %.1f KiB; older than %d days: %d, %.1f KiB", p.token_bucket, seen.count, seen.bytes / 1024, p.days, seen.old, seen.old_bytes / 1024)
  local rows = {}
  for i, one in ipairs(seen.oldest) do rows[i] = { one.key, ("%d days"):format(math.floor(one.age)), one.size } end
  if #rows > 0 then rb:table(seen.old > SHOWN and ("The oldest %d"):format(SHOWN) or "Old tokens", { "key", "age", "bytes" }, rows) end
end

-- The rules, and the bucket's other setting that goes with them: a put without it would reset that.
local function read_rules(bucket)
  local answer, err = aws.s3.try_get_bucket_lifecycle_configuration { Bucket = bucket }
  if err and err.code == "NoSuchLifecycleConfiguration" then return json.array {} end
  if err then error(err, 0) end
  return answer.Rules, answer.TransitionDefaultMinimumObjectSize
end

local function merged(rules, rule)
  local list, is_in = json.array {}, false
  for i, one in ipairs(rules) do
    list[i] = one.ID == rule.ID and rule or one
    is_in = is_in or one.ID == rule.ID
  end
  if not is_in then list[#list + 1] = rule end
  return list
end

-- The rules now with ours as it was before: what others have changed meanwhile stays.
local function restored(rules, before)
  local list, own = json.array {}, nil
  for _, one in ipairs(before) do own = one.ID == RULE and one or own end
  if own then return merged(rules, own) end
  for _, one in ipairs(rules) do
    if one.ID ~= RULE then list[#list + 1] = one end
  end
  return list
end

local function write_rules(bucket, rules, minimum_size)
  if #rules == 0 then
    aws.s3.delete_bucket_lifecycle { Bucket = bucket }
  else
    aws.s3.put_bucket_lifecycle_configuration {
      Bucket = bucket, LifecycleConfiguration = { Rules = rules }, TransitionDefaultMinimumObjectSize = minimum_size,
    }
  end
end

-- In such a bucket an expired object stays as a version that nobody sees, and costs.
local function warn_of_versions(rb, bucket)
  local answer, err = aws.s3.try_get_bucket_versioning { Bucket = bucket }
  if err then return rb:warn("whether the bucket keeps versions is not known: %s", err.message) end
  if answer.Status then
    rb:warn("the bucket keeps versions (%s): what expires stays as an old version until a rule with NoncurrentVersionExpiration takes it away", answer.Status)
  end
end

local function describe(rule)
  local filter = rule.Filter or {}
  local after = rule.Expiration and rule.Expiration.Days and ("expires after %d days"):format(rule.Expiration.Days) or "expires nothing by age"
  return ("%s: %s, prefix '%s', %s"):format(rule.ID, after, filter.Prefix or rule.Prefix or "", rule.Status)
end

local function difference(before, after)
  local known, lines = {}, {}
  for _, rule in ipairs(before) do known[rule.ID] = describe(rule) end
  for _, rule in ipairs(after) do
    local text = describe(rule)
    if not known[rule.ID] then
      lines[#lines + 1] = "+ " .. text
    elseif known[rule.ID] ~= text then
      lines[#lines + 1] = ("~ %s (was %s)"):format(text, known[rule.ID])
    else
      lines[#lines + 1] = "= " .. text
    end
  end
  return table.concat(lines, "; ")
end

-- By what they say: AWS answers members in an order of its own.
local function same_rules(a, b)
  local function canon(value)
    if type(value) ~= "table" then return tostring(value) end
    local parts = {}
    for name, member in pairs(value) do parts[#parts + 1] = ("%s=%s"):format(name, canon(member)) end
    table.sort(parts)
    return "{" .. table.concat(parts, ",") .. "}"
  end
  return canon(a) == canon(b)
end

return {
  title   = "S3 clean-up",
  summary = "Lists old OAuth tokens, and with --expire-after sets a lifecycle rule that deletes them by itself.",
  guide   = "Maintenance Procedures > Cost Optimization > S3 Storage Cleanup",
  region  = service.region,
  production = service.production,

  params = service.params({ "token_bucket" }, {
    days         = { type = "integer", min = 1, default = 90, help = "how old a token is that counts as old" },
    prefix       = { type = "string", default = "", help = "only keys that begin with this" },
    expire_after = { type = "integer", min = 1, help = "days after which the bucket deletes objects by itself" },
  }),

  needs = {
    aws = {
      "s3:ListObjectsV2", "s3:GetBucketLifecycleConfiguration", "s3:PutBucketLifecycleConfiguration", "s3:DeleteBucketLifecycle",
      "s3:GetBucketVersioning",
    },
  },
  lock = "s3:{token_bucket}",

  run = function(rb, p)
    local seen = look(rb, p)
    show(rb, p, seen)
    local found = rb:decide("The rules of the bucket now", function()
      local rules, minimum_size = read_rules(p.token_bucket)
      return { rules = rules, minimum_size = minimum_size }
    end)
    local before = found.rules
    if #before == 0 then rb:note("the bucket has no lifecycle rules") end
    for _, rule in ipairs(before) do rb:note("rule %s", describe(rule)) end
    if not p.expire_after then return end

    warn_of_versions(rb, p.token_bucket)
    local after = merged(before, { ID = RULE, Status = "Enabled", Filter = { Prefix = p.prefix }, Expiration = { Days = p.expire_after } })
    local expiring = 0
    if p.expire_after <= p.days then expiring = seen.old end
    rb:step(("Delete tokens by themselves after %d days"):format(p.expire_after), {
      check = function() return same_rules(read_rules(p.token_bucket), after) end,
      confirm = ("lifecycle of %s: %s%s"):format(p.token_bucket, difference(before, after),
        expiring > 0 and ("; at least %d objects are old enough and are deleted within days"):format(expiring) or ""),
      word = p.token_bucket,
      change = function() write_rules(p.token_bucket, after, found.minimum_size) end,
      undo = {
        check = function()
          local now = read_rules(p.token_bucket)
          return same_rules(now, restored(now, before))
        end,
        change = function()
          local now, minimum_size = read_rules(p.token_bucket)
          write_rules(p.token_bucket, restored(now, before), minimum_size)
        end,
      },
    })
    rb:checklist("After the change", { {
      text = "the bucket has the rule, and all it had before", within = "1m",
      probe = function() return same_rules(read_rules(p.token_bucket), after), difference(before, read_rules(p.token_bucket)) end,
    } })
  end,
}
