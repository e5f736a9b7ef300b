"""Time and memory of preparation by size, against the same steps in plain pandas.

``PRISM_BENCHMARK_MILLIONS=1,10,50`` chooses the sizes, in millions of interactions; pandas is left
out above 10, where it needs more than 4 GB.
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
LARGEST_FOR_PANDAS = 10
ITEMS = 30_000
CHUNK = 1_000_000

MEASURED = """
import json, resource, sys, time
from pathlib import Path
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


def measure(body: str, folder: Path) -> dict[str, float]:
    code = MEASURED.format(body=body)
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("millions", SIZES)
def test_preparation_by_size(
    tmp_path: Path, millions: int, capsys: pytest.CaptureFixture[str]
) -> None:
    generate(tmp_path, millions)
    ours = measure(OURS, tmp_path)
    report = [f"\n{millions} M interactions: {_line('prepared', ours, millions)}"]
    assert ours["rows"] > 0
    assert ours["gigabytes"] < 4
    if millions <= LARGEST_FOR_PANDAS:
        plain = measure(PANDAS, tmp_path)
        report.append(_line("pandas", plain, millions))
        assert plain["rows"] == ours["rows"]
    with capsys.disabled():
        print("; ".join(report))


def _line(name: str, found: dict[str, float], millions: int) -> str:
    seconds, gigabytes = found["seconds"], found["gigabytes"]
    return (
        f"{name} {seconds:.1f} s and {gigabytes:.2f} GB "
        f"({seconds / millions:.2f} s, {1000 * gigabytes / millions:.0f} MB a million)"
    )
