"""Compare runs so that a difference can be believed: paired over users, over seeds, corrected."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from analysis import resampling
from prism_core.errors import ConfigError, DataError
from prism_core.names import METRICS
from prism_core.store.reader import Run

DEFAULT_METRICS: Final = ("ndcg@10", "recall@10", "hr@10", "mrr@10")


@dataclass(frozen=True, slots=True)
class Variant:
    """Runs that differ only in their seed.

    Attributes
    ----------
    ranks
        ``(S, U)`` rank of the true item, users in the order of ``user_ids``.
    """

    name: str
    kind: str
    runs: tuple[Run, ...]
    user_ids: np.ndarray
    ranks: np.ndarray

    def values(self, metric: str) -> np.ndarray:
        """Per-seed, per-user values ``(S, U)`` of a metric."""
        return metric_values(self.ranks, metric)

    def of_users(self, user_ids: Iterable[str]) -> "Variant":
        """Keep only some users.

        Raises
        ------
        DataError
            None of them was tested.
        """
        kept = np.isin(self.user_ids, list(user_ids))
        if not kept.any():
            raise DataError(f"{self.name}: none of the chosen users was tested.")
        return replace(self, user_ids=self.user_ids[kept], ranks=self.ranks[:, kept])


def metric_values(ranks: np.ndarray, metric: str) -> np.ndarray:
    """Give every user's value of a metric from the rank of the true item.

    Parameters
    ----------
    ranks
        Any shape, counted from 1.
    metric
        ``ndcg@10``, ``recall@20``, ``hr@5``, ``mrr@10``, ... With one true item per user, recall
        and hit rate are the same number.

    Raises
    ------
    ConfigError
        The metric is unknown.
    """
    name, cutoff = _parsed(metric)
    place = np.asarray(ranks, dtype=np.float64)
    gain = {"ndcg": 1 / np.log2(place + 1), "mrr": 1 / place}.get(name, np.ones_like(place))
    return np.where(place <= cutoff, gain, 0.0)


def variants_of(runs: Iterable[Run]) -> list[Variant]:
    """Group runs by name, seeds together, and put all users in one order.

    Runs of one name with different settings are different variants; the hash of the settings is
    then part of their names.

    Raises
    ------
    DataError
        Two runs were evaluated on other data, under another protocol or for other users.
    """
    listed = list(runs)
    if not listed:
        raise DataError("no run given; name at least one run folder.")
    outcomes = {run.run_id: _outcome(run) for run in listed}
    for run in listed[1:]:
        _require_comparable(listed[0], run, outcomes)
    labels = variant_names(listed)
    groups: dict[str, list[Run]] = {}
    for run in listed:
        groups.setdefault(labels[run.run_id], []).append(run)
    return [_variant(name, group, outcomes) for name, group in groups.items()]


def named(variants: Sequence[Variant], name: str) -> Variant:
    """Find a variant by its name.

    Raises
    ------
    DataError
        No variant has that name.
    """
    for variant in variants:
        if variant.name == name:
            return variant
    known = ", ".join(repr(v.name) for v in variants)
    raise DataError(f"no variant is named {name!r}; there are: {known}.")


def summary(
    variants: Sequence[Variant], *, metrics: Sequence[str] = DEFAULT_METRICS, seed: int = 0
) -> pd.DataFrame:
    """Give every variant's metrics with 95 % intervals over users and seeds.

    Returns
    -------
    pandas.DataFrame
        ``name``, ``kind``, ``metric``, ``value``, ``low``, ``high``, ``num_users``,
        ``num_seeds``; best first within each metric.
    """
    rows = []
    for variant in variants:
        for metric in metrics:
            interval = resampling.mean_interval(variant.values(metric), seed=seed)
            rows.append(_head(variant) | {"metric": metric} | _fields(interval))
    frame = pd.DataFrame(rows)
    order = frame["metric"].map({metric: place for place, metric in enumerate(metrics)})
    return frame.iloc[np.lexsort((-frame["value"], order))].reset_index(drop=True)


def differences(
    variants: Sequence[Variant], *, reference: str, metric: str = "ndcg@10", seed: int = 0
) -> pd.DataFrame:
    """Compare every variant with a reference on the same users.

    Returns
    -------
    pandas.DataFrame
        One row per other variant: ``name``, ``kind``, ``metric``, ``value``, ``reference_value``,
        ``difference``, ``low``, ``high``, ``effect_size`` (d_z over users), ``p``, ``p_holm``,
        ``wins``, ``ties``, ``losses`` (users), ``num_users``, ``num_seeds``; largest first.

    Notes
    -----
    With one seed on both sides ``p`` is a paired randomisation test over users and says whether
    these two trained models differ; with several it is the hierarchical bootstrap over seeds and
    users and speaks about the recipes.

    Raises
    ------
    DataError
        No variant has the name of the reference.
    """
    base = named(variants, reference)
    rows = [_difference(v, base, metric, seed) for v in variants if v is not base]
    frame = pd.DataFrame(rows)
    if frame.empty:
        return frame
    frame["p_holm"] = resampling.holm(frame["p"].to_numpy())
    return frame.sort_values("difference", ascending=False, ignore_index=True)


def paired_users(ours: Variant, theirs: Variant, *, metric: str = "ndcg@10") -> pd.DataFrame:
    """Give both variants' seed means for every user, and who won.

    Returns
    -------
    pandas.DataFrame
        ``user_id``, ``ours``, ``theirs``, ``difference``, ``outcome`` (win, tie, loss).
    """
    mine = ours.values(metric).mean(axis=0)
    other = theirs.values(metric).mean(axis=0)
    gap = mine - other
    outcome = np.select([gap > 1e-12, gap < -1e-12], ["win", "loss"], "tie")
    return pd.DataFrame(
        {
            "user_id": ours.user_ids,
            "ours": mine,
            "theirs": other,
            "difference": gap,
            "outcome": outcome,
        }
    )


def learning_curves(runs: Iterable[Run]) -> pd.DataFrame:
    """Read the epochs of some runs; runs of one name and different settings are told apart.

    Returns
    -------
    pandas.DataFrame
        Long: ``name``, ``run_id``, ``seed``, ``epoch``, ``group`` (``loss`` or ``valid``),
        ``quantity``, ``value``.
    """
    listed = list(runs)
    labels = variant_names(listed)
    frames = [
        learning_curve(
            run.events(),
            name=labels[run.run_id],
            run_id=run.run_id,
            seed=int(run.manifest["seed"]),
        )
        for run in listed
    ]
    return pd.concat(frames, ignore_index=True) if frames else learning_curve([])


def learning_curve(
    events: Iterable[Mapping[str, Any]], *, name: str = "", run_id: str = "", seed: int = 0
) -> pd.DataFrame:
    """Read the epochs from a run's events, finished or not; columns of :func:`learning_curves`."""
    head = {"name": name, "run_id": run_id, "seed": seed}
    epochs = [event for event in events if event.get("event") == "epoch"]
    rows = [head | row for event in epochs for row in _epoch_rows(event)]
    columns = ["name", "run_id", "seed", "epoch", "group", "quantity", "value"]
    return pd.DataFrame(rows, columns=columns)


def costs(variants: Sequence[Variant], *, metric: str = "ndcg@10", seed: int = 0) -> pd.DataFrame:
    """Set each variant's metric beside what it costs.

    Returns
    -------
    pandas.DataFrame
        The rows of :func:`summary` for ``metric`` with ``seconds`` (training, mean over seeds) and
        ``num_parameters``, and for both the smallest and largest of the seeds in columns that end
        in ``_low`` and ``_high``; missing where a run, such as a floor, did not train.
    """
    table = summary(variants, metrics=[metric], seed=seed)
    spent = {v.name: [run.manifest.get("training") or {} for run in v.runs] for v in variants}
    for quantity in ("seconds", "num_parameters"):
        known = {name: [e[quantity] for e in all_ if quantity in e] for name, all_ in spent.items()}
        for column, summarise in (("", np.mean), ("_low", np.min), ("_high", np.max)):
            found = {n: float(summarise(values)) for n, values in known.items() if values}
            table[quantity + column] = table["name"].map(found)
    return table


def _parsed(metric: str) -> tuple[str, int]:
    match = re.fullmatch(r"([a-z]+)@(\d+)", metric)
    if match is None or match[1] not in METRICS or int(match[2]) < 1:
        raise ConfigError(
            f"metric {metric!r}: write one of {', '.join(METRICS)} with a cutoff, like 'ndcg@10'."
        )
    return match[1], int(match[2])


def _outcome(run: Run) -> pd.DataFrame:
    frame = run.table("user_metrics", ["user_id", "target_item_id", "rank"])
    return frame.sort_values("user_id", ignore_index=True)


def _require_comparable(first: Run, other: Run, outcomes: Mapping[str, pd.DataFrame]) -> None:
    pair = f"Runs {first.run_id!r} and {other.run_id!r} cannot be compared"
    if first.manifest["dataset"]["fingerprint"] != other.manifest["dataset"]["fingerprint"]:
        raise DataError(f"{pair}: they were trained on different data.")
    if first.manifest["protocol"] != other.manifest["protocol"]:
        raise DataError(f"{pair}: they were evaluated under different protocols.")
    one, two = (outcomes[run.run_id][["user_id", "target_item_id"]] for run in (first, other))
    if not one.equals(two):
        raise DataError(f"{pair}: they were evaluated on different users or true items.")


def variant_names(runs: Sequence[Run]) -> dict[str, str]:
    """Name the variant of every run by its id, without reading more than manifests."""
    recipes: dict[str, set[str]] = {}
    for run in runs:
        recipes.setdefault(run.name, set()).add(_recipe(run))
    return {
        run.run_id: run.name if len(recipes[run.name]) == 1 else f"{run.name} [{_recipe(run)[:6]}]"
        for run in runs
    }


def _recipe(run: Run) -> str:
    return str(run.manifest.get("config_hash", ""))


def _variant(name: str, runs: list[Run], outcomes: Mapping[str, pd.DataFrame]) -> Variant:
    ranks = np.stack([outcomes[run.run_id]["rank"].to_numpy() for run in runs])
    users = outcomes[runs[0].run_id]["user_id"].to_numpy()
    return Variant(name, str(runs[0].manifest["kind"]), tuple(runs), users, ranks)


def _difference(variant: Variant, base: Variant, metric: str, seed: int) -> dict[str, Any]:
    ours, theirs = variant.values(metric), base.values(metric)
    interval, p = resampling.difference_interval(ours, theirs, seed=seed)
    users = paired_users(variant, base, metric=metric)
    gaps = users["difference"].to_numpy()
    if len(ours) == len(theirs) == 1:
        p = resampling.randomisation_p(gaps, seed=seed)
    outcomes = users["outcome"].value_counts()
    fields = _fields(interval)
    return {
        **_head(variant),
        "metric": metric,
        "value": float(ours.mean()),
        "reference_value": float(theirs.mean()),
        "difference": fields["value"],
        "low": fields["low"],
        "high": fields["high"],
        "effect_size": resampling.effect_size(gaps),
        "p": p,
        **{f"{name}": int(outcomes.get(key, 0)) for name, key in _OUTCOMES.items()},
    }


_OUTCOMES: Final = {"wins": "win", "ties": "tie", "losses": "loss"}


def _head(variant: Variant) -> dict[str, Any]:
    seeds, users = variant.ranks.shape
    return {"name": variant.name, "kind": variant.kind, "num_users": users, "num_seeds": seeds}


def _fields(interval: resampling.Interval) -> dict[str, float]:
    return {"value": interval.value, "low": interval.low, "high": interval.high}


def _epoch_rows(event: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"epoch": event["epoch"], "group": group, "quantity": quantity, "value": value}
        for group, key in (("loss", "losses"), ("valid", "valid"))
        for quantity, value in event.get(key, {}).items()
    ]
