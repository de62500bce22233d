--- Preflight: before a run changes anything, is everything there that it needs? Whose account it is, credentials that last, a
--- clock that is right, the rights to do what the runbook declares, and the things it works on. All that is missing is told
--- at once, and stops the run before its first step.

local aws = require "aws"
local failure = require "failure"
local host = require "host.run"
local model = require "host.aws"
local needs = require "runbook.needs"
local permissions = require "runbook.permissions"
local is_production = require "runbook.production"

local preflight = {}

local LIST = "Preflight"
local UNKNOWN_RUN_SECONDS = 15 * 60 -- a run is taken to last so long where no earlier one tells
local FATAL_SKEW_SECONDS, NOTABLE_SKEW_SECONDS = 300, 30

---@class Finding
---@field text string
---@field state "ok"|"failed"|"unknown"
---@field note? string
---@field alert? boolean good, and dangerous all the same
---@field kind? "credentials"|"usage" of what is missing
---@field err? table why it could not be found out

---@class Target a thing that a run works on
---@field text string
---@field probe fun(): boolean?, string? true, false or nil for "cannot tell", and a note
---@field arns? fun(place: { account: string, region: string }): string[] what policies may name in its place

-- The engine's own calls, for which a runbook needs to declare nothing.
local function on_own_account(f, ...)
  host.enter_own()
  local results = table.pack(pcall(f, ...))
  host.leave_own()
  if not results[1] then error(results[2], 0) end
  return table.unpack(results, 2, results.n)
end

-- ---- who and where --------------------------------------------------------------------------------

local function account_finding(declaration, identity)
  local production = is_production(declaration.production, identity.Account)
  local source = (model.caller() or {}).source
  return {
    text = ("account %s%s%s"):format(identity.Account, production and ", PRODUCTION" or "", host.simulated and " (simulated)" or ""),
    state = "ok", alert = production,
    note = identity.Arn .. (source and (", credentials from " .. source) or ""),
  }
end

-- ---- credentials and clock ------------------------------------------------------------------------

local function credentials_finding(caller)
  local finding = { text = "the credentials last for the run", state = "ok", kind = "credentials" }
  if not caller.expires_at then
    finding.note = "no expiry is known of them"
    return finding
  end
  local left = caller.expires_at - math.floor(time.now()) - (caller.clock_ahead or 0)
  local usual = host.usual_seconds()
  local needed = usual or UNKNOWN_RUN_SECONDS
  finding.note = ("until %s, %s from now"):format(time.iso(caller.expires_at), time.format_duration(math.max(left, 0)))
  if caller.renews then
    finding.note = finding.note .. ", and are renewed by themselves"
  elseif left < needed then
    finding.state = "failed"
    finding.note = ("%s; the run %s %s: renew them first"):format(finding.note,
      usual and "usually takes" or "is given", time.format_duration(needed))
  end
  return finding
end

local function clock_finding(caller)
  local finding = { text = "the clock is right", state = "ok", kind = "usage" }
  local ahead = caller.clock_ahead
  if not ahead then
    finding.state, finding.note = "unknown", "AWS's answer had no date"
    return finding
  end
  local off = math.abs(ahead)
  if off <= 1 then return finding end
  finding.note = ("this machine's is %s %s AWS's"):format(time.format_duration(off), ahead > 0 and "behind" or "ahead of")
  if off > FATAL_SKEW_SECONDS then
    finding.state = "failed"
  elseif off > NOTABLE_SKEW_SECONDS then
    finding.state = "unknown"
  end
  return finding
end

-- ---- rights ---------------------------------------------------------------------------------------

local function resources_of(targets, p, place)
  local arns = {}
  for _, target in ipairs(targets) do
    for _, arn in ipairs(target.arns and target.arns(place) or {}) do arns[#arns + 1] = arn end
  end
  for _, value in pairs(p) do
    if type(value) == "string" and value:match "^arn:" then arns[#arns + 1] = value end
  end
  return arns
end

-- One line for all that is allowed, one for each action that is not.
local function rights_findings(declared, grants, why)
  if not grants then
    return { { text = "the declared actions are allowed", state = "unknown", note = why } }
  end
  local findings, allowed = {}, 0
  for _, grant in ipairs(grants) do
    if grant.state == "ok" then
      allowed = allowed + 1
    else
      findings[#findings + 1] = { text = grant.action .. " is allowed", state = grant.state, note = grant.note, kind = "credentials" }
    end
  end
  if allowed > 0 then
    table.insert(findings, 1, { text = ("%d of %d declared actions are allowed"):format(allowed, #declared), state = "ok" })
  end
  return findings
end

-- ---- all of it ------------------------------------------------------------------------------------

local function caller_findings(declaration, targets, p)
  local identity, err = aws.sts.try_get_caller_identity {}
  if not identity then
    return { { text = "AWS knows the caller", state = "failed", note = tostring(err), kind = "credentials", err = err } }
  end
  local caller = model.caller() or {}
  local findings = { account_finding(declaration, identity), credentials_finding(caller), clock_finding(caller) }
  local declared = needs.actions(declaration, p)
  local grants, why = permissions.ask(identity.Arn, declared,
    resources_of(targets, p, { account = identity.Account, region = host.region }))
  for _, finding in ipairs(rights_findings(declared, grants, why)) do findings[#findings + 1] = finding end
  return findings
end

local function target_finding(target)
  local ran, there, note = pcall(target.probe)
  if not ran then
    local kind = failure.exit_code(there) == failure.exit.credentials and "credentials" or "usage"
    return { text = target.text, state = "failed", note = failure.text(there), kind = kind }
  end
  return { text = target.text, state = there and "ok" or there == nil and "unknown" or "failed", note = note, kind = "usage" }
end

local function find_all(declaration, p)
  local targets = declaration.targets and declaration.targets(p) or {}
  local found = parallel {
    caller = function() return on_own_account(caller_findings, declaration, targets, p) end,
    targets = function() return parallel.map(targets, target_finding) end,
  }
  -- The targets of somebody unknown would only say so again.
  if found.caller[1].err then return found.caller end
  return table.move(found.targets, 1, #found.targets, #found.caller + 1, found.caller)
end

local function tell(findings)
  local missing = {}
  for i, finding in ipairs(findings) do
    host.emit {
      event = "check", list = LIST, item = i, text = finding.text, state = finding.state, note = finding.note, alert = finding.alert,
    }
    if finding.state == "failed" then missing[#missing + 1] = finding end
  end
  return missing
end

local function stop(missing)
  local texts, kind = {}, "usage"
  for i, finding in ipairs(missing) do
    if finding.err and finding.err.kind ~= "service" then error(finding.err, 0) end
    texts[i] = finding.text .. (finding.note and (": " .. finding.note) or "")
    if finding.kind == "credentials" then kind = "credentials" end
  end
  failure.raise(kind, "preflight: not so: %s", table.concat(texts, "; "))
end

---Looks whether everything is there that a run needs, and ends the run where something is missing: with exit code 6 for
---credentials and rights, else 2. A plan only tells. Runs that change nothing, or do not want it (`preflight = false`), are
---left alone.
---@param rb Run
---@param declaration Declaration
---@param p table its parameters
function preflight.run(rb, declaration, p)
  local declared = needs.actions(declaration, p)
  if declaration.preflight == false or host.preflight == "none" or not permissions.change(declared) then return end
  if host.preflight ~= "wanted" then
    host.emit { event = "warning", text = "no preflight: whether everything needed is there shows on the way" }
    return
  end
  local missing = tell(find_all(declaration, p))
  if #missing == 0 then return end
  if not rb.planning then stop(missing) end
  host.emit { event = "warning", text = ("a run would stop here: preflight finds %d missing"):format(#missing) }
end

return preflight
