"""All shells together, and the files that carry them."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from linewarden.plant.model import Asset
from linewarden.reports.shells.shell import Value, shell_of

if TYPE_CHECKING:
    from basyx.aas import model

FORMATS = ("aasx", "json", "xml")


def environment(
    assets: Iterable[Asset], values: Mapping[str, Sequence[Value]], site: str
) -> model.DictIdentifiableStore[model.Identifiable]:
    """The shells of these assets with their submodels; `values`: by the id of the asset."""
    from basyx.aas import model

    store: model.DictIdentifiableStore[model.Identifiable] = model.DictIdentifiableStore()
    for asset in assets:
        for part in shell_of(asset, values.get(asset.id, ()), site):
            store.add(part)
    return store


def package(store: model.DictIdentifiableStore[model.Identifiable], form: str) -> bytes:
    """The bytes of a file: AASX (IDTA 01005-3), or the environment alone as JSON or XML."""
    from basyx.aas.adapter.json import write_aas_json_file
    from basyx.aas.adapter.xml import write_aas_xml_file

    out = io.BytesIO()
    if form == "aasx":
        _aasx(store, out)
    elif form == "json":
        whole = io.StringIO()
        write_aas_json_file(whole, store, indent=1)
        out.write(whole.getvalue().encode())
    else:
        write_aas_xml_file(out, store)
    return out.getvalue()


def _aasx(store: Any, out: io.BytesIO) -> None:
    from basyx.aas import model
    from basyx.aas.adapter.aasx import AASXWriter, DictSupplementaryFileContainer

    # The SDK tells the log, for each semantic id, that its description is not in the package. It need not be.
    logging.getLogger("basyx.aas.adapter.aasx").setLevel(logging.ERROR)
    with AASXWriter(out) as writer:
        shells = [one.id for one in store if isinstance(one, model.AssetAdministrationShell)]
        writer.write_aas(shells, store, DictSupplementaryFileContainer(), write_json=True)  # type: ignore[no-untyped-call]
