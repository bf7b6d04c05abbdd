"""Whether everyone can read the built site: axe-core on its pages, and the way of the keyboard.

Every page is examined in one of the six ways to read it (two themes, three reading modes), in turn,
and a page of each kind in all six. ``ACCESS=all`` examines every page in all six, which takes five
times as long. The site is served, since ``404.html`` needs a server to find its style sheets.
"""

import os
from itertools import cycle, product
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from served import READINGS, THEMES, choose, serve

WAYS = list(product(THEMES, READINGS))
KINDS = ("index.html", "lessons/2_tensors/05_shape_and_memory.html")
OPTIONS = {
    "preload": False,
    "resultTypes": ["violations"],  # else most of the time goes into telling what is right
    "rules": {"target-size": {"enabled": True}},
}
LESSON = "lessons/3_autograd/09_gradients.html"


@pytest.fixture(scope="module")
def address(site):
    with serve(site) as address:
        yield address


@pytest.fixture
def visit(chromium, address):
    """Give a function that opens a page of the site."""
    contexts = []

    def visit(name: str, width: int = 1280, **settings):
        contexts.append(chromium.new_context(viewport={"width": width, "height": 800}, **settings))
        page = contexts[-1].new_page()
        page.goto(address + name)
        return page

    yield visit
    for context in contexts:
        context.close()


# -- axe-core --------------------------------------------------------------------------------


def ways_to_examine(site: Path) -> dict[str, list[tuple[str, str]]]:
    """Say in which ways each page is examined."""
    names = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    everything = os.environ.get("ACCESS") == "all"
    return {
        name: WAYS if everything or name in KINDS else [way]
        for name, way in zip(names, cycle(WAYS), strict=False)
    }


def test_axe_finds_nothing(site, visit):
    page = visit("index.html")
    address = page.url.removesuffix("index.html")
    axe, wrong = Axe(), []
    for name, ways in ways_to_examine(site).items():
        page.goto(address + name)
        # What is folded is read as well.
        page.evaluate("document.querySelectorAll('details').forEach((box) => (box.open = true))")
        for theme, reading in ways:
            choose(page, theme, reading)
            results = axe.run(page, options=OPTIONS)
            if results.violations_count:
                wrong.append(f"{name} ({theme}, {reading}): {results.generate_report()}")
    assert not wrong, "\n".join(wrong)


# -- Keyboard --------------------------------------------------------------------------------

FOCUS = """() => {
  const at = document.activeElement;
  const seen = (node) => {
    const style = getComputedStyle(node);
    const box = node.getBoundingClientRect();
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0
      && box.width > 0 && box.height > 0 && box.right > 0 && box.left < innerWidth
      && box.bottom > 0 && box.top < innerHeight;
  };
  return {
    // A hidden checkbox or radio shows its focus on its label.
    seen: [at, ...(at.labels ?? [])].some(seen),
    what: at.outerHTML.slice(0, 120),
    kind: at.matches("a") ? `a ${at.getAttribute("href")}` : at.name || at.className || at.tagName,
  };
}"""


def walk(page, most: int = 400) -> list[dict]:
    """Press Tab until the focus leaves the page; list what had it."""
    stops = []
    for _press in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            return stops
        stops.append(page.evaluate(FOCUS))
    pytest.fail(f"the focus never leaves the page after {most} stops")


@pytest.mark.parametrize("width", [1280, 390])
def test_the_focus_is_seen_wherever_it_goes(visit, width):
    stops = walk(visit(LESSON, width, reduced_motion="reduce"))
    assert [stop["what"] for stop in stops if not stop["seen"]] == []


def test_the_keyboard_reaches_all_that_the_mouse_does(visit):
    page = visit(LESSON, reduced_motion="reduce")
    kinds = [stop["kind"] for stop in walk(page)]
    assert kinds[0] == "a #furo-main-content"
    assert "q" in kinds
    assert "reading-sidebar" in kinds
    assert any("toctree-checkbox" in kind or kind.startswith("toctree") for kind in kinds)
    links = page.eval_on_selector_all(
        "article a[href]:not(.line-links > [tabindex='-1'])",  # to those the arrow keys lead
        """links => links.filter((link) => link.checkVisibility({ visibilityProperty: true }))
          .map((link) => link.getAttribute("href"))""",
    )
    assert set(links) <= {kind.removeprefix("a ") for kind in kinds}


@pytest.mark.parametrize(("presses", "place"), [(1, "article"), (2, ".sidebar-drawer")])
def test_the_skip_links_lead_to_the_text_and_to_the_contents(visit, presses, place):
    page = visit(LESSON)
    for _press in range(presses):
        page.keyboard.press("Tab")
    expect(page.locator(".skip-to-content:focus")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("place => document.activeElement.closest(place) !== null", place)


def test_a_phone_has_no_link_to_what_it_has_folded_away(visit):
    page = visit(LESSON, 390)
    expect(page.locator(".to-contents")).to_be_hidden()


@pytest.mark.parametrize(
    ("icon", "drawer"),
    [(".nav-overlay-icon", ".sidebar-drawer"), (".toc-header-icon", ".toc-drawer")],
)
def test_the_sidebars_open_with_the_keyboard_on_a_phone(visit, icon, drawer):
    page = visit(LESSON, 390, reduced_motion="reduce")
    drawer, icon = page.locator(drawer), page.locator(f"{icon} > .icon")
    expect(drawer).to_be_hidden()
    icon.focus()
    page.keyboard.press("Enter")
    expect(drawer).to_be_visible()
    expect(drawer.locator("a:visible").first).to_be_focused()
    expect(icon).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(icon).to_be_focused()


def test_a_branch_of_the_contents_opens_with_the_keyboard(visit):
    page = visit("index.html")
    box = page.locator(".sidebar-tree .toctree-checkbox").first
    branch = box.locator("xpath=following-sibling::ul")
    expect(branch).to_be_hidden()
    box.focus()
    page.keyboard.press("Space")
    expect(branch).to_be_visible()


def test_what_scrolls_takes_the_focus_and_nothing_else_does(visit):
    page = visit(LESSON, 390)
    boxes = page.locator("article pre")
    page.wait_for_function("document.querySelector('article pre[tabindex]')")
    wrong = boxes.evaluate_all(
        """boxes => boxes.filter((box) => box.checkVisibility()).filter((box) => {
          const wide = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
          return wide !== (box.tabIndex === 0);
        }).map((box) => box.textContent)"""
    )
    assert wrong == []


def test_less_motion_is_given_to_whoever_asks(visit):
    moving = """() => [...document.querySelectorAll("*")].filter((node) => {
      const style = getComputedStyle(node);
      return style.scrollBehavior === "smooth" || parseFloat(style.transitionDuration) > 0
        || parseFloat(style.animationDuration) > 0;
    }).length"""
    assert visit(LESSON).evaluate(moving) > 0
    assert visit(LESSON, reduced_motion="reduce").evaluate(moving) == 0
