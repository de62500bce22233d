--- A shell that is played: what an operator is likely to type in a container, without anything running. It knows words and quotes,
--- `;`, `&&`, `||`, variables, redirections (which go nowhere) and a few commands; what the image's behaviour names under `programs`
--- answers too, and `curl` and `wget` are answered by the world.

local app = require "sim.app"
local clock = require "sim.clock"
local programs = require "sim.shell.programs"
local words = require "sim.shell.words"

local shell = {}

---@class PlayedShell
---@field world table
---@field task Task
---@field out string[]
---@field typed string what was typed and is not read yet
---@field echoes boolean
---@field cr boolean whether lines end with CR LF, as a terminal's do

local CTRL_C, CTRL_D, BACKSPACE = "\3", "\4", "\127"
local NOT_FOUND, NOT_SIMULATED = 127, 2

---@param world table
---@param task Task in whose container it is
---@return PlayedShell
function shell.new(world, task)
  return {
    world = world, task = task, out = {}, typed = "", echoes = true, cr = true,
    variables = { ["?"] = "0", HOSTNAME = "ip-" .. task.address:gsub("%.", "-"), PATH = "/usr/local/bin:/usr/bin:/bin" },
  }
end

---@param sh PlayedShell
---@param text string
function shell.say(sh, text)
  sh.out[#sh.out + 1] = sh.cr and text:gsub("\r?\n", "\r\n") or text
end

-- ---- reading what is typed --------------------------------------------------------------------------

local function echo(sh, text) if sh.echoes then shell.say(sh, text) end end

---A line; nil at the end of the input. Waits for it.
---@param sh PlayedShell
---@return string?
function shell.read_line(sh)
  local line = ""
  while true do
    local key = sh.typed:sub(1, 1)
    if key == "" then
      coroutine.yield()
    else
      sh.typed = sh.typed:sub(2)
      if key == "\r" or key == "\n" then
        echo(sh, "\n")
        return line
      elseif key == CTRL_C then
        echo(sh, "^C\n")
        return ""
      elseif key == CTRL_D then
        if line == "" then return nil end
      elseif key == BACKSPACE then
        if line ~= "" then
          echo(sh, "\b \b")
          line = line:sub(1, -2)
        end
      else
        echo(sh, key)
        line = line .. key
      end
    end
  end
end

-- ---- running ----------------------------------------------------------------------------------------

local run_text

local function run_interactive(sh)
  while true do
    shell.say(sh, "# ")
    local line = shell.read_line(sh)
    if not line then
      echo(sh, "exit\n")
      return tonumber(sh.variables["?"]) or 0
    end
    local status, exits = run_text(sh, line)
    if exits then return status end
  end
end

local function run_shell(sh, arguments)
  if arguments[1] == "-c" then return run_text(sh, arguments[2] or "") end
  if #arguments == 0 or arguments[1] == "-i" or arguments[1] == "-l" then return run_interactive(sh) end
  shell.say(sh, ("sh: 0: cannot open %s: No such file\n"):format(arguments[1]))
  return NOT_SIMULATED
end

local SHELLS = { sh = true, ["/bin/sh"] = true, bash = true, ["/bin/bash"] = true }

local function assign(sh, word)
  local name, value = word:match "^([%a_][%w_]*)=(.*)$"
  if name then sh.variables[name] = value end
  return name ~= nil
end

-- The status, and true where the shell itself ends with it.
local function run_command(sh, list)
  if #list == 0 then return 0 end
  if #list == 1 and assign(sh, list[1]) then return 0 end
  local name, arguments = list[1], { table.unpack(list, 2) }
  if name == "exit" then return tonumber(arguments[1] or sh.variables["?"]) or NOT_SIMULATED, true end
  if SHELLS[name] then return (run_shell(sh, arguments)) end
  local program = programs.find(sh, list)
  if program then return program(sh, arguments, shell) end
  shell.say(sh, ("sh: 1: %s: not found\n"):format(name))
  return NOT_FOUND
end

run_text = function(sh, text)
  local parts, problem = words.split(text)
  if not parts then
    shell.say(sh, ("sh: 1: Syntax error: %s\n"):format(problem))
    sh.variables["?"] = tostring(NOT_SIMULATED)
    return NOT_SIMULATED
  end
  local status, exits = tonumber(sh.variables["?"]) or 0, false
  for _, part in ipairs(parts) do
    local runs = part.after == ";" or part.after == "&&" and status == 0 or part.after == "||" and status ~= 0
    if runs then
      status, exits = run_command(sh, words.expand(part.words, sh.variables))
      sh.variables["?"] = tostring(status)
    end
    if exits then return status, true end
  end
  return status
end

-- ---- one session ------------------------------------------------------------------------------------

local function answer(sh, wait)
  local output = table.concat(sh.out)
  sh.out = {}
  return { output = output, over = coroutine.status(sh.thread) == "dead" or app.state(sh.task.app) == "gone", wait = wait }
end

local function go_on(sh)
  local ran, wait = coroutine.resume(sh.thread)
  if not ran then error(wait, 0) end
  return answer(sh, wait)
end

---Waits; the session's other input waits too.
---@param seconds number
function shell.sleep(seconds)
  local until_at = clock.now() + seconds
  while clock.now() < until_at do coroutine.yield(until_at - clock.now()) end
end

---Begins with the command of the session.
---@param sh PlayedShell
---@param command string
---@return { output: string, over: boolean, wait?: number }
function shell.start(sh, command)
  sh.thread = coroutine.create(function()
    local parts = words.split(command)
    local first = parts and parts[1] and parts[1].words[1] and parts[1].words[1].text
    if sh.task.app.behaviour.no_shell and SHELLS[first] then
      shell.say(sh, ('Unable to start command: exec: "%s": executable file not found in $PATH\n'):format(first))
    else
      run_text(sh, command)
    end
  end)
  return go_on(sh)
end

---@param sh PlayedShell
---@param typed string
---@return { output: string, over: boolean, wait?: number }
function shell.type(sh, typed)
  sh.typed = sh.typed .. typed
  return go_on(sh)
end

return shell
