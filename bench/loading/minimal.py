"""
The least that is exact and may be run again: decode, COPY into a staging table, one merge; a digest of each invoice's
bytes tells which are known already. No raw answer, no version, no control: what a careful person writes in a day.
"""

from __future__ import annotations

import hashlib
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg2

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from loading.fast_json import Invoice, decode_head, decode_invoice, pages
from loading.job import job_of_process, report
from loading.measuring import measured

_INVOICE = "invoice_id text primary key, digest bytea, total numeric, currency text, posted timestamptz"
_LINE = """invoice_id text, position int, description text, amount numeric, rate numeric, quantity numeric,
    product text, product_group text, product_line text, region text, usage_type text"""
_TABLES = f"""
create table if not exists invoice ({_INVOICE});
create table if not exists invoice_line ({_LINE}, primary key (invoice_id, position));
create temporary table new_invoice (like invoice) on commit drop;
create temporary table new_line (like invoice_line) on commit drop;
"""
_MERGE = """
delete from invoice_line using new_invoice where invoice_line.invoice_id = new_invoice.invoice_id;
insert into invoice select * from new_invoice on conflict (invoice_id) do update set
    digest = excluded.digest, total = excluded.total, currency = excluded.currency, posted = excluded.posted;
insert into invoice_line select * from new_line;
"""


def main() -> None:
    job = job_of_process()
    with measured(job.dsn, job.postmaster) as cost:
        load(job.vendor_url, job.dsn)
    report(cost)


def load(vendor_url: str, dsn: str) -> None:
    """Load the list in one transaction; an invoice whose bytes are known is not decoded."""
    connection = psycopg2.connect(dsn)
    with connection, connection.cursor() as cursor:
        cursor.execute(_TABLES)
        cursor.execute("select invoice_id, digest from invoice")
        known = {invoice_id: bytes(digest) for invoice_id, digest in cursor.fetchall()}
        for page in pages(vendor_url):
            heads, lines = io.StringIO(), io.StringIO()
            for raw in page:
                body = bytes(raw)
                digest = hashlib.blake2b(body, digest_size=32).digest()
                if known.get(decode_head(body).invoice_id) != digest:
                    invoice = decode_invoice(body)
                    heads.write(_head(invoice, digest))
                    lines.writelines(_lines(invoice))
            for table, rows in (("new_invoice", heads), ("new_line", lines)):
                rows.seek(0)
                cursor.copy_expert(f"copy {table} from stdin", rows)
        cursor.execute(_MERGE)
    connection.close()


def _head(invoice: Invoice, digest: bytes) -> str:
    values = (
        _text(invoice.invoice_id),
        f"\\\\x{digest.hex()}",
        str(invoice.monthly_transaction_amount),
        _text(invoice.currency_code),
        _text(invoice.invoice_posted_on),
    )
    return "\t".join(values) + "\n"


def _lines(invoice: Invoice) -> Iterator[str]:
    for position, line in enumerate(invoice.transaction_line_items, start=1):
        names = (line.product_name, line.product_group, line.product_line, line.region, line.usage_type)
        numbers = f"{line.amount}\t{line.rate}\t{line.units}"
        words = "\t".join(map(_text, names))
        yield f"{_text(invoice.invoice_id)}\t{position}\t{_text(line.description)}\t{numbers}\t{words}\n"


def _text(text: str) -> str:
    """Escape what COPY would take for something else; most texts hold nothing of it."""
    if "\\" in text or "\t" in text or "\n" in text or "\r" in text:
        return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return text


if __name__ == "__main__":
    main()
