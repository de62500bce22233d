"""Every source of credentials, played by a server on the loopback: who is asked, with what, and what is said when it fails.
No answer of theirs is ever seen."""

import json
import os
import stat
import time

import gwrun
import runbooks
from aws_world import ACCOUNT, World, answer, as_json, error_xml, form, iso, keys_json, keys_xml, signer, xml
from server import ok_json, unused_port
from terminal import TerminalCase

BASE = f"[profile base]\naws_access_key_id = AKIABASE\naws_secret_access_key = {gwrun.SECRET_KEY}\n"
ROLE = BASE + f"[profile ops]\nrole_arn = arn:aws:iam::{ACCOUNT}:role/ops\nsource_profile = base\n"
GUARDED = ROLE + f"mfa_serial = arn:aws:iam::{ACCOUNT}:mfa/me\n"


class Credentials(TerminalCase):
    def whoami(self, world, *args, config="", env=None):
        """The identity as JSON, or the failure."""
        self.write(".aws/config", config)
        known = {"AWS_ENDPOINT_URL": world.url, "AWS_REGION": "eu-west-1"}
        known.update(env or {})
        result = self.gwrun("whoami", "--output", "json", *args, env=known)
        return json.loads(result.out) if result.code == gwrun.OK else result

    # ---- roles

    def test_a_role(self):
        with World() as world:
            got = self.whoami(world, "--profile", "ops", config=ROLE)
            self.assertEqual(world.names(), ["AssumeRole", "GetCallerIdentity"])
        self.assertEqual(got["user_id"], "ASIAROLE1")
        self.assertEqual(got["account"], ACCOUNT)
        self.assertEqual(got["source"], f"role arn:aws:iam::{ACCOUNT}:role/ops of profile 'ops', by profile 'base' in "
                                        f"{self.path('.aws/config')}")
        self.assertGreater(got["expires_in_s"], 3000)
        role, call = world.asked()
        self.assertEqual((signer(role), signer(call)), ("AKIABASE", "ASIAROLE1"))
        self.assertEqual(call.headers["x-amz-security-token"], gwrun.SESSION_TOKEN)
        self.assertEqual(form(role)["RoleArn"], f"arn:aws:iam::{ACCOUNT}:role/ops")
        self.assertRegex(form(role)["RoleSessionName"], r"^gwrun-session-\d+$")

    def test_a_role_is_kept_for_later_runs(self):
        with World() as world:
            self.whoami(world, "--profile", "ops", config=ROLE)
            self.whoami(world, "--profile", "ops", config=ROLE)
            self.assertEqual(world.names(), ["AssumeRole", "GetCallerIdentity", "GetCallerIdentity"])
        folder = self.path(".aws/cli/cache")
        kept = os.path.join(folder, os.listdir(folder)[0])
        self.assertEqual(stat.S_IMODE(os.stat(kept).st_mode), 0o600)
        self.assertEqual(os.listdir(folder), ["22683b67d5bd46b0335d9327094666b8be5b5cd5.json"])

    def test_a_cache_that_cannot_be_written_does_not_matter(self):
        self.write(".aws/cli", "a file where the folder should be")
        with World() as world:
            self.assertEqual(self.whoami(world, "--profile", "ops", config=ROLE)["user_id"], "ASIAROLE1")

    def test_a_broken_cache_does_not_matter(self):
        name = ".aws/cli/cache/22683b67d5bd46b0335d9327094666b8be5b5cd5.json"
        for text in ("", "{", "[]", '{"Credentials":{}}', '{"Credentials":{"AccessKeyId":1}}', "\x00" * 100):
            with self.subTest(text), World() as world:
                self.write(name, text)
                self.assertEqual(self.whoami(world, "--profile", "ops", config=ROLE)["user_id"], "ASIAROLE1")

    def test_a_role_that_is_refused(self):
        with World(AssumeRole=error_xml("AccessDenied", "User base is not authorized")) as world:
            result = self.whoami(world, "--profile", "ops", config=ROLE)
        self.assert_ends(result, gwrun.CREDENTIALS,
                         r"role arn:\S+/ops of profile 'ops', by profile 'base' in \S+: sts:AssumeRole: User base is not "
                         r"authorized \(AccessDenied, request 4c1f-0001\)$")

    def test_a_run_does_not_begin_without_credentials(self):
        look = self.write("look.lua", runbooks.READ)
        self.write(".aws/config", ROLE)
        with World(AssumeRole=error_xml("AccessDenied")) as world:
            result = self.gwrun(look, "--profile", "ops", env={"AWS_ENDPOINT_URL": world.url})
            self.assertEqual(world.names(), ["AssumeRole"])
        self.assert_ends(result, gwrun.CREDENTIALS, r"sts:AssumeRole: no \(AccessDenied")
        self.assertEqual(result.out, "")

    def test_credentials_that_aws_calls_expired_are_renewed(self):
        refused = []

        def list_once(request):
            refused.append(signer(request))
            expired = ('{"__type":"ExpiredTokenException","message":"The security token is expired"}')
            return answer(400, expired) if len(refused) == 1 else ok_json({"services": []})

        look = self.write("look.lua", runbooks.READ)
        self.write(".aws/config", ROLE)
        with World(DescribeServices=list_once) as world:
            result = self.gwrun(look, "--profile", "ops", env={"AWS_ENDPOINT_URL": world.url})
        self.assertEqual(result.code, gwrun.OK, result)
        self.assertEqual(refused, ["ASIAROLE1", "ASIAROLE2"])

    def test_credentials_that_have_ended_on_arrival(self):
        with World(AssumeRole=xml("AssumeRole", keys_xml("ASIAOLD", -5))) as world:
            result = self.whoami(world, "--profile", "ops", config=ROLE)
        self.assert_ends(result, gwrun.CREDENTIALS, r"credentials: those from role \S+ of .* expired at 20\S+Z; renew them$")

    # ---- codes of a device

    def test_a_code_is_asked_for_at_the_terminal(self):
        self.write(".aws/config", GUARDED)
        with World() as world:
            env = {"AWS_ENDPOINT_URL": world.url, "AWS_REGION": "eu-west-1"}
            terminal = self.terminal("whoami", "--profile", "ops", **env)
            terminal.expect(rf"Enter MFA code for arn:aws:iam::{ACCOUNT}:mfa/me: ")
            terminal.type("123456\n")
            self.assertEqual(terminal.finish(), gwrun.OK, terminal.seen)
            self.assertEqual(form(world.asked("AssumeRole")[0])["TokenCode"], "123456")
            result = self.gwrun("whoami", "--profile", "ops", env=env)  # nobody is asked again
            self.assertEqual(result.code, gwrun.OK, result)
            self.assertEqual(len(world.asked("AssumeRole")), 1)

    def test_nobody_to_ask_for_a_code(self):
        with World() as world:
            result = self.whoami(world, "--profile", "ops", config=GUARDED)
            self.assertEqual(world.names(), [])
        self.assert_ends(result, gwrun.CREDENTIALS, r"needs a code of the device 'arn:\S+', and there is no terminal to ask "
                                                    r"at; 'gwrun whoami' at one keeps the session for later runs$")

    # ---- web identity

    def test_a_web_identity(self):
        token = self.write("token", "the.jwt.token-CANARY\n")
        with World() as world:
            got = self.whoami(world, env={"AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_SESSION_NAME": "pod",
                                          "AWS_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/pod"})
            asked = form(world.asked("AssumeRoleWithWebIdentity")[0])
        self.assertEqual(got["user_id"], "ASIAWEB")
        self.assertEqual(asked["WebIdentityToken"], "the.jwt.token-CANARY")
        self.assertEqual(asked["RoleSessionName"], "pod")
        self.assertNotIn("authorization", world.asked()[0].headers)

    def test_a_web_identity_without_its_file(self):
        with World() as world:
            result = self.whoami(world, env={"AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token",
                                             "AWS_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/pod"})
        self.assert_ends(result, gwrun.CREDENTIALS, r"web identity token: /nowhere/token: No such file or directory$")

    # ---- the container

    def test_a_container(self):
        token = self.write("token", "Bearer CANARY-container")
        with World() as world:
            got = self.whoami(world, env={"AWS_CONTAINER_CREDENTIALS_FULL_URI": world.url + "/container",
                                          "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": token})
            asked = world.asked("GET /container")[0]
        self.assertEqual(got["user_id"], "ASIABOX")
        self.assertEqual(asked.headers["authorization"], "Bearer CANARY-container")
        self.assertEqual(asked.headers["accept"], "application/json")

    def test_a_container_is_asked_past_any_proxy(self):
        with World() as proxy, World() as world:
            result = self.whoami(world, env={"AWS_CONTAINER_CREDENTIALS_FULL_URI": world.url + "/container",
                                             "http_proxy": proxy.url})
            self.assertEqual(world.names(), ["GET /container"])
            self.assertIn("GetCallerIdentity", proxy.names())
        self.assertEqual(result["user_id"], "ASIABOX")

    def test_a_container_that_is_ill(self):
        answers = [answer(500, "out of order"), answer(200, "{not JSON"), as_json(keys_json("ASIABOX"))]
        with World(**{"GET /container": lambda _: answers.pop(0)}) as world:
            got = self.whoami(world, env={"AWS_CONTAINER_CREDENTIALS_FULL_URI": world.url + "/container"})
        self.assertEqual(got["user_id"], "ASIABOX")
        with World(**{"GET /container": as_json({"AccessKeyId": "A"})}) as world:
            result = self.whoami(world, env={"AWS_CONTAINER_CREDENTIALS_FULL_URI": world.url + "/container"})
            self.assertEqual(len(world.asked()), 3)
        self.assert_ends(result, gwrun.CREDENTIALS, r"container \(127.0.0.1:\d+\): has AccessKeyId but not SecretAccessKey$")

    # ---- the instance

    def instance(self, world, **env):
        known = {"AWS_EC2_METADATA_DISABLED": None, "AWS_EC2_METADATA_SERVICE_ENDPOINT": world.url}
        return self.whoami(world, env=dict(known, **env))

    def test_an_instance(self):
        with World() as world:
            got = self.instance(world)
            token, extended, role, keys, _ = world.asked()
        self.assertEqual(extended.target, "/latest/meta-data/iam/security-credentials-extended")
        self.assertEqual(got["user_id"], "ASIAVM")
        self.assertEqual(got["source"], "instance metadata, role web-role")
        self.assertEqual(token.headers["x-aws-ec2-metadata-token-ttl-seconds"], "21600")
        self.assertEqual(role.headers["x-aws-ec2-metadata-token"], "imds-token")
        self.assertEqual(keys.headers["x-aws-ec2-metadata-token"], "imds-token")

    def test_an_instance_without_role(self):
        with World(**{"GET /latest/meta-data/iam/security-credentials/": answer(404)}) as world:
            result = self.instance(world)
        self.assert_ends(result, gwrun.CREDENTIALS, r"credentials: none found; looked at AWS_ACCESS_KEY_ID, .* and instance "
                                                    r"metadata \(no role is attached to the instance\); set AWS_ACC")

    def test_an_instance_that_is_slow(self):
        def never(_):
            time.sleep(3)
            return answer(200, "late")

        with World(**{"PUT /latest/api/token": never}) as world:
            result = self.instance(world)
        self.assert_ends(result, gwrun.CREDENTIALS, r"instance metadata \(127.0.0.1:\d+: no complete answer within 1 s\)")

    def test_an_instance_that_is_a_source(self):
        config = f"[profile ops]\nrole_arn = arn:aws:iam::{ACCOUNT}:role/ops\ncredential_source = Ec2InstanceMetadata\n"
        self.write(".aws/config", config)
        with World() as world:
            got = self.whoami(world, "--profile", "ops", config=config,
                              env={"AWS_EC2_METADATA_DISABLED": None, "AWS_EC2_METADATA_SERVICE_ENDPOINT": world.url})
            self.assertEqual(signer(world.asked("AssumeRole")[0]), "ASIAVM")
        self.assertEqual(got["user_id"], "ASIAROLE1")

    # ---- a process

    def process(self, world, script):
        path = self.write("keys.sh", "#!/bin/sh\n" + script)
        os.chmod(path, 0o700)
        return self.whoami(world, "--profile", "p", config=f"[profile p]\ncredential_process = {path} one 'two three'\n")

    def test_a_process(self):
        keys = json.dumps({"Version": 1, "AccessKeyId": "AKIAPROCESS", "SecretAccessKey": gwrun.SECRET_KEY,
                           "SessionToken": gwrun.SESSION_TOKEN, "Expiration": iso(3600)})
        with World() as world:
            got = self.process(world, f"[ \"$2\" = 'two three' ] || exit 9\ncat <<'END'\n{keys}\nEND\n")
        self.assertEqual(got["user_id"], "AKIAPROCESS")
        self.assertEqual(got["source"], "credential_process of profile 'p'")

    def test_a_process_that_fails(self):
        with World() as world:
            result = self.process(world, f"echo '{gwrun.SECRET_VALUE}'\nprintf 'session \\033[31mended\\n' >&2\nexit 4\n")
            self.assertEqual(world.names(), [])
        self.assert_ends(result, gwrun.CREDENTIALS, r"credential_process of profile 'p': ended with exit code 4: session ")

    def test_a_process_does_not_see_the_secrets_of_a_run(self):
        with World() as world:
            path = self.write("process", "#!/bin/sh\nenv | grep -c GWRUN_TOKEN >&2\nexit 1\n")
            os.chmod(path, 0o700)
            result = self.whoami(world, "--profile", "p", config=f"[profile p]\ncredential_process = {path}\n",
                                 env={"GWRUN_TOKEN": gwrun.SECRET_VALUE})
        self.assert_ends(result, gwrun.CREDENTIALS, r"ended with exit code 1: 0$")

    def test_a_process_inherits_nothing_of_ours(self):
        with World() as world:
            result = self.process(world, "ls /proc/self/fd | wc -l >&2\nexit 1\n")
        self.assert_ends(result, gwrun.CREDENTIALS, r"exit code 1: [345]$")  # its streams, and what ls itself opens

    # ---- whoami

    def test_whoami_for_people(self):
        self.write(".aws/config", ROLE + "region = eu-west-2\n")
        with World() as world:
            result = self.gwrun("whoami", "--profile", "ops", env={"AWS_ENDPOINT_URL": world.url})
        self.assertEqual(result.code, gwrun.OK, result)
        self.assertRegex(result.out, rf"""\Aaccount    {ACCOUNT}
identity   arn:aws:iam::{ACCOUNT}:user/ASIAROLE1
user id    ASIAROLE1
source     role arn:aws:iam::{ACCOUNT}:role/ops of profile 'ops', by profile 'base' in \S+/.aws/config
expires    20\S+Z, in (59m \d\ds|1h)
region     eu-west-2 \(region in \S+/.aws/config\)
\Z""")

    def test_whoami_says_where_the_region_was_named(self):
        with World() as world:
            for args, env, region, origin in [
                    ((), {}, "eu-west-1", "AWS_REGION"),
                    (("--region", "eu-north-1"), {}, "eu-north-1", "--region"),
                    ((), {"GWRUN_REGION": "eu-west-3"}, "eu-west-3", "GWRUN_REGION"),
                    ((), {"AWS_REGION": None}, "us-east-1", "where no region is set")]:
                got = self.whoami(world, *args, env=dict(gwrun.KEYS, **env))
                self.assertEqual((got["region"], got["region_source"]), (region, origin))
                self.assertNotIn("expires", got)

    def test_whoami_when_aws_does_not_know_the_keys(self):
        with World(GetCallerIdentity=error_xml("InvalidClientTokenId", "The security token is invalid")) as world:
            result = self.whoami(world, env=gwrun.KEYS)
            self.assertEqual(len(world.asked()), 1)
        self.assert_ends(result, gwrun.CREDENTIALS, r"sts:GetCallerIdentity: The security token is invalid "
                                                    r"\(InvalidClientTokenId\); the credentials came from environment$")

    def test_whoami_takes_no_arguments(self):
        self.assert_ends(self.gwrun("whoami", "me"), gwrun.USAGE, r"whoami: unexpected argument 'me'$")


if __name__ == "__main__":
    gwrun.main()
