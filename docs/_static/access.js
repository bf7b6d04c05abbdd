/* What the keyboard needs beside the theme's own script; see docs/_ext/access.py. */

(() => {
  "use strict";

  // What scrolls takes the focus, so that the arrow keys can scroll it, but only while it is
  // larger than its window: the Tab key makes no needless stops.
  const SCROLLERS = "article :is(pre, .math-wrapper, .mermaid-svg, .table-wrapper)";
  const sizes = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const scrolls =
        target.scrollWidth > target.clientWidth || target.scrollHeight > target.clientHeight;
      if (scrolls) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  for (const scroller of document.querySelectorAll(SCROLLERS)) sizes.observe(scroller);

  // The theme folds its sidebars with checkboxes that are not there for the keyboard: their
  // icons become buttons. Before bilingual.js reads the labels, hence not on DOMContentLoaded.
  const DRAWERS = { __navigation: ".sidebar-drawer", __toc: ".toc-drawer" };
  for (const [id, drawer] of Object.entries(DRAWERS)) {
    const box = document.getElementById(id);
    const icons = document.querySelectorAll(`label[for="${id}"] > .icon`);
    const tell = () => icons.forEach((icon) => icon.setAttribute("aria-expanded", box.checked));
    for (const icon of icons) {
      icon.tabIndex = 0;
      icon.setAttribute("role", "button");
      icon.setAttribute("aria-label", box.getAttribute("aria-label"));
      icon.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        box.click();
        if (!box.checked) return;
        const links = [...document.querySelectorAll(`${drawer} a[href]`)];
        links.find((link) => link.checkVisibility())?.focus();
      });
    }
    document.querySelector(drawer)?.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !box.checked) return;
      box.click();
      [...icons].find((icon) => icon.checkVisibility())?.focus();
    });
    box?.addEventListener("change", tell);
    tell();
  }
})();
