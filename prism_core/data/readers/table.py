"""The readers by format name; a new format is one file and one line here."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from prism_core.data.raw import RawData
from prism_core.data.readers.amazon import read_amazon_2014, read_amazon_2018, read_amazon_2023
from prism_core.data.readers.generic import read_table
from prism_core.data.readers.mmrec import read_mmrec
from prism_core.data.readers.movielens import read_movielens
from prism_core.data.readers.movielens_old import read_movielens_1m, read_movielens_100k
from prism_core.data.readers.prism_released import read_prism
from prism_core.data.readers.recbole import read_recbole
from prism_core.data.readers.sequence_text import read_sequences
from prism_core.data.readers.yelp import read_yelp

READERS: Final[Mapping[str, Callable[[Path], RawData]]] = {
    "movielens": read_movielens,
    "movielens-100k": read_movielens_100k,
    "movielens-1m": read_movielens_1m,
    "amazon-2014": read_amazon_2014,
    "amazon-2018": read_amazon_2018,
    "amazon-2023": read_amazon_2023,
    "yelp": read_yelp,
    "recbole": read_recbole,
    "sequences": read_sequences,
    "prism": read_prism,
    "mmrec": read_mmrec,
    "table": read_table,
}
