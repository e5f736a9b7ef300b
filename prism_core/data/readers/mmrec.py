"""MMRec: ``X.inter`` with ``userID itemID rating timestamp x_label``, items numbered from 0."""

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from prism_core.data.raw import LATEST, Origin, RawData, event_batch
from prism_core.data.readers.delimited import NUMBER, WHOLE, header_of, read_delimited
from prism_core.data.readers.frames import items_frame, one_file

LARGEST_ITEM: Final = 2**24
"""Largest item number; the items in between are listed too."""


def read_mmrec(path: Path) -> RawData:
    """Read the one ``.inter`` file of a folder.

    The split of ``x_label`` is not used: the project splits by time, leaving one out.

    Returns
    -------
    RawData
        Items 0..largest number; row ``k`` of ``image_feat.npy`` belongs to item ``k``.

    Raises
    ------
    DataError
        The file is damaged or lacks a column, or a number is negative.
    """
    source = one_file(path, ["*.inter"])
    types = {"userID": WHOLE, "itemID": WHOLE}
    for name in ("rating", "timestamp"):
        if name in header_of(source, "\t"):
            types[name] = NUMBER
    table = read_delimited(source, types, separator="\t")
    for name, largest in {"userID": LATEST, "itemID": LARGEST_ITEM, "timestamp": LATEST}.items():
        if name in types:
            table.require(name, table.frame[name].between(0, largest), f"in 0..{largest}")
    events = _events(table.frame)
    origin = Origin(
        name=source.stem.lower(),
        title=f"{source.stem} (MMRec)",
        source="MMRec",
        licence="that of the original data",
        citation="X. Zhou. 2023. MMRec. https://doi.org/10.1145/3611380.3628561",
        sequence="Users' events in the order of their times",
    )
    items = items_frame({"item_id": str(i)} for i in range(int(table.frame["itemID"].max()) + 1))
    return RawData(
        origin=origin,
        events=lambda: iter([event_batch(events)]),
        items=items,
        has_times="timestamp" in types,
    )


def _events(frame: pd.DataFrame) -> pd.DataFrame:
    position = frame.groupby("userID").cumcount()
    times = frame.get("timestamp", position).astype(np.int64)
    columns = {"user_id": frame["userID"].astype("str"), "item_id": frame["itemID"].astype("str")}
    extra = {"rating": frame["rating"]} if "rating" in frame else {}
    return pd.DataFrame(columns | {"timestamp": times} | extra)
