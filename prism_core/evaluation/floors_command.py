"""``python -m prism_core floors``: search, score and store every floor of a data set."""

import argparse
import itertools
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from prism_core.data.sequences import Sequences
from prism_core.evaluation.metrics import parse, per_user, summary
from prism_core.evaluation.ranking import Ranking, rank_users
from prism_core.evaluation.recording import origin, protocol, record_rankings, versions
from prism_core.models.floors import Floor, floors_for
from prism_core.store.datasets import Dataset
from prism_core.store.writer import RunWriter

SEARCH_METRIC: Final = "ndcg@10"


@dataclass(frozen=True, slots=True)
class Searched:
    """The member of a family that is best on the validation split.

    Attributes
    ----------
    settings
        Its settings.
    tried
        How many members were compared.
    valid, test
        Its rankings; the test split played no part in the choice.
    seconds
        Time of search and scoring.
    """

    settings: dict[str, Any]
    tried: int
    valid: Ranking
    test: Ranking
    seconds: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``floors``."""
    parser.add_argument("--data", type=Path, required=True, help="prepared data-set folder")
    parser.add_argument("--out", type=Path, required=True, help="folder of run folders")
    parser.add_argument("--top-k", type=int, default=20, help="length of the stored lists")
    parser.add_argument("--max-seq-len", type=int, default=50, help="newest events floors read")


def run(args: argparse.Namespace) -> None:
    """Write one run ``floor-<name>`` per floor and print its test metrics."""
    dataset = Dataset(args.data)
    sequences = Sequences(dataset)
    for name, floor in floors_for(dataset).items():
        found = search(floor, sequences, max_seq_len=args.max_seq_len, top_k=args.top_k)
        write_run(args.out, name, floor, found, dataset, args.max_seq_len)
        values = summary(found.test.rank)
        print(f"{name:12s} HR@10 {values['hr@10']:.4f}  NDCG@10 {values['ndcg@10']:.4f}")


def search(floor: Floor, sequences: Sequences, *, max_seq_len: int, top_k: int) -> Searched:
    """Choose the settings of a floor on the validation split, then rank the test split.

    Equal scores are decided for the settings that stand first in the grid.
    """
    start = time.perf_counter()
    grid = [
        dict(zip(floor.grid, values, strict=True))
        for values in itertools.product(*floor.grid.values())
    ]
    metric, cutoff = parse(SEARCH_METRIC)

    def rank(settings: dict[str, Any], split: str) -> Ranking:
        score = floor.build(sequences, **settings)
        return rank_users(
            lambda inputs: [score(inputs)], sequences, split, max_seq_len=max_seq_len, top_k=top_k
        )

    def quality(settings: dict[str, Any]) -> float:
        return float(per_user(rank(settings, "valid").rank, metric, cutoff).mean())

    best = max(grid, key=quality) if len(grid) > 1 else grid[0]
    valid, test = rank(best, "valid"), rank(best, "test")
    return Searched(best, len(grid), valid, test, time.perf_counter() - start)


def write_run(
    root: Path,
    name: str,
    floor: Floor,
    found: Searched,
    dataset: Dataset,
    max_seq_len: int,
    run_id: str = "",
) -> Path:
    """Store a floor as a run of kind ``floor``, ``floor-<name>`` by default; give its folder."""
    run_id = run_id or f"floor-{name}"
    writer = RunWriter(root / run_id)
    searched = {"metric": SEARCH_METRIC, "split": "valid", "tried": found.tried}
    writer.write_config({"floor": name, "settings": found.settings, "search": searched})
    record_rankings(writer, dataset, valid=found.valid, test=found.test, seed=0)
    writer.finish(
        {
            "run_id": run_id,
            "name": floor.title,
            "kind": "floor",
            "seed": 0,
            "modalities": list(dataset.modalities),
            "has_parts": False,
            "dataset": origin(dataset),
            "protocol": protocol(dataset, max_seq_len),
            "versions": versions(),
            "training": {"seconds": round(found.seconds, 2), "num_parameters": 0},
        }
    )
    return writer.path
