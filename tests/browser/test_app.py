"""A reader's way: open the app, pick a user, read what drove the list, share the link."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest
from PIL import Image

from analysis.information.stored import stored_answers
from prism_core.store.datasets import Dataset
from tests.browser.conftest import served
from tests.browser.gestures import PATIENCE, PLOT, choose, drag, settle
from tests.factories import make_run

pytestmark = pytest.mark.browser

PRESS_AT_ONCE = """() => {
    const dialog = document.querySelector('[role=dialog]');
    const press = () => {
        if (!dialog.innerText.includes('7.01 x')) return requestAnimationFrame(press);
        const button = Array.from(dialog.querySelectorAll('button'))
            .find(one => one.innerText.includes('PNG, 600 dpi'));
        button.scrollIntoView({block: 'center'});
        const box = button.getBoundingClientRect();
        const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
        if (button.contains(hit)) button.click(); else requestAnimationFrame(press);
    };
    press();
}"""
"""Presses a file button in the first frame that shows the new width and lets it be pressed."""


@pytest.fixture
def page(browser):
    """A fresh page of 1400 x 900 that fails on script errors."""
    opened = browser.new_page(viewport={"width": 1400, "height": 900})
    opened.set_default_timeout(PATIENCE)
    faults = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    yield opened
    opened.close()
    assert not faults


def figure_numbers(page, place: int) -> dict[str, list[float]]:
    """Read the bars of a drawn figure by trace name."""
    script = """(node) => Object.fromEntries(node.data.filter(t => t.type === 'bar')
        .map(t => [t.name, Array.from(t.x._inputArray ?? t.x)]))"""
    return page.locator(PLOT).nth(place).evaluate(script)


def test_reader_picks_a_user_and_reads_the_contributions(
    page, app_url: str, tiny_runs: Path
) -> None:
    page.goto(f"{app_url}/?run=prism-seed0")
    page.get_by_role("heading", name="PRISM", exact=True).wait_for()
    page.get_by_role("link", name="Users").click()
    choose(page, "User", "7 ")
    page.get_by_role("heading", name="User 7", exact=True).wait_for()
    page.locator(PLOT).nth(2).wait_for()
    settle(page)
    shares = figure_numbers(page, 1)
    stored = pd.read_parquet(tiny_runs / "prism-seed0" / "recommendations.parquet")
    mine = stored[stored["user_id"] == "7"].sort_values("rank")
    differences = [row.score - row.part_coalitions[0] for row in mine.itertuples()]
    sums = [sum(values) for values in zip(*shares.values(), strict=True)]
    assert len(shares) == 5
    assert sums == pytest.approx(differences, abs=1e-5)
    page.get_by_text("Contributions and score difference agree").wait_for()


def test_copied_address_reopens_run_user_and_item(page, browser, app_url: str) -> None:
    page.goto(f"{app_url}/users?run=prism-seed1")
    choose(page, "User", "12 ")
    page.get_by_role("heading", name="User 12", exact=True).wait_for()
    page.get_by_text(re.compile("^4 · ")).click()
    page.wait_for_url("**item=*")
    address = page.url
    query = parse_qs(urlsplit(address).query)
    assert (query["run"], query["user"]) == (["prism-seed1"], ["12"])
    sentence = page.get_by_text("above its score with every part").or_(
        page.get_by_text("below its score with every part")
    )
    text = sentence.inner_text()
    other = browser.new_page()
    other.set_default_timeout(PATIENCE)
    other.goto(address)
    other.get_by_role("heading", name="User 12", exact=True).wait_for()
    other.get_by_text(text[:40]).wait_for()
    assert other.url == address
    other.close()


def test_lasso_on_a_map_lists_the_marked_items_and_survives_recolouring(page, app_url: str) -> None:
    page.goto(f"{app_url}/maps?run=prism-seed0")
    panel = page.locator(f"{PLOT} .nsewdrag").first
    panel.wait_for(state="attached")
    settle(page)
    drag(page, panel, [(0.01, 0.01), (0.5, 0.01), (0.5, 0.5), (0.01, 0.5), (0.01, 0.01)])
    heading = page.get_by_role("heading", name="marked item")
    heading.wait_for()
    count = int(heading.inner_text().split()[0])
    assert page.get_by_role("list", name="Marked items").get_by_role("listitem").count() == count
    choose(page, "Colour", "Pop")
    page.get_by_text("Popularity").first.wait_for()
    assert heading.inner_text().startswith(f"{count} marked")
    page.get_by_role("button", name="Clear", exact=True).click()
    heading.wait_for(state="hidden")


@pytest.mark.parametrize(
    ("label", "start"),
    [("SVG (vector)", b"<svg"), ("PDF (vector)", b"%PDF"), ("PNG, 600 dpi", b"\x89PNG")],
)
def test_figure_is_saved_as_a_real_file(page, app_url: str, label: str, start: bytes) -> None:
    page.goto(f"{app_url}/?run=prism-seed0")
    page.locator(PLOT).first.wait_for()
    page.get_by_role("button", name="Export").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("3.33 x").wait_for()
    dialog.get_by_text("Full width", exact=True).click()
    dialog.get_by_text("7.01 x").wait_for()
    with page.expect_download(timeout=PATIENCE) as download:
        page.get_by_role("button", name=label, exact=True).click()
    content = Path(download.value.path()).read_bytes()
    assert content.startswith(start)
    assert download.value.suggested_filename.startswith("overview-floors.")


def test_a_file_asked_for_right_after_a_choice_comes_and_has_it(page, app_url: str) -> None:
    page.goto(f"{app_url}/?run=prism-seed0")
    page.locator(PLOT).first.wait_for()
    page.get_by_role("button", name="Export").first.click()
    dialog = page.get_by_role("dialog")
    for _ in range(4):
        dialog.get_by_text("3.33 x").wait_for()
        settle(page)
        with page.expect_download(timeout=PATIENCE) as download:
            page.evaluate(PRESS_AT_ONCE)
            dialog.get_by_text("Full width", exact=True).click()
        with Image.open(download.value.path()) as picture:
            assert picture.width == pytest.approx(7.006 * 600, abs=4)
        dialog.get_by_text("One column", exact=True).click()


def test_what_if_answers_and_its_link_reopens_it(
    page, browser, app_url: str, trained_runs: Path
) -> None:
    (run,) = trained_runs.iterdir()
    page.goto(f"{app_url}/users?run={run.name}&user=7&view=What+if")
    page.get_by_role("heading", name="The list now").wait_for()
    settle(page)
    before = page.get_by_role("list", name="The list now").text_content()
    page.get_by_text("Text", exact=True).click()
    page.wait_for_url("**whatif=*")
    settle(page)
    after = page.get_by_role("list", name="The list now").text_content()
    assert after != before
    other = browser.new_page()
    other.set_default_timeout(PATIENCE)
    other.goto(page.url)
    other.get_by_role("heading", name="The list now").wait_for()
    settle(other)
    assert other.get_by_role("list", name="The list now").text_content() == after
    other.close()
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function("!location.href.includes('whatif')")
    settle(page)
    assert page.get_by_role("list", name="The list now").text_content() == before


def test_the_history_is_reordered_in_a_bounded_time_and_its_link_reopens_it(
    page, browser, app_url: str, trained_runs: Path
) -> None:
    (run,) = trained_runs.iterdir()
    page.goto(f"{app_url}/users?run={run.name}&user=7&view=What+if&standin=zero")
    page.get_by_role("heading", name="The list now").wait_for()
    settle(page)
    seconds = []
    for _ in range(3):
        before, started = page.url, time.perf_counter()
        page.get_by_role("button", name="Older", exact=True).click()
        page.wait_for_url(lambda url, before=before: url != before)
        settle(page)
        seconds.append(time.perf_counter() - started)
    print("what-if, from click to new list, s:", ", ".join(f"{s:.3f}" for s in seconds))
    page.get_by_text("moved, was 1", exact=True).wait_for()
    history = parse_qs(urlsplit(page.url).query)["whatif"][0]
    shown = page.get_by_role("list", name="The history now, newest first").text_content()
    other = browser.new_page()
    other.set_default_timeout(PATIENCE)
    other.goto(page.url)
    other.get_by_role("heading", name="The history now").wait_for()
    settle(other)
    assert parse_qs(urlsplit(other.url).query)["whatif"][0] == history
    again = other.get_by_role("list", name="The history now, newest first").text_content()
    assert again == shown
    assert other.get_by_role("combobox", name="A part that is switched off").input_value() == "zero"
    other.close()
    page.get_by_role("button", name="Reset", exact=True).click()
    page.wait_for_function("!location.href.includes('whatif')")
    page.get_by_role("heading", name="The history now").wait_for(state="hidden")


def test_a_click_on_a_group_chooses_the_slice_on_every_page(page, app_url: str) -> None:
    page.goto(f"{app_url}/users?run=prism-seed0&user=5&view=Among+all+users")
    card = page.locator(PLOT).filter(has_text="Mean share of the parts")
    card.wait_for()
    settle(page)
    bar = card.locator(".bars .point path").first
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_url("**slice=*")
    chosen = parse_qs(urlsplit(page.url).query)["slice"][0]
    assert chosen.startswith("history length: ")
    page.get_by_role("link", name="Overview").click()
    page.get_by_role("heading", name="PRISM", exact=True).wait_for()
    page.wait_for_url("**slice=*")
    assert parse_qs(urlsplit(page.url).query)["slice"] == [chosen]


MARKED_USERS = """() => {
    const plot = document.querySelector('.st-key-population-triangle .js-plotly-plot');
    const points = (plot?.data ?? []).filter(trace => trace.type === 'scattergl');
    if (!points.length || !points.every(trace => trace.selectedpoints)) return null;
    return points.flatMap(t => t.selectedpoints.map(p => t.customdata[p])).sort((a, b) => a - b);
}"""


def test_a_lasso_among_all_users_is_in_the_link(page, browser, app_url: str) -> None:
    page.goto(f"{app_url}/users?run=prism-seed0&user=5&view=Among+all+users")
    panel = page.locator(".st-key-population-triangle .nsewdrag")
    panel.wait_for(state="attached")
    settle(page)
    drag(page, panel, [(0.02, 0.02), (0.5, 0.02), (0.5, 0.98), (0.02, 0.98), (0.02, 0.02)])
    page.wait_for_url("**marked=users~triangle*")
    said = page.get_by_text(re.compile(r"^\d+ marked users$"))
    said.wait_for()
    count = int(said.inner_text().split()[0])
    page.wait_for_function(f"count => ({MARKED_USERS})()?.length === count", arg=count)
    assert 0 < count < 40
    other = browser.new_page()
    other.set_default_timeout(PATIENCE)
    other.goto(page.url)
    other.get_by_text(f"{count} marked users", exact=True).wait_for()
    other.wait_for_function(f"count => ({MARKED_USERS})()?.length === count", arg=count)
    other.close()
    page.get_by_role("button", name="Clear", exact=True).click()
    said.wait_for(state="hidden")
    page.wait_for_function(
        f"() => ({MARKED_USERS})() === null && !location.href.includes('marked')"
    )


def test_a_click_on_a_dot_opens_its_user(page, app_url: str) -> None:
    page.goto(f"{app_url}/users?run=prism-seed0&user=5&view=Among+all+users")
    panel = page.locator(".st-key-population-triangle .nsewdrag")
    panel.wait_for(state="attached")
    settle(page)
    panel.scroll_into_view_if_needed()
    script = """() => { const node = document.querySelector(
        '.st-key-population-triangle .js-plotly-plot'), {xaxis, yaxis} = node._fullLayout,
        trace = node._fullData.find(t => t.type === 'scattergl' && !t.customdata.includes(4)
            || t.type === 'scattergl' && t.customdata.length > 1),
        place = trace.customdata.findIndex(row => row !== 4);
        const box = node.getBoundingClientRect();
        return [box.left + xaxis._offset + xaxis.c2p(trace.x[place]),
            box.top + yaxis._offset + yaxis.c2p(trace.y[place])]; }"""
    x, y = page.evaluate(script)
    page.mouse.move(x - 5, y)
    page.mouse.move(x, y, steps=4)
    page.mouse.click(x, y)
    page.wait_for_function("() => !location.href.includes('user=5&')")
    page.get_by_role("heading", name="User 5", exact=True).wait_for(state="hidden")


def test_a_click_on_a_row_opens_its_user(page, app_url: str) -> None:
    page.goto(f"{app_url}/users?run=prism-seed0&user=5&view=Among+all+users")
    table = page.locator(".st-key-user_table [data-testid=stDataFrame]")
    table.wait_for()
    settle(page)
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    page.mouse.click(box["x"] + 16, box["y"] + 35 + 35 * 2.5)
    page.get_by_role("heading", name="User 3", exact=True).wait_for()
    page.wait_for_url("**user=3&*")


def test_a_question_about_information_is_computed_beside_the_app(page, app_url: str) -> None:
    page.goto(f"{app_url}/information?run=prism-seed0")
    choose(page, "Question", "whether a candidate")
    button = page.get_by_role("button", name="Compute this question")
    button.click()
    facts = page.get_by_test_id("stMetric").filter(has_text="Samples per cell")
    facts.wait_for(timeout=4 * PATIENCE)
    assert not button.count()
    page.get_by_text("Does the definition matter?").wait_for()
    settle(page)
    assert page.locator(PLOT).count() >= 5


def test_a_stopped_computation_goes_on_where_it_was(
    page, tiny_dataset: Dataset, tmp_path: Path
) -> None:
    run = make_run(tmp_path / "runs", dataset=tiny_dataset)
    log = tmp_path / "runs" / ".jobs" / f"{run.name}.analysis.log"
    stop, start = (
        page.get_by_role("button", name=name) for name in ("Stop", "Compute all missing questions")
    )
    with served(tmp_path / "runs", tiny_dataset.path.parent, tmp_path / "log.txt") as address:
        page.goto(f"{address}/information?run={run.name}")
        start.click()
        stop.wait_for()
        wait_until(lambda: len(stored_answers(run)) > 0)
        stop.click()
        page.get_by_text(re.compile("The decomposition was stopped at")).wait_for()
        start.wait_for()
        before = stored_answers(run)
        assert 0 < before["key"].nunique() < 15
        start.click()
        stop.wait_for()
        wait_until(lambda: len(stored_answers(run)) > len(before))
        stop.click()
        page.get_by_text(re.compile("The decomposition was stopped at")).wait_for()
    events = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    computed = [one["computed"] for one in events if one["event"] == "information"]
    done = before["key"].nunique()
    assert computed[:done] == [False] * done
    pd.testing.assert_frame_equal(stored_answers(run)[: len(before)], before, check_dtype=False)


def wait_until(is_so: Callable[[], bool]) -> None:
    """Look again and again until something is so."""
    end = time.monotonic() + 4 * PATIENCE / 1000
    while not is_so():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


def test_a_table_leaves_through_the_export_alone(page, app_url: str) -> None:
    page.goto(f"{app_url}/ablations?run=prism-seed0")
    table = page.locator("[data-testid=stDataFrame]:visible").first
    table.wait_for()
    settle(page)
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tools = table.locator("xpath=ancestor::*[@data-testid='stElementContainer'][1]")
    tools.get_by_role("button", name="Fullscreen", exact=True).wait_for()
    unsafe = tools.locator('button[aria-label="Download as CSV"]')
    assert (unsafe.count(), unsafe.is_visible()) == (1, False)
