"""``python -m vendor_simulator``: serve both vendors, or print their data."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import yaml

from vendor_simulator.months import Month
from vendor_simulator.readings import parse_readings, table
from vendor_simulator.server import Listen, is_loopback, serve_forever
from vendor_simulator.web.settings import Settings
from vendor_simulator.web.state import State
from vendor_simulator.world import DEFAULT_SEED, World

_OPTIONS = {
    "estimate_asks": int,
    "estimate_seconds": float,
    "report_asks": int,
    "report_seconds": float,
    "rate_limit": int,
    "token_seconds": int,
    "link_seconds": int,
    "contract_page_limit": int,
    "page_limit": int,
    "page_limit_of": str,
}


def main(arguments: Sequence[str] | None = None, make_world: Callable[..., World] = World) -> int:
    """
    Run one command; return the exit code.

    :param make_world: creates a world as ``World`` does; benchmarks have larger ones.
    """
    options = _parser().parse_args(arguments)
    try:
        world = make_world(
            options.seed, parse_readings(options.reading), options.drawn, errors=not options.without_errors
        )
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    match options.command:
        case "serve":
            return _serve(world, options)
        case "truth":
            _print_json(_truth(world, options))
        case "planted":
            _print_json(_planted(world, options))
        case "accounts":
            text = yaml.safe_dump({"accounts": world.accounts()}, sort_keys=False, allow_unicode=True)
            sys.stdout.write(text)
        case "connections":
            _print_json(world.connections(options.base_url))
        case "readings":
            sys.stdout.write(table(world.readings))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vendor_simulator", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="answer as both vendors until SIGINT or SIGTERM")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=0, help="0 for any free one")
    serve.add_argument("--allow-remote", action="store_true", help="let --host be reached from other machines")
    serve.add_argument("--ready-file", type=Path, help="written when requests are answered: base_url and pid")
    serve.add_argument("--control-token", default="", help="open /_simulator to who sends this token")
    serve.add_argument("--now", type=datetime.fromisoformat, help="fix the clock: 2026-11-22T12:00:00Z")
    for name, kind in _OPTIONS.items():
        default = Settings.__dataclass_fields__[name].default
        serve.add_argument(f"--{name.replace('_', '-')}", type=kind, default=default, help=f"default {default}")
    for name, words in (("truth", "every invoice, its exact total"), ("planted", "the planted errors")):
        command = commands.add_parser(name, help=f"print {words} as JSON")
        command.add_argument("--from", dest="first", type=Month.parse, required=True, metavar="YYYY-MM")
        command.add_argument("--to", dest="last", type=Month.parse, required=True, metavar="YYYY-MM")
    commands.add_parser("accounts", help="print the accounts.yaml of this world")
    connections = commands.add_parser("connections", help="print the Airflow connections as JSON")
    connections.add_argument("--base-url", required=True)
    commands.add_parser("readings", help="print what the contracts leave open, and the values that each may have")
    for command in commands.choices.values():
        _add_world_options(command)
    return parser


def _add_world_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--seed", type=int, default=DEFAULT_SEED)
    command.add_argument(
        "--reading", action="append", default=[], metavar="[ACCOUNT:]KEY=VALUE", help="see readings; repeatable"
    )
    command.add_argument("--drawn", type=int, default=0, metavar="N", help="N further accounts of each vendor")
    command.add_argument("--without-errors", action="store_true", help="plant no errors on the demo's accounts")


def _serve(world: World, options: argparse.Namespace) -> int:
    if not (is_loopback(options.host) or options.allow_remote):
        sys.stderr.write(f"{options.host} can be reached from other machines; --allow-remote permits that\n")
        return 2
    settings = Settings(**{field.name: getattr(options, field.name) for field in fields(Settings)})
    now = options.now and options.now.astimezone(UTC)
    listen = Listen(options.host, options.port, options.ready_file, options.control_token)
    try:
        asyncio.run(serve_forever(State(world, settings, now), listen))
    except OSError as error:
        sys.stderr.write(f"cannot listen on {options.host}:{options.port}: {error.strerror}\n")
        return 1
    return 0


def _truth(world: World, options: argparse.Namespace) -> list[dict[str, object]]:
    return [
        invoice.as_json()
        for account in world.accounts()
        for month in options.first.until(options.last)
        for invoice in world.truth(account["vendor"], account["name"], month)
    ]


def _planted(world: World, options: argparse.Namespace) -> list[dict[str, str]]:
    return [
        {
            "vendor": error.vendor,
            "account": error.account,
            "month": str(error.month),
            "document": error.document,
            "control": error.control,
            "sentence": error.sentence,
        }
        for error in world.planted(options.first, options.last)
    ]


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
