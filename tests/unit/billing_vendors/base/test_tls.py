"""A vendor is asked over TLS that is verified, or over plain http on this machine: on every way a URL comes in."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from billing.errors import ConfigurationError, PayloadError, VendorRejected, VendorUnavailable
from billing_vendors.base.client.pdf_download import fetch_pdf
from billing_vendors.base.client.request import Request
from billing_vendors.base.client.transport import Limits
from billing_vendors.fastly.hooks import FastlyBillingHook
from billing_vendors.genesys_cloud.hooks import GenesysCloudBillingHook

TOKEN = "open-sesame-4711"
NOW = datetime.now(UTC)
LIMITS = Limits(attempts=1, total_seconds=20)


class Authority:
    """A certificate authority of our own, which nobody trusts unless told to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("Test authority")
        self.bundle = folder / "authority.pem"
        authority = _certificate(self._name, self._key, self._name, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self.bundle.write_bytes(authority.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def certificate_for(self, host: str, *, days: int = 1) -> Path:
        """Issue a certificate; gives a file with it and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = _certificate(_name(host), key, self._name, self._key, days).add_extension(
            x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False
        )
        path = self._folder / f"{host}{days}.pem"
        path.write_bytes(
            made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return path


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(subject, key, issuer, issuer_key, days=1) -> x509.CertificateBuilder:
    """Begin a certificate that ends in ``days`` days; it ended already if that is negative."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=30))
        .not_valid_after(NOW + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )


@dataclass
class SecureVendor:
    """A vendor behind TLS; ``seen`` holds the headers of the requests that got through to it."""

    port: int
    seen: list[dict[str, str]] = field(default_factory=list)
    location: str = ""


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def vendor_with() -> Iterator:
    """Start a vendor with a certificate; without one it speaks plain http."""
    servers = []

    def start(certificate: Path | None) -> SecureVendor:
        class Handle(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                vendor.seen.append({name.lower(): value for name, value in self.headers.items()})
                self.send_response(302 if vendor.location else 200)
                if vendor.location:
                    self.send_header("Location", vendor.location)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                """A client that hangs up in the handshake is what is tested."""

        server = Server(("127.0.0.1", 0), Handle)
        vendor = SecureVendor(server.server_port)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        servers.append(server)
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return vendor

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(params=["blocking", "awaited"])
def send(request, connect):
    """Ask the vendor at a URL in a worker's way and in a trigger's way."""

    def do_ask(url: str, **fields: object):
        hook = FastlyBillingHook(connect(host=url, password=TOKEN, **fields), limits=LIMITS)
        asked = Request("test", "/path")
        return hook.send(asked) if request.param == "blocking" else asyncio.run(hook.asend(asked))

    return do_ask


# -- the certificate


def test_a_certificate_of_a_trusted_authority_is_accepted(send, vendor_with, authority, monkeypatch):
    """The company's own authority comes in by the environment, as for every other program."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.bundle))
    vendor = vendor_with(authority.certificate_for("localhost"))
    assert send(f"https://localhost:{vendor.port}").status == 200
    assert vendor.seen[0]["fastly-key"] == TOKEN


@pytest.mark.parametrize(
    ("host", "days", "trusted"),
    [("localhost", 1, False), ("other.example.com", 1, True), ("localhost", -1, True)],
    ids=["of nobody we trust", "of another host", "that has ended"],
)
def test_a_certificate_is_refused_before_a_byte_is_sent(send, vendor_with, authority, monkeypatch, host, days, trusted):
    if trusted:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.bundle))
    vendor = vendor_with(authority.certificate_for(host, days=days))
    with pytest.raises(VendorUnavailable, match=r"GET /path failed: \w*(SSL|Certificate)") as raised:
        send(f"https://localhost:{vendor.port}")
    assert vendor.seen == []
    assert TOKEN not in str(raised.value)


@pytest.mark.parametrize(
    "variable", ["PYTHONHTTPSVERIFY", "CURL_SSL_NO_VERIFY", "GIT_SSL_NO_VERIFY", "NODE_TLS_REJECT_UNAUTHORIZED"]
)
def test_no_variable_switches_it_off(send, vendor_with, authority, monkeypatch, variable):
    monkeypatch.setenv(variable, "0" if "PY" in variable or "NODE" in variable else "1")
    vendor = vendor_with(authority.certificate_for("localhost"))
    with pytest.raises(VendorUnavailable):
        send(f"https://localhost:{vendor.port}")
    assert vendor.seen == []


@pytest.mark.parametrize(
    ("key", "value"),
    [("verify", False), ("verify", "false"), ("check_response", False), ("ssl", "none"), ("proxies", {"https": "x"})],
)
@pytest.mark.parametrize("kind", ["fastly", "genesys_cloud"])
def test_no_key_of_a_connection_switches_it_off(connect, key, value, kind):
    """The stock HTTP hook takes these from the extra; ours knows none of them."""
    if kind == "fastly":
        hook = FastlyBillingHook(connect(password=TOKEN, extra=json.dumps({key: value})))
    else:
        extra = {"region": "eu-central-1", key: value}
        hook = GenesysCloudBillingHook(
            connect("genesys_x", conn_type=kind, login="id", password=TOKEN, extra=json.dumps(extra))
        )
    with pytest.raises(ConfigurationError, match=f"unknown key '{key}' in extra"):
        hook.connection_settings()


# -- plain http


@pytest.mark.parametrize(
    ("host", "fields"),
    [
        ("http://api.example.com", {}),
        ("api.example.com", {"schema": "http"}),
        ("HTTP://api.example.com", {}),
        ("http://127.0.0.1.example.com", {}),
        ("http://localhost.example.com", {}),
        ("http://0.0.0.0", {}),
        ("http://10.0.0.7", {}),
        ("http://[fe80::1]", {}),
        ("http://2130706433", {}),
        ("ftp://api.example.com", {}),
        ("file:///etc/passwd", {}),
    ],
)
def test_plain_http_leads_nowhere_but_to_this_machine(send, host, fields):
    with pytest.raises(ConfigurationError, match=r"only https|must look like"):
        send(host, **fields)


@pytest.mark.parametrize("name", ["api_host", "login_host"])
def test_nor_does_a_host_in_an_extra(connect, name):
    extra = {"api_host": "https://api.example.com"} | {name: "http://api.example.com"}
    hook = GenesysCloudBillingHook(
        connect("genesys_x", conn_type="genesys_cloud", login="id", password=TOKEN, extra=json.dumps(extra))
    )
    with pytest.raises(ConfigurationError, match="only https"):
        hook.connection_settings()


def test_a_redirect_is_not_followed_and_takes_no_token_along(send, vendor_with):
    """Neither to http nor to another host: what a vendor's API answers, it answers itself."""
    other, vendor = vendor_with(None), vendor_with(None)
    vendor.location = f"http://localhost:{other.port}/elsewhere?sig=signature-canary"
    with pytest.raises(VendorRejected, match="a redirect to localhost; redirects are not followed") as raised:
        send(f"http://127.0.0.1:{vendor.port}")
    assert other.seen == []
    assert "signature-canary" not in str(raised.value)


def test_a_proxy_of_the_environment_sees_a_tunnel_and_no_token(send, vendor_with, monkeypatch):
    """Through a proxy, too, TLS ends at the vendor: this proxy refuses the tunnel, and has seen nothing more."""
    proxy = vendor_with(None)
    use_proxy(monkeypatch, proxy)
    with pytest.raises(VendorUnavailable) as raised:
        send("https://api.example.com")
    assert proxy.seen == []  # it answers GET only, and was sent CONNECT
    assert TOKEN not in str(raised.value)


def use_proxy(monkeypatch, proxy: SecureVendor) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


# -- a document's link


def test_a_document_s_store_is_verified_as_the_vendor_is(vendor_with, authority):
    vendor = vendor_with(authority.certificate_for("localhost"))
    with pytest.raises(VendorUnavailable, match="SSL"):
        asyncio.run(fetch_pdf(f"https://localhost:{vendor.port}/a", "GET /document", local=True, limits=LIMITS))
    assert vendor.seen == []


@pytest.mark.parametrize("name", ["files.example.com", "2130706433", "0x7f.1", "127.1", "0177.0.0.1"])
def test_the_address_that_is_connected_to_is_the_one_that_is_judged(vendor_with, authority, monkeypatch, name):
    """
    Not a look-up before: a name that stood for a public address a moment ago, or an address in odd digits, is
    refused by what the connection really has, before a byte is sent.
    """
    vendor = vendor_with(authority.certificate_for("files.example.com"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.bundle))
    looked_up = socket.getaddrinfo

    def rebound(host, *rest, **more):
        return looked_up("127.0.0.1" if host == "files.example.com" else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", rebound)  # the name server is the attacker's
    with pytest.raises(PayloadError, match="to a private network"):
        asyncio.run(fetch_pdf(f"https://{name}:{vendor.port}/a", "GET /document", limits=LIMITS))
    assert vendor.seen == []


def test_behind_a_proxy_a_name_is_judged_by_what_it_stands_for_here(vendor_with, monkeypatch):
    """The proxy alone sees the address: what we can know before, we do not ask it to reach for us."""
    use_proxy(monkeypatch, vendor_with(None))
    for host in ("localhost", "2130706433"):
        with pytest.raises(PayloadError, match="to a private network"):
            asyncio.run(fetch_pdf(f"https://{host}/a", "GET /document", limits=LIMITS))
    with pytest.raises(VendorUnavailable):
        asyncio.run(fetch_pdf("https://files.unheard-of.invalid/a?sig=x", "GET /document", limits=LIMITS))
