"""Values for shapes, generated; and what a protocol makes of them on its way."""

import base64
import math

LETTERS = list("abzAZ09-_.~ %+:@!$&'()*,;=/?#[]\"<>\\^`{|}") + ["é", "ሴ", "😂", "\t", "\n"]
HEADER_LETTERS = [c for c in LETTERS if c not in "\t\n" and c.isascii()]
ITEM_LETTERS = [c for c in HEADER_LETTERS if c not in " \\"]  # botocore does not escape the backslash in a quoted item
TOKEN_LETTERS = list("abzAZ09-_.~!#$&'*+^`|")
PLAIN_LETTERS = list("abzAZ09")
DEEPEST = 5
NO_WIRE_MEMBERS = {"SourceRegion"}  # botocore's own addition to rds: it presigns a URL from it


def is_document(shape):
    return getattr(shape, "is_document_type", False)


class Generator:
    """`answers` keeps to what botocore can read: it takes lists in headers apart at every comma. `specials`: NaN and
    the infinities too, as text."""

    def __init__(self, rng, answers=False, specials=True):
        self.rng, self.answers, self.specials = rng, answers, specials

    def length(self, shape, longest, least=0):
        low = max(least, int(shape.metadata.get("min", 0)))
        return max(low, min(self.rng.randint(least, longest), int(shape.metadata.get("max", longest))))

    def number(self, shape, low, high):
        low = shape.metadata.get("min", low)
        return self.rng.randint(math.ceil(low), math.floor(min(shape.metadata.get("max", high), max(high, low))))

    def text(self, shape, letters, least=0):
        text = "".join(self.rng.choice(letters) for _ in range(self.length(shape, 6, least)))
        return "-" * len(text) if text in (".", "..") else text  # as a part of a path gwrun refuses them, botocore does not

    def value(self, shape, depth, letters=LETTERS, least=0):
        kind = shape.type_name
        if is_document(shape):
            return self.rng.choice([{"a": [1, "x", None, {"b": 1.5}]}, [], "text", True, 7, {"c": "é"}])
        if kind == "structure":
            return self.structure(shape, depth)
        if kind == "list":
            return [self.value(shape.member, depth + 1, letters)
                    for _ in range(self.length(shape, 2 if depth < DEEPEST else 0))]
        if kind == "map":
            count = self.length(shape, 2 if depth < DEEPEST else 0)
            keys = [self.value(shape.key, depth + 1) for _ in range(count)]
            return {key: self.value(shape.value, depth + 1, letters) for key in keys}
        if kind in ("string", "character"):
            return self.text(shape, letters, least)
        if kind == "blob":
            return base64.b64encode(self.rng.randbytes(self.length(shape, 6))).decode()
        if kind == "boolean":
            return self.rng.random() < 0.5
        if kind in ("float", "double"):
            bounded = "max" in shape.metadata or "min" in shape.metadata
            if self.specials and not bounded and self.rng.random() < 0.2:
                return self.rng.choice(["NaN", "Infinity", "-Infinity"])
            return self.number(shape, -9, 9) + (0.5 if "max" not in shape.metadata else 0.0)
        if kind == "timestamp":
            return self.rng.choice([0, 1422172800, self.rng.randint(1, 2_000_000_000)])
        edge = 2**31 if kind == "integer" else 2**63
        return self.number(shape, -edge, edge - 1)

    def member(self, shape, depth):
        """One member of a top structure: what travels in headers and paths is more limited."""
        location = shape.serialization.get("location")
        if shape.serialization.get("hostLabel"):
            return self.text(shape, PLAIN_LETTERS, 1)
        if location == "header" and shape.type_name == "list":
            return [self.value(shape.member, depth, PLAIN_LETTERS if self.answers else ITEM_LETTERS, 1)
                    for _ in range(self.length(shape, 2))]
        if location == "header":
            return self.value(shape, depth, HEADER_LETTERS)
        if location == "headers":
            return {self.text(shape.key, TOKEN_LETTERS, 1).lower(): self.value(shape.value, depth, HEADER_LETTERS)
                    for _ in range(self.length(shape, 2))}
        if location == "uri":
            return self.value(shape, depth, LETTERS, 1)
        return self.value(shape, depth)

    def structure(self, shape, depth=0):
        chance = 0.7 if depth < 2 else 0.3
        if getattr(shape, "is_tagged_union", False):
            simple = [n for n, m in shape.members.items() if m.type_name not in ("list", "map", "structure")]
            name = self.rng.choice(simple or list(shape.members)) if depth > DEEPEST - 2 else \
                self.rng.choice(list(shape.members))
            return {name: self.value(shape.members[name], depth + 1)}
        wanted = [name for name, member in shape.members.items() if name in shape.required_members or
                  (depth == 0 and member.serialization.get("location") == "uri") or
                  (self.rng.random() < chance and depth < DEEPEST)]
        make = self.member if depth == 0 else self.value
        return {name: make(shape.members[name], depth + 1) for name in wanted if
                (name not in NO_WIRE_MEMBERS or name in shape.required_members) and
                shape.members[name].serialization.get("location") != "statusCode"}


def for_botocore(shape, value):
    """The value with blobs as bytes and numbers as numbers."""
    if is_document(shape):
        return value
    if shape.type_name == "structure":
        return {name: for_botocore(shape.members[name], member) for name, member in value.items()}
    if shape.type_name == "list":
        return [for_botocore(shape.member, item) for item in value]
    if shape.type_name == "map":
        return {key: for_botocore(shape.value, item) for key, item in value.items()}
    if shape.type_name in ("float", "double"):
        return float(value)
    return base64.b64decode(value) if shape.type_name == "blob" else value


def from_botocore(shape, value):
    """What botocore parsed, in the tool's terms."""
    if is_document(shape) or value is None:
        return value
    if shape.type_name == "structure":
        return {name: from_botocore(shape.members[name], value[name]) for name in shape.members if name in value}
    if shape.type_name == "list":
        return [from_botocore(shape.member, item) for item in value]
    if shape.type_name == "map":
        return {key: from_botocore(shape.value, item) for key, item in value.items()}
    if shape.type_name == "blob":
        return base64.b64encode(value.encode() if isinstance(value, str) else bytes(value)).decode()
    if shape.type_name in ("float", "double"):
        return special(float(value))
    return value.timestamp() if shape.type_name == "timestamp" else value


def special(number):
    if math.isnan(number):
        return "NaN"
    return number if math.isfinite(number) else "Infinity" if number > 0 else "-Infinity"


def without_empty(shape, value):
    """What is left of it where empty lists, maps and structures leave no trace."""
    if is_document(shape):
        return value
    if shape.type_name == "structure":
        members = {name: without_empty(shape.members[name], member) for name, member in value.items()}
        return {name: member for name, member in members.items() if member not in ({}, [])}
    if shape.type_name == "list":
        return [without_empty(shape.member, item) for item in value]
    if shape.type_name == "map":
        return {key: without_empty(shape.value, item) for key, item in value.items()}
    return value


def has_empty_element(shape, value):
    """A list or map in it holds an element of which nothing is left, which a form cannot carry."""
    if is_document(shape):
        return False
    if shape.type_name == "structure":
        return any(has_empty_element(shape.members[name], member) for name, member in value.items())
    if shape.type_name not in ("list", "map"):
        return False
    inner, items = (shape.member, value) if shape.type_name == "list" else (shape.value, value.values())
    return any(without_empty(inner, item) in ({}, []) or has_empty_element(inner, item) for item in items)
