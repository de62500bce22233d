--- Files: small ones as texts, any as streams of calls: `aws.s3.put_object{ Bucket = ..., Key = ..., Body = file.open "backup.tar" }`.
---
--- The call reads the file as the connection takes it; a script never sees the bytes. A file must be listed in the
--- runbook's `needs.read`. One that changes while it is read is an error.

local host = require "host.file"
local options = require "options"
local planned = require "planned"
local run = require "host.run"

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

---The text of a small file, at most 1 MiB; nil and the error.
---@param path string listed in `needs.read`
---@return string? text
---@return table? err
function file.try_read(path)
  return host.read(path)
end

---Writes a text to a file, which is whole then or not there. An existing one is kept unless `replace`. Only its owner can read it. A
---plan writes nothing.
---@param path string listed in `needs.write`
---@param text string|Secret a secret is written as it is
---@param how? { replace?: boolean }
function file.write(path, text, how)
  how = options.check("file.write", how or {}, { replace = "boolean" })
  if run.mode == "plan" then
    planned.act("write file " .. path, {})
    return
  end
  local ok, err = host.write(path, text, how.replace or false)
  if not ok then error(err, 2) end
end

return file
