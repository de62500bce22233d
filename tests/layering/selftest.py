#!/usr/bin/env python3
"""Breaks every rule of layering.py once, in a copy of the tree, and requires the exact finding.

    selftest.py ROOT CC FLAG..."""

import pathlib
import shutil
import sys
import tempfile

import layering

# (file, text put before its first line, the finding that must be among those of the broken tree)
SEEDS = [
    # includes of the C core
    ("host/net/loop.c", '#include "aws/aws.h"',
     "host/net/loop.c:1: net (layer 1) may not include aws (layer 2)"),
    ("host/base/view.c", '\n  #  include "codec/codec.h"',
     "host/base/view.c:2: base (layer 0) may not include codec (layer 1)"),
    ("host/codec/xml.c", '#include "net/net.h"',
     "host/codec/xml.c:1: codec (layer 1) may not include net (layer 1)"),
    ("host/run/run.c", '#include "aws/aws.h"',
     "host/run/run.c:1: run (layer 4) may not include aws (layer 2)"),
    ("host/report/table.c", '#include "codec/internal.h"',
     'host/report/table.c:1: "codec/internal.h" is private to codec'),
    ("host/codec/text.c", '#include "base/view.c"',
     'host/codec/text.c:1: "base/view.c" is not the public header of base: include "base/base.h"'),
    ("host/aws/call.c", '#include "internal.h"',
     'host/aws/call.c:1: "internal.h" is no header of host/: write folder/file.h'),
    ("host/aws/call.c", '#include "../net/net.h"',
     'host/aws/call.c:1: "../net/net.h" is no header of host/: write folder/file.h'),
    ("host/aws/call.c", "#include <curl/curl.h>",
     "host/aws/call.c:1: <curl/curl.h>: only net may include curl"),
    ("host/bind/bind.h", "#include <lua.h>",
     "host/bind/bind.h:1: <lua.h>: only script may include lua"),
    ("host/cli/main.c", "#include <png.h>",
     "host/cli/main.c:1: <png.h> is of no library that tests/layering/layers.txt knows"),
    ("host/attic/old.c", '#include "base/base.h"',
     "host/attic/old.c:1: attic (no layer) may not include base (layer 0)"),
    # CMake
    ("host/net/CMakeLists.txt", "target_link_libraries(gw_net PUBLIC gw_aws)",
     "host/net/CMakeLists.txt:1: net may not link aws"),
    ("host/base/CMakeLists.txt", "gw_folder(base\n  SOURCES view.c\n  USES codec)",
     "host/base/CMakeLists.txt:3: base may not link codec"),
    ("host/report/CMakeLists.txt", "target_link_libraries(gw_report PRIVATE PkgConfig::lua)",
     "host/report/CMakeLists.txt:1: report may not link the library lua"),
    ("host/attic/CMakeLists.txt", "gw_folder(attic SOURCES old.c)",
     "host/attic/CMakeLists.txt:1: attic has no row in tests/layering/layers.txt"),
    ("tests/layering/layers.txt", "folder attic 0:",
     "tests/layering/layers.txt:1: the folder attic does not exist"),
    # the table itself
    ("tests/layering/layers.txt", "folder a 1: b",
     "tests/layering/layers.txt:1: 'a' uses 'b', which no row above describes"),
    ("tests/layering/layers.txt", "folder a 1:\nfolder b 1: a",
     "tests/layering/layers.txt:2: 'b' uses 'a', which is in no lower layer"),
    ("tests/layering/layers.txt", "folder base",
     "tests/layering/layers.txt:1: not a row of this table"),
    # Lua
    ("runbooks/emergency_rollback.lua", 'local host = require "host.aws"',
     "runbooks/emergency_rollback.lua:1: runbooks may not require 'host.aws' (the C core)"),
    ("runbooks/service.lua", "local other = require('emergency_rollback')",
     "runbooks/service.lua:1: runbooks may not require 'emergency_rollback' (runbooks)"),
    ("runbooks/service.lua", 'local fail = require "sim.fail"',
     "runbooks/service.lua:1: runbooks may not require 'sim.fail' (stdlib/sim)"),
    ("runbooks/drills/bad_image.lua", 'local host = require "host.run"',
     "runbooks/drills/bad_image.lua:1: runbooks may not require 'host.run' (the C core)"),
    ("stdlib/ecs.lua", 'local service = require "service"',
     "stdlib/ecs.lua:1: stdlib may not require 'service' (runbooks)"),
    ("stdlib/ecs.lua", 'local world = require "sim.world"',
     "stdlib/ecs.lua:1: stdlib may not require 'sim.world' (stdlib/sim)"),
    ("stdlib/sim/ecs.lua", 'local aws = require "aws"',
     "stdlib/sim/ecs.lua:1: stdlib/sim may not require 'aws' (stdlib)"),
    ("stdlib/sim/ecs/tasks.lua", 'local host = require "host.aws"',
     "stdlib/sim/ecs/tasks.lua:1: stdlib/sim may not require 'host.aws' (the C core)"),
    ("stdlib/logs.lua", 'local x = require "no_such"',
     "stdlib/logs.lua:1: require of 'no_such', which is no module"),
    ("stdlib/logs.lua", 'local ok, x = pcall(require, "service")',
     "stdlib/logs.lua:1: stdlib may not require 'service' (runbooks)"),
    ("stdlib/logs.lua", "local ok, x = pcall(require, name)",
     "stdlib/logs.lua:1: require of a name that is not written out"),
    ("stdlib/logs.lua", 'local x = require("sim.worlds." .. name)',
     "stdlib/logs.lua:1: stdlib may not require 'sim.worlds.' (stdlib/sim)"),
]

# What looks like a violation and is none.
HARMLESS = [
    ("host/net/loop.c", '/* not an #include "aws/aws.h" */'),
    ("stdlib/ecs.lua", '-- require "service"'),
    ("stdlib/ecs.lua", "local schema = { required = true }  -- they require nothing"),
    ("stdlib/sim/ecs.lua", "local x = require('sim.fail')"),
    ("runbooks/drills/bad_image.lua", 'local service = require "service"'),
]

# Headers that lean on what their includer happened to include before.
HEADERS = [
    ("host/codec/codec.h", "size_t gw_too_early(void);", "host/codec/codec.h:1: does not compile alone"),
    ("host/net/internal.h", "struct gw_twice { int a; };", "host/net/internal.h:1: does not compile alone"),
]


def seeded(root, file, text, act):
    """What `act` finds while `text` stands before the first line of `file`."""
    path = root / file
    before = path.read_text() if path.exists() else None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n" + (before or ""))
    found = act()
    if before is None:
        path.unlink()
    else:
        path.write_text(before)
    return found


def expect(what, found, wanted):
    if found == wanted:
        return 0
    print(f"{what}\n  wanted: {wanted}\n  found:  {found}")
    return 1


def copy_tree(root, copy):
    for folder in ("host", "stdlib", "runbooks", "tests/layering"):
        shutil.copytree(root / folder, copy / folder, ignore=shutil.ignore_patterns("data", "__pycache__"))


def run(root, command):
    failed = expect("the tree as it is", layering.check(root), [])
    for file, text, finding in SEEDS:
        found = seeded(root, file, text, lambda: layering.check(root))
        if finding not in found:
            failed += expect(f"{file}: {text!r}", found, [finding])
    for file, text in HARMLESS:
        failed += expect(f"{file}: {text!r}", seeded(root, file, text, lambda: layering.check(root)), [])
    for file, text, finding in HEADERS:
        found = seeded(root, file, text, lambda: list(layering.check_headers(root, command)))
        if not any(line.startswith(finding) for line in found):
            failed += expect(f"{file}: {text!r}", found, [finding])
    print(f"{len(SEEDS) + len(HARMLESS) + len(HEADERS)} seeds, {failed} failed")
    return failed


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        copy_tree(pathlib.Path(sys.argv[1]), pathlib.Path(scratch))
        sys.exit(1 if run(pathlib.Path(scratch), sys.argv[2:]) else 0)
