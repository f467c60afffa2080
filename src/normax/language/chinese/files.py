"""What is said of files that are read and written, in Chinese."""

__all__ = ["MESSAGES"]

ARRAYS = {
    "{name}: two arrays are called {key:q}; give each its own name": "{name}：两个数组都叫 {key}；请各取一个名称",
    "array {key:q} holds pickled objects, which are never loaded": "数组 {key} 含有 pickle 对象，从不加载",
    "{source}: a column's name holds half a character ({error})": "{source}：一列的名称含有半个字符（{error}）",
    "{source}: {odd:t}; expected (rows,) or (rows, columns)": "{source}：{odd}；应为 (行,) 或 (行, 列)",
    "array {name:q} has shape {shape}": "数组 {name} 的形状为 {shape}",
    "array {name:q} has shape {shape}, {rest:t}": "数组 {name} 的形状为 {shape}，{rest}",
    "{source}: arrays differ in rows: expected {rows:n}, but {other:t}": "{source}：各数组的行数不同：应为 {rows}，但 {other}",
    "{source}: more than one array gives the column {names:t} (a two-dimensional X becomes X_0, X_1, ...); give each its own "
    "name": "{source}：不止一个数组给出列 {names}（二维的 X 成为 X_0, X_1, ...）；请各取一个名称",
    "{source}: array {name:q}: rows differ in length": "{source}：数组 {name}：各行长度不同",
    "{source}: column {name:q} is not of one kind ({what})": "{source}：列 {name} 不是同一类型（{what}）",
    "{name}: expected a list of objects, one a row; entry {at:n} is none": "{name}：应为对象的列表，每行一个；第 {at} 项不是",
    "{name}: cells that are nested deeper than {most:n} levels; expected a value a cell": (
        "{name}：单元格的嵌套超过 {most} 层；每个单元格应为一个值"
    ),
    "{name}: expected an object a line, or one list of objects": "{name}：应为每行一个对象，或一个对象的列表",
}

DATABASES = {
    "{name}: reading it needs DuckDB's library: pip install 'normax[duckdb]'": (
        "{name}：读取它需要 DuckDB 的库：pip install 'normax[duckdb]'"
    ),
    "{name}: holds no table": "{name}：其中没有表",
    "{name}: name the table, {same}:TABLE, one of {known:t}": "{name}：请指明表，{same}:TABLE，可选 {known}",
    "{name}: no table {table:q}{hint:t} (tables: {known:t})": "{name}：没有表 {table}{hint}（表：{known}）",
    "{name}: {view:q} is a view that does not end soon; store what it gives as a table": (
        "{name}：视图 {view} 迟迟没有结束；请把它给出的内容存为表"
    ),
    "{name}: spreadsheets are read by calamine: pip install 'normax[excel]'": (
        "{name}：电子表格由 calamine 读取：pip install 'normax[excel]'"
    ),
    "{name}: no sheet {sheet:q}{hint:t} (sheets: {known:t})": "{name}：没有工作表 {sheet}{hint}（工作表：{known}）",
    "{name}: no sheet holds anything": "{name}：所有工作表都是空的",
    "{name}: the first sheet, {sheet:q}, is read; {others:t} by --sheet": (
        "{name}：读取第一个工作表 {sheet}；要读 {others} 请用 --sheet"
    ),
    "{name}: {columns:t} without a name in the header (the first is number {at:n}); give each a name": (
        "{name}：表头中有 {columns}没有名称（第一个是第 {at} 列）；请各取一个名称"
    ),
}

DELIMITED = {
    "{source}: the file is empty; expected a header line and rows": "{source}：文件是空的；应有表头行和数据行",
    "{source}: no comma, tab, ; or | in the header; cells are taken to stand apart by blanks": (
        "{source}：表头中没有逗号、制表符、; 或 |；按空格分隔单元格"
    ),
    "{source}: {lines:t} that begin with # are taken for comments": "{source}：以 # 开头的 {lines}视为注释",
    "{source}: every row ends with a delimiter that the header has not; no column is behind it": (
        "{source}：每行末尾都有表头没有的分隔符；其后没有列"
    ),
    "{source}: every row begins with a cell that the header has not, taken for its name": (
        "{source}：每行开头都有表头没有的单元格，视为行名"
    ),
    "{source}: {rows:t} in the file, {read:n} read; mend its quotes": "{source}：文件中有 {rows}，读到 {read} 行；请改正引号",
    "--delimiter {text:q}: expected one character, or comma, tab, semicolon, pipe or space{hint:t}": (
        "--delimiter {text}：应为一个字符，或 comma、tab、semicolon、pipe、space{hint}"
    ),
    "{source}, line {line:n}: {fault:t}": "{source} 第 {line} 行：{fault}",
    "a quote is opened and never closed": "引号打开后没有关闭",
    "a quoted cell goes on after its closing quote (a quote inside a cell is doubled)": (
        "带引号的单元格在关闭引号之后还有内容（单元格内的引号要写两个）"
    ),
    "line {line:n} takes in {lines:t} that look like rows": "第 {line} 行吞进了看似数据行的 {lines}",
    "line {line:n} takes in {lines:t} that look like rows, {rest:t}": "第 {line} 行吞进了看似数据行的 {lines}，{rest}",
    "and {n:n} more lines differ": "另有 {n} 行不同",
    "{source}: {what:t}: a quote was opened and closed lines later; if these are rows, mend the quotes": (
        "{source}：{what}：引号打开后隔了几行才关闭；如果这些是数据行，请改正引号"
    ),
    "{source}: {what:t}: a quote was opened and closed lines later; mend the quotes (a quote inside a cell is doubled)": (
        "{source}：{what}：引号打开后隔了几行才关闭；请改正引号（单元格内的引号要写两个）"
    ),
    "{source}: the header has {expected:n} cells, but {lines:t}; every row needs {same:n} (quote a cell that holds the "
    "delimiter; delete titles and footers)": (
        "{source}：表头有 {expected} 个单元格，但{lines}；每行都需要 {same} 个（含分隔符的单元格要加引号；请删去标题和脚注）"
    ),
    "line {at:n} has {n:n}": "第 {at} 行有 {n} 个",
    "line {at:n} has {n:n}, and {more:n} more lines differ": "第 {at} 行有 {n} 个，另有 {more} 行不同",
    "line {at:n} has {n:n}, {rest:t}": "第 {at} 行有 {n} 个，{rest}",
    "{source}: the header is the line that begins with #": "{source}：以 # 开头的那一行是表头",
    "{source}: lines before the header that begin with # are taken for comments": "{source}：表头之前以 # 开头的行视为注释",
    "{source}: line {line:n} is taken for a title; the header is line {header:n}": (
        "{source}：第 {line} 行视为标题；表头是第 {header} 行"
    ),
    "{source}: lines {first:n} to {last:n} are taken for a title; the header is line {header:n}": (
        "{source}：第 {first} 到 {last} 行视为标题；表头是第 {header} 行"
    ),
}

ENCODING = {
    "{source}: its mark says {codec}, and it is not; save it as UTF-8": (
        "{source}：其标记为 {codec}，实际却不是；请存为 UTF-8"
    ),
    "--encoding {name:q}: no such encoding of text{hint:t}": "--encoding {name}：没有这种文本编码{hint}",
    "{source}, line {line:n}: byte 0x{byte:w} is not {codec:w}; say another --encoding": (
        "{source} 第 {line} 行：字节 0x{byte} 不是 {codec}；请写别的 --encoding"
    ),
    "{source}: not {codec:w} ({error}); say another --encoding": "{source}：不是 {codec}（{error}）；请写别的 --encoding",
    "{source}: no mark says its encoding; read as {codec:w}, which makes it text": (
        "{source}：没有标明编码的标记；按 {codec} 读取，得到的是文本"
    ),
    "{source}: expected text in UTF-8, got a binary file (or name its --encoding)": (
        "{source}：应为 UTF-8 文本，得到的是二进制文件（或写明 --encoding）"
    ),
    "{source}, line {line:n}: byte 0x{byte:w} is not UTF-8; name its encoding, --encoding gb18030 if it is Chinese, euc-kr if "
    "Korean": (
        "{source} 第 {line} 行：字节 0x{byte} 不是 UTF-8；请写明编码，中文用 --encoding gb18030，韩文用 euc-kr"
    ),
    "{source}: not UTF-8, read as {codec:w} (line {line:n}: {example:q}); if letters are wrong, name its --encoding or save it "
    "as UTF-8": (
        "{source}：不是 UTF-8，按 {codec} 读取（第 {line} 行：{example}）；如果字不对，请写明 --encoding 或存为 UTF-8"
    ),
    "{source}, line {line:n}: byte 0x{byte:w} is not UTF-8, though other lines are; mend it and save the file as UTF-8": (
        "{source} 第 {line} 行：字节 0x{byte} 不是 UTF-8，而其他行是；请改正并把文件存为 UTF-8"
    ),
    "{source}, line {line:n}: byte 0x{byte:w} is not UTF-8, nor does it look like Windows-1252 or GB18030; name its encoding, as "
    "in --encoding cp1251, or save the file as UTF-8": (
        "{source} 第 {line} 行：字节 0x{byte} 不是 UTF-8，也不像 Windows-1252 或 GB18030；请写明编码，例如 --encoding cp1251，"
        "或把文件存为 UTF-8"
    ),
}

PLACES = {
    "expected a file to read, got none": "应有要读取的文件，却没有",
    "{file}: damaged ({why}); copy it again": "{file}：已损坏（{why}）；请重新复制",
    "{file}: expected one file in it, got {n:n} ({shown:q}); unpack it": "{file}：其中应只有一个文件，却有 {n} 个（{shown}）；请解压",
    "{file}: expected one file in it, got {n:n} (); unpack it": "{file}：其中应有一个文件，却没有；请解压",
    "{place}: no table in this folder (endings: {endings})": "{place}：这个文件夹里没有表（扩展名：{endings}）",
    "{place}: expected files of one kind in this folder, got {endings}; name them by a pattern": (
        "{place}：这个文件夹里应只有一种文件，却有 {endings}；请用通配符指明"
    ),
    "{place}: no such file{hint:t}": "{place}：没有这个文件{hint}",
    "{place}: no such file; fit again": "{place}：没有这个文件；请重新拟合",
    "{file}: cannot be read ({why})": "{file}：无法读取（{why}）",
    "{file}: expected a table ({known}, or packed as .gz and the like), got {ending:q}": (
        "{file}：应为表（{known}，或压缩为 .gz 等），得到的是 {ending}"
    ),
    "{file}: {options:w}: not for a file of this kind ({kind:w})": "{file}：{options}：不适用于这种文件（{kind}）",
    "{file}: a sheet or table: not for a file of this kind ({kind:w})": "{file}：工作表或表：不适用于这种文件（{kind}）",
    "{file}: {options:w}, a sheet or table: not for a file of this kind ({kind:w})": (
        "{file}：{options}、工作表或表：不适用于这种文件（{kind}）"
    ),
    "{file}: a database is read from a file of its own; unpack it": "{file}：数据库只能从单独的文件读取；请解压",
    "{file}: not a readable {kind:w} file ({why})": "{file}：不是可读的 {kind} 文件（{why}）",
    "{names:q} beside": "多出 {names}",
    "{names:q}, ... {n:n} in all beside": "多出 {names}，……共 {n} 个",
    "columns of one name": "有同名的列",
    "files of one table need the same columns as {first}; {faults:t}": "同一个表的各文件需要与 {first} 有相同的列；{faults}",
    "{file}: files hold cells of other kinds ({why})": "{file}：各文件的单元格类型不同（{why}）",
    "{source}: column {name:q} cannot be read ({what})": "{source}：列 {name} 无法读取（{what}）",
}

WRITING = {
    "{file}: cannot be written ({why}); name another folder to write to": "{file}：无法写入（{why}）；请指定别的文件夹",
    "{file}: expected a file to write, and it is {what:t}; name another": "{file}：应为要写入的文件，却是{what}；请另指定",
    "a folder": "文件夹",
    "a device or a pipe": "设备或管道",
    "{file}: damaged: its content is not what its checksum is of": "{file}：已损坏：内容与校验和不符",
    "{file}: expected the description of a {kind}, and it is not one": "{file}：应为 {kind} 的说明，却不是",
    "{file}: damaged: expected a version from 1 to {version:n}, got {found}": (
        "{file}：已损坏：版本应为 1 到 {version}，得到的是 {found}"
    ),
    "{file}: written by a newer normax (version {found} of its format); upgrade to read it": (
        "{file}：由更新的 normax 写成（格式版本 {found}）；请升级后再读取"
    ),
    "{file}: damaged or no safetensors file: {error}": "{file}：已损坏或不是 safetensors 文件：{error}",
    "{file}: of {size:n} bytes, more than such a file has": "{file}：有 {size} 字节，超过这种文件应有的大小",
    "{file}: cannot be read (nested too deeply)": "{file}：无法读取（嵌套太深）",
    "{folder}: no such folder; expected one that `normax path` or `normax compare` wrote": (
        "{folder}：没有这个文件夹；应为 `normax path` 或 `normax compare` 写出的文件夹"
    ),
    "{folder}: holds no model.json; expected a folder that `normax path` or `normax compare` wrote": (
        "{folder}：其中没有 model.json；应为 `normax path` 或 `normax compare` 写出的文件夹"
    ),
    "{weights}: damaged, or not the weights that model.json belongs to; fit again": (
        "{weights}：已损坏，或不是与 model.json 相配的权重；请重新拟合"
    ),
    "--out {out}: expected a folder, and it is a file; name another": "--out {out}：应为文件夹，却是文件；请另指定",
    "--out {out}: already holds {names}, not written by normax; name another folder": (
        "--out {out}：其中已有 {names}，不是 normax 写的；请另指定文件夹"
    ),
    "--out {out}: {home} is a file, not a folder; name another": "--out {out}：{home} 是文件，不是文件夹；请另指定",
    "--out {out}: expected a file, and it is a folder; name another": "--out {out}：应为文件，却是文件夹；请另指定",
    "--out {out}: cannot be written ({why}); name another": "--out {out}：无法写入（{why}）；请另指定",
}

MESSAGES = ARRAYS | DATABASES | DELIMITED | ENCODING | PLACES | WRITING
