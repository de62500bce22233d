local spec = require "spec"

local BUCKET = "busyb-oauth-tokens-758888582357"
local OF_OTHERS = { ID = "abort-uploads", Status = "Enabled", Filter = { Prefix = "" }, AbortIncompleteMultipartUpload = { DaysAfterInitiation = 7 } }

local function on(world, params, more)
  local request = { runbook = "s3_cleanup", params = params }
  for key, value in pairs(more or {}) do request[key] = value end
  return world:run(request)
end

local function rules(world)
  return world:state().s3[BUCKET].rules
end

local function with_rule()
  local world = spec.world()
  world.s3.put_bucket_lifecycle_configuration { Bucket = BUCKET, LifecycleConfiguration = { Rules = { OF_OTHERS } } }
  return world
end

spec.test("old tokens are listed, the oldest first, and nothing is changed", function()
  local ended = on(spec.world())
  ended:expect_exit(0)
  spec.expect(ended:of "table"[1].rows, { { "tokens/eva@example.com.json", "210 days", "1412" }, { "tokens/ben@example.com.json", "95 days", "1398" } })
  ended:expect_event("note", { text = BUCKET .. ": 4 objects, 5.5 KiB; older than 90 days: 2, 2.7 KiB" })
  ended:expect_changes {}
  spec.expect(#on(spec.world(), { days = 40 }):of "table"[1].rows, 3)
  spec.expect(#on(spec.world(), { days = 400 }):of "table", 0)
end)

spec.test("the rule is put among those that are there, and a second time there is nothing to do", function()
  local world = with_rule()
  local ended = on(world, { expire_after = 90 })
  ended:expect_exit(0)
  ended:expect_changes { { "s3:PutBucketLifecycleConfiguration" } }
  spec.expect(rules(world), { OF_OTHERS, { ID = "expire-old-oauth-tokens", Status = "Enabled", Filter = { Prefix = "" }, Expiration = { Days = 90 } } })
  ended:expect_event("step.confirm", { text = "lifecycle of " .. BUCKET .. ": = abort-uploads: expires nothing by age, prefix '', Enabled; "
    .. "+ expire-old-oauth-tokens: expires after 90 days, prefix '', Enabled; at least 2 objects are old enough and are deleted within days" })
  on(world, { expire_after = 90 }):expect_changes {}
end)

spec.test("undo brings back exactly what was: the rules of others, another number of days, or none", function()
  local world = with_rule()
  on(world, { expire_after = 90 }):undo {}
  spec.expect(rules(world), { OF_OTHERS })
  on(world, { expire_after = 90 })
  on(world, { expire_after = 30 }):undo {}
  spec.expect(rules(world)[2].Expiration.Days, 90)
  local bare = spec.world()
  on(bare, { expire_after = 90 }):undo {}
  spec.expect(rules(bare), nil)
end)

spec.test("undo leaves what others have changed meanwhile, and the bucket's other setting stays", function()
  local world = spec.world()
  world.s3.put_bucket_lifecycle_configuration {
    Bucket = BUCKET, LifecycleConfiguration = { Rules = { OF_OTHERS } }, TransitionDefaultMinimumObjectSize = "varies_by_storage_class",
  }
  local ended = on(world, { expire_after = 90 })
  ended:expect_called { "s3:PutBucketLifecycleConfiguration", TransitionDefaultMinimumObjectSize = "varies_by_storage_class" }
  local later = { ID = "later", Status = "Enabled", Filter = { Prefix = "x/" }, Expiration = { Days = 3 } }
  local now = rules(world)
  world.s3.put_bucket_lifecycle_configuration { Bucket = BUCKET, LifecycleConfiguration = { Rules = { now[1], now[2], later } } }
  ended:undo({}):expect_exit(0)
  spec.expect(rules(world), { OF_OTHERS, later })
end)

spec.test("a bucket that keeps versions is warned of", function()
  local world = spec.world()
  world.s3.put_bucket_versioning { Bucket = BUCKET, VersioningConfiguration = { Status = "Enabled" } }
  on(world, { expire_after = 90 }):expect_event("warning", {
    text = "the bucket keeps versions (Enabled): what expires stays as an old version until a rule with NoncurrentVersionExpiration takes it away" })
end)

spec.test("the bucket's name has to be typed; the plan shows the rule and puts none", function()
  local world = spec.world()
  on(world, { expire_after = 90 }, { answers = { "yes" } }):expect_exit(4)
  spec.expect(rules(world), nil)
  local plan = on(world, { expire_after = 90 }, { plan = true })
  plan:expect_planned { { "s3:PutBucketLifecycleConfiguration" } }
  spec.expect(rules(world), nil)
end)

spec.test("no such bucket: 1, with what is wrong; no rights: 6; throttled it goes on by itself", function()
  local gone = on(spec.world(), { token_bucket = "gone-bucket" })
  gone:expect_exit(1)
  assert(gone:finish().text:find("The specified bucket does not exist", 1, true), gone:finish().text)
  on(spec.world { world = { policy = { { Effect = "Allow", Action = "s3:List*", Resource = "*" } } } }, { expire_after = 90 }):expect_exit(6)
  on(spec.world { world = { faults = { "throttle * times=2" } } }, { expire_after = 90 }):expect_exit(0)
end)

spec.test("under any course of faults it comes to the same end", function()
  spec.explore { runbook = "s3_cleanup", params = { expire_after = 90 }, runs = 20 }
end)
