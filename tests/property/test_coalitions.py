"""Shapley values and interactions against brute force and the axioms that define them."""

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis import coalitions
from prism_core.errors import DataError

finite = st.floats(-100, 100, allow_nan=False)


def games(players: int) -> st.SearchStrategy[np.ndarray]:
    return arrays(np.float64, 2**players, elements=finite)


any_game = st.integers(1, 5).flatmap(games)


def brute_force(values: np.ndarray) -> np.ndarray:
    players = coalitions.num_players(values)
    orders = list(permutations(range(players)))
    shares = np.zeros(players)
    for order in orders:
        mask = 0
        for player in order:
            shares[player] += values[mask | 1 << player] - values[mask]
            mask |= 1 << player
    return shares / len(orders)


@given(any_game)
def test_shapley_equals_the_mean_over_all_orders(values: np.ndarray) -> None:
    np.testing.assert_allclose(coalitions.shapley_values(values), brute_force(values), atol=1e-9)


@given(any_game)
def test_efficiency(values: np.ndarray) -> None:
    total = coalitions.shapley_values(values).sum()
    assert total == pytest.approx(values[-1] - values[0], abs=1e-9)


@given(games(4), games(4))
def test_additivity(one: np.ndarray, other: np.ndarray) -> None:
    both = coalitions.shapley_values(one + other)
    apart = coalitions.shapley_values(one) + coalitions.shapley_values(other)
    np.testing.assert_allclose(both, apart, atol=1e-9)


@given(games(3), st.integers(0, 3))
def test_a_dummy_gets_what_it_adds_alone(smaller: np.ndarray, place: int) -> None:
    masks = np.arange(16)
    without = (masks & (1 << place) - 1) | (masks >> place + 1 << place)
    values = smaller[without] + 2.5 * (masks >> place & 1)
    assert coalitions.shapley_values(values)[place] == pytest.approx(2.5)


@given(games(4))
def test_symmetric_players_get_the_same(values: np.ndarray) -> None:
    masks = np.arange(16)
    swapped = (masks & ~3) | (masks & 1) << 1 | (masks >> 1 & 1)
    shares = coalitions.shapley_values(values + values[swapped])
    assert shares[0] == pytest.approx(shares[1], abs=1e-9)


def test_two_player_interaction_is_the_double_difference() -> None:
    values = np.array([[1.0, 2.0, 4.0, 9.0], [0.0, 3.0, 3.0, 3.0]])
    np.testing.assert_allclose(coalitions.interaction_index(values), [4.0, -3.0])


@given(games(3))
def test_three_player_interaction_is_the_grand_dividend(values: np.ndarray) -> None:
    signs = np.array([(-1) ** (3 - mask.bit_count()) for mask in range(8)])
    assert coalitions.interaction_index(values) == pytest.approx(signs @ values, abs=1e-9)


@given(st.lists(finite, min_size=4, max_size=4))
def test_an_additive_game_has_no_interaction_at_all(shares: list[float]) -> None:
    values = np.array([sum(s for i, s in enumerate(shares) if m >> i & 1) for m in range(16)])
    for pair in combinations(range(4), 2):
        assert coalitions.interaction_index(values, pair) == pytest.approx(0, abs=1e-8)


@given(games(4), st.integers(0, 3))
def test_the_interaction_of_one_is_its_shapley_value(values: np.ndarray, player: int) -> None:
    single = coalitions.interaction_index(values, [player])
    assert single == pytest.approx(coalitions.shapley_values(values)[player], abs=1e-9)


@pytest.mark.parametrize("size", [0, 3, 12])
def test_a_wrong_number_of_scores_is_refused(size: int) -> None:
    with pytest.raises(DataError, match="power of two"):
        coalitions.shapley_values(np.zeros((2, size)))
