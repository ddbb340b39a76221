#!/bin/bash
# run.sh BUILD-FOLDER [swift build's options]: seeds that must keep every promise. A hundred that are always the same, twenty
# with an operator who kills by hand, those of REGRESSIONS and five that nobody has played before with a release build, and
# five of them in debug, which must do bit for bit the same. RANDOM_FIRST=n plays the five from n on again.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$1
shift
jobs=${JOBS:-$(nproc)}
log=$build/last-simulate-build.log

compile() { # CONFIGURATION options...: the command alone; nothing of the daemon's HTTP stack is needed
  local started=$SECONDS
  swift build --scratch-path "$build" -c "$1" --product simulate "${@:2}" >"$log" 2>&1 || {
    grep -E 'error|warning' "$log" | head -n 40 >&2
    echo "the $1 build of the simulation failed; all of its output is in $log" >&2
    exit 1
  }
  echo "built the simulation ($1) in $((SECONDS - started)) s"
}

compile release "$@"
Tests/Simulation/no-mutations.sh "$build/release/simulate"
"$build/release/simulate" --seeds 100 --jobs "$jobs"
"$build/release/simulate" --by-hand --seeds 20 --jobs "$jobs"

count=0
while read -r seed found; do
  [[ $seed == [0-9]* ]] || continue
  "$build/release/simulate" --first "$seed" --seeds 1 --hashes >"$build/last-regression" || {
    cat "$build/last-regression" >&2
    echo "seed $seed of Tests/Simulation/REGRESSIONS fails again; it once showed that $found" >&2
    exit 1
  }
  count=$((count + 1))
done <Tests/Simulation/REGRESSIONS
echo "$count seeds that once found something pass"

first=${RANDOM_FIRST:-$((1000000 + (RANDOM << 15 | RANDOM)))}
echo "five new seeds, from $first on"
"$build/release/simulate" --first "$first" --seeds 5 --jobs "$jobs"

compile debug "$@"
if ! diff \
  <("$build/release/simulate" --seeds 5 --keep-going --hashes) \
  <("$build/debug/simulate" --seeds 5 --keep-going --jobs "$jobs" --hashes); then
  echo "debug (>) and release (<) differ: something is decided by what is not in the seed" >&2
  exit 1
fi
echo "five seeds do the same in debug and release, bit for bit"
