--- What the played shell can run.

local http = require "sim.http"

local programs = {}

local known = {}

-- "%d" and the like, "\n", "\036"
local function format(pattern, arguments)
  local next_argument = 0
  local text = pattern:gsub("\\(%d%d?%d?)", function(octal) return string.char(tonumber(octal, 8) % 256) end)
    :gsub("\\n", "\n"):gsub("\\r", "\r"):gsub("\\t", "\t"):gsub("\\\\", "\\")
  return (text:gsub("%%([%%sd])", function(kind)
    if kind == "%" then return "%" end
    next_argument = next_argument + 1
    return arguments[next_argument] or (kind == "d" and "0" or "")
  end))
end

known["true"] = function() return 0 end
known["false"] = function() return 1 end
known[":"] = known["true"]
known.trap = known["true"]
known.cd = known["true"]

function known.printf(sh, arguments, shell)
  shell.say(sh, format(arguments[1] or "", { table.unpack(arguments, 2) }))
  return 0
end

function known.echo(sh, arguments, shell)
  local ends = "\n"
  if arguments[1] == "-n" then ends = table.remove(arguments, 1) and "" end
  shell.say(sh, table.concat(arguments, " ") .. ends)
  return 0
end

function known.stty(sh, arguments)
  for _, word in ipairs(arguments) do
    if word == "-echo" then sh.echoes = false elseif word == "echo" then sh.echoes = true end
    if word == "-onlcr" then sh.cr = false elseif word == "onlcr" then sh.cr = true end
  end
  return 0
end

function known.pwd(sh, _, shell)
  shell.say(sh, "/app\n")
  return 0
end

function known.whoami(sh, _, shell)
  shell.say(sh, "root\n")
  return 0
end

function known.hostname(sh, _, shell)
  shell.say(sh, sh.variables.HOSTNAME .. ".ec2.internal\n")
  return 0
end

-- The variables that the definition gives; secrets are not for a screen.
function known.env(sh, _, shell)
  local lines = {}
  for _, one in ipairs(sh.task.definition.containerDefinitions[1].environment or {}) do lines[#lines + 1] = one.name .. "=" .. one.value end
  table.sort(lines)
  shell.say(sh, table.concat(lines, "\n") .. "\n")
  return 0
end

function known.sleep(_, arguments, shell)
  shell.sleep(tonumber(arguments[1]) or 0)
  return 0
end

-- ---- HTTP -------------------------------------------------------------------------------------------

local function unreached(name, port)
  return ("Failed to connect to %s port %d after 0 ms: Couldn't connect to server"):format(name, port)
end

-- The answer; nil, curl's exit code and its words.
local function fetch(sh, url)
  local scheme, name, port, path = url:match "^(https?)://([^/:]+):?(%d*)(.*)$"
  if not name then return nil, 3, "URL using bad/illegal format or missing URL" end
  port = tonumber(port) or (scheme == "https" and 443 or 80)
  if name == "localhost" or name == "127.0.0.1" then
    local answer = http.inside(sh.task, port, path == "" and "/" or path)
    if answer then return answer end
    return nil, 7, unreached(name, port)
  end
  if not sh.world.hosts[name] then return nil, 6, "Could not resolve host: " .. name end
  local ran, answer = pcall(http.answer, sh.world, { method = "GET", host = name, port = port, authority = name, path = path, query = "", body = "" })
  if ran then return answer end
  return nil, 7, unreached(name, port)
end

-- Short options may stand together ("-fsS"); those with a value take the next word.
local WITH_VALUE = {}
for name in ("o w m H X T t max-time output write-out"):gmatch "%S+" do WITH_VALUE[name] = true end

local function read_options(arguments)
  local options, urls, i = {}, {}, 1
  while i <= #arguments do
    local word = arguments[i]
    local long, short = word:match "^%-%-(.+)$", word:match "^%-(%a+)$"
    if not long and not short then
      urls[#urls + 1] = word
    else
      local last = long or short:sub(-1)
      for c in (short or ""):gmatch "." do options[c] = true end
      if long then options[long] = true end
      if WITH_VALUE[last] then
        i = i + 1
        options[last] = arguments[i] or ""
      end
    end
    i = i + 1
  end
  return options, urls[1]
end

function known.curl(sh, arguments, shell)
  local options, url = read_options(arguments)
  local answer, code, problem = fetch(sh, url or "")
  local silent = (options.s or options.silent) and not (options.S or options["show-error"])
  local function fail(number, text)
    if not silent then shell.say(sh, ("curl: (%d) %s\n"):format(number, text)) end
    return number
  end
  if not answer then return fail(code, problem) end
  if options.v then shell.say(sh, ("< HTTP/1.1 %d\n"):format(answer.status)) end
  if (options.f or options.fail) and answer.status >= 400 then return fail(22, ("The requested URL returned error: %d"):format(answer.status)) end
  if not options.o and not options.output then shell.say(sh, answer.body) end
  local wanted = options.w or options["write-out"]
  if wanted then shell.say(sh, (format(wanted, {}):gsub("%%{http_code}", tostring(answer.status)))) end
  return 0
end

function known.wget(sh, arguments, shell)
  local options, url = read_options(arguments)
  local answer, _, problem = fetch(sh, url or "")
  if not answer then
    shell.say(sh, ("wget: %s\n"):format(problem))
    return 4
  end
  if answer.status >= 400 then
    shell.say(sh, ("wget: server returned error: HTTP/1.1 %d\n"):format(answer.status))
    return 8
  end
  if options.O or options.q then shell.say(sh, answer.body) end
  return 0
end

-- ---- finding ----------------------------------------------------------------------------------------

-- Those of the image's behaviour: "ls /app" -> { stdout = "...", code = 0 }; `*` stands for any text.
local function of_image(sh, list)
  local text = table.concat(list, " ")
  for name, answer in pairs(sh.task.app.behaviour.programs or {}) do
    if text:find("^" .. name:gsub("%W", "%%%0"):gsub("%%%*", ".*") .. "$") then
      return function(_, _, shell)
        shell.say(sh, (answer.stdout or "") .. (answer.stderr or ""))
        return answer.code or 0
      end
    end
  end
end

---@param sh PlayedShell
---@param list string[]
---@return (fun(sh: PlayedShell, arguments: string[], shell: table): integer)?
function programs.find(sh, list)
  return of_image(sh, list) or known[list[1]:match "[^/]*$"]
end

return programs
