--- The actions of IAM behind API operations. Most operations are checked under their own name; these are not.

local iam_actions = {}

local OTHERS = {
  ["s3:CompleteMultipartUpload"] = { "s3:PutObject" }, ["s3:CreateMultipartUpload"] = { "s3:PutObject" },
  ["s3:UploadPart"] = { "s3:PutObject" }, ["s3:UploadPartCopy"] = { "s3:GetObject", "s3:PutObject" },
  ["s3:CopyObject"] = { "s3:GetObject", "s3:PutObject" }, ["s3:DeleteObjects"] = { "s3:DeleteObject" },
  ["s3:HeadObject"] = { "s3:GetObject" }, ["s3:GetObjectAttributes"] = { "s3:GetObject" }, ["s3:SelectObjectContent"] = { "s3:GetObject" },
  ["s3:HeadBucket"] = { "s3:ListBucket" }, ["s3:ListObjects"] = { "s3:ListBucket" }, ["s3:ListObjectsV2"] = { "s3:ListBucket" },
  ["s3:ListObjectVersions"] = { "s3:ListBucketVersions" }, ["s3:ListBuckets"] = { "s3:ListAllMyBuckets" },
  ["s3:ListParts"] = { "s3:ListMultipartUploadParts" }, ["s3:ListMultipartUploads"] = { "s3:ListBucketMultipartUploads" },
  ["s3:GetBucketLifecycleConfiguration"] = { "s3:GetLifecycleConfiguration" },
  ["s3:PutBucketLifecycleConfiguration"] = { "s3:PutLifecycleConfiguration" },
  ["s3:DeleteBucketLifecycle"] = { "s3:PutLifecycleConfiguration" },
  ["s3:GetBucketEncryption"] = { "s3:GetEncryptionConfiguration" }, ["s3:PutBucketEncryption"] = { "s3:PutEncryptionConfiguration" },
  ["s3:GetPublicAccessBlock"] = { "s3:GetBucketPublicAccessBlock" }, ["s3:PutPublicAccessBlock"] = { "s3:PutBucketPublicAccessBlock" },
  ["s3:CreateBucketMetadataConfiguration"] = { "s3:CreateBucketMetadataTableConfiguration" },
  ["s3:DeleteBucketAnalyticsConfiguration"] = { "s3:PutAnalyticsConfiguration" },
  ["s3:DeleteBucketCors"] = { "s3:PutBucketCORS" },
  ["s3:DeleteBucketEncryption"] = { "s3:PutEncryptionConfiguration" },
  ["s3:DeleteBucketIntelligentTieringConfiguration"] = { "s3:PutIntelligentTieringConfiguration" },
  ["s3:DeleteBucketInventoryConfiguration"] = { "s3:PutInventoryConfiguration" },
  ["s3:DeleteBucketMetadataConfiguration"] = { "s3:DeleteBucketMetadataTableConfiguration" },
  ["s3:DeleteBucketMetricsConfiguration"] = { "s3:PutMetricsConfiguration" },
  ["s3:DeleteBucketOwnershipControls"] = { "s3:PutBucketOwnershipControls" },
  ["s3:DeleteBucketReplication"] = { "s3:PutReplicationConfiguration" },
  ["s3:DeleteBucketTagging"] = { "s3:PutBucketTagging" },
  ["s3:DeletePublicAccessBlock"] = { "s3:PutBucketPublicAccessBlock" },
  ["s3:GetBucketAccelerateConfiguration"] = { "s3:GetAccelerateConfiguration" },
  ["s3:GetBucketAnalyticsConfiguration"] = { "s3:GetAnalyticsConfiguration" },
  ["s3:GetBucketCors"] = { "s3:GetBucketCORS" },
  ["s3:GetBucketIntelligentTieringConfiguration"] = { "s3:GetIntelligentTieringConfiguration" },
  ["s3:GetBucketInventoryConfiguration"] = { "s3:GetInventoryConfiguration" },
  ["s3:GetBucketLifecycle"] = { "s3:GetLifecycleConfiguration" },
  ["s3:GetBucketMetadataConfiguration"] = { "s3:GetBucketMetadataTableConfiguration" },
  ["s3:GetBucketMetricsConfiguration"] = { "s3:GetMetricsConfiguration" },
  ["s3:GetBucketNotificationConfiguration"] = { "s3:GetBucketNotification" },
  ["s3:GetBucketReplication"] = { "s3:GetReplicationConfiguration" },
  ["s3:GetObjectLockConfiguration"] = { "s3:GetBucketObjectLockConfiguration" },
  ["s3:ListBucketAnalyticsConfigurations"] = { "s3:GetAnalyticsConfiguration" },
  ["s3:ListBucketIntelligentTieringConfigurations"] = { "s3:GetIntelligentTieringConfiguration" },
  ["s3:ListBucketInventoryConfigurations"] = { "s3:GetInventoryConfiguration" },
  ["s3:ListBucketMetricsConfigurations"] = { "s3:GetMetricsConfiguration" },
  ["s3:PutBucketAccelerateConfiguration"] = { "s3:PutAccelerateConfiguration" },
  ["s3:PutBucketAnalyticsConfiguration"] = { "s3:PutAnalyticsConfiguration" },
  ["s3:PutBucketCors"] = { "s3:PutBucketCORS" },
  ["s3:PutBucketIntelligentTieringConfiguration"] = { "s3:PutIntelligentTieringConfiguration" },
  ["s3:PutBucketInventoryConfiguration"] = { "s3:PutInventoryConfiguration" },
  ["s3:PutBucketLifecycle"] = { "s3:PutLifecycleConfiguration" },
  ["s3:PutBucketMetricsConfiguration"] = { "s3:PutMetricsConfiguration" },
  ["s3:PutBucketNotificationConfiguration"] = { "s3:PutBucketNotification" },
  ["s3:PutBucketReplication"] = { "s3:PutReplicationConfiguration" },
  ["s3:PutObjectLockConfiguration"] = { "s3:PutBucketObjectLockConfiguration" },
  ["s3:CreateSession"] = { "s3express:CreateSession" },
  ["s3:ListDirectoryBuckets"] = { "s3express:ListAllMyDirectoryBuckets" },
  ["s3:WriteGetObjectResponse"] = { "s3-object-lambda:WriteGetObjectResponse" },
  ["lambda:Invoke"] = { "lambda:InvokeFunction" }, ["lambda:InvokeAsync"] = { "lambda:InvokeFunction" },
  ["lambda:InvokeWithResponseStream"] = { "lambda:InvokeFunction" },
  ["dynamodb:BatchExecuteStatement"] = { "dynamodb:PartiQLSelect" }, ["dynamodb:ExecuteStatement"] = { "dynamodb:PartiQLSelect" },
  ["dynamodb:TransactGetItems"] = { "dynamodb:GetItem" }, ["dynamodb:TransactWriteItems"] = { "dynamodb:PutItem" },
  ["sqs:SendMessageBatch"] = { "sqs:SendMessage" }, ["sqs:DeleteMessageBatch"] = { "sqs:DeleteMessage" },
  ["sqs:ChangeMessageVisibilityBatch"] = { "sqs:ChangeMessageVisibility" }, ["sns:PublishBatch"] = { "sns:Publish" },
}

-- What makes a thing with tags is checked as what tags it, besides.
-- https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/tagging-resources-during-creation.html
local TAGGING = {
  ["elasticloadbalancing:CreateListener"] = "elasticloadbalancing:AddTags",
  ["elasticloadbalancing:CreateLoadBalancer"] = "elasticloadbalancing:AddTags",
  ["elasticloadbalancing:CreateRule"] = "elasticloadbalancing:AddTags",
  ["elasticloadbalancing:CreateTargetGroup"] = "elasticloadbalancing:AddTags",
  ["elasticloadbalancing:CreateTrustStore"] = "elasticloadbalancing:AddTags",
}

---What a policy has to allow besides, where an operation makes something with tags.
---@param action string
---@return string? tagging nil: nothing is known
function iam_actions.tagging(action)
  return TAGGING[action]
end

---What a policy has to allow for an operation.
---@param action string "s3:ListObjectsV2", as a runbook declares it
---@return string[] "s3:ListBucket"
function iam_actions.of(action)
  return OTHERS[action] or { action }
end

return iam_actions
