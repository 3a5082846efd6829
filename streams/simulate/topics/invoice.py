"""Invoices."""

from __future__ import annotations

from streams.simulate.speech import Speech, Topic

TOPIC = Topic(
    queue="q-account",
    weight=6,
    complaint=0.12,
    product=0.4,
    zh=Speech(
        openings=(
            "[怎么|在哪里]开[电子发票|专票|发票]",
            "发票[抬头|税号]写错了，[可以重开吗|能换一张吗]",
            "订单{order}的发票[什么时候开|发到哪个邮箱了]",
            "[公司报销要|财务要求]这笔订单的[专用发票|纸质发票]",
            "[发票|票]金额[和付款对不上|少了运费]",
            "[两笔订单|好几单][能合开一张吗|合并开票行吗]",
            "[去年|上个季度]的发票[还能补吗|还可以开吗]",
        ),
        details=(
            "抬头是[公司名称|个人]，[税号稍后发|信息在附件]",
            "邮箱写 buyer@example.com [就行|，麻烦发过去]",
            "[月底要报销|周五截止]，[不能再晚了|尽量快]",
            "[专票资质传过了|资料已提交]，[审核要多久|还没通过吗]",
            "[内容写办公用品|按商品明细开]，[可以吗|就好]",
        ),
        probes=("请提供[抬头和税号|开票信息]", "[电子|纸质]的还是[专用的|普通的]呢", "请核对[邮箱|金额]"),
        answers=(
            "[已开具|开好了]，[发到您邮箱|在订单页可下载]",
            "[旧票冲红|原票作废]后[重开|换开]，{days}[内发出|完成]",
            "[在我的订单点开票|进入发票中心]，[选择合并|填写抬头]即可",
            "专票[审核一个工作日|资质通过后]寄出，[单号会短信通知|请留意]",
            "[超过一年|跨年度]的需要[线下申请|提交说明]，[表格发您|模板在这]",
        ),
        pushes=("[催了{times}次|申请都十天了]，[报销要过期了|财务在等]", "[开一张票而已|这么简单的事]，[怎么来回折腾|能一次弄对吗]"),
    ),
    en=Speech(
        openings=(
            "I need [an invoice|a VAT invoice] for order {order}",
            "The [name|tax number] on my invoice is wrong",
            "Where can I [download|find] the invoice?",
        ),
        details=("Please send it to buyer@example.com", "It is for [my company|expenses], due [Friday|this month]"),
        probes=("Could you share the [company name|tax number]?",),
        answers=("Done, it is [in your mailbox|on the order page]", "We will [reissue it|correct it] within {days}"),
        pushes=("I have [asked|written] {times} times",),
    ),
)
