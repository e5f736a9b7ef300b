"""No page waits for torch, UMAP or dit: they are loaded by subprocesses and the what-if alone."""

import os
import subprocess
import sys
from pathlib import Path

from prism_core.store.datasets import Dataset

ROOT = Path(__file__).parents[2]
SCRIPT = """
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file({main!r}, default_timeout=120).run()
for page in {pages!r}:
    app.switch_page(f"app_pages/{{page}}.py").run()
    assert not app.exception, app.exception
for view in ("Gates", "Health"):
    tab = AppTest.from_file({main!r}, default_timeout=120)
    tab.query_params["view"] = view
    tab.run().switch_page("app_pages/information.py").run()
    assert not tab.exception, tab.exception
    assert [one.label for one in tab.tabs if len(one.children)] == [view]
heavy = ("torch", "umap", "numba", "dit", "kaleido", "sklearn", "scipy.stats")
print([name for name in heavy if name in sys.modules])
"""


def test_pages_load_no_heavy_library(tiny_runs: Path, tiny_dataset: Dataset) -> None:
    main = str(ROOT / "app" / "main.py")
    pages = sorted(p.stem for p in (ROOT / "app" / "app_pages").glob("[a-z]*.py"))
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "PRISM_RUNS": str(tiny_runs),
        "PRISM_DATA": str(tiny_dataset.path.parent),
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(main=main, pages=pages)],
        env=environment, capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    assert done.stdout.strip().splitlines()[-1] == "[]"
