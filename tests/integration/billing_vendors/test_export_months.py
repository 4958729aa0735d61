"""Which months a run of export_focus is for."""

from datetime import UTC, datetime

import pytest
from airflow.sdk import Asset
from airflow.sdk.execution_time.comms import AssetEventDagRunReferenceResult
from airflow.sdk.execution_time.context import TriggeringAssetEventsAccessor, set_current_context

from billing.month import Month
from billing_vendors.base.tasks.export import months_of_run

FASTLY, GENESYS = Asset("x-tieout://months/fastly"), Asset("x-tieout://months/genesys_cloud")
NOVEMBER = {
    "data_interval_start": datetime(2026, 10, 6, 18, tzinfo=UTC),
    "data_interval_end": datetime(2026, 11, 6, 18, tzinfo=UTC),
}


def events(asset, *months):
    """As a run that they started finds them."""
    unknown = dict.fromkeys(("source_task_id", "source_dag_id", "source_run_id", "source_map_index"))
    return TriggeringAssetEventsAccessor.build(
        AssetEventDagRunReferenceResult(
            asset={"name": asset.name, "uri": asset.uri, "extra": {}},
            extra={"month": month},
            source_aliases=[],
            timestamp=datetime.now(UTC),
            **unknown,
        )
        for month in months
    )


@pytest.mark.parametrize(
    ("context", "months"),
    [
        ({"triggering_asset_events": events(FASTLY), **NOVEMBER}, [Month(2026, 10)]),
        (
            {"triggering_asset_events": events(FASTLY, "2026-08", "2026-08", "2026-07")},
            [Month(2026, 8), Month(2026, 7)],
        ),
        ({"triggering_asset_events": events(GENESYS, "2026-08")}, []),
        ({"triggering_asset_events": events(FASTLY, "2026-08"), "params": {"month": "2026-05"}}, [Month(2026, 5)]),
    ],
    ids=["the interval", "the vendor's events", "another vendor's", "asked for"],
)
def test_months(context, months):
    with set_current_context({"params": {"month": None}} | context):
        assert months_of_run(FASTLY, "0 18 6 * *") == months


def test_it_can_be_backfilled():
    """Airflow backfills what is periodic, one run a month."""
    from airflow.dag_processing.dagbag import DagBag
    from airflow.serialization.serialized_objects import DagSerialization
    from pendulum import datetime as at
    from tests.conftest import ROOT

    dag = DagBag(dag_folder=str(ROOT / "dags" / "export_focus.py")).dags["export_focus"]
    stored = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    assert stored.timetable.periodic
    runs = stored.iter_dagrun_infos_between(at(2026, 1, 1), at(2026, 12, 31))
    assert [f"{run.data_interval.start:%Y-%m}" for run in runs][:3] == ["2026-01", "2026-02", "2026-03"]
