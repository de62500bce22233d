"""gwrun exec: a shell in a container on a real terminal, and a command between pipes."""

import fcntl
import hashlib
import os
import struct
import subprocess
import termios
import threading

import certificate
import gwrun
from container import TASK_ID, Container, Network, task
from server import answer, json_error, ok_json
from terminal import TerminalCase


def decision(word):
    """Of IAM's simulator."""
    return answer(200, "<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><EvaluationResults><member>"
                       f"<EvalActionName>a</EvalActionName><EvalDecision>{word}</EvalDecision></member></EvaluationResults>"
                       "</SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>")


def ec2(member, item):
    item = "" if item is None else f"<item>{item}</item>"
    return answer(200, f"<Response><requestId>r</requestId><{member}>{item}</{member}></Response>")


def routes(destination):
    return ec2("routeTableSet", "<associationSet><item><main>true</main></item></associationSet><routeSet><item>"
                                f"<destinationCidrBlock>{destination}</destinationCidrBlock><state>active</state></item></routeSet>")


PROMPT = r"in the container\$ "


class Exec(TerminalCase):
    def world(self, **how):
        world = Container(self.folder, **how)
        world.__enter__()
        self.addCleanup(world.__exit__)
        return world

    def words(self, world, *args):
        return ["exec", "web", "--cluster", "blue", "--endpoint-url", world.url, "--yes", *args]

    def env(self):
        return dict(gwrun.KEYS, AWS_REGION="us-east-1")

    def piped(self, world, *args, stdin=None, **env):
        return self.gwrun(*self.words(world, *args), env=dict(self.env(), **env), stdin=stdin)

    def shell_in(self, world, *args):
        terminal = self.terminal(*self.words(world, *args), **self.env())
        terminal.expect(PROMPT)
        return terminal


class Terminals(Exec):
    def test_a_shell_is_opened_and_its_exit_status_is_ours(self):
        world = self.world()
        terminal = self.shell_in(world)
        terminal.type("echo $((6 * 7)) \u00e9\u20ac\n")
        terminal.expect("42 \u00e9\u20ac\r\n" + PROMPT)
        terminal.type("exit 7\n")
        self.assertEqual(terminal.finish(), 7)
        self.assertIn("/bin/sh", world.commands[0])

    def test_ctrl_c_is_for_the_program_inside(self):
        terminal = self.shell_in(self.world())
        terminal.type("sleep 100\n")
        terminal.expect("sleep 100\r\n")
        terminal.type("\x03")
        terminal.expect(PROMPT)
        terminal.type("echo $?; exit\n")
        terminal.expect("130\r\n")
        self.assertEqual(terminal.finish(), 0)

    def test_ctrl_c_ends_a_command_and_its_status_is_known(self):
        terminal = self.terminal(*self.words(self.world(), "--", "sh", "-c", "echo begun; sleep 100"), **self.env())
        terminal.expect("begun\r\n")
        terminal.type("\x03")
        self.assertEqual(terminal.finish(), 130)

    def test_the_window_has_its_size_and_a_new_one(self):
        world = self.world()
        terminal = self.shell_in(world)
        terminal.type("stty size\n")
        terminal.expect("24 80\r\n" + PROMPT)
        fcntl.ioctl(terminal.master, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 132, 0, 0))
        os.kill(terminal.child.pid, 28)  # SIGWINCH
        while world.agent.sizes[-1] != (132, 50):
            terminal.read_some(0.05)
        terminal.type("stty size; exit\n")
        terminal.expect("50 132\r\n")
        self.assertEqual(terminal.finish(), 0)

    def paste(self, terminal, text):
        """As a terminal does: it waits where nobody reads."""
        thread = threading.Thread(target=lambda: [os.write(terminal.master, text[at:at + 1024]) for at in range(0, len(text), 1024)])
        thread.start()
        return thread

    def test_a_megabyte_is_pasted_without_loss(self):
        world = self.world(network=Network(lost=2, twice=2))
        terminal = self.shell_in(world)
        text = b"".join(b"%07d 0123456789012345678901234567890123456789\n" % i for i in range(21000))
        self.assertGreater(len(text), 1000000)
        terminal.type("stty -echo; cat > pasted; stty echo; echo it is all here\n")
        terminal.expect("stty -echo.*\r\n")
        while not os.path.exists(self.path("pasted")):
            terminal.read_some(0.05)
        thread = self.paste(terminal, text + b"\x04")
        terminal.expect("it is all here\r\n")
        thread.join()
        terminal.type("exit\n")
        self.assertEqual(terminal.finish(), 0)
        with open(self.path("pasted"), "rb") as file:
            self.assertEqual(hashlib.sha256(file.read()).hexdigest(), hashlib.sha256(text).hexdigest())

    def test_a_cut_connection_is_gone_on_with(self):
        world = self.world()
        world.refuses_connections = 0
        terminal = self.shell_in(world)
        terminal.type("echo before\n")
        terminal.expect("before\r\n" + PROMPT)
        world.refuses_connections = 2
        world.cut()
        terminal.type("echo after; exit 4\n")
        terminal.expect("the connection is lost; going on")
        terminal.expect("after\r\n")
        self.assertEqual(terminal.finish(), 4)
        self.assertGreaterEqual(world.resumed, 1)
        self.assertEqual(len({opening["ClientId"] for opening in world.openings}), 1)

    def test_the_terminal_is_as_it_was_after_a_signal(self):
        for number in (15, 11, 6):  # SIGTERM, SIGSEGV, SIGABRT
            with self.subTest(signal=number):
                terminal = self.shell_in(self.world())
                self.assertNotEqual(termios.tcgetattr(terminal.slave), terminal.attributes)
                os.kill(terminal.child.pid, number)
                self.assertEqual(terminal.finish(), gwrun.INTERRUPTED if number == 15 else -number)

    def test_a_window_that_is_closed_ends_the_session(self):
        world = self.world()
        terminal = self.shell_in(world)
        terminal.hang_up()
        world.agent.closed or self.fail("the agent was not told")

    def test_a_session_that_the_service_ends_says_why(self):
        world = self.world()
        world.closing = "Session timed out"
        terminal = self.shell_in(world)
        os.kill(world.agent.child, 9)
        self.assertEqual(terminal.finish(), gwrun.PROBLEM)
        self.assertIn("the session ended before the command did: Session timed out", terminal.seen)

    def test_before_anything_is_run_there_is_a_question(self):
        world = self.world()
        words = [word for word in self.words(world) if word != "--yes"]
        terminal = self.terminal(*words, **self.env(), GWRUN_PRODUCTION="123456789012")
        terminal.expect(rf"run /bin/sh in container 'app' of task {TASK_ID}\s+\(web, cluster blue\),\s+account 123456789012, PRODUCTION, region us-east-1.*go on\?")
        terminal.type("n\n")
        self.assertEqual(terminal.finish(), gwrun.REFUSED)
        self.assertEqual(world.commands, [])
        terminal = self.terminal(*words, **self.env())
        terminal.expect(r"go on\? [^:]*: ")
        terminal.type("y\n")
        terminal.expect(PROMPT)
        terminal.type("exit\n")
        self.assertEqual(terminal.finish(), 0)


class Pipes(Exec):
    def test_the_output_and_the_exit_status_come_as_they_are(self):
        result = self.piped(self.world(), "--", "sh", "-c", "printf 'a\\nb'; exit 3")
        self.assertEqual((result.code, result.out, result.err), (3, "a\nb", ""))

    def test_standard_input_arrives_byte_for_byte(self):
        data = bytes(range(256)) * 50 + b"\n.\n"
        for network in (Network(), Network(lost=10, twice=10, late_s=0.02), Network(cut_every=40)):
            world = self.world(network=network)
            result = self.piped(world, "--", "sha256sum", stdin=data)
            self.assertEqual((result.code, result.out), (0, hashlib.sha256(data).hexdigest() + "  -\n"), result)

    def test_words_stay_words(self):
        result = self.piped(self.world(), "--", "printf", "%s|", "a b", "it's", "$HOME", "*", "\\", "", "--yes", "#x", "100%d")
        self.assertEqual((result.code, result.out), (0, "a b|it's|$HOME|*|\\||--yes|#x|100%d|"))

    def test_the_session_is_as_secure_as_any_call(self):
        world = self.world(tls=certificate.make(self, "localhost"))
        result = self.piped(world, "--ca-bundle", self.path("certificate.pem"), "--", "echo", "safe")
        self.assertEqual((result.code, result.out), (0, "safe\n"), result)
        self.assertTrue(world.session(world.agent)["streamUrl"].startswith("wss://localhost:"))
        data = bytes(range(256)) * 4000
        result = self.piped(world, "--ca-bundle", self.path("certificate.pem"), "--", "sha256sum", stdin=data)
        self.assertEqual((result.code, result.out), (0, hashlib.sha256(data).hexdigest() + "  -\n"), result)

    def test_a_session_whose_server_nobody_vouches_for_is_refused(self):
        plain, secure = self.world(), self.world(tls=certificate.make(self, "localhost"))
        plain.answers["ExecuteCommand"] = secure.execute
        result = self.piped(plain, "--", "echo", "not safe")
        self.assertEqual(result.code, gwrun.UNREACHABLE, result)
        self.assertRegex(result.err, "(?i)certificate")

    def test_a_handshake_is_shaken_and_a_keep_alive_sent(self):
        world = self.world()
        self.piped(world, "--", "true")
        self.assertEqual([action["ActionStatus"] for action in world.handshakes[0]["ProcessedClientActions"]], [1])
        self.assertEqual(world.pings, 1)

    def test_what_the_container_sends_goes_nowhere_but_the_output(self):
        result = self.piped(self.world(), "--", "sh", "-c", "echo oops >&2; exit 1")
        self.assertEqual((result.code, result.out, result.err), (1, "oops\n", ""))

    def test_the_transcript_is_kept_only_where_that_is_asked_for(self):
        self.piped(self.world(), "--", "echo", "a", "word", "to", "find")
        shown = self.gwrun("show", "last", "--output", "json")
        self.assertIn("ecs:ExecuteCommand", shown.out)
        self.assertNotIn("a word to find\\n", shown.out)
        self.piped(self.world(), "--record", "--", "echo", "a", "word", "to", "find")
        self.assertIn("a word to find\\n", self.gwrun("show", "last", "--output", "json").out)

    def test_a_secret_that_is_known_is_not_in_the_transcript(self):
        self.write("secret", gwrun.SECRET_KEY)
        words = self.words(self.world(), "--record", "--", "cat", "secret")
        done = subprocess.run([gwrun.PROGRAM, *words], cwd=self.folder, env=self.environment(**self.env()), stdin=subprocess.DEVNULL,
                              capture_output=True, check=True)
        self.assertEqual(done.stdout.decode(), gwrun.SECRET_KEY)
        self.gwrun("show", "last", "--output", "json")  # in which no secret may be

    def test_a_plan_runs_nothing(self):
        world = self.world()
        result = self.piped(world, "--plan", "--", "rm", "-r", "/data")
        self.assertEqual(result.code, 0, result)
        self.assertIn("rm -r /data", result.out)
        self.assertEqual(world.commands, [])

    def test_of_several_tasks_it_is_the_newest(self):
        older = task(taskArn=task()["taskArn"].replace("0123", "9999", 1), startedAt=1600000000.0)
        result = self.piped(self.world(tasks=[older, task()]), "--", "echo", "here")
        self.assertEqual((result.code, result.out), (0, "here\n"))
        self.assertRegex(result.err, rf"\Agwrun: 2 tasks run; this is in the newest, {TASK_ID} \(--task chooses another\)\n\Z")


class Refusals(Exec):
    def refused(self, code, message, *args, prepare=None, **how):
        world = self.world(**how)
        if prepare:
            prepare(world)
        self.assert_ends(self.piped(world, *(args or ("--", "true"))), code, message)

    def test_ecs_exec_is_not_enabled(self):
        self.refused(gwrun.PROBLEM, r"was started without ECS Exec; .*update-service --cluster blue --service web --enable-execute-command",
                     tasks=[task(enableExecuteCommand=False)])

    def test_the_agent_is_not_there_yet_or_no_more(self):
        def with_agent(status, **more):
            agent = dict({"name": "ExecuteCommandAgent", "lastStatus": status}, **more)
            return [task(containers=[{"name": "app", "runtimeId": "r", "managedAgents": [agent]}])]
        self.refused(gwrun.PROBLEM, r"the agent in container 'app' .* is PENDING: .*try again in a minute", tasks=with_agent("PENDING"))
        self.refused(gwrun.PROBLEM, r"has stopped \(out of memory\); .* Replace the task: gwrun call ecs stop-task",
                     tasks=with_agent("STOPPED", reason="out of memory"))

    def test_you_may_not(self):
        self.refused(gwrun.CREDENTIALS, "you may not run commands there; ask for ecs:ExecuteCommand on task/blue/",
                     answers={"ExecuteCommand": json_error("AccessDeniedException", "not authorized")})

    def unreachable(self, message, **answers):
        """The agent is not connected, for whatever reason the account's other services tell of."""
        subnet = [{"details": [{"name": "subnetId", "value": "subnet-1"}]}]
        usual = {"ExecuteCommand": json_error("TargetNotConnectedException", "not connected"),
                 "DescribeTaskDefinition": ok_json({"taskDefinition": {"taskRoleArn": "arn:aws:iam::123456789012:role/web"}}),
                 "SimulatePrincipalPolicy": decision("allowed"), "DescribeSubnets": ec2("subnetSet", "<vpcId>vpc-1</vpcId>"),
                 "DescribeRouteTables": routes("0.0.0.0/0"), "DescribeVpcEndpoints": ec2("vpcEndpointSet", None)}
        self.refused(gwrun.PROBLEM, message, tasks=[task(attachments=subnet)], answers=dict(usual, **answers))

    def test_the_task_role_lacks_rights(self):
        self.unreachable(r'the task role web may not ssmmessages:CreateControlChannel; allow it ssmmessages:.* on "\*"',
                         SimulatePrincipalPolicy=decision("implicitDeny"))
        self.unreachable("the task definition names no task role; give it one that may ssmmessages:CreateControlChannel",
                         DescribeTaskDefinition=ok_json({"taskDefinition": {"family": "web"}}))

    def test_the_subnet_leads_nowhere(self):
        self.unreachable("subnet subnet-1 has no way out of its VPC, .* make one: gwrun call ec2 create-vpc-endpoint --vpc-id vpc-1 "
                         ".* com.amazonaws.us-east-1.ssmmessages --subnet-ids subnet-1", DescribeRouteTables=routes("10.0.0.0/16"))

    def test_what_cannot_be_told_apart_is_said_together(self):
        together = r"the task role may not ssmmessages:\*, or the subnet has neither a NAT gateway nor an endpoint"
        self.unreachable(together)
        endpoint = "<serviceName>com.amazonaws.us-east-1.ssmmessages</serviceName><state>available</state>"
        self.unreachable(together, DescribeRouteTables=routes("10.0.0.0/16"), DescribeVpcEndpoints=ec2("vpcEndpointSet", endpoint))

    def test_there_is_no_shell(self):
        def without_shell(world):
            world.has_shell = False
        self.refused(gwrun.PROBLEM, "the image of container 'app' has no shell, .*--no-shell", prepare=without_shell)

    def test_without_a_shell_a_program_can_be_run(self):
        world = self.world()
        world.has_shell = False
        terminal = self.terminal(*self.words(world, "--no-shell", "--", "echo", "hello there"), **self.env())
        terminal.expect("hello there\r\n.*the exit status is not known")
        self.assertEqual(terminal.finish(), 0)

    def test_encryption_needs_a_right(self):
        def encrypts(world):
            world.actions = [{"ActionType": "KMSEncryption", "ActionParameters": {"KMSKeyId": "alias/exec"}}]
        self.refused(gwrun.PROBLEM, "kms:GenerateDataKey: not authorized .*you need kms:GenerateDataKey on it, and the task role "
                     "kms:Decrypt", prepare=encrypts)

    def test_a_command_without_dashes_before_it(self):
        result = self.gwrun("exec", "web", "ls", "-l")
        self.assert_ends(result, gwrun.USAGE, "the command stands behind '--': gwrun exec web -- ls$")

    def test_no_task_runs(self):
        self.refused(gwrun.PROBLEM, "no task of service 'web' in cluster 'blue' is running", tasks=[])

    def test_there_is_no_such_task_or_container(self):
        self.refused(gwrun.USAGE, "there is no task 'nope' in cluster 'blue'", "--task", "nope", "--", "true")
        self.refused(gwrun.USAGE, "there is no container 'db'; the task has: app", "--container", "db", "--", "true")

    def test_an_address_that_is_not_encrypted_is_refused(self):
        session = {"sessionId": "s", "streamUrl": "ws://example.com/v1/data-channel/s", "tokenValue": "t"}
        self.refused(gwrun.FAILED, r"'example.com' is not encrypted \(ws://\), which is for this machine only",
                     answers={"ExecuteCommand": ok_json({"session": session})})

    def test_a_session_that_cannot_be_reached(self):
        def refuses(world):
            world.refuses_connections = 1000
        self.refused(gwrun.FAILED, "answered '503 Service Unavailable' in place of 101", prepare=refuses)


if __name__ == "__main__":
    gwrun.main()
