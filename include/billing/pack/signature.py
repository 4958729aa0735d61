"""
The signature of a pack: an in-toto statement about its manifest, in a DSSE envelope, signed by an Ed25519 key.

Sources: the specifications of in-toto (Statement v1) and of DSSE (v1.0.2). The same pack and key give the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from billing.errors import ConfigurationError, PayloadError

SIGNATURE = "signature.dsse.json"
"""The member of a pack that holds the envelope; the manifest does not list it."""

_PAYLOAD_TYPE = "application/vnd.in-toto+json"
_STATEMENT = "https://in-toto.io/Statement/v1"
_PREDICATE = "urn:tieout:evidence-pack:1"
_MANIFEST = "manifest.json"


def new_key() -> tuple[bytes, bytes]:
    """Create a key; return its private and its public part, both as PEM."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private, public_pem(key)


def public_pem(key: Ed25519PrivateKey) -> bytes:
    """Return the public part of a key as PEM."""
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def private_key(pem: bytes) -> Ed25519PrivateKey:
    """
    Read a private key.

    :raises ConfigurationError: it is no Ed25519 key in PEM without a passphrase; the key is not in the message.
    """
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError("the signing key is no Ed25519 private key in PEM without a passphrase") from None
    return key


def public_key(path: Path) -> Ed25519PublicKey:
    """
    Read a public key from a file.

    :raises ConfigurationError: it is no Ed25519 key in PEM.
    """
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigurationError(f"{path}: it is no Ed25519 public key in PEM")
    return key


def key_id(key: Ed25519PublicKey) -> str:
    """Return the SHA-256 of a public key's 32 bytes, hexadecimal."""
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()


def sign(manifest_sha256: str, about: dict[str, Any], key: Ed25519PrivateKey) -> bytes:
    """
    Return the envelope over a manifest.

    :param manifest_sha256: hexadecimal.
    :param about: what the pack is of: vendor, month, number of the closing.
    """
    statement = {
        "_type": _STATEMENT,
        "subject": [{"name": _MANIFEST, "digest": {"sha256": manifest_sha256}}],
        "predicateType": _PREDICATE,
        "predicate": about,
    }
    payload = json.dumps(statement, sort_keys=True, separators=(",", ":")).encode()
    signature = {"keyid": key_id(key.public_key()), "sig": _base64(key.sign(_authenticated(payload)))}
    envelope = {"payloadType": _PAYLOAD_TYPE, "payload": _base64(payload), "signatures": [signature]}
    return json.dumps(envelope, sort_keys=True).encode() + b"\n"


def check_signature(envelope: bytes | None, manifest_sha256: str, key: Ed25519PublicKey) -> None:
    """
    Raise an error unless a key has signed a manifest.

    :param envelope: None if the pack has none.
    :raises PayloadError: names what does not fit.
    """
    if envelope is None:
        raise PayloadError(f"{SIGNATURE}: the pack is not signed")
    payload, signatures = _opened(envelope)
    if not any(_has_signed(key, signature, payload) for signature in signatures):
        raise PayloadError(f"{SIGNATURE}: no signature is by key {key_id(key)}")
    statement = json.loads(payload)
    subject = [{"name": _MANIFEST, "digest": {"sha256": manifest_sha256}}]
    if (statement.get("_type"), statement.get("predicateType")) != (_STATEMENT, _PREDICATE):
        raise PayloadError(f"{SIGNATURE}: it is no statement about a pack")
    if statement.get("subject") != subject:
        raise PayloadError(f"{SIGNATURE}: it is of another manifest than the pack's")


def _opened(envelope: bytes) -> tuple[bytes, list[bytes]]:
    """Return the payload of an envelope and its signatures."""
    try:
        opened = json.loads(envelope)
        if opened["payloadType"] != _PAYLOAD_TYPE:
            raise PayloadError(f"{SIGNATURE}: its payload is no in-toto statement")
        signatures = [base64.b64decode(each["sig"], validate=True) for each in opened["signatures"]]
        return base64.b64decode(opened["payload"], validate=True), signatures
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise PayloadError(f"{SIGNATURE}: it is no DSSE envelope") from error


def _has_signed(key: Ed25519PublicKey, signature: bytes, payload: bytes) -> bool:
    try:
        key.verify(signature, _authenticated(payload))
    except InvalidSignature:
        return False
    return True


def _authenticated(payload: bytes) -> bytes:
    """Return what is signed: DSSE's pre-authentication encoding, which covers the type of the payload, too."""
    return b"DSSEv1 %d %s %d %s" % (len(_PAYLOAD_TYPE), _PAYLOAD_TYPE.encode(), len(payload), payload)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
