"""
自動微分的陷阱：會出聲的和不出聲的 · Autograd pitfalls: the loud and the silent
===============================================================================

出錯有兩種。有訊息的，照著訊息找就好；沒有訊息的，模型照樣訓練，只是學歪了。
這一課把常見的錯都故意犯一遍，先認得它們的樣子。

Mistakes come in two kinds. The loud ones raise, and the message leads you to the cause. The silent
ones let training go on and learn the wrong thing. In this lesson we make the common ones on
purpose, so that you know them when you meet them.

.. mermaid::

   flowchart TB
     accTitle: 計算圖會在三個地方出問題 · Three places where a graph goes wrong
     accDescr {
       從葉張量到損失的路，可能一開始就沒有記，可能中途被剪斷，也可能留著的值被改掉。 ·
       On the way from a leaf to the loss, recording may never start, the graph may be cut on the
       way, and a value that was kept may be overwritten.
     }
     W(["葉張量 · leaf"]) --> A["中間值 · kept value"] --> L["損失 · loss"]
     N["1 沒有記 · not recorded<br/>整數 · integers<br/>no_grad"] -.-> W
     O["2 被改掉 · overwritten<br/>a += 1"] -.-> A
     C["3 被剪斷 · cut<br/>item<br/>numpy"] -.-> L

讀完這一課，你能從訊息認出計算圖是沒有記、被改掉，還是被剪斷，並且修好它；
能抓出不報錯的那幾種；也知道什麼時候該用 ``no_grad``、``detach`` 和 ``item``。

After this lesson you can tell from a message whether a graph was not recorded, overwritten or cut,
and mend it; you can catch the mistakes that raise nothing; and you know when ``no_grad``,
``detach`` and ``item`` are right.

先備課程：:doc:`/lessons/3_autograd/09_gradients`。時間：約 25 分鐘。

Lessons needed: :doc:`/lessons/3_autograd/09_gradients`. Time: about 25 minutes.
"""

# %%
# 沒有記：整數不能有梯度 · Not recorded: integers have no gradient
# ----------------------------------------------------------------
#
# 少打一個小數點，就得到整數的:term:`張量`。
#
# Leave out a decimal point, and the :term:`tensor` holds integers.

# sphinx_gallery_thumbnail_number = 1
import torch

try:
    torch.tensor([1, 2, 3], requires_grad=True)
except RuntimeError as error:
    print(error)

# %%
# :term:`梯度`問的是「動一點點會怎樣」。整數 1 的下一個是 2，沒有「一點點」可動，
# 所以只有浮點數（和複數）可以要求梯度。寫成 ``1.0``，或指定 ``dtype``。
#
# A :term:`gradient` asks what happens when a number moves *a little*. From the integer 1 the next
# stop is 2: there is no "a little". Only floating-point (and complex) tensors can require grad.
# Write ``1.0``, or name the ``dtype``.

w = torch.tensor([1, 2, 3], dtype=torch.float32, requires_grad=True)
print(w)

# %%
# 沒有記：``no_grad`` 包太大 · Not recorded: ``no_grad`` around too much
# ----------------------------------------------------------------------
#
# 更新:term:`參數`要放進 ``torch.no_grad()``，因為更新本身不該記下來。這次連算損失的幾行也包了進去。
#
# The update of a :term:`parameter` belongs in ``torch.no_grad()``, since it must not be recorded.
# This time, the lines that compute the loss slipped in as well.

with torch.no_grad():
    squares = w**2
    loss = squares.sum()

try:
    loss.backward()
except RuntimeError as error:
    print(error)

# %%
# 訊息眼熟：上一課忘了 ``requires_grad=True``，說的是同一句。訊息只說 ``loss`` 後面沒有圖，
# 沒說是哪裡斷的。找法是從頭一個一個問：第一個 ``requires_grad`` 變成 ``False`` 的，
# 就是出事的地方。
#
# The message is an old friend: the last lesson met it when ``requires_grad=True`` was missing. It
# says that no graph stands behind ``loss``, not where it was lost. To find out, ask one after the
# other: the first whose ``requires_grad`` turns ``False`` is the place.

for name, tensor in {"w": w, "squares": squares, "loss": loss}.items():
    print(f"{name:8} requires_grad {tensor.requires_grad!s:6} grad_fn {tensor.grad_fn}")

# %%
# ``w`` 沒問題，``squares`` 就斷了：毛病出在算 ``squares`` 的那一行，它在 ``no_grad`` 裡面。
#
# ``w`` is fine, ``squares`` is not: the fault lies in the line that made ``squares``, which stands
# inside ``no_grad``.

# %%
# 被改掉：原地修改參數 · Overwritten: a parameter changed in place
# ----------------------------------------------------------------
#
# ``-=``、``*=``、名字以底線結尾的方法（如 ``zero_``），都不產生新的張量，
# 而是直接改記憶體裡的數字，叫原地運算。對要學的參數這樣做：
#
# ``-=``, ``*=`` and methods that end in an underscore, such as ``zero_``, make no new tensor; they
# change the numbers where they lie in memory. These are in-place operations. On a parameter:

try:
    w -= 0.1
except RuntimeError as error:
    print(error)

# %%
# ``w`` 是:term:`葉張量`，梯度要存在它這裡。算到一半換掉它的值，
# 「對 ``w`` 的梯度」指的是改之前還是改之後？PyTorch 乾脆不准。更新時請用 ``no_grad`` 聲明：
# 這一步不算在圖裡。
#
# ``w`` is a :term:`leaf tensor`, where the gradient will be kept. If its value changed halfway,
# would "the gradient for ``w``" mean before or after? PyTorch forbids it. For an update, say with
# ``no_grad`` that this step is not part of the graph.

with torch.no_grad():
    w -= 0.1
print(w)

# %%
# 改寫成 ``w = w - 0.1`` 也不報錯，卻更糟：名字 ``w`` 換給了一個算出來的新張量。
# 它不是葉，``backward()`` 之後它的 ``.grad`` 是 ``None``。
#
# Writing ``w = w - 0.1`` raises nothing and is worse: the name ``w`` now stands for a new tensor
# that was computed. It is no leaf, and after ``backward()`` its ``.grad`` is ``None``.

print((w - 0.1).is_leaf)

# %%
# 被改掉：往回走還要用的值 · Overwritten: a value needed on the way back
# ----------------------------------------------------------------------
#
# **先猜猜看**：``a`` 是算出來的，不是葉。算完再原地加 1，``sigmoid`` 和 ``sin`` 哪一個會報錯？
#
# **Guess first**: ``a`` is computed, not a leaf. Add 1 to it in place. Which of ``sigmoid`` and
# ``sin`` will complain?

p = torch.tensor([0.0], requires_grad=True)

for function in (torch.sigmoid, torch.sin):
    a = function(p)
    a += 1
    try:
        print(torch.autograd.grad(a, p))
    except RuntimeError as error:
        # 只印各版 PyTorch 都一樣的部分。 · Print what every release of PyTorch says.
        print(str(error).replace("Backward0", "").partition(", with")[0])

# %%
# 只有 ``sigmoid`` 報錯。它的:term:`導數`是 ``a * (1 - a)``，往回走時要用到**輸出** ``a``，
# 卻已經被改掉；``sin`` 的導數是 ``cos(p)``，用的是**輸入**，改輸出不礙事。
# 該不該擔心，要看那個值往回走時還用不用得到。
#
# Only ``sigmoid`` does. Its :term:`derivative` is ``a * (1 - a)``: the way back needs the *output*
# ``a``, which has been overwritten. The derivative of ``sin`` is ``cos(p)``: it needs the *input*,
# so changing the output does no harm. What matters is whether the way back still needs the value.
#
# 訊息裡的 version 是張量自帶的計數：每原地改一次就加 1。PyTorch 記下存進圖時是 0 版，
# 往回走時看到 1 版，就知道被動過了。``Sigmoid`` 說的是誰的輸出被改；程式長了找不到時，
# 先執行 ``torch.autograd.set_detect_anomaly(True)``，打開 Hint 說的異常偵測，
# 它會指出是哪一行算的。解法：寫 ``a = a + 1``，產生新的張量，舊的原封不動。
#
# The "version" in the message is a counter that every tensor carries; each in-place change adds 1.
# PyTorch kept version 0, finds version 1 on the way back, and so notices. ``Sigmoid`` tells whose
# output was changed; in a long program, follow the hint: after
# ``torch.autograd.set_detect_anomaly(True)`` a warning names the line that computed it. The cure:
# ``a = a + 1`` makes a new tensor and leaves the old one alone.

a = torch.sigmoid(p)
a = a + 1
print(torch.autograd.grad(a, p))

# %%
# 不出聲的：``.data`` 繞過檢查 · Silent: ``.data`` goes round the check
# ---------------------------------------------------------------------
#
# 舊程式常寫 ``.data``。它指向同一塊記憶體，改它卻**不**會增加版本。
#
# Old code likes ``.data``. It is the same memory, but changing it does *not* count up the version.

a = torch.sigmoid(p)
a.data += 1
print(torch.autograd.grad(a, p))

# %%
# 沒有訊息，但正確答案是 0.25，這裡連正負號都反了：``1.5 * (1 - 1.5)`` 正好是 -0.75。
# 別再用 ``.data``：要更新就用 ``no_grad``，要離開計算圖就用 ``detach()``。
#
# No message, yet 0.25 is right and even the sign is wrong: ``1.5 * (1 - 1.5)`` is just -0.75. Leave
# ``.data`` alone: to update, use ``no_grad``; to leave the graph, use ``detach()``.

# %%
# 被剪斷：``item`` 和 ``numpy`` · Cut: ``item`` and ``numpy``
# -----------------------------------------------------------
#
# :term:`計算圖`只記張量的運算。一換成 Python 的數字或 NumPy 的陣列，紀錄就斷了。
#
# A :term:`computation graph` records operations on tensors. Turn one into a Python number or a
# NumPy array, and the record ends.

loss = (w**2).sum()
try:
    loss.item().backward()
except AttributeError as error:
    print(error)

try:
    w.numpy()
except RuntimeError as error:
    print(error)

# %%
# 第一個：``item()`` 給的是普通的 ``float``，後面沒有圖。第二個是善意的提醒：陣列記不住梯度，
# 真的要，請先說 ``detach()``。算完了、要畫圖時，照做沒錯；算到一半照做，訊息沒了，
# 圖也從那裡斷了。
#
# The first: ``item()`` gives a plain ``float`` with no graph behind it. The second is a kind
# warning: an array cannot remember gradients, so say ``detach()`` if you mean it. When the work is
# done and you want to plot, do as it says. Do so halfway through, and the message goes away, but
# the graph is cut there, too.

# %%
# 不出聲的：剪掉一半 · Silent: half of it cut
# -------------------------------------------
#
# 最難找的是只剪一部分。損失有兩項：離 3 愈近愈好，又希望 ``w`` 不要太大。``cut`` 在第二項用了
# ``item()``。
#
# The hardest to find is a partial cut. This loss has two terms: be close to 3, but keep ``w``
# small. ``cut`` uses ``item()`` in its second term.


def whole(w):
    """Add the two terms; the graph reaches both."""
    return (w - 3) ** 2 + w**2


def cut(w):
    """Add the same two terms; the graph reaches the first only."""
    return (w - 3) ** 2 + w.item() ** 2


w = torch.tensor(2.0, requires_grad=True)
for loss_of in (whole, cut):
    loss = loss_of(w)
    (gradient,) = torch.autograd.grad(loss, w)
    print(f"{loss_of.__name__:6} loss {loss.item():.1f}   gradient {gradient.item():+.1f}")

# %%
# :term:`損失 <損失函數>`一模一樣，梯度卻一正一負。訓練時看得到的只有損失，怎麼抓？
# 靠有限差分（見:doc:`/lessons/3_autograd/08_computation_graph`）：推一推 ``w``，
# 損失真正的變化騙不了人。
#
# The :term:`losses <loss function>` are the same, and the gradients point opposite ways. Training
# shows you only the loss, so how do you catch it? With the finite differences of
# :doc:`/lessons/3_autograd/08_computation_graph`: nudge ``w``, and the loss tells the truth.

import primer

print(primer.check_gradients(cut, w))

# %%
# **先猜猜看**：兩個都從 0 開始做:term:`梯度下降`。整條曲線的谷底在 1.5，剪斷的那個會停在哪裡？
#
# **Guess first**: both start at 0 and do :term:`gradient descent`. The valley of the curve lies at
# 1.5. Where does the cut one stop?

import matplotlib.pyplot as plt


def descend(loss_of, steps=25, rate=0.1):
    """Descend from 0 and return every position on the way."""
    w = torch.tensor(0.0, requires_grad=True)
    positions = [w.item()]
    for _ in range(steps):
        (gradient,) = torch.autograd.grad(loss_of(w), w)
        with torch.no_grad():
            w -= rate * gradient
        positions.append(w.item())
    return torch.tensor(positions)


fig, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
line = torch.linspace(-0.2, 3.4, 100)
ax.plot(line, whole(line), color="grey", label="the loss of both")
for loss_of, marker in ((cut, "s"), (whole, "o")):
    path = descend(loss_of)
    ax.plot(path, whole(path), marker, label=f"{loss_of.__name__}, stops at {path[-1]:.1f}")
ax.set(xlabel="w", ylabel="loss")
ax.legend()
fig.set_label(
    "圖被剪斷，就走過頭 · With the graph cut, it walks past the valley\n"
    "同一條損失曲線：完整的一路走到谷底 1.5 停下；被剪斷的經過谷底，再爬上另一邊，往 3 走。 · "
    "One loss curve: the whole run settles in the valley at 1.5; the cut one passes it and climbs "
    "up the other side towards 3."
)
plt.show()

# %%
# 它經過谷底還繼續往上爬：少了一項的梯度，走的是另一個損失的路。
# 損失降到一半又升回去，先查有沒有哪裡用了 ``item()``、``numpy()``、``detach()``
# 或 ``torch.tensor(...)`` 包住還要算的值。
#
# It passes the valley and climbs on: without one term, its gradient follows another loss. When a
# loss falls and then rises again, look for ``item()``, ``numpy()``, ``detach()`` or
# ``torch.tensor(...)`` around a value that is still to be used.

# %%
# 該剪的時候就剪 · Cut where a cut is right
# -----------------------------------------
#
# 剪斷也有該用的時候，記錄損失就是。存 ``loss`` 等於存了整張圖，記憶體愈用愈多；
# 存 ``loss.item()`` 只留數字。
#
# A cut is sometimes just what you want, as when you write losses down. Keeping ``loss`` keeps the
# whole graph, and memory fills up; ``loss.item()`` keeps the number.

kept = [whole(w), whole(w).item()]
print(kept)

# %%
# ``detach()`` 給你同樣的數字、不在圖上的張量，常用來畫圖或轉成 NumPy。要小心的是，
# 它和原來的共用記憶體：
#
# ``detach()`` gives a tensor with the same numbers, off the graph, good for plotting or NumPy. But
# beware, it shares memory with the original:

w = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
shared = w.detach()
own = w.detach().clone()
shared[0] = 100
print(w)
print(own)

# %%
# 寫進 ``shared``，參數 ``w`` 跟著變了。要能放心改的一份，就加上 ``clone()``。
#
# Writing into ``shared`` changed the parameter ``w``. For a copy that you may change, add
# ``clone()``.
#
# 三種工具，各有各的用途：
#
# Three tools, each for its own job:
#
# - ``torch.no_grad()``：這一段都不記。用在更新參數、用在預測。
#
#   ``torch.no_grad()``: record nothing in this block. For updates, and for prediction.
#
# - ``x.detach()``：只有這個值離開圖，別的照記。用在畫圖，或刻意擋住梯度。
#
#   ``x.detach()``: this one value leaves the graph, the rest is recorded. For plotting, or to stop
#   a gradient on purpose.
#
# - ``x.item()``：變成 Python 的數字。用在印出來、寫紀錄。
#
#   ``x.item()``: a Python number. For printing and keeping records.

# %%
# 練習 · Exercises
# ----------------
#
# 答案交給 ``primer.check`` 批改；在腳本裡寫 ``print(primer.check(...))`` 才看得到結果。
#
# Let ``primer.check`` mark your answers. In a script, ``print(primer.check(...))`` shows the
# verdict.
#
# **10-1 哪幾段會報錯。**下面六段各自獨立，開頭都是
# ``w = torch.tensor([1.0, 2.0], requires_grad=True)``。先別執行：哪幾段會拋出例外？
# 答案是字母的集合，例如 ``{"a", "b"}``。
#
# **10-1 Which ones raise?** The six pieces stand alone; each begins with ``w = torch.tensor([1.0,
# 2.0], requires_grad=True)``. Without running them: which raise an exception? Answer with a set of
# letters, such as ``{"a", "b"}``.
#
# .. code-block:: python
#
#    # a
#    loss = (w**2).sum()
#    loss.backward()
#    loss.backward()
#
#    # b
#    for _ in range(2):
#        loss = (w**2).sum()
#        loss.backward()
#
#    # c
#    e = torch.exp(w)
#    e += 1
#    e.sum().backward()
#
#    # d
#    s = w**2
#    s += 1
#    s.sum().backward()
#
#    # e
#    (w**2).backward()
#
#    # f
#    with torch.no_grad():
#        w -= 1
#    (w**2).sum().backward()
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    a：同一張圖走兩次。c：``exp`` 的導數就是它的輸出，已經被改掉。
#    e：兩個數字，不知道從哪一個往回走（訊息是 grad can be implicitly created only for scalar
#    outputs）。b 每圈都有新的圖，梯度會累加，但不報錯；d 的導數 ``2 * w`` 用的是輸入；
#    f 正是更新參數的寫法。
#
#    a: the same graph twice. c: the derivative of ``exp`` is its output, which was overwritten. e:
#    of two numbers, which one's gradient? (The message: grad can be implicitly created only for
#    scalar outputs.) In b each round has a new graph; gradients add up, but nothing raises. In d
#    the derivative ``2 * w`` needs the input. And f is how to update a parameter.
#
#    .. code-block:: python
#
#       primer.check("10-1", {"a", "c", "e"})
#
# **10-2 接回被剪斷的損失。**下面的 ``penalised(w, x, y)`` 算出的數字是對的，梯度卻少了一部分。
# ``w`` 的形狀是 ``(m,)``，``x`` 是 ``(n, m)``，``y`` 是 ``(n,)``。改好它：數字不變，
# 梯度要完整。
#
# **10-2 Mend a cut loss.** The numbers of ``penalised(w, x, y)`` below are right, but a part of
# its gradient is missing. ``w`` has shape ``(m,)``, ``x`` has ``(n, m)`` and ``y`` has ``(n,)``.
# Mend it: the same numbers, the whole gradient.
#
# .. code-block:: python
#
#    def penalised(w, x, y):
#        error = ((x @ w - y) ** 2).mean()
#        size = (w.detach().numpy() ** 2).sum()
#        return error + 0.1 * float(size)
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    .. code-block:: python
#
#       def penalised(w, x, y):
#           error = ((x @ w - y) ** 2).mean()
#           size = (w**2).sum()
#           return error + 0.1 * size
#
#       primer.check("10-2", penalised)
#
# **10-3 四捨五入也能學。**``torch.round`` 像階梯，處處是平的，梯度都是 0，什麼也學不到。
# 寫 ``round_through(x)``：往前算時等於 ``torch.round(x)``；往回走時假裝什麼都沒做，
# 梯度原樣通過（也就是乘以 1）。提示：``detach`` 過的部分，梯度走不過去。
#
# **10-3 Learn through rounding.** ``torch.round`` is a staircase, flat everywhere: its gradient is
# 0, and nothing can be learned through it. Write ``round_through(x)``: forward it equals
# ``torch.round(x)``; backward it pretends to do nothing and the gradient passes unchanged (times
# 1). Hint: no gradient passes through what was detached.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    數字上是 ``x`` 加上「四捨五入差多少」；圖上只看得到 ``x``。
#
#    In numbers this is ``x`` plus what rounding adds; the graph sees ``x`` alone.
#
#    .. code-block:: python
#
#       def round_through(x):
#           return x + (torch.round(x) - x).detach()
#
#       primer.check("10-3", round_through)

# %%
# 重點回顧 · Summary
# ------------------
#
# - 計算圖會沒有記、被改掉、被剪斷；從頭問 ``requires_grad``，就找得到斷在哪裡。
#
#   A graph is not recorded, overwritten or cut; ask for ``requires_grad`` from the start to find
#   where.
#
# - 原地修改只在 ``no_grad`` 裡用來更新參數；其他地方寫成新的張量，更不要用 ``.data``。
#
#   Change in place only to update parameters, under ``no_grad``; elsewhere make a new tensor, and
#   never use ``.data``.
#
# - 不出聲的錯，損失看不出來；用有限差分驗梯度。
#
#   The loss does not show a silent mistake; check the gradient by finite differences.
#
# 梯度的事到這裡就齊了。下一課用它來組真正的神經網路：
# :doc:`/lessons/4_networks/11_multilayer_perceptron`。
#
# That is all about gradients. The next lesson builds real networks on them:
# :doc:`/lessons/4_networks/11_multilayer_perceptron`.
