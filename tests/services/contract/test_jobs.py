"""What a client may ask for, and the record it becomes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.contract import jobs
from services.contract.jobs import JOB_REQUEST
from tests.services.contract.making import accept, request, state


def _refused(**fields):
    with pytest.raises(ValidationError) as refused:
        JOB_REQUEST.validate_python({"kind": "image", "prompt": "a fox"} | fields)
    return {part for error in refused.value.errors() for part in error["loc"]}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", ""),
        ("prompt", "  \n "),
        ("prompt", 3),
        ("width", 5000),
        ("width", 65),
        ("height", 0),
        ("count", 0),
        ("count", 9),
        ("seed", -1),
        ("seed", 2**63),
        ("guidance_scale", 31),
        ("priority", "urgent"),
        ("deadline_seconds", 0),
        ("steps", -3),
        ("pages", 4),
        ("strategy", "pipelined"),
        ("start_from", "a fox"),
        ("strength", 0),
        ("strength", 1.1),
    ],
)
def test_a_wrong_field_is_named(field, value):
    assert field in _refused(**{field: value})


@pytest.mark.parametrize("kind", ["movie", None])
def test_an_unknown_kind_is_refused(kind):
    with pytest.raises(ValidationError):
        JOB_REQUEST.validate_python({"kind": kind, "prompt": "a fox"})


def test_defaults_are_those_of_the_document():
    book = request("storybook")
    assert (book.pages, book.strategy, book.priority, book.level) == (4, None, "normal", "auto")
    assert (request().start_from, request().strength) == (None, 0.75)


def test_a_prompt_loses_the_space_around_it():
    assert JOB_REQUEST.validate_python({"kind": "story", "prompt": " a fox \n"}).prompt == "a fox"


@settings(derandomize=True, deadline=None, database=None)
@given(st.integers(0, 2**63 - 1), st.text(min_size=1).filter(str.strip))
def test_equal_requests_have_equal_digests(seed, prompt):
    asked = {"kind": "image", "prompt": prompt, "seed": seed}
    first, second = JOB_REQUEST.validate_python(asked), JOB_REQUEST.validate_python(asked)
    other = JOB_REQUEST.validate_python(asked | {"seed": (seed + 1) % 2**63})

    assert jobs.digest(first) == jobs.digest(second) != jobs.digest(other)


def test_the_kind_is_part_of_the_digest():
    assert jobs.digest(request("story")) != jobs.digest(request("storybook"))


def test_a_damaged_record_is_refused():
    with pytest.raises(ValidationError):
        jobs.from_record({"id": "a" * 32, "status": "lost"})


def test_every_attempt_at_a_job_shares_its_seed(redis):
    free, chosen = state(redis, accept(redis)), state(redis, accept(redis, seed=7))

    assert chosen.seed == 7
    assert free.seed == state(redis, free.id).seed
