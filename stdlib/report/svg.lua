--- A plot as SVG: lines over time, limits, and a mark where the run changed something. Colours are the page's.

local svg = {}

local WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 220, 56, 12, 14, 28

local function nice_top(most)
  if most <= 0 then return 1 end
  local step = 10 ^ math.floor(math.log(most, 10))
  for _, times in ipairs { 1, 2, 5, 10 } do
    if most <= times * step then return times * step end
  end
  return most
end

local function highest(plot)
  local most = 0
  for _, series in ipairs(plot.series) do
    for _, point in ipairs(series.points) do most = math.max(most, point[2]) end
  end
  for _, limit in ipairs(plot.limits or {}) do most = math.max(most, limit.value) end
  return nice_top(most)
end

local function scales(plot)
  local top, span = highest(plot), math.max(plot.upto - plot.from, 1)
  return function(at) return LEFT + (at - plot.from) / span * (WIDTH - LEFT - RIGHT) end,
    function(value) return HEIGHT - BOTTOM - math.max(value, 0) / top * (HEIGHT - TOP - BOTTOM) end, top
end

-- A line is broken where nothing was measured for long.
local function path_of(series, x, y, gap)
  local parts, before = {}, nil
  for i, point in ipairs(series.points) do
    parts[i] = ("%s%.1f %.1f"):format((before and point[1] - before <= gap) and "L" or "M", x(point[1]), y(point[2]))
    before = point[1]
  end
  return table.concat(parts)
end

local function usual_gap(series)
  local gaps = {}
  for i = 2, #series.points do gaps[#gaps + 1] = series.points[i][1] - series.points[i - 1][1] end
  table.sort(gaps)
  return (gaps[#gaps // 2 + 1] or 60) * 2.5
end

---@param plot table of the report
---@param marks { at: string, text: string }[] changes
---@param escape fun(text: any): string
---@return string
function svg.plot(plot, marks, escape)
  local x, y, top = scales(plot)
  local out = { ('<svg viewBox="0 0 %d %d" role="img" aria-label="%s">'):format(WIDTH, HEIGHT, escape(plot.title)) }
  for i = 0, 4 do
    local value = top * i / 4
    out[#out + 1] = ('<path class="grid" d="M%d %.1fH%d"/><text class="tick" x="%d" y="%.1f">%s</text>'):format(LEFT, y(value), WIDTH - RIGHT, LEFT - 6,
      y(value) + 4, escape(("%.4g"):format(value)))
  end
  for _, limit in ipairs(plot.limits or {}) do
    out[#out + 1] = ('<path class="limit" d="M%d %.1fH%d"><title>%s %.4g</title></path>'):format(LEFT, y(limit.value), WIDTH - RIGHT, escape(limit.name), limit.value)
  end
  for _, mark in ipairs(marks) do
    local at = time.parse(mark.at)
    if at and at >= plot.from and at <= plot.upto then
      out[#out + 1] = ('<path class="mark" d="M%.1f %dV%d"><title>%s %s</title></path>'):format(x(at), TOP, HEIGHT - BOTTOM, escape(mark.at), escape(mark.text))
    end
  end
  for i, series in ipairs(plot.series) do
    out[#out + 1] = ('<path class="line s%d" d="%s"><title>%s</title></path>'):format((i - 1) % 4 + 1, path_of(series, x, y, usual_gap(series)), escape(series.name))
  end
  out[#out + 1] = ('<text class="time" x="%d" y="%d">%s</text><text class="time end" x="%d" y="%d">%s</text></svg>'):format(LEFT, HEIGHT - 8,
    escape(plot.from_text or ""), WIDTH - RIGHT, HEIGHT - 8, escape(plot.upto_text or ""))
  return table.concat(out)
end

return svg
