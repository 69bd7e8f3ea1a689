#!/usr/bin/env bash
# Coverage-guided fuzzing of every target in engine/fuzz, the time shared equally. Ends with 1 at the first crash.
# usage: scripts/fuzz.sh SECONDS SHARED
# Memory is capped (a growth is a finding) and so is the time of one input (a hang is a finding).
set -euo pipefail
seconds=$1
captures=$2/data/captures

if ! cargo fuzz --version >/dev/null 2>&1; then
    echo "fuzz: installing cargo-fuzz (once)"
    cargo install cargo-fuzz --locked --quiet
fi
toolchain=()
if rustup toolchain list 2>/dev/null | grep -q '^nightly'; then
    toolchain=(+nightly)
else
    export RUSTC_BOOTSTRAP=1 # the sanitizer flags are unstable; the stable compiler has them behind this switch
fi

mapfile -t targets < <(cargo "${toolchain[@]}" fuzz list --fuzz-dir engine/fuzz)
[ ${#targets[@]} -gt 0 ] || { echo "fuzz: engine/fuzz has no targets" >&2; exit 1; }
each=$((seconds / ${#targets[@]}))
echo "fuzz: ${#targets[@]} targets, ${each} s each: ${targets[*]}"
for target in "${targets[@]}"; do
    corpus=engine/fuzz/corpus/$target
    mkdir -p "$corpus"
    seeds=()
    [ -d "engine/fuzz/seeds/$target" ] && seeds+=("engine/fuzz/seeds/$target")
    # Whole files make seeds only where a target eats whole files; the size cap keeps it quick.
    case $target in *capture*) [ -d "$captures" ] && seeds+=("$captures") ;; esac
    cargo "${toolchain[@]}" fuzz run --fuzz-dir engine/fuzz "$target" "$corpus" ${seeds[@]+"${seeds[@]}"} -- \
        -max_total_time="$each" -max_len=65536 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
done
echo "fuzz: no finding"
