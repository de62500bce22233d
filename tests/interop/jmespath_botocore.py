"""Generated JMESPath expressions on generated values, searched by the package that botocore uses and by our engine:
jmespath_botocore.py JMESPATH_TOOL [SEED [COUNT]]

Left out of the comparison, because that package does not do what JMESPath says: an order between a text and a number (it
crashes), a slice right behind an index (it does not project), `0` and `false` inside lists (it takes them for equal), and
to_string of what is not a text (it writes Python's floats and escapes)."""

import json
import random
import subprocess
import sys

try:
    import jmespath
except ImportError:
    print("skipped: python3 has no jmespath")
    sys.exit(77)

KEYS = ["a", "b", "c", "Ab_1"]
TEXTS = ["", "x", "yy", "x-y", "2024-01-02", "é😀", "7", "-2.5"]
NUMBERS = [2, 3, -4, 7, 2.5, -0.25, 9007199254740993]


def value(rng, depth=0):
    kind = rng.randrange(9 if depth < 4 else 5)
    if kind < 5:
        return [None, rng.random() < 0.5, rng.choice(NUMBERS), rng.choice(TEXTS), rng.choice(NUMBERS)][kind]
    if kind < 7:
        same = rng.choice([None, NUMBERS, TEXTS])
        return [rng.choice(same) if same else value(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {key: value(rng, depth + 1) for key in rng.sample(KEYS, rng.randrange(len(KEYS) + 1))}


def literal(rng):
    plain = value(rng, 4)
    if isinstance(plain, str) and rng.random() < 0.5:
        return "'" + plain + "'"
    return "`" + json.dumps(plain) + "`"


def name(rng):
    key = rng.choice(KEYS)
    return key if rng.random() < 0.8 else json.dumps(key)


def number(rng):
    return rng.choice(["", str(rng.randrange(-4, 5))])


def call(rng, depth):
    def arg():
        return expression(rng, depth + 1)

    return rng.choice([
        lambda: f"{rng.choice(ONE)}({arg()})", lambda: f"{rng.choice(BY)}({arg()}, &{arg()})",
        lambda: f"map(&{arg()}, {arg()})", lambda: f"not_null({arg()}, {arg()}, {arg()})",
        lambda: "merge(%s, {%s: %s})" % (arg(), name(rng), arg()), lambda: f"{rng.choice(TWO)}({arg()}, {arg()})",
        lambda: f"join('-', {arg()})"])()


ONE = ["abs", "avg", "ceil", "floor", "keys", "length", "max", "min", "reverse", "sort", "sum", "to_array", "to_number",
       "type", "values"]
TWO = ["contains", "starts_with", "ends_with"]
BY = ["sort_by", "max_by", "min_by"]


def tail(rng, depth):
    return rng.choice([
        lambda: "." + name(rng), lambda: ".*", lambda: "[*]", lambda: "[]", lambda: f"[{rng.randrange(-3, 3)}]." + name(rng),
        lambda: f".{name(rng)}[{number(rng)}:{number(rng)}:{rng.choice(['', '1', '2', '-1', '-2'])}]",
        lambda: f"[?{expression(rng, depth + 1)}]", lambda: f".[{expression(rng, depth + 1)}, {expression(rng, depth + 1)}]",
        lambda: ".{%s: %s}" % (name(rng), expression(rng, depth + 1)), lambda: " | " + expression(rng, depth + 1)])()


def expression(rng, depth=0):
    if depth > 3:
        return rng.choice([name(rng), "@", literal(rng)])
    kind = rng.randrange(12)
    if kind < 6:
        return rng.choice([name(rng), name(rng), "@", "*", "[]"]) + "".join(tail(rng, depth) for _ in range(rng.randrange(4)))
    if kind < 8:
        operator = rng.choice(["==", "!=", "<", "<=", ">", ">=", "||", "&&", "|"])
        return f"{expression(rng, depth + 1)} {operator} {expression(rng, depth + 1)}"
    return [lambda: "!" + expression(rng, depth + 1), lambda: "(" + expression(rng, depth + 1) + ")",
            lambda: literal(rng), lambda: call(rng, depth)][kind - 8]()


def expected(text, given):
    """("found", value), ("error", kind), or None where the package crashes."""
    try:
        return "found", jmespath.search(text, given)
    except jmespath.exceptions.JMESPathError as err:
        return "error", type(err).__name__
    except (TypeError, ValueError, OverflowError):
        return None


def main(tool, seed=1, count=20000):
    rng = random.Random(int(seed))
    cases = [(expression(rng), value(rng)) for _ in range(int(count))]
    lines = "".join(json.dumps({"expression": text, "value": given}) + "\n" for text, given in cases)
    done = subprocess.run([tool], input=lines.encode(), capture_output=True, timeout=100)
    if done.returncode != 0:
        print(done.stderr.decode())
        return 1
    wrong, counts = 0, {"found": 0, "null": 0, "error": 0, "left out": 0}
    for (text, given), line in zip(cases, done.stdout.decode().splitlines()):
        wanted, ours = expected(text, given), json.loads(line)
        if wanted is None:
            counts["left out"] += 1
            continue
        kind, result = wanted
        counts["null" if kind == "found" and result is None else kind] += 1
        if kind not in ours or (kind == "found" and json.dumps(ours["found"], sort_keys=True) != json.dumps(result, sort_keys=True)
                                and ours["found"] != result):
            wrong += 1
            print(f"{text}\n  on {json.dumps(given)}\n  expected {wanted}\n  found {ours}")
    print(f"{len(cases)} searches: {counts}, {wrong} different")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
