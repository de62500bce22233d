--- Files as streams of calls: `aws.s3.put_object{ Bucket = ..., Key = ..., Body = file.open "backup.tar" }`.
---
--- The call reads the file as the connection takes it; a script never sees the bytes. A file must be listed in the
--- runbook's `needs.read`. One that changes while it is read is an error.

local host = require "host.file"

local file = {}

---@class File
---@field size fun(self: File): integer bytes
---@field path fun(self: File): string
---@field part fun(self: File, from: integer, size: integer): File these bytes of it; offsets count from 0
---@field close fun(self: File)

---Opens a regular file for reading.
---@param path string
---@return File? file
---@return table? err
function file.try_open(path)
  return host.open(path)
end

---As try_open, but a failure raises.
---@param path string
---@return File
function file.open(path)
  local opened, err = host.open(path)
  if not opened then error(err, 2) end
  return opened
end

return file
