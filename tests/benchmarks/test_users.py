"""How soon the page Users answers on the bundled run, as a reader sees it in a browser.

``python -m pytest tests/benchmarks/test_users.py -m benchmark -s`` prints the times from a click to
the answer on the page.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.browser.conftest import ROOT, browser, served

pytestmark = [pytest.mark.benchmark, pytest.mark.browser]

__all__ = ["browser"]

CHANGES = 30
PATIENCE = 120_000
LIST = '.prism-strip[aria-label="The list now"]'
CLICK_TO_ANSWER = """label => new Promise((resolve, reject) => {
  const app = document.querySelector('[data-testid=stApp]');
  const button = document.querySelector(`.st-key-${label} button`) || [
    ...document.querySelectorAll('button')].find(b => b.textContent.trim().endsWith(label));
  const before = location.href;
  const look = () => {
    const rests = app.getAttribute('data-test-script-state') === 'notRunning';
    if (rests && location.href !== before) resolve(performance.now() - start);
    else if (performance.now() - start > 60000) reject(new Error(`no answer to ${label}`));
    else requestAnimationFrame(look);
  };
  const start = performance.now();
  button.click();
  requestAnimationFrame(look);
})"""
"""Milliseconds from a click to the finished page; every click here changes the address."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app on the bundled data and runs."""
    log = tmp_path_factory.mktemp("server") / "log.txt"
    with served(ROOT / "assets" / "runs", ROOT / "assets" / "data", log) as found:
        yield found


def report(name: str, times: list[float]) -> None:
    """Print the middle and the extremes of some times in ms."""
    ordered = sorted(times)
    print(
        f"\n{name}: median {statistics.median(ordered):.0f} ms, nine of ten below "
        f"{ordered[int(0.9 * len(ordered))]:.0f} ms, worst {ordered[-1]:.0f} ms ({len(times)})"
    )


def opened(browser: Any, address: str, query: str, wait: str) -> Any:
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(PATIENCE)
    page.goto(f"{address}/users?{query}")
    page.locator(wait).first.wait_for()
    page.wait_for_function(
        "() => document.querySelector('[data-testid=stApp]')"
        ".getAttribute('data-test-script-state') === 'notRunning'"
    )
    page.wait_for_timeout(2000)
    return page


def test_a_what_if_answers(browser: Any, address: str) -> None:
    page = opened(browser, address, "user=8&view=What+if", LIST)
    labels = ["Text", "Older", "Image", "Remove", "Item id"]
    times = [
        page.evaluate(CLICK_TO_ANSWER, labels[place % len(labels)]) for place in range(CHANGES)
    ]
    report("a what-if, from the click to the new list", times)
    page.close()


def test_another_user_is_shown(browser: Any, address: str) -> None:
    page = opened(browser, address, "user=8", "h1")
    times = [page.evaluate(CLICK_TO_ANSWER, "Next-user") for _ in range(CHANGES)]
    report("another user, from the click to the finished page", times)
    page.close()


def test_processor_time_of_an_answer() -> None:
    """What the script itself computes, without server and browser; a busy machine matters less."""
    app = AppTest.from_file(ROOT / "app" / "main.py", default_timeout=300)
    app.query_params.update({"user": "8"})
    app.run()
    app.switch_page("app_pages/users.py").run()
    report(
        "another user, processor", [_used(app.button("Next user").click) for _ in range(CHANGES)]
    )
    app.get_by_key("user_view").set_value("What if").run()
    app.toggle("weights_by_hand").set_value(True).run()
    slider = [lambda v=place: app.slider("weight-synergy").set_value(v / 50) for place in range(10)]
    moves = [lambda to=place: app.number_input("history_place").set_value(to) for place in range(9)]
    withheld = [["text"], ["image"], [], ["image", "text"], []] * 3
    switches = [
        lambda names=names: app.get_by_key("withheld").set_value(names) for names in withheld
    ]
    report("a what-if, processor", [_used(change) for change in [*slider, *moves[1:], *switches]])


def _used(change: Callable[[], Any]) -> float:
    """Make a change and give the processor time until the page is made again, in ms."""
    started = time.process_time()
    change().run()
    return 1000 * (time.process_time() - started)
