"""Sign-in by a provider of identities: OpenID Connect, authorization code with PKCE (docs/access.md).

This folder alone asks providers that the configuration names, and nobody else (docs/SAFETY.md).

flow.py     what the browser is sent away with, and what it comes back with
provider.py what a provider says of itself, its keys, and the exchange of a code
token.py    whether an ID token is right
fetching.py HTTP, with its bounds
"""

from __future__ import annotations

from linewarden.service.oidc.flow import Begun, Providers, providers_of

__all__ = ["Begun", "Providers", "providers_of"]
