--- A command as ECS Exec takes it. It starts one program of one line of words, on a terminal, and tells no exit status: so a
--- shell is started which prints marks before and after the command (host/ssm/marks.c takes them out again).

local wrap = {}

---@alias ExecIo "collect"|"show"|"pipe"|"terminal" where output goes, and whether anything is typed or piped in

---A word as a POSIX shell reads it.
---@param word string
---@return string
function wrap.quote(word)
  if word:find "^[%w@%%_+=:,./-]+$" then return word end
  return "'" .. word:gsub("'", [['\'']]) .. "'"
end

---The words as one line of a shell.
---@param words string[]
---@return string
function wrap.line(words)
  local quoted = {}
  for i, word in ipairs(words) do quoted[i] = wrap.quote(word) end
  return table.concat(quoted, " ")
end

-- The bytes of a mark are not in the script itself, which a listing of processes shows.
local BEGIN = [[printf '\036gwrun:begin\036']]
local END = [[printf '\036gwrun:end=%d\036' "$s"]]
local PLAIN = "stty -onlcr -echo 2>/dev/null" -- where it is missing, lines end as a terminal's do

-- Ctrl-C is for the command; the shell around it stays to tell how that ended.
local TRAP = "trap : INT QUIT"

local SCRIPTS = {
  collect = TRAP .. "; " .. PLAIN .. "; " .. BEGIN .. "; %s </dev/null; s=$?; " .. END,
  show = TRAP .. "; " .. PLAIN .. "; " .. BEGIN .. "; %s </dev/null; s=$?; " .. END,
  -- What is piped in comes as lines of base64, of which one with a dot is the end (host/bind/exec_input.c).
  pipe = TRAP .. "; " .. PLAIN .. "; " .. BEGIN .. "; sed -n '/^[.]$/q;p' | base64 -d | %s; s=$?; " .. END,
  terminal = TRAP .. "; " .. BEGIN .. "; %s; s=$?; " .. END,
}

---The line that ECS is sent.
---@param words string[]
---@param io ExecIo
---@return string
function wrap.command(words, io)
  local script = SCRIPTS[io]:gsub("%%s", (wrap.line(words):gsub("%%", "%%%%")))
  return "sh -c " .. wrap.quote(script)
end

return wrap
