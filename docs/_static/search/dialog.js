/* The search dialog: a field with a list of places below it, answered while one types.
 *
 *   searchDialog.open("view", "search.html", promiseOfTheStore);
 *
 * The field keeps the focus, the arrow keys choose, Enter opens, Escape closes. */
"use strict";

globalThis.searchDialog = (() => {
  const { element, twins, heading, address, places, snippet, status, suggestions, language } = searchView;
  const PAGES_SHOWN = 6;

  let matcher;
  let root; // where the search page is: the addresses in the store start there

  const field = element("input", { id: "search-dialog-field", name: "q", role: "combobox" });
  for (const [name, value] of Object.entries({
    autocapitalize: "off",
    autocomplete: "off",
    enterkeyhint: "go",
    spellcheck: "false",
    "aria-autocomplete": "list",
    "aria-controls": "search-dialog-list",
    "aria-expanded": "false",
  }))
    field.setAttribute(name, value);
  const label = element(
    "label",
    { id: "search-dialog-label", htmlFor: field.id },
    ...twins("搜尋：中文、英文、API 名稱或錯誤訊息", "Search: Chinese, English, an API name or an error message"),
  );
  const close = element("button", { type: "button", className: "search-close" }, ...twins("關閉", "Close"));
  const form = element("form", { role: "search", method: "get" }, label, field, close);
  const said = element("p", { className: "search-status", role: "status" });
  const list = element("div", { id: "search-dialog-list", role: "listbox", hidden: true });
  list.setAttribute("aria-labelledby", label.id);
  const all = element("a", { hidden: true }, ...twins("全部結果", "All results"));
  const key = (name) => element("kbd", {}, name);
  const keys = twins(
    [key("↑"), key("↓"), " 選擇 ", key("Enter"), " 開啟 ", key("Esc"), " 關閉"],
    [key("↑"), key("↓"), " choose ", key("Enter"), " open ", key("Esc"), " close"],
  );
  const hint = element("span", { className: "search-keys" }, ...keys);
  const foot = element("p", { className: "search-foot" }, all, hint);
  const dialog = element("dialog", { id: "search-dialog" }, form, said, list, foot);
  dialog.setAttribute("aria-labelledby", label.id);
  document.body.append(dialog);

  // -- The list ---------------------------------------------------------------------------------

  const options = () => [...list.querySelectorAll("[role='option']")];

  const option = (href, ...children) => {
    const link = element("a", { role: "option", href: new URL(href, root).href, tabIndex: -1 }, ...children);
    link.setAttribute("aria-selected", "false");
    return link;
  };

  const choose = (chosen) => {
    for (const one of options()) one.setAttribute("aria-selected", String(one === chosen));
    if (chosen) field.setAttribute("aria-activedescendant", chosen.id);
    else field.removeAttribute("aria-activedescendant");
    chosen?.scrollIntoView({ block: "nearest" });
  };

  const group = (hit, { mark, excerpt }, number) => {
    const { page } = hit;
    const shown = places(hit);
    const id = `search-dialog-page-${number}`;
    const title = element("div", { id, className: "search-page" }, ...heading(page.sections[0].title));
    title.hidden = !shown[0].section.id; // the first option says the same
    const result = element("div", { role: "group", className: "search-group" }, title);
    result.setAttribute("aria-labelledby", id);
    for (const [i, { section }] of shown.entries()) {
      const name = section.id || i ? "search-section" : "search-page";
      const words = section.id || !i ? heading(section.title, mark) : twins("頁首", "Top of the page");
      const link = option(address(page, section), element("span", { className: name }, ...words));
      const text = excerpt(section);
      if (text) link.append(snippet(text));
      result.append(link);
    }
    return result;
  };

  const show = () => {
    const query = field.value.trim();
    if (!matcher && query) {
      said.replaceChildren(...twins("載入中…", "Loading…"));
      return;
    }
    const answer = query ? matcher.search(query, language(query)) : { hits: [] };
    const groups = answer.hits.slice(0, PAGES_SHOWN).map((hit, i) => group(hit, answer, i));
    said.replaceChildren(...(query ? status(query, answer) : []));
    if (query && !groups.length) {
      groups.push(...suggestions(matcher.suggest(query), option));
      const note = twins("術語表裡相近的詞：", "Like it in the glossary:");
      if (groups.length) said.append(element("span", { className: "search-note" }, ...note));
    }
    list.replaceChildren(...groups);
    list.scrollTop = 0;
    list.hidden = !groups.length;
    field.setAttribute("aria-expanded", String(!list.hidden));
    for (const [i, one] of options().entries()) one.id = `search-dialog-option-${i}`;
    choose(answer.hits.length ? options()[0] : null);
    all.hidden = !query;
    all.href = `${root}?q=${encodeURIComponent(query)}`;
  };

  // -- What the reader does -----------------------------------------------------------------------

  let timer;
  const answerSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(show, 80);
  };
  field.addEventListener("input", (event) => event.isComposing || answerSoon()); // not half a character
  field.addEventListener("compositionend", answerSoon);

  const chosen = () => list.querySelector("[aria-selected='true']");

  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // the keys choose characters
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || list.hidden) return;
    event.preventDefault();
    const row = options();
    const start = chosen() ? row.indexOf(chosen()) : step > 0 ? -1 : 0;
    choose(row[(start + step + row.length) % row.length]);
  });

  form.addEventListener("submit", (event) => {
    if (!matcher) return; // the search page will answer
    clearTimeout(timer);
    const before = chosen()?.href;
    show();
    const link = options().find(({ href }) => href === before) ?? chosen();
    if (!link && field.value.trim()) return;
    event.preventDefault();
    link?.click();
  });

  list.addEventListener("click", ({ target, ctrlKey, metaKey, shiftKey }) => {
    if (target.closest("[role='option']") && !(ctrlKey || metaKey || shiftKey)) dialog.close();
  });
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());

  const open = async (query, page, store) => {
    root = page;
    form.action = page;
    if (query || !dialog.open) field.value = query;
    if (!dialog.open) dialog.showModal();
    field.focus();
    show();
    await store;
    matcher ??= searchView.open(searchStore);
    show();
  };

  return { open };
})();
