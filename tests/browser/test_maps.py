"""Maps in a real browser: marks outlive every redraw, hover tells, no drawing context is lost."""

import json

import pytest
from playwright.sync_api import TimeoutError

from tests.browser.gestures import PATIENCE, choose, drag, settle

pytestmark = pytest.mark.browser

PLOT = ".st-key-map_chart .js-plotly-plot"
PAGES = ("", "users", "maps", "information", "ablations", "train", "data", "board")
COUNT_LOST = """() => {
    window.lost = 0;
    addEventListener('webglcontextlost', () => { window.lost += 1; }, true);
}"""


@pytest.fixture
def page(browser):
    opened = browser.new_page(viewport={"width": 1400, "height": 1100})
    opened.set_default_timeout(PATIENCE)
    faults = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on(
        "console",
        lambda said: faults.append(said.text) if "Too many active WebGL" in said.text else None,
    )
    yield opened
    opened.close()
    assert not faults


MARKED = """(plot) => (document.querySelector(plot)?.data ?? []).filter(t => t.type === 'scattergl'
    && t.hoverinfo !== 'skip' && t.selectedpoints)
    .map(t => t.selectedpoints.map(p => t.customdata?.[p] ?? p).sort((a, b) => a - b))"""


def marked(page) -> list[list[int]]:
    """Read the marked rows of every panel."""
    page.wait_for_function("(plot) => document.querySelector(plot)?.data", arg=PLOT)
    return page.evaluate(MARKED, PLOT)


def wait_for_marks(page, rows: list[list[int]]) -> None:
    """Wait until exactly these rows are marked: marks come after the chart they are drawn on."""
    script = f"([plot, rows]) => JSON.stringify(({MARKED})(plot)) === rows"
    try:
        page.wait_for_function(script, arg=[PLOT, json.dumps(rows, separators=(",", ":"))])
    except TimeoutError:
        assert marked(page) == rows


def place_of(page, row: int) -> tuple[float, float]:
    """Bring the first panel onto the screen and find a point of it there."""
    script = """([plot, row]) => { const node = document.querySelector(plot), {xaxis, yaxis} =
        node._fullLayout, {x, y} = node._fullData[0];
        node.scrollIntoView({block: 'center', behavior: 'instant'});
        const box = node.getBoundingClientRect();
        return [box.left + xaxis._offset + xaxis.c2p(x[row]), box.top + yaxis._offset
        + yaxis.c2p(y[row])]; }"""
    return page.evaluate(script, [PLOT, row])


def heading(page):
    return page.get_by_role("heading", name="marked item")


def open_maps(page, app_url: str) -> None:
    page.goto(f"{app_url}/maps?run=prism-seed0")
    page.locator(f"{PLOT} .nsewdrag").first.wait_for(state="attached")
    settle(page)


def draw_box(page) -> None:
    """Mark the left half of the third panel."""
    page.locator(f"{PLOT} [data-val=select]").click(force=True)
    drag(page, page.locator(f"{PLOT} .nsewdrag").nth(2), [(0.02, 0.02), (0.5, 0.98)])
    heading(page).wait_for()


def test_box_marks_all_panels_and_outlives_colour_pages_and_reload(page, app_url: str) -> None:
    open_maps(page, app_url)
    draw_box(page)
    page.wait_for_url("**marked=*")
    settle(page)
    page.wait_for_function(f"(plot) => ({MARKED})(plot).length === 4", arg=PLOT)
    before = marked(page)
    assert before[0]
    assert before.count(before[0]) == 4
    assert heading(page).inner_text().startswith(f"{len(before[0])} marked")
    choose(page, "Colour", "Popularity")
    page.wait_for_url("**popularity*")
    settle(page)
    wait_for_marks(page, before)
    page.get_by_role("link", name="Users").click()
    page.get_by_role("heading", name="User ").first.wait_for()
    page.get_by_role("link", name="Maps").click()
    heading(page).wait_for()
    settle(page)
    wait_for_marks(page, before)
    page.reload()
    heading(page).wait_for()
    settle(page)
    wait_for_marks(page, before)


def test_a_mark_leaves_the_chart_as_it_is(page, app_url: str) -> None:
    open_maps(page, app_url)
    page.evaluate("(plot) => { window.before = document.querySelector(plot).data; }", PLOT)
    draw_box(page)
    settle(page)
    page.wait_for_function(f"(plot) => ({MARKED})(plot).length === 4", arg=PLOT)
    rows = marked(page)
    assert rows[0]
    assert rows.count(rows[0]) == 4
    page.get_by_role("button", name="Clear").click()
    heading(page).wait_for(state="detached")
    settle(page)
    wait_for_marks(page, [])
    assert page.evaluate("(plot) => document.querySelector(plot).data === window.before", PLOT)


def choose_row(page, table, row: int) -> None:
    """Click the box before a row of a table; the grid is drawn on a canvas."""
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    page.mouse.click(box["x"] + 18, box["y"] + 36 * (row + 1) + 18)


def test_a_row_of_the_marked_items_chooses_the_item(page, app_url: str) -> None:
    open_maps(page, app_url)
    draw_box(page)
    settle(page)
    assert "item=" not in page.url
    choose_row(page, page.locator("[data-testid=stDataFrame]:visible").first, 0)
    page.wait_for_url("**item=*")
    page.get_by_role("heading", name="Neighbours in the original space").wait_for()


def test_a_row_of_what_moved_chooses_the_item(page, app_url: str) -> None:
    page.goto(f"{app_url}/maps?run=prism-seed0&view=Across+runs")
    page.get_by_role("heading", name="What moved").wait_for()
    settle(page)
    assert "item=" not in page.url
    for row in (0, 2):
        choose_row(page, page.locator("[data-testid=stDataFrame]:visible").last, row)
        page.wait_for_function("(old) => location.href !== old", arg=page.url)
        assert "item=" in page.url


def test_card_beside_the_pointer_shows_the_item_below_it(page, app_url: str) -> None:
    open_maps(page, app_url)
    x, y = place_of(page, 7)
    page.mouse.move(x - 4, y)
    page.mouse.move(x, y, steps=4)
    card = page.locator(".prism-hover")
    card.wait_for()
    assert "Film number " in card.inner_text()
    assert card.locator("img").get_attribute("src").startswith("data:image/")
    page.mouse.click(x, y)
    page.wait_for_url("**item=*")


def test_no_page_loses_a_drawing_context(page, app_url: str) -> None:
    page.add_init_script(f"({COUNT_LOST})()")
    page.goto(f"{app_url}/maps?run=prism-seed0")
    page.locator(f"{PLOT} .nsewdrag").first.wait_for(state="attached")
    for _ in range(2):
        for name in PAGES:
            link = page.locator("[data-testid=stSidebarNav] a").nth(PAGES.index(name))
            link.click()
            settle(page)
            assert page.evaluate("() => window.lost") == 0, name
    alive = """() => Array.from(document.querySelectorAll('canvas'))
        .every(c => !(c.getContext('webgl') ?? c.getContext('webgl2'))?.isContextLost?.())"""
    assert page.evaluate(alive)
