"""The answers in a run folder: one table, one content key for each answer."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import pandas as pd

from analysis.information.questions import EVERYBODY, Question
from prism_core.store.reader import Run
from prism_core.store.writer import add_artifact

ARTIFACT: Final = "information"

IDENTITY: Final = ("scope", "target", "first", "second", "slice", "coding")
"""Columns that tell one answer from another."""


def stored_answers(path: Path) -> pd.DataFrame:
    """Read the answers already in a run folder; an empty frame with the same columns if none."""
    one = Run(path)
    if one.has(ARTIFACT):
        return completed(one.table(ARTIFACT))
    return pd.DataFrame(columns=[*IDENTITY, "kind", "key"])


def completed(answers: pd.DataFrame) -> pd.DataFrame:
    """Give answers from before there were slices the name of everybody's."""
    return answers if "slice" in answers else answers.assign(slice=EVERYBODY)


def has_answer(path: Path, key: str) -> bool:
    """Whether an answer with this content key is stored."""
    return bool((stored_answers(path)["key"] == key).any())


def store_answer(path: Path, question: Question, coding: str, key: str, rows: pd.DataFrame) -> None:
    """Store an answer; an older one to the same question is replaced."""
    identity = {
        "scope": question.scope,
        "target": question.target,
        "first": question.first,
        "second": question.second,
        "slice": question.slice,
        "coding": coding,
    }
    stored, frame = stored_answers(path), rows.assign(**identity, key=key)
    same = (stored[list(IDENTITY)] == [identity[name] for name in IDENTITY]).all(axis=1)
    merged = pd.concat([stored[~same], frame], ignore_index=True) if len(stored) else frame
    keys = "".join(sorted(set(merged["key"])))
    add_artifact(path, ARTIFACT, merged, key=hashlib.sha256(keys.encode()).hexdigest())
