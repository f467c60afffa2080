"""What the command prints beside the faults of tables and options, in Chinese: tables' words, runs, models."""

__all__ = ["MESSAGES", "TABLE"]

TABLE = {
    "error: ": "错误：",
    "note": "提示",
    "note: ": "提示：",
    "left": "剩余",
    "starting": "开始",
    "writing": "写入",
    "interrupted; nothing was written": "已中断；没有写入任何东西",
    "terminated; nothing was written": "已终止；没有写入任何东西",
    "not enough memory; try fewer --strengths, a smaller --cv or fewer columns (--drop)": (
        "内存不足；请试试较少的 --strengths、较小的 --cv 或较少的列（--drop）"
    ),
    "regression": "回归",
    "classification": "分类",
    "survival": "生存分析",
    "no features": "没有特征",
    "method": "方法",
    "nonzero": "非零",
    "train": "训练误差",
    "cv error": "交叉验证误差",
    "behind best": "落后于最佳",
    "± se": "± 标准误",
    "time": "用时",
    "best": "最佳",
    "cross-validated": "交叉验证",
    "largest coefficients": "最大的系数",
    "per sd": "每标准差",
    "error per row: {loss}": "每行的误差：{loss}",
    "error per row: {loss}; ± standard error; dropout's strength is its p": (
        "每行的误差：{loss}；± 标准误；dropout 的强度是其 p"
    ),
    "rows, test set": "行，测试集",
    "rows, cross-validated": "行，交叉验证",
    "{count} more in coefficients.csv; ": "另有 {count} 个在 coefficients.csv 中；",
    "{count} of {total} are exactly zero": "{total} 个中有 {count} 个恰好为零",
    "Time: {seconds}": "用时：{seconds}",
    "Report: ": "报告：",
    "Open {page}": "请打开 {page}",
    "{count} predictions: {file}": "{count} 个预测值：{file}",
    "The strengths and the best method were chosen on the same folds, so its error is optimistic. Hold rows out with --test "
    "0.2 for an honest one.": "强度和最佳方法是在同样的折上选出的，因此其误差偏乐观。用 --test 0.2 留出一些行，可得到可信的误差。",
    "written as": "写法",
    "categories": "类别",
    "{name}: {count} classes, {classes}": "{name}：{count} 类，{classes}",
    "{name}: regression, smallest {smallest}, mean {mean}, largest {largest}": (
        "{name}：回归，最小 {smallest}，均值 {mean}，最大 {largest}"
    ),
    "half the deviance of shares": "比例的偏差的一半",
    "half the Poisson deviance": "泊松偏差的一半",
    "half the negative binomial deviance": "负二项偏差的一半",
    "half the gamma deviance": "伽马偏差的一半",
    "half the Tweedie deviance": "Tweedie 偏差的一半",
    "Huber's loss, half the squared error of small residuals": "Huber 损失，小残差为平方误差的一半",
    "check loss of the quantile": "分位数损失",
    "negative log partial likelihood that the held-out rows add": "留出行增加的负对数偏似然",
    "R²": "R²",
    "R² (log scale)": "R²（对数尺度）",
    "MAE": "平均绝对误差 (MAE)",
    "AUC": "AUC",
    "C index": "C 指数",
    "levels off": "相差的等级数",
    "share below": "低于预测的比例",
    "share of pairs of rows whose order is known that are in the right one; over folds their mean": (
        "次序已知的行对中次序正确的比例；取各折的平均"
    ),
    "mean of τ·(y − f) above and (1 − τ)·(f − y) below, for the quantile τ": (
        "对分位数 τ，y 高于 f 时 τ·(y − f)、低于时 (1 − τ)·(f − y) 的平均"
    ),
    "mean number of levels between the likeliest and the true one": "最可能的等级与真实等级之间相差级数的平均",
    "share of rows below their predicted quantile": "低于所预测分位数的行所占比例",
    "D²": "D²",
}

PHASES = {
    "loading": "载入",
    "reading": "读取",
    "preparing": "准备",
    "folds": "分折",
    "fit on all rows": "在全部行上拟合",
    "looking at all rows": "查看全部行",
    "moments": "计算矩",
    "gaps": "核对对偶间隙",
    "asking": "诊断",
    "measuring": "评估",
    "writing": "写入",
    "pilot": "试跑",
    "starting": "开始",
    "{phase:t}, weaker strengths": "{phase}，更弱的强度",
    "{model:w}: {phase:t}": "{model}：{phase}",
}

RUNS = {
    "{file}: {rows:n} rows are more than memory holds, and in blocks {words:w} cannot be done; leave that out, or give some of the "
    "files": "{file}：共 {rows} 行，内存放不下，分块读取时无法使用 {words}；请去掉这些选项，或只给出部分文件",
    "target {name:q}: {rows:n} rows are more than memory holds, and in blocks classes cannot be fitted; give some of the files, or "
    "say --task regression if these are quantities": (
        "目标 {name}：共 {rows} 行，内存放不下，分块读取时无法拟合类别；请只给出部分文件；如果它们是数量，请写 --task regression"
    ),
    "{rows:n} rows, more than memory holds, were read in blocks: errors, coefficients and gaps are of all rows; measures such as "
    "R2, and pictures of rows, are of {some:n}, one in {stride:n}": (
        "共 {rows} 行，内存放不下，已分块读取：误差、系数和对偶间隙来自全部行；R2 等指标和各行的图来自其中 {some} 行，每 {stride} 行取一行"
    ),
    "--cv {cv:n}: there are {rows:n} rows": "--cv {cv}：只有 {rows} 行",
    "{target} from {count:n} column{s} of {file}": "由 {file} 的 {count} 列预测 {target}",
    "log of {target} from {count:n} column{s} of {file}": "由 {file} 的 {count} 列预测 {target} 的对数",
    "{title:t}: methods compared": "{title}：各方法比较",
    "linear model with {parts:t}": "线性模型，带{parts}",
    "neither curves nor products": "零条曲线和零个乘积",
    "linear model": "线性模型",
    "two hidden ReLU layers of {width:n} units": "两个 ReLU 隐层，各 {width} 个单元",
    "network {name} of {file}": "{file} 的网络 {name}",
    "Kept: {model:w}, the simplest that is not measurably behind the best; {others:t}.": (
        "保留：{model}，没有明显落后于最佳的最简单的模型；{others}。"
    ),
    "{model:w} cannot be told from it ({more:n} % of its error, ± {se:n})": "{model} 与它没有可辨的差别（误差相差 {more} %，± {se}）",
    "{model:w} is measurably worse ({more:n} %, ± {se:n})": "{model} 明显更差（{more} %，± {se}）",
    "{model:w} is measurably better ({more:n} %, ± {se:n})": "{model} 明显更好（{more} %，± {se}）",
    "{model:w}: {notice:t}": "{model}：{notice}",
    "{name:q} left out: {reason:t}": "{name} 未使用：{reason}",
    "name the column to predict, --target COLUMN, one of: {names}": "请指明要预测的列，--target COLUMN，可选：{names}",
    "--target {name}: the same column cannot be dropped, nor be group, time, weights, offset, event or strata": (
        "--target {name}：同一列不能又被去掉，也不能是 group、time、weights、offset、event 或 strata"
    ),
    "--group and --time: folds are either grouped or forward; name one": "--group 与 --time：分折要么按组，要么按时间；只能写一个",
    "--time {name}: expected numbers or dates, got text such as {cell:q}": (
        "--time {name}：应为数值或日期，得到的是文本，例如 {cell}"
    ),
    "--weights {name}: expected numbers of 0 or more, got {value:n} in row {row:n}": (
        "--weights {name}：应为不小于 0 的数，第 {row} 行为 {value}"
    ),
    "--weights {name}: expected numbers of 0 or more, got 0 in every row": "--weights {name}：应为不小于 0 的数，却每行都是 0",
    "{option:w} {name}: every row needs one, and {bad:n} of {all:n} have none": (
        "{option} {name}：每行都需要一个，而 {all} 行中有 {bad} 行没有"
    ),
    "--test {text}: expected a share between 0 and 1, or a file": "--test {text}：应为 0 与 1 之间的比例，或一个文件",
    "--test {share:n}: of {n:n} rows it leaves {test:n} to test on and {train:n} to train": (
        "--test {share}：{n} 行中留下 {test} 行测试、{train} 行训练"
    ),
    "--test {share:n}: no row of class {names} is left to train on": "--test {share}：没有剩下可训练的类 {names} 的行",
    "--class-weight balanced: expected classes, and this target is a regression": (
        "--class-weight balanced：应为类别，而这个目标是回归"
    ),
    "cross-validation needs two folds at least, and {why:t}; give it more rows or leave it out of the file": (
        "交叉验证至少需要两折，而{why}；请给它更多的行，或把它从文件中去掉"
    ),
    "--cv {cv:n}: {why:t}; say --cv {most:n}": "--cv {cv}：{why}；请写 --cv {most}",
    "{cv:n} folds became {most:n}: {why:t}": "{cv} 折改为 {most} 折：{why}",
    "forward folds need one time more, and there are {n:t}": "按时间向前的分折需要多一个时间，而只有{n}",
    "every fold needs a group, and there are {n:t}": "每折都需要一个组，而只有{n}",
    "there are {n:t} to train on": "可用于训练的只有 {n}",
    "each class needs a row in each fold, and of the rows to train on class {names} has {n:n}": (
        "每类在每折中都需要一行，而训练行中类 {names} 只有 {n} 行"
    ),
    "each class needs a row in each fold, and of the rows to train on class {names}, ... ({k:n} classes) has {n:n}": (
        "每类在每折中都需要一行，而训练行中类 {names} 等（{k} 类）只有 {n} 行"
    ),
    "--splines: no column has {n:n} different numbers, so that there is nothing to bend": (
        "--splines：没有一列有 {n} 个不同的数，没有可弯曲的"
    ),
    "predictions are means, exp of the fit times {smear:n} (Duan's smearing); without it, about medians": (
        "预测值是均值，即拟合值的 exp 乘以 {smear}（Duan 的 smearing）；不乘则约为中位数"
    ),
    "dispersion of the counts about the chosen fit: {value:n}": "计数围绕所选拟合的离散度：{value}",
    "dispersion of the counts about the chosen fit: 0: they scatter no more than Poisson's": (
        "计数围绕所选拟合的离散度：0，不比泊松更分散"
    ),
    "no model.onnx: {fault:t}": "没有 model.onnx：{fault}",
    "{file}: nothing is left to do": "{file}：没有别的要做了",
    "{file}: {n:n} line needs a hand: {lines:n}; see the comments that begin with # normax:": (
        "{file}：有 {n} 行需要手工处理：{lines}；见以 # normax: 开头的注释"
    ),
    "{file}: {n:n} lines need a hand: {lines:n}; see the comments that begin with # normax:": (
        "{file}：有 {n} 行需要手工处理：{lines}；见以 # normax: 开头的注释"
    ),
}

MODELS = {
    "{folder}: a saved model is fitted already; keep it so by sklearn.frozen.FrozenEstimator, or fit anew by the command": (
        "{folder}：保存的模型已经拟合好；用 sklearn.frozen.FrozenEstimator 保持原样，或用命令重新拟合"
    ),
    "expected shape (rows, {p:n}), got {shape}; or give a data frame": "形状应为 (行, {p})，得到的是 {shape}；或给一个数据框",
    "--model: expected linear, mlp, auto or FILE.py:CLASS, got {model:q}{hint:t}": (
        "--model：应为 linear、mlp、auto 或 FILE.py:CLASS，得到的是 {model}{hint}"
    ),
    "{file} has changed since the model was fitted (its checksum is {now:w}..., that of the fit {then:w}...) and was not run; put the "
    "file of the fit back, or fit again": (
        "{file} 在模型拟合之后改过（校验和为 {now}……，拟合时为 {then}……），没有运行；请放回拟合时的文件，或重新拟合"
    ),
    "{home}: its network is class {name} of {file}, a file that would run with all your rights (its checksum is that of the "
    "fit); if you trust it and what it imports, add --trust-code": (
        "{home}：它的网络是 {file} 的类 {name}，这个文件会以你的全部权限运行（校验和与拟合时相同）；如果信任它及其导入的内容，"
        "请加 --trust-code"
    ),
    "--model {file}:{name}: no nn.Module of that name in the file{hint:t}": "--model {file}:{name}：文件中没有这个名称的 nn.Module{hint}",
    "--model {file}:{name}: expected {same}(in_features, out_features), called here as {again:w}({p:n}, {m:n}) and on 2 rows; {fault}": (
        "--model {file}:{name}：应为 {same}(in_features, out_features)，这里以 {again}({p}, {m}) 调用并用于 2 行；{fault}"
    ),
    "--model {file}:{name}: expected an output of shape (rows, {m:n}), got {shape} for 2 rows": (
        "--model {file}:{name}：输出的形状应为 (行, {m})，对 2 行得到的是 {shape}"
    ),
    "{home}: its network is class {name} of a file that is not at {where}; put it there": (
        "{home}：它的网络是某文件的类 {name}，而该文件不在 {where}；请放到那里"
    ),
    "--model {fault:t}": "--model {fault}",
    "--model {file}, line {line:n}: {fault}": "--model {file} 第 {line} 行：{fault}",
    "--model {file}: cannot be imported; {fault}": "--model {file}：无法导入；{fault}",
    "--model {file}: no such file": "--model {file}：没有这个文件",
    "--onnx: the file is written by onnx: pip install 'normax[onnx]'": "--onnx：文件由 onnx 写出：pip install 'normax[onnx]'",
    "--onnx: curves and products are not written to ONNX; leave out --splines and --interactions": (
        "--onnx：曲线和乘积不写入 ONNX；请去掉 --splines 和 --interactions"
    ),
    "launch: which script? normax launch -n 2 -- script.py (see normax launch --help)": (
        "launch：运行哪个脚本？normax launch -n 2 -- script.py（见 normax launch --help）"
    ),
    "-n {n:n}: this machine has {gpus:n} GPUs, and every process takes one at least; JAX_PLATFORMS=cpu leaves them alone": (
        "-n {n}：本机有 {gpus} 块 GPU，而每个进程至少取一块；JAX_PLATFORMS=cpu 则不用它们"
    ),
    "process {first:n} of {all:n} ended with exit code {code:n}, so the others were ended; its lines begin with [{same:n}]": (
        "{all} 个进程中的进程 {first} 以退出码 {code} 结束，其余进程因此被结束；它的行以 [{same}] 开头"
    ),
    "process {first:n} of {all:n} ended with signal {signal:w}, so the others were ended; its lines begin with [{same:n}]": (
        "{all} 个进程中的进程 {first} 因信号 {signal} 结束，其余进程因此被结束；它的行以 [{same}] 开头"
    ),
    "--onnx: the offset {name:q} is not written to ONNX; leave it out": "--onnx：偏移 {name} 不写入 ONNX；请去掉",
    "--onnx: {what:t} cannot be written to ONNX; leave them out by --drop": "--onnx：{what}不能写入 ONNX；请用 --drop 去掉",
    "free text ({names:q})": "自由文本（{names}）",
    "parts of dates ({names:q})": "日期的各部分（{names}）",
    "--onnx: this network is written by jax2onnx: pip install jax2onnx": "--onnx：这个网络由 jax2onnx 写出：pip install jax2onnx",
    "--onnx: jax2onnx cannot write this network ({why})": "--onnx：jax2onnx 无法写出这个网络（{why}）",
    "{file}: damaged: {faults:t}; fit again": "{file}：已损坏：{faults}；请重新拟合",
    "{folder}: weights of other kinds than the network's: {faults:t}": "{folder}：权重的类型与网络的不同：{faults}",
    "{name:w}: expected {want:w}, found {found:w}": "{name}：应为 {want}，得到的是 {found}",
    "{file} holds no {what} with a checksum, or one of an older normax{hint:t}": (
        "{file} 中没有带校验和的 {what}，或是旧版 normax 的{hint}"
    ),
    "{file} holds no {what}{hint:t}": "{file} 中没有 {what}{hint}",
    "{file}: damaged, or no {what}": "{file}：已损坏，或不是 {what}",
}

MESSAGES = PHASES | RUNS | MODELS
