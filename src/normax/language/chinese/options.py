"""What is said of the words of the command line, and its help, in Chinese."""

__all__ = ["MESSAGES", "TABLE"]

TABLE = {
    "usage: ": "用法：",
    "options": "选项",
    "positional arguments": "位置参数",
    "show this help message and exit": "显示本帮助并退出",
    "show program's version number and exit": "显示版本号并退出",
    "Penalised models, from the Lasso to deep networks.": "带惩罚的模型，从 Lasso 到深度网络。",
    "fit a table: the whole regularisation path, its strength chosen by cross-validation": (
        "拟合一个表：整条正则化路径，强度由交叉验证选出"
    ),
    "Fit a table: the whole regularisation path, its strength chosen by cross-validation.": (
        "拟合一个表：整条正则化路径，强度由交叉验证选出。"
    ),
    "fit a network with no penalty, L1, L2, elastic net, dropout and batch norm on the same folds": (
        "在同样的折上拟合网络：不加惩罚、L1、L2、弹性网、dropout 和批归一化"
    ),
    "Fit a network with no penalty, L1, L2, elastic net, dropout and batch norm on the same folds.": (
        "在同样的折上拟合网络：不加惩罚、L1、L2、弹性网、dropout 和批归一化。"
    ),
    "apply a fitted model to another table": "把拟合好的模型用于另一个表",
    "Apply a fitted model to another table.": "把拟合好的模型用于另一个表。",
    "print what a fitted model is and how well it predicts": "打印拟合好的模型是什么、预测得如何",
    "Print what a fitted model is and how well it predicts.": "打印拟合好的模型是什么、预测得如何。",
    "change the imports of a PyTorch file to normax's, and say what is left to do by hand": (
        "把 PyTorch 文件的导入改成 normax 的，并说明还需手工做什么"
    ),
    "Change the imports of a PyTorch file to normax's, and say what is left to do by hand.": (
        "把 PyTorch 文件的导入改成 normax 的，并说明还需手工做什么。"
    ),
    "say what a penalty, a layer that regularises or an option is, and when to use it": (
        "说明一种惩罚、一种起正则化作用的层或一个选项是什么、何时使用"
    ),
    "Say what a penalty, a layer that regularises or an option is, and when to use it.": (
        "说明一种惩罚、一种起正则化作用的层或一个选项是什么、何时使用。"
    ),
    "start a script as several processes that train or fit together, on this machine": (
        "在本机把一个脚本启动为几个一起训练或拟合的进程"
    ),
    "Start a script as several processes that train or fit together, on this machine.": (
        "在本机把一个脚本启动为几个一起训练或拟合的进程。"
    ),
    "example:\n  normax launch -n 2 -- train.py --epochs 10": "例：\n  normax launch -n 2 -- train.py --epochs 10",
    "fit the embedded data sets and make a report to open": "拟合自带的数据集，生成一份可打开的报告",
    "Fit the embedded data sets and make a report to open.": "拟合自带的数据集，生成一份可打开的报告。",
    "print what makes a shell complete the words of this command": "打印使 shell 补全本命令各词的脚本",
    "Print what makes a shell complete the words of this command.": "打印使 shell 补全本命令各词的脚本。",
    "a table: text (.csv, .tsv, .txt), .parquet, .feather, .orc, .jsonl, .npz, .xlsx, SQLite, DuckDB, also packed (.gz, .zst, "
    ".zip); several files or a folder of one table; FILE:TABLE of a database or spreadsheet; - for the standard input": (
        "一个表：文本（.csv、.tsv、.txt）、.parquet、.feather、.orc、.jsonl、.npz、.xlsx、SQLite、DuckDB，也可压缩（.gz、.zst、"
        ".zip）；同一个表的几个文件或一个文件夹；数据库或电子表格用 FILE:TABLE；- 表示标准输入"
    ),
    "examples:\n  normax path d.csv --dry-run                      what is read of it\n  normax path d.csv --target y       "
    "              lasso, report in normax-d\n  normax path d.csv --target y --model auto        the best of linear, curves and "
    "a network\n  normax path --config normax-d/config.toml        that run again": (
        "例：\n  normax path d.csv --dry-run                      读到了什么\n  normax path d.csv --target y                "
        "     lasso，报告在 normax-d 中\n  normax path d.csv --target y --model auto        线性、曲线和网络中最好的\n"
        "  normax path --config normax-d/config.toml        重复那次运行"
    ),
    "example:\n  normax predict normax-d later.csv --out predictions.csv": (
        "例：\n  normax predict normax-d later.csv --out predictions.csv"
    ),
    "the folder that `normax path` or `normax compare` wrote": "`normax path` 或 `normax compare` 写出的文件夹",
    "tables with the columns that the model uses, as of `normax path`": "含有模型所用各列的表，写法同 `normax path`",
    "bash or zsh, as in: normax completion bash > ~/.local/share/bash-completion/completions/normax": (
        "bash 或 zsh，例如：normax completion bash > ~/.local/share/bash-completion/completions/normax"
    ),
    "a .py file that imports torch": "导入 torch 的 .py 文件",
    "l1, dropout, cv, ... (default: list all names)": "l1、dropout、cv 等（默认：列出全部名称）",
    "columns": "列",
    "which to use and how, by name, commas between; a name that holds a comma in double quotes": (
        "用哪些列、如何用：写列名，以逗号分隔；含逗号的列名加双引号"
    ),
    "how files are written": "文件的写法",
    "family": "分布族",
    "choosing the strength": "选择强度",
    "networks": "网络",
    "run": "运行",
}

FAULTS = {
    "no command {name:q}{hint:t} (commands: {commands:w})": "没有命令 {name}{hint}（命令：{commands}）",
    "no option {name:q}{hint:t}": "没有选项 {name}{hint}",
    "{fault:t} (see normax --help)": "{fault}（见 normax --help）",
    "{fault:t} (see normax {command:w} --help)": "{fault}（见 normax {command} --help）",
    "the following arguments are required: DATA": "还需要：DATA",
    "the following arguments are required: {names:w}": "还需要：{names}",
    "unexpected word {word:q}{hint:t}": "多余的词 {word}{hint}",
    "; lists have commas: {option:w} A,B": "；列表用逗号分隔：{option} A,B",
    "{option:w}: expected one argument": "{option}：后面应有一个值",
    "{option:w}: expected at least one argument": "{option}：后面至少应有一个值",
    "{option:w}: ignored explicit argument {value:q}": "{option}：不应有值，却给了 {value}",
    "{option:w}: invalid choice: {value:q} (choose from {names})": "{option}：不能是 {value}（可选 {names}）",
    "unrecognized arguments: {words}": "不认识的词：{words}",
    "{option:w}: {fault:t}": "{option}：{fault}",
    "expected names with commas between, got {text:q}": "应为以逗号分隔的名称，得到的是 {text}",
    "expected {expected:t}, got {text:q}{hint:t}": "应为 {expected}，得到的是 {text}{hint}",
    "expected a whole number >= {low:n}, got {text:q}": "应为不小于 {low} 的整数，得到的是 {text}",
    "expected a count >= 2 or values such as 1.0,0.1, got {text:q}": "应为不小于 2 的个数，或 1.0,0.1 这样的值，得到的是 {text}",
    "{family:w} takes no parameter, got {text:q}": "{family} 没有参数，得到的是 {text}",
    "probabilities from 0 to 0.99 with commas between": "0 到 0.99 的概率，以逗号分隔",
    "finite strengths >= 0 with commas between, or how many": "不小于 0 的有限强度，以逗号分隔，或个数",
    "a number from 0 to 1": "0 到 1 的数",
    "a number above 0": "大于 0 的数",
    "a dispersion above 0": "大于 0 的离散度",
    "a power from 1 to 2": "1 到 2 的幂",
    "a size of residuals above 0": "大于 0 的残差大小",
    "a level between 0 and 1": "0 与 1 之间的水平",
    "--config {file}: of normax {of:w}, not of normax {command:w}": "--config {file}：用于 normax {of}，不是 normax {command}",
    "--config {file}: {faults:t}": "--config {file}：{faults}",
    "--config {file}: cannot be read ({why})": "--config {file}：无法读取（{why}）",
    "--config {file}: no TOML ({why})": "--config {file}：不是 TOML（{why}）",
    "{name}: expected text, a number, true, false or a list of these, got {value}": (
        "{name}：应为文本、数、true、false 或它们的列表，得到的是 {value}"
    ),
    "data: expected a path or a list of them": "data：应为路径或路径的列表",
    "explain: no {name:q}{hint:t} (all names: normax explain)": "explain：没有 {name}{hint}（全部名称：normax explain）",
}

TOGETHER = {
    "{options:w}: for networks, and the model is linear (--model mlp)": "{options}：用于网络，而模型是线性的（--model mlp）",
    "--decimal and --thousands: one mark, {mark:q}, cannot be both": "--decimal 与 --thousands：同一个记号 {mark} 不能兼作两者",
    "--l1-ratio is for --penalty elastic-net, and the penalty is {penalty:w}": (
        "--l1-ratio 用于 --penalty elastic-net，而惩罚是 {penalty}"
    ),
    "--refit: l2 chooses no columns to fit again; use --penalty l1, elastic-net or group-lasso": (
        "--refit：l2 不选择列，没有可重新拟合的；请用 --penalty l1、elastic-net 或 group-lasso"
    ),
    "--refit: {penalty:w} leaves large coefficients unshrunk by itself; use it with --penalty l1, elastic-net or group-lasso": (
        "--refit：{penalty} 本来就不收缩大的系数；请与 --penalty l1、elastic-net 或 group-lasso 同用"
    ),
    "--offset and --exposure: an exposure is an offset, of its logarithm; name one": (
        "--offset 与 --exposure：暴露量就是其对数作偏移；只能写一个"
    ),
    "--log-target: for --family gaussian, and the family is {family:w}": "--log-target：用于 --family gaussian，而分布族是 {family}",
    "{options}: for linear models, and the model is {model}": "{options}：用于线性模型，而模型是 {model}",
    "--strengths: expected a count, since models of --model auto have strengths of their own": (
        "--strengths：应为个数，因为 --model auto 的各模型有各自的强度"
    ),
    "--strata: for --family cox, with --time-to and --event": "--strata：用于 --family cox，与 --time-to 和 --event 同用",
    "--levels: for --family ordinal, and the family is {family:w}": "--levels：用于 --family ordinal，而分布族是 {family}",
    "--time-to and --event: for --family cox, and the family is {family:w}": (
        "--time-to 与 --event：用于 --family cox，而分布族是 {family}"
    ),
    "--family cox: name the column of times, --time-to, and that of events, --event": (
        "--family cox：请写明时间列 --time-to 和事件列 --event"
    ),
    "--target: with --time-to and --event these are the target; leave it out": (
        "--target：有 --time-to 和 --event 时它们就是目标；请去掉"
    ),
    "--model auto: for normax path; normax compare takes one network": "--model auto：用于 normax path；normax compare 只用一个网络",
}

MESSAGES = FAULTS | TOGETHER
