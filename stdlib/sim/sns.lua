--- Simple Notification Service, simulated: topics, and what was published to them.

local fail = require "sim.fail"
local pages = require "sim.pages"
local random = require "sim.random"

local operations = {}

local MOST_BYTES = 262144

local function topic_or_fail(world, arn)
  local topic = world.sns.topics[arn or ""]
  if topic then return topic end
  if not (arn or ""):find "^arn:aws:sns:[^:]+:%d+:[^:]+$" then fail("InvalidParameter", "Invalid parameter: TopicArn") end
  fail.raise { code = "NotFound", message = "Topic does not exist", status = 404 }
end

local function add_topic(world, name)
  local arn = ("arn:aws:sns:%s:%s:%s"):format(world.region, world.account, name)
  world.sns.topics[arn] = world.sns.topics[arn] or { arn = arn, messages = {} }
  return world.sns.topics[arn]
end

function operations.create_topic(world, input)
  if not input.Name:find "^[%w_-]+$" or #input.Name > 256 then fail("InvalidParameter", "Invalid parameter: Topic Name") end
  return { TopicArn = add_topic(world, input.Name).arn }
end

function operations.list_topics(world, input)
  local list = {}
  for arn in pairs(world.sns.topics) do list[#list + 1] = arn end
  return pages.answer(list, { token = input.NextToken, most = 100, invalid = "InvalidParameter" }, "Topics", function(arn) return { TopicArn = arn } end)
end

function operations.get_topic_attributes(world, input)
  local topic = topic_or_fail(world, input.TopicArn)
  return { Attributes = { TopicArn = topic.arn, Owner = world.account, SubscriptionsConfirmed = "0", SubscriptionsPending = "0" } }
end

function operations.publish(world, input)
  local topic = topic_or_fail(world, input.TopicArn or input.TargetArn)
  if input.Message == "" then fail("InvalidParameter", "Invalid parameter: Empty message") end
  if #input.Message > MOST_BYTES then fail("InvalidParameter", "Invalid parameter: Message too long") end
  if input.Subject and (#input.Subject > 100 or input.Subject:find "[%c]") then fail("InvalidParameter", "Invalid parameter: Subject") end
  local id = random.uuid()
  table.insert(topic.messages, { id = id, subject = input.Subject, text = input.Message })
  return { MessageId = id }
end

return {
  operations = operations,
  ---How many messages each topic has.
  ---@param world table
  state = function(world)
    local all = {}
    for arn, topic in pairs(world.sns.topics) do all[arn] = #topic.messages end
    return all
  end,
  ---@param world table
  ---@param data string[]? names of topics
  open = function(world, data)
    world.sns = { topics = {} }
    for _, name in ipairs(data or {}) do add_topic(world, name) end
  end,
}
