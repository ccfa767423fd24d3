"""Targets as people write them."""

import pytest

from controller.queueing.planning.target import parse, written
from controller.queueing.refusal import BadInput


@pytest.mark.parametrize(
    ("text", "percentile", "seconds", "again"),
    [
        ("p95=10s", 95, 10, "p95=10s"),
        ("p95=10", 95, 10, "p95=10s"),
        ("p99.9=500ms", 99.9, 0.5, "p99.9=0.5s"),
        ("mean=2s", "mean", 2, "mean=2s"),
    ],
)
def test_a_target_is_read(text, percentile, seconds, again):
    slo = parse(text)

    assert (slo.percentile, slo.seconds) == (percentile, seconds)
    assert written(slo) == again


@pytest.mark.parametrize("text", ["10s", "p95", "p95=-1s", "p95=10m", "p100=1s", "p95=0", "max=2s"])
def test_what_is_no_target_is_refused(text):
    with pytest.raises(BadInput, match="is no target"):
        parse(text)
