"""The form of a preparation: where the data are, what is kept, and where vectors come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import streamlit as st

from app import uploads
from app.components.preparation_order import FILES, Order, Vectors, columns_from
from app.state import Widget, preparation_key
from prism_core.data.options import PreparationOptions
from prism_core.errors import ConfigError

HERE: Final = "A path on this machine"
UPLOAD: Final = "Upload files"
NONE: Final = "none"
FILE: Final = "file"
MODEL: Final = "model"
SOURCES: Final = {
    "text": {
        NONE: "None",
        FILE: "A file of vectors",
        "tfidf-svd": "Encode: TF-IDF and SVD",
        "minilm": "Encode: MiniLM-L6",
        MODEL: "Encode: a model by name",
    },
    "image": {
        NONE: "None",
        FILE: "A file of vectors",
        "efficientnet-lite0": "Encode: EfficientNet-Lite0",
        MODEL: "Encode: a model by name",
    },
}
MODELS: Final = {
    "text": "sentence-transformers:<folder or name>, clip:<folder or name>",
    "image": "clip:<folder or name>, timm:<name>, torchvision:<name>",
}
"""How a model is named, per modality."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What the form holds; uploads are stored only once it is sent.

    Attributes
    ----------
    path
        Of the raw data; empty for uploads.
    pictures
        Folder or zip of pictures; None where none are encoded, empty for beside the data.
    """

    options: dict[str, object]
    path: str
    uploads: Sequence[uploads.Upload]
    columns: str
    vectors: dict[str, tuple[str, str, str]]
    pictures: str | None = None

    @property
    def name(self) -> str:
        """Name of the new data set."""
        return str(self.options["name"])

    def order(self, stored: Path | None) -> Order:
        """Make the order.

        Parameters
        ----------
        stored
            Folder of the stored uploads; None for a path.

        Raises
        ------
        ConfigError
            There are no data, or a line of the column mapping is wrong.
        """
        if stored is None and not self.path.strip():
            raise ConfigError("name the folder or file that holds the data, or upload files.")
        raw = stored or Path(self.path.strip()).expanduser()
        beside = raw.parent if raw.is_file() else raw
        return Order(
            raw=_single_table(raw) if self.options["format"] == "table" else raw,
            columns=columns_from(self.columns),
            vectors=self._vectors(beside),
            pictures=self._pictures(beside),
            **self.options,  # type: ignore[arg-type]
        )

    def _pictures(self, beside: Path) -> Path | None:
        return None if self.pictures is None else beside / Path(self.pictures).expanduser()

    def _vectors(self, beside: Path) -> tuple[Vectors, ...]:
        files = [file for how, file, _ in self.vectors.values() if how == FILE]
        return tuple(
            Vectors(
                modality=modality,
                encoder=encoder.strip() if how in (FILE, MODEL) else how,
                file=beside / Path(file.strip()).expanduser() if how == FILE else None,
                is_named=how == FILE and files.count(file) > 1,
            )
            for modality, (how, file, encoder) in self.vectors.items()
            if how != NONE
        )


def _single_table(raw: Path) -> Path:
    """Take a folder's only table, whatever its name; else leave the choice to the reader."""
    if not raw.is_dir():
        return raw
    tables = [p for p in raw.iterdir() if p.suffix in (".csv", ".tsv", ".parquet", ".jsonl")]
    return tables[0] if len(tables) == 1 else raw


def draw() -> Draft | None:
    """Draw the form and give what it holds once it is sent."""
    left, right = st.columns(2)
    form = left.selectbox(
        "Format", list(FILES), format_func=FILES.__getitem__, key=preparation_key("format")
    )
    name = right.text_input(
        "Name", placeholder="my-data", key=preparation_key("name"),
        help="Of the new data set; letters, digits, '-', '_' and '.'.",
    )  # fmt: skip
    path, given = _draw_place(form)
    columns = _draw_columns() if form == "table" else ""
    kept = _draw_options()
    vectors, pictures = _draw_vectors()
    options = {"format": form, "name": name.strip(), **kept}
    sent = st.button("Prepare", type="primary", icon=":material/play_arrow:", key=Widget.PREPARE)
    return Draft(options, path, given, columns, vectors, pictures) if sent else None


def _draw_place(form: str) -> tuple[str, Sequence[uploads.Upload]]:
    place = st.segmented_control(
        "Where the files are", (HERE, UPLOAD), default=HERE, required=True,
        key=preparation_key("place"),
    )  # fmt: skip
    if place == HERE:
        path = st.text_input(
            "Folder or file", placeholder="/home/me/ml-latest-small", key=preparation_key("path"),
            help=f"Expected there: {FILES[form].partition(': ')[2]}.",
        )  # fmt: skip
        return path, ()
    given = st.file_uploader(
        f"Files, or one zip of them (at most {uploads.MAX_FILE_MB} MB each, "
        f"{uploads.MAX_TOTAL_MB:,} MB unpacked)",
        type=list(uploads.ENDINGS),
        accept_multiple_files=True,
        max_upload_size=uploads.MAX_FILE_MB,
        key=preparation_key("files"),
        help="Kept in a temporary folder until the data set is prepared. Nothing in them is run.",
    )
    return "", given


def _draw_columns() -> str:
    return st.text_area(
        "Columns",
        placeholder="user_id = customer\nitem_id = sku\ntimestamp = bought_at",
        key=preparation_key("columns"),
        help="One 'name = column' per line, for names that differ: user_id, item_id, timestamp, "
        "rating; title, year, categories, text of the items.",
    )


def _draw_options() -> dict[str, object]:
    defaults = PreparationOptions()
    with st.expander("What is kept"):
        grid = st.grid(3, min_column_width=180)
        return {
            "k_core": grid.number_input(
                "k-core", 3, value=defaults.k_core, key=preparation_key("k_core"),
                help="Every kept user and item has at least this many events.",
            ),
            "last": grid.number_input(
                "Newest events per user", 0, value=defaults.last or 0,
                key=preparation_key("last"), help="0 keeps all.",
            ),
            "min_rating": grid.number_input(
                "Smallest rating", value=None, placeholder="any",
                key=preparation_key("min_rating"),
            ),
            "since": grid.date_input(
                "First day", value=None, min_value="1970-01-01", key=preparation_key("since"),
            ),
            "until": grid.date_input(
                "First day left out", value=None, min_value="1970-01-01",
                key=preparation_key("until"),
            ),
            "users": grid.number_input(
                "Users drawn at random", 1, value=None, placeholder="all",
                key=preparation_key("users"), help="Drawn before the k-core.",
            ),
            "seed": grid.number_input(
                "Seed of that draw", 0, value=defaults.seed, key=preparation_key("seed"),
            ),
            "keep_incomplete": grid.toggle(
                "Keep items without image or text", key=preparation_key("keep_incomplete"),
                help="They are flagged, never filled with noise.",
            ),
        }  # fmt: skip


def _draw_vectors() -> tuple[dict[str, tuple[str, str, str]], str | None]:
    with st.expander("Vectors of image and text"):
        st.caption(
            "A file: npz, npy, safetensors, pt or parquet; its name beside the data, or a path. "
            "Rows by item id, or in the order of the items."
        )
        vectors = {modality: _draw_source(modality) for modality in SOURCES}
        if vectors["image"][0] in (NONE, FILE):
            return vectors, None
        pictures = st.text_input(
            "Pictures: folder or zip of <item_id>.jpg", placeholder="beside the data",
            key=preparation_key("pictures"),
            help="A path, or the name of a folder beside the data or inside an uploaded zip.",
        )  # fmt: skip
    return vectors, pictures.strip()


def _draw_source(modality: str) -> tuple[str, str, str]:
    grid = st.grid(3, min_column_width=180)
    how = grid.selectbox(
        modality.capitalize(), list(SOURCES[modality]), format_func=SOURCES[modality].__getitem__,
        key=preparation_key(f"{modality}_source"),
    )  # fmt: skip
    if how == MODEL:
        model = grid.text_input(
            f"Model that encodes {modality}", placeholder=MODELS[modality],
            key=preparation_key(f"{modality}_model"),
            help="Its package must be installed; a name is fetched once, a folder never.",
        )  # fmt: skip
        return how, "", model
    if how != FILE:
        return how, "", ""
    file = grid.text_input(
        f"File of {modality} vectors", placeholder="features.npz",
        key=preparation_key(f"{modality}_file"),
    )  # fmt: skip
    encoder = grid.text_input(
        f"What made the {modality} vectors", placeholder="CLIP ViT-B/32, 512-d",
        key=preparation_key(f"{modality}_encoder"),
    )  # fmt: skip
    return how, file, encoder
