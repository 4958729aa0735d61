"""All Fastly customers and their months, with the planted errors and any restatement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from vendor_simulator import exact
from vendor_simulator.fastly import month as months
from vendor_simulator.fastly.accounts import FastlyAccount, fastly_accounts
from vendor_simulator.fastly.drawn import drawn_accounts
from vendor_simulator.fastly.model import FastlyMonth, Invoice, Line, account_number_of, month_of
from vendor_simulator.fastly.planted import ALSO, KINDS, RAISED_RATE, ROTATION, plant
from vendor_simulator.fastly.presentation import shown_month
from vendor_simulator.fastly.rate_card import rate_card
from vendor_simulator.fastly.readings import VENDOR, Values, values_of
from vendor_simulator.months import Month
from vendor_simulator.options import WorldOptions
from vendor_simulator.planted import FIRST_ERROR, Planted, rotated, turn
from vendor_simulator.world import TrueInvoice

Error = tuple[Planted, FastlyMonth]
"""An error, and the month of its account with it."""


class FastlyWorld:
    """
    Fastly's side of the world.

    A month is always the same until ``restate`` or ``plant`` is called.
    """

    def __init__(self, options: WorldOptions) -> None:
        self.seed = options.seed
        self.readings = options.readings
        self.accounts = (*fastly_accounts(options.seed), *drawn_accounts(options.seed, options.drawn))
        self._errors = options.errors
        self._restated: dict[int, int] = {}
        self._months: dict[tuple[str, Month], FastlyMonth] = {}
        self._rotation: dict[Month, Error | None] = {}
        self._made: dict[tuple[str, Month], list[Error]] = {}

    def account_names(self) -> list[str]:
        """List the names of its accounts."""
        return [account.name for account in self.accounts]

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
                **_commitments(account, self._values(account)),
                **rate_card(account, self._values(account)),
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
        for invoice in self.month(self._account(account), month).invoices:
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
        """Return one customer's month as the vendor shows it, including errors and restatements."""
        key = (account.name, month)
        if key not in self._months:
            content = self._corrupted(account, month)
            restated = replace(content, invoices=tuple(map(self._restatement, content.invoices)))
            self._months[key] = shown_month(restated, self._values(account))
        return self._months[key]

    def charges(self, account: FastlyAccount, month: Month) -> tuple[Line, ...]:
        """List usage and fees of a whole month without any error, for estimates."""
        return months.charges(self.seed, account, month, self._raises(account, month))

    def restate(self, invoice_id: str) -> None:
        """
        Change a posted invoice: one more credit line each time this is called.

        :raises KeyError: there is no such invoice.
        """
        number = int(invoice_id)
        owner = next((account for account in self.accounts if account.number == account_number_of(number)), None)
        if owner is not None:
            month = month_of(owner, number)
            if any(invoice.invoice_id == number for invoice in self.month(owner, month).invoices):
                self._restated[number] = self._restated.get(number, 0) + 1
                del self._months[owner.name, month]
                return
        raise KeyError(f"there is no Fastly invoice {invoice_id}")

    def planted(self, month: Month) -> list[Planted]:
        """Return which errors the month has, and where."""
        made = [error for (_, when), errors in self._made.items() if when == month for error in errors]
        rotating = self._error(month)
        return [found[0] for found in ([rotating, *made] if rotating else made)]

    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of errors that ``plant`` knows."""
        return KINDS

    def plant(self, kind: str, account: str, month: Month) -> Planted | None:
        """
        Put an error into one month of an account.

        :raises KeyError: no such kind or account.
        """
        if kind not in KINDS:
            raise KeyError(f"there is no kind {kind!r}; there are {', '.join(KINDS)}")
        customer = self._account(account)
        error = self._plant(kind, self._corrupted(customer, month), month)
        if error is not None:
            self._made.setdefault((account, month), []).append(error)
            self._months.pop((account, month), None)
        return error and error[0]

    def _account(self, name: str) -> FastlyAccount:
        return {account.name: account for account in self.accounts}[name]

    def _values(self, account: FastlyAccount) -> Values:
        return values_of(self.readings, account.name)

    def _corrupted(self, account: FastlyAccount, month: Month) -> FastlyMonth:
        if made := self._made.get((account.name, month)):
            return made[-1][1]
        found = self._error(month)
        if found and found[0].account == account.name:
            return found[1]
        return self._clean(account, month)

    def _clean(self, account: FastlyAccount, month: Month) -> FastlyMonth:
        raises = self._raises(account, month)
        return months.clean_month(self.seed, account, month, raises, self._values(account))

    def _error(self, month: Month) -> Error | None:
        if month not in self._rotation:
            self._rotation[month] = self._find_target(month)
        return self._rotation[month]

    def _demo(self) -> list[FastlyAccount]:
        return [account for account in self.accounts if account.agreement is None]

    def _plant(self, kind: str, content: FastlyMonth, month: Month) -> Error | None:
        corrupted = plant(kind, content)
        if corrupted is None:
            return None
        wrong, document, sentence = corrupted
        control = kind.partition(":")[0]
        also = ALSO.get(kind, ())
        return Planted(VENDOR, content.account.name, month, document, control, sentence, also, kind), wrong

    def _find_target(self, month: Month) -> Error | None:
        due = turn(month, ROTATION) if self._errors else None
        if due is None:
            return None
        kind, before = due
        if kind == RAISED_RATE:
            return self._raise_of(month)
        targets = rotated(self._demo(), before * 2 + ROTATION.index(kind))
        errors = (self._plant(kind, self._clean(account, month), month) for account in targets)
        return next((error for error in errors if error is not None), None)

    def _raise_of(self, month: Month) -> Error:
        account = self._raised_account(month)
        content = self._clean(account, month)
        name = account.meters[0].name
        document = str(content.invoices[0].invoice_id)
        sentence = f"The rate of {name} is 10 % above last month's, and stays there."
        return Planted(VENDOR, account.name, month, document, RAISED_RATE, sentence), content

    def _raised_account(self, month: Month) -> FastlyAccount:
        """Choose whose rate goes up; needs no content, since the content depends on it."""
        before = (month.index - FIRST_ERROR.index) // len(ROTATION)
        candidates = rotated(self._demo(), before * 2)
        return next(a for a in candidates if a.has_usage_in(month) and a.has_usage_in(month.shift(-1)))

    def _raises(self, account: FastlyAccount, month: Month) -> int:
        first = FIRST_ERROR.shift(ROTATION.index(RAISED_RATE))
        since = month.index - first.index if self._errors else -1
        rounds = range(since // len(ROTATION) + 1) if since >= 0 else range(0)
        return sum(self._raised_account(first.shift(turn * len(ROTATION))) is account for turn in rounds)

    def _restatement(self, invoice: Invoice) -> Invoice:
        for revision in range(1, self._restated.get(invoice.invoice_id, 0) + 1):
            unit = Decimal(1).scaleb(-exact.EXPONENTS[invoice.currency])
            line = months.flat("credit", "Restated", "Credits", -unit * 11, f"RESTATED-{revision}")
            amount = exact.total((invoice.total, line.amount))
            invoice = replace(invoice, lines=(*invoice.lines, line), total=amount)
        return invoice


def _commitments(account: FastlyAccount, values: Values) -> dict[str, Any]:
    """Return the agreed minimums that the API does not return."""
    if account.api == "v2" and values["v2_minimum"] != "null":
        return {}
    minimums = account.minimums()
    ends = [{"to": str(following.shift(-1))} for following, _ in minimums[1:]] + [{}]
    entries = [
        {"amount": format(amount, "f"), "from": str(first), **end}
        for (first, amount), end in zip(minimums, ends, strict=False)
        if amount
    ]
    return {"commitments": entries} if entries else {}
