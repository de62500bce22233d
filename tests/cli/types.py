"""gwrun types: annotations that are Lua, whose types are all there, and that say what the models and the stdlib say."""

import json
import os
import re
import shutil
import subprocess
import time

import gwrun

BUILT_IN = {"any", "boolean", "fun", "function", "integer", "nil", "number", "self", "string", "table", "true", "false", "userdata",
            "thread", "T"}

HARBOUR = {
    "metadata": {"apiVersion": "2024-05-01", "endpointPrefix": "harbour", "protocol": "json", "protocols": ["json"],
                 "jsonVersion": "1.1", "serviceId": "Harbour", "signatureVersion": "v4", "targetPrefix": "Harbour",
                 "uid": "harbour-2024-05-01"},
    "operations": {
        "MoorShip": {"name": "MoorShip", "http": {"method": "POST", "requestUri": "/"},
                     "input": {"shape": "MoorShipRequest"}, "output": {"shape": "Ship"}},
        "Ring": {"name": "Ring", "http": {"method": "POST", "requestUri": "/"}},
    },
    "shapes": {
        "MoorShipRequest": {"type": "structure", "required": ["name", "token"], "members": {
            "name": {"shape": "Name"}, "token": {"shape": "String", "idempotencyToken": True}, "until": {"shape": "Time"},
            "end": {"shape": "String"}, "x-pier": {"shape": "String"}, "secret": {"shape": "Secret"}}},
        "Ship": {"type": "structure", "members": {
            "tugs": {"shape": "Ships"}, "kind": {"shape": "Kind"}, "kinds": {"shape": "Kinds"}, "by_name": {"shape": "ByName"},
            "built": {"shape": "Time2"}, "tonnage": {"shape": "Tonnage"}, "length": {"shape": "Double"}, "nest": {"shape": "Nest"}}},
        "Ships": {"type": "list", "member": {"shape": "Ship"}},
        "Kind": {"type": "string", "enum": ["tug", "ferry"]},
        "Kinds": {"type": "list", "member": {"shape": "Kind"}},
        "ByName": {"type": "map", "key": {"shape": "String"}, "value": {"shape": "Ship"}},
        "Nest": {"type": "list", "member": {"shape": "Nest"}},
        "Name": {"type": "string", "min": 1, "max": 64},
        "Secret": {"type": "string", "sensitive": True},
        "Tonnage": {"type": "integer", "min": 0, "max": 500000},
        "Double": {"type": "double"}, "Time": {"type": "timestamp"}, "Time2": {"type": "timestamp"}, "String": {"type": "string"},
    },
}

HARBOUR_FILE = """-- Made by 'gwrun types'; do not edit.
---@meta _

---@class aws.harbour
---@field pages aws.harbour.pages
---@field wait aws.harbour.wait
---@field presign aws.harbour.presign
---@field try_moor_ship fun(params: aws.harbour.MoorShipRequest, how?: How): aws.harbour.Ship?, AwsError?
---@field try_ring fun(params?: table, how?: How): table?, AwsError?
local client = {}

---harbour:MoorShip: changes something.
---@param params aws.harbour.MoorShipRequest
---@param how? How
---@return aws.harbour.Ship
function client.moor_ship(params, how) end

---harbour:Ring: changes something.
---@param params? table
---@param how? How
---@return table
function client.ring(params, how) end

---@class aws.harbour.pages

---@class aws.harbour.wait

---@class aws.harbour.presign
---@field moor_ship fun(params: aws.harbour.MoorShipRequest, how?: PresignHow): string, PresignedRequest
---@field ring fun(params?: table, how?: PresignHow): string, PresignedRequest

---@class (exact) aws.harbour.MoorShipRequest
---@field name string 1 to 64 characters
---@field token? string made where it is not given
---@field until number|string seconds since 1970
---@field end string
---@field x-pier string
---@field secret? string sensitive

---@class (exact) aws.harbour.Ship
---@field tugs? aws.harbour.Ship[]
---@field kind? aws.harbour.Kind
---@field kinds? aws.harbour.Kind[]
---@field by_name? table<string, aws.harbour.Ship>
---@field built? number seconds since 1970
---@field tonnage? integer 0 to 500000
---@field length? number
---@field nest? any[]

---@alias aws.harbour.Kind "tug"|"ferry"
""".replace("---@field until number|string", '---@field ["until"] (number|string)?').replace(
    "---@field end string", '---@field ["end"] (string)?').replace("---@field x-pier string", '---@field ["x-pier"] (string)?')


def without_remarks(line):
    """What of an annotation names types."""
    line = re.sub(r'"(?:[^"\\]|\\.)*"', "nil", line)
    if match := re.match(r"---@(?:field|param) +(?:\[[^]]*\]|[\w.]+)\??\s+(.*)", line):
        return expression(match[1])
    if match := re.match(r"---@(?:return|type|overload) +(.*)", line):
        return expression(match[1])
    if match := re.match(r"---@class +(?:\(exact\) +)?[\w.]+ *: *([\w., ]+)", line):
        return match[1]
    if match := re.match(r"---@alias +[\w.]+ +(.*)", line):
        return expression(match[1])
    return ""


def expression(text):
    """The type at the beginning of a text: up to a blank that is in no bracket and behind no separator."""
    depth, at = 0, 0
    while at < len(text):
        if text[at] in "({<[":
            depth += 1
        elif text[at] in ")}>]":
            depth -= 1
        elif text[at] == " " and depth == 0 and not re.search(r"[|:,]\s*$", text[:at]):
            break
        at += 1
    # names of parameters and members are no types
    return re.sub(r"[\w]+\??\s*:(?!:)", " ", text[:at])


class Types(gwrun.Case):
    def types(self, *args):
        result = self.gwrun("types", "out", *args)
        self.assertEqual(result.code, gwrun.OK, result)
        return result

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def files(self):
        return [os.path.join(folder, name) for folder, _, names in os.walk(self.path("out")) for name in names]

    def test_all_services_in_a_moment(self):
        began = time.monotonic()
        result = self.types()
        self.assertLess(time.monotonic() - began, 20)  # with sanitizers; a second without
        self.assertRegex(result.out, r"\A\d+ services with \d{4,} operations, \d+ modules in out\n\Z")
        lua = shutil.which("lua5.4") or shutil.which("lua")
        if lua:
            self.write("check.lua", "for _, path in ipairs(arg) do assert(loadfile(path)) end")
            subprocess.run([lua, self.path("check.lua"), *self.files()], check=True, timeout=60)

    def test_every_type_is_there(self):
        self.types("--services", "dynamodb,ecs,logs,s3,sso-admin,stepfunctions")
        defined, used = set(BUILT_IN), {}
        for path in self.files():
            with open(path, encoding="utf-8") as file:
                for number, line in enumerate(file, 1):
                    if match := re.match(r"---@(?:class|alias) +(?:\(exact\) +)?([\w.]+)", line):
                        defined.add(match[1])
                    for name in re.findall(r"[A-Za-z_][\w.]*\w|[A-Za-z_]", without_remarks(line)):
                        used.setdefault(name, f"{os.path.relpath(path, self.folder)}:{number}: {line}")
        self.assertEqual({name: where for name, where in used.items() if name not in defined}, {})
        self.assertGreater(len(defined), 1500)

    def test_a_service(self):
        self.types("--services", "ecs,logs")
        self.assertEqual(sorted(os.listdir(self.path("out/services"))), ["aws_ecs.lua", "aws_logs.lua", "index.lua"])
        ecs = self.read("out/services/aws_ecs.lua")
        for text in (
            "---ecs:UpdateService: changes something.\n---@param params aws.ecs.UpdateServiceRequest\n---@param how? How\n"
            "---@return aws.ecs.UpdateServiceResponse\nfunction client.update_service(params, how) end\n",
            "---@class (exact) aws.ecs.UpdateServiceRequest\n---@field cluster? string\n---@field service string\n"
            "---@field desiredCount? integer\n",
            '---@alias aws.ecs.LaunchType "EC2"|"FARGATE"|"EXTERNAL"',
            "---@field exec fun(given: ExecCommand): Executed runs a command inside a container\n",
            "---@field list_tasks fun(params?: aws.ecs.ListTasksRequest, how?: PagesHow): fun(): (string)?\n",
            "---@field services_stable fun(params: aws.ecs.DescribeServicesRequest, how?: WaitHow): "
            "aws.ecs.DescribeServicesResponse? of the last call\n",
            "---@field try_describe_services fun(params: aws.ecs.DescribeServicesRequest, how?: How): "
            "aws.ecs.DescribeServicesResponse?, AwsError?\n",
        ):
            self.assertIn(text, ecs)
        self.assertIn("---@class aws.logs.StartLiveTailResponseStream: EventStream\n"
                      "---@overload fun(): aws.logs.StartLiveTailResponseStream.Event?\n", self.read("out/services/aws_logs.lua"))
        self.assertIn("---@field ecs aws.ecs\n---@field logs aws.logs\n", self.read("out/services/index.lua"))
        self.assertIn('---@overload fun(service: "ecs", settings?: Client): aws.ecs\n', self.read("out/stdlib/aws.lua"))

    def test_a_service_that_was_added(self):
        self.write("sdk/harbour/2024-05-01/service-2.json", json.dumps(HARBOUR))
        self.assertEqual(self.gwrun("models", "add", "sdk").code, gwrun.OK)
        self.types("--services=harbour")
        self.assertEqual(self.read("out/services/aws_harbour.lua"), HARBOUR_FILE)

    def test_modules_say_what_stands_in_them(self):
        self.types("--services", "sts")
        ecs = self.read("out/stdlib/ecs.lua")
        self.assertTrue(ecs.startswith("-- Made by 'gwrun types'; do not edit.\n---@meta ecs\n"))
        self.assertIn("---Describes one service; raises when it is not there.\n---@param which ServiceName\n"
                      "---@return table service as DescribeServices answers it\nfunction ecs.get_service(which) end\n", ecs)
        self.assertTrue(ecs.endswith("\nreturn ecs"))
        self.assertIn("---@field run fun(rb: Run, p: table)", self.read("out/stdlib/runbook/declaration.lua"))
        self.assertIn("---@class Run: RunSteps, RunWaits, RunChecklists, RunTalk, RunShows, RunNotices, RunBranches, RunWatches, RunChildren\n", self.read("out/stdlib/runbook.lua"))
        self.assertRegex(self.read("out/stdlib/runbook/step.lua"),
                         r"(?s)---@class RunSteps\nlocal step = {}\n.*\n---@param how Step\n.*\nfunction step:step\(name, how\) end\n")
        self.assertIn("function Rehearsal:expect_exit(code) end", self.read("out/stdlib/spec/run.lua"))
        self.assertFalse(os.path.exists(self.path("out/stdlib/call.lua")))

    def test_globals_are_those_of_a_chunk(self):
        self.types("--services", "sts")
        names = re.findall(r"^function ([\w.]+)\(", self.read("out/globals.lua"), re.M)
        self.assertIn("time.iso", names)
        self.write("x_test.lua", 'local spec = require "spec"\nspec.test("they are there", function()\n' + "".join(
            f'  spec.expect(type({name}), "function", "{name}")\n' for name in names) +
            '  for _, module in ipairs { "json", "time" } do\n    local all = module == "json" and json or time\n'
            "    for name, value in pairs(all) do\n"
            f'      local known = ("{" ".join(names)} "):find(module .. "." .. name .. " ", 1, true)\n'
            '      assert(type(value) ~= "function" or known, module .. "." .. name .. " is not annotated")\n    end\n  end\nend)\n')
        result = self.gwrun("test", "x_test.lua")
        self.assertEqual(result.code, gwrun.OK, result)

    def test_it_may_be_repeated(self):
        self.types("--services", "sts")
        self.types("--services", "sts,ecs")

    def test_what_is_not_its_own_stays(self):
        self.write("out/stdlib/ecs.lua", "return {}\n")
        self.assert_ends(self.gwrun("types", "out", "--services", "sts"), gwrun.USAGE,
                         r"out/stdlib/ecs\.lua: was not made by 'gwrun types', and stays as it is; choose another folder$")
        self.assertEqual(self.read("out/stdlib/ecs.lua"), "return {}\n")

    def test_wrong_use(self):
        self.write("file", "")
        for args, message in (
            ([], r"gwrun types: into which folder\?"),
            (["out", "more"], r"gwrun types: unexpected argument 'more'$"),
            (["out", "--service", "ecs"], r"gwrun types: unknown option '--service'; there is --services$"),
            (["out", "--services", "ecss"], r"types: no service 'ecss', did you mean 'ecs'\?$"),
            (["out", "--services", ","], r"types: option '--services' names none$"),
            (["file/out"], r"file/out: cannot be made \(Not a directory\)$"),
        ):
            with self.subTest(args):
                self.assert_ends(self.gwrun("types", *args), gwrun.USAGE, message)


if __name__ == "__main__":
    gwrun.main()
