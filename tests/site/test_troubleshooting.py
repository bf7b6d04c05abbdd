"""The page of errors is whole: a message, a cause, a cure and a lesson in every section.

Its code, messages and cures run in tests/gallery/test_page_examples.py.
"""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs/troubleshooting.md"
# Three that need another computer stand in a table, without code.
SECTIONS = [
    section
    for section in re.split(r"^### ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    if section.startswith("`")
]
CODE = re.compile(r"^```\{doctest\}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LABELS = ("**原因**：", "**Cause**: ", "**解法**：", "**Cure**: ")


def title(section: str) -> str:
    return section.partition("\n")[0].strip("`")


def test_there_are_the_twenty_that_beginners_meet_and_some_more() -> None:
    titles = [title(section) for section in SECTIONS]
    assert len(set(titles)) == len(titles) >= 20


@pytest.mark.parametrize("section", SECTIONS, ids=title)
def test_a_section_has_its_parts_in_order(section: str) -> None:
    at = [section.index(label) for label in LABELS]
    assert at == sorted(at)
    blocks = [match.start() for match in CODE.finditer(section)]
    assert len(blocks) == 2, "the error, then the cure"
    assert blocks[0] < at[0] < at[-1] < blocks[1]
    assert len(re.findall(r"\{doc\}`lessons/\d_\w+/\d\d_\w+`", section)) >= 2


@pytest.mark.parametrize("section", SECTIONS, ids=title)
def test_a_title_is_made_of_the_words_of_its_message(section: str) -> None:
    """A reader pastes a message: the title repeats it, as the code or the text quotes it."""
    error, cure = CODE.findall(section)
    quoted = re.findall(r"`([^`\n]+)`", section.partition("\n")[2])
    known = set(re.findall(r"\w+", " ".join([error, *quoted])))
    assert set(re.findall(r"\w+", title(section))) - known == set()
    assert "Traceback" not in cure
