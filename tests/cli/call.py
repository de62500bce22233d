"""gwrun call: what it refuses, how it asks, what it shows of secrets, how it ends."""

import json
import socket

import gwrun
from frames import event, stream
from server import Server, answer, json_error, ok_json
from terminal import TerminalCase

REGION = {"AWS_REGION": "us-east-1"}
MENU = r"go on\? \[y\]es, \[n\]o, yes to \[a\]ll, \[q\]uit: "
IDENTITY = ("<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account>"
            "</GetCallerIdentityResult></GetCallerIdentityResponse>")

# words, exit code, what standard error says
REFUSALS = [
    ("esc describe-services", gwrun.USAGE, "no service 'esc', did you mean 'ecs'"),
    ("glacier list-vaults", gwrun.USAGE, "no service 'glacier'.*'gwrun models add' adds one"),
    ("ecs list-tasks --cli-input-json in.json", gwrun.USAGE, "expected a JSON object, or file://PATH of one"),
    ("ecs descirbe-services", gwrun.USAGE, "no operation 'descirbe-services', did you mean 'describe-services'"),
    ("ecs update-service --service s --desired-conut 2", gwrun.USAGE,
     "unknown option '--desired-conut', did you mean '--desired-count'"),
    ("ecs update-service --service s --desired-count two", gwrun.USAGE,
     "--desired-count: expected an integer, such as 5, got 'two'"),
    ("ecs update-service --service s --desired-count", gwrun.USAGE, "option '--desired-count' needs a value"),
    ("ecs update-service --service s --desired-count 1 --desired-count 2", gwrun.USAGE, "'--desired-count' is given twice"),
    ("ecs update-service --service s --force-new-deployment=yes", gwrun.USAGE, "'--force-new-deployment' takes no value"),
    ("ecs update-service", gwrun.USAGE, "ecs update-service: missing --service;"),
    ("cloudwatch get-metric-statistics --namespace n", gwrun.USAGE,
     "missing --metric-name, --start-time, --end-time, --period; "),
    ("ecs describe-services --services a extra --cluster c more", gwrun.USAGE, "unexpected argument 'more'"),
    ("ecs list-tasks --no-verify-ssl", gwrun.USAGE, "option '--no-verify-ssl' does not exist: .*AWS_CA_BUNDLE"),
    ("ecs list-tasks --cli-input-yaml x", gwrun.USAGE, "does not exist: input comes as JSON"),
    ("ecs list-tasks --output xml", gwrun.USAGE, "output format: expected one of json, text, .*, got 'xml'"),
    ("ecs list-tasks --query a[", gwrun.USAGE, "--query: jmespath: "),
    ("ecs list-tasks --max-items many", gwrun.USAGE, "--max-items: expected an integer"),
    ("ecs list-tasks --cli-read-timeout -1", gwrun.USAGE, "expected seconds from 0 to 86400"),
    ("ecs list-tasks --regoin x", gwrun.USAGE, "unknown option '--regoin', did you mean '--region'"),
    ("ecs list-tasks --no-paginate --max-items 1", gwrun.USAGE, "--no-paginate and --max-items exclude each other"),
    ("ecs list-tasks --cli-input-json []", gwrun.USAGE, "--cli-input-json: expected a JSON object"),
    ("ecs list-tasks --cli-input-json file://none.json", gwrun.USAGE, "'none.json' cannot be read"),
    ("ecs list-tasks --generate-cli-skeleton both", gwrun.USAGE, "expected input or output, got 'both'"),
    ("ecs tag-resource --resource-arn a --tags key=a,key=b", gwrun.USAGE, "--tags: 'key' is given twice"),
    ("ecs tag-resource --resource-arn a --tags key", gwrun.USAGE, "--tags: expected '=', got the end"),
    ("ecs create-cluster --tags k=a --cluster-name file://none", gwrun.USAGE, "'none' cannot be read"),
    ("ecs wait services-stabel", gwrun.USAGE, "no waiter 'services-stabel', did you mean 'services-stable'"),
    ("logs tail /ecs/web --follow", gwrun.USAGE, "a command of the AWS CLI's own, .*filter-log-events"),
    ("s3 ls", gwrun.USAGE, "a command of the AWS CLI's own, .*s3api list-buckets"),
    ("ecs list-tasks --plan --cluster", gwrun.USAGE, "option '--cluster' needs a value"),
]


class Refusals(gwrun.Case):

    def test_says_what_was_expected_before_anything_else(self):
        for line, code, message in REFUSALS:
            with self.subTest(line):
                self.assert_ends(self.gwrun("call", *line.split()), code, message)

    def test_a_change_without_terminal_and_without_yes_is_refused(self):
        result = self.gwrun("call", "ecs", "stop-task", "--task", "t", env={**gwrun.KEYS, **REGION})
        self.assert_ends(result, gwrun.REFUSED, "needs an answer, and there is no terminal: add --yes")

    def test_no_credentials(self):
        self.assert_ends(self.gwrun("call", "ecs", "list-tasks", env=REGION), gwrun.CREDENTIALS, "credentials")

    def test_bytes_are_base64_and_what_is_none_is_not_shown(self):
        result = self.gwrun("call", "kms", "encrypt", "--key-id", "k", "--plaintext", "hunter2!", "--yes",
                            env={**gwrun.KEYS, **REGION})
        self.assertEqual(result.code, gwrun.USAGE)
        self.assertRegex(result.err, "kms encrypt: Plaintext: expected base64; 'fileb://' takes a file as it is")
        self.assertNotIn("hunter2", result.err)

    def test_no_region(self):
        self.assert_ends(self.gwrun("call", "ecs", "list-tasks", env=gwrun.KEYS), gwrun.USAGE, "no region")


class Against(gwrun.Case):
    """Calls of a server that answers as it is told."""

    def serve(self, given):
        server = self.enterContext(Server(given))
        self.env = {**gwrun.KEYS, **REGION, "AWS_ENDPOINT_URL": server.url, "AWS_MAX_ATTEMPTS": "1"}
        return server

    def call(self, *words, **how):
        return self.gwrun("call", *words, env=self.env, **how)

    def test_verbose_says_each_call_on_standard_error(self):
        self.serve(ok_json({"taskArns": []}))
        result = self.call("ecs", "list-tasks", "--verbose", "--output", "text", "--query", "taskArns")
        self.assertEqual((result.code, result.out), (gwrun.OK, ""))
        self.assertRegex(result.err, r"^ +(→|>) ecs:ListTasks ok in \d+ ms")

    def test_an_error_of_aws_is_one_line(self):
        self.serve(json_error("ClusterNotFoundException", "Cluster not found."))
        result = self.call("ecs", "list-tasks", "--cluster", "c")
        self.assertEqual((result.code, result.out), (gwrun.FAILED, ""))
        self.assertEqual(result.err, "gwrun: ecs:ListTasks: Cluster not found (ClusterNotFoundException, request 4c1f-0001)\n")

    def test_a_refused_change_tells_no_step(self):
        self.serve(json_error("ServiceNotFoundException", "Service not found."))
        result = self.call("ecs", "update-service", "--service", "s", "--yes")
        self.assertEqual(result.err, "gwrun: ecs:UpdateService: Service not found (ServiceNotFoundException, request 4c1f-0001)\n")

    def test_not_allowed(self):
        self.serve(json_error("AccessDeniedException", "no"))
        self.assertEqual(self.call("ecs", "list-tasks").code, gwrun.CREDENTIALS)

    def test_no_answer_of_aws(self):
        self.serve(answer(502, "<html>"))
        self.assertEqual(self.call("ecs", "list-tasks").code, gwrun.UNREACHABLE)

    def test_secrets_are_shown_on_demand_only(self):
        self.serve(ok_json({"Name": "db", "SecretString": gwrun.SECRET_VALUE}))
        words = ["secretsmanager", "get-secret-value", "--secret-id", "db"]
        for format in ("json", "text", "table", "yaml"):
            result = self.call(*words, "--output", format)
            self.assertIn("[secret]", result.out)
            self.assertEqual(result.err, "gwrun: a secret is hidden; --reveal-secrets shows it\n")
        self.assertEqual(self.call(*words, "--query", "SecretString", "--output", "text").out, "[secret]\n")

    def test_a_revealed_secret_goes_to_standard_output_alone(self):
        self.serve(ok_json({"SecretString": "not-a-canary"}))
        result = self.call("secretsmanager", "get-secret-value", "--secret-id", "db", "--reveal-secrets",
                           "--query", "SecretString", "--output", "text")
        self.assertEqual((result.code, result.out, result.err), (gwrun.OK, "not-a-canary\n", ""))

    def test_a_secret_on_the_command_line_is_sent_and_warned_of(self):
        server = self.serve(ok_json({}))
        result = self.call("secretsmanager", "put-secret-value", "--secret-id", "db", "--secret-string", "s3", "--yes")
        self.assertRegex(result.err, r"\Agwrun: --secret-string: others on this machine can read it; [^\n]*\n\Z")
        self.assertEqual(json.loads(server.requests[-1].body)["SecretString"], "s3")

    def test_a_secret_from_a_file_or_standard_input_is_not_warned_of(self):
        server = self.serve(ok_json({}))
        self.write("secret", "from-file")
        for word, text in [("file://secret", "from-file"), ("file:///dev/stdin", "from-stdin")]:
            result = self.call("secretsmanager", "put-secret-value", "--secret-id", "db", "--secret-string", word, "--yes",
                               stdin=b"from-stdin")
            self.assertEqual((result.code, result.err), (gwrun.OK, ""))
            self.assertEqual(json.loads(server.requests[-1].body)["SecretString"], text)

    def test_nobody_in_particular_asks_without_credentials(self):
        server = self.serve(ok_json({"taskArns": []}))
        env = {"AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": server.url}
        result = self.gwrun("call", "ecs", "list-tasks", "--no-sign-request", env=env)
        self.assertEqual((result.code, result.err), (gwrun.OK, ""))
        self.assertNotIn("authorization", server.requests[0].headers)

    def test_patience_is_limited(self):
        silence = self.enterContext(socket.create_server(("127.0.0.1", 0)))  # takes connections, says nothing
        self.serve(b"")
        self.env["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{silence.getsockname()[1]}"
        result = self.call("ecs", "list-tasks", "--cli-read-timeout", "1", "--cli-connect-timeout=5")
        self.assertEqual(result.code, gwrun.UNREACHABLE)

    def test_events_are_lines_until_they_end(self):
        lines = [event("sessionUpdate", {"sessionResults": [{"message": text}]}) for text in ("one", "two")]
        self.serve(lambda _: stream(event("initial-response", {}), *lines))
        words = ["logs", "start-live-tail", "--log-group-identifiers", "arn:aws:logs:us-east-1:1:log-group:g"]
        result = self.call(*words)
        self.assertEqual((result.code, result.err), (gwrun.OK, ""))
        self.assertEqual([json.loads(line)["sessionUpdate"]["sessionResults"][0]["message"]
                          for line in result.out.splitlines()], ["one", "two"])
        picked = self.call(*words, "--query", "sessionUpdate.sessionResults[].message", "--output", "text")
        self.assertEqual(picked.out, "one\ntwo\n")

    def test_an_answer_goes_to_its_file_whole(self):
        server = self.serve(answer(200, b"\0bytes", [("ETag", '"e"')]))
        result = self.call("s3api", "get-object", "--bucket", "b-1", "--key", "k", "out.bin")
        self.assertEqual((result.code, json.loads(result.out)["ETag"]), (gwrun.OK, '"e"'))
        with open(self.path("out.bin"), "rb") as file:
            self.assertEqual(file.read(), b"\0bytes")
        self.assert_ends(self.call("s3api", "get-object", "--bucket", "b-1", "--key", "k"), gwrun.USAGE,
                         "missing OUTFILE, the file that takes 'Body'")
        server.answer = answer(404, "<Error><Code>NoSuchKey</Code><Message>none</Message></Error>")
        self.assert_ends(self.call("s3api", "get-object", "--bucket", "b-1", "--key", "k", "out.bin"), gwrun.FAILED, "NoSuchKey")
        with open(self.path("out.bin"), "rb") as file:
            self.assertEqual(file.read(), b"\0bytes")  # as it was

    def test_what_is_piped_in_is_a_body(self):
        server = self.serve(answer(200))
        result = self.call("s3api", "put-object", "--bucket", "b-1", "--key", "k", "--body", "/dev/stdin", "--yes", stdin=b"piped")
        self.assertEqual((result.code, result.err), (gwrun.OK, ""))
        self.assertIn(b"piped", server.requests[-1].body)
        self.assert_ends(self.call("s3api", "put-object", "--bucket", "b-1", "--key", "k", "--body", "none", "--yes"),
                         gwrun.USAGE, "s3api put-object: file 'none': cannot be read")

    def test_a_plan_sends_nothing_and_hides_secrets(self):
        server = self.serve(ok_json({}))
        result = self.call("secretsmanager", "put-secret-value", "--plan", "--secret-id", "db",
                           "--secret-string", gwrun.SECRET_VALUE)
        self.assertEqual(json.loads(result.out), {
            "Action": "secretsmanager:PutSecretValue", "Effect": "change", "Region": "us-east-1",
            "Input": {"SecretId": "db", "SecretString": "[secret]"}})
        self.assertEqual(server.requests, [])

    def test_the_same_token_twice_is_no_loop(self):
        self.serve(ok_json({"taskArns": ["a"], "nextToken": "again"}))
        result = self.call("ecs", "list-tasks")
        self.assertEqual((result.code, result.out), (gwrun.UNREACHABLE, ""))
        self.assertRegex(result.err, "the same token of a next page came twice")

    def test_waits_until_the_state_is_reached(self):
        self.serve(ok_json({"services": [{"deployments": [{}], "runningCount": 1, "desiredCount": 1}]}))
        result = self.call("ecs", "wait", "services-stable", "--services", "web")
        self.assertEqual((result.code, result.out, result.err), (gwrun.OK, "", ""))

    def test_a_state_that_cannot_be_reached(self):
        self.serve(ok_json({"services": [{"status": "INACTIVE"}]}))
        self.assert_ends(self.call("ecs", "wait", "services-stable", "--services", "web"), gwrun.PROBLEM,
                         "ecs wait services-stable: cannot be reached any more")

    def test_the_profile_chooses_the_format(self):
        self.serve(ok_json({"taskArns": ["a", "b"]}))
        config = self.write("config", "[default]\noutput = text\n")
        self.env["AWS_CONFIG_FILE"] = config
        self.assertEqual(self.call("ecs", "list-tasks").out, "TASKARNS\ta\nTASKARNS\tb\n")
        self.env["AWS_DEFAULT_OUTPUT"] = "yaml"
        self.assertEqual(self.call("ecs", "list-tasks").out, "taskArns:\n- a\n- b\n")
        self.assertEqual(self.call("ecs", "list-tasks", "--output", "off").out, "")


class Asking(TerminalCase):

    def serve(self, given):
        server = self.enterContext(Server(lambda request: answer(200, IDENTITY)
                                          if request.operation == "GetCallerIdentity" else given))
        self.env = {**gwrun.KEYS, **REGION, "AWS_ENDPOINT_URL": server.url}
        return server

    def changes(self, server):
        return [request.operation for request in server.requests if request.operation != "GetCallerIdentity"]

    def test_a_change_shows_account_region_and_parameters(self):
        server = self.serve(ok_json({"service": {"desiredCount": 2}}))
        terminal = self.terminal("call", "ecs", "update-service", "--service", "web", "--desired-count", "2",
                                 "--query", "service.desiredCount", columns=200, **self.env)
        terminal.expect(r"ecs update-service changes in account 123456789012, region us-east-1:")
        terminal.expect(r'"service":"web","desiredCount":2')
        terminal.expect(MENU)
        self.assertEqual(self.changes(server), [])
        terminal.type("y\n")
        self.assertEqual(terminal.finish(), gwrun.OK)
        self.assertEqual(terminal.lines()[-2], "2")
        self.assertEqual(self.changes(server), ["UpdateService"])

    def test_no_changes_nothing(self):
        server = self.serve(ok_json({}))
        terminal = self.terminal("call", "ecs", "update-service", "--service", "web", **self.env)
        terminal.expect(MENU)
        terminal.type("n\n")
        self.assertEqual(terminal.finish(), gwrun.REFUSED)
        self.assertEqual(self.changes(server), [])

    def test_a_destroying_call_wants_its_name(self):
        server = self.serve(ok_json({}))
        for typed, code, changes in [("yes\n", gwrun.REFUSED, []), ("delete-cluster\n", gwrun.OK, ["DeleteCluster"])]:
            terminal = self.terminal("call", "ecs", "delete-cluster", "--cluster", "c", **self.env)
            terminal.expect("type 'delete-cluster' to go on")
            terminal.type(typed)
            self.assertEqual(terminal.finish(), code)
            self.assertEqual(self.changes(server), changes)

    def test_a_terminal_gets_no_control_characters_from_aws(self):
        self.serve(ok_json({"taskArns": ["a\x1b[31m\tb", "c\u202e"]}))
        terminal = self.terminal("call", "ecs", "list-tasks", "--output", "text", **self.env)
        self.assertEqual(terminal.finish(), gwrun.OK)
        self.assertEqual(terminal.seen, "TASKARNS\ta\\x1b[31m\tb\r\nTASKARNS\tc\ufffd\r\n")

    def test_a_reading_call_asks_nothing(self):
        self.serve(ok_json({"taskArns": []}))
        terminal = self.terminal("call", "ecs", "list-tasks", **self.env)
        self.assertEqual(terminal.finish(), gwrun.OK)

    def test_a_secret_is_typed_without_being_shown(self):
        server = self.serve(ok_json({}))
        terminal = self.terminal("call", "secretsmanager", "put-secret-value", "--secret-id", "db",
                                 "--secret-string", "prompt://", "--yes", **self.env)
        terminal.expect("--secret-string: ")
        terminal.type(" pass word \n")
        self.assertEqual(terminal.finish(), gwrun.OK)
        self.assertNotIn("pass", terminal.seen)
        self.assertEqual(json.loads(server.requests[-1].body)["SecretString"], " pass word ")

    def test_an_interrupt_at_a_secret_leaves_the_terminal_as_it_was(self):
        self.serve(ok_json({}))
        terminal = self.terminal("call", "secretsmanager", "put-secret-value", "--secret-id", "db",
                                 "--secret-string", "prompt://", **self.env)
        terminal.expect("--secret-string: ")
        terminal.type("\x03")
        self.assertEqual(terminal.finish(), gwrun.INTERRUPTED)


class Help(gwrun.Case):

    def test_lists_services_operations_and_options(self):
        for words, parts in [
            ([], ["ecs", "s3api", "deploy", "--query JMESPATH", "prompt://"]),
            (["ecs"], ["describe-services ", "delete-cluster ", "destroys", "services-stable"]),
            (["ecs", "help"], ["update-service "]),
            (["ecs", "update-service", "help"],
             ["changes (ecs:UpdateService)", "--desired-count (integer)", "required", "ENABLED|DISABLED",
              "--force-new-deployment, --no-force-new-deployment (flag)"]),
            (["ecs", "wait"], ["tasks-running"]),
            (["ecs", "wait", "services-stable", "help"], ["every 15 s, at most 40 times", "--services (list of string)"]),
            (["secretsmanager", "put-secret-value", "help"], ["secret: prompt:// or file://"]),
        ]:
            with self.subTest(words):
                result = self.gwrun("call", *words)
                self.assertEqual((result.code, result.err), (gwrun.OK, ""))
                for part in parts:
                    self.assertIn(part, result.out)

    def test_a_skeleton_is_input(self):
        result = self.gwrun("call", "ecs", "update-service", "--generate-cli-skeleton")
        skeleton = json.loads(result.out)
        self.assertEqual(list(skeleton)[:4], ["cluster", "service", "desiredCount", "taskDefinition"])
        self.write("input.json", json.dumps({"service": "web", "desiredCount": 0}))
        planned = self.gwrun("call", "--plan", "ecs", "update-service", "--cli-input-json", "file://input.json",
                             env={**gwrun.KEYS, **REGION})
        self.assertEqual(json.loads(planned.out)["Input"], {"service": "web", "desiredCount": 0})


if __name__ == "__main__":
    gwrun.main()
