"""What the explanation figures draw equals the frames they were given."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from analysis import explanations
from analysis.plots import explanations as figures
from analysis.plots import population as crowd
from analysis.plots import theme
from analysis.plots.text import short
from analysis.plots.triangle import part_triangle
from analysis.recipes import Recipe, draw
from analysis.regions import Region, box
from analysis.user_plane import TRIANGLE, triangle_plane
from prism_core.names import PARTS
from prism_core.store.reader import Run


@pytest.fixture(scope="module")
def run(tiny_runs: Path) -> Run:
    return Run(tiny_runs / "prism-seed0")


@pytest.fixture(scope="module")
def explained(run: Run) -> explanations.UserExplanation:
    return explanations.explain_user(run, "7")


@pytest.mark.parametrize("dark", [False, True])
def test_bars_are_the_contributions(explained: explanations.UserExplanation, dark: bool) -> None:
    figure = figures.contribution_bars(
        recommendations=explained.recommendations, contributions=explained.contributions, dark=dark
    )
    bars = {trace.name: trace for trace in figure.data if trace.type == "bar"}
    assert list(bars) == [theme.label_of(p) for p in (*PARTS, "id")]
    for player, rows in explained.contributions.groupby("player"):
        drawn = bars[theme.label_of(player)]
        np.testing.assert_allclose(drawn.x, rows.sort_values("rank")["contribution"])
        assert drawn.marker.color == theme.color_of(player)
    assert sum(label.startswith("<b>★") for label in bars["Synergy"].y) == 1
    assert figure.layout.template.layout.font.color == theme.INK[dark]


def test_a_highlighted_item_stands_out(explained: explanations.UserExplanation) -> None:
    chosen = explained.recommendations["item_id"].iloc[2]
    figure = figures.contribution_bars(
        recommendations=explained.recommendations,
        contributions=explained.contributions,
        highlight=chosen,
    )
    opacity = np.array(figure.data[0].marker.opacity)
    assert opacity.argmax() == 2
    assert (opacity == 1).sum() == 1


def test_the_waterfall_runs_from_baseline_to_score(explained: explanations.UserExplanation) -> None:
    item = explained.recommendations.iloc[0]
    shares = explained.contributions.query("rank == 1")
    figure = figures.contribution_waterfall(contributions=shares, baseline=item["baseline"])
    bars = figure.data
    assert bars[0].base[0] == pytest.approx(item["baseline"])
    for before, after in pairwise(bars):
        assert after.base[0] == pytest.approx(before.base[0] + before.x[0])
    assert bars[-1].base[0] + bars[-1].x[0] == pytest.approx(item["score"], abs=1e-5)


def test_interactions_are_drawn_under_their_name(explained: explanations.UserExplanation) -> None:
    listed = explained.recommendations.copy()
    listed["interaction"] = np.linspace(-1, 1.01, len(listed))
    listed["interaction_kind"] = np.where(listed["interaction"] > 0, "synergy", "suppression")
    figure = figures.interaction_bars(recommendations=listed)
    drawn = {trace.name: list(trace.x) for trace in figure.data}
    assert min(drawn["Synergy"]) > 0 > max(drawn["Suppression"])
    assert len(drawn["Synergy"]) + len(drawn["Suppression"]) == len(listed)


def test_the_ladder_shows_each_score_and_their_sum(explained: explanations.UserExplanation) -> None:
    scores = explained.modality_scores.query("rank == 1")
    figure = figures.modality_ladder(modality_scores=scores)
    none, image, text, both = scores["score"]
    np.testing.assert_allclose(figure.data[0].x, [none, image, text, both, image + text - none])


def test_ridges_count_every_user_once_and_mark_the_user(
    run: Run, explained: explanations.UserExplanation
) -> None:
    population = explanations.population_weights(run)
    figure = crowd.weight_ridges(population=population, weights=explained.weights)
    ridges = [trace for trace in figure.data if trace.fill == "toself"]
    assert [sum(trace.customdata) / 2 for trace in ridges] == [len(run.table("users"))] * 4
    marks = [trace for trace in figure.data if trace.marker.symbol == "diamond"]
    np.testing.assert_allclose([trace.x[0] for trace in marks], explained.weights["weight"])


def test_the_ridge_figure_does_not_grow_with_the_users(run: Run) -> None:
    few = explanations.population_weights(run)
    many = few.loc[few.index.repeat(50)]
    sizes = [len(crowd.weight_ridges(population=frame).to_json()) for frame in (few, many)]
    assert sizes[1] < 1.1 * sizes[0]


def test_contribution_ridges_mark_the_user_s_own_mean(run: Run) -> None:
    population = explanations.population_contributions(run)
    figure = crowd.contribution_ridges(population=population, user_id="7")
    mine = population.set_index("user_id").loc["7"]
    marks = [trace.x[0] for trace in figure.data if trace.marker.symbol == "diamond"]
    np.testing.assert_allclose(marks, [mine[f"contribution_{p}"] for p in (*PARTS, "id")])


def test_the_triangle_places_pure_users_in_its_corners(run: Run) -> None:
    population = explanations.population_contributions(run).head(3).copy()
    population[[f"share_{part}" for part in PARTS]] = np.eye(4)[:3]
    population["top_part"] = PARTS[:3]
    figure = part_triangle(population=population, user_id=population["user_id"].iloc[0])
    placed = {t.name: (t.x[0], t.y[0]) for t in figure.data if t.type == "scattergl"}
    assert placed["Unique image"] == (0, 0)
    assert placed["Unique text"] == (1, 0)
    assert placed["Synergy"] == pytest.approx((0.5, np.sqrt(3) / 2))


def test_the_triangle_shows_who_is_marked(run: Run) -> None:
    population = explanations.population_contributions(run)
    chosen = population["user_id"].iloc[[3, 8, 21]]
    shape = box(TRIANGLE, [0, 1], [0, 0.5])
    figure = part_triangle(population=population, marked=chosen, shapes=[shape])
    points = [trace for trace in figure.data if trace.type == "scattergl"]
    shown = [t.customdata[place] for t in points for place in t.selectedpoints]
    assert sorted(shown) == [3, 8, 21]
    assert [one.type for one in figure.layout.selections] == ["rect"]
    region = Region("users", TRIANGLE, (shape,))
    recipe = Recipe(figure="triangle", runs=(run.run_id,), options={"marked": region.text()})
    again = draw(recipe, {run.run_id: run.path})
    inside = region.rows(lambda _: triangle_plane(population))
    found = [t.customdata[k] for t in again.data if t.type == "scattergl" for k in t.selectedpoints]
    assert sorted(found) == inside.tolist()


def test_titles_from_files_cannot_inject_markup() -> None:
    assert short("<b>Bold</b> & <a href='x'>y</a>", width=99).count("<") == 0
    assert len(short("x" * 100)) == 34
