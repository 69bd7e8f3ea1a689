"""What people say of notices: seen; normal because ...; and work that is announced.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from linewarden.api.client.transport import Transport
from linewarden.api.routes.notice_work import NormalIn, RuleOut, WindowIn, WindowOut
from linewarden.api.routes.notices import NoticeRow


class NoticeWorkCalls(Transport):
    """What people say of notices: seen; normal because ...; and work that is announced."""

    def acknowledge_notice(self, id: str) -> NoticeRow:
        """Somebody has seen it."""
        return self._ask(NoticeRow, "POST", "/notices/{id}/acknowledge", path_values={"id": id})

    def say_normal(self, id: str, said: NormalIn) -> RuleOut:
        """This is normal because ...: a scoped rule that ends, in the site's file of what is expected."""
        return self._ask(RuleOut, "POST", "/notices/{id}/normal", path_values={"id": id}, body=said)

    def announce_work(self, window: WindowIn) -> RuleOut:
        """Announces work on machines: what it causes is expected then, and told loudly at other times."""
        return self._ask(RuleOut, "POST", "/windows", body=window)

    def list_windows(self) -> list[WindowOut]:
        """Announced work and what was said to be normal, as it stands in the site's file, the newest end first."""
        return self._ask(list[WindowOut], "GET", "/windows")
