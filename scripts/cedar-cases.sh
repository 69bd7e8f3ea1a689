#!/usr/bin/env bash
# Fetches the official Cedar cases that a package has: those of the crate cedar-policy-cli, in the version of the engine that
# cedarpy brings. tests/policy/test_cedar_cases.py reads the crate where this puts it; nothing of it is built or kept in git.
# usage: scripts/cedar-cases.sh
set -euo pipefail
cd "$(dirname "$0")/.."
version=4.12.0
sum=7fd56e71cfb7bad516acc36499a54fa1dac39e411127f2f58f1dd8f023a69b8a
crate=cedar-policy-cli-$version.crate
to=build/cedar/$crate
checked() { echo "$sum  $1" | sha256sum --check --status - 2>/dev/null; }
if ! checked "$to"; then
    cargo info --quiet "cedar-policy-cli@$version" >/dev/null # fetches this crate alone, and checks it against the index
    mkdir -p "$(dirname "$to")"
    found=("${CARGO_HOME:-$HOME/.cargo}"/registry/cache/*/"$crate")
    cp "${found[0]}" "$to"
    checked "$to" || { echo "cedar-cases: $crate is not what was expected" >&2; rm "$to"; exit 1; }
fi
echo "cedar-cases: $to"
