#!/usr/bin/env bash
# Makes a folder with ntopng as Ubuntu packs it, for `benchmarks/console.py --peer FOLDER`: Debian 12 has no package of it.
# Nothing is installed into this system but mmdebstrap and the keys of Ubuntu's archive. Root only. Takes about 1 GB.
# usage: scripts/ntopng-apart.sh FOLDER
set -euo pipefail
folder=${1:?usage: scripts/ntopng-apart.sh FOLDER}
if [ -x "$folder/usr/sbin/ntopng" ]; then
    echo "ntopng is in $folder already"
    exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "ntopng cannot be had here: this needs root, and Debian or Ubuntu" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get install -y -qq --no-install-recommends mmdebstrap ubuntu-keyring </dev/null
mmdebstrap --quiet --variant=apt --keyring=/usr/share/keyrings/ubuntu-archive-keyring.gpg --components=main,universe \
    --include=ntopng,redis-server noble "$folder" http://archive.ubuntu.com/ubuntu
