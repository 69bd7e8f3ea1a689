#!/usr/bin/env bash
# Installs the newest wheel of dist/ in a fresh environment of each Python (3.11 to 3.14) found here, and reads with it.
# With versions named, each of these must be tried: one that is not here is fetched from Debian, or the check fails.
# usage: scripts/check_wheel.sh [VERSION ...]
set -euo pipefail
shopt -s nullglob
wheel=$(ls -t dist/linewarden-*.whl | head -n 1)
captures=(src/linewarden/exercises/data/demo-plant.pcap*)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

interpreter() { # version -> path of a Python of that version that runs: PATH, pyenv, or fetched before
    local candidate
    for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python \
        build/pythons/"$1"/usr/bin/linewarden-python; do
        if "$candidate" -c pass 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
}

tried=0
for version in ${*:-3.11 3.12 3.13 3.14}; do
    python=$(interpreter "$version")
    if [ -z "$python" ] && [ $# -gt 0 ]; then
        python=$(scripts/other-pythons.sh "$version")
    fi
    if [ -z "$python" ]; then
        echo "wheel: no Python $version here, not tried"
        continue
    fi
    "$python" -m venv "$work/$version"
    pip=("$work/$version/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all:)
    "${pip[@]}" --require-hashes -r requirements/runtime.txt
    "${pip[@]}" --no-deps "$wheel"
    "$work/$version/bin/linewarden" --version
    "$work/$version/bin/linewarden" read "${captures[0]}" --json >"$work/$version.json"
    test -s "$work/$version.json"
    echo "wheel: $(basename "$wheel") works with $("$python" --version)"
    tried=$((tried + 1))
done
[ "$tried" -gt 0 ] || { echo "wheel: no Python from 3.11 to 3.14 found" >&2; exit 1; }
