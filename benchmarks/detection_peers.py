"""What do our detections say beside Suricata, on the same captures with and without attacks?

Suricata 7 runs with Quickdraw's rules for industrial protocols (Digital Bond) and with the protocol rules that Debian
ships with it; nobody is named as an authorised client, as in a plant that has just installed it. For each capture the
distinct alerts and our distinct notices (kind and pair) are counted. ACID (MITRE, for Zeek, which cannot be had here)
is put beside them by the techniques that its README lists.

usage: python benchmarks/detection_peers.py [--data ../shared/data]
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

from _speed.rule import Goal, add_data, verdict  # noqa: E402
from detection import expectations, rows  # noqa: E402

from linewarden.detections.catalogue import detections  # noqa: E402
from linewarden.detections.run import Told  # noqa: E402
from linewarden.service.detecting import chosen, detect  # noqa: E402

SHIPPED = Path("/etc/suricata/rules")
CONFIG = """%YAML 1.1
---
vars:
  address-groups: {{{servers}, {clients}}}
  port-groups: {{DNP3_PORTS: "20000"}}
stream: {{midstream: true}}
outputs:
  - eve-log: {{enabled: yes, filetype: regular, filename: eve.json, types: [alert]}}
app-layer:
  protocols:
    modbus: {{enabled: yes, detection-ports: {{dp: 502}}}}
    dnp3: {{enabled: yes, detection-ports: {{dp: 20000}}}}
    enip: {{enabled: yes, detection-ports: {{dp: 44818, sp: 44818}}}}
    tls: {{enabled: yes}}
    smb: {{enabled: yes, detection-ports: {{dp: 139, 445}}}}
    dcerpc: {{enabled: yes}}
    http: {{enabled: yes}}
    ftp: {{enabled: yes}}
    ssh: {{enabled: yes}}
    dns: {{tcp: {{enabled: yes, detection-ports: {{dp: 53}}}}, udp: {{enabled: yes, detection-ports: {{dp: 53}}}}}}
"""
GROUPS = ("MODBUS", "DNP3", "BACNET", "FINS", "S7", "MODICON")
NOBODY = "192.0.2.0/24"
"""No address of a capture: who is authorised was not said (RFC 5737)."""
ACID = {
    "T0843": "ENIP/CIP, S7comm, BACnet", "T0858": "ENIP/CIP, S7comm, BACnet", "T0836": "ENIP/CIP, S7comm, BACnet",
    "T0846": "BACnet", "T0845": "S7comm, BACnet", "T0831": "ENIP/CIP, S7comm (force)", "T0888": "BACnet",
    "T0835": "BACnet", "T0814": "BACnet",
}  # fmt: skip
"""Techniques by protocol, of the table in ACID's README (github.com/cisagov/ACID, as of 695758d)."""


@dataclass(frozen=True, slots=True)
class Said:
    """Of one capture: distinct alerts of priority 1 and of any, distinct notices of high and of medium or worse."""

    name: str
    attack: bool
    alerts: int
    urgent: int
    notices: int
    weighty: int
    right: bool


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add_data(parser, "captures, EXPECTED.tsv and Quickdraw's rules")
    data = parser.parse_args().data
    quickdraw = data / "advisories" / "quickdraw" / "all-quickdraw.rules"
    if not (shutil.which("suricata") and quickdraw.exists() and (data / "captures" / "MANIFEST.tsv").exists()):
        print(f"detection_peers: not measured: it needs suricata (Debian) and {quickdraw}")
        return 2
    said = list(judged(data / "captures", quickdraw))
    table(said)
    techniques()
    ours, theirs = sum(s.right for s in said if s.attack), sum(s.alerts > 0 for s in said if s.attack)
    loud = sum(s.urgent > 0 for s in said if not s.attack)
    weighty = sum(s.weighty > 0 for s in said if not s.attack)
    return verdict(
        "detection_peers",
        [Goal(f"attacks: ours {ours}, Suricata {theirs}", ours >= theirs),
         Goal(f"captures without attack that are called urgent: ours {weighty}, Suricata {loud}", weighty <= loud)],
    )  # fmt: skip


def judged(folder: Path, quickdraw: Path) -> Iterator[Said]:
    """Each capture by both."""
    expected = {r["file"]: set(r["attack_v18.1"].replace(" (Enterprise)", "").split(",")) for r in expectations(folder)}
    ours = chosen()
    with tempfile.TemporaryDirectory(prefix="peers-") as place:
        config = prepared(Path(place), quickdraw)
        for row in rows(folder / "MANIFEST.tsv"):
            name = row["file"]
            notices = [t for t in detect([str(folder / name)], ours).notices if not t.notice.again]
            alerts = suricata(folder / name, config, Path(place) / "out")
            wanted = expected.get(name)
            found = {x for t in notices for x in t.notice.techniques.split()}
            high = distinct(notices, ("critical", "high"))
            yield Said(
                name, row["shows"].startswith("ATTACK"), len(alerts), sum(urgent for *_, urgent in alerts),
                high + distinct(notices, ("medium",)), high, bool(found & wanted) if wanted else bool(notices),
            )  # fmt: skip


def distinct(notices: Sequence[Told], weights: tuple[str, ...]) -> int:
    """Different findings of these weights: kind, who and whom."""
    return len({(t.notice.note, t.orig_h, t.resp_h) for t in notices if t.notice.severity in weights})


def prepared(place: Path, quickdraw: Path) -> Path:
    """Suricata's configuration, and all rules in one file."""
    servers = ", ".join(f"{g}_SERVER: any" for g in GROUPS)
    clients = ", ".join(f'{g}_CLIENT: "{NOBODY}"' for g in GROUPS)
    shipped = [f.read_text(encoding="utf-8") for f in sorted(SHIPPED.glob("*-events.rules"))]
    (place / "all.rules").write_text(quickdraw.read_text(encoding="latin-1") + "\n".join(shipped), encoding="utf-8")
    config = place / "suricata.yaml"
    config.write_text(CONFIG.format(servers=servers, clients=clients), encoding="utf-8")
    return config


def suricata(capture: Path, config: Path, out: Path) -> set[tuple[str, str, str, bool]]:
    """Distinct alerts: signature, who, whom, and whether of priority 1."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    rules = config.with_name("all.rules")
    command = ["suricata", "-c", str(config), "-S", str(rules), "-r", str(capture), "-k", "none", "-l", str(out)]
    subprocess.run([*command, "--runmode", "single"], capture_output=True, check=False, timeout=300)
    eve = out / "eve.json"
    lines = eve.read_text(encoding="utf-8").splitlines() if eve.exists() else []
    return {
        (str(e["alert"]["signature_id"]), e.get("src_ip", ""), e.get("dest_ip", ""), e["alert"]["severity"] == 1)
        for e in map(json.loads, lines)
        if e["event_type"] == "alert"
    }


def table(said: list[Said]) -> None:
    """Attacks one by one, the others together."""
    print(f"{'attack':62} {'ours':>6} {'high':>5} {'right':>5}   {'Suricata':>8} {'urgent':>6}")
    for s in (s for s in said if s.attack):
        told = "yes" if s.right else "NO"
        print(f"{s.name:62} {s.notices:>6} {s.weighty:>5} {told:>5}   {s.alerts:>8} {s.urgent:>6}")
    others = [s for s in said if not s.attack]
    print(f"{f'{len(others)} captures without attack, sums':62} {sum(s.notices for s in others):>6} "
          f"{sum(s.weighty for s in others):>5} {'':5}   {sum(s.alerts for s in others):>8} "
          f"{sum(s.urgent for s in others):>6}")  # fmt: skip
    any_of = [sum(flag) for flag in zip(*((s.notices > 0, s.weighty > 0, s.alerts > 0, s.urgent > 0) for s in others),
                                        strict=True)]  # fmt: skip
    print(f"{'of these with any':62} {any_of[0]:>6} {any_of[1]:>5} {'':5}   {any_of[2]:>8} {any_of[3]:>6}")


def techniques() -> None:
    """What is covered, by technique."""
    ours: dict[str, list[str]] = {}
    for d in detections():
        for number in d.attack:
            ours.setdefault(number, []).append(d.name)
    print(f"\n{len(ours)} techniques of ATT&CK for ICS are covered by ours, {len(ACID)} by ACID (as its README says):")
    for number in sorted(ours.keys() | ACID.keys()):
        print(f"{number:7} ACID: {ACID.get(number, '-'):28} ours: {', '.join(ours.get(number, ['-']))}")


if __name__ == "__main__":
    sys.exit(main())
