"""Time and memory of preparation by size, against the same steps in plain pandas.

``PRISM_BENCHMARK_MILLIONS=1,10,50`` chooses the sizes, in millions of interactions. Preparation
must stay below 4 GB; pandas may take ``PANDAS_LIMIT`` and is reported as too large beyond.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv

pytestmark = pytest.mark.benchmark
SIZES = [int(n) for n in os.environ.get("PRISM_BENCHMARK_MILLIONS", "1,10").split(",")]
PANDAS_LIMIT = 16
"""Gigabytes of address space."""
ITEMS = 30_000
CHUNK = 1_000_000

MEASURED = """
import json, resource, sys, time
from pathlib import Path
{limit}
start = time.perf_counter()
{body}
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(json.dumps({{"rows": rows, "seconds": time.perf_counter() - start, "gigabytes": memory}}))
"""
OURS = """
from prism_core.data.options import PreparationOptions
from prism_core.data.preparation import prepare
from prism_core.data.readers.movielens import read_movielens
folder = Path(sys.argv[1])
rows = len(prepare(
    read_movielens(folder), {}, folder / "out", PreparationOptions(last=50), {}
).interactions)
"""
PANDAS = """
import pandas as pd
frame = pd.read_csv(Path(sys.argv[1]) / "ratings.csv", dtype={"userId": str, "movieId": str})
frame = frame.sort_values(["userId", "timestamp"], kind="stable")
frame = frame.drop_duplicates(["userId", "movieId"])
while True:
    few = (frame.groupby("userId")["movieId"].transform("size") < 5) | (
        frame.groupby("movieId")["userId"].transform("size") < 5
    )
    if not few.any():
        break
    frame = frame[~few]
rows = len(frame.groupby("userId").tail(50))
"""


def generate(folder: Path, millions: int) -> None:
    """Write MovieLens files: users of about 100 events, items of falling popularity."""
    rng = np.random.default_rng(millions)
    users = max(1, millions * 10_000)
    films = ["movieId,title,genres", *(f"{i},Film {i} (1999),Drama" for i in range(ITEMS))]
    (folder / "movies.csv").write_text("\n".join(films) + "\n")
    names = ["userId", "movieId", "rating", "timestamp"]
    with csv.CSVWriter(
        folder / "ratings.csv",
        pa.schema([(name, pa.int64()) for name in names]),
        write_options=csv.WriteOptions(quoting_style="none"),
    ) as writer:
        for _ in range(millions * 1_000_000 // CHUNK):
            columns = [
                rng.integers(1, users + 1, CHUNK),
                (ITEMS * rng.random(CHUNK) ** 3).astype(np.int64),
                rng.integers(1, 6, CHUNK),
                rng.integers(0, 2**30, CHUNK),
            ]
            writer.write_table(pa.table(dict(zip(names, columns, strict=True))))


def measure(body: str, folder: Path, gigabytes: int | None = None) -> dict[str, float] | None:
    """Run a body in a process of its own; None where it needs more memory than it may take."""
    size = (gigabytes or 0) * 2**30
    limit = f"resource.setrlimit(resource.RLIMIT_AS, ({size}, {size}))" if gigabytes else ""
    code = MEASURED.format(body=body, limit=limit)
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=False
    )
    if gigabytes and ("MemoryError" in done.stderr or "malloc" in done.stderr):
        return None
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("millions", SIZES)
def test_preparation_by_size(
    tmp_path: Path, millions: int, capsys: pytest.CaptureFixture[str]
) -> None:
    generate(tmp_path, millions)
    ours = measure(OURS, tmp_path)
    assert ours is not None
    report = [f"\n{millions} M interactions: {_line('prepared', ours, millions)}"]
    assert ours["rows"] > 0
    assert ours["gigabytes"] < 4
    plain = measure(PANDAS, tmp_path, PANDAS_LIMIT)
    report.append(_line("pandas", plain, millions))
    assert plain is None or plain["rows"] == ours["rows"]
    with capsys.disabled():
        print("; ".join(report))


def _line(name: str, found: dict[str, float] | None, millions: int) -> str:
    if found is None:
        return f"{name} needs more than {PANDAS_LIMIT} GB"
    seconds, gigabytes = found["seconds"], found["gigabytes"]
    return (
        f"{name} {seconds:.1f} s and {gigabytes:.2f} GB "
        f"({seconds / millions:.2f} s, {1000 * gigabytes / millions:.0f} MB a million)"
    )
