"""``python -m analysis data``: one self-contained HTML page about a prepared data set."""

import argparse
import html
from pathlib import Path
from typing import Final

import pandas as pd

from analysis import data_report
from analysis.plots import data as plots
from prism_core.store import files
from prism_core.store.datasets import Dataset

STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;"
    "color:#1f2430}table{border-collapse:collapse;margin:1rem 0}"
    "th,td{text-align:left;padding:.3rem 1rem .3rem 0;border-bottom:1px solid #e3e6eb;"
    "vertical-align:top}h1{line-height:1.2}"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``data``."""
    parser.add_argument("data", type=Path, help="prepared data-set folder")
    parser.add_argument("--out", type=Path, required=True, help="HTML file to write")


def run(args: argparse.Namespace) -> None:
    """Write the page."""
    with files.replacing(args.out) as temporary:
        temporary.write_text(page(Dataset(args.data)), encoding="utf-8")
    print(args.out)


def page(dataset: Dataset) -> str:
    """Give the page as text; everything that comes from the data is escaped."""
    about = dataset.description
    title = html.escape(str(about.get("title", dataset.name)))
    facts = {name: about.get(name, "") for name in ("source", "licence", "citation")}
    facts |= {f"{m} vectors": name for m, name in about.get("encoders", {}).items()}
    parts = [
        f"<h1>{title}</h1><p>{html.escape(str(about.get('sequence', '')))}</p>",
        _table(pd.DataFrame({"": list(facts), " ": list(facts.values())})),
        "<h2>Counts</h2>",
        _table(data_report.overview(dataset)),
        "<h2>Cautions</h2>",
        _cautions(data_report.cautions(dataset)),
        "<h2>Missing modalities</h2>",
        _table(data_report.missing(dataset)),
        *_figures(dataset),
    ]
    head = f"<meta charset='utf-8'><title>{title}</title><style>{STYLE}</style>"
    return f"<!doctype html><html lang='en'><head>{head}</head><body>{''.join(parts)}</body></html>"


def _figures(dataset: Dataset) -> list[str]:
    figures = {
        "Length of sequences": plots.length_histogram(lengths=data_report.lengths(dataset)),
        "Popularity": plots.popularity_curve(popularity=data_report.popularity(dataset)),
    }
    if data_report.has_times(dataset):
        figures |= {
            "Time between events": plots.gap_bars(gaps=data_report.gaps(dataset)),
            "From first to last event": plots.span_histogram(spans=data_report.spans(dataset)),
        }
    return [
        f"<h2>{title}</h2>"
        + figure.to_html(full_html=False, include_plotlyjs=number == 0, div_id=f"figure-{number}")
        for number, (title, figure) in enumerate(figures.items())
    ]


def _cautions(frame: pd.DataFrame) -> str:
    if frame.empty:
        return "<p>None of the checks found anything.</p>"
    shares = frame["share"].map("{:.1%}".format) + " of " + frame["among"]
    return _table(frame.assign(share=shares).drop(columns="among"))


def _table(frame: pd.DataFrame) -> str:
    return frame.to_html(index=False, border=0, escape=True, float_format=_number)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.4g}"
