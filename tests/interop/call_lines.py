"""Command lines for call_requests.py: those of the operations guide, then every kind of argument."""

SERVICE = "--cluster busyb-cluster --service busyb-google-workspace-mcp-service"
SERVICES = "--cluster busyb-cluster --services busyb-google-workspace-mcp-service"
METRIC = ("cloudwatch get-metric-statistics --namespace AWS/ECS --dimensions "
          "Name=ServiceName,Value=busyb-google-workspace-mcp-service Name=ClusterName,Value=busyb-cluster "
          "--start-time 2025-11-12T10:00:00 --end-time 2025-11-12T11:00:00 --period 300 --statistics Average Maximum")
TARGET_GROUP = "arn:aws:elasticloadbalancing:us-east-1:758888582357:targetgroup/busyb-google-workspace/32e64755db77f32e"
RULE = ("arn:aws:elasticloadbalancing:us-east-1:758888582357:listener-rule/app/busyb-alb/5111c2db275a2af3/55b0b891b903df23/"
        "92304d50b03b02d4")
LISTENER = "arn:aws:elasticloadbalancing:us-east-1:758888582357:listener/app/busyb-alb/5111c2db275a2af3/55b0b891b903df23"
RESOURCE = "service/busyb-cluster/busyb-google-workspace-mcp-service"
TARGET = f"--service-namespace ecs --scalable-dimension ecs:service:DesiredCount --resource-id {RESOURCE}"

GUIDE = [
    f"ecs describe-services {SERVICES} --query 'services[0].{{Status:status,Events:events[0:5]}}' --output json --region us-east-1",
    "ecs list-tasks --cluster busyb-cluster --service-name busyb-google-workspace-mcp-service --desired-status RUNNING "
    "--query 'taskArns[0]' --output text --region us-east-1",
    "ecs describe-tasks --cluster busyb-cluster --tasks arn:aws:ecs:us-east-1:758888582357:task/busyb-cluster/1909daef "
    "--query 'tasks[0].{TaskArn:taskArn,IP:attachments[0].details[?name==`privateIPv4Address`].value|[0]}' --output json",
    f"elbv2 describe-target-health --target-group-arn {TARGET_GROUP} --region us-east-1",
    "servicediscovery get-service --id srv-gxethbb34gto3cbr --region us-east-1",
    "servicediscovery list-instances --service-id srv-gxethbb34gto3cbr --region us-east-1",
    f"{METRIC} --metric-name CPUUtilization --region us-east-1",
    "logs describe-log-streams --log-group-name /ecs/web --order-by LastEventTime --descending --max-items 10",
    "logs get-log-events --log-group-name /ecs/web --log-stream-name ecs/web/abc123def456 --limit 100 --region us-east-1",
    "logs start-query --log-group-name /ecs/web --start-time 1762941600 --end-time 1762945200 --query-string "
    "'fields @timestamp, @message | filter @message like /ERROR/ | stats count() by bin(5m)'",
    "logs get-query-results --query-id 12ab3456 --region us-east-1",
    "logs create-export-task --log-group-name /ecs/web --from 1762336800000 --to 1762941600000 "
    "--destination s3://your-log-archive-bucket --destination-prefix google-workspace-mcp/logs/2025/11/12",
    f"ecs update-service {SERVICE} --desired-count 2 --region us-east-1",
    f"application-autoscaling register-scalable-target {TARGET} --min-capacity 1 --max-capacity 4",
    f"""application-autoscaling put-scaling-policy {TARGET} --policy-name busyb-google-workspace-cpu-scaling
        --policy-type TargetTrackingScaling --target-tracking-scaling-policy-configuration '{{
          "TargetValue": 70.0,
          "PredefinedMetricSpecification": {{ "PredefinedMetricType": "ECSServiceAverageCPUUtilization" }},
          "ScaleOutCooldown": 60,
          "ScaleInCooldown": 180
        }}'""",
    f"application-autoscaling describe-scaling-policies --service-namespace ecs --resource-id {RESOURCE}",
    f"application-autoscaling delete-scaling-policy {TARGET} --policy-name busyb-google-workspace-cpu-scaling",
    f"application-autoscaling deregister-scalable-target {TARGET}",
    f"ecs update-service {SERVICE} --force-new-deployment --region us-east-1",
    "ecs register-task-definition --cli-input-json file://task.json --region us-east-1",
    "ecs describe-task-definition --task-definition web --query taskDefinition.revision --output text",
    f"ecs update-service {SERVICE} --task-definition web:2 --force-new-deployment",
    "ecs list-task-definitions --family-prefix busyb-google-workspace-mcp --sort DESC --max-items 5 --region us-east-1",
    "ecs stop-task --cluster busyb-cluster --task 1909daef --reason 'Emergency rollback' --region us-east-1",
    f"elbv2 delete-rule --rule-arn {RULE} --region us-east-1",
    f"elbv2 create-rule --listener-arn {LISTENER} --priority 50 --conditions Field=path-pattern,Values='/mcp/google-workspace*' "
    f"--actions Type=forward,TargetGroupArn={TARGET_GROUP} --region us-east-1",
    "secretsmanager get-secret-value --secret-id busyb/google-oauth-client-id --query 'SecretString' --output text",
    "iam get-role-policy --role-name busyb-google-workspace-mcp-task-role --policy-name busyb-google-workspace-mcp-policy",
    "iam create-access-key --user-name github-actions-google-workspace-mcp",
    "iam delete-access-key --user-name github-actions-google-workspace-mcp --access-key-id AKIAIOSFODNN7EXAMPLE",
    "secretsmanager update-secret --secret-id busyb/google-oauth-client-id --secret-string "
    """'{"GOOGLE_OAUTH_CLIENT_ID":"new-client-id"}' --region us-east-1""",
    "logs put-retention-policy --log-group-name /ecs/web --retention-in-days 60 --region us-east-1",
    "logs describe-log-groups --log-group-name-prefix /ecs/web --query 'logGroups[0].retentionInDays'",
]

KINDS = [
    # flags, both ways, and renamed ones
    "ecs update-service --service s --no-force-new-deployment --enable-execute-command",
    "ecs update-service --service s --disable-execute-command",
    # lists: of texts, of numbers, of structures; in words, in JSON, from a file
    "ecs describe-services --services a b c --cluster c",
    """ecs describe-services --services '["a", "b"]' --cluster c""",
    "ecs create-cluster --cluster-name c --tags key=a,value=1 key=b,value=2",
    """ecs create-cluster --cluster-name c --tags '[{"key": "a", "value": "1"}]'""",
    """ecs create-cluster --cluster-name c --tags '{"key": "a"}' '{"key": "b", "value": ""}'""",
    "ecs create-cluster --cluster-name c --capacity-providers FARGATE FARGATE_SPOT --default-capacity-provider-strategy "
    "capacityProvider=FARGATE,weight=1,base=2 capacityProvider=FARGATE_SPOT,weight=4",
    "ecs list-container-instances --cluster c --status ACTIVE",
    # structures and maps: shorthand with lists and structures inside, quotes, escapes, spaces
    "ecs run-task --task-definition t --network-configuration "
    "'awsvpcConfiguration={subnets=[subnet-1,subnet-2],securityGroups=[sg-1],assignPublicIp=ENABLED}' --launch-type FARGATE",
    "ecs run-task --task-definition t --overrides "
    """'containerOverrides=[{name=web,command=["sh","-c","echo a,b"],environment=[{name=A,value=1},{name=B,value="x y"}],cpu=5}]'""",
    "ecs register-task-definition --family f --container-definitions "
    "'name=web,image=web:1,essential=true,memory=128,portMappings=[{containerPort=80,hostPort=0}],"
    "dockerLabels={a=1,b=two}'",
    "ecs register-task-definition --family f --container-definitions name=web,image=x,essential=false,command=a,b,c",
    "ecs update-service --service s --deployment-configuration "
    "'deploymentCircuitBreaker={enable=true,rollback=false},maximumPercent=200,minimumHealthyPercent=50'",
    "sqs create-queue --queue-name q --attributes DelaySeconds=1,VisibilityTimeout=45",
    """sqs create-queue --queue-name q --attributes '{"DelaySeconds": "1"}'""",
    "sqs send-message --queue-url http://q --message-body 'a b' --message-attributes "
    "'n={DataType=Number,StringValue=5},s={DataType=String,StringValue=x\\,y}'",
    "logs tag-log-group --log-group-name g --tags 'team=ops,note=\"a, b\"'",
    "ssm describe-parameters --parameter-filters Key=Name,Option=BeginsWith,Values=/a,/b Key=Type,Values=String",
    "ssm send-command --document-name d --targets Key=tag:Name,Values=web --parameters 'commands=[\"ls -l\",date]'",
    "cloudwatch put-metric-data --namespace n --metric-data MetricName=m,Value=1.5,Unit=Count,Dimensions=[{Name=a,Value=b}]",
    "cloudwatch put-metric-alarm --alarm-name a --evaluation-periods 1 --comparison-operator LessThanThreshold --threshold -5.5 "
    "--metric-name m --namespace n --period 60 --statistic Sum --no-actions-enabled",
    "elbv2 modify-listener --listener-arn l --default-actions "
    "'Type=forward,ForwardConfig={TargetGroups=[{TargetGroupArn=a,Weight=1},{TargetGroupArn=b,Weight=9}]}'",
    "elbv2 describe-target-health --target-group-arn t --targets Id=i-1,Port=80 Id=i-2",
    "autoscaling create-or-update-tags --tags ResourceId=g,ResourceType=auto-scaling-group,Key=k,Value=v,PropagateAtLaunch=true",
    "iam tag-role --role-name r --tags Key=a,Value=1 'Key=b,Value=two words'",
    "iam create-role --role-name r --assume-role-policy-document file://policy.json",
    "iam enable-mfa-device --user-name u --serial-number 123456789 --authentication-code-1 123456 --authentication-code2 654321",
    "sns subscribe --topic-arn arn:aws:sns:us-east-1:1:t --protocol email --notification-endpoint ops@example.com",
    "sns publish --topic-arn arn:aws:sns:us-east-1:1:t --message '{\"default\": 1}' --message-structure json",
    "stepfunctions send-task-success --task-token t --task-output '{\"a\": 1}'",
    "deploy create-deployment --application-name a --deployment-group-name g --s3-location bucket=b,key=k,bundleType=zip",
    "deploy create-deployment --application-name a --deployment-group-name g "
    "--github-location repository=o/r,commitId=abc --no-ignore-application-stop-failures",
    "deploy create-deployment --application-name a --revision "
    "'revisionType=String,string={content=x,sha256=y}' --description 'by hand'",
    "deploy create-deployment-group --application-name a --deployment-group-name g --service-role-arn r "
    "--ec2-tag-filters Key=Name,Value=web,Type=KEY_AND_VALUE --auto-scaling-groups x y",
    # documents of free form, in shorthand too
    "dynamodb put-item --table-name t --item 'id={S=one},n={N=1.5},l={L=[{S=a},{BOOL=true}]},m={M={k={NULL=true}}}'",
    """dynamodb put-item --table-name t --item '{"id": {"S": "one"}}' --condition-expression 'attribute_not_exists(id)'""",
    "dynamodb update-item --table-name t --key id={S=a} --update-expression 'SET #n = :n' "
    "--expression-attribute-names '#n=name' --expression-attribute-values ':n={N=5}'",
    "dynamodb batch-get-item --request-items 't={Keys=[{id={S=a}},{id={S=b}}],ConsistentRead=true}'",
    # bytes
    "kms encrypt --key-id k --plaintext fileb://secret.bin",
    "kms encrypt --key-id k --plaintext 'some text'",
    "secretsmanager put-secret-value --secret-id s --secret-binary fileb://secret.bin",
    # files inside shorthand
    "ecs create-cluster --cluster-name c --tags key=a,value@=file://policy.json",
    # numbers and times
    "logs put-log-events --log-group-name g --log-stream-name s --log-events timestamp=1762941600000,message='a b' "
    "timestamp=1762941601000,message=c",
    "logs filter-log-events --log-group-name g --start-time 1762941600000 --filter-pattern '\"ERROR\" -DEBUG' --no-paginate",
    "cloudwatch get-metric-data --start-time 2025-11-12 --end-time 2025-11-12T10:00:00Z --metric-data-queries "
    """'[{"Id": "a", "Expression": "SUM(METRICS())", "Period": 60}]'""",
    "cloudwatch get-metric-data --start-time 1762941600 --end-time 2025-11-12T10:00:00+02:00 --metric-data-queries "
    "Id=a,MetricStat={Metric={Namespace=n,MetricName=m},Period=60,Stat=Sum},ReturnData=false",
    "ce get-cost-and-usage --time-period Start=2025-11-01,End=2025-11-12 --granularity DAILY --metrics UnblendedCost "
    """--filter '{"Dimensions": {"Key": "SERVICE", "Values": ["ECS"]}}'""",
    # JSON input, and what the command line says over it
    """ecs update-service --cli-input-json '{"service": "s", "desiredCount": 1, "cluster": "c"}' --desired-count 3""",
    """ecs update-service --service s --cli-input-json '{"desiredCount": 1}'""",
    # pages
    "ecs list-tasks --cluster c --page-size 5",
    "iam list-users --max-items 1 --page-size 1",
    "logs describe-log-groups --starting-token eyJuZXh0VG9rZW4iOiAiYWJjIiwgImJvdG9fdHJ1bmNhdGVfYW1vdW50IjogMn0=",
    "logs describe-log-groups --starting-token plain-token",
    "ecs list-tasks --next-token abc --max-results 7",
    # spelling
    "ecs list-tasks --cluster=c --service-name=x=y",
    "cloudformation create-stack --stack-name s --template-body '{}' --parameters ParameterKey=a,ParameterValue=1 "
    "ParameterKey=b,UsePreviousValue=true --capabilities CAPABILITY_IAM CAPABILITY_NAMED_IAM --tags Key=k,Value=v",
    "events put-targets --rule r --targets 'Id=1,Arn=arn:aws:sqs:us-east-1:1:q,Input=\"{\\\"a\\\": 1}\"'",
    "secretsmanager create-secret --name n --secret-string x --tags Key=a,Value=b --add-replica-regions Region=eu-west-1",
]

LINES = GUIDE + KINDS
