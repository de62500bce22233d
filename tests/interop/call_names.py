"""Names of operations and options of gwrun call beside the aws CLI's: call_names.py GWRUN [all]

Every operation of every service that gwrun has; the options of those that the operations guide uses, and of a sample of the
others, which "all" makes all of them. What the CLI adds by hand and gwrun does not have is listed here, by name.
"""

import concurrent.futures
import os
import random
import re
import subprocess
import sys
import unittest

import moto

try:
    import awscli.clidriver
except ImportError:
    moto.skip("python3 has no awscli")

GWRUN = os.path.abspath(sys.argv[1])
ALL = sys.argv[2:] == ["all"]
OF_THE_GUIDE = {"application-autoscaling", "cloudwatch", "ecs", "elbv2", "iam", "logs", "s3api", "secretsmanager", "servicediscovery", "sts"}
SAMPLE = 6
OF_EVERY_CALL = {"cli-input-json", "generate-cli-skeleton", "starting-token", "page-size", "max-items"}

# Operations that the CLI hides behind commands of its own; gwrun has AWS's.
HIDDEN_OPERATIONS = {
    "ec2": {"import-instance", "import-volume"}, "kinesis": {"subscribe-to-shard"}, "lambda": {"invoke-with-response-stream"},
    "logs": {"get-log-object", "start-live-tail"}, "rds": {"modify-option-group"},
}

# Operations that the CLI calls otherwise.
OLDER_NAMES = {"cloudwatch": {"get-o-tel-enrichment", "start-o-tel-enrichment", "stop-o-tel-enrichment"}}
SPLIT_OPERATIONS = {"rds": {"add-option-to-option-group", "remove-option-from-option-group"}}

# Options that the CLI makes of parts of a parameter, or renames beside a conversion; gwrun has the parameter.
CONVENIENCES = {
    "cloudfront create-distribution": {"default-root-object", "origin-domain-name"},
    "cloudfront create-invalidation": {"paths"},
    "cloudfront update-distribution": {"default-root-object"},
    "configservice put-configuration-recorder": {"recording-group"},
    "cloudwatch put-metric-data": {"dimensions", "metric-name", "statistic-values", "storage-resolution", "timestamp",
                                   "unit", "value"},
    "ec2 authorize-security-group-egress": {"cidr", "group-owner", "port", "protocol", "source-group"},
    "ec2 authorize-security-group-ingress": {"cidr", "group-owner", "port", "protocol", "source-group"},
    "ec2 revoke-security-group-egress": {"cidr", "group-owner", "port", "protocol", "source-group"},
    "ec2 revoke-security-group-ingress": {"cidr", "group-owner", "port", "protocol", "source-group"},
    "ec2 bundle-instance": {"bucket", "owner-akid", "owner-sak", "policy", "prefix"},
    "ec2 get-password-data": {"priv-launch-key"},
    "ec2 run-instances": {"associate-public-ip-address", "no-associate-public-ip-address", "count",
                          "secondary-private-ip-address-count", "secondary-private-ip-addresses"},
    "iam create-virtual-mfa-device": {"bootstrap-method", "outfile"},
}
OWN = {"ec2 run-instances": {"max-count", "min-count"}}


def run(*words):
    done = subprocess.run([GWRUN, "call", *words], capture_output=True, timeout=60, check=True)
    return done.stdout.decode()


def options_of(command, operation):
    return set(re.findall(r"(?:^    |, )--([\w-]+)(?= \(|,)", run(command, operation, "help"), re.M))


def documented(argument_table):
    return {name for name, argument in argument_table.items() if not getattr(argument, "_UNDOCUMENTED", False)}


class Names(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.commands = awscli.clidriver.create_clidriver()._get_command_table()
        listed = re.search(r"lists the operations of one\):\n((?:    .*\n)+)", run())
        cls.services = listed[1].split()

    def table(self, service):
        return self.commands[service]._get_command_table()

    def test_services_are_commands_of_the_cli(self):
        self.assertGreater(len(self.services), 30)
        self.assertEqual([name for name in self.services if name not in self.commands and name != "signin"], [])

    def test_operations_have_the_clis_names(self):
        for service in self.services:
            if service not in self.commands:
                continue
            with self.subTest(service):
                operations = set(re.findall(r"^    ([\w-]+) +(?:reads|changes|destroys)", run(service), re.M))
                of_the_cli = {name for name, command in self.table(service).items() if hasattr(command, "_operation_model")}
                self.assertEqual(of_the_cli - operations - OLDER_NAMES.get(service, set()),
                                 SPLIT_OPERATIONS.get(service, set()))
                self.assertEqual(operations - of_the_cli - HIDDEN_OPERATIONS.get(service, set()), set())

    def sampled(self):
        others = [name for name in self.services if name not in OF_THE_GUIDE and name != "ec2"]
        return self.services if ALL else sorted(OF_THE_GUIDE) + random.Random(1).sample(others, SAMPLE)

    def test_options_have_the_clis_names(self):
        compared, differences = 0, {}
        for service in self.sampled():
            table = self.table(service) if service in self.commands else {}
            names = [name for name, command in table.items() if hasattr(command, "_operation_model")
                     and name not in SPLIT_OPERATIONS.get(service, set())]
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                ours = dict(zip(names, pool.map(lambda name, of=service: options_of(of, name), names)))
            for name in names:
                arguments = table[name].arg_table
                paged = "starting-token" in arguments
                what = f"{service} {name}"
                expected = set(arguments) - {"outfile"} - OF_EVERY_CALL - CONVENIENCES.get(what, set())
                hidden = expected - documented(arguments)
                got = ours[name] - OWN.get(what, set()) - (OF_EVERY_CALL if paged else set())
                lacking, own = expected - got - hidden, got - expected - OF_EVERY_CALL
                if lacking or own:
                    differences[what] = {"lacking": sorted(lacking), "of gwrun alone": sorted(own)}
                compared += len(got)
        self.assertEqual(differences, {})
        self.assertGreater(compared, 2000)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
