--- One module of the stdlib as LuaLS annotations, taken from the comments that stand in it: classes, and functions with what
--- is said above them. Only what begins at the left edge counts.

local module = {}

-- The module's own variable: that of the line which returns it, or the one with the module's name, which stands behind what
-- is returned.
local function returned(text, name)
  local last
  for line in text:gmatch "[^\n]+" do
    last = line:match "^return ([%a_][%w_]*)$" or line:match "^return [%a_][%w_]*%(([%a_][%w_]*)," or last
  end
  local own = name:match "[^.]+$"
  return last or text:find("\nlocal " .. own .. " = {}", 1, true) and own or nil
end

local function is_class(block)
  for _, line in ipairs(block) do
    if line:find "^%-%-%-@class" or line:find "^%-%-%-@alias" then return true end
  end
  return false
end

-- The signature of a function that others can reach: a member, or a method of a class.
local function signature(line)
  return line:match "^(function [%a_][%w_]*[.:][%a_][%w_]*%(.-%))"
end

-- What stands below a block of comments: a line of its own, or nil where it is nobody's business.
local function below(block, line, name)
  local called = signature(line)
  if called then return called .. " end" end
  local variable = line:match "^local ([%a_][%w_]*) = "
  if variable and variable ~= name and is_class(block) then return ("local %s = {}"):format(variable) end
  local constant = line:match "^([%a_][%w_]*%.[%a_][%w_]*) = "
  if constant and constant:match "^[^.]+" == name then
    local value = line:match "= (['\"].*)$"
    return constant .. " = " .. (value or line:find "= {" and "{}" or "nil ---@type any")
  end
  return is_class(block) and "" or nil
end

local function class_of(block)
  for _, line in ipairs(block) do
    local class = line:match "^%-%-%-@class%s+(%S+)"
    if class then return (class:gsub(":$", "")) end
  end
end

-- The blocks of comments with the line below each.
local function each_block(text)
  local block, blocks = {}, {}
  for line in (text .. "\n"):gmatch "(.-)\n" do
    if line:find "^%-%-%-" then
      block[#block + 1] = line
    else
      if #block > 0 then blocks[#blocks + 1] = { lines = block, below = line } end
      block = {}
    end
  end
  return blocks
end

---The annotations of one module; nil where there is nothing to annotate.
---@param name string "ecs", "spec.run"
---@param text string its source
---@param more? table<string, string[]> further comments above a function, by its name: "aws.client"
---@return string?
function module.write(name, text, more)
  local variable = returned(text, name)
  local body, own = {}, nil
  for _, block in ipairs(each_block(text)) do
    local line = below(block.lines, block.below, variable)
    if variable and block.below:find("^local " .. variable .. " = ") and is_class(block.lines) then
      own = block.lines -- the class of the module itself
    elseif line then
      local called = line:match "^function ([%w_.:]+)"
      for _, further in ipairs(called and more and more[called] or {}) do table.insert(block.lines, further) end
      body[#body + 1] = table.concat(block.lines, "\n") .. (line ~= "" and "\n" .. line or "") .. "\n"
    end
  end
  if #body == 0 then return nil end
  local head = own or { ("---@class %s"):format(name:gsub("%.", "_") .. "_module") }
  local lines = { ("---@meta %s\n"):format(name) }
  if variable then
    lines[#lines + 1] = table.concat(head, "\n") .. ("\nlocal %s = {}\n"):format(variable)
  end
  lines[#lines + 1] = table.concat(body, "\n")
  if variable then lines[#lines + 1] = "return " .. variable end
  return table.concat(lines, "\n"), class_of(head)
end

return module
