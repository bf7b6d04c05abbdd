"""Two builds of the same sources give the same bytes, wherever and however they are made."""

import io
import zipfile
from pathlib import Path

import pytest
from small_site import build, differences, make, pages

EPOCH = "1700000000"


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Build in two places, with another hash seed, time zone, locale and number of processes."""
    roots = []
    for name, seed, jobs, zone in (
        ("one", "1", "1", "UTC"),
        ("deeper/two", "2", "2", "Asia/Taipei"),
    ):
        root = make(tmp_path_factory.mktemp("place") / name)
        variables = {"PYTHONHASHSEED": seed, "TZ": zone, "SOURCE_DATE_EPOCH": EPOCH}
        result = build(root, "-j", jobs, **variables)
        assert result.returncode == 0, result.stderr
        roots.append(root)
    return roots


def test_two_builds_give_the_same_bytes(two):
    assert differences(*two) == []
    kinds = {name.rpartition(".")[2] for name in pages(two[0])}
    assert {"html", "ipynb", "py", "zip", "whl", "png", "js", "css", "inv"} <= kinds


def test_two_shares_merged_give_the_same_bytes(two, tmp_path):
    shares = []
    for number in ("1", "2"):
        root = make(tmp_path / f"machine-{number}")
        share = tmp_path / f"share-{number}"
        result = build(root, "--shard", f"{number}/2", "--into", str(share))
        assert result.returncode == 0, result.stderr
        assert [path.name for path in share.rglob("*.rst")] == [f"0{number}_lesson_{number}.rst"]
        shares.append(str(share))
    root = make(tmp_path / "merged")
    result = build(root, "--merge", *shares, SOURCE_DATE_EPOCH=EPOCH)
    assert result.returncode == 0, result.stderr
    assert differences(two[0], root) == []
    for share in shares:
        for time in Path(share).rglob("*.cost.json"):
            again = root / "docs" / time.relative_to(share)
            assert again.read_bytes() == time.read_bytes(), "no lesson was run again"


def test_a_folder_without_lessons_is_no_share(tmp_path):
    result = build(make(tmp_path / "site"), "--merge", str(tmp_path))
    assert result.returncode != 0
    assert "裡沒有課程的紀錄" in result.stderr


def test_the_site_names_no_place(two):
    for root in two:
        for path in (root / "docs/_build/html").rglob("*"):
            if path.is_file():
                assert str(root).encode() not in path.read_bytes(), path.name


def test_the_date_of_the_sources_is_honoured(two):
    with zipfile.ZipFile(two[0] / "docs/_build/html/downloads/torch-primer-lessons.zip") as course:
        wheel = next(name for name in course.namelist() if name.endswith(".whl"))
        inside = zipfile.ZipFile(io.BytesIO(course.read(wheel)))
        infos = [*course.infolist(), *inside.infolist()]
    assert {info.date_time for info in infos} == {(2023, 11, 14, 22, 13, 20)}
