/* A button that copies what one types, and numbers that link to lines: docs/_ext/code_blocks.py. */

(() => {
  "use strict";

  const SECONDS = 2;

  // Of a session, the lines behind its prompts; of any other block, all of it.
  const typed = (pre) => {
    if (!pre.querySelector(".gp")) return pre.textContent.trimEnd();
    const whole = pre.cloneNode(true);
    for (const prompt of whole.querySelectorAll(".gp")) prompt.textContent = "\u0000";
    return whole.textContent
      .split("\n")
      .filter((line) => line.startsWith("\u0000"))
      .map((line) => line.slice(1))
      .join("\n")
      .trimEnd();
  };

  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // No such thing here, or not allowed: the old way needs a field that is in the page.
      const field = document.createElement("textarea");
      field.className = "visually-hidden";
      field.value = text;
      const before = document.activeElement;
      document.body.append(field);
      field.select();
      const done = document.execCommand("copy");
      field.remove();
      before?.focus();
      return done;
    }
  };

  const half = (lang, text) => {
    const span = document.createElement("span");
    span.className = "twin";
    span.lang = lang;
    span.textContent = text;
    return span;
  };
  const words = (zh, en) => {
    const separator = document.createElement("span");
    separator.className = "pair-separator";
    separator.textContent = " · ";
    return [half("zh-TW", zh), separator, half("en", en)];
  };

  const status = document.createElement("div");
  status.className = "visually-hidden";
  status.setAttribute("role", "status");

  const makeButton = (pre) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy-code";
    const label = () => button.replaceChildren(...words("複製", "Copy"));
    let timer;
    button.addEventListener("click", async () => {
      const done = await copy(typed(pre));
      const said = done ? ["已複製", "Copied"] : ["複製失敗", "Could not copy"];
      button.replaceChildren(...words(...said));
      status.replaceChildren(...words(...said));
      clearTimeout(timer);
      timer = setTimeout(() => {
        label();
        status.replaceChildren();
      }, SECONDS * 1000);
    });
    label();
    return button;
  };

  // -- Lines ------------------------------------------------------------------------------------

  const LINES = /^#line-(\d+)(?:-(\d+))?$/;
  const links = new Map(); // by number

  // The Tab key stops once a block, at the line that the arrow keys came to last.
  const moveFocus = (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const next = links.get(Number(event.target.textContent) + step);
    if (next?.parentElement !== event.currentTarget) return;
    event.preventDefault();
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  };

  const numberLines = (box) => {
    const pre = box.querySelector("pre");
    const first = Number(box.dataset.firstLine);
    const count = pre.textContent.trimEnd().split("\n").length;
    const column = document.createElement("div");
    column.className = "line-links";
    column.setAttribute("role", "group");
    column.setAttribute("aria-label", "程式碼的行 · Lines of the code");
    for (let line = first; line < first + count; line++) {
      const link = document.createElement("a");
      link.href = `#line-${line}`;
      link.textContent = line;
      link.tabIndex = line === first ? 0 : -1;
      links.set(line, link);
      column.append(link);
    }
    column.addEventListener("keydown", moveFocus);
    pre.before(column);
  };

  // Mark the lines that the address names; give the first.
  const mark = () => {
    const [, from, to = from] = location.hash.match(LINES) ?? [];
    let first;
    for (const [line, link] of links) {
      const named = Number(from) <= line && line <= Number(to);
      link.classList.toggle("marked", named);
      if (named) first ??= link;
    }
    return first;
  };
  const goToMarked = () => {
    mark()?.scrollIntoView({ block: "center", behavior: "instant" });
  };

  // The reader sees the line already: the address changes, and nothing scrolls. With the shift key
  // the lines from the one marked before up to this one.
  const name = (event) => {
    const link = event.target.closest?.(".line-links a");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const line = Number(link.textContent);
    const [, from] = (event.shiftKey && location.hash.match(LINES)) || [];
    const ends = [Number(from ?? line), line].sort((a, b) => a - b);
    const address = new URL(location);
    address.hash = `line-${[...new Set(ends)].join("-")}`;
    history.replaceState(history.state, "", address);
    mark();
  };

  const boxes = document.querySelectorAll(".numbered");
  for (const box of boxes) numberLines(box);
  if (boxes.length) {
    document.addEventListener("click", name);
    addEventListener("hashchange", goToMarked);
    // Once the page stands, and with the sheet of styles that the lines are laid out by.
    addEventListener("load", goToMarked);
  }

  // -- Buttons ----------------------------------------------------------------------------------

  const blocks = [...document.querySelectorAll("article .highlight > pre")].filter(
    (pre) => !pre.closest(".output") && typed(pre),
  );
  for (const pre of blocks) pre.before(makeButton(pre));
  if (blocks.length) document.body.append(status);
})();
