"""
Make and verify evidence packs of closed months from the shell.

    python -m billing.pack make VENDOR 2026-10 --to FILE.zip [--key PRIVATE.pem]
    python -m billing.pack verify FILE.zip [--certificate SHA256] [--manifest SHA256] [--key PUBLIC.pem]
    python -m billing.pack key new --to PRIVATE.pem

Making one reads the database at TIEOUT_BILLING_URL and the folder of vendors' files TIEOUT_DOCUMENTS; verifying needs
neither.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from billing.config.environment import from_environment
from billing.errors import BillingError
from billing.month import Month
from billing.pack.make import make_pack
from billing.pack.signature import new_key, private_key, public_key
from billing.pack.verify import Noted, verify_pack
from billing.reconciliation.installed import installed_vendor
from billing.storage.document_store import document_reader
from billing.storage.engine import engine_from_url
from billing.storage.migrate import URL_VARIABLE
from billing.storage.revision import check_revision


def main() -> None:
    """Run one command; exit 1 with one sentence on an error or if a pack is not verified."""
    arguments = _parser().parse_args()
    try:
        if arguments.command == "verify":
            signer = public_key(arguments.key) if arguments.key else None
            noted = Noted(arguments.certificate, arguments.manifest, signer)
            verdict = verify_pack(arguments.file, installed_vendor, noted)
            print(verdict.sentence)  # noqa: T201 (what the command is for)
            sys.exit(0 if verdict.verified else 1)
        if arguments.command == "key":
            print(_new_key(arguments.to))  # noqa: T201 (as above)
        else:
            month, key = (
                Month.parse(arguments.month),
                private_key(arguments.key.read_bytes()) if arguments.key else None,
            )
            print(_make(arguments.vendor, month, arguments.to, key))  # noqa: T201 (as above)
    except (BillingError, OSError) as error:
        sys.exit(f"tieout: {error}")


def _new_key(path: Path) -> str:
    """Write a private key to a new file that only its owner may read; return the public part."""
    private, public = new_key()
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(private)
    return public.decode().rstrip()


def _make(vendor: str, month: Month, path: Path, key: Ed25519PrivateKey | None) -> str:
    read_file = document_reader(Path(from_environment("TIEOUT_DOCUMENTS")))
    with engine_from_url(from_environment(URL_VARIABLE)).connect() as connection:
        check_revision(connection)
        root = make_pack(connection, vendor, month, read_file, installed_vendor, path, key)
    return f"{path}: {path.stat().st_size} bytes, manifest {root}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m billing.pack", description=(__doc__ or "").splitlines()[1])
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make", help="make the pack of a closed month")
    make.add_argument("vendor")
    make.add_argument("month")
    make.add_argument("--to", type=Path, required=True, help="the file to write")
    make.add_argument("--key", type=Path, help="file of the private key that signs it (PEM)")
    key = commands.add_parser("key", help="make a key to sign packs with; prints its public part")
    key.add_argument("action", choices=["new"])
    key.add_argument("--to", type=Path, required=True, help="the file of the private key, which must not exist")
    verify = commands.add_parser("verify", help="verify a pack without a database")
    verify.add_argument("file", type=Path)
    verify.add_argument("--certificate", help="the SHA-256 of the certificate that was noted at the closing")
    verify.add_argument("--key", type=Path, help="file of the public key that must have signed it (PEM)")
    verify.add_argument("--manifest", help="the SHA-256 of the manifest that was printed when the pack was made")
    return parser


if __name__ == "__main__":
    main()
