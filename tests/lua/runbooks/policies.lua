-- Asks the simulated IAM what a principal may do; JSON in, evidence out.
return {
  title = "Policies", summary = "One SimulatePrincipalPolicy.", needs = { aws = { "iam:SimulatePrincipalPolicy" } },
  params = { request = { type = "string", required = true, help = "the parameters as JSON" } },
  run = function(rb, p)
    local answer, err = aws.iam.try_simulate_principal_policy(json.decode(p.request))
    if err then return rb:evidence("refused", { code = err.code, status = err.http_status }) end
    local decisions = {}
    for i, result in ipairs(answer.EvaluationResults) do
      decisions[i] = ("%s %s %s"):format(result.EvalActionName, result.EvalResourceName, result.EvalDecision)
    end
    rb:evidence("decisions", decisions)
    rb:evidence("missing", answer.EvaluationResults[1].MissingContextValues or {})
  end,
}
