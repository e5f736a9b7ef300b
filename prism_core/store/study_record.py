"""The file beside the runs of a study that says what became of each of them."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, Literal, Self, get_args

from prism_core.errors import RunFormatError
from prism_core.store import files

RECORD: Final = "study.json"
Status = Literal["planned", "complete", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRun:
    """One run of a study.

    Attributes
    ----------
    label
        Name and seed.
    group
        Heading under which it is listed.
    reason
        Why it failed; empty otherwise.
    """

    label: str
    group: str
    status: Status = "planned"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StudyRecord:
    """All runs of a study by run id, those planned last first, in their order."""

    runs: Mapping[str, StudyRun]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the record of a folder of runs; empty where there is none.

        Raises
        ------
        RunFormatError
            The file is no such record.
        """
        path = folder / RECORD
        if not path.is_file():
            return cls({})
        try:
            runs = {
                run_id: StudyRun(**entry) for run_id, entry in files.read_json(path)["runs"].items()
            }
        except (KeyError, TypeError, AttributeError) as error:
            raise RunFormatError(
                f"{path}: this is no record of a study ({error}); run the study again to renew it."
            ) from None
        for run_id, run in runs.items():
            if run.status not in get_args(Status):
                raise RunFormatError(
                    f"{path}: run {run_id!r} has the status {run.status!r}; allowed are "
                    f"{', '.join(get_args(Status))}."
                )
        return cls(runs)

    def write(self, folder: Path) -> None:
        """Write it, atomically."""
        entries = {run_id: asdict(run) for run_id, run in self.runs.items()}
        files.write_json(folder / RECORD, {"runs": entries})

    def planning(self, planned: Mapping[str, StudyRun], present: Iterable[str]) -> "StudyRecord":
        """Add runs that are to be made, and forget those that nobody will miss.

        Forgotten are, of the runs that are not planned here, finished ones that have been removed
        and unfinished ones that a planned run replaces.

        Parameters
        ----------
        planned
            By run id. A run of the same label and another id was planned under older settings.
        present
            Ids of the finished runs that are there.
        """
        there, labels = set(present), {run.label for run in planned.values()}

        def stays(run_id: str, run: StudyRun) -> bool:
            return run_id in there if run.status == "complete" else run.label not in labels

        kept = {i: run for i, run in self.runs.items() if i in planned or stays(i, run)}
        new = {run_id: kept.get(run_id, run) for run_id, run in planned.items()}
        return StudyRecord(new | {i: run for i, run in kept.items() if i not in new})

    def with_outcome(self, run_id: str, run: StudyRun) -> "StudyRecord":
        """Replace one run."""
        return StudyRecord({**self.runs, run_id: run})

    def unfinished(self, present: Iterable[str]) -> list[StudyRun]:
        """List the runs that are not there, failed ones first.

        Parameters
        ----------
        present
            Ids of the finished runs that are there.
        """
        there = set(present)
        missing = [
            run if run.status == "failed" else replace(run, status="planned")
            for run_id, run in self.runs.items()
            if run_id not in there
        ]
        return sorted(missing, key=lambda run: run.status != "failed")
