#!/bin/bash
# run.sh BUILD-FOLDER [swift build's options]: seeds that must keep every promise. A hundred that are always the same and ten
# new ones with a release build, and five of the fixed ones in debug, which must do bit for bit the same.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$1
shift
jobs=${JOBS:-$(nproc)}
log=$build/last-simulate-build.log

# Checks that are broken now and known to be: each goes when its cause is mended.
# S10-again, L1-old: the checker loses sight of a login or a row that changed its name.
known=(--ignore S10-again --ignore L1-old)

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
"$build/release/simulate" --seeds 100 --jobs "$jobs" "${known[@]}"

# The shell draws them, so that the simulation itself reads nothing but its seed.
first=$((RANDOM * 32768 + RANDOM + 1000))
echo "ten new seeds; again: make simulate FIRST=$first SEEDS=10"
"$build/release/simulate" --first "$first" --seeds 10 --jobs "$jobs" "${known[@]}"

compile debug "$@"
if ! diff \
  <("$build/release/simulate" "${known[@]}" --seeds 5 --keep-going --hashes) \
  <("$build/debug/simulate" "${known[@]}" --seeds 5 --keep-going --jobs "$jobs" --hashes); then
  echo "debug (>) and release (<) differ: something is decided by what is not in the seed" >&2
  exit 1
fi
echo "five seeds do the same in debug and release, bit for bit"
