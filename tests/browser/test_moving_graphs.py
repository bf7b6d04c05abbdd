"""The moving graphs in a real browser: their numbers against torch, keyboard, voice, languages."""

import json
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import moving_graphs
import pytest
import torch
from playwright.sync_api import Page, expect

DOCS = Path(__file__).parents[2] / "docs"
CONF = f"""
import sys
sys.path.insert(0, {str(DOCS / "_ext")!r})
project = html_title = "網站 · A site"
extensions = ["bilingual", "moving_graphs"]
language = "zh_TW"
locale_dirs = ["locale"]
templates_path = [{str(DOCS / "_templates")!r}]
html_static_path = [{str(DOCS / "_static")!r}]
html_theme = "furo"
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    src = tmp_path_factory.mktemp("moving")
    shutil.copytree(DOCS / "locale", src / "locale")
    (src / "conf.py").write_text(CONF, encoding="utf-8")
    pages = {name: f".. moving-graph:: {name}\n" for name in moving_graphs.GRAPHS}
    pages["index"] = ".. toctree::\n\n" + "".join(f"   {name}\n" for name in pages)
    for name, text in pages.items():
        page = f"頁面標題 · A page\n=================\n\n{text}"
        (src / f"{name}.rst").write_text(page, encoding="utf-8")
    command = [sys.executable, "-m", "sphinx", "-W", "-n", "-q", src, src / "out"]
    subprocess.run(command, check=True)
    return src / "out"


@pytest.fixture
def visit(chromium, built):
    """Open a graph's page from disk; whatever goes wrong there fails the test."""
    pages, wrong = [], []

    def open_page(name: str, reading: str = "both", width: int = 1440, **options) -> Page:
        page = chromium.new_page(viewport={"width": width, "height": 900}, **options)
        pages.append(page)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else 0)
        page.on("request", lambda r: wrong.append(r.url) if not r.url.startswith("file:") else 0)
        page.goto(f"{(built / f'{name}.html').as_uri()}?reading={reading}")
        return page

    yield open_page
    for page in pages:
        page.close()
    assert wrong == []


def shown(page: Page, selector: str) -> str:
    """Give the text of what of `selector` is seen: one of the two drawings."""
    return page.locator(selector).locator("visible=true").first.text_content().replace("−", "-")


def drag_to(page: Page, name: str, value: float) -> None:
    """Move a slider as a drag does: input events, and a change at the end."""
    page.locator(f'.moving input[type="range"][name="{name}"]').evaluate(
        """(slider, value) => {
          slider.value = value;
          slider.dispatchEvent(new Event("input", { bubbles: true }));
          slider.dispatchEvent(new Event("change", { bubbles: true }));
        }""",
        value,
    )


# -- Every graph -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", moving_graphs.GRAPHS)
@pytest.mark.parametrize("width", [360, 1440])
def test_nothing_scrolls_sideways_and_everything_can_be_hit(visit, name, width):
    page = visit(name, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    boxes = page.locator(".moving :is(button, input[type=range])").locator("visible=true")
    heights = boxes.evaluate_all("all => all.map(one => one.getBoundingClientRect().height)")
    assert heights
    assert min(heights) >= 40


@pytest.mark.parametrize("name", moving_graphs.GRAPHS)
@pytest.mark.parametrize("reading", ["zh-TW", "en"])
def test_one_language_is_shown_and_said(visit, name, reading):
    page = visit(name, reading, reduced_motion="reduce")
    page.locator(".moving button").locator("visible=true").first.click()
    languages = page.locator(".moving .twin").evaluate_all(
        "all => all.filter(e => e.checkVisibility() && e.textContent.trim()).map(e => e.lang)"
    )
    assert set(languages) == {reading}
    status = page.locator(".moving [role=status]")
    assert bool(re.search("[\u4e00-\u9fff]", status.inner_text())) == (reading == "zh-TW")
    assert len(status.inner_text().strip()) > 10


@pytest.mark.parametrize("name", moving_graphs.GRAPHS)
def test_without_javascript_the_picture_stays(visit, name):
    page = visit(name, java_script_enabled=False)
    expect(page.locator(".moving :is(svg, table)").locator("visible=true").first).to_be_visible()
    assert page.locator(".moving :is(button, input)").locator("visible=true").count() == 0


@pytest.mark.parametrize("name", moving_graphs.GRAPHS)
def test_a_strict_policy_stops_nothing(visit, name):
    """Under a Content-Security-Policy for files of the site only, it still works."""
    page = visit(name)
    page.evaluate(
        """() => {
          const meta = document.createElement("meta");
          meta.httpEquiv = "Content-Security-Policy";
          meta.content = "script-src 'none'; style-src 'none'";
          document.head.append(meta);
          window.stopped = [];
          document.addEventListener("securitypolicyviolation", (e) =>
            window.stopped.push(e.violatedDirective));
        }"""
    )
    page.locator(".moving button").locator("visible=true").first.click()
    for slider in page.locator(".moving input[type=range]").all():
        slider.focus()
        page.keyboard.press("ArrowLeft")
    assert page.evaluate("window.stopped") == []


# -- Lesson 08's computation graph -----------------------------------------------------------


def by_torch(x1: float, w1: float, b: float, y: float) -> dict[str, float]:
    """Compute one setting with torch's autograd in float64."""
    x1, w1, b, y = (torch.tensor(v, dtype=torch.float64) for v in (x1, w1, b, y))
    w1.requires_grad_(), b.requires_grad_()
    u = w1 * x1
    z = u + b
    a = torch.sigmoid(z)
    loss = torch.nn.functional.binary_cross_entropy(a, y)
    for middle in (u, z, a):
        middle.retain_grad()
    loss.backward()
    found = {"u": u, "z": z, "a": a, "loss": loss}
    found |= {f"d{k}": v.grad for k, v in {"u": u, "z": z, "a": a, "w1": w1, "b": b}.items()}
    return {name: value.item() for name, value in found.items()}


def test_the_numbers_are_torchs_on_200_random_settings(chromium):
    """Half of them where a reader plays, half far outside, where logarithms are clamped."""
    draw = random.Random(0)
    settings = []
    for number in range(200):
        reach = 4 if number < 100 else 60
        x1, w1, b = (draw.uniform(-reach, reach) for _ in range(3))
        settings.append({"x1": x1, "w1": w1, "b": b, "y": draw.choice([0.0, 1.0, draw.random()])})
    page = chromium.new_page()
    page.add_script_tag(path=DOCS / "_static/moving/logistic.js")
    results = page.evaluate("all => all.map(one => movingLogistic.compute(one))", settings)
    page.close()
    clamped = 0
    for setting, result in zip(settings, results, strict=True):
        expected = by_torch(**setting)
        found = {name: result["values"][name] for name in ("u", "z", "a", "loss")}
        found |= {f"d{name}": value for name, value in result["grad"].items()}
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            assert found[name] == pytest.approx(value, rel=1e-6, abs=1e-12), (name, setting)
        clamped += expected["loss"] > 99
    assert clamped > 5  # the hard cases are there


def test_steps_of_descent_are_those_of_autograd(chromium):
    w1, b = -2.0, 0.5
    for _ in range(20):
        slopes = by_torch(1.5, w1, b, 1.0)
        w1, b = w1 - 0.7 * slopes["dw1"], b - 0.7 * slopes["db"]
    page = chromium.new_page()
    page.add_script_tag(path=DOCS / "_static/moving/logistic.js")
    found = page.evaluate(
        """() => {
          let setting = { x1: 1.5, w1: -2, b: 0.5, y: 1 };
          for (let step = 0; step < 20; step++) setting = movingLogistic.descend(setting, 0.7);
          return setting;
        }"""
    )
    page.close()
    assert found["w1"] == pytest.approx(w1, rel=1e-9)
    assert found["b"] == pytest.approx(b, rel=1e-9)


@pytest.mark.parametrize("width", [390, 1440])
def test_dragging_changes_values_derivatives_and_gradients(visit, width):
    page = visit("logistic", width=width)
    assert shown(page, '[data-value="loss"]') == "0.0852"
    drag_to(page, "x1", -0.7)
    drag_to(page, "y", 0)
    expected = by_torch(-0.7, 2.2, 0.0, 0.0)
    for name in ("u", "z", "a", "loss"):
        assert shown(page, f'[data-value="{name}"]') == f"{expected[name]:.4f}"
    for name in ("a", "z", "u", "w1", "b"):
        assert shown(page, f'[data-grad="{name}"]') == f"{expected['d' + name]:.4f}"
    assert shown(page, '[data-local="w1"]') == "-0.7000"
    expect(page.locator('input[type="number"][name="x1"]')).to_have_value("-0.7")
    said = page.locator(".moving [role=status]").inner_text().replace("−", "-")
    assert f"{expected['loss']:.4f}" in said
    assert f"{expected['dw1']:.4f}" in said


def test_it_speaks_only_when_a_drag_ends(visit):
    page = visit("logistic")
    slider = page.locator('.moving input[type="range"][name="w1"]')
    status = page.locator(".moving [role=status]")
    slider.evaluate("e => { e.value = 1; e.dispatchEvent(new Event('input', {bubbles: true})); }")
    assert shown(page, '[data-value="w1"]') == "1.0000"
    assert status.inner_text().strip() == ""
    slider.dispatch_event("change", {"bubbles": True})
    assert "z = 1.1000" in status.inner_text()


def test_the_keyboard_alone_walks_back_and_down(visit):
    page = visit("logistic", "en")
    page.locator('.moving [data-do="back"]').focus()
    products = []
    for _ in range(5):
        page.keyboard.press("Enter")
        products.append(page.locator(".moving [role=status]").inner_text().replace("−", "-"))
        assert page.locator(".moving-wide .moving-edge.moving-now").count() == 1
    expected = by_torch(1.1, 2.2, 0.0, 1.0)
    for said, name in zip(products, ("a", "z", "u", "w1", "b"), strict=True):
        assert f"= {expected['d' + name]:.4f}." in said
    # One gradient appears a step: after the first, only that of a.
    page.keyboard.press("Enter")
    seen = page.locator(".moving-wide .moving-grad:not(.moving-off)")
    assert seen.evaluate_all("all => all.map(one => one.dataset.of)") == ["a"]
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # one step of descent
    after = by_torch(1.1, 2.2 - expected["dw1"], -expected["db"], 1.0)
    assert shown(page, '[data-value="loss"]') == f"{after['loss']:.4f}"
    assert after["loss"] < expected["loss"]
    expect(page.locator(".moving-count [lang=en]")).to_contain_text("1 step: 0.0852 →")
    page.locator('.moving input[type="range"][name="b"]').focus()
    page.keyboard.press("Home")
    assert shown(page, '[data-value="b"]') == "-5.0000"
    page.locator('.moving [data-do="reset"]').press("Enter")
    assert shown(page, '[data-value="loss"]') == "0.0852"


def test_typing_a_number_does_not_fight_the_reader(visit):
    page = visit("logistic")
    field = page.locator('.moving input[type="number"][name="b"]')
    field.click(click_count=3)
    for key, value in (("-", "0.0000"), ("1", "-1.0000"), (".", "-1.0000"), ("5", "-1.5000")):
        page.keyboard.press(key)
        assert shown(page, '[data-value="b"]') == value
    expect(field).to_have_value("-1.5")
    page.keyboard.press("9")  # -1.59
    page.keyboard.press("Tab")
    assert shown(page, '[data-value="b"]') == "-1.5900"
    field.fill("77")  # outside: not taken
    page.keyboard.press("Tab")
    assert shown(page, '[data-value="b"]') == "-1.5900"
    expect(field).to_have_value("-1.59")


@pytest.mark.parametrize(("motion", "moves"), [("reduce", False), ("no-preference", True)])
def test_reduced_motion_is_honoured(visit, motion, moves):
    page = visit("logistic", reduced_motion=motion)
    page.locator('.moving [data-do="back"]').click()
    name = page.locator(".moving-wide .moving-now > .moving-back").evaluate(
        "edge => getComputedStyle(edge).animationName"
    )
    assert (name != "none") == moves


# -- Lesson 05's tensor and its memory -------------------------------------------------------


def test_every_element_leads_to_its_cell(visit):
    """Where torch finds an element in memory, and what it reads there."""
    page = visit("strides")
    x = eval(moving_graphs.TENSOR, {"torch": torch})
    for number, code in enumerate(moving_graphs.OPERATIONS):
        page.locator(".moving-choice label").nth(number).click()
        tensor = eval(code, {"x": x})
        base = tensor if tensor.untyped_storage().data_ptr() != x.data_ptr() else x
        clicked = page.locator(".moving-grid button").evaluate_all(
            """all => all.map(button => {
              button.click();
              const picked = document.querySelectorAll(".moving-memory .moving-picked");
              return [button.dataset.index.split(",").map(Number), Number(button.textContent),
                [...picked].map(one => Number(one.nextSibling.textContent)),
                document.querySelector(".moving-sum").lastChild.textContent];
            })"""
        )
        assert len(clicked) == tensor.numel()
        for index, value, cells, total in clicked:
            element = tensor[tuple(index)]
            cell = (element.data_ptr() - base.data_ptr()) // tensor.element_size()
            assert value == element.item()
            assert cells == [cell]
            assert total == f"= {cell}"
        facts = [page.locator(f'[data-fact="{name}"]').inner_text() for name in ("shape", "stride")]
        assert facts == [str(tuple(tensor.shape)), str(tensor.stride())]


def test_arrows_walk_the_tensor_and_its_memory(visit):
    page = visit("strides", "en")
    page.locator(".moving-choice input").first.focus()
    page.keyboard.press("ArrowRight")  # x.t()
    status = page.locator(".moving [role=status]")
    assert "x.t(): shape (4, 3), strides (1, 4)" in status.inner_text()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "15"  # x.t()[1, 1]
    for key, value, cell in (("ArrowDown", 16, 6), ("ArrowRight", 20, 10), ("ArrowUp", 19, 9)):
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.textContent") == str(value)
        assert f"cell {cell} = 0 + " in status.inner_text()
        assert f"holds {value}." in status.inner_text()
    page.keyboard.press("Tab")  # the same cell, in memory
    assert page.evaluate("document.activeElement.parentNode.textContent") == "199"
    page.keyboard.press("ArrowLeft")
    assert "Index [0, 2]: cell 8 = 0 + 0 × 1 + 2 × 4 = 8" in status.inner_text()
    assert page.locator(".moving-grid .moving-picked").inner_text() == "18"


def test_a_cell_that_is_not_read_says_so_and_one_read_often_shows_all(visit):
    page = visit("strides", "en")
    page.get_by_label("x[1:]").check()
    page.locator(".moving-memory button").first.click()
    assert "Cell 0 is not read." in page.locator(".moving [role=status]").inner_text()
    assert page.locator(".moving-grid .moving-picked").count() == 0
    page.get_by_label("x[:, :1].expand(3, 4)").check()
    page.locator(".moving-memory button").nth(4).click()
    assert page.locator(".moving-grid .moving-picked").all_inner_texts() == ["14"] * 4
    page.get_by_label("x.t().contiguous()").check()
    expect(page.get_by_text("Other memory, a copy")).to_be_visible()
    expect(page.get_by_text("The memory of x")).to_be_hidden()


# -- Lesson 13's training runs ---------------------------------------------------------------


@pytest.fixture(scope="module")
def runs(built) -> list[dict]:
    html = (built / "learning-rate.html").read_text(encoding="utf-8")
    return json.loads(re.search('class="moving-numbers">(.*?)</script>', html)[1])["runs"]


def test_each_rate_is_named_and_its_curve_stands_out(visit, runs):
    page = visit("learning-rate", "en")
    slider = page.locator('[name="rate"]')
    slider.focus()
    page.keyboard.press("Home")
    words = {"small": "Too small", "right": "Right", "large": "Too large"}
    for number, run in enumerate(runs):
        assert slider.get_attribute("aria-valuetext") == f"{run['rate']:g}"
        said = page.locator(".moving [role=status]").inner_text()
        assert said.startswith(f"lr = {run['rate']:g}. {words[run['verdict']]}")
        last = run["losses"][-1]
        assert (f"loss {last:.2f}" if last is not None else "loss nan") in said
        chosen = page.locator(".moving-curve").evaluate_all(
            "all => all.map(one => one.classList.contains('moving-chosen')).indexOf(true)"
        )
        assert chosen == number
        page.keyboard.press("ArrowRight")
    assert "The numbers outgrew float32" in said
    assert "no answer" in said


def colours(page: Page) -> set[tuple[int, int]]:
    """Give which two colour channels lead, for the ground at many places of the map."""
    return set(
        page.locator(".moving-map").evaluate(
            """canvas => [...Array(400).keys()].map(n => {
              const at = [12 * (n % 20), 12 * Math.floor(n / 20)];
              return canvas.getContext("2d").getImageData(...at, 1, 1).data.slice(0, 3).join(" ");
            })"""
        )
    )


def test_the_boundary_is_drawn_and_nan_gives_no_answer(visit, runs):
    page = visit("learning-rate")
    assert len(colours(page)) >= 3
    drag_to(page, "rate", len(runs) - 1)
    ground = page.locator(".moving-map").evaluate(
        "canvas => [...canvas.getContext('2d').getImageData(1, 1, 1, 1).data].slice(0, 3)"
    )
    assert max(ground) - min(ground) < 8  # grey


def test_it_trains_from_the_start_and_says_so_once_at_the_end(visit, runs):
    page = visit("learning-rate", "en", reduced_motion="no-preference")
    status = page.locator(".moving [role=status]")
    page.get_by_role("button", name="Train once more").press("Enter")
    expect(page.locator('[data-fact="epoch"]')).to_have_text("0")
    assert status.inner_text().strip() == ""
    expect(page.locator('[data-fact="epoch"]')).to_have_text("30", timeout=20_000)
    expect(status).to_contain_text("After 30 epochs: loss 0.04")


def test_with_reduced_motion_it_goes_to_the_end_at_once(visit):
    page = visit("learning-rate", "en", reduced_motion="reduce")
    drag_to(page, "epoch", 1)
    expect(page.locator(".moving [role=status]")).to_contain_text("After 1 epoch:")
    page.get_by_role("button", name="Train once more").click()
    assert page.locator('[data-fact="epoch"]').inner_text() == "30"
