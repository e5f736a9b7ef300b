"""Figures of information: drawn from frames, true to proportion, honest about zero."""

import math

import numpy as np
import pandas as pd
import pytest

from analysis.information import ATOMS
from analysis.information.gates import gate
from analysis.information.truth import computed_gates
from analysis.plots import areas, atom_panels, known
from analysis.plots import information as plots
from analysis.plots.atoms import atom_label, part_of_atom
from analysis.plots.theme import color_of
from prism_core.names import PARTS


@pytest.fixture
def atoms() -> pd.DataFrame:
    values = [0.2, 0.1, 0.3, 0.4]
    return pd.DataFrame(
        {
            "atom": ATOMS,
            "value": values,
            "low": [value - 0.05 for value in values],
            "high": [value + 0.05 for value in values],
            "null_95": 0.02,
            "distinguishable": [True, False, True, True],
        }
    )


def shoelace(trace: object) -> float:
    """Area of a filled outline."""
    x, y = np.asarray(trace.x), np.asarray(trace.y)  # type: ignore[attr-defined]
    return abs(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))) / 2


def test_bars_follow_the_parts_order_with_interval_and_null(atoms: pd.DataFrame) -> None:
    figure = plots.atom_bars(atoms=atoms, target="genre")
    bars = [trace for trace in figure.data if trace.type == "bar"]
    labels = [trace.x[0] for trace in bars]
    assert labels == [plots.label_of(part) for part in PARTS]
    assert bars[0].error_y.array[0] == pytest.approx(0.05)
    assert len(figure.layout.shapes) == 4
    assert figure.layout.yaxis.title.text == "Information about genre (bits)"


def test_what_is_not_distinguishable_is_faded_and_said(atoms: pd.DataFrame) -> None:
    figure = plots.atom_bars(atoms=atoms, target="genre")
    bars = [trace for trace in figure.data if trace.type == "bar"]
    assert [bar.opacity < 1 for bar in bars] == [False, True, False, False]
    assert len(figure.layout.annotations) == 1


def test_a_negative_atom_is_drawn_below_zero(atoms: pd.DataFrame) -> None:
    atoms.loc[2, ["value", "low", "high"]] = [-0.02, -0.02, 0.03]
    figure = plots.atom_bars(atoms=atoms, target="genre")
    assert figure.data[2].y[0] == -0.02


def test_areas_are_in_proportion_to_bits(atoms: pd.DataFrame) -> None:
    figure = areas.area_diagram(atoms=atoms, target="genre")
    ring, hole, first, second, lens = figure.data
    total = atoms["value"].sum()
    assert shoelace(first) == pytest.approx((0.2 + 0.4) / total, rel=0.01)
    assert shoelace(second) == pytest.approx((0.1 + 0.4) / total, rel=0.01)
    assert shoelace(lens) == pytest.approx(0.4 / total, rel=0.01)
    assert shoelace(ring) - shoelace(hole) == pytest.approx(0.3 / total, rel=0.02)


def test_lens_area_at_its_ends() -> None:
    assert areas.lens_area(1.0, 1.0, 2.5) == 0.0
    assert areas.lens_area(1.0, 0.5, 0.2) == pytest.approx(math.pi / 4)
    assert areas.disc_distance(1.0, 1.0, areas.lens_area(1.0, 1.0, 0.7)) == pytest.approx(0.7)


@pytest.mark.parametrize("name", ["XOR", "UNQ", "RDN", "ONE"])
def test_pure_gates_can_be_drawn_as_areas(name: str) -> None:
    atoms = gate(name).atoms
    frame = pd.DataFrame({"atom": list(atoms), "value": list(atoms.values())})
    for trace in areas.area_diagram(atoms=frame, target="genre").data:
        assert np.isfinite(np.asarray(trace.x, dtype=float)).all()


def test_nothing_gives_a_sentence_instead_of_a_figure(atoms: pd.DataFrame) -> None:
    nothing = atoms.assign(value=0.0)
    for figure in (
        plots.atom_bars(atoms=atoms.head(0), target="genre"),
        areas.area_diagram(atoms=nothing, target="genre"),
        plots.weight_against_information(
            weights=pd.Series(0.25, PARTS), atoms=nothing, target="genre"
        ),
    ):
        assert len(figure.data) == 0
        assert figure.layout.annotations[0].text


def test_stacks_have_one_bar_for_each_slice(atoms: pd.DataFrame) -> None:
    both = pd.concat([atoms.assign(slice="short"), atoms.assign(slice="long")])
    figure = plots.stacked_atoms(atoms=both, by="slice", target="genre")
    assert len(figure.data) == 4
    assert list(figure.data[0].y) == ["short", "long"]


def test_stacks_fade_what_is_not_clear_and_show_the_total_with_its_interval(
    atoms: pd.DataFrame,
) -> None:
    total = {"atom": "information_joint", "value": 1.0, "low": 0.9, "high": 1.2}
    both = pd.concat([atoms, pd.DataFrame([total])]).assign(slice="everybody")
    figure = plots.stacked_atoms(atoms=both, by="slice", target="genre")
    bars = [trace for trace in figure.data if trace.type == "bar"]
    assert [bar.marker.opacity[0] < 1 for bar in bars] == [False, True, False, False]
    point = figure.data[-1]
    assert (point.x[0], point.error_x.array[0]) == (1.0, pytest.approx(0.2))
    assert figure.layout.xaxis.title.text == "Information about genre (bits)"


def test_groups_stand_side_by_side_with_intervals_on_one_scale(atoms: pd.DataFrame) -> None:
    both = pd.concat([atoms.assign(name=name) for name in ("short", "long")])
    figure = atom_panels.atom_intervals(atoms=both, by="name", target="genre")
    assert [list(trace.y) for trace in figure.data] == [["short", "long"]] * 4
    assert figure.data[0].error_x.array[0] == pytest.approx(0.05)
    assert figure.data[1].marker.opacity[0] < 1
    assert {axis.matches for axis in figure.select_xaxes()} == {"x"}
    assert "200 choices" in (
        atom_panels.atom_intervals(atoms=both.head(0), by="name", target="genre")
        .layout.annotations[0]
        .text
    )


@pytest.mark.parametrize(
    ("sources", "labels"),
    [
        (("image", "text"), ["Unique image", "Unique text"]),
        (("projected image", "projected text"), ["Unique image", "Unique text"]),
        (("unique_image", "rest"), ["Only unique image", "Only the rest"]),
        (("part", "rest"), ["Only the part", "Only the rest"]),
        (("synergy", "id"), ["Only synergy", "Only item id"]),
    ],
)
def test_atoms_are_named_after_their_sources_and_never_look_like_another(
    sources: tuple[str, str], labels: list[str]
) -> None:
    assert [atom_label(atom, sources) for atom in ATOMS[:2]] == labels
    assert len({color_of(part_of_atom(atom, sources)) for atom in ATOMS}) == len(ATOMS)


def test_the_corrected_limit_is_a_level_not_a_point() -> None:
    frame = pd.DataFrame([(100, *[0.2] * 4), (math.inf, *[0.1] * 4)], columns=["samples", *ATOMS])
    figure = plots.atoms_against(frame=frame, x="samples", title="Events", target="genre")
    assert all(len(trace.x) == 1 for trace in figure.data)
    assert len(figure.layout.shapes) == 4


def test_weights_stand_against_their_own_atom(atoms: pd.DataFrame) -> None:
    weights = pd.Series([0.1, 0.2, 0.3, 0.4], index=PARTS)
    figure = plots.weight_against_information(weights=weights, atoms=atoms, target="genre")
    points = {trace.name: (trace.x[0], trace.y[0]) for trace in figure.data[1:]}
    assert points["Unique image"] == (0.2, 0.1)
    assert points["Redundancy"] == (0.4, 0.4)


def test_names_of_parts_keep_away_from_the_line_of_equal_shares(atoms: pd.DataFrame) -> None:
    weights = pd.Series([0.6, 0.05, 0.05, 0.3], index=PARTS)
    figure = plots.weight_against_information(weights=weights, atoms=atoms, target="genre")
    sides = {trace.name: trace.textposition for trace in figure.data[1:]}
    line = figure.data[0]
    slope = line.y[1] / line.x[1]
    for trace in figure.data[1:]:
        above = trace.y[0] > slope * trace.x[0]
        assert sides[trace.name] == ("top center" if above else "bottom center")
    assert len(set(sides.values())) == 2
    left, right = figure.layout.xaxis.range
    assert left < min(atoms["low"])
    assert right > max(atoms.loc[atoms["atom"] != "total", "high"])
    assert figure.layout.yaxis.range[0] < 0


def test_definitions_stand_side_by_side() -> None:
    frame = pd.DataFrame(
        [(name, atom, 0.1, "why") for name in ("BROJA", "MMI") for atom in ATOMS],
        columns=["definition", "atom", "value", "meaning"],
    )
    figure = atom_panels.definition_panel(definitions=frame, target="genre")
    assert [list(trace.y) for trace in figure.data] == [["BROJA", "MMI"]] * 4


def test_gates_show_computed_and_known() -> None:
    figure = known.gates_figure(gates=computed_gates([gate("XOR"), gate("AND")]))
    ticks = figure.data[-1]
    assert list(ticks.y) == ["XOR", "AND", "AND"]
    assert list(ticks.x) == pytest.approx([1.0, 0.5, 0.811278], abs=1e-5)
    ends = np.cumsum([[float(value) for value in bar.x] for bar in figure.data[:4]], axis=0)
    assert set(np.round(ends[:, 1], 4)) >= {0.5, 0.8113}


def test_recovery_draws_planted_beside_found() -> None:
    rows = [
        ("synergy", samples, atom, 0.1, 0.2, 0.1, 0.3)
        for samples in (1_000, 5_000)
        for atom in ATOMS
    ]
    columns = ["world", "samples", "atom", "planted", "value", "low", "high"]
    figure = known.recovery_figure(recovered=pd.DataFrame(rows, columns=columns))
    assert len(figure.data) == 9
    assert figure.data[-1].name == "Planted"
    assert list(figure.data[1].y) == [0.1, 0.1]


def test_lattice_draws_the_largest_atoms_and_fades_those_below_their_null() -> None:
    atoms = pd.DataFrame({"atom": ["{a}", "{b}"], "value": [0.01, 0.3], "null_95": [0.02, 0.02]})
    figure = plots.lattice_bars(atoms=atoms, target="genre")
    assert list(figure.data[0].y) == ["{b}", "{a}"]
    assert figure.data[0].marker.opacity[0] == 1.0
    assert figure.data[0].marker.opacity[1] < 0.5
    assert plots.lattice_bars(atoms=atoms.head(0), target="genre").layout.annotations[0].text
