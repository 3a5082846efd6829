"""What masking lets through and what it takes wrongly, on made-up messages with planted personal data of every type.

The messages are generated from seeded templates and spellings that know nothing of the expressions of `detectors.text.pii`. A planted
span has leaked when four characters of it in a row (all, of a shorter one) can still be read, whatever the width or spacing.
"""

from __future__ import annotations

import re
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

from detectors.text.pii import mask

__all__ = ["ROLE", "harmless", "leaked", "measure", "planted"]

ROLE: str | None = None
"""No data is needed: everything is generated."""

_SEED: Final = 20261106
_TEXTS: Final = 12_000
_READABLE: Final = 4
_EXAMPLES: Final = 10
_MARKER: Final = re.compile(r"\[[A-Z]+:[*\-@. ]*\]")

Dice = Random


class Planted(NamedTuple):
    """A message with one secret in it, and what kind of secret it is."""

    text: str
    secret: str
    kind: str


def planted(count: int, seed: int = _SEED) -> list[Planted]:
    """Messages with a secret each, every kind in turn; the same for the same seed."""
    dice = Random(seed)
    kinds = sorted(_SECRETS)
    return [_plant(dice, kinds[index % len(kinds)]) for index in range(count)]


def harmless(count: int, seed: int = _SEED) -> list[str]:
    """Messages of prices, amounts, times, models, versions and talk, without anything personal; the same for the same seed."""
    dice = Random(seed + 1)
    return [_filled(dice, dice.choice(_HARMLESS)) for _ in range(count)]


def leaked(masked: str, item: Planted) -> bool:
    """Whether the secret can still be read in the masked message, more than the rest of the message says by itself.

    >>> item = Planted("2026-11-06 订单20261234567890", "20261234567890", "ORDER")
    >>> leaked("2026-11-06 订单[ORDER:***] 7890", item), leaked("2026-11-06 订单[ORDER:***]", item)
    (True, False)
    """
    text, frame, sought = _bare(_MARKER.sub("|", masked)), _bare(item.text.replace(item.secret, "|")), _bare(item.secret)
    size = min(_READABLE, len(sought))
    pieces = (sought[start : start + size] for start in range(len(sought) - size + 1))
    return any(text.count(piece) > frame.count(piece) for piece in pieces)


def measure(files: Sequence[Path]) -> dict[str, Any]:  # noqa: ARG001  every section has this signature
    """Leak rate, rate of false masks and speed (of one core): in all and by kind, with examples of both."""
    secrets, plain = planted(_TEXTS), harmless(_TEXTS)
    began = time.process_time()
    masked = [mask(item.text) for item in secrets]
    masked_plain = [mask(text) for text in plain]
    seconds = time.process_time() - began
    leaks = [item for item, result in zip(secrets, masked, strict=True) if leaked(result.text, item)]
    wrong = [(text, result.types) for text, result in zip(plain, masked_plain, strict=True) if result.types]
    total, lost = Counter(item.kind for item in secrets), Counter(item.kind for item in leaks)
    named = Counter(item.kind for item, result in zip(secrets, masked, strict=True) if item.kind in result.types)
    return {
        "texts": len(secrets) + len(plain),
        "planted": len(secrets),
        "leaks": len(leaks),
        "leak_rate": len(leaks) / len(secrets),
        "false_masks": len(wrong),
        "false_mask_rate": len(wrong) / len(plain),
        "texts_per_second": round((len(secrets) + len(plain)) / seconds),
        "by_kind": {
            kind: {"planted": total[kind], "leaks": lost[kind], "named_rightly": named[kind] / total[kind]} for kind in sorted(total)
        },
        "false_masks_by_kind": dict(Counter(kind for _, types in wrong for kind in types).most_common()),
        "examples": {"leaks": [item.text for item in leaks[:_EXAMPLES]], "false_masks": [text for text, _ in wrong[:_EXAMPLES]]},
    }


def _bare(text: str) -> str:
    """Letters, digits and Chinese characters in one width and case, nothing between them; Chinese figures as digits."""
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_FIGURE_VALUES)
    return "".join(mark for mark in plain if mark.isalnum())


_FIGURE_VALUES: Final = str.maketrans("〇零一二三四五六七八九幺", "001234567891")


def _plant(dice: Dice, kind: str) -> Planted:
    """A secret in a sentence, sometimes with talk around it."""
    secret, sentences = _SECRETS[kind](dice)
    text = dice.choice(_SENTENCES[sentences]).replace("{}", secret)
    if dice.random() < 0.35:
        text = dice.choice(_OPENINGS) + text
    if dice.random() < 0.35:
        text += dice.choice(_CLOSINGS)
    return Planted(text, secret, kind)


def _table(lines: str) -> dict[str, list[str]]:
    """Sentences by name, from lines such as `PHONE: call {} | {} is my number`; a name may have several lines."""
    found: dict[str, list[str]] = {}
    for line in lines.splitlines():
        name, _, sentences = line.partition(": ")
        found.setdefault(name, []).extend(sentences.split(" | "))
    return found


def _filled(dice: Dice, template: str) -> str:
    """A template with its `<low-high>` replaced by numbers and its `<a|b>` by one of the choices."""
    parts = template.split("<")
    out = [parts[0]]
    for part in parts[1:]:
        inside, _, rest = part.partition(">")
        low, dash, high = inside.partition("-")
        number = dash and low.isdigit() and high.isdigit()
        out += [str(dice.randint(int(low), int(high))) if number else dice.choice(inside.split("|")), rest]
    return "".join(out)


def _digits(dice: Dice, count: int) -> str:
    return "".join(dice.choice("0123456789") for _ in range(count))


def _letters(dice: Dice, count: int, of: str = "ABCDEFGHJKLMNPQRSTUVWXYZ") -> str:
    return "".join(dice.choice(of) for _ in range(count))


def _cut(text: str, sizes: Sequence[int], mark: str) -> str:
    """The text in groups of the given sizes, the rest in the last one."""
    groups, start = [], 0
    for size in sizes:
        groups.append(text[start : start + size])
        start += size
    groups.append(text[start:])
    return mark.join(group for group in groups if group)


def _wide(text: str) -> str:
    return "".join(chr(ord(mark) + 0xFEE0) if 0x21 <= ord(mark) <= 0x7E else mark for mark in text)


def _disguised(dice: Dice, text: str) -> str:
    """The text as it is, full width, pulled apart by spaces, or with marks nobody sees in it."""
    way = dice.randrange(12)
    if way == 0:
        return _wide(text)
    if way == 1:
        return " ".join(text.replace(" ", ""))
    if way == 2:
        return "\u200b".join(text)
    if way == 3:
        place = dice.randrange(1, len(text))
        return text[:place] + dice.choice("\u200b\u200c\u200d\ufeff\u2060") + text[place:]
    return text


def _mobile(dice: Dice) -> tuple[str, str]:
    number = dice.choice(["13", "15", "16", "17", "18", "19"]) + _digits(dice, 9)
    figures = number.translate(
        str.maketrans("0123456789", dice.choice(["零一二三四五六七八九", "〇一二三四五六七八九", "零幺二三四五六七八九"]))
    )
    written = dice.choice(
        [
            *(number, number, number, "+86" + number, "+86 " + number, "86-" + number, "0086" + number, "(+86)" + number, figures, figures),
            *(
                _cut(number, (3, 4), "-"),
                _cut(number, (3, 4), " "),
                _cut(number, (3, 4), "."),
                _cut(number, (4, 3), " "),
                _cut(number, (3, 3), " "),
            ),
            *(
                "+86 " + _cut(number, (3, 4), " "),
                "+86-" + _cut(number, (3, 4), "-"),
                _cut(figures, (3, 4), " "),
                _cut(number, (5,), " "),
                _wide(number),
            ),
        ]
    )
    return _disguised(dice, written), "PHONE"


def _landline(dice: Dice) -> tuple[str, str]:
    area = dice.choice(["010", "021", "022", "0755", "0571", "0512", "0871", "027", "028", "0595"])
    local = dice.choice("2345678") + _digits(dice, 7 if len(area) == 3 else 6 + dice.randrange(2))
    written = dice.choice(
        [
            f"{area}-{local}",
            f"{area} {local}",
            f"({area}){local}",
            f"（{area}）{local}",
            area + local,
            f"{area}-{local[:4]}-{local[4:]}",
            f"+86-{area[1:]}-{local}",
        ]
    )
    return written, "LANDLINE"


_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def _identity(dice: Dice) -> tuple[str, str]:
    region = dice.choice(
        ["110105", "310115", "440305", "330106", "510107", "420111", "610113", "320505", "500103", "350203", "654301", "150102"]
    )
    body = region + f"{dice.randint(1945, 2012)}{dice.randint(1, 12):02}{dice.randint(1, 28):02}" + _digits(dice, 3)
    number = body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, _ID_WEIGHTS, strict=True)) % 11]
    if dice.random() < 0.1:
        number = region + body[8:17]
        return _disguised(dice, number), "ID old"
    written = dice.choice(
        [
            number,
            number,
            number.lower(),
            _cut(number, (6, 8), " "),
            _cut(number, (6, 8), "-"),
            _cut(number, (6, 4, 4), " "),
            _cut(number, (3, 3, 4, 4), " "),
        ]
    )
    return _disguised(dice, written), "ID"


def _card(dice: Dice) -> tuple[str, str]:
    prefix = dice.choice(["622202", "621700", "621226", "622848", "436742", "411111", "520083", "356895", "625912", "37828"])
    size = 15 if prefix.startswith("37") else dice.choice([16, 16, 19]) if prefix.startswith("62") else 16
    body = prefix + _digits(dice, size - len(prefix) - 1)
    total = sum(sum(divmod(int(digit) * (2 if place % 2 == 0 else 1), 10)) for place, digit in enumerate(reversed(body)))
    number = body + str(-total % 10)
    fours = (4, 4, 4, 4) if size != 15 else (4, 6)
    written = dice.choice([number, number, _cut(number, fours, " "), _cut(number, fours, "-"), _wide(number)])
    return _disguised(dice, written), "CARD"


def _email(dice: Dice) -> tuple[str, str]:
    local = dice.choice(["zhang.san", "lihua", "wang_xm", "tom-cat", "chen+shop", "alice", "bob.jones", "liu"]) + dice.choice(
        ["", str(dice.randint(1, 9999))]
    )
    domain = dice.choice(
        ["qq.com", "163.com", "gmail.com", "mail.example.com", "outlook.com", "company.com.cn", "sina.cn", "foxmail.com", "uni.edu.cn"]
    )
    written = dice.choice(
        [f"{local}@{domain}"] * 4
        + [
            f"{local} @ {domain}",
            f"{local}＠{domain}",
            f"{local}(at){domain}",
            f"{local}[at]{domain.replace('.', '[dot]')}",
            f"{local} at {domain.replace('.', ' dot ')}",
        ]
        + [f"{local.upper()}@{domain.upper()}", _wide(f"{local}@{domain}"), f"{local}@{domain.replace('.', '. ')}"]
    )
    return written, "EMAIL"


_CITIES: Final = (
    "北京市朝阳区",
    "上海市浦东新区",
    "广东省深圳市南山区",
    "浙江省杭州市西湖区",
    "江苏省苏州市工业园区",
    "成都市武侯区",
    "四川省绵阳市涪城区",
    "湖北省武汉市洪山区",
    "福建省厦门市思明区",
    "西安市雁塔区",
    "",
)
_STREETS: Final = (
    "建国路",
    "世纪大道",
    "科技园南路",
    "文三西路",
    "星湖街",
    "人民南路",
    "长虹大道北段",
    "珞喻路",
    "湖滨南路",
    "高新四路",
    "解放东街",
    "中山北路",
    "幸福里",
)
_ESTATES: Final = ("阳光花园", "金色家园", "万科城", "碧桂园", "华润大厦", "和平小区", "龙湖公寓", "翠湖雅苑", "东方名苑", "")


_ENGLISH_STREETS: Final = (
    "Baker Street",
    "North Main St",
    "Elm Road",
    "Jianguo Road",
    "Ocean View Drive",
    "Kings Lane",
    "5th Ave",
    "Sunset Blvd",
)


def _address(dice: Dice) -> tuple[str, str]:
    city, street, estate = dice.choice(_CITIES), dice.choice(_STREETS), dice.choice(_ESTATES)
    number = f"{dice.randint(1, 999)}号"
    flat = dice.choice(
        [
            f"{dice.randint(1, 30)}栋{dice.randint(101, 2909)}室",
            f"{dice.randint(1, 30)}号楼{dice.randint(1, 6)}单元{dice.randint(101, 2909)}",
            f"{dice.choice('ABC')}座{dice.randint(101, 3209)}",
            f"{dice.randint(1, 30)}幢{dice.randint(1, 6)}单元{dice.randint(101, 2909)}室",
        ]
    )
    written = dice.choice(
        [
            f"{city}{street}{number}{estate}{flat}",
            f"{city} {street} {number} {estate}{flat}".replace("  ", " ").strip(),
            f"{city}{street}{number}",
            f"{city}{street}{number}{estate}{dice.randint(1, 30)}栋",
        ]
    )
    english = f"{dice.randint(1, 9999)} {dice.choice(_ENGLISH_STREETS)}" + dice.choice(
        ["", f", Apt {dice.randint(1, 99)}", f" Unit {dice.randint(1, 40)}B"]
    )
    if dice.random() < 0.2:
        return english, "ADDRESS en"
    return written, "ADDRESS"


def _plate(dice: Dice) -> tuple[str, str]:
    province, letter = dice.choice("京沪粤苏浙鲁川鄂湘闽辽渝津豫皖"), _letters(dice, 1)
    tail = dice.choice(
        [
            _digits(dice, 5),
            _digits(dice, 3) + _letters(dice, 2),
            _letters(dice, 1) + _digits(dice, 4),
            "D" + _digits(dice, 5),
            "F" + _digits(dice, 5),
            _digits(dice, 2) + _letters(dice, 1) + _digits(dice, 2),
        ]
    )
    mark = dice.choice(["", "", "·", " ", "-", "."])
    written = province + letter + mark + tail
    return dice.choice([written, written, written.lower(), _wide(written)]), "PLATE"


def _passport(dice: Dice) -> tuple[str, str]:
    written = dice.choice(
        [
            "E" + _digits(dice, 8),
            "G" + _digits(dice, 8),
            "E" + _letters(dice, 1, "ABCDEFGH") + _digits(dice, 7),
            "e" + _digits(dice, 8),
            "E " + _digits(dice, 8),
        ]
    )
    return _disguised(dice, written), "PASSPORT"


def _permit(dice: Dice) -> tuple[str, str]:
    written = dice.choice(
        [
            "C" + _digits(dice, 8),
            "H" + _digits(dice, 8),
            "M" + _digits(dice, 8),
            "H" + _digits(dice, 10),
            "CA" + _digits(dice, 7),
            "T" + _digits(dice, 8),
            _digits(dice, 8),
        ]
    )
    return written, "PERMIT"


def _order(dice: Dice) -> tuple[str, str]:
    written = dice.choice(
        [
            _digits(dice, 10),
            _digits(dice, 18),
            "2026" + _digits(dice, 13),
            _letters(dice, 2) + _digits(dice, 10),
            _digits(dice, 6) + "-" + _digits(dice, 8),
            _letters(dice, 1) + _digits(dice, 1) + _letters(dice, 1) + _digits(dice, 6),
        ]
    )
    return written, "ORDER"


def _tracking(dice: Dice) -> tuple[str, str]:
    written = dice.choice(
        [
            "SF" + _digits(dice, 13),
            "JD" + _digits(dice, 13),
            "YT" + _digits(dice, 13),
            _digits(dice, 12),
            _digits(dice, 15),
            "JDVA" + _digits(dice, 11),
            "1Z" + _letters(dice, 3) + _digits(dice, 13),
            "EA" + _digits(dice, 9) + "CN",
            "ZTO" + _digits(dice, 12),
        ]
    )
    return written, "TRACKING"


def _account(dice: Dice) -> tuple[str, str]:
    handle = dice.choice(
        [
            "wxid_" + _letters(dice, 8, "abcdefghjk0123456789") + "7",
            "xiaoming" + _digits(dice, 3),
            "li_" + _digits(dice, 6),
            "abc-" + _digits(dice, 5),
            "Sunny" + _digits(dice, 4),
        ]
    )
    if dice.random() < 0.4:
        return str(dice.randint(10_000, 4_000_000_000)), "ACCOUNT QQ"
    return handle, "ACCOUNT"


def _ip(dice: Dice) -> tuple[str, str]:
    written = ".".join(str(dice.randint(1, 254)) for _ in range(4))
    return written, "IP"


_GIVEN: Final = (
    "伟",
    "芳",
    "娜",
    "秀英",
    "敏",
    "静",
    "丽",
    "强",
    "磊",
    "洋",
    "艳",
    "勇",
    "军",
    "杰",
    "小明",
    "建国",
    "志强",
    "雨桐",
    "子涵",
    "浩然",
    "思远",
    "晓燕",
    "婷婷",
    "美玲",
    "俊杰",
    "欣怡",
)
_FAMILY: Final = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶潘杜戴夏钟汪田任姜"


def _name(dice: Dice) -> tuple[str, str]:
    if dice.random() < 0.3:
        first = dice.choice(["John", "Mary", "Alice", "Robert", "Wei", "Xiaoming", "Peter", "Emma", "Liang"])
        full = f"{first} {dice.choice(['Smith', 'Johnson', 'Wang', 'Zhang', 'Miller', 'Brown', 'Chen', 'Li', 'Garcia'])}"
        return dice.choice([full, full, full, full.lower()]), "NAME en"
    name = dice.choice(_FAMILY) + dice.choice(_GIVEN)
    if dice.random() < 0.08:
        name = dice.choice(["欧阳", "司马", "上官", "诸葛"]) + dice.choice(_GIVEN)
    return name, "NAME"


def _birth(dice: Dice) -> tuple[str, str]:
    year, month, day = dice.randint(1945, 2010), dice.randint(1, 12), dice.randint(1, 28)
    written = dice.choice(
        [
            f"{year}年{month}月{day}日",
            f"{year}-{month:02}-{day:02}",
            f"{year}/{month}/{day}",
            f"{year}{month:02}{day:02}",
            f"{year}.{month}.{day}",
            f"{year}年{month}月{day}号",
        ]
    )
    return written, "BIRTH"


_SECRETS: Final[dict[str, Callable[[Dice], tuple[str, str]]]] = {
    "ACCOUNT": _account,
    "ADDRESS": _address,
    "BIRTH": _birth,
    "CARD": _card,
    "EMAIL": _email,
    "ID": _identity,
    "IP": _ip,
    "LANDLINE": _landline,
    "NAME": _name,
    "ORDER": _order,
    "PASSPORT": _passport,
    "PERMIT": _permit,
    "PHONE": _mobile,
    "PLATE": _plate,
    "TRACKING": _tracking,
}
_OPENINGS: Final = (
    "你好，",
    "在吗 ",
    "亲 ",
    "客服你好！",
    "急！",
    "麻烦查一下，",
    "Hi, ",
    "hello ",
    "2026-11-06 ",
    "我买了2件，",
    "第3次问了：",
    "您好\n",
)
_CLOSINGS: Final = ("，谢谢", "。", "，请尽快处理", "！！！", " thanks", ", please help", "，花了299元", "，3天了", "\n急", "，下午5点前")

_SENTENCES: Final = _table("""\
ACCOUNT: 微信{} | 微信号：{} | 加我微信{} | vx:{} | 我的VX {} | wx {} | 微信号是{} | wechat: {} | My WeChat ID is {} | V信{}
ACCOUNT QQ: QQ{} | QQ号：{} | 我qq是{} | 加QQ {} | 扣扣{} | qq: {}
ADDRESS: 地址{} | 寄到{} | 我的地址是{}，别寄错 | 帮我改成{} | 我住在{} | 收货地址：{} | 送到{}就行 | 家在{} | 请发到{}谢谢 | 地址改为{}
ADDRESS en: I live at {} | ship it to {} | my address is {}, thanks | deliver to {} instead
BIRTH: 出生日期{} | 出生日期：{} | 我的生日是{} | 生于{} | date of birth {} | DOB: {} | I was born on {} | 我出生于{} | 生日 {} 领不了券
CARD: 银行卡号{} | 卡号：{} | 退到{}这张卡 | 我的工行卡{}没到账 | 储蓄卡 {} 开户行招商银行 | card number {}
CARD: Please refund to my card {} | {} | 信用卡{}被重复扣款 | 帳號是{}
EMAIL: 邮箱{} | 发票发到{} | 我的email是{}谢谢 | 请发{}，急 | Email me at {} | my e-mail: {} | {} | 信箱 {} 收不到信
EMAIL: send the invoice to {} please
ID: 身份证号{} | 身份证号码：{}，帮我查下 | {}这是我的证件号 | 我的身份证是{}姓名没错 | 實名認證 身分證{} | 实名信息填的{}
ID: ID number {} | my ID card: {} | {} | 证件{}过期了
ID old: 身份证号{} | 老身份证是{} | ID card {}
IP: 我的IP是{} | 登录IP {} | 从{}登录的，不是我 | ip address {} | 异地登录{} | {} logged into my account
LANDLINE: 座机{} | 公司电话{}，找王经理 | 家里固话是{} | 传真：{} | 打{}没人接 | tel {} | Fax: {} | 我的固定电话是 {}，白天打
NAME: 我叫{} | 我叫{}，要退货 | 我叫{}想查一下订单 | 姓名：{} | 姓名{} | 收件人{} | 收件人：{} 电话稍后给 | 收货人是{}，写错了
NAME: 联系人:{} | 我的名字是{} | 持卡人{} | 開戶人：{} | 我叫{}昨天买的 | 姓名 {} | 叫{}，实名认证不过 | 我叫{}在你们这买的手机
NAME: 收件人姓名：{} | 本人{}，要求退款
NAME en: my name is {} | My name is {} and I want a refund | name: {} | Name: {}, phone to follow | Hi, my name is {}. | recipient: {}
NAME en: My name's {}
ORDER: 订单号{} | 订单：{} | 订单编号是{} | 我的订单{}还没发 | 單號{} | 訂單編號 {} | order number {} | Order No. {}
ORDER: my order #{} is late | where is order {} | 退款单号{}
PASSPORT: 护照{} | 护照号码：{} | 我的护照号是{} | passport {} | Passport No. {} | my passport number is {} | 護照{}過期
PERMIT: 港澳通行证{} | 通行证号{} | 台胞证：{} | 回乡证号码是{} | 往来港澳通行证 {} | travel permit {}
PHONE: 我的手机号是{} | 电话{} | 打我{} | {} | 联系方式：{}，尽快回电 | 请拨{}联系我 | 我手机{}收不到验证码 | 预留号码{}不用了
PHONE: 给{}发短信 | {}是我老公的号 | Call me at {} | my number is {} | please text {} when you arrive | phone: {} | 手機{}，謝謝
PHONE: 绑定的是{}这个号 | 加我 {} | 尾号不对，应该是{}吧
PLATE: 车牌{} | 我的车是{} | 车牌号：{}，停车费多扣了 | {}这辆车的保养 | 车辆{}年检 | 開的是{}
TRACKING: 快递单号{} | 运单号：{} | 物流单号是{} | 单号{}三天没更新 | 快递{}查不到 | tracking number {} | Tracking: {} | waybill {}
TRACKING: 顺丰{}到哪了
""")
_HARMLESS: Final = [
    sentence
    for line in """\
这件<10-9999>元能便宜点吗 ¦ 一共<1000-999999>元 ¦ 价格从<1000-9999>降到<100-999> ¦ ¥<100-9999>.<10-99>太贵了 ¦ 金额<1000-99999>.00元不对
花了<10000-99999>块 ¦ 2026-<10-12>-<10-28> <10-23>:<10-59>发货 ¦ <10-12>月<1-28>日下午<1-5>点到 ¦ <2020-2026>年<1-12>月<1-28>日买的
<10-23>:<10-59>:<10-59>还没更新 ¦ 等了<2-30>天<1-9>小时 ¦ iPhone <11-17> Pro Max 多少钱 ¦ iPhone<11-17> <128|256|512>G有货吗
华为Mate<20-70>和小米<10-15>哪个好 ¦ 型号RTX<3050-5090> ¦ SKU AB<1000-9999>还有吗 ¦ 货号<100000-99999999>有L码吗 ¦ 订单<2-9>个都没到
我有<2-20>个订单 ¦ 买了<2-99>件退<1-9>件 ¦ 版本<1-9>.<0-20>.<0-99>闪退 ¦ 升级到v<1-9>.<0-9>.<0-9>.<0-9> ¦ 系统版本<10-20>.<0-9>.<0-9>
我要打12315 ¦ 拨打10086没人接 ¦ 打<95588|95533|95566|10010|10000|12345|12306>问问 ¦ 客服热线400-<100-999>-<1000-9999>
400<1000000-9999999>打不通 ¦ 投诉电话12300 ¦ 尺码<35-44>、<35-44>、<35-44>都要 ¦ 身高<150-190>体重<45-95> ¦ <36-44>码偏大
满<100-999>减<10-99> ¦ <100-999>×<100-999>×<100-999>毫米 ¦ <1-99>%的用户 ¦ 积分<1000-99999>能换啥 ¦ 我叫了三次了 ¦ 我叫你们退款
我是客户不是骗子 ¦ 姓名错了能改吗 ¦ 名字怎么改 ¦ 收件人写错了怎么办 ¦ 联系人不是我 ¦ 我叫的车没来 ¦ 本人不在家 ¦ 地址错了能改吗
地址在哪里改 ¦ 这条街一个人都没有 ¦ 路上<2-20>号到 ¦ 在福建省莆田市 ¦ 杭州有仓库吗 ¦ 上海到北京要几天 ¦ 小区门口有快递柜吗
微信支付失败了 ¦ 微信怎么付款 ¦ QQ登录不了 ¦ 加微信群有优惠吗 ¦ 车牌识别不准 ¦ 护照能用来实名吗 ¦ 通行证可以吗 ¦ 订单号在哪里看
快递单号查不到 ¦ 银行卡限额是多少 ¦ 身份证要拍正反面吗 ¦ 邮箱收不到验证码 ¦ 验证码<1000-9999>不对 ¦ 验证码是<100000-999999>
生日有优惠券吗 ¦ where is my order ¦ I ordered <2-20> items for $<10-999>.<10-99> ¦ it cost <100-9999> dollars
delivered at <1-12>:<10-59> pm on <1-28> March <2020-2026> ¦ my name is wrong on the label ¦ this is ridiculous ¦ I am very upset
my order is late by <2-9> days ¦ version <1-9>.<0-20>.<0-9> crashes ¦ the iPhone <11-17> has <64|128|256>GB
can you call me back tomorrow ¦ wechat payment failed ¦ I waited <10-90> minutes ¦ call 911 ¦ the tracking page is down
<1000-9999>-<1000-9999>元的有吗 ¦ 第<1-99>期分<3|6|12>期 ¦ <2-5>室<1-2>厅的窗帘要几米 ¦ 电影<10-20>点场 ¦ G<100-999>次高铁
<1-9>楼有卖的吗 ¦ A座怎么走 ¦ <200-999>公里续航 ¦ 电池<3000-6000>mAh ¦ 充<10-999>送<1-99> ¦ 一二三四五六七八 ¦ 三天两头出问题
说了八百遍了 ¦ 十有八九是假的 ¦ 一五一十告诉我 ¦ 九九八十一 ¦ 好的 ¦ 谢谢客服 ¦ 怎么还不发货 ¦ 太差了！！！ ¦ 😡😡😡 ¦ ok thanks
哈哈哈哈哈哈 ¦ 商品条码69<10000000000-99999999999>是正品吗 ¦ ISBN 978<1000000000-9999999999> ¦ 销量<100000-999999>件
<10000-99999>人看过 ¦ https://item.example.com/<10000000-999999999>.html ¦ 分辨率<1000-4000>x<1000-3000> ¦ GB<1000-9999>-<2000-2024>标准
""".splitlines()
    for sentence in line.split(" ¦ ")
]
