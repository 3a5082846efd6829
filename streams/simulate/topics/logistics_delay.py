"""A parcel that is late."""

from __future__ import annotations

from streams.simulate.speech import Speech, Topic

TOPIC = Topic(
    queue="q-delivery",
    weight=15,
    complaint=0.5,
    refer="q-refund",
    zh=Speech(
        openings=(
            "[我|本人]{when}[买|下单|订]的{product}[怎么还在路上|到现在还没到|一直停在中转站]",
            "[帮我查一下|麻烦看看|想问问]{product}[到哪儿了|走到哪一步了|什么时候送到]",
            "物流[已经|整整]{days}没有更新了[，是丢了吗|，帮我催催|]",
            "{carrier}的单子[显示派送中|显示已揽收]，[可是|但]等了{days}[还没人联系我|也没见到人]",
            "[说好|页面写着]{days}到，[现在都超了|今天已经超时了]，[请问怎么回事|是什么原因]",
            "{order}这个订单[为什么还没发货|一直没出库|怎么不动了]",
            "[昨天|前天]就说派送，[今天又改成明天|结果今天还在站点]，[到底哪天能收|给个准信]",
            "[急用|等着用]{product}，[快递能不能快一点|能帮忙加急吗|今天送得到吗]",
            "[包裹|快件]在{city}[滞留|停]了{days}，[请帮忙催一下|麻烦核实]",
            "[发货|出库]都{days}了，物流[信息还是第一条|一直不动]",
        ),
        details=(
            "订单{order}，[收货地址在城东|送到城东的]",
            "[下单时间是|我是]{when}[的|付的款]",
            "[快递员电话没人接|站点说没看到这个包裹|客服热线打不通]",
            "[我|家里]{when}[要出门|要搬家]，[最好这之前送到|晚了就收不到了]",
            "[是寄给老人的|是送人的礼物|是孩子上学要用的]，[不能太晚|不想耽误]",
            "[那预计哪天能到|那还要等几天|大概几点送]？",
            "[可以改成送到驿站吗|能放门卫吗|可以约晚上送吗]",
            "我的电话是13800138000，[到了打给我|派送前联系我]",
        ),
        probes=(
            "[请提供一下|麻烦发一下]订单[号|尾号]，我[帮您查|马上核实]",
            "[请问|您看]是哪一笔订单呢",
            "[稍等|请稍等]，我[看一下物流轨迹|联系一下站点]",
            "[请问收货人姓氏是|请核对一下收货城市]？",
            "[您方便说一下|请问]最后一条物流是什么时候的吗",
        ),
        answers=(
            "查到了，[包裹在省内分拨中心|包裹正在去站点的路上]，预计{days}内[送到|派送]",
            "[因为天气原因|因为分拣量大]有些延迟，我已经[给站点发了催单|登记加急]",
            "[我联系了|已经联系]{carrier}，[今天下午安排派送|明天上午优先送]",
            "这边[给您登记了催件|为您建了跟进单]，[今晚八点前|两小时内]会有[专员|同事]回电",
            "[仓库反馈|刚问过仓库]今天[出库|发出]，[您留意短信|到时有短信]",
            "如果{days}内还在路上，[可以为您补发|可以为您申请拦截]",
            "[给您申请了|这边补您]一张运费券，[稍后到账|请查收]",
        ),
        pushes=(
            "[催了|问了]{times}遍了，[还是让等|每次都说在处理]",
            "[每次都说明天|天天说派送]，[明天到底是哪天|都第{count}天了]",
            "[你们|这个快递]也[太慢了|太拖了]吧，[以后真的要换一家|我等得很着急]",
            "[能不能给个准确时间|别让我一直等下去]，[家里等着用|我已经请假在家等了]",
            "[到底送还是退|再拖我就申请退款了]",
        ),
    ),
    en=Speech(
        openings=(
            "Hi, my [parcel|package|order] {order} [is three days late|has been stuck since Monday|still says in transit]",
            "[Where is|Could you track] my {product}? It was due [yesterday|last Friday|on Tuesday]",
            "The tracking [stopped updating|shows the same line] for {days}",
            "Your page promised delivery in {days}, [what happened|is there a delay]?",
        ),
        details=(
            "The order ends with {order}, [ordered last week|paid on Sunday]",
            "It is a [birthday gift|present], so [timing matters|I need it soon]",
            "[Can it go to a pickup point|Could the courier call me first]?",
        ),
        probes=(
            "[May I have|Could you share] the last four digits of the order?",
            "Let me [check the tracking|contact the courier] for you",
        ),
        answers=(
            "It is [at the local hub|on the van] and should arrive [tomorrow morning|within two days]",
            "I have [asked the station to hurry|opened a follow-up ticket], you will get a call [today|this evening]",
            "There was a [weather|sorting] delay, I have [added a shipping coupon|marked it urgent]",
        ),
        pushes=("I have [asked|called] {times} times [already|about this]", "[Every day I hear tomorrow|This is taking far too long]"),
    ),
)
