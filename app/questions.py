"""Questions about information: which a run can answer, which are answered, and in what words."""

from pathlib import Path
from typing import Final, NamedTuple

import pandas as pd
import streamlit as st

from analysis.information.questions import Question, questions
from analysis.information.stored import ARTIFACT
from analysis.plots.theme import label_of
from app import loaders
from prism_core.store import schema
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run

FIELDS: Final = ["scope", "target", "first", "second"]
SCOPES: Final = {
    "data": "The data: what {first} and {second} tell about {target}",
    "model": "The model: what {first} and {second} tell about {target}",
    "part": "The parts: what {first} and {second} tell about {target}",
}
TARGETS: Final = {
    "next category": "the genre of the next item",
    "next popularity": "the popularity of the next item",
    "top-1 category": "the genre of the first recommendation",
    "hit@10": "whether the true next item is in the top 10",
}


class Asked(NamedTuple):
    """One question: two sources and a target."""

    scope: str
    target: str
    first: str
    second: str

    @property
    def words(self) -> str:
        """The question for a reader."""
        text = SCOPES.get(self.scope, f"{self.scope}: {{first}} and {{second}} about {{target}}")
        return text.format(
            first=label_of(self.first).lower(),
            second="the other parts" if self.second == "rest" else label_of(self.second).lower(),
            target=TARGETS.get(self.target, self.target),
        )


def answers(run: Run) -> pd.DataFrame:
    """Give the stored answers of a run; an empty frame where there are none."""
    if run.has(ARTIFACT):
        return loaders.table(run, ARTIFACT)
    return pd.DataFrame(columns=[*FIELDS, "coding", "kind"])


def answered(stored: pd.DataFrame) -> list[Asked]:
    """List the questions that have an answer, in the stored order."""
    return [Asked(*row) for row in stored[FIELDS].drop_duplicates().itertuples(index=False)]


def possible(run: Run) -> list[Asked]:
    """List what can be asked of a run; nothing where its data set is not here."""
    dataset = loaders.find_dataset(run)
    if dataset is None or len(dataset.modalities) < 2:
        return []
    stamp = loaders.stamp(run.path / schema.MANIFEST)
    every = _possible(run.path, stamp, dataset.path)
    return [Asked(q.scope, q.target, q.first, q.second) for q in every]


@st.cache_resource(max_entries=16, show_spinner=False)
def _possible(path: Path, stamp: int, dataset: Path) -> list[Question]:
    return list(questions(Run(path), Dataset(dataset)))


def chosen_rows(stored: pd.DataFrame, asked: Asked, coding: str) -> pd.DataFrame:
    """Give the rows of one question under one coding."""
    same = (stored[FIELDS] == list(asked)).all(axis=1) & (stored["coding"] == coding)
    return stored[same]
