/* The search page: reads ?q=, asks the matcher, shows pages with the places that answer best. */
"use strict";

(() => {
  const { element, heading, address, places, snippet, status, suggestions, language } = searchView;
  const PAGES_SHOWN = 20;

  const at = (id) => document.getElementById(`search-${id}`);
  const matcher = searchView.open(searchStore);

  const item = (...children) => element("li", {}, ...children);

  const result = (hit, { mark, excerpt }) => {
    const { page } = hit;
    const [best, ...others] = places(hit);
    const title = element(
      "a",
      { href: address(page, best.section) },
      element("span", { className: "search-page" }, ...heading(page.sections[0].title, mark)),
    );
    if (best.section.id)
      title.append(element("span", { className: "search-section" }, ...heading(best.section.title, mark)));
    const shown = item(element("h2", {}, title));
    const text = excerpt(best.section);
    if (text) shown.append(element("p", {}, snippet(text)));
    const more = others
      .filter(({ section }) => section.id)
      .map(({ section }) => item(element("a", { href: address(page, section) }, ...heading(section.title, mark))));
    if (more.length) shown.append(element("ul", { className: "search-more" }, ...more));
    return shown;
  };

  const show = () => {
    const query = at("query").value.trim();
    const answer = matcher.search(query, language(query));
    const terms = query && !answer.hits.length ? matcher.suggest(query) : [];
    at("empty").hidden = Boolean(query);
    at("nothing").hidden = !query || answer.hits.length > 0;
    at("terms").hidden = !terms.length;
    at("terms-list").replaceChildren(...suggestions(terms, (href, ...words) => item(element("a", { href }, ...words))));
    at("status").replaceChildren(...(query ? status(query, answer) : []));
    const shown = answer.hits.slice(0, PAGES_SHOWN).map((hit) => result(hit, answer));
    at("results").replaceChildren(...(shown.length ? [element("ol", { className: "search-hits" }, ...shown)] : []));
  };

  at("query").value = new URLSearchParams(location.search).get("q") ?? "";
  show();
  if (!at("query").value) at("query").focus();

  let timer;
  at("query").addEventListener("input", (event) => {
    if (event.isComposing) return; // half a Chinese character
    clearTimeout(timer);
    timer = setTimeout(() => {
      const here = new URL(location.href);
      here.searchParams.set("q", at("query").value);
      history.replaceState(null, "", here);
      show();
    }, 150);
  });
  at("query").addEventListener("compositionend", (event) => event.target.dispatchEvent(new Event("input")));
  new MutationObserver(show).observe(document.documentElement, { attributeFilter: ["data-reading"] });
})();
