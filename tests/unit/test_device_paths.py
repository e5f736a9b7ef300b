"""What a GPU is for: one code, run on every device there is.

The tests of a CUDA device are marked ``gpu``; the others run the same lines on the CPU.
"""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from prism_core.config.model import ModelConfig
from prism_core.config.run import RunConfig, load_run_config
from prism_core.data.sequences import Sequences
from prism_core.devices import to_device
from prism_core.models.backbones.table import BACKBONES
from prism_core.models.dropout import sliced_dropout
from prism_core.scoring import make_model
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run
from prism_core.training import seeding
from prism_core.training.loop import Trainer
from prism_core.training.progress import Silent
from prism_core.training.recording import rank_split
from prism_core.training.runs import train_run
from tests.factories import make_dataset

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
DEVICES = ["cpu", pytest.param("cuda", marks=[pytest.mark.gpu, needs_cuda])]


def config_for(dataset: Dataset, *options: str) -> RunConfig:
    small = ("model.hidden_size=16", "training.max_epochs=2", f'data.path="{dataset.path}"')
    return load_run_config(preset="prism", overrides=[*small, *options])


def epoch_losses(path: Path) -> list[float]:
    events = Run(path).events()
    return [loss for e in events if e["event"] == "epoch" for loss in e["losses"].values()]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("backbone", ["sasrec", "stosa"])
def test_bfloat16_trains_to_nearly_the_same_losses(
    tmp_path: Path, tiny_dataset: Dataset, device: str, backbone: str
) -> None:
    options = (f'model.backbone="{backbone}"', "model.dropout=0.0")
    losses = []
    for precision in ("float32", "bfloat16"):
        config = config_for(tiny_dataset, *options, f'training.precision="{precision}"')
        losses.append(epoch_losses(train_run(config, tmp_path / precision, device=device)))
    assert losses[0] != losses[1]
    np.testing.assert_allclose(losses[1], losses[0], rtol=0.05, atol=0.01)


@pytest.mark.parametrize("device", DEVICES)
def test_a_seed_gives_the_same_run_twice(
    tmp_path: Path, tiny_dataset: Dataset, device: str
) -> None:
    config = config_for(tiny_dataset)
    first, second = (train_run(config, tmp_path / n, device=device) for n in ("a", "b"))
    tolerance = 0 if device == "cpu" else 1e-5  # sums on a GPU come in no fixed order
    np.testing.assert_allclose(epoch_losses(first), epoch_losses(second), rtol=tolerance)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(
    "changes",
    [
        ["backbone=sasrec"],
        ["backbone=stosa"],
        ["part_placement=sum", "part_scale=free"],
        ["expert_hidden_size=16"],
    ],
    ids=["sasrec", "stosa", "wide parts", "networks"],
)
def test_a_compiled_step_trains_to_the_same_losses(
    tmp_path: Path,
    tiny_dataset: Dataset,
    changes: list[str],
    device: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled, compile_ = [], torch.compile

    def record(function: Callable[..., object], **options: object) -> object:
        compiled.append(function.__qualname__)
        if device == "cpu":  # the same graphs, without a compiler
            options["backend"] = "eager"
        return compile_(function, **options)

    monkeypatch.setattr(torch, "compile", record)
    losses = []
    for choice in ("false", "true"):
        options = [f"model.{change}" for change in ("dropout=0.0", *changes)]
        config = config_for(tiny_dataset, *options, f"training.compile={choice}")
        losses.append(epoch_losses(train_run(config, tmp_path / choice, device=device)))
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4, atol=1e-6)
    of_items = [name for name in compiled if name.startswith("Anchored")]
    assert of_items
    assert len(compiled) > len(of_items)  # the encoder, too


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", ["sasrec", "stosa"])
def test_an_encoder_with_dropout_is_one_graph(name: str, device: str) -> None:
    config = ModelConfig(backbone=name, hidden_size=16, dropout=0.3)
    backbone = BACKBONES[name](config).to(device).train()
    inputs = torch.randn(6, 8, 16 * backbone.num_streams, device=device)
    padding_mask = torch.zeros(6, 8, dtype=torch.bool, device=device)
    compiled = torch.compile(backbone, backend="eager", fullgraph=True)
    assert not torch.equal(compiled(inputs, padding_mask), compiled(inputs, padding_mask))
    states = []
    for first, last in ((0, 6), (0, 2), (2, 6)):
        torch.manual_seed(0)
        with sliced_dropout(first, 6):
            states.append(compiled(inputs[first:last], padding_mask[first:last]))
    torch.testing.assert_close(torch.cat(states[1:]), states[0])


@pytest.mark.parametrize("device", DEVICES)
def test_features_and_weights_live_on_the_device(tiny_dataset: Dataset, device: str) -> None:
    model = make_model(config_for(tiny_dataset).model, tiny_dataset).to(device)
    assert {t.device.type for t in [*model.parameters(), *model.buffers()]} == {device}
    sent = to_device(np.arange(6).reshape(2, 3)[:, ::2], torch.device(device))
    assert sent.device.type == device
    assert sent.tolist() == [[0, 2], [3, 5]]


@pytest.mark.gpu
@needs_cuda
@pytest.mark.parametrize("backbone", ["sasrec", "stosa"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("compiled", ["false", "true"])
@pytest.mark.parametrize("batch_size", [512, 4096])
def test_speed_and_memory_on_the_gpu(
    tmp_path: Path, backbone: str, precision: str, compiled: str, batch_size: int
) -> None:
    dataset = make_dataset(tmp_path / "d", num_users=8192, num_items=12_000, length=20)
    peak, found = peak_arithmetic(precision), {}
    print()
    for content in ("none", "sum", "prism"):
        options = (f'model.backbone="{backbone}"', f'model.content="{content}"')
        options += (f'training.precision="{precision}"', f"training.batch_size={batch_size}")
        arithmetic = arithmetic_of(_trainer(dataset, tmp_path, *options))
        trainer = _trainer(dataset, tmp_path, *options, f"training.compile={compiled}")
        trainer._train_epoch(1)
        torch.cuda.reset_peak_memory_stats()
        took = found[content] = seconds(lambda: trainer._train_epoch(2))  # noqa: B023
        memory = torch.cuda.max_memory_allocated()
        print(
            f"{backbone}, {content}, {precision}, batch {batch_size}, compiled {compiled}: "
            f"{8192 / took:.0f} sequences/s, {arithmetic / took / peak:.1%} of the peak, "
            f"{memory >> 20} MB, {took / found['none']:.2f} x backbone"
        )
    assert memory < 16 * 2**30


def arithmetic_of(trainer: Trainer) -> int:
    """Floating-point operations of one epoch's products."""
    with FlopCounterMode(display=False) as counter:
        trainer._train_epoch(1)
    return int(counter.get_total_flops())


def peak_arithmetic(precision: str) -> float:
    """Operations a second that a large matrix product reaches."""
    kind = torch.bfloat16 if precision == "bfloat16" else torch.float32
    square = torch.randn(8192, 8192, device="cuda").to(kind)
    square @ square
    return float(2 * 8192**3 / seconds(lambda: square @ square))


def seconds(work: Callable[[], object]) -> float:
    """Elapsed seconds of one call, the device's work included."""
    torch.cuda.synchronize()
    began = time.perf_counter()
    work()
    torch.cuda.synchronize()
    return time.perf_counter() - began


def _trainer(dataset: Dataset, folder: Path, *options: str) -> Trainer:
    config = config_for(dataset, "model.hidden_size=64", *options)
    seeding.initialise(0)
    device, sequences = torch.device("cuda"), Sequences(dataset)
    model = make_model(config.model, dataset).to(device)
    return Trainer(
        model=model,
        sequences=sequences,
        config=config,
        device=device,
        validate=lambda: {
            "ndcg@10": float(rank_split(model, sequences, "valid", config).rank.mean())
        },
        measure=list,
        folder=folder,
        writer=None,
        reporter=Silent(),
    )
