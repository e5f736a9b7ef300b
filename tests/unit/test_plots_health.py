"""Figures of health hold the measures they are drawn from."""

from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from plotly.colors import sample_colorscale

from analysis.health.epochs import has_probes
from analysis.health.verdicts import measure
from analysis.information.decomposition import ATOMS
from analysis.plots import health as plots
from analysis.plots.theme import ink_on
from analysis.recipes import Recipe, draw
from prism_core.errors import NotFittedError
from prism_core.evaluation.part_measures import PartMeasure
from prism_core.names import PARTS
from prism_core.store.writer import add_artifact
from tests.factories import make_dataset, make_run
from tests.healthy import healthy


def cells(figure: go.Figure) -> np.ndarray:
    """Values of a heat map's cells; none is drawn twice."""
    layers = np.stack([np.asarray(trace.z, dtype=float) for trace in figure.data])
    drawn = np.isfinite(layers)
    assert (drawn.sum(0) == 1).all()
    np.testing.assert_array_equal([np.asarray(t.text) != "" for t in figure.data], drawn)
    return np.nansum(layers, axis=0)


def test_numbers_in_cells_are_read_on_every_colour() -> None:
    values = np.linspace(0, 1, 12)
    parts = [f"part_{number}" for number in range(12)]
    measures = pd.DataFrame({"part": parts, "quantity": "probe", "other": "image", "value": values})
    figure = plots.probe_map(measures=measures)
    np.testing.assert_allclose(cells(figure).ravel(), values)
    for trace in figure.data:
        scale = [list(stop) for stop in trace.colorscale]
        drawn = np.asarray(trace.z, dtype=float).ravel()
        for fill in sample_colorscale(scale, drawn[np.isfinite(drawn)].tolist()):
            assert trace.textfont.color == ink_on(fill)
    assert len(figure.data) == 2
    assert sum(trace.showscale for trace in figure.data) == 1


def test_figures_hold_the_measures() -> None:
    measures = measure(*healthy())
    heat = plots.sensitivity_map(measures=measures)
    rows = measures[measures["quantity"] == "sensitivity"]
    assert cells(heat).shape == (4, 2)
    np.testing.assert_allclose(cells(heat).ravel(), rows["value"])
    words = ["".join(line) for line in zip(*[np.ravel(t.text) for t in heat.data], strict=True)]
    assert words[0].endswith("✓")
    assert words[6].endswith("·")
    similar = cells(plots.similarity_map(measures=measures))
    np.testing.assert_allclose(np.diag(similar), 1.0)
    np.testing.assert_allclose(similar, similar.T)
    assert len(plots.size_bars(measures=measures).data) == 5
    nothing = measures.head(0)
    for make in (plots.sensitivity_map, plots.similarity_map, plots.size_bars):
        assert make(measures=nothing).layout.annotations[0].text


def test_health_figures_are_drawn_from_a_stored_run(tmp_path: Path) -> None:
    path = make_run(tmp_path / "runs", dataset=make_dataset(tmp_path / "data"))
    folders = {"prism-seed0": path}
    with pytest.raises(NotFittedError, match="analysis health"):
        draw(Recipe(figure="health_size", runs=("prism-seed0",)), folders)
    rows = [measure(*healthy())]
    for kind, sources in (("role", "image, text"), ("beyond", "synergy, rest")):
        atoms = [(f"{kind}_{atom}", 0.1) for atom in ATOMS]
        frame = pd.DataFrame(atoms, columns=["quantity", "value"])
        rows.append(frame.assign(part="synergy", other=sources, low=0.0, high=0.2))
    rows.append(pd.DataFrame([("synergy", "probe", "image", 0.2)], columns=PartMeasure._fields))
    add_artifact(path, "health", pd.concat(rows), key="k")
    names = ("sensitivity", "similarity", "size", "probes", "roles", "beyond")
    for name in names:
        assert draw(Recipe(figure=f"health_{name}", runs=("prism-seed0",)), folders).data, name
    empty = draw(Recipe(figure="health_epochs", runs=("prism-seed0",)), folders)
    assert "did not measure" in empty.layout.annotations[0].text


def test_epoch_lines_show_spread_and_every_reaction() -> None:
    measures = pd.concat([measure(*healthy()).assign(epoch=epoch) for epoch in (1, 2)])
    figure = plots.epoch_lines(measures=measures)
    assert len(figure.data) == 4 * len(PARTS)
    titles = [note.text for note in figure.layout.annotations]
    assert titles[1] == "No image"
    assert titles[-1] == "Likeness"
    assert list(figure.data[0].x) == [1, 2]


def test_epoch_lines_show_probe_scores_where_they_are_recorded() -> None:
    scores = [
        (epoch, part, "explains", modality, 0.1 * epoch + place)
        for epoch in (1, 2)
        for place, modality in enumerate(("image", "text"))
        for part in PARTS
    ]
    probes = pd.DataFrame(scores, columns=["epoch", *PartMeasure._fields])
    older = pd.concat([measure(*healthy()).assign(epoch=epoch) for epoch in (1, 2)])
    measures = pd.concat([older, probes], ignore_index=True)
    assert has_probes(measures)
    assert not has_probes(older)
    figure = plots.epoch_lines(measures=measures)
    titles = [note.text for note in figure.layout.annotations]
    assert titles == ["Spread", "No image", "No text", "R² of image", "R² of text", "Likeness"]
    of_text = figure.data[4 * len(PARTS)]
    assert list(of_text.y) == pytest.approx([1.1, 1.2])
    assert figure.layout[of_text.yaxis.replace("y", "yaxis")].title.text is None
    assert figure.layout.yaxis4.title.text == "R² or CKA"
    drawn = [trace.name for trace in figure.data if trace.showlegend]
    assert len(drawn) == len(set(drawn)) == len(PARTS)
