"""What `normax explain` says: penalties and layers in English and Chinese, options in Chinese alone.

In English an option is what its help says.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MEANINGS", "OPTIONS_ZH", "Meaning"]


@dataclass(frozen=True)
class Meaning:
    """One entry: the formula, and for each language what it is and when to use it."""

    formula: str
    en: tuple[str, str]
    zh: tuple[str, str]


MEANINGS = {
    "l1": Meaning(
        "s · Σ_j |w_j|",
        (
            "The lasso: the sum of the sizes of the weights. Its corner at zero sets weights exactly to "
            "zero, so it chooses columns "
            "while it shrinks the others by the same amount.",
            "when few of many columns matter, or a short model is wanted; of columns that repeat each "
            "other it keeps one",
        ),
        (
            "lasso：各权重绝对值之和。它在零点有尖角，使权重恰好为零，因此在收缩其余权重的同时也选择了列。",
            "许多列中只有少数有用，或想要简短的模型时；几列互相重复时它只留一列",
        ),
    ),
    "l2": Meaning(
        "s/2 · Σ_j w_j²",
        (
            "Ridge: half the sum of the squares of the weights. It shrinks every weight towards zero and "
            "sets none to zero; columns "
            "that repeat each other share their weight.",
            "when many columns matter a little each, or they are strongly correlated",
        ),
        (
            "岭回归：各权重平方和的一半。它把每个权重向零收缩，但不会使任何权重为零；互相重复的列分担权重。",
            "许多列各有一点作用，或各列高度相关时",
        ),
    ),
    "elastic-net": Meaning(
        "s · (r‖w‖₁ + (1−r)/2 · ‖w‖₂²)",
        (
            "A mixture of L1 and L2 by r (--l1-ratio): exact zeros from the one, and from the other "
            "groups of correlated columns that "
            "come in together.",
            "when columns are to be chosen and come in correlated groups",
        ),
        (
            "按 r（--l1-ratio）混合 L1 与 L2：前者给出恰好的零，后者让相关的列一起进入模型。",
            "既要选择列，列又成组相关时",
        ),
    ),
    "group-lasso": Meaning(
        "s · Σ_g √d_g ‖w_g‖₂",
        (
            "The norm of each group of weights, d_g of them: a group is zero as a whole or not at all. "
            "On tables a group is a column "
            "with all its categories and curves; in networks a unit's or an input's weights.",
            "when a column, an input or a unit is to go as a whole",
        ),
        (
            "每组权重（d_g 个）的范数：一组要么整体为零，要么都不为零。在表格里一组是一列及其全部类别与曲线；在网络里是一个单元或一个输入的权重。",
            "要整列、整个输入或整个单元一起去掉时",
        ),
    ),
    "sparse-group-lasso": Meaning(
        "s · ((1−r) Σ_g √d_g ‖w_g‖₂ + r‖w‖₁)",
        (
            "The group lasso and the lasso together: whole groups are zero, and single weights within "
            "those that stay.",
            "when few groups matter, and not all of each",
        ),
        (
            "组 lasso 与 lasso 相加：有的组整体为零，留下的组里也有单个权重为零。",
            "只有少数组有用，且组内并非全部有用时",
        ),
    ),
    "mcp": Meaning(
        "Σ_j ρ(|w_j|), ρ(t) = s·t − t²/(2γ) for t ≤ γs, then γs²/2",
        (
            "The minimax concave penalty: as L1 near zero, and constant for large weights, which it "
            "leaves unshrunk. It is not convex, "
            "so that fits are stationary points.",
            "when the lasso keeps too many columns, because it shrinks the large ones",
        ),
        (
            "极小极大凹惩罚：在零附近如同 L1，对大的权重则为常数，不再收缩它们。它不是凸的，所以拟合得到的是驻点。",
            "lasso 因收缩大的权重而留下太多列时",
        ),
    ),
    "scad": Meaning(
        "Σ_j ∫₀^|w_j| min(s, max(as − x, 0)/(a − 1)) dx",
        (
            "Smoothly clipped absolute deviation: L1 for small weights, and constant from as on, so that large weights "
            "are left unshrunk. It is not convex, so that fits are stationary points.",
            "as mcp; it keeps L1's slope for longer, and so shrinks middling weights more",
        ),
        (
            "平滑截断绝对偏差：对小的权重如同 L1，从 as 起为常数，不再收缩大的权重。它不是凸的，所以拟合得到的是驻点。",
            "与 mcp 相同；它保持 L1 的斜率更久，因此对中等权重收缩更多",
        ),
    ),
    "slope": Meaning(
        "s · Σ_k λ_k |w|_(k), λ_1 ≥ λ_2 ≥ …",
        (
            "Sorted L1: the largest weight pays the most, the smallest the least. Under the default λ of Benjamini and "
            "Hochberg few of the chosen columns are false ones; weights of correlated columns become equal.",
            "when the share of columns chosen by mistake matters, or correlated columns should come in together",
        ),
        (
            "排序 L1：最大的权重付得最多，最小的最少。默认的 λ 取自 Benjamini–Hochberg，使误选的列占比很小；相关列的权重会变得相等。",
            "在意误选列的比例，或希望相关的列一起进入模型时",
        ),
    ),
    "group-mcp": Meaning(
        "Σ_g ρ(‖w_g‖₂), ρ as of mcp with strength s·√d_g",
        (
            "The minimax concave penalty on the lengths of groups: whole groups are zero or not, and long ones are left "
            "unshrunk. It is not convex.",
            "when the group lasso keeps too many groups, because it shrinks the large ones",
        ),
        (
            "作用在组的长度上的极小极大凹惩罚：整组为零或不为零，长的组不再收缩。它不是凸的。",
            "组 lasso 因收缩大的组而留下太多组时",
        ),
    ),
    "group-scad": Meaning(
        "Σ_g ρ(‖w_g‖₂), ρ as of scad with strength s·√d_g",
        (
            "SCAD on the lengths of groups: whole groups are zero or not, and long ones are left unshrunk. It is not convex.",
            "as group-mcp",
        ),
        ("作用在组的长度上的 SCAD：整组为零或不为零，长的组不再收缩。它不是凸的。", "与 group-mcp 相同"),
    ),
    "l2-sp": Meaning(
        "s/2 · Σ_j (w_j − w⁰_j)²",
        (
            "L2 towards the starting weights w⁰ in the place of zero, so that training stays near what "
            "was learned before.",
            "when a trained network is tuned on few new rows",
        ),
        ("以初始权重 w⁰ 代替零的 L2，使训练停留在先前所学附近。", "用少量新数据微调训练好的网络时"),
    ),
    "max-norm": Meaning(
        "‖w_i‖₂ ≤ 1/s for every unit i",
        (
            "A bound on the norm of each unit's incoming weights: after each step a longer one is cut "
            "back to it, a shorter one left "
            "as it is.",
            "with dropout and large learning rates, where weights would run away",
        ),
        (
            "限制每个单元输入权重的范数：每步之后，超过的缩回到界限，不超过的保持不变。",
            "与 dropout 和较大学习率同用，以免权重失控",
        ),
    ),
    "weight-decay": Meaning(
        "w ← (1 − η·s)·w + step of the optimiser",
        (
            "Each step shrinks the weights by η·s, apart from the gradient. Under plain SGD this is L2; "
            "under Adam it is not, because "
            "L2's gradient is divided by the size of past gradients and the decay is not.",
            "with Adam, where L2 would shrink weights of large gradients too little",
        ),
        (
            "每一步在梯度之外把权重缩小 η·s。对普通 SGD 这就是 L2；对 Adam 则不是，因为 L2 的梯度会除以以往梯度的大小，而衰减不会。",
            "使用 Adam 时；那里 L2 对梯度大的权重收缩太少",
        ),
    ),
    "dropout": Meaning(
        "y = m ⊙ x / (1 − p),  m_j = 0 with probability p, else 1",
        (
            "In training a random share p of the activations is zero and the others are scaled up, so "
            "that the mean stays; in "
            "evaluation nothing happens. It drops activations and no parameters: no weight becomes zero "
            "by it.",
            "in networks with many units for their rows; compare it, normax compare --methods dropout,l2",
        ),
        (
            "训练时随机把一部分（比例 p）激活置零，其余放大，使均值不变；评估时什么也不做。它丢弃的是激活而不是参数，不会使权重为零。",
            "网络的单元相对行数较多时；可比较：normax compare --methods dropout,l2",
        ),
    ),
    "batch-norm": Meaning(
        "y = γ (x − mean) / √(var + ε) + β",
        (
            "Activations are centred and scaled by the mean and variance of the batch in training, and "
            "by running ones in evaluation. "
            "The batch's own mean is noise, which regularises a little; it takes back the scale of the "
            "weights before it, so that an "
            "L2 on these acts on the step's size alone.",
            "in deep networks with batches of 16 rows and more",
        ),
        (
            "训练时用批的均值和方差、评估时用滑动平均把激活中心化并缩放。批均值带来噪声，因而略有正则作用；它会抵"
            "消前面权重的尺度，因此对这些权重加 L2 只影响步长。",
            "较深的网络，且每批 16 行以上时",
        ),
    ),
    "early-stopping": Meaning(
        "keep the weights of argmin over epochs of the error on held-out rows",
        (
            "Training ends when the error on rows set aside has not improved for some epochs, and the "
            "best epoch's weights are kept. "
            "For least squares from small weights it acts much as ridge does: the fewer steps, the "
            "stronger.",
            "in networks, beside or instead of a penalty: early_stopping=True of nx.path and the estimators",
        ),
        (
            "当留出行上的误差若干轮不再改善时停止训练，并保留最好一轮的权重。对从小权重开始的最小二乘，它的作用近似岭回归：步数越少越强。",
            "用于网络，与惩罚并用或代替惩罚：nx.path 与各估计器的 early_stopping=True",
        ),
    ),
    "none": Meaning(
        "s = 0",
        (
            "No penalty: the weights that fit the training rows best. It is what every penalty has to beat.",
            "when there are many more rows than weights; else as what to compare with",
        ),
        ("不加惩罚：最贴合训练行的权重。任何惩罚都应当胜过它。", "行数远多于权重时；否则作为比较的对象"),
    ),
}

OPTIONS_ZH = {
    "--target": "要预测的列",
    "--task": "regression（回归）或 classification（分类）；默认由目标列判断",
    "--drop-missing-target": "去掉没有目标值的行",
    "--log-target": "拟合 log(目标)；预测值是原单位下的均值（Duan 的 smearing 方法）",
    "--weights": "每行权重所在的列，不小于 0 的数",
    "--class-weight": "balanced：无论多少，各类同等重要；默认各行同等重要",
    "--test": "留到最后才用的行：一个比例，或另一个文件",
    "--group": "同一组的行放在同一折里",
    "--time": "按时间向前分折：用过去训练，用之后验证",
    "--drop": "不用的列，以逗号分隔",
    "--only": "只用这些列学习；默认为目标以外的所有列",
    "--text": "当作文本的列，例如数字编码",
    "--number": "当作数值的列，即使前导零或位数使它们像编码",
    "--date": "当作日期的列，以及无法判断时的写法",
    "--words": "自由文本列，取其词的 TF-IDF 权重",
    "--missing": "在每一列里表示缺失的词（空单元格之外）",
    "--decimal": "小数点记号：, 或 .；默认由单元格判断",
    "--thousands": "千位分隔：逗号、点、空格或撇号；默认由单元格判断",
    "--encoding": "文本文件的编码，例如 gb18030；默认自动判断",
    "--delimiter": "文本文件的分隔符；默认取把前几行分得一样的那个",
    "--sheet": "电子表格的工作表，或数据库的表",
    "--model": "linear（线性）、mlp（两个 ReLU 隐层）、auto（几种模型在同样的折上比较）或 FILE.py:CLASS（自己的网络）",
    "--penalty": "惩罚：l1、l2、elastic-net、group-lasso、mcp、scad 或 slope",
    "--l1-ratio": "弹性网中 L1 的份额，0 到 1",
    "--refit": "按交叉验证部分或全部撤销对所选列的收缩（relaxed lasso）",
    "--splines": "给每个有 10 个以上不同值的数值列一条曲线",
    "--interactions": "把每两列相乘；不用 --splines 时数值列还取平方",
    "--family": "目标的分布族：gaussian、binomial、multinomial、ordinal、poisson、negative-binomial、gamma、tweedie、huber、quantile、cox",
    "--offset": "线性预测中已知的部分，不配系数",
    "--exposure": "计数所经历的时间或规模：其对数作为偏移",
    "--levels": "目标的等级，从低到高（--family ordinal；默认：数值按大小）",
    "--time-to": "到事件发生或观察结束的时间（--family cox）",
    "--strata": "各自有基线风险的行的组（--family cox）",
    "--event": "事件是否在那时发生：1、yes 或 true（--family cox）",
    "--strengths": "惩罚强度：个数，或以逗号分隔的值",
    "--cv": "折数；按种子打乱，分类时分层",
    "--select": "选择规则：1se（最小误差一个标准误内最强的）或 min（误差最小的）",
    "--epochs": "遍历所有行的次数；默认凑足 2000 步",
    "--batch-size": "每步的行数；默认约为行数的十六分之一，16 到 256",
    "--learning-rate": "Adam 的学习率；默认 0.003",
    "--methods": "要比较的方法，以逗号分隔：none、l1、l2、elastic-net、dropout、batch-norm",
    "--dropout": "要尝试的 dropout 概率，以逗号分隔",
    "--seed": "折、测试行和初始权重的种子",
    "--out": "要写入的文件夹或文件",
    "--config": "从先前运行的 config.toml（或自己写的）读取数据与选项；命令行上写的优先",
    "--onnx": "同时写出 model.onnx，以表的每一列为输入",
    "--json": "以一个 JSON 对象代替表格输出",
    "--dry-run": "只说明读到了什么，不做拟合",
    "--trust-code": "允许运行模型的网络所在的 Python 文件；否则模型文件夹里的任何东西都不会运行",
    "--processes": "进程个数；各取一份 GPU",
    "--devices": "在 CPU 上为每个进程模拟这么多设备",
    "--write": "修改文件；默认只打印修改后的样子",
    "--lang": "语言：zh 或 en；默认按用户的区域设置",
}
