"""What is known of a queue before and after jobs were seen, with a profile and without one."""

import pytest

from controller.model import begin, fixed_thresholds, in_force, work
from services.contract.ladder import ImageLevel, Level, StoryLevel
from services.contract.policy import Policy, PolicyRules
from services.contract.profile import BatchLaw, ProfileError
from services.contract.samples import Sample
from tests.controller.situations import (
    NOW,
    fixed,
    ladder,
    load,
    predicting,
    profile,
    sample,
    state,
)

LAW = BatchLaw(tau0=0.3, tau1=0.1, cap=4)


def _level(name: str, steps: int, tokens: int, guidance: float = 3.0) -> Level:
    image = ImageLevel(sampler="ddim", steps=steps, guidance_scale=guidance)
    return Level(name=name, image=image, story=StoryLevel(max_tokens=tokens))


STEPPED = Policy(
    rules=PolicyRules(thresholds=(6, 12)),
    levels=(_level("best", 100, 300), _level("good", 25, 200), _level("fair", 10, 100, 1.0)),
)


def _seconds(model) -> list[float]:
    return [pace.seconds for pace in model.forecast(load(0), NOW, 0).paces]


def test_a_profile_is_believed_before_any_job():
    model = begin(ladder(2, 4), "images", profile(8, 2, 1, law=LAW), 8)
    found = model.forecast(load(3), NOW, 1)

    assert _seconds(model) == [8, 2, 1]
    assert (found.law, found.workers, found.level, found.at) == (LAW, 1, 1, NOW)
    assert found.paces[0].scv == 0.1


def test_without_a_profile_nothing_is_known_before_the_first_job():
    model = begin(STEPPED, "images", None, 8)
    assert model.forecast(load(3), NOW, 0) is None
    assert model.learned([sample("of another ladder", 4.0)]).forecast(load(3), NOW, 0) is None


@pytest.mark.parametrize(("queue", "expected"), [("images", [8, 2, 0.4]), ("stories", [3, 2, 1])])
def test_without_a_profile_levels_never_seen_go_by_their_work(queue, expected):
    seen = [sample("good", 2.0, number) for number in range(30)]
    model = begin(STEPPED, queue, None, 8).learned(seen)
    assert _seconds(model) == pytest.approx(expected)


def test_without_a_profile_a_full_worker_does_as_much_as_it_was_seen_to_do():
    """Jobs at a share of 2 s each are two seconds apart, however many are done together."""
    seen = [Sample(f"{n}-0", 2.0, 12.0, "image", "good", 15.0, None) for n in range(30)]
    found = begin(STEPPED, "images", None, 8).learned(seen).forecast(load(3), NOW, 0)

    assert found.law.cap == 8
    assert found.paces[1].seconds * found.law.slowdown(8) / 8 == pytest.approx(2.0)


def test_what_a_job_took_in_company_is_brought_back_to_alone():
    """At a level of 2 s, beside three others: 2 s x 0.7/0.4, a quarter of it its share."""
    elapsed = 2.0 * LAW.slowdown(4)
    seen = [Sample(f"{n}-0", elapsed / 4, elapsed, "image", "good", 9.0, None) for n in range(50)]
    model = begin(ladder(2, 4), "images", profile(8, 2, 1, law=LAW), 8).learned(seen)
    assert _seconds(model) == pytest.approx([8, 2, 1], rel=1e-6)


def test_a_slower_machine_than_the_profile_s_is_noticed_at_every_level():
    seen = [sample("good", 4.0, number) for number in range(200)]
    model = begin(ladder(2, 4), "images", profile(8, 2, 1), 8).learned(seen)
    assert _seconds(model) == pytest.approx([16, 4, 2], rel=0.06)


def test_a_profile_without_the_level_is_refused_where_rules_need_it_and_only_there():
    short = profile(8, 2)
    assert begin(ladder(2, 4), "images", short, 8).times is None
    with pytest.raises(ProfileError, match="no images cost for the level 'fair'"):
        begin(predicting("slo"), "images", short, 8)


def test_samples_are_taken_once():
    model = begin(STEPPED, "images", None, 8).learned([sample("good", 2.0, 7)])
    assert model.last == "7-0"
    assert model.learned([]).last == "7-0"


def test_a_share_of_nothing_says_nothing():
    assert begin(STEPPED, "images", None, 8).learned([sample("good", 0.0)]).times is None


def test_arrivals_are_told_once_they_were_watched_for_a_second():
    model = begin(ladder(2, 4), "images", profile(8, 2, 1), 8).watched(load(0), NOW)
    assert model.arrivals.rate is None
    assert model.forecast(load(0), NOW, 0).arrivals.value == 0

    later = load(0).model_copy(update={"arrivals": 5})
    model = model.watched(later, NOW + 2)
    assert model.forecast(later, NOW + 2, 0).arrivals.value == pytest.approx(2.5, rel=0.02)


def test_workers_count_and_none_counts_as_one():
    model = begin(ladder(2, 4), "images", profile(8, 2, 1), 8)
    for counted, expected in ((0, 1), (1, 1), (5, 5)):
        found = model.forecast(load(0).model_copy(update={"workers": counted}), NOW, 0)
        assert found.workers == expected


def test_work_is_calls_of_the_denoiser_or_tokens():
    assert [work(level, "images") for level in STEPPED.levels] == [200, 50, 10]
    assert [work(level, "stories") for level in STEPPED.levels] == [300, 200, 100]


def test_thresholds_are_those_of_rules_that_go_by_depth():
    assert fixed_thresholds(ladder(6, 12).rules) == ((6, 12), (4, 10))
    assert fixed_thresholds(fixed("good").rules) == ((), ())


def test_a_level_that_the_ladder_lacks_counts_as_the_best():
    policy = ladder(6, 12)
    assert in_force(None, 3) == 0
    assert in_force(state(policy, 2), 3) == 2
    assert in_force(state(policy, 2), 2) == 0


def test_a_job_of_several_pictures_tells_what_one_takes():
    """Four pictures of 2 s each, drawn together: slowed by each other, and worth four."""
    elapsed = 2.0 * LAW.slowdown(4)
    seen = [sample("good", elapsed, number)._replace(units=4) for number in range(30)]
    model = begin(ladder(2, 4), "images", profile(8, 2, 1, law=LAW), 8).learned(seen)
    assert _seconds(model) == pytest.approx([8, 2, 1], rel=1e-6)


def test_jobs_of_a_level_that_was_edited_since_say_nothing():
    ours, theirs = STEPPED.levels[1].image.digest, STEPPED.levels[0].image.digest
    before = [sample("good", 9.0, number)._replace(settings=theirs) for number in range(30)]
    model = begin(STEPPED, "images", None, 8).learned(before)
    assert (model.times, model.last) == (None, "29-0")
    now = sample("good", 2.0, 30)._replace(settings=ours)
    assert _seconds(model.learned([now])) == pytest.approx([8, 2, 0.4])


def test_where_a_worker_does_not_say_the_name_decides():
    model = begin(STEPPED, "images", None, 8).learned([sample("good", 2.0)])
    assert model.times is not None


def test_pictures_that_changed_their_level_on_the_way_say_nothing():
    retimed = sample("good", 9.0)._replace(retimed=True)
    assert begin(STEPPED, "images", None, 8).learned([retimed]).times is None


def test_company_counts_as_it_slows_the_level_of_the_job():
    found = profile(8, 2, law=LAW)
    own = found.rungs[1].costs["images"].model_copy(update={"crowding": 1.0})
    rung = found.rungs[1].model_copy(update={"costs": {"images": own}})
    found = found.model_copy(update={"rungs": (found.rungs[0], rung)})
    known = begin(ladder(2), "images", found, 4)

    # Beside one other a job at the second level takes twice as long: it is as the profile says.
    beside = sample(known.names[1], 2.0)._replace(elapsed=4.0)
    seen = known.learned([beside] * 20)

    assert seen.forecast(load(0), NOW, 0).paces[1].crowding == 1.0
    assert _seconds(seen)[1] == pytest.approx(2.0)
