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
  ["lambda:Invoke"] = { "lambda:InvokeFunction" }, ["lambda:InvokeAsync"] = { "lambda:InvokeFunction" },
  ["lambda:InvokeWithResponseStream"] = { "lambda:InvokeFunction" },
  ["dynamodb:BatchExecuteStatement"] = { "dynamodb:PartiQLSelect" }, ["dynamodb:ExecuteStatement"] = { "dynamodb:PartiQLSelect" },
  ["dynamodb:TransactGetItems"] = { "dynamodb:GetItem" }, ["dynamodb:TransactWriteItems"] = { "dynamodb:PutItem" },
  ["sqs:SendMessageBatch"] = { "sqs:SendMessage" }, ["sqs:DeleteMessageBatch"] = { "sqs:DeleteMessage" },
  ["sqs:ChangeMessageVisibilityBatch"] = { "sqs:ChangeMessageVisibility" }, ["sns:PublishBatch"] = { "sns:Publish" },
}

---What a policy has to allow for an operation.
---@param action string "s3:ListObjectsV2", as a runbook declares it
---@return string[] "s3:ListBucket"
function iam_actions.of(action)
  return OTHERS[action] or { action }
end

return iam_actions
