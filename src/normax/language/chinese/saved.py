"""What is said of the description of a saved model that contradicts itself, in Chinese."""

__all__ = ["MESSAGES"]

FORMS = {
    "{file}: {where:w}: {fault:t}": "{file}：{where}：{fault}",
    "{where:i}: {fault:t}": "{where}：{fault}",
    "{where:i}: expected {what:t}, got {value}": "{where}：应为{what}，得到的是 {value}",
    "{where:i}: expected {n:n} entries, got {m:n}": "{where}：应有 {n} 项，得到 {m} 项",
    "{where:i}: not there{hint:t}": "{where}：缺少{hint}",
    "{where:i}: unexpected": "{where}：多余",
    "named entries": "带名称的各项",
    "a list": "列表",
    "true or false": "true 或 false",
    "a whole number": "整数",
    "a finite number": "有限的数",
}

MODEL = {
    "expansion: expected null beside a network": "expansion：有网络时应为 null",
    "expansion: {fault:t}": "expansion：{fault}",
    "expected features from 0 to {last:n}": "特征应在 0 到 {last} 之间",
    "expected knots of {n:n} curves, got {m:n}": "应有 {n} 条曲线的节点，得到 {m} 条的",
    "knots: expected {most:n} numbers at most, increasing": "knots：应为至多 {most} 个递增的数",
    "features: not those of the schema": "features：与 schema 的不符",
    "{name:i}: expected {p:n} numbers, one a feature, got {n:n}": "{name}：应有 {p} 个数，每个特征一个，得到 {n} 个",
    "fill: not the means": "fill：不是各均值",
    "scale: expected numbers >= 0": "scale：应为不小于 0 的数",
    "output.scale: expected a number above 0": "output.scale：应为大于 0 的数",
    "network: of {a:n} inputs and {b:n} outputs, not {c:n} and {d:n}": "network：有 {a} 个输入和 {b} 个输出，而不是 {c} 和 {d} 个",
    "network.method: unknown {method:q}": "network.method：不认识 {method}",
    "{name} holds NaN or inf": "{name} 含有 NaN 或 inf",
    "{name:i}: expected {want}, found {found}": "{name}：应为 {want}，得到的是 {found}",
    "{n:n} numbers, too few for two hidden layers of {width:n} units": "{n} 个数，不够两个各 {width} 个单元的隐层",
    "details.confusion.{kind:w}: expected {n:n} rows of {m:n} counts": "details.confusion.{kind}：应有 {n} 行，每行 {m} 个计数",
    "details.confusion.test: not there": "details.confusion.test：缺少",
}

TARGET = {
    "target.labels: expected none for a regression": "target.labels：回归不应有",
    "target.labels: expected texts, numbers or booleans, all of one kind": "target.labels：应为同一类型的文本、数或真假值",
    "target.labels: expected two or more, in increasing order": "target.labels：应有两个以上，按递增次序",
    "target.labels: expected two or more, each once": "target.labels：应有两个以上，各出现一次",
    "target.labels: expected finite numbers": "target.labels：应为有限的数",
    "target.log: expected false for classes": "target.log：类别时应为 false",
    "target.task: expected regression or classification, got {task:q}": "target.task：应为 regression 或 classification，得到的是 {task}",
    "target.family: no family of a regression, {family:q}": "target.family：回归没有这种分布族 {family}",
    "target.family: no family of a classification, {family:q}": "target.family：分类没有这种分布族 {family}",
    "target.smear: expected a number above 0": "target.smear：应为大于 0 的数",
    "target.event: expected one for cox alone": "target.event：只有 cox 应有",
    "target.strata: expected none without an event": "target.strata：没有 event 时不应有",
    "target.form: unknown {form:q}": "target.form：不认识 {form}",
}

SCHEMA = {
    "schema.columns: expected one at least": "schema.columns：至少应有一列",
    "schema.columns: two of one name": "schema.columns：有两列同名",
    "schema: column {name:q}: {fault:t}": "schema：列 {name}：{fault}",
    "unknown kind {kind:q}": "不认识类型 {kind}",
    "unknown form {form:q}": "不认识写法 {form}",
    "expected different levels for text, and none for {kind:w}": "文本应有互不相同的水平，{kind} 不应有",
    "expected an idf for each word, and none for {kind:w}": "每个词应有一个 idf，{kind} 不应有",
    "expected no odd cells for {kind:w}": "{kind} 不应有异常的单元格",
    "expected parts of dates and times alone": "只有日期和时刻应有各部分",
    "a part of its dates twice": "日期的一个部分出现两次",
    "no such part of a date {part}": "没有这样的日期部分 {part}",
}

MESSAGES = FORMS | MODEL | TARGET | SCHEMA
