"""Open the app without a browser, on generated runs."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from prism_core.store.datasets import Dataset
from tests.factories import make_run

MAIN = Path(__file__).parents[2] / "app" / "main.py"
OpenApp = Callable[..., AppTest]


@pytest.fixture
def open_app(
    monkeypatch: pytest.MonkeyPatch, tiny_runs: Path, tiny_dataset: Dataset
) -> Iterator[OpenApp]:
    """Give a function that opens a page: ``open_app("users", runs=..., data=..., user="3")``."""

    def run(
        page: str = "overview",
        *,
        runs: Path = tiny_runs,
        data: Path = tiny_dataset.path.parent,
        **query: str,
    ) -> AppTest:
        monkeypatch.setenv("PRISM_RUNS", str(runs))
        monkeypatch.setenv("PRISM_DATA", str(data))
        monkeypatch.delenv("PRISM_PICTURES", raising=False)
        app = AppTest.from_file(MAIN, default_timeout=60)
        app.query_params.update(query)
        app.run()
        if page != "overview":
            app.switch_page(f"app_pages/{page}.py").run()
        assert not app.exception, app.exception
        return app

    yield run
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def one_run(tmp_path: Path, tiny_dataset: Dataset) -> Path:
    """A folder with a single PRISM run that a test may damage."""
    make_run(tmp_path / "runs", dataset=tiny_dataset, run_id="only")
    return tmp_path / "runs"


def texts(app: AppTest) -> str:
    """Give everything the page says, in one string."""
    kinds = ("title", "subheader", "markdown", "caption", "info", "warning", "error", "success")
    return "\n".join(str(element.value) for kind in kinds for element in app.get(kind))


def html(app: AppTest) -> str:
    """Give the HTML of all cards."""
    return "\n".join(str(element.proto.body) for element in app.get("html"))
