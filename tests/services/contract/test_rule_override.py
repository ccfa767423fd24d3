"""Whether this process can go by a person's rules, and why not."""

import pytest

from services.contract.rule_override import RuleOverride, misfit, ruled
from services.contract.rules import PolicyRules, Slo
from tests.controller.situations import ladder, predicting, profile

POLICY = predicting("slo").model_copy(update={"rules": ladder(2, 4).rules})
EARLIER = PolicyRules(thresholds=(1, 2))
TARGET = PolicyRules(kind="slo", slo=Slo(seconds=9))
FOREIGN = PolicyRules(thresholds=(1, 2, 3))


@pytest.mark.parametrize(
    ("rules", "measured", "why"),
    [
        (EARLIER, profile(8), None),
        (TARGET, None, None),
        (TARGET, profile(8, 2, 1), None),
        (TARGET, profile(8, 2), "no images cost for the level 'fair'"),
        (TARGET, profile(8, 2, 1, queue="stories"), "no images cost for the level 'best'"),
        (TARGET.model_copy(update={"kind": "planned"}), profile(8, 2), "no images cost"),
        (FOREIGN, profile(8, 2, 1), "must hold 2 depths"),
    ],
)
def test_rules_need_a_ladder_that_fits_and_those_that_predict_its_costs(rules, measured, why):
    found = misfit(POLICY, "images", rules, measured)
    assert (found is None) if why is None else why in found


def test_only_rules_that_fit_go_before_those_of_the_file():
    override = RuleOverride(rules=TARGET, by="ada", reason="", until=2e9)
    both = {"images": override, "stories": override}
    found = ruled(POLICY, both, profile(8, 2, 1))
    assert (found.rules_of("images"), found.rules_of("stories")) == (TARGET, POLICY.rules)
    assert ruled(POLICY, {"images": None, "stories": None}) == POLICY
