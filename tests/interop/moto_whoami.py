"""whoami against moto_server, and the cache of roles shared with the aws CLI, each way: moto_whoami.py GWRUN"""

import json
import sys
import unittest

import moto

GWRUN = sys.argv.pop(1)
ROLE = f"arn:aws:iam::{moto.ACCOUNT}:role/ops"
CONFIG = f"""[profile base]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
[profile ops]
role_arn = {ROLE}
source_profile = base
external_id = id/1
duration_seconds = 3600
[profile far]
role_arn = arn:aws:iam::{moto.ACCOUNT}:role/far
source_profile = ops
role_session_name = me
"""
NO_KEYS = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}


class Whoami(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = moto.World(GWRUN)
        cls.world.write(".aws/config", CONFIG)
        cls.addClassCleanup(cls.world.close)

    def whoami(self, *args, **env):
        code, out, err = self.world.gwrun("whoami", "--output", "json", *args,
                                          env=dict({"AWS_ENDPOINT_URL": self.world.url}, **env))
        self.assertEqual(code, 0, err)
        return json.loads(out)

    def cli(self, *args):
        return self.world.aws("sts", "get-caller-identity", *args)

    def test_keys_of_the_environment(self):
        got = self.whoami()
        self.assertEqual((got["account"], got["source"]), (moto.ACCOUNT, "environment"))
        self.assertEqual(got["arn"], self.cli()["Arn"])

    def test_roles_in_a_chain(self):
        got = self.whoami("--profile", "far")
        self.assertEqual(got["arn"], f"arn:aws:sts::{moto.ACCOUNT}:assumed-role/far/me")
        self.assertLessEqual(got["expires_in_s"], 3600)

    def test_a_role_of_ours_serves_the_aws_cli(self):
        moto.require("aws")
        ours = self.whoami("--profile", "ops")
        theirs = self.cli("--profile", "ops")
        self.assertIn("/gwrun-session-", ours["arn"])
        self.assertEqual(theirs["Arn"], ours["arn"])  # else it would be a session of its own

    def test_a_role_of_the_aws_cli_serves_us(self):
        moto.require("aws")
        self.world.write(".aws/config", CONFIG + f"[profile theirs]\nrole_arn = {ROLE}\nsource_profile = base\n"
                                                 "external_id = other\n")
        theirs = self.cli("--profile", "theirs")
        ours = self.whoami("--profile", "theirs")
        self.assertIn("/botocore-session-", theirs["Arn"])
        self.assertEqual(ours["arn"], theirs["Arn"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
