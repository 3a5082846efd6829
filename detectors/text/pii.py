"""Masking of what identifies a person, before anything else sees the text.

What is found becomes a marker that names the type and keeps the shape only: `[PHONE:***********]`. Numbers are recognised by
form, checksum and the words before them, addresses by their administrative units, names by the words that introduce them.
What is probably but not surely personal is masked too, and flagged (`uncertain`) for review.

Time is linear in the text: every expression is bounded, and most messages are let through by one scan for a digit run, an
`@` or an introducing word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Final, NamedTuple

__all__ = ["Masked", "mask", "mask_fields"]

_MAX_DEPTH: Final = 32
_CONTEXT: Final = 14
_SHAPE_LIMIT: Final = 32

_SURNAMES: Final = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜"
    "范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛"
    "伍韦申尤毕聂丛焦柳邢路岳齐沿梅莫庄辛管祝左涂谷祁时舒耿牟卜肖詹关苗凌费纪靳盛童欧甄项游阳裴席卫屈鲍位覃霍翁隋植甘景薄包司"
    "柏宁柯阮桂闵强柴华冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫嵺苟褚廉简娄盖符奚木穆党燕郎邸冀谈姬屠郜晏栾郁商蒙喻揭窦迟宇敖"
    "糜鄢卓花仇艾蓝巩稽井仲乐虞卞封竺冼衣楚佟栗匡宗台巫鞠僧桑荆谌扬明沙伏岑习胥蔺"
)
# Those that begin no common word, and are believed without a colon before them.
_SURE_SURNAMES: Final = (
    "王李张刘陈杨赵黄周吴徐孙胡朱郭罗梁宋郑韩唐冯董萧程曹袁邓许傅沈曾彭吕卢蒋蔡贾魏薛阎潘杜戴汪姜范姚谭廖邹熊郝崔邱秦侯邵孟雷"
    "尹黎乔贺龚庞樊殷陶翟颜倪俞葛"
)
_COMPOUND: Final = "欧阳|上官|司马|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|司徒|夏侯|端木|独孤|南宫"
_HAN: Final = "\u4e00-\u9fff"
_PLATE_PROVINCES: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE_MARK: Final = "A-HJ-NP-Za-hj-np-z"
_FIGURES: Final = "零〇一二三四五六七八九幺"
_UNITS: Final = "省市区县镇乡村路街巷弄号栋幢座室楼苑"

# The first characters of the alternatives below: looked at first, they let three of four characters pass at the cost of one test.
_FIRST: Final = rf"\d@＠A-Za-z{_PLATE_PROVINCES}{_FIGURES}我名姓收联寄开持户本客地住微省市区县镇乡村路街道巷弄胡小花公大"
_PREFILTER: Final = re.compile(
    rf"(?=[{_FIRST}])(?:"
    r"\d[\d\- .]{4}|@|＠|[A-Za-z]{1,2}\d{5}|\d [A-Za-z]{2,20} "
    rf"|[{_PLATE_PROVINCES}][A-Za-zＡ-Ｚ]|[{_FIGURES}]{{7}}"
    r"|我叫|名叫|姓名|名字|收件人|收货人|联系人|寄件人|开户人|持卡人|户主|本人|我是|客户名|[Mm]y name|[Nn]ame is|[Nn]ame ?[:：]|[Tt]his is"
    r"|地址|住址|微信|[Vv][Xx]|[Ww][Xx]|[Qq]{2}"
    r"|(?:省|市|区|县|镇|乡|村|路|街|道|巷|弄|胡同|小区|花园|公寓|大厦)"
    r"(?:[^，。,!！?？;；\n]{0,24}?\d|[东西南北中]{0,2}[一二三四五六七八九十]))"
)

_EMAIL: Final = re.compile(r"(?<![A-Za-z0-9._%+\-])[A-Za-z0-9._%+\-]{1,128}[@＠][A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{1,63}){1,4}")
# A number behind a capital and an underscore is the tail of a placeholder such as [ORDERID_123].
_RUN: Final = re.compile(r"(?<![A-Z]_)(?<!\d)(?:\+\s?)?\d(?:[ \-()（）]{0,2}\d){5,}[xXＸｘ]?")
_CODE: Final = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{1,4}-?\d{6,24}(?![A-Za-z0-9])")
_SPELT: Final = re.compile(rf"[{_FIGURES}]{{7,30}}")
_PLATE: Final = re.compile(
    rf"[{_PLATE_PROVINCES}][{_PLATE_MARK}][·•. ]?[{_PLATE_MARK}0-9]{{4,5}}[{_PLATE_MARK}0-9挂学警港澳](?![A-Za-z0-9])"
)
_ACCOUNT: Final = re.compile(
    r"(?:微信号?|vx|wx|qq号?)(?:号码|是|为|[:： ]){0,3}([A-Za-z][A-Za-z0-9_\-]{5,19}|\d{5,12})(?![A-Za-z0-9])",
    re.IGNORECASE,
)

_COMPOUND_NAME: Final = rf"(?:{_COMPOUND})[{_HAN}]{{1,2}}"
_AFTER_NAME: Final = rf"(?=$|[^{_HAN}·]|电话|手机|地址|身份|联系|性别|住|收|订单|卡号|号码|的)"
_NAMED: Final = re.compile(
    r"(?<!公司)(?<!产品)(?<!商品)(?<!店铺)(?<!单位)"
    r"(?:姓名|名字|收件人|收货人|联系人|寄件人|开户人|持卡人|户主|客户名)"
    rf"(?:(?:是|叫|为|[:： ]){{1,3}}({_COMPOUND_NAME}|[{_HAN}·]{{2,4}}?)"
    rf"|({_COMPOUND_NAME}|[{_SURE_SURNAMES}][{_HAN}]{{1,2}}?))"
    rf"{_AFTER_NAME}"
)
_CALLED: Final = re.compile(
    rf"(?:我叫|名叫)(?:做|[:： ])?({_COMPOUND_NAME}|[{_SURNAMES}][{_HAN}]{{1,2}}?)(?=$|[^{_HAN}]|电话|手机|地址|身份|住在|的)"
)
_AM: Final = re.compile(rf"(?:我是|本人)({_COMPOUND_NAME}|[{_SURE_SURNAMES}][{_HAN}]{{1,2}}?)(?=$|[^{_HAN}]|电话|手机|身份)")
_ENGLISH_NAME: Final = re.compile(r"(?:[Mm]y name is|[Nn]ame ?[:：]|[Tt]his is) ?([A-Z][a-z]{1,19}(?: [A-Z][a-z]{1,19}){1,2})")
_NO_NAMES: Final = frozenset(
    ("什么", "是什么", "叫什么", "错误", "不对", "写错", "填错", "电话", "地址", "不符", "怎么改", "改一下", "都不对", "不一致", "和电话")
)

_STREET: Final = re.compile(
    r"(?<!\d)\d{1,5}[A-Za-z]?(?: [A-Z][a-z]{1,19}){1,3} "
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Way|Place|Pl)\b"
    r"(?:,? (?:Apt|Apartment|Unit|Suite|#) ?\w{1,6})?"
)
_PROVINCES: Final = (
    "北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|"
    "湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门"
)
_NUMBERED: Final = r" ?[0-9０-９一二三四五六七八九十百甲乙丙A-Ga-g#\-]{1,8} ?(?:号楼|号院|号|弄|栋|幢|座|单元|室|楼|层|户|组|村|街|路|巷)"
_NAMED_PLACE: Final = (
    rf" ?[{_HAN}]{{0,8}}?(?:自治州|自治区|自治县|省|市|区|县|州|盟|旗|镇|乡|街道|村|大道|路|街|巷|弄|胡同|"
    r"小区|花园|花苑|公寓|大厦|广场|新城|家园|社区|公馆|学校|大学|医院|工业园|科技园|开发区|苑|园|里)"
)
_PART: Final = rf"(?:{_NUMBERED}|{_NAMED_PLACE})"
_LED: Final = rf"(?:{_PROVINCES})(?:省|市|自治区|壮族自治区|回族自治区|维吾尔自治区|特别行政区)?"
_TAIL: Final = r"(?:[0-9０-９]{1,5}(?:[\-－][0-9０-９]{1,5}){0,3}(?:号|室|户)?)?"
_ADDRESS: Final = re.compile(rf"(?:{_LED}{_PART}{{1,10}}|{_PART}{{2,10}}){_TAIL}")
_ROAD: Final = re.compile(
    r"(?:路|街|道|巷|弄|胡同|村|小区|花园|花苑|公寓|大厦|苑|园|镇|里|新城|家园|社区)"
    r"[东西南北中]{0,2} ?[0-9０-９一二三四五六七八九十百]{1,6} ?(?:号|弄|栋|幢|座|单元|室|组|[-－])"
    r"|[0-9０-９]{1,5} ?(?:栋|幢|座|单元|室|号楼)"
)
_KNOWN_PLACE: Final = re.compile(rf"{_PROVINCES}|市|区|县|镇|路|街|道")
_STATED_ADDRESS: Final = re.compile(r"(?:地址|住址)(?:是|为|改成|改为|换成|[:： ]){1,2}(?![哪什不同一在])([^\s，。,;；!！?？\[\]]{4,40})")
_LEAD_IN: Final = re.compile(
    r".{0,12}?(?:地址是|地址为|地址|改成|改到|改为|换成|寄到|寄往|寄至|送到|发到|发往|"
    r"家住|住在|我在|我家在|人在|就在|位于|帮我|是|在|到|住|成|往|：|:)"
)


class Masked(NamedTuple):
    """A text without what identifies a person.

    `types` names what was masked, each once, in order; `uncertain` says that some of it was only probably personal.
    """

    text: str
    types: tuple[str, ...] = ()
    uncertain: bool = False


class _Span(NamedTuple):
    start: int
    end: int
    kind: str
    uncertain: bool = False


def mask(text: str) -> Masked:
    """The text with everything that identifies a person replaced by a marker of its type and shape.

    Types: ID, PASSPORT, CARD, PHONE, LANDLINE, EMAIL, ADDRESS, PLATE, ORDER, TRACKING, ACCOUNT, NAME, and NUMBER (a long number of
    unknown kind, uncertain). Masking what is masked changes nothing. Time is linear in the text.

    >>> mask("我叫张三，电话13800138000")
    Masked(text='我叫[NAME:**]，电话[PHONE:***********]', types=('NAME', 'PHONE'), uncertain=False)
    >>> mask("这件衣服50元能便宜点吗").types
    ()
    """
    if _PREFILTER.search(text) is None:
        return Masked(text)
    spans = _disjoint([span for find in _FINDERS for span in find(text)])
    if not spans:
        return Masked(text)
    parts, last = [], 0
    for span in spans:
        parts += [text[last : span.start], f"[{span.kind}:{_shape(text[span.start : span.end])}]"]
        last = span.end
    parts.append(text[last:])
    types = tuple(dict.fromkeys(span.kind for span in spans))
    return Masked("".join(parts), types, any(span.uncertain for span in spans))


def mask_fields(value: Any) -> Any:
    """The same plain data with every text in it masked; keys are kept. What lies deeper than 32 levels is left out (None).

    >>> mask_fields({"note": "电话13800138000", "list": ["a@b.cn", 3]})
    {'note': '电话[PHONE:***********]', 'list': ['[EMAIL:*@*.**]', 3]}
    """
    return _mask_fields(value, 0)


def _mask_fields(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return mask(value).text
    if not isinstance(value, dict | list | tuple):
        return value
    if depth >= _MAX_DEPTH:
        return None
    if isinstance(value, dict):
        return {key: _mask_fields(item, depth + 1) for key, item in value.items()}
    return [_mask_fields(item, depth + 1) for item in value]


def _shape(text: str) -> str:
    """Stars for what could tell something, the separators kept."""
    return "".join(mark if mark in " -@." else "*" for mark in text[:_SHAPE_LIMIT])


def _disjoint(spans: list[_Span]) -> list[_Span]:
    """Spans by place without overlap: touching ones of one kind and overlapping ones become one, named after the longest."""
    merged: list[_Span] = []
    for span in sorted(spans):
        if merged and span.start < merged[-1].end:
            last = merged[-1]
            longer = last if last.end - last.start >= span.end - span.start else span
            merged[-1] = _Span(last.start, max(last.end, span.end), longer.kind, last.uncertain and span.uncertain)
        else:
            merged.append(span)
    return merged


def _emails(text: str) -> Iterator[_Span]:
    if "@" in text or "＠" in text:
        for match in _EMAIL.finditer(text):
            yield _Span(*match.span(), "EMAIL")


def _plates(text: str) -> Iterator[_Span]:
    for match in _PLATE.finditer(text):
        if any(mark.isdigit() for mark in match.group()):
            yield _Span(*match.span(), "PLATE")


def _accounts(text: str) -> Iterator[_Span]:
    for match in _ACCOUNT.finditer(text):
        yield _Span(*match.span(1), "ACCOUNT")


def _names(text: str) -> Iterator[_Span]:
    for expression, uncertain in ((_NAMED, False), (_CALLED, False), (_AM, True), (_ENGLISH_NAME, False)):
        for match in expression.finditer(text):
            group = match.lastindex or 1
            if match.group(group) not in _NO_NAMES:
                yield _Span(*match.span(group), "NAME", uncertain)


def _codes(text: str) -> Iterator[_Span]:
    """Letters and digits: passports by form and context, tracking and order numbers by context or length."""
    for match in _CODE.finditer(text):
        code = match.group().replace("-", "")
        digits = len(code.lstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
        before = text[max(0, match.start() - _CONTEXT) : match.start()].lower()
        if _has(before, _PASSPORT_WORDS) or (len(code) - digits == 1 and digits in (8, 9) and code[0] in "EGDSPHegdsph"):
            yield _Span(*match.span(), "PASSPORT", not _has(before, _PASSPORT_WORDS))
        elif _has(before, _TRACKING_WORDS):
            yield _Span(*match.span(), "TRACKING")
        elif _has(before, _ORDER_WORDS):
            yield _Span(*match.span(), "ORDER")
        elif digits >= _LONG_CODE:
            yield _Span(*match.span(), "TRACKING", uncertain=True)


_LONG_CODE: Final = 9
_PASSPORT_WORDS: Final = ("护照", "通行证", "passport", "台胞证", "回乡证")
_TRACKING_WORDS: Final = ("运单", "快递单", "快递号", "物流单", "物流号", "单号是", "tracking", "waybill")
_ORDER_WORDS: Final = ("订单", "单号", "order", "流水号", "交易号", "工单")
_ID_WORDS: Final = ("身份证", "证件", "id card", "id number")
_CARD_WORDS: Final = ("卡号", "银行卡", "储蓄卡", "信用卡", "账号", "帐号", "card", "工行", "建行", "农行", "中行", "招行", "交行", "邮储")
_PHONE_WORDS: Final = ("电话", "手机", "联系", "tel", "phone", "mobile", "号码", "座机", "固话", "传真", "fax", "call")


def _has(text: str, words: tuple[str, ...]) -> bool:
    return any(word in text for word in words)


def _numbers(text: str) -> Iterator[_Span]:
    """Digit runs, with their separators, by form first and by the words before them second."""
    for match in _RUN.finditer(text):
        start, end = match.span()
        digits = "".join(str(int(mark)) for mark in match.group() if mark.isdecimal())
        tail = match.group()[-1]
        if tail in "xXＸｘ":
            digits += "X"
        before = text[max(0, start - _CONTEXT) : start].lower()
        kind = _by_form(digits, match.group()) or _by_context(digits.rstrip("X"), match.group(), before)
        if kind is not None:
            yield _Span(start, end, *kind)


def _by_form(digits: str, written: str) -> tuple[str, bool] | None:
    """(type, uncertain) of a number whose form says what it is."""
    if _is_identity(digits):
        return "ID", False
    number = digits.rstrip("X").removeprefix("0086").removeprefix("86") if len(digits) > _MOBILE else digits
    if len(number) == _MOBILE and re.match(r"1[3-9]", number):
        return "PHONE", False
    if len(digits) in range(13, 20) and (_is_luhn(digits) or (digits.startswith("62") and len(digits) >= 16)):  # UnionPay
        return "CARD", not _is_luhn(digits)
    if re.fullmatch(r"0\d{2,3}\d{7,8}\d{0,4}", digits) and (len(digits) <= 12 or "-" in written):  # area code and number
        return "LANDLINE", False
    if len(digits) == 15 and _is_old_identity(digits):  # identity cards until 1999
        return "ID", True
    return None


_MOBILE: Final = 11
_SERVICE: Final = re.compile(r"(?:400|800)\d{7}|95\d{3,6}|100\d{2,3}|12\d{3}")
_DAY: Final = re.compile(r"(?:19|20)\d\d-\d{1,2}-\d{1,2}(?: \d{1,2})?")
_PUBLIC_WORDS: Final = ("商品编号", "商品id", "sku", "货号", "型号", "金额", "价格", "¥", "￥", ".com", ".cn/", "http")
_BY_WORDS: Final = (
    ("TRACKING", _TRACKING_WORDS, 6),
    ("ORDER", _ORDER_WORDS, 6),
    ("ID", _ID_WORDS, 15),
    ("CARD", _CARD_WORDS, 8),
    ("PHONE", _PHONE_WORDS, 7),
)
_SURELY_LONG: Final = 9


def _by_context(digits: str, written: str, before: str) -> tuple[str, bool] | None:
    """(type, uncertain) by the words before it; a long number nobody explained is masked as one to review."""
    if _SERVICE.fullmatch(digits) or _DAY.fullmatch(written.strip()):
        return None
    if len(digits) <= _MOBILE + 1 and _has(before, _PUBLIC_WORDS):
        return None
    best = max(((before.rfind(word), kind, least) for kind, words, least in _BY_WORDS for word in words), default=(-1, "", 0))
    if best[0] >= 0 and len(digits) >= best[2]:
        return best[1], False
    return ("NUMBER", True) if len(digits) >= _SURELY_LONG else None


_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS: Final = "10X98765432"


def _is_identity(digits: str) -> bool:
    """A mainland identity number: 18 places, a possible birthday, the right check digit."""
    if len(digits) != 18 or "X" in digits[:17]:  # the standard's length
        return False
    check = _CHECKS[sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=False)) % 11]
    return check == digits[17] and _is_date(digits[6:10], digits[10:14])


def _is_old_identity(digits: str) -> bool:
    return digits.isdecimal() and digits[0] in "123456" and _is_date("19" + digits[6:8], digits[8:12])


def _spelt_numbers(text: str) -> Iterator[_Span]:
    """Numbers written in Chinese figures, which only telephone numbers and the like are."""
    for match in _SPELT.finditer(text):
        yield _Span(*match.span(), "PHONE", uncertain=True)


def _is_date(year: str, day: str) -> bool:
    try:
        date(int(year), int(day[:2]), int(day[2:]))
    except ValueError:
        return False
    return year[:2] in ("18", "19", "20")


def _is_luhn(digits: str) -> bool:
    """Luhn's checksum, as bank cards carry it."""
    if not digits.isdecimal():
        return False
    total = 0
    for place, digit in enumerate(map(int, reversed(digits))):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled  # digit sum of a two-digit number
    return total % 10 == 0


def _addresses(text: str) -> Iterator[_Span]:
    """Addresses down to a road and number, or whatever follows the word address."""
    for match in _STATED_ADDRESS.finditer(text):
        if sum(unit in match.group(1) for unit in _UNITS) > 1:
            yield _Span(*match.span(1), "ADDRESS", _ROAD.search(match.group(1)) is None)
    if _ROAD.search(text) is None:
        return
    for match in _ADDRESS.finditer(text):
        if _ROAD.search(match.group()) is None:
            continue
        lead = _LEAD_IN.match(match.group())
        start = match.start() + (lead.end() if lead is not None and _ROAD.search(match.group(), lead.end()) else 0)
        yield _Span(start, match.end(), "ADDRESS", _KNOWN_PLACE.search(match.group()) is None)


def _english_addresses(text: str) -> Iterator[_Span]:
    for match in _STREET.finditer(text):
        yield _Span(*match.span(), "ADDRESS")


_FINDERS: Final[tuple[Callable[[str], Iterator[_Span]], ...]] = (
    _emails,
    _numbers,
    _spelt_numbers,
    _codes,
    _plates,
    _accounts,
    _names,
    _addresses,
    _english_addresses,
)
