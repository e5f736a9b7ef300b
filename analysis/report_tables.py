"""LaTeX tables that stand beside figures: what to write from which runs, as plain data."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from analysis import comparison
from analysis.explanations import explain_user
from analysis.latex import latex_frame, latex_results
from prism_core.errors import ConfigError, DataError
from prism_core.store.reader import Run

METRICS: Final = ("ndcg@10", "ndcg@20", "recall@10", "recall@20", "mrr@10")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table to write.

    Attributes
    ----------
    name
        File name without ending; its label is ``tab:`` and the name.
    content
        Key of ``CONTENTS``.
    runs
        Ids of the runs it is written from.
    options
        ``title`` and ``reference`` of ``results``, ``user_id`` of ``recommendations``.
    """

    name: str
    content: str
    runs: tuple[str, ...]
    options: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.name or not self.name.replace("-", "").replace("_", "").isalnum():
            raise ConfigError(f"table name {self.name!r}: use letters, digits, '-' and '_' only.")
        if self.content not in CONTENTS:
            raise ConfigError(f"table {self.content!r}: choose one of {', '.join(CONTENTS)}.")
        if not self.runs:
            raise ConfigError(f"table {self.name!r}: name at least one run.")

    def as_dict(self) -> dict[str, Any]:
        """Give the table as plain data."""
        return asdict(self)

    def write(self, folders: Mapping[str, Path]) -> str:
        """Write it.

        Parameters
        ----------
        folders
            Run id to run folder.

        Raises
        ------
        DataError
            A run's folder is unknown.
        """
        missing = [run_id for run_id in self.runs if run_id not in folders]
        if missing:
            raise DataError(f"the run {missing[0]!r} was not found; known: {', '.join(folders)}.")
        return CONTENTS[self.content]([Run(folders[one]) for one in self.runs], self)


def table_from(entry: Mapping[str, Any]) -> Table:
    """Read a table back from plain data.

    Raises
    ------
    DataError
        It is no such data.
    """
    try:
        options = {str(name): str(value) for name, value in entry["options"].items()}
        name, content = str(entry["name"]), str(entry["content"])
        return Table(name=name, content=content, runs=tuple(entry["runs"]), options=options)
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(f"a table of the file is not as it was saved: {error}.") from None


def _results(runs: Sequence[Run], table: Table) -> str:
    """Write metrics over the full width, with intervals and marks against the reference."""
    variants = comparison.variants_of(runs)
    title, reference = table.options["title"], table.options["reference"]
    tested = len(variants) > 1
    gaps = {
        metric: comparison.differences(variants, reference=reference, metric=metric)
        for metric in (METRICS if tested else ())
    }
    return latex_results(
        comparison.summary(variants, metrics=METRICS),
        differences=gaps or None,
        caption=f"{title}; the reference is {reference}." if tested else f"{title}.",
        label=f"tab:{table.name}",
        wide=True,
    )


def _recommendations(runs: Sequence[Run], table: Table) -> str:
    user_id = table.options["user_id"]
    listed = explain_user(runs[0], user_id).recommendations
    shown = listed[["rank", "title", "score", "top_player", "interaction"]]
    caption = f"Recommendations of user {user_id}."
    return latex_frame(shown, caption=caption, label=f"tab:{table.name}")


CONTENTS: Final[Mapping[str, Callable[[Sequence[Run], Table], str]]] = {
    "results": _results,
    "recommendations": _recommendations,
}
"""Tables by what they hold; each takes the runs and what is asked of it."""
