#!/usr/bin/env bash
# Coverage-guided fuzzing of the targets in engine/fuzz, the time shared between them. Ends with 1 at a crash, with its
# input's path. Memory is capped (growth is a finding) and so is the time of one input (a hang is a finding).
# usage: scripts/fuzz.sh SECONDS SHARED      (FUZZ_TARGETS="sensor stream_cuts" for some of them only)
set -euo pipefail
seconds=$1
captures=$2/data/captures
python=.venv/bin/python
here=engine/fuzz

if ! cargo fuzz --version >/dev/null 2>&1; then
    echo "fuzz: installing cargo-fuzz (once, a few minutes)"
    cargo install cargo-fuzz --locked --quiet
fi
# The tables that the sensor runs come from the protocol files.
if ! "$python" -c 'from linewarden.sensor.sensor import spec; print(spec())' >"$here/spec.json.tmp"; then
    echo "fuzz: the protocol tables cannot be loaded; run \`make setup\` first" >&2
    exit 2
fi
cmp -s "$here/spec.json.tmp" "$here/spec.json" || mv "$here/spec.json.tmp" "$here/spec.json"
rm -f "$here/spec.json.tmp"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/captures" "$work/stream_cuts"
if [ -d "$captures" ]; then
    "$python" -m tests.robustness.fuzz_seeds "$captures" "$work"
else
    echo "fuzz: $captures is not here; beginning without seeds"
fi

# Without a sanitizer: our crates forbid unsafe code, so panics, growth and hangs are what can be found, and the
# stable compiler is enough. Debug assertions and overflow checks are on.
cargo fuzz build --fuzz-dir "$here" -s none
read -ra targets <<<"${FUZZ_TARGETS:-capture_reader sensor stream_cuts}"
each=$((seconds / ${#targets[@]}))
echo "fuzz: ${#targets[@]} targets, $each s each: ${targets[*]}"
for target in "${targets[@]}"; do
    corpus=$here/corpus/$target
    mkdir -p "$corpus" "$here/artifacts/$target"
    seeds=$work/captures
    [ "$target" = stream_cuts ] && seeds=$work/stream_cuts
    if ! cargo fuzz run --fuzz-dir "$here" -s none "$target" "$corpus" "$seeds" -- -max_total_time="$each" \
        -max_len=65536 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 >"$work/log" 2>&1; then
        grep -E 'panicked|ERROR|SUMMARY|assertion' -A 3 "$work/log" | head -40 >&2
        crash=$(find "$here/artifacts/$target" -type f -newer "$work/captures" -printf '%T@ %p\n' | sort -n | tail -n 1)
        echo "fuzz: $target failed; input: ${crash#* }" >&2
        echo "fuzz: again with: cargo fuzz run --fuzz-dir $here -s none $target ${crash#* }" >&2
        exit 1
    fi
    grep -E 'number_of_executed_units|peak_rss_mb|DONE' "$work/log" | sed "s/^/fuzz: $target: /"
done
echo "fuzz: no finding"
