"""A product that does not work."""

from __future__ import annotations

from streams.simulate.speech import Speech, Topic

TOPIC = Topic(
    queue="q-service",
    weight=10,
    complaint=0.7,
    product=1.0,
    refer="q-refund",
    zh=Speech(
        openings=(
            "[刚买的|上个月买的]{product}{fault}",
            "{product}[用了两个星期就|没用几次就|时不时]{fault}",
            "[你好，|请问]{product}{fault}[是什么情况|怎么解决|能修吗]",
            "[新到的|换回来的]{product}[又|还是]{fault}",
            "{product}[有质量问题|像是坏的]，{fault}",
            "[家里|办公室]那台{product}{fault}，[在保修期吧|还在保]",
            "{fault}，[这个机器是不是坏了|正常吗]",
            "[买来第三天|第一次用]{product}{fault}",
        ),
        details=(
            "[重启过了|恢复过出厂设置]，[还是不行|没有用]",
            "[型号是标准款|机身写着标准款]",
            "[换了插座试过|换了个环境]，[没区别|也不管用]",
            "[每次用十分钟左右就这样|间歇出现]，[我录了视频|可以发视频]",
            "[买的时候{amount}元|{when}下的单]，[发票在|订单还在]",
            "[修要多久|能直接换吗|保修几年]？",
            "[说明书上的方法都试过|按客服说的弄过一遍]，[没效果|不知道还能怎么弄]",
        ),
        probes=(
            "请问[什么时候开始|第一次出现是哪天]的",
            "麻烦[拍个视频|描述一下现象]",
            "[指示灯|屏幕]显示[什么|哪种颜色]呢",
            "[您试过重启吗|有更新过固件吗]",
        ),
        answers=(
            "[先长按电源十秒|您先恢复出厂]再试试，[多数能好|看看情况]",
            "[在保修期内|符合三包]，[可以免费检修|可以换新]，[我来登记|为您建单]",
            "[工程师|售后师傅]{days}内[上门|联系您]，[请保持电话畅通|时间由您定]",
            "[这一批固件有更新|新版本修复了]，[升级步骤发您|按链接操作]",
            "[寄回检测|送到网点]，[来回运费我们出|检测后{days}给结果]",
            "[已申请换货|给您换一台]，[旧机取走后|当天]发出",
        ),
        pushes=(
            "[修了{times}回|换了两台]，[问题照旧|毛病一样]",
            "[花这么多钱|大牌子]就这质量？[失望|真让人无语]",
            "[网上好多人反映同样的问题|评论里都在说]，[你们知道吗|是批次问题吧]",
            "[别让我再重启了|这些办法都试过]，[直接换新吧|给个方案]",
        ),
    ),
    en=Speech(
        openings=(
            "My {product} {fault}, [I bought it last month|it is brand new]",
            "The {product} [keeps acting up|seems faulty], it {fault}",
            "[Hello,|Hi,] the {product} {fault} [after ten minutes|since yesterday]",
        ),
        details=(
            "I [restarted|reset] it [twice|already]",
            "It is the [standard|black] model, order {order}",
            "[Is it under warranty|Can I swap it]?",
        ),
        probes=("When did it [start|first happen]?", "Could you [send a short video|describe the lights]?"),
        answers=(
            "It is under warranty, I can [arrange a repair|send a new one]",
            "Please [hold the power button|update the firmware] and try again",
        ),
        pushes=("This is the [second|third] unit with the same fault", "[I tried all of that|Please just replace it]"),
    ),
)
