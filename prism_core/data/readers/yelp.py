"""Yelp open data set: reviews and businesses as JSON lines."""

from pathlib import Path
from typing import Any, Final

import pandas as pd

from prism_core.data.raw import Origin, RawData
from prism_core.data.readers.frames import items_frame, one_file, plain, with_undescribed
from prism_core.data.readers.records import Record, read_records
from prism_core.errors import DataError

DATE: Final = "%Y-%m-%d %H:%M:%S"


def read_yelp(path: Path) -> RawData:
    """Read ``*review.json`` and ``*business.json``.

    Raises
    ------
    DataError
        A file is missing or damaged, or a date is not ``YYYY-MM-DD HH:MM:SS``.
    """
    businesses = one_file(path, ["*business.json", "*business.json.gz"])
    events = _events(one_file(path, ["*review.json", "*review.json.gz"]))
    items = items_frame(_item(record) for record in read_records(businesses))
    origin = Origin(
        name="yelp",
        title="Yelp open data set",
        source="https://www.yelp.com/dataset",
        licence="Yelp data set terms of use: no redistribution",
        citation="Yelp Open Dataset, https://www.yelp.com/dataset",
        sequence="Users review places they have visited, often days or weeks apart",
    )
    return RawData(origin=origin, interactions=events, items=with_undescribed(items, events))


def _events(path: Path) -> pd.DataFrame:
    rows = [
        (
            record.line,
            record.need("user_id", str),
            record.need("business_id", str),
            record.number("stars"),
            record.need("date", str),
        )
        for record in read_records(path)
    ]
    frame = pd.DataFrame(rows, columns=["line", "user_id", "item_id", "rating", "date"])
    times = pd.to_datetime(frame["date"], format=DATE, errors="coerce", utc=True)
    bad = frame[times.isna() | (times.dt.year < 1970)]
    if len(bad):
        line, date = bad.iloc[0][["line", "date"]]
        raise DataError(f"{path}, line {line}, field 'date': {date[:40]!r} is not like {DATE}.")
    seconds = times.dt.as_unit("s").astype("int64")
    return frame.assign(timestamp=seconds).drop(columns=["line", "date"])


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
