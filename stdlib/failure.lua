--- Errors as values: one line for people, a kind for programs, an exit code for shells.

local failure = {}

---Exit codes of the program; README.md lists them for users.
failure.exit = {
  ok = 0, failed = 1, usage = 2, problem = 3, refused = 4, script = 5, credentials = 6, unreachable = 7,
  interrupted = 130,
}

local EXIT_OF_KIND = {
  usage = failure.exit.usage,
  problem = failure.exit.problem,
  denied = failure.exit.refused,
  declined = failure.exit.refused,
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
}

local meta = { __tostring = function(self) return self.message end }

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

---The exit code that an error ends the program with.
---@param err any whatever was raised
---@return integer
function failure.exit_code(err)
  if type(err) ~= "table" then return failure.exit.script end
  if CREDENTIAL_CODES[err.code] then return failure.exit.credentials end
  return EXIT_OF_KIND[err.kind] or failure.exit.failed
end

---The error as the plain table that events carry.
---@param err any
---@return { kind: string, message: string, code?: string, request_id?: string }
function failure.plain(err)
  if type(err) ~= "table" then return { kind = "script", message = tostring(err) } end
  return { kind = err.kind or "script", message = tostring(err), code = err.code, request_id = err.request_id }
end

return failure
