--- OAuth and authentication errors: the secrets by their shape and age, never their value; the bucket with the users' tokens; what the
--- task's role may do; what the log says.

local aws = require "aws"
local causes = require "causes"
local failure = require "failure"
local logs = require "logs"
local roles = require "diagnosis.roles"
local secrets = require "secrets"

local MEMBERS = { client_id_secret = "GOOGLE_OAUTH_CLIENT_ID", client_secret_secret = "GOOGLE_OAUTH_CLIENT_SECRET" }

local function check_secret(context, coordinate)
  local name, key = context.p[coordinate], MEMBERS[coordinate]
  local ran, found = pcall(secrets.describe, name)
  if not ran then
    if failure.plain(found).kind ~= "usage" then error(found, 0) end
    context.add { severity = "critical", text = ("the secret %s does not exist"):format(name), solution = "create it, with the credentials of the Google Cloud Console" }
    return
  end
  if found.deleted_at then
    context.add { severity = "critical", text = ("the secret %s is to be deleted"):format(name), solution = "restore it (RestoreSecret)" }
    return
  end
  local members, why = secrets.members(name)
  if not members or members[key] == nil then
    context.add {
      severity = "high", text = ("the secret %s has not the form that the task definition asks for"):format(name), evidence = why or ("it has no member " .. key),
      solution = ("write it as {\"%s\": \"...\"}"):format(key), fix = "gwrun rotate_google_oauth",
    }
    return
  end
  context.fine(("%s has its member %s, last changed %s"):format(name, key, found.changed_at and time.iso(math.floor(found.changed_at)) or "never"))
  return found.changed_at
end

-- A task has the values that it read when it started.
local function check_age(context, changed_at)
  for _, task in ipairs(context.tasks) do
    if changed_at and task.startedAt and task.startedAt < changed_at then
      context.add {
        severity = "medium", text = "the secrets were changed after the tasks had started", evidence = ("changed %s, a task started %s"):format(
          time.iso(math.floor(changed_at)), time.iso(math.floor(task.startedAt))),
        cause = "the tasks have the values from before", solution = "deploy the service anew", fix = "gwrun deploy",
      }
      return
    end
  end
end

local SMALLEST, LARGEST, READ = 2, 65536, 50

-- A token file that is no JSON cannot be used by anybody; what is in it is looked at by no more than that.
local function is_broken(bucket, object)
  if object.Size < SMALLEST then return true end
  if object.Size > LARGEST then return false end
  local answer, err = aws.s3.try_get_object { Bucket = bucket, Key = object.Key }
  return answer ~= nil and not err and json.decode(answer.Body) == nil
end

local function check_bucket(context)
  local bucket, count, broken = context.p.token_bucket, 0, {}
  local _, err = aws.s3.try_head_bucket { Bucket = bucket }
  if err then
    context.add { severity = "high", text = ("the bucket %s cannot be reached"):format(bucket), evidence = failure.text(err), solution = "see its name, its policy, and the account" }
    return
  end
  for object in aws.s3.pages.list_objects_v2({ Bucket = bucket }, { limit = READ }) do
    count = count + 1
    if is_broken(bucket, object) then broken[#broken + 1] = object.Key end
  end
  if #broken > 0 then
    context.add {
      severity = "medium", text = ("%d credential files are damaged"):format(#broken), evidence = table.concat(broken, ", ", 1, math.min(#broken, 5)),
      cause = "they are no JSON", solution = "delete them, and have those users sign in again",
    }
  else
    context.fine(("the bucket answers, %d credential files looked at"):format(count))
  end
end

local function check_role(context)
  local bucket = "arn:aws:s3:::" .. context.p.token_bucket
  roles.check(context, "task role", context.definition.taskRoleArn, {
    { action = "s3:GetObject", resource = bucket .. "/token" }, { action = "s3:PutObject", resource = bucket .. "/token" }, { action = "s3:ListBucket", resource = bucket },
  }, { cause = "the application cannot read or keep its users' tokens", solution = "allow s3:GetObject, s3:PutObject and s3:ListBucket on the bucket in the task role's policy" })
end

local PATTERN = '?invalid_client ?invalid_grant ?"OAuth" ?AccessDenied ?NoCredentialsError'

local function check_log(context)
  local told = {}
  for _, event in ipairs((logs.find({ group = context.p.log_group, pattern = PATTERN, since = context.since }, 200))) do
    local cause = causes.of(event.message)
    if cause and not told[cause.cause] then
      told[cause.cause] = true
      context.add {
        severity = "high", text = cause.cause, evidence = event.message:sub(1, 160), solution = cause.advice,
        fix = event.message:find "invalid_client" and "gwrun rotate_google_oauth" or nil,
      }
    end
  end
end

---@param context DiagnosisContext
return function(context)
  local id_at, secret_at = check_secret(context, "client_id_secret"), check_secret(context, "client_secret_secret")
  check_age(context, math.max(id_at or 0, secret_at or 0))
  check_bucket(context)
  check_role(context)
  check_log(context)
end
