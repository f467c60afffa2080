"""The table of known differences in docs/coming-from-scikit-learn.md, in both languages; running this writes it."""

import tomllib
from pathlib import Path

HERE = Path(__file__).parent
PAGES = {
    language: HERE.parents[1] / "docs" / f"coming-from-scikit-learn{suffix}"
    for language, suffix in (("en", ".md"), ("zh", ".zh-CN.md"))
}
HEADS = {"en": "| scikit-learn | normax | why |", "zh": "| scikit-learn | normax | 原因 |"}
RULE = "|-|-|-|"


def known():
    """What each file of `differences` says, by its name."""
    return {
        file.stem: tomllib.loads(file.read_text(encoding="utf-8"))
        for file in sorted((HERE / "differences").glob("*.toml"))
    }


def rows(language):
    """A row for each difference; what several files say alike is said once."""
    told = {}
    for row in (row for file in known().values() for row in file.get("difference", [])):
        cells = (row["theirs"], row["ours"], row["reason"])
        told[cells] = row.get("zh", told.get(cells, cells)) if language == "zh" else cells
    return [f"| {' | '.join(cells)} |" for cells in told.values()]


def written(text, language):
    """A page with its table as it should be."""
    before, _, rest = text.partition(HEADS[language])
    after = rest[rest.index("\n\n") :]
    return before + "\n".join([HEADS[language], RULE, *rows(language)]) + after


if __name__ == "__main__":
    for language, page in PAGES.items():
        page.write_text(written(page.read_text(encoding="utf-8"), language), encoding="utf-8")
