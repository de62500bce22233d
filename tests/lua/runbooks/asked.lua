-- Of the runbooks of tests/lua/needs.lua: asks each of the URLs, and keeps which of them the declaration allowed.
local http = require "http"

return function(rb, urls)
  for _, url in ipairs(urls) do
    local _, err = http.try_request { url = url }
    rb:evidence(url, not err or err.kind ~= "denied")
  end
end
