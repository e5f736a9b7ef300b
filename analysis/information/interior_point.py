"""A primal-dual interior point for the BROJA programme that uses its structure.

Minimise ``sum q log(q / q(x1, x2))`` over tables ``q(x1, x2, y) >= 0`` with given marginals
``q(x1, y)`` and ``q(x2, y)``. With slacks ``z`` of ``q >= 0`` the Hessian of one pair
``(x1, x2)`` is ``diag((1 + z) / q) - 1 1^T / q(x1, x2)``, whose inverse is
``diag(w) + kappa w w^T`` with ``w = q / (1 + z)`` and ``kappa = 1 / sum_y q z / (1 + z)``. The
normal equations therefore have one small ``Y x Y`` block for each ``x1``; eliminating them
leaves one dense Cholesky factor of size ``k2 Y``. Many tables of one shape run together.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from analysis.information.certificate import Array, Bounds, bounds, safe_log

MAX_STEPS: Final = 60
CENTRING: Final = 0.1
STEP_FRACTION: Final = 0.99
REGULARISATIONS: Final = (1e-14, 1e-10)


class _Problem(NamedTuple):
    """Marginals of ``B`` tables and what follows from their zeros."""

    first: Array  # (B, k1, Y)
    second: Array  # (B, k2, Y)
    support: NDArray[np.bool_]  # (B, k1, k2, Y) cells that may be positive
    start: Array  # (B, k1, k2, Y) conditionally independent table, weight of the barrier
    free: Array  # (B, k2, Y) 1 where the row of the normal matrix is kept, else 0

    def take(self, index: NDArray[np.bool_]) -> _Problem:
        first, second, support, start, free = self
        return _Problem(first[index], second[index], support[index], start[index], free[index])


class _Iterate(NamedTuple):
    table: Array  # (B, k1, k2, Y)
    slack: Array  # (B, k1, k2, Y)
    dual_first: Array  # (B, k1, Y)
    dual_second: Array  # (B, k2, Y)

    def take(self, index: NDArray[np.bool_]) -> _Iterate:
        return _Iterate(*(array[index] for array in self))


class _Factors(NamedTuple):
    """Everything one Newton system needs to be solved for a right-hand side."""

    weight: Array  # (B, k1, k2, Y) w
    kappa: Array  # (B, k1, k2, 1)
    block: Array  # (B, k1, Y, Y) inverse Cholesky factors of the x1 blocks
    coupling: Array  # (B, k1 Y, k2 Y) block @ M12
    scale: Array  # (B, k2 Y) Jacobi scaling of the Schur complement
    schur: list[Array | None]  # Cholesky factors, None where the matrix is not definite


def interior_point(
    first: Array, second: Array, tolerance: float
) -> tuple[Bounds, NDArray[np.int64]]:
    """Solve ``B`` programmes of one shape together.

    Parameters
    ----------
    first, second
        ``(B, k1, Y)`` and ``(B, k2, Y)`` pairwise marginals with equal target marginals. The
        work grows with the cube of ``k2 Y`` and only linearly with ``k1``: pass the larger
        alphabet first.
    tolerance
        Duality gap in nats at which a table is finished.

    Returns
    -------
    Bounds, steps
        The best bounds each table reached, whether or not it met the tolerance, and the
        ``(B,)`` numbers of steps.
    """
    problem = _problem(first, second)
    iterate = _start(problem)
    best = _evaluate(problem, iterate)
    steps = np.zeros(len(first), dtype=np.int64)
    running = np.arange(len(first))
    for step in range(1, MAX_STEPS + 1):
        iterate, alive = _advance(problem, iterate)
        running = running[alive]
        problem, iterate = problem.take(alive), iterate.take(alive)
        if not len(running):
            break
        reached = _evaluate(problem, iterate)
        _keep_better(best, reached, running)
        steps[running] = step
        open_ = reached.upper - reached.lower > tolerance
        running, problem, iterate = running[open_], problem.take(open_), iterate.take(open_)
        if not len(running):
            break
    return best, steps


def _problem(first: Array, second: Array) -> _Problem:
    support = (first > 0)[:, :, None, :] & (second > 0)[:, None, :, :]
    target = first.sum(1)[:, None, None, :]
    product = first[:, :, None, :] * second[:, None, :, :]
    start = np.where(support, product / np.where(target > 0, target, 1.0), 0.0)
    # The rows of one y add up to the same on both sides, so one of them says nothing new.
    free = (second > 0).astype(float)
    np.put_along_axis(free, second.argmax(1)[:, None, :], 0.0, axis=1)
    return _Problem(first, second, support, start, free)


def _start(problem: _Problem) -> _Iterate:
    slack = problem.support.astype(float)
    zeros_first, zeros_second = np.zeros_like(problem.first), np.zeros_like(problem.second)
    return _Iterate(problem.start, slack, zeros_first, zeros_second)


def _evaluate(problem: _Problem, iterate: _Iterate) -> Bounds:
    duals = iterate.dual_first, iterate.dual_second
    return bounds(iterate.table, *duals, problem.first, problem.second)


def _keep_better(best: Bounds, reached: Bounds, running: NDArray[np.int64]) -> None:
    better = reached.upper - reached.lower < best.upper[running] - best.lower[running]
    for kept, new in zip(best, reached, strict=True):
        kept[running[better]] = new[better]


def _advance(problem: _Problem, iterate: _Iterate) -> tuple[_Iterate, NDArray[np.bool_]]:
    """One Newton step towards the central path; tells which tables could take it."""
    factors = _factorise(problem, iterate)
    alive = np.array([factor is not None for factor in factors.schur])
    change = _newton(problem, iterate, factors)
    alive &= np.isfinite(change.dual_second).all((1, 2)) & np.isfinite(change.table).all((1, 2, 3))
    length = _step_length(problem, iterate, change)
    moved = []
    for now, delta in zip(iterate, change, strict=True):
        moved.append(now + length.reshape(-1, *[1] * (now.ndim - 1)) * delta)
    return _Iterate(*moved), alive


def _factorise(problem: _Problem, iterate: _Iterate) -> _Factors:
    table, slack = iterate.table, iterate.slack
    weight = table / (1.0 + slack)
    curvature = (weight * slack).sum(3, keepdims=True)
    kappa = np.where(curvature > 0, 1.0 / np.where(curvature > 0, curvature, 1.0), 0.0)
    block, definite = _inverse_cholesky(_first_block(problem, weight, kappa))
    coupling = _coupling(problem, weight, kappa, block)
    schur, scale = _schur(problem, weight, kappa, coupling)
    factors = [
        _cholesky(matrix) if ok else None for matrix, ok in zip(schur, definite, strict=True)
    ]
    return _Factors(weight, kappa, block, coupling, scale, factors)


def _first_block(problem: _Problem, weight: Array, kappa: Array) -> Array:
    root = np.sqrt(kappa) * weight  # (B, k1, k2, Y)
    block = root.swapaxes(2, 3) @ root
    _diagonal(block)[...] += weight.sum(2) + (problem.first <= 0)
    return block


def _inverse_cholesky(blocks: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Inverse Cholesky factors ``(B, k1, Y, Y)``; tables without one get the identity."""
    _diagonal(blocks)[...] *= 1.0 + REGULARISATIONS[0]
    try:
        return np.linalg.inv(np.linalg.cholesky(blocks)), np.ones(len(blocks), dtype=bool)
    except np.linalg.LinAlgError:
        if len(blocks) == 1:
            identity = np.broadcast_to(np.eye(blocks.shape[-1]), blocks.shape)
            return identity, np.zeros(1, dtype=bool)
    each = [_inverse_cholesky(blocks[row : row + 1]) for row in range(len(blocks))]
    return np.concatenate([one for one, _ in each]), np.concatenate([ok for _, ok in each])


def _coupling(problem: _Problem, weight: Array, kappa: Array, block: Array) -> Array:
    batch, k1, k2, num_targets = weight.shape
    turned = weight.swapaxes(2, 3)[..., None]  # (B, k1, Y, k2, 1)
    product = turned * (kappa * weight)[:, :, None, :, :]  # (B, k1, Y, k2, Y')
    np.einsum("bixjx->bixj", product)[...] += weight.swapaxes(2, 3)
    product *= problem.free[:, None, None, :, :]
    product = product.reshape(batch, k1, num_targets, k2 * num_targets)
    return (block @ product).reshape(batch, k1 * num_targets, k2 * num_targets)


def _schur(problem: _Problem, weight: Array, kappa: Array, coupling: Array) -> tuple[Array, Array]:
    """Schur complement of the x1 blocks with unit diagonal, and the scaling that did it."""
    batch, _, k2, num_targets = weight.shape
    schur = np.stack([-(part.T @ part) for part in coupling])
    root = (np.sqrt(kappa) * weight).swapaxes(1, 2)  # (B, k2, k1, Y)
    block = root.swapaxes(2, 3) @ root
    _diagonal(block)[...] += weight.sum(1)
    block *= problem.free[..., :, None] * problem.free[..., None, :]
    view = schur.reshape(batch, k2, num_targets, k2, num_targets)
    np.einsum("bjxjy->bjxy", view)[...] += block
    _diagonal(schur)[...] += 1.0 - problem.free.reshape(batch, -1)
    scale = 1.0 / np.sqrt(np.maximum(_diagonal(schur), 1e-300))
    schur *= scale[:, :, None] * scale[:, None, :]
    return schur, scale


def _diagonal(matrices: Array) -> Array:
    """Writable view of the diagonals of a stack of matrices."""
    return np.einsum("...ii->...i", matrices)


def _cholesky(matrix: Array) -> Array | None:
    for regularisation in REGULARISATIONS:
        np.fill_diagonal(matrix, 1.0 + regularisation)
        factor, info = lapack.dpotrf(matrix, lower=1)
        if info == 0:
            return factor
    return None


def _newton(problem: _Problem, iterate: _Iterate, factors: _Factors) -> _Iterate:
    table, slack, dual_first, dual_second = iterate
    shape = dual_first.shape
    within = np.where(problem.support, table, 1.0)
    centre = CENTRING * (table * slack).sum((1, 2, 3))[:, None, None, None] * problem.start
    gradient = safe_log(table) - safe_log(table.sum(3, keepdims=True))
    pull = dual_first[:, :, None, :] + dual_second[:, None, :, :] - gradient + centre / within
    pull = np.where(problem.support, pull, 0.0)
    response = _apply_inverse_hessian(factors, pull)
    miss_first = problem.first - table.sum(2) - response.sum(2)
    miss_second = (problem.second - table.sum(1) - response.sum(1)) * problem.free
    half = (factors.block @ miss_first[..., None]).reshape(len(table), -1)
    right = miss_second.reshape(len(table), -1) - np.einsum("bij,bi->bj", factors.coupling, half)
    step_second = _solve_schur(factors, right)
    half = half - np.einsum("bij,bj->bi", factors.coupling, step_second)
    step_first = (factors.block.swapaxes(2, 3) @ half.reshape(*shape, 1))[..., 0]
    step_second = step_second.reshape(dual_second.shape) * problem.free
    shift = np.where(problem.support, step_first[:, :, None, :] + step_second[:, None, :, :], 0.0)
    step_table = response + _apply_inverse_hessian(factors, shift)
    step_slack = np.where(problem.support, (centre - slack * step_table) / within - slack, 0.0)
    return _Iterate(step_table, step_slack, step_first, step_second)


def _apply_inverse_hessian(factors: _Factors, vector: Array) -> Array:
    scaled = factors.weight * vector
    return scaled + factors.kappa * factors.weight * scaled.sum(3, keepdims=True)


def _solve_schur(factors: _Factors, right: Array) -> Array:
    solution = np.zeros_like(right)
    for row, factor in enumerate(factors.schur):
        if factor is not None:
            scale = factors.scale[row]
            solution[row] = lapack.dpotrs(factor, right[row] * scale, lower=1)[0] * scale
    return solution


def _step_length(problem: _Problem, iterate: _Iterate, change: _Iterate) -> Array:
    """Longest step that keeps table and slack inside, the same for all unknowns."""
    fastest = np.zeros(len(iterate.table))
    for now, delta in ((iterate.table, change.table), (iterate.slack, change.slack)):
        rate = np.where(problem.support, -delta / np.where(problem.support, now, 1.0), 0.0)
        fastest = np.maximum(fastest, rate.max((1, 2, 3)))
    return STEP_FRACTION * np.minimum(1.0, 1.0 / np.maximum(fastest, 1e-300))
