"""What stands around an AWS account, on one loopback server: STS, single sign-on, the metadata of an instance and the
endpoint of a container. A test says what differs from the usual answers, and sees what was asked."""

import json
import re
import time
import urllib.parse

import gwrun
from server import Server, answer

ACCOUNT = "123456789012"


def iso(seconds_from_now):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds_from_now))


def xml(operation, result):
    return answer(200, f"<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>")


def keys_xml(key_id, seconds=3600):
    return (f"<Credentials><AccessKeyId>{key_id}</AccessKeyId><SecretAccessKey>{gwrun.SECRET_KEY}</SecretAccessKey>"
            f"<SessionToken>{gwrun.SESSION_TOKEN}</SessionToken><Expiration>{iso(seconds)}</Expiration></Credentials>"
            f"<AssumedRoleUser><Arn>arn:aws:sts::{ACCOUNT}:assumed-role/r/s</Arn>"
            "<AssumedRoleId>AROA:s</AssumedRoleId></AssumedRoleUser>")


def keys_json(key_id, seconds=3600, **extra):
    return dict({"Code": "Success", "AccessKeyId": key_id, "SecretAccessKey": gwrun.SECRET_KEY,
                 "Token": gwrun.SESSION_TOKEN, "Expiration": iso(seconds)}, **extra)


def error_xml(code, message="no", status=403):
    return answer(status, f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>"
                          "</Error><RequestId>4c1f-0001</RequestId></ErrorResponse>")


def as_json(value, status=200, code=None):
    headers = [("Content-Type", "application/json")] + ([("x-amzn-ErrorType", code)] if code else [])
    return answer(status, json.dumps(value), headers)


def form(request):
    return {name: values[0] for name, values in urllib.parse.parse_qs(request.body.decode()).items()}


def signer(request):
    found = re.search(r"Credential=([^/]+)/", request.headers.get("authorization", ""))
    return found and found.group(1)


class World:
    """`answers` maps "METHOD /path" or the name of a query operation to bytes or a function of the request; what is not
    there has its usual answer. Use it in a with statement."""

    def __init__(self, **answers):
        self.answers = answers
        self.roles = 0
        self.server = Server(self.answer)

    def __enter__(self):
        self.server.__enter__()
        return self

    def __exit__(self, *args):
        self.server.__exit__(*args)

    @property
    def url(self):
        return self.server.url

    def asked(self, *names):
        """The requests of these names, in order; all without names."""
        return [request for request in self.server.requests if not names or self.name_of(request) in names]

    def names(self):
        return [self.name_of(request) for request in self.server.requests]

    @staticmethod
    def name_of(request):
        path = request.target.partition("?")[0]
        return request.operation or f"{request.method} {path}"

    def answer(self, request):
        name = self.name_of(request)
        given = self.answers.get(name)
        if given is not None:
            return given(request) if callable(given) else given
        usual = getattr(self, "usual_" + re.sub(r"\W+", "_", name).strip("_").lower(), None)
        return usual(request) if usual else answer(404, "nothing of that name")

    # ---- STS

    def usual_assumerole(self, _):
        self.roles += 1
        return xml("AssumeRole", keys_xml(f"ASIAROLE{self.roles}"))

    def usual_assumerolewithwebidentity(self, _):
        return xml("AssumeRoleWithWebIdentity", keys_xml("ASIAWEB"))

    def usual_getcalleridentity(self, request):
        return xml("GetCallerIdentity", f"<Arn>arn:aws:iam::{ACCOUNT}:user/{signer(request)}</Arn>"
                                        f"<UserId>{signer(request)}</UserId><Account>{ACCOUNT}</Account>")

    # ---- the container and the instance

    def usual_get_container(self, _):
        return as_json(keys_json("ASIABOX"))

    def usual_put_latest_api_token(self, _):
        return answer(200, "imds-token")

    def usual_get_latest_meta_data_iam_security_credentials(self, _):
        return answer(200, "web-role")

    def usual_get_latest_meta_data_iam_security_credentials_web_role(self, _):
        return as_json(keys_json("ASIAVM"))

    # ---- single sign-on

    def usual_get_federation_credentials(self, _):
        return as_json({"roleCredentials": {
            "accessKeyId": "ASIASSO", "secretAccessKey": gwrun.SECRET_KEY, "sessionToken": gwrun.SESSION_TOKEN,
            "expiration": int(time.time() + 3600) * 1000}})

    def usual_post_client_register(self, _):
        return as_json({"clientId": "the-client", "clientSecret": gwrun.SECRET_VALUE,
                        "clientSecretExpiresAt": int(time.time() + 86400)})

    def usual_post_device_authorization(self, _):
        return as_json({"deviceCode": "device-" + gwrun.SECRET_VALUE, "userCode": "ABCD-EFGH", "interval": 1,
                        "verificationUri": "https://device.example/", "expiresIn": 600,
                        "verificationUriComplete": "https://device.example/?user_code=ABCD-EFGH"})

    def usual_post_token(self, _):
        return as_json({"accessToken": "fresh-" + gwrun.SESSION_TOKEN, "tokenType": "Bearer", "expiresIn": 28800,
                        "refreshToken": "next-" + gwrun.SESSION_TOKEN})
