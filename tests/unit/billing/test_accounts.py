"""The accounts file: what is read, and that every mistake is named by file, account and key."""

from dataclasses import dataclass, field

import pytest

from billing.config.accounts import accounts_path, check_vendors, find_account, load_accounts
from billing.errors import ConfigurationError
from billing.month import Month

GOOD = """
- name: acme-media
  vendor: fastly
  conn_id: fastly_acme
  customer_id: xTRzc8Zo
  currency: USD
  first_month: 2023-01
  posting_day: 5
"""


@dataclass(frozen=True)
class Settings:
    """A vendor's own keys: one required, the others not."""

    customer_id: str
    api: str = "v3"
    tags: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not isinstance(self.customer_id, str):
            raise ConfigurationError(f"customer_id {self.customer_id!r} should be quoted")


@pytest.fixture
def accounts(tmp_path):
    """Write the rows into a file and load them."""

    def load(rows, vendor="fastly"):
        path = tmp_path / "our-accounts.yaml"
        path.write_text(f"accounts:{rows}", encoding="utf-8")
        return load_accounts(vendor, Settings, path)

    return load


def test_an_account_is_read_with_its_vendors_settings(accounts):
    (account,) = accounts(GOOD)
    assert (account.vendor, account.name, account.conn_id) == ("fastly", "acme-media", "fastly_acme")
    assert (account.currency, account.first_month, account.posting_day) == ("USD", Month(2023, 1), 5)
    assert account.settings == Settings("xTRzc8Zo")


def test_other_vendors_accounts_are_left_to_them(accounts):
    """Their keys are not ours to judge."""
    assert accounts(GOOD + "- {name: x, vendor: genesys_cloud, what: ever}\n") == accounts(GOOD)
    assert accounts("\n- {name: x, vendor: genesys_cloud, what: ever}\n") == ()


def test_the_order_is_the_files(accounts):
    rows = "".join(GOOD.replace("acme-media", name) for name in ("b", "a", "c"))
    assert [account.name for account in accounts(rows)] == ["b", "a", "c"]


def test_the_same_name_at_two_vendors_is_two_accounts(accounts):
    assert len(accounts(GOOD + GOOD.replace("vendor: fastly", "vendor: genesys_cloud"))) == 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name: acme-media", "name: Acme Media", r"name 'Acme Media' should be 1 to 63 lower-case letters"),
        ("name: acme-media", "name: 7", r"name 7 should be 1 to 63"),
        ("name: acme-media", "name: a" + "b" * 63, r"name 'ab+' should be 1 to 63"),
        ("  conn_id: fastly_acme\n", "", r"the key 'conn_id' is missing"),
        ("conn_id: fastly_acme", "conn_id: ''", r"conn_id '' should be the id of an Airflow connection"),
        ("conn_id: fastly_acme", "conn_id: [a]", r"conn_id \['a'\] should be the id of an Airflow connection"),
        ("currency: USD", "currency: US", r"currency 'US' should be the ISO 4217 code"),
        ("currency: USD", "currency: XAU", r"currency 'XAU' should be the ISO 4217 code of a currency for payments"),
        ("currency: USD", "currency: null", r"currency None should be the ISO 4217 code"),
        ("first_month: 2023-01", "first_month: 2023-13", r"first_month: month '2023-13' is not of the form"),
        ("first_month: 2023-01", "first_month: 2023-01-01", r"first_month datetime.* should be a month of the form"),
        ("first_month: 2023-01", "first_month: 2023", r"first_month 2023 should be a month of the form"),
        ("posting_day: 5", "posting_day: 0", r"posting_day 0 should be a day from 1 to 28"),
        ("posting_day: 5", "posting_day: 29", r"posting_day 29 should be a day from 1 to 28"),
        ("posting_day: 5", "posting_day: true", r"posting_day True should be a day"),
        ("posting_day: 5", "posting_day: '5'", r"posting_day '5' should be a day from 1 to 28, without quotes"),
        ("posting_day: 5", "posting_day: 5\n  posting_dya: 6", r"unknown key 'posting_dya'; known: .*customer_id"),
        ("posting_day: 5", "posting_day: 5\n  7: 6", r"unknown key 7; known: "),
        ("  customer_id: xTRzc8Zo\n", "", r"the key 'customer_id' is missing"),
        ("customer_id: xTRzc8Zo", "customer_id: 12345", r"customer_id 12345 should be quoted"),
    ],
)
def test_a_mistake_names_file_account_and_key(accounts, old, new, message):
    assert old in GOOD
    second = GOOD.replace("acme-media", "second-one").replace(old.replace("acme-media", "second-one"), new)
    name = r" \(.*\)" if new != "name: 7" else ""
    with pytest.raises(ConfigurationError, match=rf"^our-accounts\.yaml, account 2{name}: {message}"):
        accounts(GOOD + second)


@pytest.mark.parametrize(("written", "read"), [("usd", "USD"), ("BGN", "BGN"), ("HRK", "HRK")])
def test_a_currency_in_small_letters_or_of_former_years_is_one(accounts, written, read):
    assert [account.currency for account in accounts(GOOD.replace("USD", written))] == [read]


def test_a_tolerance_for_no_control_is_refused_with_those_it_may_mean(tmp_path):
    path = tmp_path / "our-accounts.yaml"
    path.write_text(f"accounts:{GOOD}  tolerances: {{F91: {{percent: '5'}}}}\n", encoding="utf-8")
    ids = [f"F{number}" for number in range(1, 25)]
    message = r"account 1 \(acme-media\): tolerances: there is no control 'F91'; there are: F9, F1, .* more$"
    with pytest.raises(ConfigurationError, match=message):
        load_accounts("fastly", Settings, path, ids)
    assert load_accounts("fastly", Settings, path, [*ids, "F91"])


def test_of_many_accounts_a_message_names_the_nearest(accounts):
    found = accounts("".join(GOOD.replace("acme-media", f"acme-{number}") for number in range(200)))
    with pytest.raises(ConfigurationError, match=r"no account 'acme_7'.*; there are: acme-7, .* and 195 more$"):
        find_account(found, "acme_7")


def test_a_name_used_twice_is_refused(accounts):
    with pytest.raises(
        ConfigurationError, match=r"our-accounts.yaml, account 2 \(acme-media\): the name is used twice"
    ):
        accounts(GOOD + GOOD)


@pytest.mark.parametrize("vendor", ["", "  vendor: [fastly]\n", "  vendor:\n"])
def test_an_account_of_no_vendor_is_refused(accounts, vendor):
    """Nobody would ask for its bills, and nobody would notice."""
    with pytest.raises(
        ConfigurationError, match=r"our-accounts.yaml, account 1 \(acme-media\): 'vendor' must be a string"
    ):
        accounts(GOOD.replace("  vendor: fastly\n", vendor))


def test_an_account_of_an_unknown_vendor_is_refused(tmp_path):
    """A misspelt name: every vendor would leave the account to the others."""
    path = tmp_path / "our-accounts.yaml"
    path.write_text(f"accounts:{GOOD}{GOOD.replace('vendor: fastly', 'vendor: fastli')}", encoding="utf-8")
    message = (
        r"our-accounts.yaml, account 2 \(acme-media\): there is no vendor 'fastli'; there are: fastly, genesys_cloud$"
    )
    with pytest.raises(ConfigurationError, match=message):
        check_vendors({"genesys_cloud", "fastly"}, path)

    check_vendors({"fastli", "fastly"}, path)


def test_a_key_given_twice_is_refused(accounts):
    """YAML takes the last one silently; a reviewer may have read the first."""
    with pytest.raises(ConfigurationError, match=r"our-accounts.yaml.*'currency' appears twice(.|\n)*line"):
        accounts(GOOD + "  currency: EUR\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("accounts: {}", "expected a list under the key 'accounts'"),
        ("[]", "expected a list under the key 'accounts'"),
        ("", "expected a list under the key 'accounts'"),
        ("accounts: [", "cannot read the accounts file"),
        ("accounts:\n- fastly", r"account 1: expected keys and values, found str"),
        ("accounts: !!python/object/apply:os.getcwd []", "cannot read the accounts file"),
    ],
)
def test_a_file_of_another_shape_is_refused_by_name(tmp_path, text, message):
    path = tmp_path / "our-accounts.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=rf"(?s)our-accounts\.yaml.*{message}|{message}.*our-accounts\.yaml"):
        load_accounts("fastly", Settings, path)


def test_a_missing_or_unreadable_file_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r"nowhere\.yaml"):
        load_accounts("fastly", Settings, tmp_path / "nowhere.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"accounts: [\xff]")
    with pytest.raises(ConfigurationError, match=r"latin\.yaml"):
        load_accounts("fastly", Settings, tmp_path / "latin.yaml")


def test_the_variable_names_another_file(tmp_path, monkeypatch):
    assert accounts_path().name == "accounts.yaml"
    monkeypatch.setenv("TIEOUT_ACCOUNTS", str(tmp_path / "elsewhere.yaml"))
    assert accounts_path() == tmp_path / "elsewhere.yaml"


def test_an_unknown_name_lists_the_known_ones(accounts):
    found = accounts(GOOD + GOOD.replace("acme-media", "second"))
    assert find_account(found, "second").name == "second"
    with pytest.raises(ConfigurationError, match=r"no account 'third' .*: acme-media, second"):
        find_account(found, "third")
    with pytest.raises(ConfigurationError, match="none"):
        find_account((), "third")


def test_a_month_before_the_account_began_is_refused(accounts):
    (account,) = accounts(GOOD)
    account.check_month(Month(2023, 1))
    with pytest.raises(ConfigurationError, match="fastly/acme-media: 2022-12 is before its first month 2023-01"):
        account.check_month(Month(2022, 12))


def test_an_account_may_have_its_estimates_scaled_to_the_month(accounts):
    (account,), (plain,) = accounts(GOOD + "  accrual: {extrapolate: true}\n"), accounts(GOOD)
    assert (account.accrual.extrapolate, plain.accrual.extrapolate) == (True, False)
    with pytest.raises(ConfigurationError, match=r"account 1 \(acme-media\): accrual 'daily' should be"):
        accounts(GOOD + "  accrual: daily\n")


def test_tolerances_a_rate_card_and_commitments_may_be_given(accounts):
    extra = """  tolerances: {F19: {absolute: "10.00", percent: "5", rule: either}}
  rate_card:
  - {product: CDN, rate: "0.08", from: 2025-01}
  commitments:
  - {amount: "50", from: 2025-01, to: 2025-12}
"""
    (account,) = accounts(GOOD + extra)
    assert (account.tolerances["F19"].rule, len(account.rate_card), len(account.commitments)) == ("either", 1, 1)
    (plain,) = accounts(GOOD)
    assert (plain.tolerances, plain.rate_card, plain.commitments) == ({}, (), ())


def test_a_wrong_tolerance_is_named_by_file_account_and_key(accounts):
    message = (
        r"our-accounts.yaml, account 1 \(acme-media\): tolerances, F19: absolute 10.0 should be a number in quotes"
    )
    with pytest.raises(ConfigurationError, match=message):
        accounts(GOOD + "  tolerances: {F19: {absolute: 10.00}}\n")


def test_an_invoice_is_late_from_the_end_of_the_posting_day(accounts):
    (account,) = accounts(GOOD)
    assert account.posting_deadline(Month(2026, 12)).isoformat() == "2027-01-06T00:00:00+00:00"
