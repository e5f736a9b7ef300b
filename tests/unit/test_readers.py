"""Every public format on a few hand-written lines, and on the real files where they are given."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from prism_core.data.raw import RawData
from prism_core.data.readers import records
from prism_core.data.readers.frames import items_frame, with_undescribed
from prism_core.data.readers.generic import read_table
from prism_core.data.readers.table import READERS
from prism_core.errors import ConfigError, DataError
from tests.given import SHARED, needs_given_data


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".gz"):
            target.write_bytes(gzip.compress(content.encode()))
        else:
            target.write_text(content, encoding="latin-1" if "latin" in str(folder) else "utf-8")
    return folder


def events(raw: RawData) -> pd.DataFrame:
    return pa.Table.from_batches(raw.events()).to_pandas()


def rows(raw: RawData) -> list[tuple[str, str, int]]:
    frame = events(raw)[["user_id", "item_id", "timestamp"]]
    return list(frame.itertuples(index=False, name=None))


def item(raw: RawData, item_id: str) -> pd.Series:
    return raw.items.set_index("item_id").loc[item_id]


def lines(*records: object) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


AMAZON_2014_META = (
    "{'asin': 'B000000001', 'title': \"Men's <b>Comb</b> &amp; brush\", 'brand': 'Ace',"
    " 'categories': [['Beauty', 'Hair'], ['Beauty', 'Men']], 'description': 'Plain.'}\n"
    "{'asin': 'B000000002'}\n"
)


def test_amazon_2014(tmp_path: Path) -> None:
    review = {"reviewerID": "A1", "asin": "B000000001", "overall": 5.0, "unixReviewTime": 100}
    folder = write(
        tmp_path / "Beauty",
        {
            "reviews_Beauty_5.json.gz": lines(review, review | {"asin": "B000000003"}),
            "meta_Beauty.json": AMAZON_2014_META,
        },
    )
    raw = READERS["amazon-2014"](folder)
    assert rows(raw) == [("A1", "B000000001", 100), ("A1", "B000000003", 100)]
    assert item(raw, "B000000001")["title"] == "Men's Comb & brush"
    assert item(raw, "B000000001")["categories"] == ["Beauty", "Hair", "Men"]
    assert item(raw, "B000000001")["text"] == "Men's Comb & brush. Ace. Beauty. Hair. Men. Plain."
    assert item(raw, "B000000002")["title"] == "B000000002"


@pytest.mark.parametrize("release", ["2014", "2018"])
def test_amazon_ratings_find_the_asin_column_themselves(tmp_path: Path, release: str) -> None:
    content = {
        "2014": "A1YJEY40YUW4SE,B000000001,5.0,100\nA60XNB876KYML0,B000000002,1.0,90\n",
        "2018": "B000000001,A1YJEY40YUW4SE,5.0,100\nB000000002,A60XNB876KYML0,1.0,90\n",
    }[release]
    meta = AMAZON_2014_META if release == "2014" else lines({"asin": "B000000001"})
    folder = write(tmp_path / "B", {"ratings_B.csv": content, "meta_B.json": meta})
    raw = READERS[f"amazon-{release}"](folder)
    assert rows(raw) == [
        ("A1YJEY40YUW4SE", "B000000001", 100),
        ("A60XNB876KYML0", "B000000002", 90),
    ]


def test_amazon_2018(tmp_path: Path) -> None:
    review = {
        "overall": 4.0,
        "reviewerID": "A1",
        "asin": "B000000001",
        "unixReviewTime": 1500000000,
        "vote": "1,024",
        "style": {"Color:": "red"},
    }
    meta = {
        "asin": "B000000001",
        "title": "Comb",
        "category": ["Beauty", "Hair"],
        "description": ["Good", "comb"],
        "brand": "Ace",
        "rank": ["#1", "#2"],
    }
    folder = write(
        tmp_path / "Beauty",
        {"Beauty_5.json.gz": lines(review), "meta_Beauty.json.gz": lines(meta)},
    )
    raw = READERS["amazon-2018"](folder)
    assert rows(raw) == [("A1", "B000000001", 1500000000)]
    assert item(raw, "B000000001")["text"] == "Comb. Ace. Beauty. Hair. Good comb"


def test_amazon_2023_joins_on_the_parent_and_counts_in_seconds(tmp_path: Path) -> None:
    review = {
        "rating": 3.0,
        "asin": "B0CHILD001",
        "parent_asin": "B0PARENT01",
        "user_id": "U",
        "timestamp": 1588687728923,
    }
    meta = {
        "parent_asin": "B0PARENT01",
        "title": "Lamp",
        "main_category": "Home",
        "categories": [],
        "store": "Lux",
        "description": ["Bright"],
    }
    files = {"Home.jsonl.gz": lines(review), "meta_Home.jsonl.gz": lines(meta)}
    raw = READERS["amazon-2023"](write(tmp_path / "Home", files))
    assert rows(raw) == [("U", "B0PARENT01", 1588687728)]
    assert item(raw, "B0PARENT01")["categories"] == ["Home"]
    table = "user_id,parent_asin,rating,timestamp\nU,B0PARENT01,3.0,1588687728923\n"
    files = {"Home.csv": table, "meta_Home.jsonl": lines(meta)}
    assert rows(READERS["amazon-2023"](write(tmp_path / "csv", files))) == rows(raw)


def test_yelp(tmp_path: Path) -> None:
    review = {"user_id": "u", "business_id": "b", "stars": 4.0, "date": "2018-07-07 22:09:11"}
    business = {"business_id": "b", "name": "Café", "city": "Tampa", "categories": "Food, Coffee"}
    files = {
        "yelp_academic_dataset_review.json": lines(review, review | {"business_id": "c"}),
        "yelp_academic_dataset_business.json": lines(
            business, {"business_id": "c", "name": "Bar", "categories": None}
        ),
    }
    raw = READERS["yelp"](write(tmp_path, files))
    assert rows(raw)[0] == ("u", "b", 1531001351)
    assert item(raw, "b")["categories"] == ["Food", "Coffee"]
    assert item(raw, "c")["categories"] == []
    assert raw.pictures_of is None
    photos = [{"photo_id": p, "business_id": b, "label": "food"} for p, b in ("xb", "yb", "zc")]
    (tmp_path / "photos.json").write_text(lines(*photos))
    assert READERS["yelp"](tmp_path).pictures_of == {"b": ["x", "y"], "c": ["z"]}


def test_movielens_100k(tmp_path: Path) -> None:
    flags = ["0"] * 19
    flags[3] = flags[4] = "1"
    film = "|".join(["1", "Misérables, Les (1995)", "01-Jan-1995", "", "http://x", *flags])
    other = "|".join(["2", 'The "Q"', "", "", "", *["0"] * 19])
    files = {"u.data": "196\t1\t3\t881250949\n", "u.item": f"{film}\n{other}\n"}
    raw = READERS["movielens-100k"](write(tmp_path / "latin", files))
    assert rows(raw) == [("196", "1", 881250949)]
    assert item(raw, "1")["title"] == "Misérables, Les"
    assert item(raw, "1")["year"] == 1995
    assert item(raw, "1")["categories"] == ["Animation", "Children's"]
    assert item(raw, "2")["title"] == 'The "Q"'


def test_movielens_1m(tmp_path: Path) -> None:
    files = {
        "ratings.dat": "1::1193::5::978300760\n",
        "movies.dat": "1193::One: Flew Over (1975)::Drama|Comedy\n",
    }
    raw = READERS["movielens-1m"](write(tmp_path / "latin", files))
    assert rows(raw) == [("1", "1193", 978300760)]
    assert item(raw, "1193")["title"] == "One: Flew Over"
    assert item(raw, "1193")["categories"] == ["Drama", "Comedy"]


def test_recbole_maps_columns_by_name(tmp_path: Path) -> None:
    files = {
        "ml.inter": "item_id:token\tuser_id:token\ttimestamp:float\n9\tu\t881250949.0\n",
        "ml.item": "release_year:token\titem_id:token\tmovie_title:token_seq\tclass:token_seq\n"
        '1995\t9\tToy "Story\tAnimation Comedy\n\t8\tHeat\t\n',
    }
    raw = READERS["recbole"](write(tmp_path, files))
    assert rows(raw) == [("u", "9", 881250949)]
    assert item(raw, "9")["title"] == 'Toy "Story'
    assert item(raw, "9")["year"] == 1995
    assert item(raw, "9")["categories"] == ["Animation", "Comedy"]
    assert pd.isna(item(raw, "8")["year"])


def test_sequence_text_and_pairs_give_the_same_events(tmp_path: Path) -> None:
    sequences = READERS["sequences"](write(tmp_path / "a", {"a.txt": "1 3 1\n2 2\n"}))
    pairs = READERS["sequences"](write(tmp_path / "b", {"b.txt": "1 3\n1 1\n2 2\n"}))
    assert rows(sequences) == rows(pairs) == [("1", "3", 0), ("1", "1", 1), ("2", "2", 0)]
    assert sequences.items["item_id"].tolist() == ["1", "2", "3"]
    assert not sequences.has_times


def test_sequence_text_takes_attributes(tmp_path: Path) -> None:
    files = {"D.txt": "1 1 2\n", "D_item2attributes.json": '{"2": [7, 9]}'}
    raw = READERS["sequences"](write(tmp_path / "D", files))
    assert item(raw, "2")["categories"] == ["attribute 7", "attribute 9"]


def test_the_released_layout(tmp_path: Path) -> None:
    files = {
        "Home.txt": "1 1 2\n",
        "imap.json": '{"B01": 1, "B02": 2}',
        "image_text/Home_text.json": '{"B02": "Lamp, bright"}',
    }
    raw = READERS["prism"](write(tmp_path / "Home", files))
    assert item(raw, "1")["title"] == "B01"
    assert item(raw, "2")["text"] == "Lamp, bright"


def test_mmrec_numbers_items_from_0(tmp_path: Path) -> None:
    table = "userID\titemID\trating\ttimestamp\tx_label\n0\t2\t5.0\t1400000000\t0\n"
    raw = READERS["mmrec"](write(tmp_path, {"baby.inter": table}))
    assert rows(raw) == [("0", "2", 1400000000)]
    assert raw.items["item_id"].tolist() == ["0", "1", "2"]


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet", "jsonl"])
def test_a_plain_table_with_a_column_mapping(tmp_path: Path, ending: str) -> None:
    visits = pd.DataFrame({"uid": ["u", "v"], "sku": [7, 8], "when": [10, 20], "noise": [1, 2]})
    items = pd.DataFrame({"sku": ["7", "8"], "title": ["A", ""], "categories": ["x|y", ""]})
    for name, frame in (("interactions", visits), ("items", items)):
        path = tmp_path / f"{name}.{ending}"
        if ending == "parquet":
            frame.to_parquet(path)
        elif ending == "jsonl":
            frame.to_json(path, orient="records", lines=True)
        else:
            frame.to_csv(path, index=False, sep="," if ending == "csv" else "\t")
    raw = read_table(tmp_path, {"user_id": "uid", "item_id": "sku", "timestamp": "when"})
    assert rows(raw) == [("u", "7", 10), ("v", "8", 20)]
    assert item(raw, "7")["categories"] == ["x", "y"]
    assert item(raw, "8")["title"] == "8"


def test_a_mapping_of_an_unknown_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="column mapping 'user': choose from"):
        read_table(tmp_path, {"user": "uid"})


REVIEW = {"reviewerID": "A1", "asin": "B000000001", "overall": 5.0, "unixReviewTime": 100}
YELP = {"user_id": "u", "business_id": "b", "stars": 4.0, "date": "2018-07-07 22:09:11"}
HOSTILE = {
    "meta that calls a function": (
        "amazon-2014",
        {
            "reviews_B.json": lines(REVIEW),
            "meta_B.json": "{'asin': __import__('os').getcwd()}\n",
        },
        r"meta_B.json, line 1: not a valid record",
    ),
    "deep nesting": (
        "amazon-2018",
        {"B.json": lines(REVIEW), "meta_B.json": "[" * 100_000 + "\n"},
        r"meta_B.json, line 1: not a valid record",
    ),
    "no object": (
        "amazon-2018",
        {"B.json": lines(REVIEW), "meta_B.json": "[1, 2]\n"},
        r"meta_B.json, line 1: expected an object",
    ),
    "cut off": (
        "amazon-2018",
        {"B.json": lines(REVIEW) + '{"asin": "B0', "meta_B.json": lines({"asin": "B1"})},
        r"B.json, line 2: not a valid record",
    ),
    "missing field": (
        "amazon-2018",
        {"B.json": lines(REVIEW, {"asin": "B1"}), "meta_B.json": lines({"asin": "B1"})},
        r"B.json, line 2, field 'reviewerID': the field is missing",
    ),
    "wrong type": (
        "amazon-2018",
        {"B.json": lines(REVIEW | {"asin": 7}), "meta_B.json": lines({"asin": "B1"})},
        r"B.json, line 1, field 'asin': expected str, found 7",
    ),
    "negative time": (
        "amazon-2018",
        {
            "B.json": lines(REVIEW, REVIEW | {"unixReviewTime": -5}),
            "meta_B.json": lines({"asin": "B1"}),
        },
        r"B.json, line 2, field 'unixReviewTime': -5 is no time",
    ),
    "rating without end": (
        "amazon-2018",
        {
            "B.json": lines(REVIEW | {"overall": float("inf")}),
            "meta_B.json": lines({"asin": "B1"}),
        },
        r"B.json, line 1, field 'overall': inf is not a finite number",
    ),
    "half a character": (
        "amazon-2018",
        {"B.json": lines(REVIEW), "meta_B.json": lines({"asin": "B1", "title": "\ud800"})},
        r"meta_B.json, line 1, field 'title': .* is no valid Unicode text",
    ),
    "two metadata files": (
        "amazon-2018",
        {"meta_A.json": "", "meta_B.json": ""},
        r"more than one meta_\*.json: meta_A.json, meta_B.json",
    ),
    "no metadata": ("amazon-2018", {"B.json": lines(REVIEW)}, r"no file named meta_\*.json"),
    "no ASIN column": (
        "amazon-2014",
        {"ratings_B.csv": "1,2,5.0,100\n", "meta_B.json": AMAZON_2014_META},
        r"ratings_B.csv: neither of the first two columns",
    ),
    "impossible date": (
        "yelp",
        {
            "review.json": lines(YELP, YELP | {"date": "2018-13-45 00:00:00"}),
            "business.json": lines({"business_id": "b"}),
        },
        r"review.json, line 2, field 'date': '2018-13-45 00:00:00' is not like",
    ),
    "film line too short": (
        "movielens-1m",
        {"ratings.dat": "1::2::5::9\n", "movies.dat": "2::Film\n"},
        r"movies.dat, row 1: Expected 3 columns, got 2",
    ),
    "no user column": (
        "recbole",
        {"m.inter": "item_id:token\ttimestamp:float\n1\t2\n"},
        r"m.inter: column 'user_id' is missing; found: item_id, timestamp",
    ),
    "time is not a number": (
        "recbole",
        {"m.inter": "user_id:token\titem_id:token\ttimestamp:float\n1\t2\tnan\n"},
        r"m.inter, row 2, column 'timestamp': nan must be a time",
    ),
    "id 0": ("sequences", {"s.txt": "1 2 3\n2 0\n"}, r"s.txt, line 2: '0' is no whole number"),
    "word": ("sequences", {"s.txt": "1 two\n"}, r"s.txt, line 1: 'two' is no whole number"),
    "lonely user": ("sequences", {"s.txt": "1 2\n2\n"}, r"s.txt, line 2: expected a user and at"),
    "huge id": ("sequences", {"s.txt": "1 2000000000\n"}, r"s.txt: item 2000000000 is far above"),
    "empty": ("sequences", {"s.txt": ""}, r"s.txt: the file is empty"),
    "id map with a repeat": (
        "prism",
        {"D.txt": "1 1 2\n", "imap.json": '{"a": 1, "b": 1}'},
        r"imap.json, key 'b': 1 is no number from 1 of its own",
    ),
    "negative item": (
        "mmrec",
        {"b.inter": "userID\titemID\n0\t-1\n"},
        r"b.inter, row 2, column 'itemID': -1 must be in 0..",
    ),
    "table without items": (
        "table",
        {"interactions.csv": "user_id,timestamp\n1,2\n"},
        r"interactions.csv: column 'item_id' is missing",
    ),
    "table with a bad time": (
        "table",
        {"interactions.jsonl": lines({"user_id": 1, "item_id": 2, "timestamp": "soon"})},
        r"interactions.jsonl, row 1, column 'timestamp': soon must be a time",
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_files_are_refused_in_one_sentence(tmp_path: Path, case: str) -> None:
    name, files, message = HOSTILE[case]
    folder = write(tmp_path / "raw", files)
    with pytest.raises(DataError, match=message) as caught:
        events(READERS[name](folder))
    assert len(str(caught.value).splitlines()) == 1


def test_an_item_without_description_is_titled_by_its_id() -> None:
    items = with_undescribed(items_frame([{"item_id": "a", "title": "A"}]), ["b", "a"])
    assert items["title"].tolist() == ["A", "b"]
    assert items["categories"].tolist() == [[], []]


def test_a_line_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "LONGEST_LINE", 100)
    files = {"B.json": lines(REVIEW), "meta_B.json": lines({"asin": "B1", "title": "x" * 200})}
    with pytest.raises(DataError, match=r"meta_B\.json, line 1: longer than 100 bytes"):
        READERS["amazon-2018"](write(tmp_path, files))


@pytest.mark.parametrize("name", READERS)
def test_a_missing_folder_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="nowhere"):
        events(READERS[name](tmp_path / "nowhere"))


@needs_given_data
@pytest.mark.parametrize(
    ("name", "folder", "shape"),
    [
        ("movielens", "movielens-small", (610, 9742, 100_836)),
        ("sequences", "amazon-beauty", (22_363, 12_101, 198_502)),
    ],
)
def test_real_files_have_the_published_size(
    name: str, folder: str, shape: tuple[int, int, int]
) -> None:
    reader: Callable[[Path], RawData] = READERS[name]
    raw = reader(SHARED / "data" / folder)
    found = events(raw)
    assert (found["user_id"].nunique(), len(raw.items), len(found)) == shape
