"""A certificate as an HTML page: every vendor text is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

from billing.payloads import exact_json

_FIRST = {"EXCEPTION": 0, "BLOCKED": 1}  # what a person has to review comes first


def render(certificate: Mapping[str, Any]) -> str:
    """Write the page; it loads no other resource and runs no script."""
    results = sorted(certificate["controls"], key=lambda result: _FIRST.get(result["state"], len(_FIRST)))
    return _PAGE.render(c=certificate, results=results, states=_states(results))


def _number(value: Decimal | int | None) -> str:
    return "" if value is None else format(Decimal(value), "f")


def _states(controls: list[Mapping[str, Any]]) -> str:
    counts: dict[str, int] = {}
    for result in controls:
        counts[result["state"]] = counts.get(result["state"], 0) + 1
    return ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "No control was run"


def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters["number"] = _number
    environment.filters["json"] = exact_json.dumps
    return environment.from_string(files(__package__).joinpath("page.html").read_text(encoding="utf-8"))


_PAGE = _template()  # compiled when it is imported: tasks inherit it from the process that forks them
