"""The rules of asking, the same for workers (blocking) and triggers (awaited), against a real server."""

import asyncio
import gzip
import json
import logging
import os
import signal
import time
import zlib
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import aiohttp
import pytest
import zstandard
from airflow.sdk.log import redact

from billing.errors import BrokenResponse, ConfigurationError, PayloadError, VendorRejected, VendorUnavailable
from billing_vendors.base.client import client
from billing_vendors.base.client.connection import Credential
from billing_vendors.base.client.paging import PageHead, Paging
from billing_vendors.base.client.request import PDF, Request
from billing_vendors.base.client.transport import Limits
from billing_vendors.fastly.hooks import FastlyBillingHook
from billing_vendors.fastly.probes import EstimateProbe

TOKEN = "open-sesame-4711"
SENT = {"accept", "accept-encoding", "user-agent", "fastly-key", "host", "connection"}


def said(document: object, **reply: object) -> dict[str, object]:
    return {"body": json.dumps(document).encode(), **reply}


class TestConnection:
    """The connection is read late, by an allow-list, and leaves the process as one header."""

    def test_building_a_hook_reads_and_asks_nothing(self, server):
        FastlyBillingHook("no_such_connection")
        assert server.seen == []

    def test_only_the_token_goes_out(self, send, server):
        send()
        assert set(server.seen[0].headers) <= SENT
        assert server.seen[0].headers["fastly-key"] == TOKEN
        assert server.seen[0].headers["user-agent"].startswith("tieout/")

    @pytest.mark.parametrize("key", ["client_secret", "X-Forwarded-For", "verify", "timeout", "stream"])
    def test_an_unknown_key_of_the_extra_is_refused_and_nothing_is_sent(self, send, connect, server, key):
        connect(host=server.url, password=TOKEN, extra={key: "s3cr3t"})
        with pytest.raises(ConfigurationError, match=key) as refused:
            send()
        assert "s3cr3t" not in str(refused.value)
        assert server.seen == []

    def test_the_token_does_not_go_over_plain_http_to_another_host(self, send, connect):
        connect(host="http://198.51.100.7", password=TOKEN)
        with pytest.raises(ConfigurationError, match="only https"):
            send()

    @pytest.mark.parametrize(
        "token",
        [
            "s3cr3t\nX-Other: 1",
            "s3\u200bcr3t",
            "\ufeffs3cr3t",
            "s3cr3t\u2026",
            "s\u00e9cr3t",
            "s3cr3t\u202f1",
            "s3cr3t\x7f",
            "\uff53\uff13cr3t",
        ],
    )
    def test_a_token_that_a_header_cannot_carry_is_refused(self, send, connect, server, token):
        """It was pasted with what cannot be seen, or would add a header of its own."""
        connect(host=server.url, password=token)
        with pytest.raises(ConfigurationError, match=r"connection fastly_test: password .* cannot be sent") as refused:
            send()
        assert "cr3t" not in str(refused.value)
        assert server.seen == []

    @pytest.mark.parametrize("around", ["{} ", "\t{}", "{}\n", "\u00a0{}\u3000"])
    def test_white_space_around_a_token_is_left_out(self, send, connect, server, around):
        connect(host=server.url, password=around.format(TOKEN))
        send()
        assert server.seen[0].headers["fastly-key"] == TOKEN

    @pytest.mark.parametrize("host", ["https://api.fastly\u200b.com", "https://\u00e4pi.fastly.com", "https://a\n.com"])
    def test_a_host_with_a_character_that_no_host_has_is_refused(self, send, connect, host):
        connect(host=host, password=TOKEN)
        with pytest.raises(ConfigurationError, match="connection fastly_test: the host"):
            send()

    def test_a_missing_connection_is_named(self):
        hook = FastlyBillingHook("no_such_connection")
        with pytest.raises(ConfigurationError, match="no_such_connection"):
            hook.send(Request("test", "/path"))
        with pytest.raises(ConfigurationError, match="no_such_connection"):
            asyncio.run(hook.asend(Request("test", "/path")))

    def test_a_netrc_is_not_used(self, send, server, monkeypatch, tmp_path):
        (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password s3cr3t\n")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        send()
        assert "authorization" not in server.seen[0].headers

    @pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY"])
    @pytest.mark.parametrize("scheme", ["http://", ""])
    def test_the_environment_s_proxy_is_used(self, send, connect, server, monkeypatch, variable, scheme):
        for name in ("NO_PROXY", "no_proxy", "HTTP_PROXY", "http_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv(variable, scheme + server.url.removeprefix("http://"))
        connect(host="http://localhost:9", password=TOKEN)
        send()
        assert server.targets == ["http://localhost:9/path"]

    def test_a_proxy_is_asked_for_a_tunnel_under_the_same_name(self, send, connect, server, monkeypatch):
        for name in ("NO_PROXY", "no_proxy", "HTTPS_PROXY", "https_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HTTPS_PROXY", server.url)
        server.responses({"status": 502})
        connect(host="https://api.example.com", password=TOKEN)
        with pytest.raises(VendorUnavailable):
            send()
        assert server.targets == ["api.example.com:443"]
        assert server.seen[0].headers["user-agent"].startswith("tieout/")
        assert "fastly-key" not in server.seen[0].headers

    def test_cookies_are_not_kept(self, conn_id, server):
        server.responses({"headers": {"Set-Cookie": "a=b"}})
        with FastlyBillingHook(conn_id) as hook:
            hook.send(Request("test", "/path"))
            hook.send(Request("test", "/path"))
        assert server.connections == 1
        assert "cookie" not in server.seen[1].headers

    def test_the_button_in_the_form_tells_what_the_vendor_says(self, conn_id, server):
        assert FastlyBillingHook(conn_id).test_connection()[0] is True
        server.responses(said({"msg": f"bad token {TOKEN}"}, status=401))
        works, message = FastlyBillingHook(conn_id).test_connection()
        assert works is False
        assert "check the connection" in message
        assert TOKEN not in message

    def test_the_stock_way_to_ask_is_closed(self, conn_id, server):
        for stock in (FastlyBillingHook.run, FastlyBillingHook.get_conn):
            with pytest.raises(TypeError, match=r"call send\(request\)"):
                stock(FastlyBillingHook(conn_id))
        assert server.seen == []


class TestAnswers:
    """What comes back is an answer with its bytes, or an error."""

    def test_an_answer_keeps_its_bytes(self, send, server):
        server.responses({"body": b'{"amount": 1.10}', "headers": {"X-Served-By": "c1", "X-Other": "no"}})
        response = send(Request("v1.thing", "/thing", {"a": "b c"}))
        assert response.body == b'{"amount": 1.10}'
        assert str(response.json()["amount"]) == "1.10"
        assert (response.operation, response.request, response.status) == ("v1.thing", "GET /thing?a=b+c", 200)
        assert response.headers == {"x-served-by": "c1"}
        assert server.targets == ["/thing?a=b+c"]

    def test_gzip_is_unpacked(self, send, server):
        server.responses({"body": gzip.compress(b'{"a": 1}'), "headers": {"Content-Encoding": "gzip"}})
        assert send().body == b'{"a": 1}'

    @pytest.mark.parametrize(
        ("coding", "pack"),
        [
            ("x-gzip", gzip.compress),
            ("GZIP", gzip.compress),
            ("deflate", zlib.compress),
            ("deflate", lambda body: zlib.compress(body)[2:-4]),
            ("zstd", zstandard.compress),
            ("identity", bytes),
            ("gzip, identity", gzip.compress),
            ("deflate, zstd", lambda body: zstandard.compress(zlib.compress(body))),
            ("gzip", lambda body: gzip.compress(body[:3]) + gzip.compress(body[3:]) + bytes(8)),
            ("zstd", lambda body: zstandard.compress(body[:3]) + zstandard.compress(body[3:])),
        ],
    )
    def test_a_body_is_unpacked_by_every_registered_name(self, send, server, coding, pack):
        server.responses({"body": pack(b'{"a": 1}'), "headers": {"Content-Encoding": coding}})
        assert send().body == b'{"a": 1}'

    @pytest.mark.parametrize("coding", ["br", "compress", "gzip, rot13"])
    def test_a_coding_that_is_not_known_is_named(self, send, server, coding):
        server.responses({"body": b"\x0b\x02\x80{}", "headers": {"Content-Encoding": coding}})
        with pytest.raises(PayloadError, match=f"content coding '{coding.rpartition(' ')[2]}'"):
            send()

    @pytest.mark.parametrize(
        ("coding", "body"),
        [
            ("gzip", b"{}"),
            ("gzip", gzip.compress(b"{}", mtime=0)[:-3]),
            ("gzip", gzip.compress(b"{}", mtime=0) * 17),
            ("deflate", zlib.compress(b'{"a": "b"}')[:-5]),
            ("zstd", zstandard.compress(b"{}" * 100)[:-3]),
            ("zstd", b"{}"),
        ],
    )
    def test_a_body_that_is_not_packed_so_is_broken(self, send, server, coding, body):
        server.responses({"body": body, "headers": {"Content-Encoding": coding}})
        with pytest.raises(BrokenResponse, match=f"cannot be decompressed as {coding}"):
            send()

    def test_an_error_is_judged_by_its_status_whatever_its_body(self, send, server):
        server.responses({"status": 503, "body": b"\x0b", "headers": {"Content-Encoding": "br"}})
        with pytest.raises(VendorUnavailable, match="503"):
            send()

    @pytest.mark.parametrize("piece", [b"[%s]", b'{"a":%s}'])
    @pytest.mark.parametrize("levels", [101, 500, 2_000, 100_000])
    def test_deep_nesting_is_no_answer_and_not_asked_again(self, conn_id, server, levels, piece):
        before, _, after = piece.partition(b"%s")
        server.responses({"body": before * levels + b"1" + after * levels})
        with pytest.raises(PayloadError, match=r"too many levels|recursion limit"):
            FastlyBillingHook(conn_id).send(Request("test", "/path")).json()
        assert len(server.seen) == 1

    @pytest.mark.parametrize(
        ("document", "error"),
        [
            ({"code": "internal.server.error", "message": "x", "status": 500}, VendorUnavailable),
            ({"code": "too.many.requests", "message": "x", "status": 429, "contextId": "c"}, VendorUnavailable),
            ({"type": "t", "title": "x", "code": "c", "status": "503"}, VendorUnavailable),
            ({"code": "not.found", "message": "x", "status": 404, "details": [], "errors": []}, VendorRejected),
            ({"title": "x", "detail": "y", "errors": None, "status": 403}, VendorRejected),
            ({"msg": "You have exceeded your hourly rate limit"}, BrokenResponse),
            ({"msg": "Record not found", "detail": "x"}, BrokenResponse),
            ({"message": "x", "code": "c"}, BrokenResponse),
        ],
    )
    def test_an_error_with_status_200_is_no_answer(self, send, server, document, error):
        server.responses(said(document))
        with pytest.raises(error, match="answered 200 with an error"):
            send()

    @pytest.mark.parametrize(
        "document",
        [
            {},
            {"title": "Accepted", "status": "202"},
            {"title": "Accepted", "status": "in progress"},
            {"status": 500, "lines": []},
            {"description": "x", "status": "Active"},
            {"error": None},
            {"description": "a bill of one line", "lines": [{}]},
            {"status": True, "message": "x"},
        ],
    )
    def test_what_only_resembles_an_error_is_an_answer(self, send, server, document):
        server.responses(said(document))
        assert send().json() == document

    def test_an_error_with_status_200_that_quotes_the_token_is_blotted(self, send, server):
        server.responses(said({"msg": f"token {TOKEN} is bad"}))
        with pytest.raises(BrokenResponse, match=r"token \*\*\* is bad"):
            send()

    def test_a_202_is_no_answer_unless_it_was_accepted(self, send, server):
        server.responses({"status": 202, "body": b""})
        with pytest.raises(PayloadError, match="202, expected 200"):
            send()
        assert send(Request("test", "/path", accepted=(200, 202))).status == 202

    def test_a_web_page_with_status_200_is_no_answer(self, send, server):
        server.responses({"body": b"<html>Sign in: s3cr3t</html>", "media_type": "text/html"})
        with pytest.raises(PayloadError, match="text/html") as refused:
            send()
        assert "s3cr3t" not in str(refused.value)

    def test_a_file_in_another_media_type_is_no_answer(self, send):
        with pytest.raises(PayloadError, match="application/pdf"):
            send(Request("test", "/path", accept=PDF))

    def test_a_redirect_is_not_followed(self, send, server):
        server.responses({"status": 302, "headers": {"Location": f"{server.url}/elsewhere?signature=s3cr3t"}})
        with pytest.raises(VendorRejected, match=r"redirect to 127\.0\.0\.1") as refused:
            send()
        assert len(server.seen) == 1
        assert "s3cr3t" not in str(refused.value)

    def test_an_error_that_quotes_the_token_is_blotted(self, send, server):
        server.responses(said({"msg": f"token {TOKEN} is bad"}, status=403))
        with pytest.raises(VendorRejected, match=r"token \*\*\* is bad"):
            send()


class TestLimits:
    """No request hangs, and none brings more than it may."""

    def test_silence_ends(self, send, server):
        server.responses({"hang_seconds": 5.0})
        with pytest.raises(VendorUnavailable):
            send(read_seconds=0.2)

    def test_a_slow_drip_ends_although_it_is_never_silent(self, send, server):
        server.responses({"body": b"{" + b" " * 200 + b"}", "drip_seconds": 0.05})
        with pytest.raises(VendorUnavailable, match="did not finish within"):
            send(read_seconds=2.0, total_seconds=0.5)

    def test_a_slow_drip_without_a_declared_length_ends_too(self, send, server):
        reply = {"body": b"{" + b" " * 200 + b"}", "drip_seconds": 0.05, "headers": {"Connection": "close"}}
        server.responses(reply)
        server.script[0].head = lambda: b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
        with pytest.raises(VendorUnavailable, match="did not finish within"):
            send(read_seconds=2.0, total_seconds=0.5)

    def test_a_slow_drip_of_headers_ends(self, send, server):
        server.responses({"body": b"X-Slow: " + b"a" * 200, "drip_seconds": 0.05})
        server.script[0].head = lambda: b"HTTP/1.1 200 OK\r\n"
        with pytest.raises(VendorUnavailable, match="did not finish within"):
            send(read_seconds=2.0, total_seconds=0.5)

    def test_a_large_body_is_refused(self, send, server):
        server.responses({"body": b" " * 300_000})
        with pytest.raises(PayloadError, match="more than 100000 bytes"):
            send(body_bytes=100_000)

    def test_a_gzip_bomb_is_counted_after_decompression(self, send, server):
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(50)) + packer.flush()
        assert len(bomb) < 100_000
        server.responses({"body": bomb, "headers": {"Content-Encoding": "gzip"}})
        with pytest.raises(PayloadError, match="more than 100000 bytes"):
            send(body_bytes=100_000)

    @pytest.mark.parametrize("coding", ["zstd", "deflate", "zstd, zstd"])
    def test_a_bomb_in_any_coding_is_refused(self, send, server, coding):
        bomb = zlib.compress(bytes(50 << 20)) if coding == "deflate" else zstandard.compress(bytes(50 << 20))
        server.responses({"body": zstandard.compress(bomb) if "," in coding else bomb})
        server.script[0].headers["Content-Encoding"] = coding
        with pytest.raises(PayloadError, match="more than 100000 bytes"):
            send(body_bytes=100_000)

    @pytest.mark.parametrize("reply", [{"vanish": True}, {"body": b'{"a":', "declared_length": 500}])
    def test_a_broken_connection_is_unavailable(self, send, server, reply):
        server.responses(reply)
        with pytest.raises(VendorUnavailable, match="GET /path failed") as broken:
            send()
        assert server.url not in str(broken.value)

    def test_a_host_that_nobody_serves_is_unavailable(self, send, server):
        server.close()
        with pytest.raises(VendorUnavailable, match="ConnectionRefusedError"):
            send()


class TestSendingAgain:
    """Inside one read a request is sent again a few times; a look leaves that to the next look."""

    @pytest.mark.parametrize(
        "reply", [{"status": 429}, {"status": 502}, {"status": 503}, {"status": 504}, {"vanish": True}]
    )
    def test_a_busy_vendor_is_asked_again(self, conn_id, server, reply):
        server.responses(reply, reply, {})
        hook = FastlyBillingHook(conn_id, limits=Limits(first_pause_seconds=0.01))
        assert hook.send(Request("test", "/path")).status == 200
        assert len(server.seen) == 3

    @pytest.mark.parametrize(
        "broken",
        [
            {"body": b"<html>back in 5 minutes</html>", "media_type": "text/html"},
            {"body": b""},
            {"status": 204, "body": b""},
            {"body": b'{"data": [{"month"'},
            {"body": gzip.compress(b"{}")[:-3], "headers": {"Content-Encoding": "gzip"}},
            {"body": b'{"msg": "sorry"}'},
        ],
    )
    def test_a_broken_response_is_asked_for_once_more(self, conn_id, server, broken):
        hook = FastlyBillingHook(conn_id, limits=Limits(first_pause_seconds=0.01))
        server.responses(broken, {})
        assert hook.send(Request("test", "/path")).status == 200
        server.responses(broken, {"status": 503}, broken, {})
        with pytest.raises(BrokenResponse):
            hook.send(Request("test", "/path"))
        assert len(server.seen) == 5

    def test_an_error_with_status_200_is_repeated_by_the_status_in_it(self, conn_id, server):
        server.responses(
            said({"message": "x", "status": 429}, headers={"Retry-After": "1"}),
            said({"message": "x", "status": 503}),
            {},
        )
        hook = FastlyBillingHook(conn_id, limits=Limits(first_pause_seconds=0.01))
        assert hook.send(Request("test", "/path")).status == 200
        assert server.seen[1].at - server.seen[0].at >= 1.0

    def test_it_gives_up_after_the_last_attempt(self, conn_id, server):
        server.responses({"status": 503})
        hook = FastlyBillingHook(conn_id, limits=Limits(attempts=3, first_pause_seconds=0.01))
        with pytest.raises(VendorUnavailable, match="503"):
            hook.send(Request("test", "/path"))
        assert len(server.seen) == 3

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
    def test_another_refusal_is_not_repeated(self, conn_id, server, status):
        server.responses({"status": status})
        with pytest.raises((VendorRejected, VendorUnavailable)):
            FastlyBillingHook(conn_id).send(Request("test", "/path"))
        assert len(server.seen) == 1

    def test_a_post_is_not_repeated(self, conn_id, server):
        server.responses({"status": 503})
        with pytest.raises(VendorUnavailable):
            FastlyBillingHook(conn_id).send(Request("test", "/path", method="POST", form={"a": "b"}))
        assert [seen.body for seen in server.seen] == [b"a=b"]

    @pytest.mark.parametrize("as_date", [False, True])
    def test_it_waits_at_least_as_long_as_the_vendor_asks(self, conn_id, server, as_date):
        until = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)  # whole seconds: 1 to 2 are left
        server.responses({"status": 429, "headers": {"Retry-After": until if as_date else "1"}}, {})
        hook = FastlyBillingHook(conn_id, limits=Limits(first_pause_seconds=0.01))
        hook.send(Request("test", "/path"))
        first, second = server.seen
        assert second.at - first.at >= (0.9 if as_date else 1.0)

    def test_a_longer_wait_than_the_cap_is_left_to_airflow(self, conn_id, server):
        server.responses({"status": 429, "headers": {"Retry-After": "121"}})
        with pytest.raises(VendorUnavailable) as busy:
            FastlyBillingHook(conn_id).send(Request("test", "/path"))
        assert busy.value.retry_after == 121
        assert len(server.seen) == 1

    @pytest.mark.parametrize("reply", [{"status": 503}, {"vanish": True}])
    def test_a_look_does_not_ask_again_by_itself(self, conn_id, server, reply):
        server.responses(reply)
        probe = EstimateProbe("abc", "v3", "2026-10")
        with pytest.raises(VendorUnavailable):
            asyncio.run(probe.poke(probe.hook(conn_id)))
        assert len(server.seen) == 1

    @pytest.mark.parametrize("way", ["blocking", "awaited"])
    def test_the_library_does_not_ask_again_by_itself(self, conn_id, server, way):
        """aiohttp would send a GET again after a broken connection, and hide what happened."""
        server.responses({}, {"vanish": True}, {})
        hook = FastlyBillingHook(conn_id, limits=Limits(attempts=1))
        ask = {"blocking": _send_all, "awaited": lambda *arguments: asyncio.run(_ask_all(*arguments))}[way]
        with pytest.raises(VendorUnavailable, match="ServerDisconnectedError"):
            ask(hook, [Request("test", "/1"), Request("test", "/2")])
        assert server.targets == ["/1", "/2"]


@pytest.fixture
def log(caplog, monkeypatch):
    """All that is logged from level DEBUG on, the hook's lines by a plain logger: Airflow's own filters by level."""
    monkeypatch.setattr(FastlyBillingHook, "_log", logging.getLogger("the.hook"))
    with caplog.at_level(logging.DEBUG):
        yield caplog


class TestLog:
    """One line a request, without anything that must not be shown."""

    def test_one_line_names_request_status_length_and_request_id(self, send, server, log):
        server.responses({"body": b'{"secret": "s3cr3t"}', "headers": {"X-Request-Id": "r-17\tx"}})
        send(Request("test", "/path", {"month": "2026-10"}))
        lines = [record.getMessage() for record in log.records if record.name == "the.hook"]
        assert len(lines) == 1
        assert lines[0].startswith("GET /path?month=2026-10: 200, 20 bytes, ")
        assert lines[0].endswith(" ms, request id r-17\\tx")
        assert "s3cr3t" not in log.text
        assert TOKEN not in log.text

    def test_a_failure_does_not_log_the_body(self, send, server, log):
        server.responses({"status": 500, "body": b"stack trace with s3cr3t"})
        with pytest.raises(VendorUnavailable):
            send()
        assert "500, 23 bytes" in log.text
        assert "s3cr3t" not in log.text


class TokenHook(FastlyBillingHook):
    """A vendor whose credential is a token with an end."""

    async def authenticate(self, connection_settings):
        form = {"secret": connection_settings.password}
        response = await self.asend(Request("test.token", "/token", method="POST", form=form, signed=False))
        token = response.json()["token"]
        return Credential({"Authorization": f"Bearer {token}"}, token, lives_seconds=3600)


class TestCredential:
    """A token is got once, kept, and renewed when the vendor refuses it, also between two pages."""

    @pytest.mark.parametrize("way", ["blocking", "awaited"])
    def test_a_refused_token_is_renewed_once(self, conn_id, server, way):
        server.responses(said({"token": "t1"}), {}, {"status": 401}, said({"token": "t2"}), {}, {})
        questions = [Request("test", f"/page/{number}") for number in (1, 2, 3)]
        hook = TokenHook(conn_id)
        if way == "blocking":
            for request in questions:
                hook.send(request)
        else:
            asyncio.run(_ask_all(hook, questions))
        assert server.targets == ["/token", "/page/1", "/page/2", "/token", "/page/2", "/page/3"]
        assert [seen.headers.get("authorization", "")[-2:] for seen in server.seen] == ["", "t1", "t1", "", "t2", "t2"]

    def test_a_token_that_is_refused_anew_is_an_error(self, conn_id, server):
        server.responses(said({"token": "t1"}), {"status": 401}, said({"token": "t2"}), {"status": 401})
        with pytest.raises(VendorRejected, match="401"):
            TokenHook(conn_id).send(Request("test", "/path"))
        assert len(server.seen) == 4

    def test_a_refused_key_is_not_tried_twice(self, send, server):
        server.responses({"status": 401})
        with pytest.raises(VendorRejected):
            send()
        assert len(server.seen) == 1

    async def test_many_triggers_share_one_token(self, conn_id, server):
        server.responses(said({"token": "t1"}), {})
        await asyncio.gather(*(TokenHook(conn_id).asend(Request("test", f"/{n}")) for n in range(50)))
        assert server.targets.count("/token") == 1


def _send_all(hook, questions):
    with hook:
        for request in questions:
            hook.send(request)


async def _ask_all(hook, questions):
    async with hook:
        for request in questions:
            await hook.asend(request)


@pytest.mark.parametrize("way", ["blocking", "awaited"])
def test_every_secret_is_masked_in_logs(connect, server, way):
    connect("masked", host=server.url, password=f"password-{way}-canary")
    server.responses(said({"token": f"token-{way}-canary"}), {})
    hook = TokenHook("masked")
    if way == "blocking":
        hook.send(Request("test", "/path"))
    else:
        asyncio.run(hook.asend(Request("test", "/path")))
    assert redact(f"password-{way}-canary and token-{way}-canary") == "*** and ***"


class TestTriggersTogether:
    """A thousand triggers on one event loop."""

    async def test_they_share_connections_to_the_vendor(self, conn_id, server):
        async with FastlyBillingHook(conn_id):
            for _ in range(3):
                await asyncio.gather(*(FastlyBillingHook(conn_id).asend(Request("test", f"/{n}")) for n in range(200)))
        assert len(server.seen) == 600
        assert server.connections <= 50

    async def test_a_refusal_makes_the_next_look_read_the_connection_again(self, conn_id, connect, server):
        server.responses({"status": 401}, {})
        with pytest.raises(VendorRejected):
            await FastlyBillingHook(conn_id).asend(Request("test", "/1"))
        connect(host=server.url, password="another-token")
        await FastlyBillingHook(conn_id).asend(Request("test", "/2"))
        assert [seen.headers["fastly-key"] for seen in server.seen] == [TOKEN, "another-token"]

    async def test_the_connection_is_read_once_for_many_looks(self, conn_id, connect, server, monkeypatch):
        await FastlyBillingHook(conn_id).asend(Request("test", "/1"))
        connect(host=server.url, password="another-token")
        await FastlyBillingHook(conn_id).asend(Request("test", "/2"))
        monkeypatch.setattr(client, "CONNECTION_SECONDS", 0.0)
        await FastlyBillingHook(conn_id).asend(Request("test", "/3"))
        assert [seen.headers["fastly-key"] for seen in server.seen] == [TOKEN, TOKEN, "another-token"]

    async def test_the_session_is_closed_when_the_last_has_left(self, conn_id, server):
        async with FastlyBillingHook(conn_id):
            async with FastlyBillingHook(conn_id) as second:
                await second.asend(Request("test", "/1"))
            await FastlyBillingHook(conn_id).asend(Request("test", "/2"))
        await FastlyBillingHook(conn_id).asend(Request("test", "/3"))
        assert server.connections == 2

    async def test_a_slow_vendor_does_not_stop_the_loop(self, conn_id, server):
        server.responses({"hang_seconds": 0.5})
        asking = asyncio.create_task(FastlyBillingHook(conn_id).asend(Request("test", "/1")))
        turns = 0
        while not asking.done():
            await asyncio.sleep(0.01)
            turns += 1
        assert turns > 5


class Pages(Paging):
    """A listing whose pages hold a cursor and nothing else."""

    def read_head(self, page):
        return PageHead(page.json()["next"], [])


def test_pages_are_asked_for_when_they_are_wanted(conn_id, server):
    """Each answer is stored before the next request goes out."""
    server.responses(said({"next": "c2"}), said({"next": ""}))
    read = FastlyBillingHook(conn_id).list_pages(Pages(Request("test", "/list")))
    next(read)
    assert server.targets == ["/list"]
    assert len(list(read)) == 1
    assert server.targets == ["/list", "/list?cursor=c2"]


class TimeOut(BaseException):
    """As Airflow's own: a worker's signal handler raises it wherever the task is."""


@pytest.fixture
def alarm():
    """Make the next alarm signal raise, as Airflow's ``execution_timeout`` does."""

    def ring(*_):
        raise TimeOut

    before = signal.signal(signal.SIGALRM, ring)
    yield lambda seconds: signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


class TestTaskTimeOut:
    """Airflow ends a task by a signal; it must end the request, wherever in the event loop it comes."""

    def test_it_ends_a_request_that_waits(self, conn_id, server, alarm):
        server.responses({"hang_seconds": 5.0})
        started = time.monotonic()
        with FastlyBillingHook(conn_id) as hook:
            alarm(0.3)
            with pytest.raises(TimeOut):
                hook.send(Request("test", "/path"))
        assert time.monotonic() - started < 3.0

    @pytest.mark.parametrize("place", ["callback", "parser"])
    def test_it_is_not_lost_in_the_event_loop_or_in_the_library(self, conn_id, server, monkeypatch, place):
        """Both log or wrap what is raised in them."""

        def ring(*_):
            raise TimeOut

        server.responses({"hang_seconds": 5.0 if place == "callback" else 0.0})
        with FastlyBillingHook(conn_id) as hook:
            if place == "callback":
                hook._runner.get_loop().call_later(0.1, ring)
            else:
                monkeypatch.setattr(aiohttp.StreamReader, "feed_data", ring)
            with pytest.raises(TimeOut):
                hook.send(Request("test", "/path"))


def test_a_fork_sends_on_a_loop_of_its_own(conn_id, server):
    """A task is forked from a process that may have asked a vendor."""
    FastlyBillingHook(conn_id).send(Request("test", "/1"))
    if (pid := os.fork()) == 0:
        with suppress(BaseException):
            FastlyBillingHook(conn_id).send(Request("test", "/2"))
            os._exit(0)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert server.targets == ["/1", "/2"]
