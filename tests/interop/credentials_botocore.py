"""Who calls, beside botocore: credentials_botocore.py GWRUN

Both get the same generated environment, files and server, and must choose the same key and ask the server the same. Where
both fail they agree, whatever they say. Each of the differences that are meant is a row of MEANT, counted at the end.
"""

import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
from unittest import mock

HERE = os.path.dirname(os.path.abspath(__file__))
os.environ["GWRUN"] = sys.argv[1]
sys.path.insert(0, os.path.join(HERE, "..", "blackbox"))

try:
    import botocore.credentials
    import botocore.session
    import botocore.tokens
except ImportError:
    print("credentials interop: skipped, python3 has no botocore")
    sys.exit(77)

from aws_world import ACCOUNT, World, as_json, form, iso, keys_json, signer  # noqa: E402

COUNT = 200
SEED = 20240101
PROFILES = ["default", "one", "two", "three"]
SESSIONS = "".join(f"[sso-session {name}]\nsso_start_url = https://{name}/start\nsso_region = us-east-1\n"
                   for name in ("corp", "stale", "nobody"))
# Who has logged in: by the session's name or the start URL; "stale" has what another token can be had with.
TOKENS = {"corp": 7200, "https://corp/start": 7200, "stale": 300}
KEY_PAIR = {"aws_access_key_id", "aws_secret_access_key"}
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


class Case:
    """One generated set-up: what stands in the two files, what in the environment, which profile is asked for."""

    def __init__(self, rng):
        self.rng = rng
        self.config, self.credentials = {}, {}
        self.env = {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"}
        for name in PROFILES:
            if rng.random() < 0.85:
                self.config[name] = self.some_profile(name)
            if rng.random() < 0.3:
                self.credentials[name] = self.some_keys(f"AKIACRED{name.upper()}")
        self.explicit = rng.choice([None, None, "one", "two"])
        if not self.explicit and rng.random() < 0.6:
            self.env["AWS_PROFILE"] = rng.choice(["one", "two", "three"])
        self.some_environment()

    def some_keys(self, key_id):
        kind = self.rng.random()
        if kind < 0.05:
            return {"aws_access_key_id": key_id}
        if kind < 0.08:
            return {"aws_secret_access_key": SECRET}
        return {"aws_access_key_id": key_id, "aws_secret_access_key": SECRET}

    def some_role(self, name):
        rng = self.rng
        role = {"role_arn": f"arn:aws:iam::{ACCOUNT}:role/{name}"}
        source = rng.random()
        if source < 0.65:
            role["source_profile"] = rng.choice(PROFILES + ["missing"])
        elif source < 0.85:
            role["credential_source"] = rng.choice(["Environment", "EcsContainer", "Ec2InstanceMetadata", "Elsewhere"])
        elif source < 0.9:
            role.update(source_profile="default", credential_source="Environment")
        for key, values in [("external_id", ["id/1", "with space"]), ("role_session_name", ["me"]),
                            ("duration_seconds", ["900", "3600", "soon"])]:
            if rng.random() < 0.25:
                role[key] = rng.choice(values)
        return role

    def some_sign_on(self):
        rng = self.rng
        sso = {"sso_account_id": ACCOUNT, "sso_role_name": "operator"}
        if rng.random() < 0.1:
            del sso[rng.choice(list(sso))]
        if rng.random() < 0.6:
            sso["sso_session"] = rng.choice(["corp", "corp", "corp", "stale", "nobody", "missing"])
            if rng.random() < 0.2:
                sso["sso_region"] = rng.choice(["us-east-1", "eu-west-1"])
        else:
            sso.update(sso_start_url=rng.choice(["https://corp/start", "https://else/start"]), sso_region="us-east-1")
        return sso

    def some_profile(self, name):
        rng = self.rng
        profile = {}
        if rng.random() < 0.45:
            profile.update(self.some_role(name))
        if rng.random() < 0.15:
            profile["web_identity_token_file"] = "{HOME}/token"
        if rng.random() < 0.2:
            profile.update(self.some_keys(f"AKIACONF{name.upper()}"))
        if rng.random() < 0.2:
            profile.update(self.some_sign_on())
        if rng.random() < 0.15:
            profile["credential_process"] = "{HOME}/keys " + f"AKIAPROC{name.upper()}"
        return profile

    def some_environment(self):
        rng = self.rng
        if rng.random() < 0.3:
            self.env["AWS_ACCESS_KEY_ID"] = "AKIAENV"
            if rng.random() < 0.9:
                self.env["AWS_SECRET_ACCESS_KEY"] = SECRET
        if rng.random() < 0.2:
            self.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = "{HOME}/token"
            if rng.random() < 0.8:
                self.env["AWS_ROLE_ARN"] = f"arn:aws:iam::{ACCOUNT}:role/env"
        if rng.random() < 0.3:
            self.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "{URL}/container"
        self.env["AWS_EC2_METADATA_DISABLED"] = rng.choice(["true", "false", "false"])

    def write(self, home):
        for name, sections in (("config", self.config), ("credentials", self.credentials)):
            with open(os.path.join(home, ".aws", name), "w", encoding="utf-8") as file:
                for section, values in sections.items():
                    prefix = "profile " if name == "config" and section != "default" else ""
                    file.write(f"[{prefix}{section}]\n")
                    file.writelines(f"{key} = {value.replace('{HOME}', home)}\n" for key, value in values.items())
                if name == "config":
                    file.write(SESSIONS)

    def environment(self, home, url):
        known = {"PATH": os.environ["PATH"], "HOME": home, "AWS_ENDPOINT_URL": url, "LC_ALL": "C.UTF-8",
                 "AWS_EC2_METADATA_SERVICE_ENDPOINT": url}
        known.update({name: value.replace("{HOME}", home).replace("{URL}", url) for name, value in self.env.items()})
        return known

    def __str__(self):
        return json.dumps({"config": self.config, "credentials": self.credentials, "env": self.env,
                           "explicit": self.explicit}, indent=1)


# reason, whether the difference of a case is that
MEANT = [
    ("a secret without its id is an error here, and nothing at all there",
     lambda case: any(set(section) & KEY_PAIR == {"aws_secret_access_key"}
                      for section in [*case.config.values(), *case.credentials.values()])),
    ("a session that is missing matters only to who uses it, not to every call of its profile",
     lambda case: any(section.get("sso_session") == "missing" for section in case.config.values())),
    ("halves of a pair in the two files are a pair here, as in the grammar of all SDKs",
     lambda case: any(len(set(case.credentials.get(name, {})) & KEY_PAIR) == 1
                      and set(case.config.get(name, {})) & KEY_PAIR for name in PROFILES)),
]


# What botocore does not ask: who whoami is, and an instance in its extended form first, as other SDKs do.
ONLY_OURS = ["GetCallerIdentity", "GET /latest/meta-data/iam/security-credentials-extended"]


def shape(request):
    """What counts of a request: what it is, by whom, and its parameters but for a session name that was made up."""
    values = form(request) if request.operation else {}
    if values.get("RoleSessionName", "").startswith(("botocore-session-", "gwrun-session-")):
        values["RoleSessionName"] = "made up"
    if World.name_of(request) == "GET /federation/credentials":
        values = {"token": request.headers["x-amz-sso_bearer_token"], "query": sorted(request.target.partition("?")[2].split("&"))}
    if World.name_of(request) == "POST /token":
        values = json.loads(request.body)
    return World.name_of(request), signer(request), values


def ask_botocore(case, env, world):
    folder = os.path.join(env["HOME"], ".aws", "sso", "cache")  # which botocore settles when it is loaded
    with mock.patch.dict(os.environ, env, clear=True), \
            mock.patch.object(botocore.credentials.SSOProvider, "_SSO_TOKEN_CACHE_DIR", folder), \
            mock.patch.object(botocore.tokens.SSOTokenProvider, "_SSO_TOKEN_CACHE_DIR", folder):
        try:
            session = botocore.session.Session(profile=case.explicit)
            credentials = session.get_credentials()
            key = credentials.get_frozen_credentials().access_key if credentials else None
        except Exception:  # noqa: BLE001, whatever it is, it has no key
            key = None
    return key, [shape(request) for request in world.asked()]


def ask_gwrun(case, env, world):
    profile = ["--profile", case.explicit] if case.explicit else []
    done = subprocess.run([sys.argv[1], "whoami", "--output", "json", *profile], env=env, capture_output=True, check=False,
                          timeout=60)
    if done.returncode not in (0, 2, 6):
        sys.exit(f"exit code {done.returncode}\n{done.stderr.decode()}\n{case}")
    key = json.loads(done.stdout)["user_id"] if done.returncode == 0 else None
    asked = [shape(request) for request in world.asked() if World.name_of(request) not in ONLY_OURS]
    return key, asked, done.stderr.decode()


def keep_token(home, name, seconds):
    path = os.path.join(home, ".aws", "sso", "cache", hashlib.sha1(name.encode()).hexdigest() + ".json")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"accessToken": "token of " + name, "expiresAt": iso(seconds), "refreshToken": "refresh", "clientId": "id",
                   "clientSecret": "secret", "registrationExpiresAt": iso(90000)}, file)


def log_in(home):
    for name, seconds in TOKENS.items():
        keep_token(home, name, seconds)


def new_world():
    return World(**{"GET /container": as_json(keys_json("ASIABOX"))})


def run(case, tally):
    with tempfile.TemporaryDirectory(prefix="gwrun-") as home:
        os.mkdir(os.path.join(home, ".aws"))
        case.write(home)
        with open(os.path.join(home, "token"), "w", encoding="utf-8") as file:
            file.write("the.jwt")
        log_in(home)
        script = os.path.join(home, "keys")
        with open(script, "w", encoding="utf-8") as file:
            file.write('#!/bin/sh\necho "{\\"Version\\":1,\\"AccessKeyId\\":\\"$1\\",\\"SecretAccessKey\\":\\"'
                       + SECRET + '\\"}"\n')
        os.chmod(script, 0o700)
        with new_world() as world:
            theirs = ask_botocore(case, case.environment(home, world.url), world)
        log_in(home)  # botocore may have renewed a token
        with new_world() as world:
            *ours, said = ask_gwrun(case, case.environment(home, world.url), world)
    same = theirs[0] == ours[0] and (theirs[0] is None or theirs[1] == ours[1])
    if same:
        tally["a key" if ours[0] else "no key"] += 1
        return True
    for reason, holds in MEANT:
        if holds(case):
            tally[reason] += 1
            return True
    print(f"botocore: {theirs[0]}\n  {theirs[1]}\ngwrun: {ours[0]} {said}\n  {ours[1]}\n{case}")
    return False


def main():
    rng = random.Random(SEED)
    tally = dict.fromkeys(["a key", "no key"] + [reason for reason, _ in MEANT], 0)
    failed = sum(not run(Case(rng), tally) for _ in range(COUNT))
    print(f"credentials interop: {COUNT} set-ups, seed {SEED}, {failed} differ; " +
          ", ".join(f"{count} {what}" for what, count in tally.items()))
    sys.exit(1 if failed else 0)


main()
