"""Which tests run in one process, one after the other, when several processes share the work."""

from __future__ import annotations

from xdist.scheduler.loadscope import LoadScopeScheduling


class SharedFixtures(LoadScopeScheduling):
    """Keeps the tests of a file together, and those of several files that share services; splits the fault matrix."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        if file.startswith("tests/system/airflow/"):
            return "tests/system/airflow"
        if file.endswith("faults/test_matrix.py"):
            return test.partition("/")[0]
        return file
