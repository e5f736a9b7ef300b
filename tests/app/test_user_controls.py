"""Every control of the page Users that chooses what is looked at does what it says."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from app.components import user_table
from app.components.histories import NEWEST
from app.components.text import plain
from prism_core.store.writer import add_artifact
from tests.app.conftest import OpenApp, html, texts
from tests.factories import make_dataset, make_run

QUERY = {"run": "prism-seed0", "user": "5"}


@pytest.fixture(scope="module")
def people(tiny_runs: Path) -> pd.DataFrame:
    run = tiny_runs / "prism-seed0"
    outcome = pd.read_parquet(run / "user_metrics.parquet")
    users = pd.read_parquet(run / "users.parquet")
    weights = users.filter(like="weight_")
    top = weights.idxmax(axis=1).str.removeprefix("weight_")
    return outcome.merge(users[["user_id", "gate_entropy"]].assign(top=top), on="user_id")


def offered(app: AppTest) -> int:
    return int(app.selectbox("user_picker").label.split("(")[1].split()[0])


def test_a_user_is_chosen(open_app: OpenApp) -> None:
    app = open_app("users", **QUERY)
    app.selectbox("user_picker").set_value("12").run()
    assert app.title[0].value == "User 12"
    assert app.query_params["user"] in ("12", ["12"])


def test_users_are_filtered_by_their_largest_weight(
    open_app: OpenApp, people: pd.DataFrame
) -> None:
    app = open_app("users", **QUERY)
    app.selectbox("user_filter").set_value("synergy").run()
    assert offered(app) == (people["top"] == "synergy").sum()


def test_users_are_filtered_by_the_length_of_their_history(
    open_app: OpenApp, one_run: Path
) -> None:
    path = one_run / "only"
    outcome = pd.read_parquet(path / "user_metrics.parquet")
    lengths = outcome.assign(history_length=range(1, len(outcome) + 1))
    add_artifact(path, "user_metrics", lengths, key="lengths")
    app = open_app("users", runs=one_run)
    app.slider("user_history_length").set_range(5, 9).run()
    assert offered(app) == 5


def test_an_item_is_chosen_and_stays_in_the_link(open_app: OpenApp, tiny_runs: Path) -> None:
    listed = pd.read_parquet(tiny_runs / "prism-seed0" / "recommendations.parquet")
    third = listed.query("user_id == '5' and rank == 3").iloc[0]
    app = open_app("users", **QUERY)
    app.get_by_key("item_picker").set_value(third["item_id"]).run()
    assert f"” scores {third['score']:.2f}, " in plain(texts(app))
    assert app.query_params["item"] in (third["item_id"], [third["item_id"]])


@pytest.mark.parametrize(
    ("view", "shown"),
    [("Compare", "items in common"), ("Among all users", "Users like this one"),
     ("Faithfulness", "How much better than a random order?")],
)  # fmt: skip
def test_a_view_is_chosen_and_stays_in_the_link(open_app: OpenApp, view: str, shown: str) -> None:
    app = open_app("users", **QUERY)
    app.get_by_key("user_view").set_value(view).run()
    assert shown in texts(app)
    assert app.query_params["view"] in (view, [view])


def test_the_whole_history_is_shown_on_demand(open_app: OpenApp, tmp_path: Path) -> None:
    dataset = make_dataset(tmp_path / "data" / "long", length=NEWEST + 8)
    make_run(tmp_path / "runs", dataset=dataset)
    app = open_app("users", runs=tmp_path / "runs", data=tmp_path / "data")
    cards = html(app).count('role="listitem"')
    app.toggle("whole_history").set_value(True).run()
    assert html(app).count('role="listitem"') == cards + 7


def test_another_seed_keeps_user_and_view(open_app: OpenApp) -> None:
    app = open_app("users", view="Compare", **QUERY)
    app.get_by_key("seed_picker").set_value(1).run()
    assert app.query_params["run"] in ("prism-seed1", ["prism-seed1"])
    assert app.title[0].value == "User 5"
    assert "items in common" in texts(app)


def test_the_table_of_users_is_ordered_every_way(open_app: OpenApp, people: pd.DataFrame) -> None:
    app = open_app("users", view="Among all users", **QUERY)
    columns = {
        "True next item ranked best": ("Rank of the true next item", "rank", True),
        "Longest history": ("Items in the history", "history_length", False),
        "Shortest history": ("Items in the history", "history_length", True),
        "Most even gate": ("Gate entropy", "gate_entropy", False),
        "Most one-sided gate": ("Gate entropy", "gate_entropy", True),
    }
    for order, (shown, column, rises) in columns.items():
        app.selectbox("user_order").set_value(order).run()
        wanted = people[column].sort_values(ascending=rises).to_numpy()
        np.testing.assert_allclose(app.dataframe[-1].value[shown].to_numpy(), wanted)


def test_the_table_of_users_is_turned_page_by_page(
    open_app: OpenApp, people: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(user_table, "PAGE", 15)
    app = open_app("users", view="Among all users", **QUERY)
    for page, start in ((1, 0), (2, 15), (3, 30)):
        app.pagination(key="user_page").set_value(page).run()
        shown = app.dataframe[-1].value["User"]
        assert shown.tolist() == people["user_id"][start : start + 15].tolist()


def test_pictures_of_a_folder_replace_the_title_cards(open_app: OpenApp, tmp_path: Path) -> None:
    app = open_app("users", **QUERY)
    assert "data:image/png" not in html(app)
    item = app.get_by_key("item_picker").value
    Image.new("RGB", (2, 3)).save(tmp_path / f"{item}.png")
    app.text_input("pictures_input").set_value(str(tmp_path)).run()
    assert html(app).count("data:image/png") == 1


def test_every_item_card_splits_its_score(open_app: OpenApp) -> None:
    app = open_app("users", **QUERY)
    strip = html(app).split('aria-label="Recommended items')[1].split('class="prism-strip"')[0]
    assert strip.count('class="bar"') == strip.count('role="listitem"')
    assert "Synergy: only both together tell it" in html(app)
