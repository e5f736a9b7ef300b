"""Atoms of the canonical gates, and dit's exact solver as an independent witness."""

import numpy as np
import pytest

from analysis.information import decompose
from analysis.information.certificate import CertificateError, CertifiedUnion
from analysis.information.decomposition import from_dit, to_dit
from analysis.information.gates import Gate, gate, gates
from analysis.information.table import checked_probabilities, merge_rare_states
from prism_core.errors import DataError


@pytest.mark.parametrize("one", gates(), ids=lambda one: one.name)
def test_gate_has_its_known_atoms(one: Gate) -> None:
    found = decompose(one.probabilities)
    assert found.atoms == pytest.approx(one.atoms, abs=1e-6)
    assert abs(found.gap) < 1e-8


def test_atoms_come_from_a_dit_distribution_in_any_base() -> None:
    plain = to_dit(gate("AND").probabilities)
    logarithmic = plain.copy()
    logarithmic.set_base(2)
    for distribution in (plain, logarithmic):
        assert decompose(distribution).atoms == pytest.approx(gate("AND").atoms, abs=1e-6)


def test_dit_round_trip_keeps_the_table() -> None:
    table = np.random.default_rng(0).dirichlet(np.ones(70 * 3)).reshape(70, 1, 3)
    np.testing.assert_allclose(np.sort(from_dit(to_dit(table)).ravel()), np.sort(table.ravel()))


def test_a_distribution_over_two_variables_is_refused() -> None:
    with pytest.raises(DataError, match="three variables"):
        decompose(to_dit(np.full((2, 2), 0.25)))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (np.full((2, 2), 0.25), "three axes"),
        (np.full((2, 2, 2), 0.1), "sum to 0.8"),
        (np.array([[[1.5], [-0.5]]]), r"Cell \(0, 1, 0\) is -0.5"),
        (np.array([[[np.nan]]]), "not negative"),
    ],
)
def test_what_is_no_distribution_is_refused(table: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        checked_probabilities(table)


def test_rare_states_are_merged_without_losing_mass() -> None:
    table = np.full((3, 2, 2), 1 / 8)
    table[2] = 1e-11
    merged = merge_rare_states(table / table.sum())
    assert merged[2].sum() == 0
    assert merged.sum() == pytest.approx(1.0)


@pytest.mark.parametrize(("gap", "residual"), [(1e-3, 0.0), (0.0, 1e-6), (-1e-3, 0.0)])
def test_no_result_without_a_certificate(gap: float, residual: float) -> None:
    nothing = np.zeros((1, 1))
    with pytest.raises(CertificateError, match="Merge rare states"):
        CertifiedUnion(
            union=0.0,
            information_first=0.0,
            information_second=0.0,
            gap=gap,
            residual=residual,
            method="none",
            iterations=0,
            dual_first=nothing,
            dual_second=nothing,
        )


def test_constant_variables_carry_nothing() -> None:
    for shape in ((1, 3, 2), (3, 1, 2), (2, 2, 1)):
        table = np.random.default_rng(1).dirichlet(np.ones(np.prod(shape))).reshape(shape)
        atoms = decompose(table).atoms
        assert atoms["synergy"] == pytest.approx(0, abs=1e-8)
        assert atoms["redundancy"] == pytest.approx(0, abs=1e-8)
