/* How far the reader is, kept in this browser only: the lesson opened last, and those ticked.

   Pages carry the numbers of lessons (docs/_ext/course.py) and two boxes (components/progress.html)
   that stay hidden without this script, or where the browser keeps nothing. */

(() => {
  "use strict";

  const KEY = "progress";

  const load = () => {
    const { last, read } = JSON.parse(localStorage.getItem(KEY) ?? "{}") ?? {};
    return { last, read: new Set(Array.isArray(read) ? read : []) };
  };
  const save = ({ last, read }) => {
    localStorage.setItem(KEY, JSON.stringify({ last, read: [...read] }));
  };

  // What is stored may be anything; what is not ours counts as nothing.
  const stored = () => {
    try {
      return load();
    } catch {
      return { last: undefined, read: new Set() };
    }
  };
  const works = () => {
    try {
      save(stored());
      return localStorage.getItem(KEY) !== null;
    } catch {
      return false;
    }
  };
  if (!works()) return;

  const element = (name, className, ...children) => {
    const made = document.createElement(name);
    made.className = className;
    made.append(...children);
    return made;
  };
  const half = (lang, text) => {
    const span = element("span", "twin", text);
    span.lang = lang;
    return span;
  };
  const pair = (zh, en) => [
    half("zh-TW", zh),
    element("span", "pair-separator", " · "),
    half("en", en),
  ];

  const links = [...document.querySelectorAll(".sidebar-tree .lesson-number")].map((number) => ({
    lesson: number.dataset.lesson,
    number: Number(number.textContent),
    link: number.closest("a"),
  }));
  const here = document.querySelector("form.progress");
  const summary = document.querySelector("div.progress");
  const actions = document.querySelector("ul.actions");

  const tick = (read) => {
    for (const old of document.querySelectorAll(".lesson-read")) old.remove();
    for (const number of document.querySelectorAll(".lesson-number")) {
      if (!read.has(number.dataset.lesson)) continue;
      const mark = element("span", "lesson-read", element("span", "visually-hidden"));
      mark.firstChild.append(...pair("（已讀）", " (read)"));
      number.parentNode.append(mark);
    }
    for (const facts of document.querySelectorAll(".facts")) {
      const lessons = facts.dataset.lessons.split(" ");
      const done = lessons.filter((lesson) => read.has(lesson)).length;
      if (!done) continue;
      const all = lessons.length;
      facts.append(element("span", "lesson-read"));
      facts.lastChild.append(...pair(`已讀 ${done}／${all} 課`, `${done} of ${all} read`));
    }
  };

  // After a lesson that is ticked comes the next; after the last one, nothing.
  const offer = ({ last, read }) => {
    document.querySelector(".continue")?.remove();
    const start = links.findIndex(({ lesson }) => lesson === last);
    const next = start < 0 ? undefined : links.slice(start).find((l) => !read.has(l.lesson));
    if (!actions || !next || next === links[0]) return;
    const link = element("a", "reference internal");
    link.href = next.link.href;
    link.append(...pair(`接著讀第 ${next.number} 課`, `Continue with lesson ${next.number}`));
    actions.prepend(element("li", "continue", element("p", "", link)));
  };

  const show = () => {
    const state = stored();
    tick(state.read);
    if (here) {
      here.hidden = false;
      here.querySelector("input").checked = state.read.has(here.dataset.lesson);
    }
    if (!summary) return;
    offer(state);
    summary.hidden = state.last === undefined && !state.read.size;
  };

  if (here) save({ ...stored(), last: here.dataset.lesson });
  if (summary) document.querySelector("ul.cards")?.after(summary);

  here?.addEventListener("change", ({ target }) => {
    const state = stored();
    state.read[target.checked ? "add" : "delete"](here.dataset.lesson);
    save(state);
    show();
  });
  summary?.querySelector("button").addEventListener("click", () => {
    localStorage.removeItem(KEY);
    show();
    // The button is gone; whoever used the keyboard goes on from here.
    actions?.querySelector("a")?.focus();
  });

  // Another tab changed it, or the page comes back from the browser's memory.
  addEventListener("storage", ({ key }) => key === KEY && show());
  addEventListener("pageshow", ({ persisted }) => persisted && show());
  show();
})();
