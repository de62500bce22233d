#!/usr/bin/env python3
"""Holds layers.txt against the sources: who may include, link and require whom.

    layering.py ROOT                       includes, CMake and Lua
    layering.py ROOT headers CC FLAG...    each header of host/ compiles alone, twice over

Prints one "file:line: message" for each violation; exits 1 when there is one. It reads lines, it does not parse:
an #include inside #if counts, and a require whose name is not written out must begin with a literal folder of
modules, as in require("sim.worlds." .. name)."""

import pathlib
import re
import subprocess
import sys

INCLUDE = re.compile(r'\s*#\s*include\s+([<"])([^>"]+)[>"]')
REQUIRE = re.compile(r'\brequire\s*(?:[(,]?\s*(["\'])(.*?)\1(\s*\.\.)?|[,(\[])')
TABLE = "tests/layering/layers.txt"
LUA_ROOTS = ("stdlib", "runbooks", "host")  # where a module's name may begin


class Table:
    """layers.txt, as read. `findings` are the contradictions inside it."""

    def __init__(self, root):
        self.layers, self.uses, self.libraries, self.areas, self.system = {}, {}, {}, {}, set()
        self.findings = []
        for number, line in enumerate((root / TABLE).read_text().splitlines(), 1):
            head, colon, words = line.partition("#")[0].partition(":")
            if head.strip():
                self.place = f"{TABLE}:{number}"
                self.add(head.split() if colon else [], words.split())

    def add(self, head, words):
        kind = head[0] if head else None
        if kind == "folder" and len(head) == 3:
            self.add_folder(head[1], int(head[2]), words)
        elif kind == "library" and len(head) == 2 and words:
            self.libraries[head[1]] = (words[0], words[1:])
        elif kind == "lua" and len(head) == 2:
            self.areas[head[1]] = words
        elif kind == "system" and len(head) == 1:
            self.system.update(words)
        else:
            self.findings.append(f"{self.place}: not a row of this table")

    def add_folder(self, name, layer, uses):
        for used in uses:
            if used not in self.layers:
                self.findings.append(f"{self.place}: '{name}' uses '{used}', which no row above describes")
            elif self.layers[used] >= layer:
                self.findings.append(f"{self.place}: '{name}' uses '{used}', which is in no lower layer")
        self.layers[name], self.uses[name] = layer, uses

    def library_of(self, header):
        """The name and the folder of the library whose header that is."""
        for name, (folder, headers) in self.libraries.items():
            if any(header == own or own.endswith("/") and header.startswith(own) for own in headers):
                return name, folder
        return None, None


def lines_of(root, path):
    """Each line with its place, as "file:line"."""
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        yield f"{path.relative_to(root)}:{number}", line


# ---- C -----------------------------------------------------------------------------------------


def layer_of(table, folder):
    return f"layer {table.layers[folder]}" if folder in table.layers else "no layer"


def quoted_include(root, table, folder, header):
    owner, _, name = header.partition("/")
    if owner not in table.layers or not (root / "host" / header).is_file():
        return f"\"{header}\" is no header of host/: write folder/file.h"
    if owner == folder:
        return None
    if owner not in table.uses.get(folder, []):
        return f"{folder} ({layer_of(table, folder)}) may not include {owner} ({layer_of(table, owner)})"
    if name == "internal.h":
        return f"\"{header}\" is private to {owner}"
    if name != owner + ".h":
        return f"\"{header}\" is not the public header of {owner}: include \"{owner}/{owner}.h\""
    return None


def system_include(table, folder, header):
    library, owner = table.library_of(header)
    if library is None and header not in table.system:
        return f"<{header}> is of no library that {TABLE} knows"
    if library is not None and owner != folder:
        return f"<{header}>: only {owner} may include {library}"
    return None


def check_includes(root, table):
    for path in sorted((root / "host").rglob("*.[ch]")):
        folder = path.relative_to(root / "host").parts[0]
        for place, line in lines_of(root, path):
            include = INCLUDE.match(line)
            if include:
                header = include[2]
                message = (system_include(table, folder, header) if include[1] == "<"
                           else quoted_include(root, table, folder, header))
                if message:
                    yield f"{place}: {message}"


# ---- CMake -------------------------------------------------------------------------------------


def words_of_cmake(root, path):
    """(command, place, word) for each argument; nested parentheses do not occur in these files."""
    command = None
    for place, line in lines_of(root, path):
        for word in re.findall(r"\w+\s*\(|[^\s()]+|\)", line.partition("#")[0]):
            if word == ")":
                command = None
            elif word.endswith("("):
                command = word[:-1].strip()
            else:
                yield command, place, word


def links_of(root, path):
    """The folders and the libraries that a CMakeLists.txt links, each with its place."""
    folders, libraries, keyword = {}, {}, None
    for command, place, word in words_of_cmake(root, path):
        keyword = word if word.isupper() else keyword
        library = re.fullmatch(r"PkgConfig::(\w+)", word)
        if library:
            libraries[library[1]] = place
        elif command == "gw_folder" and keyword == "USES" and word != "USES":
            folders[word] = place
        elif command == "target_link_libraries" and word.startswith("gw_"):
            folders[word[3:]] = place
    folders.pop(path.parent.name, None)
    return folders, libraries


def check_cmake(root, table):
    for path in sorted((root / "host").glob("*/CMakeLists.txt")):
        folder, place = path.parent.name, f"{path.relative_to(root)}:1"
        if folder not in table.uses:
            yield f"{place}: {folder} has no row in {TABLE}"
            continue
        folders, libraries = links_of(root, path)
        for used, where in folders.items():
            if used not in table.uses[folder]:
                yield f"{where}: {folder} may not link {used}"
        # A program need not repeat what its libraries bring along.
        missing = set(table.uses[folder]) - set(folders) if "gw_folder" in path.read_text() else ()
        for used in sorted(missing):
            yield f"{place}: {folder} does not link {used}, which {TABLE} says it uses"
        for library, where in libraries.items():
            if table.libraries.get(library, ("no folder",))[0] != folder:
                yield f"{where}: {folder} may not link the library {library}"
    for folder in table.layers:
        if not (root / "host" / folder / "CMakeLists.txt").is_file():
            yield f"{TABLE}:1: the folder {folder} does not exist"


# ---- Lua ---------------------------------------------------------------------------------------


def area_of(table, path):
    """The deepest area that holds the path (a text, relative to the root)."""
    return max((area for area in table.areas if path.startswith(area + "/")), key=len, default=None)


def area_of_module(root, table, name, is_prefix):
    """Where the module is found, in the order of the roots. A prefix is a folder of modules."""
    for top in LUA_ROOTS:
        path = top + "/" + name.rstrip(".").replace(".", "/")
        if (root / path).is_dir() if is_prefix else (root / (path + ".lua")).is_file():
            return area_of(table, path + "/")
    return None


def may_require(table, area, name, owner):
    return any(word in (name, owner) or word.endswith("*") and name.startswith(word[:-1])
               for word in table.areas[area])


def check_require(root, table, area, name, is_prefix):
    if name is None or is_prefix and not name.endswith("."):
        return "require of a name that is not written out"
    owner = area_of_module(root, table, name, is_prefix)
    if may_require(table, area, name, owner):
        return None
    if owner is None and not name.startswith("host."):
        return f"require of '{name}', which is no module"
    return f"{area} may not require '{name}' ({owner or 'the C core'})"


def check_lua(root, table):
    for path in sorted(path for top in LUA_ROOTS for path in (root / top).rglob("*.lua")):
        area = area_of(table, path.relative_to(root).as_posix())
        for place, line in lines_of(root, path):
            for _, name, is_prefix in (match.groups() for match in REQUIRE.finditer(line.partition("--")[0])):
                message = check_require(root, table, area, name, bool(is_prefix))
                if message:
                    yield f"{place}: {message}"


# ---- headers -----------------------------------------------------------------------------------


def check_headers(root, command):
    """Included first and twice, each header brings what it needs and guards itself."""
    for path in sorted((root / "host").rglob("*.h")):
        header = path.relative_to(root / "host")
        done = subprocess.run([*command, "-Werror", f"-I{root / 'host'}", "-fsyntax-only", "-x", "c", "-"],
                              input=f'#include "{header}"\n' * 2, capture_output=True, text=True)
        if done.returncode != 0:
            errors = [line for line in done.stderr.splitlines() if "error:" in line]
            yield f"{path.relative_to(root)}:1: does not compile alone: {(errors or ['?'])[0]}"


def check(root):
    table = Table(root)
    return [*table.findings, *check_includes(root, table), *check_cmake(root, table), *check_lua(root, table)]


def main(arguments):
    root = pathlib.Path(arguments[0])
    headers = arguments[1:2] == ["headers"]
    findings = list(check_headers(root, arguments[2:])) if headers else check(root)
    print("\n".join(findings), end="\n" if findings else "")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
