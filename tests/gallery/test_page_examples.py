"""The examples on the pages give what the pages say."""

import doctest
from pathlib import Path

import pytest
from page_examples import page_examples
from runner import ROOT

PAGES = sorted(
    page
    for page in (ROOT / "docs").rglob("*.md")
    if not {"_build", "lessons"} & set(page.relative_to(ROOT).parts)
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_page_examples_print_what_the_page_shows(page: Path):
    examples = page_examples(page)
    if examples is not None:
        report: list[str] = []
        doctest.DocTestRunner(verbose=False).run(examples, out=report.append)
        assert not report, "".join(report)


def test_examples_share_names_and_a_failure_names_its_line(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(
        "# 標題 · Title\n\n```{doctest}\n>>> x = 20 + 1\n```\n\n"
        ":::{doctest}\n>>> 2 * x\n43\n:::\n\n```python\n>>> 1 / 0\n```\n",
        encoding="utf-8",
    )
    report: list[str] = []
    doctest.DocTestRunner(verbose=False).run(page_examples(page), out=report.append)
    text = "".join(report)
    assert "line 8," in text
    assert "Expected:\n    43\nGot:\n    42" in text
    assert "ZeroDivisionError" not in text


def test_a_page_without_examples_has_none(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text("text\n\n```python\n>>> 1\n2\n```\n", encoding="utf-8")
    assert page_examples(page) is None
