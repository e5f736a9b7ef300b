"""One user's interaction of the modalities, with its error."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.explanations import coalition_name
from analysis.interactions import UserInteraction, group_interactions, user_interaction
from analysis.plots.interactions import group_bars_of_modalities, interaction_points
from analysis.recipes import Recipe, draw
from prism_core.errors import DataError
from prism_core.store.reader import Run


def made(values: list[float]) -> UserInteraction:
    array = np.array(values)
    each = pd.DataFrame({"item_id": "1", "rank": range(len(array)), "interaction": array})
    error = float(array.std(ddof=1) / np.sqrt(len(array)))
    return UserInteraction(mean=float(array.mean()), error=error, items=len(array), each=each)


def test_the_mean_and_its_error_are_those_of_the_listed_items(tiny_runs: Path) -> None:
    run = Run(tiny_runs / "prism-seed0")
    found = user_interaction(run, "7")
    rows = run.table("recommendations").query("user_id == '7' and rank <= 10")
    games = np.stack(rows["modality_coalitions"].to_list()).astype(float)
    values = games[:, 3] - games[:, 1] - games[:, 2] + games[:, 0]
    assert found.mean == pytest.approx(values.mean())
    assert found.error == pytest.approx(values.std(ddof=1) / np.sqrt(len(values)))
    assert found.items == len(rows) == len(found.each)


def test_a_mean_within_its_error_is_not_read_as_anything() -> None:
    assert made([0.5, 0.6, 0.5, 0.4, 0.5]).reading == "together"
    assert made([-0.5, -0.6, -0.5, -0.4, -0.5]).reading == "repeat"
    assert made([-0.5, 0.6, -0.5, 0.4, 0.1]).reading == "unclear"
    assert made([0.5, 0.5, 0.5]).reading == "unclear"


def test_runs_and_users_without_such_scores_are_refused(tiny_runs: Path) -> None:
    with pytest.raises(DataError, match="withheld"):
        user_interaction(Run(tiny_runs / "popularity"), "7")
    with pytest.raises(DataError, match="lists nothing"):
        user_interaction(Run(tiny_runs / "prism-seed0"), "nobody")


def test_the_figure_shows_every_item_and_the_mean(tiny_runs: Path) -> None:
    folders = {"prism-seed0": tiny_runs / "prism-seed0"}
    found = user_interaction(Run(folders["prism-seed0"]), "7")
    figure = interaction_points(found=found)
    assert len(figure.data[0].x) == found.items
    assert figure.data[1].x[0] == found.mean
    recipe = Recipe(figure="user_interaction", runs=("prism-seed0",), options={"user_id": "7"})
    assert draw(recipe, folders).to_json() == figure.to_json()


def test_every_group_of_three_modalities_has_its_index() -> None:
    masks = np.arange(8)
    on = [(masks >> place) & 1 for place in range(3)]
    scores = pd.DataFrame(
        {
            "coalition": [coalition_name(mask, ("image", "text", "sound")) for mask in masks],
            "score": 1.0 + 2 * on[0] + on[1] + 3.0 * on[0] * on[1] - 1.0 * on[1] * on[2],
        }
    )
    found = group_interactions(scores).set_index("group")["interaction"]
    assert found["image + text"] == pytest.approx(3)
    assert found["text + sound"] == pytest.approx(-1)
    assert found["image + sound"] == pytest.approx(0)
    assert found["image + text + sound"] == pytest.approx(0)
    figure = group_bars_of_modalities(groups=found.reset_index())
    assert {trace.name: trace.x[0] for trace in figure.data} == pytest.approx(
        {"Synergy": 3, "Suppression": -1}
    )
