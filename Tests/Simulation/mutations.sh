#!/bin/bash
# mutations.sh BUILD-FOLDER [swift build's options]: plays seeds against every fault that can be put into the decision, until
# one finds it; fails where one survives MUTATION_SEEDS of them (300). Writes MUTATIONS.md anew.
set -euo pipefail
cd "$(dirname "$0")/../.."
# A folder of its own: what is built elsewhere never holds a fault.
build=$1/mutations
shift
page=Tests/Simulation/MUTATIONS.md
mkdir -p "$build"
swift build --scratch-path "$build" -c release --product simulate --traits Mutations "$@" >"$build/last-build.log" 2>&1 || {
  grep -E 'error|warning' "$build/last-build.log" | head -n 40 >&2
  echo "the build with mutations failed; all of its output is in $build/last-build.log" >&2
  exit 1
}
if Tests/Simulation/no-mutations.sh "$build/release/simulate" 2>/dev/null; then
  echo "no-mutations.sh finds none in a binary that has them all: it sees nothing" >&2
  exit 1
fi
status=0
"$build/release/simulate" --mutations --markdown --seeds "${MUTATION_SEEDS:-300}" --jobs "${JOBS:-$(nproc)}" \
  >"$build/page" || status=$?
# 1: some survived, and the page says which. Anything else is no page.
if ((status <= 1)); then cp "$build/page" "$page"; fi
exit "$status"
