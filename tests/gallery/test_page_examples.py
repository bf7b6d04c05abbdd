"""The examples on the pages give what the pages say."""

import json
import subprocess
import sys
import warnings
from pathlib import Path

import page_examples
import pytest
from page_examples import ROOT, failures, pages


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_page_examples_print_what_the_page_shows(page: Path):
    found = failures(page_examples.page_examples(page), str(page))
    assert not found, found


PAGE = (
    "# 標題 · Title\n\n```{doctest}\n>>> x = 20 + 1\n```\n\n"
    ":::{doctest}\n>>> 2 * x\n43\n:::\n\n```python\n>>> 1 / 0\n```\n"
)


def test_examples_share_names_and_a_failure_names_its_line(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(PAGE, encoding="utf-8")
    text = failures(page_examples.page_examples(page), str(page))
    assert "line 8," in text
    assert "Expected:\n    43\nGot:\n    42" in text
    assert "ZeroDivisionError" not in text


def test_a_page_without_examples_has_none(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text("text\n\n```python\n>>> 1\n2\n```\n", encoding="utf-8")
    assert page_examples.page_examples(page) == ""


@pytest.mark.parametrize(("answer", "status"), [("42", 0), ("43", 1)])
def test_planned_examples_run_where_no_markdown_is_installed(tmp_path, answer, status):
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"pages": {"docs/a.md": f"\n>>> 6 * 7\n{answer}\n"}}), "utf-8")
    bare = [sys.executable, "-I", "-S", page_examples.__file__, plan]  # no site-packages
    done = subprocess.run(bare, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    assert ('File "docs/a.md", line 2,' in done.stdout) == (status == 1)


def test_examples_leave_neither_files_nor_warning_filters(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    filters = list(warnings.filters)
    examples = (
        ">>> import pathlib, warnings\n>>> warnings.simplefilter('ignore')\n"
        ">>> pathlib.Path('model.pt').write_text('weights')\n7\n"
    )
    assert failures(examples, "docs/a.md") == ""
    assert list(tmp_path.iterdir()) == []
    assert warnings.filters == filters
