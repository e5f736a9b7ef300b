"""Preparations in the background, and the uploads that each of them reads."""

from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from app import jobs, uploads
from app.components.preparation_form import Draft
from app.components.preparation_order import check_name
from app.jobs import Job
from app.loaders import own_data

PREFIX = "data set "
"""Begins the target of a preparation, so that it is told from a training."""


def running_or_last() -> Job | None:
    """Give the preparation started last, or None."""
    found = (job for job in jobs.jobs().values() if job.target.startswith(PREFIX))
    return max(found, key=lambda job: job.started, default=None)


def start(draft: Draft) -> Job:
    """Store the uploads, check the order and start it.

    Raises
    ------
    PrismError
        Something is wrong with the order or with an upload; nothing is left behind then.
    """
    stored, folder = _stored(draft)
    try:
        order = draft.order(stored)
        order.check(own_data())
        job = jobs.start(
            PREFIX + order.name,
            order.arguments(own_data()),
            runs=own_data(),
            folder=own_data() / order.name,
        )
    except BaseException:
        if folder is not None:
            folder.cleanup()
        raise
    if folder is not None:
        _folders()[job.target] = folder
    return job


def finish(job: Job) -> None:
    """Remove what a job that has ended read from uploads."""
    folder = _folders().get(job.target)
    if folder is not None:
        folder.cleanup()


def message(job: Job) -> str:
    """Give the last line of a job, without the name of a temporary folder."""
    last = job.tail(1).removeprefix("error: ")
    folder = _folders().get(job.target)
    return last if folder is None else last.replace(f"{Path(folder.name).resolve()}/", "")


def _stored(draft: Draft) -> tuple[Path | None, TemporaryDirectory[str] | None]:
    if not draft.uploads:
        return None, None
    check_name(draft.name)
    folder = TemporaryDirectory(prefix="prism-upload-", ignore_cleanup_errors=True)
    target = Path(folder.name) / draft.name
    target.mkdir()
    try:
        return uploads.store(draft.uploads, target), folder
    except BaseException:
        folder.cleanup()
        raise


@st.cache_resource(max_entries=1, show_spinner=False)
def _folders() -> dict[str, TemporaryDirectory[str]]:
    """Give the folders of uploads by target; those still there are removed when the app ends."""
    return {}
