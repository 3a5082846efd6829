"""Addresses of persons, by their administrative units, roads and numbers, in Chinese and English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from detectors.text.pii_span import PersonalSpan

__all__ = ["personal_places"]

_HAN: Final = "\u4e00-\u9fff"
_UNITS: Final = "省市区縣县镇鎮乡鄉村路街巷弄号號栋棟幢座室楼樓苑"
_FIGURE: Final = r"[0-9一二三四五六七八九十百]"
_PROVINCES: Final = (
    "北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|"
    "湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门|台北|臺北|新北|高雄|台中|臺中|深圳"
    "|广州|杭州|南京|武汉|成都|苏州|西安"
)
_NUMBERED: Final = (
    r" ?[0-9一二三四五六七八九十百甲乙丙A-Za-z#\-]{1,8} ?(?:号楼|號樓|号院|號|号|弄|栋|棟|幢|座|单元|單元|室|楼|樓|层|層|塔|户"
    r"|组|村|街|路|巷|段|门|期)"
)
_NAMED_PLACE: Final = (
    rf" ?[{_HAN}]{{0,8}}?(?:(?:大道|路|街)[东西南北中]?[一二三四五六七八九]?段|自治州|自治区|自治县|省|市|区|區|县|縣|州|盟|旗"
    rf"|镇|鎮|乡|鄉|街道|村|大道|(?<![知味频渠通轨报厉地])道|路|街|巷|弄|胡同|"
    r"小区|花园|花苑|公寓|大厦|广场|新城|家园|社区|公馆|学校|大学|医院|工业园|科技园|开发区|宿舍|中心|大楼|庄园|雅苑|名苑|名邸|别墅"
    r"|山庄|苑|园|里|城|府|湾|庭|阁)"
)
_PART: Final = rf"(?:{_NUMBERED}|{_NAMED_PLACE})"
_LED: Final = rf"(?:{_PROVINCES})(?:省|市|自治区|壮族自治区|回族自治区|维吾尔自治区|特别行政区)?"
# How far from the road an address is looked for.
_REACH: Final = 80
_TAIL: Final = r"(?:[ ,，]?[A-Za-z]?[0-9]{1,5}[A-Za-z]?(?:\-[0-9A-Za-z]{1,5}){0,3}(?:号|號|室|户)?(?![0-9年月日点元块天次个件]))?"
_ADDRESS: Final = re.compile(rf"(?:{_LED}{_PART}{{1,12}}|{_PART}{{2,12}}){_TAIL}")
_ROAD: Final = re.compile(
    r"(?:路|街|道|巷|弄|胡同|村|小区|花园|花苑|公寓|大厦|苑|园|镇|新城|家园|社区|广场|山庄|公馆|宿舍|城|府|湾|庭|阁|中心|"
    r"(?<![家店这那哪盒袋包箱车屋房柜手心月天说群楼到])里)"
    rf"[东西南北中]{{0,2}}[一二三四五六七八九]?段? ?(?:{_FIGURE}{{1,6}} ?(?:[号號](?!线|線)|弄|栋|棟|幢|座|单元|室|组|\-)"
    rf"|[A-Za-z][0-9]?(?:座|栋|幢|区))"
    rf"|{_FIGURE}{{1,5}} ?(?:栋|棟|幢|座|单元|單元|室|号楼)"
)
_ROAD_SIGN: Final = re.compile(
    r"(?=[路街道巷弄同村区园苑寓厦镇城家场庄馆舍府湾庭阁心里段])"
    r"(?:.[东西南北中]{0,2}[一二三四五六七八九]?段? ?[0-9一二三四五六七八九十百A-Za-z])|"
    r"(?<=[0-9一二三四五六七八九十百 ])(?:[栋棟幢座室]|单元|單元|号楼)"
)
_KNOWN_PLACE: Final = re.compile(rf"{_PROVINCES}|市|区|县|镇|路|街|道")
_STATED: Final = re.compile(
    r"(?:地址|住址|住在|家住|寄到|寄往|送到|派送到|收货地)(?:是|为|改成|改为|换成|在|填|[:： ]){0,3}(?![哪什不同一吗了])"
    r"([^\s，。,;；!！?？\[\]\ufffc:：]{4,40}(?: [^\s，。,;；!！?？\[\]\ufffc:：]{1,20}){0,3})"
)
_STATED_SIGN: Final = re.compile(r"(?=[地住家寄送收])(?:[地住]址|住在|家住|[寄送]到|寄往|收货地)")
_LEAD_IN: Final = re.compile(
    r".{0,12}?(?:地址是|地址为|地址|改成|改到|改为|换成|寄到|寄往|寄至|送到|送往|发到|发往|派到|"
    r"家住|住在|我在|我家在|人在|就在|位于|帮我|是|在|到|住|成|往|：|:)"
)
# What closes the address after a `,`: the same place goes on with a building or a room.
_FURTHER: Final = re.compile(
    rf"[ ,，、]{{1,2}}(?:{_NUMBERED}){{1,4}}(?:\-?[0-9]{{1,5}})?|[ ,，]{{0,2}}[0-9]{{1,4}}(?:\-[0-9]{{1,5}}){{1,3}}(?![0-9])"
)

_TYPES: Final = (
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Way|Place|Pl|Square|Sq|Terrace|Crescent|Highway"
    r"|Hwy|Parkway|Pkwy|Close|Gardens|Alley)"
)
_UNIT: Final = r"(?:(?:Apt|Apartment|Unit|Suite|Ste|Flat|Room|Rm|Floor|Fl|Building|Bldg|Block|Tower|No)\.? ?#?|#)"
_PLACE: Final = r"(?:,? [A-Z][A-Za-z.'\-]{1,19}){1,3}"
_STREETS: Final = (
    re.compile(
        rf"(?<!\d)(?:{_UNIT}\w{{1,6}},? ){{0,3}}(?:No\.? ?)?\d{{1,5}}[A-Za-z]?,?(?: (?:[A-Z][A-Za-z'.]{{0,19}}|\d{{1,3}}(?:st|nd|rd"
        rf"|th))){{1,4}} {_TYPES}\b\.?"
        rf"(?: [NSEW]{{1,2}}\b)?(?:,? {_UNIT}\w{{1,6}}){{0,3}}(?:{_PLACE}){{0,3}}(?:,? [A-Z]{{2}})?(?:,? \d{{5}}(?:\-\d{{4}})?\b)?"
    ),
    re.compile(
        rf"(?<!\d)\d{{1,5}}[A-Za-z]?(?: (?!at |the |in |of |for |to |on |and |per |from |off |more )[a-z]{{2,19}}){{1,2}} (?:street"
        rf"|road|avenue|ave|lane|boulevard|blvd)\b(?:,? {_UNIT.lower()}\w{{1,6}}){{0,2}}"
    ),
    re.compile(r"\bP\.? ?O\.? ?Box ?#?\d{1,8}", re.IGNORECASE),
)

_STREET_SIGN: Final = re.compile(rf"\d[A-Za-z]?,? [A-Za-z0-9 .']{{2,80}}?\b{_TYPES}\b|\bbox ?#?\d", re.IGNORECASE)


def personal_places(text: str) -> Iterator[PersonalSpan]:
    """The addresses of a text, which is a view of the written one; a road without a number is none, and some are given twice.

    >>> [text[span.start : span.end] for text in ("住杭州市文三路12号3栋", "221 Baker Street please") for span in personal_places(text)]
    ['杭州市文三路12号3栋', '221 Baker Street']
    """
    if not text.isascii():
        if _STATED_SIGN.search(text):
            yield from _stated(text)
        if _ROAD_SIGN.search(text) and _ROAD.search(text) is not None:
            yield from _found(text)
    for expression in _STREETS if _STREET_SIGN.search(text) else ():
        for match in expression.finditer(text):
            yield PersonalSpan(*match.span(), "ADDRESS")


def _stated(text: str) -> Iterator[PersonalSpan]:
    """Whatever follows the word address and holds two units."""
    for match in _STATED.finditer(text):
        if sum(unit in match.group(1) for unit in _UNITS) > 1:
            known = _ROAD.search(match.group(1))
            if known is None and "址" not in match.group()[:2]:
                continue
            yield PersonalSpan(*match.span(1), "ADDRESS", "" if known else "place")


def _found(text: str) -> Iterator[PersonalSpan]:
    """Rows of units among which is a road or a building with its number."""
    end = 0
    for road in _ROAD.finditer(text):
        if road.start() < end:
            continue
        match = next(
            (
                found
                for found in _ADDRESS.finditer(text, max(end, road.start() - _REACH), road.end() + _REACH)
                if found.end() > road.start()
            ),
            None,
        )
        if match is None or _ROAD.search(match.group()) is None:
            continue
        end = match.end()
        lead = _LEAD_IN.match(match.group())
        start = match.start() + (lead.end() if lead is not None and _ROAD.search(match.group(), lead.end()) else 0)
        further = _FURTHER.match(text, match.end())
        known = _KNOWN_PLACE.search(match.group()) is not None
        yield PersonalSpan(start, further.end() if further else match.end(), "ADDRESS", "" if known else "place")
