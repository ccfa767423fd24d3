"""Lines and laws are recovered from planted ones, and agree with published regressions."""

import argparse
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.random import default_rng

from controller.queueing.commands import fit as command
from controller.queueing.fit import fit_batch, fit_steps, least_squares, scv
from controller.queueing.refusal import BadInput
from services.contract.profile import Interval, Timing

NORRIS = """
0.2 0.1  337.4 338.8  118.2 118.1  884.6 888.0  10.1 9.2  226.5 228.1  666.3 668.5  996.3 998.5
448.6 449.1  777.0 778.9  558.2 559.2  0.4 0.3  0.6 0.1  775.5 778.1  666.9 668.8  338.0 339.3
447.5 448.9  11.6 10.8  556.0 557.7  228.1 228.3  995.8 998.0  887.6 888.8  120.2 119.6  0.3 0.3
0.3 0.6  556.8 557.6  339.1 339.3  887.2 888.0  999.0 998.5  779.0 778.9  11.1 10.2  118.3 117.6
229.2 228.9  669.1 668.4  448.9 449.2  0.5 0.2
"""
"""x and y of the data set Norris (NIST Statistical Reference Datasets, linear regression)."""

SETTING = {"sampler": "ddim", "precision": "fp32"}


def timing(steps: int, seconds: list[float], batch: int = 1, **setting: object) -> Timing:
    return Timing(
        queue="images",
        setting={**SETTING, **setting},
        steps=steps,
        batch=batch,
        seconds=tuple(seconds),
    )


def planted_steps(seed: int, alpha: float, beta: float, noise: float) -> list[Timing]:
    rng = default_rng(seed)
    return [
        timing(n, list(alpha + beta * n + noise * rng.standard_normal(4))) for n in (5, 10, 25, 50)
    ]


def planted_batches(seed: int, tau0: float, tau1: float, noise: float) -> list[Timing]:
    rng = default_rng(seed)
    return [
        timing(10, list(10 * (tau0 + tau1 * b + noise * rng.standard_normal(4))), batch=b)
        for b in (1, 2, 4, 8)
    ]


def holds(interval: Interval, value: float) -> bool:
    return interval.low <= value <= interval.high


def test_a_line_is_that_of_the_reference_data_set() -> None:
    """Certified values of Norris."""
    pairs = np.array(NORRIS.split(), dtype=float).reshape(-1, 2)
    found = least_squares(pairs[:, 0], pairs[:, 1])
    assert found.observations == 36
    assert found.alpha.value == pytest.approx(-0.262323073774029, rel=1e-9)
    assert found.beta.value == pytest.approx(1.00211681802045, rel=1e-12)
    assert found.r_squared == pytest.approx(0.999993745883712, rel=1e-12)
    assert found.residual_standard_error == pytest.approx(0.884796396144373, rel=1e-9)
    student = 2.032244509317718  # t with 34 degrees of freedom, 97.5 %
    assert found.alpha.high - found.alpha.value == pytest.approx(student * 0.232818234301152)
    assert found.beta.high - found.beta.value == pytest.approx(student * 0.429796848199937e-3)


def test_intervals_hold_the_planted_line_as_often_as_they_say() -> None:
    """400 lines: 95 % is 380, and four standard deviations of the count are 17."""
    found = [fit_steps(planted_steps(seed, 0.03, 0.011, 0.004)) for seed in range(400)]
    for figure, planted in (("alpha", 0.03), ("beta", 0.011)):
        assert 363 <= sum(holds(getattr(each, figure), planted) for each in found) <= 397


def test_intervals_hold_the_planted_batch_law_as_often_as_they_say() -> None:
    found = [fit_batch(planted_batches(seed, 0.009, 0.0018, 0.0008)) for seed in range(400)]
    for figure, planted in (("tau0", 0.009), ("tau1", 0.0018)):
        assert 363 <= sum(holds(getattr(each, figure), planted) for each in found) <= 397


def test_without_noise_the_law_is_exact() -> None:
    found = fit_batch(planted_batches(1, 0.009, 0.0018, 0.0))
    assert found.law(cap=8).tau0 == pytest.approx(0.009)
    assert found.law(cap=8).tau1 == pytest.approx(0.0018)
    assert found.r_squared == pytest.approx(1)


def test_a_negative_step_of_nobody_is_held_at_zero() -> None:
    """τ(1) = 1, τ(2) = 3: the free line is -1 + 2b; through the origin the slope is 7/5."""
    timings = [timing(1, [1.0, 1.0]), timing(1, [3.0, 3.0], batch=2)]
    found = fit_batch(timings)
    law = found.law(cap=2)
    assert (law.tau0, law.tau1) == (0, pytest.approx(1.4))
    assert found.tau0.low == found.tau0.value == 0
    assert holds(found.tau1, 1.4)
    assert found.tau1.high > found.tau1.value


def test_steps_that_get_quicker_in_company_cost_nothing_more() -> None:
    timings = [timing(1, [3.0, 3.2]), timing(1, [1.0, 1.2], batch=2)]
    found = fit_batch(timings)
    law = found.law(cap=2)
    assert (law.tau0, law.tau1) == (pytest.approx(2.1), 0)


def test_a_repeat_that_was_interrupted_does_not_move_the_line() -> None:
    steady = [
        timing(n, [n * (1 + e) for e in (-0.01, 0.0, 0.01, 0.02, -0.02)]) for n in (5, 10, 20)
    ]
    hit = [
        each.model_copy(update={"seconds": (*each.seconds, 50.0 * each.steps)}) for each in steady
    ]
    assert fit_steps(hit) == fit_steps(steady)


def test_the_scv_of_known_times() -> None:
    """Mean 4, sample variance 8/3."""
    found = scv([2.0, 4.0, 4.0, 6.0])
    assert found.value == pytest.approx(8 / 3 / 16)
    assert scv([5.0, 5.0, 5.0]) == Interval(value=0, low=0, high=0)


@pytest.mark.parametrize(("shape", "planted"), [(1.0, 1.0), (4.0, 0.25), (100.0, 0.01)])
def test_intervals_hold_the_scv_of_gamma_times(shape: float, planted: float) -> None:
    """scv of a gamma distribution is 1 over its shape. The delta method is for large samples, so
    somewhat fewer than 95 % are asked for."""
    rng = default_rng(3)
    found = [scv(rng.gamma(shape, 2.0, 2000)) for _ in range(300)]
    assert sum(holds(each, planted) for each in found) >= 0.9 * 300


@pytest.mark.parametrize(
    ("refused", "why"),
    [
        (lambda: fit_steps([timing(5, [1.0]), timing(10, [2.0])]), "3 step counts, there are 2"),
        (lambda: fit_steps([]), "3 step counts, there are 0"),
        (lambda: fit_steps([timing(n, [1.0], batch=2) for n in (1, 2, 3)]), "2 were together"),
        (lambda: fit_batch([timing(5, [1.0, 1.1, 1.2], batch=4)]), r"different numbers.*\[4\]"),
        (lambda: fit_batch([]), "different numbers"),
        (lambda: fit_batch([timing(5, [1.0]), timing(5, [1.0], batch=2)]), "at least 3 points"),
        (lambda: least_squares([1, 2, 3], [1, 2]), "one length"),
        (lambda: least_squares([1, 1, 1], [1, 2, 3]), "different x"),
        (lambda: least_squares([1, 2, 3], [1, 2, np.nan]), "finite"),
        (lambda: scv([1.0, 2.0]), "at least 3"),
        (lambda: scv([1.0, 2.0, -1.0]), "above 0"),
    ],
)
def test_what_cannot_be_fitted_is_refused_with_the_reason(refused, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        refused()


def fitted(profile: Path, *arguments: str) -> dict:
    parser = argparse.ArgumentParser()
    command.add(parser.add_subparsers())
    options = parser.parse_args(["fit", "--profile", str(profile), *arguments])
    return options.run(options)


def written(folder: Path, timings: list[Timing]) -> Path:
    level = {
        "name": "one",
        "image": {"sampler": "ddim", "steps": 10, "guidance_scale": 3.0},
        "story": {"max_tokens": 64},
    }
    timed = [each.model_dump() for each in timings]
    found = {"made_with": {}, "rungs": [{"level": level, "costs": {}}], "timings": timed}
    (folder / "profile.json").write_text(json.dumps(found))
    return folder / "profile.json"


def test_the_command_tells_lines_laws_and_spreads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    together = planted_batches(1, 0.009, 0.0018, 1e-4)
    alone = [each for each in planted_steps(1, 0.03, 0.0108, 1e-4) if each.steps != 10]
    other = timing(10, [1.0, 1.0, 1.0], precision="nf4")
    file = written(tmp_path, [*together, *alone, other])
    found = fitted(file, "--queue", "images")["images"]
    assert json.loads(json.dumps(found)) == found
    [line], [law] = found["steps"].values(), found["batch"].values()
    assert line["beta"]["value"] == pytest.approx(0.0108, rel=0.05)
    assert law["tau0"]["value"] == pytest.approx(0.009, rel=0.05)
    assert "sampler=ddim precision=nf4 steps=10" in found["scv"]
    # τ1/(τ0 + τ1) of the only level that had company.
    [(level, crowding)] = found["crowding"].items()
    assert level == "sampler=ddim precision=fp32 steps=10"
    assert crowding["value"] == pytest.approx(1 / 6, rel=0.05)
    said = capsys.readouterr().out
    assert f"{level}\n    crowding 0.1" in said
    assert said.startswith("images\n  sampler=ddim precision=fp32\n    S(n) = α + βn   α ")


def test_the_law_is_of_what_the_profile_says_it_is_of(tmp_path: Path) -> None:
    """Two numbers together: a level of two steps had as much company, and a law of its own."""
    planted = [each for each in planted_batches(1, 0.009, 0.0018, 0.0) if each.batch in (1, 2)]
    law = [each.model_copy(update={"reference": True}) for each in planted]
    quick = [timing(2, [0.1 * b, 0.1 * b], batch=b) for b in (1, 2)]
    thin = [timing(2, [0.1 * b], batch=b, precision="nf4") for b in (1, 2)]
    found = fitted(written(tmp_path, [*quick, *thin, *law]))["images"]["batch"]
    plain = "sampler=ddim precision=fp32"
    assert list(found) == [plain, f"{plain} steps=2"], "two times are no line with an interval"
    values = {name: (each["tau0"]["value"], each["tau1"]["value"]) for name, each in found.items()}
    assert values[plain] == pytest.approx((0.009, 0.0018))
    assert values[f"{plain} steps=2"] == pytest.approx((0.0, 0.05))


def test_stories_are_one_line_by_their_tokens_whatever_their_level(tmp_path: Path) -> None:
    told = [
        Timing(
            queue="stories",
            setting={"max_tokens": most, "precision": "bf16", "story": story},
            steps=tokens,
            batch=1,
            seconds=(0.08 * tokens + 0.5,),
        )
        for most, story, tokens in ((320, 0, 147), (320, 1, 130), (192, 0, 120), (192, 1, 90))
    ]
    both = told[0].model_copy(update={"batch": 4, "seconds": (0.16 * 147,)})
    more = told[1].model_copy(update={"batch": 4, "seconds": (0.16 * 130,)})
    found = fitted(written(tmp_path, [*told, both, more]))
    assert list(found) == ["stories"]
    [line] = found["stories"]["steps"].values()
    assert line["beta"]["value"] == pytest.approx(0.08)
    assert line["observations"] == 4
    [law] = found["stories"]["batch"].values()
    assert law["observations"] == 4


@pytest.mark.parametrize(
    ("arguments", "why"), [(["--queue", "stories"], "no timings of the queue stories"), ([], "")]
)
def test_the_command_refuses_what_holds_no_timings(
    tmp_path: Path, arguments: list[str], why: str
) -> None:
    timings = [timing(5, [1.0])] if arguments else []
    with pytest.raises(BadInput, match=why or "no timings"):
        fitted(written(tmp_path, timings), *arguments)


def test_the_command_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot read the profile"):
        fitted(tmp_path / "nowhere.json")
