"""A warm export of one figure against a cold one, which starts a browser first."""

import time

import pandas as pd
import pytest

from analysis import rendering
from analysis.browser import BROWSER
from analysis.export import export
from analysis.plots.comparison import win_tie_loss

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.skipif(rendering.find_browser() is None, reason="no Chrome or Chromium found"),
]
REPEATS = 10


def test_a_warm_export_against_a_cold_one(capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"Variant {number}" for number in range(8)]
    table = pd.DataFrame({"name": names, "wins": 200, "ties": 300, "losses": 110})
    table["difference"] = 0.01
    figure = win_tie_loss(table=table, reference="PRISM")
    BROWSER.close()
    cold = _seconds(figure)
    warm = sorted(_seconds(figure) for _ in range(REPEATS))[REPEATS // 2]
    with capsys.disabled():
        print(f"\nPDF, cold {cold:.2f} s, warm {warm:.2f} s (median): ratio {cold / warm:.1f}")
    assert warm < cold


def _seconds(figure: object) -> float:
    start = time.perf_counter()
    export(figure, "pdf")
    return time.perf_counter() - start
