#!/bin/bash
# no-mutations.sh BINARY...: fails where a binary holds anything of the faults that the package trait Mutations puts into the
# decision: a symbol, the name of a fault, or the sentence that says what it does.
set -euo pipefail
cd "$(dirname "$0")/../.."
faults=Sources/GuestWatchCore/Mutations/Mutation.swift
words=$(sed -n 's/^  case \([A-Za-z]*\) = "\(.*\)"$/\1\n\2/p' "$faults")
count=$(($(wc -l <<<"$words") / 2))
if ((count < 25)); then
  echo "only $count faults were found in $faults: this check would see nothing" >&2
  exit 1
fi
# How the compiler writes the names of the type and of the question for it.
words+=$'\nGuestWatchCore8Mutation\nGuestWatchCore7mutated'
for binary; do
  if found=$(grep -aoF "$words" "$binary" | sort -u); then
    echo "$binary holds $(wc -l <<<"$found") traces of mutations, such as: $(head -n 3 <<<"$found" | paste -sd' ')" >&2
    exit 1
  fi
  echo "$binary holds none of $count mutations"
done
