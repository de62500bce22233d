-- Our parser against Lua's own: `lua compare.lua ROOT SEED COUNT FILE...`. Each file and COUNT mutations of it are accepted by
-- both or refused by both.

local root, seed, count = arg[1], tonumber(arg[2]), tonumber(arg[3])
package.path = root .. "/stdlib/?.lua"
local parser = require "syntax.parser"
math.randomseed(seed)

local PIECES = {
  "end", "local", "goto x", "::x::", "break", "return", "(", ")", "{", "}", "[[", "]]", "[=[", '"', "'", "\\", "\\z", "\\x4", "\\u{7fffffff}",
  "\\300", "--", "--[[", "...", "..", ".", "::", "//", ">>", "~", "~=", "=", "==", ",", ";", ":", "<const>", "<close>", "0x", "1e", "3..2", "0x.1p4",
  "function", "function()", "if", "then", "else", "elseif", "for", "in", "do", "while", "repeat", "until", "not", "and", "nil", "a.b:c", "x",
  "\n", "\r\n", "\0", "#", "@", "1", "'s'", "local x <const> = 1; x = 2", "goto done", "::done::", "repeat local y until y", "do ::l:: end goto l",
  "goto l; local z; ::l:: z()", "goto l; local z; ::l::", "while 1 do goto c; local q; ::c:: end", "local function f() return f end",
}

local function mutate(text)
  local first = math.random(#text + 1)
  local last = math.min(#text, first + math.random(0, 12))
  local kind = math.random(6)
  if kind > 4 then
    local line_end = text:find("\n", first, true) or #text
    return text:sub(1, line_end) .. PIECES[math.random(#PIECES)] .. "\n" .. text:sub(line_end + 1)
  end
  if kind == 1 then return text:sub(1, first - 1) .. text:sub(last + 1) end
  if kind == 2 then return text:sub(1, first - 1) .. PIECES[math.random(#PIECES)] .. text:sub(first) end
  if kind == 3 then return text:sub(1, first - 1) .. " " .. PIECES[math.random(#PIECES)] .. " " .. text:sub(last + 1) end
  local from = math.random(#text)
  return text:sub(1, first - 1) .. text:sub(from, from + math.random(0, 40)) .. text:sub(first)
end

local checked, refused = 0, 0

local function compare(name, text)
  local real, why = load(text, "=t", "t")
  local ours, mistake = parser.parse(text)
  checked = checked + 1
  if not real then refused = refused + 1 end
  if (real ~= nil) == (ours ~= nil) then return end
  local out = assert(io.open("disagreement.lua", "wb"))
  out:write(text)
  out:close()
  error(("%s: Lua says %s, we say %s; the text is in disagreement.lua"):format(name, why or "yes",
    mistake and mistake.message and mistake.line .. ":" .. mistake.column .. ": " .. mistake.message or "yes"), 0)
end

-- A text in parts that are whole by themselves, mostly: a mutation is parsed in no time, and often accepted.
local function pieces_of(text)
  local pieces, part = {}, {}
  for line in text:gmatch "[^\n]*\n?" do
    part[#part + 1] = line
    if line:find "^end" or line:find "^}" then
      pieces[#pieces + 1] = table.concat(part)
      part = {}
    end
  end
  pieces[#pieces + 1] = table.concat(part)
  return pieces
end

for i = 4, #arg do
  local file = assert(io.open(arg[i], "rb"))
  local text = file:read "a"
  file:close()
  compare(arg[i], text)
  local pieces = pieces_of(text)
  for _ = 1, count do
    local piece = pieces[math.random(#pieces)]
    if #piece > 0 then compare("a mutation of " .. arg[i], mutate(piece)) end
  end
end
print(("%d texts, %d of them refused, all as by Lua"):format(checked, refused))
