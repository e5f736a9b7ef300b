"""What information says of a part: of where it puts items, and of what it adds to the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd

from analysis.information.decomposition import ATOMS
from analysis.information.estimate import estimate
from analysis.information.histories import principal_components
from analysis.information.library import Library
from analysis.information.questions import EVERYBODY, Settings, ask
from analysis.information.result import Estimate
from analysis.information.sources import REST
from analysis.information.stored import stored_answers
from prism_core.errors import DataError
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run

CLUSTERS: Final = 6
TARGET: Final = "next category"
SHOWN: Final = [
    "value", "low", "high", "null_95", "distinguishable",
    "samples", "samples_per_cell", "retention_first", "retention_second", "retention_joint",
]  # fmt: skip

Step = Callable[[int, int], None]


def role(
    part: str,
    vectors: np.ndarray,
    dataset: Dataset,
    *,
    permutations: int,
    seed: int,
    on_step: Step | None = None,
) -> pd.DataFrame:
    """What the modalities tell of where a part puts each item.

    Items are put into six clusters of the part's vectors ``(N, d)``. Of two modalities both are
    sources; of more, a unique part's own one, or the first, against all others.

    Returns
    -------
    frame
        One row ``role_<atom>`` for each atom; `other` names the sources. One row ``role`` with the
        reason in `text` where there is no estimate.
    """
    if len(dataset.modalities) < 2:
        reason = "The data have one modality; information is split between two."
        return _refused(part, "role", "".join(dataset.modalities), reason)
    names = _sources_of(part, dataset.modalities)
    features = {name: dataset.features(name) for group in names for name in group}
    both = np.logical_and.reduce([one.available for one in features.values()])[1:]
    reduced = {
        name: principal_components(one.vectors.astype(float), one.available)[1:][both]
        for name, one in features.items()
    }
    first, second = (np.concatenate([reduced[n] for n in group], axis=1) for group in names)
    title = ", ".join(group[0] if len(group) == 1 else REST for group in names)
    try:
        found = estimate(
            first,
            second,
            _clusters(vectors[both], seed),
            permutations=permutations,
            seed=seed,
            on_step=on_step,
        )
    except DataError as error:
        return _refused(part, "role", title, str(error))
    return _rows(_frame(found), part, "role", title)


def beyond(
    part: str, run: Run, dataset: Dataset, settings: Settings, on_step: Step | None = None
) -> pd.DataFrame:
    """What a part and all others tell of the next item's category: rows ``beyond_<atom>``.

    The stored answer to that question is taken if there is one.
    """
    stored = stored_answers(run.path)
    question = {"scope": "part", "target": TARGET, "first": part, "second": REST}
    question |= {"slice": EVERYBODY, "coding": "posterior", "kind": "estimate"}
    for name, value in question.items():
        stored = stored[stored[name] == value]
    if len(stored):
        return _rows(stored, part, "beyond", f"{part}, {REST}")
    try:
        material = Library(run, dataset, settings).material(ask(TARGET, part, REST, run))
        first, second = material.sources.values()
        found = estimate(
            first,
            second,
            material.target,
            groups=material.users,
            permutations=settings.permutations,
            seed=settings.seed,
            on_step=on_step,
        )
    except DataError as error:
        return _refused(part, "beyond", f"{part}, {REST}", str(error))
    return _rows(_frame(found), part, "beyond", f"{part}, {REST}")


def _sources_of(part: str, modalities: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    if len(modalities) == 2:
        return modalities[:1], modalities[1:]
    own = part.removeprefix("unique_")
    lead = own if own in modalities else modalities[0]
    return (lead,), tuple(name for name in modalities if name != lead)


def _frame(found: Estimate) -> pd.DataFrame:
    retention = found.retention or {}
    return found.frame().assign(
        samples=found.samples,
        samples_per_cell=found.occupancy.samples_per_cell,
        **{f"retention_{name}": share for name, share in retention.items()},
    )


def _rows(atoms: pd.DataFrame, part: str, kind: str, sources: str) -> pd.DataFrame:
    kept = atoms[atoms["atom"].isin(ATOMS)]
    quantity = f"{kind}_" + kept["atom"]
    return kept[SHOWN].assign(part=part, quantity=quantity, other=sources, text="")


def _refused(part: str, kind: str, sources: str, reason: str) -> pd.DataFrame:
    row = {"part": part, "quantity": kind, "other": sources, "value": np.nan, "text": reason}
    return pd.DataFrame([row])


def _clusters(vectors: np.ndarray, seed: int) -> np.ndarray:
    from sklearn.cluster import KMeans

    distinct = len(np.unique(vectors.round(9), axis=0))
    size = min(CLUSTERS, distinct)
    if size < 2:
        return np.zeros(len(vectors), dtype=np.int64)
    return KMeans(size, n_init=3, random_state=seed).fit_predict(vectors).astype(np.int64)
