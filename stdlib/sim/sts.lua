--- Security Token Service, simulated: who is calling.

local operations = {}

function operations.get_caller_identity(world, _, call)
  return { UserId = call.user.id, Account = world.account, Arn = call.user.arn }
end

return { operations = operations, open = function() end }
