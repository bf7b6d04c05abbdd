/* A button on every block of code that copies what one types: docs/_ext/code_blocks.py. */

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

  const blocks = [...document.querySelectorAll("article .highlight > pre")].filter(
    (pre) => !pre.closest(".output") && typed(pre),
  );
  for (const pre of blocks) pre.before(makeButton(pre));
  if (blocks.length) document.body.append(status);
})();
