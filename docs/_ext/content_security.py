"""Tell the browser what a page may load and run: its own site's files, and nothing else.

Usage, in ``conf.py``::

    extensions = ["content_security"]
    template_bridge = "content_security.SecuredTemplates"

Every page then carries a Content-Security-Policy in its head, which holds from a server and from
``file://`` alike. What the theme writes into the page itself, a line of script and some style, is
allowed by its hash, so that a script which somebody smuggles in does not run. ``sphinx -D
content_security=0`` leaves the policy out, for a server that writes into the pages as it
serves them, as sphinx-autobuild does.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterable
from html import unescape
from typing import Any

from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.jinja2glue import BuiltinTemplateLoader
from sphinx.theming import Theme
from sphinx.util.typing import ExtensionMetadata

# A script with another type is data: no browser runs it, and no policy is asked.
SCRIPT = re.compile(r"<script(?![^>]*\s(?:src|type)=)[^>]*>(.*?)</script>", re.DOTALL)
STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL)
STYLE_ATTRIBUTE = re.compile(r'<[a-z][^<>]*\sstyle="([^"]*)"')
CHARSET = '<meta charset="utf-8">'


def hashes(texts: Iterable[str]) -> list[str]:
    """Give the hash of each text as a policy names it, without repeating itself.

    >>> hashes(["alert(1)", "alert(1)"])
    ["'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"]
    """
    digests = {hashlib.sha256(text.encode()).digest() for text in texts}
    return sorted(f"'sha256-{b64encode(digest).decode()}'" for digest in digests)


def policy(html: str) -> str:
    """Write the policy of a page, which allows what stands in the page and what lies beside it."""
    scripts = hashes(SCRIPT.findall(html))
    styles = hashes(STYLE.findall(html))
    attributes = hashes(map(unescape, STYLE_ATTRIBUTE.findall(html)))
    if attributes:
        styles += ["'unsafe-hashes'", *attributes]
    directives = {
        "default-src": ["'none'"],
        "script-src": ["'self'", *scripts],
        "style-src": ["'self'", *styles],
        "img-src": ["'self'", "data:"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in directives.items())


class SecuredTemplates(BuiltinTemplateLoader):
    """Sphinx's templates, with a policy in the head of every page."""

    def init(self, builder: Builder, theme: Theme | None = None, dirs: Any = None) -> None:
        """Learn whether a policy is wanted."""
        super().init(builder, theme, dirs)
        self.wanted = builder.config.content_security

    def render(self, template: str, context: dict[str, Any]) -> str:  # type: ignore[override]
        """Render a page, then put the policy before everything that it is about."""
        html = super().render(template, context)
        if not self.wanted:
            return html
        meta = f'<meta http-equiv="Content-Security-Policy" content="{policy(html)}">'
        return html.replace(CHARSET, f"{CHARSET}\n    {meta}", 1)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the setting."""
    app.add_config_value("content_security", True, "html", types=frozenset({bool}))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
