#!/usr/bin/env bash
# Installs edge nodes of other implementations of Sparkplug, for tests/collectors/test_sparkplug_peers.py only, each in an
# environment of its own: they need older packages than Linewarden. Quick when they are there. Safe to repeat.
# usage: scripts/sparkplug-peers.sh [FOLDER]     (default: $LINEWARDEN_PEERS, or ~/.cache/linewarden/sparkplug-peers)
set -euo pipefail

folder=${1:-${LINEWARDEN_PEERS:-$HOME/.cache/linewarden/sparkplug-peers}}
python=${PYTHON:-python3}
mkdir -p "$folder"

environment() { # name, packages...
    local name=$1
    shift
    if [ ! -f "$folder/$name/done" ]; then
        "$python" -m venv "$folder/$name"
        "$folder/$name/bin/pip" install --quiet --disable-pip-version-check "$@"
        touch "$folder/$name/done"
    fi
}

environment pysparkplug pysparkplug==0.6.1 paho-mqtt==1.6.1
environment wrapper mqtt-spb-wrapper==2.1.2
environment tahu tahu==0.1.2 protobuf==3.19.1 paho-mqtt==1.6.1
if command -v npm >/dev/null && [ ! -f "$folder/node/done" ]; then
    mkdir -p "$folder/node"
    (cd "$folder/node" && npm install --silent --no-audit --no-fund --ignore-scripts sparkplug-client@3.2.4)
    touch "$folder/node/done"
fi
if command -v npm >/dev/null && [ ! -f "$folder/aedes/done" ]; then # an MQTT server that knows 3.1.1 and not 5
    mkdir -p "$folder/aedes"
    (cd "$folder/aedes" && npm install --silent --no-audit --no-fund --ignore-scripts aedes@1.2.0)
    touch "$folder/aedes/done"
fi
echo "sparkplug peers: in $folder"
