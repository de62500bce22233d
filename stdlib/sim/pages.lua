--- Lists that are answered page by page. A token names the last item that was given, so that a list may change between two
--- pages without an item coming twice or being left out.

local fail = require "sim.fail"
local host = require "host.sim"

local pages = {}

local function to_token(key)
  return (key:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

local function from_token(token)
  if #token % 2 ~= 0 or token:find("[^%x]") then return nil end
  return (token:gsub("%x%x", function(digits) return string.char(tonumber(digits, 16)) end))
end

local function position_after(items, token, key_of, code)
  local key = from_token(token)
  for i, item in ipairs(items) do
    if key_of(item) == key then return i + 1 end
  end
  fail(code, "Invalid token")
end

---@param items any[]
---@param page { size?: integer, token?: string, most: integer, key?: (fun(item: any): string), invalid?: string } most: items on a page when no size is given; invalid: the error code for a bad token
---@return any[] items of this page
---@return string? token of the next page
function pages.cut(items, page)
  local key_of = page.key or tostring
  local size = page.size and page.size > 0 and math.min(page.size, page.most) or page.most
  local first = page.token and position_after(items, page.token, key_of, page.invalid or "InvalidParameterException") or 1
  local last = math.min(first + size - 1, #items)
  local cut = table.move(items, first, last, 1, {})
  return cut, last < #items and to_token(key_of(items[last])) or nil
end

---A page as an answer: `member` holds its items as `describe` shows them, `next` (NextToken) the token of the page after it.
---@param items any[]
---@param page table as pages.cut takes it, and `next`
---@param member string
---@param describe fun(item: any): any
---@return table answer
function pages.answer(items, page, member, describe)
  local cut, token = pages.cut(items, page)
  local answer = { [member] = host.array {}, [page.next or "NextToken"] = token }
  for i, item in ipairs(cut) do answer[member][i] = describe(item) end
  return answer
end

return pages
