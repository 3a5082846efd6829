"""A parcel that arrived broken or short."""

from __future__ import annotations

from streams.simulate.speech import Speech, Topic

TOPIC = Topic(
    queue="q-delivery",
    weight=7,
    complaint=0.8,
    refer="q-refund",
    zh=Speech(
        openings=(
            "[收到的|刚拆开的]{product}[外壳裂了|边角磕坏了|根本不能用]",
            "[包装|纸箱][全压扁了|湿透了|破了个大洞]，里面的{product}[也坏了|有划痕]",
            "[快递|包裹]打开[少了一件|少了配件|数量对不上]，[怎么办|请核实]",
            "{product}[送来的时候就是碎的|一打开就发现破损]，[我拍了照片|有视频]",
            "[你好，|]我{when}收到的{product}[漏液|掉漆|变形]了，[想换一个|要求补发]",
            "[签收后|到家后]才发现[盒子被拆过|封条是断的]，[东西少了|里面空了一格]",
            "{carrier}[暴力分拣|运输]把{product}[摔坏|弄坏]了，[找谁负责|谁来赔]",
            "[一箱|一套]里[碎了两个|坏了一半]，[这个怎么处理|能补吗]",
        ),
        details=(
            "照片[已经发在这里|我传上来了]，[您看一下|可以看到裂口]",
            "[当时快递放门口|是家人代签的]，[当场没拆开|没来得及检查]",
            "订单{order}，[金额两百多元|买的是套装]",
            "[我想换新的|我要补发缺的那件]，[别的不要|不想退货]",
            "[退回去运费谁出|需要我寄回吗|上门取件可以吗]？",
            "[外箱也有明显的凹痕|泡沫都碎成渣了]",
            "[包装太薄|里面一点缓冲都没放]，[下次多裹几层|建议改进]",
        ),
        probes=(
            "[抱歉给您带来不便|非常抱歉]，麻烦[拍一下|传一下]破损处和面单",
            "请问[外包装|签收时]有[明显痕迹|异常]吗",
            "[请提供订单号|请核对商品]，我[登记破损|提交理赔]",
            "[您希望换货还是退款|您想补发还是退]呢",
        ),
        answers=(
            "已[为您登记破损|提交理赔]，[今天|明天]安排[补发|换新]",
            "[上门取件|取件员]{days}内联系您，[旧件交给他就行|运费由我们承担]",
            "[审核通过了|已核实]，新的{product}[今天发出|走加急]",
            "缺的配件[单独补寄|随后寄出]，[单号稍后发您|走次日达]",
            "[我们已反馈承运商|已经通报站点]，[会改进包装|会跟进处理]",
            "[为您申请了补偿券|补您一张券]，[请留意账户|稍后生效]",
        ),
        pushes=(
            "[这已经是第二次收到坏的了|上次也是破的]，[包装能不能上点心|太让人失望]",
            "[登记了三天|照片传了{times}回]，[补发的在哪|一直没消息]",
            "[快递推给商家商家推给快递|都说是对方的事]，[我找谁|谁给个结果]",
            "[赔偿标准是什么|换个新的有这么难吗]，[请给句痛快话|说清楚]",
        ),
    ),
    en=Speech(
        openings=(
            "The {product} [arrived cracked|came with a broken corner|was leaking]",
            "[The box was crushed|The parcel was open] and [one item is missing|the unit is scratched]",
            "I [just opened|received] my {product} and it is [damaged|in pieces]",
        ),
        details=(
            "I have [uploaded photos|added a video]",
            "[A replacement is fine|I would like an exchange], order {order}",
            "[Who pays the return|Can someone collect it]?",
        ),
        probes=("So sorry, could you [send a photo|show the label]?", "Would you prefer [a replacement or a refund|an exchange]?"),
        answers=("A [new one|replacement] ships [today|tomorrow]", "A courier will [collect it|pick it up] within {days}, free of charge"),
        pushes=("This is the [second|third] damaged one", "[Please just send a new one|I sent the photos days ago]"),
    ),
)
