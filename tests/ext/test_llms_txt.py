"""llms.txt lists the site as its toctree has it, in both languages."""

import io
import re
from pathlib import Path

import pytest
from sphinx.application import Sphinx
from sphinx.util.console import strip_colors
from sphinx.util.docutils import docutils_namespace, patch_docutils

PAGES = {
    "conf.py": 'extensions = ["myst_parser", "bilingual", "llms_txt"]\nlanguage = "zh_TW"\n'
    'myst_enable_extensions = ["colon_fence"]\n'
    'project = "網站 · The site"\nexclude_patterns = ["_build"]\n',
    "index.md": "# 首頁 · Home\n\n一句話，\n說兩行。\n\nOne sentence.\n\n"
    "```{toctree}\ninstall\nlessons/index\nnames\n```\n",
    "install.md": "# 安裝 · Install\n\n先讀{doc}`names`，再用 `pip`。\n\n"
    "Read {doc}`names`, use `pip`.\n\n第二段。\n\nA second.\n",
    "lessons/index.md": "# 課程 · Lessons\n\n```{toctree}\nb/index\na/index\n```\n",
    "lessons/a/index.md": "# 甲部 · Part A\n\n```{toctree}\ntwo\n```\n",
    "lessons/b/index.md": "# 乙部 · Part B\n\n中文。\n\nEnglish.\n\n```{toctree}\none\n```\n",
    "lessons/a/two.md": "# 索引 x[0] · The index x[0]\n\n二。\n\nTwo.\n",
    "lessons/b/one.md": "# 一 · One\n\n:::{note}\n先看這裡。\n\nLook here first.\n:::\n\n"
    "三。\n\nThree.\n",
    "names.md": "# 名字 · Names\n",
    "orphan.md": "---\norphan: true\n---\n# 孤兒 · Orphan\n\n沒有連結。\n\nNo links here.\n",
}

EXPECTED = r"""# 網站 · The site

> 一句話，說兩行。
>
> One sentence.

每一頁都有繁體中文與英文；網址加上 `?reading=zh-TW` 或 `?reading=en` 就只看一種。

Every page is in Traditional Chinese and in English; `?reading=zh-TW` or `?reading=en` after an address shows one of them.

## 乙部 · Part B

- [一 · One](lessons/b/one.html): 先看這裡。 Look here first.

## 甲部 · Part A

- [索引 x\[0\] · The index x\[0\]](lessons/a/two.html): 二。 Two.

## 頁面 · Pages

- [安裝 · Install](install.html): 先讀名字，再用 pip。 Read Names, use pip.
- [名字 · Names](names.html)
"""  # noqa: E501


def build(docs: Path, builder: str = "html", **settings: object) -> Path:
    """Build the site without a warning; give its folder."""
    warnings = io.StringIO()
    out = docs / "_build" / builder
    with patch_docutils(docs), docutils_namespace():
        doctrees = docs / "_build/doctrees"
        app = Sphinx(docs, docs, out, doctrees, builder, settings, io.StringIO(), warnings)
        app.build()
    assert strip_colors(warnings.getvalue()) == ""
    return out


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("llms")
    for name, text in PAGES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_parts_in_the_order_of_the_toctree_then_the_other_pages(docs):
    assert (build(docs) / "llms.txt").read_text(encoding="utf-8") == EXPECTED


def test_a_second_build_that_reads_nothing_writes_the_same(docs):
    (build(docs) / "llms.txt").unlink()
    assert (build(docs) / "llms.txt").read_text(encoding="utf-8") == EXPECTED


@pytest.mark.parametrize("base", ["https://example.org/book", "https://example.org/book/"])
def test_links_are_absolute_where_the_address_is_known(docs, base):
    text = (build(docs, html_baseurl=base) / "llms.txt").read_text(encoding="utf-8")
    assert re.findall(r"\]\((.*?)\)", text) == [
        f"https://example.org/book/{name}.html"
        for name in ("lessons/b/one", "lessons/a/two", "install", "names")
    ]


def test_only_the_html_site_has_one(docs):
    assert not (build(docs, "text") / "llms.txt").exists()


def test_the_site_lists_every_lesson_with_its_script(site):
    text = (site / "llms.txt").read_text(encoding="utf-8")
    listed = re.findall(r"\((downloads/(\S+)\.py)\)", text)
    lessons = (Path(__file__).parents[2] / "gallery").glob("*/[0-9]*.py")
    assert [name for _file, name in listed] == sorted(
        f"{lesson.parent.name}/{lesson.stem}" for lesson in lessons
    )
    links = re.findall(r"\]\((\S+?)\)", text)
    assert [link for link in links if not (site / link).is_file()] == []
