"""Makes numbers as people, exports and accidents write them: right, nearly right, and wrong."""

from __future__ import annotations

import random
from collections.abc import Iterator

from phonenumbers import (
    SUPPORTED_REGIONS,
    PhoneNumberType,
    country_code_for_region,
    example_number_for_type,
    national_significant_number,
    ndd_prefix_for_region,
)

_REGIONS = sorted(SUPPORTED_REGIONS)
_OFTEN = ("CN",) * 8 + ("US",) * 3 + ("CA", "GB", "DE", "IT", "HK", "TW", "KZ", "RU", "AR", "BR")
_COMMON_PREFIXES = ("{n}", "{n}", "+{c}{n}", "+{c}{n}", "{c}{n}", "00{c}{n}", "{t}{n}", "+{c} {n}")
_COMMON_GAPS = ("", " ", "-")
_PREFIXES = (
    *_COMMON_PREFIXES,
    "+{c}{t}{n}", "+{c} ({t}){n}", "00{c}{t}{n}", "{c}{t}{n}", "011{c}{n}", "011 {c} {n}",
    "12593{n}", "12593{t}{n}", "17951{n}", "17909{t}{n}", "1790900{c}{n}", "17911{c}{n}",
    "+{c}12593{n}", "{c}{c}{n}", "+{c}{c}{n}", "++{c}{n}", "+{c}+{n}", "+00{c}{n}", "+0{n}",
    "0000{c}{n}", "000{n}", "{t}{t}{n}", "(+{c}){n}", "({c}){n}", "+({c}){n}", "- {n}", "+ {c}-{n}",
    "tel:{n}", "TEL: +{c}{n}", "＋{c}{n}", "+{c}\u3000{n}", "8{n}", "810{c}{n}", "9{n}",
)  # fmt: skip
_GAPS = (*("",) * 12, " ", " ", "-", "-", "  ", " - ", ".", "/", "\u00a0", "\u3000", "–", "‐", "\t",
         "\u200b", "\u202c", "\ufeff", "\u2060", "(", ")", "+", "*", "#", ",", ";", "x", "\0", "\n",
         "_", "~", "、")  # fmt: skip
_ENDS = (*("",) * 20, " ", "\r\n", "\0", "-", "(", ")", ".", "+", "转8", "分机 801", " ext. 12",
         "x12", "-801", "-8", "-801234", "#5", ",", ".0", "/9", " 13900139000",
         "/13900139000", " or 1", ";phone-context=+1", "王", "*", " 0",
         "\u200b", "\u202c")  # fmt: skip
_SCRIPTS = ("０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९", "⁰¹²³⁴⁵⁶⁷⁸⁹", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗")


def written_numbers(count: int, seed: int) -> Iterator[tuple[str, str | None]]:
    """Yield `count` pairs of what a field holds and the region of its source."""
    chance = random.Random(seed)
    examples = {region: _examples(region) for region in _REGIONS}
    for _ in range(count):
        home = chance.choice(_OFTEN) if chance.random() < 0.7 else chance.choice(_REGIONS)
        national = _national(chance, home, examples[home])
        if chance.random() < 0.5:
            raw = _dress_plainly(chance, home, national)
        else:
            raw = _dress(chance, home, _nearly(chance, national))
        yield raw, _region_of_source(chance, home)


def _examples(region: str) -> list[str]:
    found = (example_number_for_type(region, kind) for kind in PhoneNumberType.values())
    return [national_significant_number(number) for number in found if number] or ["1234567"]


def _national(chance: random.Random, region: str, examples: list[str]) -> str:
    kind = chance.random()
    if kind < 0.1:
        return _digits(chance, chance.randrange(1, 17))
    if region == "CN" and kind < 0.7:
        return "1" + chance.choice("3456789") + _digits(chance, 9)
    if region == "US" and kind < 0.6:
        return chance.choice("23456789") + _digits(chance, 9)
    example = chance.choice(examples)
    kept = chance.randrange(len(example) + 1)
    return example[:kept] + _digits(chance, len(example) - kept)


def _nearly(chance: random.Random, number: str) -> str:
    """Leave most as they are; else drop, double or change a digit, or say it twice."""
    at = chance.randrange(len(number))
    match chance.randrange(12):
        case 0:
            return number[:at] + number[at + 1 :]
        case 1:
            return number[:at] + number[at] + number[at:]
        case 2:
            return number[:at] + _digits(chance, 1) + number[at + 1 :]
        case 3 if chance.random() < 0.2:
            return number + number
    return number


def _dress_plainly(chance: random.Random, region: str, national: str) -> str:
    gap = chance.choice(_COMMON_GAPS)
    parts = (national[:3], national[3:7], national[7:])
    code, trunk = country_code_for_region(region), ndd_prefix_for_region(region, True) or "0"
    return chance.choice(_COMMON_PREFIXES).format(n=gap.join(parts), c=code, t=trunk)


def _dress(chance: random.Random, region: str, national: str) -> str:
    if chance.random() < 0.4:
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(national) + 1)
            national = national[:at] + chance.choice(_GAPS) + national[at:]
    code, trunk = country_code_for_region(region), ndd_prefix_for_region(region, True) or "0"
    raw = chance.choice(_PREFIXES).format(n=national, c=code, t=trunk) + chance.choice(_ENDS)
    if chance.random() < 0.1:
        script = chance.choice(_SCRIPTS)
        whole = chance.random() < 0.7
        raw = "".join(
            script[int(char)] if char in "0123456789" and (whole or chance.random() < 0.3) else char
            for char in raw
        )
    return " " * (chance.random() < 0.05) + raw


def _region_of_source(chance: random.Random, home: str) -> str | None:
    kind = chance.random()
    if kind < 0.7:
        return home
    if kind < 0.75:
        return chance.choice((None, "ZZ", "cn", "", "001"))
    return chance.choice(_OFTEN) if kind < 0.9 else chance.choice(_REGIONS)


def _digits(chance: random.Random, count: int) -> str:
    return "".join(chance.choices("0123456789", k=count))
