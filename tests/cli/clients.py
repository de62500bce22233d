"""Clients for many accounts and regions in one run: each call is signed with the keys of its profile, for its region, and is
tried as often as its profile says."""

import re

import certificate
import gwrun
from server import Server, json_error, ok_json

PROFILES, REGIONS = 150, ["us-east-1", "eu-central-1"]

EVERYWHERE = """
local aws = require "aws"
return {
  title = "Everywhere", summary = "Asks every account in every region.", region = "us-east-1",
  needs = { aws = { "ecs:ListClusters" } },
  run = function(rb)
    local places = {}
    for i = 1, %d do
      for _, region in ipairs { "us-east-1", "eu-central-1" } do
        places[#places + 1] = { profile = "account-" .. i, region = region }
      end
    end
    local answers = parallel.map(places, function(place) return aws.client("ecs", place).list_clusters {} end, { limit = 32 })
    rb:note("%%d answers", #answers)
  end,
}
""" % PROFILES

ONE = """
local aws = require "aws"
return {
  title = "One", summary = "Asks one account.", region = "us-east-1", needs = { aws = { "ecs:ListClusters" } },
  run = function(rb)
    local _, failures = parallel.map({ 1, 2 }, function() return aws.client("ecs", { profile = "%s" }).list_clusters {} end,
      { keep_going = true })
    rb:note("%%s", failures[1] and failures[1].error)
  end,
}
"""


class Clients(gwrun.Case):
    def setUp(self):
        super().setUp()
        lines = ["[profile far]", "region = ap-south-1", "aws_access_key_id = AKIDFAR", "aws_secret_access_key = secret"]
        for i in range(1, PROFILES + 1):
            lines += [f"[profile account-{i}]", f"aws_access_key_id = AKID{i:016}", f"aws_secret_access_key = secret-{i}"]
        lines += ["max_attempts = 1"]  # of the last
        self.config = self.write("config", "\n".join(lines) + "\n")

    def run_book(self, script, server):
        return self.gwrun(self.write("book.lua", script), "--endpoint-url", server.url, "--output", "json",
                          env=dict(gwrun.KEYS, AWS_CONFIG_FILE=self.config))

    def test_three_hundred_pairs_of_profile_and_region(self):
        with Server(ok_json({"clusterArns": []})) as server:
            result = self.run_book(EVERYWHERE, server)
        self.assertIn(f"{2 * PROFILES} answers", [event.get("text") for event in result.events])
        scopes = {re.search(r"Credential=(\w+)/\d+/([\w-]+)/ecs/", request.headers["authorization"]).groups()
                  for request in server.requests}
        self.assertEqual(scopes, {(f"AKID{i:016}", region) for i in range(1, PROFILES + 1) for region in REGIONS})

    def test_the_region_is_that_of_the_profile_unless_it_is_given(self):
        for place, region in [('profile = "far"', "ap-south-1"), ('profile = "far", region = "eu-west-1"', "eu-west-1"),
                              ('profile = "account-1"', "us-east-1"), ('region = "eu-west-1"', "eu-west-1")]:
            script = ONE.replace('{ profile = "%s" }', "{ %s }" % place)
            with self.subTest(place), Server(ok_json({"clusterArns": []})) as server:
                self.run_book(script, server)
                scopes = {request.headers["authorization"].split("/")[2] for request in server.requests}
                self.assertEqual(scopes, {region})

    def test_attempts_are_those_of_the_profile(self):
        for profile, attempts in [("account-1", 3), (f"account-{PROFILES}", 1)]:
            with self.subTest(profile), Server(json_error("ServerException", status=500)) as server:
                result = self.run_book(ONE % profile, server)
            calls = [event["attempts"] for event in result.events if event["event"] == "call"]
            self.assertEqual(calls, [attempts] * 2)

    def test_authorities_are_those_of_the_profile(self):
        tls = certificate.make(self, "localhost")
        with open(self.config, "a", encoding="ascii") as file:
            file.write(f"ca_bundle = {self.path('certificate.pem')}\n")
        for profile, answers in [(f"account-{PROFILES}", 2), ("account-2", 0)]:
            with self.subTest(profile), Server(ok_json({}), tls=tls) as server:
                server.url = server.url.replace("127.0.0.1", "localhost")
                self.run_book(ONE % profile, server)
                self.assertEqual(len(server.requests), answers)

    def test_a_profile_that_does_not_exist_is_one_clear_error(self):
        with Server(ok_json({})) as server:
            result = self.run_book(ONE % "acount-7", server)
            self.assertEqual(server.requests, [])
        notes = [event["text"] for event in result.events if event["event"] == "note"]
        self.assertRegex(notes[0], r"^ecs:ListClusters: profile 'acount-7': is not in .*config or .*; did you mean 'account-7'\?")


if __name__ == "__main__":
    gwrun.main()
