"""What a session's server may answer in place of a WebSocket, and on one: each is one clear error, and none is believed."""

import gwrun
from container import Container, message

HEAD = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n{}\r\n"


def opened(accept, frames=b"", more=""):
    return HEAD.format(accept, more).encode() + frames


def binary(payload):
    size = len(payload)
    return b"\x82" + (bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2, "big")) + payload


NO_JSON = message("output_stream_data", 0, 5, b"{]")
PORT = message("output_stream_data", 0, 5, b'{"RequestedClientActions":[{"ActionType":"SessionType",'
               b'"ActionParameters":{"SessionType":"Port"}}]}')

# claim, what is answered, what is said
ANSWERS = [
    ("another answer than 101", lambda _: b"HTTP/1.1 403 Forbidden\r\n\r\n", "answered '403 Forbidden' in place of 101"),
    ("no HTTP", lambda _: b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "what answers does not speak HTTP/1.1"),
    ("an answer to another key", lambda _: opened("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "what answers is no WebSocket server"),
    ("no answer to the key", lambda _: b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
     "what answers is no WebSocket server"),
    ("an extension", lambda accept: opened(accept, more="Sec-WebSocket-Extensions: permessage-deflate\r\n"),
     "the server wants what was not asked for"),
    ("a head without end", lambda _: b"HTTP/1.1 101 x\r\n" + b"X: y\r\n" * 20000, "an answer of more than 65536 bytes"),
    ("a handshake that is no JSON", lambda accept: opened(accept, binary(NO_JSON)), "session handshake: "),
    ("another kind of session", lambda accept: opened(accept, binary(PORT)), "the agent asks for 'Port', which is not supported"),
]


class Sessions(gwrun.Case):
    def said(self, hostile, timeout=60):
        with Container(self.folder) as world:
            world.hostile = hostile
            return self.gwrun("exec", "web", "--cluster", "blue", "--endpoint-url", world.url, "--yes", "--", "true",
                              env=dict(gwrun.KEYS, AWS_REGION="us-east-1"), timeout=timeout)

    def test_each_is_one_clear_error(self):
        for claim, hostile, message_ in ANSWERS:
            with self.subTest(claim):
                result = self.said(hostile)
                self.assertIn(result.code, (gwrun.FAILED, gwrun.UNREACHABLE), result)
                self.assert_ends(result, result.code, message_)

    def test_frames_that_may_not_be_end_the_connection(self):
        for frames in (b"\x81\x81\0\0\0\0x", b"\x82\x7f" + b"\xff" * 8 + b"x"):
            with self.subTest(frames=frames):
                result = self.said(lambda accept, frames=frames: opened(accept, frames))
                self.assertIn(result.code, (gwrun.FAILED, gwrun.UNREACHABLE), result)
                self.assert_ends(result, result.code, "ssm:ResumeSession|websocket: ")

    def test_one_that_breaks_off_each_time_is_given_up(self):
        damaged = bytearray(message("output_stream_data", 0, 1, b"not true"))
        damaged[-1] ^= 1
        result = self.said(lambda accept: opened(accept, binary(bytes(damaged)) + b"\x83\x00"))
        self.assert_ends(result, gwrun.UNREACHABLE, "websocket: a frame that the protocol does not allow")

    def test_messages_that_are_damaged_are_passed_over(self):
        damaged = bytearray(message("output_stream_data", 0, 1, b"not true"))
        damaged[-1] ^= 1
        closed = message("channel_closed", 0, 0, b'{"Output":"that was all"}')
        result = self.said(lambda accept: opened(accept, binary(bytes(damaged)) + binary(b"abc") + binary(closed)))
        self.assert_ends(result, gwrun.PROBLEM, "the session ended before the command began: that was all")


if __name__ == "__main__":
    gwrun.main()
