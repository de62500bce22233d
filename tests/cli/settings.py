"""Credentials, region and the shared files: what is missing or wrong is said before a run begins, with its place."""

import os

import gwrun
import runbooks
from server import Server, ok_json

KEYS_OF_A_PROFILE = f"aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = {gwrun.SECRET_KEY}\n"

# claim, environment, config file, exit code, what is said
ROWS = [
    ("nothing at all", {}, None, gwrun.CREDENTIALS,
     r"credentials: none found; looked at AWS_ACCESS_KEY_ID, profile 'default' in \S+/\.aws/credentials and "
     r"\S+/\.aws/config; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile"),
    ("half the keys", {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"}, None, gwrun.CREDENTIALS,
     r"environment: has AWS_ACCESS_KEY_ID but not AWS_SECRET_ACCESS_KEY"),
    ("keys that expired", dict(gwrun.KEYS, AWS_CREDENTIAL_EXPIRATION="2020-01-01T00:00:00Z"), None, gwrun.CREDENTIALS,
     r"those from environment expired at 2020-01-01T00:00:00Z; renew them"),
    ("a container that anybody may be", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/x"}, None,
     gwrun.CREDENTIALS, r"container \(example.com\): url 'http://example.com/x': expected https, or a host that only"),
    ("half an SSO profile", {"AWS_PROFILE": "ops"}, "[profile ops]\nsso_start_url = https://x\n", gwrun.CREDENTIALS,
     r"profile 'ops': uses SSO, but sso_start_url or sso_region is missing"),
    ("a profile that is not there", {"AWS_PROFILE": "osp"}, "[profile ops]\nregion = eu-west-1\n", gwrun.USAGE,
     r"profile 'osp': is not in \S+/\.aws/config or \S+/\.aws/credentials; .*'ops'.* \(from AWS_PROFILE\)"),
    ("a section without its end", gwrun.KEYS, "[default\n", gwrun.USAGE,
     r"/\.aws/config:1: profile definition must end with '\]'"),
    ("a line without a value", gwrun.KEYS, "[default]\nregion\n", gwrun.USAGE,
     r"/\.aws/config:2: expected an '=' sign"),
    ("a value outside a section", gwrun.KEYS, "region = x\n", gwrun.USAGE,
     r"/\.aws/config:1: expected a profile definition"),
    ("bytes", gwrun.KEYS, b"\x00\xff\xfe\x1b[2J", gwrun.USAGE, r"/\.aws/config:1: "),
    ("too many attempts", dict(gwrun.KEYS, AWS_MAX_ATTEMPTS="lots"), None, gwrun.USAGE,
     r"AWS_MAX_ATTEMPTS: expected a whole number from 1 to 100, got 'lots'"),
    ("attempts in the file", gwrun.KEYS, "[default]\nmax_attempts = 0\n", gwrun.USAGE,
     r"max_attempts in \S+/\.aws/config: expected a whole number from 1 to 100, got '0'"),
]

NO_REGION = runbooks.READ.replace('region = "us-east-1",', "")


class Settings(gwrun.Case):
    def config(self, text):
        path = self.path(".aws/config")
        if os.path.exists(path):
            os.remove(path)
        if text is not None:
            self.write(".aws/config", text)

    def test_what_is_missing_or_wrong(self):
        look = self.write("look.lua", runbooks.READ)
        for claim, env, config, code, message in ROWS:
            with self.subTest(claim):
                self.config(config)
                result = self.gwrun(look, env=env)
                self.assert_ends(result, code, message)

    def test_no_region(self):
        look = self.write("look.lua", NO_REGION)
        self.assert_ends(self.gwrun(look, env=gwrun.KEYS), gwrun.USAGE,
                         r"^gwrun: no region: add '--region', set AWS_REGION, or name it in the profile$")
        self.config("[default]\nregion = us east\n")
        self.assert_ends(self.gwrun(look, env=gwrun.KEYS), gwrun.USAGE,
                         r"region 'us east': expected a name like 'us-east-1' \(from region in \S+/\.aws/config\)$")

    def test_which_region_wins(self):
        def region(runbook, *args, **env):
            with Server(ok_json({})) as server:
                result = self.gwrun(self.write("look.lua", runbook), "--endpoint-url", server.url, *args,
                                    "--output", "json", env=dict(gwrun.KEYS, **env))
            return result.events[0]["region"]

        self.config("[default]\nregion = eu-west-1\n")
        self.assertEqual(region(NO_REGION), "eu-west-1")
        self.assertEqual(region(NO_REGION, AWS_REGION="eu-west-2"), "eu-west-2")
        self.assertEqual(region(runbooks.READ, AWS_REGION="eu-west-2"), "us-east-1")
        self.assertEqual(region(runbooks.READ, AWS_REGION="eu-west-2", GWRUN_REGION="eu-west-3"), "eu-west-3")
        self.assertEqual(region(runbooks.READ, "--region", "eu-north-1", GWRUN_REGION="eu-west-3"), "eu-north-1")

    def test_files_that_are_none(self):
        look = self.write("look.lua", runbooks.READ)
        os.mkdir(self.path(".aws"))
        os.mkdir(self.path(".aws/config"))
        self.assert_ends(self.gwrun(look, env=gwrun.KEYS), gwrun.USAGE, r"/\.aws/config: Is a directory$")
        self.assert_ends(self.gwrun(look, env=dict(gwrun.KEYS, AWS_CONFIG_FILE="/dev/zero")), gwrun.USAGE,
                         r"/dev/zero: is larger than 1 MiB$")

    def test_an_endpoint_in_the_environment_that_is_none(self):
        look = self.write("look.lua", runbooks.READ)
        for variable in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_ECS"):
            with self.subTest(variable):
                result = self.gwrun(look, env=dict(gwrun.KEYS, **{variable: "nope"}))
                self.assert_ends(result, gwrun.FAILED, rf"endpoint of ecs \({variable}\): url 'nope': "
                                                       r"expected http:// or https://$")

    def test_the_simulator_asks_for_none_of_it(self):
        self.config("[default\n")
        text = 'return { title = "t", summary = "s", needs = { aws = { "ecs:*" } }, run = function() end }'
        result = self.gwrun(self.write("look.lua", text), "--sim", env={"AWS_PROFILE": "nope"})
        self.assertEqual(result.code, gwrun.OK, result)


if __name__ == "__main__":
    gwrun.main()
