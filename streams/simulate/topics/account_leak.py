"""Personal data that got out. Never on an ordinary day: only the incident of that name brings it."""

from __future__ import annotations

from streams.simulate.speech import Speech, Topic

TOPIC = Topic(
    queue="q-account",
    weight=0,
    complaint=1.0,
    product=0.0,
    zh=Speech(
        openings=(
            "[刚下完单|昨天才买东西]就有[骗子|诈骗电话]打来，[姓名地址订单全说得出来|连我买了什么都清楚]，你们[泄露了我的信息|把个人信息泄露了]",
            "[冒充你们客服的人|一个自称退款专员的]报出我的订单号和住址，[我的信息泄露了|个人信息被泄露]",
            "[连着|一天]接到[三个|好几个]诈骗电话，[都知道我在你们这买了东西|对方拿着我的订单]，[是不是信息泄露|数据泄露了吧]",
            "我的账号[被盗|被人盗用]了，[里面的地址被改成外地|有人用它下了单]，[信息是从你们这里泄露的|查一下是不是泄露]",
            "[注册才两天|只在你们家填过这个号码]，[贷款推销|诈骗短信]就来了，[谁泄露了我的资料|个人资料被泄露]",
        ),
        details=(
            "[对方让我点链接退款|他让我报银行卡号]，[我没理他|幸好挂了]",
            "[电话号码我记下来了|有录音]，[可以发给你们|你们查]",
            "[我已经报警|准备报警]，[你们也要给说法|请配合调查]",
            "[我家人也接到了|同事也遇到]，[不是个例|很多人吧]",
        ),
        probes=("[请提供来电号码|对方说了什么]", "[请不要点任何链接|先别转账]，[我马上登记|立即上报]"),
        answers=("[已上报安全团队|转给信息安全部]，[今天内回电|两小时内联系您]", "[请先修改密码|建议冻结支付]，[我们在核查|正在排查]"),
        pushes=("[我的信息是怎么出去的|谁卖的资料]，[必须解释清楚|给个交代]", "[出了事谁负责|钱被骗走谁赔]"),
    ),
    en=Speech(
        openings=("A scammer [called me|phoned] with my order number and address, [my data was leaked|you leaked my personal data]",),
        details=("They asked for my [card number|bank details]", "I have [reported it|told the police]"),
        probes=("Please do not [open any link|share any code], what number called?",),
        answers=("Our security team [will call you today|has been told]",),
        pushes=("How did they [get my data|know my address]?",),
    ),
)
