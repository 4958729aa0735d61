"""Hand-made mutants of the arithmetic controls: signs, bounds, operands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Group:
    """
    The mutants of one module.

    :param controls: ids of the controls that rest on it.
    :param file: below include or plugins.
    :param tests: below tests/unit; what has to notice.
    :param mutants: text and changed text; the text occurs once in the file.
    """

    controls: str
    file: str
    tests: tuple[str, ...]
    mutants: tuple[tuple[str, str], ...]


_GENESYS = "billing_vendors/genesys_cloud/controls/"

_FASTLY = "billing_vendors/fastly/controls/"

_OF_FASTLY = (
    Group(
        "F6 F9",
        "billing_vendors/fastly/controls/expected_bill.py",
        (_FASTLY + "test_missing_bill.py", _FASTLY + "test_posting.py"),
        (
            ("if evidence.as_of < due:", "if evidence.as_of <= due:"),
            ("if evidence.as_of < due:", "if False:"),
            ("if not signs:", "if True:"),
            ("if commitment.amount:", "if False:"),
            ("if used:", "if False:"),
            ("last.total > 0", "last.total > 1000"),
            ("State.EXCEPTION,", "State.PASS,"),
            ("max(amounts, default=None)", "min(amounts, default=None)"),
            ("not _never_metered(evidence.previous)", "True"),
            ("not (evidence.previous and evidence.previous.invoices)", "True"),
        ),
    ),
    Group(
        "F4 F5",
        "billing_vendors/fastly/periods.py",
        ("billing_vendors/fastly/test_periods.py", _FASTLY + "test_whole_month.py"),
        (
            ("> first.end - start else first", "< first.end - start else first"),
            ("WEST <= at_start <= EAST", "WEST <= at_start"),
            ("<= _CLOCK_CHANGE", "< _CLOCK_CHANGE"),
            ("end - _DAY if alone else end + _DAY", "end + _DAY"),
            ("not at_end % _QUARTER", "True"),
        ),
    ),
    Group(
        "F12",
        "billing_vendors/fastly/controls/f12_metered_quantity.py",
        (_FASTLY + "test_metered_quantity.py", _FASTLY + "test_edges.py"),
        (
            ("expected=nearest, actual=billed)", "expected=billed, actual=nearest)"),
            ('never metered", expected=units', 'never metered", expected=billed'),
            (
                "units = exact_sum(metric.quantity for metric in thing.metrics)",
                "units = exact_sum(metric.quantity for metric in thing.metrics[:1])",
            ),
            ("product(less, scale) == more", "product(less, scale) >= more"),
            (
                "exact_sum(line.quantity for line in thing.lines if",
                "exact_sum(line.quantity for line in thing.lines[:1] if",
            ),
            ("(key := name_key(text))", "(key := text)"),
            ("for line in group if not is_flat(line)]", "for line in group]"),
        ),
    ),
    Group(
        "F13",
        "billing_vendors/fastly/controls/f13_unit_conversion.py",
        (_FASTLY + "test_unit_conversion.py", _FASTLY + "test_edges.py"),
        (
            ("expected=product(line.quantity, per_unit)", "expected=line.quantity"),
            ("actual=line.raw_quantity", "actual=-line.raw_quantity"),
            ('Decimal("0.5")', 'Decimal("0.6")'),
            ("groups[documented, name_key(line.product)]", 'groups[documented, ""]'),
            ("for line in lines if line.quantity)", "for line in lines)"),
            ("scaleb(-places)", "scaleb(1 - places)"),
        ),
    ),
    Group(
        "F2 F12 F13",
        "billing_vendors/fastly/controls/scales.py",
        (_FASTLY + "test_unit_conversion.py", _FASTLY + "test_line_amounts.py", _FASTLY + "test_metered_quantity.py"),
        (
            ("(votes[scale], scale == documented, -scale)", "(scale == documented, votes[scale], -scale)"),
            ("(votes[scale], scale == documented, -scale)", "(votes[scale], -scale)"),
            ("(1, 1_000, 10_000,", "(1, 10, 100, 1_000, 10_000,"),
            ("max((-exponent for exponent", "min((-exponent for exponent"),
        ),
    ),
    Group(
        "F14",
        "billing_vendors/fastly/controls/f14_rates.py",
        (_FASTLY + "test_rates.py", _FASTLY + "test_edges.py"),
        (
            ("difference=difference(rate, nearest)", "difference=difference(nearest, rate)"),
            ("same = rate == nearest", "same = rate <= nearest"),
            ("same = rate == nearest", "same = rate >= nearest"),
            ('name_key(entry.region) in {"", region}', "name_key(entry.region) != region"),
            ("(entry.region is not None) + (entry.usage_type is not None)", "-(entry.region is not None)"),
            ("if rate >= lowest or", "if"),
            ("now[lowest] >= before[lowest]", "now[lowest] > 0"),
            ("all(now[full] == before[full]", "all(now[full] > 0"),
        ),
    ),
    Group(
        "F15",
        "billing_vendors/fastly/controls/f15_commit_shortfall.py",
        (_FASTLY + "test_shortfall.py", _FASTLY + "test_edges.py"),
        (
            ("max(Decimal(0), difference(minimum, counted))", "difference(minimum, counted)"),
            ("difference(minimum, counted)", "difference(counted, minimum)"),
            ("roundings=1 + sum(", "roundings=0 + sum("),
            ("if due and billed else 0", "if due or billed else 0"),
            ("if counts_as_charge(line))\n", "if line.amount)\n"),
            ("lifted(bill) or (max(", "(max("),
        ),
    ),
    Group(
        "F1 F17",
        "billing_vendors/fastly/controls/bill_totals.py",
        (_FASTLY + "test_residual.py", _FASTLY + "test_credits.py", _FASTLY + "test_shortfall.py"),
        (
            ("roundings=len(invoice.lines) + 1", "roundings=len(invoice.lines) + 300"),
            ("product(Decimal(2), unsigned)", "unsigned"),
            ("yield words, max(whole, minimum)", "yield words, min(whole, minimum)"),
            ("max(left, minimum), rest", "max(left, minimum)"),
            ("if stated is None or any(is_shortfall(line) for line in invoice.lines)", "if stated is None"),
            ("for rate in (discount, product(discount, _PERCENT))", "for rate in (discount,)"),
        ),
    ),
    Group(
        "F17",
        "billing_vendors/fastly/controls/f17_unallocated_amount.py",
        (_FASTLY + "test_residual.py", _FASTLY + "test_edges.py"),
        (
            ("_SHARE.multiply(part, Decimal(100)), whole", "_SHARE.multiply(part, Decimal(100)), part"),
            ("{State.PASS, State.PASS_WITHIN_ROUNDING}", "{State.PASS}"),
        ),
    ),
    Group(
        "F18",
        "billing_vendors/fastly/controls/f18_estimate_monotonic.py",
        (_FASTLY + "test_estimates.py", _FASTLY + "test_edges.py"),
        (
            ("charges_of(after) < charges_of(before)", "charges_of(after) <= charges_of(before)"),
            ("charges_of(after) < charges_of(before)", "charges_of(after) > charges_of(before)"),
            ("charges_of(after) < charges_of(before)", "after.total < before.total"),
            ("difference(charges_of(after), charges_of(before))", "difference(charges_of(before), charges_of(after))"),
        ),
    ),
    Group(
        "F18 F19",
        "billing_vendors/fastly/controls/estimates.py",
        (_FASTLY + "test_estimates.py", _FASTLY + "test_edges.py"),
        (
            (
                "difference(difference(estimate.total, estimate.credits), estimate.shortfall)",
                "difference(estimate.total, estimate.credits)",
            ),
            ("difference(estimate.total, estimate.credits)", "difference(estimate.credits, estimate.total)"),
            ("difference(estimate.total, estimate.credits)", "estimate.total"),
        ),
    ),
    Group(
        "F19",
        "billing_vendors/fastly/controls/f19_estimate_vs_invoice.py",
        (_FASTLY + "test_estimates.py", _FASTLY + "test_edges.py"),
        (
            ("gap = difference(actual, expected)", "gap = difference(expected, actual)"),
            ("_covers_until(estimate) <= end", "_covers_until(estimate) < end"),
            ("> LATEST", ">= LATEST"),
            ("max(in_month, key", "min(in_month, key"),
            ("_sum(lines, is_charge)", "exact_sum(line.amount for line in lines)"),
        ),
    ),
    Group(
        "F21",
        "billing/controls/checks/period_comparison.py",
        (_FASTLY + "test_month_on_month.py", _FASTLY + "test_edges.py"),
        (
            ("percent=Decimal(100)", "percent=Decimal(99)"),
            ("minor_units=100_000", "minor_units=99_999"),
            ("difference=whole.total", "difference=-whole.total"),
            ("then, now = lines_of(before)", "now, then = lines_of(before)"),
            ("-abs(item[1].total)", "abs(item[1].total)"),
        ),
    ),
    Group(
        "F24",
        "billing_vendors/fastly/controls/f24_cross_footing.py",
        (_FASTLY + "test_cross_footing.py", _FASTLY + "test_edges.py"),
        (
            ("roundings=len(given)", "roundings=len(given) + 1"),
            ("roundings=len(given)", "roundings=1"),
            ("expected=exact_sum(given)", "expected=-exact_sum(given)"),
            ("len(given := _given(summands)) == len(summands)", "(given := _given(summands))"),
            ('figure(totals, "bandwidth_cost"), figure(totals, "requests_cost")', 'figure(totals, "bandwidth_cost")'),
            ("(incurred, parts + other)", "(incurred, other)"),
            ("(amounts, delivery, without_extras)", "(amounts, without_extras)"),
        ),
    ),
)

_OF_GENESYS_AND_SHARED = (
    Group(
        "all",
        "billing/controls/finding.py",
        ("billing/controls/test_result.py", "billing/controls/test_footing.py"),
        (
            ("gap = difference(actual, expected)", "gap = difference(expected, actual)"),
            ("if abs(gap) <= bound", "if abs(gap) < bound"),
            ("if abs(gap) <= bound", "if gap <= bound"),
            ("if bound is None:", "if False:"),
            ("rounding_bound(roundings, unit)", "rounding_bound(roundings + 1, unit)"),
        ),
    ),
    Group(
        "all",
        "billing/money.py",
        ("billing/test_money.py",),
        (
            ('Decimal("0.5"))', 'Decimal("0.6"))'),
            ("return EXACT.subtract(left, right)", "return EXACT.subtract(right, left)"),
            ("scaleb(-exponent)", "scaleb(exponent)"),
        ),
    ),
    Group(
        "F1 G1",
        "billing/controls/checks/footing.py",
        ("billing/controls/test_footing.py", _GENESYS + "test_footing_bound.py"),
        (
            ("expected=invoice.lines_total", "expected=-invoice.lines_total"),
            ("actual=invoice.total", "actual=invoice.lines_total"),
            ("roundings=len(invoice.lines)", "roundings=len(invoice.lines) + 1"),
            ("roundings=len(invoice.lines)", "roundings=1"),
        ),
    ),
    Group(
        "F2",
        "billing_vendors/fastly/controls/f02_line_amounts.py",
        (_FASTLY + "test_line_amounts.py",),
        (
            (
                "product(product(line.rate, line.quantity), self.share)",
                "product(product(line.rate, line.rate), self.share)",
            ),
            (
                "product(product(line.rate, line.quantity), self.share)",
                "-product(product(line.rate, line.quantity), self.share)",
            ),
            ("product(product(line.rate, line.quantity), self.share)", "product(line.rate, line.quantity)"),
            ("return product(line.rate, line.quantity)", "return product(line.rate, line.rate)"),
            ("return product(line.rate, line.quantity)", "return -product(line.rate, line.quantity)"),
            ("if not states.keys() <= _AGREE:", "if False:"),
            ("worth and _state(", "_state("),
            ("if line.quantity not in priced]", "]"),
            ("name_key(line.product_group)) if line", '"") if line'),
            ("if reading.scale == RAW else raw)", ")"),
            ("_ROUNDINGS = 1", "_ROUNDINGS = 2"),
            ("_ROUNDINGS = 1", "_ROUNDINGS = 0"),
            ("difference(line.amount, expected)", "difference(abs(line.amount), expected)"),
            ("actual=line.amount", "actual=abs(line.amount)"),
            ("states[State.PASS_WITHIN_ROUNDING]", "states[State.PASS]"),
            ("elif not states:", "else:"),
        ),
    ),
    Group(
        "G2",
        "billing_vendors/genesys_cloud/controls/g02_line_prices.py",
        (_GENESYS + "test_line_prices.py", _GENESYS + "test_readings.py"),
        (
            ("expected=expected,", "expected=-expected,"),
            ("roundings=1,", "roundings=2,"),
            ("roundings=1,", "roundings=0,"),
            ("actual=line.amount,", "actual=abs(expected),"),
            ("if currencies != [currency_code(", "if False and currencies != [currency_code("),
            ("and unlisted and not prepaid:", "and unlisted:"),
        ),
    ),
    Group(
        "G2 G5 G18 G23",
        "billing/matching/price_book.py",
        (_GENESYS + "test_three_way.py", _GENESYS + "test_line_prices.py", _GENESYS + "test_prepaid_quantity.py"),
        (
            ("(start is None or start <= day)", "(start is None or start < day)"),
            ("(end is None or day < end)", "(end is None or day <= end)"),
            (
                "append(PricedItem(contract_id, item, overage, is_overage=True))",
                "append(PricedItem(contract_id, item, item.price))",
            ),
            ("item.price is not None and not by_use:", "item.price is not None:"),
            ("return product(prices.pop(), quantity)", "return product(prices.pop(), -quantity)"),
            ("if each.item.quantity == quantity}", "if each.item.quantity != quantity}"),
            ("exact_sum(quantities) == quantity:", "exact_sum(quantities) >= quantity:"),
        ),
    ),
    Group(
        "G3",
        "billing_vendors/genesys_cloud/controls/g03_overage_quantity.py",
        (_GENESYS + "test_overage_quantity.py", _GENESYS + "test_readings.py"),
        (
            ("max(Decimal(0), difference(product(actual", "min(Decimal(0), difference(product(actual"),
            ("difference(product(actual, one), product(allowance, two))", "product(actual, one)"),
            ("(exact_sum(stated), *agreed)", "(max(stated, default=Decimal(0)), *agreed)"),
            ("max(Decimal(0), difference(product(actual", "abs(difference(product(actual"),
            ("== product(overage, three)", ">= product(overage, three)"),
            ("if scale != 1 and not overage and", "if False and"),
            ("expected=product(tokens, rate)", "expected=product(tokens, product(rate, rate))"),
            ("return Decimal(5).scaleb(", "return Decimal(6).scaleb("),
            ("min(0, int(exponent)) - 1", "min(0, int(exponent))"),
            ("if charge.overage_quantity and not used_up:", "if False:"),
        ),
    ),
    Group(
        "G4",
        "billing_vendors/genesys_cloud/controls/g04_overage_charge.py",
        (_GENESYS + "test_overage_charge.py", _GENESYS + "test_readings.py"),
        (
            ("row.overage_rate or Decimal(0), row.overage_quantity", "row.overage_rate or Decimal(0), Decimal(1)"),
            ("expected=EXACT.divide(product(", "expected=-EXACT.divide(product("),
            ("if abs(charged) <= bound * 2:", "if False:"),
            ("roundings=1,", "roundings=2,"),
            ("roundings=1,", "roundings=0,"),
            ("if row.overage_rate is None and quantity:", "if False:"),
            ("= (*period.charges, *period.wallets)\n        yield", "= (*period.charges,)\n        yield"),
        ),
    ),
    Group(
        "G5",
        "billing_vendors/genesys_cloud/controls/g05_three_way_match.py",
        (_GENESYS + "test_charge_and_line.py", _GENESYS + "test_readings.py"),
        (
            ("roundings=len(match.billed) + len(match.receipts)", "roundings=len(match.billed)"),
            ("roundings=len(match.billed) + len(match.receipts)", "roundings=len(match.billed) + 5"),
            ("expected=charged,\n        actual=match.invoiced", "expected=charged,\n        actual=charged"),
            ("if invoiced == raw:", "if invoiced >= raw:"),
            ("if invoiced == raw:", "if invoiced <= raw:"),
            ("    gap = difference(actual, expected)", "    gap = difference(expected, actual)"),
            ("same = invoiced == expected or", "same = invoiced <= expected or"),
            ("if found := documents.others(due):", "if found := [due]:"),
            ("difference=difference(invoiced, expected)", "difference=difference(expected, invoiced)"),
            ('name_key(receipt.billing_period.status) == "open"', 'receipt.billing_period.status == "open"'),
        ),
    ),
    Group(
        "G5",
        "billing/matching/three_way.py",
        (_GENESYS + "test_three_way.py",),
        (
            ("price=difference(invoiced, invoiced_at_agreed)", "price=difference(invoiced_at_agreed, invoiced)"),
            ("price=difference(invoiced, invoiced_at_agreed)", "price=difference(invoiced, received_at_agreed)"),
            ("quantity=difference(invoiced_at_agreed, received_at_agreed)", "quantity=invoiced_at_agreed"),
            ("cuts=len(self.billed)", "cuts=len(self.billed) + 1"),
            ("if received and not found and (", "if False and ("),
            ("len(match.billed) == 1 else", "len(match.billed) == 2 else"),
            (".service_start >= ended", ".service_start > ended"),
            ("organizations <= receipt.organizations", "not organizations <= receipt.organizations"),
            ("sum(map(len, sets)) ==", "sum(map(len, sets)) >="),
            ("len(billed.contracts) == 1", "len(billed.contracts) >= 1"),
            ("if receipt.billing_period.contract_id in billed.contracts", "if True"),
        ),
    ),
    Group(
        "G5",
        "billing/matching/receipts.py",
        (_GENESYS + "test_three_way.py", _GENESYS + "test_charge_and_line.py"),
        (
            ("if line.amount >= 0 and", "if line.amount > -100 and"),
            ("if wallet.overage_charge or (", "if False and ("),
            ("if charge.overage_quantity or charge.overage_charge:", "if charge.overage_quantity:"),
            ("if quantity := charge.prepaid_quantity:", "if quantity := charge.actual_quantity:"),
            ("!= invoice.invoice_id:", "== invoice.invoice_id:"),
        ),
    ),
    Group(
        "G6",
        "billing_vendors/genesys_cloud/controls/g06_usage_vs_charge.py",
        (_GENESYS + "test_usage_and_charge.py", _GENESYS + "test_readings.py"),
        (
            ("expected=metered or Decimal(0), actual=actual", "expected=actual, actual=metered or Decimal(0)"),
            ("actual = exact_sum(quantities)", "actual = max(quantities)"),
            ("name: exact_sum(numbers)", "name: numbers[0]"),
            ("if metered is None and actual == 0:", "if metered is None:"),
            (
                "billable_usage_of(account_month, *days)",
                "billable_usage_of(account_month, days[0], account_month.month.end.date())",
            ),
            ("if len(quantities) < len(rows) and", "if False and"),
            ("if metered and scale_between(metered, actual):", "if metered:"),
        ),
    ),
    Group(
        "G7",
        "billing_vendors/genesys_cloud/controls/g07_wallet_rollforward.py",
        (_GENESYS + "test_wallets.py",),
        (
            (
                'known["starting_balance"], known["balance_increase"]',
                'known["starting_balance"], -known["balance_increase"]',
            ),
            ('known["balance_decrease"], known["balance_consumption"]', 'known["balance_consumption"], Decimal(0)'),
            ("if holds or apart else max(rest, Decimal(0))", "if holds or apart else end"),
            ("if holds or apart else max(-rest, Decimal(0))", "if holds or apart else overage"),
            ("and overage == -rest)", "and overage)"),
            ("if found.difference == 0:", "if found.difference != 0:"),
            ("expected=expected, actual=consumed", "expected=consumed, actual=consumed"),
            ("expected=starts if bought else ended", "expected=starts"),
            ("if each.ends_on == period.starts_on", "if each.ends_on <= period.starts_on"),
            ("if rest < 0 and wallet.overage_quantity is None and", "if False and"),
        ),
    ),
    Group(
        "G11",
        "billing/proration.py",
        (_GENESYS + "test_cutoff.py", _GENESYS + "test_advance_arrears.py"),
        (
            ("reached = amount if until == end else", "reached ="),
            ("difference(reached, placed)", "reached"),
            ("+ Fraction(1, 2)", "+ Fraction(1, 3)"),
            ("+ Fraction(1, 2)", ""),
            ("whole if value >= 0 else -whole", "whole"),
            ("until = min(month.end, end)", "until = min(month.end, end) if month.month != 2 else end"),
            ("(until - start) // _MICROSECOND, whole)", "(until - month.start) // _MICROSECOND, whole)"),
            ("max(start, month.start)", "min(start, month.start)"),
        ),
    ),
    Group(
        "G11",
        "billing_vendors/genesys_cloud/controls/g11_advance_and_arrears.py",
        (_GENESYS + "test_advance_arrears.py",),
        (
            (".service_start >= ends:", ".service_start > ends:"),
            ("time(7)", "time(8)"),
            ("VOICE_CUT if _is_voice(line) else MIDNIGHT", "MIDNIGHT if _is_voice(line) else VOICE_CUT"),
            ("actual=exact_sum(totals.values())", "actual=exact_sum(advance)"),
            ("start <= end", "start <= end or True"),
        ),
    ),
    Group(
        "G19",
        "billing_vendors/genesys_cloud/controls/g19_credit_memos.py",
        (_GENESYS + "test_credit_documents.py",),
        (
            ("invoice.total <= 0 and not wrong", "invoice.total <= 1 and not wrong"),
            ("else invoice.total >= 0", "else invoice.total >= -1"),
            ("memo and line.amount > 0", "memo and line.amount > 5"),
            ("exact_sum(abs(memo.total) for memo in memos)", "exact_sum(memo.total for memo in memos)"),
            ("exact_sum(abs(memo.total) for memo in memos)", "abs(memos[0].total)"),
            ("memo.total > 0 and all(", "memo.total > 0 or all("),
            ("difference(credited, original.total)", "difference(original.total, credited)"),
            ("good = above <= 0 and", "good = above < 0 and"),
            ("len(currencies) > 1", "len(currencies) > 2"),
        ),
    ),
    Group(
        "G23",
        "billing_vendors/genesys_cloud/controls/g23_prepaid_quantity.py",
        (_GENESYS + "test_prepaid_quantity.py", _GENESYS + "test_readings.py"),
        (
            ("actual = exact_sum(known)", "actual = max(known)"),
            ("if scale_between(each, actual) is not None), first)", "), first)"),
            ("if scale_between(expected, actual) else expected,", "if expected else expected,"),
            ("if not known:", "if False:"),
            ("good = held >= bought", "good = held <= bought"),
            ("start <= day) and", "start < day) and"),
        ),
    ),
    Group(
        "G24",
        "billing_vendors/genesys_cloud/controls/g24_trustee_overview.py",
        (_GENESYS + "test_trustee_overview.py",),
        (
            ("expected=total, actual=shown", "expected=shown, actual=total"),
            ("if scale_between(total, shown) or (", "if total or ("),
            ("exact_sum(known), exact_sum(seen)", "max(known), exact_sum(seen)"),
            ("exact_sum(known), exact_sum(seen)", "exact_sum(known), seen[0]"),
            ("if name_key(line.usage_type) != _ALLOWANCE and", "if"),
            ("len(agreed) != 1 or len(shown) != 1", "len(shown) != 1"),
            (".days) <= 1 for", ".days) <= 9 for"),
            ("([each.actual_quantity for", "([each.prepaid_quantity for"),
        ),
    ),
    Group(
        "G29",
        "billing_vendors/genesys_cloud/controls/expected_documents.py",
        (_GENESYS + "test_expected_documents.py",),
        (
            ("return self._billing(due, self._others_by_product)", "return [*self._others]"),
            ("self._evidence.as_of < deadline", "self._evidence.as_of > deadline"),
            ("State.EXCEPTION", "State.PASS"),
            ("return days >= min(2, (end - start).days", "return True or days >= min(2, (end - start).days"),
            ("by_product.get(due.product, ())", "sum(by_product.values(), [])"),
            ("[] if 1 in seen else", ""),
            ("if due.is_once:\n            return [", "if False:\n            return ["),
        ),
    ),
    Group(
        "G29",
        "billing_vendors/genesys_cloud/controls/g29_expected_documents.py",
        (_GENESYS + "test_expected_documents.py",),
        (
            ("if not found:", "if False and not found:"),
            ("documents.next_in_advance(due)", "None"),
            ("if receipt.charge_type is ChargeType.OVERAGE and receipt.charged != 0:", "if False:"),
            ('!= "open"', '!= "closed"'),
            ("if due.amount != 0 and due.items:", "if due.items:"),
            ("each.contract_id for each in sharing}) > len(found)", "each.contract_id for each in sharing}) > 99"),
        ),
    ),
    Group(
        "G2 G3 G5 G6 G23",
        "billing/matching/quantities.py",
        (_GENESYS + "test_readings.py", _GENESYS + "test_three_way.py"),
        (
            ("abs(difference(shown, exact)) < cuts", "abs(difference(shown, exact)) < cuts + 3"),
            ("if product(shown, scale) == raw:", "if product(shown, scale) <= raw:"),
            ("EXACT.divide(Decimal(1), scale)", "scale"),
        ),
    ),
    Group(
        "G2 G18",
        "billing/matching/price_readings.py",
        (_GENESYS + "test_readings.py", _GENESYS + "test_line_prices.py", _GENESYS + "test_contracts.py"),
        (
            ("abs(each.amount - wanted) <= most", "abs(each.amount - wanted) <= most + 700"),
            (
                "month_from(end, -months - 1), month_from(end, -months)",
                "month_from(end, -months - 2), month_from(end, -months)",
            ),
            ("found.setdefault(Fraction(months)", "found.setdefault(Fraction(months + 1)"),
            ("(1 - Fraction(discount) / 100)", "(1 - Fraction(discount) / 10)"),
            ("* share / days", "* share / 30"),
        ),
    ),
    Group(
        "G28 F21",
        "billing/controls/checks/price_volume.py",
        (_GENESYS + "test_sku_analysis.py",),
        (
            ("difference(now.rate, before.rate), now.units", "difference(before.rate, now.rate), now.units"),
            ("difference(now.rate, before.rate), now.units", "difference(now.rate, before.rate), before.units"),
            ("difference(now.units, before.units), before.rate", "difference(now.units, before.units), now.rate"),
            (
                "return Split(price, volume, difference(gap, exact_sum((price, volume))), _ZERO)",
                "return Split(price, volume, gap, _ZERO)",
            ),
        ),
    ),
)

_PRINTED = ("billing/printed/test_printed_totals.py",)

_OF_PRINTED_TOTALS = (
    Group(
        "G21",
        "billing/printed/figures.py",
        _PRINTED,
        (
            ("is_negative = minuses > 0 or opened > 0 or credits_ > 0", "is_negative = minuses > 0 or opened > 0"),
            ("is_negative = minuses > 0 or opened > 0 or credits_ > 0", "is_negative = minuses > 0 or credits_ > 0"),
            ("return _negative(reading) if is_negative else reading", "return reading"),
            ('minuses = before.count("-") + after.count("-")', 'minuses = before.count("-")'),
            ("or opened != closed", ""),
            ("or _may_be_a_dash(shape, match)", ""),
            ("or _CREDIT_BETWEEN.search(shape) is not None", ""),
            ("return _either(reading, _negated(reading.value))", "return reading"),
            ("exact_sum(values[:-1]) == values[-1]", "True"),
            ("ours if ours and all(each.currency for each in figures) else figures", "figures"),
        ),
    ),
    Group(
        "G21",
        "billing/printed/numbers.py",
        _PRINTED,
        (
            ('len(found["tail"]) == 3 and decimals != 3', 'len(found["tail"]) == 3'),
            ('len(found["tail"]) == 3 and decimals != 3', "decimals != 3"),
            ("both = frozenset({grouped, with_decimals})", "both = frozenset({grouped})"),
            ('if found["mark"] not in head and', "if"),
            ("if decimals is None:", "if False:"),
        ),
    ),
    Group(
        "G21",
        "billing/printed/agreement.py",
        _PRINTED,
        (
            ("for each in [*totals, *dues])", "for each in named)"),
            ("value == amount for value in values", "value == abs(amount) for value in values"),
            ("not _is_explained(other.reading.value, amount, paid)", "False"),
            ("others += dues if named[-1].role is Role.TOTAL else []", ""),
            ("len(known) == len(values) > 2", "len(values) > 2"),
            ("known[-1] == amount == exact_sum(known[:-1])", "known[-1] == amount"),
            ("[each for each in totals if each.is_sure] or", "totals or"),
        ),
    ),
    Group(
        "G21",
        "billing/printed/totals.py",
        _PRINTED,
        (
            ("is_sure = not figures_come_first or not line.items[-1].figures", "is_sure = True"),
            ("behind = [line.figures, *behind[:-1]]", "pass"),
            ("if starts_with_figure == ends_with_figure:", "if False:"),
            ("item.is_sure and is_sure", "is_sure"),
            ("one_amount(column[place - top], currency)", "one_amount(column[0], currency)"),
        ),
    ),
)

_OF_CONTENT = (
    Group(
        "F11 F20 G25",
        "billing/content_hash.py",
        ("billing/test_content.py",),
        (
            ('"payment_status", "position"}', '"payment_status"}'),
            ('"payment_status", "position"}', '"payment_status", "position", "quantity"}'),
            ("sorted(map(content_text, values))", "map(content_text, values)"),
        ),
    ),
    Group(
        "F11 F20 G25",
        "billing/payloads/exact_json.py",
        ("billing/test_content.py",),
        (
            ("_write(value, number_text, sorted)", "_write(value, number_text, list)"),
            ("_write(value, number_text, sorted)", "_write(value, number_text, lambda texts: sorted(set(texts)))"),
        ),
    ),
    Group(
        "F11 F20 G25",
        "billing/controls/checks/invoice_diff.py",
        ("billing/controls/test_compare.py",),
        (
            ("(_identifier(before, after), content_text, _called)", "(content_text, _called)"),
            ("(_identifier(before, after), content_text, _called)", "(_identifier(before, after), _called)"),
            ("if times == 1", "if times"),
            ("waiting.pop(None, None)", "pass"),
            ("before[places.popleft()], line", "before[places[0]], line"),
        ),
    ),
    Group(
        "F20 G25",
        "billing/controls/checks/restatement.py",
        ("billing/controls/test_restatement.py",),
        (
            ("yield from map(_withdrawn, evidence.withdrawn)", "yield from ()"),
            ("if withdrawn.confirmed:", "if not withdrawn.confirmed:"),
            ("not account_month.invoices and not evidence.withdrawn", "not account_month.invoices"),
            ("expected=summary.total", "expected=-summary.total"),
        ),
    ),
)

# What a listing's completeness rests on, before any control sees it.
_BASE = "billing_vendors/base/"
_OF_RESPONSES = (
    Group(
        "F10 G14",
        "billing_vendors/base/client/paging.py",
        (_BASE + "test_page_consistency.py", _BASE + "test_paging.py"),
        (
            ("if not head.next_cursor or stays", "if not head.row_ids or not head.next_cursor or stays"),
            ("EMPTY_PAGES_IN_A_ROW = 3", "EMPTY_PAGES_IN_A_ROW = 2"),
            ("if self._ids.issuperset(row_ids):", "if False:"),
            ("self.doubt = self.doubt or doubt", "pass"),
            ("total in {sum(map(len, self.pages)), len(self._ids)}", "total in {sum(map(len, self.pages))}"),
            ("total in {sum(map(len, self.pages)), len(self._ids)}", "total <= len(self._ids)"),
            ("name not in known and _is_positive(value)", "name not in known and value is True"),
            ('yield from _promises(value, f"{where}{name}.")', "pass"),
            ("if promise is not None:", "if promise is None:"),
        ),
    ),
    Group(
        "G14",
        "billing_vendors/genesys_cloud/paging.py",
        ("billing_vendors/genesys_cloud/test_hooks.py", "billing_vendors/genesys_cloud/test_derive.py"),
        (
            ("if others or len(cursors) > 1:", "if len(cursors) > 1:"),
            ("if others or len(cursors) > 1:", "if others:"),
            ("            _check_last(page, number)", "            pass"),
            ("count > pages_read", "count > pages_read + 1"),
            ("    if cursors:\n        return cursors[0]", "    if cursors:\n        return unquote(cursors[0])"),
            ("host and link.netloc and link.netloc.lower() != host.lower()", "False"),
            ('frozenset({"after", "cursor"})', 'frozenset({"after"})'),
        ),
    ),
    Group(
        "F10 G14",
        "billing_vendors/base/client/status_errors.py",
        (_BASE + "test_hooks.py", _BASE + "test_refusal.py"),
        (
            ("replace(raw, status=status, in_body=True)", "raw"),
            ("not 400 <= status < 600", "not 500 <= status < 600"),
            ("if as_wanted and _error_in(raw) is None:", "if as_wanted:"),
            ("document.keys() <= _ERROR_MEMBERS", "True"),
        ),
    ),
)

# Joins by what a person reads, and totals without what is withdrawn; these rest on a database.
_STORAGE = "../integration/billing/storage/"
_OF_NAMES_AND_TOTALS = (
    Group(
        "F12 F14 G5",
        "billing/names.py",
        ("billing/test_names.py",),
        (
            ('" ".join(_printed(text).casefold().split())', "_printed(text).casefold()"),
            ("_printed(text).casefold()", "_printed(text)"),
            ("plain.upper().casefold()", "plain"),
            ('unicodedata.normalize("NFKC", text.translate(_MARKS)).translate(_MARKS)', "text.translate(_MARKS)"),
            ('unicodedata.normalize("NFKC", text.translate(_MARKS))', 'unicodedata.normalize("NFKC", text)'),
            ("letter in _UNSEEN or ", ""),
            ("_printed(folded)", "folded"),
        ),
    ),
    Group(
        "F12 F14",
        "billing_vendors/fastly/lines.py",
        (_FASTLY + "test_rates.py", _FASTLY + "test_metered_quantity.py"),
        (("name_key(product), name_key(region)", "product or '', name_key(region)"),),
    ),
    Group(
        "F12",
        "billing_vendors/fastly/controls/f12_metered_quantity.py",
        (_FASTLY + "test_metered_quantity.py",),
        (("if (key := name_key(text))", "if (key := text)"),),
    ),
    Group(
        "F20 G25",
        "billing/storage/withdrawals.py",
        (_STORAGE + "test_withdrawals.py", _STORAGE + "test_other_documents.py"),
        (
            ("    ~t.record.c.withdrawn,\n)\n", ")\n"),
            ("if (gone and _all_complete(account_month.listings))", "if gone"),
        ),
    ),
    Group(
        "F20 G25",
        "billing/storage/product_months.py",
        (_STORAGE + "test_withdrawals.py", _STORAGE + "test_product_months.py"),
        (
            ("return [(change.version, -1)]", "return []"),
            ("return [(change.version, 1)]", "return []"),
            ("name_key(product)}", "product}"),
        ),
    ),
)

GROUPS = (
    *_OF_GENESYS_AND_SHARED,
    *_OF_FASTLY,
    *_OF_PRINTED_TOTALS,
    *_OF_CONTENT,
    *_OF_RESPONSES,
    *_OF_NAMES_AND_TOTALS,
)

SURVIVORS: dict[tuple[str, str, str], str] = {}
"""Mutants that no test can tell from the code, and why."""
