/* Shows what the matcher finds; the dialog and the search page build on it.
 * Text reaches the page as text nodes only, never as HTML. */
"use strict";

globalThis.searchView = (() => {
  const TAGS = { zh: "zh-tw", en: "en" };
  const PLACES = 3; // of one page
  const CLOSE = 0.4; // another place of a page is shown from this share of its best one's score

  const element = (name, attributes, ...children) => {
    const { role, ...properties } = attributes;
    const result = Object.assign(document.createElement(name), properties);
    if (role) result.setAttribute("role", role);
    result.append(...children);
    return result;
  };

  /* The store has like beside like; the matcher wants pages with their sections. */
  const open = ({ pages, terms, simplified, ...columns }) => {
    let next = 0;
    const section = () => {
      const { id, title, zh, en, code } = columns;
      const at = next++;
      return { id: id[at], title: title[at], zh: zh[at], en: en[at], code: code[at] };
    };
    const whole = pages.map(([url, count]) => ({ url, sections: Array.from({ length: count }, section) }));
    return createMatcher(whole, terms, simplified);
  };

  const pieces = (parts) => parts.map(([text, hit]) => (hit ? element("mark", {}, text) : text));

  /* Both languages of a line, as the pages write them: the reading switch shows what is wanted. */
  const twins = (zh, en) => [
    element("span", { className: "twin", lang: TAGS.zh }, ...[zh].flat()),
    element("span", { className: "pair-separator" }, " · "),
    element("span", { className: "twin", lang: TAGS.en }, ...[en].flat()),
  ];

  const heading = (title, mark = (text) => [[text, false]]) => {
    const halves = title.map((half) => pieces(mark(half)));
    return halves.length > 1 ? twins(...halves) : halves[0];
  };

  /* The reader's language: what is shown decides, or else the script of the question. */
  const language = (query) => {
    const { reading } = document.documentElement.dataset;
    if (reading === "zh-TW") return "zh";
    if (reading === "en") return "en";
    return /\p{Script=Han}/u.test(query) ? "zh" : "en";
  };

  const snippet = (found) => {
    const parts = pieces(found.pieces);
    if (found.kind === "code") return element("span", { className: "search-snippet" }, element("code", {}, ...parts));
    return element("span", { className: "search-snippet", lang: TAGS[found.kind] }, ...parts);
  };

  const address = (page, section) => (section.id ? `${page.url}#${section.id}` : page.url);

  /* The places of a page to show, best first. */
  const places = ({ sections }) =>
    sections.filter(({ score }, i) => i === 0 || score > CLOSE * sections[0].score).slice(0, PLACES);

  /* What was found, and what was put for words that are not here. */
  const status = (query, { hits, near, called }) => {
    const count = hits.length;
    const found = count
      ? twins(`「${query}」：找到 ${count} 頁`, `${count} ${count > 1 ? "pages" : "page"} for “${query}”`)
      : twins(`找不到「${query}」`, `Nothing found for “${query}”`);
    const notes = [
      ...called.map(([typed, name]) =>
        twins(`「${typed}」在這裡叫「${name}」。`, `Here, ${typed} is called ${name}.`),
      ),
      ...near.map(([typed, known]) =>
        twins(`沒有「${typed}」，找的是「${known}」。`, `No ${typed} here; looked for ${known}.`),
      ),
    ];
    return [...found, ...notes.map((note) => element("span", { className: "search-note" }, ...note))];
  };

  /* Links to the entries of the glossary whose names are most like the question. */
  const suggestions = (terms, link) => terms.map(({ title, url }) => link(url, ...heading(title)));

  return { element, open, twins, heading, language, snippet, address, places, status, suggestions };
})();
