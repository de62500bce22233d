-- The runbook of tests/lua/plan.lua: one way to change a service, or to use what only a change would answer.
local aws = require "aws"

local CLUSTER, SERVICE = "busyb-cluster", "busyb-google-workspace-mcp-service"

local function scale(count)
  return aws.ecs.update_service { cluster = CLUSTER, service = SERVICE, desiredCount = count }
end

local function change(rb, name, how)
  how = how or {}
  how.change = how.change or function() return scale(3) end
  return rb:step(name, how)
end

local WAYS = {
  scale = function(rb)
    change(rb, "Scale up")
  end,

  same = function(rb)
    change(rb, "Scale to what is", { change = function() return scale(1) end })
  end,

  twice = function(rb)
    change(rb, "Scale up")
    change(rb, "Scale down again", { change = function() return scale(1) end })
    aws.ecs.describe_services { cluster = CLUSTER, services = { SERVICE } }
  end,

  back = function(rb)
    local function count()
      return aws.ecs.describe_services { cluster = CLUSTER, services = { SERVICE } }.services[1].desiredCount
    end
    change(rb, "Scale up")
    change(rb, "Scale back", { check = function() return count() == 1 end, change = function() return scale(1) end })
  end,

  register = function(rb)
    local made = rb:step("Register", {
      change = function()
        return aws.ecs.register_task_definition {
          family = "busyb-google-workspace-mcp", cpu = "1024",
          containerDefinitions = { { name = "busyb-google-workspace-mcp", image = "web:9" } },
        }.taskDefinition.taskDefinitionArn
      end,
    })
    rb:step("Use it", {
      change = function()
        return aws.ecs.update_service { cluster = CLUSTER, service = SERVICE, taskDefinition = made }
      end,
    })
    rb:note("then %s, and %s", made, "web:" .. made.revision + 1)
    aws.ecs.describe_task_definition { taskDefinition = made }
  end,

  destroy = function(rb)
    local tasks = aws.ecs.list_tasks { cluster = CLUSTER, serviceName = SERVICE }.taskArns
    rb:step("Stop one", {
      change = function() aws.ecs.stop_task { cluster = CLUSTER, task = tasks[1], reason = "test" } end,
    })
    rb:step("Delete what is not there", {
      word = "gone",
      change = function() aws.ecs.delete_service { cluster = CLUSTER, service = "nobody" } end,
    })
  end,

  undeclared = function(rb)
    rb:step("Tag", {
      change = function() aws.ecs.tag_resource { resourceArn = "arn:aws:ecs:us-east-1:1:service/a/b", tags = { { key = "a", value = "b" } } } end,
    })
  end,

  wrong = function(rb)
    rb:step("Misspell", { change = function() aws.ecs.update_service { cluster = CLUSTER, service = SERVICE, desiredCount = "two" } end })
  end,

  loop = function(rb)
    local made = change(rb, "Scale up")
    rb:step("Stop each", {
      change = function()
        for _, task in ipairs(made.tasks) do aws.ecs.stop_task { cluster = CLUSTER, task = task.taskArn } end
      end,
    })
  end,

  pages = function(rb)
    local made = change(rb, "Scale up")
    rb:step("Stop each", {
      change = function()
        for task in aws.ecs.pages.list_tasks { cluster = CLUSTER, startedBy = made.id } do
          aws.ecs.stop_task { cluster = CLUSTER, task = task }
        end
      end,
    })
  end,

  parallel = function(rb)
    rb:step("Both", {
      change = function()
        parallel { function() scale(2) end, function() aws.ecs.delete_service { cluster = CLUSTER, service = "nobody" } end }
      end,
    })
  end,

  environment = function(rb)
    local family = "busyb-google-workspace-mcp"
    local function register(name, containers)
      rb:step(name, { change = function() aws.ecs.register_task_definition { family = family, containerDefinitions = containers } end })
    end
    register("First", { { name = "web", image = "web:1", environment = { { name = "TOKEN", value = "hunter2-hunter2" } } } })
    register("Again", { { name = "web", image = "web:1", environment = { { name = "TOKEN", value = "hunter2-hunter2" } } } })
    register("Other", { { name = "web", image = "web:1", environment = { { name = "TOKEN", value = "hunter3-hunter3" } } } })
  end,

  compare = function(rb)
    if change(rb, "Scale up").service.desiredCount > 1 then rb:note "more" end
  end,

  compare_inside = function(rb)
    change(rb, "Scale up", {
      change = function()
        local answer = scale(3)
        if answer.service.desiredCount < 3 then scale(4) end
      end,
    })
    change(rb, "Scale down", { change = function() return scale(1) end })
  end,

  format = function(rb)
    rb:note("%d tasks", change(rb, "Scale up").service.desiredCount)
  end,

  count = function(rb)
    for i = 1, change(rb, "Scale up").desiredCount do rb:note("%d", i) end
  end,

  assume = function(rb)
    local answer = change(rb, "Scale up", { assume = { desiredCount = 3 } })
    if answer.desiredCount > 1 then rb:note "more" end
  end,
}

return {
  title = "Plan", summary = "Plans in one of many ways.", region = "us-east-1",
  params = { way = { type = "string", required = true } },
  needs = {
    aws = {
      "ecs:UpdateService", "ecs:DescribeServices", "ecs:RegisterTaskDefinition", "ecs:DescribeTaskDefinition", "ecs:StopTask",
      "ecs:ListTasks", "ecs:DescribeTasks", "ecs:DeleteService", "ecs:TagResource",
    },
  },
  run = function(rb, p) WAYS[p.way](rb) end,
}
