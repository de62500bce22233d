--- Which action of IAM is limited to which kind of resource, and which member of a call names it: data for stdlib/policy.lua.
---
--- Source: AWS's Service Authorization Reference, as of September 2026, for the services that runbooks of the operations guide
--- work on; of EC2 the Describe operations. It is data, and longer than a file otherwise should be.
---
--- Of each service, by the prefix of its actions:
---   arns        by kind of resource; "{Cluster}" is what `members` names, "*" where nothing is known
---   members     the members of a call that name a resource, by text or by ARN, best first
---   actions     "kind kind?: Action Action": kinds that a policy must name, and with "?" those that it may; "none": AWS offers
---               no limit. A line that begins with spaces goes on with the one before.

local resources = {}

resources["application-autoscaling"] = {
  arns = {
    ScalableTarget = "arn:{partition}:application-autoscaling:{region}:{account}:scalable-target/*",
  },
  actions = [[
ScalableTarget: DeleteScalingPolicy DeleteScheduledAction DeregisterScalableTarget ListTagsForResource PutScalingPolicy
  PutScheduledAction RegisterScalableTarget TagResource UntagResource
none: DescribeScalableTargets DescribeScalingActivities DescribeScalingPolicies DescribeScheduledActions
  GetPredictiveScalingForecast
  ]],
}

resources.cloudtrail = {
  arns = {
    channel = "arn:{partition}:cloudtrail:{region}:{account}:channel/{Channel}",
    dashboard = "arn:{partition}:cloudtrail:{region}:{account}:dashboard/{Dashboard}",
    eventdatastore = "arn:{partition}:cloudtrail:{region}:{account}:eventdatastore/{EventDataStore}",
    trail = "arn:{partition}:cloudtrail:{region}:{account}:trail/{Trail}",
  },
  members = {
    Channel = "Channel Name",
    Dashboard = "DashboardId Name",
    EventDataStore = "EventDataStore Name",
    Trail = "TrailName Name",
  },
  actions = [[
channel: DeleteChannel GetChannel UpdateChannel
channel eventdatastore: CreateChannel
channel? dashboard? eventdatastore?: DeleteResourcePolicy GetResourcePolicy PutResourcePolicy
channel? dashboard? eventdatastore? trail?: AddTags ListTags RemoveTags
dashboard: CreateDashboard DeleteDashboard GetDashboard StartDashboardRefresh UpdateDashboard
eventdatastore: CancelQuery CreateEventDataStore DeleteEventDataStore DescribeQuery DisableFederation EnableFederation
  GenerateQuery GetEventDataStore GetQueryResults ListQueries RestoreEventDataStore StartEventDataStoreIngestion StartQuery
  StopEventDataStoreIngestion UpdateEventDataStore
eventdatastore? trail?: GetEventConfiguration GetInsightSelectors PutEventConfiguration PutInsightSelectors
none: DeregisterOrganizationDelegatedAdmin DescribeTrails GetImport ListChannels ListDashboards ListEventDataStores
  ListImportFailures ListImports ListPublicKeys ListTrails LookupEvents RegisterOrganizationDelegatedAdmin SearchSampleQueries
  StartImport StopImport
trail: CreateTrail DeleteTrail GetEventSelectors GetTrail GetTrailStatus ListInsightsData PutEventSelectors StartLogging
  StopLogging UpdateTrail
  ]],
}

resources.cloudwatch = {
  arns = {
    alarm = "arn:{partition}:cloudwatch:{region}:{account}:alarm:{Alarm}",
    ["alarm-mute-rule"] = "arn:{partition}:cloudwatch:{region}:{account}:alarm-mute-rule:{MuteRule}",
    dashboard = "arn:{partition}:cloudwatch::{account}:dashboard/{Dashboard}",
    ["insight-rule"] = "arn:{partition}:cloudwatch:{region}:{account}:insight-rule/{InsightRule}",
    ["metric-stream"] = "arn:{partition}:cloudwatch:{region}:{account}:metric-stream/{MetricStream}",
  },
  members = {
    Alarm = "AlarmNames AlarmName",
    Dashboard = "DashboardName DashboardNames",
    InsightRule = "RuleName RuleNames",
    MetricStream = "Name Names",
    MuteRule = "AlarmMuteRuleName Name",
  },
  actions = [[
alarm: DeleteAlarms DescribeAlarmHistory DescribeAlarms DisableAlarmActions EnableAlarmActions PutCompositeAlarm PutMetricAlarm
  SetAlarmState
alarm-mute-rule: DeleteAlarmMuteRule GetAlarmMuteRule ListAlarmMuteRules
alarm-mute-rule alarm?: PutAlarmMuteRule
alarm? alarm-mute-rule? dashboard? insight-rule? metric-stream?: ListTagsForResource TagResource UntagResource
dashboard: DeleteDashboards GetDashboard PutDashboard
insight-rule: DeleteInsightRules DisableInsightRules EnableInsightRules GetInsightRuleReport PutInsightRule
metric-stream: DeleteMetricStream GetMetricStream PutMetricStream StartMetricStreams StopMetricStreams
none: DeleteAnomalyDetector DescribeAlarmsForMetric DescribeAnomalyDetectors DescribeInsightRules GetMetricData
  GetMetricStatistics GetMetricWidgetImage GetOTelEnrichment ListDashboards ListManagedInsightRules ListMetricStreams
  ListMetrics PutAnomalyDetector PutManagedInsightRules PutMetricData StartOTelEnrichment StopOTelEnrichment
  ]],
}

resources.ecr = {
  arns = {
    repository = "arn:{partition}:ecr:{region}:{account}:repository/{Repository}",
  },
  members = {
    Repository = "repositoryName repositoryNames",
  },
  actions = [[
none: CreatePullThroughCacheRule CreateRepositoryCreationTemplate DeletePullThroughCacheRule DeleteRegistryPolicy
  DeleteRepositoryCreationTemplate DeleteSigningConfiguration DeregisterPullTimeUpdateExclusion DescribePullThroughCacheRules
  DescribeRegistry DescribeRepositoryCreationTemplates GetAccountSetting GetAuthorizationToken GetRegistryPolicy
  GetRegistryScanningConfiguration GetSigningConfiguration ListPullTimeUpdateExclusions PutAccountSetting PutRegistryPolicy
  PutRegistryScanningConfiguration PutReplicationConfiguration PutSigningConfiguration RegisterPullTimeUpdateExclusion
  UpdatePullThroughCacheRule UpdateRepositoryCreationTemplate ValidatePullThroughCacheRule
repository: BatchCheckLayerAvailability BatchDeleteImage BatchGetImage BatchGetRepositoryScanningConfiguration
  CompleteLayerUpload CreateRepository DeleteLifecyclePolicy DeleteRepository DeleteRepositoryPolicy
  DescribeImageReplicationStatus DescribeImageScanFindings DescribeImageSigningStatus DescribeImages DescribeRepositories
  GetDownloadUrlForLayer GetLifecyclePolicy GetLifecyclePolicyPreview GetRepositoryPolicy InitiateLayerUpload ListImages
  ListTagsForResource PutImage PutImageScanningConfiguration PutImageTagMutability PutLifecyclePolicy SetRepositoryPolicy
  StartImageScan StartLifecyclePolicyPreview TagResource UntagResource UpdateImageStorageClass UploadLayerPart
  ]],
}

resources.ecs = {
  arns = {
    ["capacity-provider"] = "arn:{partition}:ecs:{region}:{account}:capacity-provider/{CapacityProvider}",
    cluster = "arn:{partition}:ecs:{region}:{account}:cluster/{Cluster}",
    ["container-instance"] = "arn:{partition}:ecs:{region}:{account}:container-instance/{Cluster}/{ContainerInstance}",
    daemon = "arn:{partition}:ecs:{region}:{account}:daemon/{Cluster}/{Daemon}",
    ["daemon-deployment"] = "arn:{partition}:ecs:{region}:{account}:daemon-deployment/{Cluster}/{Daemon}/{DaemonDeployment}",
    ["daemon-revision"] = "arn:{partition}:ecs:{region}:{account}:daemon-revision/{Cluster}/{Daemon}/{DaemonRevision}",
    ["daemon-task-definition"] = "arn:{partition}:ecs:{region}:{account}:daemon-task-definition/{DaemonTaskDefinition}",
    service = "arn:{partition}:ecs:{region}:{account}:service/{Cluster}/{Service}",
    ["service-deployment"] = "arn:{partition}:ecs:{region}:{account}:service-deployment/{Cluster}/{Service}/{ServiceDeployment}",
    ["service-revision"] = "arn:{partition}:ecs:{region}:{account}:service-revision/{Cluster}/{Service}/{ServiceRevision}",
    task = "arn:{partition}:ecs:{region}:{account}:task/{Cluster}/{Task}",
    ["task-definition"] = "arn:{partition}:ecs:{region}:{account}:task-definition/{TaskDefinition}",
    ["task-set"] = "arn:{partition}:ecs:{region}:{account}:task-set/{Cluster}/{Service}/{TaskSet}",
  },
  members = {
    CapacityProvider = "capacityProvider capacityProviders name",
    Cluster = "cluster clusters clusterName",
    ContainerInstance = "containerInstance containerInstances",
    Daemon = "daemonArn daemonName",
    DaemonDeployment = "daemonDeploymentArns",
    DaemonRevision = "daemonRevisionArns",
    DaemonTaskDefinition = "daemonTaskDefinition family",
    Service = "service services serviceName serviceArn",
    ServiceDeployment = "serviceDeploymentArn serviceDeploymentArns",
    ServiceRevision = "serviceRevisionArns",
    Task = "task tasks",
    TaskDefinition = "taskDefinition taskDefinitions family",
    TaskSet = "taskSet taskSets",
  },
  actions = [[
capacity-provider: CreateCapacityProvider DeleteCapacityProvider DescribeCapacityProviders UpdateCapacityProvider
capacity-provider? cluster? container-instance? daemon? daemon-task-definition? service? task? task-definition? task-set?:
  TagResource UntagResource
capacity-provider? cluster? container-instance? service? task? task-definition? task-set?: ListTagsForResource
cluster: CreateCluster DeleteCluster DeregisterContainerInstance DescribeClusters ListAttributes ListContainerInstances
  PutClusterCapacityProviders RegisterContainerInstance SubmitAttachmentStateChanges SubmitContainerStateChange
  SubmitTaskStateChange UpdateCluster UpdateClusterSettings
cluster task: ExecuteCommand
container-instance: DeleteAttributes DescribeContainerInstances PutAttributes UpdateContainerAgent UpdateContainerInstancesState
daemon: CreateDaemon DeleteDaemon DescribeDaemon ListDaemonDeployments UpdateDaemon
daemon daemon-deployment: DescribeDaemonDeployments
daemon daemon-revision: DescribeDaemonRevisions
daemon-task-definition: DeleteDaemonTaskDefinition DescribeDaemonTaskDefinition RegisterDaemonTaskDefinition
none: DeleteAccountSetting DeregisterTaskDefinition DescribeTaskDefinition DiscoverPollEndpoint ListAccountSettings ListClusters
  ListDaemonTaskDefinitions ListDaemons ListServices ListServicesByNamespace ListTaskDefinitionFamilies ListTaskDefinitions
  ListTasks PutAccountSetting PutAccountSettingDefault
service: CreateExpressGatewayService CreateService DeleteExpressGatewayService DeleteService DescribeExpressGatewayService
  DescribeServices ListServiceDeployments UpdateExpressGatewayService UpdateService UpdateServicePrimaryTaskSet
service service-deployment: ContinueServiceDeployment DescribeServiceDeployments StopServiceDeployment
service service-revision: DescribeServiceRevisions
task: DescribeTasks GetTaskProtection StopTask UpdateTaskProtection
task-definition: DeleteTaskDefinitions RegisterTaskDefinition RunTask StartTask
task-set: CreateTaskSet DeleteTaskSet DescribeTaskSets UpdateTaskSet
  ]],
}

resources.elasticloadbalancing = {
  arns = {
    listener = "arn:{partition}:elasticloadbalancing:{region}:{account}:listener/*/{Listener}",
    ["listener-rule"] = "arn:{partition}:elasticloadbalancing:{region}:{account}:listener-rule/*/{Rule}",
    loadbalancer = "arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/*/{LoadBalancer}/*",
    targetgroup = "arn:{partition}:elasticloadbalancing:{region}:{account}:targetgroup/{TargetGroup}/*",
    truststore = "arn:{partition}:elasticloadbalancing:{region}:{account}:truststore/{TrustStore}/*",
  },
  members = {
    Listener = "ListenerArn",
    LoadBalancer = "LoadBalancerArn ResourceArns Name",
    Rule = "RuleArn",
    TargetGroup = "TargetGroupArn Name",
    TrustStore = "TrustStoreArn Name",
  },
  actions = [[
listener: AddListenerCertificates CreateRule DeleteListener ModifyListener ModifyListenerAttributes RemoveListenerCertificates
listener-rule: DeleteRule ModifyRule SetRulePriorities
loadbalancer: AddTags CreateListener CreateLoadBalancer DeleteLoadBalancer ModifyCapacityReservation ModifyIpPools
  ModifyLoadBalancerAttributes RemoveTags SetIpAddressType SetSecurityGroups SetSubnets
none: DescribeAccountLimits DescribeCapacityReservation DescribeListenerAttributes DescribeListenerCertificates
  DescribeListeners DescribeLoadBalancerAttributes DescribeLoadBalancers DescribeRules DescribeSSLPolicies DescribeTags
  DescribeTargetGroupAttributes DescribeTargetGroups DescribeTargetHealth DescribeTrustStoreAssociations
  DescribeTrustStoreRevocations DescribeTrustStores
targetgroup: CreateTargetGroup DeleteTargetGroup DeregisterTargets ModifyTargetGroup ModifyTargetGroupAttributes RegisterTargets
truststore: AddTrustStoreRevocations CreateTrustStore DeleteSharedTrustStoreAssociation DeleteTrustStore GetResourcePolicy
  GetTrustStoreCaCertificatesBundle GetTrustStoreRevocationContent ModifyTrustStore RemoveTrustStoreRevocations
  ]],
}

resources.iam = {
  arns = {
    ["access-report"] = "arn:{partition}:iam::{account}:access-report/*",
    ["delegation-request"] = "arn:{partition}:iam::{account}:delegation-request/{DelegationRequest}",
    group = "arn:{partition}:iam::{account}:group/{Group}",
    ["instance-profile"] = "arn:{partition}:iam::{account}:instance-profile/{InstanceProfile}",
    mfa = "arn:{partition}:iam::{account}:mfa/{Mfa}",
    ["oidc-provider"] = "arn:{partition}:iam::{account}:oidc-provider/{OidcProvider}",
    policy = "arn:{partition}:iam::{account}:policy/{Policy}",
    role = "arn:{partition}:iam::{account}:role/{Role}",
    ["saml-provider"] = "arn:{partition}:iam::{account}:saml-provider/{SamlProvider}",
    ["server-certificate"] = "arn:{partition}:iam::{account}:server-certificate/{ServerCertificate}",
    ["sms-mfa"] = "arn:{partition}:iam::{account}:sms-mfa/{Mfa}",
    user = "arn:{partition}:iam::{account}:user/{User}",
  },
  members = {
    DelegationRequest = "DelegationRequestId",
    Group = "GroupName",
    InstanceProfile = "InstanceProfileName",
    Mfa = "SerialNumber VirtualMFADeviceName",
    OidcProvider = "OpenIDConnectProviderArn",
    Policy = "PolicyArn PolicyName",
    Role = "RoleName",
    SamlProvider = "SAMLProviderArn Name",
    ServerCertificate = "ServerCertificateName",
    User = "UserName",
  },
  actions = [[
access-report: GenerateOrganizationsAccessReport
delegation-request: AcceptDelegationRequest AssociateDelegationRequest CreateDelegationRequest GetDelegationRequest
  GetHumanReadableSummary RejectDelegationRequest SendDelegationToken
group: AddUserToGroup AttachGroupPolicy CreateGroup DeleteGroup DeleteGroupPolicy DetachGroupPolicy GetGroup GetGroupPolicy
  ListAttachedGroupPolicies ListGroupPolicies PutGroupPolicy RemoveUserFromGroup UpdateGroup
group policy role user: GenerateServiceLastAccessedDetails
group role user: ListPoliciesGrantingServiceAccess
group? role? user?: GetContextKeysForPrincipalPolicy SimulatePrincipalPolicy
instance-profile: AddRoleToInstanceProfile CreateInstanceProfile DeleteInstanceProfile GetInstanceProfile
  ListInstanceProfileTags RemoveRoleFromInstanceProfile TagInstanceProfile UntagInstanceProfile
mfa: CreateVirtualMFADevice ListMFADeviceTags TagMFADevice UntagMFADevice
mfa? sms-mfa?: DeleteVirtualMFADevice
none: CreateAccountAlias DeleteAccountAlias DeleteAccountPasswordPolicy DisableOrganizationsRootCredentialsManagement
  DisableOrganizationsRootSessions DisableOutboundWebIdentityFederation EnableOrganizationsRootCredentialsManagement
  EnableOrganizationsRootSessions EnableOutboundWebIdentityFederation GenerateCredentialReport GetAccountAuthorizationDetails
  GetAccountPasswordPolicy GetAccountSummary GetContextKeysForCustomPolicy GetCredentialReport GetOrganizationsAccessReport
  GetOutboundWebIdentityFederationInfo GetServiceLastAccessedDetails GetServiceLastAccessedDetailsWithEntities
  ListAccountAliases ListDelegationRequests ListGroups ListInstanceProfiles ListOpenIDConnectProviders ListOrganizationsFeatures
  ListPolicies ListRoles ListSAMLProviders ListServerCertificates ListUsers ListVirtualMFADevices
  SetSecurityTokenServicePreferences SimulateCustomPolicy UpdateAccountPasswordPolicy
oidc-provider: AddClientIDToOpenIDConnectProvider CreateOpenIDConnectProvider DeleteOpenIDConnectProvider
  GetOpenIDConnectProvider ListOpenIDConnectProviderTags RemoveClientIDFromOpenIDConnectProvider TagOpenIDConnectProvider
  UntagOpenIDConnectProvider UpdateOpenIDConnectProviderThumbprint
policy: CreatePolicy CreatePolicyVersion DeletePolicy DeletePolicyVersion GetPolicy GetPolicyVersion ListEntitiesForPolicy
  ListPolicyTags ListPolicyVersions SetDefaultPolicyVersion TagPolicy UntagPolicy
role: AttachRolePolicy CreateRole CreateServiceLinkedRole DeleteRole DeleteRolePermissionsBoundary DeleteRolePolicy
  DeleteServiceLinkedRole DetachRolePolicy GetRole GetRolePolicy GetServiceLinkedRoleDeletionStatus ListAttachedRolePolicies
  ListInstanceProfilesForRole ListRolePolicies ListRoleTags PutRolePermissionsBoundary PutRolePolicy TagRole UntagRole
  UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription
saml-provider: CreateSAMLProvider DeleteSAMLProvider GetSAMLProvider ListSAMLProviderTags TagSAMLProvider UntagSAMLProvider
  UpdateSAMLProvider
server-certificate: DeleteServerCertificate GetServerCertificate ListServerCertificateTags TagServerCertificate
  UntagServerCertificate UpdateServerCertificate UploadServerCertificate
user: AttachUserPolicy ChangePassword CreateAccessKey CreateLoginProfile CreateServiceSpecificCredential CreateUser
  DeactivateMFADevice DeleteAccessKey DeleteLoginProfile DeleteSSHPublicKey DeleteServiceSpecificCredential
  DeleteSigningCertificate DeleteUser DeleteUserPermissionsBoundary DeleteUserPolicy DetachUserPolicy EnableMFADevice
  GetAccessKeyLastUsed GetLoginProfile GetMFADevice GetSSHPublicKey GetUser GetUserPolicy ListAccessKeys
  ListAttachedUserPolicies ListGroupsForUser ListSSHPublicKeys ListServiceSpecificCredentials ListSigningCertificates
  ListUserPolicies ListUserTags PutUserPermissionsBoundary PutUserPolicy ResetServiceSpecificCredential ResyncMFADevice TagUser
  UntagUser UpdateAccessKey UpdateLoginProfile UpdateSSHPublicKey UpdateServiceSpecificCredential UpdateSigningCertificate
  UpdateUser UploadSSHPublicKey UploadSigningCertificate
user?: ListMFADevices
  ]],
}

resources.logs = {
  arns = {
    ["anomaly-detector"] = "arn:{partition}:logs:{region}:{account}:anomaly-detector:{AnomalyDetector}",
    delivery = "arn:{partition}:logs:{region}:{account}:delivery:{Delivery}",
    ["delivery-destination"] = "arn:{partition}:logs:{region}:{account}:delivery-destination:{DeliveryDestination}",
    ["delivery-source"] = "arn:{partition}:logs:{region}:{account}:delivery-source:{DeliverySource}",
    destination = "arn:{partition}:logs:{region}:{account}:destination:{Destination}",
    ["log-group"] = "arn:{partition}:logs:{region}:{account}:log-group:{LogGroup}",
    ["log-stream"] = "arn:{partition}:logs:{region}:{account}:log-group:{LogGroup}:log-stream:{LogStream}",
    ["lookup-table"] = "arn:{partition}:logs:{region}:{account}:lookup-table:{LookupTable}",
    ["scheduled-query"] = "arn:{partition}:logs:{region}:{account}:scheduled-query:{ScheduledQuery}",
  },
  members = {
    AnomalyDetector = "anomalyDetectorArn",
    Delivery = "id",
    DeliveryDestination = "name deliveryDestinationName",
    DeliverySource = "name deliverySourceName",
    Destination = "destinationName",
    LogGroup = "logGroupName logGroupIdentifier logGroupNames logGroupIdentifiers logGroupArnList resourceIdentifier",
    LogStream = "logStreamName",
    LookupTable = "lookupTableArn lookupTableName",
    ScheduledQuery = "identifier name",
  },
  actions = [[
anomaly-detector: DeleteLogAnomalyDetector GetLogAnomalyDetector UpdateAnomaly UpdateLogAnomalyDetector
anomaly-detector?: ListAnomalies ListLogAnomalyDetectors
anomaly-detector? delivery? delivery-destination? delivery-source? destination? log-group? lookup-table?: ListTagsForResource
anomaly-detector? delivery? delivery-destination? delivery-source? destination? log-group? lookup-table? scheduled-query?:
  TagResource UntagResource
delivery: DeleteDelivery GetDelivery
delivery delivery-destination delivery-source: CreateDelivery UpdateDeliveryConfiguration
delivery-destination: DeleteDeliveryDestination DeleteDeliveryDestinationPolicy DeleteDeliverySource GetDeliveryDestination
  GetDeliveryDestinationPolicy PutDeliveryDestination PutDeliveryDestinationPolicy
delivery-source: GetDeliverySource PutDeliverySource
destination: DeleteDestination PutDestination PutDestinationPolicy
log-group: AssociateKmsKey CreateExportTask CreateLogAnomalyDetector CreateLogGroup DeleteDataProtectionPolicy DeleteLogGroup
  DeleteMetricFilter DeleteRetentionPolicy DeleteSubscriptionFilter DeleteTransformer DescribeLogStreams DescribeMetricFilters
  DescribeSubscriptionFilters DisassociateKmsKey FilterLogEvents GetDataProtectionPolicy GetLogGroupFields GetLogRecord
  GetQueryResults GetTransformer ListTagsLogGroup PutBearerTokenAuthentication PutDataProtectionPolicy
  PutLogGroupDeletionProtection PutMetricFilter PutRetentionPolicy PutTransformer StartLiveTail StartQuery TagLogGroup
  UntagLogGroup
log-group destination?: PutSubscriptionFilter
log-stream: CreateLogStream DeleteLogStream GetLogEvents PutLogEvents
lookup-table: CreateLookupTable DeleteLookupTable GetLookupTable UpdateLookupTable
none: AssociateSourceToS3TableIntegration CancelExportTask CancelImportTask CreateImportTask DeleteAccountPolicy
  DeleteIndexPolicy DeleteIntegration DeleteQueryDefinition DeleteResourcePolicy DescribeAccountPolicies
  DescribeConfigurationTemplates DescribeDeliveries DescribeDeliveryDestinations DescribeDeliverySources DescribeDestinations
  DescribeExportTasks DescribeFieldIndexes DescribeImportTaskBatches DescribeImportTasks DescribeIndexPolicies DescribeLogGroups
  DescribeLookupTables DescribeQueries DescribeQueryDefinitions DescribeResourcePolicies
  DisassociateSourceFromS3TableIntegration GetIntegration GetLogFields ListAggregateLogGroupSummaries ListIntegrations
  ListLogGroups ListLogGroupsForQuery ListScheduledQueries ListSourcesForS3TableIntegration PutAccountPolicy PutIndexPolicy
  PutIntegration PutQueryDefinition PutResourcePolicy StopQuery TestMetricFilter TestTransformer
scheduled-query: CreateScheduledQuery DeleteScheduledQuery GetScheduledQuery GetScheduledQueryHistory UpdateScheduledQuery
  ]],
}

resources.s3 = {
  arns = {
    bucket = "arn:{partition}:s3:::{Bucket}",
    object = "arn:{partition}:s3:::{Bucket}/{Key}",
  },
  members = {
    Bucket = "Bucket",
    Key = "Key",
  },
  actions = [[
bucket: CreateBucket CreateBucketMetadataTableConfiguration DeleteBucket DeleteBucketMetadataTableConfiguration
  DeleteBucketPolicy DeleteBucketWebsite GetAccelerateConfiguration GetAnalyticsConfiguration GetBucketAbac GetBucketAcl
  GetBucketCORS GetBucketLocation GetBucketLogging GetBucketMetadataTableConfiguration GetBucketNotification
  GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus GetBucketPublicAccessBlock
  GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration
  GetIntelligentTieringConfiguration GetInventoryConfiguration GetLifecycleConfiguration GetMetricsConfiguration
  GetReplicationConfiguration ListBucket ListBucketMultipartUploads ListBucketVersions PutAccelerateConfiguration
  PutAnalyticsConfiguration PutBucketAbac PutBucketAcl PutBucketCORS PutBucketLogging PutBucketNotification
  PutBucketObjectLockConfiguration PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock PutBucketRequestPayment
  PutBucketTagging PutBucketVersioning PutBucketWebsite PutEncryptionConfiguration PutIntelligentTieringConfiguration
  PutInventoryConfiguration PutLifecycleConfiguration PutMetricsConfiguration PutReplicationConfiguration
  UpdateBucketMetadataInventoryTableConfiguration UpdateBucketMetadataJournalTableConfiguration
none: ListAllMyBuckets
object: AbortMultipartUpload DeleteObject DeleteObjectTagging GetObject GetObjectAcl GetObjectAttributes GetObjectLegalHold
  GetObjectRetention GetObjectTagging GetObjectTorrent ListMultipartUploadParts PutObject PutObjectAcl PutObjectLegalHold
  PutObjectRetention PutObjectTagging RestoreObject UpdateObjectEncryption
  ]],
}

resources.secretsmanager = {
  arns = {
    Secret = "arn:{partition}:secretsmanager:{region}:{account}:secret:{Secret}",
  },
  members = {
    Secret = "SecretId Name",
  },
  actions = [[
Secret: CancelRotateSecret CreateSecret DeleteResourcePolicy DeleteSecret DescribeSecret GetResourcePolicy GetSecretValue
  ListSecretVersionIds PutResourcePolicy PutSecretValue RemoveRegionsFromReplication ReplicateSecretToRegions RestoreSecret
  RotateSecret StopReplicationToReplica TagResource UntagResource UpdateSecret UpdateSecretVersionStage ValidateResourcePolicy
none: BatchGetSecretValue GetRandomPassword ListSecrets
  ]],
}

resources.servicediscovery = {
  arns = {
    namespace = "arn:{partition}:servicediscovery:{region}:{account}:namespace/{Namespace}",
    service = "arn:{partition}:servicediscovery:{region}:{account}:service/{Service}",
  },
  members = {
    Namespace = "NamespaceId Id",
    Service = "ServiceId Id",
  },
  actions = [[
namespace: DeleteNamespace GetNamespace UpdateHttpNamespace UpdatePrivateDnsNamespace UpdatePublicDnsNamespace
namespace service: CreateService DiscoverInstances DiscoverInstancesRevision
namespace service?: GetOperation
none: CreateHttpNamespace CreatePrivateDnsNamespace CreatePublicDnsNamespace ListNamespaces ListOperations ListServices
  ListTagsForResource TagResource UntagResource
service: DeleteService DeleteServiceAttributes DeregisterInstance GetInstance GetInstancesHealthStatus GetService
  GetServiceAttributes ListInstances RegisterInstance UpdateInstanceCustomHealthStatus UpdateService UpdateServiceAttributes
  ]],
}

resources.sns = {
  arns = {
    topic = "arn:{partition}:sns:{region}:{account}:{Topic}",
  },
  members = {
    Topic = "TopicArn TargetArn Name",
  },
  actions = [[
none: CheckIfPhoneNumberIsOptedOut CreatePlatformApplication CreatePlatformEndpoint CreateSMSSandboxPhoneNumber DeleteEndpoint
  DeletePlatformApplication DeleteSMSSandboxPhoneNumber GetEndpointAttributes GetPlatformApplicationAttributes GetSMSAttributes
  GetSMSSandboxAccountStatus ListEndpointsByPlatformApplication ListOriginationNumbers ListPhoneNumbersOptedOut
  ListPlatformApplications ListSMSSandboxPhoneNumbers ListSubscriptions ListTopics OptInPhoneNumber SetEndpointAttributes
  SetPlatformApplicationAttributes SetSMSAttributes VerifySMSSandboxPhoneNumber
topic: AddPermission ConfirmSubscription CreateTopic DeleteTopic GetDataProtectionPolicy GetTopicAttributes
  ListSubscriptionsByTopic Publish PutDataProtectionPolicy RemovePermission SetTopicAttributes Subscribe
topic?: GetSubscriptionAttributes ListTagsForResource SetSubscriptionAttributes TagResource Unsubscribe UntagResource
  ]],
}

resources.ssm = {
  arns = {
    association = "arn:{partition}:ssm:{region}:{account}:association/{Association}",
    ["automation-execution"] = "arn:{partition}:ssm:{region}:{account}:automation-execution/{AutomationExecution}",
    document = "arn:{partition}:ssm:{region}:{account}:document/{Document}",
    ["iam-role"] = "arn:{partition}:iam::{account}:role/{Role}",
    instance = "arn:{partition}:ec2:{region}:{account}:instance/{Instance}",
    maintenancewindow = "arn:{partition}:ssm:{region}:{account}:maintenancewindow/{MaintenanceWindow}",
    ["managed-instance"] = "arn:{partition}:ssm:{region}:{account}:managed-instance/{Instance}",
    opsitem = "arn:{partition}:ssm:{region}:{account}:opsitem/{OpsItem}",
    opsmetadata = "arn:{partition}:ssm:{region}:{account}:opsmetadata/*",
    parameter = "arn:{partition}:ssm:{region}:{account}:parameter/{Parameter}",
    patchbaseline = "arn:{partition}:ssm:{region}:{account}:patchbaseline/{PatchBaseline}",
    resourcedatasync = "arn:{partition}:ssm:{region}:{account}:resource-data-sync/{ResourceDataSync}",
    servicesetting = "arn:{partition}:ssm:{region}:{account}:servicesetting/{ServiceSetting}",
    session = "arn:{partition}:ssm:{region}:{account}:session/{Session}",
    task = "arn:{partition}:ecs:{region}:{account}:task/*",
    windowtarget = "arn:{partition}:ssm:{region}:{account}:windowtarget/{WindowTarget}",
    windowtask = "arn:{partition}:ssm:{region}:{account}:windowtask/{WindowTask}",
  },
  members = {
    Association = "AssociationId AssociationIds",
    AutomationExecution = "AutomationExecutionId",
    Document = "DocumentName Name",
    Instance = "InstanceId InstanceIds Target",
    MaintenanceWindow = "WindowId",
    OpsItem = "OpsItemId",
    Parameter = "Name Names Path",
    PatchBaseline = "BaselineId",
    ResourceDataSync = "SyncName",
    Role = "IamRole",
    ServiceSetting = "SettingId",
    Session = "SessionId",
    WindowTarget = "WindowTargetId",
    WindowTask = "WindowTaskId",
  },
  actions = [[
association: DescribeAssociationExecutionTargets DescribeAssociationExecutions ListAssociationVersions StartAssociationsOnce
association document instance? managed-instance?: CreateAssociation
association document? instance? managed-instance?: UpdateAssociation
association? automation-execution? document? instance? maintenancewindow? managed-instance? opsitem? opsmetadata? parameter?
  patchbaseline? task?: AddTagsToResource RemoveTagsFromResource
association? automation-execution? document? maintenancewindow? managed-instance? opsitem? opsmetadata? parameter?
  patchbaseline?: ListTagsForResource
association? document? instance? managed-instance?: DeleteAssociation DescribeAssociation
automation-execution: DescribeAutomationStepExecutions GetAutomationExecution SendAutomationSignal StopAutomationExecution
automation-execution document: StartAutomationExecution StartChangeRequestExecution
document: CreateDocument DeleteDocument DescribeDocument DescribeDocumentPermission GetCalendarState GetDocument
  ListDocumentMetadataHistory ListDocumentVersions ModifyDocumentPermission UpdateDocument UpdateDocumentDefaultVersion
  UpdateDocumentMetadata
document instance? managed-instance?: CreateAssociationBatch SendCommand UpdateAssociationStatus
document? instance? managed-instance? task?: StartSession
document? parameter?: DeleteResourcePolicy GetResourcePolicies PutResourcePolicy
iam-role managed-instance: UpdateManagedInstanceRole
instance? managed-instance?: DescribeEffectiveInstanceAssociations DescribeInstanceAssociationsStatus
  DescribeInstancePatchStates DescribeInstancePatches PutComplianceItems StartAccessRequest
instance? managed-instance? task?: GetConnectionStatus
maintenancewindow: CancelMaintenanceWindowExecution DeleteMaintenanceWindow DescribeMaintenanceWindowExecutions
  DescribeMaintenanceWindowTargets DescribeMaintenanceWindowTasks GetMaintenanceWindow GetMaintenanceWindowTask
  RegisterTargetWithMaintenanceWindow RegisterTaskWithMaintenanceWindow UpdateMaintenanceWindow
maintenancewindow windowtarget: DeregisterTargetFromMaintenanceWindow UpdateMaintenanceWindowTarget
maintenancewindow windowtask: DeregisterTaskFromMaintenanceWindow UpdateMaintenanceWindowTask
managed-instance: DeregisterManagedInstance
none: CancelCommand CreateActivation CreateMaintenanceWindow CreateOpsItem CreateOpsMetadata CreatePatchBaseline
  DeleteActivation DeleteInventory DescribeActivations DescribeAutomationExecutions DescribeAvailablePatches
  DescribeInstanceInformation DescribeInstancePatchStatesForPatchGroup DescribeInstanceProperties DescribeInventoryDeletions
  DescribeMaintenanceWindowExecutionTaskInvocations DescribeMaintenanceWindowExecutionTasks DescribeMaintenanceWindowSchedule
  DescribeMaintenanceWindows DescribeMaintenanceWindowsForTarget DescribeOpsItems DescribeParameters DescribePatchBaselines
  DescribePatchGroupState DescribePatchGroups DescribePatchProperties DescribeSessions GetCommandInvocation
  GetDeployablePatchSnapshotForInstance GetExecutionPreview GetInventory GetInventorySchema GetMaintenanceWindowExecution
  GetMaintenanceWindowExecutionTask GetMaintenanceWindowExecutionTaskInvocation GetPatchBaselineForPatchGroup ListAssociations
  ListCommandInvocations ListCommands ListComplianceItems ListComplianceSummaries ListDocuments ListInventoryEntries
  ListOpsItemEvents ListOpsItemRelatedItems ListOpsMetadata ListResourceComplianceSummaries ListResourceDataSync PutInventory
  StartExecutionPreview
opsitem: AssociateOpsItemRelatedItem DeleteOpsItem DisassociateOpsItemRelatedItem GetAccessToken GetOpsItem UpdateOpsItem
opsmetadata: DeleteOpsMetadata GetOpsMetadata UpdateOpsMetadata
parameter: DeleteParameter DeleteParameters GetParameter GetParameterHistory GetParameters GetParametersByPath
  LabelParameterVersion PutParameter UnlabelParameterVersion
patchbaseline: DeletePatchBaseline DeregisterPatchBaselineForPatchGroup DescribeEffectivePatchesForPatchBaseline
  GetDefaultPatchBaseline GetPatchBaseline RegisterDefaultPatchBaseline RegisterPatchBaselineForPatchGroup UpdatePatchBaseline
resourcedatasync: CreateResourceDataSync DeleteResourceDataSync GetOpsSummary ListNodes ListNodesSummary UpdateResourceDataSync
servicesetting: GetServiceSetting ResetServiceSetting UpdateServiceSetting
session: ResumeSession TerminateSession
  ]],
}

resources.sts = {
  arns = {
    ["federated-user"] = "arn:{partition}:sts::{account}:federated-user/{User}",
    role = "arn:{partition}:iam::{account}:role/{Role}",
    ["root-user"] = "arn:{partition}:iam::{account}:root",
  },
  members = {
    Role = "RoleArn",
    User = "Name",
  },
  actions = [[
federated-user?: GetFederationToken
none: DecodeAuthorizationMessage GetAccessKeyInfo GetCallerIdentity GetDelegatedAccessToken GetSessionToken GetWebIdentityToken
role: AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity
root-user: AssumeRoot
  ]],
}

resources.ec2 = {
  arns = {
    ["capacity-reservation"] = "arn:{partition}:ec2:{region}:{account}:capacity-reservation/{CapacityReservation}",
    ["client-vpn-endpoint"] = "arn:{partition}:ec2:{region}:{account}:client-vpn-endpoint/{ClientVpnEndpoint}",
    fleet = "arn:{partition}:ec2:{region}:{account}:fleet/{Fleet}",
    ["fpga-image"] = "arn:{partition}:ec2:{region}:{account}:fpga-image/{FpgaImage}",
    image = "arn:{partition}:ec2:{region}::image/{Image}",
    instance = "arn:{partition}:ec2:{region}:{account}:instance/{Instance}",
    ["security-group"] = "arn:{partition}:ec2:{region}:{account}:security-group/{SecurityGroup}",
    snapshot = "arn:{partition}:ec2:{region}::snapshot/{Snapshot}",
    ["spot-fleet-request"] = "arn:{partition}:ec2:{region}:{account}:spot-fleet-request/{SpotFleetRequest}",
    volume = "arn:{partition}:ec2:{region}:{account}:volume/{Volume}",
    vpc = "arn:{partition}:ec2:{region}:{account}:vpc/{Vpc}",
    ["vpc-endpoint-service"] = "arn:{partition}:ec2:{region}:{account}:vpc-endpoint-service/{EndpointService}",
  },
  members = {
    CapacityReservation = "CapacityReservationId",
    ClientVpnEndpoint = "ClientVpnEndpointId",
    EndpointService = "ServiceId",
    Fleet = "FleetId",
    FpgaImage = "FpgaImageId",
    Image = "ImageId",
    Instance = "InstanceId",
    SecurityGroup = "GroupId",
    Snapshot = "SnapshotId",
    SpotFleetRequest = "SpotFleetRequestId",
    Volume = "VolumeId",
    Vpc = "VpcId",
  },
  actions = [[
capacity-reservation: DescribeCapacityBlockExtensionOfferings
client-vpn-endpoint: DescribeClientVpnAuthorizationRules DescribeClientVpnConnections DescribeClientVpnRoutes
  DescribeClientVpnTargetNetworks
fleet: DescribeFleetHistory DescribeFleetInstances
fpga-image: DescribeFpgaImageAttribute
image: DescribeImageAttribute
instance: DescribeInstanceAttribute
none: DescribeAccountAttributes DescribeAddressTransfers DescribeAddresses DescribeAddressesAttribute DescribeAggregateIdFormat
  DescribeAvailabilityZones DescribeAwsNetworkPerformanceMetricSubscriptions DescribeBundleTasks DescribeByoipCidrs
  DescribeCapacityBlockExtensionHistory DescribeCapacityBlockOfferings DescribeCapacityBlockStatus DescribeCapacityBlocks
  DescribeCapacityManagerDataExports DescribeCapacityReservationBillingRequests DescribeCapacityReservationFleets
  DescribeCapacityReservationTopology DescribeCapacityReservations DescribeCarrierGateways DescribeClassicLinkInstances
  DescribeClientVpnEndpoints DescribeCoipPools DescribeConversionTasks DescribeCustomerGateways
  DescribeDeclarativePoliciesReports DescribeDhcpOptions DescribeEgressOnlyInternetGateways DescribeElasticGpus
  DescribeExportImageTasks DescribeExportTasks DescribeFastLaunchImages DescribeFastSnapshotRestores DescribeFleets
  DescribeFlowLogs DescribeFpgaImages DescribeHostReservationOfferings DescribeHostReservations DescribeHosts
  DescribeIamInstanceProfileAssociations DescribeIdFormat DescribeIdentityIdFormat DescribeImageReferences
  DescribeImageUsageReportEntries DescribeImageUsageReports DescribeImages DescribeImportImageTasks DescribeImportSnapshotTasks
  DescribeInstanceConnectEndpoints DescribeInstanceCreditSpecifications DescribeInstanceEventNotificationAttributes
  DescribeInstanceEventWindows DescribeInstanceImageMetadata DescribeInstanceSqlHaHistoryStates DescribeInstanceSqlHaStates
  DescribeInstanceStatus DescribeInstanceTopology DescribeInstanceTypeOfferings DescribeInstanceTypes DescribeInstances
  DescribeInternetGateways DescribeIpamByoasn DescribeIpamExternalResourceVerificationTokens DescribeIpamPolicies
  DescribeIpamPoolAllocations DescribeIpamPools DescribeIpamPrefixListResolverTargets DescribeIpamPrefixListResolvers
  DescribeIpamResourceDiscoveries DescribeIpamResourceDiscoveryAssociations DescribeIpamScopes DescribeIpams DescribeIpv6Pools
  DescribeKeyPairs DescribeLaunchTemplateVersions DescribeLaunchTemplates
  DescribeLocalGatewayRouteTableVirtualInterfaceGroupAssociations DescribeLocalGatewayRouteTableVpcAssociations
  DescribeLocalGatewayRouteTables DescribeLocalGatewayVirtualInterfaceGroups DescribeLocalGatewayVirtualInterfaces
  DescribeLocalGateways DescribeLockedSnapshots DescribeMacHosts DescribeMacModificationTasks DescribeManagedPrefixLists
  DescribeMovingAddresses DescribeNatGateways DescribeNetworkAcls DescribeNetworkInsightsAccessScopeAnalyses
  DescribeNetworkInsightsAccessScopes DescribeNetworkInsightsAnalyses DescribeNetworkInsightsPaths
  DescribeNetworkInterfaceAttribute DescribeNetworkInterfacePermissions DescribeNetworkInterfaces DescribeOutpostLags
  DescribePlacementGroups DescribePrefixLists DescribePrincipalIdFormat DescribePublicIpv4Pools DescribeRegions
  DescribeReplaceRootVolumeTasks DescribeReservedInstances DescribeReservedInstancesListings
  DescribeReservedInstancesModifications DescribeReservedInstancesOfferings DescribeRouteServerEndpoints
  DescribeRouteServerPeers DescribeRouteServers DescribeRouteTables DescribeScheduledInstanceAvailability
  DescribeScheduledInstances DescribeSecondaryInterfaces DescribeSecondaryNetworks DescribeSecondarySubnets
  DescribeSecurityGroupRules DescribeSecurityGroupVpcAssociations DescribeSecurityGroups DescribeServiceLinkVirtualInterfaces
  DescribeSnapshotTierStatus DescribeSnapshots DescribeSpotDatafeedSubscription DescribeSpotFleetRequests
  DescribeSpotInstanceRequests DescribeSpotPriceHistory DescribeStaleSecurityGroups DescribeStoreImageTasks DescribeSubnets
  DescribeTags DescribeTrafficMirrorFilterRules DescribeTrafficMirrorFilters DescribeTrafficMirrorSessions
  DescribeTrafficMirrorTargets DescribeTransitGatewayAttachments DescribeTransitGatewayConnectPeers
  DescribeTransitGatewayConnects DescribeTransitGatewayMeteringPolicies DescribeTransitGatewayMulticastDomains
  DescribeTransitGatewayPeeringAttachments DescribeTransitGatewayPolicyTables DescribeTransitGatewayRouteTableAnnouncements
  DescribeTransitGatewayRouteTables DescribeTransitGatewayVpcAttachments DescribeTransitGateways
  DescribeTrunkInterfaceAssociations DescribeVerifiedAccessEndpoints DescribeVerifiedAccessGroups
  DescribeVerifiedAccessInstanceLoggingConfigurations DescribeVerifiedAccessInstances DescribeVerifiedAccessTrustProviders
  DescribeVolumeStatus DescribeVolumes DescribeVolumesModifications DescribeVpcBlockPublicAccessExclusions
  DescribeVpcBlockPublicAccessOptions DescribeVpcClassicLink DescribeVpcClassicLinkDnsSupport DescribeVpcEncryptionControls
  DescribeVpcEndpointAssociations DescribeVpcEndpointConnectionNotifications DescribeVpcEndpointConnections
  DescribeVpcEndpointServiceConfigurations DescribeVpcEndpointServices DescribeVpcEndpoints DescribeVpcPeeringConnections
  DescribeVpcs DescribeVpnConcentrators DescribeVpnConnections DescribeVpnGateways
security-group: DescribeSecurityGroupReferences
snapshot: DescribeSnapshotAttribute
spot-fleet-request: DescribeSpotFleetInstances DescribeSpotFleetRequestHistory
volume: DescribeVolumeAttribute
vpc: DescribeVpcAttribute
vpc-endpoint-service: DescribeVpcEndpointServicePermissions
  ]],
}

-- What is put behind a name that is not whole: the revision of a family, the six letters that Secrets Manager adds.
resources.endings = { TaskDefinition = ":*", DaemonTaskDefinition = ":*", Secret = "-??????" }

-- Kinds whose ARN in a policy ends in ":*", but for the actions that tag them.
resources.log_groups = { ["log-group"] = true }

-- Conditions where the resource does not say it: the key of the condition, the member that names it, and how.
resources.conditions = {
  {
    key = "ecs:cluster", operator = "ArnEquals", kind = "cluster", prefix = "ecs",
    actions = "ListTasks ListServices RunTask StartTask",
  },
  {
    key = "application-autoscaling:service-namespace", operator = "StringEquals", member = "ServiceNamespace",
    prefix = "application-autoscaling",
    actions = "DeleteScalingPolicy DeleteScheduledAction DeregisterScalableTarget PutScalingPolicy PutScheduledAction "
        .. "RegisterScalableTarget",
  },
  { key = "cloudwatch:namespace", operator = "StringEquals", member = "Namespace", prefix = "cloudwatch", actions = "PutMetricData" },
}

-- Actions that hand a role to a service: the members that name it, and the service that takes it. With `always` the role may
-- stand in what the call refers to.
resources.passes = {
  ["ecs:RegisterTaskDefinition"] = { members = { "executionRoleArn", "taskRoleArn" }, to = "ecs-tasks.amazonaws.com" },
  ["ecs:RunTask"] = {
    members = { "overrides.executionRoleArn", "overrides.taskRoleArn" }, to = "ecs-tasks.amazonaws.com", always = true,
  },
  ["ecs:StartTask"] = {
    members = { "overrides.executionRoleArn", "overrides.taskRoleArn" }, to = "ecs-tasks.amazonaws.com", always = true,
  },
  ["ecs:CreateService"] = { members = { "role" }, to = "ecs.amazonaws.com" },
  ["application-autoscaling:RegisterScalableTarget"] = { members = { "RoleARN" }, to = "application-autoscaling.amazonaws.com" },
  ["cloudtrail:CreateTrail"] = { members = { "CloudWatchLogsRoleArn" }, to = "cloudtrail.amazonaws.com" },
  ["cloudtrail:UpdateTrail"] = { members = { "CloudWatchLogsRoleArn" }, to = "cloudtrail.amazonaws.com" },
  ["cloudwatch:PutMetricStream"] = { members = { "RoleArn" }, to = "streams.metrics.cloudwatch.amazonaws.com" },
  ["iam:AddRoleToInstanceProfile"] = { members = { "RoleName" }, to = "ec2.amazonaws.com" },
  ["logs:PutDestination"] = { members = { "roleArn" }, to = "logs.amazonaws.com" },
  ["logs:PutSubscriptionFilter"] = { members = { "roleArn" }, to = "logs.amazonaws.com" },
  ["s3:PutReplicationConfiguration"] = { members = { "ReplicationConfiguration.Role" }, to = "s3.amazonaws.com" },
  ["ssm:CreateActivation"] = { members = { "IamRole" }, to = "ssm.amazonaws.com" },
  ["ssm:SendCommand"] = { members = { "ServiceRoleArn" }, to = "ssm.amazonaws.com" },
  ["ssm:UpdateManagedInstanceRole"] = { members = { "IamRole" }, to = "ssm.amazonaws.com" },
}

-- Operations that read another object of S3: the member that names it, "bucket/key".
resources.copies = { ["s3:CopyObject"] = "CopySource", ["s3:UploadPartCopy"] = "CopySource" }

-- Actions that everybody has.
resources.free = { ["sts:GetCallerIdentity"] = true }

return resources
