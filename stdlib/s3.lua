--- Large files to S3: in one call where they are small, in parts at a time where they are not.
---
--- A runbook that uploads declares "s3:PutObject" and, for files above 64 MiB, "s3:CreateMultipartUpload",
--- "s3:UploadPart", "s3:CompleteMultipartUpload" and "s3:AbortMultipartUpload" (an IAM policy: s3:PutObject and
--- s3:AbortMultipartUpload); and the file in `needs.read`.

local aws = require "aws"
local file = require "file"
local options = require "options"
local parallel = require "parallel"
local planned = require "planned"

local s3 = {}

local MIB = 1024 * 1024
local MOST_PARTS = 10000 -- S3's own limit
local LEAST_PART = 5 * MIB
local HOW = { part_size = "number", parallel = "number", threshold = "number" }

---@class Upload
---@field part_size integer? bytes, at least 5 MiB; 16 MiB unless given, more where it would take over 10,000 parts
---@field parallel integer? parts under way at a time; 4 unless given
---@field threshold integer? files up to this size go in one call; 64 MiB unless given

local function check_part_size(size, asked)
  local part_size = asked or 16 * MIB
  if math.type(part_size) ~= "integer" or part_size < LEAST_PART then
    error("s3.upload: part_size must be an integer from 5242880 up, got " .. tostring(part_size), 3)
  end
  return math.max(part_size, -(-size // MOST_PARTS))
end

-- The members of the object that a part repeats.
local PART_MEMBERS = {
  "Bucket", "Key", "ChecksumAlgorithm", "SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5", "RequestPayer",
  "ExpectedBucketOwner",
}

local function part_of(object, more)
  local params = {}
  for _, name in ipairs(PART_MEMBERS) do params[name] = object[name] end
  for name, value in pairs(more) do params[name] = value end
  return params
end

local function upload_parts(object, body, upload_id, part_size, at_a_time)
  local numbers = {}
  for number = 1, -(-body:size() // part_size) do numbers[number] = number end
  local checksum = "Checksum" .. object.ChecksumAlgorithm
  return parallel.map(numbers, function(number)
    local part = aws.s3.upload_part(part_of(object, {
      PartNumber = number, UploadId = upload_id, Body = body:part((number - 1) * part_size, part_size),
    }))
    return { PartNumber = number, ETag = part.ETag, [checksum] = part[checksum] }
  end, { limit = at_a_time })
end

local function complete(object, upload_id, parts)
  local params = part_of(object, { UploadId = upload_id, MultipartUpload = { Parts = parts } })
  params.ChecksumAlgorithm = nil -- which only parts have
  return aws.s3.complete_multipart_upload(params)
end

local function upload_in_parts(object, body, part_size, at_a_time)
  local created = aws.s3.create_multipart_upload(object)
  if planned.is_unknown(created) then return created end
  local id = created.UploadId
  local ok, result = pcall(function()
    return complete(object, id, upload_parts(object, body, id, part_size, at_a_time))
  end)
  if ok then return result end
  -- What was uploaded costs until it is gone.
  aws.s3.try_abort_multipart_upload { Bucket = object.Bucket, Key = object.Key, UploadId = id }
  error(result, 0)
end

---Uploads one file; inside the change function of a step. Parts that failed for good take the others with them, and nothing of
---the upload stays in S3.
---@param path string
---@param object table Bucket, Key, and what else put_object takes: ContentType, Metadata, ServerSideEncryption ...
---@param how Upload?
---@return table output of put_object or complete_multipart_upload
function s3.upload(path, object, how)
  how = options.check("s3.upload", how or {}, HOW)
  local body <close> = file.open(path)
  if body:size() <= (how.threshold or 64 * MIB) then
    local params = { Body = body }
    for name, value in pairs(object) do params[name] = value end
    return aws.s3.put_object(params)
  end
  local params = { ChecksumAlgorithm = "CRC32" }
  for name, value in pairs(object) do params[name] = value end
  return upload_in_parts(params, body, check_part_size(body:size(), how.part_size), how.parallel or 4)
end

return s3
