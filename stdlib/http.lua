--- Plain HTTP for runbooks; only hosts that the runbook declares in `needs.http`.

local failure = require "failure"
local host = require "host.http"
local options = require "options"
local planned = require "planned"

local http = {}

local REQUEST = { url = "string|userdata", method = "string", headers = "table", body = "string|userdata", timeout = "number", insecure = "boolean" }

---Sends one request. In a plan one that changes something is shown, and not sent. The body may be a secret.
---@param request { url: string|Secret, method?: string, headers?: table<string, string>, body?: string, timeout?: number, insecure?: boolean } seconds; `insecure`: any certificate will do, and nothing may be sent along
---@return { status: integer, reason: string, headers: table<string, string>, body: string }? response
---@return table? err
function http.try_request(request)
  request = options.check("http.request", request, REQUEST)
  local response, err, state = host.request(request)
  if state == "planned" then -- without the query, which may hold a token
    return planned.act(request.method .. " " .. (type(request.url) == "string" and request.url:match "^[^?]*" or tostring(request.url)), { body = request.body })
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

local REDIRECTS = { [301] = true, [302] = true, [303] = true, [307] = true, [308] = true }
local MOST_REDIRECTS = 5
local CHECK = { url = "string", status = "number", contains = "string", insecure = "boolean", timeout = "number", redirects = "number" }

-- Where a redirect leads; relative to where it came from.
local function resolve(url, location)
  if location:find "^%a[%w+.-]*://" then return location end
  local origin = url:match "^(%a[%w+.-]*://[^/?#]+)"
  if location:sub(1, 2) == "//" then return url:match "^(%a[%w+.-]*:)" .. location end
  if location:sub(1, 1) == "/" then return origin .. location end
  return (url:match "^([^?#]*/)" or origin .. "/") .. location
end

---Gets a URL, following redirects; each host on the way has to be declared in `needs.http`.
---@param check { url: string, insecure?: boolean, timeout?: number, redirects?: integer } at most 5 redirects, 10 seconds each
---@return { status: integer, reason: string, headers: table<string, string>, body: string }? response
---@return table? err
---@return string url where it ended
function http.try_get(check)
  local url, most = check.url, check.redirects or MOST_REDIRECTS
  for _ = 0, most do
    local response, err = http.try_request { url = url, timeout = check.timeout or 10, insecure = check.insecure }
    if not response or not REDIRECTS[response.status] or not response.headers.location then return response, err, url end
    url = resolve(url, response.headers.location)
  end
  return nil, failure.new("problem", ("%s: more than %d redirects"):format(check.url, most)), url
end

---A probe for a checklist: does a URL answer as it should? Certificates are verified unless `insecure`.
---@param check string|{ url: string, status?: integer, contains?: string, insecure?: boolean, timeout?: number, redirects?: integer } status 200 unless told otherwise; `contains`: a text of the body
---@return fun(): boolean?, string
function http.answers(check)
  check = options.check("http.answers", type(check) == "string" and { url = check } or check, CHECK)
  local wanted = check.status or 200
  return function()
    local response, err, url = http.try_get(check)
    if not response then return false, tostring(err) end
    local text = ("%s answered %d"):format(url, response.status)
    if response.status ~= wanted then return false, text end
    if check.contains and not response.body:find(check.contains, 1, true) then return false, ("%s, without '%s'"):format(text, check.contains) end
    return true, text
  end
end

return http
