"""Settings of the site, and nothing else: what the extensions do stands in ``_ext``."""

import os
import sys
from importlib.metadata import version as installed_version
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

# -- Project ---------------------------------------------------------------------------------

project = "PyTorch 雙語入門 · A bilingual PyTorch primer"
author = "torch-primer"
copyright = "2026, torch-primer"
version = release = installed_version("torch-primer")

# -- Sphinx ----------------------------------------------------------------------------------

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.doctest",
    "numpydoc",
    "notfound.extension",
    "sphinxcontrib.mermaid",
    # Ours, one job a file; these go before sphinx-gallery, whose settings and cache they prepare.
    "sealed_builds",
    "scrapers",
    "lesson_guard",
    "lesson_cache",
    "sphinx_gallery.gen_gallery",
    "bilingual",
    "mermaid_svg",
    "mathml",
    "bilingual_search",
    "downloads",
    "course",
    "code_blocks",
    "lean_pages",
    "lesson_pictures",
    "machine_readable",
    "moving_graphs",
    "llms_txt",
    "page_style",
    "content_first",
    "access",
    "content_security",
    "merged_assets",
    "term_list",
    "verified",
    "licences",
]
language = "zh_TW"
locale_dirs = ["locale"]
templates_path = ["_templates"]
template_bridge = "content_security.SecuredTemplates"
exclude_patterns = ["_build", "lessons/**/*.py", "lessons/**/*.ipynb", "lessons/**/*.md5"]
nitpicky = True
root_doc = "index"

# -- Markdown --------------------------------------------------------------------------------

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "attrs_block", "attrs_inline"]
myst_fence_as_directive = ["mermaid"]
myst_heading_anchors = 3

# -- API reference ---------------------------------------------------------------------------

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # numpydoc's parameter lists say more than the annotations
autosummary_generate = False  # numpydoc brings autosummary, which would import torch every time
numpydoc_show_class_members = False
nitpick_ignore_regex = [("py:.*", r"(torch|matplotlib|collections|pathlib)\..*")]  # no inventories

# -- Lessons ---------------------------------------------------------------------------------

sphinx_gallery_conf = {
    "examples_dirs": "../gallery",
    "gallery_dirs": "lessons",
    "filename_pattern": r"[\\/]\d\d_",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "image_scrapers": ("scrapers",),
    # The scrapers show these.
    "ignore_repr_types": r"primer\.(diagram\.Diagram|autograd\.Graph)|matplotlib\.",
    "css": (),  # custom.css styles what of it we use
    "min_reported_time": 10_000,  # a time in the page would differ from build to build
    "show_signature": False,
    "write_computation_times": False,
    # downloads.py makes these, with the wheel inside.
    "download_all_examples": False,
    "notebook_extensions": [],
    "doc_module": ("primer",),
    "backreferences_dir": "lessons/backreferences",
    "remove_config_comments": True,
    "reset_modules": ("matplotlib", "lesson_guard.guard", "lesson_cache.keep"),
    "reset_modules_order": "both",
}

# -- Search ----------------------------------------------------------------------------------

bilingual_search_terms = "_data/terms.csv"
bilingual_search_skipped = ["重點回顧 · Summary"]

# -- HTML ------------------------------------------------------------------------------------

html_theme = "furo"
html_title = "PyTorch 雙語入門 · PyTorch primer"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
# Where the site will stand, if known: pip lines and notebooks then name the wheel there.
html_baseurl = os.environ.get("PRIMER_BASEURL", "")
downloads_repository = os.environ.get("PRIMER_REPOSITORY", "")  # owner/name: Colab finds it there
notfound_urls_prefix = urlsplit(html_baseurl).path or "/"
html_copy_source = False
html_show_sourcelink = False
