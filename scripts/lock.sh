#!/usr/bin/env bash
# Resolves pyproject.toml into uv.lock and exports it, with hashes, for plain pip. Run after a change of dependencies.
# usage: scripts/lock.sh [--upgrade]
set -euo pipefail
command -v uv >/dev/null || { echo "lock: uv is needed for this (only for this): pip install uv" >&2; exit 1; }
uv lock --no-config "$@"
export_to() { # file, then what to include
    local file=$1; shift
    uv export --no-config --frozen --quiet --no-emit-project --no-header --no-annotate "$@" --output-file "$file"
    sed -i "1i # Made by \`make lock\` from uv.lock; do not edit. Install with: pip install --require-hashes -r $file" "$file"
}
export_to requirements/runtime.txt --no-dev
export_to requirements/build.txt --no-dev --group build
export_to requirements/dev.txt --group dev
export_to requirements/exercises.txt --no-dev --extra exercises
