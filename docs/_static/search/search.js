/* The search page: reads ?q=, asks the matcher, shows pages with the place that answers best.
 * Text reaches the page as text nodes only, never as HTML. */
"use strict";

(() => {
  const PAGES_SHOWN = 20;
  const PLACES_SHOWN = 3;
  const TAGS = { zh: "zh-tw", en: "en" };

  const at = (id) => document.getElementById(`search-${id}`);
  const matcher = createMatcher(globalThis.searchPages);

  const element = (name, attributes, ...children) => {
    const result = Object.assign(document.createElement(name), attributes);
    result.append(...children);
    return result;
  };

  const pieces = (parts) => parts.map(([text, hit]) => (hit ? element("mark", {}, text) : text));

  /* Both languages of a line, as the pages write them: the reading switch shows what is wanted. */
  const twins = (zh, en) => [
    element("span", { className: "twin", lang: TAGS.zh }, ...[zh].flat()),
    element("span", { className: "pair-separator" }, " · "),
    element("span", { className: "twin", lang: TAGS.en }, ...[en].flat()),
  ];

  const heading = (title, mark) => {
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
    if (found.kind === "code")
      return element("p", { className: "search-snippet" }, element("code", {}, ...pieces(found.pieces)));
    return element("p", { className: "search-snippet", lang: TAGS[found.kind] }, ...pieces(found.pieces));
  };

  const place = (page, section) => (section.id ? `${page.url}#${section.id}` : page.url);

  const result = ({ page, sections }, { mark, excerpt }) => {
    const [best, ...others] = sections;
    const title = element(
      "a",
      { href: place(page, best.section) },
      element("span", { className: "search-page" }, ...heading(page.sections[0].title, mark)),
    );
    if (best.section.id)
      title.append(element("span", { className: "search-section" }, ...heading(best.section.title, mark)));
    const item = element("li", {}, element("h2", {}, title));
    const text = excerpt(best.section);
    if (text) item.append(snippet(text));
    const more = others
      .filter(({ score, section }) => section.id && score > 0.4 * best.score)
      .slice(0, PLACES_SHOWN - 1);
    if (more.length) {
      const links = more.map(({ section }) =>
        element("li", {}, element("a", { href: place(page, section) }, ...heading(section.title, mark))),
      );
      item.append(element("ul", { className: "search-more" }, ...links));
    }
    return item;
  };

  const show = () => {
    const query = at("query").value.trim();
    const answer = matcher.search(query, language(query));
    const count = answer.hits.length;
    at("results").replaceChildren();
    at("empty").hidden = Boolean(query);
    at("nothing").hidden = !query || count > 0;
    at("status").replaceChildren();
    if (!query) return;
    if (count)
      at("status").append(
        ...twins(`「${query}」：找到 ${count} 頁`, `${count} ${count > 1 ? "pages" : "page"} for “${query}”`),
      );
    else at("status").append(...twins(`找不到「${query}」`, `Nothing found for “${query}”`));
    for (const [typed, known] of answer.near)
      at("status").append(
        element(
          "span",
          { className: "search-near" },
          ...twins(`沒有 ${typed}，找的是 ${known}。`, `No ${typed} here; looked for ${known}.`),
        ),
      );
    if (count) {
      const items = answer.hits.slice(0, PAGES_SHOWN).map((hit) => result(hit, answer));
      at("results").append(element("ol", { className: "search-hits" }, ...items));
    }
  };

  at("query").value = new URLSearchParams(location.search).get("q") ?? "";
  show();
  if (!at("query").value) at("query").focus();

  let timer;
  at("query").addEventListener("input", (event) => {
    if (event.isComposing) return; // half a Chinese character
    clearTimeout(timer);
    timer = setTimeout(() => {
      const address = new URL(location.href);
      address.searchParams.set("q", at("query").value);
      history.replaceState(null, "", address);
      show();
    }, 150);
  });
  at("query").addEventListener("compositionend", (event) => event.target.dispatchEvent(new Event("input")));
  new MutationObserver(show).observe(document.documentElement, { attributeFilter: ["data-reading"] });
})();
