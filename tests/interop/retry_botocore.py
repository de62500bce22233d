"""Compares what is tried again, after which delay and at which rate with botocore's own modules: retry_botocore.py RETRY_TOOL

botocore's newest generation of the standard mode is behind a switch, which is set here. Two classes of failures are left out because the
two sides mean to differ: refused credentials (never repeated here, whatever the status) and 429 without a code (throttling
here, as in Smithy's guide; nothing there). IDPCommunicationError is STS's own code and only asked of it.
"""

import os
import random
import subprocess
import sys
from unittest import mock

os.environ["AWS_NEW_RETRIES_2026"] = "true"
try:
    import botocore.session
    from botocore.retries import adaptive, bucket, special, standard, throttling
except ImportError:
    print("retry interop: skipped, python3 has no botocore")
    sys.exit(77)
if not getattr(standard, "NEW_RETRIES_ENABLED", False):
    print("retry interop: skipped, this botocore does not know the newest standard mode")
    sys.exit(77)

SEED = 20260101
SERVICES = ["ecs", "elbv2", "sts", "s3", "dynamodb", "lambda", "kms", "sqs", "ec2", "rds", "logs", "secretsmanager"]
STATUSES = [400, 403, 404, 408, 409, 413, 499, 500, 501, 502, 503, 504, 505, 509, 599]
CODES = (standard.ThrottledRetryableChecker._THROTTLED_ERROR_CODES + standard.TransientRetryableChecker._TRANSIENT_ERROR_CODES
         + ["ValidationException", "AccessDenied", "InternalFailure", "ServiceUnavailable", "throttling", "SlowDownMore", "-"])
REFUSALS = {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId",
            "RequestExpired"}
SEQUENCES, ANSWERS = 40, 60


class Clock:
    def __init__(self, now):
        self.now = now

    def current_time(self):
        return self.now


def random_failures(dice):
    session = botocore.session.get_session()
    for service in SERVICES:
        model = session.get_service_model(service)
        for name in dice.sample(model.operation_names, min(15, len(model.operation_names))):
            operation = model.operation_model(name)
            modelled = sorted({shape.metadata.get("error", {}).get("code") or shape.name
                               for shape in operation.error_shapes} - REFUSALS)
            codes = dice.sample(CODES, 8) + dice.sample(modelled, min(4, len(modelled)))
            for code in codes + (["IDPCommunicationError"] if service == "sts" else []):
                yield service, operation, code, dice.choice(STATUSES), dice.randint(1, 12), dice.random(), dice.choice(
                    [-1, -1, 0, 70, 1500, 30000])


def expect(service, operation, code, status, attempt, chance, hint_ms):
    adapter = standard.RetryEventAdapter()
    detector = standard.ThrottlingErrorDetector(adapter)
    response = mock.Mock(status_code=status, content=b"")
    response.headers = {"x-amz-retry-after": str(hint_ms)} if hint_ms >= 0 else {}
    context = standard.RetryContext(
        attempt_number=attempt, operation_model=operation, http_response=response,
        parsed_response={"Error": {"Code": "" if code == "-" else code}}, request_context={})
    if not standard.StandardRetryConditions(max_attempts=100).is_retryable(context):
        return "never", 0, 0
    delay = standard.ExponentialBackoff(random=lambda: chance, service_name=service,
                                        throttling_detector=detector).delay_amount(context)
    throttled = detector.is_throttling_error_from_context(context)
    return "throttling" if throttled else "transient", delay * 1000, 5 if throttled else 14


def compare_failures(ask):
    dice = random.Random(SEED)
    failures = list(random_failures(dice))
    lines = [f"fail {service} {operation.name} {code} {status} {attempt} {chance!r} {hint_ms}"
             for service, operation, code, status, attempt, chance, hint_ms in failures]
    wrong = 0
    for line, failure, got in zip(lines, failures, ask(lines)):
        name, delay_ms, cost = got.split()
        expected = expect(*failure)
        if (name, int(cost)) != (expected[0], expected[2]) or abs(int(delay_ms) - expected[1]) > 1:
            wrong += 1
            print(f"{line}: expected {expected}, got {got}")
    print(f"retry interop: {len(lines)} failures, {wrong} decided differently")
    return wrong


def compare_rates(ask):
    dice = random.Random(SEED)
    wrong = 0
    for _ in range(SEQUENCES):
        clock = Clock(dice.uniform(0, 1e6))
        tokens = bucket.TokenBucket(max_rate=1, clock=clock)
        rates = adaptive.RateClocker(clock)
        throttled = mock.Mock()
        limiter = adaptive.ClientRateLimiter(throttling.CubicCalculator(0, clock.now), rates, tokens, throttled, clock)
        lines, expected = [f"limiter {clock.now!r}"], []
        for _ in range(ANSWERS):
            clock.now += dice.choice([0.001, 0.02, 0.3, 1.7]) * dice.random()
            throttled.is_throttling_error.return_value = dice.random() < 0.15
            limiter.on_receiving_response()
            lines.append(f"answer {'throttled' if throttled.is_throttling_error.return_value else 'ok'} {clock.now!r}")
            expected.append((rates.measured_rate, tokens.max_rate))
        for line, want, got in zip(lines[1:], expected, ask(lines)):
            have = tuple(map(float, got.split()))
            if any(abs(a - b) > 1e-6 * max(1, abs(a)) for a, b in zip(want, have)):
                wrong += 1
                print(f"{line}: expected {want}, got {have}")
    print(f"retry interop: {SEQUENCES * ANSWERS} answers to the limiter, {wrong} other rates")
    return wrong


def main():
    def ask(lines):
        return subprocess.run([sys.argv[1]], input="\n".join(lines) + "\n", check=True, text=True,
                              capture_output=True).stdout.splitlines()

    sys.exit(1 if compare_failures(ask) + compare_rates(ask) else 0)


if __name__ == "__main__":
    main()
