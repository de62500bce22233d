--- How a simulated service says no: an AWS error, or no answer at all.

local failure = {}

local meta = { __tostring = function(self) return self.network or ("%s: %s"):format(self.code, self.message) end }

---Raises an AWS error.
---@param refusal { code: string, message: string, status?: integer, detail?: table } status: else the model's, else 400
function failure.raise(refusal)
  error(setmetatable(refusal, meta), 0)
end

---Raises a failure of the network: the client gets no answer.
---@param message string
function failure.network(message)
  error(setmetatable({ network = message }, meta), 0)
end

return setmetatable(failure, {
  ---`fail(code, format, ...)`: the usual case.
  __call = function(_, code, format, ...)
    failure.raise { code = code, message = format:format(...) }
  end,
})
