"""
梯度：求出來、清乾淨、往下走 · Gradients: get them, clear them, step down
=========================================================================

有了計算圖，一個 ``backward()`` 就有梯度。可是要先說好要誰的梯度，用完也要清掉；
少了一步，不是報錯，就是默默算錯。

With a graph, one ``backward()`` gives every gradient. But first you must say whose, and afterwards
clear them. Miss one step and you get an error, or, worse, a wrong number without one.

.. mermaid::

   flowchart LR
     accTitle: 梯度下降的一圈 · One round of gradient descent
     accDescr {
       清掉舊梯度、前向傳播算損失、反向傳播算梯度、更新參數，然後再來一圈。 ·
       Clear old gradients, compute the loss forward, the gradients backward, update, and again.
     }
     Z["清掉梯度 · clear"] --> F["前向傳播 · forward"]
     F --> B["反向傳播 · backward"]
     B --> U["更新參數 · update"]
     U --> Z

讀完這一課，你能用兩種方法求梯度，說出差別；能看懂三種常見的訊息；
也能親手寫出梯度下降，不讓梯度愈積愈多。

After this lesson you can get gradients in two ways and tell them apart, read three common
messages, and write gradient descent by hand without letting gradients pile up.

先備課程：:doc:`/lessons/3_autograd/08_computation_graph`。時間：約 20 分鐘。

Lessons needed: :doc:`/lessons/3_autograd/08_computation_graph`. Time: about 20 minutes.
"""

# %%
# 失敗：忘了說要誰的梯度 · A failure: nobody asked for a gradient
# ---------------------------------------------------------------
#
# 還是上一課的例子，只少了 ``requires_grad=True``。算得出損失，卻算不出:term:`梯度`。
#
# The example of the last lesson, without ``requires_grad=True``. The loss comes out; the
# :term:`gradient` does not.

# sphinx_gallery_thumbnail_number = 1
import torch
import torch.nn.functional as F

x1, y = torch.tensor([1.1]), torch.tensor([1.0])


def loss_of(w1, b):
    """Compute the loss of logistic regression on our one sample."""
    return F.binary_cross_entropy(torch.sigmoid(w1 * x1 + b), y)


try:
    loss_of(torch.tensor([2.2]), torch.tensor([0.0])).backward()
except RuntimeError as error:
    print(error)

# %%
# 訊息說 ``loss`` 不需要梯度，也沒有 ``grad_fn``：沒有人要求梯度，PyTorch 就什麼都沒記。
# 解法是在要學的:term:`參數`上標明。
#
# The message: the loss requires no grad and has no ``grad_fn``. As nobody asked for a gradient,
# PyTorch recorded nothing. The cure is to mark the :term:`parameters <parameter>` to be learned.

w1 = torch.tensor([2.2], requires_grad=True)
b = torch.tensor([0.0], requires_grad=True)

# %%
# 方法一：``torch.autograd.grad`` · One way: ``torch.autograd.grad``
# ------------------------------------------------------------------
#
# 這個函式問什麼答什麼：給它損失和參數，它**回傳**一個 tuple，
# 每個參數一個梯度，別的都不動。只問一個也是 tuple。
#
# This function answers what you ask: give it the loss and the parameters, and it *returns* a tuple
# with one gradient for each, even if there is only one. It changes nothing else.

from torch.autograd import grad

print(grad(loss_of(w1, b), (w1, b)))
print(grad(loss_of(w1, b), w1))
print(w1.grad)

# %%
# 方法二：``backward()`` · The other way: ``backward()``
# ------------------------------------------------------
#
# ``backward()`` 什麼都不回傳。它把梯度**放進**每個要求梯度的葉張量的 ``.grad``，一個普通的張量，
# 不是 tuple。訓練都用它：參數再多，寫法都一樣。
#
# ``backward()`` returns nothing. It *puts* the gradients in ``.grad`` of every leaf that requires
# grad: a plain tensor, not a tuple. Training uses this one, because it reads the same for any
# number of parameters.

loss = loss_of(w1, b)
loss.backward()
print(w1.grad)
print(b.grad)

# %%
# 失敗：同一張圖走兩次 · A failure: the same graph twice
# ------------------------------------------------------
#
# 對同一個 ``loss`` 再呼叫一次 ``backward()``：
#
# Call ``backward()`` on the same ``loss`` once more:

try:
    loss.backward()
except RuntimeError as error:
    print(error)

# %%
# 往回走要用到中間的值，走完 PyTorch 就把它們丟掉，省下記憶體。
# 通常的解法是重新往前算一次，得到新的圖，:term:`訓練迴圈`本來就這樣做。
# 真的要在同一張圖上走兩次，才在第一次加上 ``retain_graph=True``。
#
# The way back needs intermediate values, and afterwards PyTorch drops them to save memory. Usually
# you compute forward again and get a new graph, as every :term:`training loop` does. Only to walk
# the very same graph twice, pass ``retain_graph=True`` the first time.

loss = loss_of(w1, b)
print(grad(loss, w1, retain_graph=True))
print(grad(loss, b))

# %%
# 只有葉留得住 ``.grad`` · Only leaves keep a ``.grad``
# -----------------------------------------------------
#
# **先猜猜看**：``z = p * q``，``p`` 是 1、``q`` 是 2。``backward()`` 之後，三個 ``.grad``
# 各是多少？
#
# **Guess first**: ``z = p * q``, where ``p`` is 1 and ``q`` is 2. After ``backward()``, what are
# the three ``.grad``?

import warnings

p = torch.tensor(1.0, requires_grad=True)
q = torch.tensor(2.0, requires_grad=True)
z = p * q
z.backward()
print(p.grad, q.grad)

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    print(z.grad)
print(str(caught[0].message).split(". ")[0])

# %%
# ``p`` 的梯度是 2，``q`` 的是 1：兩數相乘，一個的斜率就是另一個的值。``z`` 是 ``None``，
# 還附一句警告：它不是:term:`葉張量`，``backward()`` 經過它，但不替它留。
# 想看的話，先呼叫 ``z.retain_grad()``。
#
# ``p`` gets 2 and ``q`` gets 1: in a product, the slope for one factor is the value of the other.
# ``z`` has ``None`` and a warning: it is no :term:`leaf tensor`. ``backward()`` passes through it
# and keeps nothing there, unless you call ``z.retain_grad()`` first.

z = p * q
z.retain_grad()
z.backward()
print(z.grad)

# %%
# 梯度會累加 · Gradients add up
# -----------------------------
#
# **先猜猜看**：上面對 ``p * q`` 做了兩次 ``backward()``，``p.grad`` 現在是多少？
#
# **Guess first**: by now ``backward()`` has run twice on ``p * q``. What is ``p.grad``?

print(p.grad)

# %%
# 答案是 4。``backward()`` 把新的梯度**加到**舊的上面，而不是蓋過去：梯度會在 ``.grad`` 裡累積。
# 這是刻意的：一大批資料（:term:`批次`）可以拆成幾份算，梯度會自動加起來。
# 代價是每一步之前都要自己清掉；
# :term:`最佳化器`的 ``zero_grad()`` 做的就是這件事（第 13 課會用）。
#
# The answer is 4. ``backward()`` *adds* the new gradient to the old one instead of replacing it:
# gradients accumulate in ``.grad``. That is on purpose: a large :term:`batch`, a group of samples
# that go through together, can be worked through in parts, and the gradients add up by themselves.
# The price: clear them yourself before each step. The ``zero_grad()`` of an :term:`optimizer`,
# which lesson 13 uses, does just that.

p.grad = None
(p * q).backward()
print(p.grad)

# %%
# 往下走：梯度下降 · Step down: gradient descent
# ----------------------------------------------
#
# 梯度指向損失變大的方向，往反方向走一小步，損失就變小：這叫:term:`梯度下降`。
# 一步多大，由:term:`學習率`決定。更新不該記進圖裡，因此放在 ``torch.no_grad()`` 裡面。
#
# The gradient points to where the loss grows, so a small step the other way makes it fall: this is
# :term:`gradient descent`. The :term:`learning rate` decides how large the step is. The update
# itself must not be recorded, hence ``torch.no_grad()``.
#
# 上一課:ref:`會動的計算圖 <moving-logistic>`可以一步一步走給你看。
#
# The :ref:`moving graph <moving-logistic>` of the last lesson takes you through it step by step.

for step in range(5):
    w1.grad = b.grad = None  # 清掉 · clear
    loss = loss_of(w1, b)  # 前向 · forward
    loss.backward()  # 反向 · backward
    with torch.no_grad():  # 更新 · update
        w1 -= 1.0 * w1.grad
        b -= 1.0 * b.grad
    print(f"step {step}   loss {loss.item():.4f}   w1 {w1.item():.4f}   b {b.item():.4f}")

# %%
# 損失一步步變小。清掉、前向、反向、更新：這四個動作就是所有:term:`神經網路`訓練的骨架。
#
# The loss falls at every step. Clear, forward, backward, update: these four moves are the skeleton
# of all :term:`neural network` training.

# %%
# 不清掉會怎樣 · What if you do not clear?
# ----------------------------------------
#
# 換一個有谷底的損失 ``(w - 3) ** 2``，一個每步清梯度，一個不清。不會報錯，看圖才知道。
#
# Take a loss with a valley, ``(w - 3) ** 2``. One run clears the gradient at each step, the other
# does not. Neither raises; only the picture tells.

import matplotlib.pyplot as plt


def path(clear, steps=30, rate=0.1):
    """Descend from 0 and return every position on the way."""
    w = torch.tensor(0.0, requires_grad=True)
    positions = [w.item()]
    for _ in range(steps):
        if clear:
            w.grad = None
        ((w - 3) ** 2).backward()
        with torch.no_grad():
            w -= rate * w.grad
        positions.append(w.item())
    return positions


fig, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
ax.plot(path(clear=True), "o-", markersize=3, label="cleared at each step")
ax.plot(path(clear=False), "s-", markersize=3, label="never cleared")
ax.axhline(3, color="black", linewidth=0.8, linestyle="--", label="bottom of the valley")
ax.set(xlabel="step", ylabel="w")
fig.legend(loc="outside upper center", ncols=3, frameon=False)
fig.set_label(
    "清梯度與不清梯度 · Clearing the gradient, and not\n"
    "每步清掉的曲線平順地停在 3；從不清掉的曲線在 0 和 6 附近來回擺盪，停不下來。 · "
    "The run that clears settles at 3; the one that never clears swings between about 0 and 6 "
    "and does not stop."
)
plt.show()

# %%
# 舊的梯度一直推著它，衝過谷底又衝回來，永遠停不住。訓練時損失忽高忽低，
# 先看看是不是忘了清梯度。
#
# Old gradients keep pushing: it shoots past the bottom and back again, for ever. If a loss swings
# up and down in training, first check that the gradients are cleared.

# %%
# 練習 · Exercises
# ----------------
#
# 先 ``import primer``，答案交給 ``primer.check`` 批改；在腳本裡寫 ``print(primer.check(...))``
# 才看得到結果。
#
# ``import primer`` and let ``primer.check`` mark your answers. In a script,
# ``print(primer.check(...))`` shows the verdict.
#
# **09-1 手算梯度。**寫 ``gradients(x, w, b, y)``，不用 autograd，回傳上一課那個損失的
# ``(dL/dw, dL/db)``。提示：:term:`連鎖律`乘完會化簡成 ``(a - y) * x`` 和 ``a - y``。
#
# **09-1 The gradient by hand.** Write ``gradients(x, w, b, y)`` without autograd: return
# ``(dL/dw, dL/db)`` for the loss of the last lesson. Hint: the :term:`chain rule`
# simplifies to ``(a - y) * x`` and ``a - y``.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    .. code-block:: python
#
#       def gradients(x, w, b, y):
#           a = torch.sigmoid(w * x + b)
#           return (a - y) * x, a - y
#
#       primer.check("09-1", gradients)
#
# **09-2 梯度下降。**寫 ``descend(w, loss_of, rate, steps)``：``w`` 是要求梯度的葉張量，
# ``loss_of(w)`` 回傳損失。原地更新 ``w`` 共 ``steps`` 次，每次 ``w ← w - rate × 梯度``，
# 梯度不可累加；最後回傳 ``w``。
#
# **09-2 Gradient descent.** Write ``descend(w, loss_of, rate, steps)``: ``w`` is a leaf that
# requires grad, ``loss_of(w)`` gives the loss. Update ``w`` in place ``steps`` times, ``w ← w -
# rate × gradient``, without letting gradients add up; return ``w``.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    .. code-block:: python
#
#       def descend(w, loss_of, rate, steps):
#           for _ in range(steps):
#               w.grad = None
#               loss_of(w).backward()
#               with torch.no_grad():
#                   w -= rate * w.grad
#           return w
#
#       primer.check("09-2", descend)
#
# **09-3 有限差分。**寫 ``central_differences(function, x, h)``：``x`` 是一維 ``float64`` 張量，
# ``function(x)`` 回傳零維張量。對每個位置 ``i``，只把 ``x[i]`` 往兩邊各推 ``h``，
# 函數值的差除以 ``2 * h``。回傳和 ``x`` 一樣形狀的張量，不可改動 ``x``。
#
# **09-3 Finite differences.** Write ``central_differences(function, x, h)``: ``x`` is a 1-D
# ``float64`` tensor and ``function(x)`` a 0-D tensor. For each place ``i``, move only ``x[i]``, by
# ``h`` to either side, and divide the difference of the two values by ``2 * h``. Return a tensor
# shaped like ``x``, and leave ``x`` unchanged.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    .. code-block:: python
#
#       def central_differences(function, x, h):
#           slopes = torch.empty_like(x)
#           for i in range(len(x)):
#               step = torch.zeros_like(x)
#               step[i] = h
#               slopes[i] = (function(x + step) - function(x - step)) / (2 * h)
#           return slopes
#
#       primer.check("09-3", central_differences)

# %%
# 重點回顧 · Summary
# ------------------
#
# - ``torch.autograd.grad`` 回傳 tuple；``backward()`` 把張量放進葉的 ``.grad``。
#
#   ``torch.autograd.grad`` returns a tuple; ``backward()`` puts a tensor in ``.grad`` of each leaf.
#
# - 圖走完一次就釋放；梯度會累加，每一步之前先清掉。
#
#   A graph is freed after one walk; gradients add up, so clear them before each step.
#
# - 梯度下降：清掉、前向、反向、往梯度的反方向走一小步。
#
#   Gradient descent: clear, forward, backward, a small step against the gradient.
#
# 梯度怎麼來、怎麼用，你都會了。下一課看它怎麼出錯，有的大聲，有的不出聲：
# :doc:`/lessons/3_autograd/10_autograd_pitfalls`。
#
# You can get gradients and use them. Next: how they go wrong, some loudly, some in silence, in
# :doc:`/lessons/3_autograd/10_autograd_pitfalls`.
