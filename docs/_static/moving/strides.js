/* Lesson 05's small tensor: which cell of memory each element is, under each operation. */

globalThis.movingStrides = {
  /* The cell of an element: the offset, and for each dimension its index times its stride. */
  cell: ({ offset, stride }, index) =>
    index.reduce((sum, at, dimension) => sum + at * stride[dimension], offset),

  /* All indices, in order. */
  indices: ({ shape }) =>
    shape.reduce(
      (found, size) => found.flatMap((index) => Array.from({ length: size }, (_, at) => [...index, at])),
      [[]],
    ),
};

(() => {
  "use strict";

  const { cell, indices } = globalThis.movingStrides;
  const KEYS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  const tuple = (numbers) => `(${numbers.join(", ")}${numbers.length === 1 ? "," : ""})`;

  const make = (tag, text = "", options = {}) => {
    const element = Object.assign(document.createElement(tag), options);
    element.textContent = text;
    return element;
  };

  const start = (figure) => {
    const one = (selector) => figure.querySelector(selector);
    const operations = JSON.parse(one(".moving-numbers").textContent);
    let operation, picked;

    const say = (place, zh, en) => {
      place.querySelector('[lang="zh-TW"]').textContent = zh;
      place.querySelector('[lang="en"]').textContent = en;
    };

    // A vector is one row.
    const rowOf = (index) => (index.length === 1 ? 0 : index[0]);
    const columnOf = (index) => index.at(-1);

    const layOut = () => {
      const { shape, memory, code } = operation;
      const rows = shape.length === 1 ? 1 : shape[0];
      const columns = shape.at(-1);
      const head = make("tr");
      head.append(make("td"), ...Array.from({ length: columns }, (_, j) => make("th", j, { scope: "col" })));
      const body = Array.from({ length: rows }, (_, i) => {
        const row = make("tr");
        row.append(shape.length === 1 ? make("td") : make("th", i, { scope: "row" }));
        return row;
      });
      for (const index of indices(operation)) {
        const at = cell(operation, index);
        const button = make("button", memory[at], { type: "button", className: `moving-row-${rowOf(index)}` });
        button.dataset.index = index.join(",");
        button.dataset.cell = at;
        const place = make("td");
        place.append(button);
        body[rowOf(index)].append(place);
      }
      one(".moving-grid").replaceChildren(head, ...body);
      one(".moving-memory").replaceChildren(
        ...memory.map((value, at) => {
          const item = make("li");
          const reader = one(`.moving-grid [data-cell="${at}"]`);
          const button = make("button", value, { type: "button", className: reader?.className ?? "moving-unread" });
          button.dataset.cell = at;
          item.append(button, make("span", at));
          return item;
        }),
      );
      for (const [fact, value] of Object.entries({
        shape: tuple(shape),
        stride: tuple(operation.stride),
        offset: operation.offset,
        contiguous: operation.contiguous ? "True" : "False",
      })) {
        one(`[data-fact="${fact}"]`).textContent = value;
      }
      figure.classList.toggle("moving-flattens", operation.flattens);
      figure.classList.toggle("moving-copied", operation.copied);
      figure.dataset.code = code;
      say(one(".moving-words"), ...operation.words);
    };

    const mark = (index, at) => {
      picked = index;
      for (const button of figure.querySelectorAll(".moving-read button")) {
        const inGrid = button.dataset.index !== undefined;
        const chosen = Number(button.dataset.cell) === at;
        button.classList.toggle("moving-picked", chosen);
        // One stop for the tab key in each: the arrows do the rest.
        button.tabIndex = (inGrid && index ? button.dataset.index === index.join(",") : chosen) ? 0 : -1;
      }
      if (!index) one(".moving-grid button").tabIndex = 0;
    };

    const sum = (index) => {
      const { offset, stride } = operation;
      const names = stride.map((_, dimension) => `${"ij"[dimension]} × stride[${dimension}]`);
      const terms = stride.map((step, dimension) => `${index[dimension]} × ${step}`);
      return [
        `offset + ${names.join(" + ")}`,
        `= ${offset} + ${terms.join(" + ")}`,
        `= ${cell(operation, index)}`,
      ];
    };

    const pick = (index) => {
      const at = cell(operation, index);
      mark(index, at);
      one(".moving-sum").replaceChildren(...sum(index).map((part) => make("code", part)));
      const place = `[${index.join(", ")}]`;
      const sums = sum(index).slice(1).join(" ");
      say(
        one(".moving-live"),
        `索引 ${place}：第 ${at} 格 ${sums}，值是 ${operation.memory[at]}。`,
        `Index ${place}: cell ${at} ${sums}, which holds ${operation.memory[at]}.`,
      );
    };

    const pickCell = (at) => {
      const reader = one(`.moving-grid [data-cell="${at}"]`);
      if (reader) return pick(reader.dataset.index.split(",").map(Number));
      mark(null, at);
      one(".moving-sum").replaceChildren(make("code", `${operation.code}: —`));
      say(one(".moving-live"), `第 ${at} 格沒有讀到。`, `Cell ${at} is not read.`);
    };

    const choose = (number) => {
      operation = operations[number];
      layOut();
      pick(operation.shape.map((size) => Math.min(1, size - 1)));
    };

    const press = (button) => {
      if (button.dataset.index !== undefined) pick(button.dataset.index.split(",").map(Number));
      else pickCell(Number(button.dataset.cell));
    };

    const read = one(".moving-read");
    for (const type of ["click", "focusin"]) {
      read.addEventListener(type, ({ target }) => {
        if (target.matches("button") && !target.classList.contains("moving-picked")) press(target);
        else if (target.dataset.index !== undefined) press(target); // another element, the same cell
      });
    }
    read.addEventListener("keydown", (event) => {
      const { target, key } = event;
      if (!(key in KEYS) || !target.matches("button")) return;
      const [down, right] = KEYS[key];
      let next;
      if (target.dataset.index === undefined) {
        next = one(`.moving-memory [data-cell="${Number(target.dataset.cell) + right + down}"]`);
      } else {
        const index = target.dataset.index.split(",").map(Number);
        const moved = index.length === 1 ? [index[0] + right] : [index[0] + down, index[1] + right];
        next = one(`.moving-grid [data-index="${moved.join(",")}"]`);
      }
      event.preventDefault();
      next?.focus();
    });
    figure.addEventListener("change", ({ target }) => {
      if (!target.matches('[type="radio"]')) return;
      choose(Number(target.value));
      const { code, shape, stride, offset, words } = operation;
      say(
        one(".moving-live"),
        `${code}：形狀 ${tuple(shape)}，步幅 ${tuple(stride)}，起點 ${offset}。${words[0]}`,
        `${code}: shape ${tuple(shape)}, strides ${tuple(stride)}, offset ${offset}. ${words[1]}`,
      );
    });

    // A browser may bring back the choice of the last visit.
    choose(Number(one('[type="radio"]:checked').value));
    say(one(".moving-live"), "", "");
    one(".moving-panel").hidden = false;
    one(".moving-all").open = false;
  };

  document.querySelectorAll(".moving-strides").forEach(start);
})();
