"""Pictures of every page of the console, for docs/ and to look at.

Makes a small bottling works (console_plant.py; or takes a lake), runs its service and the console on it as they always
run, and looks at it in Debian's chromium as the people whose pages they are. Nothing is kept but the pictures.

usage: python scripts/console_pictures.py [LAKE] [--all FOLDER] [--only NAME ...] [--works FOLDER] [--axe]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
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

import console_plant

ROOT = Path(__file__).resolve().parents[1]
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
    click: str = ""
    """What is clicked before the picture."""


SHIFTS = "shift=early=mon-fri+06:00-14:00&shift=late=mon-fri+14:00-22:00"
DARK = (("light", "1280"), ("dark", "1280"))
TABLET = (("light", "1280"), ("light", "tablet"))


def shots(place: Workplace) -> list[Shot]:
    """All pages, of what is in this lake."""
    found = [
        Shot("overview", "/", "analyst", (*DARK, ("dark", "4k"))),
        Shot("map", "/map", "engineer", DARK),
        Shot("cases", "/cases", "analyst"),
        Shot("notices", "/notices", "analyst"),
        Shot("assets", "/assets", "engineer"),
        Shot("zones", "/zones", "engineer"),
        Shot("conduits", "/zones/conduits", "engineer"),
        Shot("hunt", "/hunt", "analyst"),
        Shot("values", "/values" + _query(place, tag=("Fill weight", "Product flow", "Cap torque")), "operator", DARK),
        Shot("machines", "/machines", "engineer"),
        Shot("maintenance", "/maintenance", "planner", TABLET),
        Shot("energy", "/energy" + _query(place, tag=("Power",)) + f"&forecast=true&zone=Europe/Berlin&{SHIFTS}",
             "planner", (*DARK, ("dark", "4k"))),
        Shot("oee", "/oee" + _query(place, state=("State",), made=("Bottles",), rejected=("Rejects",))
             + f"&run=1&stop=2&setup=3&planned=0&ideal=0.5&micro=600&by=day&zone=Europe/Berlin&{SHIFTS}", "planner"),
        Shot("collectors", "/collectors", "owner"),
        Shot("reports", "/reports", "analyst", click="button.primary"),
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
    ]  # fmt: skip
    first = [Shot(f"first-{role}", "/", role, ()) for role in PEOPLE if role != "analyst"]
    return found + first + _details(place)


def _details(place: Workplace) -> list[Shot]:
    """One case, packet, asset and machine."""
    view, found = place.follower.view, []
    if view.cases:
        case = f"/cases/{max((c for _, c in view.cases), key=lambda c: len(c.events)).id}"
        found.append(Shot("case", case, "analyst", (*DARK, ("light", "tablet"))))
        found.append(Shot("packet", case, "analyst", click="button[data-packets]"))
    if view.plant.assets:
        busiest = max(view.plant.assets, key=lambda a: (len(a.writers), len(a.evidence)))
        found.append(Shot("asset", f"/assets/{busiest.id}", "engineer", TABLET))
    found.append(Shot("machine", "/machines?q=PLC-1", "engineer", DARK, click="tbody a.row"))
    return found


def _query(place: Workplace, **wanted: tuple[str, ...]) -> str:
    """`?tag=ID&...` of tags by what people call them; of another lake than the works, the values that move most."""
    from linewarden.service.values import Ask, Names

    while place.values.look().reading is not None:
        time.sleep(0.1)
    tags = place.values.find(Ask(limit=500), Names()).tags
    by_name = {t.facts.alias or t.key.label: t.id for t in tags}
    ids = [(part, by_name.get(name) or tags[0].id) for part, names in wanted.items() for name in names] if tags else []
    return "?" + "&".join(f"{part}={tag}" for part, tag in ids)


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("lake", type=Path, nargs="?", help="one that was read and judged (default: the shipped plant)")
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="all themes and widths, as PNG, to look at only")
    parser.add_argument("--works", type=Path, metavar="FOLDER", help="keep the works here, or take them from here")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these pages")
    parser.add_argument("--axe", action="store_true", help="with --all: say what axe finds wrong (WCAG 2.2 A, AA)")
    parser.add_argument("--themes", nargs="+", choices=THEMES, default=THEMES)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--language", default="en-GB")
    args = parser.parse_args()
    with contextlib.ExitStack() as house:
        scratch = Path(house.enter_context(tempfile.TemporaryDirectory(prefix="linewarden-pictures-")))
        scratch.chmod(0o755)  # the service of root becomes somebody without rights
        lake, file = (args.lake, None) if args.lake else (None, house.enter_context(works(args.works or scratch)))
        place, url = house.enter_context(served(lake, file, scratch))
        chromium = house.enter_context(browser())
        for shot in shots(place):
            if args.only and shot.name not in args.only:
                continue
            kept = [(t, s) for s in args.sizes for t in args.themes] if args.all else shot.docs
            for theme, size in kept:
                take(chromium, place, url, shot, theme, size, args.all, args.language, axe=args.axe)
    return 0


@contextlib.contextmanager
def works(folder: Path) -> Iterator[Path]:
    """The configuration of the bottling works, which runs meanwhile. One that was built in that folder is taken."""
    ports = console_plant.free_ports()
    file = folder / "linewarden.toml"
    if file.exists():
        console_plant.configure(folder, ports)
    else:
        folder.mkdir(parents=True, exist_ok=True)
        console_plant.build(folder, ports)
    with console_plant.running(file, ports):
        yield file


@contextlib.contextmanager
def served(lake: Path | None, file: Path | None, state: Path) -> Iterator[tuple[Workplace, str]]:
    """The console on a lake or configuration, with somebody of each role."""
    os.environ["XDG_STATE_HOME"] = str(state / "state")
    from linewarden.console.command import server_of
    from linewarden.people.model import Grant
    from linewarden.service.config import load_config
    from linewarden.service.tls import server_context
    from linewarden.service.workplace import config_of, opened

    config = load_config(file) if file else config_of(lake or Path())
    with opened(config, file, [console_plant.DATA]) as place:
        for role, name in PEOPLE.items():
            if place.people.store.account_of(role):
                continue  # of works that were there
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
    chromium: Any, place: Workplace, url: str, shot: Shot, theme: str, size: str, folder: Path | None, language: str,
    *, axe: bool = False,
) -> None:  # fmt: skip
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
    page.goto(url + shot.path, timeout=90_000)
    if shot.click:
        page.locator(shot.click).first.click()
    page.wait_for_timeout(900)
    if folder is not None and axe:
        for wrong in _violations(page):
            print(f"{shot.name} {size} {theme}: {wrong}")
    if folder is not None:
        page.evaluate("scrollTo(0, 0)")
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{shot.name}-{size}-{theme}.png", full_page=True)
    else:
        tail = "" if (theme, size) == ("light", "1280") else f"-{size}" if theme == "light" else f"-{theme}"
        _keep(page.screenshot(), FOLDER / f"{shot.name}{tail if size != '4k' else '-4k'}.webp", size)
    context.close()


def _violations(page: Any) -> list[str]:
    """What axe finds wrong: rule and first element."""
    page.evaluate((ROOT / "frontend/node_modules/axe-core/axe.min.js").read_text("utf-8") + "; 0")
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", tags)
    return [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found["violations"]]


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
