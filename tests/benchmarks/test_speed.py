"""How fast training and ranking are, against the released code and the plain backbone."""

import multiprocessing
import statistics
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from prism_core.config.run import load_run_config
from prism_core.data.sequences import Sequences
from prism_core.devices import choose_device
from prism_core.models.dropout import drop
from prism_core.scoring import make_model
from prism_core.store.datasets import Dataset
from prism_core.training import seeding
from prism_core.training.batches import epoch_batches
from prism_core.training.loop import Trainer
from prism_core.training.progress import Silent
from prism_core.training.recording import rank_split
from tests.benchmarks.beauty import make_beauty
from tests.benchmarks.released import RELEASED, ReleasedSASRec, ReleasedSTOSA, evaluate
from tests.benchmarks.timing import Work, report, shortest, shortest_in_pieces

pytestmark = pytest.mark.benchmark

BATCH, LENGTH, SIZES = 256, 50, (64, 256)
LOSSES = {"sasrec": "bce", "stosa": "bpr"}
Released = ReleasedSASRec | ReleasedSTOSA
CONTENTS: dict[str, dict[str, object]] = {
    "none": {"content": "none"},
    "summed": {"content": "sum"},
    "summed, no player dropout": {"content": "sum", "player_dropout": 0},
    "PRISM, the defaults": {},
    "PRISM, wide parts": {"preset": "wide-parts"},
}
NUM_PROCESSES = 3
SMALL_SHARE = 0.125
"""Share of the users in epochs that are timed as a whole, and in the released ranking, whose time
is the same for every user."""


@pytest.fixture(scope="module")
def beauty(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    torch.set_num_threads(1)
    return make_beauty(tmp_path_factory.mktemp("beauty") / "data")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    torch.set_num_threads(1)
    return make_beauty(tmp_path_factory.mktemp("small") / "data", share=SMALL_SHARE)


def trainer_of(dataset: Dataset, preset: str = "prism", **options: object) -> Trainer:
    """Make a trainer of one layer and four heads, as the released code has."""
    defaults = {"num_layers": 1, "num_heads": 4, "max_seq_len": LENGTH}
    overrides = [f"model.{key}={value}" for key, value in (defaults | options).items()]
    overrides += [f"training.batch_size={BATCH}", f'data.path="{dataset.path}"']
    config = load_run_config(preset=preset, overrides=overrides)
    seeding.initialise(0)
    device = choose_device()
    model, sequences = make_model(config.model, dataset).to(device), Sequences(dataset)
    return Trainer(
        model=model,
        sequences=sequences,
        config=config,
        device=device,
        validate=lambda: {
            "ndcg@10": float((rank_split(model, sequences, "valid", config).rank < 11).mean())
        },
        measure=list,
        folder=Path(tempfile.mkdtemp()),
        writer=None,
        reporter=Silent(),
    )


def typical_batches(sequences: Sequences, count: int) -> list[np.ndarray]:
    """Batches that stand for equal shares of an epoch, from short histories to long ones."""
    batches = epoch_batches(sequences, BATCH, seed=0, epoch=1)
    lengths = sequences.train_lengths()
    ordered = sorted(batches, key=lambda users: lengths[users].sum())
    return [ordered[int(len(ordered) * (i + 0.5) / count)] for i in range(count)]


def train(trainer: Trainer, batches: list[np.ndarray]) -> None:
    trainer.model.train()
    for users in batches:
        trainer._step(trainer._load(users))


def released_of(dataset: Dataset, trainer: Trainer) -> Released:
    features = [torch.from_numpy(dataset.features(name).vectors) for name in ("image", "text")]
    model = trainer.config.model
    return RELEASED[model.backbone](features, model.hidden_size, LENGTH).to(trainer.device)


def train_released(
    model: Released,
    optimizer: torch.optim.Optimizer,
    sequences: Sequences,
    batches: list[np.ndarray],
) -> None:
    model.train()
    device = next(model.parameters()).device
    for users in batches:
        item_seq, targets = map(torch.from_numpy, sequences.training_batch(users, LENGTH))
        negatives = torch.randint_like(targets, 1, sequences.num_items + 1)
        loss = model.loss(item_seq.to(device), targets.to(device), negatives.to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@pytest.mark.parametrize("backbone", sorted(LOSSES))
@pytest.mark.parametrize("size", SIZES)
def test_a_step_is_many_times_faster_than_the_released_one(
    beauty: Dataset, backbone: str, size: int
) -> None:
    options = {"backbone": backbone, "hidden_size": size}
    same_loss = trainer_of(beauty, **options, **{"objective.loss": LOSSES[backbone]})
    all_items = trainer_of(beauty, **options)
    batches = typical_batches(same_loss.sequences, 8)
    theirs = released_of(beauty, same_loss)
    optimizer = torch.optim.Adam(theirs.parameters(), lr=1e-3)
    released, one_negative, softmax = shortest_in_pieces(
        [
            [
                partial(train_released, theirs, optimizer, same_loss.sequences, [users])
                for users in batches
            ],
            [partial(train, same_loss, [users]) for users in batches],
            [partial(train, all_items, [users]) for users in batches],
        ],
        repeats=4,
    )
    rows = [("", "s / step", "times faster")]
    for name, time in (
        ("released, one negative", released),
        ("this project, one negative", one_negative),
        ("this project, all items", softmax),
    ):
        rows.append((name, f"{time / len(batches):.3f}", f"{released / time:.1f}"))
    report(f"{backbone}, hidden size {size}: training step of {BATCH} users", rows)
    assert released > 2 * one_negative


@pytest.mark.parametrize("backbone", ["sasrec", "stosa"])
@pytest.mark.parametrize("size", SIZES)
def test_an_epoch_costs_little_more_than_the_backbone_s(
    small: Dataset, backbone: str, size: int
) -> None:
    options = {"backbone": backbone, "hidden_size": size}
    kinds = {name: {**options, **kind} for name, kind in CONTENTS.items()}
    trainers = [trainer_of(small, **kind) for kind in kinds.values()]
    times = shortest_in_pieces([pieces_of_epoch(trainer) for trainer in trainers], repeats=5)
    memory = [peak_memory(small.path, kind) for kind in kinds.values()]
    rows = [("content", "s / epoch", "x time", "peak MB", "x memory")]
    for name, time, peak in zip(kinds, times, memory, strict=True):
        of_time, of_memory = f"{time / times[0]:.2f}", f"{peak / memory[0]:.2f}"
        rows.append((name, f"{time:.1f}", of_time, f"{peak:.0f}", of_memory))
    report(f"{backbone}, hidden size {size}: epoch with validation", rows)
    assert max(times) < 3 * times[0]


def pieces_of_epoch(trainer: Trainer) -> list[Work]:
    batches = epoch_batches(trainer.sequences, BATCH, seed=0, epoch=1)
    steps = (partial(train, trainer, [users]) for users in batches)
    return [partial(trainer._start_epoch, 1), *steps, trainer.validate]


def peak_memory(path: Path, options: dict[str, object]) -> float:
    """Megabytes of the device, or of a process of its own, libraries included, for one epoch.

    Which freed memory a process can use again differs by some 5 % from one to the next: the median
    of a few is given.
    """
    if torch.cuda.is_available():
        trainer = trainer_of(Dataset(path), **options)
        torch.cuda.reset_peak_memory_stats()
        trainer._epoch()
        return torch.cuda.max_memory_allocated() / 2**20
    context = multiprocessing.get_context("spawn")
    with context.Pool(1, maxtasksperchild=1) as pool:
        runs = [pool.apply(_epoch_in_a_process, (path, options)) for _ in range(NUM_PROCESSES)]
    return statistics.median(runs)


def _epoch_in_a_process(path: Path, options: dict[str, object]) -> float:
    torch.set_num_threads(1)
    trainer_of(Dataset(path), **options)._epoch()
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 2**10


@pytest.mark.parametrize("backbone", ["sasrec", "stosa"])
@pytest.mark.parametrize("size", SIZES)
def test_full_ranking_is_many_times_faster_than_the_released_one(
    beauty: Dataset, backbone: str, size: int
) -> None:
    trainer = trainer_of(beauty, backbone=backbone, hidden_size=size)
    model, sequences, config = trainer.model, trainer.sequences, trainer.config
    theirs = released_of(beauty, trainer).eval()
    users = np.arange(round(SMALL_SHARE * sequences.num_users))
    where = sequences.seen("test", np.arange(sequences.num_users))
    shape = (sequences.num_users, sequences.num_items + 1)
    seen = csr_matrix((np.ones(len(where[0])), where), shape)

    @torch.no_grad()
    def rank_released() -> None:
        for start in range(0, len(users), BATCH):
            inputs = sequences.evaluation_inputs("test", users[start : start + BATCH], LENGTH)
            item_seq = torch.from_numpy(inputs.item_seq).to(trainer.device)
            evaluate(theirs.score(item_seq), inputs.users, seen, inputs.target)

    of_some, of_all = shortest(
        [rank_released, lambda: rank_split(model, sequences, "test", config)], repeats=3
    )
    released, ours = of_some / len(users), of_all / sequences.num_users
    rows = [("", "ms / 1000 users", "times faster")]
    for name, time in (("released", released), ("this project", ours)):
        rows.append((name, f"{1e6 * time:.0f}", f"{released / time:.1f}"))
    items = sequences.num_items
    report(f"{backbone}, hidden size {size}: ranking of all {items} items", rows)
    assert released > 2 * ours


@pytest.mark.parametrize("size", SIZES)
def test_share_of_the_machine_s_peak(beauty: Dataset, size: int) -> None:
    trainer = trainer_of(beauty, hidden_size=size)
    batches = typical_batches(trainer.sequences, 8)
    with FlopCounterMode(display=False) as counter:
        train(trainer, batches)
    step, product = shortest([partial(train, trainer, batches), multiply], repeats=3)
    peak, reached = 2 * EDGE**3 / product / 1e9, counter.get_total_flops() / step / 1e9
    rows = [("", "GFLOP/s"), ("matrix product, the peak", f"{peak:.0f}")]
    rows += [("training step", f"{reached:.0f} ({reached / peak:.0%})")]
    report(f"hidden size {size}: arithmetic that reaches the machine", rows)
    assert 0 < reached < 1.2 * peak


@pytest.mark.skipif(torch.cuda.is_available(), reason="torch's own dropout is used on a GPU")
def test_dropout_costs_a_fraction_of_torch_s() -> None:
    torch.set_num_threads(1)
    x = torch.randn(BATCH, LENGTH, 64, requires_grad=True)

    def there_and_back(dropout: Callable[[torch.Tensor, float], torch.Tensor]) -> None:
        dropout(x, 0.3).sum().backward()

    torchs, ours = shortest([partial(there_and_back, F.dropout), partial(there_and_back, drop)], 20)
    report("dropout, forward and backward", [("torch / this project", f"{torchs / ours:.1f}")])
    assert torchs > 1.5 * ours


EDGE = 2048


def multiply() -> torch.Tensor:
    square = torch.ones(EDGE, EDGE, device=choose_device())
    return square @ square
