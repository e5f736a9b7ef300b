"""What must hold for every table, whatever the solver does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.information import ATOMS, decompose
from analysis.information.decomposition import mutual_information


@st.composite
def tables(draw: st.DrawFn) -> np.ndarray:
    shape = tuple(draw(st.integers(1, 5)) for _ in range(3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    concentration = draw(st.sampled_from([0.05, 0.3, 1.0]))
    return rng.dirichlet(np.full(np.prod(shape), concentration)).reshape(shape)


@settings(max_examples=60, deadline=None)
@given(tables())
def test_atoms_sum_to_the_information_and_are_not_negative(table: np.ndarray) -> None:
    found = decompose(table)
    joint = mutual_information(table.reshape(-1, table.shape[2]))
    first, second = mutual_information(table.sum(1)), mutual_information(table.sum(0))
    assert sum(found.atoms.values()) == pytest.approx(joint, abs=1e-6)
    assert found.redundancy + found.unique_first == pytest.approx(first, abs=1e-6)
    assert found.redundancy + found.unique_second == pytest.approx(second, abs=1e-6)
    assert min(found.atoms.values()) >= -1e-6
    assert found.gap >= -1e-9


@settings(max_examples=40, deadline=None)
@given(tables())
def test_swapping_the_sources_swaps_the_unique_atoms(table: np.ndarray) -> None:
    atoms, swapped = decompose(table).atoms, decompose(table.swapaxes(0, 1)).atoms
    expected = [
        swapped[name] for name in ("unique_second", "unique_first", "synergy", "redundancy")
    ]
    assert [atoms[name] for name in ATOMS] == pytest.approx(expected, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(tables(), st.integers(0, 2**32 - 1))
def test_relabelling_changes_nothing(table: np.ndarray, seed: int) -> None:
    rng = np.random.default_rng(seed)
    order = [rng.permutation(size) for size in table.shape]
    assert decompose(table[np.ix_(*order)]).atoms == pytest.approx(decompose(table).atoms, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(tables(), st.floats(0.1, 0.9))
def test_splitting_a_state_by_a_coin_changes_nothing(table: np.ndarray, share: float) -> None:
    """A state divided at random tells no more (Blackwell)."""
    split = np.concatenate([table[:1] * share, table[:1] * (1 - share), table[1:]])
    assert decompose(split).atoms == pytest.approx(decompose(table).atoms, abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(tables(), tables())
def test_independent_tables_side_by_side_add_up(one: np.ndarray, other: np.ndarray) -> None:
    shape = tuple(a * b for a, b in zip(one.shape, other.shape, strict=True))
    both = np.einsum("abc,xyz->axbycz", one, other).reshape(shape)
    left, right = decompose(one).atoms, decompose(other).atoms
    expected = {name: left[name] + right[name] for name in ATOMS}
    assert decompose(both).atoms == pytest.approx(expected, abs=1e-5)


@settings(max_examples=30, deadline=None)
@given(tables())
def test_only_synergy_depends_on_more_than_the_pairs(table: np.ndarray) -> None:
    """Making the sources independent given the target keeps R, U1 and U2."""
    target = table.sum((0, 1))
    apart = table.sum(1)[:, None] * table.sum(0)[None] / np.where(target > 0, target, 1)
    found, kept = decompose(table), decompose(apart / apart.sum())
    for name in ("unique_first", "unique_second", "redundancy"):
        assert getattr(kept, name) == pytest.approx(getattr(found, name), abs=1e-6)
