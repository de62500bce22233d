"""The session of `aws login`: keys in a file, renewed with a token and a proof that the key is at hand (DPoP, RFC 9449)."""

import base64
import hashlib
import json
import os
import stat

import gwrun
from aws_world import World, as_json, iso

SESSION = "arn:aws:sts::012345678910:assumed-role/Admin/admin"
NAME = "4b0ba8f99f075c0633e122fd73346ce203a3faf18ea0310eb2d29df1bab2e255"  # the SHA-256 of it
PEM = """-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIB3M6ChLjQRkmEnPa6vlc+wt8ZiBWoVIa3opi/fYgtSSoAoGCCqGSM49
AwEHoUQDQgAEIiRRKD/r3i6hxTzpb00Zjeb3zunzwMOnWYUNUQs4kH85lyB78LXN
WwU689qan+kUfURNDcX9hHy7e4Z8jGVqFA==
-----END EC PRIVATE KEY-----
"""
POINT = (0x222451283febde2ea1c53ce96f4d198de6f7cee9f3c0c3a759850d510b38907f,
         0x3997207bf0b5cd5b053af3da9a9fe9147d444d0dc5fd847cbb7b867c8c656a14)


class Curve:
    """P-256, as far as checking a signature needs it."""

    p = 2**256 - 2**224 + 2**192 + 2**96 - 1
    n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
    g = (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
         0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5)

    @classmethod
    def add(cls, a, b):
        if a is None or b is None:
            return a or b
        if a[0] == b[0] and (a[1] + b[1]) % cls.p == 0:
            return None
        if a == b:
            slope = (3 * a[0] ** 2 - 3) * pow(2 * a[1], -1, cls.p)
        else:
            slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, cls.p)
        x = (slope ** 2 - a[0] - b[0]) % cls.p
        return x, (slope * (a[0] - x) - a[1]) % cls.p

    @classmethod
    def times(cls, number, point):
        result = None
        while number:
            if number & 1:
                result = cls.add(result, point)
            point, number = cls.add(point, point), number >> 1
        return result

    @classmethod
    def verifies(cls, point, message, signature):
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        digest = int.from_bytes(hashlib.sha256(message).digest(), "big")
        inverse = pow(s, -1, cls.n)
        found = cls.add(cls.times(digest * inverse % cls.n, cls.g), cls.times(r * inverse % cls.n, point))
        return len(signature) == 64 and found is not None and found[0] % cls.n == r


def unpack(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def fresh_keys(_=None):
    return as_json({"accessToken": {"accessKeyId": "ASIAFRESH", "secretAccessKey": gwrun.SECRET_KEY,
                                    "sessionToken": gwrun.SESSION_TOKEN},
                    "tokenType": "urn:aws:params:oauth:token-type:access_token_sigv4", "expiresIn": 900,
                    "refreshToken": "next-" + gwrun.SESSION_TOKEN})


class LoginSession(gwrun.Case):
    def keep(self, folder=".aws/login/cache", seconds=3600, without=None, **more):
        session = {"accessToken": {"accessKeyId": "ASIAKEPT", "secretAccessKey": gwrun.SECRET_KEY,
                                   "sessionToken": gwrun.SESSION_TOKEN, "accountId": "012345678910",
                                   "expiresAt": iso(seconds)},
                   "clientId": "arn:aws:signin:::devtools/same-device", "refreshToken": "first-" + gwrun.SESSION_TOKEN,
                   "idToken": "an.id.token", "dpopKey": PEM}
        session.update(more)
        session.pop(without, None)
        return self.write(f"{folder}/{NAME}.json", json.dumps(session))

    def whoami(self, world, **env):
        self.write(".aws/config", f"[profile signin]\nlogin_session = {SESSION}\nregion = eu-west-1\n")
        result = self.gwrun("whoami", "--profile", "signin", "--output", "json", env=dict({"AWS_ENDPOINT_URL": world.url}, **env))
        return json.loads(result.out) if result.code == gwrun.OK else result

    def test_keys_that_are_good(self):
        self.keep()
        with World() as world:
            got = self.whoami(world)
            self.assertEqual(world.names(), ["GetCallerIdentity"])
        self.assertEqual(got["user_id"], "ASIAKEPT")
        self.assertEqual(got["source"], "login session of profile 'signin'")

    def test_another_folder(self):
        self.keep("elsewhere")
        with World() as world:
            self.assertEqual(self.whoami(world, AWS_LOGIN_CACHE_DIRECTORY=self.path("elsewhere"))["user_id"], "ASIAKEPT")

    def test_what_is_missing(self):
        with World() as world:
            self.assert_ends(self.whoami(world), gwrun.CREDENTIALS, r"login session of profile 'signin': nobody has logged in; "
                                                                    r"run 'aws login --profile signin'$")
            for member in ("accessToken", "refreshToken", "clientId", "dpopKey"):
                with self.subTest(member):
                    self.keep(seconds=-10, without=member)
                    self.assert_ends(self.whoami(world), gwrun.CREDENTIALS, rf"{NAME}\.json has no {member}; run 'aws login")
            self.keep(seconds=-10, dpopKey="-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n")
            self.assert_ends(self.whoami(world), gwrun.CREDENTIALS, r"the dpopKey is no private key of the curve P-256; run")
            self.assertEqual(world.names(), [])

    def test_keys_near_their_end_are_renewed_with_a_proof(self):
        path = self.keep(seconds=120)
        with World(**{"POST /v1/token": fresh_keys}) as world:
            got = self.whoami(world)
            request = world.asked("POST /v1/token")[0]
        self.assertEqual(got["user_id"], "ASIAFRESH")
        self.assertEqual(json.loads(request.body), {"clientId": "arn:aws:signin:::devtools/same-device",
                                                    "grantType": "refresh_token",
                                                    "refreshToken": "first-" + gwrun.SESSION_TOKEN})
        self.assertNotIn("authorization", request.headers)
        header, payload, signature = request.headers["dpop"].split(".")
        jwk = json.loads(unpack(header)).pop("jwk")
        self.assertEqual({key: value for key, value in json.loads(unpack(header)).items() if key != "jwk"},
                         {"typ": "dpop+jwt", "alg": "ES256"})
        self.assertEqual((jwk["kty"], jwk["crv"]), ("EC", "P-256"))
        self.assertEqual(tuple(int.from_bytes(unpack(jwk[axis]), "big") for axis in "xy"), POINT)
        claims = json.loads(unpack(payload))
        self.assertEqual((claims["htm"], claims["htu"]), ("POST", world.url + "/v1/token"))
        self.assertEqual(sorted(claims), ["htm", "htu", "iat", "jti"])
        self.assertTrue(Curve.verifies(POINT, f"{header}.{payload}".encode(), unpack(signature)))

        with open(path, encoding="utf-8") as file:
            kept = json.load(file)
        self.assertEqual(kept["accessToken"]["accessKeyId"], "ASIAFRESH")
        self.assertEqual(kept["accessToken"]["accountId"], "012345678910")
        self.assertEqual(kept["refreshToken"], "next-" + gwrun.SESSION_TOKEN)
        self.assertEqual((kept["idToken"], kept["dpopKey"]), ("an.id.token", PEM))
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)

    def test_a_renewal_that_is_refused(self):
        self.keep(seconds=-10)
        refused = as_json({"error": "TOKEN_EXPIRED", "message": "no"}, 401, "AccessDeniedException")
        with World(**{"POST /v1/token": refused}) as world:
            self.assert_ends(self.whoami(world), gwrun.CREDENTIALS, r"login session of profile 'signin': the session has ended; "
                                                                    r"run 'aws login --profile signin'$")


if __name__ == "__main__":
    gwrun.main()
