"""What a reader does on a page: choose, wait, draw with the mouse."""

from collections.abc import Sequence

PLOT = "[data-testid=stPlotlyChart] .js-plotly-plot"
PATIENCE = 60_000
"""Milliseconds to wait for anything."""


def choose(page, label: str, text: str) -> None:
    """Type into a select box and take the first match."""
    box = page.get_by_role("combobox", name=label)
    box.click()
    box.fill(text)
    page.get_by_role("option").first.click()


def settle(page) -> None:
    """Wait until the script has ended and every figure is drawn."""
    script = """(plots) => document.querySelector('[data-testid=stApp]')
        .getAttribute('data-test-script-state') !== 'running'
        && Array.from(document.querySelectorAll(plots)).every(plot => plot.data)"""
    page.wait_for_function(script, arg=PLOT)


def drag(page, panel, places: Sequence[tuple[float, float]]) -> None:
    """Draw a line with the mouse over an element, through places from (0, 0) to (1, 1) of it."""
    panel.scroll_into_view_if_needed()
    box = panel.bounding_box()
    corners = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=6)
    page.mouse.up()
