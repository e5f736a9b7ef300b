"""Plain sentences made from an explanation's numbers, saying no more than the numbers do."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Final

import pandas as pd

from analysis.drivers import contributions_by_item, half_interval
from analysis.explanations import UserExplanation
from analysis.plots.theme import label_of
from analysis.signs import rounded, signed, signed_range
from prism_core.names import ID

MIN_ITEMS: Final = 3
"""Below this many listed items no interval over them is given."""

SMALLEST: Final = 0.005
"""Contributions that would be printed as 0.00 are left out of sentences."""


def plain_name(player: str) -> str:
    """Name a part in a sentence; the name says which part it is, not what it carries."""
    return "the item id" if player == ID else f"the {label_of(player).lower()} part"


def user_sentence(explanation: UserExplanation) -> str:
    """Say in a few sentences what drives a user's list, and what its largest weight does.

    The 95 % interval is a t interval of the mean contribution over the listed items (the true next
    item is left out where it ranks below the list); the runner-up is compared item by item.
    """
    wide = contributions_by_item(explanation)
    order = wide.mean().sort_values(ascending=False)
    weights = _weights(explanation, _adds(wide))
    return " ".join([_leader(wide, order), weights, _target(explanation)])


def item_sentence(explanation: UserExplanation, item_id: str) -> str:
    """Say in one to three sentences what drives one listed item's score."""
    listed = explanation.recommendations
    item = listed[listed["item_id"] == item_id].to_dict("records")[0]
    of_item = explanation.contributions[explanation.contributions["item_id"] == item_id]
    shares = dict(zip(of_item["player"], of_item["contribution"], strict=True))
    total = item["score"] - item["baseline"]
    opening = (
        f"“{item['title']}” scores {rounded(item['score'], 2)}, {abs(total):.2f} "
        f"{'above' if total >= 0 else 'below'} its score with {_all_off(explanation)}."
    )
    modalities = explanation.modality_scores["coalition"].iloc[-1:].to_list()
    closing = _interaction(item, modalities[0].split(" + ")) if modalities else ""
    return " ".join(text for text in [opening, _ups_and_downs(shares), closing] if text)


def _leader(wide: pd.DataFrame, order: pd.Series) -> str:
    first, second = str(order.index[0]), str(order.index[1])
    count = len(wide)
    if count < MIN_ITEMS:
        items = "the one listed item" if count == 1 else f"the {count} listed items"
        return f"Over {items}, {plain_name(first)} adds most ({signed(order.iloc[0], 2)})."
    text = (
        f"Over the {count} listed items, {plain_name(first)} adds most to the score: "
        f"{_mean_words(wide[first])}"
    )
    gap = wide[first] - wide[second]
    if gap.mean() > half_interval(gap):
        return f"{text}, clearly more than {plain_name(second)} ({signed(order.iloc[1], 2)})."
    return f"{text}, not clearly more than {plain_name(second)} ({signed(order.iloc[1], 2)})."


def _mean_words(values: pd.Series) -> str:
    mean, half = values.mean(), half_interval(values)
    around = signed_range(mean - half, mean + half, 2)
    return f"{signed(mean, 2)} on average (95 % interval {around})"


def _weights(explanation: UserExplanation, adds: Mapping[str, str]) -> str:
    """Name the largest weight and, where it is known, what that part adds to the scores."""
    ordered = explanation.weights.sort_values("weight", ascending=False)
    top = ordered.to_dict("records")[0]
    does = f" That part adds {adds[top['part']]}." if top["part"] in adds else ""
    return (
        f"The gate gives its largest weight, {top['weight']:.2f}, to {plain_name(top['part'])}; "
        f"{_standing(top['percentile'])}.{does}"
    )


def _adds(wide: pd.DataFrame) -> dict[str, str]:
    """Say what each player adds on average, where there are items enough for an interval."""
    if len(wide) < MIN_ITEMS:
        return {}
    return {str(player): _mean_words(wide[player]) for player in wide.columns}


def _standing(percentile: float) -> str:
    if percentile >= 50:
        return f"that is at least as much as for {percentile:.0f} % of users"
    return f"{100 - percentile:.0f} % of users have a larger one"


def _target(explanation: UserExplanation) -> str:
    shown = explanation.recommendations
    where = "in the list" if shown.loc[shown["is_target"], "is_listed"].any() else "below the list"
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
