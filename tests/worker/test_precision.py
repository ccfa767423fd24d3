"""What the names of precisions mean, and what is said of those a device cannot do."""

import pytest
import torch

from worker.precision import base_precision, check_precision, compute_dtype

CPU, GPU = torch.device("cpu"), torch.device("cuda", 0)


@pytest.mark.parametrize("name", ["auto", "fp32", "bf16", "fp16", "int8", "nf4"])
def test_a_cpu_can_do_them_all(name: str) -> None:
    pytest.importorskip("bitsandbytes")
    check_precision(name, CPU)


def test_auto_is_full_precision_on_a_cpu_and_half_on_a_gpu() -> None:
    assert (base_precision("auto", CPU), base_precision("auto", GPU)) == ("fp32", "fp16")
    assert base_precision("bf16", CPU) == "bf16"


@pytest.mark.parametrize("name", ["int8", "nf4", "double"])
def test_a_base_precision_is_a_number_format(name: str) -> None:
    with pytest.raises(ValueError, match="auto, fp32, bf16, fp16"):
        base_precision(name, CPU)


def test_quantized_layers_answer_in_half_precision() -> None:
    assert (compute_dtype("int8", CPU), compute_dtype("nf4", GPU)) == (
        torch.bfloat16,
        torch.float16,
    )
    assert compute_dtype("fp32", GPU) == torch.float32


def test_an_unknown_one_is_told_what_is_allowed() -> None:
    with pytest.raises(ValueError, match="'int4'; use one of: auto, fp32, bf16, fp16, int8, nf4"):
        check_precision("int4", CPU)


@pytest.mark.parametrize("name", ["int8", "nf4"])
def test_without_bitsandbytes_it_says_how_to_get_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(ValueError, match=r"pip install bitsandbytes.*: auto, fp32, bf16, fp16\."):
        check_precision(name, CPU)
    check_precision("bf16", CPU)


def test_an_older_gpu_is_told_what_it_can_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Tesla P100, as PyTorch describes it: compute capability 6.0, no bf16."""
    pytest.importorskip("bitsandbytes")
    monkeypatch.setattr("torch.cuda.get_device_capability", lambda _device: (6, 0))
    monkeypatch.setattr("torch.cuda.get_device_name", lambda _device: "Tesla P100")
    monkeypatch.setattr("worker.precision._computes_bf16", lambda _device: False)
    with pytest.raises(ValueError, match=r"7\.5.*Tesla P100.*: auto, fp32, fp16, nf4\."):
        check_precision("int8", GPU)
    with pytest.raises(ValueError, match="bf16 is beyond Tesla P100"):
        check_precision("bf16", GPU)
    check_precision("nf4", GPU)
