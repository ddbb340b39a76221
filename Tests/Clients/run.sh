#!/bin/bash
# Checks vcenter-simulator against VMware's own Python SDK, in a virtual environment of its own.
# Usage: run.sh PATH_OF_vcenter-simulator [VENV]. VENV is kept and used again; without it a temporary one is made.
# Exit 0: it agrees, or PyPI cannot be reached (which is said plainly); anything else: it does not.
set -euo pipefail
binary=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
simulator=
trap '[ -z "$simulator" ] || kill "$simulator" 2>/dev/null || true; wait || true; rm -rf "$work"' EXIT
venv=${2:-$work/venv}

if [ ! -x "$venv/bin/python" ] && ! python3 -m venv "$venv"; then
  echo "run.sh: python3 cannot make a virtual environment; install python3-venv" >&2
  exit 1
fi
# The versions that vsphere-api.md was written from.
if ! "$venv/bin/python" -c 'import pyVmomi, com.vmware.vcenter_client' 2>/dev/null &&
  ! "$venv/bin/pip" install --quiet --disable-pip-version-check vmware-vcenter==9.1.1.0 pyvmomi==9.1.1.0 \
    2>"$work/pip"; then
  # Only a network that is not there is a reason to skip; a package that is gone or broken is a failure.
  if grep -qE 'Failed to establish a new connection|Temporary failure in name resolution|Network is unreachable|ConnectTimeout|ProxyError' "$work/pip"; then
    echo "SKIPPED: the package index cannot be reached, so VMware's SDK cannot be installed"
    exit 0
  fi
  cat "$work/pip" >&2
  exit 1
fi

"$binary" --scenario "$here/scenario.json" --state "$work/state" >"$work/ready" &
simulator=$!
for _ in $(seq 300); do
  [ -s "$work/state/simulator.json" ] && break
  kill -0 "$simulator" || { echo "run.sh: the simulator ended before it was ready" >&2; exit 1; }
  sleep 0.1
done
"$venv/bin/python" "$here/sdk_check.py" "$work/state/simulator.json"
