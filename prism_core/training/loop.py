"""The training loop: epochs of AdamW, validated, stopped early, resumable after each."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.graph import increment_version

from prism_core.config.run import RunConfig
from prism_core.data.sequences import Sequences
from prism_core.devices import autocast
from prism_core.errors import TrainingError
from prism_core.evaluation.part_measures import PartMeasure
from prism_core.models.exchange import connect
from prism_core.models.sequence_model import SequenceModel
from prism_core.models.shard import Shard
from prism_core.store.writer import RunWriter
from prism_core.training import seeding
from prism_core.training.batches import Batch, epoch_batches, load_batch
from prism_core.training.checkpoint import TrainingState, restore_checkpoint, save_checkpoint
from prism_core.training.group import Group
from prism_core.training.progress import Reporter

EPOCH_USERS: Final = 2048
"""Users whose states a backbone may look at before each epoch."""

REPORT_SECONDS: Final = 0.5
"""Losses are fetched from the device no more often than this."""

Validate = Callable[[], Mapping[str, float]]
Measure = Callable[[], Sequence[PartMeasure]]


def make_optimizer(
    model: nn.Module, learning_rate: float, weight_decay: float
) -> torch.optim.AdamW:
    """Make AdamW, fused; weights of norms and biases do not decay.

    The fused kernel changes weights without counting their versions, by which a model in evaluation
    mode knows that its item tables are out of date; so they are counted after each step.
    """
    parameters = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW([g for g in groups if g["params"]], lr=learning_rate, fused=True)
    optimizer.register_step_post_hook(lambda *_: increment_version(parameters))
    return optimizer


class MeanLosses:
    """Running means of named losses, kept on the device until asked for."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._steps = 0

    def add(self, losses: Mapping[str, Tensor]) -> None:
        """Add one step's losses."""
        self._steps += 1
        for name, loss in losses.items():
            self._sums[name] = self._sums.get(name, torch.zeros_like(loss)) + loss.detach()

    def average_over(self, group: Group) -> None:
        """Average the sums over all processes."""
        group.average_(self._sums.values())

    def values(self) -> dict[str, float]:
        """Give the means so far."""
        return {name: float(total) / self._steps for name, total in self._sums.items()}


@dataclass(slots=True, kw_only=True)
class Trainer:
    """Trains one model to its best validation score.

    Attributes
    ----------
    model
        Already on ``device``.
    validate
        Gives validation metrics by name, such as ``{"ndcg@10": 0.04}``.
    measure
        Measures the parts after an epoch; what it gives is logged with the epoch.
    folder
        Run folder that may hold a checkpoint.
    writer
        Of that folder, for events and checkpoints; None in all processes but the first.
    group
        The processes that train together.
    split_items
        Whether each of them holds the id vectors of its own items only.
    """

    model: SequenceModel
    sequences: Sequences
    config: RunConfig
    device: torch.device
    validate: Validate
    measure: Measure
    folder: Path
    writer: RunWriter | None
    reporter: Reporter
    group: Group = field(default_factory=Group)
    split_items: bool = False
    state: TrainingState = field(init=False)
    _steps_per_epoch: int = field(init=False)

    def __post_init__(self) -> None:
        training = self.config.training
        connect(self.model, self.group.exchange)
        if self.split_items and self.group.size > 1:
            self.model.split_items()
        optimizer = make_optimizer(self.model, training.learning_rate, training.weight_decay)
        self.state = TrainingState(self.model, optimizer)
        if training.compile:
            self.model.backbone.compile()
            self.model.content.compile_step()
        self._steps_per_epoch = len(epoch_batches(self.sequences, training.batch_size, 0, 0))

    def fit(self) -> TrainingState:
        """Train until the validation score has not risen for ``patience`` epochs.

        Continues from the run folder's checkpoint if there is one. The model ends with the
        weights of its best epoch.

        Raises
        ------
        TrainingError
            A loss is not finite.
        """
        self._start()
        try:
            while not self._is_over():
                self._epoch()
        finally:
            self.reporter.stop()
        self.model.load_state_dict(self.state.best)
        self.model.join_items()
        return self.state

    def _start(self) -> None:
        restored = restore_checkpoint(self.folder, self.state, self.config.recipe_hash)
        done, max_epochs = self.state.progress.epoch, self.config.training.max_epochs
        if self.writer is not None:
            self.writer.keep_events(lambda e: e["event"] == "epoch" and e["epoch"] <= done)
        self.log("resumed" if restored else "started", epoch=done, max_epochs=max_epochs)
        self.reporter.start(self.config.name, max_epochs, self._steps_per_epoch, done)

    def _is_over(self) -> bool:
        progress, training = self.state.progress, self.config.training
        waited = progress.epoch - progress.best_epoch
        return progress.epoch >= training.max_epochs or waited >= training.patience

    def _epoch(self) -> None:
        began, progress = time.monotonic(), self.state.progress
        epoch = progress.epoch + 1
        losses = self._train_epoch(epoch)
        valid = dict(self.validate())
        progress.epoch = epoch
        self._keep_best(valid)
        seconds = time.monotonic() - began
        progress.seconds += seconds
        parts = self.measure() if self.writer is not None else []
        self.log("epoch", epoch=epoch, losses=losses, valid=valid, seconds=seconds, parts=parts)
        stop_on = self.config.training.stop_on
        self.reporter.end_epoch(epoch, losses, {stop_on: valid[stop_on]})
        tensors = self.state.tensors()
        if self.writer is not None:
            save_checkpoint(self.folder, tensors, self.state.progress, self.config.recipe_hash)

    def log(self, event: str, **values: Any) -> None:
        """Append an event to the run folder, from the first process."""
        if self.writer is not None:
            self.writer.log(event, **values)

    def _train_epoch(self, epoch: int) -> dict[str, float]:
        training, seed = self.config.training, self.config.seed
        means, reported = MeanLosses(), time.monotonic()
        self.model.train()
        self._start_epoch(epoch)
        for users in epoch_batches(self.sequences, training.batch_size, seed, epoch):
            means.add(self._step(self._load(users)))
            self.state.progress.step += 1
            if time.monotonic() - reported > REPORT_SECONDS:
                reported = time.monotonic()
                self.reporter.step(epoch, self.state.progress.step, means.values())
        means.average_over(self.group)
        return self._finite(means.values(), epoch)

    def _start_epoch(self, epoch: int) -> None:
        users = seeding.epoch_order(self.config.seed, epoch).permutation(
            self.sequences.training_users()
        )
        histories = self._load(users[:EPOCH_USERS]).item_seq
        generator = seeding.epoch_generator(self.config.seed, epoch)
        self.model.start_epoch(histories, generator)

    def _load(self, users: np.ndarray) -> Batch:
        model = self.config.model
        avoid = model.quirks is not None and model.quirks.negatives_avoid_targets
        return load_batch(self.sequences, users, model.max_seq_len, self.device, avoid)

    def _step(self, batch: Batch) -> Mapping[str, Tensor]:
        training, optimizer = self.config.training, self.state.optimizer
        generator = seeding.step_generator(self.config.seed, self.state.progress.step)
        rows = self.group.rows(len(batch.item_seq))
        shard = Shard(
            first_row=rows.start,
            total_rows=len(batch.item_seq),
            num_targets=batch.num_targets / self.group.size,
        )
        with autocast(training.precision, self.device):
            avoid = None if batch.avoid is None else batch.avoid[rows]
            losses = self.model(batch.item_seq[rows], batch.targets[rows], generator, shard, avoid)
        optimizer.zero_grad()
        torch.stack(list(losses.values())).sum().backward()
        self.group.average_gradients_(self.model)
        self.group.clip_gradients_(self.model, training.clip_norm)
        for group in optimizer.param_groups:
            group["lr"] = self._learning_rate()
        optimizer.step()
        return losses

    def _learning_rate(self) -> float:
        training = self.config.training
        if training.decay == "none":
            return training.learning_rate
        total = training.max_epochs * self._steps_per_epoch
        return training.learning_rate * (1 - self.state.progress.step / total)

    def _keep_best(self, valid: Mapping[str, float]) -> None:
        name, progress = self.config.training.stop_on, self.state.progress
        if valid[name] > progress.best_score:
            progress.best_epoch, progress.best_score = progress.epoch, valid[name]
            state = self.model.state_dict()
            self.state.best = {k: v.detach().cpu().clone() for k, v in state.items()}

    def _finite(self, losses: dict[str, float], epoch: int) -> dict[str, float]:
        for name, value in losses.items():
            if not math.isfinite(value):
                raise TrainingError(
                    f"epoch {epoch}: the loss {name!r} is {value}; lower training.learning_rate."
                )
        return losses
