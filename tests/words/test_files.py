"""The files of words: strict, with the line of an error; what is required stays."""

from __future__ import annotations

import re
import shutil
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from consentlog.errors import FatalError
from consentlog.reference.document import read_document
from consentlog.reference.words import PACKAGED, REQUIRED_REFUSALS, TRADITIONAL, load_words
from consentlog.words import judge
from consentlog.words.lexicon import Kind
from consentlog.words.text import read

WORDS = load_words()
TENANT = 'id = "acme"\nversion = "1"\nscript = "han"\n[keywords]\nhelp = ["TD"]\n'
_HAN = re.compile(r"[\u4e00-\u9fff]+")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACKAGED, tmp_path / "words"))


def test_every_required_word_is_there() -> None:
    assert WORDS.of(Kind.REFUSE) >= REQUIRED_REFUSALS
    assert WORDS.of(Kind.CONSENT) == {"START", "UNSTOP"}
    assert WORDS.of(Kind.ANSWER) == {"YES"}


@pytest.mark.parametrize(
    ("file", "old", "new", "reason", "line_with"),
    [
        ("cn.toml", '"TD", ', "", "required words are missing: TD", ""),
        ("en.toml", '"STOP", ', "", "required words are missing: STOP", ""),
        ("en.toml", '"YES"', '"STOP"', "STOP has two meanings", '"STOP"'),
        ("cn.toml", "[around]", "[arround]", "arround: Extra inputs", ""),
        ("pinyin.toml", '"{not} ZAIDA', '"{nobody} ZAIDA', "unknown class {nobody}", "{nobody}"),
        (
            "pinyin.toml",
            'id = "tui ding"\nsay',
            'id = "tui ding"\nsays',
            "phrase.1.say",
            "[[phrase]]",
        ),
        ("pinyin.toml", 'id = "tui ding"', 'id = "bie zai da"', "used twice", '"bie zai da"'),
        (TRADITIONAL, "覆复", "覆复复", "no pair", ""),
    ],
)
def test_an_error_names_file_line_and_reason(
    directory: Path, file: str, old: str, new: str, reason: str, line_with: str
) -> None:
    path = directory / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(FatalError, match="CL-6065") as caught:
        load_words(directory=directory)
    said = str(caught.value)
    assert reason in said
    assert str(directory) in said
    line = int(re.findall(r"line (\d+)", said)[0])
    assert line_with in path.read_text("utf-8").splitlines()[line - 1]


def test_a_tenant_can_add_and_take_nothing_away(tmp_path: Path) -> None:
    path = tmp_path / "acme.toml"
    path.write_text(
        'id = "acme"\nversion = "1"\nscript = "han"\n[keywords]\nhelp = ["TD"]\n', "utf-8"
    )
    with pytest.raises(FatalError, match="two meanings"):
        load_words((path,))


def _literals() -> Iterator[str]:
    """Every Chinese word of the data; the comments are no data."""
    lines = (PACKAGED / "cn.toml").read_text("utf-8").splitlines()
    yield from {word for line in lines if line[:1] != "#" for word in _HAN.findall(line)}


def test_every_traditional_form_of_every_word_is_understood() -> None:
    traditional: dict[str, list[str]] = {}
    for code, simple in WORDS.simplified.items():
        traditional.setdefault(simple, []).append(chr(code))
    for word in _literals():
        assert read(word, WORDS.simplified).whole == word, "data must be in simplified characters"
        for at, char in enumerate(word):
            for other in traditional.get(char, ()):
                form = word[:at] + other + word[at + 1 :]
                assert read(form, WORDS.simplified).whole == word
        whole = "".join(traditional.get(char, [char])[0] for char in word)
        assert judge(whole, WORDS) == judge(word, WORDS)


def test_the_table_of_characters_is_one_to_one_and_broad() -> None:
    document = read_document(PACKAGED / TRADITIONAL)
    pairs = f"{document.tables['pairs']} {document.tables['more']}".split()
    assert len(pairs) == len({pair[0] for pair in pairs}) > 1800
    assert all(unicodedata.name(pair[0]).startswith("CJK") for pair in pairs)
    assert {ord(char) for char in "訂閱複復覆幫謝發電話聯繫騷擾簡訊傳別後來嗎麼裡請講"} <= set(
        WORDS.simplified
    )
