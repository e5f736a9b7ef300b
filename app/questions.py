"""Questions about information: which a run can answer, which are answered, and in what words."""

from pathlib import Path
from typing import Final, NamedTuple

import pandas as pd
import streamlit as st

from analysis.information.questions import ALL, EVERYBODY, Question, Settings, ask, questions
from analysis.information.sources import PROJECTED, REST, source_names
from analysis.information.stored import ARTIFACT, completed
from analysis.plots.theme import label_of
from app import loaders, slices
from prism_core.names import ID, REDUNDANCY, SYNERGY
from prism_core.store import schema
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run

FIELDS: Final = ["scope", "target", "first", "second", "slice"]
SCOPES: Final = {
    "data": "The data",
    "projected": "What the model reads",
    "model": "The model",
    "part": "The parts",
    "lattice": "All atoms",
}
TARGETS: Final = {
    "next category": "the category of the next item",
    "next cluster": "the group of alike items that the next item is in",
    "next popularity": "the popularity of the next item",
    "hit or miss": "whether a candidate is the next item or another one",
    "top-1 category": "the category of the first recommendation",
    "top-1 cluster": "the group of alike items that the first recommendation is in",
    "hit@10": "whether the true next item is in the top 10",
}
TARGET_HELP: Final = (
    "Groups of alike items: 12 clusters of their features. A candidate: the next item, or one "
    "random item the user never chose, half of each; a source is then how alike the candidate is "
    "to the history."
)
CODINGS: Final = {
    "posterior": "Posteriors of probes",
    "kmeans": "k-means on PCA (paper mode)",
    "quantile": "Quantile bins",
}


class Asked(NamedTuple):
    """One question: two sources, a target, and the slice of choices it is about."""

    scope: str
    target: str
    first: str
    second: str
    slice: str = EVERYBODY

    @property
    def words(self) -> str:
        """The question for a reader."""
        about = TARGETS.get(self.target, self.target)
        if self.first == ALL:
            return f"{SCOPES[self.scope]}: what any group of modalities tells about {about}"
        sources = f"{source_words(self.first)} and {self.second_words}"
        return f"{SCOPES.get(self.scope, self.scope)}: what {sources} tell about {about}"

    @property
    def second_words(self) -> str:
        """The second source for a reader; the rest is named after what the first one is."""
        if self.second != REST:
            return source_words(self.second)
        return "the other parts" if self.scope == "part" else "the other modalities"

    @property
    def question(self) -> Question:
        """The question for the command."""
        return Question(**self._asdict())

    @property
    def codings(self) -> list[str]:
        """Codings that fit its sources, the suggested one first."""
        suggested = self.question.suggested_coding
        if self.scope == "lattice":
            return [suggested]
        return list(dict.fromkeys([suggested, "posterior", "kmeans"]))

    @property
    def options(self) -> list[str]:
        """Arguments of the command that ask exactly this."""
        if self.scope == "lattice":
            return ["--scope", self.scope, "--target", self.target]
        return ["--first", self.first, "--second", self.second, "--target", self.target]


def source_words(name: str) -> str:
    """Name a source for a reader."""
    if name == ID:
        return "item id"
    if name.startswith(PROJECTED):
        return f"{label_of(name.removeprefix(PROJECTED)).lower()} as the model reads it"
    return label_of(name).lower()


def with_article(name: str, scope: str) -> str:
    """Name a source inside a sentence: "the image", "the part synergy", "the other parts"."""
    if name == REST:
        return "the other parts" if scope == "part" else "the other modalities"
    is_part = name.startswith("unique_") or name in (SYNERGY, REDUNDANCY)
    return f"the {'part ' if is_part else ''}{source_words(name)}"


def answers(run: Run) -> pd.DataFrame:
    """Give the stored answers of a run; an empty frame where there are none."""
    if run.has(ARTIFACT):
        return completed(loaders.table(run, ARTIFACT))
    return pd.DataFrame(columns=[*FIELDS, "coding", "kind"])


def answered(stored: pd.DataFrame, slice: str = EVERYBODY) -> list[Asked]:
    """List the questions about a slice that have an answer, in the stored order."""
    rows = stored.loc[stored["slice"] == slice, FIELDS].drop_duplicates()
    return [Asked(*row) for row in rows.itertuples(index=False)]


def possible(run: Run, slice: str = EVERYBODY) -> list[Asked]:
    """List what is asked of a run by default; nothing where its data set is not here."""
    if (dataset := _dataset(run)) is None:
        return []
    every = _possible(run.path, loaders.stamp(run.path / schema.MANIFEST), dataset.path)
    return [Asked(q.scope, q.target, q.first, q.second, slice) for q in every]


def sources(run: Run) -> list[str]:
    """List the sources that can be chosen; nothing where the data set is not here."""
    dataset = _dataset(run)
    return [] if dataset is None else list(source_names(run, dataset))


def seconds(run: Run, first: str) -> list[str]:
    """List what can be set beside a first source: any other one, or all alike but it."""
    return [*(name for name in sources(run) if name != first), *([] if first == ID else [REST])]


def own_question(run: Run, target: str, first: str, second: str, slice: str) -> Asked:
    """Make a question of any two sources."""
    made = ask(target, first, second, run, slice=slice)
    return Asked(made.scope, target, first, second, slice)


def chosen_rows(stored: pd.DataFrame, asked: Asked, coding: str) -> pd.DataFrame:
    """Give the rows of one question under one coding."""
    same = (stored[FIELDS] == list(asked)).all(axis=1) & (stored["coding"] == coding)
    return stored[same]


def missing(run: Run, stored: pd.DataFrame, possible: list[Asked]) -> list[Asked]:
    """List the questions without an answer that is up to date, each under its suggested coding."""

    def is_answered(asked: Asked) -> bool:
        coding = asked.question.suggested_coding
        rows = chosen_rows(stored, asked, coding)
        return not rows.empty and not is_out_of_date(run, asked, coding, rows)

    return [asked for asked in possible if not is_answered(asked)]


def is_out_of_date(run: Run, asked: Asked, coding: str, rows: pd.DataFrame) -> bool:
    """Say whether a stored answer is another one than would be computed now.

    Its data, the run or the members of its slice have changed, or it was computed by an older
    version or with other settings. Where the data set is not here, nothing would be computed.

    Parameters
    ----------
    rows
        Those of the answer.
    """
    if (dataset := _dataset(run)) is None:
        return False
    chosen = slices.current(run) if asked.slice else None
    return rows["key"].iloc[0] != asked.question.key(run, dataset, Settings(coding=coding), chosen)


def _dataset(run: Run) -> Dataset | None:
    dataset = loaders.find_dataset(run)
    return None if dataset is None or len(dataset.modalities) < 2 else dataset


@st.cache_resource(max_entries=16, show_spinner=False)
def _possible(path: Path, stamp: int, dataset: Path) -> list[Question]:
    return list(questions(Run(path), Dataset(dataset)))
