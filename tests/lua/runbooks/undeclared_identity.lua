-- Makes a call that the engine may make for itself, and that this runbook does not declare.
return {
  title = "Undeclared", summary = "Asks who calls.", needs = { aws = { "ecs:UpdateService" } },
  run = function(rb) aws.sts.get_caller_identity {} end,
}
