--- Plain HTTP for runbooks; only hosts that the runbook declares in `needs.http`.

local host = require "host.http"
local options = require "options"
local planned = require "planned"

local http = {}

local REQUEST = { url = "string", method = "string", headers = "table", body = "string|userdata", timeout = "number" }

---Sends one request. In a plan one that changes something is shown, and not sent. The body may be a secret.
---@param request { url: string, method?: string, headers?: table<string, string>, body?: string, timeout?: number } seconds
---@return { status: integer, reason: string, headers: table<string, string>, body: string }? response
---@return table? err
function http.try_request(request)
  request = options.check("http.request", request, REQUEST)
  local response, err, state = host.request(request)
  if state == "planned" then -- without the query, which may hold a token
    return planned.act(request.method .. " " .. request.url:match "^[^?]*", { body = request.body })
  end
  return response, err
end

---As try_request, but a failure to get any answer raises.
---@param request { url: string, method?: string, headers?: table<string, string>, body?: string, timeout?: number }
---@return { status: integer, reason: string, headers: table<string, string>, body: string }
function http.request(request)
  local response, err = http.try_request(request)
  if not response then error(err, 2) end
  return response
end

---A probe for a checklist: does this URL answer 200?
---@param url string
---@return fun(): boolean?, string
function http.answers(url)
  return function()
    local response, err = http.try_request { url = url, timeout = 10 }
    if not response then return false, tostring(err) end
    return response.status == 200, ("%s answered %d"):format(url, response.status)
  end
end

return http
