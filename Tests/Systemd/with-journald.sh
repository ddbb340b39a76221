#!/bin/bash
# with-journald.sh OUT COMMAND...: runs COMMAND with a journald of its own and leaves what that has in its journal in the
# file OUT, one JSON object a line. Exits as COMMAND does; 69 where journald could not be started.
#
# All happens in a private mount namespace with an empty /run: the machine's own journal sees nothing of it, and nothing
# stays behind. stderr of COMMAND is journald's stream, as under systemd ($JOURNAL_STREAM is set); stdout stays what
# it was, and $GUESTWATCH_JOURNALD_PID says whom to stop for a journal that is stuck. Needs root, util-linux, systemd.
set -euo pipefail

if [ "${GUESTWATCH_JOURNALD_PRIVATE:-}" != 1 ]; then
  GUESTWATCH_JOURNALD_PRIVATE=1 exec unshare --mount --propagation private -- "$0" "$@"
fi
unset GUESTWATCH_JOURNALD_PRIVATE

out=$(realpath -- "$1")
shift

mount -t tmpfs -o mode=0755 tmpfs /run
mkdir -p /run/systemd/journal /run/log/journal /run/systemd/journald.conf.d
# ReadKMsg, Audit: not the kernel's; ForwardTo*: to nobody else.
cat >/run/systemd/journald.conf.d/private.conf <<'EOF'
[Journal]
Storage=volatile
ReadKMsg=no
Audit=no
RateLimitIntervalSec=0
ForwardToSyslog=no
ForwardToWall=no
EOF
# journald keeps its files under the machine's id; a machine without one gets one here, for this namespace only.
if ! [ -s /etc/machine-id ]; then
  systemd-id128 new >/run/machine-id
  [ -e /etc/machine-id ] && mount --bind /run/machine-id /etc/machine-id
fi

# $NOTIFY_SOCKET is COMMAND's: nobody is to take journald's READY=1 for its own.
env -u NOTIFY_SOCKET SYSTEMD_LOG_TARGET=console SYSTEMD_LOG_LEVEL=err /lib/systemd/systemd-journald &
export GUESTWATCH_JOURNALD_PID=$!
journald=$GUESTWATCH_JOURNALD_PID
trap 'kill "$journald" 2>/dev/null || true; wait "$journald" 2>/dev/null || true' EXIT

for _ in $(seq 200); do
  [ -S /run/systemd/journal/socket ] && [ -S /run/systemd/journal/stdout ] && break
  kill -0 "$journald" 2>/dev/null || exit 69
  sleep 0.05
done
[ -S /run/systemd/journal/socket ] || exit 69

# systemd-cat gives COMMAND the stream; what systemd would say of it in the environment is added here.
status=0
systemd-cat --identifier=with-journald --stderr-priority=info bash -c '
  JOURNAL_STREAM=$(stat --dereference --format=%d:%i /proc/self/fd/2) exec "$@" >&3 3>&-' bash "$@" 3>&1 || status=$?
# Asks journald for all that was sent so far to be on disk, and waits for it.
journalctl --sync 2>/dev/null || { kill -s RTMIN+1 "$journald"; sleep 0.3; }
journalctl -D /run/log/journal --output=json --all --no-pager >"$out"
exit "$status"
