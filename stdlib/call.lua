--- The runbook behind `gwrun call`: one call of AWS with the AWS CLI's command line, or one wait.

local command = require "call.command"
local failure = require "failure"
local host = require "host.call"
local model = require "host.aws"
local output = require "call.output"
local run = require "host.run"

local CHANGES = { change = "changes", destroy = "destroys" }

-- ---- parameters

local function ask_prompts(call)
  for _, argument in ipairs(call.prompts) do
    local secret, err = run.ask { text = "--" .. argument.name, secret = true }
    if err then error(err, 0) end
    call.params[argument.member.name] = secret
  end
end

local function is_on_command_line(words)
  return words[1] and not words[1]:find "^fileb?://"
end

local function warn_of_visible_secrets(call)
  for name, found in pairs(call.given) do
    local member = found.argument.member
    if (member.sensitive or member.shape.sensitive) and is_on_command_line(found.words) then
      host.say(("--%s: others on this machine can read it; prompt:// asks for it, file:// reads it"):format(name))
    end
  end
end

-- The parameters as they may be shown; a stream shows as its file.
local function check(call)
  local values = require "call.values"
  local operation, params = call.operation, {}
  for name, value in pairs(call.params) do params[name] = values.stream_path(value) and "" or value end
  local shown, err = model.check(operation.service, operation.snake_name, params)
  if not shown then failure.raise("usage", "%s", err.message) end
  if call.stream then shown[call.stream] = "(file '" .. values.stream_path(call.params[call.stream]) .. "')" end
  return shown
end

-- A regular file is read by the call itself, in pieces; a pipe has to be read first.
local function open_stream(call)
  if not call.stream then return end
  local path = require "call.values".stream_path(call.params[call.stream])
  local handle, err = require "host.file".open(path)
  local bytes = not handle and path:find "^/dev/" and host.read_file(path)
  if not handle and not bytes then failure.raise("usage", "%s: %s", call.title, err.message) end
  call.params[call.stream] = handle or bytes
end

-- The parameters as the client takes them, and as they may be shown.
local function settle(call)
  ask_prompts(call)
  warn_of_visible_secrets(call)
  local operation = call.operation
  if call.arguments.shape then
    local values = require "call.values"
    local as_text = host.setting "cli_binary_format" == "raw-in-base64-out"
    local params, problem = values.try(values.settle, call.arguments.shape, call.params, as_text)
    if not params then failure.raise("usage", "%s: %s", call.title, problem) end
    call.params = params
  end
  return check(call)
end

-- ---- calling

-- What cannot be sent as it stands is wrong use.
local function fail(err)
  if err.kind == "input" then failure.raise("usage", "%s", err.message) end
  error(err, 0)
end

local function send(call, params)
  local how = { document = true, reveal = call.reveal, save_to = call.outfile, replace = true }
  local answer, err = model.call(call.operation.service, call.operation.snake_name, params, call.settings, how)
  if err then fail(err) end
  local null = (require "call.customised".nulls[call.operation.service] or {})[call.operation.snake_name]
  if null and answer[null] == nil then answer[null] = json.null end
  return answer
end

local function page_source(call)
  local pages = require "call.pages"
  local values = require "call.values"
  local count = 0
  local function one_page(tokens)
    count = count + 1
    if count > 1 then host.progress(("%s: page %d"):format(call.title, count)) end
    local params = {}
    for name, value in pairs(call.params) do params[name] = value end
    for name, token in pairs(values.settle(call.arguments.shape, tokens, false)) do params[name] = token end
    return send(call, params)
  end
  return pages.each(call.paging.paginator, one_page, call.paging)
end

local function show(call, answer)
  local ok, result = pcall(output.show, call.format, call.operation.name, answer, call.query)
  if ok then return result end
  failure.raise("usage", "--query: %s", (tostring(result):gsub("^.-json%.query: ", "")))
end

-- The text format shows page after page, and --query looks into each of them: so does the AWS CLI.
local function show_pages_as_text(call, each, book)
  local pages = require "call.pages"
  local hidden, first = false, true
  for page in each do
    host.progress ""
    local shown = pages.results(call.paging.paginator, page, first and book.rest or nil)
    hidden, first = show(call, shown) or hidden, false
  end
  if book.token then show(call, { NextToken = { NextToken = book.token } }) end
  return hidden
end

local function show_pages(call)
  local each, book = page_source(call)
  if call.format == "text" then return show_pages_as_text(call, each, book) end
  local whole = require "call.pages".whole(call.paging.paginator, each, book)
  host.progress ""
  return show(call, whole)
end

-- Event after event, each on a line of its own where the format is JSON.
local function show_events(call)
  local operation = call.operation
  local answer, err = model.call(operation.service, operation.snake_name, call.params, call.settings)
  if err then fail(err) end
  for event in answer[call.events_member] do
    if call.format == "json" then
      if call.query then event = json.query(event, call.query, true) end
      host.write(json.encode(event == nil and json.null or event, { keep_doubles = true }) .. "\n")
    else
      show(call, event)
    end
  end
end

local function show_answer(call)
  local answer = send(call, call.params)
  if call.outfile then answer[call.outfile_member] = nil end
  return show(call, answer)
end

local function perform(call)
  local hidden
  open_stream(call)
  if call.events_member then return show_events(call) end
  if call.paging then hidden = show_pages(call) else hidden = show_answer(call) end
  if hidden then host.say "a secret is hidden; --reveal-secrets shows it" end
end

-- ---- changing

-- Does the answer hold what AWS's models call sensitive?
local function answers_secret(shape, path)
  if not shape or path[shape.name] then return false end
  if shape.sensitive then return true end
  path[shape.name] = true
  for _, member in ipairs(shape.members) do
    if member.sensitive or answers_secret(member.shape, path) then return true end
  end
  return answers_secret(shape.element, path) or answers_secret(shape.value, path)
end

local function account()
  local answer = model.call("sts", "get_caller_identity", {})
  return answer and answer.Account or "(not known)"
end

local function question(call, shown)
  if not host.asks then return call.title end
  local operation = call.operation
  local lines = {
    ("%s %s in account %s, region %s:"):format(call.title, CHANGES[operation.effect], account(), run.region),
    json.encode(shown),
  }
  if not call.reveal and answers_secret(model.shape(operation.service, operation.snake_name, "output"), {}) then
    lines[#lines + 1] = "(its answer may hold a secret that AWS shows only once, and --reveal-secrets is not given)"
  end
  return table.concat(lines, "\n")
end

local function change(rb, call, shown)
  rb:step(call.title, {
    confirm = function() return question(call, shown) end,
    word = call.operation.effect == "destroy" and call.operation.snake_name:gsub("_", "-") or nil,
    change = function() perform(call) end,
  })
end

-- ---- what a command line may ask for

local function plan(call, shown)
  local operation = call.operation
  local planned = json.ordered()
  planned.Action = operation.action
  planned.Effect = operation.effect
  planned.Region = run.region
  planned.Input = shown
  host.write(json.encode(planned, { indent = 4, keep_doubles = true }) .. "\n")
end

local function wait(call)
  local operation, definition = call.operation, call.waiter
  local function ask(params) return model.call(operation.service, operation.snake_name, params, call.settings) end
  local function progress(attempt, most)
    host.progress(("%s: not yet, asked %d of %d times"):format(call.title, attempt, most))
  end
  require "aws.waiter".wait(call.title, definition, ask, call.params, { progress = progress })
end

-- The format of the environment or the profile, which are known now.
local function settle_format(call)
  if call.format then return end
  local env = host.env "AWS_DEFAULT_OUTPUT"
  local format, wrong = output.check((env ~= "" and env) or host.setting "output" or "json")
  if not format then failure.raise("usage", "%s", wrong) end
  call.format = format
end

local function act(rb, call)
  local shown = settle(call)
  if rb.planning then return plan(call, shown) end
  if call.waiter then return wait(call) end
  if CHANGES[call.operation.effect] then return change(rb, call, shown) end
  perform(call)
end

local function show_skeleton(call)
  local skeleton = require "call.skeleton"
  local shape = model.shape(call.operation.service, call.operation.snake_name, call.skeleton)
  if call.skeleton == "output" then return show(call, skeleton.output(shape)) end
  host.write(json.encode(skeleton.input(shape), { indent = 4, keep_doubles = true }) .. "\n")
end

local function explain(call)
  local help = require "call.help"
  if call.help == "operation" then return help.operation(call) end
  help[call.help](call.service)
end

local call, problem = command.read(host.args)
if not call then failure.raise("usage", "%s", problem) end

local function main(rb)
  if call.help then return explain(call) end
  settle_format(call)
  if call.skeleton then return show_skeleton(call) end
  act(rb, call)
end

local function needs()
  if call.help or call.skeleton then return {} end
  local stream = call.stream and require "call.values".stream_path(call.params[call.stream])
  return { aws = { call.operation.action, "sts:GetCallerIdentity" }, read = { stream }, write = { call.outfile } }
end

return { title = call.title or "gwrun call", summary = "One call of AWS.", needs = needs(), preflight = false, run = main }
