"""Free text as words: which there are, how rare each is, and each row's TF-IDF weights, by scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from normax.errors import InputError

__all__ = ["ANALYZERS", "MAX_WORDS", "is_free", "learn_words", "weigh"]

#: The commonest words are features, at most so many.
MAX_WORDS = 500
_LEAST = 2  # rows that a word must be in

#: What is counted: words, or in scripts that set no blanks between them runs of two and three letters.
ANALYZERS: dict[str, dict[str, Any]] = {
    "word": {"analyzer": "word"},
    "char": {"analyzer": "char_wb", "ngram_range": (2, 3)},
}
_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]"


def is_free(values: pa.Array, rows: int) -> bool:
    """Whether distinct text cells are sentences rather than categories: over three words each, and seldom one twice.

    Example:
        >>> is_free(pa.array(["the cat sat down", "a dog ran off too", "no"]), 3)
        True
    """
    blanks = pc.count_substring_regex(values, r"\s+")
    unspaced = pc.count_substring_regex(values, _UNSPACED)
    words = pc.add(pc.add(blanks, pc.divide(unspaced, 2)), 1)
    return 2 * len(values) > rows and (pc.mean(words).as_py() or 0) > 3


def learn_words(cells: pa.Array) -> tuple[str, tuple[str, ...], tuple[float, ...]]:
    """How text is parted, the words that are features, and the idf of each, `ln((1 + n) / (1 + rows with it)) + 1`.

    Args:
        cells: the whole column, nulls where missing.

    Raises:
        InputError: if no word is in two rows.

    Example:
        >>> learn_words(pa.array(["red wine", "white wine", None]))
        ('word', ('wine',), (1.287...,))
    """
    texts = cells.drop_null()
    unspaced = pc.sum(pc.count_substring_regex(texts, _UNSPACED)).as_py() or 0
    form = "char" if 2 * unspaced > (pc.sum(pc.utf8_length(texts)).as_py() or 0) else "word"
    vectorizer = _vectorizer(form, max_features=MAX_WORDS, min_df=_LEAST)
    try:
        vectorizer.fit(cells.fill_null("").to_pylist())
    except ValueError:
        raise InputError("no word is in two rows") from None
    return form, tuple(vectorizer.get_feature_names_out().tolist()), tuple(vectorizer.idf_.tolist())


def weigh(cells: pa.Array, form: str, words: tuple[str, ...], idf: tuple[float, ...]) -> np.ndarray:
    """TF-IDF weights (rows, words), each row of length 1, or 0 without a known word.

    Example:
        >>> weigh(pa.array(["wine and wine", None]), "word", ("wine",), (1.5,))
        array([[1.],
               [0.]])
    """
    vectorizer = _vectorizer(form, vocabulary=list(words))
    vectorizer.idf_ = np.array(idf)
    return vectorizer.transform(cells.fill_null("").to_pylist()).toarray()


def _vectorizer(form: str, **kwargs: Any) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(**ANALYZERS[form], **kwargs)
