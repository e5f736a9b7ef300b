"""What if: changes are values that fit into a link, and the model answers them."""

import argparse
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from analysis.health.command import health_table
from analysis.health.verdicts import stored_verdicts
from analysis.plots.theme import label_of
from app.components import what_if_history
from app.components.histories import NEWEST, history_of
from app.components.what_if_history import window
from app.what_if import WhatIf
from prism_core.errors import ConfigError
from prism_core.names import MODALITIES, PARTS, players_of
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run
from prism_core.store.writer import add_artifact
from tests.app.conftest import OpenApp, html, texts

PLAYERS = players_of(MODALITIES)
OWN = ("1", "2", "3")

changes = st.builds(
    WhatIf,
    off=st.lists(st.sampled_from(PLAYERS), unique=True).map(tuple),
    withheld=st.lists(st.sampled_from(MODALITIES), unique=True).map(tuple),
    weights=st.none() | st.tuples(*[st.floats(0, 1)] * len(PARTS)),
    history=st.none() | st.lists(st.text(max_size=5), min_size=1).map(tuple),
)


@given(changes)
def test_link_reproduces_the_what_if(change: WhatIf) -> None:
    assert WhatIf.from_text(change.to_text(), players=PLAYERS, modalities=MODALITIES) == change


@pytest.mark.parametrize(
    "text",
    [
        "{", "[]", "1", '{"off":"id"}', '{"off":["soul"]}', '{"withheld":["sound"]}',
        '{"weights":[1]}', '{"weights":[1,1,1,-1]}', '{"weights":["a","b","c","d"]}',
        '{"weights":[NaN,1,1,1]}', '{"history":[1]}', '{"colour":["red"]}', "x" * 9000,
    ],
)  # fmt: skip
def test_link_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="left out"):
        WhatIf.from_text(text, players=PLAYERS, modalities=MODALITIES)


@given(st.tuples(*[st.floats(0, 1)] * 4))
def test_weights_are_scaled_to_sum_to_one(weights: tuple[float, ...]) -> None:
    scaled = WhatIf(weights=weights).scaled_weights
    assert scaled is not None
    assert sum(scaled) == pytest.approx(1)
    assert all(weight >= 0 for weight in scaled)


def test_history_edits() -> None:
    removed = WhatIf().with_removed(1, OWN)
    assert removed.history == ("1", "3")
    assert removed.with_added("9", OWN).history == ("1", "3", "9")
    assert WhatIf().with_moved(2, 0, OWN).history == ("2", "3", "1")
    assert WhatIf().with_added("9", OWN).with_removed(0, OWN) == WhatIf()


@given(st.permutations(["1", "2", "3", "4", "5"]))
def test_every_order_can_be_reached_by_moves(wanted: list[str]) -> None:
    own, change = ("1", "2", "3", "4", "5"), WhatIf()
    for to, item in enumerate(reversed(wanted)):
        newest_first = change.read(own)[::-1]
        change = change.with_moved(newest_first.index(item), to, own)
    assert change.read(own) == tuple(wanted)


def test_seen_items_that_are_no_longer_read_are_not_recommended(
    trained_runs: Path, tiny_dataset: Dataset
) -> None:
    from app import live

    (path,) = trained_runs.iterdir()
    read = history_of(tiny_dataset, "7")
    older = [item for item in tiny_dataset.items["item_id"] if item not in read][:45]
    ranked = live.ranked(Run(path), tiny_dataset, [*older, *read], WhatIf())
    assert not set(older) & set(ranked["item_id"])
    assert len(ranked) == tiny_dataset.num_items - len(older) - len(read)


def test_live_scores_are_the_stored_ones(trained_runs: Path, tiny_dataset: Dataset) -> None:
    from app import live

    (path,) = trained_runs.iterdir()
    run = Run(path)
    stored = run.table("recommendations")
    for user in ("1", "7", "40"):
        history = history_of(tiny_dataset, user, 50)
        ranked = live.ranked(run, tiny_dataset, history, WhatIf()).set_index("item_id")
        mine = stored[stored["user_id"] == user]
        assert ranked.loc[mine["item_id"], "rank"].tolist() == mine["rank"].tolist()
        assert ranked.loc[mine["item_id"], "score"].to_numpy() == pytest.approx(
            mine["score"], abs=1e-5
        )


def test_switching_a_player_off_gives_the_stored_coalition(
    trained_runs: Path, tiny_dataset: Dataset
) -> None:
    from app import live

    (path,) = trained_runs.iterdir()
    run = Run(path)
    row = run.table("recommendations", where={"user_id": "7"}).iloc[0]
    history = history_of(tiny_dataset, "7", 50)
    for place, player in enumerate(run.players):
        ranked = live.ranked(run, tiny_dataset, history, WhatIf(off=(player,)))
        score = ranked.set_index("item_id").loc[row["item_id"], "score"]
        mask = (1 << len(run.players)) - 1 - (1 << place)
        assert score == pytest.approx(row["part_coalitions"][mask], abs=1e-4)


@pytest.fixture
def what_if(open_app: OpenApp, trained_runs: Path) -> AppTest:
    return open_app("users", runs=trained_runs, user="7", view="What if")


def link(app: AppTest) -> dict:
    given = app.query_params.get("whatif", "{}")
    return json.loads(given[0] if isinstance(given, list) else given)


def test_controls_change_list_and_link_and_undo_goes_back(
    what_if: AppTest, tiny_dataset: Dataset
) -> None:
    before = html(what_if)
    what_if.get_by_key("withheld").set_value(["text"]).run()
    assert link(what_if) == {"withheld": ["text"]}
    what_if.toggle("weights_by_hand").set_value(True).run()
    what_if.slider("weight-unique_image").set_value(1.0).run()
    assert link(what_if)["weights"][0] == 1.0
    what_if.button("remove_item").click().run()
    assert link(what_if)["history"] == history_of(tiny_dataset, "7")[:-1]
    assert html(what_if) != before
    for _ in range(4):
        what_if.button("undo").click().run()
    assert link(what_if) == {}
    assert html(what_if) == before


def test_history_is_reordered_removed_from_and_added_to(
    what_if: AppTest, tiny_dataset: Dataset
) -> None:
    own = history_of(tiny_dataset, "7")
    what_if.button("move_earlier").click().run()
    assert link(what_if)["history"] == [*own[:-2], own[-1], own[-2]]
    what_if.button("move_later").click().run()
    assert link(what_if) == {}
    what_if.selectbox("history_item").set_value(3).run()
    what_if.number_input("history_place").set_value(len(own)).run()
    assert link(what_if)["history"] == [own[-4], *own[:-4], *own[-3:]]
    assert what_if.selectbox("history_item").value == len(own) - 1
    assert "moved, was 4" in html(what_if)
    what_if.button("undo").click().run()
    new = next(item for item in tiny_dataset.items["item_id"] if item not in own)
    what_if.session_state["adding_item"] = True
    what_if.run()
    what_if.selectbox("add_item").set_value(new).run()
    assert link(what_if)["history"] == [*own, new]
    assert "added" in html(what_if)
    what_if.button("reset").click().run()
    assert link(what_if) == {}


def test_both_lists_stand_side_by_side_with_every_place(
    what_if: AppTest, trained_runs: Path, tiny_dataset: Dataset
) -> None:
    from app import live

    (path,) = trained_runs.iterdir()
    run, history = Run(path), history_of(tiny_dataset, "7", 50)
    what_if.get_by_key("withheld").set_value(["text"]).run()
    before = live.ranked(run, tiny_dataset, history, WhatIf())
    now = live.ranked(run, tiny_dataset, history, WhatIf(withheld=("text",)))
    titles = run.table("items").set_index("item_id")["title"]
    for name, listed, other in (("Before", before, now), ("Now", now, before)):
        entries = re.findall(r'<li[^>]* value="(\d+)"[^>]* title="([^"]*)"', side(what_if, name))
        places = other.set_index("item_id")["rank"]
        assert [int(rank) for rank, _ in entries] == list(range(1, 11))
        for (_, words), item, rank in zip(entries, listed["item_id"], listed["rank"], strict=False):
            ends = (rank, places[item]) if name == "Before" else (places[item], rank)
            assert words.startswith(titles[item])
            assert words.endswith(f"rank {ends[0]} → {ends[1]}")


def side(app: AppTest, name: str) -> str:
    return html(app).split(f'<ol aria-label="{name}">')[1].split("</ol>")[0]


@pytest.mark.parametrize(("chosen", "count"), [(0, 46), (44, 46), (20, 46), (3, 8), (0, 1)])
def test_the_chosen_item_of_a_long_history_is_in_its_strip(chosen: int, count: int) -> None:
    start, end = window(chosen, count)
    assert 0 <= start <= chosen < end <= count
    assert end - start == min(count, NEWEST)


def test_among_very_many_items_a_part_of_the_title_is_typed(
    what_if: AppTest, tiny_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(what_if_history, "MAX_OPTIONS", 5)
    own = history_of(tiny_dataset, "7")
    what_if.session_state["adding_item"] = True
    what_if.run()
    assert len(what_if.selectbox("add_item").options) == 5
    items = tiny_dataset.items[~tiny_dataset.items["item_id"].isin(own)]
    last = items.iloc[-1]
    what_if.text_input("add_item_search").set_value(last["title"].upper()).run()
    what_if.selectbox("add_item").set_value(last["item_id"]).run()
    assert link(what_if)["history"] == [*own, last["item_id"]]
    assert not what_if.session_state["adding_item"]


def test_titles_to_add_are_sent_once_asked_for(what_if: AppTest) -> None:
    assert "add_item" not in {one.key for one in what_if.selectbox}


def test_what_replaces_a_part_that_is_off_is_chosen_and_in_the_link(
    open_app: OpenApp, trained_runs: Path
) -> None:
    query = {"user": "7", "view": "What if", "whatif": '{"off":["synergy"]}'}
    app = open_app("users", runs=trained_runs, **query)
    cards = {"mean": html(app)}
    for kind in ("users", "zero", "other"):
        app.selectbox("stand_in").set_value(kind).run()
        cards[kind] = html(app)
    assert app.query_params["standin"] in ("other:1", ["other:1"])
    app.selectbox("stand_in_user").set_value("9").run()
    assert app.query_params["standin"] in ("other:9", ["other:9"])
    again = open_app("users", runs=trained_runs, standin="other:9", **query)
    assert html(again) == html(app)
    assert len(set(cards.values())) > 1


def test_link_reopens_the_changed_list(
    open_app: OpenApp, trained_runs: Path, what_if: AppTest
) -> None:
    what_if.get_by_key("players_on").set_value(["id", "synergy"]).run()
    query = {"user": "7", "view": "What if", "whatif": json.dumps(link(what_if))}
    again = open_app("users", runs=trained_runs, **query)
    assert html(again) == html(what_if)


def test_nonsense_in_the_link_is_said_and_left_out(open_app: OpenApp, trained_runs: Path) -> None:
    query = {"user": "7", "view": "What if", "whatif": '{"off":["soul"]}'}
    app = open_app("users", runs=trained_runs, **query)
    assert "does not understand" in texts(app)
    assert "The list now" in texts(app)


def test_an_unknown_item_in_the_link_is_named(open_app: OpenApp, trained_runs: Path) -> None:
    query = {"user": "7", "view": "What if", "whatif": '{"history":["no such film"]}'}
    app = open_app("users", runs=trained_runs, **query)
    assert "no such film" in "\n".join(error.value for error in app.error)
    assert app.title[0].value == "User 7"


def test_run_without_model_says_what_is_missing(open_app: OpenApp) -> None:
    app = open_app("users", run="prism-seed0", user="7", view="What if")
    assert "needs the run's model" in texts(app).replace("\\", "")


def test_nothing_changed_is_nothing_in_the_link() -> None:
    assert WhatIf().to_text() == ""
    assert replace(WhatIf(), off=("id",)).to_text() == '{"off":["id"]}'


def test_a_badge_stands_at_every_weight_that_is_set_by_hand(
    open_app: OpenApp, trained_runs: Path, tmp_path: Path
) -> None:
    (folder,) = trained_runs.iterdir()
    shutil.copytree(folder, tmp_path / folder.name)
    path = tmp_path / folder.name
    health = health_table(Run(path), None, argparse.Namespace())
    add_artifact(path, "health", health, key="k")
    verdicts = stored_verdicts(health).set_index("part")["verdict"]
    app = open_app("users", runs=tmp_path, user="7", view="What if")
    assert not app.exception
    for part in PARTS:
        badge = f"{label_of(part)}: {verdicts[part]}"
        assert any(badge in one.value for one in app.markdown), badge
