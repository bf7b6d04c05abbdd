"""The site as a web server gives it, and the browser that reads it."""

import gzip
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from playwright.sync_api import Browser, Page, sync_playwright

THEMES = ("light", "dark")
TEXT = {".html", ".css", ".js", ".svg"}
READINGS = ("both", "zh-TW", "en")


class Packed(SimpleHTTPRequestHandler):
    """A handler that compresses text, as most hosts do, and does not tell of every request."""

    protocol_version = "HTTP/1.1"  # one connection for many files

    def do_GET(self) -> None:
        file = Path(self.translate_path(self.path))
        if file.suffix not in TEXT or not file.is_file():
            super().do_GET()
            return
        body = gzip.compress(file.read_bytes())
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(file))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *message: object) -> None:
        pass


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine; give its address, with a slash at the end."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Packed, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def launch() -> Iterator[Browser]:
    """Start the Chromium that ``CHROMIUM`` names."""
    path = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    if path is None:
        raise FileNotFoundError("找不到 chromium，請先安裝 · chromium is missing: install it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def choose(page: Page, theme: str, reading: str) -> None:
    """Change the colours and the reading mode of an open page, as its reader would."""
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.evaluate(
        """value => {
          const radio = document.querySelector(`.reading input[value="${value}"]`);
          radio.checked = true;
          radio.dispatchEvent(new Event("change", { bubbles: true }));
        }""",
        reading,
    )
