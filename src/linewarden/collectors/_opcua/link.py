"""A session with a server, over asyncua's transport, that can do nothing but look (Part 4).

Services that change something on the server (Write, Call, HistoryUpdate, node management) are not in `READS`: the
transport refuses to send them, whatever asks for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from asyncua import Client, ua
from asyncua.client.ua_client import UaClient, UaClientState
from asyncua.common.shortcuts import Shortcuts
from asyncua.crypto import security_policies
from asyncua.crypto.uacrypto import CertProperties
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key, load_pem_private_key

from linewarden.collectors._opcua import answers
from linewarden.collectors._opcua.own import Own
from linewarden.collectors._opcua.pki import Pki
from linewarden.errors import ConfigError

READS = frozenset(
    {
        "GetEndpointsRequest",
        "CreateSessionRequest",
        "ActivateSessionRequest",
        "CloseSessionRequest",
        "BrowseRequest",
        "BrowseNextRequest",
        "ReadRequest",
        "HistoryReadRequest",
        "CreateSubscriptionRequest",
        "CreateMonitoredItemsRequest",
        "PublishRequest",
        "RepublishRequest",
        "TransferSubscriptionsRequest",
        "DeleteSubscriptionsRequest",
    }
)
POLICIES: dict[str, Any] = {
    "None": security_policies.SecurityPolicyNone,
    "Basic256Sha256": security_policies.SecurityPolicyBasic256Sha256,
    "Aes128_Sha256_RsaOaep": security_policies.SecurityPolicyAes128Sha256RsaOaep,
    "Aes256_Sha256_RsaPss": security_policies.SecurityPolicyAes256Sha256RsaPss,
}
_STRONG = {policy.URI for name, policy in POLICIES.items() if name != "None"}
_LARGEST = 64 * 1024 * 1024  # bytes of a message that we take


class RefusedError(Exception):
    """The server cannot be used as configured: one line that says why, and the way out."""


class Transport(UaClient):  # type: ignore[misc]  # asyncua may be absent
    """asyncua's transport, for services that read."""

    async def _send_request(self, request: Any, timeout: float | None = None, *more: Any, **others: Any) -> Any:
        name = type(request).__name__
        if name not in READS:
            raise AssertionError(f"{name} is never sent: this collector only reads")
        return await super()._send_request(request, timeout, *more, **others)

    async def answer(self, request: Any, timeout: float | None = None) -> bytes:
        """Bytes of an answer from its type on. A service fault raises as in asyncua."""
        return bytes(await self._send_request(request, timeout))


@dataclasses.dataclass
class Identity:
    """Who asks. None of them set: anonymous."""

    user: str = ""
    password: str = ""
    certificate: Path | None = None
    key: str = ""


def _client(url: str, own: Own | None, timeout: float, keep: float) -> Client:
    client = Client(url, timeout=timeout)
    client.uaclient = Transport(timeout)
    client.nodes = Shortcuts(client.uaclient.session)
    client.name = client.description = "Linewarden"
    client.product_uri = "urn:linewarden:collector"
    if own:
        client.application_uri = own.uri
    client.session_timeout = int(keep * 1000)
    client.max_messagesize = _LARGEST
    return client


async def _endpoints(url: str, timeout: float) -> list[Any]:
    """What the server offers, over a channel without security as Part 4, 5.5.1 has it."""
    found: list[Any] = await _client(url, None, timeout, 60.0).connect_and_get_server_endpoints()
    return found


def _pick(found: list[Any], policy: str, mode: str) -> Any:
    wanted = POLICIES[policy].URI
    level = ua.MessageSecurityMode.None_ if policy == "None" else ua.MessageSecurityMode[mode]
    for endpoint in found:
        if endpoint.SecurityPolicyUri == wanted and endpoint.SecurityMode == level:
            return endpoint
    offered = {f"{(e.SecurityPolicyUri or '').rpartition('#')[2]}/{e.SecurityMode.name.rstrip('_')}" for e in found}
    said = ", ".join(sorted(offered)) or "nothing"
    raise RefusedError(
        f"the server does not offer {policy}/{mode}, but {said}: set `security` and `mode` to one of them"
    )


class Link:
    """A session. `open` makes one; `again` takes the same session up over a new connection."""

    def __init__(self, settings: Any, own: Own | None, pki: Pki | None) -> None:
        self._settings, self._own, self._pki = settings, own, pki
        self._identity = Identity(settings.user, settings.password, settings.user_certificate, settings.user_key)
        self._renewing: asyncio.Task[None] | None = None
        self.client: Any = None
        self._endpoint: Any = None

    async def open(self) -> None:
        """Discovers, judges the certificate, connects. Raises RefusedError, UntrustedError, OSError, TimeoutError, and
        what asyncua raises for a refusal."""
        s = self._settings
        self._endpoint = endpoint = _pick(await _endpoints(s.endpoint, s.timeout_s), s.security, s.mode)
        self.client = client = _client(s.endpoint, self._own, s.timeout_s, s.keep_s)
        leaf = self._judge(endpoint)
        if s.security != "None" and leaf is not None and self._own is not None:
            await client.set_security(
                POLICIES[s.security],
                CertProperties(self._own.certificate, "der"),
                CertProperties(self._own.key, "pem"),
                server_certificate=CertProperties(leaf.public_bytes(Encoding.DER), "der"),
                mode=ua.MessageSecurityMode[s.mode],
            )
        self._be_somebody()
        await client.connect_socket()
        await self._channel()
        await client.create_session()
        self._is_secret(leaf)
        await self._activate()

    async def again(self) -> bool:
        """A new channel for the same session. False: the server does not know it any more, or takes it for another's.
        Raises as `open` where the server does not answer."""
        self._judge(self._endpoint)
        try:
            return await self._take_up()
        except ConnectionRefusedError:
            raise
        except (OSError, TimeoutError):
            self.drop()
            await _endpoints(self._settings.endpoint, self._settings.timeout_s)  # raises where nothing answers at all
        try:  # it answers: the line was mended just now, or the server is another one, perhaps with other keys
            return await self._take_up()
        except (OSError, TimeoutError):
            self.drop()
            return False

    async def _take_up(self) -> bool:
        self.drop()
        await self.client.connect_socket()
        try:
            await self._channel()
            self.client.uaclient.session.rebind_authentication_token()
            await self._activate()
        except ua.UaError:
            self.drop()
            return False
        return True

    async def _channel(self) -> None:
        await self.client.send_hello()
        await self.client.open_secure_channel()

    async def _activate(self) -> None:
        client = self.client
        user, password = self._identity.user or None, self._identity.password or None
        await client.activate_session(username=user, password=password, certificate=client.user_certificate)
        self._renewing = asyncio.create_task(self._renew())

    async def _renew(self) -> None:
        """Renews the channel's keys at three quarters of their life (Part 4, 5.5.2.1)."""
        try:
            while True:
                await asyncio.sleep(self.client.secure_channel_timeout * 0.75 / 1000)
                await self.client.open_secure_channel(renew=True)
                self.client.uaclient.revolve_security_token()
        except Exception:  # noqa: BLE001 - the channel ends with its keys: a new one is made
            self.client.disconnect_socket()

    def _judge(self, endpoint: Any) -> x509.Certificate | None:
        s = self._settings
        if s.security == "None" and not (s.user and endpoint.ServerCertificate):
            return None
        if self._pki is None:
            return None
        host = s.host_name or urlparse(s.endpoint).hostname or ""
        return self._pki.judge(endpoint.ServerCertificate or b"", host, endpoint.Server.ApplicationUri or "")

    def _be_somebody(self) -> None:
        """An X.509 identity; `user` and `password` are given at activation."""
        if self._identity.certificate is None:
            return
        try:
            data = self._identity.certificate.read_bytes()
            pem = data.lstrip().startswith(b"-----BEGIN")
            read = x509.load_pem_x509_certificate if pem else x509.load_der_x509_certificate
            self.client.user_certificate = read(data)
            key = self._identity.key.encode()
            load = load_pem_private_key if key.lstrip().startswith(b"-----BEGIN") else load_der_private_key
            self.client.user_private_key = load(key, None)
        except (OSError, ValueError, TypeError) as error:
            raise ConfigError(f"user_certificate or user_key cannot be read ({error}): give PEM, no password") from None

    def _is_secret(self, leaf: x509.Certificate | None) -> None:
        """A password leaves only where nobody on the way can read it (Part 4, 7.41.4)."""
        kind = ua.UserTokenType.UserName if self._identity.user else ua.UserTokenType.Anonymous
        kind = ua.UserTokenType.Certificate if self._identity.certificate else kind
        client = self.client
        offered = [t for t in client._policy_ids if t.TokenType == kind]
        if not offered:
            takes = ", ".join(sorted({t.TokenType.name for t in client._policy_ids})) or "nobody"
            raise RefusedError(f"the server does not take {kind.name} here, but {takes}: change `user` accordingly")
        client._policy_ids = sorted(
            offered, key=lambda t: (t.SecurityPolicyUri or client.security_policy.URI) not in _STRONG
        )
        if kind != ua.UserTokenType.UserName:
            return
        uri = client.server_policy(kind).SecurityPolicyUri
        if uri in _STRONG and leaf is not None:
            if client.security_policy.peer_certificate != leaf.public_bytes(Encoding.DER):
                raise RefusedError(
                    "the server shows another certificate in the session than before: somebody is between"
                )
            return
        if client.security_policy.Mode != ua.MessageSecurityMode.SignAndEncrypt:
            raise RefusedError('the password would be readable on the way: set `security` and mode = "SignAndEncrypt"')

    async def started(self) -> str:
        """When the server was started, in its own words (Part 5, 8.3.2: StartTime of ServerStatus)."""
        (told,) = await self.session.read_attributes([ua.NodeId(2257)], ua.AttributeIds.Value)
        return str(told.Value.Value) if told.Value is not None else ""

    async def publish(self, acks: list[tuple[int, int]]) -> answers.Published:
        """One Publish, answered when there is something. acks: subscription and sequence number."""
        request = ua.PublishRequest()
        request.Parameters.SubscriptionAcknowledgements = [ua.SubscriptionAcknowledgement(s, n) for s, n in acks]
        return answers.published(await self.client.uaclient.answer(request, 0))

    async def republish(self, subscription: int, sequence: int) -> answers.Message | None:
        """A message once more; None where the server does not hold it any more."""
        request = ua.RepublishRequest()
        request.Parameters.SubscriptionId = subscription
        request.Parameters.RetransmitSequenceNumber = sequence
        try:
            message = answers.republished(await self.client.uaclient.answer(request))
        except ua.uaerrors.BadMessageNotAvailable:
            return None
        return message if message.sequence == sequence else None

    async def transfer(self, subscription: int) -> list[int] | None:
        """Takes over a subscription of an earlier session: the sequence numbers that are held; None: refused."""
        params = ua.TransferSubscriptionsParameters()
        params.SubscriptionIds, params.SendInitialValues = [subscription], False
        try:
            (result,) = await self.client.uaclient.session.transfer_subscriptions(params)
        except (ua.UaError, ValueError):
            return None
        return list(result.AvailableSequenceNumbers or []) if result.StatusCode.is_good() else None

    async def history(
        self, nodes: list[tuple[str, bytes | None]], start: Any, end: Any, most: int
    ) -> list[answers.Past]:
        """Raw values of nodes, each with its continuation point, from start to end (naive UTC)."""
        request = ua.HistoryReadRequest()
        request.Parameters.HistoryReadDetails = ua.ReadRawModifiedDetails(
            IsReadModified=False, StartTime=start, EndTime=end, NumValuesPerNode=most, ReturnBounds=False
        )
        request.Parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
        request.Parameters.ReleaseContinuationPoints = False
        request.Parameters.NodesToRead = [
            ua.HistoryReadValueId(NodeId=ua.NodeId.from_string(n), ContinuationPoint=more) for n, more in nodes
        ]
        return answers.history(await self.client.uaclient.answer(request))

    @property
    def connected(self) -> bool:
        """Whether the session's connection stands."""
        state: UaClientState = self.client.uaclient.state
        return state is UaClientState.CONNECTED

    @property
    def session(self) -> Any:
        """Asyncua's session: Browse, Read and the making of monitored items."""
        return self.client.uaclient.session

    async def close(self, delete: bool) -> None:
        """Ends the session. delete: the subscription with it."""
        self._stop_renewing()
        if self.client is None:
            return
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self.client.uaclient.close_session(delete), 2.0)
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self.client.close_secure_channel(), 2.0)
        self.drop()

    def drop(self) -> None:
        """Leaves the connection; the session stays at the server until it times out there."""
        self._stop_renewing()
        if self.client is not None:
            self.client.disconnect_socket()

    def _stop_renewing(self) -> None:
        if self._renewing is not None:
            self._renewing.cancel()
            self._renewing = None
