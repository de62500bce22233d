"""gwrun sim under what no SDK sends, many clients at once, and a runbook that runs against the port:
sim_http.py GWRUN ROLLBACK. Needs no other program; with boto3 a little more is tested."""

import concurrent.futures
import datetime
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import unittest
import unittest.mock
import urllib.parse

import moto
import sim

try:
    import boto3
    import botocore.config
    import botocore.exceptions
except ImportError:
    boto3 = None

GWRUN, ROLLBACK = sys.argv[1], os.path.abspath(sys.argv[2])
FAMILY = "busyb-google-workspace-mcp"
GROUP = "arn:aws:logs:us-east-1:758888582357:log-group:/ecs/busyb-google-workspace-mcp"


class Case(unittest.TestCase):
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.world = sim.Simulator(GWRUN, *cls.options)
        cls.addClassCleanup(cls.world.close)
        where = urllib.parse.urlsplit(cls.world.url)
        cls.place = (where.hostname, where.port)

    def send(self, data, until=None):
        """Bytes as they are. The answer up to `until`, else until the connection ends."""
        with socket.create_connection(self.place, timeout=20) as connection:
            connection.sendall(data)
            answer = b""
            while chunk := connection.recv(65536):
                answer += chunk
                if until and until in answer:
                    break
            return answer


class PlainHttp(Case):
    def test_nobody(self):
        answer = self.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 403 Forbidden\r\n"), answer)
        self.assertTrue(answer.endswith(b'{"__type":"MissingAuthenticationTokenException","message":'
                                        b'"Request is missing Authentication Token"}'), answer)

    def test_nobody_of_a_service(self):
        body = b"Action=GetCallerIdentity&Version=2011-06-15"
        answer = self.send(b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        self.assertIn(b"<Code>MissingAuthenticationToken</Code>", answer)
        self.assertRegex(self.world.said(), r"sts:\?  403 MissingAuthenticationToken  \d+ ms\n")

    def test_a_body_in_chunks(self):
        answer = self.send(b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                           b"15\r\nAction=GetCallerIdent\r\n16\r\nity&Version=2011-06-15\r\n0\r\n\r\n")
        self.assertIn(b"<Code>MissingAuthenticationToken</Code>", answer)

    def test_a_body_that_waits_for_leave(self):
        head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
        self.assertEqual(self.send(head, b"\r\n\r\n"), b"HTTP/1.1 100 Continue\r\n\r\n")

    def test_a_body_that_is_too_large(self):
        head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 67108865\r\nConnection: close\r\n\r\n"
        self.assertTrue(self.send(head, b"\r\n\r\n").startswith(b"HTTP/1.1 413 "))

    def test_chunks_without_end(self):
        head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        piece = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
        with socket.create_connection(self.place, timeout=20) as connection, self.assertRaises(OSError):
            connection.sendall(head)
            for _ in range(80):
                connection.sendall(piece)
        self.test_nobody()

    def test_a_head_that_is_too_large(self):
        head = b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: " + b"x" * 70000 + b"\r\n\r\n"
        self.assertRegex(self.send(head, b"\r\n\r\n"), rb"^HTTP/1.1 4(13|31) ")

    def test_what_is_no_request(self):
        for data in (b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
                     b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", b"GET * HTTP/1.1\r\nHost: a\r\n\r\n"):
            with self.subTest(data), socket.create_connection(self.place, timeout=20) as connection:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                self.assertRegex(connection.recv(4096), rb"^(HTTP/1.1 (4\d\d|501) |$)")
        self.test_nobody()

    def test_clients_that_go(self):
        for _ in range(50):
            with socket.create_connection(self.place, timeout=20) as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        self.test_nobody()


@unittest.skipUnless(boto3, "python3 has no boto3")
class Boto3(Case):
    options = ("--speed", "600")

    def client(self, service, **settings):
        keys = {"aws_access_key_id": self.world.exports["AWS_ACCESS_KEY_ID"],
                "aws_secret_access_key": self.world.exports["AWS_SECRET_ACCESS_KEY"]}
        return boto3.client(service, endpoint_url=self.world.url, region_name="us-east-1", **{**keys, **settings})

    def test_a_wrong_secret(self):
        for service, operation, code in (("sts", "get_caller_identity", "SignatureDoesNotMatch"),
                                         ("ecs", "list_clusters", "InvalidSignatureException")):
            with self.subTest(service), self.assertRaises(botocore.exceptions.ClientError) as raised:
                getattr(self.client(service, aws_secret_access_key="another"), operation)()
            self.assertEqual(raised.exception.response["Error"]["Code"], code)

    def test_what_older_clients_speak(self):
        """CloudWatch spoke query, before JSON; each answers in its own."""
        end = datetime.datetime.now(datetime.timezone.utc)
        asked = {"Namespace": "AWS/ECS", "MetricName": "CPUUtilization", "StartTime": end - datetime.timedelta(days=2),
                 "EndTime": end, "Period": 86400, "Statistics": ["Average"],
                 "Dimensions": [{"Name": "ServiceName", "Value": "busyb-google-workspace-mcp-service"},
                                {"Name": "ClusterName", "Value": "busyb-cluster"}]}
        answers = []
        for protocol in ("json", "query", "smithy-rpc-v2-cbor"):
            with self.subTest(protocol), unittest.mock.patch("botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS", (protocol,)):
                client = self.client("cloudwatch")
                self.assertEqual(client.meta.service_model.resolved_protocol, protocol)
                answers.append(client.get_metric_statistics(**asked)["Datapoints"][0])
                with self.assertRaises(botocore.exceptions.ClientError) as raised:
                    client.get_metric_statistics(**{**asked, "Period": 7})
                self.assertEqual(raised.exception.response["Error"]["Code"], "InvalidParameterValue")
        self.assertEqual(answers, [answers[0]] * 3)

    def test_a_presigned_url(self):
        url = self.client("sts").generate_presigned_url("get_caller_identity", HttpMethod="GET")
        connection = http.client.HTTPConnection(*self.place, timeout=20)
        self.addCleanup(connection.close)
        connection.request("GET", url[len(self.world.url):])
        answer = connection.getresponse()
        self.assertEqual(answer.status, 200)
        self.assertIn(b"<Arn>arn:aws:iam::758888582357:user/oncall</Arn>", answer.read())

    def test_clocks_after_hours_of_the_world(self):
        """Here two seconds have passed; a signature is good for fifteen minutes."""
        time.sleep(2)
        answer = self.client("sts").get_caller_identity()
        self.assertEqual(answer["Account"], "758888582357")

    def test_a_stream_by_proxy(self):
        """The host has a prefix, "stream-", that only a proxy finds."""
        config = botocore.config.Config(proxies={"http": self.world.url})
        stream = self.client("logs", config=config).start_live_tail(logGroupIdentifiers=[GROUP])["responseStream"]
        events = iter(stream)
        self.assertEqual(next(events)["sessionStart"]["logGroupIdentifiers"], [GROUP])
        self.assertIn("sessionUpdate", next(events))
        stream.close()

    def test_many_at_once(self):
        client = self.client("ecs", config=botocore.config.Config(max_pool_connections=32))
        with concurrent.futures.ThreadPoolExecutor(32) as threads:
            answers = list(threads.map(lambda _: client.list_clusters()["clusterArns"], range(200)))
        self.assertEqual(answers, [["arn:aws:ecs:us-east-1:758888582357:cluster/busyb-cluster"]] * 200)


class Gwrun(unittest.TestCase):
    def test_a_rollback_over_the_port(self):
        world = sim.Simulator(GWRUN, "--speed", "60")
        self.addCleanup(world.close)
        code, out, err = world.gwrun(ROLLBACK, "--yes", env={**world.exports, "http_proxy": world.url, "no_proxy": "127.0.0.1"})
        self.assertEqual((code, err), (0, ""), out)
        self.assertIn(f"{FAMILY}:3 -> {FAMILY}:2", out.replace("\u2192", "->"))

    def test_the_end_while_a_stream_is_open(self):
        world = sim.Simulator(GWRUN)
        self.addCleanup(world.close)
        watcher = subprocess.Popen([world.gwrun_program, "call", "logs", "start-live-tail", "--log-group-identifiers", GROUP],
                                   env=world.environment(**world.exports), stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, cwd=world.folder.name)
        try:
            self.assertIn(b"sessionStart", watcher.stdout.readline())
            self.assertEqual(world.close(signal.SIGTERM), 0)
        finally:
            watcher.kill()
            watcher.wait()
            watcher.stdout.close()

    def test_a_reader_that_sleeps(self):
        """A stream that nobody reads waits, and holds up nobody else."""
        world = sim.Simulator(GWRUN, "--speed", "10000")
        self.addCleanup(world.close)
        watcher = subprocess.Popen([world.gwrun_program, "call", "logs", "start-live-tail", "--log-group-identifiers", GROUP],
                                   env=world.environment(**world.exports), stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, cwd=world.folder.name)
        try:
            self.assertIn(b"sessionStart", watcher.stdout.readline())
            watcher.send_signal(signal.SIGSTOP)
            time.sleep(3)
            code, out, err = world.gwrun("call", "ecs", "list-clusters", "--query", "clusterArns[0]", "--output", "text", env=world.exports)
            self.assertEqual((code, out, err), (0, "arn:aws:ecs:us-east-1:758888582357:cluster/busyb-cluster\n", ""))
        finally:
            watcher.kill()
            watcher.wait()
            watcher.stdout.close()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
