"""Graphs that move: what torch computes stands in the page, and nothing of it needs a script."""

import gzip
import io
import json
import re
from pathlib import Path

import moving_graphs
import numpy as np
import pytest
import torch
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

DOCS = Path(__file__).parents[2] / "docs"
EXPECTED = DOCS.parent / "tests/gallery/expected"
CONF = f"""
project = "x"
extensions = ["bilingual", "moving_graphs"]
language = "zh_TW"
html_theme = "furo"
html_static_path = [{str(DOCS / "_static")!r}]
templates_path = [{str(DOCS / "_templates")!r}]
"""
INDEX = "頁 · Page\n=========\n\n見 :ref:`圖 <moving-logistic>`\\ 。\n\n"
INDEX += "See :ref:`it <moving-logistic>`.\n"
INDEX += "\n.. toctree::\n\n" + "".join(f"   {name}\n" for name in moving_graphs.GRAPHS)


def build(folder: Path, files: dict[str, str], builder: str = "html") -> tuple[Path, str]:
    for name, text in {"conf.py": CONF, **files}.items():
        (folder / name).write_text(text, encoding="utf-8")
    warnings = io.StringIO()
    with patch_docutils(str(folder)), docutils_namespace():
        places = (folder, folder, folder / "out", folder / "d")
        Sphinx(*places, builder, status=None, warning=warnings).build()
    return folder / "out", re.sub(r"\x1b\[[\d;]*m", "", warnings.getvalue())


def page(name: str) -> str:
    return f"圖 · Graph\n==========\n\n.. moving-graph:: {name}\n"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    pages = {f"{name}.rst": page(name) for name in moving_graphs.GRAPHS}
    out, warnings = build(tmp_path_factory.mktemp("moving"), {"index.rst": INDEX, **pages})
    assert warnings == ""
    return {
        path.stem: BeautifulSoup(path.read_text(encoding="utf-8"), "html5lib")
        for path in out.glob("*.html")
    }


def files_of(html: BeautifulSoup) -> set[str]:
    found = {*html.select("[src]"), *html.select("link[href]")}
    names = (tag.get("src") or tag["href"] for tag in found)
    return {name.split("?")[0] for name in names if "_static/moving" in name}


def test_scripts_and_style_are_loaded_only_where_they_are_needed(built):
    assert files_of(built["index"]) == set()
    for name in moving_graphs.GRAPHS:
        own = {"_static/moving/moving.css", f"_static/moving/{name}.js"}
        assert files_of(built[name]) == own


@pytest.mark.parametrize("name", moving_graphs.GRAPHS)
def test_a_strict_content_security_policy_would_pass_it(built, name):
    figure = built[name].select_one("figure.moving")
    for tag in figure.find_all(True):
        assert not [key for key in tag.attrs if key == "style" or key.startswith("on")], tag
    scripts = figure.find_all("script")
    assert all(script["type"] == "application/json" for script in scripts)
    assert not figure.find_all("style")


@pytest.mark.parametrize("name", moving_graphs.GRAPHS)
def test_ids_are_unique_and_every_control_is_named(built, name):
    html = built[name]
    ids = [tag["id"] for tag in html.select("[id]")]
    assert len(ids) == len(set(ids))
    figure = html.select_one("figure.moving")
    for key in ("aria-labelledby", "aria-describedby"):
        for tag in [figure, *figure.select(f"[{key}]")]:
            assert set(tag.get(key, "").split()) <= set(ids)
    for control in figure.select("input, canvas, select"):
        named = control.get("aria-label") or html.select(f'label[for="{control.get("id")}"]')
        assert named or control.find_parent("label"), control


@pytest.mark.parametrize("name", moving_graphs.GRAPHS)
def test_what_needs_the_script_is_hidden_without_it(built, name):
    figure = built[name].select_one("figure.moving")
    for control in figure.select("input, button, select"):
        assert control.find_parent(attrs={"hidden": True}), control
    pictures = figure.select("svg, table")
    assert [one for one in pictures if not one.find_parent(attrs={"hidden": True})]
    assert {tag["lang"] for tag in figure.figcaption.select(".twin")} == {"zh-TW", "en"}


def test_it_can_be_referred_to(built):
    assert len(built["index"].select('article a[href="logistic.html#moving-logistic"]')) == 2


def test_the_drawing_shows_what_the_lesson_prints(built):
    """The numbers of lesson 08, as its recorded output has them."""
    figure = built["logistic"].select_one("figure.moving")
    printed = (EXPECTED / "3_autograd/08_computation_graph.txt").read_text(encoding="utf-8")

    def shown(selector: str) -> set[str]:
        found = figure.select(selector)
        assert len(found) == 2  # the wide drawing and the tall one
        return {tag.text.replace("−", "-") for tag in found}

    for name, value in re.findall(r"^d (\w+ / d \w+) +(-?[\d.]+) ", printed, re.MULTILINE):
        assert shown(f'[data-local="{name.split()[-1]}"]') == {value}
    gradients = re.search(r"w1.grad (\S+)   b.grad (\S+)", printed)
    assert shown('[data-grad="w1"]') == {gradients[1]}
    assert shown('[data-grad="b"]') == {gradients[2]}
    for name, value in {"z": "2.4200", "a": "0.9183", "loss": "0.0852"}.items():
        assert value in printed
        assert shown(f'[data-value="{name}"]') == {value}


def test_strides_are_what_numpy_finds(built):
    """NumPy has strides of its own; the same expressions in its words give the same numbers."""
    a = np.arange(10, 22).reshape(3, 4)
    by_numpy = {
        "x": a,
        "x.t()": a.T,
        "x.view(2, 6)": a.reshape(2, 6),
        "x[1:]": a[1:],
        "x[1]": a[1],
        "x[:, 1]": a[:, 1],
        "x[:, 1:3]": a[:, 1:3],
        "x[:, ::2]": a[:, ::2],
        "x[:, :1].expand(3, 4)": np.broadcast_to(a[:, :1], (3, 4)),
        "x.t().contiguous()": np.ascontiguousarray(a.T),
    }
    figure = built["strides"].select_one("figure.moving")
    found = json.loads(figure.select_one(".moving-numbers").string)
    assert [one["code"] for one in found] == list(by_numpy)
    for one, array in zip(found, by_numpy.values(), strict=True):
        assert one["shape"] == list(array.shape)
        assert one["stride"] == [step // array.itemsize for step in array.strides]
        assert one["copied"] == (not np.shares_memory(array, a))
        start = array if one["copied"] else a
        assert one["offset"] == (array.ctypes.data - start.ctypes.data) // array.itemsize
        assert one["memory"] == start.reshape(-1).tolist()
        assert one["contiguous"] == array.flags.c_contiguous
        assert one["flattens"] == np.shares_memory(array, array.reshape(-1))
    rows = [[cell.text for cell in row.find_all(["th", "td"])] for row in figure.select("tbody tr")]
    mark = {True: "是 · yes", False: "否 · no"}
    assert rows == [
        [
            one["code"],
            str(tuple(one["shape"])),
            str(tuple(one["stride"])),
            str(one["offset"]),
            mark[one["contiguous"]],
            mark[one["flattens"]],
        ]
        for one in found
    ]


@pytest.fixture(scope="module")
def training(built) -> dict:
    return json.loads(built["learning-rate"].select_one(".moving-numbers").string)


def test_the_runs_are_those_of_the_lesson(training):
    """The lesson trains three of the rates itself, with primer.fit, and prints what came out."""
    printed = (EXPECTED / "4_networks/13_training_loop.txt").read_text(encoding="utf-8")
    losses = dict(re.findall(r"lr (\S+) +loss (\S+) +\d+% right", printed))
    assert len(losses) == 3
    runs = {f"{run['rate']:g}": run for run in training["runs"]}
    for rate, loss in losses.items():
        assert f"{runs[rate]['losses'][-1]:.2f}" == loss
    verdicts = {rate: run["verdict"] for rate, run in runs.items()}
    assert (verdicts["0.001"], verdicts["0.2"], verdicts["3"]) == ("small", "right", "large")
    for epoch, loss in re.findall(r"epoch +(\d+)   loss (\S+)", printed):
        assert f"{runs['0.2']['losses'][int(epoch) - 1]:.2f}" == loss
    assert f"{runs['0.2']['right'][-1]}% right" in printed


def test_a_run_is_the_same_again_and_leaves_torch_as_it_was(training):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    threads = torch.get_num_threads()
    again = moving_graphs.record_training()
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == threads
    assert json.loads(json.dumps(again)) == training


def test_what_broke_is_recorded_as_broken(training):
    last = training["runs"][-1]
    assert last["rate"] == 1000
    assert last["losses"] == [None] * 30
    assert last["verdict"] == "large"
    assert last["maps"][-1] == "3" * 24**2  # no answer anywhere
    assert max(training["runs"][-2]["losses"]) > 1e9


def test_the_recording_weighs_little(built):
    for name in moving_graphs.GRAPHS:
        numbers = built[name].select_one(".moving-numbers")
        assert numbers is None or len(gzip.compress(numbers.string.encode())) < 15 * 1024
        code = (DOCS / f"_static/moving/{name}.js").read_bytes()
        style = (DOCS / "_static/moving/moving.css").read_bytes()
        assert len(gzip.compress(code)) + len(gzip.compress(style)) < 8 * 1024


def test_an_unknown_name_says_which_there_are(tmp_path):
    _, warnings = build(tmp_path, {"index.rst": page("nosuch")})
    assert "沒有 'nosuch' 這張會動的圖" in warnings
    assert "logistic" in warnings


def test_other_formats_show_the_title(tmp_path):
    out, warnings = build(tmp_path, {"index.rst": page("logistic")}, "text")
    assert warnings == ""
    assert "會動的計算圖 · The computation graph that moves" in (out / "index.txt").read_text()


def test_a_build_without_changes_computes_nothing(tmp_path, monkeypatch):
    calls = []
    title, record = moving_graphs.GRAPHS["logistic"]
    counted = lambda: calls.append(1) or record()  # noqa: E731
    monkeypatch.setitem(moving_graphs.GRAPHS, "logistic", (title, counted))
    build(tmp_path, {"index.rst": page("logistic")})
    assert len(calls) == 1
    rewritten = tmp_path / "out" / "index.html"
    rewritten.unlink()
    with patch_docutils(str(tmp_path)), docutils_namespace():
        places = (tmp_path, tmp_path, tmp_path / "out", tmp_path / "d")
        Sphinx(*places, "html", status=None, warning=io.StringIO()).build()
    assert len(calls) == 1
    assert "0.0852" in rewritten.read_text(encoding="utf-8")


def test_numbers_cannot_end_their_element(tmp_path, monkeypatch):
    class Builder:
        class templates:
            @staticmethod
            def render(name, context):
                return context["json"]

    class Translator:
        builder, body = Builder, []

    node = moving_graphs.moving_graph(name="logistic", data={"x": "</script>"}, ids=["a"])
    with pytest.raises(moving_graphs.nodes.SkipNode):
        moving_graphs.visit(Translator, node)
    assert "<" not in Translator.body[0]
    assert json.loads(Translator.body[0]) == node["data"]
