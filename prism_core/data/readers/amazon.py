"""Amazon Reviews in the releases of 2014, 2018 and 2023: reviews or ratings, and metadata."""

import ast
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from prism_core.data.raw import Event, Origin, RawData, event_batch, event_batches
from prism_core.data.readers.delimited import NUMBER, TEXT, WHOLE, Chunk, read_chunks
from prism_core.data.readers.frames import items_frame, one_file, plain
from prism_core.data.readers.records import Record, read_records
from prism_core.errors import DataError

ASIN: Final = r"(?:B[0-9A-Z]{9}|[0-9]{9}[0-9X])"
SEQUENCE: Final = "Users review products they bought, one at a time or several on one day"
CITATIONS: Final = {
    2014: "R. He and J. McAuley. 2016. Ups and Downs: Modeling the Visual Evolution of Fashion "
    "Trends with One-Class Collaborative Filtering. WWW. https://doi.org/10.1145/2872427.2883037",
    2018: "J. Ni, J. Li and J. McAuley. 2019. Justifying Recommendations using Distantly-Labeled "
    "Reviews and Fine-Grained Aspects. EMNLP. https://doi.org/10.18653/v1/D19-1018",
    2023: "Y. Hou et al. 2024. Bridging Language and Items for Retrieval and Recommendation. "
    "https://arxiv.org/abs/2403.03952",
}


def read_amazon_2014(path: Path) -> RawData:
    """Read ``reviews_X.json`` or ``ratings_X.csv``, and ``meta_X.json`` of Python literals."""
    meta = one_file(path, ["meta_*.json", "meta_*.json.gz"])
    items = items_frame(_old_item(r) for r in read_records(meta, ast.literal_eval))
    source = one_file(path, ["reviews_*.json", "reviews_*.json.gz", "ratings_*.csv"])
    return _raw(path, 2014, partial(_old_events, source), items)


def read_amazon_2018(path: Path) -> RawData:
    """Read ``X.json`` or ``X.csv``, and ``meta_X.json`` of JSON lines."""
    meta = one_file(path, ["meta_*.json", "meta_*.json.gz"])
    items = items_frame(_old_item(r) for r in read_records(meta))
    source = one_file(path, ["*.json", "*.json.gz", "*.csv"], without="meta_")
    return _raw(path, 2018, partial(_old_events, source), items)


def read_amazon_2023(path: Path) -> RawData:
    """Read ``X.jsonl`` or ``X.csv``, and ``meta_X.jsonl``, joined on ``parent_asin``."""
    meta = one_file(path, ["meta_*.jsonl", "meta_*.jsonl.gz"])
    items = items_frame(_new_item(record) for record in read_records(meta))
    source = one_file(path, ["*.jsonl", "*.jsonl.gz", "*.csv", "*.csv.gz"], without="meta_")
    return _raw(path, 2023, partial(_new_events, source), items)


def _raw(
    path: Path, release: int, events: Callable[[], Iterator[pa.RecordBatch]], items: pd.DataFrame
) -> RawData:
    origin = Origin(
        name=f"amazon-{release}-{path.name.lower()}",
        title=f"Amazon Reviews {release}: {path.name}",
        source=f"Amazon Reviews {release}",
        licence="none given by the publisher; not to be redistributed",
        citation=CITATIONS[release],
        sequence=SEQUENCE,
    )
    return RawData(origin=origin, events=events, items=items)


def _old_events(source: Path) -> Iterator[pa.RecordBatch]:
    if source.suffix == ".csv":
        return _old_ratings(source)
    return event_batches(_old_review(record) for record in read_records(source))


def _new_events(source: Path) -> Iterator[pa.RecordBatch]:
    if ".csv" in source.suffixes:
        return _new_ratings(source)
    return event_batches(_new_review(record) for record in read_records(source))


def _old_ratings(source: Path) -> Iterator[pa.RecordBatch]:
    names = ["first", "second", "rating", "timestamp"]
    types = {"first": TEXT, "second": TEXT, "rating": NUMBER, "timestamp": WHOLE}
    columns: dict[str, str] = {}
    for chunk in read_chunks(source, types, names=names):
        columns = columns or _asin_first(chunk)
        chunk.require("timestamp", chunk.frame["timestamp"] >= 0, "at least 0")
        yield event_batch(chunk.frame.rename(columns=columns))


def _asin_first(chunk: Chunk) -> dict[str, str]:
    """Tell users from items: the release of 2018 has them the other way round."""
    asins = {name: chunk.frame[name].str.fullmatch(ASIN).mean() for name in ("first", "second")}
    if asins["first"] == asins["second"]:
        raise DataError(f"{chunk.path}: neither of the first two columns looks more like an ASIN.")
    if asins["first"] > asins["second"]:
        return {"first": "item_id", "second": "user_id"}
    return {"first": "user_id", "second": "item_id"}


def _new_ratings(source: Path) -> Iterator[pa.RecordBatch]:
    types = {"user_id": TEXT, "parent_asin": TEXT, "rating": NUMBER, "timestamp": WHOLE}
    for chunk in read_chunks(source, types):
        chunk.require("timestamp", chunk.frame["timestamp"] >= 0, "at least 0 (milliseconds)")
        frame = chunk.frame.rename(columns={"parent_asin": "item_id"})
        yield event_batch(frame.assign(timestamp=frame["timestamp"] // 1000))


def _old_review(record: Record) -> Event:
    return (
        record.need("reviewerID", str),
        record.need("asin", str),
        record.seconds("unixReviewTime"),
        record.number("overall"),
    )


def _new_review(record: Record) -> Event:
    return (
        record.need("user_id", str),
        record.need("parent_asin", str),
        record.seconds("timestamp", unit=1000),
        record.number("rating"),
    )


def _old_item(record: Record) -> dict[str, Any]:
    title = plain(record.get("title", str, default=""))
    listed = record.get("categories", list) or record.get("category", list, default=[])
    categories = list(dict.fromkeys(plain(str(name)) for name in _flat(listed)))
    brand = plain(record.get("brand", str, default=""))
    description = " ".join(_flat([record.get("description", str, list, default="")]))
    return {
        "item_id": record.need("asin", str),
        "title": title,
        "categories": categories,
        "text": ". ".join(filter(None, [title, brand, *categories, plain(description)])),
    }


def _new_item(record: Record) -> dict[str, Any]:
    title = plain(record.get("title", str, default=""))
    categories = [plain(str(name)) for name in record.get("categories", list, default=[])]
    store = plain(record.get("store", str, default=""))
    main = plain(record.get("main_category", str, default=""))
    description = " ".join(str(t) for t in record.get("description", list, default=[]))
    return {
        "item_id": record.need("parent_asin", str),
        "title": title,
        "categories": categories or ([main] if main else []),
        "text": ". ".join(filter(None, [title, store, *categories, plain(description)])),
    }


def _flat(values: list[Any]) -> Iterator[str]:
    for value in values:
        yield from (str(v) for v in (value if isinstance(value, list) else [value]) if v)
