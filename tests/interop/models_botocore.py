#!/usr/bin/env python3
"""Every service that botocore knows: each is imported, and each operation can be called.

    models_botocore.py GWRUN ENDPOINT_TOOL UNSUPPORTED.txt

`gwrun models add` takes botocore's whole data folder; then one call of each operation, with what its model requires and no
more, is validated, written, sent to its endpoint and signed. What is refused must be what UNSUPPORTED.txt says, no more
and no less."""

import json
import os
import subprocess
import sys
import tempfile

try:
    import botocore.session
except ImportError:
    print("models_botocore: skipped, botocore is not installed")
    sys.exit(77)

ACCOUNT = "123456789012"
REGION = "us-east-1"

# Rules of endpoints look into ARNs.
ARNS = {
    "cloudfront-keyvaluestore": f"arn:aws:cloudfront::{ACCOUNT}:key-value-store/some-name",
    "kinesis": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/some-name",
}

DATA = os.path.join(os.path.dirname(botocore.__file__), "data")


def some_text(service, name, shape):
    if shape.enum:
        return shape.enum[0]
    if name == "PredictEndpoint":
        return f"https://realtime.machinelearning.{REGION}.amazonaws.com"  # the request goes there
    if "arn" in name.lower():
        arn = ARNS.get(service, f"arn:aws:{service}:{REGION}:{ACCOUNT}:thing/some-name")
        return arn.ljust(shape.metadata.get("min", 0), "e")
    if name.lower().endswith("accountid"):
        return ACCOUNT
    if shape.metadata.get("max", 99) < 6:
        return "a" * max(shape.metadata["max"], 1)
    return "some-name".ljust(shape.metadata.get("min", 0), "e")[:shape.metadata.get("max", 1 << 20)]


def some_value(service, name, shape, depth=0):
    """What the model requires and no more."""
    kind, low = shape.type_name, shape.metadata.get("min", 0)
    if kind == "structure":
        names = list(shape.members) if shape.is_tagged_union else shape.required_members
        return {key: some_value(service, key, shape.members[key], depth + 1)
                for key in (names[:1] if shape.is_tagged_union else names)} if depth < 30 else {}
    if kind == "list":
        return [some_value(service, name, shape.member, depth + 1) for _ in range(low)]
    if kind == "map":
        return {some_text(service, name, shape.key): some_value(service, name, shape.value, depth + 1)} if low else {}
    if kind in ("string", "character"):
        return some_text(service, name, shape)
    if kind in ("integer", "long", "float", "double"):
        return max(low, 0)
    return {"boolean": True, "timestamp": 1700000000}.get(kind, "x" * max(low, 1))


def unsupported(path):
    with open(path) as lines:
        return {line.split()[0] for line in lines if line.strip() and not line.startswith("#")}


def add_all(gwrun, folder):
    """Adds botocore's data folder; the names of the services that were refused."""
    done = subprocess.run([gwrun, "models", "add", DATA], env={**os.environ, "GWRUN_MODELS": folder},
                          capture_output=True, text=True)
    lines = [line for line in done.stderr.splitlines() if "built in and stay" not in line]
    refused = {line.split(": ")[1]: line for line in lines}
    print(done.stdout.splitlines()[-1])
    return refused


class Tool:
    def __init__(self, path, folder):
        env = {"PATH": os.environ["PATH"], "GWRUN_MODELS": folder, "HOME": folder, "AWS_BEARER_TOKEN_CODECATALYST": "some-token"}
        self.child = subprocess.Popen([path], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, question):
        self.child.stdin.write(json.dumps(question) + "\n")
        self.child.stdin.flush()
        return json.loads(self.child.stdout.readline())


def call_all(tool, loader, name):
    """The refused operations of a service with why, and how many there are."""
    model = botocore.model.ServiceModel(loader.load_service_model(name, "service-2"), name)
    refused = {}
    for op in model.operation_names:
        shape = model.operation_model(op).input_shape
        question = {"service": name, "operation": op, "region": REGION, "account_id": ACCOUNT,
                    "input": some_value(name, "", shape) if shape else {}}
        answer = tool.ask(question)
        if "error" in answer:
            refused[f"{name}:{op}"] = answer["error"]
        elif not answer.get("url", "").startswith("https://"):
            refused[f"{name}:{op}"] = f"went to {answer.get('url')}"
    return refused, len(model.operation_names)


def main():
    gwrun, tool_path, known_path = sys.argv[1:]
    known = unsupported(known_path)
    loader = botocore.session.get_session().get_component("data_loader")
    services = loader.list_available_services("service-2")
    with tempfile.TemporaryDirectory(prefix="gwrun-models-") as folder:
        refused, calls = add_all(gwrun, folder), 0
        tool = Tool(tool_path, folder)
        for name in services:
            if name not in refused:
                more, count = call_all(tool, loader, name)
                refused.update(more)
                calls += count
        tool.child.stdin.close()
        tool.child.wait()
    for name in sorted(set(refused) - known):
        print(f"refused: {name}: {refused[name]}")
    for name in sorted(known - set(refused)):
        print(f"not refused, though {os.path.basename(known_path)} says so: {name}")
    wrong = len(set(refused) ^ known)
    print(f"{len(services)} services, {calls} operations called; {len(refused)} refused as written down, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
