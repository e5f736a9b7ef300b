"""The parts' health over a training, from what was measured after every epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.health.verdicts import judge
from prism_core.evaluation.part_measures import PartMeasure


def over_epochs(events: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Measures of the parts after every epoch.

    Parameters
    ----------
    events
        A run's events, finished or not.

    Returns
    -------
    frame
        Columns epoch and those of `analysis.health.verdicts.measure`, whose quantities stand beside
        ``explains``: R² of a linear probe that reads the features of the modality `other` from the
        part, on items it was not fitted to. Runs trained before probes were part of an epoch lack
        these rows (`has_probes`); empty for runs whose training did not measure parts.
    """
    rows = [
        (event["epoch"], *measure)
        for event in events
        if event.get("event") == "epoch"
        for measure in event.get("parts", [])
    ]
    return pd.DataFrame(rows, columns=["epoch", *PartMeasure._fields])


def has_probes(measures: pd.DataFrame) -> bool:
    """Say whether the training recorded probe scores after its epochs."""
    return bool((measures["quantity"] == "explains").any())


def verdicts_over_epochs(measures: pd.DataFrame) -> pd.DataFrame:
    """Verdict on each part after every epoch: columns epoch, part, verdict, evidence."""
    rows = [
        (epoch, one.part, one.verdict, one.evidence)
        for epoch, frame in measures.groupby("epoch")
        for one in judge(frame.drop(columns="epoch"))
    ]
    return pd.DataFrame(rows, columns=["epoch", "part", "verdict", "evidence"])
