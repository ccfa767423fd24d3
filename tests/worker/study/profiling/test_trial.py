"""A trial is the same in every run, and no other is."""

from worker.study.profiling.trial import Trial


def trial(repeat: int, **setting: object) -> Trial:
    return Trial(queue="images", setting=setting, steps=5, batch=2, repeat=repeat)


def test_a_trial_is_told_from_others_by_all_it_says_in_any_order() -> None:
    one = trial(0, sampler="ddim", width=8)
    assert one.key == trial(0, width=8, sampler="ddim").key
    others = [trial(1, sampler="ddim", width=8), trial(0, sampler="ddim", width=16)]
    assert one.key not in {each.key for each in others}
