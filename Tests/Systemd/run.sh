#!/bin/bash
# run.sh DEBS SUITE...: boots each Debian (bookworm, trixie) with its own systemd, installs the packages from the folder DEBS
# and checks what an administrator relies on; see inside/. All suites side by side: most of the time they wait for a
# watchdog or a restart. $GUESTWATCH_OUT (default: beside DEBS) keeps the journals.
set -euo pipefail
debs=$(realpath -- "${1:?usage: run.sh DEBS SUITE...}")
shift
out=${GUESTWATCH_OUT:-$debs/systemd-test}
here=$(realpath "$(dirname "$0")")
[ "$(id -u)" = 0 ] || { echo "make systemd-test must be root: it boots containers" >&2; exit 77; }
# A container that hangs must not hang the caller.
longest=${GUESTWATCH_LONGEST:-900}

work=$(mktemp -d "${TMPDIR:-/tmp}/guestwatchd-systemd.XXXXXX")
trap 'rm -rf "$work"' EXIT

# The one package of that name; the newest where there are several.
package() { find "$debs" -maxdepth 1 -name "$1_*.deb" -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2-; }
mkdir "$work/given"
for name in guestwatchd vcenter-simulator; do
  file=$(package $name)
  [ -n "$file" ] || { echo "run.sh: there is no package $name in $debs" >&2; exit 1; }
  cp "$file" "$work/given/$name.deb"
done
cp -r "$here/inside" "$work/given/inside"
# What an upgrade goes to: the same, under a higher version.
newer=$(dpkg-deb -f "$work/given/guestwatchd.deb" Version)+newer
dpkg-deb -R "$work/given/guestwatchd.deb" "$work/newer"
sed -i "s/^Version: .*/Version: $newer/" "$work/newer/DEBIAN/control"
dpkg-deb --root-owner-group -Znone --build "$work/newer" "$work/given/guestwatchd-newer.deb" >/dev/null
echo "$newer" >"$work/given/newer-version"
rm -rf "$work/newer"

declare -A tests
for suite; do
  mkdir -p "$out/$suite"
  (
    tree=$("$here/tree" "$suite")
    begun=$SECONDS status=0
    timeout --kill-after=30 "$longest" "$here/boot" "$tree" "$work/given" "$out/$suite" /given/inside/all 2>&1 |
      sed -u "s/^[0-9]* passed, [0-9]* failed\$/$suite: &/; t; s/^/$suite | /" || status=$?
    # An end by the clock has no last line.
    [ "$status" = 0 ] || echo "$suite | failed, status $status, after $((SECONDS - begun)) s; journal and console: $out/$suite"
    exit "$status"
  ) &
  tests[$suite]=$!
done
failed=0
for suite in "${!tests[@]}"; do
  wait "${tests[$suite]}" || failed=1
done
exit $failed
