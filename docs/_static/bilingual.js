/* The reading mode: 中文 | 並列 | English.

   components/before_paint.html has set <html data-reading> and lang; this makes the switch work.
   Other scripts listen: document.addEventListener("reading", event => event.detail). */

(() => {
  "use strict";

  const MODES = ["zh-TW", "both", "en"];
  const KEY = "reading";
  const SEPARATOR = " · ";
  const root = document.documentElement;

  // A browser may refuse storage, to a file or to anyone: the switch then works page by page.
  const remember = (mode) => {
    try {
      localStorage.setItem(KEY, mode);
    } catch {}
  };

  const mark = (mode) => {
    root.dataset.reading = mode;
    root.lang = mode === "en" ? "en" : "zh-TW";
  };

  // Words in attributes hold both languages as well; show the half that is read.
  const whole = new WeakMap();
  const attributes = (mode) => {
    for (const name of ["placeholder", "title", "alt", "aria-label"]) {
      for (const element of document.querySelectorAll(`[${name}]`)) {
        const known = whole.get(element) ?? {};
        const text = (known[name] ??= element.getAttribute(name));
        whole.set(element, known);
        const cut = text.indexOf(SEPARATOR);
        if (cut < 0 || element.closest("svg")) continue;
        const half = { "zh-TW": text.slice(0, cut), en: text.slice(cut + SEPARATOR.length) };
        element.setAttribute(name, half[mode] ?? text);
      }
    }
  };

  // The block that the reader has before them stays where it is when lines come and go above.
  const BLOCKS = ":is(h1, h2, h3, h4, .pair, .highlight, figure, img, table, dl, .admonition)";
  const keepingPlace = (change) => {
    const header = document.querySelector(".mobile-header")?.getBoundingClientRect().bottom ?? 0;
    const top = Math.max(0, header);
    const boxes = [...document.querySelectorAll(`article ${BLOCKS}`)]
      .map((block) => [block, block.getBoundingClientRect()])
      .filter(([, box]) => box.height > 0 && box.bottom > top);
    // The first that begins in the upper half of the window, else the one that fills it.
    const begins = boxes.find(([, box]) => box.top >= top && box.top < (top + innerHeight) / 2);
    const [anchor, before] = begins ?? boxes[0] ?? [];
    change();
    if (!anchor || scrollY === 0) return;
    const after = anchor.getBoundingClientRect();
    // Of a block that begins above the window the same share stays above it.
    const share = begins ? 0 : (top - before.top) / before.height;
    const wanted = begins ? before.top : top - share * after.height;
    scrollTo({ top: scrollY + after.top - wanted, behavior: "instant" });
  };

  const show = (mode) => {
    mark(mode);
    attributes(mode);
    for (const radio of document.querySelectorAll(".reading input")) {
      radio.checked = radio.value === mode;
    }
    document.dispatchEvent(new CustomEvent("reading", { detail: mode }));
  };

  const choose = (mode) => {
    keepingPlace(() => show(mode));
    remember(mode);
    // An address that asks for another mode would undo the choice on reload.
    const address = new URL(location);
    if (!address.searchParams.has("reading")) return;
    address.searchParams.set("reading", mode);
    try {
      history.replaceState(history.state, "", address);
    } catch {}
  };

  document.addEventListener("DOMContentLoaded", () => {
    const asked = new URLSearchParams(location.search).get("reading");
    if (MODES.includes(asked)) remember(asked);
    show(root.dataset.reading);
    document.addEventListener("change", ({ target }) => {
      if (target.matches(".reading input")) choose(target.value);
    });
  });

  // Another tab changed it.
  addEventListener("storage", ({ key, newValue }) => {
    if (key === KEY && MODES.includes(newValue)) keepingPlace(() => show(newValue));
  });
})();
