#!/usr/bin/env bash
# Starts the shipped units under a real systemd in namespaces of its own, kills and stops them, and says what was seen. Nothing of
# the machine is changed: /etc, /var, /run, /tmp and /opt are private to it. Needs root, systemd and Debian's Python 3.11 or later
# (the units hide /root, where pyenv lives).
# usage: scripts/check_units.sh [PYTHON]       (default: /usr/bin/python3, of the same version as .venv)
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
python=${1:-/usr/bin/python3}
[ "$(id -u)" = 0 ] || { echo "check-units: root is needed" >&2; exit 2; }
[ -x /lib/systemd/systemd ] || { echo "check-units: systemd is not installed" >&2; exit 2; }
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
site=$root/.venv/lib/python$version/site-packages
[ -d "$site" ] || { echo "check-units: .venv is not of Python $version; name another with $0 PYTHON" >&2; exit 2; }

inside() { # in namespaces of its own, before systemd
    mount --make-rprivate /
    mount -t tmpfs tmpfs /mnt
    for place in etc var; do
        mkdir "/mnt/$place" "/mnt/$place.work"
        mount -t overlay overlay -o "lowerdir=/$place,upperdir=/mnt/$place,workdir=/mnt/$place.work" "/$place"
    done
    mkdir /mnt/lib
    cp -r "$root/src/linewarden" /mnt/lib/
    mkdir /mnt/site && mount --bind "$site" /mnt/site
    mkdir /mnt/units && cp "$root"/packaging/systemd/*.service /mnt/units/
    for place in run tmp opt; do mount -t tmpfs tmpfs "/$place"; done
    mkdir -p /opt/linewarden/bin /etc/linewarden /run/systemd/system
    printf '#!%s -I\nimport sys\nsys.path[:0] = ["/mnt/lib", "/mnt/site"]\nfrom linewarden.cli import main\nsys.exit(main())\n' \
        "$python" > /opt/linewarden/bin/linewarden
    chmod 755 /opt/linewarden/bin/linewarden
    useradd --system linewarden
    printf '[service]\nsite = "check"\ndata = "/var/lib/linewarden"\n[[sensor]]\nname = "tap"\ninterfaces = ["tap0"]\n' \
        > /etc/linewarden/linewarden.toml
    printf 'INTERFACES=tap0\nOPTIONS=\n' > /etc/linewarden/watch.env
    cp /mnt/units/*.service /etc/systemd/system/
    # What would set up a machine is left out: this is only about our units.
    for unit in sysinit.target basic.target; do
        printf '[Unit]\nDefaultDependencies=no\n' > "/run/systemd/system/$unit"
    done
    printf '[Unit]\nDefaultDependencies=no\nWants=systemd-journald.service\n' > /run/systemd/system/check.target
    ip link set lo up
    ip link add tap0 type veth peer name far0
    ip link set tap0 up && ip link set far0 up && ip address add 10.9.0.2/24 dev far0
    exec env -i container=check PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system --unit=check.target --log-target=null \
        --show-status=no
}
if [ "${CHECK_UNITS_INSIDE:-}" ]; then inside; fi

CHECK_UNITS_INSIDE=1 unshare --mount --pid --net --uts --ipc --cgroup --fork --kill-child --mount-proc "$0" "$@" \
    > /dev/null 2>&1 < /dev/null &
outer=$!
trap 'kill -9 "$outer" 2>/dev/null || true' EXIT
until init=$(pgrep -P "$outer" -x systemd); do
    kill -0 "$outer" 2>/dev/null || { echo "check-units: systemd did not start here" >&2; exit 2; }
    sleep 0.2
done
there() { nsenter -t "$init" -m -p -n -u -i "$@"; }
state() { there systemctl show "$1" -p "$2" --value; }
told=0
claim() { # words, command...
    local words=$1; shift
    if "$@"; then echo "holds   $words"; else echo "MISSED  $words"; told=1; fi
}
active() { for _ in $(seq 60); do [ "$(state "$1" ActiveState)" = active ] && return 0; sleep 0.5; done; return 1; }
rights_gone() { [ "$(there sed -n 's/^CapEff:[[:space:]]*//p' "/proc/$(state "$1" MainPID)/status")" = 0000000000000000 ]; }
heard() { # an unanswered question is written down once it can no longer be answered
    there bash -c 'for _ in 1 2 3; do echo asked > /dev/udp/10.9.0.9/502; sleep 1; done' 2> /dev/null || true
    for _ in $(seq 40); do there test -d /var/lib/linewarden/lake/stream=arp && return 0; sleep 0.5; done
    return 1
}
stopped() { there systemctl stop "$1" && [ "$(state "$1" Result)" = success ]; }
back() { there kill -9 "$(state "$1" MainPID)"; sleep 7; active "$1" && [ "$(state "$1" NRestarts)" -ge 1 ]; }
until there systemctl list-units > /dev/null 2>&1; do sleep 0.3; done
for unit in linewarden linewarden-watch; do
    there systemctl start "$unit" || true
    claim "$unit is active" active "$unit"
    sleep 3
    claim "$unit has given its rights up" rights_gone "$unit"
    claim "$unit hears what is on the cable" heard
    claim "$unit is back after kill -9" back "$unit"
    [ "$unit" = linewarden ] && claim "$unit says that it is well" there sh -c 'sleep 5; curl -sf http://127.0.0.1:9480/healthz > /dev/null'
    claim "$unit stops when asked" stopped "$unit"
done
unit=linewarden-console
page() { for _ in $(seq 20); do there curl -skf -o /dev/null "https://127.0.0.1:9443/$1" && return 0; sleep 0.5; done; return 1; }
code() { there journalctl -u "$unit" -o cat | grep -q 'with this code'; }
alone() { ! there pgrep -f linewarden.service.values > /dev/null; }
kept() { there test -d /var/lib/linewarden/values; }
there systemctl start "$unit" || true
claim "$unit is active" active "$unit"
claim "$unit has no rights" rights_gone "$unit"
claim "$unit shows a page" page welcome
claim "$unit says the first code in the journal" code
claim "$unit keeps what it read of values" kept
claim "$unit is back after kill -9" back "$unit"
claim "$unit shows a page again" page welcome
claim "$unit stops when asked" stopped "$unit"
claim "$unit leaves no process behind" alone
exit "$told"
