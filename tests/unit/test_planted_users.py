"""Users whose driver is known are explained by it: by images only, and by the interaction only."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from analysis.explanations import TOLERANCE, contributions_of
from prism_core.data.synthetic import World, WorldConfig, make_world
from prism_core.names import ID
from prism_core.scoring import Recommender
from prism_core.truth import TRUTH_MODEL, train_on_world

USERS = 500
JUDGED = 60
TOP = 10
DRIVERS = {"unique_image": "own_image", "synergy": "interaction"}
"""The part that must be found, by the factor that alone drives a kind of users."""


@pytest.fixture(scope="module")
def world() -> World:
    """One catalogue; the first users choose by the image alone, the others by the interaction."""
    base = WorldConfig(num_users=USERS, num_items=300, num_unseen=0, length=20)
    kinds = [make_world(replace(base, shares={f: 1.0}), 0) for f in DRIVERS.values()]
    np.testing.assert_array_equal(kinds[0].features["text"], kinds[1].features["text"])
    return replace(kinds[0], item_seq=np.concatenate([kind.item_seq for kind in kinds]))


@pytest.fixture(scope="module")
def recommender(world: World) -> Recommender:
    """A small model of both kinds of users."""
    torch.set_num_threads(1)
    config = replace(TRUTH_MODEL, hidden_size=32, mode="anchored")
    return Recommender(train_on_world(config, world, seed=0, epochs=6), max_seq_len=20)


@pytest.fixture(scope="module", params=enumerate(DRIVERS), ids=list(DRIVERS))
def found(
    request: pytest.FixtureRequest, world: World, recommender: Recommender
) -> tuple[str, pd.DataFrame]:
    """The part that drives a kind of users, and their mean contributions by user and player."""
    place, driver = request.param
    histories = world.item_seq[place * USERS :][:JUDGED, :-1]
    scores = recommender.scores(histories)
    np.put_along_axis(scores, histories, -np.inf, axis=1)
    listed = np.argsort(-scores, axis=1)[:, :TOP]
    games = recommender.part_coalitions(histories, listed).reshape(JUDGED * TOP, -1)
    rows = pd.DataFrame({"user_id": np.repeat(np.arange(JUDGED), TOP)})
    rows["part_coalitions"] = list(games)
    shares = contributions_of(rows, recommender.players)
    sums = shares["contribution"].to_numpy().reshape(len(rows), -1).sum(axis=1)
    assert np.abs(sums - (games[:, -1] - games[:, 0])).max() <= TOLERANCE
    means = shares.groupby(["user_id", "player"])["contribution"].mean()
    return driver, means.unstack("player").drop(columns=ID)


def test_the_driver_is_the_top_part_of_nearly_every_user(found: tuple[str, pd.DataFrame]) -> None:
    driver, means = found
    assert (means.idxmax(axis=1) == driver).mean() >= 0.85


def test_the_driver_adds_several_times_what_any_other_part_adds(
    found: tuple[str, pd.DataFrame],
) -> None:
    driver, means = found
    average = means.mean()
    assert average[driver] > 3 * average.drop(driver).max()
