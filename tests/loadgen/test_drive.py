"""A schedule is sent as it was drawn, and every request leaves a record."""

import asyncio
from collections.abc import Sequence
from itertools import count, pairwise

import pytest

from loadgen.drive import Drive, Terms
from loadgen.gateway import Gateway
from loadgen.record import Record
from loadgen.target import OpenAiImages, Target
from loadgen.workload import Arrival
from tests.loadgen.stub import Stub, serving


def arrivals(*due: float) -> list[Arrival]:
    return [
        Arrival(n, at, {"kind": "image", "prompt": f"p{n}", "seed": n})
        for n, at in zip(count(), due, strict=False)
    ]


def driven(
    stub: Stub, schedule: Sequence[Arrival], *, target: type[Target] = Gateway, **terms: object
) -> list[Record]:
    """The records of a run, in the order of the requests."""
    records: list[Record] = []

    async def run() -> None:
        async with serving(stub):
            drive = Drive(
                target(stub.url), Terms(**terms), tell=lambda _: None, done=records.append
            )
            await asyncio.wait_for(drive.run(schedule), 30)

    asyncio.run(run())
    return sorted(records, key=lambda record: record.number)


def test_everything_is_sent_and_followed_to_its_end() -> None:
    stub = Stub()
    records = driven(stub, arrivals(0.0, 0.05, 0.1), warmup=1)
    assert [asked["prompt"] for asked in stub.asked] == ["p0", "p1", "p2"]
    assert [record.status for record in records] == ["succeeded"] * 3
    assert [record.warmup for record in records] == [True, False, False]
    first = records[0]
    assert (first.level, first.levels, first.steps) == ("fast", ("quality", "fast"), 7)
    assert (first.bytes, first.attempts, first.http_status) == (123, 1, 202)
    assert first.worker == "image-worker-1f2e"


def test_the_servers_times_are_carried_over_to_the_generators_clock() -> None:
    (record,) = driven(Stub(service=0.2), arrivals(0.1))
    assert record.sent <= record.started <= record.accepted
    assert record.finished - record.started == pytest.approx(0.2, abs=1e-4)
    assert record.first_picture == record.finished


def test_slow_answers_delay_nothing_and_response_counts_from_the_due_time() -> None:
    schedule = arrivals(*(0.01 * n for n in range(40)))
    records = driven(Stub(service=0.05, answer_seconds=0.5), schedule)
    # One after another would take 20 s; sent on time, the last is sent before the first answer.
    assert max(record.sent for record in records) < 0.5 + records[0].sent
    last = records[-1]
    assert last.response == pytest.approx(40 * 0.05 - last.due, abs=0.1)


def test_a_refusal_to_come_back_later_is_a_rejection() -> None:
    records = driven(Stub(service=0.3, capacity=1), arrivals(0.0, 0.01, 0.02, 0.03))
    assert [record.status for record in records[:2]] == ["succeeded"] * 2
    assert {(record.status, record.http_status) for record in records[2:]} == {("rejected", 429)}
    assert records[3].error == "the queue is full"


def test_an_outage_while_following_loses_no_job() -> None:
    (record,) = driven(Stub(broken_looks=1), arrivals(0.0))
    assert record.status == "succeeded"


def test_what_does_not_end_in_time_is_recorded_as_such() -> None:
    (record,) = driven(Stub(never=True), arrivals(0.0), patience=0.5)
    assert record.status == "timeout"
    assert "not finished" in record.error


def test_a_bound_on_what_is_outstanding_holds_requests_back() -> None:
    records = driven(Stub(service=0.1), arrivals(0.0, 0.0, 0.0), max_concurrency=1)
    for before, after in pairwise(records):
        assert after.sent >= before.finished
        assert after.response == pytest.approx(after.finished)


def test_where_nobody_answers_each_request_says_so() -> None:
    records: list[Record] = []
    drive = Drive(Gateway("http://127.0.0.1:9"), Terms(), tell=lambda _: None, done=records.append)
    asyncio.run(drive.run(arrivals(0.0, 0.01)))
    assert [record.status for record in records] == ["unsent"] * 2
    assert "ClientConnector" in records[0].error


def test_a_cancelled_run_records_what_is_outstanding() -> None:
    records: list[Record] = []

    async def run() -> None:
        async with serving(Stub(never=True)) as stub:
            sent = asyncio.Event()
            drive = Drive(
                Gateway(stub.url),
                Terms(),
                tell=lambda record: record.accepted and sent.set(),
                done=records.append,
            )
            task = asyncio.create_task(drive.run(arrivals(0.0, 100.0)))
            await asyncio.wait_for(sent.wait(), 20)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(run())
    assert [record.status for record in records] == ["timeout"]


def test_an_endpoint_that_answers_with_the_picture_is_driven_too() -> None:
    stub = Stub(capacity=2)
    records = driven(stub, arrivals(0.0, 0.05, 0.2), target=OpenAiImages)
    assert [record.status for record in records] == ["succeeded", "succeeded", "rejected"]
    assert stub.asked[0] == {"prompt": "p0", "seed": 0, "n": 1}
    assert records[0].bytes > 50
    assert records[0].finished == records[0].accepted
