"""Pictures of every page of the console, for docs/ and to look at.

Reads the recorded plant that Linewarden ships (or takes a lake), judges it, serves the console on it as it always runs,
and looks at it in Debian's chromium as the people whose pages they are. Nothing of it is kept but the pictures.

usage: python scripts/console_pictures.py [LAKE] [--all FOLDER] [--only NAME ...]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linewarden.service.workplace import Workplace

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "src/linewarden/exercises/data"
FOLDER = ROOT / "docs/pictures/console"
CHROMIUM = "/usr/bin/chromium"
PEOPLE = {
    "owner": "Olga Owens", "analyst": "Anna Kern", "engineer": "Emil Noor", "operator": "Otto Ride",
    "auditor": "Ada Lund", "viewer": "Vera Moss", "planner": "Paul Reus",
}  # fmt: skip
THEMES = ("light", "dark", "contrast")
SIZES = {"1280": (1280, 800), "1920": (1920, 1080), "tablet": (1024, 768), "upright": (820, 1180), "4k": (3840, 2160)}
QUALITY = 80
"""Of WebP: text stays sharp, and a picture takes 30 to 90 kB."""


@dataclass(frozen=True)
class Shot:
    """A page: what to call it, where it is, as whom. `docs`: (theme, size) of the pictures that are kept."""

    name: str
    path: str
    role: str = ""
    docs: tuple[tuple[str, str], ...] = (("light", "1280"),)


DARK = (("light", "1280"), ("dark", "1280"))
TABLET = (("light", "1280"), ("light", "tablet"))


def shots(place: Workplace) -> list[Shot]:
    """All pages, of what is in this lake."""
    view = place.follower.view
    found = [
        Shot("overview", "/", "analyst", (*DARK, ("dark", "4k"))),
        Shot("map", "/map", "engineer", DARK),
        Shot("cases", "/cases", "analyst", (("light", "1280"),)),
        Shot("notices", "/notices", "analyst"),
        Shot("assets", "/assets", "engineer"),
        Shot("zones", "/zones", "engineer"),
        Shot("conduits", "/zones/conduits", "engineer"),
        Shot("hunt", "/hunt", "analyst"),
        Shot("values", "/values" + _tags(place), "operator", DARK),
        Shot("machines", "/machines", "engineer", ()),  # not for the docs: the shipped capture is short
        Shot("maintenance", "/maintenance", "planner", ()),
        Shot("collectors", "/collectors", "owner", ()),
        Shot("reports", "/reports", "analyst"),
        Shot("uploads", "/uploads", "engineer"),
        Shot("settings", "/settings", "owner"),
        Shot("people", "/people", "owner"),
        Shot("person", "/people/operator", "owner"),
        Shot("tokens", "/tokens", "owner"),
        Shot("me", "/me", "engineer"),
        Shot("audit", "/audit", "auditor"),
        Shot("not-allowed", "/audit", "operator"),
        Shot("not-found", "/assets/none", "operator"),
        Shot("sign-in", "/sign-in"),
        Shot("welcome", "/welcome"),
    ]
    if view.cases:
        found.insert(3, Shot("case", f"/cases/{view.cases[0][1].id}", "analyst", (*DARK, ("light", "tablet"))))
    if view.plant.assets:
        busiest = max(view.plant.assets, key=lambda a: (len(a.writers), len(a.evidence)))
        found.insert(6, Shot("asset", f"/assets/{busiest.id}", "engineer", TABLET))
    return found


def _tags(place: Workplace) -> str:
    """The three values that move most."""
    from linewarden.service.values import Ask, Names

    while place.values.look().reading is not None:
        time.sleep(0.1)
    most = place.values.find(Ask(limit=3), Names()).tags
    return "?" + "&".join(f"tag={t.id}" for t in most) if most else ""


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("lake", type=Path, nargs="?", help="one that was read and judged (default: the shipped plant)")
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="all themes and widths, as PNG, to look at only")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these pages")
    parser.add_argument("--themes", nargs="+", choices=THEMES, default=THEMES)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--language", default="en-GB")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="linewarden-pictures-") as scratch:
        lake = args.lake or read(Path(scratch) / "lake")
        with served(lake, Path(scratch)) as (place, url), browser() as chromium:
            wanted = [s for s in shots(place) if not args.only or s.name in args.only]
            for shot in wanted:
                kept = [(t, s) for s in args.sizes for t in args.themes] if args.all else shot.docs
                for theme, size in kept:
                    take(chromium, place, url, shot, theme, size, args.all, args.language)
    return 0


def read(lake: Path) -> Path:
    """The shipped capture with its names, judged."""
    capture, names = DATA / "demo-plant.pcapng.zst", DATA / "demo-plant.names.csv"
    program = [sys.executable, "-m", "linewarden"]
    subprocess.run([*program, "read", capture, "--names", names, "--out", lake, "--quiet"], check=True)
    # It ends with 1 where it found something; that is what the pictures are of.
    judged = subprocess.run([*program, "detect", lake, "--write"], stdout=subprocess.DEVNULL, check=False)
    assert judged.returncode in (0, 1), judged.returncode
    return lake


@contextlib.contextmanager
def served(lake: Path, state: Path) -> Iterator[tuple[Workplace, str]]:
    """The console on a lake, with somebody of each role."""
    os.environ["XDG_STATE_HOME"] = str(state / "state")
    from linewarden.console.command import server_of
    from linewarden.people.model import Grant
    from linewarden.service.tls import server_context
    from linewarden.service.workplace import config_of, opened

    config = config_of(lake)
    with opened(config) as place:
        for role, name in PEOPLE.items():
            code = place.people.onboarding.invite(role, name, (Grant(role, place.site),))
            place.people.onboarding.accept(code, role, secrets.token_urlsafe())
        place.follower.look()
        server = server_of(place, server_context(config), "127.0.0.1", 0)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            thread.join(0.05)
            assert thread.is_alive(), "the console did not start"
        try:
            yield place, f"https://localhost:{server.servers[0].sockets[0].getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """Debian's chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        yield found
        found.close()


def take(
    chromium: Any, place: Workplace, url: str, shot: Shot, theme: str, size: str, folder: Path | None, language: str
) -> None:
    """One picture: to look at the whole page, for the docs what a window shows of it."""
    width, height = SIZES[size]
    context = chromium.new_context(
        ignore_https_errors=True, viewport={"width": width, "height": height}, reduced_motion="reduce",
        locale=language, timezone_id="Europe/Berlin",
    )  # fmt: skip
    common = {"url": url, "secure": True, "sameSite": "Lax"}
    context.add_cookies([{"name": "lw_theme", "value": theme, **common}])
    if shot.role:
        account = place.people.store.account_of(shot.role)
        assert account is not None
        secret = place.people.sessions.begin(account)
        context.add_cookies([{"name": "__Host-linewarden", "value": secret, "httpOnly": True, **common}])
    page = context.new_page()
    page.on("console", lambda m: print(f"{shot.name}: {m.type}: {m.text}") if m.type == "error" else None)
    page.goto(url + shot.path)
    page.wait_for_timeout(900)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{shot.name}-{size}-{theme}.png", full_page=True)
    else:
        tail = "" if (theme, size) == ("light", "1280") else f"-{size}" if theme == "light" else f"-{theme}"
        _keep(page.screenshot(), FOLDER / f"{shot.name}{tail if size != '4k' else '-4k'}.webp", size)
    context.close()


def _keep(png: bytes, file: Path, size: str) -> None:
    import io

    from PIL import Image

    file.parent.mkdir(parents=True, exist_ok=True)
    picture: Image.Image = Image.open(io.BytesIO(png))
    if size == "4k":
        picture = picture.resize((1920, 1080), Image.Resampling.LANCZOS)
    picture.save(file, "WEBP", quality=QUALITY, method=6)
    print(f"{file.relative_to(ROOT)}: {file.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    sys.exit(main())
