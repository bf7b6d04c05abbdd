"""
多層感知器：疊起來，還要折一下 · The multilayer perceptron: stack the layers, and bend
======================================================================================

樓梯燈有兩個開關，樓上樓下各一個：兩個同邊，燈暗；不同邊，燈亮。這麼簡單的規則，
一條直線卻分不出來。多層感知器分得出來，祕密就在層與層之間折的那一下。

A staircase lamp has two switches, one on each floor: both the same way, and it is dark; different
ways, and it is lit. So simple a rule, and yet no straight line can separate dark from lit. A
multilayer perceptron can, and its secret is a bend between the layers.

.. mermaid::

   flowchart LR
     accTitle: 多層感知器 · A multilayer perceptron
     accDescr {
       特徵經過線性層和 ReLU，一層接一層；最後一個線性層給出 logits，softmax 把它們換成機率。 ·
       Features pass through linear layers and ReLU in turn; the last linear layer gives logits,
       and softmax turns them into probabilities.
     }
     X(["特徵 · features"]) --> A["線性層 · linear"] --> R["ReLU"]
     R -->|"可以重複 · may repeat"| B["線性層 · linear"]
     B --> Z(["logits"])
     Z -.->|"softmax"| P(["機率 · probabilities"])

讀完這一課，你能親手搭出多層感知器，數出它有幾個參數，說出每一層輸出的形狀；
能說明為什麼層與層之間要有活化函數；也知道 logits 是什麼、起始值為什麼要隨機。

After this lesson you can build a multilayer perceptron, count its parameters and name the shape
after each layer; say why an activation function stands between the layers; and explain what logits
are and why parameters start at random.

先備課程：:doc:`/lessons/3_autograd/09_gradients`。時間：約 30 分鐘。

Lessons needed: :doc:`/lessons/3_autograd/09_gradients`. Time: about 30 minutes.
"""

# %%
# 一個線性層 · One linear layer
# -----------------------------
#
# :term:`線性層`的每個輸出，都是所有輸入各乘一個:term:`權重`、加起來，再加:term:`偏差`。
# 10 個:term:`特徵`變 6 個輸出，權重就是 6 列、每列 10 個，偏差 6 個。親手算一次，
# 和 ``nn.Linear`` 一樣。
#
# Each output of a :term:`linear layer` multiplies every input by a :term:`weight`, adds them up and
# adds a :term:`bias`. From 10 :term:`features <feature>` to 6 outputs there are 6 rows of 10
# weights, and 6 biases. Worked out by hand, it is the same as ``nn.Linear``.

# sphinx_gallery_thumbnail_number = 1
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(8, 10)  # 8 個樣本 · 8 samples

layer = nn.Linear(10, 6)
by_hand = x @ layer.weight.T + layer.bias

print("weight", tuple(layer.weight.shape), " bias", tuple(layer.bias.shape))
print("output", tuple(by_hand.shape))
print(torch.allclose(by_hand, layer(x), atol=1e-6))

# %%
# :term:`參數`一共 10 × 6 + 6 = 66 個。
#
# In all, 10 × 6 + 6 = 66 :term:`parameters <parameter>`.

# %%
# 光是疊，沒有用 · Stacking alone is of no use
# --------------------------------------------
#
# **先猜猜看**：兩個線性層接在一起，10 → 6 → 3，本事比一個線性層 10 → 3 大多少？
#
# **Guess first**: two linear layers in a row, 10 → 6 → 3. How much more can they do than a single
# one, 10 → 3?

first, second = nn.Linear(10, 6), nn.Linear(6, 3)

weight = second.weight @ first.weight
bias = second.weight @ first.bias + second.bias
print(torch.allclose(second(first(x)), x @ weight.T + bias, atol=1e-6))

# %%
# 一點都沒有比較大：兩層乘開來，就是一個線性層。疊一百層也一樣，直線的直線還是直線。
#
# No more at all: multiply the two out, and they are one linear layer. The same goes for a hundred
# of them: a line of a line is a line.
#
# 解法是在中間折一下。最常用的:term:`活化函數`叫 ReLU：負的變 0，正的不動。
# 有了這個彎，兩層就乘不開了。
#
# The cure is a bend in between. The most common :term:`activation function` is ReLU: negative
# becomes 0, positive stays. With that bend, two layers no longer multiply out.

print(torch.relu(torch.tensor([-2.0, -0.5, 0.0, 0.5, 2.0])))

# %%
# 失敗：沒有彎的網路學不會樓梯燈 · A failure: without a bend, no staircase lamp
# -----------------------------------------------------------------------------
#
# 樓梯燈的規則叫 XOR：兩個數字不同是 1，相同是 0。只有四種情況，全部拿來訓練；
# 清掉、前向、反向、更新，還是那四個動作。損失用 ``F.cross_entropy``，待會兒再細看。
#
# The rule of the lamp is called XOR: 1 where two numbers differ, 0 where they agree. There are only
# four cases; train on all of them, with the same four moves as before: clear, forward, backward,
# update. The loss is ``F.cross_entropy``; we shall look into it below.
#
# ``primer.MLP`` 先替我們接好兩層，下一節再自己寫。兩個網路的層數、寬度都一樣，
# 差別只在中間有沒有 ReLU；``nn.Identity`` 什麼也不做。
#
# ``primer.MLP`` joins two layers for us; in the next section you write your own. The two networks
# have the same layers and widths; one has ReLU in between, the other ``nn.Identity``, which does
# nothing.

import torch.nn.functional as F

import primer

corners = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
lit = torch.tensor([0, 1, 1, 0])


def train(model):
    """Descend 300 steps on the four cases and return the last loss."""
    for _ in range(300):
        model.zero_grad()  # 清掉 · clear
        loss = F.cross_entropy(model(corners), lit)  # 前向 · forward
        loss.backward()  # 反向 · backward
        with torch.no_grad():  # 更新 · update
            for parameter in model.parameters():
                parameter -= 1.0 * parameter.grad
    return loss.item()


torch.manual_seed(0)
straight = primer.MLP(2, 2, hidden=(8,), activation=nn.Identity)
bent = primer.MLP(2, 2, hidden=(8,), activation=nn.ReLU)

print(f"without ReLU: loss {train(straight):.3f}")
print(f"with ReLU:    loss {train(bent):.2f}")

# %%
# 沒有 ReLU 的那個停在 0.693，正是 ``log 2``，也就是四題都回答「一半一半」。不是訓練得不夠久：
# 亮的兩個角在一條對角線上，暗的在另一條，直線怎麼擺都分不開，平均起來只好不選邊。
#
# Without ReLU it stays at 0.693, which is ``log 2``: "fifty-fifty" to all four questions. Longer
# training would not help. The lit corners lie on one diagonal and the dark ones on the other; no
# straight line separates them, so on average it is best not to take sides.

import matplotlib.pyplot as plt

axis = torch.linspace(-0.4, 1.4, 120)
up, down = torch.meshgrid(axis, axis, indexing="xy")
plane = torch.stack([up, down], dim=-1)

fig, axes = plt.subplots(1, 2, figsize=(8.4, 4), sharey=True, layout="constrained")
for ax, model, title in zip(axes, (straight, bent), ("without ReLU", "with ReLU"), strict=True):
    with torch.no_grad():
        probability = torch.softmax(model(plane), dim=-1)[..., 1]
    colours = ax.contourf(up, down, probability, levels=torch.linspace(0, 1, 12), cmap="cividis")
    for value, marker, name in ((0, "o", "dark"), (1, "*", "lit")):
        points = corners[lit == value]
        ax.scatter(*points.T, s=160, marker=marker, color="white", edgecolor="black", label=name)
    ax.set(title=title, xlabel="switch upstairs", xticks=[0, 1], yticks=[0, 1], aspect="equal")
axes[0].set_ylabel("switch downstairs")
fig.colorbar(colours, ax=axes, ticks=[0, 0.5, 1], label="probability of lit")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
fig.set_label(
    "折一下，才分得開 · It takes a bend to tell them apart\n"
    "正方形的四個角：沒有 ReLU 的網路處處給 0.5；有 ReLU 的，兩個亮的角各在一塊亮區裡，"
    "中間隔著一條暗帶，界線是折線。 · "
    "The four corners of a square: the network without ReLU says 0.5 everywhere; the one with ReLU "
    "has a bright region at each lit corner and a dark band between them, with bent borders."
)
plt.show()

# %%
# 寫成類別：10 → 6 → 4 → 3 · As a class: 10 → 6 → 4 → 3
# -----------------------------------------------------
#
# 自己的:term:`神經網路`是 ``nn.Module`` 的子類別：``__init__`` 準備好各層，
# ``forward`` 說資料怎麼走。``backward`` 不必寫，PyTorch 會沿著:term:`計算圖`自己走回來。
#
# A :term:`neural network` of your own is a subclass of ``nn.Module``: ``__init__`` makes the layers
# and ``forward`` says how the data flow through them. There is no ``backward`` to write: PyTorch
# walks back along the :term:`computation graph` by itself.


class Small(nn.Module):
    """Ten features, two hidden layers, three outputs."""

    def __init__(self):
        super().__init__()  # 一定要先呼叫 · always first
        self.first = nn.Linear(10, 6)
        self.second = nn.Linear(6, 4)
        self.last = nn.Linear(4, 3)

    def forward(self, x):
        """Take inputs of shape (n, 10) to outputs of shape (n, 3)."""
        x = torch.relu(self.first(x))
        x = torch.relu(self.second(x))
        return self.last(x)


small = Small()
print(small(x).shape)

# %%
# 這就是:term:`多層感知器`。中間兩層叫:term:`隱藏層`，它們的每個輸出叫一個神經元（unit）。
# 最後一層後面沒有 ReLU：輸出是分數，該負的要能負。呼叫時寫 ``small(x)``，
# 不直接寫 ``small.forward(x)``，這樣 PyTorch 掛在前後的工作才不會漏掉。
#
# This is a :term:`multilayer perceptron`. The two layers in the middle are
# :term:`hidden layers <hidden layer>`; each of their outputs is called a unit, or neuron. After the
# last layer there is no ReLU: outputs are scores, and a score may be negative. Call ``small(x)``,
# not ``small.forward(x)``, or what PyTorch does before and after is skipped.
#
# 存進 ``self`` 的每一層都登記在案，參數找得到，也數得出來：
#
# Each layer stored in ``self`` is registered, so its parameters can be found and counted:

for name, parameter in small.named_parameters():
    print(f"{name:14}{tuple(parameter.shape)!s:8}{parameter.numel():3}")
print(f"{'total':22}{primer.count_parameters(small):3}")

# %%
# 66 + 28 + 15 = 109。登記這件事靠的是 ``super().__init__()``，忘了它，第一層就放不進去：
#
# 66 + 28 + 15 = 109. The registering is set up by ``super().__init__()``. Forget it, and the first
# layer cannot be stored:


class Forgetful(nn.Module):
    """Lacks the call of ``super().__init__()``."""

    def __init__(self):
        self.first = nn.Linear(10, 6)


try:
    Forgetful()
except AttributeError as error:
    print(error)

# %%
# 一層接一層：50 → 30 → 20 → 3 · One after the other: 50 → 30 → 20 → 3
# ---------------------------------------------------------------------
#
# 資料只是一層一層往下走的話，``nn.Sequential`` 就夠了，連 ``forward`` 都不用寫。
#
# Where the data simply go from layer to layer, ``nn.Sequential`` will do, without a ``forward``.

model = nn.Sequential(
    nn.Linear(50, 30),
    nn.ReLU(),
    nn.Linear(30, 20),
    nn.ReLU(),
    nn.Linear(20, 3),
)
print([primer.count_parameters(part) for part in model])
print(primer.count_parameters(model))

# %%
# 從 ``m`` 個到 ``n`` 個的線性層有 ``(m + 1) × n`` 個參數，ReLU 一個也沒有：
# 1530 + 620 + 63 = 2213。
#
# A linear layer from ``m`` to ``n`` numbers has ``(m + 1) × n`` parameters, ReLU has none: 1530 +
# 620 + 63 = 2213.
#
# 把寬度變成:term:`引數`，同一段程式就能給不同的資料用。``primer.MLP`` 就是這樣寫的，
# 打開 ``primer/mlp.py`` 看得到全部。把參數抄過去，兩個網路算出來一模一樣。
#
# Make the widths :term:`arguments <argument>`, and the same code serves other data. ``primer.MLP``
# is written that way; open ``primer/mlp.py`` to read all of it. With the parameters copied over,
# the two networks give exactly the same.

same = primer.MLP(num_inputs=50, num_outputs=3, hidden=(30, 20))
same.layers.load_state_dict(model.state_dict())

batch = torch.randn(8, 50)
print(torch.equal(same(batch), model(batch)))
print(primer.count_parameters(primer.MLP(10, 3, hidden=(6, 4))))

# %%
# 看著形狀走過每一層 · Follow the shapes through the layers
# ---------------------------------------------------------
#
# :term:`形狀`的第一個數是:term:`批次`裡的樣本數，一路不變；最後一個數每過一個線性層就換一次。
#
# The first number of the :term:`shape` counts the samples of the :term:`batch` and stays; the last
# one changes at every linear layer.

print(primer.summary(same, batch))

# %%
# 畫成圖，箭頭上寫的就是形狀。這張圖是真的跑一次:term:`前向傳播`量出來的。
#
# As a picture, with the shapes on the arrows. They were measured in a real :term:`forward pass`.

primer.mlp.diagram(same, batch)

# %%
# 失敗：前後兩層接不上 · A failure: two layers that do not fit
# ------------------------------------------------------------
#
# 上一層輸出幾個，下一層就要收幾個。差一個都不行：
#
# The next layer must take as many numbers as the one before gives. One off, and:

broken = nn.Sequential(nn.Linear(10, 6), nn.ReLU(), nn.Linear(5, 3))
try:
    broken(x)
except RuntimeError as error:
    print(error)

# %%
# ``8x6`` 是走到這裡的資料：8 個樣本，各 6 個數字；``5x3`` 是等著 5 個數字的那一層。
# 乘號兩邊的 6 和 5 要一樣。看 8x6 是誰給的、5x3 是誰要的，就知道該改哪一層。
#
# ``8x6`` is the data that arrived: 8 samples of 6 numbers; ``5x3`` is the layer that waits for 5.
# The inner two, 6 and 5, must agree. Ask who gave the 8x6 and who wants the 5x3, and you know which
# layer to mend.

# %%
# logits 不是機率 · Logits are not probabilities
# ----------------------------------------------
#
# 最後一層給的分數叫 :term:`logits`：正負大小都行，只有「誰比誰高、高多少」有意義。
# softmax 先取指數，全變正的；再除以總和，加起來就是 1。
#
# The scores of the last layer are called :term:`logits`. They may be any numbers; what counts is
# which is higher, and by how much. Softmax takes exponentials, which are all positive, and divides
# by their sum, so that they add up to 1.

logits = torch.tensor([2.0, 1.0, -1.0])
powers = torch.exp(logits)
by_hand = powers / powers.sum()

print([f"{p:.3f}" for p in by_hand.tolist()])
print([f"{p:.3f}" for p in torch.softmax(logits, dim=0).tolist()])
print([f"{p:.3f}" for p in torch.softmax(logits + 100, dim=0).tolist()])

# %%
# 全部加 100，機率不變：只有差距算數。所以只想知道選哪一類時，直接比 logits 就好，不必先 softmax。
#
# Add 100 to all of them, and the probabilities stay: only differences count. So to pick a class,
# compare the logits; no softmax is needed.
#
# 訓練時更要直接用 logits。分類的損失叫:term:`交叉熵`：正確那一類的機率取 log，再加負號。
# 標籤寫的是類別的編號，從 0 數起的整數。第一個損失自己算 softmax 再取 log，第二個把 logits
# 交給 ``F.cross_entropy``。兩個在數學上相等：
#
# In training there is all the more reason to use the logits themselves. The loss for classes is the
# :term:`cross-entropy`: minus the log of the probability of the right class. A label is the number
# of a class, an integer counted from 0. The first loss takes softmax and then the log; the second
# hands the logits to ``F.cross_entropy``. In mathematics they are equal:

surely_wrong = torch.tensor([[200.0, 0.0, -100.0]])
label = torch.tensor([2])

print(-torch.log(torch.softmax(surely_wrong, dim=1))[0, 2])
print(F.cross_entropy(surely_wrong, label))

# %%
# 第三類的機率小到 ``float32`` 存不下，變成 0；``log 0`` 是負無限大，損失成了無限大，梯度也毀了。
# ``F.cross_entropy`` 從 logits 直接算，不必經過那個 0，得到正確的 300。
#
# The third class's probability is too small for ``float32`` and becomes 0; ``log 0`` is minus
# infinity, so the loss is infinite and the gradient ruined. ``F.cross_entropy`` works from the
# logits, never meets that 0, and gives 300, which is right.
#
# 還有一種不出聲的錯：模型裡做了 softmax，``F.cross_entropy`` 又做一次。
# **先猜猜看**：完全答對、信心滿滿，損失會是多少？
#
# There is a silent mistake as well: softmax in the model, and once more in ``F.cross_entropy``.
# **Guess first**: entirely right and entirely sure, what is the loss?

surely_right = torch.tensor([[100.0, 0.0, 0.0]])
label = torch.tensor([0])

print(f"once:  {F.cross_entropy(surely_right, label).item():.3f}")
print(f"twice: {F.cross_entropy(torch.softmax(surely_right, dim=1), label).item():.3f}")

# %%
# 做兩次，再好也有 0.551：softmax 之後最高只有 1，最多只贏別人 1 分。
# 損失卡在某個數字降不下去，先查 softmax 是不是多做了。
#
# With softmax twice, even the best loss is 0.551: after softmax the highest score is 1, ahead of
# the others by 1 at most. If a loss will not go below some number, look for a softmax too many.

# %%
# 起始值：隨機，而且可以重來 · Starting values: random, yet repeatable
# --------------------------------------------------------------------
#
# ``nn.Linear`` 的參數從均勻亂數開始，範圍是正負 ``1 / √m``，``m`` 是輸入的個數：輸入愈多，
# 每個權重愈小，加起來才不會太大。固定:term:`隨機種子`，就會得到同樣的網路。
#
# ``nn.Linear`` draws its parameters uniformly between -``1 / √m`` and ``1 / √m``, where ``m`` is
# the number of inputs: the more inputs, the smaller each weight, so that the sum does not grow too
# large. Fix the :term:`random seed`, and you get the same network again.


def new_layer(seed):
    """Make a layer from a seed."""
    torch.manual_seed(seed)
    return nn.Linear(50, 30)


print(f"largest {new_layer(7).weight.abs().max().item():.3f}, bound {50**-0.5:.3f}")
print("same seed: ", torch.equal(new_layer(7).weight, new_layer(7).weight))
print("other seed:", torch.equal(new_layer(7).weight, new_layer(8).weight))

# %%
# **先猜猜看**：何必隨機？所有參數都從 0.5 開始，再去學樓梯燈，學得會嗎？
#
# **Guess first**: why random at all? Start every parameter at 0.5 and train on the lamp. Will the
# network learn it?


def distinct(model):
    """Count the hidden units whose weights differ from each other."""
    return len(model.layers[0].weight.detach().round(decimals=3).unique(dim=0))


torch.manual_seed(0)
random, equal = primer.MLP(2, 2, hidden=(8,)), primer.MLP(2, 2, hidden=(8,))
for parameter in equal.parameters():
    nn.init.constant_(parameter, 0.5)

print(f"all equal: loss {train(equal):.3f}, {distinct(equal)} distinct of 8 hidden units")
print(f"random:    loss {train(random):.2f}, {distinct(random)} distinct of 8 hidden units")

# %%
# 學不會。八個神經元起點相同，算出來的相同，:term:`梯度`也相同，永遠一起走，
# 八個等於一個。（這裡連兩個輸出也相同，梯度互相抵銷，根本沒動。）
# 隨機不是為了好運，是為了讓它們各走各的路。
#
# It will not. Eight units that start alike compute alike and get the same :term:`gradient`: they
# move together for ever, and eight are worth one. (Here even the two outputs are alike, their
# gradients cancel, and nothing moves at all.) Randomness is not for luck; it lets each go its own
# way.

# %%
# 練習 · Exercises
# ----------------
#
# 答案交給 ``primer.check`` 批改；在腳本裡寫 ``print(primer.check(...))`` 才看得到結果。
#
# Let ``primer.check`` mark your answers. In a script, ``print(primer.check(...))`` shows the
# verdict.
#
# **11-1 數參數。**寫 ``count(widths)``：``widths`` 是一串寬度，例如 ``[10, 6, 4, 3]``，
# 回傳這個多層感知器的參數個數，這裡是 109。請用算的，不要真的建出網路。
#
# **11-1 Count parameters.** Write ``count(widths)``: from a list of widths such as ``[10, 6, 4,
# 3]``, return how many parameters that multilayer perceptron has, here 109. Work it out
# without building the network.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    .. code-block:: python
#
#       def count(widths):
#           return sum((m + 1) * n for m, n in zip(widths, widths[1:]))
#
#       primer.check("11-1", count)
#
# **11-2 不會爆的 softmax。**寫 ``softmax(logits)``：形狀 ``(n, c)``，每一列各自做 softmax，
# 形狀不變。分數到 1000 也不能出現 ``nan``，而且不要用現成的 ``torch.softmax``。
# 提示：整列減去同一個數，機率不變。
#
# **11-2 A softmax that does not overflow.** Write ``softmax(logits)`` for shape ``(n, c)``: softmax
# of each row, the same shape. Scores around 1000 must not give ``nan``; do not use
# ``torch.softmax``. Hint: subtract one number from a whole row, and its probabilities stay.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    每列減去自己的最大值，最大的變成 0，指數就不會超過 1。
#
#    From each row subtract its own maximum. The largest becomes 0, and no exponential exceeds 1.
#
#    .. code-block:: python
#
#       def softmax(logits):
#           powers = torch.exp(logits - logits.amax(dim=1, keepdim=True))
#           return powers / powers.sum(dim=1, keepdim=True)
#
#       primer.check("11-2", softmax)
#
# **11-3 親手設出樓梯燈。**不訓練，自己挑數字，讓 ``torch.relu(x @ w1.T + b1) @ w2.T + b2``
# 在兩個開關不同時大於 0，相同時不大於 0。答案是 ``(w1, b1, w2, b2)``，形狀依序為 ``(2, 2)``、
# ``(2,)``、``(1, 2)``、``(1,)``。
# 提示：讓一個神經元算「幾個開關是 1」，另一個只在兩個都是 1 時才動。
#
# **11-3 Set up the lamp by hand.** Without training, choose numbers such that ``torch.relu(x @ w1.T
# + b1) @ w2.T + b2`` is above 0 where the two switches differ, and not above 0 where they agree.
# Answer with ``(w1, b1, w2, b2)``, of shapes ``(2, 2)``, ``(2,)``, ``(1, 2)`` and ``(1,)``. Hint:
# let one unit count the switches that are 1, and the other wake only when both are.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    第一個神經元在四種情況給 0、1、1、2，第二個給 0、0、0、1；前者減去兩倍的後者，就是 0、1、1、0。
#
#    In the four cases the first unit gives 0, 1, 1, 2 and the second 0, 0, 0, 1. The first minus
#    twice the second is 0, 1, 1, 0.
#
#    .. code-block:: python
#
#       w1 = torch.tensor([[1.0, 1.0], [1.0, 1.0]])
#       b1 = torch.tensor([0.0, -1.0])
#       w2 = torch.tensor([[1.0, -2.0]])
#       b2 = torch.tensor([0.0])
#
#       primer.check("11-3", (w1, b1, w2, b2))

# %%
# 重點回顧 · Summary
# ------------------
#
# - 線性層之間要有活化函數；少了它，疊再多層也等於一層。
#
#   Between linear layers stands an activation function; without it, any stack is one layer.
#
# - 從 ``m`` 到 ``n`` 的線性層有 ``(m + 1) × n`` 個參數；前一層的輸出要接得上後一層的輸入。
#
#   A linear layer from ``m`` to ``n`` has ``(m + 1) × n`` parameters; what one gives, the next must
#   take.
#
# - 輸出是 logits；損失直接吃 logits，要看機率才做 softmax。
#
#   Outputs are logits; the loss takes them as they are, and softmax is for looking at
#   probabilities.
#
# 網路有了，接下來要把資料一批一批送進去：:doc:`/lessons/4_networks/12_data_loading`。
#
# The network is ready. Next, the data come in batch by batch:
# :doc:`/lessons/4_networks/12_data_loading`.
