--- Google has revoked the OAuth client secret: the health checks pass, and no user gets through.

local service = require "service"

return {
  title = "Google secret revoked",
  summary = "Google revokes the OAuth client secret. Tasks are healthy, targets too, and every call of a user fails. The Google Cloud Console has given out another: simulated-new-secret.",
  guide = "Troubleshooting > OAuth/Authentication Errors; Credential Rotation > Rotate Google OAuth Credentials",
  world = { bad = "none", timeline = { { after = 60, revoke = "simulated-client-secret" } } },
  harm = service.fails,
  respond = function(drill)
    drill:run { runbook = "diagnose", params = { area = { "oauth" } } }
    drill:note "the new client secret of the Google Cloud Console is at hand"
    drill:run { runbook = "rotate_google_oauth", answers = service.yes { "simulated-new-secret" }, args = { "--client-secret", "prompt://" } }
  end,
  expect = { service.serves "10m" },
  lost = 1200,
}
