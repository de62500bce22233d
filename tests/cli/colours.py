"""Colours and lines that are redrawn are for terminals that can, and for people who want them."""

import os

import gwrun
from terminal import TerminalCase

ROLLBACK = os.path.join(gwrun.SOURCE, "runbooks", "emergency_rollback.lua")
COLOUR, REDRAW = "\x1b[1m", "\r\x1b[K"


class Colours(TerminalCase):
    def seen(self, *args, **env):
        terminal = self.terminal(ROLLBACK, "--sim", *args, **env)
        self.assertEqual(terminal.finish(), gwrun.OK, terminal.seen)
        return terminal.seen

    def test_a_terminal_has_them(self):
        for env in ({}, {"NO_COLOR": ""}):
            with self.subTest(env):
                seen = self.seen(**env)
                self.assertIn(COLOUR, seen)
                self.assertIn(REDRAW, seen)

    def test_who_does_not_want_them_has_none(self):
        for args, env in (([], {"NO_COLOR": "1"}), (["--no-color"], {})):
            with self.subTest(args, env=env):
                self.assertNotIn(COLOUR, self.seen(*args, **env))

    def test_a_terminal_that_cannot_gets_plain_text(self):
        for term in ("dumb", "", None):
            with self.subTest(term):
                self.assertNotIn("\x1b", self.seen(TERM=term))

    def test_json_is_json_on_a_terminal_too(self):
        self.assertNotIn("\x1b", self.seen("--output", "json"))


if __name__ == "__main__":
    gwrun.main()
