/* Lesson 08's computation graph, moving: numbers first, then what is drawn with them. */

/* The numbers, exactly as torch computes them in float64: binary_cross_entropy keeps a logarithm
   above -100 and the denominator of its derivative above 1e-12. */
globalThis.movingLogistic = (() => {
  "use strict";

  const compute = ({ x1, w1, b, y }) => {
    const u = w1 * x1;
    const z = u + b;
    const a = z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z));
    const loss = (y - 1) * Math.max(Math.log1p(-a), -100) - y * Math.max(Math.log(a), -100);
    // Each step's own derivative, named after where it leads on the way back.
    const local = {
      a: (a - y) / Math.max((1 - a) * a, 1e-12),
      z: a * (1 - a),
      u: 1,
      w1: x1,
      b: 1,
    };
    // The chain rule: what has come so far, times the next step.
    const grad = { a: local.a };
    grad.z = grad.a * local.z;
    grad.u = grad.z * local.u;
    grad.w1 = grad.u * local.w1;
    grad.b = grad.z * local.b;
    return { values: { x1, w1, b, y, u, z, a, loss }, local, grad };
  };

  const descend = (setting, rate) => {
    const { grad } = compute(setting);
    return { ...setting, w1: setting.w1 - rate * grad.w1, b: setting.b - rate * grad.b };
  };

  const show = (number) => {
    const size = Math.abs(number);
    const plain = size === 0 || (size >= 5e-5 && size < 1e5);
    return (plain ? number.toFixed(4) : number.toExponential(2)).replaceAll("-", "−");
  };

  return { compute, descend, show };
})();

(() => {
  "use strict";

  const { compute, descend, show } = globalThis.movingLogistic;
  const START = { x1: 1.1, w1: 2.2, b: 0, y: 1 };
  const RATE = 1;
  const LONGEST = 200;

  // The way back: to, from, and what the edge multiplies by, in both languages.
  const WALK = [
    ["a", "loss", "損失的導數", "the derivative of the loss"],
    ["z", "a", " sigmoid 的導數 a(1 − a)", "the sigmoid's derivative a(1 − a)"],
    ["u", "z", "相加的導數，永遠是 1", "the derivative of a sum, always 1"],
    ["w1", "u", "相乘的導數，也就是另一個因數 x1", "the derivative of a product, which is the other factor, x1"],
    ["b", "z", "相加的導數，永遠是 1", "the derivative of a sum, always 1"],
  ];

  const start = (figure) => {
    const all = (selector) => [...figure.querySelectorAll(selector)];
    const one = (selector) => figure.querySelector(selector);
    let setting, rate, walked, history, result;

    // Twins that a script writes: the page's own style sheet shows the one that is read.
    const say = (place, zh, en) => {
      place.querySelector('[lang="zh-TW"]').textContent = zh;
      place.querySelector('[lang="en"]').textContent = en;
    };
    const live = one(".moving-live");
    live.append(...one(".moving-words").cloneNode(true).children);

    const words = () => {
      const { values, grad } = result;
      if (walked === null) {
        return [
          `z = ${show(values.z)}，a = ${show(values.a)}，損失 ${show(values.loss)}；` +
            `梯度 ∂L/∂w1 = ${show(grad.w1)}，∂L/∂b = ${show(grad.b)}。`,
          `z = ${show(values.z)}, a = ${show(values.a)}, loss ${show(values.loss)}; ` +
            `gradients ∂L/∂w1 = ${show(grad.w1)}, ∂L/∂b = ${show(grad.b)}.`,
        ];
      }
      const [to, from, zh, en] = WALK[walked - 1];
      const before = from === "loss" ? 1 : grad[from];
      const sum = `${show(before)} × ${show(result.local[to])} = ${show(grad[to])}`;
      const end = {
        w1: ["這就是 w1 的梯度。", "That is the gradient of w1."],
        b: ["這就是 b 的梯度，走完了。", "That is the gradient of b, and the walk is over."],
      }[to] ?? ["", ""];
      const again = to === "b" ? ["回到 z，換一條路。", "Back at z, the other way. "] : ["", ""];
      return [
        `${again[0]}從 ${from} 走到 ${to}：乘上${zh}。目前的乘積：${sum}。${end[0]}`,
        `${again[1]}From ${from} to ${to}: times ${en}. Product so far: ${sum}. ${end[1]}`,
      ];
    };

    const spark = () => {
      const top = Math.max(...history, 1e-9);
      const points = history.map((loss, at) => [
        history.length > 1 ? 4 + (232 * at) / (history.length - 1) : 4,
        56 - (52 * loss) / top,
      ]);
      const [x, y] = points.at(-1);
      one(".moving-spark path").setAttribute("d", `M${points.map((p) => p.join(" ")).join("L")}`);
      one(".moving-dot").setAttribute("d", `M${x} ${y}h0`);
      const steps = history.length - 1;
      const path = steps ? `${show(history[0])} → ${show(history[steps])}` : show(history[0]);
      const up = steps && history[steps] > history[steps - 1];
      say(
        one(".moving-count"),
        `${steps} 步：${path}${up ? "，變大了：學習率太大" : ""}`,
        `${steps} ${steps === 1 ? "step" : "steps"}: ${path}${up ? ", up: the rate is too large" : ""}`,
      );
    };

    const draw = (typing = null) => {
      result = compute(setting);
      for (const kind of ["value", "local", "grad"]) {
        const numbers = kind === "value" ? result.values : result[kind];
        for (const place of all(`[data-${kind}]`)) {
          place.textContent = show(numbers[place.dataset[kind]]);
        }
      }
      const reached = WALK.slice(0, walked ?? WALK.length).map(([to]) => to);
      for (const text of all("[data-of]")) {
        text.classList.toggle("moving-off", !reached.includes(text.dataset.of));
      }
      for (const edge of all("[data-edge]")) {
        const name = edge.dataset.edge;
        edge.classList.toggle("moving-walked", walked !== null && reached.includes(name));
        edge.classList.toggle("moving-now", walked !== null && reached.at(-1) === name);
      }
      for (const node of all("[data-node]")) {
        const now = walked !== null && reached.at(-1) === node.dataset.node;
        node.classList.toggle("moving-now", now);
      }
      const inputs = { ...setting, lr: rate };
      for (const input of all("input")) {
        if (input === typing) continue; // "-0." would lose its dot
        input.value = Number(inputs[input.name].toFixed(4));
      }
      say(one(".moving-words"), ...words());
      spark();
    };

    // For those who listen: said once a change is done, not at every pixel of a drag.
    const announce = () => say(live, ...words());

    const reset = () => {
      setting = { ...START };
      rate = RATE;
      walked = null;
      history = [compute(setting).values.loss];
    };

    const actions = {
      back() {
        walked = walked === null || walked === WALK.length ? 1 : walked + 1;
      },
      descend() {
        setting = descend(setting, rate);
        walked = null;
        history = [...history, compute(setting).values.loss].slice(-LONGEST);
      },
      reset,
    };

    figure.addEventListener("input", ({ target }) => {
      const value = target.valueAsNumber;
      if (!Number.isFinite(value) || !target.validity.valid) return;
      if (target.name === "lr") {
        rate = value;
      } else {
        setting = { ...setting, [target.name]: value };
        history = [compute(setting).values.loss];
      }
      draw(target);
    });
    figure.addEventListener("change", () => {
      draw();
      announce();
    });
    figure.addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (!button) return;
      actions[button.dataset.do]();
      draw();
      announce();
    });

    reset();
    draw();
    one(".moving-panel").hidden = false;
    figure.classList.add("moving-alive");
  };

  document.querySelectorAll(".moving-logistic").forEach(start);
})();
