"""A proxy between the run and AWS, and authorities of one's own: what goes through it, what around it, who is trusted."""

import os
import shutil
import socket
import subprocess
import threading

import certificate
import gwrun
import runbooks
from server import Server, ok_json


class Tunnel(Server):
    """A proxy for TLS: connects any name to the one server, and passes bytes without seeing into them."""

    def __init__(self, target):
        super().__init__(b"")
        self.target = target.server_address
        self.asked = []

    def finish_request(self, request, client_address):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += request.recv(1)
        self.asked.append(head.split(b"\r\n")[0].decode())
        request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with socket.create_connection(self.target) as far:
            back = threading.Thread(target=self.carry, args=(far, request), daemon=True)
            back.start()
            self.carry(request, far)
            back.join()

    @staticmethod
    def carry(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class Proxies(gwrun.Case):
    def setUp(self):
        super().setUp()
        self.look = self.write("look.lua", runbooks.READ)

    def run_look(self, url, **env):
        return self.gwrun(self.look, "--endpoint-url", url, env=dict(gwrun.KEYS, AWS_MAX_ATTEMPTS="1", **env))

    def test_plain_requests_go_through_http_proxy_in_either_case(self):
        for name in ("HTTP_PROXY", "http_proxy"):
            with self.subTest(name), Server(ok_json({})) as proxy:
                result = self.run_look("http://aws.invalid", **{name: proxy.url})
                self.assertEqual(result.code, gwrun.OK, result)
                self.assertEqual(proxy.requests[0].target, "http://aws.invalid/")
                self.assertEqual(proxy.requests[0].headers["host"], "aws.invalid")

    def test_no_proxy_names_what_goes_around_it_in_either_case(self):
        for name in ("NO_PROXY", "no_proxy"):
            with self.subTest(name), Server(ok_json({})) as server, Server(ok_json({})) as proxy:
                result = self.run_look(server.url, HTTP_PROXY=proxy.url, **{name: "aws.invalid,127.0.0.1"})
                self.assertEqual(result.code, gwrun.OK, result)
                self.assertEqual((len(server.requests), len(proxy.requests)), (1, 0))

    def test_tls_goes_through_a_tunnel_and_the_proxy_sees_a_name_only(self):
        tls = certificate.make(self, "aws.invalid")
        for name in ("HTTPS_PROXY", "https_proxy"):
            with self.subTest(name), Server(ok_json({}), tls=tls) as server, Tunnel(server) as proxy:
                result = self.run_look("https://aws.invalid", AWS_CA_BUNDLE=self.path("certificate.pem"),
                                       **{name: proxy.url})
                self.assertEqual(result.code, gwrun.OK, result)
                self.assertEqual(proxy.asked, ["CONNECT aws.invalid:443 HTTP/1.1"])
                self.assertEqual(len(server.requests), 1)

    def test_who_is_trusted_may_be_said_in_several_ways(self):
        tls = certificate.make(self, "localhost")
        bundle = self.path("certificate.pem")
        config = self.write("config", f"[default]\nca_bundle = {bundle}\n")
        folder = self.path("authorities")
        os.mkdir(folder)
        shutil.copy(bundle, folder)
        subprocess.run(["openssl", "rehash", folder], check=True, capture_output=True)
        for env in [{"AWS_CA_BUNDLE": bundle}, {"AWS_CONFIG_FILE": config}, {"REQUESTS_CA_BUNDLE": bundle},
                    {"SSL_CERT_FILE": bundle}, {"SSL_CERT_DIR": folder}]:
            with self.subTest(env), Server(ok_json({}), tls=tls) as server:
                result = self.run_look(server.url.replace("127.0.0.1", "localhost"), **env)
                self.assertEqual(result.code, gwrun.OK, result)


if __name__ == "__main__":
    gwrun.main()
