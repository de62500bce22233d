"""gwrun new: what it writes works as it is, and nothing is overwritten."""

import os

import gwrun


class New(gwrun.Case):
    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def test_what_it_writes_passes_every_check(self):
        said = self.gwrun("new", "restart_web")
        self.assertEqual(said.code, gwrun.OK, said)
        self.assertTrue(said.out.startswith("runbooks/restart_web.lua\nrunbooks/restart_web_test.lua\n"), said)
        self.assertEqual(sorted(os.listdir(self.folder)), [".luarc.json", "runbooks"])
        self.assertIn('title   = "Restart web",', self.read("runbooks/restart_web.lua"))
        self.assertIn("gwrun test runbooks/restart_web_test.lua", self.read("runbooks/restart_web_test.lua"))
        for args in (["check", "--strict", "restart_web"], ["test"], ["restart_web", "--sim"], ["restart_web", "--sim", "--plan"],
                     ["policy", "restart_web"], ["help", "restart_web"]):
            result = self.gwrun(*args)
            self.assertEqual(result.code, gwrun.OK, result)
        self.assertIn("3 passed", self.gwrun("test").out)

    def test_nothing_is_overwritten(self):
        self.write("runbooks/web_test.lua", "mine")
        self.assert_ends(self.gwrun("new", "web"), gwrun.USAGE, "'runbooks/web_test.lua' is there already; nothing was written")
        self.assertEqual(os.listdir(self.path("runbooks")), ["web_test.lua"])

    def test_an_editors_settings_stay(self):
        self.write(".luarc.json", "mine")
        self.assertEqual(self.gwrun("new", "web", "--dir", "ops/night").code, gwrun.OK)
        self.assertEqual(self.read(".luarc.json"), "mine")
        self.assertTrue(os.path.exists(self.path("ops/night/web.lua")))

    def test_names(self):
        for name in ("Web", "../web", "web.lua", "1web", "web_test", "we b", "-"):
            self.assertEqual(self.gwrun("new", name).code, gwrun.USAGE, name)
        for name in ("history", "service"):
            self.assert_ends(self.gwrun("new", name), gwrun.USAGE, f"'{name}' means something else to gwrun")
        self.assert_ends(self.gwrun("new"), gwrun.USAGE, "which name\\? for example restart_web")
        self.assertEqual(os.listdir(self.folder), [])


if __name__ == "__main__":
    gwrun.main()
