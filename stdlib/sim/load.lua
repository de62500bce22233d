--- What requests cost a task, and how many it can bear.

local load = {
  IDLE_CPU = 0.02, REQUEST_CPU_S = 0.031,       -- of vCPUs: a task that waits; seconds that a request takes
  IDLE_MEMORY_MB = 390, REQUEST_MEMORY_MB = 8,  -- each request a second holds some
}

---Requests a second that a task of so many CPU units answers; what comes besides is lost.
---@param cpu integer 1024 for a vCPU
---@return number
function load.capacity(cpu)
  return math.max(0, cpu / 1024 - load.IDLE_CPU) / load.REQUEST_CPU_S
end

return load
