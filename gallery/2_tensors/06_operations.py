"""
運算：先問形狀，再問數字 · Operations: ask for the shape first
==============================================================

張量算錯，多半不是數字錯，是形狀錯。這一課用一家飲料店四天的帳，把常用的運算走一遍；
每一步都先問：結果會是什麼形狀？

When tensor code goes wrong, it is mostly a shape that is wrong, not a number. With four days of
sales of a small tea shop, this lesson goes through the operations that you will use most. At each
one, ask first: which shape will come out?

.. mermaid::

   flowchart LR
     accTitle: 同一個張量，四種運算，四種形狀 · One tensor, four operations, four shapes
     accDescr {
       逐元素運算不改形狀，索引和縮減少掉一個維度，矩陣乘法消去中間的大小。 ·
       Element by element keeps the shape, indexing and reducing drop a dimension,
       a matrix product cancels the size in the middle.
     }
     X["x<br/>(2, 3)"]
     X -->|"逐元素 · element by element"| A["x * 10<br/>(2, 3)"]
     X -->|"索引 · indexing"| B["x[0]<br/>(3,)"]
     X -->|"縮減 · reduction"| C["x.sum(dim=1)<br/>(2,)"]
     X -->|"矩陣乘法 · matrix product"| D["x @ x.T<br/>(2, 2)"]

讀完這一課，你能取出張量的任何一塊，沿著任何一個維度加總；能不執行程式就說出結果的形狀；
還抓得到那種不報錯、卻悄悄算錯的廣播。

After this lesson you can take any piece of a tensor and sum along any dimension, tell the shape of
a result without running the code, and catch the broadcast that raises nothing and is wrong.

先備課程：:doc:`/lessons/2_tensors/05_shape_and_memory`。時間：約 25 分鐘。

Lessons needed: :doc:`/lessons/2_tensors/05_shape_and_memory`. Time: about 25 minutes.
"""

# %%
# 四天的帳 · Four days of sales
# -----------------------------
#
# 三種飲料（紅茶、奶茶、檸檬綠），四天（週四到週日），每格是賣出的杯數：
# 一個橫列（row）是一種飲料，一個直行（column）是一天。整張表是一個:term:`張量`，
# :term:`形狀`是 ``(3, 4)``。
#
# Three drinks (black tea, milk tea, lemon tea) on four days (Thursday to Sunday); each cell counts
# the cups sold. A row is a drink, a column is a day: a :term:`tensor` of :term:`shape` ``(3, 4)``.

# sphinx_gallery_thumbnail_number = 1
import torch

cups = torch.tensor([[31, 42, 58, 60], [18, 20, 37, 40], [9, 12, 15, 8]])
print(cups.shape)

# %%
# 四則運算：一格對一格 · Arithmetic: cell by cell
# -----------------------------------------------
#
# ``+``、``-``、``*``、``/`` 都是一格對一格地算（逐元素）；和一個數字運算，就是每格都跟它算。
# 算出來的是新張量，``cups`` 不變。下週的目標是每格多賣 5 杯：
#
# ``+``, ``-``, ``*`` and ``/`` work cell by cell (element by element); with a single number, every
# cell meets that number. The result is a new tensor; ``cups`` stays as it is. Next week's goal is 5
# more in each cell:

goal = cups + 5
print(goal)
print(goal - cups)
print(cups / 2)  # 整數相除也得到浮點數 · dividing integers gives floating point too

# %%
# 索引：指到哪一格 · Indexing: point at a cell
# --------------------------------------------
#
# :term:`索引`從 0 數起，先列後行；負數從尾巴數回來。給一個整數，就少一個:term:`維度`。
# 剩零維的時候，``.item()`` 把它變成普通的 Python 數字。
#
# An :term:`index <indexing>` counts from 0, row before column; a negative one counts from the end.
# Each integer drops one :term:`dimension`. When none is left, ``.item()`` makes it a plain Python
# number.

print(cups[0])  # 紅茶 · black tea
print(cups[0, -1])  # 紅茶，週日 · black tea on Sunday
print(cups[0, -1].item())

# %%
# 切片：取出一段 · Slicing: take a range
# --------------------------------------
#
# :term:`切片`寫 ``開始:結束``，不含結束；單獨一個 ``:`` 是整段都要。切片不會少掉維度。
#
# A :term:`slice <slicing>` reads ``start:stop`` without the stop; a bare ``:`` takes everything. A
# slice drops no dimension.

print(cups[:2, 2:])  # 前兩種飲料，週末 · the first two drinks, at the weekend
print(cups[:, 0], cups[:, 0].shape)  # 週四整行 · all of Thursday
print(cups[:, 0:1].shape)  # 同樣的數字，形狀不同 · the same numbers, another shape

# %%
# 遮罩：用條件挑 · Masks: choose by a condition
# ---------------------------------------------
#
# 比較也是一格對一格，得到一個全是 ``True``、``False`` 的張量，叫:term:`遮罩`。
# 拿它當索引，就挑出 ``True`` 的格子。挑出來的湊不成表格，所以排成一維。
#
# A comparison works cell by cell too. It gives a tensor of ``True`` and ``False``, called a
# :term:`mask`; as an index it picks the cells that are ``True``. What it picks need not form a
# table, so the result is 1-D.

busy = cups >= 40
print(busy)
print(cups[busy])
print(cups[(cups >= 10) & (cups < 20)])  # 而且：& 與括號 · and: use & and brackets

# %%
# **先猜猜看**：把 0 寫進用索引取出的一列，再把 0 寫進遮罩挑出來的張量。
# ``cups`` 的複本會變成怎樣？
#
# **Guess first**: write 0 into a row taken by its index, then 0 into what a mask picked. What
# becomes of the copy of ``cups``?

books = cups.clone()
piece = books[2]
piece[:] = 0
picked = books[books >= 40]
picked[:] = 0
print(books)

# %%
# 只有檸檬綠歸零。整數索引和切片得到的都是:term:`檢視`，還是原來那幾格；遮罩挑出來的是複本。
# 要改原本的張量，遮罩得寫在等號左邊：``books[books >= 40] = 0``。
#
# Only the lemon tea is 0. An integer index or a slice gives a :term:`view` of the same cells; what
# a mask picks is a copy. To change the original, put the mask on the left:
# ``books[books >= 40] = 0``.

# %%
# 縮減：``dim`` 是要消失的維度 · Reductions: ``dim`` is the one that goes
# -----------------------------------------------------------------------
#
# ``sum``、``mean``、``max`` 把許多數字併成一個，叫:term:`縮減`。
#
# ``sum``, ``mean`` and ``max`` make one number of many. Each is a :term:`reduction`.
#
# **先猜猜看**：``cups.sum(dim=0)`` 有幾個數字？是每天的，還是每種飲料的？
#
# **Guess first**: how many numbers are in ``cups.sum(dim=0)``? One a day, or one a drink?

print(cups.sum())
print(cups.sum(dim=0))
print(cups.sum(dim=1))

# %%
# 四個，每天一個。``dim=0`` 不是「留下第 0 維」，而是把第 0 維加掉：形狀 ``(3, 4)`` 去掉 3，剩
# ``(4,)``。加上 ``keepdim=True``，那個維度就留著，大小變成 1。
#
# Four, one a day. ``dim=0`` does not keep dimension 0, it sums it away: strike the 3 from
# ``(3, 4)`` and ``(4,)`` is left. With ``keepdim=True`` the dimension stays, with size 1.

print(cups.sum(dim=1, keepdim=True))
print(cups.float().mean(dim=1))  # 平均要浮點數 · a mean needs floating point
print(cups.argmax(dim=1))  # 每種飲料哪天賣最多 · the best day of each drink

# %%
# 形狀對不上 · Shapes that do not match
# -------------------------------------
#
# 每種飲料有自己的價錢，三個數字。杯數乘價錢，應該就是營業額吧？
#
# Each drink has its price: three numbers. Cups times price should be the takings, should it not?

prices = torch.tensor([30, 50, 60])
try:
    cups * prices
except RuntimeError as error:
    print(error)

# %%
# 訊息說第 1 維對不上：4 對 3。形狀不同時，PyTorch 用:term:`廣播`的規則，**從右邊對齊**：
#
# The message: 4 and 3 do not match in dimension 1. Where shapes differ, PyTorch follows the rule of
# :term:`broadcasting` and lines them up **from the right**:
#
# - 兩邊大小相同，可以。
#
#   The two sizes are equal: fine.
#
# - 有一邊是 1，或根本沒有這個維度：把它當成重複了許多次，可以。
#
#   One of them is 1, or missing: it counts as repeated, fine.
#
# - 其他情況：報錯。
#
#   Anything else: an error.
#
# ``(3, 4)`` 和 ``(3,)`` 從右邊對齊，是 4 對 3。價錢要對到列，得先變成 ``(3, 1)`` 的一行；
# 索引裡的 ``None`` 就是在那個位置加一個大小為 1 的維度。
#
# From the right, ``(3, 4)`` and ``(3,)`` put 4 against 3. To go with the rows, the prices must
# stand as a column of shape ``(3, 1)``: ``None`` in an index adds a dimension of size 1 there.

print(prices[:, None].shape)
print(cups * prices[:, None])

# %%
# 廣播的樣子 · What broadcasting looks like
# -----------------------------------------
#
# 兩邊也可以一起展開。週末打折，每天一個折數，形狀 ``(4,)``；價錢是 ``(3, 1)``；
# 相乘就是每種飲料每天的售價，``(3, 4)``。淡色的格子是當成重複的，記憶體裡並沒有。
#
# Both sides can stretch at once. There is a discount at the weekend, one factor a day, shape
# ``(4,)``; the prices are ``(3, 1)``; their product, ``(3, 4)``, is the price of each drink on each
# day. The pale cells count as repeated; they do not exist in memory.

import matplotlib.pyplot as plt

factors = torch.tensor([1.0, 1.0, 0.9, 0.8])
on_sale = prices[:, None] * factors


def draw(ax, name, tensor):
    """Write the numbers of a tensor stretched to (3, 4); shade the cells that memory holds."""
    table = tensor.expand(3, 4)
    held = torch.ones(3, 4)
    if table.stride(0) == 0:  # 每一列都讀同一格 · every row reads the same cells
        held[1:] = 0
    if table.stride(1) == 0:
        held[:, 1:] = 0
    ax.pcolormesh(held, cmap="Oranges", vmin=-0.2, vmax=2.2, edgecolors="white", linewidth=3)
    for row in range(3):
        for column in range(4):
            text = f"{table[row, column]:g}"
            ax.text(column + 0.5, row + 0.5, text, ha="center", va="center", size=15)
    ax.set_title(f"{name}  {tuple(tensor.shape)}", size=13)
    ax.set(xticks=[], yticks=[], xlabel="day", ylabel="drink", aspect="equal")
    ax.invert_yaxis()


fig, axes = plt.subplots(1, 3, figsize=(9.6, 3.1), layout="constrained", facecolor="white")
draw(axes[0], "prices[:, None]", prices[:, None])
draw(axes[1], "× factors", factors)
draw(axes[2], "= on_sale", on_sale)
fig.set_label(
    "廣播：一行乘一列，展開成一張表 · Broadcasting: a column times a row becomes a table\n"
    "三個 3×4 的格子。左邊只有第一行是深色，往右重複；中間只有第一列是深色，往下重複；"
    "右邊是兩者逐格相乘，全是深色。 · "
    "Three grids of 3 by 4. At the left only the first column is dark, repeated to the right; in "
    "the middle only the first row, repeated downwards; at the right their product, all dark."
)
plt.show()

# %%
# 重複不花記憶體，因為:term:`步幅`是 0：往那個方向走，讀的還是同一格。
#
# The repeats cost no memory, because the :term:`stride` is 0: a step that way reads the same cell.

stretched = prices[:, None].expand(3, 4)
print(stretched.shape, stretched.stride())

# %%
# 不報錯，卻算錯 · No error, and wrong
# ------------------------------------
#
# 每種飲料各天的銷量，占它自己總數的幾成？每一列除以那一列的總和，加起來應該都是 1。
# 只看前三天，表格剛好是 3×3。
#
# Of all the cups of a drink, what share was sold on each day? Divide each row by its own sum; then
# every row must add up to 1. We look at three days, so the table happens to be 3×3.

square = cups[:, :3]
shares = square / square.sum(dim=1)
print([round(total, 3) for total in shares.sum(dim=1).tolist()])

# %%
# 沒有報錯，加起來卻不是 1。總和的形狀是 ``(3,)``，從右邊對齊，對到的是**行**：
# 紅茶的總和拿去除了週四那一整行。換成四天，4 對 3 就會報錯；偏偏 3 對 3 對得上。
# 解法是 ``keepdim=True``，讓總和維持 ``(3, 1)``，幾行都對。
#
# No error, yet the sums are not 1. The row sums have shape ``(3,)``, which lines up with the
# *columns*: the sum of the black tea divided all of Thursday. With four days, 4 against 3 would
# have raised; 3 against 3 happens to fit. The cure is ``keepdim=True``: the sums stay ``(3, 1)``,
# right for any number of columns.

shares = cups / cups.sum(dim=1, keepdim=True)
print([round(total, 3) for total in shares.sum(dim=1).tolist()])

# %%
# 矩陣乘法 · Matrix multiplication
# --------------------------------
#
# 每天的總營業額：三種飲料的單價乘杯數，再加起來。先乘再加，就是:term:`矩陣乘法`，
# 寫成 ``@``，也可以寫成 ``matmul``。
#
# The takings of each day: price times cups, summed over the drinks. Multiply and sum: that is
# :term:`matrix multiplication`, written ``@`` or ``matmul``.

print((prices[:, None] * cups).sum(dim=0))
print(prices @ cups)
print(prices.matmul(cups))

# %%
# 兩個:term:`矩陣`相乘，左邊的列配右邊的行：第一格是 1×5 + 2×7 = 19。``*`` 則是一格對一格，
# 完全是另一回事。
#
# When one :term:`matrix` multiplies another, rows on the left meet columns on the right: the first
# cell is 1×5 + 2×7 = 19. ``*`` goes cell by cell and is another thing altogether.

a = torch.tensor([[1, 2], [3, 4]])
b = torch.tensor([[5, 6], [7, 8]])
print(a @ b)
print(a * b)

# %%
# 形狀的規則：``(n, k) @ (k, m)`` 得到 ``(n, m)``，中間的 ``k`` 要一樣，乘完就不見了。
# 所以 ``x`` 是 ``(2, 3)`` 時，``x @ x`` 不行。
#
# The rule of shapes: ``(n, k) @ (k, m)`` gives ``(n, m)``. The ``k`` in the middle must agree and
# is gone afterwards. So for an ``x`` of shape ``(2, 3)``, ``x @ x`` fails.

x = torch.tensor([[1, 2, 3], [4, 5, 6]])
try:
    x @ x
except RuntimeError as error:
    print(error)

# %%
# 乘上自己的:term:`轉置`就可以：``(2, 3) @ (3, 2)``。
#
# With its own :term:`transpose` it works: ``(2, 3) @ (3, 2)``.
#
# **先猜猜看**：``a`` 是 2×2，``x`` 是 2×3。``a @ a.T`` 和 ``x @ x.T`` 的形狀一樣嗎？數字呢？
#
# **Guess first**: ``a`` is 2×2 and ``x`` is 2×3. Do ``a @ a.T`` and ``x @ x.T`` have the same
# shape? The same numbers?

print(a @ a.T)
print(x @ x.T)

# %%
# 形狀都是 ``(2, 2)``，數字不同：14 是 1×1 + 2×2 + 3×3，5 只有 1×1 + 2×2。
# 光看結果的形狀，分不出輸入是 2×2 還是 2×3，很容易把兩個例子的輸出抄混。
#
# Both have shape ``(2, 2)``, with different numbers: 14 is 1×1 + 2×2 + 3×3, and 5 is only
# 1×1 + 2×2. The shape of the result does not tell a 2×2 input from a 2×3 one, so the outputs of two
# such examples are easily mixed up.

# %%
# ``einsum``：替每個維度取名 · ``einsum``: name the dimensions
# ------------------------------------------------------------
#
# 維度一多，哪個對哪個就難記了。``einsum`` 給每個維度一個字母（這裡 ``d`` 是飲料、``t`` 是天）；
# 同名的先相乘，箭頭右邊沒寫的就加掉。
#
# With many dimensions it is hard to recall which meets which. ``einsum`` gives each a letter, here
# ``d`` for drink and ``t`` for day. Equal letters are multiplied together, and a letter missing
# right of the arrow is summed away.

print(torch.einsum("d,dt->t", prices, cups))  # prices @ cups
print(torch.einsum("d,dt->dt", prices, cups).shape)  # prices[:, None] * cups
print(torch.einsum("ij,kj->ik", x, x))  # x @ x.T

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
# **06-1 預測形狀。**``a`` 的形狀是 ``(4, 1, 3)``，``b`` 的是 ``(5, 1)``。先別執行：
# ``a + b`` 的形狀是什麼？用 tuple 回答。
#
# **06-1 Predict the shape.** ``a`` has shape ``(4, 1, 3)`` and ``b`` has ``(5, 1)``. Without
# running it: what is the shape of ``a + b``? Answer with a tuple.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    從右邊對齊：3 對 1 是 3，1 對 5 是 5，4 對「沒有」是 4。
#
#    From the right: 3 and 1 give 3, 1 and 5 give 5, 4 and nothing give 4.
#
#    .. code-block:: python
#
#       primer.check("06-1", (4, 5, 3))
#
# **06-2 只平均有效的格子。**寫 ``masked_mean(x, mask)``：``x`` 是二維浮點張量，
# ``mask`` 是同樣形狀的布林張量，每列至少有一個 ``True``。
# 每一列只拿 ``True`` 的格子平均，一列回傳一個數字。
#
# **06-2 Average the valid cells only.** Write ``masked_mean(x, mask)``: ``x`` is a 2-D float
# tensor, ``mask`` a Boolean one of the same shape with at least one ``True`` in every row. Average
# each row over its ``True`` cells only; return one number a row.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    ``x[mask]`` 分不出誰在哪一列，所以不挑，改成把無效的格子乘成 0；個數也只數有效的。
#    （無效的格子若是 ``nan``，乘 0 還是 ``nan``，要改用 ``torch.where(mask, x, 0)``。）
#
#    ``x[mask]`` forgets which row a number came from. So do not pick: multiply the invalid cells by
#    0, and count only the valid ones. (A ``nan`` times 0 is still ``nan``: against those, use
#    ``torch.where(mask, x, 0)``.)
#
#    .. code-block:: python
#
#       def masked_mean(x, mask):
#           return (x * mask).sum(dim=1) / mask.sum(dim=1)
#
#       primer.check("06-2", masked_mean)
#
# **06-3 每一對的距離。**寫 ``square_distances(a, b)``：``a`` 的形狀是 ``(n, d)``，``b`` 的是
# ``(m, d)``，每一列是一個點。回傳形狀 ``(n, m)`` 的張量，第 ``i`` 列第 ``j`` 行是 ``a[i]`` 到
# ``b[j]`` 距離的平方。不用迴圈。
#
# **06-3 The distance of every pair.** Write ``square_distances(a, b)``: ``a`` has shape ``(n, d)``
# and ``b`` has ``(m, d)``, a point in each row. Return a tensor of shape ``(n, m)``: in row ``i``,
# column ``j`` stands the squared distance from ``a[i]`` to ``b[j]``. No loop.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    ``(n, 1, d)`` 減 ``(m, d)`` 得到 ``(n, m, d)``，最後把 ``d`` 加掉。
#
#    ``(n, 1, d)`` minus ``(m, d)`` gives ``(n, m, d)``; then sum ``d`` away.
#
#    .. code-block:: python
#
#       def square_distances(a, b):
#           return ((a[:, None] - b) ** 2).sum(dim=-1)
#
#       primer.check("06-3", square_distances)

# %%
# 重點回顧 · Summary
# ------------------
#
# - 整數索引和縮減會少掉維度；切片和 ``keepdim=True`` 不會。切片是檢視，遮罩挑出來的是複本。
#
#   An integer index and a reduction drop a dimension; a slice and ``keepdim=True`` do not. A slice
#   is a view; what a mask picks is a copy.
#
# - 廣播從右邊對齊，大小相同、是 1 或沒有才可以。對得上不表示對得對：先寫下形狀再算。
#
#   Broadcasting lines shapes up from the right: equal, 1 or missing. That it fits does not make it
#   right: write the shapes down first.
#
# - ``*`` 一格對一格；``@`` 是列配行，``(n, k) @ (k, m)`` 得到 ``(n, m)``。
#
#   ``*`` goes cell by cell; ``@`` pairs rows with columns: ``(n, k) @ (k, m)`` gives ``(n, m)``.
#
# 這些寫法和 NumPy 幾乎一樣。下一課讓兩邊的資料互通：:doc:`/lessons/2_tensors/07_numpy_bridge`。
#
# Nearly all of this reads the same in NumPy. The next lesson passes data between the two:
# :doc:`/lessons/2_tensors/07_numpy_bridge`.
