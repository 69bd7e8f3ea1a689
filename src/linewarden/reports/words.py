"""Plain words: how levels, roles, verbs, sizes, times and doubts are said to a person.

Everything that comes from the wire passes `clean` before it is shown: a device may call itself anything.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from linewarden.plant import vocabulary
from linewarden.plant.model import Evidence, Role, Severity

LONGEST = 300
"""Characters of one value that are shown; the lake has the whole."""

LEVELS: tuple[tuple[float | None, str, str], ...] = (
    (5.0, "Outside", "public addresses, the internet"),
    (4.0, "Office", "office and company IT"),
    (3.5, "DMZ", "between office and plant"),
    (3.0, "Site operations", "historians, plant servers, engineering"),
    (2.0, "Supervision", "operator panels, SCADA"),
    (1.0, "Control", "controllers, safety, RTUs"),
    (0.0, "Process", "I/O, drives, sensors"),
    (None, "Level not known", "the traffic does not say"),
)
"""Purdue levels from the top: number, name, what stands there (ISA-95 / IEC 62443-1-1 reference model)."""

ROLES: dict[Role, tuple[str, str]] = {
    Role.CONTROLLER: ("controller", "controllers"),
    Role.SAFETY_CONTROLLER: ("safety controller", "safety controllers"),
    Role.IO: ("I/O station", "I/O stations"),
    Role.DRIVE: ("drive", "drives"),
    Role.SENSOR: ("sensor", "sensors"),
    Role.RTU: ("RTU", "RTUs"),
    Role.GATEWAY: ("gateway", "gateways"),
    Role.BUILDING_CONTROLLER: ("building controller", "building controllers"),
    Role.HMI: ("operator panel (HMI)", "operator panels (HMI)"),
    Role.SCADA: ("SCADA server", "SCADA servers"),
    Role.HISTORIAN: ("historian", "historians"),
    Role.MES: ("MES", "MES servers"),
    Role.ENGINEERING: ("engineering station", "engineering stations"),
    Role.SERVER: ("server", "servers"),
    Role.WORKSTATION: ("workstation", "workstations"),
    Role.SWITCH: ("switch", "switches"),
    Role.ROUTER: ("router", "routers"),
    Role.ACCESS_POINT: ("access point", "access points"),
    Role.PRINTER: ("printer", "printers"),
    Role.CAMERA: ("camera", "cameras"),
    Role.PHONE: ("phone", "phones"),
    Role.UNKNOWN: ("role not known", "devices of unknown role"),
}

CONTROLLERS = frozenset({Role.CONTROLLER, Role.SAFETY_CONTROLLER, Role.RTU, Role.BUILDING_CONTROLLER})
"""Roles that run a control program: what a reader means by "our controllers"."""

CHANGES: dict[str, str] = {
    "program_download": "loads a program",
    "firmware_update": "loads firmware",
    "stop": "stops it",
    "restart": "restarts it",
    "start": "starts it",
    "set_mode": "changes its mode",
    "force": "forces values",
    "inhibit": "blocks alarms",
    "configure": "changes settings",
    "write": "writes values",
}
"""Verbs that change something in a device (`plant.vocabulary.CHANGING`), gravest first."""

LOOKS: dict[str, str] = {
    "read": "reads values",
    "diagnose": "asks for diagnosis",
    "browse": "lists contents",
    "subscribe": "subscribes to values",
    "program_upload": "reads its program",
    "acknowledge": "acknowledges alarms",
    "authenticate": "logs in",
}
"""Verbs that leave the device as it is."""

SEVERITIES: dict[Severity, str] = {
    Severity.CRITICAL: "Critical",
    Severity.HIGH: "High",
    Severity.MEDIUM: "Medium",
    Severity.LOW: "Low",
    Severity.INFO: "Note",
    Severity.OK: "Good",
}

_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_GAPS = re.compile(r"\s+")
_DIGITS = re.compile(r"(\d+)")


def clean(value: object, longest: int = LONGEST) -> str:
    """One line of visible text: control, bidirectional, private and unpaired characters become U+FFFD."""
    text = "" if value is None else str(value)
    shown = "".join(c if unicodedata.category(c)[0] != "C" else " " if c in "\t\n\r" else "\ufffd" for c in text)
    shown = _GAPS.sub(" ", shown).strip()
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def number(count: int) -> str:
    """`twelve` and below in letters, above in digits with thousands: for running text."""
    return _SMALL[count] if 0 <= count < len(_SMALL) else f"{count:,}"


def plural(count: int, noun: str, nouns: str = "") -> str:
    """`one device`, `36 devices`."""
    return f"{number(count)} {noun if count == 1 else nouns or noun + 's'}"


def sentence(text: str) -> str:
    """The same with a capital at the start and a full stop at the end."""
    text = text.strip()
    end = "" if text.endswith((".", "!", "?", "…")) else "."
    return text[:1].upper() + text[1:] + end if text else ""


def listed(items: Iterable[str], most: int = 3) -> str:
    """`a, b and c`, or `a, b, c and 4 more`."""
    names = list(items)
    if len(names) > most + 1:
        return f"{', '.join(names[:most])} and {len(names) - most:,} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def size(amount: int) -> str:
    """Bytes in powers of 1,000: `1.2 MB`."""
    value = float(amount)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 999.5:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def duration(ns: int) -> str:
    """A span of ns: `2 h 5 min`, `40 s`, `0.2 s`."""
    seconds = max(0, ns) / 1e9
    if seconds < 1:
        return f"{seconds:.1f} s" if seconds >= 0.05 else "an instant"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    days, rest = divmod(minutes, 1440)
    hours, mins = divmod(rest, 60)
    parts = [f"{days} d" if days else "", f"{hours} h" if hours else "", f"{mins} min" if mins and not days else ""]
    return " ".join(p for p in parts if p)


def iso(ns: int) -> str:
    """ISO 8601 in UTC to the second for `<time datetime>`; empty if there is no time, or none that a calendar has."""
    if ns <= 0:
        return ""
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=ns // 1_000_000_000)
    except OverflowError:
        return ""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def grouped(number: int, language: str) -> str:
    """`1,234` as the language writes it."""
    return f"{number:,}".replace(",", "." if language == "de" else ",")


def utc(ns: int) -> str:
    """`2026-03-04 09:15:00 UTC`; empty if there is no time."""
    stamp = iso(ns)
    return f"{stamp[:10]} {stamp[11:19]} UTC" if stamp else ""


def local(ns: int) -> str:
    """`2026-03-04 10:15:00` in the zone of who looks; empty if there is no time."""
    if not iso(ns):
        return ""
    return datetime.fromtimestamp(ns // 1_000_000_000, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def confidence(value: float) -> str:
    """Doubt in words: from 0.9 `certain`, from 0.6 `likely`, else `a guess`; nothing at 0."""
    if value <= 0:
        return ""
    return "certain" if value >= 0.9 else "likely" if value >= 0.6 else "a guess"


def protocol(name: str) -> str:
    """The usual spelling of a protocol's name; the name itself where we know no other."""
    return clean(vocabulary.spelled(name), 60)


def level_number(level: float | None) -> str:
    """`3.5`, `1`, or `?` if unknown."""
    return "?" if level is None else f"{level:g}"


def level_name(level: float | None) -> str:
    """`1 Control`; `Level not known`."""
    name = next((word for at, word, _ in LEVELS if at == level), "")
    return name if level is None else f"{level:g} {name}".strip()


def role(value: Role, count: int = 1) -> str:
    """A role in words, in the singular or the plural."""
    return ROLES[value][0 if count == 1 else 1]


def short_role(value: Role, count: int = 1) -> str:
    """A role in words that fit a box of the map: without what stands in brackets."""
    if value is Role.UNKNOWN:
        return "unknown" if count > 1 else "unknown device"
    return role(value, count).split(" (")[0].replace("engineering", "eng.").replace("building", "bldg.")


def verb(name: str) -> str:
    """What a verb does, as said of the one that asks: `writes values`."""
    return CHANGES.get(name) or LOOKS.get(name) or clean(name, 40).replace("_", " ")


def where(evidence: Evidence) -> str:
    """`line.pcap, frame 1,234`; empty if no packet shows it."""
    if not evidence.capture and not evidence.frame:
        return ""
    frame = f"frame {evidence.frame:,}" if evidence.frame else ""
    return ", ".join(p for p in (clean(evidence.capture, 120), frame) if p)


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key in which PLC2 comes before PLC10, and 10.0.0.9 before 10.0.0.10."""
    parts = _DIGITS.split(text.lower())
    return tuple((0, int(p[:18]), p) if p.isdecimal() else (1, 0, p) for p in parts if p)


def pixels(text: str, size_px: float) -> float:
    """About how wide a wide system sans serif draws it in semibold, so that it fits in all: 0.62 em a letter, 0.76 a
    capital, 1 for wide scripts."""
    total = 0.0
    for char in text:
        wide = unicodedata.east_asian_width(char) in "WF"
        total += 1.0 if wide else 0.76 if char.isupper() or char in "mw@%" else 0.38 if char in " .,:;'il|!" else 0.63
    return total * size_px


def fit(text: str, width: float, size_px: float) -> str:
    """The text, shortened with an ellipsis to about `width` px."""
    shown = clean(text)
    if pixels(shown, size_px) <= width:
        return shown
    while shown and pixels(shown + "…", size_px) > width:
        shown = shown[:-1]
    return shown.rstrip() + "…"
