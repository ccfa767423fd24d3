"""Why one rule of dispatch is faster than the other: planted records, counted by hand."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from controller.queueing.engine import Engine
from controller.queueing.sharing import ps
from evidence.report import article, study
from evidence.report.contents import Contents
from evidence.report.sources import crowding, dispatch, profile, routed
from evidence.report.sources.rules import Dispatch
from loadgen.record import Record
from tests.evidence.report import studies
from tests.evidence.report.rendered import body

ONE, OTHER = "image-worker-1", "image-worker-2"


def begun(number: int, started: float, finished: float, worker: str | None) -> Record:
    """Due when it was begun."""
    return studies.record(number, started, finished - started, started=started, worker=worker)


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """Two repeats a rule in balanced order. Under shared every second pair of pictures shares a
    worker, under jsq none does, and all are a quarter second shorter."""
    studies.profiled(tmp_path)
    told = {"plan": {"dispatch": {"workers": 2}}, "stages": {}}
    studies.write(tmp_path, "study.json", told)
    at = {("shared", 1): 1.0, ("jsq", 1): 2.0, ("jsq", 2): 3.0, ("shared", 2): 4.0}
    for (rule, repeat), unix in at.items():
        path = tmp_path / "dispatch" / rule / f"fixed_even-1-{repeat}.jsonl"
        studies.records(path, _paired(rule, repeat))
        path.with_suffix("").with_name(f"fixed_even-1-{repeat}.began.json").write_text(
            json.dumps({"unix": unix})
        )
    return tmp_path


def _paired(rule: str, repeat: int) -> list[Record]:
    """A pair of pictures every 4 s, the second a tenth after the first."""
    found = []
    for pair in range(20):
        together = rule == "shared" and pair % 2 == 0
        seconds = 1.0 + 0.1 * (pair % 3) + 0.5 * repeat - (0.25 if rule == "jsq" else 0.0)
        for place, worker in enumerate((ONE, ONE if together else OTHER)):
            start = 4.0 * pair + 0.1 * place
            found.append(begun(2 * pair + place, start, start + seconds, worker))
    return found


def loaded(folder: Path) -> Dispatch:
    found = dispatch.load(study.read(folder))
    assert found is not None
    return found


def test_both_repeats_are_compared_picture_by_picture(planted: Path) -> None:
    (rate,) = loaded(planted).rates
    assert (rate.repeats, rate.jobs) == (2, 80)
    assert rate.difference.value == pytest.approx(-0.25)
    assert rate.difference.half_width == pytest.approx(0, abs=1e-9)
    assert rate.shared.mean.value - rate.jsq.mean.value == pytest.approx(0.25)
    assert rate.verdict == "jsq"


def test_a_quarter_of_the_pictures_joined_the_busier_worker(planted: Path) -> None:
    (rate,) = loaded(planted).rates
    assert rate.shared.busier is not None
    assert rate.jsq.busier is not None
    assert rate.shared.busier.value == pytest.approx(0.25)
    assert rate.jsq.busier.value == 0
    assert rate.shared.beside is not None
    assert rate.jsq.beside is not None
    assert rate.shared.beside.share == pytest.approx(0.5, rel=1e-3)
    assert rate.jsq.beside.share == 0
    page = body(planted)
    assert "order shared, jsq, jsq, shared" in page
    assert "25 % of the pictures joined the busier worker under the shared queue and 0 %" in page


def test_an_order_in_which_one_rule_came_first_is_not_balanced(planted: Path) -> None:
    assert loaded(planted).balanced
    later = planted / "dispatch" / "jsq" / "fixed_even-1-1.began.json"
    later.write_text('{"unix": 3.5}')
    assert loaded(planted).balanced  # jsq, jsq may change places
    later.write_text('{"unix": 5.0}')
    assert loaded(planted).order == ("shared", "jsq", "shared", "jsq")
    assert not loaded(planted).balanced
    later.unlink()
    assert loaded(planted).order == ()
    assert "In which order they were run is not known" in body(planted)


def test_records_from_before_they_named_the_worker_are_compared_all_the_same(
    planted: Path,
) -> None:
    for rule in ("shared", "jsq"):
        for repeat in (1, 2):
            _without_worker(planted / "dispatch" / rule / f"fixed_even-1-{repeat}.jsonl",
                            _paired(rule, repeat))  # fmt: skip
    (rate,) = loaded(planted).rates
    assert rate.difference.value == pytest.approx(-0.25)
    rules = (rate.shared, rate.jsq)
    assert [(rule.busier, rule.apart, rule.beside) for rule in rules] == [(None, None, None)] * 2
    assert (rate.crowding, rate.explained) == (None, None)
    page = body(planted)
    assert page.count("not known | not known") == 2
    assert "the records are from before they named it" in page


def _without_worker(path: Path, found: Sequence[Record]) -> None:
    lines = [{k: v for k, v in asdict(each).items() if k != "worker"} for each in found]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_what_spreading_explains_is_the_change_of_share_at_the_same_number(planted: Path) -> None:
    """Under jsq half of those beside a picture leave its worker, where each costs 0.2 · S more."""
    (rate,) = loaded(planted).rates
    assert rate.shared.beside is not None
    assert rate.jsq.beside is not None
    exact = crowding.Crowding(*(around(each) for each in (0.5, 0.3, 0.1, 0.2)))
    explained = replace(rate, crowding=exact).explained
    both = (rate.shared.beside.both + rate.jsq.beside.both) / 2
    assert explained is not None
    assert explained.value == pytest.approx(-0.5 * both * 0.5 * 0.2, rel=1e-3)
    assert explained.half_width == pytest.approx(0.5 * both * 0.5 * 0.01, rel=1e-3)


@pytest.mark.parametrize(
    ("own", "other", "said"),
    [
        (0.3, 0.1, "only the difference is what spreading them can gain by"),
        (0.3, 0.0, "company costs in a picture's own worker alone"),
        (0.2, 0.2, "spreading them evenly gains nothing"),
        (0.1, 0.3, "can only lose"),
        (0.0, 0.0, "too uncertain to say"),
    ],
)
def test_the_chapter_says_what_company_costs(
    planted: Path, own: float, other: float, said: str
) -> None:
    found = loaded(planted)
    cost = crowding.Crowding(*(around(each) for each in (0.5, own, other, own - other)))
    rates = tuple(replace(rate, crowding=cost) for rate in found.rates)
    told = Contents(study.read(planted)).context() | {"dispatch": replace(found, rates=rates)}
    _, chapters = article.render(told)
    sentences = " ".join(chapters.split())
    assert said in sentences
    assert sum(each in sentences for each in CASES) == 1


CASES = ("can gain by", "own worker alone", "gains nothing", "can only lose", "too uncertain")


def around(value: float) -> crowding.Estimate:
    return crowding.Estimate(value, value - 0.01, value + 0.01)


@pytest.fixture(scope="module")
def theory(tmp_path_factory: pytest.TempPathFactory) -> routed.Theory:
    """Of `even`: 1 s alone, τ(b) = 10 + 5·b ms, up to 4 together, in each of two workers."""
    folder = tmp_path_factory.mktemp("theory")
    studies.profiled(folder)
    found = profile.load(study.read(folder))
    assert found is not None
    told = routed.expected(found, "even", 1.2, 2)
    assert told is not None
    return told


def test_with_a_device_each_the_shortest_queue_spreads_what_chance_heaps(
    theory: routed.Theory,
) -> None:
    least, chance, jsq = (theory.each[name] for name in ("least", "chance", "jsq"))
    assert theory.change < -0.03
    assert jsq.mean == pytest.approx(least.mean, rel=0.03)
    assert max(jsq.busier or 0, least.busier or 0) < 1e-3  # who waited begins where one ended
    assert chance.busier is not None
    assert 0.2 < chance.busier < 0.5
    assert (chance.apart or 0) > 1.3 * (jsq.apart or 9)


def test_one_device_is_one_processor_sharing_station(theory: routed.Theory, tmp_path: Path) -> None:
    studies.profiled(tmp_path)
    found = profile.load(study.read(tmp_path))
    assert found is not None
    assert theory.one is not None
    law = found.law("images", "even").model_copy(update={"cap": 8})
    exact = ps(1.2, Engine(1.0, law, 1), 0.04).mean_response
    assert theory.one.mean == pytest.approx(exact, rel=0.05)


def test_theory_says_nothing_where_there_is_no_choice_or_no_steady_state(tmp_path: Path) -> None:
    studies.profiled(tmp_path)
    found = profile.load(study.read(tmp_path))
    assert found is not None
    assert routed.expected(found, "even", 1.2, 1) is None
    assert routed.expected(found, "even", 9.0, 2) is None
    near = routed.expected(found, "even", 2.6, 2)
    assert near is not None
    assert near.one is None
