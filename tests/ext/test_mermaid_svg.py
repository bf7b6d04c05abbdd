"""Diagrams as inline SVG: drawn, named, bilingual, harmless; and what bad text gives."""

import io
import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent, indent

import mermaid_svg
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

# MyST asks Sphinx 9 for a name that goes in Sphinx 11: for MyST to mend.
pytestmark = pytest.mark.filterwarnings("ignore:.*MystReferenceResolver")

EXT = Path(__file__).parents[2] / "docs" / "_ext"
STATIC = EXT.parent / "_static"
CONF = f"""
project = "x"
extensions = ["myst_parser", "sphinxcontrib.mermaid", "mermaid_svg"]
myst_fence_as_directive = ["mermaid"]
html_theme = "furo"
html_static_path = [{str(STATIC)!r}]
epub_copyright = version = "1"
"""
NAMED = "accTitle: 標題 · Title\naccDescr: 說明。 · What it shows.\n"
TYPES = {
    "flowchart-LR": 'flowchart LR\n{named}a["資料 · Data"] -.->|"否 · no"| b("好 · Good")',
    "flowchart-TD": 'flowchart TD\n{named}subgraph s["迴圈 · Loop"]\na --> b[("檔案 · File")]\nend',
    "sequence": "sequenceDiagram\n{named}participant M as 模型 · Model\nM->>M: 前向 · forward",
    "state": 'stateDiagram-v2\n{named}[*] --> a: 開始 · start\nstate "等待 · Waiting" as a',
    "class": 'classDiagram\n{named}class A["模組 · Module"]\nA <|-- B : 繼承 · inherits',
}


def build(folder: Path, files: dict[str, str], builder="html", conf="", **options):
    src, out = folder / "src", folder / builder
    for name, text in {"conf.py": CONF + dedent(conf), **files}.items():
        path = src / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    warnings = io.StringIO()
    with patch_docutils(str(src)), docutils_namespace():
        app = Sphinx(
            src, src, out, folder / f"d-{builder}", builder, status=None, warning=warnings,
            freshenv=True, **options,
        )  # fmt: skip
        app.build()
    return out, re.sub(r"\x1b\[[\d;]*m", "", warnings.getvalue())


def rst(text: str, options: str = "") -> str:
    head = f".. mermaid::\n{indent(options, '   ')}".rstrip()
    return f"T\n=\n\n{head}\n\n{indent(text, '   ')}\n"


def soup(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html5lib")


def drawn(text: str) -> BeautifulSoup:
    return BeautifulSoup(mermaid_svg.Drawing(text, "p").svg, "html5lib").svg


PATH = """flowchart LR
accTitle: 路徑 · The path
accDescr: 說明。 · What it shows.
one["甲 · One"] --> two["乙 · Two"]
"""


def test_click_makes_a_node_a_link(tmp_path):
    text = PATH + 'click two "part/page"'
    out, warnings = build(
        tmp_path, {"index.rst": rst(text) + "\n.. toctree::\n\n   part/page\n",
                   "part/page.rst": rst(text)}
    )  # fmt: skip
    assert warnings == ""
    for page, address in (("index.html", "part/page.html"), ("part/page.html", "#")):
        svg = soup(out / page).select_one("article div.mermaid-svg > svg")
        (link,) = svg.select("a")
        assert link["href"] == address
        assert link.get_text() == "乙Two"
        assert svg["role"] == "group", "what an image holds cannot be reached"


def test_a_wide_menu_is_drawn_lying_and_standing(tmp_path):
    nodes = "".join(f'n{i}["很長的一個標籤 {i} · A label {i}"] --> n{i + 1}\n' for i in range(6))
    out, warnings = build(
        tmp_path, {"index.rst": rst(f'flowchart LR\n{NAMED}{nodes}click n0 "index"')}
    )
    assert warnings == ""
    html = soup(out / "index.html")
    for name in ("mermaid-wide", "mermaid-narrow"):
        (svg,) = html.select(f"div.{name} > svg")
        assert len(svg.select("a")) == 1
        lies = float(svg["width"]) > float(svg["height"])
        assert lies == (name == "mermaid-wide")
    ids = [tag["id"] for tag in html.select("article [id]")]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("line", "message"),
    [('click two "nowhere"', "leads to no page: nowhere"), ('click x "index"', "names no node")],
)
def test_a_click_that_leads_nowhere_is_a_warning(tmp_path, line, message):
    _out, warnings = build(tmp_path, {"index.rst": rst(PATH + line)})
    assert message in warnings
    assert "[mermaid_svg.link]" in warnings


@pytest.mark.parametrize("kind", TYPES)
def test_every_kind_is_drawn_without_script_style_or_address(tmp_path, kind):
    text = TYPES[kind].format(named=NAMED)
    out, warnings = build(
        tmp_path, {"index.rst": rst(text) + "\n.. toctree::\n\n   m\n",
                   "m.md": f"# M\n\n```mermaid\n{text}\n```\n"}
    )  # fmt: skip
    assert warnings == ""
    for page in ("index.html", "m.html"):
        html = soup(out / page)
        svg = html.select_one("article div.mermaid-svg > svg")
        assert svg["role"] == "img"
        assert html.find(id=svg["aria-labelledby"]).text == "標題 · Title"
        assert html.find(id=svg["aria-describedby"]).text == "說明。 · What it shows."
        assert not svg.select("script, style, a, image, use, foreignObject, [style], [href]")
        source = str(svg)
        assert "url(" not in source
        assert not re.search(r"\son\w+=", source)
        assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)", source)
        assert "mermaid" not in " ".join(str(script) for script in html.find_all("script")).lower()
        assert not html.select("[src^=http], link[rel=stylesheet][href^=http]")
        assert any("mermaid.css" in link["href"] for link in html.select("link[rel=stylesheet]"))


def test_pages_without_a_diagram_carry_nothing(tmp_path):
    out, _ = build(tmp_path, {"index.rst": "T\n=\n\nText.\n"})
    assert "mermaid" not in (out / "index.html").read_text(encoding="utf-8")


def test_engine_starts_only_for_a_diagram(tmp_path):
    """Importing the extension and building a page without one leaves the engine asleep."""
    (tmp_path / "conf.py").write_text(CONF, encoding="utf-8")
    (tmp_path / "index.rst").write_text("T\n=\n", encoding="utf-8")
    code = dedent(
        f"""
        import sys
        sys.path.insert(0, {str(EXT)!r})
        from sphinx.cmd.build import main
        assert main(["-q", "-b", "html", {str(tmp_path)!r}, {str(tmp_path / "out")!r}]) == 0
        print({{"quickjs", "mermaid_render"}} & set(sys.modules))
        """
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "set()", result.stderr


def test_colours_come_from_the_theme():
    svg = drawn(TYPES["flowchart-LR"].format(named=NAMED))
    colours = {tag[name] for name in ("fill", "stroke") for tag in svg.select(f"[{name}]")}
    assert colours <= {"none"} | {c for c in colours if c.startswith("var(--pele-")}
    used = set(re.findall(r"var\((--pele-[\w-]+)", str(svg)))
    css = (STATIC / "mermaid.css").read_text(encoding="utf-8")
    assert used & {"--pele-fg", "--pele-line", "--pele-surface", "--pele-border"}
    for name in used & set(
        re.findall(r"--pele-(?:bg|fg|muted|line|surface|border|accent)", " ".join(used))
    ):
        assert re.search(rf"{name}: var\(--color-[\w-]+, #[0-9a-f]+\);", css), name


def test_halves_of_a_label_are_lines_of_their_own_language():
    svg = drawn(f'flowchart LR\n{NAMED}a["共用<br/>訓練 · Training<br/>(2, 3)"]')
    lines = [(line.get("lang"), line.text) for line in svg.select(".pele-label tspan")]
    assert lines == [(None, "共用"), ("zh-TW", "訓練"), ("en", "Training"), (None, "(2, 3)")]
    label = svg.select_one("text.pele-label")
    assert {"zh-1", "en-1"} <= set(label["class"])
    # Each line is placed after the one before, so that a hidden one leaves no gap.
    assert all("y" not in line.attrs and float(line["dy"]) > 15 for line in label.select("tspan"))
    assert not mermaid_svg.MARKS.search(str(svg))


def test_long_halves_wrap_and_are_counted():
    zh = "這一步把每一個參數的梯度都算出來，而且會一直累加下去，直到清掉為止"
    en = "This computes the gradient of every parameter and keeps adding until cleared"
    svg = drawn(f'flowchart LR\n{NAMED}a["{zh} · {en}"]')
    text = {
        lang: [line.text for line in svg.select(f'tspan[lang="{lang}"]')]
        for lang in ("zh-TW", "en")
    }
    assert "".join(text["zh-TW"]).replace(" ", "") == zh
    assert "".join("".join(text["en"]).split()) == "".join(en.split())
    classes = svg.select_one("text.pele-label")["class"]
    assert f"zh-{len(text['zh-TW'])}" in classes
    assert f"en-{len(text['en'])}" in classes


@pytest.mark.parametrize("label", ["encoder · Linear", "訓練", "Training", "a · 訓練", "3 · 4"])
def test_what_is_no_pair_stays_on_one_line(label):
    svg = drawn(f'flowchart LR\n{NAMED}a["{label}"]')
    assert svg.select_one("text.pele-label").text == label
    assert not svg.select("[lang]")
    several = drawn(f'flowchart LR\n{NAMED}a["x<br/>{label}"]').select_one("text.pele-label")
    assert several["class"] == ["pele-label"]


@given(label=st.text(st.characters(exclude_characters='"', exclude_categories=("Cc", "Cs", "Cn"))))
def test_marking_never_loses_a_character(label):
    marked = mermaid_svg.mark_pairs(f'flowchart LR\na["{label}"]')
    plain = mermaid_svg.MARKS.sub("", marked).replace("<br/>", "").replace(" · ", "")
    original = f'flowchart LR\na["{label}"]'.replace("<br/>", "").replace(" · ", "")
    if mermaid_svg.MARKS.search(label) is None:
        assert "".join(plain.split()) == "".join(original.split())


def test_two_diagrams_on_a_page_share_no_id(tmp_path):
    text = TYPES["flowchart-LR"].format(named=NAMED)
    out, _ = build(tmp_path, {"index.rst": rst(text) + "\n" + rst(text, ":name: second")[5:]})
    html = soup(out / "index.html")
    ids = [tag["id"] for tag in html.select("[id]")]
    assert len(ids) == len(set(ids))
    assert len(html.select("div.mermaid-svg")) == 2
    assert html.find(id="second")["class"] == ["mermaid-svg"]


def test_building_twice_gives_the_same_bytes(tmp_path):
    page = {"index.rst": rst(TYPES["state"].format(named=NAMED))}
    first, _ = build(tmp_path / "1", page)
    mermaid_svg.draw.cache_clear()
    mermaid_svg.load_engine.cache_clear()
    second, _ = build(tmp_path / "2", page)
    assert (first / "index.html").read_bytes() == (second / "index.html").read_bytes()


def test_wide_diagram_is_reached_by_keyboard(tmp_path):
    wide = (
        "flowchart LR\n" + NAMED + 'a["一段文字 · some text"] --> b["一段文字 · some text"] --> c'
    )
    out, _ = build(tmp_path, {"index.rst": rst(wide)})
    box = soup(out / "index.html").select_one("div.mermaid-svg")
    assert (box["tabindex"], box["role"]) == ("0", "group")
    assert box["aria-labelledby"] == box.svg["aria-labelledby"]


BROKEN = "flowchart LR\n" + NAMED + "a[[ --> b"  # the fault is in the 4th line
FENCE = "# M\n\n> q\n>\n> ```{mermaid}\n> :align: center\n>\n"


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("index.rst", rst(BROKEN), 9),
        ("index.rst", rst(BROKEN, ":title: x\n:align: center"), 11),
        ("index.rst", f"T\n=\n\n* item\n\n{indent(rst(BROKEN)[5:], '  ')}", 11),
        ("index.md", f"# M\n\n```mermaid\n{BROKEN}\n```\n", 7),
        ("index.md", FENCE + indent(BROKEN, "> ") + "\n> ```\n", 11),
    ],
)
def test_syntax_error_names_file_and_line(tmp_path, name, text, line):
    out, warnings = build(tmp_path, {name: text})
    assert f"{tmp_path / 'src' / name}:{line}: WARNING: 這張 Mermaid 圖有語法錯誤" in warnings
    assert "Expecting" in warnings
    assert "does not parse" in warnings
    assert "[mermaid_svg.syntax]" in warnings
    assert "a[[ --> b" in soup(out / "index.html").article.text  # the reader still gets the text


def test_error_can_be_silenced_alone(tmp_path):
    _, warnings = build(
        tmp_path, {"index.rst": rst(BROKEN)}, conf='suppress_warnings = ["mermaid_svg.syntax"]'
    )
    assert warnings == ""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("sequenceDiagram\nA->>B: x\nA-x\nA->>B: y", 3),
        ("---\ntitle: hi\n\n---\n\n%% c\nsequenceDiagram\nA-x\nA->>B: y", 8),
        ("%%{init: {\n}}%%\nsequenceDiagram\nA->>B: x\nA-x", 5),
        ("flowchart LR\n%% c\nA --> B\n  %% d\nB --> ]\nC --> D", 5),
        ("flowchart LR\na[[ --> b\n\n\n", 2),
        ("%% only a comment", 1),
    ],
)
def test_error_line_is_the_one_that_was_written(text, line):
    """The engine counts without settings and comments; a reader counts with them."""
    with pytest.raises(mermaid_svg.DiagramError) as raised:
        mermaid_svg.draw(text)
    assert raised.value.line == line


def test_error_in_a_file_names_that_file(tmp_path):
    _, warnings = build(
        tmp_path, {"index.rst": "T\n=\n\n.. mermaid:: d.mmd\n", "d.mmd": f"{BROKEN}\n"}
    )
    assert f"{tmp_path / 'src' / 'd.mmd'}:4: WARNING: 這張" in warnings


@pytest.mark.parametrize("named", ["", "accTitle: 只有 · Only\n", "accDescr: 只有 · Only\n"])
def test_missing_title_or_description_is_a_warning(tmp_path, named):
    _, warnings = build(tmp_path, {"index.rst": rst(f"flowchart LR\n{named}a --> b")})
    assert f"{tmp_path / 'src' / 'index.rst'}:4: WARNING" in warnings
    assert warnings.count("WARNING") == 1
    assert "[mermaid_svg.access]" in warnings


@pytest.mark.parametrize(
    "line", ["style a fill:#fff", "classDef k stroke:red,color:#000\nclass a k"]
)
def test_fixed_colour_is_a_warning(tmp_path, line):
    out, warnings = build(tmp_path, {"index.rst": rst(f"flowchart LR\n{NAMED}a --> b\n{line}")})
    assert warnings.count("WARNING") == 1
    assert "[mermaid_svg.colour]" in warnings
    assert not soup(out / "index.html").select(".mermaid-svg [style]")


def test_hostile_text_draws_nothing_that_acts():
    svg = drawn(
        f"flowchart LR\n{NAMED}"
        'a["<script>alert(1)</script><img src=x onerror=alert(2)>"]\n'
        "b[\"<a href='javascript:1'>x</a>\"]\n"
        'click a "javascript:alert(1)"\nclick b href "https://example.org" _blank\n'
        "style a fill:#fff,filter:x,stroke:red"
    )
    assert not svg.select("script, img, a, image, style, foreignObject")
    assert not [name for tag in svg.find_all(True) for name in tag.attrs if name.startswith("on")]


def test_what_an_engine_should_not_draw_is_left_out(monkeypatch):
    hostile = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        'width="9" onload="a()" style="--_s:var(--pele-surface,#fff)"><script>a()</script>'
        '<style>@import url(//example.org)</style><image xlink:href="//example.org/x.png"/>'
        '<a xlink:href="javascript:a()"><text>link</text></a><foreignObject><b/></foreignObject>'
        '<rect onclick="a()" stroke-width="url(//example.org)" fill="var(--_s)" '
        'style="rx:var(--_r);stroke:url(//example.org);opacity:.5;background:red"/></svg>'
    )
    monkeypatch.setattr(mermaid_svg, "draw", lambda text, turns: hostile)
    svg = drawn("")
    assert [tag.name for tag in svg.find_all(True)] == ["rect"]
    assert svg.rect.attrs == {"fill": "var(--pele-surface,#fff)", "opacity": ".5", "rx": "4"}
    assert set(svg.attrs) == {"xmlns", "width", "font-size", "role"}


@pytest.mark.parametrize("builder", ["text", "latex", "man", "texinfo", "xml"])
def test_other_builders_show_the_text(tmp_path, builder):
    out, warnings = build(
        tmp_path, {"index.rst": rst(TYPES["sequence"].format(named=NAMED))}, builder
    )
    assert warnings == ""
    written = "".join(p.read_text(encoding="utf-8") for p in out.rglob("*") if p.suffix in
                      {".txt", ".tex", ".1", ".texi", ".xml"})  # fmt: skip
    assert "sequenceDiagram" in written
    assert "participant M as 模型" in written


@pytest.mark.parametrize("builder", ["singlehtml", "dirhtml"])
def test_other_html_builders_draw(tmp_path, builder):
    out, warnings = build(tmp_path, {"index.rst": rst(TYPES["class"].format(named=NAMED))}, builder)
    assert warnings == ""
    assert soup(out / "index.html").select_one("div.mermaid-svg > svg")


def test_file_option_and_caption(tmp_path):
    files = {
        "index.rst": "T\n=\n\n.. mermaid:: d.mmd\n   :caption: 圖 · Figure\n   :align: center\n",
        "d.mmd": f"flowchart LR\n{NAMED}a --> b\n",
    }
    out, warnings = build(tmp_path, files)
    assert warnings == ""
    figure = soup(out / "index.html").select_one("figure")
    assert figure.select_one("div.mermaid-svg > svg")
    assert figure.select_one(".caption-text").text == "圖 · Figure"


def test_engine_that_gives_up_is_reported_and_started_anew(monkeypatch):
    mermaid_svg.load_engine.cache_clear()
    tired = mermaid_svg.load_engine()
    tired.set_time_limit(0)
    many = "flowchart LR\n" + "\n".join(f"n{k} --> n{k + 1} & n{k * 7 % 300}" for k in range(300))
    with pytest.raises(mermaid_svg.DiagramError, match="interrupted"):
        mermaid_svg.draw(many)
    assert mermaid_svg.load_engine() is not tired
    assert "<svg" in mermaid_svg.draw(many)


def test_parallel_build(tmp_path):
    if sys.platform == "win32" or shutil.which("true") is None:
        pytest.skip("Sphinx builds in parallel on POSIX only")
    text = TYPES["flowchart-TD"].format(named=NAMED)
    pages = {f"p{k}.rst": rst(text) for k in range(12)}
    toc = "T\n=\n\n.. toctree::\n\n" + "".join(f"   p{k}\n" for k in range(12))
    out, warnings = build(tmp_path, {"index.rst": toc, **pages}, parallel=2)
    assert warnings == ""
    assert all(soup(out / f"p{k}.html").select_one("div.mermaid-svg > svg") for k in range(12))
