"""The page of verified builds shows the records of runs, and nothing that nobody ran."""

import io
import json
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.console import strip_colors
from sphinx.util.docutils import docutils_namespace, patch_docutils

RECORD = {
    "build": "cpu",
    "date": "2026-01-02",
    "commit": "abc123",
    "python": "3.11.7",
    "torch": "2.4.1+cpu",
    "numpy": "2.1.0",
    "platform": "Linux x86_64",
    "device": "CPU",
    "doctests": {"examples of primer": True},
    "lessons": {
        "1_part/01_first": {"seconds": 1.0, "problems": []},
        "1_part/02_gone": {"seconds": 1.0, "problems": ["the output differs"]},
    },
}


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """Write a small site with one lesson and a table of two builds."""
    files = {
        "noxfile.py": 'TORCH_BUILDS = {"cpu": ("2.4.1", "cpu"), "mps": ("2.4.1", None)}\n',
        "docs/conf.py": 'extensions = ["bilingual", "verified"]\nlanguage = "zh_TW"\n',
        "docs/index.rst": "驗證 · Verified\n===============\n\n.. verified::\n\n"
        ".. toctree::\n\n   lessons/1_part/01_first\n   other\n",
        "docs/other.rst": "別頁 · Other\n============\n",
        "docs/lessons/1_part/01_first.rst": "第一課 · First\n==============\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "docs"


def record(docs: Path, content: str = json.dumps(RECORD)) -> Path:
    path = docs / "_data/verified/cpu.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def build(docs: Path) -> tuple[list[list[list[str]]], str, set[str]]:
    """Build; give the cells of the tables, the warnings, and the pages that were read."""
    warnings, read = io.StringIO(), set()
    with patch_docutils(docs), docutils_namespace():
        out = docs / "_build"
        app = Sphinx(docs, docs, out, out / "doctrees", "html", {}, io.StringIO(), warnings)
        app.connect("source-read", lambda _app, name, _text: read.add(name))
        app.build()
    soup = BeautifulSoup((docs / "_build/index.html").read_text(encoding="utf-8"), "html5lib")
    tables = [
        [[cell.get_text().strip() for cell in row.select("th, td")] for row in table.select("tr")]
        for table in soup.select("table.verified")
    ]
    return tables, strip_colors(warnings.getvalue()), read


def test_a_build_that_nobody_ran_says_so(docs: Path):
    (builds,), warnings, _read = build(docs)
    assert warnings == ""
    assert builds[0][:3] == ["組建 · Build", "PyTorch", "環境 · Environment"]
    assert [row[:3] for row in builds[1:]] == [
        ["cpu", "2.4.1", "尚未執行 · not run yet"],
        ["mps", "2.4.1", "尚未執行 · not run yet"],
    ]


def test_a_record_is_shown_as_it_was_run(docs: Path):
    record(docs)
    (builds, lessons), warnings, _read = build(docs)
    assert warnings == ""
    assert builds[1] == [
        *("cpu", "2.4.1+cpu", "Linux x86_64, CPU, Python 3.11.7, NumPy 2.1.0"),
        *("✗ 1/2", "✓ 1/1", "2026-01-02", "abc123"),
    ]
    assert builds[2][2] == "尚未執行 · not run yet"
    assert lessons == [
        ["課程 · Lesson", "cpu"],
        ["第一課 · First", "✓"],
        ["1_part/02_gone", "✗"],
    ]


def test_a_new_record_redraws_its_page_alone(docs: Path):
    build(docs)
    assert build(docs)[2] == set()
    record(docs)
    tables, _warnings, read = build(docs)
    assert read == {"index"}
    assert len(tables) == 2


@pytest.mark.parametrize("content", ["{", "{}", "[]", '{"lessons": {"x": {}}}'])
def test_a_record_that_cannot_be_read_is_a_warning(docs: Path, content: str):
    path = record(docs, content)
    tables, warnings, _read = build(docs)
    assert warnings.startswith(
        f"{path}:1: WARNING: 紀錄讀不懂，請重跑 · cannot read this, run again"
    )
    assert tables[0][1][2] == "尚未執行 · not run yet"
