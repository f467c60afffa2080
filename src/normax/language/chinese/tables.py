"""What is said of a table's columns, cells and target, in Chinese."""

__all__ = ["MESSAGES"]

DOUBTS = {
    "{who:t}: times beyond 24:00 are durations, in units of what comes first": "{who}：超过 24:00 的时刻视为时长，以第一个数的单位计",
    "{who:t}: {words:q} taken as missing": "{who}：{words} 视为缺失",
    "{who:t}: {words:q} are one value": "{who}：{words} 视为同一个值",
    "{who:t} counts the rows one by one; if it only numbers them, leave it out by --drop": (
        "{who} 逐行计数；如果只是行号，请用 --drop 去掉"
    ),
    "{who:t} has no name and numbers the rows in another order; if it means nothing, leave it out by --drop": (
        "{who} 没有名称，以另一种次序给行编号；如果没有意义，请用 --drop 去掉"
    ),
    "{who:t}: whole numbers under the name of a code; if they are categories, say --text": (
        "{who}：名称像编码的整数；如果是类别，请写 --text"
    ),
    "{who:t}: numbers in percent are shares, {cell:q} is {value:n}": "{who}：百分数按比例读取，{cell} 为 {value}",
    "{who:t}: numbers in per mille are shares, {cell:q} is {value:n}": "{who}：千分数按比例读取，{cell} 为 {value}",
    "{who:t}: numbers in {unit}, {cell:q} is {value:n}": "{who}：数值的单位为 {unit}，{cell} 为 {value}",
    "{who:t}: numbers written as {form}, {cell:q} is {value:n}": "{who}：数值按 {form} 的写法读取，{cell} 为 {value}",
    "{who:t}: numbers written as {form} (a decimal comma fits too, --decimal ,), {cell:q} is {value:n}": (
        "{who}：数值按 {form} 的写法读取（逗号作小数点也说得通，--decimal ,），{cell} 为 {value}"
    ),
    "{who:t} read as {form}, though {twin} fits too; if it is that, say --date {other}": (
        "{who} 按 {form} 读取，但 {twin} 也说得通；如果是后者，请写 --date {other}"
    ),
    "{who:t}: years of two digits are from 1969 to 2068 (read as {form})": "{who}：两位数的年份属于 1969 到 2068（按 {form} 读取）",
    "{who:t}: numbers read as dates, {form} (--number, if they are numbers), as {cell}": (
        "{who}：数字按日期读取，写法为 {form}（如果是数值，请写 --number），例如 {cell}"
    ),
    "{who:t}: times of a zone are taken to UTC": "{who}：带时区的时间换算为 UTC",
    "{who:t}: cells that are no {kind:t} count as missing (mend them, or say --text {name}): {shown:t}": (
        "{who}：不是{kind}的单元格按缺失处理（请改正，或写 --text {name}）：{shown}"
    ),
    "{word:q} (row{s} {rows:n})": "{word}（第 {rows} 行）",
    "{word:q} (row{s} {rows:n}), {rest:t}": "{word}（第 {rows} 行），{rest}",
    "{n:n} such in all": "共 {n} 种",
    "{who:t}: {cells:t} hold{s} {number:n}, {where:t}; missing? (--missing {same:n})": (
        "{who}：{cells}为 {number}，{where}；是缺失吗？（--missing {same}）"
    ),
    "the only one below 0": "唯一小于 0 的值",
    "far from all others": "远离其他所有值",
    "{who:t} taken as text: {why:t} (--number, if it is one)": "{who} 当作文本：{why}（如果是数值，请写 --number）",
    "{who:t} taken as text: codes beside its numbers, in {cells:t} ({words:q})": (
        "{who} 当作文本：数值之外还有编码，见于{cells}（{words}）"
    ),
    "{who:t} has categories told apart by capitals alone; if they mean the same, write them alike: {words:q}": (
        "{who} 有只靠大小写区分的类别；如果意思相同，请写成一样：{words}"
    ),
    "{who:t} taken as text: not a {kind:t} in {cells:t} ({words:q}); if that means missing, say --missing {word}": (
        "{who} 当作文本：{cells}不是{kind}（{words}）；如果表示缺失，请写 --missing {word}"
    ),
    "{who:t} taken as text: its numbers differ in what they are of, as {one:q} and {other:q}": (
        "{who} 当作文本：各数值的单位不同，例如 {one} 和 {other}"
    ),
    "{who:t} taken as text: its dates are written in more than one way, as {one:q} and {other:q}; mend them": (
        "{who} 当作文本：日期有不止一种写法，例如 {one} 和 {other}；请改成一致"
    ),
    "{who:t}: rare categories are one, (other): {few:n} of {all:n}, in {rows:n} rows": (
        "{who}：罕见的类别合为一类 (other)：{all} 个中的 {few} 个，占 {rows} 行"
    ),
    "whole numbers too long to stay apart, as {longest}": "整数太长，无法彼此区分，例如 {longest}",
    "leading zeros, as in {cell:q}": "有前导零，例如 {cell}",
}

LEFT_OUT = {
    "{who:t} left out: {reason:t}": "{who} 未使用：{reason}",
    "every cell is missing": "所有单元格都缺失",
    "free text (--words takes its words as features)": "自由文本（--words 以其中的词为特征）",
    "text with as many values as rows": "文本，每行的值都不同",
    "text that hardly repeats, as names of rows do (--text, if it is meant)": (
        "几乎不重复的文本，像行的名称（如果确实要用，请写 --text）"
    ),
    "no word is in two rows": "没有一个词出现在两行中",
    "the categories of {name:q} under other names": "就是 {name} 的类别，只是名称不同",
    "the categories of {name:q} as numbers (--number keeps them)": "就是 {name} 的类别，只是写成数字（--number 可保留）",
    "constant": "取值不变",
    "--drop": "--drop",
    "--only": "--only",
}

SCHEMA = {
    "{source}: no column is left to learn from": "{source}：没有剩下可用来学习的列",
    "{source}: no column is left to learn from; {rest:t}": "{source}：没有剩下可用来学习的列；{rest}",
    "{source}: {faults:t}": "{source}：{faults}",
    "columns {names:q} hold more than {most:n} different texts, which make no categories; leave them out, --drop COLUMN": (
        "列 {names} 的不同文本超过 {most} 种，不能作为类别；请用 --drop COLUMN 去掉"
    ),
    "rows {first:n} to {last:n}, counted from there: {fault:t}": "第 {first} 到 {last} 行，行号从该处数起：{fault}",
    "column {name:q}: {fault:t}": "列 {name}：{fault}",
    "{source}: about {count:n} features, expected at most {most:n}; leave out text of many categories ({widest:t})": (
        "{source}：约有 {count} 个特征，最多应为 {most} 个；请去掉类别过多的文本（{widest}）"
    ),
    "{name:q} has {n:n}": "{name} 有 {n} 个",
    "{name:q} has {n:n}, {rest:t}": "{name} 有 {n} 个，{rest}",
    "{names:t}: asked to be two kinds at once; say one of --text, --number, --date, --words": (
        "{names}：同时被指定为两种类型；--text、--number、--date、--words 只能写其一"
    ),
    "cells of type {kind} are neither numbers, dates nor text": "{kind} 类型的单元格既不是数值，也不是日期或文本",
    "row {row:n} holds {shown}, expected {expected:t}": "第 {row} 行为 {shown}，应为{expected}",
    "a number": "数值",
    "a number written as {form}": "写作 {form} 的数值",
    "true or false, yes or no": "true 或 false、yes 或 no",
    "a time of day ({form})": "一天中的时刻（{form}）",
    "a date ({form})": "日期（{form}）",
    "a date is not a number": "日期不是数值",
    "not a date": "不是日期",
    "no such day or time": "没有这样的日期或时间",
    "not written this way": "不是这种写法",
    "times with and without a zone": "有的时间带时区，有的不带",
    "not a number written this way": "不是这种写法的数值",
    "more than one minus": "不止一个负号",
    "a number without the unit": "没有单位的数值",
    "not a truth value": "不是真假值",
    "{form:q} is no form of numbers": "{form} 不是数值的写法",
    "{text:q} is no way to write dates; expected for instance day.month.year, month/day/yy, Month day, year, yearmonthday, "
    "or strftime's %d.%m.%Y": (
        "{text} 不是日期的写法；应例如 day.month.year、month/day/yy、Month day, year、yearmonthday，或 strftime 的 %d.%m.%Y"
    ),
    "column {name:q}: {cells:t} where training had none, counted as none of its categories": (
        "列 {name}：有{cells}，而训练时没有；按不属于任何类别处理"
    ),
    "column {name:q}: {cells:t} where training had none, filled with its mean": (
        "列 {name}：有{cells}，而训练时没有；用该列的均值填补"
    ),
    "column {name:q}: {rows:t} of a {what} not seen in training ({shown:q}), counted as none": (
        "列 {name}：{rows}的取值（{what}）在训练时没有见过（{shown}），按不属于任何类别处理"
    ),
    "column {name:q}: {rows:t} of a {what} not seen in training ({shown:q}, ...), counted as none": (
        "列 {name}：{rows}的取值（{what}）在训练时没有见过（{shown}……），按不属于任何类别处理"
    ),
    "{value:n} in row {row:n}; expected finite numbers below {most:n}, or empty cells": (
        "第 {row} 行为 {value}；应为小于 {most} 的有限数值，或空单元格"
    ),
    "{value:n} in row {row:n} and {more:t}; expected finite numbers below {most:n}, or empty cells": (
        "第 {row} 行为 {value}，{more}也是如此；应为小于 {most} 的有限数值，或空单元格"
    ),
    "--interactions: {count:n} features, expected at most {most:n}; leave columns out, --drop": (
        "--interactions：{count} 个特征，最多应为 {most} 个；请用 --drop 去掉一些列"
    ),
    "columns {columns} (from 0) hold inf or values too large to square": "列 {columns}（从 0 数起）有 inf 或平方后过大的值",
    "expected shape (rows, {p:n}), got {shape}": "形状应为 (行, {p})，得到的是 {shape}",
    "no column {name:q}{hint:t}": "没有列 {name}{hint}",
    "{n:n} columns absent in all": "共缺 {n} 列",
    "{source}: {faults:t} (columns: {names:t})": "{source}：{faults}（列：{names}）",
    "expected a path, a mapping of arrays or a data frame, got {kind}": "应为路径、数组的映射或数据框，得到的是 {kind}",
    "data frame: cannot be read ({why})": "数据框无法读取（{why}）",
    "{source}: damaged ({why})": "{source}：已损坏（{why}）",
    "{source}: more than one column is called {names:t}; give each its own name": "{source}：不止一列叫 {names}；请各取一个名称",
    "{source}: there are columns but no rows": "{source}：只有列，没有行",
    "{source}: there are no columns": "{source}：没有列",
    "{source}: {count:n} columns; expected at most {most:n}": "{source}：{count} 列；最多应为 {most} 列",
    "the name of column {j:n} has {n:n} letters": "第 {j} 列的名称有 {n} 个字符",
    "the name of column {j:n} has {n:n} letters, {rest:t}": "第 {j} 列的名称有 {n} 个字符，{rest}",
    "and {n:n} more": "还有 {n} 个",
    "{source}: {names:t}; expected at most {most:n} (is the first line a header?)": (
        "{source}：{names}；最多应为 {most} 个（第一行是表头吗？）"
    ),
    "{source}: its {packed:n} bytes unpack to {unpacked:n}; expected at most {most:n}, or {ratio:n} times the file (save it "
    "uncompressed, if that is what it holds)": (
        "{source}：{packed} 字节解压后为 {unpacked} 字节；最多应为 {most}，或文件的 {ratio} 倍（如果内容确实如此，请存为不压缩的文件）"
    ),
    "{source}: numbers have decimal commas: {cell:q} in column {name:q} is {value:n}": (
        "{source}：数值以逗号为小数点：列 {name} 中的 {cell} 为 {value}"
    ),
    "{source}: numbers have points between thousands: {cell:q} in column {name:q} is {value:n}": (
        "{source}：数值以点分隔千位：列 {name} 中的 {cell} 为 {value}"
    ),
    "{source}: {names:t}: numbers have decimal points, {cell:q} is {value:n}; if they stand between thousands, say "
    "--thousands .": "{source}：{names}：数值以点为小数点，{cell} 为 {value}；如果点分隔千位，请写 --thousands .",
}

ANSWERS = {
    "shares from 0 to 1": "0 到 1 的比例",
    "counts of 0 or more": "不小于 0 的计数",
    "amounts above 0": "大于 0 的量",
    "amounts of 0 or more": "不小于 0 的量",
    "times of 0 or more": "不小于 0 的时间",
    "{option} {name}: expected numbers above 0, got {value:n} in row {row:n}": (
        "{option} {name}：应为大于 0 的数，第 {row} 行为 {value}"
    ),
    "{what:t}: --family {family} expects {expected:t}, got {value:n} in row {row:n} ({n:n} such rows)": (
        "{what}：--family {family} 需要{expected}，第 {row} 行为 {value}（这样的行共 {n} 个）"
    ),
    "--time-to {name}": "--time-to {name}",
    "{option} {name}: expected numbers, got {kind:t} such as {cell:q}": "{option} {name}：应为数值，得到的是{kind}，例如 {cell}",
    "{option} {name}: every row needs a number, and {bad:n} of {all:n} have none (first: row {row:n})": (
        "{option} {name}：每行都需要一个数，而 {all} 行中有 {bad} 行没有（第一个：第 {row} 行）"
    ),
    "--strata {name}: every row needs a group, and {bad:n} of {all:n} have none (first: row {row:n})": (
        "--strata {name}：每行都需要一个组，而 {all} 行中有 {bad} 行没有（第一个：第 {row} 行）"
    ),
    "--event {name}: expected 1 (or yes) for an event and 0 (or no), got {odd}": (
        "--event {name}：发生事件应为 1（或 yes），未发生为 0（或 no），得到的是 {odd}"
    ),
    "--event {name}: no row has an event, so there is nothing to learn": "--event {name}：没有一行发生事件，无从学习",
}

TARGET = {
    "task: expected regression or classification, got {task:q}{hint:t}": (
        "task：应为 regression 或 classification，得到的是 {task}{hint}"
    ),
    "target {name:q}: {fault:t}": "目标 {name}：{fault}",
    "target {name:q}: {fault:t} for regression": "目标 {name}：回归时{fault}",
    "target {name:q} holds dates; expected numbers or labels": "目标 {name} 是日期；应为数值或标签",
    "target {name:q}: numbers written as {form}, {cell:q} is {value:n}": (
        "目标 {name}：数值按 {form} 的写法读取，{cell} 为 {value}"
    ),
    "target {name:q} is constant ({value}); there is nothing to learn": "目标 {name} 取值不变（{value}）；无从学习",
    "target {name:q} is constant in the rows left to train on": "目标 {name} 在剩下的训练行中取值不变",
    "--log-target: expected a regression target, got classes": "--log-target：目标应为回归，得到的是类别",
    "target {name:q} has one class only ({label}); a model needs two": "目标 {name} 只有一类（{label}）；模型需要两类",
    "target {name:q} has {labels:n} labels in {rows:n} rows; expected a few classes": (
        "目标 {name} 在 {rows} 行中有 {labels} 个标签；应为少数几类"
    ),
    "target {name:q} has {labels:n} labels in {rows:n} rows; expected a few classes (--task regression, if it is a number)": (
        "目标 {name} 在 {rows} 行中有 {labels} 个标签；应为少数几类（如果是数值，请写 --task regression）"
    ),
    "--strata {name}: {alone:n} of {n:n} groups have one row (first: row {row:n}), which adds nothing to the likelihood": (
        "--strata {name}：{n} 组中有 {alone} 组只有一行（第一个：第 {row} 行），对似然没有贡献"
    ),
    "--family binomial: expected two classes or shares from 0 to 1, and target {name:q} has {n:n} classes; say --family "
    "multinomial": "--family binomial：应为两类或 0 到 1 的比例，而目标 {name} 有 {n} 类；请写 --family multinomial",
    "target {name:q} has {value:n} in row {row:n}; expected finite numbers below {most:n}": (
        "目标 {name} 第 {row} 行为 {value}；应为小于 {most} 的有限数值"
    ),
    "--log-target: target {name:q} has {value:n} in row {row:n}; expected numbers above 0": (
        "--log-target：目标 {name} 第 {row} 行为 {value}；应为大于 0 的数"
    ),
    "target {name:q} has labels that the training rows had not: {shown}": "目标 {name} 有训练行中没有的标签：{shown}",
    "--family {family}: for --task {meant}, and the task is {task}": "--family {family} 用于 --task {meant}，而任务是 {task}",
    "target {name:q}: every cell is missing": "目标 {name}：所有单元格都缺失",
    "target {name:q} is missing in {bad:n} of {all:n} rows (first: row {row:n}); leave those rows out by "
    "--drop-missing-target": "目标 {name} 在 {all} 行中有 {bad} 行缺失（第一个：第 {row} 行）；用 --drop-missing-target 去掉这些行",
    "target {name:q}: row {row:n} holds {cell:q} where most rows hold numbers; mend it, or say --task classification": (
        "目标 {name}：第 {row} 行为 {cell}，而多数行是数值；请改正，或写 --task classification"
    ),
    "target {name:q} has {n:n} different whole numbers, taken as classes; if it is a quantity, say --task regression, if a "
    "scale with an order --family ordinal": (
        "目标 {name} 有 {n} 个不同的整数，当作类别；如果是数量，请写 --task regression，如果是有次序的等级，请写 --family ordinal"
    ),
    "target {name:q} has {n:n} different whole numbers, taken as classes; if it is a quantity, say --task regression, if a "
    "scale with an order --family ordinal, if a count --family poisson": (
        "目标 {name} 有 {n} 个不同的整数，当作类别；如果是数量，请写 --task regression，如果是有次序的等级，请写 --family ordinal，"
        "如果是计数，请写 --family poisson"
    ),
    "target {name:q}: --family ordinal needs levels in an order, and that of {labels} is not known; give it, from the lowest "
    "to the highest: --levels {levels}": (
        "目标 {name}：--family ordinal 需要等级的次序，而 {labels} 的次序未知；请从低到高写明：--levels {levels}"
    ),
    "target {name:q}: no row has level {gaps:n} between {low:n} and {high:n}, so that nothing is known of it; if it cannot "
    "occur, say which levels there are: --levels {levels}": (
        "目标 {name}：{low} 与 {high} 之间的等级 {gaps} 没有任何行，对它一无所知；如果它不可能出现，请写明有哪些等级：--levels {levels}"
    ),
    "--levels: expected each level once, got {levels:q} again": "--levels：每个等级应写一次，重复了 {levels}",
    "--levels: no row of target {name:q} has {levels:q}": "--levels：目标 {name} 没有任何行是 {levels}",
    "--levels: no row of target {name:q} has {levels:q}; leave it out": "--levels：目标 {name} 没有任何行是 {levels}；请去掉",
    "--levels: target {name:q} has {levels} too; say where in the order": (
        "--levels：目标 {name} 还有 {levels}；请写明它在次序中的位置"
    ),
    "target {name:q}: {words:q} are one class": "目标 {name}：{words} 视为同一类",
    "target {name:q}: labels are text, not numbers: {why:t}": "目标 {name}：标签是文本，不是数值：{why}",
    "target {name:q}: {word:q} is a class, of {rows:t}; if it means missing, leave them out by --drop-missing-target": (
        "目标 {name}：{word} 是一个类，有 {rows}；如果表示缺失，用 --drop-missing-target 去掉"
    ),
}

NOTICING = {
    "{n:n} rows of {all:n} are copies of another (as row {second:n} of row {first:n}); copies in two folds make errors look "
    "smaller: leave them out, or say --group with what they share": (
        "{all} 行中有 {n} 行与另一行相同（如第 {second} 行与第 {first} 行）；相同的行分在两折里会使误差显得更小：请去掉，或用 "
        "--group 指出它们共有的列"
    ),
    "{n:n} row of {all:n} is a copy of another (as row {second:n} of row {first:n}); copies in two folds make errors look "
    "smaller: leave them out, or say --group with what they share": (
        "{all} 行中有 {n} 行与另一行相同（如第 {second} 行与第 {first} 行）；相同的行分在两折里会使误差显得更小：请去掉，或用 "
        "--group 指出它们共有的列"
    ),
    "column {name:q} numbers the rows, {low:n} to {high:n} each once; if it means nothing, --drop {same}": (
        "列 {name} 给各行编号，{low} 到 {high} 各一次；如果没有意义，请写 --drop {same}"
    ),
    "column {name:q} has another whole number in every row, as identifiers do; if it means nothing, --drop {same}": (
        "列 {name} 每行的整数都不同，像标识符；如果没有意义，请写 --drop {same}"
    ),
    "column {name:q} numbers the categories of {other:q}; if it is no quantity, --drop {same}": (
        "列 {name} 给 {other} 的类别编号；如果不是数量，请写 --drop {same}"
    ),
    "column {name:q} repeats {n:n} values about {times:n} times each, as identifiers do; if rows of one belong together, say "
    "--group {same}, which keeps them in one fold": (
        "列 {name} 有 {n} 个值，各重复约 {times} 次，像标识符；如果同值的行属于一体，请写 --group {same}，使它们在同一折里"
    ),
    "{columns:t} alone tells the classes of {target:q} without an error; a copy of the target, or known only after it? "
    "(--drop {same})": "仅凭{columns}就能无误地分出 {target} 的各类；是目标的副本，或事后才知道吗？（--drop {same}）",
    "{columns:t} each alone tells the classes of {target:q} without an error; copies of the target, or known only after it? "
    "(--drop {same})": "{columns} 各自都能无误地分出 {target} 的各类；是目标的副本，或事后才知道吗？（--drop {same}）",
    "{columns:t} alone explains {much:n} % of {target:q}; a copy of the target, or known only after it? (--drop {same})": (
        "仅{columns}就解释了 {target} 的 {much} %；是目标的副本，或事后才知道吗？（--drop {same}）"
    ),
    "{columns:t} alone explains more than 99.99 % of {target:q}; a copy of the target, or known only after it? (--drop {same})": (
        "仅{columns}就解释了 {target} 的 99.99 % 以上；是目标的副本，或事后才知道吗？（--drop {same}）"
    ),
    "{columns:t} each alone explains {much:n} % of {target:q}; copies of the target, or known only after it? (--drop {same})": (
        "{columns} 各自都解释了 {target} 的 {much} %；是目标的副本，或事后才知道吗？（--drop {same}）"
    ),
    "{columns:t} each alone explains more than 99.99 % of {target:q}; copies of the target, or known only after it? (--drop "
    "{same})": "{columns} 各自都解释了 {target} 的 99.99 % 以上；是目标的副本，或事后才知道吗？（--drop {same}）",
    "rows stand in the order of {name:q}; if the future is to be predicted, say --time {same}, which trains on what came "
    "before": "各行按 {name} 的次序排列；如果要预测未来，请写 --time {same}，用之前的行训练",
    "target {name:q} looks like a count ({most:n} at most); --family poisson fits its mean on the scale of a logarithm (with "
    "--exposure, where counts are over unlike times){more:t}": (
        "目标 {name} 像是计数（最大 {most}）；--family poisson 在对数尺度上拟合均值（各计数的时长不同时加 --exposure）{more}"
    ),
    "; their variance is {spread:n} times their mean, which --family negative-binomial allows for": (
        "；方差是均值的 {spread} 倍，--family negative-binomial 能顾及这一点"
    ),
    "target {name:q} lies from 0 to 1; --family binomial keeps predictions there": (
        "目标 {name} 在 0 到 1 之间；--family binomial 使预测值也在其中"
    ),
    "target {name:q} has a long tail (its mean is {mean:n}, its median {median:n}); --log-target or --family gamma lets "
    "effects multiply": "目标 {name} 有长尾（均值 {mean}，中位数 {median}）；--log-target 或 --family gamma 使作用相乘",
    "target {name:q} is 0 in {share:n} % of the rows and has a long tail; --family tweedie is for such amounts": (
        "目标 {name} 在 {share} % 的行中为 0，并有长尾；--family tweedie 适用于这样的量"
    ),
    "target {name:q} has {far:n} value{s} far from all others; if they are faults, --family huber lets them pull less": (
        "目标 {name} 有 {far} 个值远离其他所有值；如果是错误，--family huber 可减轻其影响"
    ),
    "target {name:q}: {n:n} rows have its largest, {value:n}; if it was cut off there, their errors say little, and --family "
    "quantile:0.5 minds them less": (
        "目标 {name}：{n} 行取最大值 {value}；如果在那里被截断，这些行的误差说明不了什么，--family quantile:0.5 受其影响较小"
    ),
    "target {name:q}: {n:n} rows have its smallest, {value:n}; if it was cut off there, their errors say little, and --family "
    "quantile:0.5 minds them less": (
        "目标 {name}：{n} 行取最小值 {value}；如果在那里被截断，这些行的误差说明不了什么，--family quantile:0.5 受其影响较小"
    ),
    "target {name:q} is {number:n} in {rows:t}, unlike all others; if that means missing, say --missing {same:n} "
    "--drop-missing-target": (
        "目标 {name} 在 {rows}中为 {number}，与其他的都不同；如果表示缺失，请写 --missing {same} --drop-missing-target"
    ),
    "target {name:q}: class {label:q} is {share:n} % of the rows; accuracy says little of it, look at AUC (and --class-weight "
    "balanced weighs classes alike)": (
        "目标 {name}：类 {label} 占 {share} % 的行；准确率说明不了它，请看 AUC（--class-weight balanced 使各类权重相同）"
    ),
    "target {name:q}: its classes have an order, which the model does not know; --family ordinal --levels {levels} uses it": (
        "目标 {name}：各类有次序，而模型不知道；--family ordinal --levels {levels} 可利用次序"
    ),
    "target {name:q} looks like a time until what {column:q} says; if it ended unseen in some rows, say --family cox --time-to "
    "{time} --event {event}": (
        "目标 {name} 像是到 {column} 所述事件为止的时间；如果有些行在事件之前就结束了，请写 --family cox --time-to {time} --event {event}"
    ),
    "row {n:n} is the sum of the rows above in {columns:t}; it is no case like them: leave it out of the file": (
        "第 {n} 行在 {columns}中是上面各行之和；它不是同类的一例：请从文件中去掉"
    ),
}

MESSAGES = DOUBTS | LEFT_OUT | SCHEMA | ANSWERS | TARGET | NOTICING
