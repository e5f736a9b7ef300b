"""Do the parts mean what their names say? Train on worlds with known parts, then measure.

Everything is measured on items the model was not built with.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import RidgeCV
from torch import Tensor

from prism_core.config.model import ModelConfig
from prism_core.data.knowable import knowable_r2
from prism_core.data.synthetic import FACTORS, World, WorldConfig, make_world
from prism_core.models.build import build_model
from prism_core.models.sequence_model import SequenceModel
from prism_core.models.switches import Switches

TRUTH_MODEL = ModelConfig(hidden_size=64, num_layers=1, num_heads=2, max_seq_len=20, dropout=0.2)
WORLD = WorldConfig(num_users=1500, num_items=500)
SILENT_SHARES = {"own_image": 1 / 3, "own_text": 1 / 3, "shared": 1 / 3}
EPOCHS = 10
ORACLE = "oracle"


def measure_truth(
    modes: Iterable[str],
    seeds: Iterable[int],
    *,
    world: WorldConfig = WORLD,
    model: ModelConfig = TRUTH_MODEL,
    epochs: int = EPOCHS,
) -> pd.DataFrame:
    """Train per mode and seed on a world with an interaction and on one without; measure both.

    Parameters
    ----------
    modes
        Modes of the content module.
    seeds
        Each draws its own worlds, parameters and batches.
    world
        With an interaction; the silent world is the same with `SILENT_SHARES`.
    model
        The model, but for its mode.
    epochs
        Passes over the world's histories.

    Returns
    -------
    pandas.DataFrame
        ``mode, seed, measure, part, factor, value``, one row per number. Measures: ``probe``
        (R2 of a linear probe of the part for the factor on unseen items; part ``oracle`` is
        the most that features tell, where it is known), ``withheld`` (change
        of the part when the modality named in ``factor`` is withheld, over its norm), and
        ``score_share`` (score variance lost without the part; ``factor`` names the world).
    """
    frames = [
        _measure(replace(model, mode=mode), world, seed, epochs).assign(mode=mode, seed=seed)
        for mode in modes
        for seed in seeds
    ]
    columns = ["mode", "seed", "measure", "part", "factor", "value"]
    return pd.concat(frames, ignore_index=True)[columns]


def _measure(config: ModelConfig, world: WorldConfig, seed: int, epochs: int) -> pd.DataFrame:
    made = make_world(world, seed)
    model = train_on_world(config, made, seed, epochs)
    rows = [*_probe_rows(model, made), *_oracle_rows(world, made), *_withheld_rows(model)]
    rows += _share_rows(model, made, "with interaction")
    quiet = make_world(replace(world, shares=SILENT_SHARES), seed)
    rows += _share_rows(train_on_world(config, quiet, seed, epochs), quiet, "without interaction")
    return pd.DataFrame(rows, columns=["measure", "part", "factor", "value"])


def train_on_world(
    config: ModelConfig, world: World, seed: int, epochs: int, batch_size: int = 128
) -> SequenceModel:
    """Train a model on a world's histories and leave it in evaluation mode."""
    torch.manual_seed(seed)
    features = {name: torch.from_numpy(rows) for name, rows in world.features.items()}
    model = build_model(config, world.num_items, features).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    generator = torch.Generator().manual_seed(seed)
    sequences = torch.from_numpy(world.item_seq)
    for _ in range(epochs):
        for rows in torch.randperm(len(sequences), generator=generator).split(batch_size):
            _step(model, optimizer, sequences[rows], generator)
    return model.eval()


def _step(
    model: SequenceModel,
    optimizer: torch.optim.Optimizer,
    sequences: Tensor,
    generator: torch.Generator,
) -> None:
    losses = model.losses(sequences[:, :-1], sequences[:, 1:], generator)
    optimizer.zero_grad(set_to_none=True)
    torch.stack(list(losses.values())).sum().backward()
    optimizer.step()


def _probe_rows(model: SequenceModel, world: World) -> list[tuple[str, str, str, float]]:
    unseen = {name: torch.from_numpy(rows) for name, rows in world.unseen_features.items()}
    with torch.no_grad():
        known, new = model.item_vectors(), model.new_item_vectors(unseen)
    return [
        ("probe", part, factor, probe_r2(known[part][1:], new[part], world, factor))
        for part in model.parts
        for factor in FACTORS
    ]


def _oracle_rows(config: WorldConfig, world: World) -> list[tuple[str, str, str, float]]:
    if config.curvature > 0:
        return []
    return [("probe", ORACLE, name, r2) for name, r2 in knowable_r2(config, world).items()]


def probe_r2(known: Tensor, new: Tensor, world: World, factor: str) -> float:
    """R2 on unseen items of a ridge probe fitted on known ones, over all the factor's columns."""
    scale = float(known.std()) or 1.0
    probe = RidgeCV(alphas=np.logspace(-4, 3, 15))
    probe.fit(known.numpy() / scale, world.factors[factor][1:])
    return float(probe.score(new.numpy() / scale, world.unseen_factors[factor]))


def _withheld_rows(model: SequenceModel) -> list[tuple[str, str, str, float]]:
    with torch.no_grad():
        full = model.item_vectors()
        without = {name: model.item_vectors(withhold=name) for name in model.modalities}
    return [
        ("withheld", part, name, _relative_change(full[part], vectors[part]))
        for name, vectors in without.items()
        for part in model.parts
    ]


def _relative_change(full: Tensor, withheld: Tensor) -> float:
    full, withheld = full[1:], withheld[1:]
    norm = float(full.norm())
    return float((full - withheld).norm()) / norm if norm > 0 else 0.0


def _share_rows(
    model: SequenceModel, world: World, label: str
) -> list[tuple[str, str, str, float]]:
    item_seq = torch.from_numpy(world.item_seq[:500])
    with torch.no_grad():
        full = model.score(item_seq)[:, 1:]
        return [
            ("score_share", part, label, _share(model, item_seq, full, part))
            for part in model.parts
        ]


def _share(model: SequenceModel, item_seq: Tensor, full: Tensor, part: str) -> float:
    players = torch.tensor([player != part for player in model.players])
    lost = full - model.score(item_seq, Switches(players=players))[:, 1:]
    return float((lost.var(1) / full.var(1)).mean())
