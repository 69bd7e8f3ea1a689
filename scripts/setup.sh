#!/usr/bin/env bash
# Says plainly what a machine lacks before anything is built. Changes nothing. Called by make.
# usage: scripts/setup.sh PYTHON     (the interpreter that .venv is made with)
set -euo pipefail
python=${1:-python3}
missing=0

lack() { # what, how to get it
    printf 'linewarden: %s\n    %s\n' "$1" "$2" >&2
    missing=1
}

if ! command -v "$python" >/dev/null; then
    lack "$python is not installed." "Debian/Ubuntu: apt install python3 python3-venv. Then run make again."
elif ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    lack "$("$python" --version 2>&1) is too old; 3.11 or later is needed." \
        "Name another interpreter: make demo PYTHON=python3.12"
elif ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    lack "$python cannot make virtual environments." "Debian/Ubuntu: apt install python3-venv. Then run make again."
fi

need_rust=$(sed -n 's/^rust-version *= *"\(.*\)"/\1/p' Cargo.toml)
rustup_hint="Install it from https://rustup.rs, open a new shell, run make again."
if ! command -v cargo >/dev/null; then
    lack "cargo (Rust $need_rust or later) is not installed: the engine is compiled from source." "$rustup_hint"
else
    have_rust=$(cargo --version | awk '{print $2}')
    if [ "$(printf '%s\n' "$need_rust" "$have_rust" | sort -V | head -n 1)" != "$need_rust" ]; then
        lack "Rust $have_rust is too old; $need_rust or later is needed." "rustup update stable, then run make again."
    fi
fi
if ! command -v npm >/dev/null; then
    lack "Node.js (20.19 or later, with npm) is not installed: the console's scripts are built with it." \
        "Debian/Ubuntu: apt install nodejs npm; or https://nodejs.org. Then run make again."
elif ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; then
    lack "Node.js $(node --version) is too old; 20.19 or later is needed." "https://nodejs.org has newer ones."
fi
if ! command -v cc >/dev/null; then
    lack "no C linker (cc) is installed; Rust needs one." "Debian/Ubuntu: apt install gcc libc6-dev. Then run make again."
fi
exit "$missing"
