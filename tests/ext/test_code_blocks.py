"""What a cell printed is labelled, errors that were caught are named, long outputs are folded."""

import io

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

CONF = """
extensions = ["bilingual", "code_blocks"]
language = "zh_TW"
"""
CELL = """
.. code-block:: Python

   {code}

.. rst-class:: sphx-glr-script-out

 .. code-block:: none

    {printed}
"""
RAISES = "try:\n       f()\n   except (KeyError, OSError) as e:\n       print(e)"
CELLS = {
    "plain": ("print(1)", "1"),
    "raises": (RAISES, "'a'"),
    "at the limit": ("for i in range(24): print(i)", "\n    ".join(map(str, range(24)))),
    "long": ("for i in range(25): print(i)", "\n    ".join(map(str, range(25)))),
    "no Python": ("%pip install x", "done"),
    "again": ("print(1)", "1"),
    "not in the script": ("x", "1"),
}
SCRIPT = "\n# %%\n".join(
    code.replace("\n   ", "\n") for name, (code, _) in CELLS.items() if name != "not in the script"
)


@pytest.fixture(scope="module")
def outputs(tmp_path_factory) -> dict:
    folder = tmp_path_factory.mktemp("code")
    (folder / "conf.py").write_text(CONF, encoding="utf-8")
    (folder / "index.py").write_text(SCRIPT, encoding="utf-8")
    cells = "".join(CELL.format(code=code, printed=printed) for code, printed in CELLS.values())
    (folder / "index.rst").write_text(f"頁 · Page\n=========\n{cells}", encoding="utf-8")
    warnings = io.StringIO()
    with patch_docutils(folder), docutils_namespace():
        app = Sphinx(folder, folder, folder / "out", folder / "d", "html", None, None, warnings)
        app.build()
    # The lexer of the one cell that is no Python says so; nothing else may be said.
    assert warnings.getvalue().count("WARNING") <= 1
    soup = BeautifulSoup((folder / "out/index.html").read_text(encoding="utf-8"), "html5lib")
    return dict(zip(CELLS, soup.select(".output"), strict=True))


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("plain", "輸出 · Output"),
        ("raises", "輸出：攔下 KeyError / OSError · Output: KeyError / OSError caught"),
        ("at the limit", "輸出 · Output"),
        ("long", "輸出，共 25 行 · Output, 25 lines"),
        ("no Python", "輸出 · Output"),
        ("again", "輸出 · Output"),
    ],
)
def test_label(outputs, name, label):
    assert outputs[name].select_one(".output-label").get_text() == label


def test_only_an_error_looks_like_one(outputs):
    assert [name for name, box in outputs.items() if "error" in box["class"]] == ["raises"]


def test_only_a_long_output_is_folded_and_the_label_opens_it(outputs):
    assert [name for name, box in outputs.items() if box.name == "details"] == ["long"]
    assert not outputs["long"].has_attr("open")
    assert outputs["long"].summary["class"] == ["output-label"]


def test_nothing_printed_is_lost(outputs):
    for name, (_code, printed) in CELLS.items():
        assert outputs[name].pre.get_text().split() == printed.split(), name


def test_a_cell_says_which_line_of_the_script_it_starts_at(outputs):
    starts = {name: box.find_previous(class_="numbered") for name, box in outputs.items()}
    lines = SCRIPT.splitlines()
    for name, (code, _printed) in CELLS.items():
        if name == "not in the script":
            continue
        first = int(starts[name]["data-first-line"])
        assert lines[first - 1] == code.splitlines()[0], name
    assert int(starts["again"]["data-first-line"]) > int(starts["plain"]["data-first-line"])
    assert starts["not in the script"] is starts["again"], "that cell has no numbers"


def test_an_output_has_no_numbers(outputs):
    assert not [box for box in outputs.values() if box.find_parent(class_="numbered")]
