"""Every figure can be saved; where no browser is found the card says so."""

import pytest

from app.components import figure_card
from tests.app.conftest import OpenApp, texts

FORMATS = {"SVG (vector)", "PDF (vector)", "PNG", "HTML (interactive)", "CSV (the numbers)"}


@pytest.mark.parametrize("page", ["overview", "users", "ablations"])
def test_each_figure_offers_every_format(
    open_app: OpenApp, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figure_card, "find_browser", lambda: "/usr/bin/chromium")
    app = open_app(page)
    labels = [button.label for button in app.get("download_button")]
    figures = len(app.get("plotly_chart"))
    assert figures
    assert sorted(labels) == sorted([*FORMATS] * figures)
    assert not any(button.disabled for button in app.get("download_button"))


def test_without_a_browser_only_html_and_csv_are_offered(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figure_card, "find_browser", lambda: None)
    app = open_app("users")
    usable = {b.label for b in app.get("download_button") if not b.disabled}
    assert usable == {"HTML (interactive)", "CSV (the numbers)"}
    assert "none was found" in texts(app)
