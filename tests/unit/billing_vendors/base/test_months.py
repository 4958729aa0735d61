"""The month of a run is the same for a schedule, a backfill and a manual run, or is refused in plain words."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from billing.config.accounts import Account
from billing.errors import ConfigurationError
from billing.month import Month
from billing_vendors.base.tasks.month_param import accounts_of_run, month_of_run
from billing_vendors.base.tasks.plan import accounts_of, check_map_length
from billing_vendors.registry import vendor_named, vendors

SCHEDULE = "0 6 3 * *"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def a_run(*, month=None, start=None, end=None, run_after=NOW):
    return {
        "params": {"month": month},
        "data_interval_start": start,
        "data_interval_end": end,
        "dag_run": SimpleNamespace(run_after=run_after, partition_key=None),
    }


def an_account(name, first_month="2023-01"):
    return Account("fastly", name, "conn", "USD", Month.parse(first_month), 5, None)


def at(year, month, day, hour=6, minute=0):
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def test_the_parameter_wins():
    run = a_run(month="2024-02", start=at(2026, 10, 3), end=at(2026, 11, 3))
    assert str(month_of_run(run, SCHEDULE)) == "2024-02"


def test_a_data_interval_names_the_month_it_starts_in():
    assert str(month_of_run(a_run(start=at(2026, 10, 3), end=at(2026, 11, 3)), SCHEDULE)) == "2026-10"


@pytest.mark.parametrize(
    ("run_after", "month"),
    [
        (at(2026, 11, 22), "2026-10"),
        (at(2026, 11, 3), "2026-10"),  # the very moment of the schedule
        (at(2026, 11, 3, 5, 59), "2026-09"),  # a minute earlier October is not due yet
        (at(2026, 11, 1, 0), "2026-09"),
        (at(2027, 1, 4), "2026-12"),
        (at(2024, 3, 3), "2024-02"),
    ],
)
def test_without_a_logical_date_it_is_the_last_interval_that_is_due(run_after, month):
    """The month that Airflow itself would infer for a manual run with that logical date."""
    from airflow.timetables.interval import CronDataIntervalTimetable

    assert str(month_of_run(a_run(run_after=run_after), SCHEDULE)) == month
    inferred = CronDataIntervalTimetable(SCHEDULE, timezone="UTC").infer_manual_data_interval(run_after=run_after)
    assert inferred.start.strftime("%Y-%m") == month


def test_a_dag_without_schedule_gives_an_interval_of_no_width():
    assert str(month_of_run(a_run(start=NOW, end=NOW), SCHEDULE)) == "2026-10"


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "26-10", "2026-10-01", "october", "0000-01", " 2026-10"])
def test_a_malformed_month_is_refused(month):
    with pytest.raises(ConfigurationError, match="YYYY-MM"):
        month_of_run(a_run(month=month), SCHEDULE)


@pytest.mark.parametrize("month", ["2026-11", "2026-12", "2030-01"])
def test_a_month_that_is_not_over_is_refused(month):
    with pytest.raises(ConfigurationError, match=rf"{month} has not ended.*2026-10 or earlier"):
        accounts_of_run([an_account("a")], None, Month.parse(month), NOW)


def test_accounts_that_had_not_begun_are_left_out_of_a_backfill():
    old, new = an_account("old"), an_account("new", "2025-04")
    assert accounts_of_run([old, new], None, Month(2025, 3), NOW) == [old]


def test_an_account_asked_for_by_name_that_had_not_begun_is_refused():
    with pytest.raises(ConfigurationError, match="fastly/new: 2025-03 is before its first month 2025-04"):
        accounts_of_run([an_account("new", "2025-04")], ["new"], Month(2025, 3), NOW)


def test_a_month_before_every_account_is_refused():
    with pytest.raises(ConfigurationError, match="no account was billed in 2020-01"):
        accounts_of_run([an_account("old")], None, Month(2020, 1), NOW)


def test_an_unknown_account_is_refused_with_the_names_there_are():
    with pytest.raises(ConfigurationError, match=r"no account 'nobody'.*there are: old"):
        accounts_of_run([an_account("old")], ["nobody"], Month(2025, 1), NOW)


def test_a_name_given_twice_runs_once():
    assert len(accounts_of_run([an_account("old")], ["old", "old"], Month(2025, 1), NOW)) == 1


@pytest.mark.parametrize(("accounts", "allowed"), [(1024, None), (1025, "2000"), (0, None)])
def test_as_many_accounts_as_airflow_maps_are_planned(monkeypatch, accounts, allowed):
    if allowed:
        monkeypatch.setenv("AIRFLOW__CORE__MAX_MAP_LENGTH", allowed)
    check_map_length(accounts)


def test_more_accounts_than_airflow_maps_are_refused_by_the_setting_s_name():
    with pytest.raises(
        ConfigurationError, match=r"1025 accounts.*core\.max_map_length is 1024: set it to 1025 or more"
    ):
        check_map_length(1025)


def test_a_plan_refuses_a_tolerance_for_no_control_of_the_vendor(monkeypatch, tmp_path):
    path = tmp_path / "accounts.yaml"
    path.write_text(
        "accounts: [{name: a, vendor: fastly, conn_id: c, customer_id: x, currency: USD, first_month: 2023-01,"
        " posting_day: 5, tolerances: {G2: {percent: '5'}}}]",
        encoding="utf-8",
    )
    monkeypatch.setenv("TIEOUT_ACCOUNTS", str(path))
    with pytest.raises(ConfigurationError, match=r"there is no control 'G2'; there are: F2 and 23 more"):
        accounts_of(vendor_named("fastly"), vendors())
