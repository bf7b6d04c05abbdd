"""
過度擬合：學會了，還是背起來了 · Overfitting: learned, or memorised
===================================================================

考古題背得滾瓜爛熟，題目一換就不會。模型愈大、練得愈久，愈容易變成這樣。
這一課先把它弄壞，再一樣一樣治好。

Know every past exam by heart, and the first new question floors you. The larger a model and the
longer it trains, the more easily this happens. In this lesson we let it happen, then cure it, one
remedy at a time.

.. mermaid::

   flowchart TB
     accTitle: 看兩個分數，決定下一步 · Two scores tell what to do next
     accDescr {
       訓練分數低，是能力不夠；訓練分數高而驗證分數低，是過度擬合；兩個都高就可以了。 ·
       A low training score means too little capacity; a high one with a low validation score
       means overfitting; both high means done.
     }
     A["訓練分數高嗎？ · training score high?"]
     A -->|"否 · no"| S["放大模型 · larger model"]
     A -->|"是 · yes"| B["驗證呢？ · validation?"]
     B -->|"否 · no"| O
     O["加資料 · more data<br/>提早停止 · stop early<br/>權重衰減 · decay<br/>丟棄法 · dropout"]
     B -->|"是 · yes"| C["好了 · done"]

讀完這一課，你能從學習曲線看出學得不夠還是過度擬合；能用提早停止、權重衰減和丟棄法，
也說得出各自在做什麼；還知道什麼時候該去找更多資料。

After this lesson you can read from learning curves whether a model learned too little or overfits;
use early stopping, weight decay and dropout, and say what each of them does; and tell when it is
time to collect more data.

先備課程：:doc:`/lessons/5_practice/15_evaluation`。時間：約 25 分鐘。

Lessons needed: :doc:`/lessons/5_practice/15_evaluation`. Time: about 25 minutes.
"""

# %%
# 少少的資料，還標錯 · Few data, and wrongly labelled
# ---------------------------------------------------
#
# 還是那批手寫數字，這次只給 300 張當:term:`訓練集`，而且標的人很趕：五張裡有一張標錯。
# :term:`驗證集`和:term:`測試集`仔細核對過，沒有錯。
#
# The handwritten digits again, but only 300 in the :term:`training set`, and whoever labelled them
# was in a hurry: one label in five is wrong. The :term:`validation set` and the :term:`test set`
# were checked with care.

# sphinx_gallery_thumbnail_number = 1
import torch
from sklearn.datasets import load_digits

torch.manual_seed(5)
digits = load_digits()
order = torch.randperm(len(digits.data))
inputs = torch.from_numpy(digits.data / 16)[order]
labels = torch.from_numpy(digits.target)[order]

validation, test = (inputs[:400], labels[:400]), (inputs[400:800], labels[400:800])
pool, truth = inputs[800:], labels[800:]

given = truth.clone()  # 每五個換掉一個 · every fifth is replaced
given[::5] = (given[::5] + torch.randint(1, 10, given[::5].shape)) % 10
train = pool[:300], given[:300]
print((given[:300] != truth[:300]).sum().item(), "of 300 labels are wrong")

# %%
# 模型有一層:term:`隱藏層`。整份資料一次送進去，走 100 步；用 float64，好讓每台電腦印出一樣的數字。
#
# The model has one :term:`hidden layer`. All data go in at once, for 100 steps; float64 makes every
# computer print the same numbers.

from torch import nn

import primer


def build(width, dropout=0.0):
    """Make a network with one hidden layer."""
    torch.manual_seed(0)
    layers = nn.Linear(64, width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(width, 10)
    return nn.Sequential(*layers).double()


def fit(model, data=train, weight_decay=0.0, **options):
    """Train a network for at most 100 epochs of one batch each."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=weight_decay)
    return primer.fit(
        model,
        data,
        loss=nn.CrossEntropyLoss(),
        optimizer=optimizer,
        epochs=100,
        batch_size=len(data[0]),
        metrics={"accuracy": primer.accuracy},
        device="cpu",  # 這麼小，CPU 就夠快 · so small that the CPU is fast enough
        progress=False,
        **options,
    )


def accuracy(model, data):
    """Measure the share of right answers, with dropout switched off."""
    return primer.evaluate(model, data, metrics={"accuracy": primer.accuracy})["accuracy"]


# %%
# 能力：太小、太大 · Capacity: too small, too large
# -------------------------------------------------
#
# 模型能記住多複雜的東西，叫它的:term:`容量`；隱藏層愈寬，容量愈大。
#
# How complex a thing a model can take in is its :term:`capacity`. The wider the hidden layer, the
# larger it is.
#
# **先猜猜看**：訓練集五分之一是亂標的。最大的模型在訓練集上能對幾成？
#
# **Guess first**: a fifth of the training labels are nonsense. What accuracy can the largest model
# reach on the training set?

print("width  parameters  training  validation")
for width in (2, 16, 256):
    model = build(width)
    history = fit(model, validation=validation)
    scores = f"{accuracy(model, train):8.2f}  {accuracy(model, validation):10.2f}"
    print(f"{width:5}  {primer.count_parameters(model):10}  {scores}")

untreated, untreated_history = model, history  # 寬度 256 的 · those of width 256

# %%
# 寬度 2 的兩邊都低：裝不下，叫擬合不足。寬度 16 的訓練分數大約八成，正是沒標錯的比例。
# 寬度 256 的在訓練集上全對，連亂標的也「對」，驗證分數反而比較差：這就是:term:`過度擬合`。
# 它真的把錯的答案背下來了嗎？
#
# Width 2 is low on both: there is no room in it, it underfits. Width 16 scores about eight tenths
# in training, just the share of right labels. Width 256 gets all of the training set "right",
# nonsense included, and does worse on the validation set. This is :term:`overfitting`. Did it
# really memorise the wrong answers?

wrong = given[:300] != truth[:300]
answers = primer.predict(untreated, pool[:300]).argmax(dim=1)
print((answers[wrong] == given[:300][wrong]).sum().item(), "wrong labels known by heart")
print((answers[wrong] == truth[:300][wrong]).sum().item(), "of these digits read correctly")

# %%
# 60 個錯的答案全背起來了，那 60 張圖真正是什麼，一張也沒讀對。訓練集滿分不是好消息，
# 是該查一查的消息。
#
# It knows all 60 wrong answers by heart and reads none of those 60 digits as what it really is. A
# full score on the training set is not good news; it is a reason to look closer.

# %%
# 學習曲線 · Learning curves
# --------------------------
#
# 把每個:term:`訓練週期`的:term:`損失 <損失函數>`畫出來，叫:term:`學習曲線`。兩條一起看：
#
# Draw the :term:`loss <loss function>` of each :term:`epoch` and you have the
# :term:`learning curve`. Look at two of them together:

import matplotlib.pyplot as plt

epochs = range(1, 101)
best = untreated_history.best_epoch
fig, ax = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
ax.plot(epochs, untreated_history["loss"], label="training")
ax.plot(epochs, untreated_history["validation_loss"], "--", label="validation")
ax.axvline(best, color="grey", linewidth=0.8)
ax.annotate("lowest validation loss", (best + 1, 2.1), color="grey")
ax.set(xlabel="epoch", ylabel="loss")
ax.legend()
fig.set_label(
    "訓練損失一路下降，驗證損失先降後升 · Training loss keeps falling; validation loss turns up\n"
    "兩條曲線起初一起下降；十幾個訓練週期之後分開，訓練的繼續降到 0 附近，驗證的掉頭往上爬。 · "
    "The two curves fall together at first. After a dozen epochs they part: training goes on to "
    "near 0, validation turns and climbs."
)
plt.show()

# %%
# 分開的地方，就是從「學會」變成「背」的地方：先學到的是大家共通的筆畫，
# 剩下的訓練都在記個別的錯。（一開始訓練損失反而比較高，因為它連亂標的那些也要算。）
#
# Where they part, learning turns into memorising. First come the strokes that all examples share;
# what remains of the training goes into single mistakes. (At first the training loss is even the
# higher one: the wrong labels count in it.)

# %%
# 提早停止 · Early stopping
# -------------------------
#
# 最直接的辦法：驗證損失不再下降，就停。``fit`` 的 ``patience`` 是「再等幾個訓練週期」。
#
# The most direct cure: stop when the validation loss no longer falls. ``patience`` tells ``fit``
# how many more epochs to wait.

stopped = build(256)
try:
    fit(stopped, patience=10)
except ValueError as error:
    print(error)

# %%
# 忘了給驗證集。看訓練損失是停不下來的：它會一直降。
#
# The validation set was forgotten. The training loss cannot tell when to stop: it goes on falling.

history = fit(stopped, validation=validation, patience=10)
print(f"stopped after epoch {history.epochs}, kept the weights of epoch {history.best_epoch}")
print(f"training {accuracy(stopped, train):.2f}   validation {accuracy(stopped, validation):.2f}")

# %%
# 一樣的模型、一樣的資料，只是少練一點，驗證分數就好了一大截；訓練分數回到八成上下。
# 這叫:term:`提早停止`。記得拿回最好那一週期的:term:`權重`，不是最後的。
#
# The same model and the same data, trained less, and the validation score is far better; the
# training score is back to about eight tenths. This is :term:`early stopping`. Mind that you keep
# the :term:`weights <weight>` of the best epoch, not those of the last.

# %%
# 權重衰減 · Weight decay
# -----------------------
#
# 背下怪異的例子，需要很大的權重，好在一小塊地方急轉彎。:term:`權重衰減`每一步都把權重縮小一點；
# 不是真的有用的，就留不住：
#
# Memorising an odd example takes large weights, so that the output can turn sharply in a small
# region. :term:`Weight decay <weight decay>` shrinks every weight a little at each step; what is of
# no real use does not last:
#
# .. math::
#
#    w \leftarrow w - \text{lr} \times \text{decay} \times w - \text{lr} \times \text{step}
#
# decay 是衰減的強度，step 是最佳化器原本要走的一步。上面 ``fit`` 用的 ``AdamW``，
# 就是加上權重衰減的 Adam。
#
# Here decay is the strength, and step is what the optimizer would have taken anyway. ``AdamW``,
# which ``fit`` above uses, is Adam with weight decay.
#
# **先猜猜看**：衰減愈強愈好嗎？
#
# **Guess first**: is more decay always better?

decays = {0: (untreated, untreated_history)}
for decay in (3, 10, 30):
    model = build(256)
    decays[decay] = model, fit(model, validation=validation, weight_decay=decay)

print("decay  weights  training  validation")
for decay, (model, _) in decays.items():
    size = sum(parameter.square().sum() for parameter in model.parameters()).sqrt()
    scores = f"{accuracy(model, train):8.2f}  {accuracy(model, validation):10.2f}"
    print(f"{decay:5}  {size.item():7.1f}  {scores}")

# %%
# 太弱，照背；太強，什麼都學不到，兩個分數一起掉。中間有一段剛好，要靠驗證集找。
# （我們只走 100 步，所以衰減要很強；練得久的模型常用 0.01 到 0.1。）
#
# Too weak, and it still memorises; too strong, and it learns nothing: both scores drop. Somewhere
# between lies the right strength, and the validation set finds it. (We take only 100 steps, so the
# decay has to be strong; long trainings often use 0.01 to 0.1.)

# %%
# 丟棄法 · Dropout
# ----------------
#
# :term:`丟棄法`（dropout）在訓練時隨機把一部分神經元設成 0，每個被丟的機率是 ``p``，
# 每一步丟的都不同。沒有哪個神經元靠得住，就不能靠其中一兩個記住某個例子。
# 留下來的除以 ``1 - p``，好讓平均值不變。
#
# :term:`Dropout <dropout>` sets a random part of the units to 0 in training, each with probability
# ``p``, a different part at every step. As no single unit can be relied on, one or two of them
# cannot hold an example by heart. What remains is divided by ``1 - p``, so that the mean stays.

drop = nn.Dropout(0.8)
ones = torch.ones(100_000)
dropped = drop(ones)
print(dropped.unique(), f"mean {dropped.mean():.1f}")

drop.eval()
print(drop(ones).unique())

# %%
# 訓練模式裡，1 變成 0 或 5，平均還是 1；預測時（``eval()`` 之後）什麼都不丟。
# 把它放進模型裡；丟到誰是隨機的，所以分數只印一位小數。
#
# In training mode a 1 becomes 0 or 5, and the mean is still 1. For prediction, after ``eval()``,
# nothing is dropped. Put it into the model; what is dropped is chance, so print the score to one
# decimal only.

dropout = build(256, dropout=0.8)
dropout_history = fit(dropout, validation=validation)
print(f"validation {accuracy(dropout, validation):.1f}")

# %%
# 不出聲的失敗：忘了 ``eval()`` · A silent failure: ``eval()`` forgotten
# ----------------------------------------------------------------------
#
# 同一張圖，問同一個模型兩次：
#
# The same pictures, the same model, asked twice:

with torch.no_grad():
    dropout.train()
    print(torch.equal(dropout(validation[0]), dropout(validation[0])))
    dropout.eval()
    print(torch.equal(dropout(validation[0]), dropout(validation[0])))

# %%
# 沒有錯誤訊息，只是每次的答案都不一樣，也比較差。自己寫預測時，先呼叫 ``model.eval()``；
# ``primer.predict`` 和 ``primer.evaluate`` 會替你切換。
#
# No message; the answers merely differ each time, and are worse. When you write prediction by
# hand, call ``model.eval()`` first; ``primer.predict`` and ``primer.evaluate`` switch for you.

# %%
# 放在一起比 · Side by side
# -------------------------
#
# 看驗證集上的學習曲線：不處理的會往上翹，另外兩條不會。
#
# Compare the learning curves on the validation set: untreated, the curve turns up; the other two do
# not.

decayed, decayed_history = decays[10]
histories = {
    "untreated": untreated_history,
    "weight decay 10": decayed_history,
    "dropout 0.8": dropout_history,
}
fig, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.8), layout="constrained")
for (name, record), style in zip(histories.items(), ("-", "--", "-."), strict=True):
    left.plot(epochs, record["validation_loss"], style, label=name)
    right.plot(epochs, record["validation_accuracy"], style, label=name)
left.set(xlabel="epoch", ylabel="validation loss")
right.set(xlabel="epoch", ylabel="validation accuracy")
right.legend(loc="lower right")
fig.set_label(
    "三種練法在驗證集上的學習曲線 · Learning curves of three trainings on the validation set\n"
    "不處理的損失先降後升，準確率衝到九成又掉到七成；權重衰減和丟棄法的損失不再往上爬，"
    "準確率留在九成附近。 · "
    "Untreated, the loss turns up and the accuracy drops from nine tenths to seven; with weight "
    "decay and with dropout the loss does not climb, and the accuracy stays near nine tenths."
)
plt.show()

# %%
# 最好的藥：更多資料 · The best medicine: more data
# -------------------------------------------------
#
# 錯的比例不變，張數變多：
#
# With the same share of wrong labels, but more pictures:

counts = (100, 300, 600, 900)
curves = {"training": [], "validation": []}
for count in counts:
    model, data = build(256), (pool[:count], given[:count])
    fit(model, data)
    curves["training"].append(accuracy(model, data))
    curves["validation"].append(accuracy(model, validation))

fig, ax = plt.subplots(figsize=(5.6, 3.6), layout="constrained")
for (name, values), style in zip(curves.items(), ("o-", "s--"), strict=True):
    ax.plot(counts, values, style, label=name)
ax.set(xlabel="training samples", ylabel="accuracy", xticks=counts, ylim=(0.5, 1.03))
ax.legend()
fig.set_label(
    "資料愈多，兩個分數愈靠近 · The more data, the closer the two scores\n"
    "橫軸是訓練張數：訓練準確率從 1 往下降，驗證準確率往上升，到 900 張時幾乎碰在一起。 · "
    "Against the number of training samples, training accuracy falls from 1 while validation "
    "accuracy rises; at 900 they almost meet."
)
plt.show()

# %%
# 這張圖也叫學習曲線，橫軸換成了資料量。兩條還離得遠，就值得去找資料；已經靠在一起又都不夠高，
# 加資料沒有用，該換模型或特徵。
#
# This is called a learning curve too, against the amount of data. While the two are far apart, more
# data are worth looking for. Where they have met and are both too low, data will not help: change
# the model or the features.

# %%
# 最後，測試集一次 · At last, the test set, once
# ----------------------------------------------
#
# 四種做法都定了，才用測試集比。400 張的標準誤約 0.02，所以只印一位小數：
# 十分之幾的差別才當真，藥之間那一點點不當真。
#
# With all four settled, compare on the test set. The standard error for 400 pictures is about 0.02,
# so we print one decimal: take a difference of tenths seriously, but not the hundredths between the
# cures.

models = {
    "untreated": untreated,
    "early stopping": stopped,
    "weight decay": decayed,
    "dropout": dropout,
}
for name, model in models.items():
    print(f"{name:15} {accuracy(model, test):.1f}")

# %%
# 三種藥都把七成拉到九成，沒有一種需要改掉那 60 個錯的標籤。它們可以一起用，
# 強度都是:term:`超參數`；怎麼選，是下一課的事。
#
# Each of the three lifts seven tenths to nine, and none had to mend the 60 wrong labels. They can
# be combined, and the strength of each is a :term:`hyperparameter`. How to choose it is the subject
# of the next lesson.

# %%
# 練習 · Exercises
# ----------------
#
# 答案交給 ``primer.check`` 批改；在腳本裡寫 ``print(primer.check(...))`` 才看得到結果。
#
# Let ``primer.check`` mark your answers. In a script, ``print(primer.check(...))`` shows the
# verdict.
#
# **16-1 什麼時候停。**寫 ``stop(losses, patience)``：``losses`` 是每個訓練週期的驗證損失，
# 週期從 1 數起。連續 ``patience`` 個週期都沒有**低於**目前最低的，就在那裡停；
# 一直沒停，就到最後一個。回傳 ``(best, last)``：要保留哪一週期的權重、在哪一週期之後停下。
#
# **16-1 When to stop.** Write ``stop(losses, patience)``: ``losses`` are the validation losses of
# the epochs, counted from 1. Stop as soon as ``patience`` epochs in a row were not *below* the
# lowest so far; if that never happens, go to the end. Return ``(best, last)``: the epoch whose
# weights to keep, and the epoch after which training ends.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    .. code-block:: python
#
#       def stop(losses, patience):
#           best = 1
#           for epoch, loss in enumerate(losses, start=1):
#               if loss < losses[best - 1]:
#                   best = epoch
#               if epoch - best == patience:
#                   break
#           return best, epoch
#
#       primer.check("16-1", stop)
#
# **16-2 自己寫丟棄法。**不用 ``nn.Dropout`` 和 ``F.dropout``，寫 ``dropout(x, p, training)``：
# 訓練時，每個元素各自以機率 ``p`` 變成 0，留下的除以 ``1 - p``；不是訓練時原樣回傳。
# ``p`` 從 0 到 1，不含 1；不可改動 ``x``。
#
# **16-2 Dropout by hand.** Without ``nn.Dropout`` and ``F.dropout``, write ``dropout(x, p,
# training)``: in training, each element by itself becomes 0 with probability ``p``, and what
# remains is divided by ``1 - p``; otherwise return ``x`` as it is. ``p`` is at least 0 and below 1;
# leave ``x`` unchanged.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    .. code-block:: python
#
#       def dropout(x, p, training):
#           if not training:
#               return x
#           kept = torch.rand_like(x) >= p
#           return x * kept / (1 - p)
#
#       primer.check("16-2", dropout)

# %%
# 重點回顧 · Summary
# ------------------
#
# - 訓練分數高、驗證分數低，就是過度擬合；兩個都低，是擬合不足。
#
#   High in training and low in validation is overfitting; low in both is underfitting.
#
# - 提早停止少練一點，權重衰減不讓權重變大，丟棄法不讓神經元互相依賴；強度都用驗證集選。
#
#   Early stopping trains less, weight decay keeps weights small, dropout keeps units from leaning
#   on each other; choose their strength on the validation set.
#
# - 兩條學習曲線離得遠，就找更多資料；預測之前記得 ``eval()``。
#
#   While learning curves are far apart, look for more data; before prediction, remember ``eval()``.
#
# 學習率、寬度、衰減、丟棄的比例，該怎麼一起選？下一課：
# :doc:`/lessons/5_practice/17_choosing_hyperparameters`。
#
# Learning rate, width, decay, share to drop: how do you choose them all? Next:
# :doc:`/lessons/5_practice/17_choosing_hyperparameters`.
