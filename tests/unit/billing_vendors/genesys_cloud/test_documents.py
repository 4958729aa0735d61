"""The file behind a document link: what is fetched, what is refused, and that the link leaves no trace."""

import asyncio
import dataclasses
import ipaddress
import time

import pytest
from tests.unit.billing_vendors.genesys_cloud.conftest import FakeGenesys, Reply, json_reply

from billing.errors import PayloadError, VendorRejected, VendorUnavailable
from billing_vendors.base.client.pdf_download import _check_address, fetch_pdf
from billing_vendors.base.client.request import Request
from billing_vendors.base.client.transport import Limits
from billing_vendors.genesys_cloud.hooks import GenesysCloudBillingHook

PDF = b"%PDF-1.7\n%%EOF\n"
REQUEST = "GET /api/v2/billing/contracts/invoices/INV1/document"
SIGNATURE = "signature-canary"
MIB = 1024 * 1024


@pytest.fixture
def hook(connect):
    return GenesysCloudBillingHook(connect(), limits=Limits(first_pause_seconds=0.01))


@pytest.fixture
def store():
    """Another host, as far as this machine can have one: another port."""
    fake = FakeGenesys()
    yield fake
    fake.close()


def link_to(genesys, url):
    genesys.billing("/contracts/invoices/INV1/document", json_reply({"url": url}))


def pdf(body=PDF, media_type="application/pdf", **more):
    return Reply(body, media_type=media_type, **more)


def moved(to):
    return Reply(b"", 302, headers={"Location": to})


def test_the_file_is_fetched_and_the_link_is_forgotten(hook, genesys, store, logged):
    """The link is in no log line of any level, and in nothing that is handed out."""
    store.responses("/files/INV1.pdf", pdf())
    link_to(genesys, f"{store.url}/files/INV1.pdf?sig={SIGNATURE}")

    document = hook.get_document("INV1")

    assert (document.invoice_id, document.file_format, document.media_type) == ("INV1", "pdf", "application/pdf")
    assert (document.request, document.body) == (REQUEST, PDF)
    assert store.seen[0].query == {"sig": SIGNATURE}
    assert REQUEST in logged.text
    for trace in (SIGNATURE, "/files/"):
        assert trace not in logged.text
        assert trace not in str(dataclasses.asdict(document))


@pytest.mark.parametrize("link", ["/files/INV1.pdf", "../../../../../../files/INV1.pdf"])
def test_a_relative_link_leads_to_the_vendor_itself(hook, genesys, link):
    genesys.responses("/files/INV1.pdf", pdf())
    link_to(genesys, link)

    assert hook.get_document("INV1").body == PDF


def test_the_vendor_s_token_stays_with_the_vendor(hook, genesys, store):
    store.responses("/a", moved("/b"))
    store.responses("/b", pdf())
    link_to(genesys, f"{store.url}/a")

    hook.get_document("INV1")

    assert len(store.seen) == 2
    for request in store.seen:
        assert not {"authorization", "cookie"} & set(request.headers)
        assert "token-1" not in str(request)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://files.example.com/INV1.pdf",
        "http://files.example.com/INV1.pdf",
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254/latest/meta-data/",
        "https://10.0.0.7/INV1.pdf",
        "https://[fe80::1]/INV1.pdf",
        "https://[::ffff:10.0.0.7]/INV1.pdf",
        "https://[64:ff9b::a00:7]/INV1.pdf",
        "https://[2002:a00:7::]/INV1.pdf",
        "https://0.0.0.0/INV1.pdf",
        "https://user:pw@files.example.com/INV1.pdf",
        "https:///INV1.pdf",
        "https://[broken/INV1.pdf",
        "https://files.example.com:port/INV1.pdf",
    ],
)
def test_a_link_that_leads_where_it_must_not_is_refused(hook, genesys, url):
    """The vendor itself is on loopback here; that opens loopback, and no other private address."""
    link_to(genesys, url + f"?sig={SIGNATURE}")

    with pytest.raises(PayloadError, match="INV1/document, the file behind it") as raised:
        hook.get_document("INV1")

    assert SIGNATURE not in str(raised.value)
    assert [request.method for request in genesys.seen] == ["POST", "GET"]


@pytest.mark.parametrize("document", [{}, {"url": None}, {"url": ""}, {"url": 7}, {"url": [f"https://x/?{SIGNATURE}"]}])
def test_an_answer_without_a_link_is_an_error_that_shows_nothing(hook, genesys, document):
    genesys.billing("/contracts/invoices/INV1/document", json_reply(document))

    with pytest.raises(PayloadError, match="has no url") as raised:
        hook.get_document("INV1")

    assert SIGNATURE not in str(raised.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_vendor_elsewhere_does_not_lead_to_this_machine(store, host):
    """By its real address: the name is resolved and connected to, and not a byte is sent."""
    link = f"https://{host}:{store.url.rpartition(':')[2]}/a"

    with pytest.raises(PayloadError, match="to a private network"):
        asyncio.run(fetch_pdf(link, REQUEST, local=False))

    assert store.seen == []


@pytest.mark.parametrize("address", ["8.8.8.8", "104.16.0.1", "2606:4700::1111", "2a00:1450:4001::200e"])
def test_public_addresses_are_fine(address):
    _check_address(ipaddress.ip_address(address), Request("document", "/x"), local=False)


class TestRedirects:
    def test_three_are_followed(self, hook, genesys, store):
        for n in range(3):
            store.responses(f"/{n}", moved(f"/{n + 1}"))
        store.responses("/3", pdf())
        link_to(genesys, f"{store.url}/0")

        assert hook.get_document("INV1").body == PDF

    def test_a_fourth_is_not(self, hook, genesys, store):
        store.responses("/", moved("/"))
        link_to(genesys, f"{store.url}/")

        with pytest.raises(PayloadError, match="redirected more than 3 times"):
            hook.get_document("INV1")

        assert len(store.seen) == 4

    @pytest.mark.parametrize(
        "to", ["http://169.254.169.254/", "https://192.168.1.1/", "file:///etc/passwd", "http://files.example.com/"]
    )
    def test_each_is_judged_like_the_link(self, hook, genesys, store, to):
        store.responses("/", moved(to))
        link_to(genesys, f"{store.url}/")

        with pytest.raises(PayloadError, match="the link"):
            hook.get_document("INV1")


class TestWhatComesBack:
    @pytest.mark.parametrize("media_type", ["application/octet-stream", "binary/octet-stream", "application/pdf; q=1"])
    def test_the_store_may_call_a_pdf_bytes(self, hook, genesys, store, media_type):
        store.responses("/a", pdf(media_type=media_type))
        link_to(genesys, f"{store.url}/a")

        assert hook.get_document("INV1").media_type == "application/pdf"

    @pytest.mark.parametrize(
        ("body", "media_type"),
        [
            (b"<html>sign in</html>", "text/html"),
            (PDF, "text/html"),
            (PDF, ""),
            (b"<html>sign in</html>", "application/pdf"),
            (b"", "application/pdf"),
            (b"<html>%PDF-1.7", "application/octet-stream"),
        ],
    )
    def test_anything_but_a_pdf_is_refused(self, hook, genesys, store, body, media_type):
        store.responses("/a", pdf(body, media_type))
        link_to(genesys, f"{store.url}/a")

        with pytest.raises(PayloadError, match="is not a PDF"):
            hook.get_document("INV1")

    @pytest.mark.parametrize("declared", [True, False])
    def test_a_body_of_100_mb_is_cut_off_at_the_limit(self, hook, genesys, store, declared):
        sent = []

        def chunks():
            for _ in range(100):
                sent.append(1)
                yield b"x" * MIB

        headers = {} if declared else {"Connection": "close"}
        length = len(PDF) + 100 * MIB if declared else None
        store.responses("/a", pdf(chunks=chunks(), length=length, headers=headers))
        link_to(genesys, f"{store.url}/a")

        with pytest.raises(PayloadError, match="more than 52428800 bytes"):
            hook.get_document("INV1")

        assert len(sent) < 100

    @pytest.mark.parametrize(
        ("status", "error"), [(403, VendorRejected), (410, VendorRejected), (503, VendorUnavailable)]
    )
    def test_a_refusal_of_the_store_is_an_error_without_the_link(self, hook, genesys, store, status, error):
        store.responses("/a", Reply(f"<Error>{SIGNATURE}</Error>".encode(), status, "application/xml"))
        link_to(genesys, f"{store.url}/a?sig={SIGNATURE}")

        with pytest.raises(error) as raised:
            hook.get_document("INV1")

        assert SIGNATURE not in str(raised.value)
        assert str(status) in str(raised.value)

    @pytest.mark.parametrize(
        ("first", "links"),
        [
            (Reply(b"", 500), 2),
            (Reply(b"", 503, headers={"Retry-After": "0"}), 2),
            (Reply(b"expired", 403), 2),
            (Reply(b"gone", 410), 2),
            (Reply(b"<html>one moment</html>", media_type="text/html"), 2),
        ],
    )
    def test_a_file_that_is_not_served_is_asked_for_by_another_link(self, hook, genesys, store, first, links):
        store.responses("/a", first, pdf())
        link_to(genesys, f"{store.url}/a")

        assert hook.get_document("INV1").body == PDF

        assert len(genesys.asked("/contracts/invoices/INV1/document")) == links

    @pytest.mark.parametrize(("status", "files"), [(503, 4), (403, 2), (404, 2)])
    def test_attempts_are_bounded(self, hook, genesys, store, status, files):
        store.responses("/a", Reply(b"", status))
        link_to(genesys, f"{store.url}/a")

        with pytest.raises((VendorRejected, VendorUnavailable), match=str(status)):
            hook.get_document("INV1")

        assert len(store.seen) == files

    def test_a_refused_request_for_a_link_is_final(self, hook, genesys):
        genesys.billing("/contracts/invoices/INV1/document", json_reply({}, 403))

        with pytest.raises(VendorRejected, match="403"):
            hook.get_document("INV1")

        assert len(genesys.asked("/contracts/invoices/INV1/document")) == 1

    def test_a_host_of_files_that_is_down_is_asked_patiently_only_once(self, hook, genesys, store):
        store.responses("/a", Reply(b"", 503))
        link_to(genesys, f"{store.url}/a")

        for _ in range(3):
            with pytest.raises(VendorUnavailable):
                hook.get_document("INV1")

        assert len(store.seen) == 4 + 1 + 1

    def test_the_store_is_told_the_same_name_as_the_vendor(self, hook, genesys, store):
        store.responses("/a", pdf())
        link_to(genesys, f"{store.url}/a")

        hook.get_document("INV1")

        names = {request.headers["user-agent"] for request in (*genesys.seen, *store.seen)}
        assert len(names) == 1
        assert names.pop().startswith("tieout/")

    def test_a_store_that_is_not_there_is_an_error_without_the_link(self, hook, genesys, store):
        store.close()
        link_to(genesys, f"{store.url}/a?sig={SIGNATURE}")

        with pytest.raises(VendorUnavailable, match="the file behind it failed") as raised:
            hook.get_document("INV1")

        assert SIGNATURE not in str(raised.value)
        assert raised.value.__context__ is None  # the library's own error quotes the whole link

    def test_a_store_that_drips_is_cut_off(self, store):
        def drip():
            while True:
                time.sleep(0.01)
                yield b"x"

        store.responses("/a", pdf(chunks=drip(), length=10**12))

        with pytest.raises(VendorUnavailable, match=r"did not finish within 0\.2 s"):
            asyncio.run(fetch_pdf(f"{store.url}/a", REQUEST, local=True, limits=Limits(total_seconds=0.2)))
