"""Uploads are stored inside one folder, within limits, or refused with one sentence."""

import io
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from app import uploads
from prism_core.errors import DataError


@dataclass
class File:
    """An upload as the app gives it."""

    name: str
    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)

    def getbuffer(self) -> memoryview:
        return memoryview(self.content)


def archive(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> File:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in entries:
            written.writestr(name, content)
    return File("data.zip", target.getvalue())


def link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = tmp_path / "inside" / "my-data"
    target.mkdir(parents=True)
    return target


def everything(folder: Path) -> set[str]:
    root = folder.parent.parent
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_files_are_stored_under_their_own_names(folder: Path) -> None:
    given = [File("C:\\mine\\ratings.csv", b"a"), File("../../movies.csv", b"b")]
    assert uploads.store(given, folder) == folder
    assert everything(folder) == {"inside/my-data/ratings.csv", "inside/my-data/movies.csv"}


def test_an_archive_is_unpacked_without_what_nobody_reads(folder: Path) -> None:
    packed = archive(
        ("ml/ratings.csv", b"a"),
        ("ml/pictures/1.jpg", b"d"),
        ("ml/links.exe", b"b"),
        ("__MACOSX/ml/ratings.csv", b"c"),
    )
    assert uploads.store([packed], folder) == folder / "ml"
    kept = {"inside/my-data/ml/ratings.csv", "inside/my-data/ml/pictures/1.jpg"}
    assert everything(folder) == kept


@pytest.mark.parametrize(
    "name", ["../evil.csv", "a/../../evil.csv", "/tmp/evil.csv", "..\\evil.csv", "C:evil.csv"]
)
def test_an_entry_outside_is_refused_before_anything_is_unpacked(folder: Path, name: str) -> None:
    with pytest.raises(DataError, match=r"data.zip: entry .* outside"):
        uploads.store([archive(("ratings.csv", b"a"), (name, b"b"))], folder)
    assert everything(folder) == set()


def test_a_link_is_refused(folder: Path) -> None:
    with pytest.raises(DataError, match=r"entry 'ratings.csv' is no plain file"):
        uploads.store([archive((link("ratings.csv"), b"/etc/passwd"))], folder)


def test_limits_hold_for_what_really_comes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MEGABYTE", 1)
    bomb = archive(("ratings.csv", bytes(uploads.MAX_TOTAL_MB + 1)))
    assert bomb.size <= uploads.MAX_FILE_MB
    with pytest.raises(DataError, match=r"larger than 1000 MB unpacked; put them"):
        uploads.store([bomb], folder)
    with pytest.raises(DataError, match=r"ratings.csv: larger than 200 MB; put it"):
        uploads.store([File("ratings.csv", bytes(201))], folder)
    many = [File(f"{number}.csv", bytes(200)) for number in range(6)]
    with pytest.raises(DataError, match=r"5.csv: all files together"):
        uploads.store(many, folder)


def test_too_many_entries_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_ENTRIES", 1)
    with pytest.raises(DataError, match="more than 1 files"):
        uploads.store([archive(("a.csv", b""), ("b.csv", b""))], folder)


@pytest.mark.parametrize("name", ["model.pkl", "run.py", "ratings", ".csv/.."])
def test_other_kinds_of_files_are_refused(folder: Path, name: str) -> None:
    with pytest.raises(DataError, match="this kind of file is not read"):
        uploads.store([File(name, b"a")], folder)


def test_damaged_and_double_files_are_refused(folder: Path) -> None:
    with pytest.raises(DataError, match=r"data\.zip: not a readable zip archive"):
        uploads.store([File("data.zip", b"PK nothing")], folder)
    twice = [File("a/ratings.csv", b"a"), File("b/ratings.csv", b"b")]
    with pytest.raises(DataError, match=r"ratings\.csv: two files have this name"):
        uploads.store(twice, folder)
    assert not list(folder.parent.glob("*.zip"))
