"""The statistics are right: rates and coverage by simulation, values by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis import resampling
from analysis.comparison import metric_values

TRIALS = 1500
USERS = 300


def equal_systems(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two systems that rank the same users' items equally well, each with its own noise."""
    hardness = rng.exponential(size=USERS)
    return tuple(
        metric_values(1 + np.floor(np.exp(rng.normal(3, 1.5, USERS)) * hardness), "ndcg@10")
        for _ in range(2)
    )


def test_equal_systems_differ_in_five_percent_of_comparisons() -> None:
    rng = np.random.default_rng(0)
    flips, boots = np.zeros(TRIALS), np.zeros(TRIALS)
    for trial in range(TRIALS):
        one, other = equal_systems(rng)
        flips[trial] = resampling.randomisation_p(one - other, seed=trial, resamples=200)
        boots[trial] = resampling.difference_interval(one, other, seed=trial, resamples=200)[1]
    assert np.mean(flips <= 0.05) == pytest.approx(0.05, abs=0.015)
    assert np.mean(boots <= 0.05) == pytest.approx(0.05, abs=0.015)


def test_intervals_of_a_metric_cover_its_true_value() -> None:
    rng = np.random.default_rng(1)
    covered = np.zeros(TRIALS, dtype=bool)
    for trial in range(TRIALS):
        ranks = np.where(rng.random(600) < 0.08, 1, 99)
        interval = resampling.mean_interval(
            metric_values(ranks, "hr@10"), seed=trial, resamples=400
        )
        covered[trial] = interval.low <= 0.08 <= interval.high
    assert covered.mean() == pytest.approx(0.95, abs=0.015)


@pytest.mark.parametrize("luck", [0.15, 0.3, 1.0])
def test_equal_recipes_of_three_seeds_differ_in_five_percent_of_comparisons(luck: float) -> None:
    rng = np.random.default_rng(2)
    differ, missed = np.zeros(1200, dtype=bool), np.zeros(1200, dtype=bool)
    for trial in range(len(differ)):
        hardness = rng.normal(size=200)
        ours, theirs = (recipe(hardness, rng, luck) for _ in range(2))
        interval, p = resampling.difference_interval(ours, theirs, seed=trial, resamples=400)
        differ[trial], missed[trial] = p <= 0.05, interval.excludes_zero
    assert differ.mean() == pytest.approx(0.05, abs=0.015)
    assert missed.mean() == pytest.approx(0.05, abs=0.015)


def test_seeds_that_do_not_scatter_make_no_false_difference() -> None:
    rng = np.random.default_rng(3)
    differ = np.zeros(400, dtype=bool)
    for trial in range(400):
        hardness = rng.normal(size=200)
        ours, theirs = (recipe(hardness, rng, luck=0.0) for _ in range(2))
        differ[trial] = resampling.difference_interval(ours, theirs, seed=trial, resamples=200)[
            0
        ].excludes_zero
    assert differ.mean() <= 0.065


@pytest.mark.parametrize(("luck", "lowest", "highest"), [(0.15, 0.935, 0.965), (1.0, 0.9, 0.95)])
def test_the_interval_of_a_recipe_covers_its_mean_over_all_seeds_and_users(
    luck: float, lowest: float, highest: float
) -> None:
    """Where the scatter of three seeds is nearly all there is, 95 % cannot quite be held."""
    rng = np.random.default_rng(4)
    truth = np.mean([recipe(rng.normal(size=200), rng, luck, seeds=50).mean() for _ in range(200)])
    covered = np.zeros(1000, dtype=bool)
    for trial in range(len(covered)):
        values = recipe(rng.normal(size=200), rng, luck)
        interval = resampling.mean_interval(values, seed=trial, resamples=200)
        covered[trial] = interval.low <= truth <= interval.high
    assert lowest <= covered.mean() <= highest


def recipe(
    hardness: np.ndarray, rng: np.random.Generator, luck: float, seeds: int = 3
) -> np.ndarray:
    """Seeds of one recipe: some train better than others, and all have noise per user."""
    shift = rng.normal(0, luck, (seeds, 1))
    noise = rng.normal(0, 1, (seeds, len(hardness)))
    return metric_values(1 + np.floor(np.exp(2.5 + hardness + shift + noise)), "ndcg@10")


def test_a_true_difference_is_found_with_its_size() -> None:
    rng = np.random.default_rng(3)
    theirs = (rng.random(2000) < 0.10).astype(float)
    ours = np.maximum(theirs, rng.random(2000) < 0.05)
    interval, p = resampling.difference_interval(ours, theirs)
    assert interval.excludes_zero
    assert interval.value == pytest.approx((ours - theirs).mean())
    assert p < 0.001
    assert resampling.randomisation_p(ours - theirs) < 0.001


def test_counting_equal_users_once_is_the_ordinary_bootstrap() -> None:
    rng = np.random.default_rng(4)
    values = metric_values(rng.integers(1, 15, 400), "ndcg@10")
    picks = rng.integers(0, 400, (4000, 400))
    low, high = np.quantile(values[picks].mean(axis=1), [0.025, 0.975])
    interval = resampling.mean_interval(values)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=0.002)


def test_identical_systems_have_p_one_and_no_width() -> None:
    values = np.array([0.0, 1.0, 0.5])
    interval, p = resampling.difference_interval(values, values)
    assert (interval.low, interval.value, interval.high) == (0, 0, 0)
    assert p == 1
    assert resampling.randomisation_p(values - values) == 1


def test_the_same_seed_gives_the_same_interval() -> None:
    values = np.random.default_rng(5).random((3, 50))
    assert resampling.mean_interval(values, seed=7) == resampling.mean_interval(values, seed=7)
    assert resampling.mean_interval(values, seed=7) != resampling.mean_interval(values, seed=8)


def test_holm_by_hand() -> None:
    corrected = resampling.holm(np.array([0.04, 0.01, 0.03]))
    np.testing.assert_allclose(corrected, [0.06, 0.03, 0.06])


@given(arrays(np.float64, st.integers(1, 12), elements=st.floats(0.0001, 1)))
def test_holm_never_lowers_a_p_and_keeps_the_order(p: np.ndarray) -> None:
    corrected = resampling.holm(p)
    assert (corrected >= p).all()
    assert (corrected <= 1).all()
    assert (np.diff(corrected[np.argsort(p)]) >= 0).all()


def test_joint_intervals_agree_with_those_of_one_quantity() -> None:
    table = np.random.default_rng(3).normal(size=(2, 400))
    joint = resampling.mean_intervals(table, seed=1)
    for row, found in zip(table, joint, strict=True):
        alone = resampling.mean_interval(row, seed=2)
        assert found.value == pytest.approx(row.mean())
        half = (alone.high - alone.low) / 2
        assert abs(found.low - alone.low) < 0.1 * half
        assert abs(found.high - alone.high) < 0.1 * half


def test_the_interval_of_a_median_covers_it() -> None:
    rng = np.random.default_rng(2)
    covered = [
        (found := resampling.median_interval(rng.exponential(size=101))).low
        <= np.log(2)
        <= found.high
        for _ in range(TRIALS)
    ]
    assert 0.94 <= np.mean(covered) <= 0.98
    assert resampling.median_interval(np.array([3.0])) == resampling.Interval(3.0, 3.0, 3.0)
