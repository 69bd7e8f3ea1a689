"""People who look at the console, as far as HTTP shows them: a session each, live events, a page every few seconds.

Run as a process of its own: `python people.py URL CA COOKIES SECONDS`; prints what they saw as JSON.
"""

from __future__ import annotations

import asyncio
import json
import random
import ssl
import sys
import time
from typing import Any

import httpx

PAGES = ("/", "/", "/cases", "/assets", "/assets?role=controller&sort=-bytes", "/assets?q=10.2.3", "/map", "/values")
LISTS = (
    "/api/v1/assets?limit=200",
    "/api/v1/cases",
    "/api/v1/notices?severity=high",
    "/api/v1/conversations?limit=100",
)
READS_S = (2.0, 6.0)


class Person:
    """One of them. `pages`: (path, s, status); `told`: when live events came (s since the epoch)."""

    def __init__(self, url: str, context: ssl.SSLContext, cookie: str, number: int, without: set[str]) -> None:
        self.pages: list[tuple[str, float, int]] = []
        self.told: list[float] = []
        self._dice = random.Random(number)
        self._paths = [p for p in (*PAGES, *LISTS) if p not in without]
        headers = {"Cookie": f"__Host-linewarden={cookie}", "Accept": "text/html"}
        self._client = httpx.AsyncClient(base_url=url, verify=context, headers=headers, timeout=60)

    async def look(self, until: float) -> None:
        async with self._client, asyncio.TaskGroup() as group:
            follow = group.create_task(self._follow())
            await asyncio.sleep(self._dice.uniform(0, READS_S[1]))
            while time.monotonic() < until:
                path = self._dice.choice(self._paths)
                began = time.monotonic()
                try:
                    answer = await self._client.get(path)
                except httpx.RemoteProtocolError:  # the server had just closed an idle connection: as a browser does
                    answer = await self._client.get(path)
                self.pages.append((path, time.monotonic() - began, answer.status_code))
                await asyncio.sleep(self._dice.uniform(*READS_S))
            # All follow to the end: whoever left at once would not be told of what came just before.
            await asyncio.sleep(max(0.0, until + READS_S[1] - time.monotonic()))
            follow.cancel()

    async def _follow(self) -> None:
        async with self._client.stream("GET", "/api/v1/events", timeout=None) as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data:"):
                    self.told.append(time.time())


async def main(url: str, ca: str, cookies: list[str], seconds: float, without: set[str]) -> dict[str, Any]:
    context = ssl.create_default_context(cafile=ca)
    people = [Person(url, context, cookie, n, without) for n, cookie in enumerate(cookies)]
    until = time.monotonic() + seconds
    await asyncio.gather(*(p.look(until) for p in people))
    return {"pages": [page for p in people for page in p.pages], "told": [p.told for p in people]}


if __name__ == "__main__":
    print(
        json.dumps(
            asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3].split(","), float(sys.argv[4]), set(sys.argv[5:])))
        )
    )
