--- Errors as values: one line for people, a kind for programs, an exit code for shells.

local failure = {}

---Exit codes of the program; README.md lists them for users.
failure.exit = {
  ok = 0, failed = 1, usage = 2, problem = 3, refused = 4, script = 5, credentials = 6, unreachable = 7,
  interrupted = 130,
}

local EXIT_OF_KIND = {
  usage = failure.exit.usage,
  script = failure.exit.script,
  problem = failure.exit.problem,
  unforeseen = failure.exit.problem,
  denied = failure.exit.refused,
  declined = failure.exit.refused,
  foreign = failure.exit.refused,
  credentials = failure.exit.credentials,
  network = failure.exit.unreachable,
  timeout = failure.exit.unreachable,
  protocol = failure.exit.unreachable,
}

-- AWS's ways of saying that the caller is not known or not allowed.
local CREDENTIAL_CODES = {
  ExpiredToken = true, ExpiredTokenException = true, InvalidClientTokenId = true, InvalidSignatureException = true,
  MissingAuthenticationToken = true, SignatureDoesNotMatch = true, UnrecognizedClientException = true,
  AccessDenied = true, AccessDeniedException = true, UnauthorizedOperation = true, AuthFailure = true,
  IncompleteSignature = true, InvalidAccessKeyId = true, InvalidToken = true, NotAuthorized = true, OptInRequired = true,
  MissingAuthenticationTokenException = true, RequestExpired = true,
}

local meta = { __tostring = function(self) return self.message end, __metatable = "error" }

---Makes an error value of the given kind: "usage", "problem", "declined", ...
---@param kind string
---@param message string one line
---@return table
function failure.new(kind, message)
  return setmetatable({ kind = kind, message = message }, meta)
end

---Raises it.
---@param kind string
---@param format string
function failure.raise(kind, format, ...)
  error(failure.new(kind, format:format(...)), 0)
end

local function is_error(err)
  return type(err) == "table" and type(err.kind) == "string" and type(err.message) == "string"
end

local THROTTLED = { "Throttl", "TooManyRequests", "RequestLimitExceeded", "SlowDown", "BandwidthLimitExceeded" }

---Whether the same question may be answered a moment later: the network, an overload, a defect on the other side. Of a
---reading; a change that failed so may have been made.
---@param err any
---@return boolean
function failure.passes(err)
  if not is_error(err) then return false end
  if err.kind == "network" or err.kind == "timeout" then return true end
  if err.kind ~= "service" and err.kind ~= "protocol" then return false end
  for _, part in ipairs(THROTTLED) do
    if (err.code or ""):find(part, 1, true) then return true end
  end
  return (err.http_status or 0) >= 500 or err.http_status == 429
end

---The error in one line.
---@param err any whatever was raised
---@return string
function failure.text(err)
  if is_error(err) then return err.message end
  if type(err) == "string" then return err end
  return ("the script raised a %s instead of a message"):format(type(err))
end

---The exit code that an error ends the program with.
---@param err any whatever was raised
---@return integer
function failure.exit_code(err)
  if not is_error(err) then return failure.exit.script end
  if CREDENTIAL_CODES[err.code] then return failure.exit.credentials end
  return EXIT_OF_KIND[err.kind] or failure.exit.failed
end

---The error as the plain table that events carry.
---@param err any
---@return { kind: string, message: string, code?: string, request_id?: string }
function failure.plain(err)
  if not is_error(err) then return { kind = "script", message = failure.text(err) } end
  return { kind = err.kind, message = failure.text(err), code = err.code, request_id = err.request_id }
end

return failure
