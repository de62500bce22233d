-- Which reading a plan finds for a change, from the API model alone.
local spec = require "spec"

local run = spec.run { runbook = "tests/lua/runbooks/plan_readings.lua", engine = true, plan = true }
spec.expect(run.exit, 0, run.events[#run.events].text)
local found = {}
for _, event in ipairs(run:of "evidence") do found[event.name] = event.value end

-- The call; the reading, what it is asked for, and where in its answer the thing is.
local FOUND = {
  { "ecs update_service", "describe_services", { cluster = "blue", services = { "web" } }, "services" },
  { "ecs create_service", "describe_services", { cluster = "blue", services = { "web" } }, "services" },
  { "ecs delete_service", "describe_services", { cluster = "blue", services = { "web" } }, "services" },
  { "application-autoscaling put_scaling_policy", "describe_scaling_policies",
    { PolicyNames = { "cpu" }, ServiceNamespace = "ecs", ResourceId = "service/blue/web" }, "ScalingPolicies" },
  { "application-autoscaling register_scalable_target", "describe_scalable_targets",
    { ServiceNamespace = "ecs", ResourceIds = { "service/blue/web" } }, "ScalableTargets" },
  { "ecs stop_task", "describe_tasks", { cluster = "blue", tasks = { "t1" } }, "tasks" },
  { "ecs register_task_definition", "describe_task_definition", { taskDefinition = "web" }, "taskDefinition" },
  { "ecs tag_resource", "list_tags_for_resource", { resourceArn = "arn:aws:ecs:x" }, "" },
  { "elbv2 modify_rule", "describe_rules", { RuleArns = { "arn:r" } }, "Rules" },
  { "elbv2 modify_target_group", "describe_target_groups", { TargetGroupArns = { "arn:t" } }, "TargetGroups" },
  { "elbv2 modify_target_group_attributes", "describe_target_group_attributes", { TargetGroupArn = "arn:t" }, "" },
  { "elbv2 add_tags", "describe_tags", { ResourceArns = { "arn:t" } }, "TagDescriptions" },
  { "logs put_retention_policy", "describe_log_groups", { logGroupNamePrefix = "/app" }, "logGroups" },
  { "secretsmanager update_secret", "describe_secret", { SecretId = "db" }, "" },
  { "secretsmanager create_secret", "describe_secret", { SecretId = "db" }, "" },
  { "s3 put_bucket_lifecycle_configuration", "get_bucket_lifecycle_configuration", { Bucket = "b" }, "" },
  { "s3 put_bucket_versioning", "get_bucket_versioning", { Bucket = "b" }, "" },
  { "iam update_access_key", "list_access_keys", { UserName = "ci" }, "AccessKeyMetadata" },
  { "iam put_role_policy", "get_role_policy", { RoleName = "r", PolicyName = "p" }, "" },
  { "cloudwatch put_metric_alarm", "describe_alarms", { AlarmNames = { "cpu" } }, "MetricAlarms" },
  { "autoscaling set_desired_capacity", "describe_auto_scaling_groups", { AutoScalingGroupNames = { "g" } }, "AutoScalingGroups" },
  { "ec2 terminate_instances", "describe_instances", { InstanceIds = { "i-1" } }, "Reservations.Instances" },
  { "rds modify_db_instance", "describe_db_instances", { DBInstanceIdentifier = "db" }, "DBInstances" },
  { "lambda update_function_configuration", "get_function_configuration", { FunctionName = "f" }, "" },
  { "sqs set_queue_attributes", "get_queue_attributes", { QueueUrl = "q", AttributeNames = { "All" } }, "" },
  { "iam delete_access_key", "list_access_keys", { UserName = "ci" }, "AccessKeyMetadata" },
  { "events put_rule", "describe_rule", { Name = "nightly" }, "" },
  { "lambda update_function_url_config", "get_function_url_config", { FunctionName = "f" }, "" },
  { "s3 put_object", "head_object", { Bucket = "b", Key = "k" }, "" },
  { "sqs tag_queue", "list_queue_tags", { QueueUrl = "q" }, "" },
}

for _, row in ipairs(FOUND) do
  spec.test(row[1] .. " is about what " .. row[2] .. " tells", function()
    spec.expect(found[row[1]], { row[2], row[3], row[4] })
  end)
end

for _, name in ipairs {
  "logs put_log_events", "ecs run_task", "dynamodb put_item", "sqs send_message", "elbv2 create_rule",
  "elbv2 remove_listener_certificates", "iam create_saml_provider", "s3 delete_objects", "ssm put_parameter",
} do
  spec.test(name .. " is about nothing that can be described", function() spec.expect(found[name], nil) end)
end
