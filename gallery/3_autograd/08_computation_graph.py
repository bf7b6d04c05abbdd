"""
計算圖：連鎖律從右往左走 · The computation graph: the chain rule from right to left
===================================================================================

訓練每一步都要問：這個參數動一點，損失會變多少？PyTorch 把算過的每一步記成一張圖，
再倒著走一遍，答案就出來了。

Every training step asks: if this parameter moves a little, how much does the loss change? PyTorch
records each step of the computation as a graph, walks it backwards, and has the answer.

.. mermaid::

   flowchart LR
     accTitle: 往前算值，往回算梯度 · Values forward, gradients backward
     accDescr {
       前向傳播從參數算到損失；反向傳播沿同一條路倒著走，每一步乘上一個導數。 ·
       The forward pass computes from the parameters to the loss; backpropagation takes the same
       way back and multiplies by one derivative a step.
     }
     W["參數 · parameters"] -->|"w x + b"| Z["z"]
     Z -->|"sigmoid"| A["a"]
     A -->|"-log a"| L["損失 · loss"]
     L -.->|"∂loss/∂a"| A
     A -.->|"∂a/∂z"| Z
     Z -.->|"∂z/∂w"| W

讀完這一課，你能看懂 PyTorch 記下的計算圖，指出哪些是葉張量；能用連鎖律親手算出梯度；
也能用有限差分檢查任何一個梯度。

After this lesson you can read the graph that PyTorch recorded and point out its leaves, work out a
gradient by hand with the chain rule, and check any gradient by finite differences.

先備課程：:doc:`/lessons/2_tensors/05_shape_and_memory`。時間：約 20 分鐘。

Lessons needed: :doc:`/lessons/2_tensors/05_shape_and_memory`. Time: about 20 minutes.
"""

# %%
# 往前：從參數算到損失 · Forward: from parameters to loss
# -------------------------------------------------------
#
# 只用一筆資料：:term:`特徵` ``x1 = 1.1``，:term:`標籤` ``y = 1``。模型是邏輯迴歸：
# 先算分數 ``z``，再用 sigmoid 壓成 0 到 1 之間的機率 ``a``，最後由:term:`損失函數`量出錯了多少。
# 這裡用二元:term:`交叉熵`：標籤是 1 時，損失是 ``-log(a)``；標籤是 0 時，是 ``-log(1 - a)``。
# ``log`` 是自然對數，也就是 ln。``w1`` 和 ``b`` 是要學的:term:`參數`。
# 從輸入一路算到損失，叫:term:`前向傳播`。
#
# One sample is enough: the :term:`feature` ``x1 = 1.1`` and the :term:`label` ``y = 1``. The model
# is logistic regression: a score ``z``, squeezed by the sigmoid into a probability ``a`` between 0
# and 1, and a :term:`loss function` that says how wrong that is: here the binary
# :term:`cross-entropy`, ``-log(a)`` for the label 1 and ``-log(1 - a)`` for 0, with the natural
# logarithm. The :term:`parameters <parameter>` to learn are ``w1`` and ``b``. Computing from the
# input to the loss is the :term:`forward pass`.

# sphinx_gallery_thumbnail_number = 1
import torch
import torch.nn.functional as F

x1 = torch.tensor([1.1])
y = torch.tensor([1.0])
w1 = torch.tensor([2.2], requires_grad=True)
b = torch.tensor([0.0], requires_grad=True)

u = w1 * x1
z = u + b
a = torch.sigmoid(z)
loss = F.binary_cross_entropy(a, y)

print(z)
print(a)
print(loss)

# %%
# 模型說「是 1」的機率有 0.9183，答案正是 1，所以:term:`損失 <損失函數>`只有 0.0852。
# 值的後面多了 ``grad_fn``：PyTorch 記住了這個數字是怎麼來的。
#
# The model says "1" with probability 0.9183, and 1 is right, so the loss is a small 0.0852. Behind
# each value stands a ``grad_fn``: PyTorch remembers where the number came from.

# %%
# 把紀錄畫出來 · Draw what was recorded
# -------------------------------------
#
# ``requires_grad=True`` 的意思是「從這裡開始記」。記下來的東西叫:term:`計算圖`。
# 下面這張不是手畫的，是 ``primer.trace`` 從 ``loss`` 一路往回查出來的。
#
# ``requires_grad=True`` means "record from here". What is recorded is the
# :term:`computation graph`. The picture below was not drawn by hand: ``primer.trace`` followed
# the record back from ``loss``.

import primer

names = {"x1": x1, "w1": w1, "b": b, "y": y, "u": u, "z": z, "a": a, "loss": loss}
primer.trace(loss, names=names)

# %%
# 每一格寫著算法、形狀和值。起點叫:term:`葉張量`：它們是你給的，不是算出來的。
# 圓角的 ``w1``、``b`` 要學，斜的 ``x1``、``y`` 是資料，不必學，但一樣是葉張量。
#
# Each box shows an operation, a shape and a value. The graph starts at the :term:`leaf tensors
# <leaf tensor>`: you gave them, no step computed them. The rounded ``w1`` and ``b`` are to be
# learned; the slanted ``x1`` and ``y`` are data, not learned but leaves all the same.

for name, tensor in names.items():
    print(f"{name:4}  leaf {tensor.is_leaf!s:5}  requires_grad {tensor.requires_grad}")

# %%
# 失敗：權重和偏差誰先誰後 · A failure: which comes first, weight or bias?
# ------------------------------------------------------------------------
#
# 常看到這樣的圖：輸入 → :term:`權重` → :term:`偏差` → 輸出，好像資料要一站一站流過去。
# 真是這樣的話，偏差就是由權重算出來的，``b`` 對 ``w1`` 就有梯度。問問 PyTorch。
#
# A common picture goes input → :term:`weight` → :term:`bias` → output, as if data flowed through
# one after the other. If so, the bias would be computed from the weight, and ``b`` would have a
# gradient with respect to ``w1``. Ask PyTorch.

try:
    torch.autograd.grad(b, w1)
except RuntimeError as error:
    message = str(error)
    print("…", message[message.index("appears") :])  # 開頭隨版本不同 · its opening varies

# %%
# ``w1`` 根本不在通往 ``b`` 的路上。輸入、權重、偏差都是葉張量，彼此沒有先後，到 ``z`` 才會合。
# 畫圖前先問「誰是由誰算出來的」，箭頭就不會畫錯。
#
# ``w1`` is on no path to ``b``. Input, weight and bias are all leaves, none before another;
# they meet in ``z``. Ask "what is computed from what?" before drawing, and the arrows come out
# right.
#
# 每一步都產生新的:term:`張量`，新的只能由舊的算出來，箭頭繞不回自己：這叫「有向無環圖」（DAG）。
# 正因為沒有環，才能從右往左一步步走回來，不會兜圈子。
#
# Each step makes a new :term:`tensor` from older ones, so no arrow ever leads back to its start.
# Such a graph is called directed and acyclic, a DAG. Having no cycle, it can be walked from right
# to left without going in circles.

# %%
# 往回：連鎖律 · Backward: the chain rule
# ---------------------------------------
#
# **先猜猜看**：把 ``w1`` 加大一點點，``loss`` 會變大還是變小？
#
# **Guess first**: make ``w1`` a little larger. Does ``loss`` rise or fall?
#
# :term:`連鎖律`說：把一條路上每一步的:term:`導數`乘起來，就是頭尾之間的導數；
# 路不只一條的話，各條再加起來。從 ``loss`` 走到 ``w1`` 要四步。
#
# The :term:`chain rule`: multiply the :term:`derivatives <derivative>` of all steps along a path to
# get the derivative from one end to the other; where there are several paths, add them up. From
# ``loss`` to ``w1`` it takes four steps.
#
# 式子裡的 ∂ 是:term:`偏導數`的記號。``∂L/∂w1`` 問的是：只動 ``w1``、其他都不動，
# 損失 ``L`` 會跟著動它的幾倍？
#
# The sign ∂ stands for a :term:`partial derivative`: ``∂L/∂w1`` asks how many times as much the
# loss ``L`` changes when ``w1`` alone moves and all else stays.
#
# .. math::
#
#    \frac{\partial L}{\partial w_1}
#    = \frac{\partial L}{\partial a} \times \frac{\partial a}{\partial z}
#    \times \frac{\partial z}{\partial u} \times \frac{\partial u}{\partial w_1}
#    = -\frac{1}{a} \times a (1 - a) \times 1 \times x_1
#
# （``y = 1`` 時損失是 ``-log(a)``，它的導數是 ``-1 / a``；sigmoid 的導數是 ``a (1 - a)``。）
#
# (With ``y = 1`` the loss is ``-log(a)``, whose derivative is ``-1 / a``; the derivative of the
# sigmoid is ``a (1 - a)``.)

with torch.no_grad():
    factors = {
        "d loss / d a": -1 / a,
        "d a / d z": a * (1 - a),
        "d z / d u": torch.ones(1),
        "d u / d w1": x1,
    }

product = 1.0
for name, factor in factors.items():
    product *= factor.item()
    print(f"{name:12}  {factor.item():7.4f}   product so far {product:7.4f}")

# %%
# 乘起來是 -0.0898。負號回答了剛才的問題：``w1`` 加大，``loss`` 變小。
#
# The product is -0.0898. Its sign answers the guess: ``w1`` up, ``loss`` down.
#
# ``b`` 呢？走到 ``z`` 為止一模一樣，已經乘到 -0.0817；最後一步 ``d z / d b = 1``，還是 -0.0817。
# 從右往左走的好處就在這裡：共同的路只算一次，參數再多也一樣。
#
# And ``b``? Up to ``z`` the path is the same, and the product there is -0.0817; the last step is
# ``d z / d b = 1``, so it stays -0.0817. That is why one goes from right to left: the shared path
# is worked out once, however many parameters hang on it.

# %%
# 換成你來推（圖中的 σ 就是 sigmoid）：改一個數字，看值往前流、梯度往回走。
# 按「往回走一步」，連鎖律一次乘一個導數；按「梯度下降一步」（下一課細說），
# 看損失一步一步變小。
#
# Your turn (σ in the graph is the sigmoid): change a number and see values flow forward and
# gradients come back. "One step back" lets the chain rule multiply by one derivative at a time;
# "One descent step", which the next lesson explains, makes the loss fall step by step.
#
# .. moving-graph:: logistic

# %%
# 交給 PyTorch · Let PyTorch do it
# --------------------------------
#
# ``loss.backward()`` 在真正的圖上走同樣的路，把結果放進每個要學的葉張量的 ``.grad``。
# 這樣往回走叫:term:`反向傳播`；記下每一步、再自動往回走，合起來就是:term:`自動微分`。
# ``primer.walk`` 把走過的每一步印出來，和上面手算的對照看看。
#
# ``loss.backward()`` walks the same path on the real graph and puts the result in ``.grad`` of
# every leaf to be learned. This way back is :term:`backpropagation`; recording each step and then
# walking back by itself is :term:`automatic differentiation`. ``primer.walk`` prints each step;
# compare it with the work by hand above.

loss.backward(retain_graph=True)  # 圖等一下還要用 · the graph is needed again below
graph = primer.trace(loss, names=names)
print(primer.walk(graph, "w1"))
print(f"w1.grad {w1.grad.item():.4f}   b.grad {b.grad.item():.4f}")

# %%
# 把所有參數的偏導數排在一起，就是:term:`梯度`。再畫一次，圖上多了每個參數的那一份。
#
# The partial derivatives of all parameters, put together, are the :term:`gradient`. Drawn once
# more, the graph now shows each parameter's part of it, as ``grad``.

graph

# %%
# 不相信？推一下就知道 · Not convinced? Give it a nudge
# -----------------------------------------------------
#
# 梯度是個預言：``w1`` 加一點點，``loss`` 就加上它的 -0.0898 倍，也就是變小。預言可以驗證：
# 真的把 ``w1`` 往兩邊各推一點，量 ``loss`` 差多少，這叫有限差分
# （兩邊都推，又叫中央差分）。用 ``float64`` 算，捨入誤差才不會來攪局。
#
# A gradient is a prediction: raise ``w1`` a little, and ``loss`` rises by -0.0898 times as much,
# that is, it falls. So test it: nudge ``w1`` a little to both sides and measure ``loss``. These are
# finite differences, central ones since both sides are used. ``float64`` keeps rounding errors out
# of the way.


def loss_at(w1, b):
    """Compute the loss of our one sample at other parameters."""
    return -torch.log(torch.sigmoid(w1 * 1.1 + b))


h = 1e-4
w = torch.tensor(2.2, dtype=torch.float64)
slope = (loss_at(w + h, 0.0) - loss_at(w - h, 0.0)) / (2 * h)
print(f"nudging: {slope.item():.4f}   autograd: {w1.grad.item():.4f}")

# %%
# ``primer.check_gradients`` 對每個參數都這樣檢查一遍，你自己寫的損失也可以交給它。
#
# ``primer.check_gradients`` does this for every parameter. Give it losses of your own, too.

print(primer.check_gradients(loss_at, w1, b))

# %%
# 在圖上，梯度就是切線的斜率：曲線在 ``w1 = 2.2`` 這一點往哪邊斜、斜多少。
#
# In a picture, the gradient is the slope of the tangent: which way the curve leans at ``w1 = 2.2``,
# and how much.

import matplotlib.pyplot as plt

weights = torch.linspace(0, 4, 100)
fig, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
ax.plot(weights, loss_at(weights, 0.0), label="loss")
ax.axline((2.2, loss.item()), slope=w1.grad.item(), color="C1", label="tangent, slope -0.0898")
ax.plot(2.2, loss.item(), "o", color="C1")
ax.set(xlabel="w1", ylabel="loss", ylim=(0, 0.7))
ax.legend()
fig.set_label(
    "梯度是切線的斜率 · The gradient is the slope of the tangent\n"
    "損失隨 w1 變大而下降的曲線，在 w1 等於 2.2 處有一條斜率 -0.0898 的切線。 · "
    "The loss falls as w1 grows; at w1 = 2.2 a tangent with slope -0.0898 touches the curve."
)
plt.show()

# %%
# 練習 · Exercises
# ----------------
#
# 答案交給 ``primer.check`` 批改；在腳本裡寫 ``print(primer.check(...))`` 才看得到結果。
#
# Let ``primer.check`` mark your answers. In a script, ``print(primer.check(...))`` shows the
# verdict.
#
# **08-1 前向傳播。**寫 ``forward(x, w, b, y)``，四個都是形狀 ``(1,)`` 的浮點張量，
# 回傳 ``(z, a, loss)``：``z = w x + b``，``a`` 是 sigmoid，``loss`` 是:term:`二元交叉熵 <交叉熵>`。
# ``loss`` 要留在計算圖上。
#
# **08-1 The forward pass.** Write ``forward(x, w, b, y)``, four float tensors of shape ``(1,)``.
# Return ``(z, a, loss)``: ``z = w x + b``, ``a`` its sigmoid, ``loss`` the
# :term:`binary cross-entropy <cross-entropy>`. The loss must stay on the graph.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    .. code-block:: python
#
#       def forward(x, w, b, y):
#           z = w * x + b
#           a = torch.sigmoid(z)
#           loss = -(y * torch.log(a) + (1 - y) * torch.log(1 - a))
#           return z, a, loss
#
#       primer.check("08-1", forward)
#
# **08-2 誰會得到 .grad。**執行下面幾行之後，``x``、``w``、``b``、``z``、``a`` 之中，
# 誰的 ``.grad`` 有值？答案是名字的集合，例如 ``{"x", "z"}``。
#
# **08-2 Who gets a .grad?** After the lines below, which of ``x``, ``w``, ``b``, ``z`` and ``a``
# have their ``.grad`` filled? Answer with a set of names, such as ``{"x", "z"}``.
#
# .. code-block:: python
#
#    x = torch.tensor([1.1])
#    w = torch.tensor([2.2], requires_grad=True)
#    b = torch.tensor([0.0], requires_grad=True)
#    z = w * x + b
#    a = torch.sigmoid(z)
#    a.sum().backward()
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    只有要求梯度的葉張量：``x`` 沒有要求，``z`` 和 ``a`` 不是葉張量。
#
#    Only leaves that ask for it: ``x`` does not ask, ``z`` and ``a`` are no leaves.
#
#    .. code-block:: python
#
#       primer.check("08-2", {"w", "b"})
#
# **08-3 走訪計算圖。**寫 ``leaves(output)``：沿著 ``output.grad_fn.next_functions`` 往回走，
# 回傳所有會得到梯度的葉張量，每個一次。葉在 ``AccumulateGrad`` 節點的 ``.variable`` 裡；
# ``next_functions`` 的每一項是一對：一個節點和一個編號；節點可能是 ``None``。
#
# **08-3 Walk the graph.** Write ``leaves(output)``: follow ``output.grad_fn.next_functions`` back
# and return a list of every leaf tensor that will receive a gradient, each once. A leaf sits in
# ``.variable`` of an ``AccumulateGrad`` node. Each entry of ``next_functions`` is a pair of a node
# and a number, and the node may be ``None``.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    .. code-block:: python
#
#       def leaves(output):
#           found, seen, waiting = [], set(), [output.grad_fn]
#           while waiting:
#               node = waiting.pop()
#               if node is None or node in seen:
#                   continue
#               seen.add(node)
#               if hasattr(node, "variable"):
#                   found.append(node.variable)
#               waiting.extend(parent for parent, _ in node.next_functions)
#           return found
#
#       primer.check("08-3", leaves)

# %%
# 重點回顧 · Summary
# ------------------
#
# - PyTorch 一邊算一邊記；記下的計算圖有方向、沒有環，起點是葉張量。
#
#   PyTorch records while it computes; the graph has a direction, no cycles, and starts at leaves.
#
# - 連鎖律從右往左，把每一步的導數乘起來；共同的路只算一次。
#
#   The chain rule goes from right to left and multiplies one derivative a step; shared paths are
#   worked out once.
#
# - 任何梯度都能用有限差分檢查。
#
#   Any gradient can be checked by finite differences.
#
# 下一課把梯度真的拿來用：:doc:`/lessons/3_autograd/09_gradients`。
#
# The next lesson puts gradients to use: :doc:`/lessons/3_autograd/09_gradients`.
