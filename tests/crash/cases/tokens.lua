--- Changes that no check can settle: each call has an idempotency token, and may be sent again.

local ID = "busyb/google-oauth-client-id"

local function put(value)
  aws.secretsmanager.put_secret_value { SecretId = ID, SecretString = value }
end

return {
  title = "Tokens", summary = "Puts new values of a secret.", needs = { aws = { "secretsmanager:PutSecretValue" } }, lock = "secret",
  run = function(rb)
    rb:step("Put one", { change = function() put "one" end })
    rb:step("Put two more", {
      change = function()
        put "two"
        put "three"
      end,
    })
  end,
}
