"""Every notebook of the site is whole: the script's code, the script's text, and no reST."""

import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "gallery").glob("*/[0-9][0-9]_*.py"))
LEFT_OVER = re.compile(r"^\s*\.\. |(?<!:):[a-z:+]+:`|`__?(?!\w)|^\s*::\s*$", re.MULTILINE)


@pytest.fixture(params=SCRIPTS, ids=lambda path: path.stem)
def lesson(request, site: Path) -> tuple[str, nbformat.NotebookNode]:
    script = request.param
    place = script.relative_to(ROOT / "gallery").with_suffix(".ipynb")
    text = (site / "downloads" / place).read_text(encoding="utf-8")
    return script.read_text(encoding="utf-8"), nbformat.reads(text, as_version=4)


def test_a_notebook_is_valid(lesson):
    nbformat.validate(lesson[1])


def test_code_lines_are_the_scripts(lesson):
    script, notebook = lesson
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"][1:]
    lines = [line for line in "\n".join(code).splitlines() if line.strip()]
    after_docstring = script.split('"""', 2)[2]
    text_block = re.compile(r"^# %%.*\n(#.*\n)*", re.MULTILINE)
    setting = re.compile(r"^# sphinx_gallery_.*\n", re.MULTILINE)
    own = setting.sub("", text_block.sub("", after_docstring))
    assert lines == [line for line in own.splitlines() if line.strip()]


def test_no_directive_and_no_role_is_left(lesson):
    for cell in lesson[1].cells:
        if cell.cell_type == "markdown":
            prose = re.sub(r"^(`{3,})[^`]*?^\1$", "", cell.source, flags=re.MULTILINE)
            assert LEFT_OVER.search(prose) is None, cell.source


def test_every_title_and_diagram_of_the_script_is_there(lesson):
    script, notebook = lesson
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    titles = re.findall(r"^(?:# )?(.+)\n(?:# )?([=\-~])\2{7,}$", script, re.MULTILINE)
    assert len(titles) > 3
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    assert len(re.findall(r"^#+ ", prose, re.MULTILINE)) == len(titles)
    assert text.count("```mermaid\n") == len(
        re.findall(r"^#?\s*\.\. mermaid::", script, re.MULTILINE)
    )
