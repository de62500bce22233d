"""Presigned URLs: made without network, and shown by intent only."""

import gwrun
from server import Server

RUNBOOK = """
return {
  title = "Share", summary = "Makes a URL.", region = "us-east-1", needs = { aws = { "s3:GetObject" } },
  run = function(rb)
    local url, request = aws.s3.presign.%s({ Bucket = "bucket", Key = "key" }, { %s })
    rb:evidence("url", url)
    rb:note("%%s: %%s", request.method, tostring(url))
  end,
}
"""


class Presign(gwrun.Case):
    def share(self, operation="get_object", how="", extra=()):
        book = self.write("share.lua", RUNBOOK % (operation, how))
        with Server(b"") as server:
            result = self.gwrun(book, "--endpoint-url", server.url, *extra,
                                env=dict(gwrun.KEYS, AWS_SESSION_TOKEN=None))
            self.assertEqual(server.requests, [])
        return result

    def test_a_url_is_a_secret(self):
        for extra in ([], ["--output", "json"], ["--verbose"], ["--plan"]):
            with self.subTest(extra):
                result = self.share(extra=extra)
                self.assertEqual(result.code, gwrun.OK, result)
                self.assertIn("[secret]", result.out)
                self.assertNotIn("X-Amz-Signature", result.out + result.err)

    def test_it_can_be_shown_by_intent(self):
        result = self.share(how="reveal = true, expires = 60")
        self.assertRegex(result.out, r"GET: http://127\.0\.0\.1:\d+/bucket/key\?X-Amz-Algorithm=AWS4-HMAC-SHA256&"
                                     r"X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F\d{8}%2Fus-east-1%2Fs3%2Faws4_request&"
                                     r"X-Amz-Date=\w{16}&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=\w{64}\n")

    def test_the_action_must_be_declared(self):
        self.assert_ends(self.share("put_object"), gwrun.REFUSED, "s3:PutObject: not declared in this runbook's needs.aws")

    def test_what_was_made_is_an_event(self):
        events = self.share(extra=["--output", "json"]).events
        [event] = [event for event in events if event["event"] == "call.presigned"]
        self.assertEqual((event["action"], event["effect"], event["outcome"]), ("s3:GetObject", "read", "ok"))
        self.assertNotIn("call", [event["event"] for event in events])


if __name__ == "__main__":
    gwrun.main()
