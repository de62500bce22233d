"""How long the same describe calls take gwrun and boto3 with threads, and how much memory. No test: it prints what it measured.

By hand: GWRUN=build/release/gwrun GW_LOOPBACK=build/release/tests/bench/bench_loopback PYTHONPATH=tests/blackbox \
         python3 tests/bench/beside_boto3.py [CALLS]
"""

import os
import subprocess
import sys
import tempfile
import time

import gwrun
from loopback import RUNBOOK, Loopback

AT_ONCE = 64

BOTO3 = f"""
import sys
from concurrent.futures import ThreadPoolExecutor
import boto3
from botocore.config import Config
url, calls = sys.argv[1], int(sys.argv[2])
client = boto3.client("ecs", region_name="us-east-1", endpoint_url=url, config=Config(max_pool_connections={AT_ONCE}))
with ThreadPoolExecutor({AT_ONCE}) as pool:
    found = sum(pool.map(lambda _: len(client.describe_services(cluster="blue", services=["web"])["services"]), range(calls)))
assert found == calls
"""


def measure(folder, command):
    """Seconds, processor seconds, and MiB of a command that is given the server's URL."""
    env = {"PATH": os.environ["PATH"], "HOME": folder, **gwrun.KEYS}
    with Loopback(folder) as server:
        began = time.monotonic()
        child = subprocess.Popen([part.replace("URL", server.url) for part in command], env=env, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.monotonic() - began
        child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, command
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    calls = sys.argv[1] if len(sys.argv) > 1 else "5000"
    with tempfile.TemporaryDirectory() as folder:
        book, script = os.path.join(folder, "many.lua"), os.path.join(folder, "many.py")
        for path, text in ((book, RUNBOOK), (script, BOTO3)):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        rows = {
            "gwrun": measure(folder, [gwrun.PROGRAM, book, "--endpoint-url", "URL", "--calls", calls, "--limit", str(AT_ONCE)]),
            "boto3": measure(folder, [sys.executable, script, "URL", calls]),
        }
    for name, (seconds, processor, mib) in rows.items():
        print(f"{name}: {calls} calls, {AT_ONCE} at once: {seconds:.2f} s, {processor:.2f} s of processor, {mib:.0f} MiB")
    ratios = [theirs / ours for ours, theirs in zip(rows["gwrun"], rows["boto3"])]
    print("boto3 / gwrun: {:.1f} times the time, {:.1f} times the processor, {:.1f} times the memory".format(*ratios))


if __name__ == "__main__":
    main()
