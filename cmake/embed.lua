-- embed: Lua modules as C text. lua5.4 embed.lua OUT.c TABLE ROOT FILE... writes TABLE, which gw_script_options.modules
-- takes; ROOT/sim/ecs.lua becomes the module "sim.ecs".
local out_name, table_name, root = arg[1], arg[2], arg[3]

local ESCAPES = { ["\\"] = "\\\\", ['"'] = '\\"', ["\n"] = "\\n", ["\t"] = "\\t", ["?"] = "\\?" }

local function escape(byte)
  return ESCAPES[byte] or ("\\%03o"):format(byte:byte())
end

-- One C literal a line: a compiler's message about the generated file stays readable.
local function literal(text)
  local lines = {}
  for line in text:gmatch("[^\n]*\n?") do
    if line ~= "" then lines[#lines + 1] = '    "' .. line:gsub('[\\"%c?\128-\255]', escape) .. '"' end
  end
  return #lines > 0 and table.concat(lines, "\n") or '    ""'
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("a")
  file:close()
  return text
end

local out = { '/* Made by cmake/embed.lua. */\n#include "cli/internal.h"\n' }
local rows = {}
for i = 4, #arg do
  local path = arg[i]
  assert(path:sub(1, #root + 1) == root .. "/", path .. " is not under " .. root)
  local name = path:sub(#root + 2):gsub("%.lua$", ""):gsub("/", ".")
  local symbol = "module_" .. name:gsub("[^%w]", "_")
  out[#out + 1] = ("static const char %s[] =\n%s;\n"):format(symbol, literal(read(path)))
  rows[#rows + 1] = ('    {"%s", %s, sizeof %s - 1},'):format(name, symbol, symbol)
end
out[#out + 1] = ("const struct gw_script_module %s[] = {"):format(table_name)
out[#out + 1] = table.concat(rows, "\n")
out[#out + 1] = "    {NULL, NULL, 0},\n};"

local file = assert(io.open(out_name, "wb"))
assert(file:write(table.concat(out, "\n"), "\n"))
assert(file:close())
