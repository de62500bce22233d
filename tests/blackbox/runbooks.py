"""The small runbooks that many tests share."""

# One reading call of a JSON service.
READ = """
local aws = require "aws"
return {
  title = "Look", summary = "Reads one service.", region = "us-east-1",
  needs = { aws = { "ecs:DescribeServices" } },
  run = function(rb)
    local answer = aws.ecs.describe_services { services = { "web" } }
    rb:note("%d services", #(answer.services or {}))
  end,
}
"""

# One reading call of a query service: XML.
READ_XML = """
local aws = require "aws"
return {
  title = "Look", summary = "Reads the identity.", region = "us-east-1",
  needs = { aws = { "sts:GetCallerIdentity" } },
  run = function(rb) rb:note("account %s", aws.sts.get_caller_identity {}.Account) end,
}
"""

# One changing call inside a step.
CHANGE = """
local aws = require "aws"
return {
  title = "Scale", summary = "Sets the desired count.", region = "us-east-1", preflight = false,
  needs = { aws = { "ecs:UpdateService" } },
  run = function(rb)
    rb:step("Scale to 2", {
      confirm = "desiredCount: 1 -> 2",
      change = function() aws.ecs.update_service { service = "web", desiredCount = 2 } end,
    })
    rb:note("scaled")
  end,
}
"""

# One secret, and a script that tries hard to print it.
SECRET = """
local aws = require "aws"
return {
  title = "Secret", summary = "Reads a secret.", region = "us-east-1",
  needs = { aws = { "secretsmanager:GetSecretValue" } },
  run = function(rb)
    local answer = aws.secretsmanager.get_secret_value { SecretId = "db" }
    local secret = answer.SecretString
    rb:note("%s", secret)
    rb:warn("%s", tostring(secret) .. secret)
    rb:evidence("secret", secret)
    rb:evidence("answer", answer)
    print(secret, answer)
    rb:checklist("List", { { text = "secret", probe = function() return true, secret end } })
    error("the secret is " .. tostring(secret))
  end,
}
"""

# One plain HTTP request.
HTTP = """
local http = require "http"
return {
  title = "Probe", summary = "Asks a URL.", needs = { http = { "{url}" } },
  params = { url = { type = "url", required = true }, timeout = { type = "integer", default = 30 } },
  run = function(rb, p)
    local answer = http.request { url = p.url, timeout = p.timeout }
    rb:note("%d %s, %d bytes, x: %s", answer.status, answer.reason, #answer.body, answer.headers.x)
    rb:note("%s", answer.body:sub(1, 100))
  end,
}
"""
