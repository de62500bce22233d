--- Secrets of the command line. What stands there others on the machine can read, so it only says where the secret is.

local secrets = {}

secrets.WAYS = "prompt://, file://PATH, env://GWRUN_NAME, or - for standard input"

local function from_terminal(sources, label)
  if not sources.terminal then return nil, "prompt:// needs a terminal, and there is none" end
  local secret, err = sources.ask { text = label, secret = true }
  if not secret then return nil, err.message end
  if secret:is_blank() then return nil, "nothing was typed" end
  return secret
end

local function from_environment(sources, name)
  if not name:find "^GWRUN_" then
    return nil, ("env://%s: a runbook sees only variables that begin with GWRUN_"):format(name)
  end
  local secret = sources.secret_env(name)
  if not secret then return nil, ("env://%s: the variable is not set"):format(name) end
  if secret:is_blank() then return nil, ("env://%s: the variable is blank"):format(name) end
  return secret
end

---Fetches the secret that a word of the command line refers to.
---@param word string "prompt://", "file://PATH", "env://GWRUN_NAME", "-"
---@param sources Sources
---@param label string what the operator is asked
---@return userdata? secret
---@return string? problem without the word itself, which may be the secret
function secrets.fetch(word, sources, label)
  local path, name = word:match "^file://(.+)$", word:match "^env://(.+)$"
  if word == "prompt://" then return from_terminal(sources, label) end
  if name then return from_environment(sources, name) end
  if word ~= "-" and not path then
    return nil, "a secret is not written where others can read it; give " .. secrets.WAYS
  end
  local secret, err = sources.read_secret(path or "-")
  local problem = not secret and err.message or secret:is_blank() and "is blank"
  if problem then return nil, ("%s %s"):format(path and "'" .. path .. "'" or "standard input", problem) end
  return secret
end

return secrets
