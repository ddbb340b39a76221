#!/bin/bash
# Everything that vcenter-simulator starts ends with it: on SIGTERM, also in the middle of a terminate, and on SIGKILL.
# Usage: lifecycle.sh PATH_OF_vcenter-simulator
set -euo pipefail
binary=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Guests with a grandchild that outlives its parent, and one that ignores SIGTERM.
cat >"$work/scenario.json" <<'JSON'
{"accounts": [{"user": "u", "password": "p"}],
 "vms": [{"id": "vm-1", "name": "a", "guest": "real", "accounts": [{"user": "root", "password": "g"}], "processes": [
   {"argv": ["/bin/sleep", "7001"]},
   {"label": "stubborn", "argv": ["/bin/sleep", "7002"], "ignores_sigterm": true},
   {"argv": ["/bin/bash", "-c", "(sleep 7003 &); sleep 7004; true"]}]}]}
JSON

start() {
  rm -rf "$work/state"
  "$binary" --scenario "$work/scenario.json" --state "$work/state" >"$work/ready" &
  simulator=$!
  for _ in $(seq 300); do
    if [ -s "$work/state/simulator.json" ]; then
      mark=$(field "['process_mark']")
      return
    fi
    sleep 0.1
  done
  echo "lifecycle.sh: the simulator was not ready in 30 s" >&2
  exit 1
}

# Processes whose environment carries this simulator's mark, zombies apart (those have none).
guests() { grep -lsaF "$mark" /proc/[0-9]*/environ 2>/dev/null | wc -l; }

expect_none() {
  for _ in $(seq 100); do
    [ "$(guests)" = 0 ] && { echo "ok: nothing is left after $1"; return; }
    sleep 0.1
  done
  echo "FAILED: $(guests) guest processes are left after $1" >&2
  exit 1
}

field() { python3 -c "import json, sys; print(json.load(open('$work/state/simulator.json'))$1)"; }

start
[ "$(guests)" -ge 4 ] || { echo "FAILED: only $(guests) guest processes" >&2; exit 1; }
[ "$(stat -c %a "$work/state/simulator.json")" = 600 ] || { echo "FAILED: simulator.json is readable by others" >&2; exit 1; }
kill -TERM "$simulator"
wait "$simulator" || { echo "FAILED: exit status $? after SIGTERM" >&2; exit 1; }
expect_none SIGTERM

start
url=$(field "['url']") pid=$(field "['guests']['vm-1'][1]['pid']")
token=$(curl -sS --cacert "$work/state/ca.pem" -X POST -u u:p "$url/api/session" | tr -d '"')
curl -sS --cacert "$work/state/ca.pem" -H "vmware-api-session-id: $token" -H 'content-type: application/json' \
  -d '{"credentials":{"type":"USERNAME_PASSWORD","interactive_session":false,"user_name":"root","password":"g"}}' \
  "$url/api/vcenter/vm/vm-1/guest/processes/$pid?action=delete" >"$work/terminate" 2>&1 &
sleep 0.5
began=$SECONDS
kill -INT "$simulator"
wait "$simulator" || { echo "FAILED: exit status $? after SIGINT" >&2; exit 1; }
[ $((SECONDS - began)) -le 3 ] || { echo "FAILED: $((SECONDS - began)) s to stop in the middle of a terminate" >&2; exit 1; }
expect_none "SIGINT in the middle of a terminate"
wait

start
kill -KILL "$simulator"
wait "$simulator" 2>/dev/null || true
expect_none SIGKILL
