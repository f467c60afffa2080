"""What the page of a path says, in Chinese."""

__all__ = ["TABLE"]

HEADLINES = {
    "{count} strengths fitted on all rows without cross-validation, so none of them was chosen.": (
        "在全部行上拟合了 {count} 个强度，没有交叉验证，因此没有选出任何一个。"
    ),
    "At strength {strength}, chosen by {rule}, the model {kept}": "按{rule}选出的强度 {strength} 下，模型{kept}",
    "the 1\u2011SE rule": "1\u2011SE 规则",
    "the minimum of the validation error": "验证误差的最小值",
    "sets all {total} {name} to zero": "把全部 {total} 个{name}都置为零",
    "shrinks all {total} {name} and sets none to zero": "收缩全部 {total} 个{name}，没有一个变为零",
    "keeps {left} of {total} {name} and sets the others to exactly zero": "在 {total} 个{name}中保留 {left} 个，其余恰好为零",
    "coefficients": "系数",
    "penalised weights": "受惩罚的权重",
    "features": "特征",
    "; its validation error is {error}.": "；其验证误差为 {error}。",
    "; {where}, it predicts no better than a model without any features.": "；{where}，它的预测并不比没有任何特征的模型好。",
    "; {where}, its {loss} is {gain} below that of a model without features.": (
        "；{where}，其{loss}比没有特征的模型低 {gain}。"
    ),
    "on the test rows": "在测试行上",
    "in cross-validation": "在交叉验证中",
    "squared error": "平方误差",
    "absolute error": "绝对误差",
    "½ squared error": "½ 平方误差",
    "mean squared error": "均方误差",
    "cross-entropy": "交叉熵",
    "deviance": "偏差",
    "Huber loss": "Huber 损失",
    "check loss": "分位数损失",
    "partial log-likelihood per row": "每行的偏对数似然",
    "Poisson neg. log-likelihood": "泊松负对数似然",
    "error": "误差",
    "The chosen model is measurably worse than {names}: its error is {error}, and {errors}.": (
        "所选模型明显不如{names}：其误差为 {error}，而{errors}。"
    ),
    "the null model": "空模型",
    "{error} without features": "没有特征时为 {error}",
    "{error} without a penalty": "没有惩罚时为 {error}",
    " and ": "和",
    "A regularisation path": "一条正则化路径",
    "{target} from {count} columns of {file}": "由 {file} 的 {count} 列预测 {target}",
    "log of {target} from {count} columns of {file}": "由 {file} 的 {count} 列预测 {target} 的对数",
    "linear model": "线性模型",
    "penalty {name}": "惩罚 {name}",
    "{count} rows": "{count} 行",
    "{count} features": "{count} 个特征",
    "strength, by the 1\u2011SE rule": "强度，按 1\u2011SE 规则",
    "strength, at the minimum": "强度，在最小值处",
    "of {total} {name}": "个，共 {total} 个（{name}）",
    "coefficients not zero": "非零系数",
    "penalised weights not zero": "非零的受惩罚权重",
    "features in": "用到的特征",
    "coefficients that are not zero": "非零系数",
    "penalised weights that are not zero": "非零的受惩罚权重",
    "features that are in": "用到的特征",
    "test set": "测试集",
    "validation (optimistic)": "验证（偏乐观）",
    "The cross-validated error of the chosen strength is optimistic: the strength was chosen on the same folds. Hold rows "
    "out with --test 0.2 for an honest one.": (
        "所选强度的交叉验证误差偏乐观：强度正是在同样的折上选出的。用 --test 0.2 留出一些行，可得到可信的误差。"
    ),
    "Drawn by normax.": "由 normax 绘制。",
}

CAPTIONS = {
    "How much penalty?": "惩罚多大？",
    "What the penalty does to the coefficients": "惩罚如何改变系数",
    "What the penalty does to the weights": "惩罚如何改变权重",
    "<b>Training error</b> at each strength. Without folds there is no validation error.": (
        "各强度下的<b>训练误差</b>。没有分折就没有验证误差。"
    ),
    "<b>Blue</b>: mean error on the held-out rows of {folds} folds, with bars of ± 1 standard error; small rings are the "
    "folds. <b>Orange</b>: error on the rows that the model was fitted to, which falls as the penalty weakens. Where both "
    "are high the model underfits; where they part and blue rises, it overfits.": (
        "<b>蓝色</b>：{folds} 折留出行上的平均误差，竖线为 ± 1 个标准误；小圆环是各折。<b>橙色</b>：拟合所用行上的误差，"
        "随惩罚变弱而下降。两者都高时模型欠拟合；两者分开而蓝色上升时，模型过拟合。"
    ),
    "The strongest penalty within one standard error of the minimum is the minimum itself here.": (
        "在这里，距最小值一个标准误之内的最强惩罚就是最小值本身。"
    ),
    "The lowest point is at strength {minimum}. Everything up to one standard error above it (thin horizontal line) is as "
    "good as the data can tell; the <b>1\u2011SE rule</b> takes the strongest penalty there, {one_se}: the simplest model "
    "that is not measurably worse.": (
        "最低点在强度 {minimum}。高出它一个标准误以内（细横线）的，凭这些数据都看不出差别；<b>1\u2011SE 规则</b>"
        "取其中最强的惩罚 {one_se}：没有明显变差的最简单的模型。"
    ),
    "The target was fitted as its logarithm, and these errors are on that scale.": "目标取了对数来拟合，这些误差也在对数尺度上。",
    "Heights are per standard deviation of the column, so that they compare.": "高度按该列的一个标准差计，因此可以相互比较。",
    "Each line is one feature: the norm of the weights that read it. Read from left to right: as the penalty weakens, "
    "features come in one by one (dots). Left of its dot, a feature is <b>not used at all</b>.": (
        "每条线是一个特征：读取它的权重的范数。从左往右看：惩罚变弱时，特征逐个进入（圆点）。在圆点左边，该特征<b>完全没有用到</b>。"
    ),
    "Each line is the size of one penalised weight tensor. Read from right to left: as the penalty grows, weights shrink, "
    "and none reaches zero.": "每条线是一个受惩罚权重张量的大小。从右往左看：惩罚变强时权重收缩，但没有一个到零。",
    "<b>To choose from</b>: the size of each penalised weight tensor; the share of its weights that are not exactly zero. "
    "Read from right to left: as the penalty grows, weights shrink and go out one by one.": (
        "<b>可选择显示</b>：每个受惩罚权重张量的大小；其中不恰好为零的权重所占比例。从右往左看：惩罚变强时，权重收缩并逐个消失。"
    ),
    "<b>To choose from</b>: the size of each penalised weight tensor; the share of its weights that are not exactly zero; "
    "the share of units in use: features that some weight reads, and neurons or channels, by the tensor that makes them, "
    "with a weight that is not zero. Read from right to left: as the penalty grows, weights shrink and go out one by one.": (
        "<b>可选择显示</b>：每个受惩罚权重张量的大小；其中不恰好为零的权重所占比例；仍在使用的单元所占比例：有权重读取的特征，"
        "以及（按产生它们的张量）还有非零权重的神经元或通道。从右往左看：惩罚变强时，权重收缩并逐个消失。"
    ),
    "Each line is one coefficient. Read from left to right: as the penalty weakens, coefficients leave zero one by one "
    "(dots). Left of its dot, a coefficient is <b>exactly zero</b>: its column is not used at all.": (
        "每条线是一个系数。从左往右看：惩罚变弱时，系数逐个离开零（圆点）。在圆点左边，该系数<b>恰好为零</b>：对应的列完全没有用到。"
    ),
    "Each line is one coefficient: the <b>ridge trace</b>. Read from right to left: as the penalty grows, all coefficients "
    "shrink together towards zero, and none reaches it.": (
        "每条线是一个系数：<b>岭迹</b>。从右往左看：惩罚变强时，所有系数一起向零收缩，但没有一个到零。"
    ),
    "Why the corner gives zeros": "为什么尖角会产生零",
    "Why the circle gives no zeros": "为什么圆不会产生零",
    "The loss of these data over two coefficients, the others held as they are at this strength: rings of equal loss around "
    "its lowest point (×). The orange shape is all that costs no more penalty than the fit; the fit (dot) is where the lowest "
    "ring touches it. The dotted line is their way along the path.": (
        "这些数据的损失作为两个系数的函数，其余系数保持在当前强度下的值：围绕最低点（×）的等损失线。橙色形状是惩罚不超过"
        "当前拟合的全部取值；拟合（圆点）就在最低的等损失线与它相切之处。虚线是两个系数沿路径走过的路线。"
    ),
    "A diamond has corners on the axes, and a ring that grows towards it often meets a corner first: there one of the two is "
    "<b>exactly zero</b>.": "菱形的尖角在坐标轴上，向它扩大的等损失线往往先碰到尖角：那里两个系数中有一个<b>恰好为零</b>。",
    "A circle has no corners: the ring meets it somewhere between the axes, and neither coefficient is exactly zero.": (
        "圆没有尖角：等损失线在坐标轴之间的某处与它相切，两个系数都不恰好为零。"
    ),
    "Its corners lie on the axes, where one of the two is <b>exactly zero</b>; its sides are round, which keeps correlated "
    "coefficients together.": "它的尖角在坐标轴上，那里有一个系数<b>恰好为零</b>；它的边是圆弧，使相关的系数保持在一起。",
    "Which weights are left": "还剩哪些权重",
    "Every penalised matrix at this strength, units downwards, inputs to the right: <b>blue</b> is positive, <b>orange</b> "
    "negative, the darker the larger; the ground is exactly zero. The bar on the left is dark where a unit still reads "
    "something.": (
        "当前强度下每个受惩罚的矩阵，向下是单元，向右是输入：<b>蓝色</b>为正，<b>橙色</b>为负，颜色越深越大；底色处恰好为零。"
        "左侧的竖条在单元仍读取输入之处为深色。"
    ),
    "Which inputs are alive": "哪些输入仍在使用",
    "How training went": "训练过程",
    "The training loss at this strength: one line a fold, and in black the fit on all rows.": (
        "当前强度下的训练损失：每折一条线，黑色为在全部行上的拟合。"
    ),
    "Which settings?": "哪些设置？",
    "The disc is the entry that was chosen: {listed}. The ring is the minimum; dots are within one standard error of it.": (
        "圆盘是选中的组合：{listed}。圆环是最小值；小点在它的一个标准误之内。"
    ),
    "The lighter, the better.": "越亮越好。",
    "What follows holds all but the strength there.": "下文除强度外都固定在该处。",
    "This page moves by a script of its own, which is switched off here; cv.png and path.png beside it show the curves.": (
        "本页靠自带的脚本活动，而这里关闭了脚本；旁边的 cv.png 和 path.png 是这些曲线的图。"
    ),
}

TABLES = {
    "Against the simple models": "与简单模型相比",
    "model": "模型",
    "strength": "强度",
    "not zero": "非零",
    "validation error": "验证误差",
    "training error": "训练误差",
    "test error": "测试误差",
    "behind the best": "落后于最佳",
    "± SE": "± 标准误",
    "RMSE": "均方根误差 (RMSE)",
    "seconds": "秒",
    "gap": "间隙",
    "null model (no features)": "空模型（没有特征）",
    "chosen": "选中",
    "minimum of the error": "误差最小",
    "1-SE rule": "1-SE 规则",
    "no penalty": "没有惩罚",
    "Error per row: {loss}. Lower is better.": "每行的误差：{loss}。越低越好。",
    "half the squared error": "平方误差的一半",
    "half the squared error of the log": "对数的平方误差的一半",
    "negative log-likelihood": "负对数似然",
    "negative log-likelihood, every class counted alike": "负对数似然，各类同等计数",
    "Which model?": "哪个模型？",
    "All met the same folds. How far a model is behind the best is taken fold by fold; the simplest that is not behind by "
    "more than the standard error of that difference is kept, and what follows is about it.": (
        "所有模型用的是同样的折。一个模型落后多少按折逐一计算；落后不超过该差值标准误的最简单的模型被保留，下文都关于它。"
    ),
    "How well it predicts": "预测得如何",
    "measure": "指标",
    "what it is": "含义",
    "validation": "验证",
    "test": "测试",
    "accuracy": "准确率",
    "base rate": "基准率",
    "share of the target's variance that is explained": "目标方差中被解释的比例",
    "the same for log(target), which was fitted": "对所拟合的 log(目标) 的同一指标",
    "root of the mean squared error, in the target's units": "均方误差的平方根，以目标的单位计",
    "mean absolute error, in the target's units": "平均绝对误差，以目标的单位计",
    "chance that a case of a class is ranked above one that is not; over folds their mean": (
        "某类的样本排在非该类样本之前的概率；取各折的平均"
    ),
    "share of rows whose likeliest class is the true one": "最可能的类别就是真实类别的行所占比例",
    "accuracy of always answering the commonest class": "总是回答最常见类别时的准确率",
    "twice the negative log-likelihood per row, above the least that any prediction could have": (
        "每行负对数似然的两倍，减去任何预测所能达到的最小值"
    ),
    "Validation: each row predicted by the fold that did not see it. The strength was chosen on these same rows, so the "
    "numbers lean to the bright side.": "验证：每一行由没有见过它的那一折来预测。强度正是在这些行上选出的，因此数字偏乐观。",
    "Test: rows held out until the end, which nothing was chosen on.": "测试：一直留到最后的行，没有据此做过任何选择。",
    "Where it errs": "错在哪里",
    "true ↓ predicted →": "真实 ↓ 预测 →",
    "Coefficients": "系数",
    "Coefficients of the chosen model": "所选模型的系数",
    "feature": "特征",
    "output": "输出",
    "per standard deviation": "每标准差",
    "per unit": "每单位",
    "coefficient": "系数",
    "intercept": "截距",
    "{count} smaller ones are not shown.": "另有 {count} 个较小的未显示。",
    "{count} exactly zero": "{count} 个恰好为零",
    "Per standard deviation: the change of the output when the column rises by one standard deviation; these compare with "
    "each other. Per unit: in the column’s own units.": (
        "每标准差：该列增加一个标准差时输出的变化；这些数可以相互比较。每单位：以该列自己的单位计。"
    ),
    "Penalised weights of the chosen network": "所选网络中受惩罚的权重",
    "tensor": "张量",
    "shape": "形状",
    "share": "比例",
    "‖W‖₂": "‖W‖₂",
    "The whole path: {count} strengths": "整条路径：{count} 个强度",
    "minimum": "最小值",
    "1-SE": "1-SE",
    "Gap: the duality gap over the error of the null model, a certificate that no other coefficients do better by more than "
    "that.": "间隙：对偶间隙与空模型误差之比，它证明没有别的系数能再好出比这更多。",
    "What was solved": "求解的问题",
    "minimise over w, b:": "对 w、b 求最小：",
    "s Ω(w), where Ω is {penalty}": "s Ω(w)，其中 Ω 是 {penalty}",
    "Here s = {strength}. Intercepts and biases are not penalised.": "这里 s = {strength}。截距和偏置不受惩罚。",
    "The network saw the target standardised, and s belongs to that scale; errors and predictions are in the target’s own "
    "units.": "网络看到的是标准化的目标，s 属于该尺度；误差和预测以目标自己的单位计。",
    "scikit-learn’s {name} calls it {value}.": "在 scikit-learn 的 {name} 中它是 {value}。",
    "scikit-learn’s {name} calls it {value}, which is {extra}.": "在 scikit-learn 的 {name} 中它是 {value}，即 {extra}。",
    "What was done to the columns": "对各列做了什么",
    "column": "列",
    "kind": "种类",
    "levels": "水平",
    "missing": "缺失",
    "numeric": "数值",
    "boolean": "是/否",
    "date": "日期",
    "time": "时间",
    "text": "文本",
    "words": "词",
    "Left out": "舍去的列",
    "constant": "常数",
    "Notices": "说明",
    "all {count} columns": "全部 {count} 列",
    "Numbers as they are, texts as one column for each level, dates as numbers, missing cells filled with the mean and marked "
    "by a column of their own. Means and standard deviations were learned inside each fold, from its training rows alone.": (
        "数值照原样；文本的每个水平成为一列；日期成为数值；缺失的单元格填以均值，并另用一列标出。均值和标准差在每一折内只由其训练行得出。"
    ),
    "To run it again": "再运行一次",
    "How long it took": "用时",
    "Options in force": "生效的选项",
    "option": "选项",
    "value": "取值",
    "meaning": "含义",
    "default": "默认",
    "given": "给定",
    "data": "数据",
    "sha-256": "SHA-256 校验和",
    "rows": "行",
    "versions": "版本",
    "created": "生成于",
    "{count} to fit": "{count} 行用于拟合",
    "{count} held out as a test set": "{count} 行留作测试集",
    "{count} without target left out": "{count} 行没有目标，已舍去",
}

MOVING = {
    "effective degrees of freedom": "有效自由度",
    "How firm the coefficients are": "系数有多稳",
    "smallest": "最小",
    "largest": "最大",
    "folds with it": "用到它的折",
    "The coefficients at the chosen strength, fitted anew without each of the folds; the tick is the fit on all rows, the bar "
    "goes from the smallest to the largest. Folds share rows: fits to fresh data would differ more.": (
        "所选强度下的系数，每次去掉一折重新拟合；竖线是在全部行上的拟合，横条从最小到最大。各折共用许多行：对新数据的拟合会相差更大。"
    ),
    "What each column is worth": "每列值多少",
    "rise of the error": "误差上升",
    "± SD": "± 标准差",
    "How much larger the error per row is when the column's cells are shuffled among the rows: the test rows, which the model "
    "has not seen. Columns that tell of each other share what they are worth.": (
        "把该列的单元格在行间打乱后，每行误差上升多少：所用的是模型没有见过的测试行。互相包含信息的列会分担其价值。"
    ),
    "How much larger the error per row is when the column's cells are shuffled among the rows that the model was fitted to. "
    "Columns that tell of each other share what they are worth.": (
        "把该列的单元格在拟合所用的行间打乱后，每行误差上升多少。互相包含信息的列会分担其价值。"
    ),
    "The {shown} largest of {all}.": "共 {all} 个中最大的 {shown} 个。",
    "How it predicts": "如何预测",
    "Try a row": "试一行",
    "{shown} of {all} rows, drawn at random.": "{all} 行中随机抽取的 {shown} 行。",
    "All {all} rows.": "全部 {all} 行。",
    "class": "类别",
    "threshold": "阈值",
    "Calibration": "校准",
    "share that is of the class": "属于该类的比例",
    "predicted probability": "预测概率",
    "false-alarm rate": "误报率",
    "hit rate (recall)": "命中率（召回率）",
    "ROC curve": "ROC 曲线",
    "recall": "召回率",
    "precision": "精确率",
    "Precision against recall": "精确率与召回率",
    "average precision {value}": "平均精确率 {value}",
    "threshold {value}": "阈值 {value}",
    "Each row as predicted by the fold that did not see it.": "每一行都由没有见过它的那一折来预测。",
    "Accuracy {value}": "准确率 {value}",
    "The table gives each row its likeliest class; the threshold is for the curves of one class against the others.": (
        "表中每一行归入最可能的类别；阈值用于某一类对其余各类的曲线。"
    ),
    "at this threshold.": "（在此阈值下）。",
    "Every class": "各类",
    "Counts of rows by true and predicted class": "按真实与预测类别计的行数",
    "find a feature": "查找特征",
    "all (norm)": "全部（范数）",
    "Coefficients at this strength": "此强度下的系数",
    "{shown} shown, {alive} not zero": "显示 {shown} 个，其中 {alive} 个非零",
    "exactly zero": "恰好为零",
    "and": "和",
    "The loss over two coefficients, and what the penalty allows": "两个系数上的损失，以及惩罚所允许的范围",
    "null model": "空模型",
    "training": "训练",
    "{loss} per row": "每行的{loss}",
    ", log scale": "，对数尺度",
    "← underfitting": "← 欠拟合",
    "overfitting →": "过拟合 →",
    "training {error}": "训练 {error}",
    "validation {error} ± {se}": "验证 {error} ± {se}",
    "Training and validation error against the strength of the penalty": "训练与验证误差随惩罚强度的变化",
    "Weights of {name} that are not zero": "{name} 中的非零权重",
    "{alive} of {units} units alive, {left} of the weights not zero": "{units} 个单元中 {alive} 个在用，{left} 的权重非零",
    "each cell is a block of {side} × {side} weights, the darker the more are left": (
        "每格是 {side} × {side} 个权重的一块，颜色越深剩得越多"
    ),
    "input {number}": "输入 {number}",
    "unit {number}": "单元 {number}",
    "negative, {share} of the largest": "负，为最大者的 {share}",
    "positive, {share} of the largest": "正，为最大者的 {share}",
    "{out} units × {into} inputs": "{out} 个单元 × {into} 个输入",
    "input": "输入",
    "norm of its weights": "其权重的范数",
    "alive up to strength": "在用直到强度",
    "{alive} of {all} inputs alive": "{all} 个输入中 {alive} 个在用",
    "Inputs at this strength": "此强度下的输入",
    "training loss": "训练损失",
    "epoch": "轮次",
    "epoch {number}": "第 {number} 轮",
    "all rows": "全部行",
    "fold {number}": "第 {number} 折",
    "Training loss by epoch": "各轮的训练损失",
    "row {row}": "第 {row} 行",
    "true {value}": "真实 {value}",
    "predicted {value}": "预测 {value}",
    "predicted": "预测",
    "mean absolute error": "平均绝对误差",
    "true": "真实",
    "True against predicted numbers": "真实值与预测值",
    "residual: true − predicted": "残差：真实 − 预测",
    "Residuals against predicted numbers": "残差与预测值",
    "The row": "这一行",
    "Back to the average row": "回到平均行",
    "A row begins as the average one: the mean of every number, the commonest level of every text. Leave a field empty for a "
    "missing cell.": "起初是平均的一行：每个数值取均值，每个文本取最常见的水平。留空表示缺失的单元格。",
    "contributions to": "对其贡献",
    "{shown} of {all} columns, the largest coefficients; the search above finds the others.": (
        "{all} 列中系数最大的 {shown} 列；其余可用上面的查找找到。"
    ),
    "prediction": "预测",
    "{count} others": "其余 {count} 个",
    "on the scale of the logarithm": "在对数尺度上",
    "in log-odds": "以对数几率计",
    "in log-odds of a higher level": "以更高等级的对数几率计",
    "in units of the target": "以目标的单位计",
    "bar": "条形",
    "adds": "增加",
    "What each column adds": "各列的贡献",
    "intercept: every column at its mean": "截距：各列取均值",
    "(other)": "（其他）",
    "hours:minutes": "时:分",
    "no": "否",
    "yes": "是",
    "(missing)": "（缺失）",
    "(none of these)": "（都不是）",
    "Download CSV": "下载 CSV",
    "Strength of the penalty": "惩罚的强度",
    "Play the path": "播放路径",
    "Stop": "停止",
    "strength s": "强度 s",
    "of {total}": "共 {total} 个",
    "validation error ± SE": "验证误差 ± 标准误",
    "strength s (log scale)": "强度 s（对数尺度）",
    "strong": "强",
    "weak": "弱",
    "minimum = 1-SE": "最小值 = 1-SE",
    "norm ‖W‖₂": "范数 ‖W‖₂",
    "norm of a feature’s weights": "特征权重的范数",
    "share of weights that are not zero": "非零权重所占比例",
    "share of units in use": "在用单元所占比例",
    "inputs": "输入",
    "units of {name}": "{name} 的单元",
    "show": "显示",
    "The weights against the strength of the penalty": "权重随惩罚强度的变化",
    "The coefficients against the strength of the penalty": "系数随惩罚强度的变化",
    "Light": "浅色",
    "Dark": "深色",
    "coefficient for {name}": "{name} 的系数",
    "norm over {count} outputs": "{count} 个输出上的范数",
    ", per standard deviation": "，每标准差",
    "{count} rows": "{count} 行",
}

COMMAND = {
    "The 1-SE rule costs {more} % (± {se}) of error against the minimum": "1-SE 规则比最小值多出 {more} %（± {se}）的误差",
    "The 1-SE rule would cost {more} % (± {se}) of error against the minimum": (
        "1-SE 规则会比最小值多出 {more} %（± {se}）的误差"
    ),
    ", an RMSE of {one} instead of {other},": "，RMSE 为 {one} 而非 {other}",
    " for {saved} column fewer.": "，换来少用 {saved} 列。",
    " for {saved} columns fewer.": "，换来少用 {saved} 列。",
    " for {saved} weight fewer.": "，换来少 {saved} 个权重。",
    " for {saved} weights fewer.": "，换来少 {saved} 个权重。",
    ".": "。",
    "normax demo": "normax 演示",
    "Three regularisation paths. The lasso keeps a few of ten measurements to predict the progress of diabetes; ridge keeps "
    "all and shrinks them; a small network reads handwritten digits with most of its weights at zero.": (
        "三条正则化路径。lasso 在十项测量中保留几项来预测糖尿病的进展；岭回归保留全部并加以收缩；"
        "一个小网络识别手写数字，其大部分权重为零。"
    ),
}

COMPARISON = {
    "Methods compared": "方法比较",
    "Methods compared on {file}": "在 {file} 上比较各方法",
    "method": "方法",
    "Which cure?": "用哪种办法？",
    "Errors of the methods and their differences to the best one": "各方法的误差及其与最佳方法之差",
    "{name}: its errors along its own path.": "{name}：它在自己路径上的误差。",
    "The path of {name}": "{name} 的路径",
    "{method} has the smallest validation error, {error} ± {se}": "{method} 的验证误差最小，为 {error} ± {se}",
    "; {methods} cannot be told from it (within one standard error of the difference).": (
        "；{methods} 与它分不出高下（差值在一个标准误之内）。"
    ),
    "; every other method is more than one standard error of the difference behind.": (
        "；其他每种方法都落后超过差值的一个标准误。"
    ),
    "<b>On the left</b>, filled: mean error on the rows that a fold held out, with ± 1 standard error; rings: error on the "
    "rows that it was fitted to. A long way between ring and point is overfitting. <b>On the right</b>: how much worse than "
    "the best a method is, fold by fold. All met the same folds, so that what makes a fold hard cancels; where the bar of a "
    "difference comes near zero, these data do not tell the two apart.": (
        "<b>左边</b>，实心：留出行上的平均误差，± 1 个标准误；圆环：拟合所用行上的误差。圆环与实心点相距远就是过拟合。"
        "<b>右边</b>：一种方法按折计比最佳方法差多少。所有方法用的是同样的折，因此某一折的难易相互抵消；差值的横条接近零时，"
        "这些数据分不出两者。"
    ),
    "The strengths were chosen on the same folds, and so was the best method: the more strengths were tried, the more the "
    "error of a method leans to the bright side. The folds share training rows, which makes standard errors of differences "
    "somewhat too small.": (
        "强度是在同样的折上选出的，最佳方法也是：试过的强度越多，一种方法的误差越偏乐观。各折共用训练行，使差值的标准误略微偏小。"
    ),
}

TABLE = COMPARISON | COMMAND | HEADLINES | CAPTIONS | TABLES | MOVING
