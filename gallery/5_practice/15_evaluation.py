"""
評估：一個分數不夠 · Evaluation: one score is not enough
========================================================

快篩試劑要是每次都顯示陰性，平常日子的「準確率」會高得嚇人，卻一個病人也找不到。
模型也一樣：分數很高，不表示做對了你要的事。

A rapid test that always says "negative" is right almost every time on an ordinary day, and finds
no one who is ill. Models are the same: a high score does not mean that they do what you need.

.. mermaid::

   flowchart LR
     accTitle: 三份資料，三種用途 · Three sets of data, three uses
     accDescr {
       訓練集調參數，驗證集選門檻和校準，測試集最後只用一次，得到要報告的分數。 ·
       The training set fits the parameters, the validation set picks the threshold and the
       calibration, and the test set is used once at the end for the score to report.
     }
     A["訓練集 · training set"] -->|"調好的參數 · parameters"| B["驗證集 · validation set"]
     B -->|"做好的選擇 · choices"| C["測試集 · test set"]
     C -->|"只用一次 · once"| R(["報告的分數 · score"])

讀完這一課，你能把資料分成三份，說出各自的用途；能從混淆矩陣算出精確率、召回率和 F1，
知道準確率什麼時候會騙人；也能讀 ROC 曲線，檢查模型說的機率可不可信。

After this lesson you can split data in three and say what each part is for; compute precision,
recall and F1 from a confusion matrix and tell when accuracy misleads; read an ROC curve, and check
whether a model's probabilities can be believed.

先備課程：:doc:`/lessons/4_networks/13_training_loop`。時間：約 25 分鐘。

Lessons needed: :doc:`/lessons/4_networks/13_training_loop`. Time: about 25 minutes.
"""

# %%
# 問題：把 8 挑出來 · The task: pick out the eights
# -------------------------------------------------
#
# scikit-learn 是常用的機器學習套件，附了 1797 張手寫數字，每張 8 × 8 個點。我們只問一件事：
# 這張是不是 8？是 8 的叫「陽性」，不是的叫「陰性」；陽性大約十張裡有一張。
#
# scikit-learn, a widely used library for machine learning, comes with 1797 handwritten digits of
# 8 × 8 points. We ask one thing: is this an 8? An 8 is a "positive", anything else a "negative";
# about one picture in ten is positive.

# sphinx_gallery_thumbnail_number = 1
import torch
from sklearn.datasets import load_digits

digits = load_digits()
inputs = torch.from_numpy(digits.data / 16)  # 0 到 1，float64 · from 0 to 1, in float64
is_eight = torch.from_numpy(digits.target == 8)
print(inputs.shape, is_eight.sum().item())

# %%
# 先分成三份 · First, split in three
# ----------------------------------
#
# :term:`訓練集`用來調參數。要做的選擇，例如門檻放哪裡，看:term:`驗證集`決定；
# 選來選去，難免選到剛好適合這一份的，它的分數就偏高了。所以再留一份:term:`測試集`，
# 做完所有決定才打開，只用一次。
#
# The :term:`training set` fits the parameters. Choices, such as where to put a threshold, are made
# on the :term:`validation set`; and since you chose what suits that set, its score comes out too
# high. So keep a :term:`test set` that you open once, when all is decided.
#
# 陽性很少，隨手一分，可能某一份特別少。``stratify`` 讓每種數字在三份裡的比例都一樣。
#
# Positives are rare, and a careless split may leave one part short of them. ``stratify`` keeps the
# share of each digit the same in all three.

from sklearn.model_selection import train_test_split

rows = range(len(inputs))
rest, test = train_test_split(rows, test_size=600, stratify=digits.target, random_state=0)
train, validation = train_test_split(
    rest, test_size=600, stratify=digits.target[rest], random_state=0
)
for name, part in {"train": train, "validation": validation, "test": test}.items():
    print(f"{name:10} {len(part)} pictures, {is_eight[part].sum()} eights")

# %%
# 準確率的陷阱 · The trap of accuracy
# -----------------------------------
#
# **先猜猜看**：有個懶惰的模型，圖片看都不看，一律回答「不是 8」。它的:term:`準確率`是多少？
#
# **Guess first**: a lazy model never looks at the picture and always says "not an 8". What is its
# :term:`accuracy`?

from sklearn.metrics import accuracy_score

answers = is_eight[validation]
lazy = torch.zeros(600, dtype=torch.bool)
print(f"accuracy {accuracy_score(answers, lazy):.1%}")

# %%
# 九成！因為九成的圖片本來就不是 8。一類多、一類少，資料叫做不平衡；這時準確率說的多半是資料，
# 不是模型。看到準確率，先問：什麼都不做的，能得幾分？
#
# Ninety per cent, because ninety per cent of the pictures are not eights. When one class is rare,
# the data are unbalanced, and accuracy tells more about the data than about the model. Before you
# trust an accuracy, ask what doing nothing would score.

# %%
# 一個真的模型 · A real model
# ---------------------------
#
# 訓練最簡單的模型：一個:term:`線性層`，64 個點進去，一個分數出來；大於 0 就回答「是 8」。
# ``squeeze(1)`` 拿掉大小是 1 的第 1 維：``(597, 1)`` 變成 ``(597,)``，和答案的形狀相同。
#
# Train the simplest model there is: one :term:`linear layer`, 64 points in, one score out. Above 0
# it says "an 8". ``squeeze(1)`` drops dimension 1, whose size is 1: ``(597, 1)`` becomes
# ``(597,)``, the shape of the answers.

import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
model = nn.Linear(64, 1, dtype=torch.float64)
optimizer = torch.optim.Adam(model.parameters(), lr=0.3)
train_inputs, train_answers = inputs[train], is_eight[train].double()
for _ in range(1000):
    optimizer.zero_grad()
    loss = F.binary_cross_entropy_with_logits(model(train_inputs).squeeze(1), train_answers)
    loss.backward()
    optimizer.step()

with torch.no_grad():
    all_scores = model(inputs).squeeze(1)
scores = all_scores[validation]
predictions = scores > 0
print(f"accuracy {accuracy_score(answers, predictions):.1%}")

# %%
# 只比懶惰的模型好一點。到底是好一點，還是好很多？這一個數字分不出來。
#
# Only a little above the lazy one. Is it a little better, or much better? This number cannot tell.

# %%
# 混淆矩陣：錯有兩種 · The confusion matrix: two ways to be wrong
# ---------------------------------------------------------------
#
# 把 600 張分成四格數一數，就是:term:`混淆矩陣`：一列是一種真相，一行是一種回答。
#
# Count the 600 pictures in four boxes and you have the :term:`confusion matrix`: a row for each
# truth, a column for each answer.

from sklearn.metrics import confusion_matrix

matrix = confusion_matrix(answers, predictions)
print(matrix)

# %%
# - 左上，真陰性（TN）：不是 8，也說不是。右下，真陽性（TP）：是 8，也說是。
#
#   Top left, true negatives (TN): not an 8, and it said so. Bottom right, true positives (TP): an
#   8, and it said so.
#
# - 右上，偽陽性（FP）：不是 8，卻說是，也就是誤報。
#
#   Top right, false positives (FP): not an 8, but it said "an 8". A false alarm.
#
# - 左下，偽陰性（FN）：是 8，卻說不是，也就是漏掉。
#
#   Bottom left, false negatives (FN): an 8, but it said "not an 8". A miss.
#
# 數字之外，也看看錯的是哪幾張：
#
# Besides the numbers, look at what went wrong:

import matplotlib.pyplot as plt

images = digits.images[validation]
groups = {"missed": answers & ~predictions, "false alarms": ~answers & predictions}
fig, axes = plt.subplots(2, 8, figsize=(7.6, 2.2), layout="constrained")
for line, (name, chosen) in zip(axes, groups.items(), strict=True):
    for ax, image in zip(line, images[chosen.numpy()], strict=False):
        ax.imshow(image, cmap="gray_r")
        ax.set(xticks=[], yticks=[])
    line[0].set_ylabel(name, fontsize=11)
fig.set_label(
    "上排是漏掉的 8，下排是被誤認成 8 的 · Above, eights that were missed; below, false alarms\n"
    "兩排各八張手寫數字。上排的 8 有的歪斜、有的圈糊成一團；下排多半是轉彎處擠在一起的 2、3、9。 · "
    "Two rows of eight handwritten digits. The eights above are slanted, or their loops are "
    "blotted; below are mostly 2, 3 and 9 with crowded bends."
)
plt.show()

# %%
# 精確率、召回率、F1 · Precision, recall, F1
# ------------------------------------------
#
# 兩種錯，各有一個分數：
#
# Two kinds of error, a score for each:
#
# .. math::
#
#    \text{precision} = \frac{TP}{TP + FP} \qquad \text{recall} = \frac{TP}{TP + FN}
#
# - :term:`精確率`（precision）：它說是 8 的，有多少真的是？怕誤報，看這個。
#
#   :term:`Precision <precision>`: of those it called 8, how many are? Watch it when false alarms
#   are costly.
#
# - :term:`召回率`（recall）：真的 8，它找到了多少？怕漏掉，看這個。
#
#   :term:`Recall <recall>`: of the real eights, how many did it find? Watch it when misses are
#   costly.
#
# 兩個都不能少，就看它們的調和平均，:term:`F1 分數`。調和平均偏向小的那個：一個是 1、另一個是 0，
# F1 是 0，不是 0.5。
#
# When both matter, take their harmonic mean, the :term:`F1 score`. It leans towards the smaller
# one: with 1 and 0, F1 is 0, not 0.5.

from sklearn.metrics import f1_score, precision_score, recall_score

tn, fp, fn, tp = matrix.ravel().tolist()
precision, recall = tp / (tp + fp), tp / (tp + fn)
by_hand = (precision, recall, 2 * precision * recall / (precision + recall))
print("by hand      " + "  ".join(f"{score:.3f}" for score in by_hand))

by_library = [score(answers, predictions) for score in (precision_score, recall_score, f1_score)]
print("scikit-learn " + "  ".join(f"{score:.3f}" for score in by_library))

# %%
# 準確率說「錯得很少」，召回率說「8 漏掉了不少」。問的是 8，就該看後面這個。
#
# Accuracy says that errors are few; recall says that a good many eights are missed. You asked about
# eights, so look at the second.

# %%
# 失敗：什麼都沒說，怎麼算精確率 · A failure: the precision of saying nothing
# ---------------------------------------------------------------------------
#
# 拿懶惰的模型來算：
#
# Try it on the lazy model:

import warnings

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    print(precision_score(answers, lazy))
print(caught[0].category.__name__)
print(str(caught[0].message).split(". ")[0])

# %%
# 它從來沒說過「是 8」，分母 TP + FP 是 0，精確率沒有定義；scikit-learn 用 0 代替，並警告一聲。
# 看到這句警告，別急著關掉它：多半是模型根本沒預測過那一類。確定 0 就是你要的，
# 再寫 ``zero_division=0``。
#
# It never said "an 8", so TP + FP is 0 and precision is not defined. scikit-learn puts 0 there and
# warns. Do not rush to silence it: most likely, your model never predicts that class. When 0 is
# really what you mean, say ``zero_division=0``.

# %%
# 移動門檻 · Moving the threshold
# -------------------------------
#
# 模型給的是分數，「是」或「不是」是我們切出來的，切的地方叫:term:`門檻值`。
# 把分數用 ``sigmoid`` 換成 0 到 1 的機率，門檻 0.5 就是分數 0。
#
# The model gives a score; yes or no comes from where *we* cut, the :term:`threshold`. ``sigmoid``
# turns scores into probabilities from 0 to 1, and the threshold 0.5 is the score 0.
#
# **先猜猜看**：門檻從 0.5 降到 0.1，精確率和召回率各往哪邊走？
#
# **Guess first**: lower the threshold from 0.5 to 0.1. Which way do precision and recall go?

probabilities = torch.sigmoid(scores)
for threshold in (0.9, 0.5, 0.1):
    says_eight = probabilities > threshold
    precision, recall = (score(answers, says_eight) for score in (precision_score, recall_score))
    print(f"threshold {threshold}   precision {precision:.3f}   recall {recall:.3f}")

# %%
# 門檻低，抓到的多，誤報也多：召回率上升，精確率下降。沒有免費的好處，
# 放在哪裡要看哪一種錯比較貴。假設漏掉一個 8 很糟，要求召回率至少 0.9，
# 就在驗證集上找符合的門檻裡最高的一個。
#
# A low threshold catches more and cries wolf more: recall rises, precision falls. There is no free
# gain; where to cut depends on which error costs more. Say that missing an 8 is bad, and that
# recall must be at least 0.9: on the validation set, find the highest threshold that gives it.

from sklearn.metrics import precision_recall_curve

precisions, recalls, cuts = precision_recall_curve(answers, scores)
chosen = (recalls[:-1] >= 0.9).nonzero()[0][-1]  # 最後一點沒有門檻 · the last point has no cut
cut = cuts[chosen]
print(f"recall {recalls[chosen]:.3f}   precision {precisions[chosen]:.3f}")

# %%
# 一次看完所有門檻：ROC · All thresholds at once: ROC
# ---------------------------------------------------
#
# 門檻從高降到低，每個門檻畫一點：橫軸是陰性裡面誤報了多少，縱軸是召回率，
# 這就是 :term:`ROC 曲線`。愈靠左上角愈好；亂猜是對角線。線下的面積叫 AUC，意思很好懂：
# 隨便抓一個 8、一個不是 8 的，8 的分數比較高的機率。
#
# Let the threshold fall and draw a point for each: across, the share of non-eights that raise a
# false alarm; up, the recall. This is the :term:`ROC curve`. Near the top left is good; guessing
# gives the diagonal. The area under it, AUC, has a plain meaning: take any 8 and any other digit;
# AUC is the chance that the 8 scores higher.

from sklearn.metrics import roc_auc_score, roc_curve

higher = scores[answers].unsqueeze(1) > scores[~answers]  # 每一對都比 · every pair is compared
print(tuple(higher.shape), f"{higher.double().mean():.3f}")
print(f"{roc_auc_score(answers, scores):.3f}")

# %%
# 兩種算法，同一個數字。可是別高興太早：不是 8 的有 542 張，只誤報一成也有 54 張，
# 和真的 8 差不多多。ROC 看不出來，精確率對召回率的曲線看得出來。
#
# Two ways, one number. But do not cheer yet: there are 542 non-eights, and false alarms on a mere
# tenth of them are 54, about as many as the real eights. ROC hides that; precision against recall
# shows it.

fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.8), layout="constrained")
false_alarms, found, _ = roc_curve(answers, scores)
left.plot(false_alarms, found, label="model")
left.plot([0, 1], [0, 1], "--", color="grey", label="guessing")
cut_alarms = ((scores >= cut) & ~answers).sum() / (~answers).sum()
left.plot(cut_alarms, recalls[chosen], "o", label="chosen threshold")
left.set(xlabel="false positive rate", ylabel="recall (true positive rate)", title="ROC")
right.plot(recalls, precisions, label="model")
right.axhline(answers.double().mean(), linestyle="--", color="grey", label="guessing")
right.plot(recalls[chosen], precisions[chosen], "o", label="chosen threshold")
right.set(xlabel="recall", ylabel="precision", title="precision against recall", ylim=(0, 1.05))
for ax in (left, right):
    ax.legend(loc="lower right" if ax is left else "center left")
fig.set_label(
    "同一個模型的兩張臉 · Two faces of the same model\n"
    "左圖的 ROC 曲線緊貼左上角；右圖的精確率在召回率超過 0.8 之後快速往下掉。 · "
    "The ROC curve on the left hugs the top left corner; on the right, precision drops fast once "
    "recall passes 0.8."
)
plt.show()

# %%
# 說的機率能信嗎：校準 · Can its probabilities be believed? Calibration
# ---------------------------------------------------------------------
#
# 氣象預報說「降雨機率 80 %」的日子，若真的有八成下雨，這個預報就是:term:`校準 <校準>`過的。
# 來查我們的模型：它說超過 0.8 的那些，平均說了多少，真的是 8 的又有多少？
#
# If it rains on 80 % of the days for which the forecast said 80 %, the forecast is
# :term:`calibrated <calibration>`. Check our model: of the pictures where it says more than 0.8,
# what does it say on average, and how many are eights?


def check_confident(probabilities):
    """Compare what the model says, where it is sure, with what is true."""
    sure = probabilities > 0.8
    said, true = probabilities[sure].mean(), answers[sure].double().mean()
    print(f"says {said:.2f}   true {true:.2f}")


check_confident(probabilities)

# %%
# 它太有自信。訓練集幾乎全對之後，繼續訓練，分數只會愈推愈大，:term:`損失 <損失函數>`才會更小；
# 新資料可沒有那麼肯定。最簡單的補救是把分數除以一個數 T，叫溫度，在驗證集上選，
# 讓 log loss（就是:term:`交叉熵`）最小。
#
# It is too sure of itself. Once the training set is almost all right, more training only pushes
# the scores further out, since that makes the :term:`loss <loss function>` smaller still; new data
# are not that certain. The simplest cure divides the scores by a number T, the temperature, chosen
# on the validation set to make the log loss (that is, the :term:`cross-entropy`) smallest.

from sklearn.metrics import log_loss

temperatures = [1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0]
losses = [log_loss(answers, torch.sigmoid(scores / T)) for T in temperatures]
temperature = temperatures[losses.index(min(losses))]
print(f"T = {temperature}   log loss {losses[0]:.3f} -> {min(losses):.3f}")
cooled = torch.sigmoid(scores / temperature)
check_confident(cooled)
print(torch.equal(cooled > 0.5, predictions))

# %%
# 機率可信多了，而且誰高誰低一點也沒變：混淆矩陣、ROC、AUC 都和原來一樣。
# 排得對不對、說得準不準，是兩回事，要分開檢查。
#
# The probabilities are now far closer to the truth, and the order has not changed at all:
# confusion matrix, ROC and AUC are what they were. Ranking well and being honest about certainty
# are two things; check both.

from sklearn.calibration import calibration_curve

fig, ax = plt.subplots(figsize=(5.2, 4.2), layout="constrained")
ax.plot([0, 1], [0, 1], "--", color="grey", label="perfectly calibrated")
for name, marker, said in [("as trained", "o", probabilities), ("with temperature", "s", cooled)]:
    share_true, mean_said = calibration_curve(answers, said, n_bins=4)
    ax.plot(mean_said, share_true, f"{marker}-", label=name)
ax.set(xlabel="what the model says", ylabel="share of eights")
ax.legend()
fig.set_label(
    "校準圖：說的機率對上真的比例 · Calibration: what it says against what is true\n"
    "對角線是說到做到。訓練完的模型，最右邊的點遠在線下：說 0.97，其實不到 0.8。除以溫度之後，"
    "那一點回到線上；中間的點各只有一二十張圖，難免起伏。 · "
    "On the diagonal, words match facts. As trained, the rightmost point lies far below: 0.97 is "
    "said, less than 0.8 is true. With the temperature, that point is back on the line; the points "
    "between stand for a dozen or two pictures each, and waver."
)
plt.show()

# %%
# 十個類別 · Ten classes
# ----------------------
#
# 類別多的時候，混淆矩陣更好用：一眼看出誰常被認成誰。訓練一個認十種數字的，
# 一類算一個 F1，再平均（``average="macro"``），少見的類別也一樣重。
#
# With many classes, the confusion matrix is worth even more: it shows at a glance what is taken
# for what. Train a model for all ten digits. Take F1 for each class and average them
# (``average="macro"``), so that a rare class counts as much as a common one.

import numpy as np

labels = torch.from_numpy(digits.target)
torch.manual_seed(0)
reader = nn.Linear(64, 10, dtype=torch.float64)
optimizer = torch.optim.Adam(reader.parameters(), lr=0.1)
for _ in range(200):
    optimizer.zero_grad()
    F.cross_entropy(reader(train_inputs), labels[train]).backward()
    optimizer.step()

with torch.no_grad():
    guesses = reader(inputs[validation]).argmax(dim=1)
table = confusion_matrix(labels[validation], guesses)
by_class = f1_score(labels[validation], guesses, average=None)
print(f"accuracy {accuracy_score(labels[validation], guesses):.1%}")
print(f"macro F1 {by_class.mean():.3f}   weakest: {by_class.argmin()}, F1 {by_class.min():.3f}")

# %%
# 最弱的就是 8。下圖的對角線是答對的，其餘的顏色說明它被當成了誰。
#
# The weakest is the 8. On the diagonal stand the right answers; the other colours say what it was
# taken for.

fig, ax = plt.subplots(figsize=(4.8, 4.6), layout="constrained")
ax.imshow(table * (1 - np.eye(10)), cmap="Oranges", vmax=8)
for row, column in zip(*table.nonzero(), strict=True):
    colour = "grey" if row == column else "black"
    ax.text(column, row, table[row, column], ha="center", va="center", color=colour)
ax.set(xlabel="predicted", ylabel="true", xticks=range(10), yticks=range(10))
fig.set_label(
    "十種數字的混淆矩陣，顏色只塗錯的 · Confusion matrix of the ten digits, errors coloured\n"
    "灰色的對角線是答對的張數，每類將近六十；錯最多的一格是把 8 認成 1。 · "
    "Grey on the diagonal are the right ones, nearly sixty a class; the largest error is the 8 "
    "taken for a 1."
)
plt.show()

# %%
# 最後，打開測試集，一次 · At last, open the test set, once
# ---------------------------------------------------------
#
# 門檻和溫度都定了，才輪到測試集。58 個 8 不多，換一批圖，分數就會有點不同；
# 大約差多少，叫標準誤：``n`` 張裡的比例 ``r``，標準誤大約是 ``sqrt(r × (1 - r) / n)``。
# 報告分數時一起寫，別人才知道差 0.02 算不算差。
#
# Threshold and temperature are settled; now the test set. Its 58 eights are not many, and with
# other pictures the score would differ somewhat. By how much, roughly, is its standard error: for a
# share ``r`` of ``n`` pictures, about ``sqrt(r × (1 - r) / n)``. Report it as well, so that others
# know whether a difference of 0.02 means anything.

truth, final = is_eight[test], all_scores[test] >= cut
recall = recall_score(truth, final)
error = (recall * (1 - recall) / truth.sum().item()) ** 0.5
print(f"recall {recall:.3f} ± {error:.2f}   precision {precision_score(truth, final):.3f}")
before, after = (log_loss(truth, torch.sigmoid(all_scores[test] / T)) for T in (1, temperature))
print(f"log loss {before:.3f} -> {after:.3f}")

# %%
# 召回率比驗證集上的低一點，和要求的 0.9 差不到一個標準誤：在驗證集上做的決定站得住。
# 代價也照實寫：精確率 0.500，兩次警報就有一次是假的。如果分數難看，一樣得報告：
# 回頭再調、再考一次，測試集就成了第二份驗證集。
#
# Recall is a little lower than on the validation set, and within one standard error of the 0.9 we
# asked for: the decision holds. State the price as well: precision 0.500, every second alarm is
# false. Had the scores been poor, you would have to report them all the same. Go back, adjust and
# test again, and the test set is merely a second validation set.

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
# **15-1 三個分數。**不用 scikit-learn，寫 ``grade(predictions, labels)``：
# 兩個一樣長的布林張量，``True`` 是陽性。回傳 ``(precision, recall, f1)``，三個 0 到 1 的數；
# 分母是 0 的，那個分數就是 0。
#
# **15-1 Three scores.** Without scikit-learn, write ``grade(predictions, labels)`` for two boolean
# tensors of the same length, where ``True`` is positive. Return ``(precision, recall, f1)``, three
# numbers from 0 to 1; a score whose denominator is 0 is 0.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    F1 化簡之後是 ``2 TP / (2 TP + FP + FN)``，正好是「說是的」和「真的是的」加起來當分母。
#
#    F1 simplifies to ``2 TP / (2 TP + FP + FN)``: its denominator is those called positive plus
#    those that are.
#
#    .. code-block:: python
#
#       def grade(predictions, labels):
#           hits = (predictions & labels).sum().item()
#           called, real = predictions.sum().item(), labels.sum().item()
#           precision = hits / called if called else 0.0
#           recall = hits / real if real else 0.0
#           f1 = 2 * hits / (called + real) if called + real else 0.0
#           return precision, recall, f1
#
#       primer.check("15-1", grade)
#
# **15-2 一對一對地比。**寫 ``auc(scores, labels)``：``scores`` 是浮點張量，``labels``
# 是一樣長的布林張量，兩類都有。拿每個陽性和每個陰性比，回傳陽性分數比較高的比例；同分算半次。
#
# **15-2 Pair by pair.** Write ``auc(scores, labels)`` for a floating-point tensor and a boolean
# tensor of the same length that holds both classes. Compare each positive with each negative and
# return the share of pairs in which the positive scores higher; a tie counts one half.
#
# .. admonition:: 解答 · Solution
#    :collapsible: closed
#
#    .. code-block:: python
#
#       def auc(scores, labels):
#           gaps = scores[labels].unsqueeze(1) - scores[~labels]
#           wins = (gaps > 0).double() + 0.5 * (gaps == 0)
#           return wins.mean().item()
#
#       primer.check("15-2", auc)

# %%
# 重點回顧 · Summary
# ------------------
#
# - 訓練集調參數，驗證集做選擇，測試集只用一次。
#
#   Fit on the training set, choose on the validation set, use the test set once.
#
# - 資料不平衡時別只看準確率：混淆矩陣分出誤報和漏掉，精確率和召回率各管一種。
#
#   On unbalanced data, do not trust accuracy alone: the confusion matrix tells false alarms from
#   misses; precision watches the first, recall the second.
#
# - ROC 和 AUC 問排得對不對，校準問說的機率準不準；兩個都要查。
#
#   ROC and AUC ask whether the order is right, calibration whether the probabilities are; check
#   both.
#
# 我們的模型在訓練集上幾乎全對，在新資料上卻太有自信。下一課看這個毛病怎麼來、怎麼治：
# :doc:`/lessons/5_practice/16_overfitting`。
#
# Our model was almost perfect on its training set and too sure on new data. The next lesson shows
# where that comes from and what helps: :doc:`/lessons/5_practice/16_overfitting`.
