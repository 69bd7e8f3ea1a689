#!/usr/bin/env bash
# Reads the capture that the repository ships and a real plant's where it exists; then brings up the practice plant, watches it
# live while an incident plays, and shows what was seen. Says where the reports are.
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

live() { # the practice plant, watched for a minute
    local folder=$out/live-plant
    rm -rf "$folder"
    mkdir -p "$folder"
    printf '\n== linewarden exercise run setpoint-change --watch %s ==\n' "$folder/lake"
    echo "A bottling line of 25 devices on real protocol stacks, in network namespaces; about 80 seconds."
    local failed=0
    "$linewarden" exercise run setpoint-change --seconds 60 --watch "$folder/lake" --keep "$folder/logs" || failed=$?
    if [ "$failed" -gt 1 ]; then # 1: the plant ran, and something in it did not do what it should; its summary says what
        echo "demo: the practice plant does not run here (see above); the recorded plant was shown instead."
        return
    fi
    printf '\n-- what the sensor saw: process values, what moves first\n'
    "$linewarden" tags "$folder/lake" | head -24
    printf '\n-- what was written to the controllers\n'
    "$linewarden" query "$folder/lake" "$WRITES"
    printf '\n-- what is wrong: said while it happened, tied together in cases\n'
    "$linewarden" cases "$folder/lake"
    printf '\n-- assets and map\n'
    "$linewarden" correct "$folder/lake" --report "$folder/report.html"
    reports+=("$folder/report.html")
}
WRITES="SELECT \"id.orig_h\" || ' -> ' || \"id.resp_h\" AS who, protocol || ' ' || target AS what, count(*) AS times,
any_value(value) AS value FROM command WHERE verb = 'write' AND protocol = 'modbus' GROUP BY 1, 2 ORDER BY times, who LIMIT 10"
live

printf '\nReports (one file each; open in a browser):\n'
for report in "${reports[@]}"; do printf '    file://%s\n' "$(realpath "$report")"; done
printf 'Ask the lake with SQL:\n    %s query %s "SELECT verb, count(*) FROM command GROUP BY verb"\n' "$linewarden" "$out/lake"
printf 'Look at it in a browser, live map, cases and hunt (it says where, and prints a code for your account):\n    %s console %s\n' "$linewarden" "$out/lake"
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && [ -t 1 ] && command -v xdg-open >/dev/null; then
    xdg-open "${reports[-1]}" >/dev/null 2>&1 &
fi
