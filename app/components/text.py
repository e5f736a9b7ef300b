"""Text from data sets and runs, made safe for Markdown and for HTML."""

import html
import re
from typing import Final

_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]()#+\-.!|~$<>:^=])")

_ESCAPED: Final = re.compile(r"\\(.)")
_STARS: Final = re.compile(r"(?<!\\)\*")

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def markdown(value: object) -> str:
    """Escape text so that Markdown shows it letter by letter, on one line."""
    return _MARKDOWN.sub(r"\\\1", " ".join(str(value).split()))


def escaped(value: object) -> str:
    """Escape text for HTML and SVG content and attributes; letters that XML forbids go."""
    return html.escape(_NOT_XML.sub("", str(value)), quote=True)


def plural(count: int, noun: str) -> str:
    """Give a count with its noun: ``1 user``, ``1,295 items``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def shortened(value: str, length: int) -> str:
    """Cut text to at most ``length`` characters, with an ellipsis."""
    return value if len(value) <= length else value[: length - 1].rstrip() + "…"


def duration(seconds: float) -> str:
    """Write a time span: ``48 s``, ``2 min 5 s``, ``1 h 4 min``."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def plain(text: str) -> str:
    """Take the markup off Markdown: escapes and stars."""
    return _ESCAPED.sub(r"\1", _STARS.sub("", text))
