"""`linewarden certificate`: who the console says it is. Imports nothing heavy at the top."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from linewarden.service.config.model import Config
    from linewarden.service.options import Commands
    from linewarden.service.tls import Transport

EXAMPLES = """examples:
  linewarden certificate show linewarden.toml                  names, end and fingerprint, to compare with the browser's
  linewarden certificate export-ca linewarden.toml --out linewarden-ca.pem     for browsers and other machines
  linewarden certificate renew linewarden.toml                 now; a service that runs takes it within a minute
  linewarden certificate renew linewarden.toml --new-authority     the old key was seen by others, or names changed
The service makes and renews all of it by itself (docs/how-to/tls.md).
"""


def add_certificate(commands: Commands) -> None:
    """Adds the commands to the whole grammar."""
    group = commands.group("certificate", "the console's certificate and the authority that signed it", EXAMPLES)
    show = group.add("show", "names, end and fingerprint; made if there is none yet", EXAMPLES, run_show)
    export = group.add("export-ca", "the authority's certificate, for browsers (PEM)", EXAMPLES, run_export)
    renew = group.add("renew", "make another certificate now", EXAMPLES, run_renew)
    for parser in (show, export, renew):
        parser.add_argument("config", type=Path, metavar="CONFIG.toml", help="the configuration")
    export.add_argument("--out", type=Path, metavar="FILE", help="into this file (default: standard output)")
    renew.add_argument(
        "--new-authority", action="store_true", help="also another authority: browsers must import it again"
    )
    for parser in (show, export, renew):
        parser.add_argument("--json", action="store_true", help="for a program")


def run_show(args: argparse.Namespace) -> int:
    """The certificate that counts."""
    from linewarden.service.config import load_config
    from linewarden.service.tls import server_context

    config = load_config(args.config)
    return _tell(config, server_context(config), args.json)


def run_renew(args: argparse.Namespace) -> int:
    """Another certificate, or another authority."""
    from linewarden.service.audit import Change, recorded
    from linewarden.service.config import load_config
    from linewarden.service.tls import server_context
    from linewarden.service.tls.machine import names_of_console
    from linewarden.service.tls.transport import own_folder, ring_of

    config = load_config(args.config)
    if config.console.certificate is not None:
        raise ConfigError(f"console.certificate: {config.console.certificate} is renewed by whoever made it")
    folder = own_folder(config, ring_of(config))
    folder.folder.mkdir(parents=True, exist_ok=True)
    change = Change("certificate.renew", str(folder.server_file), after={"new_authority": args.new_authority})
    with recorded(folder.server_file, change):
        if args.new_authority:
            folder.forget_authority()
        folder.current(*names_of_console(config.console), datetime.now(UTC), anew="asked for")
    return _tell(config, server_context(config), args.json)


def run_export(args: argparse.Namespace) -> int:
    """The authority, for browsers."""
    from linewarden.service.config import load_config
    from linewarden.service.files import reserve
    from linewarden.service.tls import server_context
    from linewarden.service.tls.transport import own_folder
    from linewarden.trust.authority_files import read_certificate

    config = load_config(args.config)
    if config.console.certificate is not None:
        raise ConfigError("console.certificate: is of your own authority; this site has none to export")
    file = own_folder(config, None).authority_file
    if not file.exists():
        server_context(config)
    about, pem = authority_as_dict(file), read_certificate(file).decode("ascii")
    if args.out is not None:
        with reserve(args.out) as out:
            out.write(pem)
    if args.json:
        _print_json({**about, "pem": pem})
    elif args.out is None:
        sys.stdout.write(pem)
    else:
        print(f"{args.out}: {about['subject']}, until {about['until'][:10]}\nSHA-256 {about['sha256']}")
    return 0


def certificate_as_dict(transport: Transport) -> dict[str, Any]:
    """The server's certificate for a program."""
    from linewarden.trust.authority import names_of

    found = transport.certificate
    return {
        "names": list(names_of(found).texts),
        "issuer": found.issuer.rfc4514_string(),
        "from": found.not_valid_before_utc.isoformat(),
        "until": found.not_valid_after_utc.isoformat(),
        "sha256": transport.fingerprint,
        "notes": list(transport.notes),
        "authority": authority_as_dict(transport.ca_file) if transport.ca_file is not None else None,
    }


def authority_as_dict(file: Path) -> dict[str, Any]:
    """The site's own authority for a program. Its key is not needed."""
    from cryptography import x509

    from linewarden.trust.authority import fingerprint
    from linewarden.trust.authority_files import read_certificate

    try:
        found = x509.load_pem_x509_certificate(read_certificate(file))
    except ValueError as error:
        raise StoreError(f"{file}: is damaged; bring it back from a backup") from error
    permitted = found.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    return {
        "file": str(file), "subject": found.subject.rfc4514_string(),
        "until": found.not_valid_after_utc.isoformat(), "sha256": fingerprint(found),
        "may_sign": [str(name.value) for name in permitted],
    }  # fmt: skip


def _tell(config: Config, transport: Transport, as_json: bool) -> int:
    about = certificate_as_dict(transport)
    if as_json:
        _print_json({"listen": config.console.listen, **about})
        return 0
    print(f"https://{config.console.listen}, from {about['from'][:10]} until {about['until'][:10]}")
    print(f"names: {', '.join(about['names'])}\nissuer: {about['issuer']}\nSHA-256 {about['sha256']}")
    if authority := about["authority"]:
        print(f"\nauthority: {authority['file']}, until {authority['until'][:10]}\nSHA-256 {authority['sha256']}")
        print(f"it may sign: {', '.join(authority['may_sign'])}, and what is below these")
    for note in transport.notes:
        print(f"linewarden: warning: {note}", file=sys.stderr)
    return 0


def _print_json(value: Any) -> None:
    json.dump(value, sys.stdout, ensure_ascii=False, indent=1, allow_nan=False)
    sys.stdout.write("\n")
