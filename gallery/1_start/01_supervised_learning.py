"""
監督式學習：看例子，學會回答 · Supervised learning: examples first, answers later
=================================================================================

芒果熟了沒，規則很難寫，例子卻很好找。這一課讓電腦看例子學，再回答它沒見過的問題。

A rule for ripe mangoes is hard to write, but examples are easy to find. In this lesson the
computer learns from examples, then answers questions that it has never seen.

.. mermaid::

   flowchart LR
     accTitle: 監督式學習的兩個階段 · The two phases of supervised learning
     accDescr {
       訓練階段用特徵和標籤調出模型；預測階段用這個模型替新資料算出標籤。 ·
       Training makes a model from features and labels; prediction labels new data with it.
     }
     F["特徵 · features"] --> T(["訓練階段 · training"])
     Y["標籤 · labels"] --> T
     T -->|"模型 · model"| P(["預測階段 · prediction"])
     N["新的特徵 · new features"] --> P
     P --> O["預測的標籤 · predictions"]

讀完這一課，你能說出特徵、標籤、訓練階段和預測階段各是什麼；能訓練一個只有三個數字的模型，
畫出它的決策邊界；也能說明為什麼要留一些資料，到最後才拿來考模型。

After this lesson you can say what features, labels and the two phases are, train a model of only
three numbers and draw its decision boundary, and explain why some data are kept for a final test.

先備課程：無。時間：約 15 分鐘。

Lessons needed: none. Time: about 15 minutes.
"""

# %%
# 規則很難寫 · Rules are hard to write
# ------------------------------------
#
# 芒果熟了沒，你摸一下就知道。可是把「摸一下」寫成 ``if`` 就難了：多軟才算熟？
# 皮很黃、摸起來卻很硬，又該聽誰的？
#
# You can tell a ripe mango by touch. Now write that touch as an ``if``: how soft is ripe? And if
# the skin is yellow but the flesh is hard, which of the two decides?
#
# 那就不寫規則，改給電腦看許多「附答案」的芒果，讓它自己調出判斷的方法。
# 這叫:term:`監督式學習`：答案就在旁邊監督。
#
# So we write no rule. We show the computer many mangoes *with their answers* and let it work out
# how to judge. That is :term:`supervised learning`: the answers supervise it.

# %%
# 資料：特徵與標籤 · The data: features and labels
# ------------------------------------------------
#
# 每顆芒果量兩個數字：皮有多黃、果肉有多軟，都從 0 到 10。量到的數字叫:term:`特徵`，
# 旁邊的答案叫:term:`標籤`：1 是熟了，0 是還沒熟。
#
# Each mango is measured twice, how yellow and how soft, from 0 to 10. The measured numbers are its
# :term:`features <feature>`. The answer beside them is its :term:`label`: 1 is ripe, 0 is not yet.
#
# 我們自己造 120 顆，並固定:term:`隨機種子`，好讓大家拿到同一批。數字都裝在:term:`張量`裡，
# 那是 PyTorch 的陣列，第 03 課細說。
#
# We make 120 mangoes ourselves and fix the :term:`random seed`, so that everyone gets the same
# ones. The numbers stand in a :term:`tensor`, PyTorch's kind of array; lesson 03 says more.

# sphinx_gallery_thumbnail_number = 1
import torch

torch.manual_seed(7)
unripe = torch.tensor([3.0, 3.5]) + 1.3 * torch.randn(60, 2)  # 中心加雜訊 · a centre and noise
ripe = torch.tensor([6.5, 6.2]) + 1.3 * torch.randn(60, 2)
features = torch.cat([unripe, ripe]).clamp(0, 10).round(decimals=1)
labels = torch.cat([torch.zeros(60), torch.ones(60)])

shuffled = torch.randperm(120)  # 打亂順序 · a random order
features, labels = features[shuffled], labels[shuffled]

for (yellow, soft), label in zip(features[:3].tolist(), labels[:3].tolist(), strict=True):
    print(f"yellow {yellow:.1f}   soft {soft:.1f}   label {label:.0f}")

# %%
# 先收起來一些 · Put some away first
# ----------------------------------
#
# 考古題背得再熟也不算學會，要考沒看過的題目才知道。所以收起 40 顆當:term:`測試集`，
# 訓練時一眼都不看；其餘 80 顆是:term:`訓練集`。
#
# Knowing last year's exam by heart is not knowing the subject; only new questions can tell. So 40
# mangoes become the :term:`test set`, which training never sees. The other 80 are the
# :term:`training set`.

train_features, test_features = features[:80], features[80:]
train_labels, test_labels = labels[:80], labels[80:]

# %%
# 失敗的學法：背起來 · A way that fails: learning by heart
# --------------------------------------------------------
#
# 最省事的「學習」是把答案抄進一本字典。拿它抄過的 80 顆來考，全對。
#
# The laziest way to "learn" is to copy the answers into a dictionary. Asked about the 80 mangoes
# that it copied, it gets every one right.

memory = {}
for mango, label in zip(train_features.tolist(), train_labels.tolist(), strict=True):
    memory[tuple(mango)] = label

recalled = torch.tensor([memory[tuple(mango)] for mango in train_features.tolist()])
print(f"{(recalled == train_labels).sum()} of {len(train_labels)} right")

# %%
# **先猜猜看**：來了一顆新芒果，6.0 分黃、7.0 分軟。這本字典會怎麼回答？
#
# **Guess first**: here comes a new mango, 6.0 yellow and 7.0 soft. What will the dictionary say?

new_mango = (6.0, 7.0)
try:
    print(memory[new_mango])
except KeyError as error:
    print(f"KeyError: {error}")

# %%
# 它答不出來。每一題的答案它都記得，卻沒學到「越黃、越軟，就越可能熟」。
# 在訓練集上全對，不表示學會了。
#
# It has no answer. It remembers every case and has missed the point: the yellower and softer, the
# more likely ripe. A perfect score on the training set does not mean that anything was learned.

# %%
# 模型：三個數字 · The model: three numbers
# -----------------------------------------
#
# 我們要一個對任何芒果都算得出來的式子。最簡單的是：兩個特徵各乘一個:term:`權重`，加起來，
# 再加:term:`偏差`，得到分數；大於 0 就回答「熟了」。
#
# We want a formula that works for any mango. The simplest: multiply each feature by a
# :term:`weight`, add them up, add a :term:`bias`. That is the score; above 0 means "ripe".
#
# .. math::
#
#    \text{score} = w_1 \times \text{yellow} + w_2 \times \text{soft} + b
#
# 特徵是芒果的；權重和偏差是模型的，叫:term:`參數`，一共就三個。一開始先隨便給，
# ``requires_grad=True`` 的意思是「這些要學」。
#
# The features belong to the mango. The weights and the bias belong to the model: they are its
# :term:`parameters <parameter>`, just three. They start from any guess; ``requires_grad=True`` says
# that they are to be learned.
#
# 下面的 ``inputs @ weights`` 就是「相乘再相加」，一次替每一顆芒果算好。
#
# Below, ``inputs @ weights`` is "multiply and add up", done for every mango at once.

weights = torch.tensor([1.0, -1.0], requires_grad=True)
bias = torch.tensor(0.0, requires_grad=True)


def score(inputs):
    """Give each mango, a row of ``inputs``, its score."""
    return inputs @ weights + bias


def share_right(inputs, answers):
    """Say which share of the mangoes is judged correctly, from 0 to 1."""
    says_ripe = score(inputs) > 0
    return (says_ripe == (answers == 1)).float().mean().item()


untrained = (weights.detach().clone(), bias.detach().clone())
print(f"before training: {share_right(train_features, train_labels):.1%} right")

# %%
# 訓練階段 · The training phase
# -----------------------------
#
# :term:`訓練 <訓練階段>`就是把四個步驟做很多遍：用現在的參數回答；
# 用:term:`損失函數`量出錯得多嚴重；問每個參數該往哪邊調；各調一點點。這幾行現在不必全懂，
# 第 08 課和第 09 課會拆開來看。只要看一件事：損失（loss）一路變小。
#
# :term:`Training <training phase>` is four steps, many times over: answer with the parameters as
# they are; measure with a :term:`loss function` how wrong that was; ask which way each parameter
# should move; move each a little. You need not follow every line yet, for lessons 08 and 09 take
# them apart. Watch one thing: the loss falls.

import torch.nn.functional as F

for step in range(1001):
    loss = F.binary_cross_entropy_with_logits(score(train_features), train_labels)
    loss.backward()  # 每個參數該往哪邊調 · which way each parameter should move
    with torch.no_grad():
        for parameter in (weights, bias):
            parameter -= 0.2 * parameter.grad  # 調一點點 · move a little
            parameter.grad = None  # 下一圈重新問 · ask afresh next time
    if step % 250 == 0:
        print(f"step {step:4d}   loss {loss.item():.3f}")

print(f"weights {weights[0].item():.2f}, {weights[1].item():.2f}   bias {bias.item():.2f}")

# %%
# 學到的全在這三個數字裡。兩個權重都是正的：越黃、越軟，分數越高。沒有人寫過這條規則，
# 它是從 80 個例子調出來的。
#
# All that was learned is in these three numbers. Both weights are positive: the yellower and
# softer, the higher the score. Nobody wrote that rule; it came from 80 examples.
#
# 分數剛好是 0 的地方連成一條線，叫:term:`決策邊界`：一邊是熟了，另一邊是還沒。
# 訓練把這條線轉到了對的位置。
#
# Where the score is exactly 0 runs a line, the :term:`decision boundary`: ripe on one side, not yet
# on the other. Training swung it into place.

import matplotlib.pyplot as plt


def draw(ax, title, weights, bias):
    """Colour the two sides of the boundary and put the mangoes on top."""
    axis = torch.linspace(0, 10, 200)
    yellow, soft = torch.meshgrid(axis, axis, indexing="xy")
    scores = weights[0] * yellow + weights[1] * soft + bias
    ax.contourf(yellow, soft, scores > 0, levels=1, colors=["#dbe9f6", "#fdebd0"])
    ax.contour(yellow, soft, scores, levels=[0], colors="black")
    for value, name, colour in [(0, "unripe", "#1f5f99"), (1, "ripe", "#c65d00")]:
        train, test = train_features[train_labels == value], test_features[test_labels == value]
        ax.scatter(*train.T, s=16, color=colour, label=f"{name}, training set")
        ax.scatter(*test.T, s=48, marker="*", color=colour, label=f"{name}, test set")
    ax.set(title=title, xlabel="yellow", ylabel="soft", aspect="equal")


fig, (left, right) = plt.subplots(1, 2, figsize=(9, 5.4), sharey=True, layout="constrained")
draw(left, "before training", *untrained)
draw(right, "after training", weights.detach(), bias.detach())
fig.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
fig.set_label(
    "訓練前後的決策邊界 · The decision boundary before and after training\n"
    "兩張散布圖：訓練前的線橫切過兩群芒果，訓練後的線把熟的和沒熟的大致分在兩邊。 · "
    "Two scatter plots: before training the line cuts through both groups of mangoes; "
    "after training it has most ripe ones on one side and most unripe ones on the other."
)
plt.show()

# %%
# 預測階段 · The prediction phase
# -------------------------------
#
# 現在參數不再動，只拿來回答，這是:term:`預測階段`，答案叫:term:`預測`。先考收起來的 40 顆；
# ``torch.no_grad()`` 的意思是「這段只用，不學」。
#
# From here the parameters stay as they are and only answer: this is the :term:`prediction phase`,
# and each answer is a :term:`prediction`. First the 40 mangoes that we put away.
# ``torch.no_grad()`` says "use only, no learning here".

with torch.no_grad():
    print(f"training set: {share_right(train_features, train_labels):.1%} right")
    print(f"test set:     {share_right(test_features, test_labels):.1%} right")

# %%
# 看的是測試集的成績：面對新芒果，大概就是這個水準。它不是滿分，因為兩群芒果本來就有些重疊，
# 圖上也看得到幾顆站錯邊的星星。
#
# The test score is what counts: expect about as much on new mangoes. It is not perfect, because
# the two groups overlap; in the picture a few stars stand on the wrong side.
#
# 再問那顆難倒字典的芒果。``torch.sigmoid`` 把分數換成 0 到 1 之間的機率。
#
# Now the mango that beat the dictionary. ``torch.sigmoid`` turns a score into a probability between
# 0 and 1.

with torch.no_grad():
    probability = torch.sigmoid(score(torch.tensor(new_mango)))
print(f"ripe with probability {probability.item():.2f}")

# %%
# 模型不會說「我不知道」 · A model never says "I don't know"
# ----------------------------------------------------------
#
# **先猜猜看**：改量一根香蕉，9.5 分黃、9.0 分軟。模型會說什麼？
#
# **Guess first**: we measure a banana instead, 9.5 yellow and 9.0 soft. What will the model say?

with torch.no_grad():
    probability = torch.sigmoid(score(torch.tensor([9.5, 9.0])))
print(f"a ripe mango with probability {probability.item():.4f}")

# %%
# 它幾乎百分之百確定這是熟芒果。模型只看得到兩個數字，也只會兩種回答；有把握不等於對。
# 訓練時沒給它看過的東西，別指望它認得。
#
# It is almost certain that this is a ripe mango. A model sees two numbers and knows two answers;
# being sure is not being right. Do not expect it to know what its training never showed.

# %%
# 練習 · Exercises
# ----------------
#
# 先 ``import primer``，寫好的函式交給 ``primer.check`` 批改，
# 例如 ``primer.check("01-1", predict)``；在腳本裡要寫 ``print(primer.check(...))`` 才看得到結果。
# 電腦上還沒有 PyTorch 和 ``primer``？先讀下一課，再回來做。
#
# ``import primer`` and let ``primer.check`` mark your function: ``primer.check("01-1", predict)``.
# In a script, write ``print(primer.check(...))`` to see the verdict. If PyTorch and ``primer`` are
# not on your computer yet, read the next lesson first, then come back.
#
# **01-1 預測標籤。**寫 ``predict(weights, bias, inputs)``：``weights`` 有兩個數字，``bias`` 一個，
# ``inputs`` 的每一列（row）是一個樣本的兩個特徵。回傳一個張量，
# 每個樣本一個標籤：分數大於 0 是 1，否則是 0。
#
# **01-1 Predict labels.** Write ``predict(weights, bias, inputs)``: ``weights`` holds two numbers,
# ``bias`` one, and each row of ``inputs`` the two features of a sample. Return a tensor with one
# label for each sample: 1 where the score is above 0, else 0.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    .. code-block:: python
#
#       def predict(weights, bias, inputs):
#           return (inputs @ weights + bias > 0).long()
#
#       primer.check("01-1", predict)
#
# **01-2 算準確率。**預測對了的比例叫:term:`準確率`，從 0 到 1。寫
# ``accuracy(predictions, labels)``：收兩個一樣長的整數張量，回傳準確率。
#
# **01-2 Measure accuracy.** The share of right predictions, from 0 to 1, is the :term:`accuracy`.
# Write ``accuracy(predictions, labels)``: it takes two integer tensors of the same length and
# returns the accuracy.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    .. code-block:: python
#
#       def accuracy(predictions, labels):
#           return (predictions == labels).float().mean().item()
#
#       primer.check("01-2", accuracy)
#
# **01-3 從資料學出模型。**資料是平面上的兩團點，標籤是 0 和 1 的整數。
# 寫 ``learn(inputs, labels)``，回傳 ``(weights, bias)``，
# 讓 01-1 的 ``predict`` 對同樣來源的**新**資料至少答對 95 %，用什麼方法都可以；
# 要用這一課的損失，先寫 ``labels.float()``。提示：兩團點各有一個中心。
#
# **01-3 Learn a model from data.** The data are two clouds of points in the plane, with the
# integers 0 and 1 as labels. Write ``learn(inputs, labels)`` that returns ``(weights, bias)``
# such that ``predict`` of 01-1 is right on at least 95 % of *new* points from the same source. Any
# method will do; the loss of this lesson needs ``labels.float()``. Hint: each cloud has a centre.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    從一個中心指向另一個中心的箭頭就是權重，邊界通過兩個中心的正中間。沒有一步一步調，
#    也算學習：參數來自有標籤的資料。
#
#    The arrow from one centre to the other gives the weights; the boundary passes halfway between.
#    No step-by-step tuning here, yet this is learning too: the parameters come from labelled data.
#
#    .. code-block:: python
#
#       def learn(inputs, labels):
#           zero = inputs[labels == 0].mean(dim=0)
#           one = inputs[labels == 1].mean(dim=0)
#           weights = one - zero
#           bias = -weights @ (zero + one) / 2
#           return weights, bias
#
#       primer.check("01-3", learn)

# %%
# 重點回顧 · Summary
# ------------------
#
# - 監督式學習從附標籤的例子調出參數：特徵是題目，標籤是答案。
#
#   Supervised learning tunes parameters from labelled examples: features ask, labels answer.
#
# - 訓練階段改參數，預測階段只用參數。
#
#   The training phase changes the parameters; the prediction phase only uses them.
#
# - 模型好不好，要看它沒見過的資料；見過的，背也背得出來。
#
#   Judge a model on data that it has never seen: what it has seen can be learned by heart.
#
# 想在自己的電腦上改改看？下一課把 PyTorch 裝好，並確認它真的能用：
# :doc:`/lessons/1_start/02_install_and_verify`。
#
# Want to change this on your own computer? Next: install PyTorch and make sure that it works, in
# :doc:`/lessons/1_start/02_install_and_verify`.
