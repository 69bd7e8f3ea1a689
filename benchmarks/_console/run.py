"""One run: the server, the people, a browser, and notices that come meanwhile."""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from _console.plant import row, say, write

PASSWORD = "seven bottles on a green wall"  # noqa: S105 - of an account that lives for this run
NOTICE_EVERY_S = 5.0
ROUTE = ("/", "/cases", "/assets", "/map", "/values")
CHROMIUM = Path("/usr/bin/chromium")


@dataclass(slots=True)
class Found:
    """What was measured: s and MB. `server`: (path, s) as HTTP clients saw it; `browser`: until a page's script ran."""

    reading_s: float = 0.0
    server: list[tuple[str, float]] = field(default_factory=list)
    failed: int = 0
    browser: list[tuple[str, float]] = field(default_factory=list)
    live: list[float] = field(default_factory=list)
    untold: int = 0
    memory_mb: float = 0.0
    idle_mb: float = 0.0
    cpu_s: float = 0.0
    seconds: float = 0.0


def measured(lake: Path, folder: Path, people: int, seconds: float, without: Sequence[str] = ()) -> Found:
    """Runs it all."""
    found = Found(seconds=seconds)
    with served(lake, folder) as (process, url, ca, code):
        cookies = enter(url, ca, code, people)
        found.reading_s = wait_until_read(url, ca, cookies[0]) + settle(process.pid)
        found.idle_mb = memory_mb(process.pid, "VmRSS")
        say(", ".join(f"{memory_mb_of(one):.0f} MB" for one in tree(process.pid)) + " in its processes")
        say(f"read in {found.reading_s:.0f} s, {found.idle_mb:.0f} MB; {people} people come in")
        before = cpu_s(process.pid)
        load(found, lake, url, ca, cookies, seconds, without)
        found.cpu_s = cpu_s(process.pid) - before
        found.memory_mb = memory_mb(process.pid, "VmHWM")
    return found


@contextmanager
def served(lake: Path, folder: Path) -> Iterator[tuple[subprocess.Popen[str], str, str, str]]:
    """The console as a user starts it: process, address, its authority's certificate, the first owner's code."""
    home = folder / f"state-{os.getpid()}"
    command = [sys.executable, "-m", "linewarden", "console", str(lake), "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(
        command, env={**os.environ, "XDG_STATE_HOME": str(home), "PYTHONUNBUFFERED": "1"}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        said = ""
        assert process.stdout is not None
        while not (at := re.search(r"at (https://\S+?)/?\s", said)) or "signed by" not in said:
            line = process.stdout.readline()
            if not line:
                raise SystemExit(f"the console did not start: {said}")
            said += line
        code, ca = re.search(r"code \(24 hours\): (\S+)", said), re.search(r"authority: (\S+)", said)
        assert code is not None and ca is not None
        threading.Thread(target=process.stdout.read, daemon=True).start()
        yield process, at[1].replace("127.0.0.1", "localhost"), ca[1], code[1]
    finally:
        process.terminate()
        process.wait(30)


def client(url: str, ca: str, cookie: str = "") -> httpx.Client:
    headers = {"Cookie": f"__Host-linewarden={cookie}"} if cookie else {}
    return httpx.Client(base_url=url, verify=ssl.create_default_context(cafile=ca), headers=headers, timeout=120)


def enter(url: str, ca: str, code: str, people: int) -> list[str]:
    """The first account, and so many sessions of it."""
    cookies = []
    with client(url, ca) as one:
        form = {"login": "anna", "password": PASSWORD}
        assert one.post("/welcome", data={"code": code, **form}).status_code == 303
        for _ in range(people):
            one.cookies.clear()
            answer = one.post("/sign-in", data=form)
            assert answer.status_code == 303, answer.status_code
            cookies.append(answer.cookies["__Host-linewarden"])
    return cookies


def wait_until_read(url: str, ca: str, cookie: str) -> float:
    """How long until the whole lake was read for the first time, s; pages open meanwhile and say how far it is."""
    began = time.monotonic()
    with client(url, ca, cookie) as one:
        while (now := one.get("/api/v1/now").json())["reading"] is not None or not now["assets"]:
            if now["wrong"]:
                raise SystemExit(f"the lake cannot be read: {now['wrong']}")
            time.sleep(0.5)
    return time.monotonic() - began


def settle(pid: int) -> float:
    """How long until the server and its processes rest: values are read behind the rest. s, at most 900."""
    began, before = time.monotonic(), cpu_s(pid)
    while time.monotonic() - began < 900:
        time.sleep(3)
        now = cpu_s(pid)
        if now - before < 0.3:
            break
        before = now
    return time.monotonic() - began


def load(
    found: Found, lake: Path, url: str, ca: str, cookies: list[str], seconds: float, without: Sequence[str]
) -> None:
    """Everybody at once, one of them with a real browser."""
    script = Path(__file__).with_name("people.py")
    command = [sys.executable, str(script), url, ca, ",".join(cookies[1:]), str(seconds), *without]
    crowd = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    sent: list[float] = []
    ended = threading.Event()
    threading.Thread(target=notices, args=(lake, sent, ended), daemon=True).start()
    found.browser = browse(url, cookies[0], seconds)
    out, _ = crowd.communicate(timeout=seconds + 120)
    ended.set()
    saw = json.loads(out)
    found.server = [(path, took) for path, took, status in saw["pages"] if status in (200, 404)]
    found.failed = sum(status not in (200, 404) for _, _, status in saw["pages"])  # 404: a page that is not built
    for moment in sent[:-1]:
        for told in saw["told"]:
            after = [t - moment for t in told if t >= moment]
            if after and min(after) < NOTICE_EVERY_S:
                found.live.append(min(after))
            else:
                found.untold += 1


def notices(lake: Path, sent: list[float], ended: threading.Event) -> None:
    """One more every few seconds, as a sensor writes it."""
    ended.wait(10)
    number = 0
    while not ended.wait(NOTICE_EVERY_S):
        now = datetime.now(UTC)
        found = row(
            time.time_ns(), "10.1.0.7", "10.2.0.9", note="new_peer", severity="medium", tactic="discovery",
            techniques="T0846", notice_id=f"load{os.getpid()}{number:05}", msg="a new peer",
        )  # fmt: skip
        write(lake, [found], f"{now:%Y-%m-%d}", f"load-{os.getpid()}-{number:05}.parquet")
        sent.append(time.time())
        number += 1


def browse(url: str, cookie: str, seconds: float) -> list[tuple[str, float]]:
    """A real browser: how long until a page's script has run, s, and what it shows is there."""
    if not CHROMIUM.exists():
        say("no chromium here: pages are measured by HTTP only")
        time.sleep(seconds)
        return []
    from playwright.sync_api import sync_playwright

    took: list[tuple[str, float]] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(ignore_https_errors=True, viewport={"width": 1440, "height": 900})
        context.add_cookies([{"name": "__Host-linewarden", "value": cookie, "url": url, "secure": True}])
        page, until = context.new_page(), time.monotonic() + seconds
        while time.monotonic() < until:
            for path in ROUTE:
                page.goto(url + path, wait_until="domcontentloaded")
                page.locator("html.on").wait_for()
                ms: Any = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
                took.append((path, ms / 1000))
                page.wait_for_timeout(2_000)
        browser.close()
    return took


def tree(pid: int) -> list[int]:
    """A process and those that it began."""
    below = Path(f"/proc/{pid}/task").glob("*/children")
    return [pid, *(one for file in below for child in file.read_text("utf-8").split() for one in tree(int(child)))]


def memory_mb(pid: int, name: str) -> float:
    """VmRSS or VmHWM of a process and those that it began, added up (what they share counts in each)."""
    texts = [Path(f"/proc/{one}/status").read_text("utf-8") for one in tree(pid)]
    return sum(int(re.findall(rf"{name}:\s+(\d+) kB", text)[0]) for text in texts) / 1024


def memory_mb_of(pid: int) -> float:
    """What one process has in memory."""
    text = Path(f"/proc/{pid}/statm").read_text("utf-8")
    return int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def cpu_s(pid: int) -> float:
    """User and system time of a process and those that it began."""
    return sum(map(cpu_of, tree(pid)))


def cpu_of(pid: int) -> float:
    """Of one process."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
