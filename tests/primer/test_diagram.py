"""Diagrams parse in a real engine, and every label comes back as it went in."""

import html
import json
import re
import subprocess
import sys
from importlib.resources import files
from xml.etree import ElementTree

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from primer.diagram import Diagram, edge, escape, node

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def draw():
    quickjs = pytest.importorskip("quickjs", exc_type=ImportError)
    engine = quickjs.Context()
    engine.eval((files("mermaid_render") / "pele" / "pele.global.js").read_text("utf-8"))

    def draw(text: str) -> ElementTree.Element:
        drawn = engine.eval(
            f"JSON.stringify(pele.render(pele.parse({json.dumps(str(text))}), {{}}).svg)"
        )
        return ElementTree.fromstring(json.loads(drawn))

    return draw


def shown(svg, css_class):
    """Read the drawn text back, one string for each element of the class, lines joined by \\n."""
    return [
        "\n".join("".join(line.itertext()) for line in element.iter(f"{SVG}tspan"))
        or "".join(element.itertext())
        for element in svg.iter()
        if css_class in element.get("class", "").split()
    ]


def ink(text):
    """The characters without white space: a picture breaks long labels into lines of its own."""
    return "".join(text.split())


LABELS = [
    'a "quoted" label',
    "[3, 4] {x} (y) <b>bold</b> & |",
    "#35; # #quot; ;",
    "張量的形狀 · The shape of a tensor",
    "「引號」，全形：標點。",
    "end",
    "subgraph end\nclass x",
    "first\nsecond",
    "1. list",
    "- list",
    "`code` **bold** __init__ _x_ \\n $$x$$",
    "%% comment %%{init: {}}%%",
    "fa:fa-bug https://example.org/a?b=c#d",
    "---",
    "ﬂ°°35¶ß",
    "a@{ shape: circle }",
    "∂loss/∂w = −0.0898",
]


@pytest.mark.parametrize("label", LABELS)
def test_label_is_drawn_as_written(draw, label):
    text = "\n".join(["flowchart LR", node("n1", label), node("n2", "b"), edge("n1", "n2", label)])
    svg = draw(text)
    assert ink(shown(svg, "pele-label")[0]) == ink(label)
    assert ink("".join(shown(svg, "pele-edge-label"))) == ink(label)


def test_names_stay_readable_in_the_text():
    assert escape("requires_grad (2, 3)") == "requires_grad (2, 3)"
    assert escape("__init__") == "#95;#95;init#95;#95;"  # Markdown would set it in bold


def test_line_break_is_kept(draw):
    svg = draw(f"flowchart LR\n{node('n1', 'shape (2, 3)' + chr(10) + 'float32')}")
    assert shown(svg, "pele-label") == ["shape (2, 3)\nfloat32"]


@given(label=st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn", "Co", "Zl", "Zp"))))
@example(label="")
@example(label="x" * 500)
def test_any_label_parses_and_survives(draw, label):
    assume(html.unescape(label) == label)
    svg = draw("\n".join(["flowchart TD", node("n1", label), edge("n1", "n2", label)]))
    drawn = [ink(text) for text in shown(svg, "pele-label")]
    assert drawn == ([ink(label), "n2"] if ink(label) else ["n2"])  # a blank one draws no text


@given(label=st.text())
def test_any_text_at_all_gives_well_formed_svg(draw, label):
    """Control characters and lone surrogates too."""
    draw("\n".join(["flowchart TD", node("n1", label), edge("n1", "n2", label)]))


@given(words=st.text())
@example(words="%%{init: {}}%% end; # } direction TB")
@pytest.mark.parametrize("kind", ["flowchart LR\na --> b", "sequenceDiagram\nA->>B: hi"])
def test_any_title_parses_and_is_kept(draw, kind, words):
    svg = draw(Diagram(kind, title=words, description=words))
    title = svg.find(f"{SVG}title")
    if words.strip() and words.isprintable():
        assert title.text.split() == words.split()
        assert svg.find(f"{SVG}desc").text.split() == words.split()


@pytest.mark.parametrize(
    "preamble", ["", "%% a comment\n", "---\ntitle: x\n---\n", "%%{init: {}}%%\n\n", "\n\n"]
)
def test_title_follows_the_kind_of_diagram(draw, preamble):
    diagram = Diagram(f"{preamble}flowchart LR\na --> b\n", title="標題 · Title", description="D.")
    lines = str(diagram).splitlines()
    kind = lines.index("flowchart LR")
    assert lines[kind + 1 :] == ["accTitle: 標題 · Title", "accDescr: D.", "a --> b"]
    assert draw(diagram).find(f"{SVG}title").text == "標題 · Title"


def test_text_without_title_is_left_alone():
    assert str(Diagram("flowchart LR\na --> b\n")) == "flowchart LR\na --> b"
    assert repr(Diagram("flowchart LR\na --> b")) == "flowchart LR\na --> b"


@pytest.mark.parametrize("brackets", ["[]", "()", "([])", "[()]", "{{}}", "{}"])
def test_shapes_and_roles(draw, brackets):
    svg = draw(f"flowchart LR\n{node('n1', 'x [0]', brackets, role='leaf')}")
    assert shown(svg, "pele-label") == ["x [0]"]
    assert shown(svg, "leaf")


def test_notebook_gets_svg_and_jupyterlab_gets_text():
    pytest.importorskip("mermaid_render")
    one = Diagram("flowchart LR\na --> b", title="甲 · A")
    two = Diagram("flowchart LR\na --> c", title="乙 · B")
    bundle = one._repr_mimebundle_()
    assert bundle["text/vnd.mermaid"] == bundle["text/plain"] == str(one)
    assert bundle["text/html"] == one._repr_html_()
    assert "<svg" in bundle["text/html"]
    assert "<pre" not in bundle["text/html"]
    ids = re.findall(r' id="([^"]+)"', one._repr_html_() + two._repr_html_())
    assert len(ids) == len(set(ids)) == 2
    assert all(f'labelledby="{name}"' in one._repr_html_() + two._repr_html_() for name in ids)


def test_without_renderer_no_html_is_offered(monkeypatch):
    """JupyterLab ranks HTML above Mermaid, so HTML in its place would hide the drawing."""
    monkeypatch.setitem(sys.modules, "mermaid_render", None)
    diagram = Diagram("flowchart LR\na --> b")
    assert set(diagram._repr_mimebundle_()) == {"text/plain", "text/vnd.mermaid"}
    assert diagram._repr_html_() is None


def test_text_that_does_not_parse_is_shown_not_raised():
    diagram = Diagram("flowchart LR\na[[ --> b")
    assert diagram._repr_html_() is None
    assert diagram._repr_mimebundle_()["text/plain"] == diagram.text


@pytest.mark.parametrize("value", [None, 3, b"x", ["x"]])
def test_wrong_type_is_named(value):
    for call in (escape, Diagram, lambda x: Diagram("flowchart", x), lambda x: node("a", x)):
        with pytest.raises(TypeError, match=rf"字串(?s:.*)got {type(value).__name__}"):
            call(value)


def test_blank_text_is_refused():
    with pytest.raises(ValueError, match="blank"):
        Diagram(" \n")


@pytest.mark.parametrize("name", ["end", "", "1a", "a b", "節點", "a-b", "class", "a\n"])
def test_names_that_mermaid_would_misread(name):
    for call in (lambda: node(name, "x"), lambda: edge(name, "a"), lambda: edge("a", name)):
        with pytest.raises(ValueError, match="cannot name a box"):
            call()


def test_import_is_light():
    heavy = {"torch", "mermaid_render", "quickjs"}
    code = f"import sys, primer.diagram; print({heavy} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"
