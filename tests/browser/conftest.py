"""The real app in a real browser; skipped with the reason where there is no Chromium."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from analysis.alignment import store_aligned
from analysis.maps import MapSettings, map_name, store_map
from analysis.spaces import item_vectors
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run

ROOT = Path(__file__).parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_browser() -> str | None:
    named = os.environ.get("BROWSER_PATH")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """A headless Chromium driven by Playwright."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    path = find_browser()
    if path is None:
        pytest.skip("no Chromium or Chrome found; install one or name it in BROWSER_PATH")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def shown_runs(
    tiny_runs: Path, trained_runs: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Generated runs, one with maps, two aligned, and one that was trained and has a model."""
    root = tmp_path_factory.mktemp("shown") / "runs"
    shutil.copytree(tiny_runs, root)
    shutil.copytree(trained_runs, root, dirs_exist_ok=True)
    run, settings = Run(root / "prism-seed0"), MapSettings(method="pca")
    for space in run.parts:
        store_map(run, map_name("items", space, "pca"), item_vectors(run, space), settings)
    both = [Run(root / f"prism-seed{seed}") for seed in (0, 1)]
    tables = [item_vectors(one, "fused") for one in both]
    store_aligned(
        both, tables, scope="items", space="fused", settings=MapSettings(neighbours=5),
        labels=[{}, {}],
    )  # fmt: skip
    return root


@pytest.fixture(scope="session")
def app_url(
    shown_runs: Path, tiny_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Address of the app, served on a free port with generated runs."""
    log = tmp_path_factory.mktemp("server") / "log.txt"
    with served(shown_runs, tiny_dataset.path.parent, log) as address:
        yield address


@contextmanager
def served(runs: Path, data: Path, log: Path) -> Iterator[str]:
    """Serve the app on a free port with some runs and data sets; give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app/main.py"]
    options = ["--server.headless=true", "--server.address=127.0.0.1", f"--server.port={port}"]
    paths = {"PRISM_RUNS": str(runs), "PRISM_DATA": str(data)}
    environment = os.environ | paths | {"PYTHONPATH": str(ROOT)}
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*command, *options], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health", server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"the app did not start:\n{log.read_text(errors='replace')}")
