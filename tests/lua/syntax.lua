-- The parser of Lua: trees with their places, and mistakes in one line.
local parser = require "syntax.parser"
local spec = require "spec"

local function first(text)
  local chunk, mistake = parser.parse(text)
  if not chunk then error(("%d:%d: %s"):format(mistake.line, mistake.column, mistake.message), 0) end
  return chunk.body[1]
end

local function mistake_of(text)
  local _, message = parser.parse_file(text, "x.lua")
  return message
end

spec.test("a call has its callee, its arguments and where each stands", function()
  local call = first "aws.ecs.stop_task { task = 'a' }\n".call
  spec.expect(call.kind, "Call")
  spec.expect(call.callee.key.value, "stop_task")
  spec.expect({ call.callee.line, call.callee.column }, { 1, 9 })
  local item = call.arguments[1].items[1]
  spec.expect({ item.key.value, item.value.value, item.line, item.column }, { "task", "a", 1, 21 })
end)

spec.test("operators bind as Lua says", function()
  local function shape(node)
    if node.kind == "Binary" then return "(" .. shape(node.left) .. node.operator .. shape(node.right) .. ")" end
    if node.kind == "Unary" then return "(" .. node.operator .. shape(node.operand) .. ")" end
    return node.name or tostring(node.value)
  end
  for text, expected in pairs {
    ["a + b * c"] = "(a+(b*c))", ["a .. b .. c"] = "(a..(b..c))", ["-a ^ b"] = "(-(a^b))", ["not a == b"] = "((nota)==b)",
    ["a // b % c"] = "((a//b)%c)", ["a | b ~ c & d << 1"] = "(a|(b~(c&(d<<1))))", ["a or b and c < d"] = "(aor(band(c<d)))",
    ["2 ^ - 3 ^ 2"] = "(2^(-(3^2)))",
  } do
    spec.expect(shape(first("return " .. text).values[1]), expected, text)
  end
end)

spec.test("names are resolved to their locals", function()
  local chunk = parser.parse "local a = 1; do local a = a; print(a, b) end return function() return a end"
  local outer, inner = chunk.body[1].variables[1], chunk.body[3].body[1]
  spec.expect(rawequal(inner.values[1].variable, outer), true, "the right-hand side sees the outer one")
  local print_call = chunk.body[3].body[3].call
  spec.expect(rawequal(print_call.arguments[1].variable, inner.variables[1]), true)
  spec.expect(print_call.arguments[2].variable, nil, "a global")
  spec.expect(outer.captured, true)
end)

spec.test("texts are read as Lua reads them", function()
  for text, expected in pairs {
    [ [['\65\x42\u{43}\z   
      D\'']] ] = "ABCD'", ["[==[\nx]]\r\ny]==]"] = "x]]\ny", ['"a\\\nb"'] = "a\nb",
  } do
    spec.expect(first("return " .. text).values[1].value, expected)
  end
  spec.expect(first "return 0x1p4".values[1].value, 16.0)
  spec.expect(first "return 9007199254740993".values[1].value, 9007199254740993)
end)

spec.test("comments are kept by line", function()
  local _, comments = parser.parse "local x -- gwrun: allow y\n--[[ a\nb ]] return x"
  spec.expect(comments[1], " gwrun: allow y")
  spec.expect(comments[2], " a\nb ")
end)

spec.test("a mistake is one line with its place", function()
  for text, expected in pairs {
    ["x = = 1"] = "x.lua:1:5: unexpected symbol near '='",
    ["if x then\n  y()\n"] = "x.lua:3:1: 'end' expected (to close 'if' at line 1) near '<eof>'",
    ["local x <const> = 1\n x = 2"] = "x.lua:2:2: attempt to assign to const variable 'x'",
    ["return 'a"] = "x.lua:1:8: unfinished string",
    ["x = '\\q'"] = "x.lua:1:6: invalid escape sequence '\\q'",
    ["x = 3x"] = "x.lua:1:5: malformed number '3x'",
    ["goto done"] = "x.lua:1:6: no visible label 'done' for goto",
    ["goto l; local z; ::l:: z()"] = "x.lua:1:6: goto 'l' jumps into the scope of local 'z'",
    ["break"] = "x.lua:1:1: break outside a loop",
    ["return 1 return 2"] = "x.lua:1:10: 'end of file' expected near 'return'",
    ["f(...) local function g() return ... end"] = "x.lua:1:34: cannot use '...' outside a vararg function near '...'",
    ["local x <clos> = 1"] = "x.lua:1:10: unknown attribute 'clos'",
    ["x"] = "x.lua:1:2: syntax error near '<eof>'",
  } do
    spec.expect(mistake_of(text), expected, text)
  end
end)

spec.test("depth has an end", function()
  spec.expect(mistake_of("return " .. ("("):rep(400)), "x.lua:1:197: nested too deeply (the limit is 190 levels)")
end)
