"""How fast one may go on asking; times are seconds on a clock of the test's own."""

import pytest

from billing_vendors.genesys_cloud.rate_limit import RateGate


def gate(count, allowed=180, reset=30):
    found = RateGate()
    found.note(
        {
            "inin-ratelimit-count": str(count),
            "inin-ratelimit-allowed": str(allowed),
            "inin-ratelimit-reset": str(reset),
        },
        now=100.0,
    )
    return found


@pytest.mark.parametrize(
    ("count", "pause"), [(0, 0), (80, 0), (161, 0), (162, 30 / 19), (171, 3), (179, 15), (180, 30), (500, 30)]
)
def test_the_last_tenth_of_the_allowance_is_spread(count, pause):
    assert gate(count).turn(100.0) == pytest.approx(pause)


def test_those_who_ask_at_the_same_time_get_moments_of_their_own():
    last_ten = gate(170)

    pauses = [last_ten.turn(100.0) for _ in range(12)]

    assert pauses == sorted(pauses)
    assert len(set(pauses[:10])) == 10
    assert pauses[-2:] == [30, 30]


def test_a_new_window_is_free():
    assert gate(180).turn(130.0) == 0


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"inin-ratelimit-count": "300", "inin-ratelimit-allowed": "300"},
        {"inin-ratelimit-count": "300", "inin-ratelimit-allowed": "300", "inin-ratelimit-reset": "soon"},
        {"inin-ratelimit-count": "300", "inin-ratelimit-allowed": "-1", "inin-ratelimit-reset": "60"},
        {"inin-ratelimit-count": "9" * 5000, "inin-ratelimit-allowed": "300", "inin-ratelimit-reset": "60"},
    ],
)
def test_headers_that_say_nothing_change_nothing(headers):
    found = RateGate()
    found.note(headers, now=100.0)

    assert found.turn(100.0) == 0


def test_a_window_of_a_year_is_not_believed():
    assert gate(180, reset=31_536_000).turn(100.0) == 120
