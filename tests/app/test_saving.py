"""Every figure and every table has the same export, with a preview at its printed size."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analysis import latex
from analysis.export import FORMATS
from app.components import export_dialog
from tests.app.conftest import OpenApp, texts

FIGURE_FILES = {*(kind.label for kind in FORMATS.values()), "CSV (all data behind it)"}
NEED_BROWSER = {kind.label for kind in FORMATS.values() if kind.needs_browser}


def exports(app: AppTest) -> list[str]:
    return [button.key for button in app.button if str(button.key).endswith("-export")]


WHOLE_PAGE = "This report as one HTML page"


def files(app: AppTest, *, usable: bool = True) -> set[str]:
    buttons = (b for b in app.get("download_button") if b.label != WHOLE_PAGE)
    return {b.label for b in buttons if b.disabled is not usable}


@pytest.fixture
def with_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_dialog, "find_browser", lambda: Path("/usr/bin/chromium"))


@pytest.mark.parametrize("page", ["overview", "users", "ablations", "data", "information"])
def test_each_figure_and_table_has_an_export(open_app: OpenApp, page: str) -> None:
    app = open_app(page, run="prism-seed0")
    shown = len(app.get("plotly_chart")) + len(app.dataframe)
    assert len(exports(app)) == shown
    assert shown or page == "information"


@pytest.mark.usefixtures("with_browser")
def test_a_figure_is_offered_in_every_format(open_app: OpenApp) -> None:
    app = open_app("overview")
    app.button("overview-floors-export").click().run()
    assert not app.exception, app.exception
    assert files(app) == FIGURE_FILES
    assert "3.33 x" in texts(app)


@pytest.mark.usefixtures("with_browser")
def test_a_table_is_offered_in_every_format_but_pgfplots(open_app: OpenApp) -> None:
    app = open_app("data", run="prism-seed0")
    app.button("data-counts-export").click().run()
    assert not app.exception, app.exception
    assert files(app, usable=False) == {"PGFPlots (TikZ)"}
    assert files(app) == {kind.label for kind in FORMATS.values()} - {"PGFPlots (TikZ)"}
    assert len(app.get("plotly_chart")) == 5, "four figures and the preview of the table"


@pytest.mark.usefixtures("with_browser")
def test_a_table_that_a_column_is_too_narrow_for_starts_at_the_full_width(
    open_app: OpenApp,
) -> None:
    app = open_app("ablations", run="prism-seed0")
    app.button("ablation-table-export").click().run()
    assert not app.exception, app.exception
    assert app.segmented_control("export-ablation-table-span").value == "full"
    assert "7.01 x" in texts(app)
    app.session_state["paper_points"] = 14.0
    app.button("ablation-table-export").click().run()
    assert "choose the full width" in app.warning[-1].value
    assert {"CSV (what is drawn)", "HTML (interactive)", "LaTeX table"} == files(app)


@pytest.mark.usefixtures("with_browser")
def test_a_table_longer_than_a_page_leaves_as_csv_and_html(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(latex, "MOST_ROWS", 2)
    app = open_app("data", run="prism-seed0")
    app.button("data-counts-export").click().run()
    assert not app.exception, app.exception
    assert "rows do not fit a page" in app.warning[-1].value
    assert files(app) == {"CSV (what is drawn)", "HTML (interactive)"}


@pytest.mark.usefixtures("with_browser")
def test_the_chosen_look_holds_for_the_next_figure(open_app: OpenApp) -> None:
    app = open_app("users", run="prism-seed0", user="7")
    app.session_state["paper_venue"] = "jmlr"
    app.session_state["paper_points"] = 10.0
    for name in ("user-contributions", "user-fusion-weights"):
        app.button(f"{name}-export").click().run()
        assert not app.exception, app.exception
        assert "6.00 x" in texts(app)
        assert "text of 10 pt" in texts(app)


def test_without_a_browser_the_other_formats_are_offered_and_the_way_to_one(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_dialog, "find_browser", lambda: None)
    app = open_app("overview")
    app.button("overview-floors-export").click().run()
    assert not app.exception, app.exception
    assert files(app) == FIGURE_FILES - NEED_BROWSER
    assert "none was found" in texts(app)
    assert "apt install chromium" in texts(app)
    camera = app.segmented_control("export-camera")
    assert camera.options == ["SVG", "PNG, 300 dpi", "PNG, 600 dpi"]
