"""The language that is spoken: chosen by block, by locale, and full of words."""

import re
import string

import pytest

from normax.language import LANGUAGES, language_of, say, speak, speaking, spoken, translations


def fields(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_a_block_speaks_and_then_it_is_as_before():
    with speaking("zh"):
        with speaking(None):
            assert (spoken(), say("{count} rows", count=2)) == ("zh", "2 行")
        with speaking("en"):
            assert say("{count} rows", count=2) == "2 rows"
        assert say("no such sentence {x}") == "no such sentence {x}"
    assert spoken() == "en"


def test_a_notebook_speaks_from_a_line_on_and_blocks_still_choose():
    speak("zh")
    assert (spoken(), say("{count} rows", count=2)) == ("zh", "2 行")
    with speaking("en"), speaking(None):
        assert spoken() == "en"
    speak("en")
    assert spoken() == "en"
    with pytest.raises(ValueError, match=r"expected one of en, zh, got 'cn'"):
        speak("cn")


def test_a_value_is_never_read_as_a_sentence():
    assert say("{count} rows", count="{count}") == "{count} rows"


def test_locales_that_are_not_chinese_speak_english():
    assert [language_of({"LC_ALL": name}) for name in ("zh_TW", "de_DE", "C")] == ["zh", "en", "en"]
    assert language_of({}) == "en"


def test_sentences_keep_their_values_in_every_language():
    for language in LANGUAGES:
        for english, said in translations(language).items():
            assert fields(said) == fields(english), english
            assert re.search("[\u4e00-\u9fff]", said) or not re.search("[a-z]{3}", english), english
