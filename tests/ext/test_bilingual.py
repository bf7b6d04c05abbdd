"""Pairs, titles, links, parity errors and interface words, on tiny sites built here."""

import io
import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from bilingual import interface, pair_html, pair_nodes, split_pair
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

# MyST asks Sphinx 9 for a name that goes in Sphinx 11: for MyST to mend.
pytestmark = pytest.mark.filterwarnings("ignore:.*MystReferenceResolver")

DOCS = Path(__file__).parents[2] / "docs"

CONF = f"""
project = "網站 · A site"
html_title = "網站 · A site"
extensions = ["myst_parser", "sphinx.ext.autodoc", "bilingual"]
language = "zh_TW"
locale_dirs = ["locale"]
templates_path = [{str(DOCS / "_templates")!r}]
html_static_path = [{str(DOCS / "_static")!r}]
html_theme = "furo"
html_permalinks_icon = "#"
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "deflist"]
exclude_patterns = ["gallery"]
"""


class Site:
    """A site built from a dict of files: its pages as soup, its warnings as lines."""

    def __init__(self, folder: Path, files: dict[str, str], conf: str = "", **options):
        self.src, self.out = folder / "src", folder / "out"
        shutil.copytree(DOCS / "locale", self.src / "locale")
        shutil.copy(DOCS / "docutils.conf", self.src)
        for name, text in {"conf.py": CONF + dedent(conf), **files}.items():
            path = self.src / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        stream = io.StringIO()
        with patch_docutils(str(self.src)), docutils_namespace():
            self.app = Sphinx(
                self.src,
                self.src,
                self.out,
                folder / "doctrees",
                options.pop("builder", "html"),
                status=None,
                warning=stream,
                freshenv=True,
                **options,
            )
            self.app.build()
        self.warnings = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue()).splitlines()

    def page(self, name: str = "index") -> BeautifulSoup:
        return BeautifulSoup((self.out / f"{name}.html").read_text(encoding="utf-8"), "html5lib")

    def article(self, name: str = "index") -> BeautifulSoup:
        return self.page(name).select_one("article")

    def places(self) -> list[tuple[str, int, str]]:
        """Give (file, line, kind) of each parity error."""
        found = [
            re.fullmatch(r"(.+):(\d+): WARNING: .* · .* \[bilingual\.(\w+)\]", line)
            for line in self.warnings
        ]
        return [(Path(m[1]).name, int(m[2]), m[3]) for m in found if m]


@pytest.fixture
def build(tmp_path):
    """Build a site of the given files; nothing but parity errors may be warned about."""
    numbers = iter(range(9))
    return lambda files, conf="", **options: Site(
        tmp_path / str(next(numbers)),
        {"index.rst": files} if isinstance(files, str) else files,
        conf,
        **options,
    )


TITLE = "標題 · Title\n============\n\n"


def twins(box) -> list[tuple[str, str]]:
    """Give lang and text of the twins right under an element."""
    return [
        (part["lang"].lower(), " ".join(part.get_text().split()))
        for part in box.find_all(class_="twin", recursive=False)
    ]


ZH_EN = [("zh-tw", "甲。"), ("en", "One.")]

PLACES = {
    "text": ("甲。\n\nOne.", "section > .pair"),
    "bullet": ("- 甲。\n\n  One.", "ul > li > .pair"),
    "number": ("1. 甲。\n\n   One.", "ol > li > .pair"),
    "list table": (".. list-table::\n\n   * - 甲。\n\n       One.", "td > .pair"),
    "grid table": ("+------+\n| 甲。 |\n|      |\n| One. |\n+------+", "td > .pair"),
    "admonition": (".. note::\n\n   甲。\n\n   One.", ".admonition.note > .pair"),
    "own admonition": (".. admonition:: 題 · T\n\n   甲。\n\n   One.", ".admonition > .pair"),
    "folded": (
        ".. admonition:: 解 · S\n   :collapsible: closed\n\n   甲。\n\n   One.",
        "details > .pair",
    ),
    "topic": (".. topic:: 題 · T\n\n   甲。\n\n   One.", "aside.topic > .pair"),
    "definition": ("詞 · Word\n   甲。\n\n   One.", "dd > .pair"),
    "footnote": ("註 [#a]_ · Note [#a]_\n\n.. [#a] 甲。\n\n   One.", "aside.footnote > .pair"),
    "quotation": ("引 · Q\n\n   甲。\n\n   One.", "blockquote .pair"),
    "legend": (".. figure:: a.png\n\n   圖 · Figure\n\n   甲。\n\n   One.", ".legend > .pair"),
    "container": (".. container:: box\n\n   甲。\n\n   One.", ".box > .pair"),
    "verse": ("| 甲。\n\n| One.", "section > .pair"),
    "comment between": ("甲。\n\n.. unseen\n\nOne.", "section > .pair"),
    "target between": ("甲。\n\n.. _there:\n\nOne.", "section > .pair"),
}


@pytest.mark.parametrize(("source", "where"), PLACES.values(), ids=PLACES.keys())
def test_a_pair_wherever_a_paragraph_can_stand(build, source, where):
    site = build(TITLE + source + "\n", conf="suppress_warnings = ['image.not_readable']")
    boxes = site.article().select(where)
    assert len(boxes) == 1
    found = [(lang, text.replace("One. 1", "One.")) for lang, text in twins(boxes[0])]
    assert found == ZH_EN
    assert site.warnings == []


def test_pairs_in_markdown(build):
    site = build(
        {
            "index.md": """
            # 標題 · Title

            甲 **乙**{sup}`2`。

            One *two*.

            - 甲。

              One.

            :::{tip}
            甲。

            One.
            :::

            詞 · Word
            : 甲。

              One.

            | 名 · Name | 值 · Value |
            |---|---|
            | 形狀 · shape | `(2, 3)` |
            """
        }
    )
    article = site.article()
    assert [twins(box) for box in article.select("li > .pair, .tip > .pair, dd > .pair")] == (
        [ZH_EN] * 3
    )
    assert twins(article.select_one("section > .pair")) == [
        ("zh-tw", "甲 乙2。"),
        ("en", "One two."),
    ]
    assert twins(article.select_one("dt"))[1] == ("en", "Word")
    assert twins(article.select_one("th p")) == [("zh-tw", "名"), ("en", "Name")]
    assert twins(article.select_one("td p")) == [("zh-tw", "形狀"), ("en", "shape")]
    assert site.warnings == []


def test_markup_may_touch_chinese(build):
    article = build(TITLE + "把``view``換成*重塑*。\n\nOne.\n").article()
    assert article.select_one("[lang|=zh] code").get_text() == "view"
    assert article.select_one("[lang|=zh] em").get_text() == "重塑"


def test_a_line_break_inside_chinese_leaves_no_space(build):
    """A browser shows a line break as a space; only beside Latin is there one in Chinese."""
    source = """
        標題 · Title
        ============

        先看張
        量，
        再看 ``view``，
        ``reshape``
        與 PyTorch
        的
        :doc:`index`。

        A tensor,
        then the rest.

        .. code-block:: text

           先看，
           再看
    """
    for files in (
        dedent(source),
        {"index.md": "# 標題 · Title\n\n先看張\n量，\n**再看**\n吧。\n\nLook."},
    ):
        site = build(files)
        assert site.warnings == []
        zh, en = site.article().select(".pair > p")
        if isinstance(files, str):
            assert zh.get_text() == "先看張量，再看 view，reshape\n與 PyTorch\n的\n標題。"
            assert en.get_text() == "A tensor,\nthen the rest."
            assert site.article().select_one("pre").get_text() == "先看，\n再看\n"
        else:
            assert zh.get_text() == "先看張量，再看吧。"


def test_neither_language_needs_no_twin(build):
    site = build(
        TITLE
        + """\
``x.view(2, 3)``

:math:`E = mc^2`

https://example.org

`PyTorch <https://example.org>`_

.. list-table::

   * - CUDA 12.1
     - 3.14
     - train.py

.. code-block:: python
   :caption: train.py

   x = 1
"""
    )
    assert site.warnings == []
    assert not site.article().select(".pair")


def test_a_link_may_be_the_english_twin(build):
    site = build(TITLE + "`甲 <https://example.org>`__\n\n`One <https://example.org>`__\n")
    assert twins(site.article().select_one(".pair")) == [("zh-tw", "甲"), ("en", "One")]
    assert site.warnings == []


def test_ways_out(build):
    site = build(
        TITLE
        + """\
甲。

A tensor is called :zh:`張量`.

.. rst-class:: monolingual

Only English here.

.. container:: monolingual

   只有中文。

   又一段。

:en:`gradient`
"""
    )
    assert site.warnings == []
    article = site.article()
    assert article.select_one('p[lang="en"] > span')["lang"] == "zh-TW"
    alone = article.select_one(".monolingual")
    assert alone["lang"] == "en"
    assert "twin" not in alone["class"]  # so that no reading mode hides it
    assert [p["lang"] for p in article.select("div.monolingual > p")] == ["zh-TW", "zh-TW"]


def test_docstrings_are_english_by_rule(build, tmp_path, monkeypatch):
    code = '''
        """A module says this."""

        def f(x):
            """Give x.

            More words.

            - One item.
            """
    '''
    (tmp_path / "somewhere.py").write_text(dedent(code), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    site = build(
        TITLE + "甲。\n\nOne.\n\n.. automodule:: somewhere\n   :members:\n",
        conf="autodoc_default_options = {}",
    )
    article = site.article()
    assert site.warnings == []
    assert article.select_one("dl.py dd")["lang"] == "en"
    assert article.find("p", string="A module says this.")["lang"] == "en"
    assert len(article.select(".pair")) == 1


# -- Titles and links ------------------------------------------------------------------------

PAGES = {
    "index.rst": """
        .. _front:

        首頁題 · Front title
        ====================

        見 :ref:`part`\\ 、:doc:`second`\\ 與 :ref:`自己的字 <part>`\\ 。

        See :ref:`part`, :doc:`second` and :ref:`own words <part>`.

        - :doc:`second`

        .. contents::
           :local:

        小節 · Section
        --------------

        .. rubric:: 小題 · Rubric

        .. list-table:: 表 · Table

           * - 1

        .. code-block:: python
           :caption: 程式 · Program

           x = 1

        .. toctree::
           :caption: 課程 · Lessons

           second
           另一個題 · Another title <third>
        """,
    "second.rst": """
        .. _second-top:

        用 ``view`` 檢視 · To ``view`` a tensor
        =======================================

        甲。

        One.

        .. _part:

        一段 · A part
        -------------

        甲。

        One.

        練習 · Exercise
        ---------------

        練習二 · Exercise
        -----------------
        """,
    "third.md": """
        # 第三 · Third

        見 [](second.rst) 與 [](#節)。

        See [](second.rst) and [](#節).

        (節)=
        ## 一節 · One section

        甲。

        One.
        """,
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    return Site(tmp_path_factory.mktemp("pages"), PAGES)


def test_no_warning(pages):
    assert pages.warnings == []


@pytest.mark.parametrize(
    ("where", "zh", "en"),
    [
        ("h1", "首頁題", "Front title"),
        ("h2 > .toc-backref", "小節", "Section"),
        (".rubric", "小題", "Rubric"),
        ("table .caption-text", "表", "Table"),
        (".code-block-caption .caption-text", "程式", "Program"),
        (".contents li a", "小節", "Section"),
        (".toctree-wrapper .caption-text", "課程", "Lessons"),
        (".toctree-wrapper .toctree-l2 a", "一段", "A part"),
        (".sidebar-tree .caption-text", "課程", "Lessons"),
        (".sidebar-tree a", "用 view 檢視", "To view a tensor"),
        (".sidebar-tree li:nth-child(2) a", "另一個題", "Another title"),
        (".toc-tree a[href='#section']", "小節", "Section"),
        (".toc-title", "本頁目錄", "On this page"),
        (".next-page .title", "用 view 檢視", "To view a tensor"),
        (".next-page .context span", "下一頁", "Next"),
        (".skip-to-content", "跳到內文", "Skip to content"),
        (".back-to-top > span", "回到頁首", "Back to top"),
        (".sidebar-brand-text", "網站", "A site"),
        ("article ul.simple li .doc", "用 view 檢視", "To view a tensor"),
    ],
)
def test_a_title_is_two_spans_everywhere(pages, where, zh, en):
    box = pages.page().select_one(where)
    assert twins(box) == [("zh-tw", zh), ("en", en)]
    separators = box.find_all(class_="pair-separator", recursive=False)
    assert [s.get_text() for s in separators] == [" · "]


def test_previous_is_two_spans(pages):
    page = pages.page("third")
    assert twins(page.select_one(".prev-page .title"))[0] == ("zh-tw", "用 view 檢視")
    assert twins(page.select_one(".prev-page .context span"))[1] == ("en", "Previous")


def test_the_title_element_is_plain(pages):
    title = pages.page("second").select_one("head > title")
    assert title.get_text() == "用 view 檢視 · To view a tensor - 網站 · A site"
    assert title.find() is None


def test_links_take_the_language_of_their_paragraph(pages):
    def texts(page, lang):
        return [a.get_text() for a in pages.article(page).select(f'.pair > [lang="{lang}"] a')]

    assert texts("index", "zh-TW") == ["一段", "用 view 檢視", "自己的字"]
    assert texts("index", "en") == ["A part", "To view a tensor", "own words"]
    assert texts("third", "zh-TW") == ["用 view 檢視", "一節"]
    assert texts("third", "en") == ["To view a tensor", "One section"]


def test_ids_come_from_the_english_half(pages):
    ids = [section["id"] for section in pages.article("second").select("section")]
    assert ids == ["to-view-a-tensor", "a-part", "exercise", "exercise-2"]
    assert pages.article("second").select_one("#part") is not None  # the author's label stays
    for name in ("index", "second", "third"):
        page = pages.page(name)
        for link in page.select('article a[href^="#"], .toc-tree a[href^="#"]'):
            assert link["href"] == "#" or page.find(id=link["href"][1:]), link


def test_contents_has_a_title_in_both_languages(build):
    site = build(TITLE + ".. contents::\n\n一段 · A part\n-------------\n")
    assert twins(site.article().select_one(".contents .topic-title"))[1] == ("en", "Contents")
    assert site.warnings == []


def test_markdown_anchor_follows_the_new_id(build):
    site = build(
        {"index.md": "# 頁 · Page\n\n見[](#一節-a--b)。\n\nSee.\n\n## 一節 A · B\n\n甲。\n\nOne."}
    )
    link = site.article().select_one(".pair [lang|=zh] a")
    assert site.article().find(id=link["href"][1:]) is not None
    assert link["href"] == "#b"


def test_labels_of_admonitions(build):
    site = build(
        TITLE + ".. warning::\n\n   甲。\n\n   One.\n\n.. seealso::\n\n   甲。\n\n   One.\n"
    )
    found = [twins(title) for title in site.article().select(".admonition > .admonition-title")]
    assert found == [
        [("zh-tw", "注意"), ("en", "Warning")],
        [("zh-tw", "另見"), ("en", "See also")],
    ]
    assert len(site.article().select(".admonition.warning, .admonition.seealso")) == 2


def test_glossary_terms_are_twins(build):
    site = build(
        TITLE
        + """\
.. glossary::

   張量
   tensor
      甲。

      One.

   logits
      甲。

      One.

見 :term:`張量`\\ 。

See :term:`tensor`.
"""
    )
    terms = site.article().select("dt")
    assert [(t.get("lang"), "twin" in t.get("class", [])) for t in terms] == [
        ("zh-TW", True),
        ("en", True),
        (None, False),
    ]
    assert site.warnings == []


# -- The interface's words -------------------------------------------------------------------


def test_attributes_carry_both_languages(pages):
    page = pages.page()
    assert page.select_one(".sidebar-search")["placeholder"] == "搜尋 · Search"
    assert page.select_one("h1 .headerlink")["title"] == "本節的連結 · Link to this heading"
    names = [box["aria-label"] for box in page.select(".sidebar-toggle, .theme-toggle")]
    assert len(names) >= 3
    icons = [title.get_text() for title in page.select("symbol > title")]
    assert icons
    assert all(split_pair(text) for text in names + icons)
    # Nothing inside an attribute or an icon's title was cut in spans.
    assert not page.select("symbol > title *")


def test_an_expandable_entry_is_named_in_both_languages(build):
    site = build(
        {
            "index.rst": TITLE + ".. toctree::\n\n   a\n",
            "a.rst": TITLE.replace("標題", "部分") + ".. toctree::\n\n   b\n",
            "b.rst": TITLE,
        }
    )
    box = site.page().select_one(".toctree-checkbox")
    assert box["aria-label"] == "展開或收合「部分」 · Expand or collapse Title"


def test_interface_leaves_code_and_article_alone():
    pre = "<div><pre>甲 · A</pre></div>"
    assert interface(pre, whole=True) == pre
    page = '<p>甲 · A</p><article><p aria-label="Menu">甲 · A</p></article><p>乙 · B &amp; C</p>'
    done = interface(page)
    assert '<article><p aria-label="Menu">甲 · A</p></article>' in done
    assert done.startswith(f"<p>{pair_html('甲 · A')}</p>")
    assert pair_html("乙 · B & C") in done


def test_the_switch_is_a_group_of_radios(pages):
    page = pages.page()
    groups = page.select("fieldset.reading")
    assert len(groups) == 2  # beside the text, and above it where the sidebar is folded away
    for group in groups:
        assert group.find("legend") is not None
        radios = group.select('input[type="radio"]')
        assert [radio["value"] for radio in radios] == ["zh-TW", "both", "en"]
        assert len({radio["name"] for radio in radios}) == 1
        labels = [label.find("span").get_text() for label in group.select("label")]
        assert labels == ["中文", "並列", "English"]
    assert page.select_one('script[src*="bilingual.js"]') is not None
    assert page.select_one("head script[src]") is None  # none holds up the first paint
    assert page.select_one('link[href*="bilingual.css"]') is not None


def test_without_javascript_both_show(pages):
    css = (DOCS / "_static/bilingual.css").read_text(encoding="utf-8")
    hides = re.findall(r"([^{}]+)\{[^{}]*display: none", css)
    assert hides
    for selector in hides:
        assert "data-reading" in selector or selector.strip().endswith(".reading"), selector
    assert "data-reading" not in pages.page().find("html").attrs


def test_catalogue_is_compiled_by_the_build(pages):
    assert (pages.src / "locale/zh_TW/LC_MESSAGES/sphinx.mo").exists()


def test_every_entry_of_the_catalogue_keeps_its_arguments():
    from babel.messages.pofile import read_po

    path = DOCS / "locale/zh_TW/LC_MESSAGES/sphinx.po"
    with path.open("rb") as file:
        catalogue = read_po(file, locale="zh_TW")
    for message in catalogue:
        if message.id and "%b" not in message.id:
            arguments = re.findall(r"%(?:\(\w+\))?s", message.id)
            given = re.findall(r"%(?:\(\w+\))?s", message.string)
            assert set(given) <= set(arguments), message.id
            if "%s" in arguments:
                assert len(given) <= len(arguments), message.id


# -- Parity errors ---------------------------------------------------------------------------

ERRORS = {  # source, which starts on line 4, and where it errs
    "no English": ("甲。\n", [(4, "twin")]),
    "no Chinese": ("Just this.\n", [(4, "twin")]),
    "code between": (
        "甲。\n\n.. code-block:: python\n\n   x = 1\n\nJust one.\n",
        [(4, "twin"), (10, "twin")],
    ),
    "two Chinese": ("甲。\n\n乙。\n\nOne and two.\n", [(4, "twin")]),
    "same words twice": ("甲。\n\nOne.\n\n``x``\n\n甲。\n", [(10, "twin")]),
    "list item": ("- 甲。\n\n  One.\n\n- 乙。\n", [(8, "twin")]),
    "table cell": (".. list-table::\n\n   * - ``x``\n     - 乙。\n", [(7, "twin")]),
    "admonition": (".. note::\n\n   Just this.\n", [(6, "twin")]),
    "footnote": ("註 [#a]_ · Note [#a]_\n\n.. [#a] 甲。\n", [(6, "twin")]),
    "definition": ("詞 · Word\n   甲。\n", [(5, "twin")]),
    "English first": ("Just one.\n\n甲。\n", [(4, "order")]),
    "all English first": (
        "Just one.\n\n甲。\n\nAnd two.\n\n乙。\n",
        [(4, "order"), (8, "order")],
    ),
    "English alone before a pair": ("Just one.\n\n甲。\n\nAnd two.\n", [(4, "twin")]),
    "section": ("甲。\n\nOne.\n\n只有中文\n--------\n", [(8, "title")]),
    "English section": ("甲。\n\nOne.\n\nJust this\n---------\n", [(8, "title")]),
    "Han in the English half": ("甲。\n\nOne.\n\n甲 · A 乙\n---------\n", [(8, "title")]),
    "rubric": ("甲。\n\nOne.\n\n.. rubric:: 小題\n", [(8, "title")]),
    "figure": (".. figure:: a.png\n\n   只有中文\n", [(6, "title")]),
    "table": (".. list-table:: Words alone\n\n   * - 1\n", [(4, "title")]),
    "admonition title": (".. admonition:: 題\n\n   甲。\n\n   One.\n", [(4, "title")]),
    "term": ("只有中文\n   甲。\n\n   One.\n", [(4, "title")]),
    "toctree": (".. toctree::\n   :caption: 只有中文\n\n   self\n", [(5, "title")]),
    "Han": ("甲。\n\nA tensor is called 張量 in Chinese.\n", [(6, "han")]),
    "Han on a later line": ("甲。\n\nOne line of words,\nthen 張量 and no more.\n", [(6, "han")]),
}


@pytest.mark.parametrize(("source", "places"), ERRORS.values(), ids=ERRORS.keys())
def test_each_parity_error_names_file_and_line(build, source, places):
    site = build(TITLE + source, conf="suppress_warnings = ['image.not_readable']")
    assert site.places() == [("index.rst", line, kind) for line, kind in places]
    assert len(site.warnings) == len(places)


def test_parity_errors_in_markdown(build):
    site = build(
        {
            "index.md": """\
            # Only English

            甲。

            - 乙。

              Two.

            - 丙。

            ```{note}
            Just this.
            ```

            ## 段 · Part

            English **first**.

            丁。

            戊。

            A tensor is 張量 in Chinese.
            """
        }
    )
    assert site.places() == [
        ("index.md", line, kind)
        for line, kind in [
            (1, "title"),
            (3, "twin"),
            (9, "twin"),
            (12, "twin"),
            (17, "order"),
            (23, "han"),
        ]
    ]


def test_messages_say_it_in_both_languages_and_quote(build):
    (line,) = build(TITLE + "甲乙丙。\n").warnings
    assert "中文段落後面沒有英文段落 · A Chinese paragraph is not followed by" in line
    assert line.endswith(": 甲乙丙。 [bilingual.twin]")


def test_a_kind_can_be_silenced_alone(build):
    source = TITLE + "甲。\n\n只有中文\n--------\n"
    site = build(source, conf="suppress_warnings = ['bilingual.twin']")
    assert [kind for _file, _line, kind in site.places()] == ["title"]


def test_a_parity_error_fails_the_build_under_w(tmp_path):
    (tmp_path / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(DOCS / '_ext')!r})\nextensions = ['bilingual']\n"
    )
    page = tmp_path / "index.rst"
    command = [sys.executable, "-m", "sphinx", "-W", "-n", "-q", "-b", "xml", tmp_path]
    for text, code in ((TITLE + "甲。\n\nOne.\n", 0), (TITLE + "甲。\n", 1)):
        page.write_text(text, encoding="utf-8")
        done = subprocess.run(
            [*command, tmp_path / "out"], capture_output=True, encoding="utf-8", check=False
        )
        assert done.returncode == code, done.stderr
    assert f"{page}:4: WARNING" in done.stderr


def test_pairs_hold_in_other_builders(build):
    site = build(PAGES, builder="text")
    text = (site.out / "index.txt").read_text(encoding="utf-8")
    assert "首頁題 · Front title" in text
    assert "見 一段、用 view 檢視與" in text.replace("*", "").replace('"', "")
    assert "See A part," in text.replace("*", "").replace('"', "")


def test_parallel_build_is_the_same(tmp_path):
    more = {f"extra{n}.rst": PAGES["second.rst"].replace("_", f"_{n}") for n in range(12)}
    files = PAGES | {name: f":orphan:\n\n{dedent(text)}" for name, text in more.items()}
    one = Site(tmp_path / "one", files)
    two = Site(tmp_path / "two", files, parallel=2)
    assert two.app.extensions["bilingual"].parallel_read_safe
    assert two.app.extensions["bilingual"].parallel_write_safe
    assert two.warnings == one.warnings == []
    for name in [*PAGES, *more]:
        stem = name.partition(".")[0]
        assert two.article(stem) == one.article(stem)
        assert two.page(stem).select_one(".sidebar-tree") == one.page(stem).select_one(
            ".sidebar-tree"
        )


# -- Lessons written by sphinx-gallery -------------------------------------------------------

LESSON = '''
"""
一課 · A lesson
===============

甲。

One.
"""

# %%
# 一段 · A part
# -------------
#
# 甲。
#
# One.

x = 1

# %%
# 甲。
'''


def test_lessons_errors_name_the_script_and_cards_are_plain(build):
    gallery = """
    extensions.append("sphinx_gallery.gen_gallery")
    sphinx_gallery_conf = {
        "examples_dirs": "gallery",
        "gallery_dirs": "lessons",
        "css": (),
        "show_signature": False,
        "min_reported_time": 9999,
        "write_computation_times": False,
        "download_all_examples": False,
    }
    """
    site = build(
        {
            "index.rst": TITLE + ".. toctree::\n\n   lessons/index\n",
            "gallery/GALLERY_HEADER.rst": "課程\n====\n\n甲。\n\nOne.\n",
            "gallery/plot_one.py": LESSON,
        },
        conf=gallery,
    )
    # Its "Go to the end" note is the one English line that it adds under these settings.
    ours = [place for place in site.places() if place[0] != "plot_one.rst"]
    assert ours == [("GALLERY_HEADER.rst", 1, "title"), ("plot_one.py", 21, "twin")]
    card = site.article("lessons/index").select_one("div.sphx-glr-thumbcontainer")
    assert twins(card.select_one("a .doc")) == [("zh-tw", "一課"), ("en", "A lesson")]
    assert card.find("img") is not None
    assert not card.has_attr("tooltip")
    assert card.get_text().split() == ["一課", "·", "A", "lesson"]


# -- The helpers -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "halves"),
    [
        ("張量 · Tensor", ("張量", "Tensor")),
        ("A · B 的 C · D", ("A · B 的 C", "D")),
        ("x · y", ("x", "y")),
        ("張量·Tensor", None),
        ("張量 · 陣列", None),
        (" · Tensor", None),
        ("", None),
    ],
)
def test_split_pair(text, halves):
    assert split_pair(text) == halves


def test_helpers_agree_and_escape():
    text = "甲 <b> · A & B"
    assert "".join(node.astext() for node in pair_nodes(text)) == text
    soup = BeautifulSoup(pair_html(text), "html5lib").body
    assert soup.get_text() == text
    assert twins(soup) == [("zh-tw", "甲 <b>"), ("en", "A & B")]
    assert pair_html("a < b") == "a &lt; b"


def test_importing_is_cheap():
    code = "import sys, bilingual; sys.exit('torch' in sys.modules or 'matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=DOCS / "_ext", check=False)
    assert done.returncode == 0
