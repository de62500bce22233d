"""Single sign-on: logging in by the device flow, the file of the token, keys for it, and its renewal."""

import hashlib
import json
import os
import signal
import stat

import gwrun
from aws_world import World, answer, as_json, iso
from server import unused_port
from terminal import TerminalCase

START_URL = "https://corp.awsapps.com/start"
CONFIG = f"""[profile ops]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = operator
region = eu-west-1
[profile old]
sso_start_url = {START_URL}
sso_region = eu-central-1
sso_account_id = 123456789012
sso_role_name = operator
region = eu-west-1
[sso-session corp]
sso_start_url = {START_URL}
sso_region = eu-central-1
sso_registration_scopes = sso:account:access, other:scope
"""


def refused(code, status=400):
    return as_json({"error": code, "error_description": "no"}, status, code)


class Login(TerminalCase):
    def setUp(self):
        super().setUp()
        self.write(".aws/config", CONFIG)

    def token_path(self, name="corp"):
        return self.path(f".aws/sso/cache/{hashlib.sha1(name.encode()).hexdigest()}.json")

    def keep_token(self, name="corp", seconds=3600, **more):
        token = {"startUrl": START_URL, "region": "eu-central-1", "accessToken": "kept-" + gwrun.SESSION_TOKEN,
                 "expiresAt": iso(seconds)}
        token.update(more)
        self.write(os.path.relpath(self.token_path(name), self.folder), json.dumps(token))

    def token(self, name="corp"):
        with open(self.token_path(name), encoding="utf-8") as file:
            return json.load(file)

    def run_at(self, world, *args, **env):
        return self.gwrun(*args, env=dict({"AWS_ENDPOINT_URL": world.url}, **env))

    # ---- logging in

    def test_a_session(self):
        with World() as world:
            result = self.run_at(world, "login", "--profile", "ops")
            register, authorize, token = (json.loads(request.body) for request in world.asked())
            self.assertEqual(world.names(), ["POST /client/register", "POST /device_authorization", "POST /token"])
        self.assertEqual(result.code, gwrun.OK, result)
        self.assertEqual(result.out.split(), """Open this address in any browser: https://device.example/ and confirm this
            code there: ABCD-EFGH or open this one, which has the code in it:
            https://device.example/?user_code=ABCD-EFGH logged in until""".split() + [self.token()["expiresAt"]])
        self.assertEqual(register, {"clientName": "gwrun", "clientType": "public",
                                    "scopes": ["sso:account:access", "other:scope"]})
        self.assertEqual(authorize["startUrl"], START_URL)
        self.assertEqual(token["grantType"], "urn:ietf:params:oauth:grant-type:device_code")
        self.assertEqual(token["deviceCode"], "device-" + gwrun.SECRET_VALUE)
        kept = self.token()
        self.assertEqual(sorted(kept), ["accessToken", "clientId", "clientSecret", "expiresAt", "refreshToken", "region",
                                        "registrationExpiresAt", "startUrl"])
        self.assertEqual((kept["startUrl"], kept["region"]), (START_URL, "eu-central-1"))
        self.assertEqual(stat.S_IMODE(os.stat(self.token_path()).st_mode), 0o600)
        self.assertEqual(os.listdir(os.path.dirname(self.token_path())), [os.path.basename(self.token_path())])

    def test_a_session_by_its_name_and_the_old_kind(self):
        with World() as world:
            self.assertEqual(self.run_at(world, "login", "--sso-session", "corp").code, gwrun.OK)
            self.assertEqual(self.run_at(world, "login", "--profile", "old", "--no-browser").code, gwrun.OK)
            self.assertNotIn("scopes", json.loads(world.asked("POST /client/register")[1].body))
        self.assertTrue(os.path.exists(self.token_path(START_URL)))

    def test_waiting_for_the_person(self):
        answers = [refused("AuthorizationPendingException"), refused("AuthorizationPendingException"), None]
        usual = World().usual_post_token
        with World(**{"POST /token": lambda request: answers.pop(0) or usual(request)}) as world:
            result = self.run_at(world, "login", "--profile", "ops")
            self.assertEqual(len(world.asked("POST /token")), 3)
        self.assertEqual(result.code, gwrun.OK, result)

    def test_nobody_confirms(self):
        with World(**{"POST /token": refused("ExpiredTokenException")}) as world:
            result = self.run_at(world, "login", "--profile", "ops")
        self.assert_ends(result, gwrun.CREDENTIALS, r"login: nobody confirmed the code in time; start again$")
        self.assertFalse(os.path.exists(self.token_path()))

    def test_somebody_refuses(self):
        with World(**{"POST /token": refused("AccessDeniedException")}) as world:
            result = self.run_at(world, "login", "--profile", "ops")
        self.assert_ends(result, gwrun.CREDENTIALS, r"sso-oidc:CreateToken: no \(AccessDeniedException\)$")

    def test_interrupted(self):
        with World(**{"POST /token": refused("AuthorizationPendingException")}) as world:
            terminal = self.terminal("login", "--profile", "ops", AWS_ENDPOINT_URL=world.url)
            terminal.expect("waiting; the code ends in")
            terminal.child.send_signal(signal.SIGINT)
            self.assertNotEqual(terminal.finish(), gwrun.OK)
        self.assertFalse(os.path.exists(os.path.dirname(self.token_path())))

    def test_where_there_is_nothing_to_log_in_to(self):
        for args, code, message in [
                ((), gwrun.USAGE, r"profile 'default': has neither sso_session nor sso_start_url and sso_region; name a"),
                (("--sso-session", "corq"), gwrun.USAGE, r"sso-session 'corq': is not in \S+/\.aws/config$"),
                (("--profile", "opps"), gwrun.USAGE, r"profile 'opps': is not in .* did you mean 'ops'\?"),
                (("now",), gwrun.USAGE, r"login: expected --profile NAME, --sso-session NAME or --no-browser, got 'now'$"),
                (("--sim",), gwrun.USAGE, r"login: has no meaning in the simulator$")]:
            with self.subTest(args):
                self.assert_ends(self.gwrun("login", *args), code, message)

    def test_help_asks_nobody(self):
        for command in ("login", "whoami"):
            result = self.gwrun(command, "--help")
            self.assertEqual((result.code, result.err), (gwrun.OK, ""))
            self.assertIn(f"gwrun {command}", result.out)

    def test_a_portal_that_cannot_be_reached(self):
        result = self.gwrun("login", "--profile", "ops", env={"AWS_ENDPOINT_URL": f"http://127.0.0.1:{unused_port()}",
                                                              "AWS_MAX_ATTEMPTS": "1"})
        self.assert_ends(result, gwrun.UNREACHABLE, r"sso-oidc:RegisterClient: could not connect to 127.0.0.1")

    # ---- keys for the token

    def whoami(self, world, profile="ops"):
        result = self.run_at(world, "whoami", "--profile", profile, "--output", "json")
        return json.loads(result.out) if result.code == gwrun.OK else result

    def test_keys_of_a_role(self):
        self.keep_token()
        self.keep_token(START_URL)
        for profile in ("ops", "old"):
            with self.subTest(profile), World() as world:
                got = self.whoami(world, profile)
                asked = world.asked()[0]
                self.assertEqual(world.names(), ["GET /federation/credentials", "GetCallerIdentity"])
            self.assertEqual(got["user_id"], "ASIASSO")
            self.assertEqual(got["source"], f"single sign-on of profile '{profile}', role operator in 123456789012")
            self.assertEqual(asked.headers["x-amz-sso_bearer_token"], "kept-" + gwrun.SESSION_TOKEN)
            self.assertIn("account_id=123456789012", asked.target)
            self.assertIn("role_name=operator", asked.target)
            self.assertNotIn("authorization", asked.headers)

    def test_nobody_has_logged_in(self):
        with World() as world:
            self.assert_ends(self.whoami(world), gwrun.CREDENTIALS,
                             r"single sign-on of profile 'ops', role \S+ in \d+: nobody has logged in; run 'gwrun login "
                             r"--profile ops'$")
            self.keep_token(seconds=-10)
            self.assert_ends(self.whoami(world), gwrun.CREDENTIALS, r"the session has ended; run 'gwrun login --profile ops'$")
            self.write(os.path.relpath(self.token_path(), self.folder), '{"accessToken":"CANARYtoken//"')
            self.assert_ends(self.whoami(world), gwrun.CREDENTIALS, r"\.json: expected a JSON object; run 'gwrun login")
            self.assertEqual(world.names(), [])

    def test_a_token_that_aws_no_longer_takes(self):
        self.keep_token()
        with World(**{"GET /federation/credentials": refused("UnauthorizedException", 401)}) as world:
            self.assert_ends(self.whoami(world), gwrun.CREDENTIALS, r"the session has ended; run 'gwrun login --profile ops'$")

    # ---- renewing the token

    REGISTERED = {"refreshToken": "refresh-" + gwrun.SESSION_TOKEN, "clientId": "c", "clientSecret": gwrun.SECRET_VALUE,
                  "registrationExpiresAt": iso(86400)}

    def test_a_token_near_its_end_is_renewed(self):
        self.keep_token(seconds=60, **self.REGISTERED)
        with World() as world:
            self.assertEqual(self.whoami(world)["user_id"], "ASIASSO")
            renewal, keys, _ = world.asked()
        self.assertEqual(json.loads(renewal.body), {"grantType": "refresh_token", "clientId": "c",
                                                    "clientSecret": gwrun.SECRET_VALUE,
                                                    "refreshToken": "refresh-" + gwrun.SESSION_TOKEN})
        self.assertEqual(keys.headers["x-amz-sso_bearer_token"], "fresh-" + gwrun.SESSION_TOKEN)
        self.assertEqual(self.token()["accessToken"], "fresh-" + gwrun.SESSION_TOKEN)
        self.assertEqual(self.token()["refreshToken"], "next-" + gwrun.SESSION_TOKEN)
        self.assertEqual(self.token()["clientId"], "c")

    def test_a_token_that_cannot_be_renewed_serves_to_its_end(self):
        self.keep_token(seconds=60, **self.REGISTERED)
        with World(**{"POST /token": refused("InvalidGrantException")}) as world:
            self.assertEqual(self.whoami(world)["user_id"], "ASIASSO")
            self.assertEqual(world.names(), ["POST /token", "GET /federation/credentials", "GetCallerIdentity"])
        self.keep_token(seconds=60, **dict(self.REGISTERED, registrationExpiresAt=iso(-5)))
        with World() as world:
            self.whoami(world)
            self.assertEqual(world.names(), ["GET /federation/credentials", "GetCallerIdentity"])

    def test_a_token_in_the_form_of_older_tools(self):
        self.keep_token(expiresAt=iso(3600).replace("Z", "UTC"))
        with World() as world:
            self.assertEqual(self.whoami(world)["user_id"], "ASIASSO")

    def test_a_portal_that_makes_no_sense(self):
        self.keep_token()
        for given in (answer(200, "<html>"), as_json({}), as_json({"roleCredentials": {"accessKeyId": "A"}})):
            with World(**{"GET /federation/credentials": given}) as world:
                self.assert_ends(self.whoami(world), gwrun.CREDENTIALS, r"single sign-on of profile 'ops', role \S+ in \d+: ")


if __name__ == "__main__":
    gwrun.main()
