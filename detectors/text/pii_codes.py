"""Personal codes of letters and digits: e-mail and IP addresses, passports and permits, order and tracking numbers, plates, accounts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from detectors.text.pii_numbers import is_foreign_identity, nearest_kind
from detectors.text.pii_span import PersonalSpan

__all__ = ["PROVINCES", "personal_codes"]

_ZONES: Final = r"(?:com|cn|net|org|edu|gov|io|me|co|cc|top|vip|info|biz|tw|hk|uk|us|de|fr|jp|example|test|invalid)"
_LOCAL: Final = r"(?<![A-Za-z0-9._%+\-])[A-Za-z0-9._%+\-]{1,128}"
_EMAILS: Final = (
    re.compile(rf"{_LOCAL} ?@ ?[A-Za-z0-9\-]{{1,63}}(?:\.[A-Za-z0-9\-]{{1,63}}){{1,4}}"),
    re.compile(
        rf"{_LOCAL} ?@ ?[A-Za-z0-9\-]{{1,63}}(?: ?[.。] ?[A-Za-z0-9\-]{{1,63}}){{0,3}} ?[.。] ?{_ZONES}(?![A-Za-z0-9])", re.IGNORECASE
    ),
    re.compile(
        rf"{_LOCAL} ?[\[(（{{<]? ?(?:at|艾特|圈a|@|#) ?[\])）}}>]? ?[A-Za-z0-9\-]{{1,63}}"
        rf"(?: ?[\[(（{{]? ?(?:dot|点|\.) ?[\])）}}]? ?[A-Za-z0-9\-]{{1,63}}){{0,3}} ?[\[(（{{]? ?(?:dot|点|\.) ?[\])）}}]? ?{_ZONES}"
        rf"(?![A-Za-z0-9])",
        re.IGNORECASE,
    ),
)
_SPELT_SIGN: Final = re.compile(r"[(\[（{< ]at[)\]）}> ]|艾特|圈a|#[a-z0-9\-]{2,20}\.(?:com|cn|net)", re.IGNORECASE)

# A letter beside a digit: without one there is no code.
_CODE_SIGN: Final = re.compile(r"\d[A-Za-z_\-]|[A-Za-z)][ \-_]?\d|\d ?\(")
_TOKEN: Final = re.compile(r"(?<![A-Za-z0-9_\-])[A-Za-z0-9][A-Za-z0-9_\-]{4,39}(?![A-Za-z0-9_\-])")
_SPLIT: Final = re.compile(
    r"(?<![A-Za-z0-9])[A-Za-z]{1,3}[ \-]\d{5,12}(?![A-Za-z0-9])|(?<![A-Za-z0-9])[A-Za-z]{2} ?\d{3} ?\d{3} ?\d{3} ?[A-Za-z]{2}"
    r"(?![A-Za-z0-9])"
)
_PASSPORT: Final = re.compile(r"[EGDSPKegdspk]\d{8}|[Ee][A-HJ-NP-Za-hj-np-z]\d{7}")
_PERMIT: Final = re.compile(r"[HMhm]\d{8}(?:\d{2})?|[CWcw]\d{8}|[Cc][A-Za-z]\d{7}")
_COURIER: Final = re.compile(
    r"(?:SF|JDV|JDX|JD|YT|ZTO|STO|JT|EMS|YD|DPK|LP|1Z)[A-Za-z]{0,3}\d{8,20}(?:-\d{1,2}-\d{1,2}-?)?|[A-Z]{2}\d{9}[A-Z]{2}|1Z[0-9A-Z]{16}"
)
_HONG_KONG: Final = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{1,2}\d{6} ?\([0-9Aa]\)")
_LONG_CODE: Final = re.compile(r"[A-Za-z]{1,4}\d{9,24}")
_PREFIXES: Final = ("qq", "vx", "wx", "tel", "mob", "call")
_CONTEXT_KINDS: Final = frozenset(("PASSPORT", "PERMIT", "TRACKING", "ORDER", "ID", "CARD", "ACCOUNT"))

PROVINCES: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使滬遼魯蘇贛陝閩貴粵寧瓊雲黑"
_LETTER: Final = "A-HJ-NP-Za-hj-np-z"
_PLATE: Final = re.compile(
    rf"[{PROVINCES}] ?[{_LETTER}][·•.\- ]{{0,2}}(?:[{_LETTER}0-9]{{4,5}}[{_LETTER}0-9挂学警港澳]|[DFdf][ \-]?\d{{5}}"
    rf"|\d{{5}}[ \-]?[DFdf])(?![A-Za-z0-9])"
)
_ACCOUNT: Final = re.compile(
    r"(?=[微薇威徽WwQqVv加扣企Ll])(?:(?P<word>微信号?|微信id|薇信号?|威信号?|徽信|微 ?信|weixin|we ?chat(?: id)?|(?<![a-z])[vw]x|"
    r"(?<![a-z])v信|加我?v|(?<![a-z])q(?=[:：] ?\d)|qq号?|q号|扣扣号?|企鹅号?|line id)"
    r"(?P<link>(?:号码?|號碼?|帐号|账号|id|是|为|为|就是|改成|换成|加我?|我|搜|[:：, ]| is |number|no\.?){0,5}))"
    r"(?P<id>[A-Za-z][A-Za-z0-9_\-]{5,19}|[0-9][0-9 \-]{3,12}[0-9])(?![A-Za-z0-9_])",
    re.IGNORECASE,
)
_STATING: Final = re.compile(r"[:：是为号號]|id|is|no|number|账号|帐号|搜|成", re.IGNORECASE)
_IP: Final = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?!\d|\.\d)")
_IP6: Final = re.compile(
    r"(?<![0-9A-Za-z:])(?:(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|(?:[0-9A-Fa-f]{1,4}:){2,6}:(?:[0-9A-Fa-f]{1,4}"
    r"(?::[0-9A-Fa-f]{1,4}){0,4})?|fe80::[0-9A-Fa-f:]{3,30})(?![0-9A-Za-z:])"
)
_VERSION: Final = re.compile(r"(?:版本|version|固件|firmware|系统|ver|v)[^\d]{0,6}$", re.IGNORECASE)


def personal_codes(text: str) -> Iterator[PersonalSpan]:
    """The personal codes of a text, which is a view of the written one; some are given twice.

    >>> sorted({(span.kind, span.doubt) for span in personal_codes("护照E12345678，邮箱a@b.cn，沪AD12345")})
    [('EMAIL', ''), ('PASSPORT', ''), ('PLATE', '')]
    """
    yield from _emails(text)
    yield from _codes(text)
    yield from _plates(text)
    yield from _accounts(text)
    yield from _addresses(text)


def _emails(text: str) -> Iterator[PersonalSpan]:
    expressions = [*_EMAILS[:2]] if "@" in text else []
    if _SPELT_SIGN.search(text):
        expressions.append(_EMAILS[2])
    for expression in expressions:
        for match in expression.finditer(text):
            yield PersonalSpan(*match.span(), "EMAIL")


def _codes(text: str) -> Iterator[PersonalSpan]:
    if _CODE_SIGN.search(text) is None:
        return
    for expression in (_TOKEN, _SPLIT):
        for match in expression.finditer(text):
            code = match.group()
            if (
                not code.isdigit()
                and not code.isalpha()
                and text[match.start() - 1 : match.start()] != "["
                and (found := _code(text, match))
            ):
                yield PersonalSpan(*match.span(), *found)
    if "(" in text:
        for match in _HONG_KONG.finditer(text):
            if is_foreign_identity(match.group().upper().replace(" ", "")):
                yield PersonalSpan(*match.span(), "ID")


def _code(text: str, match: re.Match[str]) -> tuple[str, str] | None:
    """(type, doubt) of a piece of letters and digits: by the words before it first, by its form second."""
    code = match.group().replace("-", "").replace(" ", "")
    digits = sum(map(str.isdigit, code))
    if digits < 4 or digits == len(code):
        return None
    kind, _ = nearest_kind(text, match.start())
    if kind in _CONTEXT_KINDS:
        return kind, ""
    return _by_form(code, whole=" " not in match.group()) if kind else None


def _by_form(code: str, *, whole: bool) -> tuple[str, str] | None:
    """(type, doubt) of a code nobody explained; `whole` where it was written without a space."""
    if len(code) == 10 and is_foreign_identity(code.upper()):
        return "ID", "context"
    for expression, found in ((_PASSPORT, "PASSPORT"), (_PERMIT, "PERMIT")):
        if expression.fullmatch(code):
            return found, "context"
    if _COURIER.fullmatch(code):
        return "TRACKING", ""
    long = whole and _LONG_CODE.fullmatch(code) and not code.lower().startswith(_PREFIXES)
    return ("TRACKING", "context") if long else None


def _plates(text: str) -> Iterator[PersonalSpan]:
    for match in _PLATE.finditer(text):
        if sum(map(str.isdigit, match.group())) > 1:
            yield PersonalSpan(*match.span(), "PLATE")


def _accounts(text: str) -> Iterator[PersonalSpan]:
    for match in _ACCOUNT.finditer(text):
        stated = _STATING.search(match["word"][2:] + match["link"]) is not None
        if (stated or any(map(str.isdigit, match["id"])) or "_" in match["id"]) and not _is_word(match["id"], stated):
            yield PersonalSpan(*match.span("id"), "ACCOUNT")


_COMMON: Final = frozenset(
    ("payment", "account", "number", "official", "support", "service", "iphone", "android", "message", "please", "wechat", "because")
)


def _is_word(code: str, stated: bool) -> bool:
    return code.lower() in _COMMON or (not stated and re.fullmatch(r"(?i)iphone\d{1,2}|android\d{1,2}", code) is not None)


def _addresses(text: str) -> Iterator[PersonalSpan]:
    """Addresses of the internet protocol; version numbers look the same and are told by the word before them."""
    for match in _IP.finditer(text) if text.count(".") > 2 else ():
        near = all(int(part) < 256 for part in match.group().split("."))
        if (
            near
            and not match.group().startswith(("0.", "127.0.0."))
            and not _VERSION.search(text[max(0, match.start() - 12) : match.start()])
        ):
            yield PersonalSpan(*match.span(), "IP")
    if text.count(":") > 2:
        for match in _IP6.finditer(text):
            yield PersonalSpan(*match.span(), "IP")
