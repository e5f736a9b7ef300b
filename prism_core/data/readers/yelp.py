"""Yelp open data set: reviews, businesses and their photos as JSON lines."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from prism_core.data.raw import Event, Origin, RawData, event_batches
from prism_core.data.readers.frames import items_frame, one_file, plain
from prism_core.data.readers.records import Record, read_records
from prism_core.errors import DataError

DATE: Final = "%Y-%m-%d %H:%M:%S"


def read_yelp(path: Path) -> RawData:
    """Read ``*review.json``, ``*business.json`` and, if there, ``photos.json``.

    Returns
    -------
    RawData
        A business may have several photos; vectors of ``photos/<photo_id>.jpg`` are averaged.

    Raises
    ------
    DataError
        A file is missing or damaged, or a date is not ``YYYY-MM-DD HH:MM:SS``.
    """
    businesses = one_file(path, ["*business.json", "*business.json.gz"])
    reviews = one_file(path, ["*review.json", "*review.json.gz"])
    items = items_frame(_item(record) for record in read_records(businesses))
    origin = Origin(
        name="yelp",
        title="Yelp open data set",
        source="https://www.yelp.com/dataset",
        licence="Yelp data set terms of use: no redistribution",
        citation="Yelp Open Dataset, https://www.yelp.com/dataset",
        sequence="Users review places they have visited, often days or weeks apart",
    )
    return RawData(
        origin=origin, events=partial(_events, reviews), items=items, pictures_of=_photos(path)
    )


def _photos(path: Path) -> dict[str, list[str]] | None:
    """List the photos of every business; None where the photos are not there."""
    if not any(path.glob("*photos.json*")):
        return None
    photos: dict[str, list[str]] = {}
    for record in read_records(one_file(path, ["*photos.json", "*photos.json.gz"])):
        business = record.need("business_id", str)
        photos.setdefault(business, []).append(record.need("photo_id", str))
    return photos


def _events(path: Path) -> Iterator[pa.RecordBatch]:
    return event_batches(_event(record) for record in read_records(path))


def _event(record: Record) -> Event:
    return (
        record.need("user_id", str),
        record.need("business_id", str),
        _seconds(record),
        record.number("stars"),
    )


def _seconds(record: Record) -> int:
    text = record.need("date", str)
    try:
        seconds = int(datetime.strptime(text, DATE).replace(tzinfo=UTC).timestamp())
    except ValueError:
        seconds = -1
    if seconds < 0:
        where = f"{record.path}, line {record.line}, field 'date'"
        raise DataError(f"{where}: {text[:40]!r} is not like {DATE}, from 1970 on.")
    return seconds


def _item(record: Record) -> dict[str, Any]:
    listed = record.get("categories", str, default="").split(",")
    categories = [plain(name) for name in listed if name.strip()]
    title = plain(record.get("name", str, default=""))
    city = plain(record.get("city", str, default=""))
    return {
        "item_id": record.need("business_id", str),
        "title": title,
        "categories": categories,
        "text": ". ".join(filter(None, [title, city, *categories])),
    }
