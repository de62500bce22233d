"""TLS with the wrong other side: nothing is sent to it, and the line says what does not fit."""

import certificate
import gwrun
import runbooks
from server import Server, ok_json

ENV = dict(gwrun.KEYS, AWS_MAX_ATTEMPTS="1")


class Greeter(Server):
    """Speaks first, as mail servers do."""

    def finish_request(self, request, client_address):
        request.sendall(b"220 mail.example ESMTP\r\n")


class Certificates(gwrun.Case):
    def setUp(self):
        super().setUp()
        self.look = self.write("look.lua", runbooks.READ)

    def test_a_certificate_that_nobody_vouches_for(self):
        with Server(ok_json({}), tls=certificate.make(self, "localhost")) as server:
            result = self.gwrun(self.look, "--endpoint-url", server.url, env=ENV)
            self.assertEqual(server.requests, [])
        self.assert_ends(result, gwrun.UNREACHABLE, r"its certificate is not trusted: .*self[- ]signed.* "
                                                    r"\(AWS_CA_BUNDLE can name another authority\)$")

    def test_a_certificate_for_another_name(self):
        with Server(ok_json({}), tls=certificate.make(self, "localhost")) as server:
            result = self.gwrun(self.look, "--endpoint-url", server.url,
                                env=dict(ENV, AWS_CA_BUNDLE=self.path("certificate.pem")))
            self.assertEqual(server.requests, [])
        self.assert_ends(result, gwrun.UNREACHABLE, r"its certificate is not trusted: .*127\.0\.0\.1")

    def test_a_certificate_that_aws_ca_bundle_vouches_for(self):
        with Server(ok_json({}), tls=certificate.make(self, "localhost")) as server:
            result = self.gwrun(self.look, "--endpoint-url", server.url.replace("127.0.0.1", "localhost"),
                                env=dict(ENV, AWS_CA_BUNDLE=self.path("certificate.pem")))
        self.assertEqual(result.code, gwrun.OK, result)

    def test_tls_to_a_server_that_speaks_something_else(self):
        with Greeter(b"") as server:
            url = server.url.replace("http:", "https:")
            result = self.gwrun(self.look, "--endpoint-url", url, env=ENV)
        self.assert_ends(result, gwrun.UNREACHABLE, r"127\.0\.0\.1:\d+: .*(wrong version number|packet length too long)")

    def test_a_bundle_that_is_not_there(self):
        result = self.gwrun(self.look, env=dict(ENV, AWS_CA_BUNDLE="/nope.pem"))
        self.assert_ends(result, gwrun.USAGE, r"ca bundle '/nope\.pem': cannot be read: No such file")

    def test_a_bundle_that_is_none(self):
        with Server(ok_json({}), tls=certificate.make(self, "localhost")) as server:
            result = self.gwrun(self.look, "--endpoint-url", server.url, env=dict(ENV, AWS_CA_BUNDLE=self.look))
        self.assert_ends(result, gwrun.UNREACHABLE, r"look\.lua")


if __name__ == "__main__":
    gwrun.main()
