"""What readers take home is made from the script, whole, and the same in every build."""

import ast
import io
import json
import re
import shutil
import zipfile
from pathlib import Path
from urllib.parse import unquote, urljoin

import nbformat
import pytest
from bs4 import BeautifulSoup
from lesson_notebook import code_span, escape, flanks, join_lines
from sphinx.application import Sphinx
from sphinx.util.console import strip_colors
from sphinx.util.docutils import docutils_namespace, patch_docutils

LESSON = '''"""
第一課 · The first lesson
=========================

一段，含 **重點。**接著、:math:`w_1 x`、``a`b``、:ref:`附錄 <appendix>` 與 :ref:`appendix`，
見 :func:`tiny.twice`。先定義 :term:`張量`。

A paragraph with *emphasis*, 2 * 3 < 7, $5, a `link <https://example.org/a>`_ and :ref:`appendix`;
see :func:`tiny.twice` and the :term:`tensor`.

.. mermaid::

   flowchart LR
     accTitle: 標題 · Title
     A["甲 · A"] --> B["乙 · B"]

.. math::
   :label: line

   a &= b \\\\\\\\
   c &= d

.. contents::
   :local:
"""

# sphinx_gallery_thumbnail_number = 1

import json

import torch

print(json.dumps({"a": 1}))

# %%
# 小節 · A section
# ----------------
#
# .. note::
#
#    提醒。
#
#    A reminder.
#
# .. list-table:: 表格 · A table
#    :header-rows: 1
#
#    * - 名字 · Name
#      - 說明 · Meaning
#    * - ``view``
#      - 換讀法。
#
#        Reads differently.
#
# #. 一。
#
#    One.
#
# #. 二。
#
#    Two.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    看這裡。
#
#    Look here.
#
#    .. code-block:: python
#
#       tiny.twice(1)
#
# .. figure:: dot.png
#    :alt: 一點 · A dot
#
#    圖說 · Caption

from tiny import twice

twice(21)
'''

SECOND = '''"""
第二課 · The second lesson
==========================

中文。

English.
"""

print("no imports")
'''

CONF = """
extensions = ["sphinx_gallery.gen_gallery", "sphinxcontrib.mermaid", "bilingual", "downloads"]
language = "zh_TW"
sphinx_gallery_conf = {
    "examples_dirs": "../gallery", "gallery_dirs": "lessons", "filename_pattern": "never",
    "download_all_examples": False, "notebook_extensions": [], "write_computation_times": False,
}
exclude_patterns = ["_build"]
"""

DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d4944415478da63fccf50cf000003830181b65ccdd70000000049454e44ae426082"
)


def project(root: Path) -> Path:
    """Write a small course with its package; give its docs folder."""
    files = {
        "pyproject.toml": '[build-system]\nrequires = ["hatchling"]\n'
        'build-backend = "hatchling.build"\n[project]\nname = "tiny-course"\nversion = "1.0"\n'
        'requires-python = ">=3.10"\n'
        'readme = "README.md"\n[tool.hatch.build.targets.wheel]\npackages = ["tiny"]\n',
        "README.md": "tiny\n",
        "noxfile.py": 'import nox\nTORCH_BUILDS = {"default": ("2.4.1", None)}\n',
        "tiny/__init__.py": "def twice(x):\n    return 2 * x\n",
        "gallery/GALLERY_HEADER.rst": "課程 · Lessons\n==============\n\n中文。\n\nEnglish.\n",
        "gallery/1_part/GALLERY_HEADER.rst": "部 · Part\n=========\n\n中文。\n\nEnglish.\n",
        "gallery/1_part/01_first.py": LESSON,
        "gallery/1_part/02_second.py": SECOND,
        "docs/conf.py": CONF,
        "docs/docutils.conf": "[restructuredtext parser]\ncharacter_level_inline_markup: true\n",
        "docs/index.rst": "首頁 · Home\n===========\n\n"
        ".. toctree::\n\n   lessons/index\n   appendix\n",
        "docs/appendix.rst": ".. _appendix:\n\n附錄 · The appendix\n===================\n\n"
        ".. py:function:: tiny.twice(x)\n\n.. glossary::\n\n   張量\n   tensor\n"
        "      數字的容器。\n\n      A box of numbers.\n",
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (root / "gallery/1_part/dot.png").write_bytes(DOT)
    (root / "docs/lessons/1_part").mkdir(parents=True)
    shutil.copy(root / "gallery/1_part/dot.png", root / "docs/lessons/1_part")
    return root / "docs"


def build(docs: Path, builder: str = "html", **settings: object) -> tuple[Path, str]:
    """Build the site; give its folder and the warnings."""
    warnings = io.StringIO()
    out = docs / "_build" / builder
    with patch_docutils(docs), docutils_namespace():
        app = Sphinx(
            docs, docs, out, docs / "_build/doctrees", builder, settings, io.StringIO(), warnings
        )
        app.build()
    return out, strip_colors(warnings.getvalue())


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Give the sources' root and the built site."""
    root = tmp_path_factory.mktemp("course")
    out, warnings = build(project(root))
    assert warnings == ""
    return root, out


@pytest.fixture
def copy(course: tuple[Path, Path], tmp_path: Path) -> Path:
    """Give a copy of the course, to be changed and built anew."""
    return Path(shutil.copytree(course[0], tmp_path / "course")) / "docs"


def page(out: Path, name: str = "lessons/1_part/01_first.html") -> BeautifulSoup:
    return BeautifulSoup((out / name).read_text(encoding="utf-8"), "html5lib")


def cells(out: Path, kind: str) -> list[str]:
    path = out / "downloads/1_part/01_first.ipynb"
    notebook = nbformat.read(path, as_version=4)
    return [cell.source for cell in notebook.cells if cell.cell_type == kind]


# -- The files -------------------------------------------------------------------------------


def test_the_files_of_the_course(course):
    folder = course[1] / "downloads"
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*")) == [
        "1_part/01_first.ipynb",
        "1_part/01_first.py",
        "1_part/01_first.zip",
        "1_part/02_second.ipynb",
        "1_part/02_second.py",
        "1_part/02_second.zip",
        "tiny_course-1.0-py3-none-any.whl",
        "torch-primer-lessons.zip",
    ]
    assert not (course[1] / "_downloads").exists()


def test_the_script_is_the_script(course):
    root, out = course
    script = (root / "gallery/1_part/01_first.py").read_bytes()
    assert (out / "downloads/1_part/01_first.py").read_bytes() == script


def test_a_zip_holds_all_that_a_lesson_needs(course):
    with zipfile.ZipFile(course[1] / "downloads/1_part/01_first.zip") as archive:
        assert archive.namelist() == [
            "01_first/01_first.ipynb",
            "01_first/01_first.py",
            "01_first/README.txt",
            "01_first/requirements.txt",
            "01_first/tiny_course-1.0-py3-none-any.whl",
        ]
        assert archive.read("01_first/requirements.txt").decode() == (
            "torch==2.4.1\nnumpy\n./tiny_course-1.0-py3-none-any.whl\n"
        )
        assert archive.read("01_first/01_first.py").decode() == LESSON
        assert {info.date_time for info in archive.infolist()} == {(2020, 2, 2, 0, 0, 0)}
        readme = archive.read("01_first/README.txt").decode()
        assert "python 01_first.py" in readme
        assert "安裝（只要一次）" in readme
        assert "Install, once" in readme
    with zipfile.ZipFile(course[1] / "downloads/1_part/02_second.zip") as archive:
        assert "02_second/requirements.txt" in archive.namelist()
        assert not [name for name in archive.namelist() if name.endswith(".whl")]


def test_the_course_zip_holds_every_lesson_once(course):
    with zipfile.ZipFile(course[1] / "downloads/torch-primer-lessons.zip") as archive:
        names = [name.removeprefix("torch-primer-lessons/") for name in archive.namelist()]
        assert names == [
            "1_part/01_first.ipynb",
            "1_part/01_first.py",
            "1_part/02_second.ipynb",
            "1_part/02_second.py",
            "README.txt",
            "requirements.txt",
            "tiny_course-1.0-py3-none-any.whl",
        ]
        wheel = zipfile.ZipFile(io.BytesIO(archive.read("torch-primer-lessons/" + names[-1])))
        assert wheel.read("tiny/__init__.py").decode() == "def twice(x):\n    return 2 * x\n"


def test_two_builds_give_the_same_bytes(course, tmp_path):
    again, warnings = build(project(tmp_path / "elsewhere"))
    assert warnings == ""
    for path in sorted((course[1] / "downloads").rglob("*.*")):
        other = again / "downloads" / path.relative_to(course[1] / "downloads")
        assert path.read_bytes() == other.read_bytes(), path.name


def test_the_date_of_the_sources_is_honoured(copy, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    with zipfile.ZipFile(build(copy)[0] / "downloads/1_part/01_first.zip") as archive:
        assert {info.date_time for info in archive.infolist()} == {(2023, 11, 14, 22, 13, 20)}
        wheel = zipfile.ZipFile(io.BytesIO(archive.read(archive.namelist()[-1])))
    assert {info.date_time for info in wheel.infolist()} == {(2023, 11, 14, 22, 13, 20)}


def test_an_unchanged_course_is_not_made_again(copy, monkeypatch):
    import downloads

    folder = copy / "_build/html/downloads"
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    for name in ("build_wheel", "zipped", "write"):
        monkeypatch.setattr(downloads, name, lambda *_: pytest.fail("made again"))
    monkeypatch.setattr(downloads.lesson_notebook, "convert", lambda *_: pytest.fail("made again"))
    build(copy)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_what_changes_is_made_again_and_what_goes_is_removed(copy):
    gallery = copy.parent / "gallery/1_part"
    script = gallery / "01_first.py"
    script.write_text(LESSON.replace("twice(21)", "twice(22)"), encoding="utf-8")
    (gallery / "02_second.py").unlink()
    shutil.rmtree(copy / "lessons/1_part")  # sphinx-gallery leaves old pages behind
    (copy / "lessons/1_part").mkdir()
    shutil.copy(gallery / "dot.png", copy / "lessons/1_part")
    (copy / "_build/html/downloads/1_part/01_first.zip").unlink()
    (copy.parent / "tiny/__init__.py").write_text("def twice(x):\n    return x + x\n")
    out, _warnings = build(copy)
    assert "twice(22)" in cells(out, "code")[-1]
    assert not (out / "downloads/1_part/02_second.zip").exists()
    with zipfile.ZipFile(out / "downloads/1_part/01_first.zip") as archive:
        assert "twice(22)" in archive.read("01_first/01_first.py").decode()
        wheel = archive.read("01_first/tiny_course-1.0-py3-none-any.whl")
    assert b"return x + x" in zipfile.ZipFile(io.BytesIO(wheel)).read("tiny/__init__.py")
    assert (out / "downloads/tiny_course-1.0-py3-none-any.whl").read_bytes() == wheel


def test_a_write_that_fails_leaves_the_old_file(copy, monkeypatch):
    import downloads

    target = copy / "_build/html/downloads/torch-primer-lessons.zip"
    before = target.read_bytes()
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        downloads.write(target, b"half")
    assert target.read_bytes() == before


def test_other_builders_get_no_downloads(copy):
    out, warnings = build(copy, "text")
    assert warnings == ""
    assert not (out / "downloads").exists()
    text = (out / "lessons/1_part/01_first.txt").read_text(encoding="utf-8")
    assert "ownload" not in text


# -- The notebook ----------------------------------------------------------------------------


def test_the_notebook_is_valid_and_its_ids_are_fixed(course):
    notebook = nbformat.read(course[1] / "downloads/1_part/01_first.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert [cell.id for cell in notebook.cells] == [f"cell-{i}" for i in range(len(notebook.cells))]
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.colab.name == "01_first.ipynb"


def test_code_stays_identical(course):
    first, *rest = cells(course[1], "code")
    assert first.splitlines()[-1] == (
        "%pip install torch numpy ./tiny_course-1.0-py3-none-any.whl -q"
    )
    code = "\n".join(rest)
    script = LESSON[LESSON.index("import json") :]
    lines = [line for line in script.splitlines() if line and not line.startswith("#")]
    assert [line for line in code.splitlines() if line] == lines
    ast.parse(code)


def test_text_becomes_markdown(course):
    text = "\n\n".join(cells(course[1], "markdown"))
    assert "# 第一課 · The first lesson\n" in text
    assert "## 小節 · A section\n" in text
    assert "含 <strong>重點。</strong>接著、$w_1 x$、``a`b``、附錄與附錄，見" in text
    assert "`tiny.twice()`" in text
    assert r"with *emphasis*, 2 \* 3 \< 7, \$5, a [link](https://example.org/a) and" in text
    assert "and The appendix; see `tiny.twice()` and the tensor." in text
    assert (
        '```mermaid\nflowchart LR\n  accTitle: 標題 · Title\n  A["甲 · A"] --> B["乙 · B"]\n```'
        in text
    )
    assert "$$\n\\begin{aligned}\na &= b \\\\\nc &= d\n\\end{aligned}\n$$" in text
    assert "> 提醒。\n>\n> A reminder." in text
    assert (
        "| 名字 · Name | 說明 · Meaning |\n| --- | --- |\n"
        "| `view` | 換讀法。<br>Reads differently. |" in text
    )
    assert "1. 一。\n\n   One.\n\n2. 二。" in text
    assert (
        "<details>\n<summary>解答 · Solution</summary>\n\n看這裡。\n\nLook here.\n\n"
        "```python\ntiny.twice(1)\n```\n\n</details>"
    ) in text
    assert re.search(r"!\[一點 · A dot\]\(data:image/png;base64,[\w+/=]+\)\n\n圖說 · Caption", text)
    assert not re.search(r"^\s*\.\. |:\w+:`", text, re.MULTILINE)
    assert text.count("小節") == 1, "no table of contents"


def test_links_are_absolute_where_the_site_has_an_address(copy):
    out, warnings = build(copy, html_baseurl="https://example.org/primer/")
    assert warnings == ""
    text = "\n\n".join(cells(out, "markdown"))
    assert "與 [附錄](https://example.org/primer/appendix.html#appendix)，" in text
    assert "[`tiny.twice()`](https://example.org/primer/appendix.html#tiny.twice)" in text
    wheel = "https://example.org/primer/downloads/tiny_course-1.0-py3-none-any.whl"
    assert cells(out, "code")[0].endswith(f"%pip install torch numpy {wheel} -q")
    assert page(out).select_one(".pip-line").get_text().split()[-1] == wheel


ODD = r"""
甲\ :sub:`1`\ :sup:`2` 與 |sub|、`連結`_、:abbr:`NN (net)`、:kbd:`Ctrl` [#f]_。

\1. starts no list, :pep:`8`, *a*\ b, :math:`x < 1`.

.. |sub| replace:: 替代
.. _連結: https://example.org/

名詞 · Term
   說明。

   Meaning.

:時間: 十分。

| 一行
|   縮排

    引文。

    A quotation.

.. rubric:: 小標 · Rubric

- 一

  - 二

  .. code-block:: none

     ```
     fence

::

   literal

>>> 1 + 1
2

+-------+-------+
| 甲    | 乙    |
+-------+-------+
| 長 · Long     |
+---------------+

.. tip:: 提示。

   A tip.

.. raw:: html

   <hr>

.. [#f] 註。Note.

.. a comment

----

.. versionadded:: 2.4
"""

ODD_MARKDOWN = r"""
甲<sub>1</sub><sup>2</sup> 與替代、[連結](https://example.org/)、NN (net)、`Ctrl` <sup>1</sup>。

1\. starts no list, [**PEP 8**](https://peps.python.org/pep-0008/), *a*b, $x < 1$.

- **名詞 · Term**

  說明。

  Meaning.

- **時間** 十分。

一行__
&emsp;縮排

> 引文。
>
> A quotation.

**小標 · Rubric**

- 一

  - 二

  ````
  ```
  fence
  ````

```
literal
```

```pycon
>>> 1 + 1
2
```

<table>
<tr>
<td>

甲

</td>
<td>

乙

</td>
</tr>
<tr>
<td colspan="2">

長 · Long

</td>
</tr>
</table>

> **小訣竅**
>
> 提示。
>
> A tip.

<hr>

<sup>1</sup> 註。Note.

---
""".replace("__", "  ")  # a hard line break is two spaces at the end of a line


def test_every_construct_becomes_markdown(copy):
    script = copy.parent / "gallery/1_part/01_first.py"
    comment = "".join(f"# {row}".rstrip() + "\n" for row in ODD.split("\n"))
    script.write_text(
        f"{LESSON}\n# %%\n# 節 · Section\n# ------------\n{comment}\n", encoding="utf-8"
    )
    out, warnings = build(copy, suppress_warnings=["bilingual"])
    assert warnings == ""
    text = cells(out, "markdown")[-1]
    heading, _, body = text.partition("\n")
    assert heading == "## 節 · Section"
    assert body.startswith(ODD_MARKDOWN)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (".. nonsense:: x", 'Unknown directive type "nonsense"'),
        (":nonsense:`x`", 'Unknown interpreted text role "nonsense"'),
        ("-o FILE  text", "a notebook cannot show option_list"),
        (".. image:: gone.png", "no such image: gone.png"),
    ],
)
def test_what_a_notebook_cannot_show_is_a_warning_with_its_line(copy, text, said):
    script = copy.parent / "gallery/1_part/02_second.py"
    script.write_text(f"{SECOND}\n# %%\n# 中文。\n#\n# English.\n#\n# {text}\n", encoding="utf-8")
    out, warnings = build(copy)
    own = [row for row in warnings.splitlines() if row.startswith(f"{script}:17: ")]
    assert any(said in row for row in own), warnings
    assert not (out / "downloads/1_part/02_second.ipynb").exists(), (
        "none is better than a wrong one"
    )
    assert (out / "downloads/1_part/01_first.zip").exists()
    assert f"{script}:17: " in build(copy)[1], "it is said again until it is mended"


def test_what_an_exercise_says_to_import_is_needed(copy):
    script = copy.parent / "gallery/1_part/02_second.py"
    script.write_text(SECOND.replace("中文。", "先 ``import tiny``。"), encoding="utf-8")
    soup = page(build(copy)[0], "lessons/1_part/02_second.html")
    assert "./tiny_course-1.0" in soup.select_one(".pip-line").get_text()


def test_an_import_without_a_known_package_is_a_warning(copy):
    script = copy.parent / "gallery/1_part/02_second.py"
    script.write_text(SECOND + "\nimport no_such_package.deep\n", encoding="utf-8")
    warnings = build(copy)[1]
    assert f"{script}:12: " in warnings
    assert "不知道 no_such_package 由哪個套件提供" in warnings
    assert not (copy / "_build/html/downloads/1_part/02_second.ipynb").exists()


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("w_1 * x_", r"w_1 \* x\_"),
        ("__init__ and _private", r"\_\_init\_\_ and \_private"),
        ("a[0] < b & &amp; ~~no~~", r"a\[0\] \< b & \&amp; ~\~no~\~"),
        ("`tick` \\ $x$", r"\`tick\` \\ \$x\$"),
    ],
)
def test_text_is_not_taken_for_markup(text, markdown):
    assert escape(text) == markdown


def test_lines_join_without_a_gap_in_chinese():
    assert join_lines("讀這\n一行，\nthen this\none。\n完") == "讀這一行，then this one。完"
    assert join_lines("用\nview\n換 一 個 a  b") == "用 view 換一個 a b"


def test_markers_stand_only_where_markdown_sees_them():
    assert flanks("", "重點", "")
    assert flanks("是", "重點", "嗎")
    assert not flanks("是", "重點。", "嗎")
    assert not flanks("是", "「重點", "嗎")
    assert not flanks("", " x", "")
    assert code_span("``x") == "``` ``x ```"


# -- The page --------------------------------------------------------------------------------


def test_the_page_offers_the_files_in_both_languages(course):
    out = course[1]
    soup = page(out)
    top = soup.select_one("h1").find_next_sibling()
    assert "downloads" in top["class"]
    assert top.get_text() == (
        "下載 · Download ｜ 腳本 · Script ｜ 筆記本 · Notebook ｜ 本課 ZIP · Lesson ZIP"
    )
    foot = soup.select_one(".downloads-foot")
    assert foot.select_one(".pip-line").get_text().strip() == (
        "pip install torch==2.4.1 numpy ./tiny_course-1.0-py3-none-any.whl"
    )
    assert {node["lang"].lower() for node in foot.select("p[lang]")} == {"zh-tw", "en"}
    links = [a["href"] for a in soup.select("a[download]")]
    assert len(links) == 3 + 5
    for href in links:
        target = urljoin(f"file://{out}/lessons/1_part/01_first.html", href)
        assert Path(unquote(target.removeprefix("file://"))).is_file(), href


def test_nothing_of_sphinx_gallerys_own_words_is_left(course):
    text = page(course[1]).get_text()
    for words in ("Go to the end", "Download Python", "Download zipped", "running time"):
        assert words not in text


def test_a_lesson_that_needs_nothing_has_no_line(course):
    soup = page(course[1], "lessons/1_part/02_second.html")
    assert soup.select_one(".pip-line") is None
    assert not [a for a in soup.select("a[download]") if a["href"].endswith(".whl")]
    notebook = (course[1] / "downloads/1_part/02_second.ipynb").read_text(encoding="utf-8")
    assert "%pip" not in notebook


def test_the_first_page_of_the_lessons_offers_the_course(course):
    soup = page(course[1], "lessons/index.html")
    (link,) = soup.select("a[download]")
    assert link["href"] == "../downloads/torch-primer-lessons.zip"


def test_colab_is_offered_where_it_finds_the_notebook_and_the_wheel(copy):
    place = {"downloads_repository": "owner/name", "html_baseurl": "https://example.org/primer/"}
    colab = "a[href*=colab]"
    for missing in place:
        out, _warnings = build(copy, **(place | {missing: ""}))
        assert page(out).select(colab) == []
    out, warnings = build(copy, **place)
    assert warnings == ""
    top, foot = page(out).select(f".downloads {colab}")
    assert (
        top["href"]
        == foot["href"]
        == (
            "https://colab.research.google.com/github/owner/name/blob/notebooks/1_part/01_first.ipynb"
        )
    )
    assert (out / "downloads/1_part/01_first.ipynb").is_file()


def test_pages_in_folders_link_to_the_same_files(copy):
    out, warnings = build(copy, "dirhtml")
    assert warnings == ""
    soup = page(out, "lessons/1_part/01_first/index.html")
    for link in soup.select("a[download]"):
        target = urljoin(f"file://{out}/lessons/1_part/01_first/", link["href"])
        assert Path(target.removeprefix("file://")).is_file()


def test_the_table_of_builds_must_be_a_literal(tmp_path):
    from torch_builds import torch_builds

    noxfile = tmp_path / "noxfile.py"
    noxfile.write_text("BUILDS = {}\n")
    with pytest.raises(ValueError, match=r"找不到 TORCH_BUILDS 表.*no table TORCH_BUILDS"):
        torch_builds(noxfile)


def test_the_stamps_are_no_part_of_the_site(course):
    root, out = course
    stamps = json.loads((root / "docs/_build/doctrees/downloads.json").read_text())
    assert set(stamps) == {
        path.relative_to(out / "downloads").as_posix()
        for path in (out / "downloads").rglob("*")
        if path.is_file()
    }
