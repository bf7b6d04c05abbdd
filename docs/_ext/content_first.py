"""Send what is read before what surrounds it.

The theme writes its icons and the contents of the whole site before the article: a phone works
through them before it can show a word. The template ``page.html`` passes the page's body through
``content_first``, which puts both behind the article. The style sheet shows the contents on the
left as before (``order``), and a second skip link leads the keyboard there.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

ICONS = re.compile(r'<svg xmlns="[^"]*" style="display: none;">.*?</symbol>\s*</svg>', re.DOTALL)
CONTENTS = re.compile(r'<aside(?=[^>]* class="sidebar-drawer").*?</aside>', re.DOTALL)
SKIP = '<a class="skip-to-content muted-link" href="#furo-main-content">'
PLACE = "site-contents"
END = "</div>"  # of the page, which is the last thing in the body


def content_first(body: str, words: str = "") -> str:
    r"""Move the icons and the site's contents to the end; add the skip link with its `words`.

    >>> print(content_first(
    ...     '<svg xmlns="x" style="display: none;"><symbol></symbol></svg>'
    ...     '<a class="skip-to-content muted-link" href="#furo-main-content">Skip</a>'
    ...     '<div class="page"><aside class="sidebar-drawer">All</aside><article></article></div>',
    ...     "To the contents",
    ... ).replace("><", ">\n<"))
    <a class="skip-to-content muted-link" href="#furo-main-content">Skip</a>
    <a class="skip-to-content to-contents muted-link" href="#site-contents">To the contents</a>
    <div class="page">
    <article>
    </article>
    <aside id="site-contents" tabindex="-1" class="sidebar-drawer">All</aside>
    <svg xmlns="x" style="display: none;">
    <symbol>
    </symbol>
    </svg>
    </div>

    Raises
    ------
    ValueError
        The theme's page is not as it was when this was written.
    """
    icons, contents = ICONS.search(body), CONTENTS.search(body)
    if not (icons and contents and SKIP in body and body.rstrip().endswith(END)):
        raise ValueError("furo 的頁面和預期不同 · furo's page is not as expected: content_first.py")
    rest = body.replace(icons[0], "", 1).replace(contents[0], "", 1).rstrip().removesuffix(END)
    skip, end, after = rest[rest.index(SKIP) :].partition("</a>")
    to_contents = f'<a class="skip-to-content to-contents muted-link" href="#{PLACE}">{words}</a>'
    aside = contents[0].replace("<aside", f'<aside id="{PLACE}" tabindex="-1"', 1)
    return rest[: rest.index(SKIP)] + skip + end + to_contents + after + aside + icons[0] + END


def add_to_context(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Give the template the function."""
    context["content_first"] = content_first


def setup(app: Sphinx) -> ExtensionMetadata:
    """Serve every page."""
    app.connect("html-page-context", add_to_context)
    app.add_css_file("content_first.css")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
