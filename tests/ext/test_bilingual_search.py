"""The texts that the search reads, what becomes of Sphinx's own search, and the matcher's order."""

import base64
import json
import subprocess
import sys
from pathlib import Path

import bilingual_search
import pytest
import quickjs
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

DOCS = Path(bilingual_search.__file__).parents[1]
SCRIPT = "_static/search/pages.js"

CONF = f"""
import sys
sys.path.insert(0, {str(DOCS / "_ext")!r})
project = "小站 · Tiny site"
extensions = ["bilingual", "bilingual_search"]
language = "zh_TW"
html_theme = "furo"
html_static_path = [{str(DOCS / "_static")!r}]
templates_path = [{str(DOCS / "_templates")!r}]
html_copy_source = False
bilingual_search_terms = "terms.csv"
bilingual_search_skipped = ["回顧 · Summary"]
"""

# 「步幅」 is in the glossary; 「梯度」 is a word of the pages, in simplified characters too.
TERMS = """en,zh_TW,do_not_write,also
stride,步幅,步長|步幅值|步长,hop|shape
memory,記憶體,內存|轻,
gradient,梯度,梯度,
"""

PAGES = {
    "index": """
首頁 · Front page
=================

從這裡開始，詳見 :doc:`shapes` 與 :ref:`strides`。

Start here; see :doc:`shapes` and :ref:`strides`.

.. toctree::

   shapes
   lesson/gradients
   glossary
   api
   hidden
   extra
""",
    "shapes": """
形狀 · Shapes
=============

形狀是讀法，不是\\ **記**\\ 憶
體本身。

A shape is a way
of reading, not the memory itself.

.. _strides:

步幅 · Strides
--------------

.. container:: nosearch

   這一段不收。

   This part stays out.

.. code-block:: python

   a = torch.arange(6)  # 六格 · six cells
   a.view(6)
   a.view(6)

   fig.set_label(
       "圖說 · Caption"
   )
   ax.plot(a)

.. code-block:: text

   RuntimeError: a way of reading is not the memory itself
   0.5

.. figure:: strides.png
   :alt: 替代文字 · In place of the picture

   圖說 · Caption

.. list-table::

   - - 檔案 · File
     - ``view``
""",
    "lesson/gradients": """
梯度 · Gradients
================

先看 :doc:`../shapes`。

First see :doc:`../shapes`.

梯度累積 · Gradients accumulate
-------------------------------

呼叫 ``optimizer.zero_grad()`` 就不會累積。

Call ``optimizer.zero_grad()`` and they do not accumulate.

回顧 · Summary
--------------

還是那幾句。

The same sentences again.
""",
    "glossary": """
術語表 · Glossary
=================

.. glossary::

   步幅
   stride
      跨幾格。

      How many cells to step.
""",
    "api": """
介面 · API
==========

.. py:function:: primer.trace(loss)

   追蹤。

   Trace it.
""",
    "hidden": """
:nosearch:

藏起來 · Hidden
===============

看不到。

Not to be found.
""",
    "extra": """
其他 · Other
============

一句話。

One sentence.
""",
}


PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)


def write_sources(folder: Path) -> Path:
    folder.mkdir()
    (folder / "conf.py").write_text(CONF, encoding="utf-8")
    for name, text in PAGES.items():
        target = folder / f"{name}.rst"
        target.parent.mkdir(exist_ok=True)
        target.write_text(text, encoding="utf-8")
    (folder / "terms.csv").write_text(TERMS, encoding="utf-8")
    (folder / "strides.png").write_bytes(PIXEL)
    return folder


def build(source: Path, out: Path, builder: str = "html") -> Path:
    with docutils_namespace():
        app = Sphinx(source, source, out, out.with_suffix(".trees"), builder, status=None)
        app.build()
    assert app._warncount == 0
    return out


def read_store(out: Path) -> dict:
    script = (out / SCRIPT).read_text(encoding="utf-8")
    return json.loads(script.removeprefix("globalThis.searchStore = ").rstrip().rstrip(";"))


def read(out: Path) -> dict[str, dict]:
    """Give the sections of each page, by address and anchor."""
    store = read_store(out)
    names = ("id", "title", "zh", "en", "code")
    rows = zip(*(store[name] for name in names), strict=True)
    pages = {}
    for url, count in store["pages"]:
        sections = [dict(zip(names, next(rows), strict=True)) for _ in range(count)]
        pages[url] = {section["id"]: section for section in sections}
    assert next(rows, None) is None
    return pages


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return write_sources(tmp_path_factory.mktemp("tiny") / "source")


@pytest.fixture(scope="module")
def out(source):
    return build(source, source.parent / "html")


@pytest.fixture(scope="module")
def pages(out):
    return read(out)


# -- What is kept of a page ------------------------------------------------------------------


def test_titles_paragraphs_and_code_are_kept_by_language(pages):
    shapes = pages["shapes.html"]
    assert shapes[""]["title"] == ["形狀", "Shapes"]
    (strides,) = [section for anchor, section in shapes.items() if anchor]
    assert strides["title"] == ["步幅", "Strides"]
    assert strides["zh"] == ["圖說", "檔案"]
    assert strides["en"] == ["Caption", "File"]


def test_of_code_lines_with_a_new_name_and_whole_messages_are_kept(pages):
    (strides,) = [section for anchor, section in pages["shapes.html"].items() if anchor]
    message = "RuntimeError: a way of reading is not the memory itself"
    assert strides["code"] == ["a = torch.arange(6)", "a.view(6)", message]


def test_terms_have_their_names_from_elsewhere_and_their_place(out, pages):
    stride, memory, gradient = read_store(out)["terms"]
    page, anchor = stride.pop("url").split("#")
    assert pages[page][anchor]["title"] == ["步幅", "stride"]
    # Not here: what the pages say themselves ("shape"), what is a part of a title, one letter.
    assert stride == {"title": ["步幅", "stride"], "also": ["步長", "步幅值", "hop"]}
    assert memory == {"title": ["記憶體", "memory"], "also": ["內存"]}
    assert gradient == {"title": ["梯度", "gradient"], "also": []}


def test_simplified_characters_are_known_by_the_traditional_ones_of_the_pages(out):
    simplified, traditional = read_store(out)["simplified"]
    table = dict(zip(simplified, traditional, strict=True))
    assert table["体"] == "體"
    assert table["长"] == "長"  # in a name from elsewhere
    assert "龙" not in table
    assert "是" not in table


def test_markup_and_line_breaks_do_not_cut_a_word(pages):
    top = pages["shapes.html"][""]
    assert top["zh"] == ["形狀是讀法，不是記憶體本身。"]
    assert top["en"] == ["A shape is a way of reading, not the memory itself."]


def test_references_read_as_their_target_in_the_language_of_the_sentence(pages):
    assert pages["index.html"][""]["zh"][0] == "從這裡開始，詳見形狀與步幅。"
    assert pages["index.html"][""]["en"][0] == "Start here; see Shapes and Strides."
    assert pages["lesson/gradients.html"][""]["en"] == ["First see Shapes."]


def test_terms_and_api_entries_have_their_own_anchors(pages):
    terms = [entry["title"] for anchor, entry in pages["glossary.html"].items() if anchor]
    assert terms == [["步幅", "stride"]]
    entry = pages["api.html"]["primer.trace"]
    assert entry["title"] == ["primer.trace"]
    assert entry["en"] == ["Trace it."]


def test_every_address_and_anchor_is_in_the_built_pages(out, pages):
    for url, sections in pages.items():
        page = BeautifulSoup((out / url).read_text(encoding="utf-8"), "html5lib")
        for anchor in filter(None, sections):
            assert page.find(id=anchor), f"{url}#{anchor}"


def test_what_asks_not_to_be_found_is_not(out, pages):
    assert "hidden.html" not in pages
    text = (out / SCRIPT).read_text(encoding="utf-8")
    assert "stays out" not in text
    assert "same sentences" not in text


def test_addresses_are_relative_to_the_search_page(source, tmp_path):
    assert "../lesson/gradients/" in read(build(source, tmp_path / "dirhtml", "dirhtml"))


# -- What the site loads ---------------------------------------------------------------------


def test_other_pages_load_only_the_keys(out):
    def scripts(name):
        page = BeautifulSoup((out / name).read_text(encoding="utf-8"), "html5lib")
        return [tag["src"].partition("?")[0] for tag in page.find_all("script", src=True)]

    search = [f"_static/search/{name}.js" for name in ("matcher", "pages", "view", "search")]
    keys = "_static/search/open.js"
    assert [name for name in scripts("search.html") if "search/" in name] == [keys, *search]
    assert [name for name in scripts("index.html") if "search/" in name] == [keys]


def test_no_index_of_sphinx_is_built_or_shipped(out):
    names = {path.name for path in out.rglob("*")}
    assert "search.html" in names
    assert names.isdisjoint({"searchindex.js", "searchtools.js", "language_data.js"})
    for name in ("search.html", "index.html"):
        assert "searchtools" not in (out / name).read_text(encoding="utf-8")


def test_other_builders_are_left_alone(source, tmp_path):
    assert not (build(source, tmp_path / "text", "text") / SCRIPT).exists()


# -- Rebuilding ------------------------------------------------------------------------------


def test_two_processes_write_what_one_writes(source, out, tmp_path):
    arguments = ["-q", "-W", "-j", "2", "-b", "html", str(source), str(tmp_path / "html")]
    subprocess.run([sys.executable, "-m", "sphinx", *arguments], check=True)
    assert (tmp_path / "html" / SCRIPT).read_bytes() == (out / SCRIPT).read_bytes()


def test_a_rebuild_forgets_what_is_gone(tmp_path):
    source = write_sources(tmp_path / "source")
    out = build(source, tmp_path / "html")
    (source / "extra.rst").unlink()
    index = source / "index.rst"
    index.write_text(index.read_text(encoding="utf-8").replace("   extra\n", ""), encoding="utf-8")
    shapes = source / "shapes.rst"
    text = shapes.read_text(encoding="utf-8").replace("a way\nof reading", "a manner")
    shapes.write_text(text, encoding="utf-8")
    pages = read(build(source, out))
    assert "extra.html" not in pages
    assert pages["shapes.html"][""]["en"] == ["A shape is a manner, not the memory itself."]
    assert (out / SCRIPT).read_bytes() == (build(source, tmp_path / "new") / SCRIPT).read_bytes()


# -- The matcher, without a browser ----------------------------------------------------------


def section(anchor, title, zh=(), en=(), code=()):
    return {"id": anchor, "title": title, "zh": [*zh], "en": [*en], "code": [*code]}


BOOK = [
    {
        "url": "view",
        "sections": [
            section("", ["形狀與記憶體", "Shape and memory"], ["形狀是讀法。"], ["A reading."]),
            section(
                "fails",
                ["view 失敗的時候", "When a view fails"],
                ["轉置之後呼叫 view 就會失敗。在臺灣也一樣。"],
                ["After a transpose, a view fails."],
                ["RuntimeError: view size is not compatible with input tensor's size and stride"],
            ),
        ],
    },
    {
        "url": "gradients",
        "sections": [
            section("", ["梯度", "Gradients"], ["自動微分算出梯度。"], ["Autograd computes them."]),
            section(
                "accumulate",
                ["梯度累積", "Gradients accumulate"],
                ["每一步先呼叫 optimizer.zero_grad()，梯度才不會累積。"],
                ["Call optimizer.zero_grad() to stop gradients from accumulating."],
                ["loss.backward()", "w.requires_grad"],
            ),
        ],
    },
    {
        "url": "loader",
        "sections": [
            section(
                "",
                ["資料載入器", "The DataLoader"],
                ["梯度不在這裡；累積的是批次，不是分數。檢視資料也不會失敗。"],
                ["Batches accumulate here. To stop is easy. View the data, whatever fails."],
                ["size 7 [3, 4] (12, 1)"],
            ),
        ],
    },
]


GLOSSARY = [
    {"title": ["梯度", "gradient"], "also": ["漸變值", "slope"], "url": "glossary#gradient"},
    {"title": ["檢視", "view"], "also": ["視圖", "f-score", "c++ view"], "url": "glossary#view"},
    {"title": ["學習率", "learning rate"], "also": [], "url": "glossary#rate"},
    {"title": ["記憶體", "memory"], "also": ["內存"]},
    {"title": ["梯度累積", "gradient accumulation"], "also": []},
]


# As a one-line field takes it: without its line breaks.
TRACEBACK = (
    'Traceback (most recent call last):  File "gradients.py", line 3, in <module>'
    "    loss.backward(gradients)    accumulate(gradients)RuntimeError: view size is not compatible"
)


@pytest.fixture(scope="module")
def ask():
    """Give a function from a query to what the matcher answers."""
    context = quickjs.Context()
    context.eval((DOCS / "_static/search/matcher.js").read_text(encoding="utf-8"))
    arguments = ", ".join(map(json.dumps, (BOOK, GLOSSARY, ["渐间", "漸間"])))
    context.eval(f"const matcher = createMatcher({arguments});")
    context.eval(
        """globalThis.ask = (query, language) => {
          const { hits, near, called, mark, excerpt } = matcher.search(query, language);
          const suggested = matcher.suggest(query).map(({ url }) => url);
          const title = mark("view 失敗的時候");
          return JSON.stringify({ near, called, suggested, title, hits: hits.map((hit) => ({
            url: hit.page.url,
            places: hit.sections.map(({ section }) => section.id),
            excerpt: excerpt(hit.sections[0].section),
          })) });
        };"""
    )
    answer = context.get("ask")
    return lambda query, language="zh": json.loads(answer(query, language))


@pytest.mark.parametrize(
    ("query", "url", "place"),
    [
        ("為什麼 view 會失敗", "view", "fails"),
        ("why does a view fail?", "view", "fails"),
        ("梯度累積", "gradients", "accumulate"),
        ("梯度為什麼一直累積", "gradients", "accumulate"),
        ("how do I stop gradients from accumulating", "gradients", "accumulate"),
        ("accumulation of gradients", "gradients", "accumulate"),
        ("zero_grad", "gradients", "accumulate"),
        ("optimizer.zero_grad()", "gradients", "accumulate"),
        ("Loss.Backward", "gradients", "accumulate"),
        ("require grad", "gradients", "accumulate"),
        ("data loader", "loader", ""),
        ("view size is not compatible with input tensor's size", "view", "fails"),
        (TRACEBACK, "view", "fails"),
        ("ＶＩＥＷ失敗", "view", "fails"),
        ("台灣", "view", "fails"),
    ],
)
def test_the_right_place_comes_first(ask, query, url, place):
    hit = ask(query)["hits"][0]
    assert (hit["url"], hit["places"][0]) == (url, place)


@pytest.mark.parametrize(
    ("typed", "meant", "url"),
    [
        ("bakward", "backward", "gradients"),
        ("requries_grad", "requires_grad", "gradients"),
        ("transpsoe", "transpose", "view"),
    ],
)
def test_a_near_miss_says_what_it_looked_for(ask, typed, meant, url):
    answer = ask(typed)
    assert answer["near"] == [[typed, meant]]
    assert answer["hits"][0]["url"] == url


@pytest.mark.parametrize(
    ("query", "called"),
    [
        ("視圖失敗", [["視圖", "檢視"]]),
        ("Slope", [["Slope", "gradient"]]),
        ("slopes", []),
        ("f-score", [["f-score", "view"]]),
        ("c++ view", [["c++ view", "view"]]),
        ("渐變值", [["漸變值", "梯度"]]),
        ("內存裡的視圖", [["內存", "記憶體"], ["視圖", "檢視"]]),
        ("梯度", []),
    ],
)
def test_a_name_from_elsewhere_is_said_in_the_words_of_the_pages(ask, query, called):
    assert ask(query)["called"] == called


def test_a_name_from_elsewhere_finds_what_the_name_here_finds(ask):
    assert ask("視圖失敗")["hits"] == ask("檢視失敗")["hits"]


def test_a_word_half_typed_is_no_slip(ask):
    answer = ask("gra")
    assert answer["near"] == []
    assert answer["hits"][0]["url"] == "gradients"


def test_the_numbers_of_a_message_do_not_matter(ask):
    message = "view size 7 is not compatible with input tensor's size [3, 4] and stride (12, 1)"
    hit = ask(message)["hits"][0]
    assert (hit["url"], hit["places"][0]) == ("view", "fails")
    assert "7" not in {text for text, marked in hit["excerpt"]["pieces"] if marked}
    assert ask(message) == ask(message.replace("7", "99").replace("12", "5"))
    assert ask("size 7")["hits"][0]["url"] == "loader"


@pytest.mark.parametrize(
    ("query", "first"), [("grdnt", "glossary#gradient"), ("學習綠", "glossary#rate"), ("龘", None)]
)
def test_the_nearest_terms_are_suggested(ask, query, first):
    assert next(iter(ask(query)["suggested"]), None) == first


def test_a_wrong_character_finds_the_rest_of_the_word(ask):
    assert ask("失敬的時候")["hits"][0]["url"] == "view"


def test_a_term_with_a_wrong_character_is_named(ask):
    answer = ask("梯渡累積怎麼辦")
    assert answer["near"] == [["梯渡累積", "梯度累積"]]
    assert answer["hits"][0]["url"] == "gradients"


def test_function_words_find_nothing_of_their_own(ask):
    assert [hit["url"] for hit in ask("如何 the stride")["hits"]] == ["view"]


def test_a_question_of_function_words_alone_still_gets_an_answer(ask):
    assert ask("whatever the")["hits"]


@pytest.mark.parametrize("query", ["", "   ", "？！", "zzzzqqqq", "龘", "/", ". . ."])
def test_nothing_is_found_where_nothing_is(ask, query):
    assert ask(query)["hits"] == []


@pytest.mark.parametrize(
    ("query", "language", "kind", "marked"),
    [
        ("view", "zh", "zh", ["view"]),
        ("view", "en", "en", ["view"]),
        ("view 會失敗", "zh", "zh", ["view", "會失敗"]),
        ("stop gradients from accumulating", "en", "en", ["stop gradients", "accumulating"]),
        ("stop accumulating", "zh", "en", ["stop", "accumulating"]),
        ("requires_grad", "zh", "code", ["requires_grad"]),
    ],
)
def test_the_excerpt_is_in_the_readers_language_with_its_hits(ask, query, language, kind, marked):
    excerpt = ask(query, language)["hits"][0]["excerpt"]
    assert excerpt["kind"] == kind
    assert [text for text, hit in excerpt["pieces"] if hit] == marked


def test_cutting_a_text_keeps_every_character(ask):
    assert "".join(text for text, _ in ask("失敗")["title"]) == "view 失敗的時候"
