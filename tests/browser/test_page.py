"""Reading the built site in a real browser: type, code to copy, progress, paper, no JavaScript."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

ROOT = Path(__file__).parents[2]
MODES = ("zh-TW", "both", "en")
LESSON = "lessons/3_autograd/08_computation_graph"
PHONE = 320
REQUESTS = 12  # of a lesson page, its figures apart


@pytest.fixture
def visit(chromium, site):
    """Open pages in one fresh profile: ``visit("index", "en", width=390)``; no error may occur."""
    contexts, errors = {}, []

    def open_page(name=LESSON, reading="", *, width=1440, init=None, **options) -> Page:
        key = tuple(sorted(options.items()))
        if key not in contexts:
            contexts[key] = chromium.new_context(**options)
        page = contexts[key].new_page()
        page.set_viewport_size({"width": width, "height": 900})
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: line.type == "error" and errors.append(line.text))
        if init:
            page.add_init_script(init)
        query = f"?reading={reading}" if reading else ""
        page.goto(f"{(site / f'{name}.html').as_uri()}{query}")
        return page

    yield open_page
    for context in contexts.values():
        context.close()
    assert errors == []


@pytest.fixture(scope="module")
def walk(chromium, site) -> dict[str, dict]:
    """Open every page once on a small phone, and note what the tests below ask for."""
    page = chromium.new_page(viewport={"width": PHONE, "height": 640})
    files = []
    page.on("request", lambda request: files.append(request.url))
    found = {}
    for path in sorted(site.rglob("*.html")):
        if path.name == "404.html":  # names its files from the top of a server
            continue
        files.clear()
        page.goto(path.as_uri())
        name = path.relative_to(site).with_suffix("").as_posix()
        found[name] = page.evaluate(LOOK, MODES) | {"files": list(files), "title": page.title()}
    page.close()
    return found


LOOK = """modes => {
  const number = place =>
    document.querySelector(`${place} > .lesson-number`)?.textContent ?? null;
  const links = place => [...document.querySelectorAll(`${place} a[download]`)]
    .map(link => decodeURI(link.pathname));
  return {
    widths: modes.map(mode => {
      document.documentElement.dataset.reading = mode;
      return document.documentElement.scrollWidth;
    }),
    code: document.querySelectorAll(".highlight-Python").length,  // in sphinx-gallery's spelling
    cells: [...document.querySelectorAll(".numbered")].map(cell => [
      [...cell.querySelectorAll(".line-links a")].map(link => Number(link.textContent)),
      cell.querySelector("pre").textContent,
    ]),
    numbers: ["h1", ".sidebar-tree a.current", ".next-page .title"].map(number),
    downloads: ["h1 ~ .downloads", ".downloads-foot .downloads"].map(links),
  };
}"""


@pytest.fixture(scope="module")
def lessons(walk) -> dict[str, dict]:
    return {name: seen for name, seen in walk.items() if re.match(r"lessons/.*/\d\d_", name)}


# -- Type ------------------------------------------------------------------------------------

# The lines of every paragraph of plain text, without its last.
LINES = """lang => [...document.querySelectorAll(`article section > .pair > p[lang="${lang}"]`)]
  .filter(p => p.childNodes.length === 1 && p.checkVisibility())
  .flatMap(p => {
    const range = document.createRange(), lines = new Map();
    for (let i = 0; i < p.firstChild.length; i++) {
      range.setStart(p.firstChild, i);
      range.setEnd(p.firstChild, i + 1);
      const top = Math.round(range.getBoundingClientRect().top);
      lines.set(top, (lines.get(top) ?? "") + p.firstChild.data[i]);
    }
    return [...lines].sort((a, b) => a[0] - b[0]).map(line => line[1]).slice(0, -1);
  })"""


@pytest.mark.parametrize(("reading", "least", "most"), [("zh-TW", 36, 42), ("en", 66, 75)])
def test_a_line_has_the_length_that_reads_well(visit, reading, least, most):
    names = ("5_practice/15_evaluation", "5_practice/16_overfitting", "4_networks/12_data_loading")
    lines = []
    for name in names:
        lines += visit(f"lessons/{name}", reading).evaluate(LINES, reading)
    if reading == "zh-TW":
        lines = [line for line in lines if not re.search("[A-Za-z0-9]", line)]
    lengths = sorted(len(line.strip()) for line in lines)
    assert len(lengths) >= 5
    assert least <= lengths[len(lengths) // 2] <= most, lengths
    assert lengths[-1] <= most + 5, "words end where they end"


STARTS = """() => {
  const wrong = [];
  const walker = document.createTreeWalker(document.querySelector("article"), NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  let before = null;
  while (walker.nextNode()) {
    const text = walker.currentNode;
    if (text.parentElement.closest("pre, svg, math, .visually-hidden") ||
        !text.parentElement.checkVisibility()) continue;
    for (let i = 0; i < text.length; i++) {
      if (!text.data[i].trim()) continue;
      range.setStart(text, i);
      range.setEnd(text, i + 1);
      const box = range.getBoundingClientRect();
      const block = text.parentElement.closest("p, li, td, th, dt, dd, h1, h2, h3, a, summary");
      if (before?.block === block && "，。、；：？！」』）》".includes(text.data[i]) &&
          box.top > before.bottom) {
        wrong.push(block.textContent.slice(0, 30) + " … " + text.data.slice(i, i + 5));
      }
      before = { block, bottom: box.bottom - 1 };
    }
  }
  return wrong;
}"""


@pytest.mark.parametrize("width", [PHONE, 1440])
def test_no_line_starts_with_punctuation(visit, width):
    for name in ("index", "lessons/2_tensors/04_data_types", LESSON):
        assert visit(name, "zh-TW", width=width).evaluate(STARTS) == [], name


def test_no_page_scrolls_sideways_on_a_small_phone(walk):
    assert len(walk) > 30
    wide = {name: seen["widths"] for name, seen in walk.items() if max(seen["widths"]) > PHONE}
    assert wide == {}


def test_figures_keep_their_paper_in_the_dark(visit):
    page = visit(color_scheme="dark")
    look = "image => getComputedStyle(image).backgroundColor"
    assert page.locator("article figure img").first.evaluate(look) == "rgb(255, 255, 255)"
    assert page.locator("body").evaluate(look) != "rgb(255, 255, 255)"


def test_code_is_dark_in_the_dark(visit):
    look = (
        "code => getComputedStyle(code).backgroundColor.match(/[0-9.]+/g).slice(0, 3).map(Number)"
    )
    for scheme, dark in (("dark", True), ("light", False)):
        page = visit(color_scheme=scheme)
        ground = page.locator(".highlight").first.evaluate(look)
        assert (max(ground) < 80) == dark, (scheme, ground)
        module = page.locator(".highlight .nn").first
        line = module.evaluate("name => getComputedStyle(name).textDecorationLine")
        assert line == "none", "only links are underlined"


# -- Home and path ---------------------------------------------------------------------------


@pytest.mark.parametrize("width", [390, 1440])
def test_every_box_of_the_path_leads_to_its_part(visit, width):
    page = visit("index", "en", width=width)
    links = page.locator(".mermaid-svg a:visible")
    assert links.count() == 6
    parts = sorted(path.name for path in (ROOT / "gallery").glob("[0-9]_*"))
    targets = [link.get_attribute("href") for link in links.all()]
    assert targets == [f"lessons/{part}/index.html" for part in parts]
    box = page.locator(".mermaid-svg:visible").first.bounding_box()
    assert (box["height"] < 200) == (width == 1440), "lying on a wide page, standing on a phone"
    links.nth(2).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/3_autograd/index.html")
    expect(page.locator("h1")).to_contain_text("Automatic differentiation")


def test_cards_count_the_lessons_and_add_up_their_minutes(visit):
    page = visit("index", "en")
    for part, facts in zip(
        sorted((ROOT / "gallery").glob("[0-9]_*")),
        page.locator("ul.cards .facts").all(),
        strict=True,
    ):
        scripts = [path.read_text(encoding="utf-8") for path in part.glob("*.py")]
        minutes = [int(re.search(r"[Aa]bout (\d+) minutes", text)[1]) for text in scripts]
        words = f"{len(scripts)} lessons, {sum(minutes)} min"
        expect(facts).to_have_text(re.compile(re.escape(words)), use_inner_text=True)


def test_lessons_have_the_numbers_of_their_scripts(lessons):
    scripts = sorted((ROOT / "gallery").glob("*/[0-9]*.py"))
    assert [Path(name).name for name in lessons] == [script.stem for script in scripts]
    for (name, seen), script in zip(lessons.items(), scripts, strict=True):
        number = script.name[:2]
        following = {path.name[:2] for path in script.parent.glob("*.py") if path > script}
        assert seen["numbers"] == [number, number, min(following, default=None)], name
        assert seen["title"].startswith(f"{number} "), name


# -- Progress --------------------------------------------------------------------------------


def test_ticks_and_the_place_are_kept_shown_and_cleared(visit):
    home = visit("index", "en")
    expect(home.locator(".progress, .continue, .lesson-read")).to_have_count(1)
    expect(home.locator(".progress")).to_be_hidden()

    lesson = visit(reading="en")
    expect(lesson.locator(".lesson-read")).to_have_count(0)
    lesson.get_by_role("checkbox", name="I have read this lesson").focus()
    lesson.keyboard.press("Space")
    here = lesson.locator(".sidebar-tree a.current.reference:has(> .lesson-number)")
    expect(here.locator(".lesson-read")).to_contain_text("(read)")

    # An open tab hears of it; a lesson that is read is followed by the next.
    expect(home.locator(".continue a")).to_have_text(re.compile("lesson 9$"), use_inner_text=True)
    expect(home.locator(".facts .lesson-read")).to_have_text(
        re.compile("^✓?1 of 3 read$"), use_inner_text=True
    )
    home.locator(".continue a").click()
    home.wait_for_url("**/09_gradients.html")
    expect(home.get_by_role("checkbox", name="I have read this lesson")).not_to_be_checked()

    again = visit("index", "en")
    again.get_by_role("button", name="Clear my progress").click()
    expect(again.locator(".continue, .lesson-read")).to_have_count(0)
    expect(again.locator(".progress")).to_be_hidden()
    assert again.evaluate("localStorage.getItem('progress')") is None
    again.reload()
    expect(again.locator(".continue, .lesson-read")).to_have_count(0)


def test_the_last_lesson_is_offered_until_it_is_read(visit):
    visit()
    expect(visit("index", "en").locator(".continue a")).to_have_attribute(
        "href", re.compile(r"08_computation_graph\.html$")
    )


@pytest.mark.parametrize("kept", ["null", "{", '{"last": 3, "read": "x"}'])
def test_nonsense_in_the_storage_counts_as_nothing(visit, kept):
    init = f"localStorage.getItem('progress') || localStorage.setItem('progress', {kept!r})"
    page = visit("index", init=init)
    expect(page.locator(".continue, .lesson-read")).to_have_count(0)
    page = visit(LESSON)
    page.locator(".progress input").check()
    expect(page.locator(".sidebar-tree .lesson-read")).to_have_count(1)


def test_where_the_browser_keeps_nothing_there_are_no_boxes(visit):
    block = (
        "Object.defineProperty(window, 'localStorage',"
        " { configurable: true, get() { throw new Error('no'); } })"
    )
    full = "Storage.prototype.setItem = () => { throw new DOMException('full') }"
    for init in (block, full):
        for name in ("index", LESSON):
            page = visit(name, init=init)
            expect(page.locator(".progress")).to_be_hidden()
            expect(page.locator(".continue")).to_have_count(0)


# -- Code ------------------------------------------------------------------------------------


def copied(page: Page, block: str) -> str:
    page.locator(block).first.hover()
    page.locator(f"{block} .copy-code").first.click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
    return page.evaluate("navigator.clipboard.readText()")


ALLOWED = {"permissions": ("clipboard-read", "clipboard-write")}


def test_a_copied_cell_is_the_cell_of_the_script(visit):
    page = visit(reading="en", **ALLOWED)
    text = copied(page, "article .highlight-Python")
    script = (ROOT / "gallery/3_autograd/08_computation_graph.py").read_text(encoding="utf-8")
    assert text.startswith("import torch")
    assert f"\n{text}\n" in script


def test_of_a_session_only_the_commands_are_copied(visit):
    source = (ROOT / "docs/contributing.md").read_text(encoding="utf-8")
    session = re.search(r"```console\n(.*?)```", source, re.S)[1].splitlines()
    commands = [line.removeprefix("$ ") for line in session if line.startswith("$ ")]
    assert len(commands) > 1
    page = visit("contributing", "en", **ALLOWED)
    assert copied(page, "article .highlight-console").splitlines() == commands

    page = visit("reference/tensors", "en", **ALLOWED)
    block = "article .highlight:has(.gp):has(.go)"
    shown = page.locator(f"{block} pre").first.text_content().splitlines()
    expected = [line[4:] for line in shown if line.startswith((">>> ", "... "))]
    assert len(expected) < len([line for line in shown if line])
    assert copied(page, block).splitlines() == expected


def test_copying_works_where_the_clipboard_is_refused(visit):
    refuse = "navigator.clipboard.writeText = () => Promise.reject(new Error('no'));"
    page = visit(reading="en", init=refuse, **ALLOWED)
    assert copied(page, "article .highlight-Python").startswith("import torch")


def test_every_block_but_outputs_can_be_copied_by_keyboard(visit):
    page = visit("lessons/2_tensors/04_data_types", "zh-TW")
    blocks = page.locator("article .highlight").count()
    outputs = page.locator("article .output").count()
    assert outputs > 5
    assert page.locator("article .copy-code").count() == blocks - outputs
    button = page.locator("article .copy-code").first
    expect(button).to_have_css("opacity", "0")
    button.focus()
    expect(button).to_have_css("opacity", "1")
    expect(button).to_have_accessible_name(re.compile("複製"))


def test_lines_have_the_numbers_of_the_downloaded_script(lessons):
    for name, seen in lessons.items():
        script = next(link for link in seen["downloads"][0] if link.endswith(".py"))
        lines = Path(script).read_text(encoding="utf-8").splitlines()
        assert len(seen["cells"]) == seen["code"] > 3, name
        for numbers, text in seen["cells"]:
            shown = text.rstrip().splitlines()
            assert numbers == list(range(numbers[0], numbers[0] + len(shown))), name
            assert lines[numbers[0] - 1 : numbers[-1]] == shown, name


# How far the middle of each number is from the middle of its line.
OFFSETS = """() => [...document.querySelectorAll(".numbered")].flatMap(cell => {
  const pre = cell.querySelector("pre");
  const middle = box => box.top + box.height / 2;
  const walker = document.createTreeWalker(pre, NodeFilter.SHOW_TEXT);
  const middles = new Map();  // of the first letter of each line
  const range = document.createRange();
  let line = 0;
  while (walker.nextNode()) {
    [...walker.currentNode.data].reduce((at, letter) => {
      if (letter === "\\n") line++;
      else if (!middles.has(line)) {
        range.setStart(walker.currentNode, at);
        range.setEnd(walker.currentNode, at + letter.length);
        middles.set(line, middle(range.getBoundingClientRect()));
      }
      return at + letter.length;
    }, 0);
  }
  const links = cell.querySelectorAll(".line-links a");
  return [...middles].map(([at, y]) => Math.abs(middle(links[at].getBoundingClientRect()) - y));
})"""


@pytest.mark.parametrize("touch", [False, True])
def test_numbers_stand_beside_their_lines(visit, touch):
    for name in (LESSON, "lessons/4_networks/13_training_loop"):
        offsets = visit(name, has_touch=touch, is_mobile=touch).evaluate(OFFSETS)
        assert len(offsets) > 50
        assert max(offsets) < 3, "less than a quarter of a line"


def marked(page: Page) -> list[int]:
    return [int(number) for number in page.locator(".line-links .marked").all_text_contents()]


def first_line(page: Page) -> int:
    return int(page.locator(".line-links a").first.text_content())


def number(page: Page, line: int):
    return page.locator(".line-links a", has_text=re.compile(f"^{line}$"))


def test_a_number_links_to_its_line_and_with_shift_to_several(visit):
    page = visit(reading="en")
    line = first_line(page) + 4
    number(page, line).scroll_into_view_if_needed()
    place = page.evaluate("scrollY")
    number(page, line).click()
    assert page.url.endswith(f"?reading=en#line-{line}")
    assert marked(page) == [line]
    number(page, line - 2).click(modifiers=["Shift"])
    assert page.url.endswith(f"#line-{line - 2}-{line}")
    assert marked(page) == [line - 2, line - 1, line]
    assert page.evaluate("scrollY") == place, "the reader sees the line already"


@pytest.mark.parametrize("width", [390, 1440])
def test_an_address_with_a_line_shows_it(visit, width):
    page = visit(width=width)
    first = first_line(page)
    for lines, expected in {
        f"#line-{first}": [first],
        f"#line-{first + 4}-{first + 2}": [],
        "#line-1": [],  # of the text, which has no numbers
        f"#line-{first + 2}-{first + 4}": [first + 2, first + 3, first + 4],
    }.items():
        page.evaluate("hash => { location.hash = hash }", lines)
        expect(page.locator(".line-links .marked")).to_have_count(len(expected))
        assert marked(page) == expected
    page.reload()
    expect(page.locator(".line-links .marked")).to_have_count(3)
    bar = "link => getComputedStyle(link, '::after').width"
    wide = page.locator(".line-links .marked").first.evaluate(bar)
    cell = page.locator(".numbered:has(.marked) .highlight").bounding_box()
    assert abs(float(wide.removesuffix("px")) - cell["width"]) < 4, "the bar crosses the block"
    assert 0 < cell["y"] < 900


def test_the_arrow_keys_walk_the_numbers_and_the_tab_key_stops_once(visit):
    page = visit()
    first = first_line(page)
    column = page.locator(".line-links").first
    assert column.locator("[tabindex='0']").all_text_contents() == [str(first)]
    column.locator("a").first.focus()
    for key in ("ArrowUp", "ArrowDown", "ArrowDown", "ArrowUp", "ArrowDown"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    assert marked(page) == [first + 2]
    assert column.locator("[tabindex='0']").all_text_contents() == [str(first + 2)]
    expect(column).to_have_accessible_name(re.compile("Lines of the code"))


def test_an_error_is_named_and_stands_out(visit):
    page = visit("lessons/2_tensors/05_shape_and_memory", "en")
    error = page.locator(".output.error").filter(has_text="view size is not compatible")
    label = error.locator(".output-label")
    expect(label).to_have_text("Output: RuntimeError caught", use_inner_text=True)
    border = "box => getComputedStyle(box).borderInlineStartColor"
    plain = page.locator(".output:not(.error)").first
    assert error.evaluate(border) != plain.evaluate(border)
    expect(plain.locator(".output-label")).to_have_text("Output", use_inner_text=True)


def test_downloads_stand_at_top_and_foot_and_answer(lessons):
    for name, seen in lessons.items():
        for links in map(sorted, seen["downloads"]):
            assert {".py", ".ipynb", ".zip"} <= {Path(link).suffix for link in links}, name
            assert all(Path(link).stat().st_size > 0 for link in links), name


# -- Paper -----------------------------------------------------------------------------------


@pytest.mark.parametrize("reading", MODES)
def test_print_shows_the_text_in_the_chosen_mode_and_nothing_else(visit, reading):
    page = visit(reading=reading, color_scheme="dark")
    page.locator("details.admonition").nth(1).locator("summary").click()
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 640, "height": 900})
    for gone in (
        ".sidebar-drawer",
        ".toc-drawer",
        ".mobile-header",
        ".reading",
        ".related-pages",
        ".skip-to-content",
        ".back-to-top",
        ".copy-code",
        ".line-links",
        ".progress",
        ".downloads",
    ):
        assert page.locator(gone).count(), gone
        assert page.locator(f"{gone}:visible").count() == 0, gone
    shown = page.locator("article .twin").evaluate_all(
        """all => [...new Set(all.filter(e => e.checkVisibility())
          .map(e => e.getAttribute("lang")))].sort()"""
    )
    assert shown == (["en", "zh-TW"] if reading == "both" else [reading])
    cut = page.locator("article pre").evaluate_all(
        "all => all.filter(pre => pre.scrollWidth > pre.clientWidth + 1).length"
    )
    assert cut == 0
    # Only the answer that was opened is on the paper.
    details = page.locator("details.admonition")
    assert [answer.is_visible() for answer in details.all()] == [False, True, False]
    assert page.locator("body").evaluate("e => getComputedStyle(e).color") == "rgb(0, 0, 0)"
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


# -- Without JavaScript ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["index", LESSON])
def test_without_javascript_both_languages_show_and_nothing_is_dead(visit, name):
    page = visit(name, java_script_enabled=False)
    for lang in ("zh-TW", "en"):
        expect(page.locator(f"article p.twin[lang={lang}]").first).to_be_visible()
    for control in (".copy-code", ".progress", ".reading", ".continue"):
        assert page.locator(f"{control}:visible").count() == 0, control
    if name == LESSON:
        expect(page.locator(".output-label").first).to_be_visible()
        expect(page.locator(".numbered .highlight").first).to_have_css("display", "block")
    else:
        page.locator(".mermaid-svg a:visible").first.click()
        page.wait_for_url("**/1_start/index.html")


# -- Weight ----------------------------------------------------------------------------------


def test_a_lesson_asks_for_few_files_and_none_from_elsewhere(lessons):
    for name, seen in lessons.items():
        assert all(url.startswith("file:") for url in seen["files"]), name
        files = [url for url in seen["files"] if "/_images/" not in url]
        assert len(files) <= REQUESTS, files
