--- Answers that come page by page, put together as the AWS CLI does: all of them, or as many items as --max-items says,
--- with a token to go on from. The token is boto's own: base64 of JSON, with the number of items to skip.

local documents = require "call.documents"
local failure = require "failure"
local host = require "host.call"

local pages = {}

local is_list = documents.is_list

local SKIP = "boto_truncate_amount"

-- ---- parts of a page, by dotted name or any JMESPath

local function search(page, expression)
  if not expression:find "^[%w_%.]+$" then return json.query(page, expression, true) end
  local value = page
  for name in expression:gmatch "[^%.]+" do
    if type(value) ~= "table" or is_list(value) then return nil end
    value = value[name]
    if value == nil or value == json.null then return nil end
  end
  return value
end

local function put(page, expression, value)
  local target, last = page, nil
  for name in expression:gmatch "[^%.]+" do
    if last then
      if target[last] == nil then target[last] = json.ordered() end
      target = target[last]
    end
    last = name
  end
  target[last] = value
end

local function is_set(value)
  if value == nil or value == json.null or value == false or value == "" or value == 0 then return false end
  return type(value) ~= "table" or next(value) ~= nil
end

local function part(list, from, to)
  if type(list) == "string" then return list:sub(from, to) end
  return json.array(table.move(list, from, to, 1, {}))
end

-- ---- tokens

-- JSON as Python writes it, so that a token is the AWS CLI's to the byte.
local function python(value)
  if type(value) ~= "table" then return value == nil and "null" or json.encode(value) end
  local texts = {}
  if is_list(value) then
    for i, item in ipairs(value) do texts[i] = python(item) end
    return "[" .. table.concat(texts, ", ") .. "]"
  end
  for name, item in pairs(value) do texts[#texts + 1] = json.encode(name) .. ": " .. python(item) end
  return "{" .. table.concat(texts, ", ") .. "}"
end

local function encode_token(paginator, tokens, skip)
  local texts = {}
  for _, name in ipairs(paginator.input_tokens) do
    texts[#texts + 1] = json.encode(name) .. ": " .. python(tokens[name])
  end
  if skip then texts[#texts + 1] = json.encode(SKIP) .. ": " .. skip end
  return host.base64("{" .. table.concat(texts, ", ") .. "}")
end

-- The tokens and the number of items to skip. A text that is no such token is the service's own.
local function decode_token(paginator, text)
  local bytes = host.unbase64(text)
  local tokens = bytes and utf8.len(bytes) and json.decode(bytes)
  if type(tokens) ~= "table" or is_list(tokens) then return { [paginator.input_tokens[1]] = text }, 0 end
  local skip = tokens[SKIP] or 0
  tokens[SKIP], tokens.boto_encoded_keys = nil, nil
  for name, token in pairs(tokens) do
    if token == json.null then tokens[name] = nil end
  end
  return tokens, skip
end

local function next_tokens(paginator, page)
  if paginator.more_results and not is_set(search(page, paginator.more_results)) then return nil end
  local tokens, any = {}, false
  for i, name in ipairs(paginator.input_tokens) do
    local token = search(page, paginator.output_tokens[i])
    if is_set(token) then tokens[name], any = token, true end
  end
  return any and tokens or nil
end

-- ---- going through them

-- What a page that was begun before leaves: the items that were not shown yet, and nothing of the other lists.
local function skip_shown(paginator, page, skip)
  for i, key in ipairs(paginator.result_keys) do
    local value = search(page, key)
    if i == 1 then
      put(page, key, (is_list(value) or type(value) == "string") and part(value, skip + 1, #value) or json.null)
    elseif type(value) ~= "number" then
      put(page, key, is_list(value) and json.array {} or type(value) == "string" and "" or json.null)
    end
  end
end

local function count_items(paginator, page)
  local items = search(page, paginator.result_keys[1])
  return (is_list(items) or type(items) == "string") and #items or 0
end

---@class Book what the pages gave beside themselves
---@field rest table members of the first page that belong to the whole
---@field token string? where to go on from, when it was cut

local function record_rest(paginator, page)
  local rest = json.ordered()
  for _, key in ipairs(paginator.non_aggregate_keys) do
    local value = search(page, key)
    put(rest, key, value == nil and json.null or value)
  end
  return rest
end

local function same(a, b, paginator)
  for _, name in ipairs(paginator.input_tokens) do
    if python(a[name]) ~= python(b[name]) then return false end
  end
  return true
end

---A function that gives the next page each time, and the book that it keeps.
---@param paginator Paginator
---@param call fun(tokens: table<string, any>): table answers one page
---@param how { max_items?: integer, starting_token?: string }
---@return fun(): table?
---@return Book
function pages.each(paginator, call, how)
  local book = { rest = json.ordered() }
  local tokens, skip, total, first, ended = {}, 0, 0, true, false
  if how.starting_token then tokens, skip = decode_token(paginator, how.starting_token) end
  local last
  return function()
    if ended then return nil end
    local page = call(tokens)
    if first then
      if how.starting_token then skip_shown(paginator, page, skip) end
      book.rest = record_rest(paginator, page)
    else
      skip = 0
    end
    first = false
    local count = count_items(paginator, page)
    local over = how.max_items and total + count - how.max_items or 0
    if over > 0 then
      local key = paginator.result_keys[1]
      put(page, key, part(search(page, key), 1, count - over))
      book.token, ended = encode_token(paginator, tokens, count - over + skip), true
      return page
    end
    total = total + count
    local following = next_tokens(paginator, page)
    if not following then
      ended = true
    elseif how.max_items and total == how.max_items then
      book.token, ended = encode_token(paginator, following), true
    elseif last and same(last, following, paginator) then
      failure.raise("protocol", "the same token of a next page came twice")
    end
    last, tokens = following, following or tokens
    return page
  end, book
end

local function merge(whole, key, value)
  local known = search(whole, key)
  if known == nil then
    put(whole, key, value)
  elseif is_list(value) then
    table.move(value, 1, #value, #known + 1, known)
  elseif type(value) == "number" then
    put(whole, key, known + value)
  elseif type(value) == "string" then
    put(whole, key, known .. value)
  end
end

local function merge_rest(whole, rest)
  for name, value in pairs(rest) do
    local known = whole[name]
    if type(value) == "table" and not is_list(value) and type(known) == "table" then
      merge_rest(known, value)
    else
      whole[name] = value
    end
  end
end

---All pages as one answer.
---@param paginator Paginator
---@param each fun(): table?
---@param book Book
---@return table
function pages.whole(paginator, each, book)
  local whole = json.ordered()
  for page in each do
    for _, key in ipairs(paginator.result_keys) do
      local value = search(page, key)
      if value ~= nil then merge(whole, key, value) end
    end
  end
  merge_rest(whole, book.rest)
  whole.NextToken = book.token
  return whole
end

---One page as the text format shows it: its results, and in the first what belongs to the whole.
---@param paginator Paginator
---@param page table
---@param rest table?
---@return table
function pages.results(paginator, page, rest)
  local shown = rest or json.ordered()
  for _, key in ipairs(paginator.result_keys) do
    local value = search(page, key)
    put(shown, key, value == nil and json.null or value)
  end
  return shown
end

return pages
