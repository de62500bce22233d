"""Command lines for call_moto.py, as they are typed behind `aws` and behind `gwrun call`."""

SECRET_TEXT = '{"GOOGLE_OAUTH_CLIENT_ID":"id-1"}'

# Typed at the aws CLI first, so that there is something to read.
SEEDS = [
    "ecs create-cluster --cluster-name busyb-cluster --tags key=team,value=ops key=stage,value=live",
    "ecs create-cluster --cluster-name other",
    """ecs register-task-definition --family web --requires-compatibilities FARGATE --cpu 512 --memory 1024
       --network-mode awsvpc --container-definitions
       '[{"name":"web","image":"web:1","essential":true,"portMappings":[{"containerPort":8000}],
          "environment":[{"name":"A","value":"1"},{"name":"B","value":"zwei"}]}]'""",
    "ecs register-task-definition --family web --container-definitions name=web,image=web:2,memory=128,essential=true",
    "ecs register-task-definition --family web --container-definitions name=web,image=web:3,memory=128,cpu=5",
    "ecs create-service --cluster busyb-cluster --service-name web --task-definition web:1 --desired-count 2",
    "ecs create-service --cluster busyb-cluster --service-name api --task-definition web:2 --desired-count 0",
    "logs create-log-group --log-group-name /ecs/web --tags team=ops,stage=live",
    "logs create-log-group --log-group-name /ecs/api",
    "logs create-log-group --log-group-name /other",
    "logs create-log-stream --log-group-name /ecs/web --log-stream-name s/1",
    "logs create-log-stream --log-group-name /ecs/web --log-stream-name s/2",
    "logs put-retention-policy --log-group-name /ecs/web --retention-in-days 30",
    "cloudwatch put-metric-data --namespace App --metric-data MetricName=Requests,Value=12.5,Unit=Count,"
    "Timestamp=2025-11-12T03:00:00Z,Dimensions=[{Name=Service,Value=web},{Name=Stage,Value=live}]",
    "cloudwatch put-metric-alarm --alarm-name high --metric-name Requests --namespace App --statistic Average "
    "--period 60 --evaluation-periods 2 --threshold 70 --comparison-operator GreaterThanThreshold",
    "secretsmanager create-secret --name db/one --description 'first one' --secret-string '%s'" % SECRET_TEXT,
    "secretsmanager create-secret --name db/two --secret-string x --tags Key=team,Value=ops",
    "iam create-user --user-name ada --path /people/ --tags Key=a,Value=1",
    "iam create-user --user-name bob",
    "iam create-user --user-name cyd",
    "iam create-role --role-name task --assume-role-policy-document "
    """'{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole"}]}'""",
    "iam put-role-policy --role-name task --policy-name p --policy-document "
    """'{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}'""",
    "application-autoscaling register-scalable-target --service-namespace ecs --resource-id service/busyb-cluster/web "
    "--scalable-dimension ecs:service:DesiredCount --min-capacity 1 --max-capacity 4",
    """application-autoscaling put-scaling-policy --service-namespace ecs --resource-id service/busyb-cluster/web
       --scalable-dimension ecs:service:DesiredCount --policy-name cpu --policy-type TargetTrackingScaling
       --target-tracking-scaling-policy-configuration '{"TargetValue": 70.0, "ScaleInCooldown": 180,
       "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}}'""",
    "ssm put-parameter --name /app/one --value 1 --type String",
    "ssm put-parameter --name /app/two --value a,b --type StringList",
    "ssm put-parameter --name /app/three --value hidden --type SecureString",
    "sns create-topic --name alarms --attributes DisplayName=Alarms",
    "sqs create-queue --queue-name jobs --attributes VisibilityTimeout=45,DelaySeconds=1",
    "dynamodb create-table --table-name t --key-schema AttributeName=id,KeyType=HASH --attribute-definitions "
    "AttributeName=id,AttributeType=S --billing-mode PAY_PER_REQUEST",
    """dynamodb put-item --table-name t --item '{"id":{"S":"one"},"n":{"N":"1.50"},"b":{"B":"aGVsbG8="},"ok":{"BOOL":true}}'""",
    """dynamodb put-item --table-name t --item '{"id":{"S":"two"},"l":{"L":[{"S":"x"},{"NULL":true}]},"ss":{"SS":["a","b"]}}'""",
    "dynamodb put-item --table-name t --item id={S=three},m={M={x={S=y}}}",
    "servicediscovery create-http-namespace --name busyb.local",
    "events put-rule --name nightly --schedule-expression 'rate(1 day)' --description 'every night'",
    "kms create-key --description 'one key'",
    "stepfunctions create-state-machine --name m --role-arn arn:aws:iam::758888582357:role/task --definition "
    """'{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}'""",
    "cloudformation create-stack --stack-name s --template-body "
    """'{"Resources":{"T":{"Type":"AWS::SNS::Topic","Properties":{"TopicName":"from-stack"}}}}'""",
    "acm request-certificate --domain-name example.com --subject-alternative-names a.example.com b.example.com",
    "autoscaling create-launch-configuration --launch-configuration-name lc --image-id ami-12c6146b --instance-type t3.micro",
    "ecr create-repository --repository-name web --image-scanning-configuration scanOnPush=true",
    "s3api create-bucket --bucket logs",
    "s3api create-bucket --bucket west --create-bucket-configuration LocationConstraint=eu-west-1",
    "s3api put-object --bucket logs --key dir/a.txt --body body.txt --metadata a=1,b=two --content-type text/plain",
    "s3api put-object --bucket logs --key c.txt --body body.txt --tagging k=v",
    "s3api put-bucket-tagging --bucket logs --tagging 'TagSet=[{Key=a,Value=1},{Key=b,Value=2}]'",
    "s3api put-bucket-lifecycle-configuration --bucket logs --lifecycle-configuration file://lifecycle.json",
    "route53 create-hosted-zone --name example.com --caller-reference 1",
    "ec2 create-vpc --cidr-block 10.0.0.0/16",
    "ec2 create-security-group --group-name g --description d",
    "lambda create-function --function-name f --runtime python3.12 --role arn:aws:iam::758888582357:role/task "
    "--handler a.h --zip-file fileb://f.zip",
    "scheduler create-schedule-group --name g",
]

# Files beside them.
FILES = {
    "body.txt": "hello body",
    "lifecycle.json": """{"Rules": [{"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "x"}, "Expiration": {"Days": 90}}]}""",
}

READS = [
    # ecs: lists, structures, booleans, --query in all its forms, every format
    "ecs describe-clusters --clusters busyb-cluster other --include TAGS SETTINGS",
    "ecs describe-clusters --clusters busyb-cluster --output text --include TAGS",
    "ecs describe-clusters --clusters busyb-cluster --output table --include TAGS",
    "ecs describe-services --cluster busyb-cluster --services web",
    "ecs describe-services --cluster busyb-cluster --services web --output text",
    "ecs describe-services --cluster busyb-cluster --services web api --output table",
    "ecs describe-services --cluster busyb-cluster --services web --query "
    "'services[0].{Status:status,Running:runningCount,Desired:desiredCount,Pending:pendingCount,Events:events[0:5]}' "
    "--output json --region us-east-1",
    "ecs describe-services --cluster busyb-cluster --services web --query services[0].taskDefinition --output text",
    "ecs describe-services --cluster busyb-cluster --services web api --output table --query "
    "'services[].{Desired:desiredCount,Running:runningCount,Pending:pendingCount}'",
    "ecs describe-services --cluster busyb-cluster --services web --query services[0].deployments --output table",
    "ecs describe-services --cluster busyb-cluster --services none --query 'services[0]'",
    "ecs describe-services --cluster busyb-cluster --services none --query 'services[0]' --output text",
    "ecs list-tasks --cluster busyb-cluster --service-name web --desired-status RUNNING --query 'taskArns[0]' --output text",
    "ecs list-tasks --cluster busyb-cluster --query 'length(taskArns)'",
    "ecs list-task-definitions --family-prefix web --sort DESC --max-items 2",
    "ecs list-task-definitions --family-prefix web --sort DESC --max-items 2 --output text",
    "ecs list-task-definitions --family-prefix web --max-items 1 --output table",
    "ecs list-task-definitions --no-paginate --max-results 2",
    "ecs describe-task-definition --task-definition web --query taskDefinition.revision --output text",
    """ecs describe-services --cli-input-json '{"cluster":"busyb-cluster","services":["web"]}' --query services[].serviceName""",
    """ecs describe-services --cli-input-json '{"cluster":"other","services":["web"]}' --cluster busyb-cluster
       --query services[].serviceArn --output text""",
    "ecs list-services --cluster=busyb-cluster --launch-type=EC2",
    # logs
    "logs describe-log-groups",
    "logs describe-log-groups --log-group-name-prefix /ecs/ --query 'logGroups[0].retentionInDays'",
    "logs describe-log-groups --log-group-name-prefix /ecs/ --output table",
    "logs describe-log-groups --output text",
    "logs describe-log-groups --page-size 1 --query logGroups[].logGroupName",
    "logs describe-log-groups --page-size 1 --query logGroups[].logGroupName --output text",
    "logs describe-log-groups --page-size 1 --max-items 2 --query NextToken",
    "logs describe-log-groups --limit 1",
    "logs describe-log-streams --log-group-name /ecs/web --order-by LogStreamName --descending --max-items 10",
    "logs describe-log-streams --log-group-name /ecs/web --no-descending --output text",
    "logs get-log-events --log-group-name /ecs/web --log-stream-name s/1 --limit 100",
    # cloudwatch: XML or JSON, as the model says; times and numbers
    "cloudwatch get-metric-statistics --namespace App --metric-name Requests --dimensions Name=Service,Value=web "
    "Name=Stage,Value=live --start-time 2025-11-12T00:00:00Z --end-time 2025-11-13T00:00:00Z --period 300 "
    "--statistics Average Maximum Sum",
    "cloudwatch describe-alarms",
    "cloudwatch describe-alarms --alarm-names high none --output text",
    "cloudwatch describe-alarms --query 'MetricAlarms[].[AlarmName,Threshold,ActionsEnabled]' --output table",
    "cloudwatch describe-alarms --query 'MetricAlarms[].[AlarmName,Threshold,ActionsEnabled]' --output text",
    "cloudwatch list-metrics --namespace App --output table",
    # secretsmanager, iam, application-autoscaling
    "secretsmanager list-secrets",
    "secretsmanager list-secrets --filters Key=name,Values=db/one --query SecretList[].Description",
    "secretsmanager describe-secret --secret-id db/two --output text",
    "iam list-users",
    "iam list-users --output table",
    "iam list-users --path-prefix /people/ --output text",
    "iam list-users --max-items 1 --query NextToken --output text",
    "iam list-users --page-size 2 --max-items 2 --output text",
    "iam get-user --user-name ada --output table",
    "iam get-role-policy --role-name task --policy-name p",
    "iam get-role --role-name task --output table",
    "iam list-roles --query 'Roles[?RoleName==`task`].{Name:RoleName,Arn:Arn}'",
    "iam get-account-summary --output text",
    "application-autoscaling describe-scaling-policies --service-namespace ecs --resource-id service/busyb-cluster/web",
    "application-autoscaling describe-scaling-policies --service-namespace ecs --output table",
    "application-autoscaling describe-scalable-targets --service-namespace ecs --output text",
    # others
    "sts get-caller-identity",
    "sts get-caller-identity --query Account --output text",
    "sts get-caller-identity --output table",
    "ssm describe-parameters --parameter-filters Key=Type,Option=Equals,Values=String,StringList --query Parameters[].Name",
    "ssm get-parameters-by-path --path /app --recursive --query 'Parameters[].[Name,Type]' --output text",
    "ssm get-parameters-by-path --path /app --no-recursive --query 'Parameters[].Version'",
    "sns list-topics --output text",
    "sns get-topic-attributes --topic-arn arn:aws:sns:us-east-1:758888582357:alarms --query Attributes.DisplayName",
    "sqs list-queues --query 'length(QueueUrls)'",
    "dynamodb scan --table-name t",
    "dynamodb scan --table-name t --page-size 1 --max-items 2",
    "dynamodb scan --table-name t --select COUNT",
    "dynamodb get-item --table-name t --key id={S=one} --consistent-read",
    """dynamodb get-item --table-name t --key '{"id":{"S":"two"}}' --output table""",
    "dynamodb describe-table --table-name t --query Table.KeySchema --output text",
    "servicediscovery list-namespaces --query Namespaces[].Name",
    "events describe-rule --name nightly",
    "events list-rules --output text",
    "kms list-aliases --output text",
    "stepfunctions list-state-machines --query 'stateMachines[].name' --output text",
    "cloudformation describe-stacks --stack-name s --query 'Stacks[0].StackStatus'",
    "cloudformation list-stack-resources --stack-name s --output table",
    "acm list-certificates --query 'CertificateSummaryList[].DomainName'",
    "autoscaling describe-launch-configurations --output table",
    "ecr describe-repositories --repository-names web --query 'repositories[0].imageScanningConfiguration'",
    "elbv2 describe-load-balancers",
    "deploy list-applications",
    # the protocols of REST, and EC2's
    "s3api list-buckets",
    "s3api list-buckets --output text",
    "s3api list-objects-v2 --bucket logs",
    "s3api list-objects-v2 --bucket logs --output table",
    "s3api list-objects-v2 --bucket logs --max-items 1",
    "s3api list-objects-v2 --bucket logs --page-size 1 --query Contents[].Key --output text",
    "s3api list-objects --bucket logs --prefix dir/ --delimiter /",
    "s3api head-object --bucket logs --key dir/a.txt",
    "s3api get-bucket-location --bucket west",
    "s3api get-bucket-location --bucket logs",
    "s3api get-bucket-location --bucket logs --output text",
    "s3api get-bucket-location --bucket logs --output table",
    "s3api get-bucket-location --bucket logs --query LocationConstraint",
    "s3api get-bucket-tagging --bucket logs",
    "s3api get-bucket-lifecycle-configuration --bucket logs",
    "s3api get-object-tagging --bucket logs --key c.txt",
    "s3api head-bucket --bucket logs",
    "s3api wait bucket-exists --bucket logs",
    "route53 list-hosted-zones",
    "route53 list-hosted-zones --max-items 1 --output table",
    "ec2 describe-vpcs",
    "ec2 describe-vpcs --filters Name=cidr,Values=10.0.0.0/16 --output text",
    "ec2 describe-security-groups --group-names g --output table",
    "ec2 describe-availability-zones --no-all-availability-zones",
    "ec2 describe-instances --max-items 5",
    "lambda list-functions",
    "lambda get-function --function-name f --query Configuration.Runtime",
    "lambda get-function-configuration --function-name f --output text",
    "lambda list-functions --query 'Functions[].FunctionName' --output table",
    "scheduler list-schedule-groups --query 'ScheduleGroups[].Name'",
]

# What goes into a file.
DOWNLOADS = [
    "s3api get-object --bucket logs --key dir/a.txt OUT",
    "s3api get-object --bucket logs --key dir/a.txt --range bytes=1-3 OUT",
    "lambda invoke --function-name f --invocation-type DryRun OUT",
]

# Typed at gwrun with --reveal-secrets: their answers hold what AWS's models call sensitive.
SECRET_READS = [
    "secretsmanager get-secret-value --secret-id db/one",
    "secretsmanager get-secret-value --secret-id db/one --query SecretString --output text",
    "ssm get-parameter --name /app/three --with-decryption --output table",
    "ecs describe-task-definition --task-definition web:1",
    "ecs describe-task-definition --task-definition web:1 --output text",
    "ecs describe-task-definition --task-definition web:1 --output table",
]
