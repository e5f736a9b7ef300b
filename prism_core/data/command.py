"""``python -m prism_core prepare``: raw public data to a data-set folder."""

import argparse
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from rich.progress import track

from prism_core.data.encoding.items import EncodingOptions, encode_items
from prism_core.data.feature_files import read_features
from prism_core.data.features import FeatureTable, averaged
from prism_core.data.options import PreparationOptions
from prism_core.data.preparation import prepare
from prism_core.data.progress import tell, told_batches, told_events
from prism_core.data.raw import RawData
from prism_core.data.readers.amazon_images import ENDING, read_amazon_images
from prism_core.data.readers.generic import read_table
from prism_core.data.readers.table import READERS
from prism_core.errors import ConfigError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``prepare``."""
    defaults = PreparationOptions()
    add = parser.add_argument
    add("format", choices=sorted(READERS), help="layout of the raw data")
    add("raw", type=Path, help="folder of the raw data")
    add("--out", type=Path, required=True, help="data-set folder to write")
    kinds = "vectors: npz, npy, safetensors, pt, parquet, Amazon's image_features_X.b"
    _repeated(parser, "--features", "[MODALITY=]FILE", kinds)
    _repeated(parser, "--encoder", "MODALITY=NAME", "true name of what made a modality's vectors")
    _repeated(parser, "--encode", "MODALITY=METHOD", "encode image, text, title or category")
    add("--pictures", type=Path, help="folder or zip of <item_id>.jpg, for --encode image=...")
    add("--cache", type=Path, default=EncodingOptions().cache, help="vectors already made")
    add("--device", default=EncodingOptions().device, help="where encoders run")
    _repeated(parser, "--column", "NAME=COLUMN", "for format table: which column is what")
    add("--k-core", type=int, default=defaults.k_core)
    add("--last", type=int, default=defaults.last, help="newest events kept per user; 0: all")
    add("--keep-incomplete-items", action="store_true", help="flag items that lack a modality")
    add("--min-rating", type=float, help="smallest rating that counts as an event")
    add("--since", type=_day, metavar="YYYY-MM-DD", help="first day kept (UTC)")
    add("--until", type=_day, metavar="YYYY-MM-DD", help="first day left out (UTC)")
    add("--users", type=int, help="number of users drawn at random")
    add("--seed", type=int, default=defaults.seed, help="of that draw")
    add("--progress", action="store_true", help="say how far it is in JSON lines")


def run(args: argparse.Namespace) -> None:
    """Prepare the data set and say what it holds."""
    options = PreparationOptions(
        k_core=args.k_core,
        last=args.last or None,
        complete_items=not args.keep_incomplete_items,
        min_rating=args.min_rating,
        since=args.since,
        until=None if args.until is None else args.until - 1,
        users=args.users,
        seed=args.seed,
    )
    if args.progress:
        tell(0, "reading the items")
    raw = _reader(args)(args.raw)
    raw = told_events(raw) if args.progress else raw
    features = _features(args.features, raw)
    encoders = dict(_pair("--encoder", text) for text in args.encoder)
    encoding = EncodingOptions(pictures=args.pictures, cache=args.cache, device=args.device)
    shown = told_batches if args.progress else track
    for modality, method in (_pair("--encode", text) for text in args.encode):
        table, encoders[modality] = encode_items(
            raw.items, modality, method, encoding, shown, raw.pictures_of
        )
        _add(features, modality, table)
    dataset = prepare(raw, features, args.out, options, encoders)
    figures = dataset.description["statistics"]
    print(
        f"{dataset.path}: {figures['users']:,} users, {figures['items']:,} items, "
        f"{figures['interactions']:,} interactions. {dataset.description['sequence']}"
    )


def _reader(args: argparse.Namespace) -> Callable[[Path], RawData]:
    if not args.column:
        return READERS[args.format]
    if args.format != "table":
        raise ConfigError(f"--column: format {args.format!r} has fixed columns; use 'table'.")
    return partial(read_table, columns=dict(_pair("--column", text) for text in args.column))


def _features(texts: Iterable[str], raw: RawData) -> dict[str, FeatureTable]:
    features: dict[str, FeatureTable] = {}
    for text in texts:
        name, separator, path = text.partition("=")
        file, modality = (Path(path), name) if separator else (Path(text), None)
        for found, table in _tables(file, modality, raw).items():
            _add(features, found, table)
    return features


def _tables(file: Path, modality: str | None, raw: RawData) -> dict[str, FeatureTable]:
    """Read a file of vectors; those of several pictures of an item are averaged."""
    if file.suffix == ENDING:
        return {modality or "image": read_amazon_images(file, raw.items["item_id"].tolist())}
    tables = read_features(file, modality)
    image = tables.get("image")
    if raw.pictures_of is not None and image is not None and image.item_ids is not None:
        pictures = {name for names in raw.pictures_of.values() for name in names}
        if pictures.intersection(image.item_ids.tolist()):
            tables["image"] = averaged(image, raw.pictures_of)
    return tables


def _add(features: dict[str, FeatureTable], modality: str, table: FeatureTable) -> None:
    if not modality.isidentifier():
        raise ConfigError(f"modality {modality!r}: use letters, digits and underscores.")
    if modality in features:
        raise ConfigError(f"modality {modality!r} is given twice.")
    features[modality] = table


def _repeated(parser: argparse.ArgumentParser, name: str, metavar: str, text: str) -> None:
    parser.add_argument(name, action="append", default=[], metavar=metavar, help=text)


def _pair(option: str, text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not (name and separator and value):
        raise ConfigError(f"{option} {text!r}: write it as name=value.")
    return name, value


def _day(text: str) -> int:
    return int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp())
