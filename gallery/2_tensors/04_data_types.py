"""
資料型別：一個數字用幾個位元 · Data types: how many bits for a number
=====================================================================

同一個 0.1，存成四種型別就是四個不同的數字。型別選得太窄，數字會捨入、會溢位，
而且多半不報錯；選得太寬，記憶體加倍。

Store 0.1 in four types and you have four different numbers. In too narrow a type, numbers get
rounded or overflow, mostly without an error; in too wide a type, memory doubles.

.. mermaid::

   flowchart LR
     accTitle: 誰決定資料型別 · Who decides the data type
     accDescr {
       沒有指定時，布林值得到 torch.bool，整數得到 int64，浮點數得到 float32；
       NumPy 陣列維持自己的型別，常常是 float64。 ·
       When you do not say, bools give torch.bool, ints int64, floats float32;
       a NumPy array keeps its own type, often float64.
     }
     B["True"] --> TB["torch.bool"]
     I["7"] --> TI["torch.int64"]
     F["7.0"] --> TF["torch.float32"]
     N["np.array([7.0])"] --> TN["torch.float64"]

讀完這一課，你能說出一個張量會是什麼型別；知道四種浮點數各留下多少、各占多少；
能預測混合型別算出什麼，看得出整數除法和溢位的陷阱。

After this lesson you can say which type a tensor will have, what the four floating-point types keep
and cost, what mixed types give, and where integer division and overflow bite.

先備課程：:doc:`/lessons/2_tensors/03_scalars_to_tensors`。時間：約 20 分鐘。

Lessons needed: :doc:`/lessons/2_tensors/03_scalars_to_tensors`. Time: about 20 minutes.
"""

# %%
# 沒說的時候，誰決定 · Who decides when you do not
# ------------------------------------------------
#
# 一個:term:`張量`裡的數字都是同一種:term:`資料型別`，程式裡叫 ``dtype``。
# 「PyTorch 預設是 64 位元整數」只對了一半：要看你給的是什麼。Python 的整數給 ``int64``，
# 浮點數給 ``float32``；只要有一個小數點，就全部是 ``float32``。``zeros`` 什麼都沒收到，也給
# ``float32``。
#
# All numbers of a :term:`tensor` have one :term:`data type`, called ``dtype`` in code. "PyTorch
# defaults to 64-bit integers" is only half true: it depends on what you give. Python ints make
# ``int64``, floats make ``float32``, and a single decimal point makes everything ``float32``. Given
# no numbers at all, ``zeros`` makes ``float32`` too.

# sphinx_gallery_thumbnail_number = 1
import torch

print(torch.tensor([1, 2, 3]).dtype)
print(torch.tensor([1.0, 2, 3]).dtype)
print(torch.tensor([True, False]).dtype)
print(torch.zeros(2).dtype, torch.arange(3).dtype)
print(torch.tensor([1, 2, 3], dtype=torch.float32))  # 自己指定 · saying it yourself

# %%
# 失敗：NumPy 帶來的 ``float64`` · A failure: ``float64`` from NumPy
# ------------------------------------------------------------------
#
# NumPy 的浮點數預設是 64 位元，``torch.tensor`` 照收不改。於是資料是 ``float64``，
# 模型的:term:`參數`卻是 ``float32``：
#
# NumPy's floats are 64-bit by default, and ``torch.tensor`` takes them as they are. So the data are
# ``float64``, while the :term:`parameters <parameter>` of a model are ``float32``:

import numpy as np

data = torch.tensor(np.array([[1.5, 2.5], [3.5, 4.5]]))
weights = torch.ones(2, 1)
print(data.dtype, weights.dtype)

try:
    data @ weights
except RuntimeError as error:
    print(error)

# %%
# 訊息裡的 ``double`` 就是 ``float64``，``float`` 就是 ``float32``。``@`` 是:term:`矩陣乘法`，
# 它不替你換型別，要自己用 ``.to`` 換。
#
# In the message, ``double`` is ``float64`` and ``float`` is ``float32``. The ``@`` is
# :term:`matrix multiplication`; it converts nothing for you, so convert with ``.to``.

print(data.to(torch.float32) @ weights)

# %%
# ``.to``：換成別的型別 · ``.to``: convert to another type
# --------------------------------------------------------
#
# ``.to`` 回傳新的張量，原來的不變，所以要接住結果。型別本來就對的時候，它什麼都不做，
# 回傳的就是原來那一個。
#
# ``.to`` returns a new tensor and leaves the old one as it is, so keep what it returns. Where the
# type is right already, it does nothing and returns the very same tensor.

whole = torch.tensor([1, 2, 3])
converted = whole.to(torch.float32)
print(whole.dtype, converted.dtype)
print(converted.to(torch.float32) is converted)

# %%
# **先猜猜看**：``2.7`` 和 ``-2.7`` 轉成整數，各是多少？
#
# **Guess first**: convert ``2.7`` and ``-2.7`` to integers. What do they become?

x = torch.tensor([2.7, -2.7])
print(x.to(torch.int64))
print(x.round().to(torch.int64))

# %%
# 是 2 和 -2：小數直接切掉，往 0 靠，不是四捨五入。要最近的整數，先 ``round()``；
# 正好在中間的取偶數，2.5 會變成 2。
#
# They become 2 and -2: the fraction is cut off, towards 0. For the nearest integer, ``round()``
# first; exactly halfway it takes the even one, so 2.5 becomes 2.

# %%
# 四種浮點數：各留下多少 · Four floating-point types: what each keeps
# -------------------------------------------------------------------
#
# 浮點數就像科學記號：幾位數字，乘上 2 的幾次方。位元分成兩份，一份給數字（精度），
# 一份給次方（範圍）。0.1 在二進位裡寫不完，四種型別各切在不同的地方。
#
# A floating-point number is like scientific notation: some digits, times a power of 2. Its bits are
# shared between the digits (precision) and the power (range). In binary, 0.1 never ends; each type
# cuts it off at a different place.

kinds = [torch.float64, torch.float32, torch.bfloat16, torch.float16]
for kind in kinds:
    tenth = torch.tensor(0.1, dtype=kind)
    print(f"{tenth.item():.18f}  {kind}, {tenth.element_size()} bytes")

# %%
# 這裡 ``float32`` 對到第 8 位，``float16`` 第 4 位，``bfloat16`` 只有第 3 位；
# 一般來說，分別可以指望 7、3、2 位有效數字。代價用記憶體算：
# 一百萬個數字，8 MB、4 MB、2 MB、2 MB。``torch.finfo`` 列出每種型別的底細：``eps`` 是 1 到下一個
# 數字的間隔，``max`` 是最大的數字。
#
# Here ``float32`` is right to 8 places, ``float16`` to 4, ``bfloat16`` to just 3; in general, count
# on about 7, 3 and 2 digits. The price is memory: for a million numbers, 8 MB, 4 MB, 2 MB, 2 MB.
# ``torch.finfo`` has the facts of a type: ``eps`` is the gap from 1 to the next number, ``max`` the
# largest number.

for kind in kinds:
    info = torch.finfo(kind)
    print(f"{kind!s:14}  eps {info.eps:.2e}   max {info.max:.2e}")

# %%
# 左圖：1 附近的數字，存進去、讀出來是多少。階梯的每一階是一個存得下的數字，
# 兩階之間的，存進去就捨入成其中一階。右圖：各種大小的數字，捨入的誤差占它自己的幾分之幾。
# 線愈低愈準；橫跨得愈寬，存得下的範圍愈大：
# ``float16`` 比 ``bfloat16`` 準，但超過 65504 就沒有了，太小也會變粗，最後變成 0。
#
# Left: numbers near 1, stored and read back. Each step of a staircase is a number that can be
# stored; all between two steps are rounded to one of them. Right: for numbers of every size, the
# error of rounding relative to the number. Lower is more exact, wider reaches further: ``float16``
# is finer than ``bfloat16``, yet ends at 65504; among small numbers it grows coarse, and at last
# there is only 0.

import matplotlib.pyplot as plt

near_one = torch.linspace(1, 1.03, 1500, dtype=torch.float64)
sizes = torch.logspace(-12, 12, 24 * 200, dtype=torch.float64)

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
styles = {torch.float32: "black", torch.float16: "#1f5f99", torch.bfloat16: "#c65d00"}
for kind, colour in styles.items():
    name = str(kind).removeprefix("torch.")
    left.plot(near_one, near_one.to(kind).double(), color=colour, label=name)
    stored = sizes.to(kind).double()
    errors = ((stored - sizes).abs() / sizes).reshape(-1, 100)
    errors = errors.amax(dim=1)  # 每 100 個數字裡誤差最大的 · the largest of every 100
    errors[errors.isinf()] = torch.nan  # 存不下的不畫 · leave out what cannot be stored
    right.loglog(sizes[50::100], errors, color=colour, label=name)
left.set(xlabel="number", ylabel="number as stored", title="rounding near 1")
right.set(xlabel="number", ylabel="largest relative error", title="precision and range")
fig.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False)
fig.set_label(
    "三種浮點數怎麼捨入 · How three floating-point types round\n"
    "左圖：float32 看起來是直線，float16 是細階梯，bfloat16 是很寬的階梯。右圖：float32 的誤差不到 "
    "千萬分之一，bfloat16 約千分之四，兩條都是平的；float16 約萬分之五，但只在中間一段，"
    "左端升到 1，右端在 65504 中斷。 · "
    "Left: float32 looks like a straight line, float16 a fine staircase, bfloat16 a coarse one. "
    "Right: float32 errs by less than one in ten million and bfloat16 by four in a thousand, both "
    "flat; float16 errs by five in ten thousand, but only in the middle: it rises to 1 at the left "
    "and stops at 65504 at the right."
)
plt.show()

# %%
# **先猜猜看**：``float16`` 最大到 65504，那 2049 存得下吧？``bfloat16`` 存 70000 呢？
#
# **Guess first**: ``float16`` goes up to 65504, so 2049 should fit, should it not? And 70000 in
# ``bfloat16``?

numbers = torch.tensor([257.0, 2049.0, 70000.0])
print(numbers.to(torch.float16).tolist())
print(numbers.to(torch.bfloat16).tolist())

# %%
# ``float16`` 只有 11 個二進位數字，過了 2048 就存不下奇數；70000 超過範圍，變成無限大 ``inf``。
# ``bfloat16`` 裝得下 70000 那麼大，但只有 8 個二進位數字，存成 70144；連 257 都存成 256。
#
# ``float16`` has 11 binary digits: above 2048 it holds no odd number; 70000 is out of range and
# becomes infinity, ``inf``. ``bfloat16`` reaches 70000, but with 8 binary digits it holds 70144;
# even 257 turns into 256.
#
# 訓練時最怕的是這個：每一步只改一點點，捨入之後等於沒改。
#
# In training this is the one to fear: each step changes a number a little, and after rounding
# nothing has changed.

for kind in kinds:
    print(f"{kind!s:14}  {torch.tensor(1.0, dtype=kind) + 0.001:.6f}")

# %%
# ``bfloat16`` 的 1 加上 0.001 還是 1。``float32`` 夠準，記憶體是 ``float64`` 的一半，所以是預設；
# ``float64`` 留給驗算。兩種 16 位元的在 GPU 上又快又省，
# 但要和 ``float32`` 搭著用：:doc:`/lessons/6_scale/19_mixed_precision_and_compile`。
#
# In ``bfloat16``, 1 plus 0.001 is still 1. ``float32`` is exact enough at half the memory of
# ``float64``, hence the default; ``float64`` is for checking. The two 16-bit types are fast and
# small on a GPU, but work along with ``float32``:
# :doc:`/lessons/6_scale/19_mixed_precision_and_compile`.

# %%
# 別用 ``==`` 比浮點數 · Do not compare floats with ``==``
# --------------------------------------------------------
#
# 再多位元也有捨入。該問的不是「一樣嗎」，而是「夠近嗎」：``torch.isclose``。
#
# However many bits, there is rounding. Ask not "are they equal?" but "are they close?", with
# ``torch.isclose``.

total = torch.tensor(0.1, dtype=torch.float64) + 0.2
goal = torch.tensor(0.3, dtype=torch.float64)
print(total == goal, torch.isclose(total, goal))

# %%
# 整數：除法和溢位 · Integers: division and overflow
# --------------------------------------------------
#
# 整數除以整數，``/`` 得到浮點數；``//`` 得到整數，往**下**取，所以 ``-7 // 2`` 是 -4，不是 -3。
#
# An integer divided by an integer: ``/`` gives floats; ``//`` gives integers, rounded *down*, so
# ``-7 // 2`` is -4, not -3.

sevens = torch.tensor([7, -7])
print(sevens / 2)
print(sevens // 2)

# %%
# 因此整數張量不能原地除（``/=``，把結果寫回原來的格子）：結果是浮點數，放不回去。
# 平均也一樣，要先換成浮點數。訊息裡的 ``Long`` 就是 ``int64``。
#
# So an integer tensor cannot be divided in place, with ``/=``: floats do not fit back into its
# cells. Nor can you take its mean: convert it to floats first. In the messages, ``Long`` is
# ``int64``.

try:
    sevens /= 2
except RuntimeError as error:
    print(error)

try:
    sevens.mean()
except RuntimeError as error:
    print(error)

print(sevens.to(torch.float32).mean())

# %%
# **先猜猜看**：圖片的像素是 ``uint8``，從 0 到 255。亮度 200 再加 100，會是多少？
#
# **Guess first**: the pixels of an image are ``uint8``, from 0 to 255. To a brightness of 200, add
# 100. What do you get?

pixels = torch.tensor([100, 200], dtype=torch.uint8)
print(pixels + 100)

# %%
# 是 44。超過 255 就從 0 繞回來（300 - 256 = 44），這叫溢位（overflow）：亮的地方忽然變暗，
# 沒有任何訊息。先換成浮點數，算完再換回去。
#
# It is 44. Past 255 it starts again from 0 (300 - 256 = 44). This is an *overflow*: bright spots
# turn dark, without a word. Convert to floats first, and back when done.

bright = (pixels.to(torch.float32) + 100).clamp(0, 255)
print(bright.to(torch.uint8))

# %%
# 混著算：型別提升 · Mixed types: promotion
# -----------------------------------------
#
# 兩種型別一起算，PyTorch 先換成同一種，叫:term:`型別提升`。先比類別：布林 < 整數 < 浮點數，
# 類別高的贏，不管位元多少。類別相同，位元多的贏。
#
# When two types meet, PyTorch converts them to one: :term:`type promotion`. First the categories:
# bool < integer < float, and the higher one wins whatever its bits. In one category, the type with
# more bits wins.
#
# **先猜猜看**：``int64`` 加 ``float16``，是 ``float64``、``float32`` 還是 ``float16``？
#
# **Guess first**: ``int64`` plus ``float16``: is it ``float64``, ``float32`` or ``float16``?

integers = torch.tensor([1, 2])
half = torch.ones(2, dtype=torch.float16)
single = torch.ones(2)
double = torch.ones(2, dtype=torch.float64)

print((integers + half).dtype)
print((half + single).dtype, (single + double).dtype)
print((torch.tensor([True, True]) + integers).dtype)
print((half + half.to(torch.bfloat16)).dtype)  # 一樣多位元：取裝得下兩者的 · one that holds both

# %%
# 是 ``float16``：浮點數的類別比較高，整數有 64 個位元也沒用。單獨一個數字
# （Python 的數字，或零維張量）更客氣：類別不比張量高，就完全跟著張量；
# 類別比張量高，才改變結果的型別。
#
# It is ``float16``: floats are the higher category, and 64 bits of integer do not help. A lone
# number, be it a Python number or a 0-D tensor, is more polite still: unless its category is higher
# than the tensor's, it follows the tensor altogether.

print((half * 3.0).dtype, (single * torch.tensor(3.0, dtype=torch.float64)).dtype)
print((integers * 3).dtype, (integers * 3.0).dtype)

# %%
# 最後一個是 ``float32``：整數張量遇到 Python 的浮點數，結果是預設的浮點型別。
# 不確定就問 ``torch.result_type(a, b)``。
#
# The last is ``float32``: an integer tensor meets a Python float, and the default float type
# comes out. When in doubt, ask ``torch.result_type(a, b)``.

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
# **04-1 預測型別。**先別執行：下面三個張量的 ``dtype`` 各是什麼？用三項的 tuple 回答，
# 例如 ``(torch.int64, torch.int64, torch.int64)``。
#
# **04-1 Predict the types.** Without running it: what are the ``dtype`` of these three tensors?
# Answer with a tuple of three, such as ``(torch.int64, torch.int64, torch.int64)``.
#
# .. code-block:: python
#
#    torch.tensor([6, 4]) / 2
#    torch.tensor([6, 4]) * torch.ones(2, dtype=torch.float16)
#    torch.ones(2) + torch.tensor(1.0, dtype=torch.float64)
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    ``/`` 一定得到浮點數，除得盡也一樣；浮點數的類別比整數高；零維張量的類別不比對方高，
#    就跟著對方。
#
#    ``/`` always gives floats, even where nothing is left over; floats outrank integers; a 0-D
#    tensor of no higher category follows the other.
#
#    .. code-block:: python
#
#       primer.check("04-1", (torch.float32, torch.float16, torch.float32))
#
# **04-2 變成像素。**寫 ``to_pixels(x)``：``x`` 是浮點張量，0 是黑，1 是白，超出的當成 0 或 1。
# 回傳 ``uint8`` 張量，0 到 255，取**最近**的整數。
#
# **04-2 Make pixels.** Write ``to_pixels(x)``: ``x`` holds floats, 0 is black and 1 is white; what
# lies outside counts as 0 or 1. Return a ``uint8`` tensor from 0 to 255, of the *nearest* integers.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    ``.to(torch.uint8)`` 只切掉小數，也不管範圍，所以先 ``clamp``，再 ``round``。
#
#    ``.to(torch.uint8)`` only cuts the fraction off and ignores the range. So ``clamp`` first, then
#    ``round``.
#
#    .. code-block:: python
#
#       def to_pixels(x):
#           return (x.clamp(0, 1) * 255).round().to(torch.uint8)
#
#       primer.check("04-2", to_pixels)
#
# **04-3 存進去，拿得回來嗎。**寫 ``survives(x, dtype)``：把 ``x`` 的每個數字換成 ``dtype``，
# 如果一個都沒變，回傳 ``True``，否則 ``False``。小心：``==`` 會先做型別提升。
#
# **04-3 Does it survive?** Write ``survives(x, dtype)``: convert every number of ``x`` to
# ``dtype``. Return ``True`` if none has changed, else ``False``. Mind that ``==`` promotes first.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    直接寫 ``x == x.to(dtype)`` 有時會騙人：``int64`` 碰到 ``float32`` 會先換成 ``float32``，
#    兩邊一起捨入，看起來就一樣了。所以先換回原來的型別再比。
#
#    A plain ``x == x.to(dtype)`` may deceive: where ``int64`` meets ``float32`` it is converted
#    first, both sides are rounded, and look equal. So convert back before you compare.
#
#    .. code-block:: python
#
#       def survives(x, dtype):
#           return torch.equal(x.to(dtype).to(x.dtype), x)
#
#       primer.check("04-3", survives)

# %%
# 重點回顧 · Summary
# ------------------
#
# - Python 整數給 ``int64``，浮點數給 ``float32``，NumPy 的維持原樣；要換就用 ``.to``，並接住結果。
#
#   Python ints give ``int64``, floats ``float32``, NumPy arrays keep their own type; convert with
#   ``.to`` and keep what it returns.
#
# - 位元分給精度和範圍：``float16`` 較準但到 65504 為止，``bfloat16`` 範圍大但粗，``float32`` 折衷。
#
#   Bits go to precision or to range: ``float16`` is finer but ends at 65504, ``bfloat16`` reaches
#   far but is coarse, ``float32`` is the balance.
#
# - 整數會溢位、``//`` 往下取；混著算時，類別高的贏，再比位元。
#
#   Integers overflow and ``//`` rounds down; of mixed types, the higher category
#   wins, then the more bits.
#
# 下一課看這些數字在記憶體裡怎麼排：:doc:`/lessons/2_tensors/05_shape_and_memory`。
#
# Next: how these numbers lie in memory, in :doc:`/lessons/2_tensors/05_shape_and_memory`.
