"""Weigh the lesson pages: what a reader on a phone downloads and waits for.

``nox -s bench -- tests/bench/bench_page.py`` weighs the site that was built last. Each lesson is
opened with an empty cache in Chromium, as on a phone in the middle of the range: a processor four
times as slow, and 1.6 Mbit/s with 150 ms a round trip. Each is opened five times; given are the
worst of each figure, and the median of the largest paint, which varies most. Aims: 80 KiB
compressed without figures, 12 requests, none of them foreign, no layout shift, largest paint
within 1 s.
"""

import gzip
import os
import sys
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests/browser"))

from served import launch, serve  # noqa: E402

SITE = Path(os.environ.get("PRIMER_SITE", ROOT / "docs/_build/html"))
RUNS = 5
SETTLED = 500  # ms after all is loaded
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2}
NETWORK = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 200_000,
    "uploadThroughput": 94_000,
}
WATCH = """
  globalThis.shift = 0;
  globalThis.paint = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) shift += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) paint = entry.startTime;
  }).observe({ type: "largest-contentful-paint", buffered: true });
"""


def weigh(browser, address: str, name: str) -> dict[str, float]:
    """Open one page as on a phone; give what it took."""
    context = browser.new_context(**PHONE)
    context.add_init_script(WATCH)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", NETWORK)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(address + name, wait_until="load")
    page.wait_for_timeout(SETTLED)
    own = [url for url in requests if url.startswith(address)]
    files = [SITE / urlsplit(url).path.lstrip("/") for url in own]
    result = {
        "KiB gz": sum(
            len(gzip.compress(file.read_bytes())) for file in files if "_images" not in file.parts
        )
        / 1024,
        "requests": sum(not url.startswith("data:") for url in requests),
        "foreign": sum(url not in own and not url.startswith("data:") for url in requests),
        "shift": page.evaluate("shift"),
        "paint s": page.evaluate("paint") / 1000,
    }
    context.close()
    return result


def main() -> None:
    """Weigh every lesson; print each, then the worst of each column."""
    names = sorted(p.relative_to(SITE).as_posix() for p in SITE.glob("lessons/*/[0-9]*.html"))
    if not names:
        sys.exit(f"{SITE}: 先執行 nox -s docs · run nox -s docs first")
    rows = {}
    with launch() as browser, serve(SITE) as address:
        for name in names:
            runs = [weigh(browser, address, name) for _run in range(RUNS)]
            rows[name] = {key: max(run[key] for run in runs) for key in runs[0]}
            rows[name]["paint s"] = median(run["paint s"] for run in runs)
            print(f"{name:60}", *(f"{k} {v:.3g}" for k, v in rows[name].items()), sep="  ")
    print(f"{'worst':60}", end="")
    for key in rows[names[0]]:
        print(f"  {key} {max(row[key] for row in rows.values()):.3g}", end="")
    print()


if __name__ == "__main__":
    main()
