/* Lesson 13's training runs, recorded: a slider chooses the learning rate, another the epoch. */

(() => {
  "use strict";

  const PAUSE = 450; // ms between two epochs that are shown
  const GROUND = [[47, 111, 224], [217, 122, 0], [47, 158, 96], [128, 128, 128]];

  const VERDICTS = {
    small: ["太小：方向對，只是走不遠。", "Too small: the right way, but not far. "],
    right: ["剛好：很快降下來，也停得住。", "Right: it falls quickly and settles. "],
    large: ["太大：一步跨過谷底。", "Too large: a step leaps over the valley. "],
  };

  /* The answer at a place between the recorded ones: those around it vote, near ones more. */
  const answerAt = (map, side, x, y) => {
    const votes = [0, 0, 0, 0];
    const first = (at) => Math.max(0, Math.floor(at) - 1);
    const last = (at) => Math.min(side - 1, Math.floor(at) + 2);
    for (let row = first(y); row <= last(y); row++) {
      for (let column = first(x); column <= last(x); column++) {
        votes[map[row * side + column]] += Math.exp(-((x - column) ** 2) - (y - row) ** 2);
      }
    }
    return votes.indexOf(Math.max(...votes));
  };

  const start = (figure) => {
    const one = (selector) => figure.querySelector(selector);
    const data = JSON.parse(one(".moving-numbers").textContent);
    const rate = one('[name="rate"]');
    const epoch = one('[name="epoch"]');
    const curves = [...figure.querySelectorAll(".moving-curve")];
    const canvas = one(".moving-map");
    let timer = null;

    const say = (place, zh, en) => {
      place.querySelector('[lang="zh-TW"]').textContent = zh;
      place.querySelector('[lang="en"]').textContent = en;
    };
    const number = (loss) => {
      if (loss === null) return "nan";
      return loss < 1e4 ? loss.toFixed(2) : loss.toExponential(1).replace("e+", "e");
    };

    const words = () => {
      const run = data.runs[rate.valueAsNumber];
      const at = data.epochs[epoch.valueAsNumber];
      const right = run.right[epoch.valueAsNumber];
      const [zh, en] = VERDICTS[run.verdict];
      const highest = Math.max(0, ...run.losses.filter((loss) => loss !== null));
      const burst = { zh: "", en: "" };
      if (run.losses.includes(null)) {
        burst.zh = "數字大到裝不下，損失變成 nan。";
        burst.en = "The numbers outgrew float32: the loss became nan. ";
      } else if (highest > 1.6) {
        burst.zh = `損失最高衝到 ${number(highest)}。`;
        burst.en = `The loss shot up to ${number(highest)}. `;
      }
      const score = {
        zh: right === null ? "模型答不出來了" : `新的點答對 ${right} %`,
        en: right === null ? "the model gives no answer" : `${right} % of new points right`,
      };
      const loss = at ? number(run.losses[at - 1]) : null;
      return [
        `lr = ${run.rate}，${zh}${burst.zh}` +
          (at ? `${at} 個訓練週期之後，損失 ${loss}，${score.zh}。` : `還沒訓練：${score.zh}。`),
        `lr = ${run.rate}. ${en}${burst.en}` +
          (at ? `After ${at} ${at === 1 ? "epoch" : "epochs"}: loss ${loss}, ${score.en}.` : `Before training: ${score.en}.`),
      ];
    };

    const paint = (map) => {
      const pen = canvas.getContext("2d");
      const size = canvas.width;
      const image = pen.createImageData(size, size);
      const scale = (data.side - 1) / (size - 1);
      for (let row = 0; row < size; row++) {
        for (let column = 0; column < size; column++) {
          const answer = answerAt(map, data.side, column * scale, (size - 1 - row) * scale);
          image.data.set([...GROUND[answer], 80], 4 * (row * size + column));
        }
      }
      pen.putImageData(image, 0, 0);
      for (const [x, y, arm] of data.points) {
        const [left, top] = [(x * size) / 1000, size - (y * size) / 1000];
        pen.fillStyle = `rgb(${GROUND[arm].join(" ")})`;
        pen.beginPath();
        if (arm === 0) pen.arc(left, top, 2.4, 0, 7);
        else if (arm === 1) pen.rect(left - 2.1, top - 2.1, 4.2, 4.2);
        else [[0, -2.8], [2.6, 2], [-2.6, 2]].forEach(([dx, dy]) => pen.lineTo(left + dx, top + dy));
        pen.fill();
      }
    };

    const draw = () => {
      const run = data.runs[rate.valueAsNumber];
      const at = data.epochs[epoch.valueAsNumber];
      curves.forEach((curve, index) => {
        curve.classList.toggle("moving-chosen", index === rate.valueAsNumber);
      });
      one(".moving-at").setAttribute("d", `M${16 * at} -8V160`);
      paint(run.maps[epoch.valueAsNumber]);
      for (const [slider, fact, value] of [[rate, "rate", run.rate], [epoch, "epoch", at]]) {
        one(`[data-fact="${fact}"]`).textContent = value;
        slider.setAttribute("aria-valuetext", value);
      }
      figure.dataset.verdict = run.verdict;
      say(one(".moving-words"), ...words());
    };
    const announce = () => say(one(".moving-live"), ...words());

    const stop = () => {
      clearTimeout(timer);
      timer = null;
    };
    const step = () => {
      const last = epoch.valueAsNumber === data.epochs.length - 1;
      if (last) {
        stop();
        announce();
        return;
      }
      epoch.value = epoch.valueAsNumber + 1;
      draw();
      timer = setTimeout(step, PAUSE);
    };

    figure.addEventListener("input", () => {
      stop();
      draw();
    });
    figure.addEventListener("change", announce);
    one('[data-do="play"]').addEventListener("click", () => {
      stop();
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      epoch.value = still ? data.epochs.length - 1 : 0;
      draw();
      if (still) announce();
      else timer = setTimeout(step, PAUSE);
    });

    draw();
    for (const panel of figure.querySelectorAll(".moving-panel")) panel.hidden = false;
  };

  document.querySelectorAll(".moving-learning-rate").forEach(start);
})();
