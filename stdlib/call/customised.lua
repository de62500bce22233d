--- What the AWS CLI changes by hand, as data. Source: awscli/customizations, each file named below; facts only.

local customised = {}

---Commands of other names than botocore's services (codedeploy, configservice, s3, sagemaker, iot).
customised.services = {
  s3api = "s3", deploy = "codedeploy", configservice = "config",
}

---Operations whose older names still work (cloudwatch.py).
customised.operations = {
  cloudwatch = {
    ["get-o-tel-enrichment"] = "get_otel_enrichment", ["start-o-tel-enrichment"] = "start_otel_enrichment",
    ["stop-o-tel-enrichment"] = "stop_otel_enrichment",
  },
}

---Options of other names (argrename.py): service -> operation or "*" -> option -> its name on the command line.
customised.renames = {
  codedeploy = { ["*"] = { ["s-3-location"] = "s3-location", ["ec-2-tag-filters"] = "ec2-tag-filters" } },
  ec2 = {
    create_image = { ["no-no-reboot"] = "reboot" },
    run_instances = { ["no-disable-api-termination"] = "enable-api-termination" },
    ["*"] = { ["no-egress"] = "ingress" },
  },
  ecs = {
    ["*"] = { ["no-enable-execute-command"] = "disable-execute-command" },
    execute_command = { ["no-interactive"] = "non-interactive" },
  },
  eks = {
    create_cluster = { version = "kubernetes-version" }, update_cluster_version = { version = "kubernetes-version" },
    create_nodegroup = { version = "kubernetes-version" },
    update_nodegroup_version = { version = "kubernetes-version" },
  },
  route53 = {
    delete_traffic_policy = { version = "traffic-policy-version" },
    get_traffic_policy = { version = "traffic-policy-version" },
    update_traffic_policy_comment = { version = "traffic-policy-version" },
  },
  sns = { subscribe = { endpoint = "notification-endpoint" } },
  stepfunctions = { send_task_success = { output = "task-output" } },
  swf = {
    register_activity_type = { version = "activity-version" },
    register_workflow_type = { version = "workflow-version" },
  },
}

---Older names that still work (argrename.py).
customised.aliases = {
  codedeploy = {
    create_deployment_group = { ["ec-2-tag-set"] = "ec2-tag-set" },
    update_deployment_group = { ["ec-2-tag-set"] = "ec2-tag-set" },
    list_application_revisions = { ["s-3-bucket"] = "s3-bucket", ["s-3-key-prefix"] = "s3-key-prefix" },
  },
  iam = {
    enable_mfa_device = {
      ["authentication-code-1"] = "authentication-code1", ["authentication-code-2"] = "authentication-code2",
    },
    resync_mfa_device = {
      ["authentication-code-1"] = "authentication-code1", ["authentication-code-2"] = "authentication-code2",
    },
  },
  lambda = { publish_version = { ["code-sha-256"] = "code-sha256" } },
}

---Structures whose only member is the boolean Value are options without a word (toplevelbool.py).
customised.unwrapped_booleans = { ec2 = true }

---Options for parts of another parameter (awslambda.py, codedeploy/locationargs.py): option -> where its value goes.
customised.hoisted = {
  lambda = {
    create_function = { ["zip-file"] = { "Code", "ZipFile" } },
    publish_layer_version = { ["zip-file"] = { "Content", "ZipFile" } },
  },
  codedeploy = {
    create_deployment = {
      ["s3-location"] = { "revision", "s3Location" }, ["github-location"] = { "revision", "gitHubLocation" },
    },
    get_application_revision = {
      ["s3-location"] = { "revision", "s3Location" }, ["github-location"] = { "revision", "gitHubLocation" },
    },
    register_application_revision = {
      ["s3-location"] = { "revision", "s3Location" }, ["github-location"] = { "revision", "gitHubLocation" },
    },
  },
}

---Values that go along with a hoisted one (codedeploy/locationargs.py).
customised.hoisted_with = {
  codedeploy = {
    ["s3-location"] = { revisionType = "S3" }, ["github-location"] = { revisionType = "GitHub" },
  },
}

---Commands that are programs of the AWS CLI's own, and what comes nearest.
customised.commands = {
  s3 = {
    ls = "nearest: s3api list-buckets, s3api list-objects-v2",
    cp = "nearest: s3api get-object, s3api put-object, s3api copy-object",
    mv = "nearest: s3api copy-object, then s3api delete-object",
    rm = "nearest: s3api delete-object, s3api delete-objects",
    mb = "nearest: s3api create-bucket", rb = "nearest: s3api delete-bucket",
    sync = "nearest: a runbook over s3api", presign = "there is no nearest one",
    website = "nearest: s3api put-bucket-website",
  },
  logs = { tail = "nearest: logs filter-log-events --start-time ..., logs start-live-tail" },
  ecr = {
    ["get-login"] = "nearest: ecr get-authorization-token",
    ["get-login-password"] = "nearest: ecr get-authorization-token",
  },
  ecs = { deploy = "nearest: ecs register-task-definition and deploy create-deployment, or a runbook" },
  cloudformation = {
    deploy = "nearest: cloudformation create-change-set, then cloudformation execute-change-set",
    package = "there is no nearest one",
  },
  cloudtrail = {
    ["create-subscription"] = "nearest: cloudtrail create-trail",
    ["update-subscription"] = "nearest: cloudtrail update-trail", ["validate-logs"] = "there is no nearest one",
  },
  codedeploy = {
    push = "nearest: s3api put-object, then deploy register-application-revision",
    register = "nearest: deploy register-on-premises-instance",
    deregister = "nearest: deploy deregister-on-premises-instance",
    install = "there is no nearest one", uninstall = "there is no nearest one",
  },
  rds = {
    ["add-option-to-option-group"] = "nearest: rds modify-option-group --options-to-include",
    ["remove-option-from-option-group"] = "nearest: rds modify-option-group --options-to-remove",
    ["generate-db-auth-token"] = "there is no nearest one",
  },
}

return customised
