"""100,000 users in a run: pages send a bounded amount, tables a page at a time."""

import json
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analysis.plots.triangle import MAX_POINTS
from app.components.user_picker import MAX_OPTIONS
from app.components.user_table import PAGE
from tests.app.conftest import OpenApp, texts
from tests.large_run import make_large

USERS = 100_000
MEGABYTE = 1_000_000

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_large(tmp_path_factory.mktemp("large"), USERS)


def opened(open_app: OpenApp, large: tuple[Path, Path], **query: str) -> AppTest:
    runs, data = large
    started, used = time.perf_counter(), time.process_time()
    app = open_app("users", runs=runs, data=data, **query)
    wall, processor = time.perf_counter() - started, time.process_time() - used
    print(f"{USERS:,} users, {query or 'first view'}: {wall:.1f} s, {processor:.1f} s of processor")
    return app


def sent(app: AppTest) -> int:
    """Count the bytes of everything that the page sends and that could grow with the users."""
    kinds = ("plotly_chart", "arrow_data_frame", "selectbox", "html", "markdown", "button_group")
    return sum(element.proto.ByteSize() for kind in kinds for element in app.get(kind))


def points(app: AppTest) -> int:
    """Count the points of all figures."""
    figures = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    return sum(
        max((len(values) for values in trace.values() if isinstance(values, list)), default=0)
        for figure in figures
        for trace in figure["data"]
    )


def test_the_page_opens_with_a_bounded_payload(open_app: OpenApp, large: tuple[Path, Path]) -> None:
    app = opened(open_app, large)
    assert "adds most" in texts(app)
    assert len(app.selectbox("user_picker").options) <= MAX_OPTIONS + 1
    assert sent(app) < MEGABYTE
    app.text_input("user_search").set_value("99999").run()
    assert app.selectbox("user_picker").options[-1].startswith("99999")


def test_the_population_is_summarised_and_the_table_paged(
    open_app: OpenApp, large: tuple[Path, Path]
) -> None:
    app = opened(open_app, large, user="7", view="Among all users")
    assert f"{USERS:,} users" in texts(app)
    assert len(app.dataframe[-1].value) == PAGE
    assert 0 < points(app) < 4 * MAX_POINTS
    assert sent(app) < 3 * MEGABYTE
