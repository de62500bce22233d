-- The runbook of tests/lua/plan_unknown.lua: what a script can do with a value that is known only after apply.
local aws = require "aws"

local USES = {
  member = function(made) return made.service.deployments[1].id end,
  arithmetic = function(made) return (made.desiredCount + 1) * 2 - made.runningCount // 3 end,
  negation = function(made) return -made.desiredCount end,
  joining = function(made) return "web:" .. made.revision .. "!" end,
  text = function(made) return tostring(made.name) end,
  formatting = function(made) return ("%s of %s"):format(made.runningCount, made.desiredCount) end,
  method = function(made) return made.arn:match("([^/]+)$"):upper() end,
  length = function(made) return #made.tasks end,
  truth = function(made) return made.enabled and "yes" or "no" end,
  equality = function(made) return made.status == "ACTIVE" end,
  loop = function(made)
    local turns = {}
    for i, task in ipairs(made.tasks) do turns[#turns + 1] = i .. " " .. task.id end
    return table.concat(turns, ", ")
  end,
  counted = function(made)
    local turns = 0
    for _ = 1, #made.tasks do turns = turns + 1 end
    return turns
  end,
  pairs = function(made)
    local turns = 0
    for _ in pairs(made.tags) do turns = turns + 1 end
    return turns
  end,
  unpack = function(made) return table.unpack(made.tasks) end,
  query = function(made) return aws.ecs.describe_tasks({ tasks = { made.id } }, { query = "tasks[0].taskArn" }) end,

  comparison = function(made) return made.desiredCount < 3 end,
  two_unknowns = function(made) return made.id == made.other end,
  sorting = function(made) table.sort({ made.a, made.b }) end,
  number = function(made) return ("%d"):format(made.desiredCount) end,
  limit = function(made) for _ = 1, made.desiredCount do return end end,
  maximum = function(made) return math.max(made.desiredCount, 1) end,
  conversion = function(made) return tonumber(made.desiredCount) + 1 end,
  concat = function(made) return table.concat({ made.id }, ", ") end,
  assignment = function(made) made.name = "other" end,
  request = function(made) return string.match(made.id, ".") end,
}

return {
  title = "Unknown", summary = "Uses what is known only after apply.", region = "us-east-1",
  params = { use = { type = "string", required = true } },
  needs = { aws = { "ecs:DescribeTasks" } },
  run = function(rb, p)
    if p.use == "refusal" then
      local made = rb:step("Make", { change = function() end })
      if made.status ~= "ACTIVE" then rb:refuse("it is not active") end
    end
    if p.use == "check" then
      local made = rb:step("Make", { change = function() end })
      rb:step("Scale", {
        check = function() return made.desiredCount >= 3 end,
        confirm = function() return ("%d -> 3"):format(made.desiredCount) end,
        change = function() end,
      })
      return
    end
    local made = rb:step("Make", { change = function() end })
    rb:evidence("result", USES[p.use](made))
  end,
}
