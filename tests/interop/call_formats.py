"""Shorthand and output formats of gwrun call beside the aws CLI's own code: call_formats.py GWRUN

Generated inputs go through awscli's parser and formatters, and what they make of them is written
into a Lua spec that gwrun runs: stdlib/call/shorthand.lua, text.lua, table.lua and yaml.lua.
"""

import argparse
import io
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import unittest

import moto

try:
    import awscli.formatter
    import awscli.shorthand
    import yaml
except ImportError as missing:
    moto.skip(f"python3 has no {missing.name}")

SEED = 20251112
SHORTHANDS, DOCUMENTS = 1500, 400
GWRUN = os.path.abspath(sys.argv[1])

# ---- shorthand

WORDS = ["a", "web", "1", "true", "a b", "x.y", "a-b/c:d", "#1", "tag:x", "(x)", "*", "a\\,b", "grün", "$x", "a;b", "~", "", " ",
         "'q'", "'a,b=c'", "'it\\'s'", '"d"', '"say \\"x\\""', '"a\\\\b"', "'open", '"', "a]b", "a}b", "a[b", "a=b", "x\\y",
         "'a\\'", "^", "a|b", "<b>", "&"]
KEYS = ["a", "b", "Key", "Value", "a-b", "x.y", "tag:x", "k/1", "#k", "", "a b"]


def value(rng, depth):
    kind = rng.random()
    if depth < 3 and kind < 0.15:
        return "[" + separated(rng, lambda: value(rng, depth + 1)) + "]"
    if depth < 3 and kind < 0.3:
        return "{" + separated(rng, lambda: pair(rng, depth + 1)) + "}"
    if depth == 0 and kind < 0.5:
        return separated(rng, lambda: rng.choice(WORDS))
    return rng.choice(WORDS)


def separated(rng, make):
    return rng.choice([",", ",", ",", ", ", " ,"]).join(make() for _ in range(rng.randrange(4)))


def pair(rng, depth):
    return rng.choice(KEYS) + rng.choice(["=", "=", "=", "=", " = ", "@=", "", "=="]) + value(rng, depth)


def shorthand(rng):
    text = separated(rng, lambda: pair(rng, 0))
    if rng.random() < 0.2 and text:  # damage
        at = rng.randrange(len(text))
        text = text[:at] + rng.choice(["", ",", "=", "[", "]", "{", "}", "'", '"', "\\", " "]) + text[at + 1:]
    return text


def parsed(text):
    """What the CLI reads; None where it refuses."""
    try:
        return awscli.shorthand.ShorthandParser().parse(text)
    except (awscli.shorthand.ShorthandParseError, TypeError):
        return None


def compact(value):
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


# ---- documents

TEXTS = ["", "web", "a b", "arn:aws:ecs:us-east-1:1:service/a", "tab\there", "null", "true", "Yes", "1", "1.5", "0x1f", "1e3", "- a",
         "a: b", "a:", "#c", "a #c", "'q'", '"d"', "x'y", "[a]", "{a}", "*", "&a", "!t", "%", "@", "`", "a,b", "~", ".", "-", "--", "---",
         "?", ": a", "-a", "?a", ":a", "2025-11-12", "2025-11-12T03:12:00+00:00", "12:30", "=", "<<", "a\nb", "\n", "a\n", " a", "a ",
         "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"sts:AssumeRole\"}]}",
         "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen",
         "service busyb has reached a steady state: 'it' is, as far as one can tell from here, what was to be hoped for",
         "a" * 100, "a" * 90 + " " + "b" * 20, "one  two   three", "/ecs/web", "a|b", "a>b", "key=value", "50%", "a&b", "x@y", "a!b"]
NAMES = ["Name", "Value", "name", "a", "b", "Status", "Tags", "items", "x-y", "Arn", "1"]


def scalar(rng):
    return rng.choice([rng.choice(TEXTS), rng.choice(TEXTS), rng.choice(TEXTS), rng.randrange(-5, 2000), 70.0, 0.1, 1e16, -2.5e-7,
                       True, False, None])


def document(rng, depth=0):
    kind = rng.random()
    if depth > 3 or kind < 0.3:
        return scalar(rng)
    if kind < 0.5:
        return [scalar(rng) for _ in range(rng.randrange(4))]
    if kind < 0.65:  # structures of a kind, as AWS answers them
        names = rng.sample(NAMES, rng.randrange(1, 4))
        return [{name: document(rng, depth + 2) for name in names if rng.random() < 0.9} for _ in range(rng.randrange(4))]
    return {name: document(rng, depth + 1) for name in rng.sample(NAMES, rng.randrange(4))}


# Where one structure of a list has a scalar and another a structure, the CLI prints Python's own form.
PYTHON = re.compile(r"\{'|\['|\[(?:True|False|None|[-0-9.e+]+)[\],]|\[\]|\{\}")


def formatted(kind, value):
    """What the CLI prints; None where it fails."""
    out = io.StringIO()
    options = argparse.Namespace(query=None, color="off")
    try:
        awscli.formatter.get_formatter(kind, options)("DescribeThings", value, out)
    except (ValueError, TypeError, AttributeError, KeyError):
        return None
    return out.getvalue()


# ---- specs

def lua(text):
    return "nil" if text is None else '"' + "".join(f"\\{byte:03d}" for byte in text.encode()) + '"'


SPEC = """
local spec = require "spec"
local rows = {%s}
spec.test(%s, function()
  local wrong = {}
  for i, row in ipairs(rows) do
    local got = (%s)(row[1])
    if got ~= row[2] then
      wrong[#wrong + 1] = ("%%d of %%d: %%s\\n  gwrun %%s\\n  aws   %%s"):format(i, #rows, row[1], tostring(got), tostring(row[2]))
    end
  end
  if #wrong > 0 then error(#wrong .. " differ\\n" .. table.concat(wrong, "\\n"), 0) end
end)
"""


class SameAsTheCli(unittest.TestCase):

    def run_spec(self, claim, rows, function):
        self.assertGreater(len(rows), 100)
        table = ", ".join("{%s, %s}" % (lua(given), lua(expected)) for given, expected in rows)
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
            file.write(SPEC % (table, lua(claim), function))
            file.flush()
            done = subprocess.run([GWRUN, "test", file.name], capture_output=True, timeout=100, check=False)
        self.assertEqual(done.returncode, 0, (done.stdout + done.stderr).decode())

    def test_shorthand_is_read_as_the_cli_reads_it(self):
        rng = random.Random(SEED)
        rows = []
        for text in {shorthand(rng) for _ in range(SHORTHANDS)}:
            read = parsed(text)
            rows.append((text, None if read is None else compact(read)))
        self.assertGreater(sum(expected is not None for _, expected in rows), SHORTHANDS // 6)
        self.run_spec("shorthand", rows, """function(text)
          local map = require "call.shorthand".parse(text, function(word) return word end)
          return map and json.encode(map)
        end""")

    def documents(self, kind):
        rng = random.Random(SEED)
        rows = []
        for value in (document(rng) for _ in range(DOCUMENTS)):
            text = json.dumps({"it": value})
            expected = formatted(kind, value)
            if expected is not None and not PYTHON.search(expected):
                rows.append((text, expected))
        return rows

    def test_text(self):
        self.run_spec("text", self.documents("text"), """function(text)
          return require "call.text".format(json.decode(text).it)
        end""")

    def test_tables(self):
        self.run_spec("table", self.documents("table"), """function(text)
          local value = json.decode(text).it
          return require "call.table".format("DescribeThings", value, 80)
        end""")

    def test_yaml_is_that_of_the_library_and_reads_back(self):
        rng = random.Random(SEED)
        rows = []
        for value in (document(rng) for _ in range(DOCUMENTS)):
            if isinstance(value, (dict, list)):
                rows.append((json.dumps({"it": value}), yaml.safe_dump(value, default_flow_style=False, allow_unicode=True)))
        self.run_spec("yaml", rows, """function(text)
          return require "call.yaml".format(json.decode(text).it)
        end""")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
