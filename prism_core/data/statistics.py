"""Measured facts about a prepared data set, and the sentence that tells what a sequence is."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd


def statistics(
    interactions: pd.DataFrame, items: pd.DataFrame, *, has_times: bool
) -> dict[str, Any]:
    """Measure counts, lengths and, where times are known, how they are spread.

    Parameters
    ----------
    interactions, items
        Tables of the data-set format, sorted by user and time.
    has_times
        False where ``timestamp`` is only a position; the time figures are then left out.

    Returns
    -------
    dict
        ``users``, ``items``, ``interactions``, ``median_length``, ``density`` (share of filled
        user-item pairs), ``median_span_minutes`` (between a user's first and last kept event)
        and ``same_second_share`` (of consecutive events of one user).
    """
    lengths = np.unique(interactions["user_index"], return_counts=True)[1]
    users = len(lengths)
    figures: dict[str, Any] = {
        "users": users,
        "items": len(items),
        "interactions": len(interactions),
        "median_length": float(np.median(lengths)),
        "density": len(interactions) / (users * len(items)),
    }
    return figures | _times(interactions) if has_times else figures


def sequence_sentence(event: str, figures: Mapping[str, Any]) -> str:
    """Complete a reader's sentence with the measured span and share of ties, if known."""
    if "median_span_minutes" not in figures:
        return f"{event}; the times of the events are not known."
    return (
        f"{event}: half of all users made their kept events within "
        f"{_duration(figures['median_span_minutes'])}, and "
        f"{100 * figures['same_second_share']:.1f} % of consecutive events share a second."
    )


def _times(interactions: pd.DataFrame) -> dict[str, float]:
    users, times = interactions["user_index"].to_numpy(), interactions["timestamp"].to_numpy()
    same_user = users[1:] == users[:-1]
    gaps = np.diff(times)[same_user]
    first = np.concatenate([[True], ~same_user])
    spans = times[np.concatenate([~same_user, [True]])] - times[first]
    return {
        "median_span_minutes": float(np.median(spans) / 60),
        "same_second_share": float((gaps == 0).mean()),
    }


def _duration(minutes: float) -> str:
    for unit, size in (("days", 24 * 60), ("hours", 60)):
        if minutes >= 3 * size:
            return f"{minutes / size:.0f} {unit}"
    return f"{minutes:.0f} minutes"
