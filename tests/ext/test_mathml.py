"""Formulas as MathML: converted, numbered, referred to, and reported where they do not convert."""

import io
import re
from pathlib import Path
from textwrap import dedent

import mathml
import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

# MyST asks Sphinx 9 for a name that goes in Sphinx 11: for MyST to mend.
pytestmark = pytest.mark.filterwarnings("ignore:.*MystReferenceResolver")

STATIC = Path(__file__).parents[2] / "docs" / "_static"
CONF = f"""
project = "x"
extensions = ["myst_parser", "mathml"]
myst_enable_extensions = ["dollarmath"]
html_theme = "furo"
html_static_path = [{str(STATIC)!r}]
"""


def build(folder: Path, files: dict[str, str]):
    src, out = folder / "src", folder / "out"
    src.mkdir()
    for name, text in {"conf.py": CONF, **files}.items():
        (src / name).write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    warnings = io.StringIO()
    with patch_docutils(str(src)), docutils_namespace():
        app = Sphinx(src, src, out, folder / "d", "html", status=None, warning=warnings)
        app.build()
    html = (out / "index.html").read_text(encoding="utf-8")
    return BeautifulSoup(html, "html5lib"), re.sub(r"\x1b\[[\d;]*m", "", warnings.getvalue())


def flat(math):
    """Name and text of every leaf: what a formula consists of."""
    return [(leaf.name, leaf.text) for leaf in math.find_all(True) if not leaf.find(True)]


RST = r"""
T
=

The loss :math:`\frac{1}{n}` here.

.. math::
   :label: chain

   \frac{\partial L}{\partial w} = x

See :eq:`chain`.
"""


def test_inline_display_number_and_reference(tmp_path):
    html, warnings = build(tmp_path, {"index.rst": RST})
    assert warnings == ""
    inline, block = html.select("article math")
    assert flat(inline) == [("mn", "1"), ("mi", "n")]
    assert inline.find("mfrac")
    assert "display" not in inline.attrs
    assert block["display"] == "block"
    assert flat(block)[-1] == ("mi", "x")
    assert [leaf[1] for leaf in flat(block)][:4] == ["∂", "L", "∂", "w"]
    equation = html.select_one("div.math")
    assert equation["id"] == "equation-chain"
    assert equation.select_one(".eqno").text.startswith("(1)")
    assert html.select_one('a[href="#equation-chain"].reference').text == "(1)"
    assert "mathjax" not in str(html).lower()
    assert html.select_one('link[href^="_static/mathml.css"]')
    assert inline.parent["class"] == ["math"]


def test_markdown(tmp_path):
    html, warnings = build(
        tmp_path, {"index.md": "# T\n\nA $x^2$ and\n\n$$y_i$$ (eq)\n\n{eq}`eq`\n"}
    )
    assert warnings == ""
    assert [math.find(True).name for math in html.select("math")] == ["msup", "msub"]
    assert html.select_one(".eqno").text.startswith("(1)")


def test_page_without_formula_gets_no_style(tmp_path):
    html, _ = build(tmp_path, {"index.rst": "T\n=\n\nText.\n"})
    assert not html.select_one('link[href*="mathml.css"]')


def test_lines_and_blank_lines_stand_one_under_the_other(tmp_path):
    block = r"""
    T
    =

    .. math::

       z &= w x \\
       a &= s

    .. math::

       b = 1

       c = 2
    """
    html, warnings = build(tmp_path, {"index.rst": block})
    assert warnings == ""
    first, second = html.select("math")
    assert [len(row.find_all("mtd")) for row in first.find_all("mtr")] == [2, 2]
    assert len(second.find_all("mtr")) == 2


@pytest.mark.parametrize("accent", [r"\hat", r"\tilde", r"\vec", r"\bar"])
def test_subscript_stands_beside_an_accented_letter(accent):
    html = mathml.convert(rf"{accent} y_i + \sum_{{i=1}}^n", True)
    letter, _, total = BeautifulSoup(html, "html5lib").math.find_all(True, recursive=False)
    assert letter.name == "msub"
    assert [child.name for child in letter.find_all(True, recursive=False)] == ["mover", "mi"]
    assert letter.find_all("mi")[-1].text == "i"
    assert (total.name, total.mo.text) == ("munderover", "∑")  # a sum keeps its limits


@pytest.mark.parametrize(
    ("tex", "reason"),
    [
        (r"\frac{a", "1 { but 0 }"),
        (r"a}", "0 { but 1 }"),
        (r"\left( a", r"1 \left but 0 \right"),
        (r"\nosuch x", "nosuch"),
        (r"x^", "incomplete"),
        (r"a & b", '"&"'),
        (r"a \\ b", r"\\"),
        (r"\begin{foo}a\end{foo}", "foo"),
    ],
)
def test_what_does_not_convert_is_reported_with_its_line(tmp_path, tex, reason):
    html, warnings = build(tmp_path, {"index.rst": f"T\n=\n\nText.\n\nSee :math:`{tex}` here.\n"})
    assert f"{tmp_path / 'src' / 'index.rst'}:6: WARNING: 這段 LaTeX 無法轉成 MathML" in warnings
    assert "does not convert to MathML" in warnings
    assert reason in warnings
    assert "[mathml.latex]" in warnings
    assert html.select_one("span.math code").text == tex


@pytest.mark.parametrize(
    "tex", [r"\{a\}", r"\leftarrow \rightarrow", r"\left\{ a \right.", r"\lbrace"]
)
def test_braces_that_are_drawn_do_not_count(tex):
    assert mathml.convert(tex, False).startswith("<math")


def test_typed_symbols_convert():
    assert "∂" in mathml.convert("∂L/∂w = α", False)
