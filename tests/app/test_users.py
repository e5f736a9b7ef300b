"""The page Users: find a user, read the list, the weights and what drove each score."""

import base64
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from analysis.explanations import population_contributions
from analysis.maps import MapSettings, map_name, store_map
from analysis.regions import Region, box, lasso
from analysis.saved_slices import saved_slices
from analysis.spaces import vectors_of
from analysis.user_plane import TRIANGLE, triangle_plane
from app.components import health_badge
from app.components.histories import history_of
from app.components.item_explanation import ROW, VALUE
from app.components.text import plain
from app.components.user_picker import FOUND
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run
from tests.app.conftest import OpenApp, html, texts
from tests.factories import make_run


def test_list_marks_the_true_next_item_once(open_app: OpenApp) -> None:
    app = open_app("users", run="prism-seed0", user="5")
    assert html(app).count("true next</span>") == 1


def test_contributions_are_shown_to_sum_to_the_score(open_app: OpenApp) -> None:
    app = open_app("users", run="prism-seed0", user="5")
    table = app.dataframe[0].value.set_index(ROW)[VALUE]
    players = ["Item id", "Unique image", "Unique text", "Synergy", "Redundancy"]
    assert np.isclose(table[players].sum(), table["Score"] - table["Score, everything off"])
    assert any("score difference agree" in one.label for one in app.expander)


def test_choosing_an_item_explains_that_item(open_app: OpenApp, tiny_runs: Path) -> None:
    app = open_app("users", run="prism-seed0", user="5")
    listed = pd.read_parquet(tiny_runs / "prism-seed0" / "recommendations.parquet")
    third = listed.query("user_id == '5' and rank == 3").iloc[0]
    link = open_app("users", run="prism-seed0", user="5", item=third["item_id"])
    assert link.dataframe[0].value.set_index(ROW).loc["Score", VALUE] == third["score"]
    assert app.dataframe[0].value.set_index(ROW).loc["Score", VALUE] != third["score"]


def test_filter_narrows_the_users(open_app: OpenApp, tiny_runs: Path) -> None:
    app = open_app("users", run="prism-seed0")
    app.selectbox("user_outcome").set_value(FOUND).run()
    outcome = pd.read_parquet(tiny_runs / "prism-seed0" / "user_metrics.parquet")
    found = int((outcome["rank"] <= 10).sum())
    assert 0 < found < len(outcome)
    assert f"{found} of 40 users match." in texts(app).replace("\\", "")


def test_steps_go_to_the_neighbour(open_app: OpenApp) -> None:
    app = open_app("users", run="prism-seed0", user="5")
    app.button("Next user").click().run()
    assert app.title[0].value == "User 6"
    app.button("Previous user").click().run()
    assert app.title[0].value == "User 5"


def test_run_without_parts_shows_list_and_history(open_app: OpenApp) -> None:
    app = open_app("users", run="popularity", user="5")
    assert "has no parts" in texts(app)
    assert html(app).count('class="prism-strip"') == 2


def test_history_ends_before_the_true_next_item(tiny_dataset: Dataset) -> None:
    events = tiny_dataset.interactions
    mine = events.loc[events["user_index"] == 4, "item_index"].to_numpy()
    ids = tiny_dataset.items["item_id"].to_numpy()
    assert history_of(tiny_dataset, "5", 50) == [ids[i - 1] for i in mine[:-1]]
    assert history_of(tiny_dataset, "5", 3) == [ids[i - 1] for i in mine[-4:-1]]
    assert history_of(tiny_dataset, "nobody", 50) == []


def test_influence_of_every_history_item_is_shown_on_demand(
    open_app: OpenApp, trained_runs: Path
) -> None:
    app = open_app("users", runs=trained_runs, user="7")
    assert "<i style=" not in _strip(app, "History")
    app.toggle("history_influence").set_value(True).run()
    assert _strip(app, "History").count("<i style=") == 11


def test_similar_items_are_shown_for_every_part_on_demand(open_app: OpenApp) -> None:
    app = open_app("users", run="prism-seed0", user="5")
    app.toggle("similar_items").set_value(True).run()
    assert html(app).count("cosine ") == 4 * 8


def test_everybody_view_marks_the_user_and_opens_a_similar_one(open_app: OpenApp) -> None:
    app = open_app("users", run="prism-seed0", user="5", view="Among all users")
    chosen = app.get_by_key("users_alike").options[0]
    app.get_by_key("users_alike").set_value(chosen.split()[-1]).run()
    assert app.title[0].value == chosen


def test_faithfulness_is_judged_for_a_user_a_slice_and_the_run(open_app: OpenApp) -> None:
    query = {"run": "prism-seed0", "user": "5", "view": "Faithfulness"}
    app = open_app("users", slice="top part: synergy", **query)
    members = app.selectbox("user_picker").label.split("(")[1].split()[0]
    counted = "among the listed items"
    assert f"Over {members} users" in plain(texts(app))
    app.get_by_key("faithfulness_scope").set_value("The whole run").run()
    assert "Over 40 users" in plain(texts(app))
    assert counted in texts(app)
    app.get_by_key("faithfulness_scope").set_value("This user").run()
    assert "Over 10 listed items" in plain(texts(app)) or "Over 11 listed" in plain(texts(app))


def test_places_are_among_all_items_where_the_model_is_here(
    open_app: OpenApp, trained_runs: Path
) -> None:
    app = open_app("users", runs=trained_runs, user="7", view="Faithfulness")
    assert "among all items" in texts(app)
    assert "Comprehensiveness" in app.dataframe[0].value["Measure"].tolist()


def test_another_stand_in_changes_the_contributions_and_is_named(
    open_app: OpenApp, trained_runs: Path
) -> None:
    app = open_app("users", runs=trained_runs, user="7")
    stored = app.dataframe[0].value
    assert "replaced by its mean over the items" in texts(app)
    app.selectbox("stand_in").set_value("zero").run()
    assert "replaced by zero" in texts(app)
    assert not app.dataframe[0].value.equals(stored)
    assert any("score difference agree" in one.label for one in app.expander)
    link = open_app("users", runs=trained_runs, user="7", standin="other:9")
    assert "replaced by what user 9 has in its place" in texts(link)
    assert "with the history of user 9 in place of this one" in plain(texts(link))
    wrong = open_app("users", runs=trained_runs, user="7", standin="median")
    assert "names a stand-in that does not exist" in texts(wrong)


def _strip(app: AppTest, label: str) -> str:
    return html(app).split(f'aria-label="{label}')[1].split('class="prism-strip"')[0]


def test_compare_sets_two_runs_side_by_side(open_app: OpenApp, tiny_runs: Path) -> None:
    app = open_app("users", run="prism-seed0", user="5", view="Compare")
    app.selectbox("other_run").set_value("sasrec-seed0").run()
    lists = {
        run: pd.read_parquet(tiny_runs / run / "recommendations.parquet")
        for run in ("prism-seed0", "sasrec-seed0")
    }
    tops = [set(rows.query("user_id == '5' and rank <= 10")["item_id"]) for rows in lists.values()]
    shared = len(tops[0] & tops[1])
    assert f"have {shared} of 10 items in common" in texts(app).replace("\\", "")
    assert html(app).count("true next</span>") == 2


def test_compare_tells_runs_of_the_same_name_and_seed_apart(
    open_app: OpenApp, tmp_path: Path, tiny_dataset: Dataset
) -> None:
    for run_id in ("one", "two"):
        make_run(tmp_path, dataset=tiny_dataset, run_id=run_id)
    app = open_app("users", runs=tmp_path, run="one", user="5", view="Compare")
    said = texts(app).replace("\\", "")
    assert "Filled: PRISM · seed 0 (one). Open: PRISM · seed 0 (two)." in said


def test_compare_shows_the_verdicts_on_the_parts_of_both_runs(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def verdicts(run: Run) -> pd.DataFrame:
        word = "alive" if run.run_id == "prism-seed0" else "dead"
        return pd.DataFrame({"part": ["synergy"], "verdict": [word], "evidence": ["So it is."]})

    monkeypatch.setattr(health_badge, "verdicts", verdicts)
    link = {"run": "prism-seed0", "user": "5", "view": "Compare"}
    said = texts(open_app("users", **link, beside="run:prism-seed1"))
    assert "Synergy: alive" in said
    assert "Synergy: dead" in said
    assert said.replace("\\", "").count("Parts of ") == 2
    alone = texts(open_app("users", **link, beside="user:9"))
    assert alone.count("Synergy: ") == 1


def test_compare_sets_two_users_side_by_side(open_app: OpenApp) -> None:
    app = open_app("users", run="prism-seed0", user="5", view="Compare")
    app.get_by_key("compare_with").set_value("Another user").run()
    app.selectbox("other_user").set_value("9").run()
    assert app.query_params["beside"] in ("user:9", ["user:9"])
    assert "User 9. Over the" in plain(texts(app))
    link = open_app("users", run="prism-seed0", user="5", view="Compare", beside="user:9")
    assert html(link) == html(app)


def test_compared_lists_are_aligned_with_rank_moves(open_app: OpenApp, tiny_runs: Path) -> None:
    link = {"run": "prism-seed0", "user": "5", "view": "Compare", "beside": "run:prism-seed1"}
    app = open_app("users", **link)
    ranks = {
        run: pd.read_parquet(tiny_runs / run / "recommendations.parquet")
        .query("user_id == '5'")
        .set_index("item_id")["rank"]
        for run in ("prism-seed0", "prism-seed1")
    }
    shared = ranks["prism-seed0"].index.intersection(ranks["prism-seed1"].index)
    moved = [i for i in shared if ranks["prism-seed0"][i] != ranks["prism-seed1"][i]]
    assert shared.any()
    assert html(app).count("(there ") == 2 * len(moved)
    assert [chart.proto.id for chart in app.get("plotly_chart")]
    assert len(app.get("plotly_chart")) == 2


def test_groups_are_shown_by_taste_and_the_table_is_sorted_and_paged(open_app: OpenApp) -> None:
    app = open_app("users", run="prism-seed0", user="5", view="Among all users")
    assert len(app.get("plotly_chart")) == 4
    groupings = app.selectbox("user_grouping").options
    assert {"History length", "Popularity taste", "Favourite category", "Top part"} <= set(
        groupings
    )
    app.selectbox("user_grouping").set_value("popularity taste").run()
    assert "Strength of the parts by popularity taste" in texts(app)
    app.selectbox("user_order").set_value("True next item ranked worst").run()
    table = app.dataframe[-1].value
    assert table["Rank of the true next item"].is_monotonic_decreasing
    assert len(table) == 40


def test_the_population_is_narrowed_to_the_slice(open_app: OpenApp) -> None:
    query = {"run": "prism-seed0", "user": "5", "view": "Among all users"}
    app = open_app("users", slice="popularity taste: rare items", **query)
    members = int(app.selectbox("user_picker").label.split("(")[1].split()[0])
    assert 0 < members < 40
    assert len(app.dataframe[-1].value) == members
    assert f"The chosen slice: {members} users" in texts(app)


def left_half(kind: str = "box") -> Region:
    """The half of the triangle in which image alone counts more than text alone."""
    x, y = [-0.1, 0.5], [-0.1, 1.0]
    corners = ([x[0], x[1], x[1], x[0]], [y[0], y[0], y[1], y[1]])
    drawn = box(TRIANGLE, x, y) if kind == "box" else lasso(TRIANGLE, *corners)
    return Region("users", TRIANGLE, (drawn,))


def users_in(run: Run, region: Region) -> list[str]:
    population = population_contributions(run)
    rows = region.rows(lambda _: triangle_plane(population))
    return population["user_id"].iloc[rows].tolist()


@pytest.mark.parametrize("kind", ["box", "lasso"])
def test_a_link_marks_the_same_users_and_they_are_saved_as_a_slice(
    open_app: OpenApp, one_run: Path, kind: str
) -> None:
    region = left_half(kind)
    users = users_in(Run(one_run / "only"), region)
    query = {"user": "5", "view": "Among all users", "marked": region.text()}
    app = open_app("users", runs=one_run, **query)
    assert 0 < len(users) < 40
    assert f"{len(users)} marked users" in texts(app)
    assert rows_told(app) == rows_drawn(app) == [int(user) - 1 for user in users]
    app.button("Next user").click().run()
    assert f"{len(users)} marked users" in texts(app)
    assert app.query_params["marked"] in (region.text(), [region.text()])
    app.text_input("population-triangle-slice-name").set_value("some").run()
    app.button("population-triangle-slice-save").click().run()
    assert set(saved_slices(one_run / "only")["some"].members) == set(users)
    assert f"{len(users)} of 40" in app.selectbox("user_picker").label


def test_marked_users_are_cleared(open_app: OpenApp) -> None:
    query = {"run": "prism-seed0", "user": "5", "view": "Among all users"}
    app = open_app("users", marked=left_half().text(), **query)
    app.button("clear_marked_users").click().run()
    assert "marked user" not in texts(app)
    assert rows_told(app) is None
    assert "marked" not in app.query_params


def test_users_marked_here_are_marked_on_maps_and_the_other_way_round(
    open_app: OpenApp, one_run: Path
) -> None:
    run = Run(one_run / "only")
    vectors = vectors_of(run, "users", "weights")
    store_map(run, map_name("users", "weights", "pca"), vectors, MapSettings(method="pca"))
    query = {"user": "5", "view": "Among all users", "map": "users~pca~~weights"}
    app = open_app("users", runs=one_run, marked=left_half().text(), **query)
    here = rows_told(app)
    app.switch_page("app_pages/maps.py").run()
    assert rows_told(app) == here
    assert "1 shape drawn among users by their strongest part" in texts(app)
    plane = Run(run.path).table("maps/users-weights-pca")
    right = [float(plane["x"].median()), float(plane["x"].max()) + 1]
    drawn = Region("users", "pca", (box("weights", right, [-9, 9]),))
    app = open_app("maps", runs=one_run, marked=drawn.text(), **query)
    there = rows_told(app)
    app.switch_page("app_pages/users.py").run()
    assert rows_told(app) == there
    assert there
    assert there != here


def test_marked_items_mark_no_users(open_app: OpenApp) -> None:
    query = {"run": "prism-seed0", "user": "5", "view": "Among all users"}
    app = open_app("users", marked="items~pca~synergy~b~-9_-9_9_9", **query)
    assert not app.error
    assert rows_told(app) is None


def rows_drawn(app: AppTest) -> list[int]:
    """Give the rows that the figure of the triangle comes with as marked."""
    figures = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    (points,) = [
        [trace for trace in figure["data"] if trace["type"] == "scattergl"]
        for figure in figures if figure["layout"].get("selections")
    ]  # fmt: skip
    rows = [
        np.frombuffer(base64.b64decode(one["customdata"]["bdata"]), one["customdata"]["dtype"])
        for one in points
    ]
    shown = [r[one["selectedpoints"]] for r, one in zip(rows, points, strict=True)]
    return sorted(np.concatenate(shown).tolist())


def rows_told(app: AppTest) -> list[int] | None:
    """Give the rows that a chart is told to mark."""
    (told,) = [
        json.loads(one.proto.json) for one in app.get("bidi_component")
        if one.proto.component_name == "prism_map_marks"
    ]  # fmt: skip
    if told["rows"] is None:
        return None
    bits = np.frombuffer(base64.b64decode(told["rows"]), dtype=np.uint8)
    return np.flatnonzero(np.unpackbits(bits, bitorder="little")).tolist()
