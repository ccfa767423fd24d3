"""What the report reads in a profile whose levels had company."""

from pathlib import Path

import pytest

from evidence.report.sources import profile
from evidence.report.study import Study
from services.contract.profile import Profile, Timing
from services.contract.timings import batch_law
from tests.evidence.report import studies


def timing(steps: int, batch: int, seconds: float, *, reference: bool) -> Timing:
    return Timing(
        queue="images",
        setting={"sampler": "ddim"},
        steps=steps,
        batch=batch,
        seconds=(seconds, seconds),
        reference=reference,
    )


def read(folder: Path) -> profile.Profiled:
    found = profile.read(Study(folder, machine={}, stages={}, plan={}))
    assert found is not None
    return found


def test_the_law_is_that_of_the_profile_though_levels_had_as_much_company(tmp_path: Path) -> None:
    law = [timing(10, b, 0.1 + 0.05 * b, reference=True) for b in (1, 3)]
    quick = [timing(2, b, 0.2 * b, reference=False) for b in (1, 3)]
    planted = batch_law(law, cap=4)
    studies.profiled(tmp_path)
    path = tmp_path / "profile" / "profile.json"
    made = Profile.model_validate_json(path.read_text())
    known = {"timings": (*quick, *law), "batch": {"images": planted}}
    path.write_text(made.model_copy(update=known).model_dump_json())
    (found,) = read(tmp_path).laws
    assert (found.tau0.value, found.tau1.value) == pytest.approx((planted.tau0, planted.tau1))
    assert len(found.points) == 4


@pytest.mark.parametrize(("share", "dominated"), [(0.0, ["slow"]), (1.0, [])])
def test_a_level_that_does_less_in_company_dominates_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: float, dominated: list[str]
) -> None:
    """`even` takes half of the seconds of `slow` alone, and with four together up to twice."""
    monkeypatch.setattr(studies, "CROWDING", {"slow": 0.0, "even": share, "few": 0.0})
    studies.profiled(tmp_path)
    assert [rung.name for rung in read(tmp_path).dominated] == dominated
