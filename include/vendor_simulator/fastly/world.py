"""All Fastly customers and their months, with the planted errors and any restatement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from vendor_simulator import exact
from vendor_simulator.fastly import month as months
from vendor_simulator.fastly.accounts import FastlyAccount, fastly_accounts
from vendor_simulator.fastly.month import FastlyMonth, Invoice
from vendor_simulator.fastly.planted import ALSO, RAISED_RATE, ROTATION, plant
from vendor_simulator.months import Month
from vendor_simulator.options import WorldOptions
from vendor_simulator.planted import FIRST_ERROR, Planted, rotated, turn
from vendor_simulator.world import TrueInvoice

VENDOR = "fastly"


class FastlyWorld:
    """
    Fastly's side of the world.

    A month is always the same until ``restate`` is called.
    """

    def __init__(self, options: WorldOptions) -> None:
        self.seed = options.seed
        self.readings = options.readings
        self._errors = options.errors
        self.accounts = fastly_accounts(options.seed)
        self._restated: dict[int, int] = {}
        self._months: dict[tuple[str, Month], FastlyMonth] = {}
        self._planted: dict[Month, tuple[Planted, FastlyMonth] | None] = {}

    def account_entries(self) -> list[dict[str, Any]]:
        """Return the accounts as ``accounts.yaml`` holds them."""
        return [
            {
                "name": account.name,
                "vendor": VENDOR,
                "conn_id": account.conn_id,
                "customer_id": account.customer_id,
                "api": account.api,
                **({"parent_pay": True} if account.parent_pay else {}),
                "currency": account.currency,
                "first_month": str(account.first_month),
                "posting_day": account.posting_day,
                **_commitments(account),
            }
            for account in self.accounts
        ]

    def connections(self, base_url: str) -> dict[str, dict[str, Any]]:
        """Return the Airflow connections by their ids."""
        return {
            account.conn_id: {
                "conn_type": VENDOR,
                "host": base_url,
                "login": None,
                "password": account.token,
                "extra": {},
            }
            for account in self.accounts
        }

    def truth(self, account: str, month: Month) -> Iterator[TrueInvoice]:
        """Yield the invoices of one account and month."""
        customer = {each.name: each for each in self.accounts}[account]
        for invoice in self.month(customer, month).invoices:
            yield TrueInvoice(
                VENDOR,
                account,
                month,
                str(invoice.invoice_id),
                invoice.currency,
                invoice.total,
                len(invoice.lines),
                invoice.lines_total,
                invoice.posted_at.date(),
            )

    def month(self, account: FastlyAccount, month: Month) -> FastlyMonth:
        """Return one customer's month, including errors and restatements."""
        key = (account.name, month)
        if key not in self._months:
            self._months[key] = self._restatements(self._corrupted(account, month))
        return self._months[key]

    def charges(self, account: FastlyAccount, month: Month) -> tuple[months.Line, ...]:
        """List usage and fees of a whole month without any error, for estimates."""
        if not account.has_usage_in(month):
            return ()
        return months.charges(self.seed, account, month, self._raises(account, month))

    def restate(self, invoice_id: str) -> None:
        """
        Change a posted invoice: one more credit line each time this is called.

        :raises KeyError: there is no such invoice.
        """
        number = int(invoice_id)
        for account in self.accounts:
            month = months.month_of(account, number)
            if any(invoice.invoice_id == number for invoice in self.month(account, month).invoices):
                self._restated[number] = self._restated.get(number, 0) + 1
                del self._months[account.name, month]
                return
        raise KeyError(f"there is no Fastly invoice {invoice_id}")

    def planted(self, month: Month) -> list[Planted]:
        """Return which errors the month has, and where."""
        found = self._error(month)
        return [found[0]] if found else []

    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of errors that ``plant`` knows: none so far."""
        return ()

    def plant(self, kind: str, account: str, month: Month) -> Planted | None:
        """
        Put an error into one month of an account.

        :raises KeyError: no such kind or account.
        """
        raise KeyError(f"there is no kind {kind!r} to plant on {account} in {month}")

    def _corrupted(self, account: FastlyAccount, month: Month) -> FastlyMonth:
        found = self._error(month)
        if found and found[0].account == account.name:
            return found[1]
        return self._clean(account, month)

    def _clean(self, account: FastlyAccount, month: Month) -> FastlyMonth:
        return months.clean_month(self.seed, account, month, self._raises(account, month))

    def _error(self, month: Month) -> tuple[Planted, FastlyMonth] | None:
        if month not in self._planted:
            self._planted[month] = self._find_target(month)
        return self._planted[month]

    def _find_target(self, month: Month) -> tuple[Planted, FastlyMonth] | None:
        due = turn(month, ROTATION) if self._errors else None
        if due is None:
            return None
        kind, before = due
        if kind == RAISED_RATE:
            return self._raise_of(month)
        for account in rotated(self.accounts, before * 2 + ROTATION.index(kind)):
            corrupted = plant(kind, self._clean(account, month))
            if corrupted is not None:
                content, document, sentence = corrupted
                return Planted(VENDOR, account.name, month, document, kind, sentence, ALSO.get(kind, ())), content
        return None

    def _raise_of(self, month: Month) -> tuple[Planted, FastlyMonth]:
        account = self._raised_account(month)
        content = self._clean(account, month)
        name = account.meters[0].name
        document = str(content.invoices[0].invoice_id)
        sentence = f"The rate of {name} is 10 % above last month's, and stays there."
        return Planted(VENDOR, account.name, month, document, RAISED_RATE, sentence), content

    def _raised_account(self, month: Month) -> FastlyAccount:
        """Choose whose rate goes up; needs no content, since the content depends on it."""
        before = (month.index - FIRST_ERROR.index) // len(ROTATION)
        candidates = rotated(self.accounts, before * 2)
        return next(a for a in candidates if a.has_usage_in(month) and a.has_usage_in(month.shift(-1)))

    def _raises(self, account: FastlyAccount, month: Month) -> int:
        first = FIRST_ERROR.shift(ROTATION.index(RAISED_RATE))
        since = month.index - first.index if self._errors else -1
        rounds = range(since // len(ROTATION) + 1) if since >= 0 else range(0)
        return sum(self._raised_account(first.shift(turn * len(ROTATION))) is account for turn in rounds)

    def _restatements(self, content: FastlyMonth) -> FastlyMonth:
        return replace(content, invoices=tuple(map(self._restatement, content.invoices)))

    def _restatement(self, invoice: Invoice) -> Invoice:
        for revision in range(1, self._restated.get(invoice.invoice_id, 0) + 1):
            unit = Decimal(1).scaleb(-exact.EXPONENTS[invoice.currency])
            line = months.flat("credit", "Restated", "Credits", -unit * 11, f"RESTATED-{revision}")
            amount = exact.total((invoice.total, line.amount))
            invoice = replace(invoice, lines=(*invoice.lines, line), total=amount)
        return invoice


def _commitments(account: FastlyAccount) -> dict[str, Any]:
    """Return the agreed minimum of a customer whose API does not return it."""
    if account.api == "v2" or not account.minimum:
        return {}
    return {"commitments": [{"amount": format(account.minimum, "f"), "from": str(account.first_month)}]}
