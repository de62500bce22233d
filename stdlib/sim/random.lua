--- Chance, from the simulator's seed: the same seed gives the same world.

local host = require "host.sim"

local random = {}

---A length of time: a number as it is, a pair { least, most } somewhere between.
---@param range number|number[]
---@return number seconds
function random.between(range)
  if type(range) == "number" then return range end
  return range[1] + (range[2] - range[1]) * host.random()
end

---@param length integer
---@return string lower-case hexadecimal digits
function random.hex(length)
  return host.hex(length)
end

---@param length integer
---@return string digits, the first not 0
function random.digits(length)
  local digits = { math.floor(1 + 9 * host.random()) }
  for i = 2, length do digits[i] = math.floor(10 * host.random()) end
  return table.concat(digits)
end

local LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

---@param length integer
---@return string letters and digits
function random.name(length)
  local letters = {}
  for i = 1, length do
    local at = 1 + math.floor(#LETTERS * host.random())
    letters[i] = LETTERS:sub(at, at)
  end
  return table.concat(letters)
end

---@return string
function random.uuid()
  return host.uuid()
end

---An address in a network's last octet range, for example "10.0.10.83".
---@param network string "10.0.10"
---@return string
function random.address(network)
  return ("%s.%d"):format(network, 10 + math.floor(240 * host.random()))
end

return random
