#!/usr/bin/env bash
# Reads the capture that the repository ships, then a real plant's where it exists, and says where the reports are.
# usage: scripts/demo.sh LINEWARDEN SHARED     (called by `make demo`)
set -euo pipefail
linewarden=$1
shared=$2
data=src/linewarden/exercises/data
out=build/demo
reports=()

read_into() { # folder, capture, further options
    local folder=$1 capture=$2; shift 2
    rm -rf "$folder"
    mkdir -p "$folder"
    printf '\n== linewarden read %s ==\n' "$capture"
    "$linewarden" read "$capture" --out "$folder/lake" --report "$folder/report.html" "$@"
    reports+=("$folder/report.html")
}

shopt -s nullglob
captures=("$data"/demo-plant.pcap* "$data"/demo-plant*.pcapng*)
names=("$data"/demo-plant*.csv)
if [ ${#captures[@]} -eq 0 ]; then
    echo "demo: $data/demo-plant.pcap* is missing; this clone is incomplete." >&2
    exit 1
fi
read_into "$out" "${captures[0]}" ${names[0]:+--names "${names[0]}"}

real=$shared/data/captures/multi__iti__mb2.pcap
if [ -e "$real" ]; then
    read_into "$out/real-plant" "$real"
else
    printf '\ndemo: %s is not here, so only the shipped capture was read.\n' "$real"
fi

printf '\nReports (one file each; open in a browser):\n'
for report in "${reports[@]}"; do printf '    file://%s\n' "$(realpath "$report")"; done
printf 'Ask the lake with SQL:\n    %s query %s "SELECT verb, count(*) FROM command GROUP BY verb"\n' "$linewarden" "$out/lake"
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && [ -t 1 ] && command -v xdg-open >/dev/null; then
    xdg-open "${reports[-1]}" >/dev/null 2>&1 &
fi
