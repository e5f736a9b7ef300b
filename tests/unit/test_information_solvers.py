"""Both BROJA solvers against each other, against dit's cone and against their certificate."""

from collections.abc import Callable

import numpy as np
import pytest

from analysis.information import decompose
from analysis.information.alternating import alternating_minimisation
from analysis.information.broja import solve, solve_batch
from analysis.information.decomposition import to_dit
from analysis.information.gates import Gate, gate, gates
from prism_core.errors import DataError

Table = np.ndarray
SHAPES = ((2, 2, 2), (3, 2, 4), (2, 5, 3), (4, 4, 4), (6, 3, 5), (5, 8, 2), (8, 8, 4), (7, 9, 8))


def dense(rng: np.random.Generator, shape: tuple[int, ...]) -> Table:
    return rng.dirichlet(np.ones(np.prod(shape))).reshape(shape)


def sparse(rng: np.random.Generator, shape: tuple[int, ...]) -> Table:
    """Masses below 1e-5 become zeros: there the cone breaks R + U2 = I2 by 1.5e-6 itself."""
    table = rng.dirichlet(np.full(np.prod(shape), 0.15)).reshape(shape)
    return np.where(table < 1e-5, 0.0, table) / table[table >= 1e-5].sum()


def counted(rng: np.random.Generator, shape: tuple[int, ...]) -> Table:
    return rng.multinomial(60, sparse(rng, shape).ravel()).reshape(shape) / 60


def near_copy(rng: np.random.Generator, shape: tuple[int, ...]) -> Table:
    table = 0.002 * dense(rng, shape)
    for cell in np.ndindex(*shape[:2]):
        table[(*cell, sum(cell) % shape[2])] += 0.998 / np.prod(shape[:2])
    return table / table.sum()


KINDS = (dense, sparse, counted, near_copy)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_equals_dits_cone_on_random_tables(
    kind: Callable[..., Table], shape: tuple[int, ...]
) -> None:
    """7 tables for each of 32 kinds and shapes: 224 in all, plus one of 2,000 cells below."""
    rng = np.random.default_rng(SHAPES.index(shape))
    for _ in range(7):
        _compare_with_cone(kind(rng, shape))


@pytest.mark.parametrize(
    ("kind", "shape"),
    [(dense, (25, 20, 4)), (sparse, (30, 8, 8)), (counted, (8, 40, 6)), (near_copy, (20, 16, 6))],
    ids=lambda one: getattr(one, "__name__", str(one)),
)
def test_equals_dits_cone_up_to_two_thousand_cells(
    kind: Callable[..., Table], shape: tuple[int, ...]
) -> None:
    _compare_with_cone(kind(np.random.default_rng(5), shape))


@pytest.mark.parametrize("one", gates(), ids=lambda one: one.name)
def test_equals_dits_cone_on_every_gate(one: Gate) -> None:
    _compare_with_cone(one.probabilities)


def _compare_with_cone(table: Table) -> None:
    pytest.importorskip("ecos", reason="dit's exact cone solver needs ecos (requirements-dev.txt)")
    from dit.pid import PID_BROJA

    cone = PID_BROJA(to_dit(table), [[0], [1]], [2], method="cone")
    nodes = {
        "redundancy": ((0,), (1,)),
        "unique_first": ((0,),),
        "unique_second": ((1,),),
        "synergy": ((0, 1),),
    }
    expected = {name: float(cone[node]) for name, node in nodes.items()}
    assert decompose(table).atoms == pytest.approx(expected, abs=1e-6)


def test_dits_default_solver_still_fails_on_w() -> None:
    """When this fails dit has been mended: the README's warning can go."""
    from dit.pid import PID_BROJA

    default = PID_BROJA(to_dit(gate("W").probabilities), [[0], [1]], [2])
    assert float(default[((0,), (1,))]) < -0.1


def test_alternating_minimisation_agrees_with_the_interior_point() -> None:
    rng = np.random.default_rng(3)
    for kind in KINDS:
        table = kind(rng, (4, 3, 3))
        first, second = table.sum(1), table.sum(0)
        reached, _ = alternating_minimisation(first[None], second[None], 1e-6)
        target = first.sum(0)
        entropy = -np.sum(target[target > 0] * np.log2(target[target > 0]))
        union = entropy + reached.upper[0] / np.log(2)
        assert union == pytest.approx(solve(first, second).union, abs=5e-6)


def test_alternating_minimisation_takes_over_when_newton_cannot_finish(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("analysis.information.interior_point.MAX_STEPS", 1)
    table = gate("AND").probabilities
    found = solve(table.sum(1), table.sum(0))
    assert found.method == "alternating minimisation"
    assert found.redundancy == pytest.approx(gate("AND").redundancy, abs=1e-5)


def test_a_batch_equals_its_tables_one_by_one() -> None:
    rng = np.random.default_rng(11)
    tables = np.stack([kind(rng, (3, 6, 4)) for kind in KINDS for _ in range(3)])
    first, second = tables.sum(2), tables.sum(1)
    together = [one.union for one in solve_batch(first, second)]
    alone = [solve(a, b).union for a, b in zip(first, second, strict=True)]
    assert together == pytest.approx(alone, abs=1e-8)


def test_tiny_masses_are_still_proved() -> None:
    rng = np.random.default_rng(7)
    for exponent in (8, 15, 30):
        table = dense(rng, (5, 4, 3)) ** exponent
        found = decompose(table / table.sum())
        assert abs(found.gap) < 1e-6


def test_the_dual_gives_the_union_back() -> None:
    """Averaged over the table, the dual functions reproduce the optimum: the lower bound."""
    table = dense(np.random.default_rng(2), (4, 5, 3))
    union = solve(table.sum(1), table.sum(0))
    spread = union.dual_first[:, None] + union.dual_second - np.log2(table.sum((0, 1)))
    assert np.sum(table * spread) == pytest.approx(union.union, abs=1e-7)
    assert np.exp2(union.dual_first[:, None] + union.dual_second).sum(2).max() <= 1 + 1e-9


def test_tables_of_different_targets_are_refused() -> None:
    first = np.array([[0.5, 0.0], [0.0, 0.5]])
    with pytest.raises(DataError, match="same target marginal"):
        solve(first, np.array([[0.6, 0.0], [0.0, 0.4]]))
