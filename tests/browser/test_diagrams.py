"""Diagrams in a real browser: labels fit, colours follow the theme, nothing is loaded."""

import io
from pathlib import Path
from textwrap import indent

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

sync_api = pytest.importorskip("playwright.sync_api")

DOCS = Path(__file__).parents[2] / "docs"
LONG = (
    "反向傳播：從損失往回走，把每一個參數的梯度都算出來 · Backward: from the loss, every gradient"
)
NAMED = "accTitle: 圖 · Diagram\naccDescr: 說明。 · What it shows.\n"
TEXTS = [
    f'flowchart LR\n{NAMED}a["{LONG}"] --> b{{"收斂了嗎？ · Has it converged?"}}:::output',
    f'flowchart TD\n{NAMED}a["MMMM WWWW @@@@ mmmm wwww %%%%"]:::leaf -->|"{LONG}"| b(["{LONG}"])',
    f'flowchart TD\n{NAMED}a(("圓 · Circle")) --> b[("{LONG}")] --> c{{{{"六角形 · Hexagon"}}}}',
    f'flowchart TD\n{NAMED}subgraph s["訓練迴圈 · Training loop"]\na["x"] --> b["y"]\nend',
    f"sequenceDiagram\n{NAMED}participant M as 模型 · The model\nparticipant L as {LONG}\n"
    "M->>L: 前向 · forward(x)\nNote over M,L: 一次迭代 · one step",
    f'stateDiagram-v2\n{NAMED}[*] --> a: 開始 · start\nstate "等待下一個批次 · Waiting" as a\n'
    "note right of a: 註解 · A note",
    f'classDiagram\n{NAMED}class A["模組 · Module"] {{\n+parameters() Iterator\n}}\n'
    "A <|-- B : 繼承 · is a",
]
PAGE = "圖 · Diagrams\n=============\n" + "".join(
    f"\n.. mermaid::\n\n{indent(text, '   ')}\n" for text in TEXTS
)
CONF = f"""
project = "x"
extensions = ["bilingual", "sphinxcontrib.mermaid", "mermaid_svg"]
language = "zh_TW"
locale_dirs = [{str(DOCS / "locale")!r}]
html_theme = "furo"
html_static_path = [{str(DOCS / "_static")!r}]
templates_path = [{str(DOCS / "_templates")!r}]
"""

# For each label: its text, how many pixels it stands out of its shape, and how many of its corners
# do (a rhombus is narrower there than its frame). Where the shape is a path, as a cylinder is,
# only the frame is compared.
OUTSIDE = """() => [...document.querySelectorAll('.mermaid-svg :is(.pele-node, .pele-note)')]
  .flatMap(node => {
    const shape = node.querySelector('rect, polygon, circle, ellipse, path');
    const texts = [...node.querySelectorAll('text')].filter(text => text.textContent);
    return !shape ? [] : texts.map(text => {
      const label = text.getBoundingClientRect(), frame = shape.getBoundingClientRect();
      const over = Math.max(frame.left - label.left, label.right - frame.right,
                            frame.top - label.top, label.bottom - frame.bottom);
      const outside = [label.left, label.right].flatMap(x => [label.top + 3, label.bottom - 3]
        .map(y => new DOMPoint(x, y).matrixTransform(shape.getScreenCTM().inverse())))
        .filter(point => shape.tagName !== 'path' && !shape.isPointInFill(point));
      return [text.textContent, Math.round(over), outside.length];
    });
  })"""


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("diagrams")
    (folder / "conf.py").write_text(CONF, encoding="utf-8")
    (folder / "index.rst").write_text(PAGE, encoding="utf-8")
    warnings = io.StringIO()
    with patch_docutils(str(folder)), docutils_namespace():
        app = Sphinx(folder, folder, folder / "out", folder / "d", "html", None, warnings)
        app.build()
    assert "mermaid_svg" not in warnings.getvalue()
    return folder / "out" / "index.html"


@pytest.fixture
def open_page(chromium, page_file):
    pages = []

    def open_page(width=1440, reading="both", **options):
        page = chromium.new_page(viewport={"width": width, "height": 900}, **options)
        pages.append(page)
        page.requests_seen = []
        page.on("request", lambda request: page.requests_seen.append(request.url))
        page.goto(f"{page_file.as_uri()}?reading={reading}")
        return page

    yield open_page
    for page in pages:
        page.close()


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("reading", ["both", "zh-TW", "en"])
def test_labels_stand_inside_their_boxes(open_page, width, reading):
    labels = open_page(width, reading).evaluate(OUTSIDE)
    assert len(labels) >= 15
    assert not [label for label in labels if label[1] > 0 or label[2] > 0]


@pytest.mark.parametrize("reading", ["zh-TW", "en"])
def test_one_language_hides_the_other_and_centres_what_is_left(open_page, reading):
    page = open_page(reading=reading)
    off = page.evaluate(
        """() => [...document.querySelectorAll('.mermaid-svg rect + .pele-label')]
          .filter(text => text.querySelector('[lang]')).map(text => {
            const middle = box => (box.top + box.bottom) / 2;
            return Math.abs(middle(text.getBoundingClientRect())
              - middle(text.previousElementSibling.getBoundingClientRect()));
          })"""
    )
    assert len(off) >= 4
    assert max(off) < 4
    hidden = {"zh-TW": "en", "en": "zh-TW"}[reading]
    for language, count in ((hidden, 0), (reading, 1)):
        shown = page.evaluate(
            """language => [...document.querySelectorAll(`.mermaid-svg tspan[lang="${language}"]`)]
              .filter(line => getComputedStyle(line).display !== 'none').length""",
            language,
        )
        assert bool(shown) == bool(count)


def test_colours_follow_the_dark_mode(open_page):
    look = """() => ['fill', 'stroke'].map(name => getComputedStyle(
      document.querySelector('.mermaid-svg .pele-node rect'))[name]).concat(
      getComputedStyle(document.querySelector('.mermaid-svg .pele-label')).fill)"""
    light = open_page(color_scheme="light").evaluate(look)
    dark_page = open_page(color_scheme="dark")
    dark = dark_page.evaluate(look)
    assert all(a != b for a, b in zip(light, dark, strict=True)), (light, dark)
    brightness = [sum(map(int, colour[4:-1].split(", "))) for colour in (light[2], dark[2])]
    assert brightness[0] < 200 < 500 < brightness[1]  # the text: dark on light, light on dark
    dark_page.emulate_media(media="print")
    assert dark_page.evaluate(look)[2] == light[2]


@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_wide_diagram_scrolls_in_its_own_box(open_page, width):
    page = open_page(width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    boxes = page.evaluate(
        """() => [...document.querySelectorAll('.mermaid-svg')].map(box =>
          [box.scrollWidth > box.clientWidth, box.tabIndex,
           box.querySelector('svg').getBoundingClientRect().width -
             box.querySelector('svg').width.baseVal.value])"""
    )
    assert all(abs(change) < 1 for *_, change in boxes)  # letters keep their size
    assert all(tab == 0 for scrolls, tab, _ in boxes if scrolls)
    if width == 390:
        assert any(scrolls for scrolls, *_ in boxes)


def test_nothing_comes_from_elsewhere_and_no_script_is_needed(open_page):
    page = open_page(java_script_enabled=False)
    assert page.requests_seen
    assert all(url.startswith("file://") for url in page.requests_seen)
    assert page.locator(".mermaid-svg > svg").count() == len(TEXTS)
    assert page.locator(".mermaid-svg > svg").first.bounding_box()["height"] > 50
    assert page.get_by_role("img", name="圖 · Diagram").count() == len(TEXTS)
