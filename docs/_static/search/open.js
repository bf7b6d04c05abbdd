/* The keys of the search: / or Ctrl-K (⌘K) opens the dialog, a click into the sidebar's field too.
 * All else is loaded when it is first asked for.  On the search page the keys lead to its field;
 * where something cannot be loaded, the question goes to that page. */
"use strict";

(() => {
  const here = document.currentScript.src;
  const form = document.querySelector("form.sidebar-search-container");
  const field = form?.querySelector("input[name='q']");
  if (!field) return;

  const script = (name) =>
    new Promise((resolve, reject) => {
      const tag = Object.assign(document.createElement("script"), { src: new URL(name, here).href, async: false });
      tag.addEventListener("load", resolve);
      tag.addEventListener("error", reject);
      document.head.append(tag);
    });

  let dialog;
  let store;
  const open = async (query) => {
    dialog ??= Promise.all([script("view.js"), script("dialog.js")]); // first: it waits for the reader
    store ??= Promise.all([script("matcher.js"), script("pages.js")]);
    try {
      await dialog;
      searchDialog.open(query, form.action, store);
      await store;
    } catch {
      location.assign(`${form.action}?q=${encodeURIComponent(query)}`);
    }
  };

  const own = document.getElementById("search-query");
  const start = own
    ? () => {
        own.focus();
        own.select();
      }
    : () => open("");

  // Before the theme, whose own "/" leads into the sidebar.
  addEventListener(
    "keydown",
    (event) => {
      const typing = event.target.closest?.("input, textarea, select, dialog, [contenteditable]");
      const slash = event.key === "/" && !(event.ctrlKey || event.metaKey || event.altKey) && !typing;
      const letter = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey;
      if ((!slash && !letter) || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      start();
    },
    { capture: true },
  );

  if (own) return;
  field.setAttribute("aria-keyshortcuts", "/ Control+K Meta+K");
  field.setAttribute("aria-haspopup", "dialog");
  field.addEventListener("click", () => open(field.value));
  field.addEventListener("input", (event) => {
    if (event.isComposing) return; // half a Chinese character
    const query = field.value;
    field.value = "";
    open(query);
  });
  field.addEventListener("compositionend", () => field.dispatchEvent(new Event("input")));
})();
