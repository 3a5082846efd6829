"""Personal numbers: identity cards, telephones, bank cards, and numbers the words around them explain.

A row of digits is cut into its groups; groups that together have the form of an identity card, a telephone or a bank card are
that, whatever separates them. What is left is explained by the nearest word before it or by the words right behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Final, NamedTuple

from detectors.text.pii_span import PersonalSpan

__all__ = ["FIGURES", "PUBLIC_WORDS", "is_foreign_identity", "nearest_kind", "personal_numbers"]

FIGURES: Final = "零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖"
_VALUES: Final = {**dict(zip(FIGURES, "01234567891123456789", strict=True)), **{str(step): str(step) for step in range(10)}}
# A figure before a measure word begins the next thing (`单号123三天了`).
_DIGIT: Final = rf"(?:\d|[{FIGURES}](?![天个件次块元年月点条位折张]))"
# A number behind a capital and an underscore is the tail of a placeholder such as [ORDERID_123].
_ROW: Final = re.compile(rf"(?<![A-Z]_)(?<![\d{FIGURES}]){_DIGIT}(?:[ \-()（）._·/,，、~*]{{0,3}}{_DIGIT}){{4,}}")
# Looked for first: most texts have no row.
_ANY_ROW: Final = re.compile(rf"[\d{FIGURES}](?:[ \-()（）._·/,，、~*]{{0,3}}[\d{FIGURES}]){{4}}")
_GROUP: Final = re.compile(rf"{_DIGIT}+")
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
_LOOKALIKE_SIGN: Final = re.compile(r"\d[oOlI]\d|[lI][3-9]\d|[oO]{2}\d")
_LOOKALIKE: Final = re.compile(r"(?<![A-Za-z0-9])[1lI][3-9](?:[0-9oOlI]){9}(?![A-Za-z0-9])")

_MOST_GROUPS: Final = 8
_SHORTEST: Final = 8
_LONGEST: Final = 21
_BEFORE: Final = 14
_SURELY_LONG: Final = 9

_ORDER_WORDS: Final = (
    *(
        "订单",
        "訂單",
        "单号",
        "單號",
        "order",
        "流水号",
        "交易号",
        "交易单",
        "工单",
        "订单号",
        "商户单",
        "退款单",
        "售后单",
        "invoice",
        "transaction",
    ),
)
_TRACKING_WORDS: Final = (
    *(
        "运单",
        "運單",
        "快递单号",
        "快遞單號",
        "物流单号",
        "物流單號",
        "运单号",
        "運單號",
        "快递单",
        "快递",
        "快遞",
        "物流",
        "包裹号",
        "包裹",
        "追踪",
        "追蹤",
        "单号查",
        "面单",
        "取件码",
        "tracking",
        "waybill",
        "parcel",
        "shipment",
        "courier",
    ),
    *("顺丰", "圆通", "中通", "申通", "韵达", "京东物流", "极兔", "邮政", "德邦", "ups", "fedex", "dhl", "ems"),
)
_ID_WORDS: Final = (
    "身份证",
    "身分證",
    "身份證",
    "身份号",
    "证件",
    "證件",
    "id card",
    "id no",
    "id number",
    "identity",
    "national id",
    "sfz",
)
_CARD_WORDS: Final = (
    *(
        "卡号",
        "卡號",
        "银行卡",
        "銀行卡",
        "储蓄卡",
        "信用卡",
        "借记卡",
        "账号",
        "帐号",
        "帳號",
        "账户",
        "帐户",
        "帳戶",
        "card",
        "account",
        "iban",
    ),
    *("工行", "建行", "农行", "中行", "招行", "交行", "邮储", "银行", "銀行", "尾号", "visa", "mastercard", "银联"),
)
_PHONE_WORDS: Final = (
    *(
        "电话",
        "電話",
        "手机",
        "手機",
        "联系",
        "聯繫",
        "聯絡",
        "号码",
        "號碼",
        "座机",
        "座機",
        "固话",
        "传真",
        "傳真",
        "打给",
        "打我",
        "拨",
        "短信",
        "来电",
    ),
    *("tel", "phone", "mobile", "fax", "call", "cell", "contact", "whatsapp", "sms", "number is"),
)
_PASSPORT_WORDS: Final = ("护照", "護照", "passport")
_PERMIT_WORDS: Final = ("通行证", "通行證", "台胞证", "台胞證", "回乡证", "回鄉證", "居住证", "居留证", "permit", "军官证")
_ACCOUNT_WORDS: Final = ("微信", "wechat", "qq", "扣扣", "企鹅号")
PUBLIC_WORDS: Final = (
    *(
        "商品编号",
        "商品id",
        "商品",
        "sku",
        "货号",
        "貨號",
        "款号",
        "型号",
        "型號",
        "条码",
        "条形码",
        "條碼",
        "批号",
        "批次",
        "金额",
        "价格",
        "售价",
        "總價",
    ),
    *(
        "总价",
        "合计",
        "¥",
        "￥",
        "$",
        "barcode",
        "isbn",
        "ean",
        "upc",
        "model",
        "item",
        "part no",
        "version",
        "版本",
        "price",
        "total",
        "amount",
        "serial",
    ),
    *(".com", ".cn/", "http", "浏览量", "销量", "粉丝", "阅读", "播放"),
)
_BY_WORDS: Final = (
    ("TRACKING", _TRACKING_WORDS, 6),
    ("ORDER", _ORDER_WORDS, 6),
    ("ID", _ID_WORDS, 8),
    ("CARD", _CARD_WORDS, 8),
    ("PHONE", _PHONE_WORDS, 7),
    ("PASSPORT", _PASSPORT_WORDS, 7),
    ("PERMIT", _PERMIT_WORDS, 7),
    ("ACCOUNT", _ACCOUNT_WORDS, 5),
    ("", PUBLIC_WORDS, 0),
)
_KIND_OF: Final = {word: (kind, least) for kind, words, least in _BY_WORDS for word in words}
# Longest first: `订单号` must be found before `单号` ends at the same place.
_FIRST: Final = re.escape("".join({word[0] for word in _KIND_OF}))
_WORDS: Final = re.compile(rf"(?=[{_FIRST}])(?:{'|'.join(sorted(map(re.escape, _KIND_OF), key=len, reverse=True))})")
_UNIT: Final = re.compile(
    r" ?(?:元|块|圆|円|万|亿|分钱|%|rmb|usd|hkd|dollars|yuan|积分|分|个|件|次|人|条|张|mah|gb|mb|kb|ms|毫|秒|天|ml|kg|克)", re.IGNORECASE
)
_EXPLAINED: Final = re.compile(
    r"[，,]?(?:是|为|這是|这是|,? ?is|就是)(?: ?(?:我|你|您|他|her|his|my|our|the|的|这个))*? ?"
    r"(订单|訂單|单号|运单|快递|物流|座机|电话|電話|手机|号码|卡号|银行卡|身份证|护照|order|tracking|phone|number|card|passport)"
)
_SERVICE: Final = re.compile(
    r"(?:400|800)\d{7}|1(?:800|888|877|866|855|844|833)\d{7}|9[56]\d{3,4}|950\d{5}|10[01]\d{2,5}|1[12]\d{1,3}|118\d{2,3}"
)
_AREA: Final = re.compile(r"0(?:10|2[0-57-9]|[3-9]\d\d)[2-9]\d{6,7}")
_EXTENSION: Final = re.compile(r",? ?(?:转|轉|分机|ext\.?|extension) ?\d{1,6}", re.IGNORECASE)
_REGIONS: Final = frozenset(
    (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83, 91)
)
_PHONE: Final = re.compile(r"1[3-9]\d{9}")


class _Group(NamedTuple):
    start: int
    end: int
    digits: str


class _Found(NamedTuple):
    """What groups turned out to be: how many of them, the type (empty: nothing personal), the doubt, and where it ends."""

    size: int
    kind: str
    doubt: str = ""
    end: int = 0


def personal_numbers(text: str) -> Iterator[PersonalSpan]:
    """The personal numbers of a text, which is a view of the written one (`personal_view`).

    >>> list(personal_numbers("电话138-0013-8000，共12345元"))
    [PersonalSpan(start=2, end=15, kind='PHONE', doubt='')]
    """
    if _LOOKALIKE_SIGN.search(text):
        yield from _lookalikes(text)
    if _ANY_ROW.search(text) is None:
        return
    skipped = [match.span() for match in _UUID.finditer(text)] if "-" in text else []
    for row in _ROW.finditer(text):
        if not any(start <= row.start() < end for start, end in skipped):
            yield from _row(text, [_Group(*group.span(), _digits(group.group())) for group in _GROUP.finditer(text, *row.span())])


def _lookalikes(text: str) -> Iterator[PersonalSpan]:
    """Mobile numbers with letters for some of the digits (`l38OOl38OOO`)."""
    for match in _LOOKALIKE.finditer(text):
        if sum(map(str.isdigit, match.group())) in range(4, 11):
            yield PersonalSpan(*match.span(), "PHONE", "context")


def _digits(written: str) -> str:
    return "".join([_VALUES.get(mark) or str(int(mark)) for mark in written])


def _row(text: str, groups: list[_Group]) -> Iterator[PersonalSpan]:
    """What one row of groups holds: first by form, the rest by the words around it."""
    index, rest = 0, 0
    while index < len(groups):
        found = _by_form(text, groups, index)
        if found is None:
            index += 1
            continue
        yield from _unexplained(text, groups[rest:index])
        if found.kind:
            yield PersonalSpan(groups[index].start, found.end or groups[index + found.size - 1].end, found.kind, found.doubt)
        index += found.size
        rest = index
    yield from _unexplained(text, groups[rest:])


def _by_form(text: str, groups: list[_Group], first: int) -> _Found | None:
    """The most groups from `first` on whose form says what they are."""
    digits, best = "", None
    for last in range(first, min(len(groups), first + _MOST_GROUPS)):
        digits += groups[last].digits
        if len(digits) > _LONGEST:
            break
        part = groups[first : last + 1]
        found = _harmless(text, digits, part) if len(part) <= 4 else None
        if len(digits) >= _SHORTEST:
            found = _identity(text, digits, part) or _telephone(text, digits, part) or _card(text, digits, part) or found
        if found is not None and (best is None or found.kind or not best.kind):
            best = found
    return best


def _separators(text: str, groups: list[_Group]) -> str:
    return "".join(text[left.end : right.start] for left, right in pairwise(groups))


def _identity(text: str, digits: str, groups: list[_Group]) -> _Found | None:
    """An identity card's number: 18 places with the check digit, or 15 as until 1999."""
    end = groups[-1].end
    if len(digits) == 17 and (tail := re.compile(r"[ \-]?[xX](?![A-Za-z0-9])").match(text, end)):  # the check digit X
        digits, end = digits + "X", tail.end()
    if len(digits) not in {15, 18} or int(digits[:2]) not in _REGIONS:
        return None
    if len(digits) == 18:
        if not _is_date(digits[6:14]):
            return None
        return _Found(len(groups), "ID", "" if _is_checked(digits) else "checksum", end)
    if len(groups) <= 4 and _is_date("19" + digits[6:12]):
        return _Found(len(groups), "ID", "" if nearest_kind(text, groups[0].start)[0] == "ID" else "context", end)
    return None


_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS: Final = "10X98765432"


def _is_checked(digits: str) -> bool:
    """The check digit of GB 11643-1999 (ISO 7064, MOD 11-2)."""
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=False)) % 11] == digits[17]


def _is_date(day: str) -> bool:
    """Whether eight digits are a day a living person may be born on, or a document issued."""
    try:
        date(int(day[:4]), int(day[4:6]), int(day[6:8]))
    except ValueError:
        return False
    return day[:2] in {"18", "19", "20"}


def _telephone(text: str, digits: str, groups: list[_Group]) -> _Found | None:
    """Mobile numbers and those with an area or country code."""
    lengths = tuple(len(group.digits) for group in groups)
    abroad = text[max(0, groups[0].start - 3) : groups[0].start].rstrip(" (").endswith("+")
    number = digits
    for prefix in ("0086", "086", "86", "0"):
        if digits.startswith(prefix) and len(digits) == 11 + len(prefix):
            number = digits.removeprefix(prefix)
            break
    if _PHONE.fullmatch(number) and _is_grouped(text, groups, lengths):
        return _Found(len(groups), "PHONE")
    if abroad and len(digits) in range(8, 16) and len(groups) <= 6:
        return _Found(len(groups), "PHONE")
    return _landline(text, digits, groups, lengths)


def _is_grouped(text: str, groups: list[_Group], lengths: tuple[int, ...]) -> bool:
    """Whether a mobile number is written in groups people use; with commas between only in the usual ones."""
    if len(groups) == 1 or lengths == (1, 3, 3, 4):
        return len(groups) == 1
    if set(_separators(text, groups)) & set(",，、/~*"):
        return lengths[-3:] in {(3, 4, 4), (4, 3, 4), (3, 3, 5), (4, 4, 3)} and len(groups) <= 4
    return len(groups) <= 5 or lengths == (2, 2, 2, 2, 2, 1)


def _landline(text: str, digits: str, groups: list[_Group], lengths: tuple[int, ...]) -> _Found | None:
    """A number with an area code, with its extension where there is one; a North American number in its usual groups."""
    home = "0" + digits[2:] if digits.startswith("86") and len(digits) in {12, 13} and len(groups) > 1 else digits
    if _AREA.fullmatch(home) and len(groups) <= 4 and not set(_separators(text, groups)) & set(",，、~*"):
        extension = _EXTENSION.match(text, groups[-1].end)
        return _Found(len(groups), "LANDLINE", end=extension.end() if extension else 0)
    if len(groups) in {3, 4} and 1 <= lengths[-1] <= 5 and _AREA.fullmatch("".join(group.digits for group in groups[:-1])):
        joined = text[groups[-2].end : groups[-1].start]
        if joined == "-":
            return _Found(len(groups), "LANDLINE")
    if lengths[-3:] == (3, 3, 4) and len(digits) in {10, 11} and digits[-10] in "23456789" and not _SERVICE.fullmatch(digits):
        return _Found(len(groups), "PHONE", "" if nearest_kind(text, groups[0].start)[0] == "PHONE" else "context")
    return None


def _card(text: str, digits: str, groups: list[_Group]) -> _Found | None:
    """A bank card: 13 to 19 digits with Luhn's check digit, in one group or the groups printed on cards."""
    if len(digits) not in range(13, 20):
        return None
    lengths = tuple(len(group.digits) for group in groups)
    fours = set(lengths[:-1]) == {4} and lengths[-1] <= 4
    if len(groups) > 1 and not (fours or lengths == (4, 6, 5) or (len(groups) <= 3 and lengths[0] in {4, 6})):
        return None
    if set(_separators(text, groups)) & set(",，、~*/"):
        return None
    kind = nearest_kind(text, groups[0].start)[0]
    if kind in {"ORDER", "TRACKING", ""} and len(groups) == 1 and kind != "none":
        return None
    valid = _is_luhn(digits)
    if valid and (digits[0] in "34569" or kind == "CARD"):
        return _Found(len(groups), "CARD")
    union = digits.startswith("62") and len(digits) >= 16
    return _Found(len(groups), "CARD", "checksum") if union or (fours and len(groups) == 4 and digits[0] in "456") else None


def _is_luhn(digits: str) -> bool:
    """Luhn's check digit (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(map(int, reversed(digits))):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled  # digit sum of a two-digit number
    return total % 10 == 0


def _harmless(text: str, digits: str, groups: list[_Group]) -> _Found | None:
    """Days, times and the numbers of companies and authorities."""
    lengths = tuple(len(group.digits) for group in groups)
    if lengths[:1] == (4,) and len(groups) == 3 and digits[:2] in {"19", "20"} and max(lengths[1:]) <= 2:
        return _Found(3, "")
    if len(groups) == 3 and lengths[2] == 4 and max(lengths[:2]) <= 2:
        return _Found(3, "")
    if _SERVICE.fullmatch(digits) and nearest_kind(text, groups[0].start)[0] in {"none", "", "PHONE"}:
        return _Found(len(groups), "")
    return None


def _unexplained(text: str, groups: list[_Group]) -> Iterator[PersonalSpan]:
    """Numbers without a telling form: groups that one space or hyphen joins are one number."""
    first = 0
    for index in range(1, len(groups) + 1):
        if index < len(groups) and text[groups[index - 1].end : groups[index].start] in {" ", "-"}:
            continue
        yield from _by_context(text, groups[first:index])
        first = index


def _by_context(text: str, groups: list[_Group]) -> Iterator[PersonalSpan]:
    """One number by the words around it; a long one nobody explained is masked as one to review."""
    start, end = groups[0].start, groups[-1].end
    digits = "".join(group.digits for group in groups)
    kind, least = nearest_kind(text, start)
    if kind in {"none", ""} and (behind := _EXPLAINED.match(text, end)) is not None:
        kind, least = _KIND_OF.get(behind.group(1), ("NUMBER", 6))
    if kind not in {"none", ""} and len(digits) >= least and (len(digits) >= _SURELY_LONG or not _UNIT.match(text, end)):
        yield PersonalSpan(start, end, kind)
    elif kind != "":
        yield from _long(text, groups)


def _long(text: str, groups: list[_Group]) -> Iterator[PersonalSpan]:
    """Numbers so long that they can hardly be harmless, and rows of Chinese figures, which only telephone numbers are."""
    parts = [groups] if "-" in _separators(text, groups) else [[group] for group in groups]
    for part in parts:
        start, end = part[0].start, part[-1].end
        digits = "".join(group.digits for group in part)
        spelt = not text[start:end].isascii()
        if _is_row(digits) or digits.endswith("000000") or _UNIT.match(text, end) or _is_instant(digits):
            continue
        if len(digits) >= _SURELY_LONG:
            yield PersonalSpan(start, end, "PHONE" if spelt and len(digits) <= 12 else "NUMBER", "length")
        elif spelt and len(digits) >= 7 and len(part) == 1:
            yield PersonalSpan(start, end, "PHONE", "spelt")


def _is_row(digits: str) -> bool:
    """Whether the digits only count, or are all the same (一二三四五六七, 666666666)."""
    return digits in "01234567890123456789" or digits in "9876543210" or len(set(digits)) == 1


def _is_instant(digits: str) -> bool:
    """Whether the digits are a day, or a day and a time."""
    return len(digits) in {8, 12, 14} and digits[:2] == "20" and _is_date(digits[:8]) and digits[8:10] < "24" and digits[10:12] < "60"


def nearest_kind(text: str, start: int) -> tuple[str, int]:
    """(type, least digits) by the nearest explaining word in the 14 characters before `start`.

    The type is "none" where no word explains, and empty where one says that the number is of no person.
    """
    found = _WORDS.findall(text[max(0, start - _BEFORE) : start].lower())
    return _KIND_OF[found[-1]] if found else ("none", 0)


def is_foreign_identity(code: str) -> bool:
    """Whether the code is an identity number of Taiwan, or of Hong Kong (`A123456(3)`), by its check digit.

    >>> is_foreign_identity("A123456789"), is_foreign_identity("A123456(3)"), is_foreign_identity("A123456788")
    (True, True, False)
    """
    if re.fullmatch(r"[A-Z][1289]\d{8}", code):
        first = "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(code[0]) + 10
        return (
            first // 10 + first % 10 * 9 + sum(int(d) * w for d, w in zip(code[1:], (8, 7, 6, 5, 4, 3, 2, 1, 1), strict=True))
        ) % 10 == 0
    if match := re.fullmatch(r"([A-Z]{1,2})(\d{6})\(?([0-9A])\)?", code):
        letters = [36, *(ord(letter) - 55 for letter in match[1])][-2:]
        values = [*letters, *map(int, match[2]), int(match[3], 16)]
        return sum(value * weight for value, weight in zip(values, range(9, 0, -1), strict=True)) % 11 == 0
    return False
