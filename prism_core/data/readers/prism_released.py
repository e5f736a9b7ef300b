"""PRISM's own released layout: ``<D>.txt``, id maps and ``image_text/<D>_text.json``."""

from pathlib import Path
from typing import Any

from prism_core.data.raw import Origin, RawData, event_batch
from prism_core.data.readers.frames import one_file, plain
from prism_core.data.readers.sequence_text import (
    SEQUENCE,
    numbered_items,
    read_events,
    read_object,
)
from prism_core.errors import DataError


def read_prism(path: Path) -> RawData:
    """Read a folder as the released data scripts leave it.

    Returns
    -------
    RawData
        Items 1..largest id under their numbers; row ``k`` of ``image_features_<D>.pt`` and
        ``text_features_<D>.pt`` belongs to item ``k + 1``.

    Raises
    ------
    DataError
        A file is missing or damaged, or the id map names an id twice.
    """
    events = read_events(one_file(path, [f"{path.name}.txt", "*.txt"]))
    raw_ids = _raw_ids(path / "imap.json")
    texts = _texts(path)
    known = {number: _described(raw, texts.get(raw, "")) for number, raw in raw_ids.items()}
    origin = Origin(
        name=path.name.lower(),
        title=f"{path.name} (PRISM's released layout)",
        source="PRISM's released data scripts",
        licence="that of the original data",
        citation="Zhang et al. 2026. PRISM. WWW. https://arxiv.org/abs/2601.10944",
        sequence=SEQUENCE,
    )
    items = numbered_items(events, known)
    return RawData(
        origin=origin, events=lambda: iter([event_batch(events)]), items=items, has_times=False
    )


def _raw_ids(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    numbers: dict[str, str] = {}
    for raw, number in read_object(path).items():
        if not isinstance(number, int) or number < 1 or str(number) in numbers:
            raise DataError(f"{path}, key {raw!r}: {number!r} is no number from 1 of its own.")
        numbers[str(number)] = raw
    return numbers


def _texts(path: Path) -> dict[str, Any]:
    files = sorted((path / "image_text").glob("*_text.json"))
    return read_object(files[0]) if files else {}


def _described(raw: str, text: Any) -> dict[str, Any]:
    whole = plain(str(text))
    return {"title": whole[:80] or raw, "text": whole}
