"""``python -m prism_core prepare``: raw public data to a data-set folder."""

import argparse
from pathlib import Path

from prism_core.data.features import FeatureTable, read_features
from prism_core.data.preparation import PreparationOptions, prepare
from prism_core.data.readers.table import READERS
from prism_core.errors import ConfigError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``prepare``."""
    defaults = PreparationOptions()
    parser.add_argument("format", choices=sorted(READERS), help="layout of the raw data")
    parser.add_argument("raw", type=Path, help="folder of the raw data")
    parser.add_argument("--features", type=Path, action="append", default=[], metavar="FILE")
    parser.add_argument("--out", type=Path, required=True, help="data-set folder to write")
    parser.add_argument("--k-core", type=int, default=defaults.k_core)
    parser.add_argument(
        "--last", type=int, default=defaults.last, help="newest events kept per user; 0 keeps all"
    )
    parser.add_argument(
        "--keep-incomplete-items",
        action="store_true",
        help="keep items that lack a modality, flagged, instead of leaving them out",
    )
    parser.add_argument(
        "--encoder",
        action="append",
        default=[],
        metavar="MODALITY=NAME",
        help="true name of the encoder that made a modality's vectors",
    )


def run(args: argparse.Namespace) -> None:
    """Prepare the data set and say what it holds."""
    options = PreparationOptions(
        k_core=args.k_core,
        last=args.last or None,
        complete_items=not args.keep_incomplete_items,
    )
    features = _features(args.features)
    dataset = prepare(
        READERS[args.format](args.raw), features, args.out, options, _encoders(args.encoder)
    )
    figures = dataset.description["statistics"]
    print(
        f"{dataset.path}: {figures['users']:,} users, {figures['items']:,} items, "
        f"{figures['interactions']:,} interactions; {dataset.description['sequence']}"
    )


def _features(paths: list[Path]) -> dict[str, FeatureTable]:
    features: dict[str, FeatureTable] = {}
    for path in paths:
        for name, table in read_features(path).items():
            if name in features:
                raise ConfigError(f"--features {path}: modality {name!r} was given before.")
            features[name] = table
    return features


def _encoders(texts: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    for name, separator, value in pairs:
        if not (name and separator and value):
            raise ConfigError(f"--encoder {name!r}: write it as modality=true name.")
    return {name: value for name, _, value in pairs}
