"""gwrun report: one run as a page, as Markdown, as JSON; what a run says is text on the page, whatever it says."""

import json
import os
from html.parser import HTMLParser

import gwrun

SHOWS = r"""
return {
  title = "Shows <script>alert(1)</script>", summary = "Shows all there is to show.",
  params = { text = { type = "string", default = "<img src=x onerror=alert(2)>" }, key = { type = "secret" } },
  run = function(rb, p)
    rb:note("%s", p.text)
    rb:table("A | table", { "a|b", "<b>" }, { { "1|2", "</td><script>x</script>" }, { "`c`", "*d*" } })
    rb:plot("Load", { from = 1700000000, upto = 1700003600, unit = "percent", limits = { { name = "high", value = 70 } },
      series = { { name = "Average", points = { { 1700000000, 10 }, { 1700001800, 50 }, { 1700003600, 20 } } } } })
    rb:found { severity = "high", text = "a finding", evidence = "\"quoted\" & 'so'", cause = "a cause", solution = "a solution", fix = "gwrun rollback" }
    rb:step("Change it", { confirm = "from 1 to 2", change = function() return p.key and true end })
    rb:step("Leave it", { check = function() return true end, change = function() end })
    rb:checklist("At the end", { { text = "it is so", probe = function() return true, "seen" end } })
  end,
}
"""
FAILS = """
return {
  title = "Fails", summary = "Fails in its second step.",
  run = function(rb)
    rb:step("First", { change = function() return 1 end })
    rb:step("Second", { change = function() require("failure").raise("problem", "no luck") end })
  end,
}
"""
MANY = """
return {
  title = "Many", summary = "Says very much.",
  run = function(rb) for i = 1, 20000 do rb:note("line %d", i) end end,
}
"""
VOID = {"meta", "link", "br", "hr", "img", "input", "path"}
PLACES = ("src", "href", "action", "data", "poster", "srcset", "xlink:href")


class Page(HTMLParser):
    """The elements, that each is closed where it should be, and the text."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.text, self.titles = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.text.append(data)

    def whole(self):
        return "".join(self.text)


class Reports(gwrun.Case):
    def run_book(self, text, *args, code=gwrun.OK):
        result = self.gwrun(self.write("book.lua", text), "--yes", *args)
        self.assertEqual(result.code, code, result)

    def report(self, *args):
        result = self.gwrun("report", "last", *args)
        self.assertEqual((result.code, result.err), (gwrun.OK, ""), result)
        return result.out

    def test_what_a_run_says_is_text_on_the_page(self):
        self.run_book(SHOWS, code=gwrun.PROBLEM)
        page = Page(self.report())
        tags = {tag for tag, _ in page.elements}
        self.assertFalse(tags & {"script", "img", "iframe", "object", "link", "b"}, tags)
        for tag, attributes in page.elements:
            self.assertFalse([name for name in attributes if name in PLACES or name.startswith("on")], (tag, attributes))
        policy = [attributes["content"] for tag, attributes in page.elements if attributes.get("http-equiv") == "Content-Security-Policy"]
        self.assertEqual(policy, ["default-src 'none'; style-src 'unsafe-inline'"])
        for text in ("Shows <script>alert(1)</script>", "<img src=x onerror=alert(2)>", "</td><script>x</script>", "\"quoted\" & 'so'"):
            self.assertIn(text, page.whole())

    def test_the_page_has_steps_findings_checks_and_a_picture(self):
        self.run_book(SHOWS, code=gwrun.PROBLEM)
        page = Page(self.report())
        text = page.whole()
        for part in ("Findings", "a cause", "Steps", "Change it", "asked: from 1 to 2 (assumed)", "Leave it", "skipped", "At the end", "proven", "Timeline"):
            self.assertIn(part, text)
        lines = [attributes for tag, attributes in page.elements if tag == "path" and attributes["class"] == "line s1"]
        self.assertEqual(len(lines), 1)
        self.assertEqual(lines[0]["d"].count("L") + lines[0]["d"].count("M"), 3)

    def test_markdown(self):
        self.run_book(SHOWS, code=gwrun.PROBLEM)
        text = self.report("--md")
        self.assertTrue(text.startswith("# Shows \\<script\\>alert(1)\\</script\\>\n"), text[:80])
        self.assertIn("| a\\|b | \\<b\\> |\n| --- | --- |\n| 1\\|2 | \\</td\\>\\<script\\>x\\</script\\> |\n", text)
        self.assertIn("1. **Change it**: finished", text)
        self.assertIn("- [x] it is so: seen\n", text)

    def test_json(self):
        self.run_book(FAILS, code=gwrun.PROBLEM)
        doc = json.loads(self.report("--json"))
        self.assertEqual((doc["version"], doc["title"], doc["outcome"], doc["exit_code"]), (1, "Fails", "problem", 3))
        self.assertEqual([(step["id"], step["name"], step["state"], step.get("error")) for step in doc["steps"]],
                         [("1", "First", "finished", None), ("2", "Second", "failed", "no luck")])
        self.assertEqual(doc["findings"], [])
        self.assertEqual(json.loads(self.report("--output", "json")), doc)

    def test_a_change_of_aws_and_a_rehearsal(self):
        self.assertEqual(self.gwrun("emergency_rollback", "--sim").code, gwrun.OK)
        doc = json.loads(self.gwrun("report", "last", "--rehearsals", "--json").out)
        self.assertEqual([change["action"] for step in doc["steps"] for change in step["changes"]], ["ecs:UpdateService", "ecs:StopTask", "ecs:StopTask"])
        self.assertTrue(doc["simulated"])
        self.assertIn("REHEARSAL", Page(self.gwrun("report", "last", "--rehearsals").out).whole())

    def test_no_secret_is_told(self):
        secret = self.write("key", "correct-horse-battery-staple\n")
        self.run_book(SHOWS, "--key", f"file://{secret}", "--text", "x correct-horse-battery-staple y", code=gwrun.PROBLEM)
        for form in ("--html", "--md", "--json"):
            self.assertNotIn("correct-horse", self.report(form))

    def test_into_a_new_file_only(self):
        self.run_book(FAILS, code=gwrun.PROBLEM)
        path = self.path("run.html")
        self.assertEqual(self.report("--out", path), "")
        with open(path, encoding="utf-8") as file:
            Page(file.read())
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        self.assert_ends(self.gwrun("report", "last", "--out", path), gwrun.USAGE, "run.html: cannot be written .File exists")

    def test_wrong_use(self):
        self.run_book(FAILS, code=gwrun.PROBLEM)
        self.assert_ends(self.gwrun("report"), gwrun.USAGE, "which run")
        self.assert_ends(self.gwrun("report", "nosuchrun"), gwrun.USAGE, "nosuchrun")
        self.assert_ends(self.gwrun("report", "last", "--md", "--json"), gwrun.USAGE, "one of --html, --md and --json")

    def test_a_long_run_is_cut_and_says_so(self):
        self.run_book(MANY)
        doc = json.loads(self.report("--json"))
        self.assertEqual((len(doc["timeline"]), doc["timeline_cut"]), (2000, 18002))
        self.assertIn("18002 more are in the journal.", Page(self.report()).whole())


if __name__ == "__main__":
    gwrun.main()
