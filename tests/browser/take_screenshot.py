"""Photograph a lesson page for the README; run by ``nox -s screenshot``."""

from pathlib import Path

from served import launch

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/_build/html/lessons/3_autograd/08_computation_graph.html"
PICTURE = ROOT / ".github/lesson.png"

with launch() as browser:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"{PAGE.as_uri()}?reading=both")
    page.screenshot(path=PICTURE)
print(f"{PICTURE}: {PICTURE.stat().st_size / 1024:.0f} KiB")
