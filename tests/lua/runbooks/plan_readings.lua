-- The runbook of tests/lua/plan_readings.lua: tells which reading a plan would ask for each of these calls.
local reading = require "plan.reading"

local CALLS = {
  ["ecs update_service"] = { cluster = "blue", service = "web", desiredCount = 2, taskDefinition = "web:5" },
  ["ecs create_service"] = { cluster = "blue", serviceName = "web", taskDefinition = "web:5" },
  ["ecs delete_service"] = { cluster = "blue", service = "web" },
  ["application-autoscaling put_scaling_policy"] = {
    PolicyName = "cpu", ServiceNamespace = "ecs", ResourceId = "service/blue/web", ScalableDimension = "ecs:service:DesiredCount",
  },
  ["application-autoscaling register_scalable_target"] = {
    ServiceNamespace = "ecs", ResourceId = "service/blue/web", ScalableDimension = "ecs:service:DesiredCount", MaxCapacity = 4,
  },
  ["ecs stop_task"] = { cluster = "blue", task = "t1", reason = "old" },
  ["ecs register_task_definition"] = { family = "web", containerDefinitions = {} },
  ["ecs tag_resource"] = { resourceArn = "arn:aws:ecs:x", tags = { { key = "a", value = "b" } } },
  ["elbv2 modify_rule"] = { RuleArn = "arn:r", Actions = {} },
  ["elbv2 modify_target_group"] = { TargetGroupArn = "arn:t", HealthCheckPath = "/health" },
  ["elbv2 modify_target_group_attributes"] = { TargetGroupArn = "arn:t", Attributes = {} },
  ["elbv2 add_tags"] = { ResourceArns = { "arn:t" }, Tags = {} },
  ["logs put_retention_policy"] = { logGroupName = "/app", retentionInDays = 30 },
  ["secretsmanager update_secret"] = { SecretId = "db", Description = "new" },
  ["secretsmanager create_secret"] = { Name = "db" },
  ["s3 put_bucket_lifecycle_configuration"] = { Bucket = "b", LifecycleConfiguration = { Rules = {} } },
  ["s3 put_bucket_versioning"] = { Bucket = "b", VersioningConfiguration = { Status = "Enabled" } },
  ["iam update_access_key"] = { UserName = "ci", AccessKeyId = "AKIAIOSFODNN7EXAMPLE", Status = "Inactive" },
  ["iam put_role_policy"] = { RoleName = "r", PolicyName = "p", PolicyDocument = "{}" },
  ["cloudwatch put_metric_alarm"] = { AlarmName = "cpu", Threshold = 80, MetricName = "CPUUtilization", Namespace = "AWS/ECS" },
  ["autoscaling set_desired_capacity"] = { AutoScalingGroupName = "g", DesiredCapacity = 3 },
  ["ec2 terminate_instances"] = { InstanceIds = { "i-1" } },
  ["rds modify_db_instance"] = { DBInstanceIdentifier = "db", AllocatedStorage = 50 },
  ["lambda update_function_configuration"] = { FunctionName = "f", MemorySize = 256 },
  ["sqs set_queue_attributes"] = { QueueUrl = "q", Attributes = {} },
  ["logs put_log_events"] = { logGroupName = "/app", logStreamName = "s", logEvents = {} },
  ["ecs run_task"] = { cluster = "blue", taskDefinition = "web:5" },
  ["dynamodb put_item"] = { TableName = "t", Item = { id = { S = "1" } } },
  ["sqs send_message"] = { QueueUrl = "q", MessageBody = "hello" },
  ["iam delete_access_key"] = { UserName = "ci", AccessKeyId = "AKIAIOSFODNN7EXAMPLE" },
  ["events put_rule"] = { Name = "nightly", ScheduleExpression = "rate(1 day)" },
  ["lambda update_function_url_config"] = { FunctionName = "f", AuthType = "NONE" },
  ["s3 put_object"] = { Bucket = "b", Key = "k", IfMatch = "e", ContentType = "text/plain" },
  ["sqs tag_queue"] = { QueueUrl = "q", Tags = { a = "b" } },
  ["elbv2 create_rule"] = { ListenerArn = "arn:l", Priority = 1, Conditions = {}, Actions = {} },
  ["elbv2 remove_listener_certificates"] = { ListenerArn = "arn:l", Certificates = { { CertificateArn = "arn:c" } } },
  ["iam create_saml_provider"] = { Name = "idp", SAMLMetadataDocument = "<x/>" },
  ["s3 delete_objects"] = { Bucket = "b", Delete = { Objects = { { Key = "k" } } } },
  ["ssm put_parameter"] = { Name = "/db/host", Value = "x", Type = "String" },
}

return {
  title = "Readings", summary = "Finds the reading of each call.", region = "us-east-1",
  run = function(rb)
    for name, params in pairs(CALLS) do
      local service, operation = name:match "(%S+) (%S+)"
      for _, candidate in ipairs(reading.candidates(service, operation)) do
        local asked = reading.derive(candidate, params)
        if asked then
          rb:evidence(name, { candidate.operation.snake_name, asked, table.concat(candidate.path, ".") })
          break
        end
      end
    end
  end,
}
