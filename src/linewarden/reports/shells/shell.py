"""One asset as a shell with its submodels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from linewarden.plant.model import Asset
from linewarden.reports.shells import elements
from linewarden.reports.shells.elements import OURS, Names, clean, moment, number, reference, text, words

if TYPE_CHECKING:
    from basyx.aas import model

NAMEPLATE = "https://admin-shell.io/idta/nameplate/3/0/Nameplate"
"""IDTA 02006-3-0, as are the ids of its elements (IEC CDD where it has one, else ECLASS)."""
_IEC61360 = "https://admin-shell.io/DataSpecificationTemplates/DataSpecificationIec61360/3"


@dataclass(frozen=True, slots=True)
class Value:
    """The last that is known of one process value. ucum: its unit; empty if nobody said it. ts: ns UTC."""

    name: str
    protocol: str
    value: float
    ts: int
    low: float
    high: float
    ucum: str = ""
    description: str = ""


def shell_of(asset: Asset, values: Sequence[Value], site: str) -> Iterable[model.Identifiable]:
    """The shell, and the submodels that it names."""
    from basyx.aas import model

    base = f"urn:linewarden:{elements.id_short(site)}:{asset.id.replace(':', '-')}"
    parts = [_nameplate(asset, base), _network(asset, base), *_values(values, base)]
    yield model.AssetAdministrationShell(
        model.AssetInformation(
            model.AssetKind.INSTANCE, f"{base}:asset", specific_asset_id=list(_known_as(asset)),
            asset_type=f"{OURS}role:{asset.role}",
        ),
        f"{base}:shell",
        id_short=elements.id_short(asset.name),
        display_name=model.MultiLanguageNameType({"en": clean(asset.name)[:64]}),
        submodel={model.ModelReference.from_referable(part) for part in parts},
    )  # fmt: skip
    yield from parts


def _known_as(asset: Asset) -> Iterable[model.SpecificAssetId]:
    """By what others know it."""
    from basyx.aas import model

    said = [
        ("serialNumber", asset.serial),
        *(("macAddress", m) for m in asset.macs),
        *(("ipAddress", i) for i in asset.ips),
    ]
    for name, value in said:
        if value:
            yield model.SpecificAssetId(name, clean(value))


def _nameplate(asset: Asset, base: str) -> model.Submodel:
    from basyx.aas import model

    return model.Submodel(
        f"{base}:nameplate",
        [
            *words("ManufacturerName", asset.vendor, "0112/2///61987#ABA565#009"),
            *words("ManufacturerProductDesignation", asset.model or asset.description, "0112/2///61987#ABA567#009"),
            *text("ManufacturerProductType", asset.model, "0112/2///61987#ABA300#008"),
            *text("OrderCodeOfManufacturer", asset.order_number, "0112/2///61987#ABA950#008"),
            *text("SerialNumber", asset.serial, "0112/2///61987#ABA951#009"),
            *text("HardwareVersion", asset.hardware, "0173-1#02-AAN270#004"),
            *text("FirmwareVersion", asset.firmware, "0112/2///61987#ABA302#006"),
            *text("SoftwareVersion", asset.software, "0112/2///61987#ABA601#008"),
        ],
        id_short="Nameplate",
        semantic_id=reference(NAMEPLATE),
        administration=model.AdministrativeInformation("3", "0", template_id="https://admin-shell.io/idta-02006-3-0"),
    )


def _network(asset: Asset, base: str) -> model.Submodel:
    """What it does in the network, as it was seen."""
    from basyx.aas import model

    names = Names()
    serves = [
        model.SubmodelElementCollection(
            names.next(f"{s.protocol}_{s.transport}_{s.port or ''}"),
            [
                *text("Protocol", s.protocol, f"{OURS}protocol"),
                *text("Transport", s.transport, f"{OURS}transport"),
                *number("Port", s.port, f"{OURS}port"),
                *number("Clients", s.clients, f"{OURS}clients"),
            ],
            semantic_id=reference(f"{OURS}service"),
        )
        for s in asset.serves
    ]
    return model.Submodel(
        f"{base}:network",
        [
            *text("Role", str(asset.role), f"{OURS}role"),
            *number("RoleConfidence", asset.role_confidence, f"{OURS}role-confidence"),
            *number("PurdueLevel", asset.level, f"{OURS}purdue-level"),
            *text("Zone", asset.zone, f"{OURS}zone"),
            *text("Line", asset.line, f"{OURS}line"),
            *text("OperatingSystem", asset.os, f"{OURS}os"),
            *text("Location", asset.location, f"{OURS}location"),
            *moment("FirstSeen", asset.first_seen, f"{OURS}first-seen"),
            *moment("LastSeen", asset.last_seen, f"{OURS}last-seen"),
            *elements.collection("Services", serves, f"{OURS}services"),
        ],
        id_short="NetworkIdentity",
        semantic_id=reference(f"{OURS}network-identity:1:0"),
    )  # fmt: skip


def _values(values: Sequence[Value], base: str) -> Iterable[model.Submodel]:
    """The process values, each with its unit as an IEC 61360 data specification."""
    from basyx.aas import model

    if not values:
        return
    names = Names()
    found = [
        model.SubmodelElementCollection(
            names.next(v.name),
            [
                *number("Value", v.value, f"{OURS}value", embedded_data_specifications=list(_unit(v))),
                *number("Lowest", v.low, f"{OURS}lowest"),
                *number("Highest", v.high, f"{OURS}highest"),
                *moment("At", v.ts, f"{OURS}at"),
                *text("Tag", v.name, f"{OURS}tag"),
                *text("Protocol", v.protocol, f"{OURS}protocol"),
            ],
            description=model.MultiLanguageTextType({"en": clean(v.description)}) if v.description else None,
            semantic_id=reference(f"{OURS}process-value"),
        )
        for v in values
    ]
    yield model.Submodel(
        f"{base}:values", found, id_short="ProcessValues", semantic_id=reference(f"{OURS}process-values:1:0")
    )


def _unit(value: Value) -> Iterable[model.EmbeddedDataSpecification]:
    from basyx.aas import model

    if value.ucum:
        name = model.PreferredNameTypeIEC61360({"en": clean(value.name)[:255]})
        content = model.DataSpecificationIEC61360(
            name, data_type=model.DataTypeIEC61360.REAL_MEASURE, unit=value.ucum, source_of_definition="UCUM"
        )
        yield model.EmbeddedDataSpecification(reference(_IEC61360), content)
