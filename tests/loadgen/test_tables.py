"""Tables for each rate: read from their folder, played by a sweep, and taken by a real gateway."""

import asyncio
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import aiohttp
import pytest
import tomli_w
from redis import Redis
from werkzeug.serving import make_server

from controller.queueing.planning.dearest import MOST_STATES
from loadgen import tables
from loadgen.intensity import BadLoad
from loadgen.policies import Policy, policy
from loadgen.record import BadRecord
from loadgen.steering import NotSettled, Steering
from services.contract import level as levels
from services.contract import policy as policy_file
from services.contract.jobs import QUEUES
from services.contract.level import Choice
from services.contract.rules import PolicyRules
from services.contract.settings import load
from services.gateway import create_app
from services.gateway.context import EXTENSION
from services.gateway.publishing import TicketOffice
from tests.conftest import ROOT
from tests.loadgen.stub import LADDER, Stub, up

SHOWN = [level.model_dump(mode="json") for level in LADDER]
TABLES = {1: [[0, 0, 1], [0, 1]], 40: [[0, 0, 0, 1], [0, 0, 1]]}
THRESHOLD = {"kind": "threshold", "thresholds": [4]}


def rules(rate: int, **more: Any) -> dict[str, Any]:
    return {"kind": "table", "table": TABLES[rate], "dwell_seconds": 0.5, **more}


def write(path: Path, default: dict[str, Any], **queues: dict[str, Any]) -> None:
    ladder = [level.model_dump(mode="json", exclude_none=True) for level in LADDER]
    path.parent.mkdir(exist_ok=True)
    path.write_text(tomli_w.dumps({"rules": default, "queues": queues, "levels": ladder}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With a file for 1 a second, of images alone, and for 40."""
    found = tmp_path / "optimal"
    write(found / "1.toml", THRESHOLD, images=rules(1, capacity=50))
    write(found / "40.toml", rules(40))
    return found


@pytest.mark.parametrize(("rate", "written"), [(1.0, 1), (40, 40)])
def test_each_rate_has_the_table_of_its_file(folder: Path, rate: float, written: int) -> None:
    found = tables.at(policy(f"table:{folder}"), rate, SHOWN)
    assert found.rules == PolicyRules.model_validate(rules(written))
    assert found.slug == "table_optimal"


def test_what_has_no_folder_is_what_it_was() -> None:
    assert tables.at(policy("file"), 1.0, SHOWN) == policy("file")


def spoil(path: Path, name: str) -> None:
    """Make the file something that cannot be gone by."""
    if name == "broken":
        path.write_text("levels = [")
    elif name == "thresholds":
        write(path, THRESHOLD)
    elif name == "two":
        write(path, rules(1), stories=rules(40))
    elif name == "slower":
        path.write_text(path.read_text().replace("steps = 10", "steps = 11"))
    else:
        path.unlink()


@pytest.mark.parametrize(
    ("how", "complaint"),
    [
        ("missing", "there is no file"),
        ("broken", "is not a policy"),
        ("thresholds", "holds no table"),
        ("two", "holds two tables"),
        ("slower", "are not those of the stack"),
    ],
)
def test_a_file_that_will_not_do_is_refused_with_the_command_that_writes_it(
    folder: Path, how: str, complaint: str
) -> None:
    spoil(folder / "1.toml", how)
    with pytest.raises(BadLoad, match=complaint) as refused:
        tables.at(policy(f"table:{folder}"), 1.0, SHOWN)
    assert f"controller.queueing optimal --rate 1 --out {folder}" in str(refused.value)


def sweep(stub: Stub, out: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    load_ = ("--num-prompts", "3", "--rest", "0", "--json", "--request-rate", "1")
    where = ("--url", stub.url, "--out", str(out))
    return subprocess.run(
        [sys.executable, "-m", "loadgen", "sweep", *where, *load_, *arguments],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_a_sweep_puts_the_table_of_each_rate_in_force(folder: Path, tmp_path: Path) -> None:
    write(folder / "60.toml", rules(1))
    out, named = tmp_path / "out", ("--policies", f"table:{folder},fixed:fast")
    with up(Stub(service=0.001)) as stub:
        done = sweep(stub, out, "--rates", "40,60", *named)
        (folder / "40.toml").unlink()
        again = sweep(stub, out, "--rates", "40,60", *named)
    assert (done.returncode, done.stderr) == (0, "")
    assert again.returncode == 0, "a run that is complete needs no table"
    put = [each for each in stub.put if "rules" in each]
    assert [each["rules"].get("table") for each in put] == [TABLES[40], None, TABLES[1], None]
    assert put[0]["reason"] == f"table:{folder}"[:200]
    assert sorted(path.name for path in out.glob("*.jsonl")) == [
        f"{name}-{rate}-1.jsonl" for name in ("fixed_fast", "table_optimal") for rate in (40, 60)
    ]
    rows = json.loads(done.stdout.splitlines()[-1])["rows"]
    assert {row["policy"] for row in rows} == {f"table:{folder}", "fixed:fast"}


def test_a_sweep_that_lacks_a_table_sends_nothing(folder: Path, tmp_path: Path) -> None:
    with up(Stub()) as stub:
        done = sweep(stub, tmp_path / "out", "--rates", "1,2", "--policies", f"table:{folder}")
    assert (done.returncode, stub.asked, stub.put) == (2, [], [])
    assert f"there is no file {folder / '2.toml'}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_knows_the_table_that_it_was_made_under(folder: Path, tmp_path: Path) -> None:
    named, records = policy(f"table:{folder}"), tmp_path / "table_optimal-40-1.jsonl"
    tables.keep(records.with_suffix(".part"), tables.at(named, 40, SHOWN))
    tables.require_same(records, named, 40)
    write(folder / "40.toml", rules(1))
    with pytest.raises(BadLoad, match=r"another table than .*optimal/40\.toml holds now"):
        tables.require_same(records.with_name(f"{records.name}.gz"), named, 40)
    (folder / "40.toml").unlink()
    tables.require_same(records, named, 40)


def test_of_what_kept_no_table_nothing_is_asked(folder: Path, tmp_path: Path) -> None:
    records = tmp_path / "run.jsonl"
    tables.keep(records, policy("fixed:fast"))
    assert not tables.beside(records).exists()
    tables.require_same(records, policy(f"table:{folder}"), 40)


@pytest.mark.parametrize("text", ["", "[]", "{}"])
def test_a_digest_that_is_none_is_refused(folder: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "run.table.json").write_text(text)
    with pytest.raises(BadRecord, match=r"run\.table\.json does not say by which table"):
        tables.require_same(tmp_path / "run.jsonl", policy(f"table:{folder}"), 40)


def test_a_sweep_does_not_go_on_with_another_table(folder: Path, tmp_path: Path) -> None:
    out, other = tmp_path / "out", tmp_path / "again" / "optimal"
    other.parent.mkdir()
    for rate in (40, 60):
        write(other / f"{rate}.toml", rules(1))
    with up(Stub(service=0.001)) as stub:
        first = sweep(stub, out, "--rates", "40", "--policies", f"table:{folder}")
        done = sweep(stub, out, "--rates", "40,60", "--policies", f"table:{other}")
    assert (first.returncode, done.returncode, len(stub.asked)) == (0, 2, 3)
    assert f"another table than {other / '40.toml'} holds now" in done.stderr
    assert "Traceback" not in done.stderr


def decide(redis: Redis, reason: str) -> None:
    """A controller's decision for the best level."""
    best, epoch = policy_file.load(ROOT / "policy.toml").levels[0], levels.lead(redis, "c1")
    for queue in QUEUES:
        levels.publish(redis, epoch, queue, Choice(0, best, reason, {}), lease=60)


@pytest.fixture
def gateway(redis: Redis, redis_url: str, tmp_path: Path) -> Iterator[str]:
    """The address of a real one, beside a controller that holds the best level."""
    named = {"REDIS_URL": redis_url, "HOME": str(tmp_path), "POLICY": str(ROOT / "policy.toml")}
    settings = load({f"STORYTELLER_{name}": value for name, value in named.items()})
    app = create_app(settings, TicketOffice(redis_url))
    decide(redis, "depth 0")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    here = app.extensions[EXTENSION]
    here.fanout.stop()
    here.fanout.join()
    here.redis.close()


def largest() -> Policy:
    """Of the most states that a decision process is solved for, with nothing to leave out."""
    row = tuple(random.Random(1).choices(range(3), k=MOST_STATES // 3))
    return Policy("table:optimal", PolicyRules(kind="table", table=(row,) * 3), "optimal")


def settled(gateway: str, asked: Policy, patience: float) -> dict[str, Any]:
    """What the gateway shows once it has come to rest with this policy."""

    async def seen() -> dict[str, Any]:
        async with aiohttp.ClientSession() as session:
            steering = Steering(gateway, session)
            await steering.put(asked, 60.0)
            await steering.settled(asked, margin=-2.0, patience=patience)
            return await steering.policy()

    return asyncio.run(seen())


def test_a_real_gateway_takes_the_largest_table_and_comes_to_rest_with_it(gateway: str) -> None:
    asked = largest()
    found = settled(gateway, asked, patience=10.0)
    for queue in QUEUES:
        assert found["queues"][queue]["rules"]["table"] == [*map(list, asked.rules.table)]
        assert found["queues"][queue]["override"]["reason"] == "table:optimal"


def test_a_table_that_the_controller_ignores_is_not_measured(gateway: str, redis: Redis) -> None:
    decide(redis, "depth 0; ignored: rules by loadgen: table:optimal (another ladder)")
    with pytest.raises(NotSettled, match="does not go by table:optimal: another ladder"):
        settled(gateway, largest(), patience=0.1)
