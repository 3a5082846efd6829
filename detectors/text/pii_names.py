"""Names of persons, by the words that introduce them, and days of birth."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from detectors.text.pii_span import PersonalSpan

__all__ = ["personal_names"]

_SURNAMES: Final = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜"
    "范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛"
    "伍韦申尤毕聂丛焦柳邢路岳齐沿梅莫庄辛管祝左涂谷祁时舒耿牟卜肖詹关苗凌费纪靳盛童欧甄项游阳裴席卫屈鲍位覃霍翁隋植甘景薄包司"
    "柏宁柯阮桂闵强柴华冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫嵺苟褚廉简娄盖符奚木穆党燕郎邸冀谈姬屠郜晏栾郁商蒙喻揭窦迟宇敖"
    "糜鄢卓花仇艾蓝巩稽井仲乐虞卞封竺冼衣楚佟栗匡宗台巫鞠僧桑荆谌扬明沙伏岑习胥蔺"
    "張劉陳楊趙黃吳孫馬羅鄭謝韓馮蕭許呂蘇盧賈葉閻鐘鍾鄒陸範龍錢湯賴龔莊嚴溫韋顏魯畢聶歐關費紀項衛單簡"
)
# Those that begin no common word, and are believed whatever follows the name.
_SURE: Final = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱郭罗梁宋郑韩唐冯董萧程曹袁邓许傅沈曾彭吕卢蒋蔡贾魏薛阎潘杜戴汪姜范姚谭廖邹熊郝崔邱秦侯邵孟雷"
    "尹黎乔贺龚庞樊殷陶翟颜倪俞葛林何谢苏叶余夏钟陆孔苗聂肖詹靳甄裴鲍霍阮饶褚"
    "張劉陳楊趙黃吳孫羅鄭謝韓馮蕭許呂蘇盧賈葉閻鍾鄒陸賴龔莊顏聶歐"
)
_COMPOUND: Final = (
    "欧阳",
    "上官",
    "司马",
    "诸葛",
    "东方",
    "皇甫",
    "尉迟",
    "公孙",
    "慕容",
    "令狐",
    "司徒",
    "夏侯",
    "端木",
    "独孤",
    "南宫",
    "歐陽",
    "司馬",
    "諸葛",
)
_HAN: Final = "\u4e00-\u9fff"
# No given name has these: they begin what comes after the name.
_NOT_GIVEN: Final = frozenset(
    "的了吗嗎呢吧啊们們你我他她是不没沒在有这這那和跟与與电電想要来來就也都去住买買收订訂退换換付寄昨前刚剛现現请請麻把被给給对對从從已还還又很手身份证號号很客哪什怎么麼错錯"
)
_FOLLOWS: Final = re.compile(rf"$|[^{_HAN}·]|电话|電話|手机|手機|地址|身份|联系|聯|性别|住|收|订单|卡号|号码|的|先生|女士|小姐")

_LABEL: Final = (
    r"(?:(?<!公司)(?<!产品)(?<!商品)(?<!店铺)(?<!单位)(?<!用户)(?:(?:真实|客户|我的|会员|法人)?姓名|名字|客户名|户名|開戶名)"
    r"|收件人|收货人|收貨人|联系人|聯絡人|聯繫人|寄件人|发件人|寄货人|签收人|取件人|开户人|開戶人|持卡人|户主|下单人|购买人"
    r"|投保人|被保险人|乘客|旅客|乘车人|入住人|患者|就诊人|机主|申请人|代收人)"
)
_LABELLED: Final = re.compile(
    rf"{_LABEL}(?:姓名|名字|名)?(?P<link>(?:就?是|叫做?|为|改成|改为|换成|填的?是|写的?是|[:：|\- ]){{0,4}})(?=[{_HAN}A-Za-z])"
)
_CALLED: Final = re.compile(r"(?:我叫|名叫|本名|叫做|名字叫|名字是|我的名字是|叫我|真名)(?:做|是|[:： ]){0,2}(?=[\u4e00-\u9fffA-Z])")
_AM: Final = re.compile(r"(?:我是|(?P<self>本人|我姓名)|这里是|我就是|(?<!我)叫|[寄送发發交转轉]给|[寄送發交]給)[:： ]?(?=[\u4e00-\u9fff])")
_ANY_NAME: Final = re.compile(rf"[{_HAN}]{{1,10}}(?:·[{_HAN}]{{1,10}}){{1,3}}|[{_HAN}]{{2,4}}(?=$|[^{_HAN}])")
_LATIN: Final = re.compile(
    r"[A-Z][A-Za-z'’\-]{1,19}(?: [A-Z]\.)?(?: (?:[A-Z][A-Za-z'’\-]{1,19}|de|van|der|von|bin|al)){0,3}|[a-z]{2,15} [a-z]{2,15}"
    r"(?= ?(?:$|[,，。;；]))"
)
_APART: Final = re.compile(rf"[{_HAN}](?: [{_HAN}]){{1,2}}(?![{_HAN}])")
_NO_NAME: Final = re.compile(
    r"姓名|名字|什么|怎么|哪|错|不|写|填|电话|地址|没|是|有|改|都|和|未|需|必|可以|能|请|要|信息|号码|手机|一致|收|在|本人|自己"
    r"|对|与|跟|或|如何|为空|显示|已|变|拒|签|或者|只|联系|客服"
)
_NO_SURNAME: Final = re.compile(
    r"任何|方便|万一|高兴|常|马上|周[一二三四五六日末]|金额|江苏|王者|王牌|白天|黄[色牛]|顾客|安[装全]|温|平台|何[时必]|全|石头"
    r"|时候|路|于是|华为|老|明天|文|关|包|商|花|苏州|程序|许多|应|林林|会员|高级|陈旧|夏天|成|余额|余下|陆续|孔"
)

_ENGLISH: Final = re.compile(
    r"(?:[Mm]y (?:full |real |legal )?name(?:['’]s| is)|(?:[Ff]ull |[Cc]ustomer |[Rr]ecipient |[Cc]ontact )?[Nn]ame ?(?:[:：]"
    r"|is )|[Nn]ame on (?:the |my )?(?:card|order|account) ?(?:is|:)?"
    r"|[Rr]ecipient ?(?:[:：]|is)|[Rr]eceiver ?(?:[:：]|is)|[Cc]onsignee ?(?:[:：]|is)|[Cc]ardholder ?(?:[:：]|is)"
    r"|[Pp]assenger ?[:：]|[Cc]ontact person ?(?:[:：]|is)|[Aa]ddressed to|I(?:['’]m| am) called|call me) ?"
    r"([A-Za-z][A-Za-z'’\-]{1,19}(?:(?: [A-Z]\.)? [A-Za-z][A-Za-z'’\-]{1,19}){0,2})"
)
_ENGLISH_AM: Final = re.compile(
    r"(?:[Tt]his is|I am|I['’]m|[Ss]hip to|[Dd]eliver to|[Ss]peaking with) ([A-Z][a-z'’\-]{1,19}(?: [A-Z][a-z'’\-]{1,19}){1,2})"
)
_ENGLISH_STOP: Final = frozenset(
    (
        *(
            "very",
            "so",
            "really",
            "extremely",
            "just",
            "going",
            "trying",
            "waiting",
            "looking",
            "sorry",
            "happy",
            "angry",
            "and",
            "but",
            "i",
            "from",
            "the",
            "my",
            "order",
            "is",
            "it",
            "on",
            "in",
            "at",
            "not",
            "wrong",
            "spelled",
            "misspelled",
            "correct",
            "incorrect",
            "so",
            "because",
        ),
        *(
            "with",
            "that",
            "this",
            "was",
            "were",
            "are",
            "to",
            "for",
            "of",
            "a",
            "an",
            "please",
            "phone",
            "tel",
            "email",
            "address",
            "number",
            "still",
            "missing",
            "required",
        ),
        *(
            "when",
            "where",
            "what",
            "why",
            "how",
            "can",
            "could",
            "would",
            "will",
            "or",
            "as",
            "there",
            "here",
            "now",
            "today",
            "asap",
            "back",
            "later",
            "if",
            "you",
            "your",
            "we",
        ),
        *(
            "has",
            "have",
            "had",
            "does",
            "did",
            "should",
            "must",
            "empty",
            "blank",
            "invalid",
            "different",
            "same",
            "changed",
            "again",
            "account",
            "customer",
            "service",
        ),
    )
)

_BIRTH: Final = re.compile(
    r"(?:出生(?:日期|年月日?|于|在)?|生日|生辰|生于|date of birth|birth ?date|birthday|born(?: on| in)?|d\.?o\.?b\.?)(?:是|为|[:：]"
    r"|is|was|[ ,]){0,4}"
    r"(\d{1,2}[/.\-]\d{1,2}[/.\-](?:19|20)\d\d|(?:19|20)?\d\d ?[年/.\-] ?\d{1,2} ?[月/.\-] ?\d{1,2} ?[日号]?|"
    r"(?:19|20)\d{6}(?!\d)|[零一二三四五六七八九]{2,4}年[零一二三四五六七八九十]{1,3}月[零一二三四五六七八九十]{1,3}[日号]?"
    r"|\d{1,2}月\d{1,2}[日号]|(?:19|20)\d\d年\d{1,2}月?"
    r"|(?:\d{1,2}(?:st|nd|rd|th)? )?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.? ?(?:\d{1,2}(?:st|nd|rd"
    r"|th)?)?,? ?(?:19|20)\d\d)",
    re.IGNORECASE,
)
_BORN: Final = re.compile(
    r"(?:(?<!\d)(?:19\d\d|20[012]\d)年\d{1,2}月\d{1,2}[日号]?"
    r"|[零一二三四五六七八九]{2,4}年[一二三四五六七八九十]{1,3}月[一二三四五六七八九十]{1,3}[日号]?)(?=出?生(?!产|效|成))"
)

# One of these stands in every text with a name or a day of birth that is found; most texts have none.
_CHINESE_SIGN: Final = re.compile(
    r"(?=[寄送发發交转轉叫名本真姓件货貨联聯签開开户戶持我这客下购保险乘旅入患就机申代])(?:[寄送发發交转轉][给給]|叫|名字|本[名人]"
    r"|真名|姓名|件人|[货貨]人|[联聯][系絡繫]人|签收人|[开開][户戶]人|户[名主]|戶名|持卡人|我[是就姓]|这里是|客户名"
    r"|下单人|购买人|保人|险人|乘客|旅客|乘车人|入住人|患者|就诊人|机主|申请人|代收人)"
)
_LATIN_SIGN: Final = re.compile(
    r"[Nn]ame|[Tt]his is|I am|I['’]m |call me|[Rr]eci?p|[Rr]eceiver|[Cc]onsig|[Cc]ardh|[Pp]asseng|[Cc]ontact p|[Aa]ddressed|"
    r"(?:[Ss]hip|[Dd]eliver) to|[Ss]peaking with"
)
_BIRTH_SIGN: Final = re.compile(r"出生|生[日辰于]|[日号月]生|[Bb][Ii][Rr][Tt][Hh]|[Bb]orn|[Dd]\.?[Oo]\.?[Bb]")


def personal_names(text: str) -> Iterator[PersonalSpan]:
    """The names and days of birth of a text, which is a view of the written one.

    >>> [text[span.start : span.end] for text in ("我叫王小明想退货", "my name is john smith and") for span in personal_names(text)]
    ['王小明', 'john smith']
    """
    if _CHINESE_SIGN.search(text):
        yield from _chinese(text)
    if _LATIN_SIGN.search(text):
        yield from _english(text)
    for expression in (_BIRTH, _BORN) if _BIRTH_SIGN.search(text) else ():
        for match in expression.finditer(text):
            yield PersonalSpan(*match.span(match.lastindex or 0), "BIRTH")


def _chinese(text: str) -> Iterator[PersonalSpan]:
    for match in _LABELLED.finditer(text):
        if found := _named(text, match.end(), stated=bool(match["link"].strip(" -")), called=":" in match["link"] or "：" in match["link"]):
            yield found
    for match in _CALLED.finditer(text):
        if found := _named(text, match.end(), stated=False, called=True):
            yield found
    for match in _AM.finditer(text):
        end = _surname_first(text, match.end())
        if (
            end is not None
            and (
                match["self"]
                or text[match.end()] in _SURE
                or (text[match.start()] == "叫" and not text[end : end + 1].isalnum())
                or text[match.end() : match.end() + 2] in _COMPOUND
            )
            and _FOLLOWS.match(text, end)
        ):
            yield PersonalSpan(match.end(), end, "NAME", "context")


def _named(text: str, start: int, *, stated: bool, called: bool = False) -> PersonalSpan | None:
    """The name that begins at `start`: Latin, of a known surname, or, after a colon or the like, any."""
    latin = _LATIN.match(text, start)
    if latin is not None:
        return PersonalSpan(start, latin.end(), "NAME") if latin.group()[0].isupper() or stated else None
    apart = _APART.match(text, start)
    if apart is not None and apart.group()[0] in _SURNAMES:
        return PersonalSpan(start, apart.end(), "NAME")
    end = _surname_first(text, start)
    whole = _ANY_NAME.match(text, start)
    if whole is not None and "·" in whole.group():
        return PersonalSpan(start, whole.end(), "NAME")
    if end is not None and (called or text[start] in _SURE or text[start : start + 2] in _COMPOUND or _FOLLOWS.match(text, end)):
        return PersonalSpan(start, end, "NAME")
    if stated and whole is not None and _NO_NAME.match(whole.group()) is None:
        return PersonalSpan(start, whole.end(), "NAME", "context")
    return None


def _surname_first(text: str, start: int) -> int | None:
    """Where a name of surname and one or two characters ends, the longer one where both could be."""
    compound = text[start : start + 2] in _COMPOUND
    if not compound and (text[start : start + 1] not in _SURNAMES or _NO_SURNAME.match(text, start)):
        return None
    first = start + (2 if compound else 1)
    end = first
    while end < min(len(text), first + 2) and "\u4e00" <= text[end] <= "\u9fff" and text[end] not in _NOT_GIVEN:
        end += 1
    if (
        end == first + 2
        and text[first : first + 1] not in _NOT_GIVEN
        and _FOLLOWS.match(text, end) is None
        and _FOLLOWS.match(text, first + 1)
    ):
        end = first + 1
    return end if end > first else None


def _english(text: str) -> Iterator[PersonalSpan]:
    for match in _ENGLISH.finditer(text):
        words = match.group(1).split(" ")
        kept = next((index for index, word in enumerate(words) if word.lower() in _ENGLISH_STOP), len(words))
        if kept and (words[0][0].isupper() or not match.group().lower().startswith("call me")):
            yield PersonalSpan(match.start(1), match.start(1) + len(" ".join(words[:kept])), "NAME")
    for match in _ENGLISH_AM.finditer(text):
        if not any(word.lower() in _ENGLISH_STOP for word in match.group(1).split(" ")):
            yield PersonalSpan(*match.span(1), "NAME")
