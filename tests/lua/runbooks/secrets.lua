-- The runbook of tests/lua/secrets.lua: hands over text that only AWS's models know to be secret.
return {
  title = "Secrets", summary = "Sets a password.", region = "us-east-1",
  needs = { aws = { "secretsmanager:*", "iam:*", "ecs:*" } },
  run = function(rb)
    rb:step("Set", {
      change = function()
        local made = aws.secretsmanager.create_secret { Name = "a", SecretString = "hunter2-hunter2" }
        aws.iam.create_login_profile { UserName = made.Name, Password = "short" }
        aws.ecs.register_task_definition {
          family = "web", containerDefinitions = { { name = "web", environment = { { name = "TOKEN", value = "hunter3-hunter3" } } } },
        }
      end,
    })
  end,
}
