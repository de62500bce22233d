--- The timeline of an incident: moments that stay what they were when the run goes on, what people add to it, and a clock.

local timelines = {}

local MOST_OBSERVATIONS = 20

---@class Timeline
---@field began number
---@field moments { at: number, text: string, by: string }[]
local Timeline = {}
Timeline.__index = Timeline

---@param rb Run
---@param name string of the moment when it begins
---@return Timeline
function timelines.open(rb, name)
  return setmetatable({ rb = rb, began = rb:decide(name, time.now), moments = {} }, Timeline)
end

---@param text string
function Timeline:mark(text)
  local moment = self.rb:decide("Timeline: " .. text, function() return { at = time.now(), by = self.rb.user } end)
  self.moments[#self.moments + 1] = { at = moment.at, text = text, by = moment.by }
end

---Asks for observations until there is none.
function Timeline:observe()
  for number = 1, MOST_OBSERVATIONS do
    local text = self.rb:ask(("observation %d for the timeline (empty: go on)"):format(number), { default = "" })
    if text == "" then return end
    self:mark(text)
  end
end

---Tells how long it has been, and warns where it is longer than was planned.
---@param phase string
---@param planned? number seconds from the beginning
function Timeline:clock(phase, planned)
  local spent = time.now() - self.began
  if planned and spent > planned then
    self.rb:warn("%s: %s since the incident was opened, %s were planned", phase, time.format_duration(math.floor(spent)),
      time.format_duration(planned))
  end
  self.rb:note("clock: %s since the incident was opened%s", time.format_duration(math.floor(spent)),
    planned and (", %s for this part"):format(time.format_duration(planned)) or "")
end

return timelines
