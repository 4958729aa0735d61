"""Verify the history of a closing: its order, two people for each event, and what was explained."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from billing.close.events import CLOSED, REOPENED
from billing.errors import PayloadError
from billing.pack.reading import Json, check_same
from billing.payloads.exact_json import sha256_of


def check_events(events: Sequence[Json], explanations: Json) -> Json:
    """
    Check the history of a month and its people; return the event that closed it.

    :raises PayloadError: names what does not fit.
    """
    where = "closing.json"
    for position, event in enumerate(events, start=1):
        check_same(where, f"event {position}, number", event["number"], position)
        check_same(where, f"event {position}, event", event["event"], CLOSED if position % 2 else REOPENED)
        explained_by = {
            each["explained_by"].lower()
            for each in explanations["all"]
            if datetime.fromisoformat(each["explained_at"]) <= datetime.fromisoformat(event["recorded_at"])
        }
        approved_by = event["approved_by"].lower()
        if approved_by == event["prepared_by"].lower() or approved_by in explained_by:
            raise PayloadError(
                f"{where}: event {position}: {event['approved_by']} approved what he prepared or explained"
            )
    last = events[-1]
    check_same(where, "the last event", last["event"], CLOSED)
    in_force = sha256_of(explanations["in_force"]).hex()
    check_same("explanations.json", "the hash of those in force", in_force, last["explanations_sha256"])
    for each in explanations["in_force"]:
        if each not in explanations["all"]:
            raise PayloadError(f"explanations.json: explanation {each['explanation_id']} in force is not among all")
    return last
