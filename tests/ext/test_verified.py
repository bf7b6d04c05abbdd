"""The page of verified builds shows the records of runs, and nothing that nobody ran."""

import io
import json
from pathlib import Path

import pytest
import verified
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.console import strip_colors
from sphinx.util.docutils import docutils_namespace, patch_docutils

RECORD = {
    "build": "default",
    "date": "2026-01-02",
    "commit": "abc123",
    "versions": {"python": "3.11.7", "torch": "2.4.1+cu121", "numpy": "2.1.0"},
    "wheel": "CUDA 12.1",
    "platform": "Linux x86_64",
    "accelerator": None,
    "device": "cpu",
    "doctests": {"examples of primer": True},
    "lessons": {
        "1_part/01_first": {"seconds": 5.2, "problems": []},
        "1_part/02_gone": {"seconds": 1.0, "problems": ["the output differs"]},
    },
}


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """Write a small site with one lesson and a table of two builds."""
    files = {
        "noxfile.py": 'TORCH_BUILDS = {"default": ("2.4.1", None), "mps": ("2.4.1", None)}\n',
        "docs/conf.py": 'extensions = ["bilingual", "verified"]\nlanguage = "zh_TW"\n',
        "docs/index.rst": "驗證 · Verified\n===============\n\n.. verified::\n\n"
        ".. toctree::\n\n   lessons/1_part/01_first\n   verified\n   other\n",
        "docs/verified.rst": "驗證紀錄 · What was verified\n" + 30 * "=" + "\n",
        "docs/other.rst": "別頁 · Other\n============\n",
        "docs/lessons/1_part/01_first.rst": "第一課 · First\n==============\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "docs"


def record(docs: Path, content: str = json.dumps(RECORD), build: str = "default") -> Path:
    path = docs / f"_data/verified/{build}.json"
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


def foot(docs: Path) -> tuple[str, str]:
    """Read the Chinese and the English paragraph at the foot of the lesson."""
    page = (docs / "_build/lessons/1_part/01_first.html").read_text(encoding="utf-8")
    box = BeautifulSoup(page, "html5lib").select_one(".verified-foot .pair")
    zh, en = box.select("p.twin")
    assert (zh["lang"], en["lang"]) == ("zh-TW", "en")
    assert all(p.a["href"] == "../../verified.html" for p in (zh, en))
    return zh.get_text(), en.get_text()


def test_a_build_that_nobody_ran_says_so(docs: Path):
    (builds,), warnings, _read = build(docs)
    assert warnings == ""
    assert builds[0][:3] == ["組建 · Build", "PyTorch", "裝置 · Device"]
    assert [row[:3] for row in builds[1:]] == [
        ["default", "2.4.1", "尚未執行 · not run yet"],
        ["mps", "2.4.1", "尚未執行 · not run yet"],
    ]
    zh, en = foot(docs)
    assert zh == "這一課的輸出尚未在任何組建上核對（尚未執行）。詳見驗證紀錄。"
    assert en == "The outputs of this lesson were not run on any build yet. See What was verified."


def test_a_record_is_shown_as_it_was_run(docs: Path):
    record(docs)
    (builds, lessons), warnings, _read = build(docs)
    assert warnings == ""
    assert builds[1] == [
        *("default", "2.4.1+cu121"),
        "CUDA 12.1 的 wheel，在沒有 GPU 的電腦上 · CUDA 12.1 wheel on a machine without a GPU",
        "Linux x86_64, Python 3.11.7, NumPy 2.1.0",
        *("✗ 1/2", "✓ 1/1", "2026-01-02", "abc123"),
    ]
    assert builds[2][2] == "尚未執行 · not run yet"
    assert lessons == [
        ["課程 · Lesson", "default"],
        ["第一課 · First", "✓"],
        ["1_part/02_gone", "✗"],
    ]


def test_the_foot_of_a_lesson_names_its_builds_and_its_time(docs: Path):
    record(docs)
    failed = {
        **RECORD,
        "versions": {**RECORD["versions"], "torch": "2.11.0+cu130"},
        "lessons": {"1_part/01_first": {"seconds": 300.0, "problems": ["the output differs"]}},
    }
    record(docs, json.dumps(failed), "2.11.0+cu130")
    build(docs)
    assert foot(docs) == (
        "這一課的輸出在這些組建上核對過：default（2.4.1+cu121）✓、2.11.0+cu130 ✗。"
        "整支腳本約需 5 秒。詳見驗證紀錄。",
        "The outputs of this lesson were checked on these builds: default (2.4.1+cu121) ✓, "
        "2.11.0+cu130 ✗. The whole script takes about 5 s. See What was verified.",
    )
    page = (docs / "_build/other.html").read_text(encoding="utf-8")
    assert "verified-foot" not in page


@pytest.mark.parametrize(
    ("accelerator", "used", "zh", "en"),
    [
        (None, "cpu", "，在沒有 GPU 的電腦上", " on a machine without a GPU"),
        ("H100", "cuda:0", "，在 H100 上", " on H100"),
        ("H100", "cpu", "，電腦有 H100，只用 CPU", " on the CPU of a machine with H100"),
    ],
)
def test_the_device_is_said_as_it_was(accelerator, used, zh, en):
    known = {"wheel": "CUDA 13.0", "accelerator": accelerator, "device": used}
    assert verified.device(known) == f"CUDA 13.0 的 wheel{zh} · CUDA 13.0 wheel{en}"


@pytest.mark.parametrize(
    ("lesson", "shown"),
    [
        ({"seconds": 0.2}, 1),
        ({"seconds": 7.4}, 5),
        ({"seconds": 24.0, "cpu_seconds": 3.2}, 3),  # the machine was busy
        ({"seconds": 24.0, "cpu_seconds": None}, 20),
        ({"seconds": 1000.0}, 300),
    ],
)
def test_the_time_is_coarse(lesson, shown):
    assert verified.seconds(lesson) == shown


def test_a_record_of_a_build_outside_the_table_has_its_own_row(docs: Path):
    record(docs, build="2.11.0+cu130")
    (builds, lessons), warnings, _read = build(docs)
    assert warnings == ""
    assert [row[0] for row in builds] == ["組建 · Build", "default", "mps", "2.11.0+cu130"]
    assert lessons[0] == ["課程 · Lesson", "2.11.0+cu130"]


def test_a_new_record_redraws_what_shows_it_alone(docs: Path):
    build(docs)
    assert build(docs)[2] == set()
    record(docs)
    tables, _warnings, read = build(docs)
    assert read == {"index", "lessons/1_part/01_first"}
    assert len(tables) == 2


@pytest.mark.parametrize("content", ["{", "{}", "[]", '{"lessons": {"x": {}}}'])
def test_a_record_that_cannot_be_read_is_a_warning(docs: Path, content: str):
    path = record(docs, content)
    tables, warnings, _read = build(docs)
    assert warnings.startswith(
        f"{path}:1: WARNING: 紀錄讀不懂，請重跑 · cannot read this, run again"
    )
    assert tables[0][1][2] == "尚未執行 · not run yet"
