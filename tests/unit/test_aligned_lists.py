"""Two lists beside each other: every item with both places, drawn where it stands."""

import pandas as pd
import pytest

from analysis.aligned_lists import aligned_lists
from analysis.plots.rank_moves import STUB, rank_moves
from analysis.plots.two_sides import two_sides
from prism_core.names import PARTS

TITLES = {"a": "Alpha", "b": "Beta <b>", "c": "Gamma", "d": "Delta"}


def ranked(*item_ids: str) -> pd.DataFrame:
    return pd.DataFrame({"item_id": item_ids, "rank": range(1, len(item_ids) + 1)})


@pytest.fixture
def lists() -> pd.DataFrame:
    return aligned_lists(
        ranked("a", "b", "c", "d"),
        ranked("c", "b", "d", "a"),
        titles=TITLES,
        targets=("d", "d"),
        top=3,
    )


def test_items_of_either_top_are_listed_with_both_places(lists: pd.DataFrame) -> None:
    rows = lists.set_index("item_id")
    assert set(rows.index) == {"a", "b", "c", "d"}
    assert rows.loc["c", ["first", "second", "move"]].tolist() == [3, 1, 2]
    assert rows.loc["a", ["first", "second", "move"]].tolist() == [1, 4, -3]
    assert rows.index[rows["is_target"]].tolist() == ["d"]


def test_a_place_that_is_not_stored_is_not_made_up() -> None:
    lists = aligned_lists(ranked("a", "b"), ranked("b", "c"), titles=TITLES, top=2)
    rows = lists.set_index("item_id")
    assert pd.isna(rows.loc["a", "second"])
    assert pd.isna(rows.loc["a", "move"])
    assert not rows["is_target"].any()


def test_the_figure_joins_both_places_and_leads_out_where_there_is_only_one(
    lists: pd.DataFrame,
) -> None:
    figure = rank_moves(lists=lists, names=("PRISM", "SASRec"), top=3)
    lines = {trace.name: trace for trace in figure.data if trace.name}
    assert list(lines["Rises"].y[:2]) == [3, 1]
    assert list(lines["Stays"].y[:2]) == [2, 2]
    assert set(lines["In one list only"].x) - {None} == {0, STUB, 1 - STUB, 1}
    assert "Falls" not in lines
    assert figure.layout.yaxis.ticktext[1] == "2  Beta &lt;b&gt;"
    assert figure.layout.yaxis2.ticktext[2] == "<b>★ 3  Delta</b>"
    assert list(figure.layout.xaxis.ticktext) == ["<b>PRISM</b>", "<b>SASRec</b>"]


def test_nothing_to_compare_is_said() -> None:
    lists = aligned_lists(ranked(), ranked(), titles={})
    assert (
        "nothing to compare" in rank_moves(lists=lists, names=("", "")).layout.annotations[0].text
    )


def test_two_sides_draw_every_value_of_both() -> None:
    table = pd.DataFrame(
        [(side, quantity, player, value + shift)
         for side, shift in (("PRISM", 0.0), ("Other", 0.5))
         for quantity, players in (("Fusion weight", PARTS), ("Mean contribution", (*PARTS, "id")))
         for value, player in enumerate(players)],
        columns=["side", "quantity", "player", "value"],
    )  # fmt: skip
    figure = two_sides(table=table)
    marks = [t for t in figure.data if t.mode == "markers" and t.x[0] is not None]
    assert [t.name for t in marks] == ["PRISM", "Other"] * 2
    assert list(marks[2].x) == [0, 1, 2, 3, 4]
    assert list(marks[3].x) == [0.5, 1.5, 2.5, 3.5, 4.5]
    assert marks[2].y[-1] == "Item id"
    assert two_sides(table=table.iloc[:0]).layout.annotations[0].text
