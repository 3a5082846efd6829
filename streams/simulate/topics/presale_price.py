"""Prices, coupons and offers before buying."""

from __future__ import annotations

from streams.simulate.speech import Speech, Topic

TOPIC = Topic(
    queue="q-presale",
    weight=10,
    stage="presale",
    product=0.8,
    evening=1.6,
    zh=Speech(
        openings=(
            "{product}[最近有活动吗|什么时候降价|今晚有券吗]",
            "[优惠券|满减券]怎么[用不上|领]",
            "[两张券|会员折扣和满减]能[一起用|叠加]吗",
            "{product}[能便宜点吗|可以优惠些吗|再少点行吗]",
            "[直播间|页面]价格[哪个准|哪个便宜]，{product}[差多少|一样吗]",
            "[定金|预售]{product}[尾款多少|几号付尾款]",
            "[买两件|团购][有折扣吗|能减多少]",
            "[新人券|首单券]{product}[能用吗|算不算]",
        ),
        details=(
            "[凑单还差几十|购物车三百多了]，[再加什么好|够门槛吗]",
            "[券显示不可用|结算时没减]，[不知道什么原因|没看懂规则]",
            "[我等晚上活动|不急着要]，[到时提醒我一下|先收藏]",
            "[学生|会员]有[额外|专属]的吗",
            "[运费包含吗|包邮吗]？",
            "[好，那我晚上来|行，我先加购物车]",
        ),
        probes=("请问[看的是哪一款|商品链接发一下]", "[您的券|券面]门槛是多少呢", "[请问是会员吗|几级会员]"),
        answers=(
            "[今晚八点|周末]有[满三百减四十|跨店满减]，[页面会自动算|结算页可见]",
            "[这张券限部分商品|券有品类限制]，[换同店铺的即可|规则在券面]",
            "[目前已是活动价|价格由系统统一]，[客服这边改不了|没有议价权限]",
            "[定金抵双倍|尾款当晚付]，[到点有短信|预售页有时间]",
            "[两张平台券不叠加|满减与会员折扣可同享]，[以结算为准|按页面为准]",
        ),
        pushes=("[规则看得头疼|算来算去]，[直接说到手多少钱|一口价是多少]",),
    ),
    en=Speech(
        openings=(
            "Is there [a coupon|any offer] for the {product}?",
            "Can I [combine|stack] two coupons?",
            "When is the {product} [on sale|cheaper]?",
        ),
        details=("The coupon [does not apply|is greyed out]", "My cart is {amount} yuan", "[Is shipping included|Any member discount]?"),
        probes=("Which [item|link] is it?",),
        answers=(
            "There is [an offer tonight|a weekend sale], it shows at checkout",
            "That coupon is for [selected items|one category] only",
        ),
        pushes=("[Just tell me the final price|The rules are confusing]",),
    ),
)
