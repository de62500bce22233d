--- Answers that come page by page, as AWS's models describe them.

local failure = require "failure"
local options = require "options"
local planned = require "planned"

local pages = {}

---@class Paginator
---@field input_tokens string[] members of the input
---@field output_tokens string[] JMESPath, one for each of them
---@field result_keys string[] JMESPath; the first holds the items
---@field more_results string? JMESPath
---@field limit_key string? the member for the size of a page
---@field limit_is_text boolean?

-- What the expression finds; most are plain names, which need no search.
local function pick(page, expression)
  if not expression:find "^[%a_][%w_]*$" then return json.query(page, expression) end
  local found = page[expression]
  if found ~= json.null then return found end
end

local function is_set(value)
  if value == nil or value == false or value == "" or value == 0 then return false end
  return type(value) ~= "table" or next(value) ~= nil
end

-- The tokens of the next page by input member; nil: there is none.
local function next_tokens(paginator, page)
  if paginator.more_results and not is_set(pick(page, paginator.more_results)) then return nil end
  local tokens, any = {}, false
  for i, name in ipairs(paginator.input_tokens) do
    local token = pick(page, paginator.output_tokens[i])
    if is_set(token) then tokens[name], any = token, true end
  end
  return any and tokens or nil
end

local function is_same(a, b)
  if a == b or a == nil or b == nil then return a == b end
  return json.query({ a, b }, "[0] == [1]")
end

local function are_same(paginator, tokens, others)
  for _, name in ipairs(paginator.input_tokens) do
    if not is_same(tokens[name], others[name]) then return false end
  end
  return true
end

-- A function that gives the next page each time, nil after the last.
local function source(subject, paginator, call, request)
  local tokens, ended, repeated
  return function()
    if repeated then failure.raise("protocol", "%s: the same token of a next page came twice", subject) end
    if ended then return nil end
    local page = call(request)
    if planned.is_unknown(page) then
      ended = true
      return page
    end
    local last = tokens
    tokens = next_tokens(paginator, page)
    ended = tokens == nil
    repeated = tokens and last and are_same(paginator, tokens, last)
    for _, name in ipairs(not ended and paginator.input_tokens or {}) do request[name] = tokens[name] end
    return page
  end
end

local function items_of(subject, page, key)
  if planned.is_unknown(page) then return { page[key][1] } end -- one that stands for all
  local items = pick(page, key)
  if items == nil then return {} end
  if getmetatable(items) ~= "array" then
    failure.raise("usage", "%s: '%s' is no list, take whole pages with { whole = true }", subject, key)
  end
  return items
end

-- A function that gives the next item of all pages.
local function unfold(subject, next_page, key)
  local items, at = {}, 0
  return function()
    while at == #items do
      local page = next_page()
      if page == nil then return nil end
      items, at = items_of(subject, page, key), 0
    end
    at = at + 1
    return items[at]
  end
end

local function limited(each, limit)
  if not limit then return each end
  local left = limit
  return function()
    if left <= 0 then return nil end
    left = left - 1
    return each()
  end
end

local HOW = { limit = "number", page_size = "number", whole = "boolean" }

---The items of all pages, one at a time; a page is asked for when its first item is.
---@param subject string what messages begin with
---@param paginator Paginator
---@param call fun(params: table): table answers one page, or raises
---@param params table?
---@param how? { whole?: boolean, limit?: integer, page_size?: integer } whole: pages instead of items
---@return fun(): any
function pages.each(subject, paginator, call, params, how)
  how = options.check(subject, how or {}, HOW)
  local request = {}
  for name, value in pairs(params or {}) do request[name] = value end
  if how.page_size then
    if not paginator.limit_key then error(subject .. ": the size of its pages cannot be chosen", 2) end
    request[paginator.limit_key] = paginator.limit_is_text and tostring(how.page_size) or how.page_size
  end
  local next_page = source(subject, paginator, call, request)
  return limited(how.whole and next_page or unfold(subject, next_page, paginator.result_keys[1]), how.limit)
end

return pages
