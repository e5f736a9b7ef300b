"""Texts, colours and numbers in PGFPlots source."""

import re
from typing import Any

from analysis.latex import latex_escaped
from analysis.plots.text import unmarked


def escape(text: str) -> str:
    """Turn a figure's text, with its line breaks and bold type, into LaTeX."""
    lines = [_line(line) for line in re.split(r"<br\s*/?>", text)]
    return r"\\".join(lines)


def unmarked_lines(text: str) -> list[str]:
    """Give the lines of a figure's text, plain."""
    return [unmarked(line) for line in re.split(r"<br\s*/?>", text)]


def pgf_color(color: str) -> str:
    """Write ``#C0252D`` as a colour that needs no definition."""
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", color):
        return "gray"
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"{{rgb,255:red,{red};green,{green};blue,{blue}}}"


def plain_number(value: Any) -> str:
    """Write a number without an exponent, to six digits after the point."""
    text = f"{float(value):.6f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _line(line: str) -> str:
    bold = "<b>" in line
    text = latex_escaped(unmarked(line))
    return rf"\textbf{{{text}}}" if bold else text
