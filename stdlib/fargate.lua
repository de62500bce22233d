--- Fargate's sizes, and what they cost.

local fargate = {}

local GIB = 1024

-- https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html: memory in MiB for each number of CPU units.
local SIZES = {
  [256] = { list = { 512, 1 * GIB, 2 * GIB } },
  [512] = { from = 1 * GIB, upto = 4 * GIB, step = 1 * GIB },
  [1024] = { from = 2 * GIB, upto = 8 * GIB, step = 1 * GIB },
  [2048] = { from = 4 * GIB, upto = 16 * GIB, step = 1 * GIB },
  [4096] = { from = 8 * GIB, upto = 30 * GIB, step = 1 * GIB },
  [8192] = { from = 16 * GIB, upto = 60 * GIB, step = 4 * GIB },
  [16384] = { from = 32 * GIB, upto = 120 * GIB, step = 8 * GIB },
}

local function memories(size)
  if size.list then return size.list end
  local list = {}
  for memory = size.from, size.upto, size.step do list[#list + 1] = memory end
  return list
end

local function describe(size)
  if size.list then return table.concat(size.list, ", ") end
  return ("%d to %d in steps of %d"):format(size.from, size.upto, size.step)
end

---The numbers of CPU units that there are, ascending.
---@return integer[]
function fargate.cpus()
  local list = {}
  for cpu in pairs(SIZES) do list[#list + 1] = cpu end
  table.sort(list)
  return list
end

---Whether Fargate has tasks of this size.
---@param cpu integer CPU units, 1024 for a vCPU
---@param memory integer MiB
---@return boolean ok
---@return string? why not, with what there is
function fargate.check(cpu, memory)
  local size = SIZES[cpu]
  if not size then return false, ("cpu %d: Fargate has %s"):format(cpu, table.concat(fargate.cpus(), ", ")) end
  for _, one in ipairs(memories(size)) do
    if one == memory then return true end
  end
  return false, ("memory %d: with cpu %d Fargate has %s"):format(memory, cpu, describe(size))
end

---The next smaller or larger size: half or twice the CPU, and the nearest memory that goes with it.
---@param cpu integer
---@param memory integer
---@param factor number 0.5 or 2, of both
---@return { cpu: integer, memory: integer }? size nil: there is none
function fargate.scaled(cpu, memory, factor)
  local size, best = SIZES[math.floor(cpu * factor)], nil
  for _, one in ipairs(size and memories(size) or {}) do
    if not best or math.abs(one - memory * factor) < math.abs(best - memory * factor) then best = one end
  end
  return best and { cpu = math.floor(cpu * factor), memory = best } or nil
end

---@class FargatePrice
---@field vcpu_hour number US dollars
---@field gib_hour number

---What so many tasks cost in an hour, in US dollars.
---@param cpu integer
---@param memory integer
---@param tasks number
---@param price FargatePrice
---@return number
function fargate.hourly(cpu, memory, tasks, price)
  return tasks * (cpu / 1024 * price.vcpu_hour + memory / GIB * price.gib_hour)
end

return fargate
