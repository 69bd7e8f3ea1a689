"""A provider of identities on loopback, over TLS, in a process of its own: Authlib's server, with a lever.

    python -m tests.service.oidc.idp PORT CERTIFICATE KEY

It signs in whoever asks (as the user that `/lever` set), takes codes once, checks PKCE, and signs ID tokens.
`POST /lever` changes what is otherwise right: claims, the algorithm, the key, discovery. Tests pull it.
"""

from __future__ import annotations

import base64
import hmac
import json
import sys
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import uvicorn
from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, OAuth2Request, list_to_scope, scope_to_list
from authlib.oauth2.rfc6749.errors import OAuth2Error
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "linewarden", "s3cret & more+"
USER: dict[str, Any] = {"sub": "user-17", "preferred_username": "Carla", "name": "Carla C.", "groups": ["engineers"]}
ANY = JWSRegistry(algorithms=["none", "HS256", "RS256", "PS256", "ES256"])


@dataclass
class World:
    """What the provider is just now; `lever` changes it."""

    issuer: str
    keys: dict[str, Any] = field(default_factory=dict)
    signs: str = "k1"
    codes: dict[str, Any] = field(default_factory=dict)
    user: dict[str, Any] = field(default_factory=lambda: dict(USER))
    claims: dict[str, Any] = field(default_factory=dict)
    without: list[str] = field(default_factory=list)
    discovery: dict[str, Any] = field(default_factory=dict)
    alg: str = "RS256"
    forge: str = ""
    userinfo: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)


class Client(ClientMixin):
    """The one client that is known."""

    def __init__(self, back: str) -> None:
        self._back = back

    def get_client_id(self) -> str:
        return CLIENT

    def get_default_redirect_uri(self) -> str:
        return self._back

    def get_allowed_scope(self, scope: str) -> str:
        return list_to_scope([s for s in scope_to_list(scope) if s in {"openid", "profile"}])

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri.endswith(("/sign-in/oidc/plant-id", "/sign-in/oidc/other-id"))

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in {"client_secret_basic", "client_secret_post"}

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Code:
    """A code that was given out."""

    code: str
    client_id: str
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str
    code_challenge_method: str
    user: dict[str, Any]
    auth_time: int

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> int:
        return self.auth_time

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


def server_of(world: World) -> AuthorizationServer:  # noqa: C901 - its classes need the world
    """Authlib's server, joined with the world."""

    class Grant(AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")

        def save_authorization_code(self, code: str, request: Any) -> None:
            asked = request.payload.data
            world.codes[code] = Code(
                code, CLIENT, asked["redirect_uri"], asked["scope"], asked.get("nonce", ""), asked["code_challenge"],
                asked["code_challenge_method"], dict(world.user), int(time.time()),
            )  # fmt: skip

        def query_authorization_code(self, code: str, client: Any) -> Code | None:
            return world.codes.get(code)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            world.codes.pop(authorization_code.code)

        def authenticate_user(self, authorization_code: Code) -> dict[str, Any]:
            return authorization_code.user

    class Openid(OpenIDCode):
        def exists_nonce(self, nonce: str, request: Any) -> bool:
            return False

        def generate_user_info(self, user: dict[str, Any], scope: str) -> dict[str, Any]:
            return user

        def encode_id_token(self, token: dict[str, Any], request: Any) -> str:
            code, now = request.authorization_code, int(time.time())
            claims = {
                "iss": world.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": code.nonce,
                "auth_time": code.auth_time, **code.user, **world.claims,
            }  # fmt: skip
            return signed(world, {k: v for k, v in claims.items() if k not in world.without})

    class Server(AuthorizationServer):
        def query_client(self, client_id: str) -> Client | None:
            return Client("") if client_id == CLIENT else None

        def save_token(self, token: dict[str, Any], request: Any) -> None:
            pass

        def create_oauth2_request(self, request: Any) -> OAuth2Request:
            method, uri, form, headers = request
            made = OAuth2Request(method, uri, headers=headers)
            made.payload = BasicOAuth2Payload(dict(parse_qsl(uri.partition("?")[2])) | form)
            made._body = form  # the client's authentication by the form reads it here
            return made

        def handle_response(self, status: int, body: Any, headers: Any) -> Response:
            if isinstance(body, dict):
                return JSONResponse(body, status, dict(headers))
            return Response(body, status, dict(headers))

        def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
            pass

    server = Server()
    server.register_token_generator(
        "default", BearerTokenGenerator(lambda *a, **k: base64.b32encode(b"token").decode())
    )
    server.register_grant(Grant, [Openid(require_nonce=True), CodeChallenge(required=True)])
    return server


def signed(world: World, claims: dict[str, Any]) -> str:
    """The token: right, or as the lever says."""
    key = world.keys[world.signs]
    if world.forge == "none":
        return f"{_parts({'alg': 'none', 'kid': world.signs}, claims)}."
    if world.forge == "hmac":  # signed with the public key as if it were a shared secret
        text = _parts({"alg": "HS256", "kid": world.signs}, claims)
        return f"{text}.{_b64(hmac.digest(key.as_pem(private=False), text.encode(), 'sha256'))}"
    if world.forge == "stranger":
        key = RSAKey.generate_key(2048, {"kid": world.signs}, private=True)
    token = jwt.encode({"alg": world.alg, "kid": world.signs}, claims, key, registry=ANY)
    if world.forge == "changed":
        head, body, mac = token.split(".")
        other = json.loads(base64.urlsafe_b64decode(body + "==")) | {"sub": "somebody-else"}
        return f"{head}.{_parts(other)}.{mac}"
    return token


def _parts(*parts: dict[str, Any]) -> str:
    return ".".join(_b64(json.dumps(part).encode()) for part in parts)


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def application(issuer: str) -> Starlette:
    """The provider."""
    world = World(issuer)
    for name in ("k1", "k2"):
        world.keys[name] = RSAKey.generate_key(2048, {"kid": name}, private=True)
    world.keys["e1"] = ECKey.generate_key("P-256", {"kid": "e1"}, private=True)
    world.keys["weak"] = RSAKey.generate_key(1024, {"kid": "weak"}, private=True)
    shown, server = ["k1", "e1", "weak"], server_of(world)
    levers = ("signs", "claims", "without", "discovery", "alg", "forge", "userinfo", "answer")
    fresh = {name: getattr(world, name) for name in levers}

    async def discovery(_request: Request) -> Response:
        world.asked["discovery"] = world.asked.get("discovery", 0) + 1
        return JSONResponse({
            "issuer": issuer, "authorization_endpoint": f"{issuer}/authorize", "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/jwks", "userinfo_endpoint": f"{issuer}/userinfo",
            "authorization_response_iss_parameter_supported": True, **world.discovery,
        })  # fmt: skip

    async def jwks(_request: Request) -> Response:
        world.asked["jwks"] = world.asked.get("jwks", 0) + 1
        public = [world.keys[n].as_dict(private=False) for n in shown]
        return JSONResponse({"keys": [*public, {"kty": "oct", "k": "AAAA"}, {"kty": "new"}, 7]})

    async def authorize(request: Request) -> Response:
        asked = ("GET", str(request.url), {}, dict(request.headers))
        try:
            grant = await run_in_threadpool(server.get_consent_grant, asked)
        except OAuth2Error as error:
            return JSONResponse({"error": error.error, "why": error.description}, 400)
        found = await run_in_threadpool(server.create_authorization_response, asked, world.user, grant)
        back, _, query = found.headers["location"].partition("?")
        said = {**dict(parse_qsl(query)), "iss": issuer, **world.answer}
        return RedirectResponse(f"{back}?{urlencode({k: v for k, v in said.items() if v})}", 302)

    async def token(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        headers = {k.title(): v for k, v in request.headers.items()}
        asked = ("POST", str(request.url), form, headers)
        found: Response = await run_in_threadpool(server.create_token_response, asked)
        return found

    async def userinfo(_request: Request) -> Response:
        return JSONResponse(world.userinfo or world.user)

    async def lever(request: Request) -> Response:
        wanted = await request.json()
        shown[:] = wanted.pop("shown", ["k1", "e1", "weak"])
        for name, value in (fresh | {"user": dict(USER)} | wanted).items():
            setattr(world, name, value)
        return JSONResponse(world.asked)

    return Starlette(routes=[
        Route("/.well-known/openid-configuration", discovery), Route("/jwks", jwks), Route("/authorize", authorize),
        Route("/token", token, methods=["POST"]), Route("/lever", lever, methods=["POST"]),
        Route("/userinfo", userinfo),
    ])  # fmt: skip


if __name__ == "__main__":
    port, certificate, key = sys.argv[1:]
    uvicorn.run(
        application(f"https://localhost:{port}"), host="127.0.0.1", port=int(port), ssl_certfile=certificate,
        ssl_keyfile=key, log_level="warning", lifespan="off", timeout_graceful_shutdown=1,
    )  # fmt: skip
