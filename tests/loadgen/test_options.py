"""What the options mean, and what is refused."""

import argparse
import json
from pathlib import Path

import pytest

from loadgen import options
from loadgen.intensity import BadLoad
from loadgen.workload import Arrival, mix


def asked(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    options.add_load(parser)
    return parser.parse_args(arguments)


def drawn(*arguments: str) -> list[Arrival]:
    return options.schedule(asked(*arguments))


def test_the_same_seed_draws_the_same_schedule_and_another_another() -> None:
    first, again, other = drawn(), drawn("--seed", "1"), drawn("--seed", "2")
    assert first == again
    assert len(first) == len(other) == 100
    assert not {arrival.due for arrival in first} & {arrival.due for arrival in other}


def test_prompts_and_seeds_do_not_depend_on_the_rate_nor_on_the_mix() -> None:
    slow = drawn("--num-prompts", "20")
    fast = drawn("--num-prompts", "20", "--request-rate", "9", "--mix", "story=1")
    for one, other in zip(slow, fast, strict=True):
        assert one.request | {"kind": "story"} == other.request
        assert one.due == pytest.approx(9 * other.due)


def test_a_mix_has_its_shares() -> None:
    kinds = [a.request["kind"] for a in drawn("--num-prompts", "4000", "--mix", "image=4,story=1")]
    assert kinds.count("image") / 4000 == pytest.approx(0.8, abs=4 * (0.16 / 4000) ** 0.5)
    assert set(kinds) == {"image", "story"}


def test_options_and_level_go_along_with_each_request() -> None:
    given = ("--option", "count=2", "--option", "negative_prompt=text", "--level", "fast")
    (arrival,) = drawn("--num-prompts", "1", *given)
    expected = {"count": 2, "negative_prompt": "text", "level": "fast"}
    assert expected.items() <= arrival.request.items()
    assert "level" not in drawn("--num-prompts", "1")[0].request


@pytest.mark.parametrize(
    "law", ["ramp:1:5:30", "steps:1:20:8:5:1", "diurnal:0.5:60", "mmpp:1:20:6:5"]
)
def test_every_law_of_arrivals_can_be_asked_for(law: str) -> None:
    found = drawn("--arrivals", law, "--duration", "60")
    assert 20 < len(found) < 400
    assert found[-1].due <= 60
    assert len(drawn("--arrivals", law, "--num-prompts", "30")) == 30


def test_a_trace_brings_its_own_times_and_options(tmp_path: Path) -> None:
    rows = [{"time": 0.5, "kind": "story", "pages": 2}, {"time": 2, "prompt": "a fox"}]
    lines = tmp_path / "trace.jsonl"
    lines.write_text("\n".join(map(json.dumps, rows)))
    table = tmp_path / "trace.csv"
    table.write_text("time,kind,pages,prompt\n0.5,story,2,\n2,,,a fox\n")
    for path in (lines, table):
        first, second = drawn("--trace", str(path))
        assert (first.due, first.request["kind"], first.request["pages"]) == (0.5, "story", 2)
        assert (second.due, second.request["kind"], second.request["prompt"]) == (
            2,
            "image",
            "a fox",
        )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("time\n3\n2\n", "row 2 is due at 2 s, before 3 s"),
        ("moment\n3\n", "each row needs a time"),
        ("time\nsoon\n", "each row needs a time"),
        ("time\n-1\n", "before the start"),
        ("time\n1\nnan\n", "row 2 is due at nan s"),
        ("time\ninf\n", "row 1 is due at inf s"),
        ("", "no request"),
    ],
)
def test_what_is_no_trace_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "trace.csv"
    path.write_text(text)
    with pytest.raises(BadLoad, match=complaint):
        drawn("--trace", str(path))


@pytest.mark.parametrize("line", ["3", "[1]", '{"time": [1]}', '{"time": null}', '{"ti'])
def test_a_line_that_is_no_row_of_a_trace_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_text(f'{{"time": 1}}\n{line}\n')
    with pytest.raises(BadLoad, match="each row needs a time"):
        drawn("--trace", str(path))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--request-rate", "0"), "more than 0 a second"),
        (("--num-prompts", "0"), "at least 1"),
        (("--duration", "-1"), "more than 0 seconds"),
        (("--burstiness", "0"), "burstiness"),
        (("--mix", "image"), "no mix"),
        (("--mix", "film=1"), "shares of image, story"),
        (("--mix", "image=0"), "shares of image, story"),
        (("--arrivals", "wave:3"), "no law of arrivals"),
        (("--arrivals", "ramp:1"), "no law of arrivals"),
        (("--arrivals", "ramp:1:x:3"), "no law of arrivals"),
        (("--prompts", "/nowhere"), "shipped are captions, scenes"),
    ],
)
def test_what_is_no_load_is_refused_with_the_reason(
    arguments: tuple[str, ...], complaint: str
) -> None:
    with pytest.raises(BadLoad, match=complaint):
        drawn(*arguments)


def test_shipped_prompts_are_ones() -> None:
    for name in ("captions", "scenes"):
        found = options.prompts(name)
        assert len(set(found)) == len(found) >= 40


def test_a_mix_is_read_with_its_spaces() -> None:
    assert mix("image=0.8, story=0.2") == {"image": 0.8, "story": 0.2}


@pytest.mark.parametrize(
    "text", ["10", "e2el", "ttft:10", "e2el:soon", "e2el:²", "e2el:inf", "e2el:0", "e2el:-1"]
)
def test_what_is_no_goal_is_refused(text: str) -> None:
    with pytest.raises(BadLoad, match="e2el:10000"):
        options.goal(text)
    assert options.goal("e2el:1500").seconds == 1.5
