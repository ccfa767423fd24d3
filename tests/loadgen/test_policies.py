"""Policies as a command names them, and whether a stack can have them."""

import pytest

from loadgen.intensity import BadLoad
from loadgen.policies import check_all, policies, policy

LADDER, KINDS = ("quality", "balanced", "fast"), ("threshold", "fixed", "table")


def test_each_notation_is_the_rules_that_it_says() -> None:
    file, fixed, depths, slo, planned = policies(
        ["file,fixed:fast", "threshold:6,12,slo:2.5", "planned:10,file"]
    )
    assert file.rules is None
    assert (fixed.rules.kind, fixed.rules.level) == ("fixed", "fast")
    assert (depths.notation, depths.rules.thresholds) == ("threshold:6,12", (6, 12))
    assert (slo.rules.kind, slo.rules.slo.seconds, slo.rules.slo.percentile) == ("slo", 2.5, 95)
    assert (planned.rules.kind, planned.rules.slo.seconds) == ("planned", 10)
    assert depths.slug == "threshold_6_12"


def test_tables_are_named_for_their_folder_whatever_it_lies_in() -> None:
    one, other = policies(["table:out/optimal,table:/some where/op-2/"])
    assert (one.notation, one.rules, one.folder) == ("table:out/optimal", None, "out/optimal")
    assert (one.slug, other.slug) == ("table_optimal", "table_op-2")
    assert len(policy("table:" + 300 * "x").reason) == 200


@pytest.mark.parametrize(
    "text",
    [
        "",
        "best",
        "fixed:",
        "fixed",
        "threshold:",
        "threshold:a",
        "slo:",
        "slo:-1",
        "file:x",
        "table",
        "table:",
    ],
)
def test_what_is_no_policy_is_refused_with_the_notation(text: str) -> None:
    with pytest.raises(BadLoad, match=r"is no policy: write file .*fixed:LEVEL"):
        policies([text])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("fixed:best", "rules.level must be one of quality, balanced, fast"),
        ("threshold:6", "rules.thresholds must hold 2 depths"),
        ("threshold:12,6", "must be positive and increase"),
        ("slo:10", "no profile to predict with"),
        ("planned:10", "no profile to predict with"),
    ],
)
def test_what_the_ladder_does_not_have_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(BadLoad, match=complaint):
        check_all(policies([text]), LADDER, KINDS)


def test_what_fits_is_accepted() -> None:
    check_all(policies(["file,fixed:fast,threshold:6,12"]), LADDER, KINDS)
    check_all([policy("planned:10")], LADDER, (*KINDS, "planned"))
