--- What looks like errors in the log, by its cause; the guide's table of patterns is in `causes`.

local logs = require "logs"
local triage = require "triage"

local MOST_EVENTS = 5000

---@param context DiagnosisContext
return function(context)
  local found, read = triage.new(), 0
  for event in logs.each { group = context.p.log_group, pattern = logs.ERRORS, since = context.since } do
    found:add(event)
    read = read + 1
    if read == MOST_EVENTS then break end
  end
  local told, unknown = {}, 0
  for _, kind in ipairs(found:list()) do
    if kind.cause and not told[kind.cause.cause] then
      told[kind.cause.cause] = true
      context.add {
        severity = "high", text = kind.cause.cause, evidence = ("%d times, the last at %s: %s"):format(kind.count, time.iso(math.floor(kind.last)), kind.example:sub(1, 140)),
        solution = kind.cause.advice, fix = "gwrun logs --errors",
      }
    elseif not kind.cause then
      unknown = unknown + kind.count
    end
  end
  if unknown > 0 then
    context.add { severity = "low", text = ("%d lines look like errors of unknown cause"):format(unknown), solution = "read them", fix = "gwrun logs --errors" }
  end
  if found.total == 0 then context.fine "nothing looks like an error" end
end
