"""The application: every route of `routes/`, errors as problems, and its description."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING

from fastapi import APIRouter, FastAPI

from linewarden import __version__, api
from linewarden.api import problems, routes
from linewarden.api.bodies import with_examples
from linewarden.api.parameters import explained

if TYPE_CHECKING:
    from linewarden.service.workplace import Workplace

ROOT = "/api/v1"
TAGS = {
    "now": "The state of the site, and that it changed.", "assets": "What is there, and how we know.",
    "conversations": "Who talks to whom, and what they do.", "map": "The picture of the network.",
    "zones": "Zones, what is in them, and what crosses between them.", "cases": "What belongs together; work on it.",
    "notices": "What a detection says; what the site says of it.", "findings": "What is weak, without an attack.",
    "packets": "The packets that prove something.", "tags": "Process values, and how they ran.",
    "collectors": "What asks machines for values, and how it goes.",
    "machines": "How machines run: what they learned, what is odd, attack or wear.",
    "maintenance": "What will fail when, and the work that is planned.",
    "energy": "What was used, and what of it for nothing.", "output": "How much of the time gave good pieces (OEE).",
    "reports": "Reports to hand over, as pages or PDF.",
    "records": "Records as they were read, and SQL over them.", "people": "Accounts, rights and API tokens.",
    "uploads": "Captures and names that people send.",
    "settings": "The effective configuration.", "audit": "Who changed or decided what; and proof of it.",
}  # fmt: skip
"""What the parts of the API are about, in the order of a first look."""
DESCRIPTION = """What Linewarden knows of a plant, and who may change what.

Show an API token as `Authorization: Bearer lw_...`. Every list takes filters, `q`, `sort`, `limit` and `cursor`, and
gives all of it as CSV, Arrow or Parquet with `format`. Times are UTC. Errors are problem details (RFC 9457): `detail`
says what to do, `lacking` and `instead` what right would help."""


def api_router() -> APIRouter:
    """All routes, each file of `routes/` in its turn."""
    router = APIRouter(prefix=ROOT, responses=problems.RESPONSES)
    for module in sorted(m.name for m in pkgutil.iter_modules(routes.__path__)):
        router.include_router(import_module(f"{routes.__name__}.{module}").router)
    return router


def make_app(place: Workplace | None = None) -> FastAPI:
    """The API alone; without a place only to be described. The console adds its pages to this."""
    app = FastAPI(
        title="Linewarden", version=__version__, description=DESCRIPTION, summary=(api.__doc__ or "").splitlines()[0],
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"}, docs_url=None, redoc_url=None,
        openapi_tags=[{"name": name, "description": text} for name, text in TAGS.items()],
        openapi_url=f"{ROOT}/openapi.json", separate_input_output_schemas=False,
    )  # fmt: skip
    app.state.place = place
    app.include_router(api_router())
    describe = app.openapi
    app.openapi = lambda: with_examples(explained(problems.described(describe())))  # type: ignore[method-assign]
    return app
