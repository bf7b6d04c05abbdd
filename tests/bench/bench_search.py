"""Weight and speed of the search of the built site, on this machine and slowed down four times.

Run by ``nox -s bench`` after ``nox -s docs``; ``PRIMER_SITE`` names another site.
"""

import csv
import gzip
import os
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
SITE = Path(os.environ.get("PRIMER_SITE", ROOT / "docs/_build/html"))
QUERIES = ROOT / "tests/browser/search_queries.csv"
SLOWER = (1, 4)

MEASURE = """queries => {
  const started = performance.now();
  const matcher = searchView.open(searchStore);
  const opened = performance.now() - started;
  const answered = queries.map((query) => {
    const asked = performance.now();
    matcher.search(query, "zh");
    return performance.now() - asked;
  });
  return [opened, answered.sort((a, b) => a - b)];
}"""


def main() -> None:
    """Print the table."""
    packed = len(gzip.compress((SITE / "_static/search/pages.js").read_bytes())) / 1024
    with QUERIES.open(encoding="utf-8", newline="") as file:
        queries = [row["query"] for row in csv.DictReader(file)]
    print(f"index {packed:.1f} KiB gz, {len(queries)} queries; milliseconds:")
    print(f"{'slowed down':<14}{'open':>8}{'median':>8}{'95 %':>8}{'longest':>8}")
    with sync_playwright() as playwright:
        chromium = shutil.which(os.environ.get("CHROMIUM", "chromium"))
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for factor in SLOWER:
            page = browser.new_page()
            page.goto((SITE / "search.html").as_uri())
            devtools = page.context.new_cdp_session(page)
            devtools.send("Emulation.setCPUThrottlingRate", {"rate": factor})
            opened, answered = page.evaluate(MEASURE, queries)
            shares = (answered[int(share * (len(answered) - 1))] for share in (0.5, 0.95, 1))
            print(f"{factor:<14}{opened:8.0f}" + "".join(f"{ms:8.1f}" for ms in shares))
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
