"""A bundle of figures for a paper: all formats, captions, data, and a script to redraw it."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from analysis import data_recipes, recipes
from analysis.exhibits import FigureExhibit
from analysis.export import FORMATS
from analysis.latex import latex_escaped
from analysis.printing import PrintOptions
from analysis.recipe_tables import write_latex
from analysis.rendering import find_browser
from analysis.report_tables import Table, table_from
from prism_core.errors import ConfigError, DataError
from prism_core.store import files, schema
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run

MANIFEST: Final = "manifest.json"
SCRIPT: Final = "make_figures.py"
VERSION: Final = 2
FOLDERS: Final = {"csv": "data", "latex": "tables"}
"""Folders of formats that are no figures."""

_SCRIPT_TEXT: Final = '''"""Draw every file of this bundle again from the run folders.

Usage: python make_figures.py RUN [RUN ...] [--out FOLDER]

Figures of a data set need its folder too; give it like a run.
"""

import argparse
from pathlib import Path

from analysis.bundle import regenerate

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("runs", nargs="+", type=Path, metavar="RUN")
parser.add_argument("--out", type=Path, default=Path(__file__).parent)
args = parser.parse_args()
regenerate(Path(__file__).parent, args.runs, args.out)
'''


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One figure of a bundle.

    Attributes
    ----------
    name
        File name without ending; letters, digits, ``-`` and ``_``.
    title
        Stands in the figure where the options ask for titles.
    """

    name: str
    caption: str
    recipe: recipes.Recipe
    title: str = ""
    options: PrintOptions = field(default_factory=PrintOptions)

    def __post_init__(self) -> None:
        if not self.name or not self.name.replace("-", "").replace("_", "").isalnum():
            raise ConfigError(f"figure name {self.name!r}: use letters, digits, '-' and '_' only.")


def write_bundle(
    cards: Sequence[Card],
    folders: Mapping[str, Path],
    out: Path,
    *,
    formats: Sequence[str] = ("pdf", "svg", "png", "html", "csv"),
    tables: Sequence[Table] = (),
) -> list[str]:
    """Write figures, data, captions, manifest and script.

    Parameters
    ----------
    cards
        The figures in order.
    folders
        Run id to run folder.
    out
        Target folder; files of the same name are replaced.
    formats
        Formats to write; those that need a browser are left out where there is none.
    tables
        LaTeX tables beside the figures.

    Returns
    -------
    list of str
        Paths written, relative to ``out``, in order.

    Raises
    ------
    ConfigError
        Two figures have the same name, or a format is unknown.
    """
    names = [card.name for card in cards]
    if len(set(names)) < len(names):
        raise ConfigError("two figures of a bundle have the same name; rename one.")
    contents = dict(bundle_files(cards, folders, formats=formats, tables=tables))
    for path, content in contents.items():
        with files.replacing(out / path) as temporary:
            temporary.write_bytes(content)
    return list(contents)


def bundle_zip(
    cards: Sequence[Card], folders: Mapping[str, Path], *, formats: Sequence[str]
) -> bytes:
    """Give a bundle as one zip archive."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in bundle_files(cards, folders, formats=formats):
            archive.writestr(path, content)
    return target.getvalue()


def bundle_files(
    cards: Sequence[Card],
    folders: Mapping[str, Path],
    *,
    formats: Sequence[str],
    tables: Sequence[Table] = (),
) -> list[tuple[str, bytes]]:
    """Make every file of a bundle: relative path and content."""
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise ConfigError(f"format {unknown[0]!r}: choose one of {', '.join(FORMATS)}.")
    has_browser = find_browser() is not None
    written = [f for f in formats if has_browser or not FORMATS[f].needs_browser]
    made: list[tuple[str, bytes]] = []
    for card in cards:
        shown = _exhibit(card, folders)
        for name in written:
            if not shown.refusal(name, card.options):
                path = f"{FOLDERS.get(name, 'figures')}/{card.name}.{FORMATS[name].suffix}"
                made.append((path, shown.export(name, card.options)))
    texts = {f"tables/{table.name}.tex": table.write(folders) for table in tables}
    texts["figures.tex"] = figures_tex(cards)
    texts[SCRIPT] = _SCRIPT_TEXT
    texts[MANIFEST] = json.dumps(_manifest(cards, tables, folders, written), indent=2) + "\n"
    return [*made, *((path, text.encode()) for path, text in texts.items())]


def _exhibit(card: Card, folders: Mapping[str, Path]) -> FigureExhibit:
    return FigureExhibit(
        figure=recipes.draw(card.recipe, folders),
        title=card.title,
        caption=card.caption,
        write_latex=write_latex(card.recipe, folders, card.caption),
    )


def regenerate(bundle: Path, runs: Sequence[Path], out: Path) -> list[str]:
    """Draw a bundle's figures again from the run folders.

    Parameters
    ----------
    bundle
        Folder with the bundle's manifest.
    runs
        Folders of the runs and data sets it was drawn from.
    out
        Where to write; the bundle itself, or another folder to compare.

    Raises
    ------
    DataError
        A run is missing, or is not the one the bundle was drawn from.
    """
    manifest = files.read_json(bundle / MANIFEST)
    if manifest.get("bundle_version") != VERSION:
        raise DataError(f"{bundle / MANIFEST}: not a bundle of version {VERSION}.")
    folders = {_source_id(path): path for path in runs}
    _require_same_runs(manifest["runs"], folders)
    _require_data(manifest.get("data", {}), folders)
    cards = [card_from(entry) for entry in manifest["figures"]]
    tables = [table_from(entry) for entry in manifest.get("tables", ())]
    return write_bundle(cards, folders, out, formats=manifest["formats"], tables=tables)


def figures_tex(cards: Sequence[Card]) -> str:
    """Write LaTeX that includes every figure with its caption."""
    return "\n".join(_figure_tex(card) for card in cards)


def _figure_tex(card: Card) -> str:
    full = card.options.span == "full"
    environment = "figure*" if full else "figure"
    width = r"\textwidth" if full else r"\columnwidth"
    lines = [
        rf"\begin{{{environment}}}[t]",
        r"\centering",
        rf"\includegraphics[width={width}]{{figures/{card.name}.pdf}}",
        rf"\caption{{{latex_escaped(card.caption)}}}",
        rf"\label{{fig:{card.name}}}",
        rf"\end{{{environment}}}",
    ]
    return "\n".join([*lines, ""])


def _manifest(
    cards: Sequence[Card],
    tables: Sequence[Table],
    folders: Mapping[str, Path],
    formats: Sequence[str],
) -> dict[str, Any]:
    sources = [card.recipe.runs for card in cards] + [table.runs for table in tables]
    used = dict.fromkeys(run_id for runs in sources for run_id in runs)
    data = [one for one in used if data_recipes.is_dataset(folders[one])]
    packages = ("plotly", "kaleido", "numpy", "pandas")
    return {
        "bundle_version": VERSION,
        "formats": list(formats),
        "figures": [card_entry(card) for card in cards],
        "tables": [table.as_dict() for table in tables],
        "runs": {one: _run_facts(Run(folders[one])) for one in used if one not in data},
        "data": {one: data_recipes.facts(folders[one]) for one in data},
        "versions": {name: version(name) for name in packages},
    }


def card_entry(card: Card) -> dict[str, Any]:
    """Give a figure as plain data, as the manifest lists it."""
    return {
        "name": card.name,
        "caption": card.caption,
        "title": card.title,
        "recipe": card.recipe.as_dict(),
        "options": asdict(card.options),
    }


def card_from(entry: Mapping[str, Any]) -> Card:
    """Read a figure back from plain data.

    Raises
    ------
    DataError
        It is no such data.
    ConfigError
        A name, figure or option is unknown or out of range.
    """
    try:
        words = {key: str(entry[key]) for key in ("name", "caption", "title")}
        recipe, options = recipes.recipe_from(entry["recipe"]), PrintOptions(**entry["options"])
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(f"a figure of the file is not as it was saved: {error}.") from None
    return Card(**words, recipe=recipe, options=options)


def _run_facts(run: Run) -> dict[str, Any]:
    kept = ("name", "seed", "dataset", "protocol", "versions", "git_commit", "config_hash")
    facts = {key: run.manifest[key] for key in kept if key in run.manifest}
    return {**facts, "config": run.config, "tables": _table_hashes(run)}


def _table_hashes(run: Run) -> dict[str, str]:
    """Hashes of the tables written with the run; artifacts added later are left out."""
    names = [schema.file_of(name) for name in schema.TABLES]
    return {n: e["sha256"] for n, e in run.manifest["files"].items() if n in names}


def _source_id(path: Path) -> str:
    return Dataset(path).fingerprint if data_recipes.is_dataset(path) else Run(path).run_id


def _require_data(expected: Mapping[str, Any], folders: Mapping[str, Path]) -> None:
    for fingerprint, facts in expected.items():
        if fingerprint not in folders:
            raise DataError(
                f"the data set {facts.get('name')!r} with fingerprint {fingerprint} is needed; "
                "give its folder."
            )


def _require_same_runs(expected: Mapping[str, Any], folders: Mapping[str, Path]) -> None:
    for run_id, facts in expected.items():
        if run_id not in folders:
            raise DataError(f"the run {run_id!r} is needed; give its folder.")
        now = _table_hashes(Run(folders[run_id]))
        changed = [n for n, sha256 in facts["tables"].items() if now.get(n) != sha256]
        if changed:
            raise DataError(
                f"{folders[run_id] / changed[0]}: not the file this bundle was drawn from."
            )
