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
  apigateway = { create_rest_api = { version = "api-version" } },
  apigatewayv2 = { create_api = { version = "api-version" }, update_api = { version = "api-version" } },
  clouddirectory = { publish_schema = { version = "schema-version" } },
  cloudsearchdomain = { search = { query = "search-query" }, suggest = { query = "suggest-query" } },
  codedeploy = { ["*"] = { ["ec-2-tag-filters"] = "ec2-tag-filters", ["s-3-location"] = "s3-location" } },
  codepipeline = {
    create_custom_action_type = { version = "action-version" },
    delete_custom_action_type = { version = "action-version" },
    get_action_type = { version = "action-version" },
    get_pipeline = { version = "pipeline-version" },
  },
  controltower = {
    create_landing_zone = { version = "landing-zone-version" },
    update_landing_zone = { version = "landing-zone-version" },
  },
  datapipeline = { ["*"] = { query = "objects-query" }, get_pipeline_definition = { version = "pipeline-version" } },
  ec2 = {
    ["*"] = { ["no-egress"] = "ingress" },
    create_image = { ["no-no-reboot"] = "reboot" },
    run_instances = { ["no-disable-api-termination"] = "enable-api-termination" },
  },
  ecs = {
    ["*"] = { ["no-enable-execute-command"] = "disable-execute-command" },
    execute_command = { ["no-interactive"] = "non-interactive" },
  },
  eks = {
    create_cluster = { version = "kubernetes-version" },
    create_nodegroup = { version = "kubernetes-version" },
    update_cluster_components_version = { version = "kubernetes-version" },
    update_cluster_version = { version = "kubernetes-version" },
    update_nodegroup_version = { version = "kubernetes-version" },
  },
  emr = { ["*"] = { ["job-flow-id"] = "cluster-id", ["job-flow-ids"] = "cluster-ids" } },
  gamelift = {
    create_build = { version = "build-version" },
    create_script = { version = "script-version" },
    update_build = { version = "build-version" },
    update_script = { version = "script-version" },
  },
  glue = {
    get_unfiltered_partition_metadata = { region = "resource-region" },
    get_unfiltered_partitions_metadata = { region = "resource-region" },
    get_unfiltered_table_metadata = { region = "resource-region" },
  },
  iotwireless = { ["*"] = { ["lo-ra-wan"] = "lorawan" } },
  kinesisanalytics = { add_application_output = { output = "application-output" } },
  kinesisanalyticsv2 = { add_application_output = { output = "application-output" } },
  ["lex-models"] = {
    delete_bot = { version = "bot-version" },
    delete_bot_version = { version = "bot-version" },
    delete_intent = { version = "intent-version" },
    delete_intent_version = { version = "intent-version" },
    delete_slot_type = { version = "slot-type-version" },
    delete_slot_type_version = { version = "slot-type-version" },
    get_export = { version = "resource-version" },
    get_intent = { version = "intent-version" },
    get_slot_type = { version = "slot-type-version" },
  },
  ["license-manager"] = {
    delete_grant = { version = "grant-version" },
    get_grant = { version = "grant-version" },
    get_license = { version = "license-version" },
  },
  mturk = { list_qualification_types = { query = "types-query" } },
  pinpoint = {
    delete_email_template = { version = "template-version" },
    delete_in_app_template = { version = "template-version" },
    delete_push_template = { version = "template-version" },
    delete_sms_template = { version = "template-version" },
    delete_voice_template = { version = "template-version" },
    get_campaign_version = { version = "campaign-version" },
    get_email_template = { version = "template-version" },
    get_in_app_template = { version = "template-version" },
    get_push_template = { version = "template-version" },
    get_segment_version = { version = "segment-version" },
    get_sms_template = { version = "template-version" },
    get_voice_template = { version = "template-version" },
    update_email_template = { version = "template-version" },
    update_in_app_template = { version = "template-version" },
    update_push_template = { version = "template-version" },
    update_sms_template = { version = "template-version" },
    update_voice_template = { version = "template-version" },
  },
  rekognition = { create_stream_processor = { output = "stream-processor-output" } },
  route53 = {
    delete_traffic_policy = { version = "traffic-policy-version" },
    get_traffic_policy = { version = "traffic-policy-version" },
    update_traffic_policy_comment = { version = "traffic-policy-version" },
  },
  route53domains = { view_billing = { ["end"] = "end-time", start = "start-time" } },
  sagemaker = {
    delete_image_version = { version = "version-number" },
    describe_image_version = { version = "version-number" },
    list_aliases = { version = "version-number" },
    update_image_version = { version = "version-number" },
  },
  schemas = { ["*"] = { version = "schema-version" } },
  sns = { subscribe = { endpoint = "notification-endpoint" } },
  stepfunctions = { send_task_success = { output = "task-output" } },
  swf = {
    register_activity_type = { version = "activity-version" },
    register_workflow_type = { version = "workflow-version" },
  },
  workdocs = {
    create_notification_subscription = { endpoint = "notification-endpoint" },
    describe_users = { query = "user-query" },
  },
}

---Older names that still work (argrename.py).
customised.aliases = {
  codedeploy = {
    create_deployment_group = { ["ec-2-tag-set"] = "ec2-tag-set" },
    list_application_revisions = { ["s-3-bucket"] = "s3-bucket", ["s-3-key-prefix"] = "s3-key-prefix" },
    update_deployment_group = { ["ec-2-tag-set"] = "ec2-tag-set" },
  },
  ["cognito-identity"] = {
    create_identity_pool = { ["open-id-connect-provider-ar-ns"] = "open-id-connect-provider-arns" },
  },
  elasticache = { create_replication_group = { ["preferred-cache-cluster-a-zs"] = "preferred-cache-cluster-azs" } },
  iam = {
    enable_mfa_device = {
      ["authentication-code-1"] = "authentication-code1", ["authentication-code-2"] = "authentication-code2",
    },
    resync_mfa_device = {
      ["authentication-code-1"] = "authentication-code1", ["authentication-code-2"] = "authentication-code2",
    },
  },
  importexport = {
    get_shipping_label = { ["street-1"] = "street1", ["street-2"] = "street2", ["street-3"] = "street3" },
  },
  lambda = { publish_version = { ["code-sha-256"] = "code-sha256" } },
  lightsail = { import_key_pair = { ["public-key-base-64"] = "public-key-base64" } },
  mgn = {
    ["*"] = {
      ["replication-configuration-template-i-ds"] = "replication-configuration-template-ids",
      ["replication-servers-security-groups-i-ds"] = "replication-servers-security-groups-ids",
      ["source-server-i-ds"] = "source-server-ids",
    },
  },
  route53domains = { view_billing = { start = "start-time" } },
  storagegateway = {
    describe_cached_iscsi_volumes = { ["volume-ar-ns"] = "volume-arns" },
    describe_stored_iscsi_volumes = { ["volume-ar-ns"] = "volume-arns" },
    describe_tape_archives = { ["tape-ar-ns"] = "tape-arns" },
    describe_tapes = { ["tape-ar-ns"] = "tape-arns" },
    describe_vtl_devices = { ["vtl-device-ar-ns"] = "vtl-device-arns" },
  },
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

---Members that are null where the answer does not have them (botocore/handlers.py, parse_get_bucket_location).
customised.nulls = { s3 = { get_bucket_location = "LocationConstraint" } }

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
