"""
選擇超參數：比得公平，才選得對 · Choosing hyperparameters: compare fairly, then choose
======================================================================================

食譜寫「火候適中」，沒有人知道是幾度，只能一鍋一鍋試。模型也有這種自己學不來、得由你決定的設定：
學習率多大、隱藏層多寬、訓練多久。試並不難，難的是不被自己試出來的分數騙了。

A recipe says "medium heat", and nobody knows how many degrees that is: you try, pot by pot.
Training too has settings that training cannot learn: how large a learning rate, how wide a hidden
layer, how long. Trying is easy. The hard part is not to be fooled by your own scores.

.. mermaid::

   flowchart LR
     accTitle: 選擇超參數的流程 · How hyperparameters are chosen
     accDescr {
       抽一組設定，在訓練集上訓練，在驗證集上評分，重複；選定之後，測試集只用一次。 ·
       Draw settings, train on the training set, score on the validation set, repeat; when all is
       chosen, use the test set once.
     }
     S["抽一組設定 · draw settings"] --> T["在訓練集訓練 · train on training set"]
     T --> V["在驗證集評分 · score on validation set"]
     V -->|"再試 · try again"| S
     V -->|"選定 · chosen"| R["測試集，一次 · test set, once"]

讀完這一課，你能替一個問題選出損失、架構和最佳化器；能掃學習率、做隨機搜尋；
能用好幾個種子和誤差線判斷差距是真是假，並說出測試集為什麼只能碰一次。

After this lesson you can choose loss, architecture and optimizer for a task; sweep the learning
rate and search at random; tell a real difference from luck by several seeds and error bars, and
say why the test set is touched only once.

先備課程：:doc:`/lessons/5_practice/16_overfitting`。時間：約 25 分鐘。

Lessons needed: :doc:`/lessons/5_practice/16_overfitting`. Time: about 25 minutes.
"""

# %%
# 有些選擇不必試 · Some choices need no trying
# --------------------------------------------
#
# 訓練會調的是:term:`參數`；訓練之前就得定的，叫:term:`超參數`。先把問題能回答的答完，
# 剩下的才試：要預測什麼，決定:term:`損失函數`；資料長什麼樣子，決定架構；
# :term:`最佳化器`先用 Adam，有了第一個能用的成績，也就是基準，再試別的。
#
# Training adjusts :term:`parameters <parameter>`. What must be fixed before is a
# :term:`hyperparameter`. First settle what follows from the task: what you predict decides the
# :term:`loss function`, and the form of the data decides the architecture. As
# :term:`optimizer`, start with Adam; change it once you have a baseline. The rest is for trying.
#
# .. mermaid::
#
#    flowchart TD
#      accTitle: 損失、架構、最佳化器怎麼選 · Choosing loss, architecture and optimizer
#      accDescr {
#        要預測什麼，決定損失；資料的樣子，決定架構；最佳化器從 Adam 開始。 ·
#        What you predict decides the loss, the form of the data the architecture; the optimizer
#        is Adam to start with.
#      }
#      Q{"要預測什麼？ · What to predict?"}
#      Q -->|"一個數 · a number"| L1["mse_loss"]
#      Q -->|"是或否，可多項 · yes or no, or several"| L2["binary_cross_entropy<br/>_with_logits"]
#      Q -->|"多類選一 · one class of many"| L3["cross_entropy"]
#      L1 & L2 & L3 --> D{"資料長什麼樣子？ · What form of data?"}
#      D -->|"表格 · table"| A1["多層感知器 · MLP"]
#      D -->|"影像 · images"| A2["卷積網路 · CNN"]
#      D -->|"文字、序列 · text, sequences"| A3["Transformer"]
#      A1 & A2 & A3 --> O{"有基準了嗎？ · A baseline yet?"}
#      O -->|"還沒 · no"| O1["Adam"]
#      O -->|"有了，各掃學習率 · yes: sweep each"| O2["AdamW, SGD"]
#
# 卷積網路（CNN）是專為影像設計的架構，Transformer 是專為文字設計的。這套課程沒有教，
# 先知道名字，用到再學。
#
# A convolutional network (CNN) is an architecture made for images, a Transformer one made for text.
# This course does not teach them: know the names, and learn them when you need them.
#
# 我們的問題是 8 × 8 的手寫數字，十類選一。圖這麼小，攤平當表格就好：
# :term:`多層感知器`配 ``cross_entropy``。
#
# Our task: handwritten digits of 8 × 8 points, one class of ten. So small a picture may be laid
# flat as a table: a :term:`multilayer perceptron` with ``cross_entropy``.

# sphinx_gallery_thumbnail_number = 2
import math

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import primer

# 張量這麼小，一條執行緒最快 · for tensors this small, one thread is fastest
torch.set_num_threads(1)

digits = load_digits()
x = torch.from_numpy(digits.data / 16)  # 0 到 1，float64 · from 0 to 1, in float64
y = torch.from_numpy(digits.target)

rest, test = train_test_split(range(len(x)), test_size=997, stratify=y, random_state=0)
train, validation = train_test_split(rest, test_size=400, stratify=y[rest], random_state=0)
print(len(train), len(validation), len(test))

# %%
# 選錯損失，有時當場就知道。把十類選一當成「是或否」：
#
# A wrong choice of loss may show at once. Treat one class of ten as "yes or no":

torch.manual_seed(0)
untrained = primer.MLP(64, 10, hidden=(32,)).double()
logits = untrained(x[train]).detach()
try:
    F.binary_cross_entropy_with_logits(logits, y[train].double())
except ValueError as error:
    print(error)

print(f"{F.cross_entropy(logits, y[train]).item():.1f} = log(10) = {math.log(10):.1f}")

# %%
# 每張圖有 10 個分數，它要 10 個「是或否」，我們卻只給一個類別編號。換成 ``cross_entropy`` 就對了。
# 還沒訓練的模型等於亂猜，損失應該接近 ``log(10)``；差很多，就先別調超參數，去找哪裡寫錯了。
#
# With ten scores for each picture it wants ten answers of yes or no, and we gave one class number.
# The cure is ``cross_entropy``. An untrained model guesses, so its loss should be near ``log(10)``.
# If it is far off, do not tune: look for a bug.

# %%
# 掃學習率 · Sweep the learning rate
# ----------------------------------
#
# 最值得先試的是:term:`學習率`。合適的值可能差上千倍，所以每次乘三倍左右，不是每次加一點。
# 設定都寫成引數，包括:term:`隨機種子`；分數一律看:term:`驗證集`。
#
# Try the :term:`learning rate` first. Good values may lie a thousandfold apart, so multiply by
# about three each time; do not add. Make every setting an argument, the :term:`random seed`
# included, and always score on the :term:`validation set`.
#
# **先猜猜看**：學習率都是 0.01，訓練 60 步，SGD 和 Adam 誰好？
#
# **Guess first**: both with learning rate 0.01, for 60 steps: which is better, SGD or Adam?


def fit(rate, width=32, decay=0.0, optimizer=torch.optim.Adam, seed=0, steps=60):
    """Train a network on the training set with these settings."""
    torch.manual_seed(seed)
    model = primer.MLP(64, 10, hidden=(width,)).double()
    stepper = optimizer(model.parameters(), lr=rate, weight_decay=decay)
    for _ in range(steps):
        stepper.zero_grad()
        F.cross_entropy(model(x[train]), y[train]).backward()
        stepper.step()
    return model


def score(model, rows):
    """Give the loss and the accuracy on these rows."""
    with torch.no_grad():
        logits = model(x[rows])
    right = logits.argmax(dim=1) == y[rows]
    return F.cross_entropy(logits, y[rows]).item(), right.double().mean().item()


rates = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0]
sweep = {}
for optimizer in (torch.optim.SGD, torch.optim.Adam):
    scores = [score(fit(rate, optimizer=optimizer), validation) for rate in rates]
    sweep[optimizer.__name__] = [loss for loss, _ in scores]
    best = scores.index(min(scores))
    print(f"{optimizer.__name__:5} rate 0.01: {scores[2][1]:.0%}", end="   ")
    print(f"own best rate {rates[best]:g}: {scores[best][1]:.0%}")

# %%
# 用同一個學習率，Adam 大勝；各用自己最好的，不相上下。SGD 要的學習率大了一百倍。
# 只替自己喜歡的方法調，再拿去贏沒調過的，是最常見的不公平。
#
# At the same rate Adam wins by far; each at its own best, they are about equal. SGD wants a rate a
# hundred times as large. The most common unfairness is to tune the method that you like, and then
# beat another that nobody tuned.

import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
for name, losses in sweep.items():
    ax.plot(rates, losses, "o-", label=name)
ax.axhline(math.log(10), linestyle="--", color="grey", label="guessing")
ax.set(xscale="log", xlabel="learning rate", ylabel="validation loss", ylim=(0, 3))
ax.legend(loc="upper center", ncols=3)
fig.set_label(
    "掃學習率：兩個山谷，在不同的地方 · The sweep: two valleys, in different places\n"
    "橫軸是學習率，取對數；縱軸是驗證損失。Adam 的谷底在 0.01 附近，SGD 的在 1；"
    "太小和太大都回到亂猜的虛線。 · "
    "Validation loss against learning rate on a log axis. The valley of Adam lies near 0.01, that "
    "of SGD at 1; too small or too large, both return to the dashed line of guessing."
)
plt.show()

# %%
# 太小，60 步走不到；太大，跨過頭。最好的值若落在掃描範圍的邊上，就把範圍加寬再掃。
#
# Too small, and 60 steps do not get there; too large, and each oversteps. If the best value lies at
# the edge of your range, widen the range.

# %%
# 隨機搜尋 · Random search
# ------------------------
#
# 要一起調好幾個呢？排成網格，三個超參數各三個值，跑 27 次卻只試了三個學習率。隨機抽，27 次就是
# 27 個學習率。跨好幾個數量級的，在對數上均勻地抽：先抽指數。
#
# How do you tune several at once? On a grid, three hyperparameters with three values each take 27
# runs, and only three learning rates are tried. Drawn at random, 27 runs try 27. Where a range
# spans orders of magnitude, draw evenly on the log scale: draw the exponent.
#
# 第一次試，就出了怪事。**先猜猜看**：四個學習率，會有幾個不一樣？
#
# The first attempt goes strangely. **Guess first**: of four learning rates, how many will be
# different?

for _ in range(4):
    rate = 10 ** (-4 + 4 * torch.rand(()).item())
    fit(rate, steps=1)
    print(f"{rate:.5f}")

# %%
# 只有一個，四次全都一樣！``fit`` 每次都重設種子，把我們抽籤用的亂數也一起倒帶了。沒有錯誤訊息，
# 搜尋卻停在原地。解法：抽籤用自己的 ``Generator``，而且訓練前一次抽完。
#
# Just one: all four are the same. ``fit`` sets the seed each time and so rewinds the random numbers
# that we draw from. There is no message, and the search stands still. The cure: draw from a
# separate ``Generator``, and draw everything before training.

draws = torch.rand(20, 3, generator=torch.Generator().manual_seed(0)).tolist()
settings = [
    {"rate": 10 ** (-4 + 4 * a), "width": round(4 * 2 ** (5 * b)), "decay": 10 ** (-5 + 4 * c)}
    for a, b, c in draws
]
losses = [score(fit(**setting), validation)[0] for setting in settings]
best = settings[losses.index(min(losses))]
print({name: float(f"{value:.1g}") for name, value in best.items()})

fig, axes = plt.subplots(1, 3, figsize=(8, 3), layout="constrained", sharey=True)
titles = {"rate": "learning rate", "width": "hidden width", "decay": "weight decay"}
for ax, (name, title) in zip(axes, titles.items(), strict=True):
    ax.scatter([setting[name] for setting in settings], losses)
    ax.plot(best[name], min(losses), "*", markersize=16, color="tab:orange")
    ax.set(xscale="log", xlabel=title, ylim=(0, 3))
axes[0].set_ylabel("validation loss")
fig.set_label(
    "同樣 20 次，分別對三個超參數畫 · The same 20 runs against each hyperparameter\n"
    "對學習率畫，點排成一個山谷；對寬度、權重衰減畫，點散成一片。星號是最好的一次。 · "
    "Against the learning rate the points form a valley; against width and weight decay they "
    "scatter. A star marks the best run."
)
plt.show()

# %%
# 左圖成谷，右邊兩張散成一片：在這個範圍裡，學習率最要緊。網格把三分之二的力氣花在不要緊的地方，
# 隨機搜尋不會。下一輪就把學習率的範圍縮到谷底附近。
#
# A valley at the left, scatter in the other two: in these ranges the learning rate matters most. A
# grid spends most of its runs on what matters little; a random search does not. For the next round,
# narrow the learning rate to the valley.

# %%
# 種子與誤差線 · Seeds and error bars
# -----------------------------------
#
# 換一個種子，起始的:term:`權重`不同，分數也不同。只跑一次就說誰好，是把運氣當實力。
# 學習率照搜尋的結果取 0.01，看不出好處的:term:`權重衰減`不加，每種寬度各用 8 個種子跑：
#
# Another seed gives other starting :term:`weights <weight>` and another score. To judge by a single
# run is to take luck for merit. Take the rate 0.01 that the search found, leave out
# :term:`weight decay`, which showed no gain, and run each width with 8 seeds:

widths = [16, 32, 64, 128]
accuracy = torch.tensor(
    [[score(fit(0.01, width, seed=seed), validation)[1] for seed in range(8)] for width in widths],
    dtype=torch.float64,
)
print("seed 1:", "  ".join(f"{w}: {a:.1%}" for w, a in zip(widths, accuracy[:, 1], strict=True)))
for first, second in [(1, 0), (3, 2)]:
    gap = accuracy[first] - accuracy[second]  # 同一個種子相減 · seed by seed
    error = gap.std() / len(gap) ** 0.5
    print(f"{widths[first]:3} - {widths[second]}: {gap.mean():+.1%} ± {error:.1%}")

fig, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
for place, row in enumerate(accuracy.numpy()):
    ax.plot([place + 0.12] * 8, 100 * row, "o", color="grey", alpha=0.5)
    error = row.std(ddof=1) / len(row) ** 0.5
    ax.errorbar(place, 100 * row.mean(), 200 * error, fmt="s", color="tab:blue", capsize=6)
ax.set(xticks=range(4), xticklabels=widths, xlabel="hidden width")
ax.set_ylabel("validation accuracy (%)")
fig.set_label(
    "八個種子的平均與兩倍標準誤 · Mean of eight seeds with two standard errors\n"
    "每種寬度八個灰點，旁邊是平均與誤差線。16 的點散得最開，也最低；64 和 128 幾乎一樣高。 · "
    "Eight grey points for each width, with mean and bar beside. Those of 16 spread most and lie "
    "lowest; 64 and 128 are almost level."
)
plt.show()

# %%
# 種子 1 說 16 贏 32；八個種子平均，32 才是贏家，差距超過兩倍標準誤（標準差除以 ``√n``）。
# 128 和 64 的差距比標準誤還小，看不出來；看不出來，就選小的、便宜的，64。
# 每個種子都跑兩種寬度，同種子相減，共同的運氣就抵銷了。
#
# Seed 1 says that 16 beats 32. By the mean of eight seeds 32 wins, by more than two standard errors
# (standard deviation over ``√n``). The gap between 128 and 64 is smaller than its error: there is
# no telling which is better, so take the smaller and cheaper, 64. Both widths ran with each seed;
# subtract seed by seed, and the luck that both share cancels out.
#
# 種子不是超參數：挑分數最高的種子，挑到的只是運氣。
#
# The seed is no hyperparameter: pick the one that scores best, and you pick luck.

# %%
# 選得愈多，分數愈假 · The more you choose, the less the score is true
# --------------------------------------------------------------------
#
# **先猜猜看**：一千個「模型」亂答 50 題是非題，最好的那個答對幾成？換新題目呢？
#
# **Guess first**: a thousand "models" answer 50 yes-or-no questions by guessing. What does the best
# of them score? And on new questions?

coin = torch.Generator().manual_seed(0)
guesses = torch.randint(2, (1000, 50), generator=coin)
scores = (guesses == torch.randint(2, (50,), generator=coin)).double().mean(dim=1)
for count in (1, 10, 1000):
    print(f"best of {count:4}: {scores[:count].max():.0%}")
fresh = torch.randint(2, (2, 10_000), generator=coin)
print(f"on 10000 new questions: {(fresh[0] == fresh[1]).double().mean():.0%}")

# %%
# 誰也不會，最好的卻遠超過一半，因為分數是挑出來的。換新題目，它照樣亂答，又回到一半。
# 我們在驗證集上試了幾十組，勝者的驗證分數也同樣偏高；只有從沒參與選擇的:term:`測試集`說得準。
# 所以只碰一次：看了分數再回頭改，它就成了另一份驗證集。
#
# None of them knows anything, yet the best is far above one half, because we picked it by that
# score. On new questions it guesses again, and is back at one half. We too tried dozens of
# settings; the winner's validation score is too high in the same way. Only a :term:`test set` that
# took no part in choosing tells the truth. So touch it once: look, go back and change, and it is
# one more validation set.

final = fit(0.01, width=64)
share = score(final, test)[1]
error = (share * (1 - share) / len(test)) ** 0.5
print(f"test accuracy {share:.0%} ± {error:.0%}")

# %%
# 這就是要報告的分數：連同誤差、試過幾組、用了幾個種子，一起寫下來。
#
# This is the score to report, with its error, the number of settings tried and of seeds.

# %%
# 練習 · Exercises
# ----------------
#
# 答案交給 ``primer.check`` 批改；在腳本裡寫 ``print(primer.check(...))`` 才看得到結果。
#
# Let ``primer.check`` mark your answers. In a script, ``print(primer.check(...))`` shows the
# verdict.
#
# **17-1 在對數上均勻地抽。**寫 ``log_uniform(u, low, high)``：``u`` 是 0 到 1 的浮點張量，
# 0 對到 ``low``，1 對到 ``high``，0.5 對到兩者的幾何平均；形狀不變。``low`` 大於 0。
#
# **17-1 Draw evenly on the log scale.** Write ``log_uniform(u, low, high)``: ``u`` is a float
# tensor of numbers from 0 to 1. 0 becomes ``low``, 1 becomes ``high`` and 0.5 their geometric mean;
# the shape stays. ``low`` is above 0.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    .. code-block:: python
#
#       def log_uniform(u, low, high):
#           return low * (high / low) ** u
#
#       primer.check("17-1", log_uniform)
#
# **17-2 差距與誤差。**寫 ``compare(a, b)``：兩個一樣長的浮點張量，
# 是兩種設定用同一串種子得到的分數。回傳 ``(gap, error)``：``a`` 減 ``b`` 的平均，
# 和這個平均的標準誤（同種子相減，標準差除以 ``√n``，標準差的分母是 ``n - 1``）。
#
# **17-2 Gap and error.** Write ``compare(a, b)`` for two float tensors of the same length: scores
# of two settings with the same seeds. Return ``(gap, error)``: the mean of ``a`` minus ``b`` and
# the standard error of that mean (subtract seed by seed; standard deviation over ``√n``, with
# ``n - 1`` in the deviation).
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    .. code-block:: python
#
#       def compare(a, b):
#           gap = a - b
#           return gap.mean().item(), gap.std().item() / len(gap) ** 0.5
#
#       primer.check("17-2", compare)

# %%
# 重點回顧 · Summary
# ------------------
#
# - 問題決定損失，資料決定架構；學習率先掃，每種最佳化器各用自己最好的來比。
#
#   The task decides the loss, the data the architecture; sweep the learning rate first, and compare
#   optimizers each at its own best.
#
# - 搜尋用自己的亂數，跨數量級的在對數上抽；差距要和好幾個種子的誤差比。
#
#   Draw from a separate generator, on a log scale where a range spans magnitudes; compare a gap
#   with the error over several seeds.
#
# - 選出來的分數一定偏高；測試集在最後碰一次。
#
#   A score that was chosen is too high; touch the test set once, at the end.
#
# 會選、會比了，接著讓它跑得更快，換個裝置：:doc:`/lessons/6_scale/18_devices`。
#
# You can choose and compare. Next, other devices and more speed:
# :doc:`/lessons/6_scale/18_devices`.
