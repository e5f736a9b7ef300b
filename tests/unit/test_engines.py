"""Which program draws UMAP: cuML where it is installed, and what is asked of it."""

import sys
from pathlib import Path

import numpy as np
import pytest

from analysis import maps
from analysis.engines import engine_for

STAND_IN = '''
"""cuML's interface: UMAP(**options).fit_transform(rows) gives an array on the device."""
import numpy as np

ACCEPTED = {"n_components", "n_neighbors", "min_dist", "random_state"}


class OnDevice:
    def __init__(self, values):
        self.values = values

    def get(self):
        return self.values

    def __array__(self, *args, **kwargs):
        raise TypeError("copy it from the device first")


class UMAP:
    def __init__(self, **options):
        unknown = set(options) - ACCEPTED
        if unknown:
            raise TypeError(f"unexpected keyword argument {unknown}")
        self.options = options

    def fit_transform(self, rows):
        rng = np.random.default_rng(self.options["random_state"])
        return OnDevice(rows @ rng.normal(size=(rows.shape[1], 2)))
'''


@pytest.fixture
def vectors() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(30, 6)).astype(np.float32)


@pytest.fixture
def cuml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a package with cuML's interface."""
    (tmp_path / "cuml" / "manifold").mkdir(parents=True)
    (tmp_path / "cuml" / "__init__.py").write_text("")
    (tmp_path / "cuml" / "manifold" / "__init__.py").write_text(STAND_IN)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "cuml"]:
        del sys.modules[name]


def test_umap_learn_is_used_where_cuml_is_not() -> None:
    engine = engine_for()
    assert engine.name == "umap-learn"
    assert engine.version != "unknown"


@pytest.mark.usefixtures("cuml")
def test_cuml_is_used_where_it_is_installed(vectors: np.ndarray) -> None:
    settings = maps.MapSettings(neighbours=5)
    plane = maps.project(vectors, settings)
    assert plane.shape == (30, 2)
    assert plane.dtype == np.float32
    np.testing.assert_array_equal(plane, maps.project(vectors, settings))
    assert "cuml" in maps.versions(settings)


@pytest.mark.usefixtures("cuml")
def test_densmap_stays_with_umap_learn() -> None:
    assert engine_for(densmap=True).name == "umap-learn"
    assert "umap-learn" in maps.versions(maps.MapSettings(method="densmap"))


def test_the_engine_is_part_of_the_content_key(
    vectors: np.ndarray, request: pytest.FixtureRequest
) -> None:
    settings = maps.MapSettings()
    before = maps.map_key(vectors, settings)
    request.getfixturevalue("cuml")
    assert maps.map_key(vectors, settings) != before
