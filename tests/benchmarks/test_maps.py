"""Maps of a hundred thousand and a million points in a real browser.

``python -m pytest tests/benchmarks/test_maps.py -m benchmark -s`` prints times, sizes and their
ratios. Without a graphics card Chromium draws on the processor (``WEBGL_FLAGS``), many times slower
than on a card, so times belong to the machine. What is asserted are ratios within one run, sizes,
and that every point is drawn and marked.
"""

import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.maps import map_name, plane_frame
from prism_core.store.writer import add_artifact
from tests.browser.conftest import find_browser, served
from tests.factories import make_dataset, make_run

pytestmark = [pytest.mark.benchmark, pytest.mark.browser]

WEBGL_FLAGS = (
    "--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
)  # fmt: skip
PLOT = ".st-key-map_chart .js-plotly-plot"
PATIENCE = 300_000
MOVES = 12
WATCH = """(selector) => {
    const plot = document.querySelector(selector), drawn = (window.drawn = []);
    const contexts = Array.from(plot.querySelectorAll('canvas'), c => c.getContext('webgl'));
    let began = 0;
    window.addEventListener('mousemove', () => { began = performance.now(); }, true);
    plot.on('plotly_relayouting', () => {
        for (const gl of contexts) gl?.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE,
            new Uint8Array(4));
        drawn.push(performance.now() - began);
    });
}"""
COUNT = f"""() => document.querySelector('{PLOT}')._fullData
    .reduce((count, trace) => count + (trace.type === 'scattergl' ? trace._length : 0), 0)"""
HEAP = "() => performance.memory.usedJSHeapSize / 1e6"
CHOSEN = f"() => document.querySelector('{PLOT}').data[0].selectedpoints.length"
MARKED = f"() => document.querySelector('{PLOT}')?.data?.[0]?.selectedpoints?.length > 0"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    path = find_browser()
    if path is None:
        pytest.skip("no Chromium or Chrome found; install one or name it in BROWSER_PATH")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(WEBGL_FLAGS))
        yield started
        started.close()


def measured(chromium: Any, folder: Path, count: int) -> dict[str, float]:
    """Open a map of ``count`` items and mark some of them.

    Gives milliseconds (first draw, redraw, selection round trip), megabytes (what is sent, the
    page's JavaScript memory), and numbers of points (drawn, marked in the chart and in the list).
    """
    dataset = make_dataset(folder / "data" / "many", num_users=30, num_items=count)
    run = make_run(folder / "runs", dataset=dataset, run_id="many", has_parts=False)
    rng = np.random.default_rng(0)
    plane = rng.normal(size=(count, 2)) + 6 * rng.integers(0, 4, size=(count, 2))
    table = plane_frame(plane.astype(np.float32))
    add_artifact(run, f"maps/{map_name('items', 'id', 'umap')}", table, key="generated")
    with served(folder / "runs", folder / "data", folder / "log.txt") as address:
        page = chromium.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(PATIENCE)
        try:
            return _times(page, f"{address}/maps?run=many")
        finally:
            page.close()


def _times(page: Any, address: str) -> dict[str, float]:
    sent: list[int] = []
    page.on("websocket", lambda line: line.on("framereceived", lambda one: sent.append(len(one))))
    began = time.perf_counter()
    page.goto(address)
    page.wait_for_function(f"() => document.querySelector('{PLOT}')?._fullLayout?._glcanvas")
    page.locator(f"{PLOT} .nsewdrag").first.wait_for(state="attached")
    found = {"first draw, ms": 1000 * (time.perf_counter() - began)}
    _settle(page)
    found |= {"points": page.evaluate(COUNT), "sent, MB": sum(sent) / 1e6}
    found["memory of the page, MB"] = page.evaluate(HEAP)
    found["redraw while panning, ms"] = 1000 * _pan(page)
    page.locator(f"{PLOT} [data-val=lasso]").first.click(force=True)
    _drag(page, [(0.55, 0.55), (0.9, 0.55), (0.9, 0.9), (0.55, 0.9), (0.55, 0.56)], steps=1)
    began, before = time.perf_counter(), sum(sent)
    page.wait_for_function(MARKED)
    heading = page.get_by_role("heading", name="marked item")
    heading.wait_for()
    found["selection round trip, ms"] = 1000 * (time.perf_counter() - began)
    _settle(page)
    found["sent for the selection, MB"] = (sum(sent) - before) / 1e6
    found["marked in the chart"] = page.evaluate(CHOSEN)
    found["marked in the list"] = float(heading.inner_text().split()[0].replace(",", ""))
    return found


def _pan(page: Any) -> float:
    """Drag the map and give the median seconds from a mouse move to the finished drawing."""
    page.evaluate(WATCH, PLOT)
    page.locator(f"{PLOT} [data-val=pan]").first.click(force=True)
    _drag(page, [(0.5, 0.5), *((0.5 + 0.01 * k, 0.5) for k in range(1, MOVES))], steps=1)
    page.wait_for_function("() => window.drawn.length > 3")
    return statistics.median(page.evaluate("() => window.drawn")) / 1000


def _drag(page: Any, places: list[tuple[float, float]], *, steps: int) -> None:
    box = page.locator(f"{PLOT} .nsewdrag").first.bounding_box()
    corners = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=steps)
    page.mouse.up()


def _settle(page: Any) -> None:
    page.wait_for_function(
        "() => document.querySelector('[data-testid=stApp]')"
        ".getAttribute('data-test-script-state') !== 'running'"
    )
    page.wait_for_timeout(1500)


def test_redraw_and_selection_grow_slower_than_the_points(chromium: Any, tmp_path: Path) -> None:
    few, many = (measured(chromium, tmp_path / str(n), n) for n in (5_000, 100_000))
    _print(few, many)
    assert all(many[name] < 20 * few[name] for name in many if name.endswith("ms"))


def test_a_million_points_are_drawn_and_marked(chromium: Any, tmp_path: Path) -> None:
    few, many = (measured(chromium, tmp_path / str(n), n) for n in (100_000, 1_000_000))
    _print(few, many)
    assert many["points"] == 1_000_000
    assert many["marked in the chart"] == many["marked in the list"] > 100_000
    assert many["sent, MB"] < 16
    assert many["sent for the selection, MB"] < 1


def _print(few: dict[str, float], many: dict[str, float]) -> None:
    print(f"\n{few['points']:,} points, {many['points']:,.0f} points, ratio")
    for name, value in many.items():
        print(f"{name}: {few[name]:,.2f}, {value:,.2f}, {value / few[name]:.2f}")
