"""All calls of the client.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from linewarden.api.client.calls.activity import ActivityCalls
from linewarden.api.client.calls.asset_edits import AssetEditsCalls
from linewarden.api.client.calls.assets import AssetsCalls
from linewarden.api.client.calls.audit import AuditCalls
from linewarden.api.client.calls.case_files import CaseFilesCalls
from linewarden.api.client.calls.cases import CasesCalls
from linewarden.api.client.calls.casework import CaseworkCalls
from linewarden.api.client.calls.collectors import CollectorsCalls
from linewarden.api.client.calls.conduits import ConduitsCalls
from linewarden.api.client.calls.conversations import ConversationsCalls
from linewarden.api.client.calls.energy import EnergyCalls
from linewarden.api.client.calls.findings import FindingsCalls
from linewarden.api.client.calls.machines import MachinesCalls
from linewarden.api.client.calls.maintenance import MaintenanceCalls
from linewarden.api.client.calls.map import MapCalls
from linewarden.api.client.calls.me import MeCalls
from linewarden.api.client.calls.notice_work import NoticeWorkCalls
from linewarden.api.client.calls.notices import NoticesCalls
from linewarden.api.client.calls.now import NowCalls
from linewarden.api.client.calls.output import OutputCalls
from linewarden.api.client.calls.packets import PacketsCalls
from linewarden.api.client.calls.people import PeopleCalls
from linewarden.api.client.calls.queries import QueriesCalls
from linewarden.api.client.calls.query import QueryCalls
from linewarden.api.client.calls.records import RecordsCalls
from linewarden.api.client.calls.reports import ReportsCalls
from linewarden.api.client.calls.settings import SettingsCalls
from linewarden.api.client.calls.tags import TagsCalls
from linewarden.api.client.calls.tokens import TokensCalls
from linewarden.api.client.calls.uploads import UploadsCalls
from linewarden.api.client.calls.zones import ZonesCalls


class Calls(
    ActivityCalls,
    AssetEditsCalls,
    AssetsCalls,
    AuditCalls,
    CaseFilesCalls,
    CasesCalls,
    CaseworkCalls,
    CollectorsCalls,
    ConduitsCalls,
    ConversationsCalls,
    EnergyCalls,
    FindingsCalls,
    MachinesCalls,
    MaintenanceCalls,
    MapCalls,
    MeCalls,
    NoticeWorkCalls,
    NoticesCalls,
    NowCalls,
    OutputCalls,
    PacketsCalls,
    PeopleCalls,
    QueriesCalls,
    QueryCalls,
    RecordsCalls,
    ReportsCalls,
    SettingsCalls,
    TagsCalls,
    TokensCalls,
    UploadsCalls,
    ZonesCalls,
):
    """Every operation of the API."""
