-- How a command is wrapped for ECS Exec: words stay words, whatever is in them, and marks are not in the script as they are printed.
local spec = require "spec"
local wrap = require "exec.wrap"

spec.test("a word that a shell takes as it is stays as it is, any other is quoted", function()
  spec.expect(wrap.line { "ls", "-l", "/app/x.py", "a=b", "50%" }, "ls -l /app/x.py a=b 50%")
  spec.expect(wrap.line { "echo", "a b", "", "$HOME", "it's", "*", "#", "~" }, [[echo 'a b' '' '$HOME' 'it'\''s' '*' '#' '~']])
  spec.expect(wrap.line { "a\nb", "\195\169" }, "'a\nb' '\195\169'")
end)

spec.test("what ECS is sent is three words: sh, -c and the script", function()
  for _, io in ipairs { "collect", "show", "pipe", "terminal" } do
    local command = wrap.command({ "echo", "it's" }, io)
    spec.expect(command:sub(1, 7), "sh -c '")
    local script = command:match "^sh %-c '(.*)'$":gsub([['\'']], "'")
    assert(script:find([[echo 'it'\''s']], 1, true), script)
    assert(not script:find("\30", 1, true), "a listing of processes would show a mark")
    assert(script:find([[printf '\036gwrun:end=%d\036' "$s"]], 1, true), script)
  end
end)

spec.test("a command reads nothing unless it is given something", function()
  assert(wrap.command({ "cat" }, "collect"):find("cat </dev/null", 1, true))
  assert(wrap.command({ "cat" }, "show"):find("cat </dev/null", 1, true))
  assert(wrap.command({ "cat" }, "pipe"):find("| base64 -d | cat;", 1, true))
  assert(wrap.command({ "sh" }, "terminal"):find("; sh; s=$?", 1, true))
end)

spec.test("a percent sign is no directive", function()
  assert(wrap.command({ "date", "+%s" }, "collect"):find("date +%s </dev/null", 1, true))
end)
