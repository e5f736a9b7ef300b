"""Our BROJA solver against dit's cone and cvxpy on the same tables, as ratios in one run."""

from collections.abc import Callable
from time import process_time

import numpy as np
import pytest

from analysis.information.broja import solve, solve_batch
from analysis.information.decomposition import decompose, to_dit

pytestmark = pytest.mark.benchmark
Table = np.ndarray


def dense(*shape: int) -> Table:
    return np.random.default_rng(0).dirichlet(np.ones(np.prod(shape))).reshape(shape)


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """CPU seconds of the second call, and its result; the first one warms up."""
    work()
    start = process_time()
    result = work()
    return process_time() - start, result


@pytest.mark.parametrize("size", [4, 8, 12])
def test_against_dits_cone(size: int) -> None:
    pytest.importorskip("ecos", reason="dit's cone solver needs ecos")
    from dit.pid import PID_BROJA

    table = dense(size, size, size)
    distribution = to_dit(table)
    ours, found = timed(lambda: decompose(table))
    start = process_time()
    cone = PID_BROJA(distribution, [[0], [1]], [2], method="cone")
    redundancy = float(cone[((0,), (1,))])
    theirs = process_time() - start
    print(f"\n{size}^3: ours {ours:.3f} s, dit cone {theirs:.3f} s, ratio {theirs / ours:.1f}")
    assert abs(found.redundancy - redundancy) < 1e-6  # type: ignore[attr-defined]


@pytest.mark.parametrize("size", [8, 12])
def test_against_cvxpy(size: int) -> None:
    cvxpy = pytest.importorskip("cvxpy", reason="cvxpy is not installed: pip install cvxpy==1.9.3")
    table = dense(size, size, size)
    ours, found = timed(lambda: decompose(table))
    start = process_time()
    optimum = _cvxpy_optimum(cvxpy, table)
    theirs = process_time() - start
    print(f"\n{size}^3: ours {ours:.3f} s, cvxpy {theirs:.3f} s, ratio {theirs / ours:.1f}")
    target = table.sum((0, 1))
    union = -float(target @ np.log2(target)) + optimum / np.log(2)
    assert abs(found.union.union - union) < 1e-5  # type: ignore[attr-defined]


def _cvxpy_optimum(cvxpy: object, table: Table) -> float:
    """Smallest ``sum q log(q / q(x1, x2))`` in nats, by cvxpy with Clarabel."""
    k1, k2, num_targets = table.shape
    tables = [cvxpy.Variable((k1, k2), nonneg=True) for _ in range(num_targets)]  # type: ignore[attr-defined]
    pair = sum(tables)
    objective = sum(cvxpy.sum(cvxpy.rel_entr(q, pair)) for q in tables)  # type: ignore[attr-defined]
    constraints = []
    for y, q in enumerate(tables):
        constraints += [cvxpy.sum(q, axis=1) == table[:, :, y].sum(1)]  # type: ignore[attr-defined]
        constraints += [cvxpy.sum(q, axis=0) == table[:, :, y].sum(0)]  # type: ignore[attr-defined]
    problem = cvxpy.Problem(cvxpy.Minimize(objective), constraints)  # type: ignore[attr-defined]
    return float(problem.solve(solver="CLARABEL"))


@pytest.mark.parametrize(
    "shape", [(16, 16, 2), (16, 16, 8), (32, 32, 8), (16, 16, 16), (32, 32, 32)], ids=str
)
def test_time_for_each_shape(shape: tuple[int, ...]) -> None:
    seconds, found = timed(lambda: decompose(dense(*shape)))
    print(f"\n{shape}: {seconds:.3f} s, gap {found.gap:.1e} bit")  # type: ignore[attr-defined]


def test_a_batch_against_one_by_one() -> None:
    tables = np.random.default_rng(0).multinomial(5_000, dense(16, 16, 2).ravel(), size=100)
    tables = tables.reshape(100, 16, 16, 2) / 5_000
    first, second = tables.sum(2), tables.sum(1)
    together, _ = timed(lambda: solve_batch(first, second))
    alone, _ = timed(lambda: [solve(a, b) for a, b in zip(first, second, strict=True)])
    print(f"\n100 of (16, 16, 2): together {together:.2f} s, one by one {alone:.2f} s")
