"""Put a month's certificate beside the vendor's files, where a person finds it."""

from __future__ import annotations

from sqlalchemy import Engine

from billing.certificate.page import render
from billing.certificate.sources import Subject
from billing.certificate.verify import make_certificate, write_json
from billing.storage.documents import Folder, put_file


def publish(engine: Engine, subject: Subject, root: Folder) -> str:
    """
    Write ``certificates/VENDOR/ACCOUNT/YYYY-MM.json`` and the page beside it; give the JSON file's path below ``root``.

    The same rows give the same bytes, so a second run of a month writes the same files.
    """
    with engine.connect() as connection:
        certificate = make_certificate(connection, subject)
    folders = ("certificates", subject.vendor, subject.account)
    put_file(root, folders, f"{subject.period}.html", render(certificate).encode())
    return put_file(root, folders, f"{subject.period}.json", write_json(certificate))
