#!/usr/bin/env bash
# Fetches the official Cedar cases that packages have, for tests/policy/test_cedar_cases.py; nothing of them is built or kept
# in git. The crate cedar-policy-cli, in the version of the engine that cedarpy brings, has samples and what must be said of
# them; the Go module cedar-go has the generated suites of cedar-integration-tests (without Go they are left out).
# usage: scripts/cedar-cases.sh
set -euo pipefail
cd "$(dirname "$0")/.."
version=4.12.0
crate=build/cedar/cedar-policy-cli-$version.crate
crate_sum=7fd56e71cfb7bad516acc36499a54fa1dac39e411127f2f58f1dd8f023a69b8a
module=github.com/cedar-policy/cedar-go@v1.9.1
suites=build/cedar/generated/corpus-tests.tar.gz
suites_sum=ab12ffd99208b5502274a5e4d6cd141e424551317ac21edfb721601d3dc90d16

checked() { echo "$1  $2" | sha256sum --check --status - 2>/dev/null; }
keep() { # SUM FROM TO
    mkdir -p "$(dirname "$3")"
    cp "$2" "$3"
    chmod u+w "$3"
    checked "$1" "$3" || { echo "cedar-cases: $3 is not what was expected" >&2; rm "$3"; exit 1; }
}

if ! checked "$crate_sum" "$crate"; then
    cargo info --quiet "cedar-policy-cli@$version" >/dev/null # fetches this crate alone, and checks it against the index
    found=("${CARGO_HOME:-$HOME/.cargo}"/registry/cache/*/"${crate##*/}")
    keep "$crate_sum" "${found[0]}" "$crate"
fi
echo "cedar-cases: $crate"
if ! checked "$suites_sum" "$suites"; then
    if ! command -v go >/dev/null; then
        echo "cedar-cases: Go is not installed; the generated suites are left out" >&2
        exit 0
    fi
    folder=$(go mod download -json "$module" | sed -n 's/^\t"Dir": "\(.*\)",\?$/\1/p')
    keep "$suites_sum" "$folder/corpus-tests.tar.gz" "$suites"
fi
echo "cedar-cases: $suites"
