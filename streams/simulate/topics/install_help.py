"""Help with fitting or setting up a product."""

from __future__ import annotations

from streams.simulate.speech import Speech, Topic

TOPIC = Topic(
    queue="q-service",
    weight=8,
    complaint=0.06,
    product=1.0,
    zh=Speech(
        openings=(
            "{product}[怎么安装|怎么连网|怎么设置]？",
            "[想约|请安排]师傅[上门装|来安装]{product}",
            "[说明书|安装图]看[不懂|不明白]，{product}[第一步做什么|哪根线接哪里]",
            "{product}[配网配到一半|一直在搜索信号]，[下一步呢|怎么弄]",
            "[预约的安装|师傅]明天[会来吗|几点到]",
            "[安装|上门]要[收费|另付钱|加材料费]吗",
            "{product}[支架|螺丝]要[自己买|另配]吗",
            "[小白不会弄|没用过这种]，{product}[功能键怎么用|怎么和手机配对]",
        ),
        details=(
            "[墙是空心砖|是瓷砖墙]，[能打孔吗|挂得住吗]",
            "[我家网络是双频的|路由器在隔壁房间]，[有影响吗|要选哪个]",
            "地址{city}[建设街3号|文化路]，[有电梯|三楼]",
            "[手机是安卓|用的苹果手机]，[应用装好了|还没登录]",
            "[周末上午|下班后]比较[方便|合适]",
            "[灯在闪蓝色|屏幕停在欢迎页]，[接着按哪个|然后呢]",
            "[哦，找到那个按钮了|原来在背面]",
        ),
        probes=("请问[型号|款式]是[哪一个|什么]", "您[现在到哪一步|看到什么画面]了", "[方便视频|拍张照]吗，[我帮您看|我指给您]"),
        answers=(
            "[先接电源再长按配对键|打开应用点右上角加号]，[等灯变绿|听到提示音]就好",
            "[已预约|安排好]师傅明天[上午|下午]到，[会先打电话|请留人在家]",
            "[基础安装免费|打孔免费]，[加长管另算|材料按价目表]",
            "[教程链接发您|视频在商品页下方]，[跟着做就行|三分钟搞定]",
            "[请切到2.4G网络|关掉双频合一]再[配一次|试试]",
            "[支架在盒子夹层|螺丝包在泡沫下面]，[您找找|看看]",
        ),
        pushes=(
            "[师傅约了两次都改期|在家等了一下午]，[能定个准点吗|到底几点]",
            "[教程和实物对不上|按着做还是连不上]，[找人远程看看吧|有点头大]",
        ),
    ),
    en=Speech(
        openings=(
            "How do I [set up|install|pair] the {product}?",
            "I need [someone to install|help with] my {product}",
            "The {product} [is stuck on pairing|will only blink blue]",
        ),
        details=("The light is [blue|green]", "My phone is [an iPhone|Android]", "[Weekends are best|Any morning works]"),
        probes=("Which [model|step] are you at?", "What do you [see on the screen|see in the app]?"),
        answers=(
            "Hold the [pairing|power] button until it [beeps|turns green]",
            "A technician can come [tomorrow|on Saturday], basic fitting is free",
        ),
        pushes=("The guide does [little to help|look like another model]", "[We waited all afternoon|Please give an exact time]"),
    ),
)
