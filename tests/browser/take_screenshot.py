"""Photograph a lesson page for the README; run by ``nox -s screenshot``."""

import os
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/_build/html/lessons/3_autograd/08_computation_graph.html"
PICTURE = ROOT / ".github/lesson.png"

with sync_playwright() as playwright:
    chromium = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"{PAGE.as_uri()}?reading=both")
    page.screenshot(path=PICTURE)
    browser.close()
print(f"{PICTURE}: {PICTURE.stat().st_size / 1024:.0f} KiB")
