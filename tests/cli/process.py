"""What the system sees of the process: nothing of the credentials, no core file, no children, and no harm when a standard
stream is missing."""

import os
import shutil
import subprocess
import unittest

import gwrun
import runbooks
from server import Server, ok_json

WAIT = """
local aws = require "aws"
return {
  title = "Wait", summary = "Reads, then waits.", region = "us-east-1", needs = { aws = { "ecs:DescribeServices" } },
  run = function(rb)
    aws.ecs.describe_services { services = { "web" } }
    rb:note("read")
    sleep(60)
  end,
}
"""


class Process(gwrun.Case):
    @unittest.skipUnless(os.path.exists("/proc/self/limits"), "no /proc as Linux has it")
    def test_what_proc_says_while_it_runs(self):
        with Server(ok_json({})) as server:
            child = subprocess.Popen([gwrun.PROGRAM, self.write("wait.lua", WAIT), "--output", "json", "--endpoint-url",
                                      server.url], env=self.environment(**gwrun.KEYS), stdin=subprocess.DEVNULL,
                                     stdout=subprocess.PIPE)
            self.addCleanup(child.stdout.close)
            self.addCleanup(child.wait)
            self.addCleanup(child.kill)
            while b'"read"' not in child.stdout.readline():
                self.assertIsNone(child.poll())
            folder = f"/proc/{child.pid}"
            with open(f"{folder}/cmdline", encoding="utf-8") as file:
                self.check_said(file.read())
            with open(f"{folder}/limits", encoding="utf-8") as file:
                self.assertRegex(file.read(), r"(?m)^Max core file size +0 +0 ")
            with open(f"{folder}/task/{child.pid}/children", encoding="utf-8") as file:
                self.assertEqual(file.read(), "")

    @unittest.skipUnless(os.geteuid() == 0, "only root sees whose process it is")
    def test_no_other_process_of_the_user_can_read_its_memory_nor_dump_it(self):
        os.chmod(self.folder, 0o777)
        book = self.write("wait.lua", 'return { title = "Wait", summary = "Waits.", run = function(rb) rb:note("waits") sleep(60) end }')
        os.chmod(book, 0o644)
        with open(gwrun.PROGRAM, "rb") as file:
            if b"__asan_init" in file.read():
                self.skipTest("sanitizers look into the process")
        program = self.path("gwrun")
        shutil.copy(gwrun.PROGRAM, program)
        child = subprocess.Popen(["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", program, book], cwd="/",
                                 env=self.environment(GWRUN_STATE=self.path("state")), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.addCleanup(child.stdout.close)
        while line := child.stdout.readline():
            if b"waits" in line:
                break
        owner = os.stat(f"/proc/{child.pid}/mem").st_uid  # of one that is not dumpable: root, see proc(5)
        child.terminate()
        child.wait()
        self.assertEqual(owner, 0)

    def test_a_closed_standard_output_is_not_the_next_socket(self):
        look = self.write("look.lua", runbooks.READ)
        with Server(ok_json({})) as server:
            result = self.shell(f"exec {gwrun.PROGRAM} {look} --endpoint-url {server.url} >&-")
            sent = [(request.operation, request.body) for request in server.requests]
        self.assert_ends(result, gwrun.FAILED, r"^gwrun: look: the output could not be written; nothing was changed$")
        self.assertLessEqual(len(sent), 1, sent)

    def test_a_closed_standard_error_or_input_does_no_harm(self):
        look = self.write("look.lua", runbooks.READ)
        for redirection in ("2>&-", "<&-", "<&- 2>&-"):
            with self.subTest(redirection), Server(ok_json({})) as server:
                result = self.shell(f"exec {gwrun.PROGRAM} {look} --verbose --endpoint-url {server.url} {redirection}")
                self.assertEqual((result.code, len(server.requests)), (gwrun.OK, 1), result)
                self.assertRegex(result.out, r"(?s)^Look\n.*OK Look")

    def test_everything_closed_still_ends(self):
        for args in ("--version", "list", "nope", self.write("look.lua", runbooks.READ)):
            with self.subTest(args):
                self.assertIn(self.shell(f"exec {gwrun.PROGRAM} {args} <&- >&- 2>&-").code,
                              (gwrun.FAILED, gwrun.USAGE, gwrun.UNREACHABLE, gwrun.OK))

    def test_hardly_any_descriptors(self):
        look = self.write("look.lua", runbooks.READ)
        for count in range(4, 10):
            with self.subTest(count), Server(ok_json({})) as server:
                result = self.shell(f"ulimit -n {count}; exec {gwrun.PROGRAM} {look} --endpoint-url {server.url}")
                self.assertIn(result.code, (gwrun.OK, gwrun.FAILED, gwrun.UNREACHABLE), result)
                self.assertRegex(result.err, r"\A(gwrun: [^\n]+\n)*\Z")

    def test_a_working_folder_that_is_gone(self):
        result = self.shell(f"mkdir gone; cd gone; rmdir ../gone; exec {gwrun.PROGRAM} nope")
        self.assert_ends(result, gwrun.USAGE, r"^gwrun: no runbook 'nope'")

    def test_no_home(self):
        look = self.write("look.lua", runbooks.READ)
        result = self.gwrun(look, env={"HOME": None})
        self.assert_ends(result, gwrun.CREDENTIALS, r"credentials: none found; looked at .*~/\.aws/credentials")

    def shell(self, line):
        child = subprocess.run(["/bin/sh", "-c", line], cwd=self.folder, env=self.environment(**gwrun.KEYS),
                               capture_output=True, timeout=30, check=False)
        result = gwrun.Result(child.returncode, child.stdout, child.stderr)
        self.check_rules(result)
        return result


if __name__ == "__main__":
    gwrun.main()
