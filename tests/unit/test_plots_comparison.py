"""What the comparison figures draw equals the frames they were given."""

import numpy as np
import pandas as pd
import pytest

from analysis.plots import comparison as figures
from analysis.plots.sensitivity import sensitivity_curves
from analysis.plots.slices import slice_heatmap
from analysis.plots.theme import CATEGORY_COLORS, MUTED
from analysis.plots.training import cost_scatter, learning_curves

TABLE = pd.DataFrame(
    {
        "name": ["A", "B", "C", "A", "B", "C"],
        "kind": ["model", "model", "floor"] * 2,
        "metric": ["ndcg@10"] * 3 + ["hr@10"] * 3,
        "value": [0.2, 0.3, 0.1, 0.4, 0.5, 0.3],
    }
).assign(low=lambda t: t["value"] - 0.02, high=lambda t: t["value"] + 0.03)

DIFFERENCES = pd.DataFrame(
    {
        "name": ["B", "C"],
        "metric": "ndcg@10",
        "difference": [0.1, -0.01],
        "low": [0.05, -0.03],
        "high": [0.15, 0.01],
        "p_holm": [0.0004, 0.2],
        "wins": [30, 5],
        "ties": [60, 88],
        "losses": [10, 7],
    }
)


def test_the_forest_draws_values_with_their_intervals_best_on_top() -> None:
    figure = figures.metric_forest(table=TABLE)
    drawn = {
        (trace.xaxis, name): (x, x - minus, x + plus)
        for trace in figure.data
        for name, x, minus, plus in zip(
            trace.y, trace.x, trace.error_x.arrayminus, trace.error_x.array, strict=True
        )
    }
    axes = {"ndcg@10": "x", "hr@10": "x2"}
    for row in TABLE.to_dict("records"):
        expected = (row["value"], row["low"], row["high"])
        assert drawn[axes[row["metric"]], row["name"]] == pytest.approx(expected)
    assert list(figure.layout.yaxis.categoryarray) == ["C", "A", "B"]


def test_floors_have_their_own_mark_and_one_legend_entry() -> None:
    figure = figures.metric_forest(table=TABLE)
    symbols = {trace.name: trace.marker.symbol for trace in figure.data}
    assert symbols == {"Model": "circle", "Floor": "square-open"}
    assert sum(trace.showlegend for trace in figure.data) == 2


def test_the_run_in_focus_keeps_its_colour() -> None:
    figure = figures.metric_forest(table=TABLE, highlight="B")
    colors = dict(zip(figure.data[0].y, figure.data[0].marker.color, strict=True))
    assert colors == {"A": MUTED[False], "B": CATEGORY_COLORS[0]}


def test_an_uncertain_difference_is_grey_and_p_values_are_printed() -> None:
    figure = figures.difference_forest(table=DIFFERENCES, reference="A")
    colors = dict(zip(figure.data[0].y, figure.data[0].marker.color, strict=True))
    assert colors == {"B": CATEGORY_COLORS[0], "C": MUTED[False]}
    texts = [note.text for note in figure.layout.annotations]
    assert "p < .001" in texts
    assert "p = 0.200" in texts
    assert "difference to A" in figure.layout.xaxis.title.text


def test_wins_ties_and_losses_add_up() -> None:
    figure = figures.win_tie_loss(table=DIFFERENCES, reference="A")
    assert np.sum([trace.x for trace in figure.data], axis=0).tolist() == [100, 100]
    assert [trace.name for trace in figure.data] == ["Wins", "Ties", "Losses"]


def test_learning_curves_are_means_over_seeds_with_their_range() -> None:
    curves = pd.DataFrame(
        {
            "name": "A",
            "seed": [0, 0, 1, 1],
            "epoch": [1, 2, 1, 2],
            "quantity": "ndcg@10",
            "value": [0.1, 0.2, 0.3, 0.6],
        }
    )
    band, line = learning_curves(curves=curves).data
    np.testing.assert_allclose(line.y, [0.2, 0.4])
    np.testing.assert_allclose(band.y, [0.3, 0.6, 0.2, 0.1])


def test_cells_that_are_uncertain_carry_no_colour() -> None:
    table = pd.DataFrame(
        {
            "name": ["B", "B", "C", "C"],
            "grouping": "top part",
            "group": ["synergy", "redundancy"] * 2,
            "num_users": [50, 10] * 2,
            "difference": [0.1, 0.2, -0.1, 0.3],
            "low": [0.05, -0.1, -0.2, 0.1],
            "high": [0.15, 0.5, -0.05, 0.5],
            "certain": [True, False, True, True],
        }
    )
    uncertain, certain = slice_heatmap(table=table).data
    np.testing.assert_allclose(np.array(certain.z, float), [[0.1, -0.1], [np.nan, 0.3]])
    assert np.array(uncertain.text).tolist() == [["", ""], ["+0.200", ""]]
    assert np.array(certain.text).tolist() == [["+0.100", "−0.100"], ["", "+0.300"]]
    assert certain.zmin == -certain.zmax
    assert list(certain.y[1]) == ["Synergy (50)", "Redundancy (10)"]


def test_the_cost_front_joins_only_what_nothing_beats() -> None:
    table = TABLE.head(3).assign(
        seconds=[5.0, 9.0, 7.0], seconds_low=[4.0, 9.0, 6.0], seconds_high=[7.0, 9.0, 8.0]
    )
    front, others, first, second = cost_scatter(table=table).data
    assert list(front.x) == [5.0, 9.0]
    assert (list(others.x), list(others.y)) == ([7.0], [0.1])
    assert [(t.name, t.x[0], t.y[0]) for t in (first, second)] == [("A", 5.0, 0.2), ("B", 9.0, 0.3)]
    assert (first.error_x.arrayminus[0], first.error_x.array[0]) == (1.0, 2.0)
    assert others.error_x.arrayminus[0] == 1.0
    assert [t.error_y.array[0] for t in (others, first, second)] == pytest.approx([0.03] * 3)


def test_only_variants_on_the_front_are_in_the_legend_each_with_a_look_of_its_own() -> None:
    names, values = list("ABCDE"), [0.1, 0.05, 0.2, 0.3, 0.25]
    table = pd.DataFrame({"name": names, "metric": "ndcg@10", "value": values})
    table = table.assign(low=values, high=values, seconds=range(5))
    table = table.assign(seconds_low=table["seconds"], seconds_high=table["seconds"])
    shown = [t for t in cost_scatter(table=table).data if t.showlegend is not False]
    assert [trace.name for trace in shown] == ["A", "C", "D"]
    assert len({(t.marker.color[0], t.marker.symbol) for t in shown}) == 3
    (others,) = [t for t in cost_scatter(table=table).data if t.hovertext and len(t.x) == 2]
    assert list(others.hovertext) == ["B", "E"]


def test_groups_show_shares_of_users_and_grey_what_is_uncertain() -> None:
    table = pd.DataFrame(
        {
            "grouping": ["history length", "history length"],
            "group": ["1 to 5", "6 to 9"],
            "num_users": [50, 10],
            "wins": [5, 1],
            "ties": [35, 4],
            "losses": [10, 5],
            "difference": [-0.1, -0.2],
            "low": [-0.15, -0.5],
            "high": [-0.05, 0.1],
            "certain": [True, False],
        }
    )
    wins, ties, losses, dots = figures.group_outcomes(table=table, name="B").data
    assert list(wins.x) == [10, 10]
    assert (np.sum([wins.x, ties.x, losses.x], axis=0) == 100).all()
    assert list(dots.x) == [-0.1, -0.2]
    assert list(dots.marker.color) == [CATEGORY_COLORS[0], MUTED[False]]
    assert list(dots.y[1]) == ["1 to 5 (50)", "6 to 9 (10)"]


def test_sensitivity_draws_every_setting_and_marks_the_reference() -> None:
    table = pd.DataFrame(
        {
            "setting": ["T", "T", "T", "λ", "λ"],
            "x": [0.7, 0.2, 1.4, 0.1, 0.0],
            "is_reference": [True, False, False, True, False],
            "name": ["A", "B", "C", "A", "D"],
            "metric": "ndcg@10",
            "value": [0.3, 0.2, 0.1, 0.3, 0.25],
        }
    ).assign(low=lambda t: t["value"] - 0.02, high=lambda t: t["value"] + 0.01)
    first, second = sensitivity_curves(table=table).data
    assert list(first.x) == ["0.2", "0.7", "1.4"]
    assert list(first.y) == [0.2, 0.3, 0.1]
    assert list(first.marker.symbol) == ["circle", "diamond", "circle"]
    assert list(second.x) == ["0", "0.1"]
    assert list(second.error_y.arrayminus) == pytest.approx([0.02, 0.02])


@pytest.mark.parametrize(
    "figure",
    [
        figures.metric_forest(table=TABLE.head(0)),
        figures.difference_forest(table=DIFFERENCES.head(0), reference="A"),
        learning_curves(curves=pd.DataFrame({"quantity": [], "epoch": []})),
        slice_heatmap(table=pd.DataFrame()),
        figures.group_outcomes(table=pd.DataFrame(), name="A"),
        sensitivity_curves(table=pd.DataFrame()),
        cost_scatter(table=TABLE.assign(seconds=np.nan)),
    ],
)
def test_nothing_to_draw_is_said_in_words(figure) -> None:
    assert not figure.data
    assert figure.layout.annotations[0].text.endswith(".")
