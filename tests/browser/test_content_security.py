"""The Content-Security-Policy in a real browser: the site keeps it, and it holds."""

from itertools import cycle, product

import pytest
from served import READINGS, THEMES, choose, serve

LISTEN = """
  globalThis.violations = [];
  document.addEventListener("securitypolicyviolation", (event) =>
    violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
"""
SMUGGLE = """() => {
  const script = document.createElement("script");
  script.textContent = "globalThis.smuggled = true";
  document.body.append(script);
  const link = document.createElement("div");
  link.innerHTML = "<img src='data:,' onerror='globalThis.smuggled = true'>"
    + "<img src='https://elsewhere.invalid/picture.png'>";
  document.body.append(link);
}"""


@pytest.fixture(params=["http", "file"])
def address(request, site):
    if request.param == "file":
        yield site.resolve().as_uri() + "/"
    else:
        with serve(site) as address:
            yield address


@pytest.fixture
def page(chromium):
    context = chromium.new_context()
    context.add_init_script(LISTEN)
    page = context.new_page()
    yield page
    context.close()


def test_no_page_breaks_the_policy(page, address, site):
    names = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    if address.startswith("file:"):
        # 404.html has addresses that begin at a server's root; of the others, one of each folder.
        names.remove("404.html")
        names = list({name.rpartition("/")[0]: name for name in names}.values())
    broken = {}
    for name, (theme, reading) in zip(names, cycle(product(THEMES, READINGS)), strict=False):
        page.goto(address + name)
        choose(page, theme, reading)
        if found := page.evaluate("violations"):
            broken[name] = found
    assert broken == {}


def test_a_search_breaks_nothing(page, address):
    page.goto(f"{address}search.html?q=view")
    page.locator("#search-results li").first.wait_for()
    assert page.evaluate("violations") == []


def test_what_is_smuggled_in_does_not_run(page, address):
    page.goto(f"{address}index.html")
    page.evaluate(SMUGGLE)
    page.wait_for_function("violations.length >= 3")
    assert page.evaluate("globalThis.smuggled") is None
    blocked = {line.split()[0] for line in page.evaluate("violations")}
    assert blocked == {"script-src-elem", "script-src-attr", "img-src"}
