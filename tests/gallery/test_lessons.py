"""Every lesson prints what its page shows."""

from pathlib import Path

import expectations
import pytest
from runner import lessons, run, shown


@pytest.mark.parametrize(
    "script", lessons(), ids=lambda script: f"{script.parent.name}/{script.stem}"
)
def test_lesson_prints_what_its_page_shows(script: Path):
    problems = expectations.differences(run(script), expectations.path_of(script))
    assert not problems, "\n\n".join(problems)


def test_no_expectation_is_left_without_its_lesson():
    assert [shown(path) for path in expectations.orphans(lessons())] == []


def test_there_are_lessons():
    assert lessons()
