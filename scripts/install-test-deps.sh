#!/usr/bin/env bash
# Installs the Debian packages that some tests and benchmarks use, and fetches the official Cedar cases. Quick when they are there. Safe to repeat.
# Nothing in `linewarden` itself needs them: tests that lack a tool say so and are skipped.
# usage: scripts/install-test-deps.sh [--bench | --plant | --services]
#   --plant: only what the practice plant needs to run
#   --services: and the servers of tests/packets (SSH, SMB, SNMP, VNC, RDP, VPN); Debian starts some of them once installed,
#   so this is for machines on which that does no harm
set -euo pipefail

if [ "${1:-}" != "--plant" ] && command -v cargo >/dev/null; then
    "$(dirname "$0")/cedar-cases.sh" || echo "test tools: the official Cedar cases cannot be had; their tests are skipped" >&2
fi

# tool on the PATH -> package
want=(ip:iproute2 mosquitto:mosquitto)
if [ "${1:-}" != "--plant" ]; then
    want+=(
        tshark:tshark editcap:wireshark-common tcpdump:tcpdump chromium:chromium zstd:zstd gzip:gzip
        mosquitto_sub:mosquitto-clients mbpoll:mbpoll # they look at the practice plant
        age:age softhsm2-util:softhsm2 # another hand on our encrypted files; a token without hardware
    )
fi
if [ "${1:-}" = "--bench" ]; then
    want+=(suricata:suricata ndpiReader:libndpi-bin)
fi
if [ "${1:-}" = "--services" ]; then
    want+=(
        sshd:openssh-server smbd:samba smbclient:smbclient net:samba-common-bin snmpd:snmpd snmpset:snmp
        dnsmasq:dnsmasq-base openvpn:openvpn iodine:iodine Xtigervnc:tigervnc-standalone-server
        xfreerdp:freerdp2-x11 freerdp-shadow-cli:freerdp2-shadow-x11
    )
    export RUNLEVEL=1 # asks invoke-rc.d to start nothing
fi

backports() { # Debian 12 itself has Suricata 6; the benchmark means 7, which stands in its backports
    local list=/etc/apt/sources.list.d/bookworm-backports.list
    if (. /etc/os-release && [ "${VERSION_CODENAME:-}" = bookworm ]); then
        grep -rqs bookworm-backports /etc/apt/sources.list /etc/apt/sources.list.d ||
            echo "deb http://deb.debian.org/debian bookworm-backports main" >"$list"
        echo bookworm-backports
    fi
}

packages=()
for pair in "${want[@]}"; do
    PATH="$PATH:/usr/sbin" command -v "${pair%%:*}" >/dev/null || packages+=("${pair##*:}")
done
if [ "${1:-}" != "--plant" ] && ! compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then
    packages+=(postgresql) # its programs are not on the PATH
fi
if [ ${#packages[@]} -eq 0 ]; then
    echo "test tools: all present"
    exit 0
fi
if ! command -v apt-get >/dev/null; then
    echo "test tools: this is no Debian or Ubuntu. Install by hand, or go without: ${packages[*]}" >&2
    exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "test tools: not root. To install what is missing: sudo apt-get install ${packages[*]}" >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
release=()
if [[ " ${packages[*]} " == *" suricata "* ]]; then
    name=$(backports)
    [ -z "$name" ] || release=(-t "$name")
fi
apt-get update -qq
for package in "${packages[@]}"; do
    from=()
    [ "$package" != suricata ] || from=(${release[@]+"${release[@]}"})
    apt-get install -y -qq --no-install-recommends ${from[@]+"${from[@]}"} "$package" </dev/null
done
echo "test tools: installed ${packages[*]}"
