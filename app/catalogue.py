"""The items of a run as cards and lists show them, with one colour per category."""

import colorsys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

import pandas as pd

from analysis.plots.theme import CATEGORY_COLORS

NO_CATEGORY: Final = "#6B7078"
HUE_STEP: Final = 0.07
COLUMNS: Final = ("title", "year", "categories", "popularity")


@dataclass(frozen=True, slots=True)
class Item:
    """What a card shows of an item."""

    item_id: str
    title: str
    year: str = ""
    categories: tuple[str, ...] = ()
    popularity: int = 0

    @property
    def label(self) -> str:
        """Title and year, for lists."""
        return f"{self.title} ({self.year})" if self.year else self.title


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The items of a run by id, with one colour per category."""

    items: Mapping[str, Item]
    colors: Mapping[str, str] = field(default_factory=dict)

    def get(self, item_id: str) -> Item:
        """Give an item; one that the run does not list shows its id."""
        return self.items.get(item_id) or Item(item_id=item_id, title=f"Item {item_id}")

    def containing(self, text: str, limit: int) -> list[str]:
        """Give the ids of the first items whose label contains a text, whatever its case."""
        wanted = text.strip().casefold()
        found = (i for i in self.items if not wanted or wanted in self.get(i).label.casefold())
        return list(islice(found, limit))

    def color(self, item: Item) -> str:
        """Give the colour of an item's first category."""
        return self.colors.get(item.categories[0] if item.categories else "", NO_CATEGORY)


class ItemTable(Mapping[str, Item]):
    """The items of a table by id; each is made when first asked for, since tables may be long."""

    def __init__(self, items: pd.DataFrame) -> None:
        self._places = pd.Index(items["item_id"].astype(str).astype(object))
        self._columns = {name: items[name].to_numpy(object) for name in COLUMNS if name in items}
        self._made: dict[str, Item] = {}

    def __getitem__(self, item_id: str) -> Item:
        if item_id not in self._made:
            self._made[item_id] = self._make(item_id, self._places.get_loc(item_id))
        return self._made[item_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def _make(self, item_id: str, place: int) -> Item:
        row = {name: values[place] for name, values in self._columns.items()}
        year, categories = _year(row.get("year")), tuple(row["categories"])
        return Item(item_id, str(row["title"]), year, categories, int(row["popularity"]))


def make_catalogue(items: pd.DataFrame) -> Catalogue:
    """Build a catalogue from an item table; the most frequent categories come first in colour."""
    counts = items["categories"].explode().value_counts()
    names = sorted(counts.index, key=lambda name: (-counts[name], str(name)))
    colors = {name: _color(place) for place, name in enumerate(names)}
    return Catalogue(ItemTable(items), colors)


def _color(place: int) -> str:
    """Give the colour of a category by its place; repeated colours get another hue."""
    cycle, index = divmod(place, len(CATEGORY_COLORS))
    color = CATEGORY_COLORS[index]
    red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    turned = colorsys.hls_to_rgb((hue + HUE_STEP * cycle) % 1, lightness, saturation)
    return "#" + "".join(f"{round(255 * channel):02x}" for channel in turned)


def _year(value: object) -> str:
    return "" if value is None or pd.isna(value) else str(int(value))  # type: ignore[call-overload]
