#!/bin/sh
# Runs a Python test; exit code 77, "skipped", where there is no python3.
command -v python3 >/dev/null || { echo "interop: skipped, no python3 on PATH"; exit 77; }
exec python3 "$@"
