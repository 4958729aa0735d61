"""What a judged month came to, as plain values that go from process to process."""

from __future__ import annotations

from dataclasses import dataclass

from judging.cases import Case

EXCEPTION, BLOCKED, FAILED = "EXCEPTION", "BLOCKED", "FAILED"
STOPS_PAYMENT = ("exception", "hold")


@dataclass(frozen=True)
class Verdict:
    """
    One result that is not a pass.

    :param control: its id; ``FAILED`` if the month could not be stored at all.
    :param severity: the control's own.
    :param state: EXCEPTION, BLOCKED or FAILED.
    """

    case: Case
    month: str
    control: str
    severity: str
    state: str
    subject: str
    sentence: str

    @property
    def is_alarm(self) -> bool:
        """Whether it accuses a bill, or the month could not be stored."""
        return self.state == FAILED or (self.state == EXCEPTION and self.severity in STOPS_PAYMENT)

    @property
    def is_block(self) -> bool:
        """Whether it keeps a month from being judged."""
        return self.state == BLOCKED or (self.state == EXCEPTION and self.severity == "blocked")

    @property
    def speaks(self) -> bool:
        """Whether it tells a person of an error: an exception, or BLOCKED where that is all that its control says."""
        return self.state == EXCEPTION or (self.state == BLOCKED and self.severity == "blocked")


@dataclass(frozen=True)
class Clean:
    """
    What the months of a case came to in a world without errors.

    :param differences: in words, what came to something else through Postgres.
    """

    case: Case
    months: int
    verdicts: tuple[Verdict, ...]
    differences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sown:
    """
    What became of one planted error.

    :param kind: as ``World.plant`` names it.
    :param outcome: ``found``, ``missed``, ``hidden`` (by a reading of the case) or ``no target``.
    :param sentence: what is wrong with the bill.
    :param raised: what other controls raised that they do not in the clean world.
    """

    case: Case
    kind: str
    outcome: str
    month: str = ""
    sentence: str = ""
    raised: tuple[Verdict, ...] = ()
