"""
訓練迴圈：五行，一再重複 · The training loop: five lines, over and over
=======================================================================

網路有了，資料也一批一批進來了。現在把它們接起來：答一批、看錯多少、調一點點，再來一批。
不管模型多大，訓練的核心就是這五行。

The network is ready and the data come in batches. Now connect them: answer a batch, see how wrong
it was, move a little, take the next. However large the model, these five lines are the heart of
training.

.. mermaid::

   flowchart TB
     accTitle: 訓練迴圈 · The training loop
     accDescr {
       一個批次進模型得到 logits，損失函數和標籤比較，反向傳播算出梯度，最佳化器更新參數，
       再輪到下一個批次。 ·
       A batch goes into the model, the loss function compares the logits with the labels,
       backpropagation gives gradients, the optimizer updates the parameters; then the next batch.
     }
     B["批次 · batch"] --> M["模型 · model"]
     M -->|"logits"| L["損失函數 · loss function"]
     L -->|"梯度 · gradients"| O["最佳化器 · optimizer"]
     O -->|"新的參數 · new parameters"| M

讀完這一課，你能親手寫出訓練迴圈，說出每一行少了會怎樣；能從損失曲線看出學習率太小、剛好，
還是太大；也會用 ``primer.fit`` 做同一件事。

After this lesson you can write the training loop yourself and say what each line is for; tell from
a loss curve whether the learning rate is too small, right or too large; and do the same with
``primer.fit``.

先備課程：:doc:`/lessons/4_networks/11_multilayer_perceptron`、
:doc:`/lessons/4_networks/12_data_loading`。時間：約 30 分鐘。

Lessons needed: :doc:`/lessons/4_networks/11_multilayer_perceptron`,
:doc:`/lessons/4_networks/12_data_loading`. Time: about 30 minutes.
"""

# %%
# 風車的三片葉子 · The three arms of a pinwheel
# ---------------------------------------------
#
# 每個點有兩個座標，屬於風車三片葉子的其中一片：看座標，猜是哪一片。葉子是彎的，直線分不開。
# 360 點是:term:`訓練集`；另外 180 點留著當:term:`驗證集`，不拿來訓練，只用來看學得好不好。
#
# Each point has two coordinates and lies on one of three arms of a pinwheel: from its place, guess
# the arm. The arms are curved, and no straight line separates them. 360 points are the
# :term:`training set`; another 180 are kept as the :term:`validation set`: they train nothing and
# only show how well the model has learned.

# sphinx_gallery_thumbnail_number = 1
import math

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import primer

torch.set_num_threads(1)  # 這麼小的網路，一個執行緒最快 · fastest for so small a network
torch.manual_seed(0)


def pinwheel(count):
    """Make three arms of ``count`` points: places (3 * count, 2), and arms from 0 to 2."""
    radius = 0.2 + 0.8 * torch.rand(3, count)
    start = 2 * math.pi / 3 * torch.arange(3)[:, None]
    angle = start + 2.5 * radius + 0.4 * torch.randn(3, count)
    places = 3 * torch.stack([radius * angle.cos(), radius * angle.sin()], dim=-1)
    return places.reshape(-1, 2), torch.arange(3).repeat_interleave(count)


places, arms = pinwheel(120)
new_places, new_arms = pinwheel(60)


def batches():
    """Deal the training set in batches of 32, in the same random orders at every call."""
    order = torch.Generator().manual_seed(0)
    return DataLoader(TensorDataset(places, arms), batch_size=32, shuffle=True, generator=order)


def new_model():
    """Make the network, with the same starting values at every call."""
    torch.manual_seed(1)
    return primer.MLP(2, 3, hidden=(32, 32))


# %%
# 三樣準備 · Three things to prepare
# ----------------------------------
#
# 模型、:term:`損失函數`、:term:`最佳化器`。最佳化器手上拿著模型的:term:`參數`，
# 知道要改誰，和每一步走多大，也就是:term:`學習率` ``lr``。這裡用 ``SGD``（隨機梯度下降），
# 就是第 09 課的梯度下降，只是每一步只看一批資料。
#
# A model, a :term:`loss function` and an :term:`optimizer`. The optimizer holds the model's
# :term:`parameters <parameter>`: it knows what to change, and how large a step to take, which is
# the :term:`learning rate`, ``lr``. ``SGD``, stochastic gradient descent, is the gradient descent
# of lesson 09 with one batch of the data at each step.

model = new_model()
loss_function = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.2)

# %%
# 第一行：前向傳播 · Line one: the forward pass
# ---------------------------------------------
#
# 拿一個:term:`批次`來，先慢慢走一步。:term:`前向傳播`之後，32 個點各得到三個分數，
# 一片葉子一個，也就是 :term:`logits`。
#
# Take one :term:`batch` and go through one step slowly. The :term:`forward pass` gives each of the
# 32 points three scores, its :term:`logits`: one for each arm.

inputs, targets = next(iter(batches()))
logits = model(inputs)
print(logits.shape)

# %%
# 第二行：損失 · Line two: the loss
# ---------------------------------
#
# **先猜猜看**：還沒學，三選一亂猜。:term:`交叉熵`大概是多少？
#
# **Guess first**: nothing is learned yet, so the model guesses one of three. Roughly how large is
# the :term:`cross-entropy`?

loss = loss_function(logits, targets)
print(f"loss {loss.item():.2f}, log 3 = {math.log(3):.2f}")

# %%
# 大約是 ``log 3``：三類各給三分之一的機率，損失就是這麼多。一開始就比這大很多，
# 多半是資料或標籤弄錯了。
#
# About ``log 3``: that is the loss of giving each of three classes a third. If training starts far
# above it, something is wrong with the data or the labels.

# %%
# 第三、四行：清掉、反向 · Lines three and four: clear, backward
# --------------------------------------------------------------
#
# ``zero_grad()`` 清掉上一批留下的:term:`梯度`，``backward()`` 做:term:`反向傳播`，
# 算出這一批的。梯度算好了，參數還沒動。
#
# ``zero_grad()`` clears the :term:`gradient` that the last batch left; ``backward()`` computes this
# one's by :term:`backpropagation`. Now there are gradients, but no parameter has moved.

weight = model.layers[0].weight
before = weight.detach().clone()

optimizer.zero_grad()
loss.backward()
print(weight.grad.shape)
print("moved:", not torch.equal(weight, before))

# %%
# 第五行：更新 · Line five: the update
# ------------------------------------
#
# ``step()`` 才真的動：每個參數減去學習率乘梯度，和第 09 課親手寫的一樣。走完這一步，
# 同一批的損失變小了。
#
# ``step()`` makes the move: from each parameter it subtracts the learning rate times the gradient,
# as we did by hand in lesson 09. After it, the loss on this batch is smaller.

optimizer.step()
print("as by hand:", torch.allclose(weight, before - 0.2 * weight.grad))
print(f"loss {loss_function(model(inputs), targets).item():.2f}")

# %%
# 五行放進兩層迴圈 · Five lines in two loops
# ------------------------------------------
#
# 內圈走過每一批，走完一遍是一個:term:`訓練週期 <epoch>`；外圈走 30 遍。
# 前向和損失常像這裡一樣合寫成一行。這就是完整的:term:`訓練迴圈`。
#
# The inner loop goes through the batches; once through is an :term:`epoch`. The outer one does it
# 30 times. Forward pass and loss often share a line, as here. This is a whole
# :term:`training loop`.


def train(model, optimizer, loader, epochs):
    """Train and return the mean loss of each epoch."""
    losses = []
    for _ in range(epochs):
        model.train()
        total = count = 0
        for inputs, targets in loader:
            loss = loss_function(model(inputs), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(targets)
            count += len(targets)
        losses.append(total / count)
    return losses


def share_right(model, places, arms):
    """Say which share of the points is assigned to the right arm, from 0 to 1."""
    model.eval()
    with torch.no_grad():
        return (model(places).argmax(dim=1) == arms).float().mean().item()


by_hand = new_model()
optimizer = torch.optim.SGD(by_hand.parameters(), lr=0.2)
losses = train(by_hand, optimizer, batches(), epochs=30)

for epoch in (1, 2, 5, 10, 20, 30):
    print(f"epoch {epoch:2d}   loss {losses[epoch - 1]:.2f}")
print(f"new points: {share_right(by_hand, new_places, new_arms):.0%} right")

# %%
# 五行之外還有三個細節：
#
# Around the five lines there are three details:
#
# - 360 除以 32，最後一批只有 8 點。``loss`` 是**這一批**的平均，所以先乘上點數再加，
#   最後除以總點數；直接平均各批的損失，那 8 點就被算得太重。
#
#   360 points in batches of 32 leave 8 for the last. ``loss`` is the mean *of a batch*, so multiply
#   it by the number of points, add up, and divide by all; a plain mean of the batches would make
#   those 8 weigh too much.
#
# - 記錄用 ``loss.item()``，只留數字，不留:term:`計算圖`。
#
#   Record ``loss.item()``, the number alone, not its :term:`computation graph`.
#
# - 有些層訓練和使用時做的事不一樣，所以訓練前說 ``train()``，量成績前說 ``eval()``。
#   這個模型沒有那種層，但請養成習慣。
#
#   Some layers act differently in training and in use, hence ``train()`` before training and
#   ``eval()`` before measuring. This model has none of them; make it a habit all the same.

import matplotlib.pyplot as plt

COLOURS = ["#1f5f99", "#c65d00", "#3f7f3f"]


def draw(ax, model, title):
    """Colour the plane by the model's answer and put the new points on top."""
    axis = torch.linspace(-3.6, 3.6, 200)
    x, y = torch.meshgrid(axis, axis, indexing="xy")
    with torch.no_grad():
        answers = model(torch.stack([x, y], dim=-1)).argmax(dim=-1)
    ax.contourf(x, y, answers, levels=[-0.5, 0.5, 1.5, 2.5], colors=COLOURS, alpha=0.25)
    for arm, marker in enumerate("os^"):
        points = new_places[new_arms == arm]
        ax.scatter(*points.T, s=12, color=COLOURS[arm], marker=marker, label=f"arm {arm}")
    ax.set(title=title, xlabel="x", aspect="equal")


fig, axes = plt.subplots(1, 3, figsize=(11, 3.9), layout="constrained")
draw(axes[0], new_model(), "before training")
draw(axes[1], by_hand, "after 30 epochs")
axes[0].set_ylabel("y")
axes[1].legend(loc="lower right", fontsize="small")
axes[2].plot(range(1, 31), losses)
axes[2].axhline(math.log(3), color="black", linewidth=0.8, linestyle="--")
axes[2].text(30, math.log(3) - 0.02, "log 3: guessing", ha="right", va="top")
axes[2].set(title="loss curve", xlabel="epoch", ylabel="training loss", ylim=0)
fig.set_label(
    "訓練前、訓練後，和損失曲線 · Before training, after it, and the loss curve\n"
    "三張圖：訓練前的決策邊界和三片葉子無關；訓練後邊界沿著三片彎曲的葉子走；"
    "損失從猜的程度很快降下來，再慢慢變平。 · "
    "Three panels: before training the decision boundary ignores the three arms; after it, the "
    "boundary follows their curves; the loss drops fast from that of guessing, then levels off."
)
plt.show()

# %%
# :term:`決策邊界`沿著葉子彎過去了。損失曲線先陡後平：好學的先學會，剩下的愈來愈難。
#
# The :term:`decision boundary` bends along the arms. The loss curve is steep, then flat: what is
# easy is learned first, and the rest is harder and harder.

# %%
# 不出聲的失敗：最佳化器拿錯參數 · A silent failure: the optimizer of another model
# ---------------------------------------------------------------------------------
#
# 在筆記本裡重跑「建立模型」那一格，卻忘了重跑最佳化器那一格。**先猜猜看**：會報錯嗎？
#
# In a notebook you run the cell that makes the model again, but not the one that makes the
# optimizer. **Guess first**: does that raise?

model = new_model()  # 新的模型 · a new model
stuck = train(model, optimizer, batches(), epochs=3)  # 舊的最佳化器 · the old optimizer
print([f"{loss:.3f}" for loss in stuck])

# %%
# 不會報錯，損失卻一動也不動。``backward()`` 把梯度放進新模型，``step()`` 更新的卻是舊模型的參數，
# 兩邊各做各的。損失完全不變時，先查這件事。
#
# Nothing raises, and the loss does not move at all. ``backward()`` puts gradients into the new
# model; ``step()`` updates the parameters of the old one. When a loss stands still, look here
# first.

# %%
# 同一件事：``primer.fit`` · The same with ``primer.fit``
# -------------------------------------------------------
#
# 迴圈寫過一次就懂了，以後交給函式。``fit`` 裡面就是那五行，另外記下每個訓練週期的成績。
# 起始值和洗牌順序相同，結果一個位元都不差：
#
# Write the loop once, and you know it; then leave it to a function. Inside ``fit`` are those five
# lines, and it notes the score of each epoch. From the same start and in the same order, it ends at
# the same numbers, bit for bit.

model = new_model()
history = primer.fit(
    model,
    batches(),
    loss=loss_function,
    optimizer=torch.optim.SGD(model.parameters(), lr=0.2),
    epochs=30,
    validation=(new_places, new_arms),
    metrics={"accuracy": primer.accuracy},
    device="cpu",  # 這麼小的網路，CPU 最快 · for so small a network the CPU is fastest
)
pairs = zip(by_hand.parameters(), model.parameters(), strict=True)
print("the same:", all(torch.equal(one, other) for one, other in pairs))

# %%
# ``history`` 會畫圖。實線是訓練過的點，虛線是沒看過的點：兩條一起下降，表示學到的東西用得出去。
#
# ``history`` draws itself. Solid is on the points it trained on, dashed on points it never saw:
# both fall together, so what was learned holds for new points.

history.plot()
plt.show()

# %%
# ``fit`` 也會先檢查。拿錯參數的最佳化器，它不收：
#
# ``fit`` also checks before it starts. It refuses the optimizer of another model:

stray = torch.optim.SGD(new_model().parameters(), lr=0.2)
try:
    primer.fit(model, batches(), loss=loss_function, optimizer=stray, epochs=3)
except ValueError as error:
    print(error)

# %%
# 學習率：太小、剛好、太大 · Learning rate: too small, right, too large
# ---------------------------------------------------------------------
#
# 別的都不動，只換學習率。**先猜猜看**：0.001、0.2、3，三條損失曲線各長什麼樣子？
#
# Change nothing but the learning rate. **Guess first**: what will the loss curves look like for
# 0.001, 0.2 and 3?


def run(optimizer_class, rate):
    """Train a new model for 30 epochs and return what was measured."""
    model = new_model()
    return primer.fit(
        model,
        batches(),
        loss=loss_function,
        optimizer=optimizer_class(model.parameters(), lr=rate),
        epochs=30,
        metrics={"accuracy": primer.accuracy},
        device="cpu",
    )


runs = {rate: run(torch.optim.SGD, rate) for rate in (0.001, 0.2, 3)}
for rate, each in runs.items():
    print(f"lr {rate:<5}  loss {each['loss'][-1]:.2f}   {each['accuracy'][-1]:.0%} right")

# %%
# 三條曲線放在一起：
#
# All three in one picture:

fig, ax = plt.subplots(figsize=(6.8, 3.8), layout="constrained")
for (rate, each), name, marker in zip(
    runs.items(), ("too small", "right", "too large"), "so^", strict=True
):
    ax.plot(range(1, 31), each["loss"], marker=marker, markersize=4, label=f"lr {rate}: {name}")
ax.axhline(math.log(3), color="black", linewidth=0.8, linestyle="--", label="log 3: guessing")
ax.set(xlabel="epoch", ylabel="training loss", ylim=0)
fig.legend(loc="outside upper center", ncols=2, frameon=False)
fig.set_label(
    "三種學習率 · Three learning rates\n"
    "三條損失曲線：0.001 幾乎是平的，只降一點點；0.2 很快降到接近 0；"
    "3 先降了一下，又衝到 3 以上，之後一直在猜的程度之上。 · "
    "Three loss curves: 0.001 is almost flat and falls a little; 0.2 drops quickly towards 0; "
    "3 falls once, shoots up past 3, and then stays above the loss of guessing."
)
plt.show()

# %%
# - 太小（0.001）：方向對，只是走不遠。曲線一直平平地往下，還沒到底就結束了。
#
#   Too small (0.001): the right way, but it does not get far. The curve still falls gently when
#   time is up.
#
# - 太大（3）：一步跨過谷底，落在更高的地方，從此比亂猜還差。
#
#   Too large (3): one step leaps over the valley and lands higher up, and from then on it is worse
#   than guessing.
#
# - 怎麼挑？從 0.1 開始，每次乘或除以 10；
#   更仔細的做法見:doc:`/lessons/5_practice/17_choosing_hyperparameters`。
#
#   How to choose? Begin with 0.1 and multiply or divide by 10;
#   :doc:`/lessons/5_practice/17_choosing_hyperparameters` goes further.

# %%
# 換成你來挑：十二個學習率都真的訓練過，從 0.001 到 1000。拉動滑桿，看損失曲線和
# 決策邊界怎麼變；再讓它從頭訓練一次。
#
# Your turn to choose: twelve learning rates, from 0.001 to 1000, were really trained. Drag the
# slider and see the loss curve and the decision boundary change; then train once more.
#
# .. moving-graph:: learning-rate

# %%
# 再更大會怎樣？數字大到 ``float32`` 裝不下，變成 ``nan``。自己寫的迴圈會毫無怨言地一直算
# ``nan``；``fit`` 會停下來，告訴你是第幾批。
#
# And if it is larger still? The numbers outgrow ``float32`` and become ``nan``. A loop of your own
# goes on with ``nan`` without complaint; ``fit`` stops and names the batch.

try:
    run(torch.optim.SGD, 1000)
except primer.NonFiniteLossError as error:
    print(error)

# %%
# 換一種最佳化器：Adam · Another optimizer: Adam
# ----------------------------------------------
#
# SGD 的每個參數用同樣的學習率。Adam 會看每個參數最近的梯度，替它調整步伐，所以比較不挑學習率，
# 常從 0.001 到 0.01 開始。迴圈一行都不用改，換掉最佳化器就好。
#
# SGD takes the same learning rate for each parameter. Adam looks at the recent gradients of each
# and adapts its step, so the exact learning rate matters less; begin between 0.001 and 0.01. No
# line of the loop changes, only the optimizer.

adam = run(torch.optim.Adam, 0.01)
print(f"Adam   loss {adam['loss'][-1]:.2f}   {adam['accuracy'][-1]:.0%} right")

# %%
# 練習 · Exercises
# ----------------
#
# 答案交給 ``primer.check`` 批改；在腳本裡寫 ``print(primer.check(...))`` 才看得到結果。
#
# Let ``primer.check`` mark your answers. In a script, ``print(primer.check(...))`` shows the
# verdict.
#
# **13-1 走一步。**寫 ``train_step(model, loss_function, optimizer, inputs, targets)``：
# 用這一批更新一次參數，回傳更新**之前**的損失，要普通的 ``float``。參數上可能還留著舊的梯度。
#
# **13-1 One step.** Write ``train_step(model, loss_function, optimizer, inputs, targets)``: update
# the parameters once with this batch and return the loss from *before* the update, as a plain
# ``float``. Old gradients may still lie on the parameters.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    .. code-block:: python
#
#       def train_step(model, loss_function, optimizer, inputs, targets):
#           loss = loss_function(model(inputs), targets)
#           optimizer.zero_grad()
#           loss.backward()
#           optimizer.step()
#           return loss.item()
#
#       primer.check("13-1", train_step)
#
# **13-2 整份資料的損失。**寫 ``mean_loss(model, loss_function, loader)``：不訓練，
# 回傳 ``loader`` 裡**所有樣本**的平均損失。``loss_function`` 給的是一批的平均，最後一批可能比較短；
# 模型裡可能有訓練和使用時不一樣的層。
#
# **13-2 The loss over all data.** Write ``mean_loss(model, loss_function, loader)``: without
# training, return the mean loss over *all samples* of ``loader``. ``loss_function`` gives the mean
# of a batch, the last batch may be shorter, and the model may hold layers that act differently in
# training and in use.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    .. code-block:: python
#
#       def mean_loss(model, loss_function, loader):
#           model.eval()
#           total = count = 0
#           with torch.no_grad():
#               for inputs, targets in loader:
#                   total += loss_function(model(inputs), targets).item() * len(targets)
#                   count += len(targets)
#           return total / count
#
#       primer.check("13-2", mean_loss)
#
# **13-3 學會風車。**寫 ``learn(inputs, targets)``：``inputs`` 是 ``(n, 2)`` 的座標，``targets`` 是
# 0 到 2 的整數，來自一個轉了方向的風車。自己挑模型、最佳化器和學習率，回傳訓練好的模型：
# 對**新**的點至少答對 95 %，5 秒內要學完。
#
# **13-3 Learn the pinwheel.** Write ``learn(inputs, targets)``: ``inputs`` are places ``(n, 2)``,
# ``targets`` integers from 0 to 2, from a pinwheel that was turned. Choose model, optimizer and
# learning rate; return a trained model that is right on at least 95 % of *new* points. Take no
# more than 5 seconds.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    資料小，每一步都用全部的點就好。
#
#    The data are small, so each step may use all the points.
#
#    .. code-block:: python
#
#       def learn(inputs, targets):
#           model = primer.MLP(2, 3, hidden=(32, 32))
#           optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
#           for _ in range(200):
#               loss = torch.nn.functional.cross_entropy(model(inputs), targets)
#               optimizer.zero_grad()
#               loss.backward()
#               optimizer.step()
#           return model
#
#       primer.check("13-3", learn)

# %%
# 重點回顧 · Summary
# ------------------
#
# - 前向、損失、清掉、反向、更新：五行，一批一次。
#
#   Forward, loss, clear, backward, update: five lines, once a batch.
#
# - 損失不動，查最佳化器拿的是誰的參數；損失變大或 ``nan``，先降學習率。
#
#   If the loss stands still, ask whose parameters the optimizer holds; if it grows or is ``nan``,
#   lower the learning rate first.
#
# - 損失曲線要看兩條：訓練過的，和沒看過的。
#
#   Look at two loss curves: on data trained on, and on data never seen.
#
# 學到的全在參數裡，關機就沒了。下一課把它存下來：:doc:`/lessons/4_networks/14_saving_and_loading`。
#
# All that was learned lies in the parameters and is gone when the program ends. Next, we save it:
# :doc:`/lessons/4_networks/14_saving_and_loading`.
