"""The README's Python works as it stands."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.comparison import summary, variants_of
from prism_core.store.reader import Run, list_runs

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)


@pytest.mark.parametrize(
    "block", BLOCKS, ids=["plug", "explain", "health", "decompose", "estimate"]
)
def test_block_runs(block: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", block], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_pictures_and_files_exist() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", text)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_table_of_accuracy_is_that_of_the_bundled_runs() -> None:
    entries = list_runs([ROOT / "assets" / "runs"])
    runs = [Run(entry.path) for entry in entries if entry.status == "complete"]
    found = summary(variants_of(runs), metrics=["hr@10", "ndcg@10"])
    values = found.pivot(index="name", columns="metric", values="value")
    seeds = found.groupby("name")["num_seeds"].first()
    text = (ROOT / "README.md").read_text("utf-8")
    table = text.split("| run | seeds | HR@10 | NDCG@10 |")[1].split("\n\n")[0]
    rows = [line.replace("*", "").strip("| ").split(" | ") for line in table.splitlines()[2:]]
    assert len(rows) > 10
    for name, count, *printed in rows:
        stored = [f"{values.loc[name, metric]:.4f}".lstrip("0") for metric in ("hr@10", "ndcg@10")]
        assert (int(count), printed) == (seeds[name], stored), name
