"""Questions on a terminal. What does not clearly mean yes changes nothing."""

import os

import gwrun
from terminal import TerminalCase

STEPS = """
return {
  title = "Steps", summary = "Three changes.",
  run = function(rb)
    rb:step("One", { confirm = "the first thing", change = function() rb:note("did one") end })
    rb:step("Two", { confirm = "the second thing", change = function() rb:note("did two") end })
    rb:step("Three", { confirm = "destroy it", word = "prod", change = function() rb:note("did three") end })
  end,
}
"""
ASK = """
return {
  title = "Ask", summary = "Asks.",
  run = function(rb)
    rb:note("<%s>", rb:ask("which one", { default = "blue" }))
    rb:note("<%s>", rb:ask("and then"))
  end,
}
"""
ROLLBACK = os.path.join(gwrun.SOURCE, "runbooks", "emergency_rollback.lua")

MENU = r"go on\? \[y\]es, \[n\]o, yes to \[a\]ll, \[q\]uit: "
WORD = r"type 'prod' to go on, anything else to stop: "
EOF, UP = "\x04", "\x1b[A"

# claim, (prompt, what is typed) in order, exit code, what is done
DIALOGUES = [
    ("yes each time", [(MENU, "y\n"), (MENU, "Yes\n"), (WORD, "prod\n")], gwrun.OK, ["one", "two", "three"]),
    ("yes to all still wants the word", [(MENU, "a\n"), (WORD, "prod\n")], gwrun.OK, ["one", "two", "three"]),
    ("the word must be right", [(MENU, "all\n"), (WORD, "Prod\n")], gwrun.REFUSED, ["one", "two"]),
    ("yes is not the word", [(MENU, "all\n"), (WORD, "y\n")], gwrun.REFUSED, ["one", "two"]),
    ("no", [(MENU, "n\n")], gwrun.REFUSED, []),
    ("no later", [(MENU, "y\n"), (MENU, "no\n")], gwrun.REFUSED, ["one"]),
    ("quit", [(MENU, "q\n")], gwrun.REFUSED, []),
    ("what is not understood is asked again",
     [(MENU, "\n"), ("y, n, a or q: ", "yse\n"), ("y, n, a or q: ", UP + "\n"), ("y, n, a or q: ", "\u00fd\n"),
      ("y, n, a or q: ", "n\n")], gwrun.REFUSED, []),
    ("a line without end", [(MENU, "y" * 3000 + "\n"), ("y, n, a or q: ", "n\n")], gwrun.REFUSED, []),
    ("the end of input", [(MENU, EOF)], gwrun.REFUSED, []),
    ("yes without the return key", [(MENU, "y" + EOF + EOF)], gwrun.REFUSED, []),
    ("the word without the return key", [(MENU, "a\n"), (WORD, "prod" + EOF + EOF)], gwrun.REFUSED, ["one", "two"]),
]


class Questions(TerminalCase):

    def test_dialogues(self):
        steps = self.write("steps.lua", STEPS)
        for claim, dialogue, code, done in DIALOGUES:
            with self.subTest(claim):
                terminal = self.terminal(steps)
                for prompt, typed in dialogue:
                    terminal.expect(prompt)
                    terminal.type(typed)
                self.assertEqual(terminal.finish(), code, terminal.seen)
                for what in ("one", "two", "three"):
                    self.assertEqual(f"did {what}" in terminal.seen, what in done, terminal.seen)

    def test_what_was_typed_before_the_question_confirms_nothing(self):
        sleepy = self.write("sleepy.lua", """return { title = "t", summary = "s", run = function(rb)
            rb:note("sleeping")
            sleep(1)
            rb:step("One", { change = function() rb:note("did one") end })
          end }""")
        terminal = self.terminal(sleepy)
        terminal.expect("sleeping")
        terminal.type("y\ny\ny\n")
        terminal.expect(MENU)
        terminal.type("n\n")
        self.assertEqual(terminal.finish(), gwrun.REFUSED, terminal.seen)
        self.assertNotIn("did one", terminal.seen)

    def test_a_text_is_asked_for(self):
        ask = self.write("ask.lua", ASK)
        terminal = self.terminal(ask)
        terminal.expect(r"which one \[blue\]: ")
        terminal.type("\n")
        terminal.expect("<blue>.*and then: ")
        terminal.type("  two words \n")
        terminal.expect("<two words>")
        self.assertEqual(terminal.finish(), gwrun.OK)

    def test_a_text_that_does_not_come(self):
        terminal = self.terminal(self.write("ask.lua", ASK))
        terminal.expect(r"which one \[blue\]: ")
        terminal.type(EOF)
        self.assertEqual(terminal.finish(), gwrun.REFUSED, terminal.seen)
        self.assertIn("'which one': no answer came", terminal.seen)

    def test_yes_asks_nothing(self):
        terminal = self.terminal(self.write("steps.lua", STEPS), "--yes")
        self.assertEqual(terminal.finish(), gwrun.OK)
        self.assertNotIn("go on?", terminal.seen)

    def put_off(self, terminal):
        """Answers the two items of the checklist that are for a person."""
        for item in ("document the incident", "plan a fix"):
            terminal.expect(item + r".*done.*\[l\]ater")
            terminal.type("l\n")

    def test_a_rehearsal_asks_only_when_told_to(self):
        terminal = self.terminal(ROLLBACK, "--sim")
        self.assertEqual(terminal.finish(), gwrun.OK)
        self.assertNotIn("go on?", terminal.seen)
        terminal = self.terminal(ROLLBACK, "--sim", "--ask")
        terminal.expect(MENU)
        terminal.type("a\n")
        self.put_off(terminal)
        self.assertEqual(terminal.finish(), gwrun.OK, terminal.seen)
        terminal = self.terminal(ROLLBACK, "--sim", "--ask")
        terminal.expect(MENU)
        terminal.type("n\n")
        self.assertEqual(terminal.finish(), gwrun.REFUSED, terminal.seen)

    def test_questions_are_seen_when_standard_input_is_for_reading_only(self):
        terminal = self.shell(f"exec {gwrun.PROGRAM} {self.write('steps.lua', STEPS)} </dev/tty")
        terminal.expect(MENU)
        terminal.type("n\n")
        self.assertEqual(terminal.finish(), gwrun.REFUSED)

    def test_questions_are_seen_when_standard_output_is_a_file(self):
        terminal = self.shell(f"exec {gwrun.PROGRAM} {self.write('steps.lua', STEPS)} >out")
        terminal.expect("the first thing.*" + MENU)
        terminal.type("n\n")
        self.assertEqual(terminal.finish(), gwrun.REFUSED)
        self.assertIn("declined by the operator", terminal.seen)

    def test_no_line_is_wider_than_the_terminal(self):
        for columns in (80, 100):
            with self.subTest(columns=columns):
                terminal = self.terminal(ROLLBACK, "--sim", "--ask", columns=columns)
                terminal.expect(MENU)
                terminal.type("a\n")
                self.put_off(terminal)
                self.assertEqual(terminal.finish(), gwrun.OK)
                for line in terminal.lines():
                    if "arn:" not in line:  # what people copy is kept whole
                        self.assertLessEqual(len(line), columns, line)


if __name__ == "__main__":
    gwrun.main()
