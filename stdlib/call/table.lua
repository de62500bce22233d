--- The table format of the AWS CLI: sections in boxes of one width, nested ones between more bars.

local documents = require "call.documents"
local text = require "call.text"

local boxes = {}

local PADDING = 4 -- of a column: two spaces on each side

local is_list, is_map = documents.is_list, documents.is_map

local function width_of(line)
  return utf8.len(line) or #line
end

-- ---- sections

---@class Section
---@field title string
---@field indent integer
---@field headers string[]?
---@field rows string[][]
---@field widths integer[] of the widest cell of each column

local function widen(section, cells)
  for i, cell in ipairs(cells) do section.widths[i] = math.max(section.widths[i] or 0, width_of(cell)) end
end

local function add_section(sections, title, indent)
  sections[#sections + 1] = { title = title, indent = indent, rows = {}, widths = {} }
end

local function add_headers(sections, headers)
  sections[#sections].headers = headers
  widen(sections[#sections], headers)
end

local function add_row(sections, cells)
  local row = {}
  for i, cell in ipairs(cells) do row[i] = text.scalar(cell) end
  local section = sections[#sections]
  section.rows[#section.rows + 1] = row
  widen(section, row)
end

-- ---- from values to sections

local function split_keys(maps)
  local scalars, others, seen = {}, {}, {}
  for _, map in ipairs(maps) do
    for key, value in next, map do
      local list = type(value) == "table" and others or scalars
      if not seen[list] then seen[list] = {} end
      if not seen[list][key] then seen[list][key], list[#list + 1] = true, key end
    end
  end
  table.sort(scalars)
  table.sort(others)
  return scalars, others
end

local add_value

local function pick(map, keys)
  local cells = {}
  for i, key in ipairs(keys) do
    if map[key] == nil then cells[i] = "" else cells[i] = map[key] end
  end
  return cells
end

local function add_map(sections, map, indent)
  local headers, others = split_keys { map }
  if #headers == 1 then
    add_row(sections, { headers[1], map[headers[1]] })
  elseif #headers > 1 then
    add_headers(sections, headers)
    add_row(sections, pick(map, headers))
  end
  for _, key in ipairs(others) do add_value(sections, key, map[key], indent + 1) end
end

local function add_maps(sections, list, title, indent)
  local headers, others = split_keys(list)
  add_headers(sections, headers)
  for i, map in ipairs(list) do
    if i > 1 and #others > 0 then
      add_section(sections, title or "", indent)
      add_headers(sections, headers)
    end
    add_row(sections, pick(map, headers))
    for _, key in ipairs(others) do
      if map[key] ~= nil then add_value(sections, key, map[key], indent + 1) end
    end
  end
end

local function has_scalars_only(list)
  for _, item in ipairs(list) do
    if type(item) == "table" then return false end
  end
  return true
end

local function add_list(sections, list, indent)
  for _, item in ipairs(list) do
    if type(item) ~= "table" then
      add_row(sections, { item })
    elseif is_list(item) and has_scalars_only(item) then
      add_row(sections, item)
    else
      add_value(sections, nil, item, indent)
    end
  end
end

local function is_empty(value)
  if value == nil or value == json.null or value == false or value == "" or value == 0 then return true end
  return type(value) == "table" and next(value) == nil
end

function add_value(sections, title, value, indent)
  if is_empty(value) then return end
  if title then add_section(sections, title, indent) end
  if is_map(value) then
    add_map(sections, value, indent)
  elseif is_list(value) and is_map(value[1]) then
    add_maps(sections, value, title, indent)
  elseif is_list(value) then
    add_list(sections, value, indent)
  end
end

-- ---- widths

local function total_width(section)
  local total = 2
  for _, width in ipairs(section.widths) do total = total + width + PADDING end
  return math.max(width_of(section.title) + 2, total) + 2 * section.indent
end

local function widest(sections)
  local width = 0
  for _, section in ipairs(sections) do width = math.max(width, total_width(section)) end
  return width
end

-- Half to even, as Python rounds.
local function round(number)
  local down = math.floor(number)
  local rest = number - down
  if rest > 0.5 or (rest == 0.5 and down % 2 == 1) then return down + 1 end
  return down
end

-- The columns' widths stretched to the table's: what rounding leaves goes to the last ones, what it takes comes off the
-- first.
local function column_widths(section, width)
  local sum, scaled, off = 0, {}, -width
  for _, column in ipairs(section.widths) do sum = sum + column + PADDING end
  for i, column in ipairs(section.widths) do
    scaled[i] = round(width / sum * (column + PADDING))
    off = off + scaled[i]
  end
  while off ~= 0 do
    local down = off > 0
    for i = down and 1 or #scaled, down and #scaled or 1, down and 1 or -1 do
      scaled[i] = scaled[i] + (down and -1 or 1)
      off = off + (down and -1 or 1)
      if off == 0 then break end
    end
  end
  return scaled
end

-- A section of one row is turned, one line a column, where the table is wider than the terminal.
local function turn(sections)
  for i, section in ipairs(sections) do
    if #section.rows == 1 and section.headers and #section.headers > 0 then
      local turned = { { title = section.title, indent = section.indent, rows = {}, widths = {} } }
      for column, header in ipairs(section.headers) do add_row(turned, { header, section.rows[1][column] }) end
      sections[i] = turned[1]
    end
  end
end

-- ---- drawing

local function center(cell, length, left)
  local start = math.max(length // 2 - width_of(cell) // 2 - 1, 0)
  local rest = length - 1 - #left - start - width_of(cell)
  return left .. (" "):rep(start) .. cell .. (" "):rep(rest) .. "|"
end

local function align(cell, length, left)
  local width = width_of(cell)
  local padding = length - width - 2 - #left - 1 >= 0 and 2 or 0
  return left .. (" "):rep(padding) .. cell .. (" "):rep(length - #left - padding - width - 1) .. "|"
end

local function rule(widths)
  local parts = {}
  for i, width in ipairs(widths) do
    parts[i] = i == 1 and ("+%s+"):format(("-"):rep(width - 2)) or ("-"):rep(width - 1) .. "+"
  end
  return table.concat(parts)
end

local function cells_line(cells, widths, draw)
  local parts = {}
  for i, width in ipairs(widths) do
    if cells[i] then parts[i] = draw(cells[i], width, i == 1 and "|" or "") end
  end
  return table.concat(parts)
end

local function draw_section(section, width, out)
  local bars = ("|"):rep(section.indent)
  local function line(content) out[#out + 1] = bars .. content .. bars .. "\n" end
  width = width - 2 * section.indent
  local has_headers = section.headers and #section.headers > 0
  if section.title ~= "" then
    line(center(section.title, width, "|"))
    if not has_headers and #section.rows == 0 then line("+" .. ("-"):rep(width - 2) .. "+") end
  end
  if #section.widths == 0 then return end
  local widths = column_widths(section, width)
  if has_headers then
    line(rule(widths))
    line(cells_line(section.headers, widths, center))
  end
  if #section.rows == 0 then return end
  line(rule(widths))
  for _, row in ipairs(section.rows) do line(cells_line(row, widths, align)) end
  line(rule(widths))
end

---@param title string the operation's name
---@param value any
---@param columns integer of the terminal
---@return string
function boxes.format(title, value, columns)
  local sections, out = {}, {}
  add_value(sections, title, value, 0)
  if #sections == 0 then return "" end
  local width = widest(sections)
  if width > columns then
    turn(sections)
    width = widest(sections)
  end
  out[1] = ("-"):rep(width) .. "\n"
  for _, section in ipairs(sections) do draw_section(section, width, out) end
  return table.concat(out)
end

return boxes
