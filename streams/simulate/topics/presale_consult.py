"""Questions before buying."""

from __future__ import annotations

from streams.simulate.speech import Speech, Topic

TOPIC = Topic(
    queue="q-presale",
    weight=13,
    stage="presale",
    product=0.8,
    evening=1.4,
    zh=Speech(
        openings=(
            "[请问|想了解下]{product}[有现货吗|几种颜色|功率多大]",
            "{product}[和旧款有什么区别|两个型号怎么选|哪款更适合老人]",
            "[想买|打算入手]{product}，[家里三口人用|小户型用]，[推荐哪个|买多大的]",
            "{product}[支持以旧换新吗|可以货到付款吗|能分期吗]",
            "[今天下单|现在拍]周末前[能到吗|送得到吗]",
            "{product}[保修几年|在哪里维修|坏了怎么换]",
            "[送长辈|送朋友]，{product}[合适吗|有礼盒吗]",
            "[看了半天参数|对比了几家]，{product}[噪音大吗|费电吗|好清洗吗]",
        ),
        details=(
            "[预算一千左右|预算几百块]",
            "[客厅二十平|厨房比较小]，[放得下吧|够用吗]",
            "[颜色不要太深|没有白色吗]",
            "[主要晚上用|每天都要用]，[不要太吵|不能太费电]",
            "[有没有赠品|送什么吗]？",
            "[那个带屏幕的|另一款]贵在哪",
            "[哦明白了|了解]，[我再看看|不急着定]",
        ),
        probes=("请问您[主要在哪里用|几个人用]呢", "[预算|大小]有要求吗", "[喜欢哪种颜色|更看重哪方面]呢"),
        answers=(
            "[标准款|这款]就够用，[一到三人|小户型][合适|常选]",
            "[有现货|库存充足]，[今天下单明天发|下单后当天出库]",
            "[新款多了静音模式|升级了电机]，[其余一致|价格差一点]",
            "[整机保修两年|主要部件三年]，[全国联保|网点很多]",
            "[可以分期|支持以旧换新]，[下单页能看到|在结算页选]",
            "[礼盒需要另选|备注礼品包装]即可",
        ),
        pushes=("[问了半天|回复有点慢]，[能一次说清楚吗|直接告诉我选哪个]",),
    ),
    en=Speech(
        openings=(
            "[Is the|Do you have the] {product} in stock?",
            "Which {product} [suits a small flat|would you recommend]?",
            "Does the {product} [ship abroad|come in white]?",
        ),
        details=("My budget is about {amount} yuan", "It is for [two people|my parents]", "[Is it quiet|Does it use much power]?"),
        probes=("How [big is the room|many people]?", "Any [colour|budget] in mind?"),
        answers=("The standard one is [enough|popular]", "Yes, [in stock|available], it ships [today|tomorrow]"),
        pushes=("[Could you answer quickly|A short answer is fine]?",),
    ),
)
