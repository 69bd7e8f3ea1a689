"""A report as PDF: tagged and with bookmarks, from the same templates as the page, without a browser.

WeasyPrint draws it (BSD-3-Clause; `pip install 'linewarden[pdf]'`, and Pango of the system). Nothing is fetched, be it
from the network or from this machine: the page has all it needs, and what a device calls itself is only text in it.

Source: ISO 14289-1 (PDF/UA-1): title, language, structure and alternative texts stand in the file.
"""

from __future__ import annotations

import logging
import resource
import sys
from typing import Any, NoReturn

from linewarden.errors import ConfigError

VARIANT = "pdf/ua-1"
NEEDS = (
    "a report as PDF needs WeasyPrint and Pango: pip install 'linewarden[pdf]'; on Debian also: "
    "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core"
)


def needs_pdf() -> None:
    """Raises ConfigError, which says what to install, if this machine cannot make a PDF."""
    _weasyprint()


def render_pdf(page: str) -> bytes:
    """A report that was rendered for paper (`html.render_plant(..., paper=True)`) as PDF. Raises ConfigError."""
    weasyprint = _weasyprint()
    from weasyprint.urls import FatalURLFetchingError

    document = weasyprint.HTML(string=page, url_fetcher=_refuses(weasyprint)())
    try:
        found: bytes = document.write_pdf(pdf_variant=VARIANT)
    except FatalURLFetchingError as error:  # which is no Exception
        raise RuntimeError(str(error)) from error
    return found


def _weasyprint() -> Any:
    try:
        import weasyprint
    except (ImportError, OSError) as error:  # OSError: a library of the system is not there
        raise ConfigError(NEEDS) from error
    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)  # of styles that it does not know
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    return weasyprint


def _refuses(weasyprint: Any) -> type:
    from weasyprint.urls import FatalURLFetchingError

    class Refuses(weasyprint.URLFetcher):  # type: ignore[misc]
        """Fetches nothing. A report that asks for something is a mistake of ours, and is not made."""

        def fetch(self, url: str, headers: object = None) -> NoReturn:
            """Raises what ends the rendering."""
            raise FatalURLFetchingError(f"a report must need nothing, and asked for {url[:80]!r}")

    return Refuses


def _apart() -> None:
    """`python -m linewarden.reports.pdf SECONDS MB < page > pdf`: with bounds of the kernel (see service/pdf_apart)."""
    seconds, megabytes = (int(argument) for argument in sys.argv[1:3])
    for what, most in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, megabytes << 20),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    sys.stdout.buffer.write(render_pdf(sys.stdin.buffer.read().decode()))


if __name__ == "__main__":
    _apart()
