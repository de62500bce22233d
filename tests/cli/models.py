"""Models of the user's own: added, listed, used by a script, replaced, removed, damaged."""

import gzip
import json
import os

import gwrun
import server

MODEL = {
    "metadata": {"apiVersion": "2024-05-01", "endpointPrefix": "harbour", "protocol": "json", "protocols": ["json"],
                 "jsonVersion": "1.1", "serviceId": "Harbour", "signatureVersion": "v4", "targetPrefix": "Harbour",
                 "uid": "harbour-2024-05-01"},
    "operations": {
        "ListShips": {"name": "ListShips", "http": {"method": "POST", "requestUri": "/"},
                      "input": {"shape": "ListShipsRequest"}, "output": {"shape": "ListShipsResponse"},
                      "documentation": "<p>\"Lists\" ships.</p>"},
        "SinkShip": {"name": "SinkShip", "http": {"method": "POST", "requestUri": "/"},
                     "input": {"shape": "SinkShipRequest"}},
    },
    "shapes": {
        "ListShipsRequest": {"type": "structure", "members": {"next": {"shape": "String"}}},
        "ListShipsResponse": {"type": "structure", "members": {"ships": {"shape": "Ships"}, "next": {"shape": "String"}}},
        "Ships": {"type": "list", "member": {"shape": "String"}},
        "SinkShipRequest": {"type": "structure", "required": ["name"], "members": {"name": {"shape": "String"}}},
        "String": {"type": "string"},
    },
}

PAGES = {"pagination": {"ListShips": {"input_token": "next", "output_token": "next"}}}
EXTRAS = {"version": 1.0, "merge": {"pagination": {"ListShips": {"result_key": "ships"}}}}

RULES = {"version": "1.0", "parameters": {"Region": {"type": "String", "builtIn": "AWS::Region"},
                                          "Endpoint": {"type": "String", "builtIn": "SDK::Endpoint"}},
         "rules": [{"conditions": [{"fn": "isSet", "argv": [{"ref": "Endpoint"}]}], "type": "endpoint",
                    "endpoint": {"url": {"ref": "Endpoint"}}},
                   {"conditions": [], "type": "endpoint",
                    "endpoint": {"url": "https://harbour.{Region}.example.com"}}]}

SCRIPT = """
local aws = require "aws"
return {
  title = "Ships", summary = "Reads the ships.", region = "us-east-1",
  preflight = false,
  needs = { aws = { "harbour:ListShips", "harbour:SinkShip" } },
  run = function(rb)
    for ship in aws.harbour.pages.list_ships {} do rb:note("ship %s", ship) end
    rb:step("Sink it", {
      confirm = "Beluga: afloat -> sunk",
      change = function() aws.harbour.sink_ship { name = "Beluga" } end,
    })
  end,
}
"""


class Models(gwrun.Case):
    def write_model(self, folder="sdk/harbour/2024-05-01", model=None, **parts):
        self.write(f"{folder}/service-2.json.gz", gzip.compress(json.dumps(model or MODEL).encode()))
        for part, content in {"paginators_1": PAGES, "endpoint_rule_set_1": RULES, **parts}.items():
            self.write(f"{folder}/{part.replace('_', '-')}.json", json.dumps(content))
        return self.path(folder)

    def models(self, *args, code=gwrun.OK, **env):
        result = self.gwrun("models", *args, env=env)
        self.assertEqual(result.code, code, result)
        return result

    def listed(self, **env):
        rows = json.loads(self.models("list", "--output", "json", **env).out)
        return {(row["name"], row["origin"]): row for row in rows}

    # ---- adding

    def test_an_added_service_is_called_by_a_script(self):
        self.write_model()
        self.write("sdk/harbour/2024-05-01/paginators-1.sdk-extras.json", json.dumps(EXTRAS))
        self.models("add", "sdk")
        script = self.write("ships.lua", SCRIPT)
        with server.Server(lambda request: server.ok_json(
                {"ships": ["Aurora", "Beluga"]} if request.operation == "ListShips" else {})) as harbour:
            result = self.gwrun(script, "--yes", env={**gwrun.KEYS, "AWS_ENDPOINT_URL": harbour.url})
            self.assertEqual(result.code, gwrun.OK, result)
            self.assertIn("ship Beluga", result.out)
            self.assertEqual([r.headers["x-amz-target"] for r in harbour.requests],
                             ["Harbour.ListShips", "Harbour.SinkShip"])
            self.assertIn("/us-east-1/harbour/aws4_request", harbour.requests[0].headers["authorization"])

            plan = self.gwrun(script, "--plan", env={**gwrun.KEYS, "AWS_ENDPOINT_URL": harbour.url})
            self.assertEqual(len(harbour.requests), 3, "a plan reads and does not sink")
            self.assertIn("harbour:SinkShip", plan.out)

    def test_each_kind_of_path_is_found(self):
        version = os.path.relpath(self.write_model(), self.folder)
        self.write_model("sdk/harbour/2019-01-01")
        self.write_model("sdk/other/2024-05-01")
        self.write_model("alone")
        for path, name, place in (("sdk/harbour", "harbour", version), (version, "harbour", version),
                                  ("sdk/harbour/2024-05-01/service-2.json.gz", "harbour", version),
                                  ("alone/", "harbour", "alone"), ("alone/service-2.json.gz", "harbour", "alone")):
            with self.subTest(path):
                out = self.models("add", path).out
                self.assertRegex(out, rf"\A{name}: 2 operations, from .*{place}/service-2\.json\.gz\n\Z")
        out = self.models("add", "sdk", "other").out
        self.assertRegex(out, r"\Aother: 2 operations")
        self.assertRegex(self.models("add", "sdk", "--service", "other").out, r"\Aother: 2 operations")
        self.assertIn("added 2 of 2 services in ", self.models("add", "sdk").out)

    def test_it_is_kept_where_the_environment_says(self):
        self.write_model()
        for env, folder in (({}, ".local/share/gwrun/models"), ({"XDG_DATA_HOME": self.path("x")}, "x/gwrun/models"),
                            ({"XDG_DATA_HOME": "relative"}, ".local/share/gwrun/models"),
                            ({"GWRUN_MODELS": self.path("own"), "XDG_DATA_HOME": self.path("x")}, "own")):
            with self.subTest(env):
                self.models("add", "sdk", **env)
                self.assertEqual(sorted(os.listdir(self.path(folder))), ["harbour.api", "harbour.model"])
                self.assertEqual(os.stat(self.path(folder + "/harbour.model")).st_mode & 0o777, 0o600)
                self.models("remove", "harbour", **env)
                self.assertEqual(os.listdir(self.path(folder)), [])
        result = self.models("add", "sdk", code=gwrun.FAILED, HOME=None)
        self.assertIn("no folder for them: set GWRUN_MODELS or HOME", result.err)

    def test_a_plan_shows_effects_and_adds_nothing(self):
        self.write_model()
        self.assertRegex(self.models("add", "sdk", "--plan").out,
                         r"\Aread    harbour:ListShips  rules\.txt:\d+\nchange  harbour:SinkShip   no rule\n\Z")
        self.assertFalse(os.path.exists(self.path(".local")))

    # ---- looking

    def test_list_and_show_tell_what_there_is(self):
        self.write_model()
        self.models("add", "sdk")
        row = self.listed()["harbour", "added"]
        self.assertEqual({key: row[key] for key in ("id", "protocol", "api_version", "operations", "waiters", "used")},
                         {"id": "Harbour", "protocol": "json", "api_version": "2024-05-01", "operations": 2,
                          "waiters": 0, "used": True})
        self.assertEqual(row["source"], "sdk/harbour/2024-05-01/service-2.json.gz")
        self.assertRegex(row["added"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertRegex(self.models("list").out, r"(?m)^harbour +2 operations  json +\d KB  added$")
        self.assertRegex(self.models("list").out, r"(?m)^ecs +\d+ operations  json +built in$")
        self.assertRegex(self.models("show", "harbour").out,
                         r"\Aharbour, Harbour: 2 operations, json, version 2024-05-01\n"
                         r"added .* from sdk/harbour/2024-05-01/service-2\.json\.gz\n"
                         r"read    list_ships  harbour:ListShips  pages\n"
                         r"change  sink_ship   harbour:SinkShip\n\Z")
        shown = json.loads(self.models("show", "sts", "--output", "json").out)
        self.assertIn({"name": "GetCallerIdentity", "snake_name": "get_caller_identity", "effect": "read",
                       "action": "sts:GetCallerIdentity", "pages": False}, shown["operations"])

    def test_an_added_model_stands_in_for_a_built_in_one(self):
        self.write_model("sdk/sts/2024-05-01")
        self.models("add", "sdk", "sts")
        listed = self.listed()
        self.assertFalse(listed["sts", "built in"]["used"])
        self.assertTrue(listed["sts", "added"]["used"])
        self.assertRegex(self.models("list").out, r"(?m)^sts .* added, in place of the built-in one$")
        script = self.write("who.lua", SCRIPT.replace("aws.harbour.pages.list_ships", "aws.sts.get_caller_identity"))
        self.assert_ends(self.gwrun(script, "--yes", env=gwrun.KEYS), gwrun.SCRIPT,
                         r"sts: no operation 'get_caller_identity'")
        self.models("remove", "sts")
        self.assertTrue(self.listed()["sts", "built in"]["used"])

    def test_a_whole_sdk_leaves_what_is_built_in_alone(self):
        self.write_model("sdk/sts/2024-05-01")
        self.write_model()
        result = self.models("add", "sdk")
        self.assertEqual(result.err, "gwrun: 1 services are built in and stay as they are; name one to replace it\n")
        self.assertNotIn(("sts", "added"), self.listed())

    # ---- what is wrong

    def test_what_is_no_model_is_told(self):
        self.write("empty/readme.txt", "")
        self.write("broken/service-2.json", '{\n  "metadata": {,\n')
        self.write("packed/service-2.json.gz", "no gzip")
        self.write("other/service-2.json", '{"openapi": "3.0.0"}')
        self.write_model("sdk/harbour/2024-05-01")
        for args, message in (
                ([], r"models add: which file or folder\?"),
                (["nowhere"], r"nowhere: no model in botocore's format there: expected an SDK's data folder, "),
                (["empty"], r"empty: no model in botocore's format there"),
                (["broken"], r"broken/service-2\.json:2:16: expected a member's name in quotes"),
                (["packed"], r"packed/service-2\.json\.gz: gzip: not a gzip stream"),
                (["other"], r"other/service-2\.json: not a model in botocore's format: it has no 'metadata', "
                            r"'operations', 'shapes'"),
                (["sdk", "harbor"], r"sdk: no model of service 'harbor' \(it has 'harbour'\)"),
                (["sdk", "--nope"], r"models: unknown option '--nope'")):
            with self.subTest(args):
                self.assert_ends(self.gwrun("models", "add", *args), gwrun.USAGE, "^gwrun: " + message)
        self.assertFalse(os.path.exists(self.path(".local")))

    def test_what_cannot_be_spoken_is_told_and_the_rest_is_added(self):
        def variant(**changes):
            model = json.loads(json.dumps(MODEL))
            for path, value in changes.items():
                place = model
                *parents, last = path.split("__")
                for parent in parents:
                    place = place[parent]
                place[last] = value
            return model

        rows = {
            "carrier": (variant(metadata__protocols=["pigeon"]),
                        "metadata: none of its protocols is spoken here: 'pigeon'"),
            "old": (variant(metadata__signatureVersion="v2"), "version 2 of AWS's signatures"),
            "odd": (variant(shapes__String={"type": "rope"}), "shape 'String': unknown type 'rope'"),
            "gap": (variant(shapes__Ships={"type": "list", "member": {"shape": "Ship"}}), "no shape 'Ship'"),
            "flat": (variant(operations__ListShips="yes"), "not built as models in botocore's format are"),
            "bare": (variant(operations__ListShips__http__requestUri="ships"),
                     "the new table: models: damaged table: operation: uri"),
        }
        for name, (model, _) in rows.items():
            self.write_model(f"sdk/{name}/2024-05-01", model)
        self.write_model()
        result = self.models("add", "sdk", code=gwrun.FAILED)
        for name, (_, message) in rows.items():
            self.assertRegex(result.err, rf"(?m)^gwrun: {name}: .*{message}")
        self.assertIn("added 1 of 7 services", result.out)
        self.assertEqual([name for name, origin in self.listed() if origin == "added"], ["harbour"])

    def test_what_is_not_known_of_a_model_is_told_once(self):
        model = json.loads(json.dumps(MODEL))
        model["shapes"]["String"]["colour"] = model["shapes"]["Ships"]["colour"] = "red"
        self.write_model(model=model)
        self.assertEqual(self.models("add", "sdk").err,
                         "gwrun: harbour: trait 'colour' of shape 'Ships' is not known here and was left out\n")

    def test_damage_is_told_and_mended_from_the_facts(self):
        self.write_model()
        self.models("add", "sdk")
        path = self.path(".local/share/gwrun/models/harbour.model")
        with open(path, "rb") as file:
            whole = file.read()
        script = self.write("ships.lua", SCRIPT)
        version = whole[:8] + b"\x02" + whole[9:]
        for content, message in ((b"", "damaged; 'gwrun models update harbour' makes it anew"),
                                 (whole[:100], "damaged"), (whole[:-1], "damaged"), (whole + b"x", "damaged"),
                                 (b"x" + whole[1:], "damaged"), (whole[:900] + b"\xff" + whole[901:], "damaged"),
                                 (version, "compiled by another version of gwrun; 'gwrun models update' compiles")):
            with self.subTest(message):
                self.write(".local/share/gwrun/models/harbour.model", content)
                self.assert_ends(self.gwrun(script, "--yes", env=gwrun.KEYS), gwrun.SCRIPT,
                                 rf"models: {path}: {message}")
                self.assertRegex(self.models("list").out, rf"(?m)^harbour +added +models: {path}: {message}")
                self.assertEqual(self.models("update").out, "harbour: compiled anew\n")
                self.assertEqual(self.listed()["harbour", "added"]["operations"], 2)
        self.assertEqual(os.stat(path).st_size, len(whole))

    def test_a_table_of_another_service_is_not_taken(self):
        self.write_model()
        self.models("add", "sdk")
        folder = self.path(".local/share/gwrun/models")
        os.rename(folder + "/harbour.model", folder + "/haven.model")
        self.assertRegex(self.models("list").out, r"(?m)^haven +added +models: .*haven\.model: not a model of 'haven'$")

    def test_names_and_commands_that_are_none(self):
        for args, message in ((["remove", "sts"], r"models: 'sts' is not among the added ones \(there are none\)"),
                              (["remove"], r"models remove: which service\?"),
                              (["show"], r"models show: which service\?"),
                              (["show", "esc"], r"aws: no service 'esc', did you mean 'ecs'\?"),
                              (["show", "../ecs"], r"aws: no service '\.\./ecs'"),
                              (["update", "nope"], r"models: 'nope' is not among the added ones"),
                              (["list", "x"], r"models list: unexpected argument 'x'"),
                              (["mend"], r"models: no command 'mend'; there are add, list, remove, show and update")):
            with self.subTest(args):
                self.assert_ends(self.gwrun("models", *args), gwrun.USAGE, "^gwrun: " + message)


if __name__ == "__main__":
    gwrun.main()
