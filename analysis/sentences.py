"""Plain sentences made from an explanation's numbers, saying no more than the numbers do."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.stats import t

from analysis.explanations import UserExplanation
from analysis.plots.theme import label_of
from prism_core.names import ID

MIN_ITEMS: Final = 3
"""Below this many listed items no interval over them is given."""

SMALLEST: Final = 0.005
"""Contributions that would be printed as 0.00 are left out of sentences."""


def plain_name(player: str) -> str:
    """Name a part in a sentence; the name says which part it is, not what it carries."""
    return "the item id" if player == ID else f"the {label_of(player).lower()} part"


def user_sentence(explanation: UserExplanation) -> str:
    """Say in one to three sentences what drives a user's list.

    The 95 % interval is a t interval of the mean contribution over the listed items (the true next
    item is left out where it ranks below the list); the runner-up is compared item by item.
    """
    wide = _listed(explanation).pivot(index="rank", columns="player", values="contribution")
    order = wide.mean().sort_values(ascending=False)
    return " ".join([_leader(wide, order), _weights(explanation), _target(explanation)])


def item_sentence(explanation: UserExplanation, item_id: str) -> str:
    """Say in one to three sentences what drives one listed item's score."""
    listed = explanation.recommendations
    item = listed[listed["item_id"] == item_id].to_dict("records")[0]
    of_item = explanation.contributions[explanation.contributions["item_id"] == item_id]
    shares = dict(zip(of_item["player"], of_item["contribution"], strict=True))
    total = item["score"] - item["baseline"]
    opening = (
        f"“{item['title']}” scores {item['score']:.2f}, {abs(total):.2f} "
        f"{'above' if total >= 0 else 'below'} its score with {_all_off(explanation)}."
    )
    modalities = explanation.modality_scores["coalition"].iloc[-1:].to_list()
    closing = _interaction(item, modalities[0].split(" + ")) if modalities else ""
    return " ".join(text for text in [opening, _ups_and_downs(shares), closing] if text)


def weight_sentence(explanation: UserExplanation) -> str:
    """Say which fusion weight is largest and where it stands among all users."""
    return _weights(explanation)


def _listed(explanation: UserExplanation) -> pd.DataFrame:
    """Contributions without a true item that ranks below the list."""
    shown = explanation.recommendations
    in_order = (shown["rank"] == np.arange(1, len(shown) + 1)) | ~shown["is_target"]
    return explanation.contributions[
        explanation.contributions["rank"].isin(shown.loc[in_order, "rank"])
    ]


def _leader(wide: pd.DataFrame, order: pd.Series) -> str:
    first, second = str(order.index[0]), str(order.index[1])
    count = len(wide)
    if count < MIN_ITEMS:
        items = "the one listed item" if count == 1 else f"the {count} listed items"
        return f"Over {items}, {plain_name(first)} adds most ({order.iloc[0]:+.2f})."
    low, high = _interval(wide[first])
    text = (
        f"Over the {count} listed items, {plain_name(first)} adds most to the score: "
        f"{order.iloc[0]:+.2f} on average (95 % interval {low:+.2f} to {high:+.2f})"
    )
    gap_low, _ = _interval(wide[first] - wide[second])
    if gap_low > 0:
        return f"{text}, clearly more than {plain_name(second)} ({order.iloc[1]:+.2f})."
    return f"{text}, not clearly more than {plain_name(second)} ({order.iloc[1]:+.2f})."


def _weights(explanation: UserExplanation) -> str:
    ordered = explanation.weights.sort_values("weight", ascending=False)
    top = ordered.to_dict("records")[0]
    return (
        f"The gate gives its largest weight, {top['weight']:.2f}, to {plain_name(top['part'])}; "
        f"{_standing(top['percentile'])}."
    )


def _standing(percentile: float) -> str:
    if percentile >= 50:
        return f"that is at least as much as for {percentile:.0f} % of users"
    return f"{100 - percentile:.0f} % of users have a larger one"


def _target(explanation: UserExplanation) -> str:
    listed = explanation.target_rank <= len(explanation.recommendations)
    where = "in the list" if listed else "below the list"
    return f"The item chosen next stands at rank {explanation.target_rank:,}, {where}."


def _all_off(explanation: UserExplanation) -> str:
    if explanation.stand_in.kind == "other":
        return f"the history of user {explanation.stand_in.user_id} in place of this one"
    return "every part switched off"


def _ups_and_downs(shares: Mapping[str, float]) -> str:
    falling = sorted(shares.items(), key=lambda entry: -entry[1])
    added = [f"{plain_name(p)} adds {v:.2f}" for p, v in falling if v >= SMALLEST]
    taken = [f"{plain_name(p)} takes away {-v:.2f}" for p, v in falling[::-1] if v <= -SMALLEST]
    text = _enumerated([*added, *taken])
    return f"{text[0].upper()}{text[1:]}." if text else "No part changes its score by 0.01 or more."


def _interaction(item: Mapping[Hashable, Any], modalities: Sequence[str]) -> str:
    kind = item.get("interaction_kind")
    if kind is None or len(modalities) != 2:
        return ""
    both = " and ".join(modalities).capitalize()
    if kind == "none":
        return f"{both} together give what each alone sums to."
    much = f"{abs(item['interaction']):.2f} {'more' if kind == 'synergy' else 'less'}"
    return f"{both} together give {much} than each alone sums to ({kind})."


def _enumerated(parts: list[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _interval(values: pd.Series) -> tuple[float, float]:
    """95 % t interval of a mean."""
    half = float(t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
    mean = float(values.mean())
    return mean - half, mean + half
