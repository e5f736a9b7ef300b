"""Sentences say what the numbers say, and nothing more."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import sentences
from analysis.explanations import UserExplanation, explain_user
from prism_core.store.reader import Run


def explanation(
    contributions: dict[str, list[float]],
    *,
    kind: str = "synergy",
    interaction: float = 0.5,
    percentile: float = 90.0,
) -> UserExplanation:
    count = len(next(iter(contributions.values())))
    ranks = np.arange(1, count + 1)
    shares = pd.DataFrame(contributions, index=ranks)
    listed = pd.DataFrame(
        {
            "rank": ranks,
            "item_id": [str(r) for r in ranks],
            "title": [f"Film {r}" for r in ranks],
            "score": 1.0 + shares.sum(axis=1).to_numpy(),
            "baseline": 1.0,
            "is_target": ranks == 1,
            "is_listed": True,
            "interaction": interaction,
            "interaction_kind": kind,
        }
    )
    long = shares.melt(ignore_index=False, var_name="player", value_name="contribution")
    long = long.rename_axis("rank").reset_index()
    return UserExplanation(
        user_id="u",
        history_length=9,
        target_item_id="1",
        target_rank=1,
        recommendations=listed,
        contributions=long.assign(item_id=long["rank"].astype(str)),
        modality_scores=pd.DataFrame({"coalition": ["none", "image", "text", "image + text"]}),
        weights=pd.DataFrame(
            {"part": ["unique_image"], "weight": [0.4], "percentile": [percentile]}
        ),
        residual=0.0,
        gate_entropy=1.0,
    )


def test_a_clear_leader_is_called_clear_with_its_interval() -> None:
    text = sentences.user_sentence(
        explanation({"synergy": [1.0, 1.1, 1.2, 1.3], "id": [0.1, 0.1, 0.2, 0.2]})
    )
    assert "the synergy part adds most to the score: +1.15 on average" in text
    assert "95 % interval +0.94 to +1.36" in text
    assert "clearly more than the item id (+0.15)" in text
    assert "not clearly" not in text


def test_a_close_runner_up_is_not_claimed_to_be_beaten() -> None:
    text = sentences.user_sentence(
        explanation({"synergy": [1.0, 0.0, 2.0, 0.0], "id": [0.0, 1.0, 0.0, 1.9]})
    )
    assert "not clearly more than the item id" in text


def test_what_the_part_of_the_largest_weight_adds_is_said_beside_it() -> None:
    text = sentences.user_sentence(
        explanation({"unique_image": [0.1, 0.2, 0.0, 0.1], "id": [5.0, 6.0, 5.0, 6.0]})
    )
    assert "largest weight, 0.40, to the unique image part" in text
    assert "That part adds +0.10 on average (95 % interval −0.03 to +0.23)." in text


def test_a_true_item_below_the_list_is_left_out_of_the_means() -> None:
    made = explanation({"synergy": [1.0, 1.0, 1.0, -9.0], "id": [0.0, 0.1, 0.2, 9.0]})
    shown = made.recommendations.assign(is_target=[False, False, False, True])
    shown["is_listed"] = ~shown["is_target"]
    text = sentences.user_sentence(replace(made, recommendations=shown, target_rank=4))
    assert "Over the 3 listed items, the synergy part adds most to the score: +1.00" in text
    assert "stands at rank 4, below the list" in text


def test_no_interval_is_given_over_two_items() -> None:
    text = sentences.user_sentence(explanation({"synergy": [1.0, 1.0], "id": [0.0, 0.0]}))
    assert "interval" not in text
    assert "Over the 2 listed items, the synergy part adds most (+1.00)." in text


@pytest.mark.parametrize(
    ("percentile", "words"),
    [(90.0, "at least as much as for 90 % of users"), (20.0, "80 % of users have a larger one")],
)
def test_the_standing_among_users_reads_the_right_way(percentile: float, words: str) -> None:
    text = sentences.user_sentence(
        explanation({"synergy": [1.0], "id": [0.0]}, percentile=percentile)
    )
    assert words in text


@pytest.mark.parametrize(
    ("kind", "interaction", "words"),
    [
        ("synergy", 0.5, "Image and text together give 0.50 more than each alone"),
        ("suppression", -0.5, "Image and text together give 0.50 less than each alone"),
        ("none", 0.0, "Image and text together give what each alone sums to."),
    ],
)
def test_an_item_s_parts_and_interaction_are_told(
    kind: str, interaction: float, words: str
) -> None:
    made = explanation(
        {"unique_image": [0.75], "synergy": [-0.25], "id": [0.001]},
        kind=kind,
        interaction=interaction,
    )
    text = sentences.item_sentence(made, "1")
    assert "“Film 1” scores 1.50, 0.50 above its score with every part switched off." in text
    assert "The unique image part adds 0.75 and the synergy part takes away 0.25." in text
    assert "item id" not in text
    assert words in text


def test_an_item_whose_parts_do_nothing_says_so() -> None:
    text = sentences.item_sentence(explanation({"synergy": [0.0], "id": [0.0]}), "1")
    assert "No part changes its score by 0.01 or more." in text


def test_every_user_and_item_of_a_run_gets_a_sentence(tiny_runs: Path) -> None:
    run = Run(tiny_runs / "prism-seed0")
    for user_id in run.table("users")["user_id"].head(5):
        explained = explain_user(run, user_id)
        assert f"at rank {explained.target_rank:,}" in sentences.user_sentence(explained)
        for item_id in explained.recommendations["item_id"]:
            assert "“Film number" in sentences.item_sentence(explained, item_id)
