"""What people say whatever it is about: greetings, thanks, patience and the loss of it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MANNERS", "Manners"]


@dataclass(frozen=True, slots=True)
class Manners:
    """Phrases of one language, as templates. `patience` is full of negators that negate nothing; `anger` of those that do."""

    greetings: tuple[str, ...]
    welcomes: tuple[str, ...]
    holds: tuple[str, ...]
    fillers: tuple[str, ...]
    patience: tuple[str, ...]
    impatience: tuple[str, ...]
    anger: tuple[str, ...]
    apologies: tuple[str, ...]
    thanks: tuple[str, ...]
    farewells: tuple[str, ...]
    handovers: tuple[str, ...]


ZH = Manners(
    greetings=(
        "你好",
        "您好",
        "在吗",
        "[你好，|]有人在吗",
        "[上午好|下午好|晚上好]",
        "[哈喽|嗨]",
        "[你好，|]咨询个问题",
        "[您好，|]打扰一下",
        "客服[在吗|你好]",
        "[请问|]人工在吗",
    ),
    welcomes=(
        "您好，[很高兴为您服务|这里是售后客服|欢迎光临]，[请问有什么可以帮您|请讲]",
        "[亲，|]您好，[在的|我在]，[请说|有什么能帮到您]",
        "[上午好|您好]，[工号{badge}|客服小{surname}]为您服务",
        "您好，[让您久等了|感谢等待]，[请描述一下问题|请问遇到什么情况]",
    ),
    holds=(
        "[请稍等|稍等一下]，[我查询一下|马上为您看]",
        "[好的|收到]，[我核对一下|这就去查]",
        "[请给我两分钟|一分钟]",
        "[正在查询|系统在加载]，[请稍候|感谢耐心]",
    ),
    fillers=("好的", "嗯嗯", "[哦|噢]", "行", "明白", "[嗯，|]好", "[收到|了解]", "[可以|行]的"),
    patience=(
        "没关系，[我等着|慢慢来]",
        "没事[的|，理解]，[你们也辛苦|最近单子多吧]",
        "不着急[，您先忙|，慢慢查]",
        "[能不能|是不是|有没有]再便宜些[都没关系|都没事]，[不用特地申请|不用为难]",
        "[要不要|会不会|方便不方便]我再发一遍[截图|订单]？[没事的|不麻烦]",
        "能不能[麻烦您看一下|顺便问下]{product}[怎么保养|怎么用]，[没有也没关系|不行也没事]",
        "不好意思[，刚才走开了|，打字慢|，又来打扰]",
        "没问题没问题，[您说了算|不用客气]",
        "不客气不客气，[没什么|没事的]",
        "[是不是|有没有]别的[活动|颜色]？[没有也没关系|没有就算了]",
        "[东西挺不错的|{product}真不错]，[家里人很喜欢|用着顺手]",
        "不用[麻烦了|特地打电话]，[短信就行|留言就好]",
        "差不多[懂了|明白了]，[谢谢讲解|很清楚]",
        "没想到[这么快|服务这么好]，[点个赞|太贴心了]",
        "[价格不贵|质量不赖]，[回头还来|推荐给同事了]",
    ),
    impatience=(
        "[人呢|还在吗]？",
        "[等半天了|已经等了{minutes}分钟]",
        "[怎么这么慢|回复好慢]",
        "[快一点吧|能快点吗]",
        "[说了半天|绕来绕去]，[重点呢|结果呢]",
        "[唉|哎]，[有点失望|真让人着急]",
    ),
    anger=(
        "[你们|这家店]太过分了，[气死我了|简直是骗人]",
        "[垃圾服务|什么破平台]，[再也不买了|后悔死了]",
        "[没有人管|没有人处理]，[也没有一个说法|没有一句实话]",
        "[忽悠谁呢|敷衍谁呢]，[我不接受|我不认可]",
        "[气愤|恶心]，[花钱买罪受|拿顾客当傻子]",
        "[再不处理|今天不解决]我就[投诉|找消协|发到网上曝光]",
        "[态度恶劣|极其差劲]，[叫你们主管来|我要投诉到底]",
    ),
    apologies=(
        "[非常抱歉|实在对不起]，[给您添麻烦了|理解您的心情]",
        "[抱歉|对不起]让您[久等|失望]了，[我马上处理|我来跟进]",
        "[理解您着急|换我也会急]，[我再去催一次|请给我一点时间]",
    ),
    thanks=(
        "[谢谢|多谢]",
        "[好的，|行，]谢谢[您|啦]",
        "[麻烦了|辛苦了]",
        "[知道了|明白了]，谢谢",
        "[ok|好]，[那先这样|我等消息]",
        "[解决了|可以了]，[感谢|非常感谢]",
    ),
    farewells=(
        "[不客气|应该的]，[祝您生活愉快|祝您购物愉快]",
        "感谢[咨询|您的理解]，[再见|有需要随时联系]",
        "[好的|嗯]，[请对本次服务评价|稍后请打个分]，[祝您愉快|再见]",
        "[还有其他问题吗|请问还有别的需要]？[没有的话|稍后]祝您[天天开心|一切顺利]",
    ),
    handovers=(
        "[这个|您的问题]需要[另一个部门|专门的同事]处理，[我为您转接|帮您转过去]",
        "[权限在那边|归他们负责]，[给您转接|马上转]，请[稍等|别挂断]",
    ),
)

EN = Manners(
    greetings=("Hello", "Hi there", "Good [morning|afternoon|evening]", "Hi, anyone there?"),
    welcomes=("Hello, [how can I help|what can I do for you]?", "Hi, this is agent {badge}, [how may I help|thanks for waiting]"),
    holds=("One moment please", "Let me [check|look into it]", "Please bear with me"),
    fillers=("ok", "sure", "I see", "alright", "got it"),
    patience=(
        "No problem, [take your time|I can wait]",
        "No worries at all",
        "[Not bad|Not a big deal], [the {product} is lovely|thanks for explaining]",
        "No rush, [whenever you can|thank you]",
    ),
    impatience=("[Anyone there|Hello]?", "I have been waiting for {minutes} minutes", "[This is slow|Please hurry]"),
    anger=(
        "This is [terrible|the worst] service, [I am furious|I want a manager]",
        "Nobody helps, nobody answers, [nothing works|nothing is done]",
        "[Fix this today|Solve this now] or I will [complain to the regulator|post it everywhere]",
        "[Stop reading scripts|Do not lie to me], I am never buying here again",
    ),
    apologies=("I am [so sorry|really sorry] about this", "Sorry for the wait, [I will sort it out|let me follow up]"),
    thanks=("Thanks", "Thank you [very much|for your help]", "Great, [bye|thanks a lot]"),
    farewells=("You are welcome, [have a nice day|take care]", "Thank you for [contacting us|your patience], goodbye"),
    handovers=("This belongs to another team, I will [transfer you|pass you on] now",),
)

MANNERS = {"zh-CN": ZH, "en": EN}
