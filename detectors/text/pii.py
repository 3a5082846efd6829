"""Masking of what identifies a person, before anything else sees the text.

What is found becomes a marker that names the type and keeps the shape only: `[PHONE:***********]`. Numbers are recognised by
form, checksum and the words around them, addresses by their administrative units, names by the words that introduce them.
What is probably but not surely personal is masked too, and named for review.

Time is linear in the text: every expression is bounded, and most messages are let through by one scan for a digit run, an
`@` or an introducing word. Not recognised are names nobody introduces, addresses without a number, and numbers spelt in English.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from detectors.text.pii_codes import PROVINCES, personal_codes
from detectors.text.pii_names import personal_names
from detectors.text.pii_numbers import FIGURES, personal_numbers
from detectors.text.pii_places import personal_places
from detectors.text.pii_span import PersonalSpan
from detectors.text.pii_view import ODD, PersonalView, personal_view

__all__ = ["Masked", "mask", "mask_fields"]

_MAX_DEPTH: Final = 32
_SHAPE_LIMIT: Final = 32
_PASSES: Final = 6

# What makes a closer look worth while. The first characters of the alternatives are looked at first: most characters pass at the cost of
# one test, and most messages at the cost of this scan.
_SIGN: Final = re.compile(
    rf"(?=[\d{FIGURES}@#艾圈(\[（{{<: ._\-叫名本真姓件货貨联聯签发發交转轉開开户戶持我这客下购保险乘旅入患就机申代出生日月号地住家寄送收"
    rf"微薇威WwQqVv加扣企LlNnTtICcRrPpSsDdBbAai路街道巷弄同村区园苑寓厦镇城场庄馆舍府湾庭阁心里段栋棟幢座室单單楼{PROVINCES}{ODD}])(?:"
    rf"[\d{FIGURES}](?:[ \-()（）._·/,，、~*]{{0,3}}[\d{FIGURES}]){{4}}|[@{ODD}]|[ ._\-][^\s\[\]][ ._\-][^\s\[\]][ ._\-]"
    rf"|[(\[（{{< ][Aa][Tt][)\]）}}> ]|艾特|圈[aA]|#[A-Za-z0-9\-]{{2,20}}\.[A-Za-z]"
    r"|(?<=[A-Za-z)])[ \-_]?\d|\d[A-Za-z_\-(]|\d ?\(|\d[A-Za-z]?,? [A-Za-z]|[lI][3-9][0-9oOlI]|[Bb]ox|\d\.\d{1,3}\.\d"
    r"|:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:"
    r"|叫|[寄送发發交转轉][给給]|名字|本[名人]|真名|姓名|件人|[货貨]人|[联聯][系絡繫]人|签收人|[开開][户戶]人|户[名主]|戶名"
    r"|持卡人|我[是就姓]|这里是|客户名|下单人|购买人|保人|险人|乘客|旅客|乘车人|入住人|患者|就诊人|机主|申请人|代收人"
    r"|出生|生[日辰于]|[日号月]生|[地住]址|住在|家住|[寄送]到|寄往|收货地|微 ?信|[薇威]信|[VvWw][Xx]|[Vv]信|加我?[Vv]|[Qq][:：]"
    r"|[Qq][Qq]|[Qq]号|扣扣|企鹅号"
    r"|(?<![A-Za-z])(?:[Ww]e ?[Cc]hat|[Ww]eixin|[Ll]ine id|[Nn]ame|[Tt]his is|I am [A-Zc]|I['’]m [A-Zc]|call me|[Rr]ecip"
    r"|[Rr]eceiver|[Cc]onsig|[Cc]ontact p|[Cc]ardh|[Pp]asseng|[Aa]ddressed|[Ss]hip to|[Dd]eliver to|[Ss]peaking w|[Bb]irth"
    r"|[Bb]orn|[Dd]\.?[Oo]\.?[Bb])"
    r"|[路街道巷弄同村区园苑寓厦镇城家场庄馆舍府湾庭阁心里段]"
    r"(?:[东西南北中]{0,2}[一二三四五六七八九]?段? ?[0-9一二三四五六七八九十百A-Za-z])|(?<=[0-9一二三四五六七八九十百 ])"
    r"(?:[栋棟幢座室]|单元|單元|号楼)"
    rf"|[{PROVINCES}] ?[A-Za-z]"
    r")"
)


class Masked(NamedTuple):
    """A text without what identifies a person.

    `types` names what was masked, each once, in order; `review` names, by their places in the masked text, the markers of what was only
    probably personal, with the doubt.
    """

    text: str
    types: tuple[str, ...] = ()
    review: tuple[PersonalSpan, ...] = ()

    @property
    def uncertain(self) -> bool:
        """Whether some of what was masked was only probably personal."""
        return bool(self.review)


def mask(text: str) -> Masked:
    """The text with everything that identifies a person replaced by a marker of its type and shape.

    Types: ID, PASSPORT, PERMIT, CARD, PHONE, LANDLINE, EMAIL, ADDRESS, PLATE, ORDER, TRACKING, ACCOUNT, IP, NAME, BIRTH, and NUMBER (a
    long number of unknown kind). Numbers of companies and authorities (400, 95, 10086, 12315) are of no person and stay. Masking
    what is masked changes nothing. Time is linear in the text.

    >>> mask("我叫张三，电话13800138000").text
    '我叫[NAME:**]，电话[PHONE:***********]'
    >>> mask("编码9988776655443").review
    (PersonalSpan(start=2, end=24, kind='NUMBER', doubt='length'),)
    >>> mask("这件衣服50元能便宜点吗")
    Masked(text='这件衣服50元能便宜点吗', types=(), review=())
    """
    if _SIGN.search(text) is None:
        return Masked(text)
    types: dict[str, None] = {}
    review: list[PersonalSpan] = []
    for _ in range(_PASSES):
        view = personal_view(text)
        spans = _personal(view)
        if not spans:
            break
        types.update(dict.fromkeys(span.kind for span in spans))
        text, review = _replaced(text, spans, review)
    return Masked(text, tuple(types), tuple(review))


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


def _personal(view: PersonalView) -> list[PersonalSpan]:
    """What is personal in a view, as places of the written text, in order and without overlap."""
    text = view.text
    found = [*personal_numbers(text), *personal_codes(text), *personal_names(text), *personal_places(text)]
    return [PersonalSpan(*view.written(span.start, span.end), span.kind, span.doubt) for span in _disjoint(found)]


def _disjoint(spans: Iterable[PersonalSpan]) -> list[PersonalSpan]:
    """Spans by place without overlap: overlapping ones become one, named after the longest, in doubt where all are."""
    merged: list[PersonalSpan] = []
    for span in sorted(spans):
        if merged and span.start < merged[-1].end:
            last = merged[-1]
            longer = last if (last.end - last.start, not last.doubt) >= (span.end - span.start, not span.doubt) else span
            merged[-1] = PersonalSpan(last.start, max(last.end, span.end), longer.kind, longer.doubt if last.doubt and span.doubt else "")
        else:
            merged.append(span)
    return merged


def _replaced(text: str, spans: list[PersonalSpan], review: list[PersonalSpan]) -> tuple[str, list[PersonalSpan]]:
    """The text with markers for the spans, and where the markers to review stand in it, the earlier ones moved along."""
    parts: list[str] = []
    moved: list[PersonalSpan] = []
    last, length, earlier = 0, 0, iter([*review, PersonalSpan(len(text), len(text), "")])
    waiting = next(earlier)
    for span in [*spans, PersonalSpan(len(text), len(text), "")]:
        while waiting.start < span.start:
            shift = length - last
            moved.append(waiting._replace(start=waiting.start + shift, end=waiting.end + shift))
            waiting = next(earlier)
        marker = f"[{span.kind}:{_shape(text[span.start : span.end])}]" if span.kind else ""
        parts += [text[last : span.start], marker]
        start = length + span.start - last
        length, last = start + len(marker), span.end
        if span.doubt:
            moved.append(PersonalSpan(start, length, span.kind, span.doubt))
    return "".join(parts), moved


def _shape(text: str) -> str:
    """Stars for what could tell something, the separators kept."""
    return "".join(mark if mark in " -@." else "*" for mark in text[:_SHAPE_LIMIT])
