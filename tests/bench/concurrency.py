"""A thousand describe calls at once in one process, and ten thousand by parallel.map: all succeed, in bounded memory, with as few
descriptors as a process may be granted."""

import os
import resource
import subprocess

import gwrun
from loopback import RUNBOOK, Loopback

DESCRIPTORS = 128  # granted; a run that wanted a connection for each call would fail
CONNECTIONS = 64  # to one host, README
PER_CALL_BYTES = 128 << 10  # that a call under way may add to the peak: request, answer, Lua's task and values

with open(gwrun.PROGRAM, "rb") as program:
    SANITIZED = b"__asan_init" in program.read()  # then memory is not given back for a while, on purpose


class Concurrency(gwrun.Case):
    def measure(self, *args):
        """What the run says, its peak of memory in bytes, and the server when it has ended."""
        with Loopback(self.folder) as server:
            out = self.path("out")
            with open(out, "wb") as file:
                child = subprocess.Popen(
                    [gwrun.PROGRAM, self.write("many.lua", RUNBOOK), "--endpoint-url", server.url, "--output", "json", *args],
                    cwd=self.folder, env=self.environment(**gwrun.KEYS), stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS)))
                _, status, usage = os.wait4(child.pid, 0)
                child.returncode = os.waitstatus_to_exitcode(status)
            with open(out, "rb") as file:
                result = gwrun.Result(child.returncode, file.read(), b"")
        self.assertEqual(result.code, gwrun.OK, result.out[-2000:])
        return result, usage.ru_maxrss * 1024, server

    def check(self, calls, under_way, *args):
        _, base, _ = self.measure()
        result, peak, server = self.measure("--calls", str(calls), *args)
        events = result.events
        self.assertIn(f"{calls} services", [event.get("text") for event in events])
        self.assertEqual([event["outcome"] for event in events if event["event"] == "call"], ["ok"] * calls)
        self.assertEqual(server.requests, calls)
        self.assertLessEqual(server.connections, CONNECTIONS)
        print(f"{calls} calls, {under_way} at once: {peak >> 20} MiB at most, {base >> 20} MiB for one call, "
              f"{(peak - base) // under_way} bytes a call under way, {server.connections} connections")
        if not SANITIZED:
            self.assertLessEqual(peak, base + under_way * PER_CALL_BYTES)

    def test_a_thousand_calls_at_once(self):
        self.check(1000, 1000)

    def test_ten_thousand_calls_two_hundred_at_a_time(self):
        self.check(10000, 200, "--limit", "200")


if __name__ == "__main__":
    gwrun.main()
