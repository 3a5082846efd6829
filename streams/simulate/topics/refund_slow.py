"""A refund that does not arrive."""

from __future__ import annotations

from streams.simulate.speech import Speech, Topic

TOPIC = Topic(
    queue="q-refund",
    weight=10,
    complaint=0.6,
    refer="q-account",
    zh=Speech(
        openings=(
            "[退款|退的钱][申请一个星期了还在审核|一个星期了还没到账|显示处理中]",
            "[货退回去|东西寄回]{days}了，钱[什么时候退|还没有收到]",
            "[仓库签收|你们收到退货]都{days}了，退款[卡在哪里|为什么还不打款]",
            "[想问一下|请问]订单{order}的退款[进度|到哪步了]",
            "[系统显示已退款|短信说退了]，[银行卡里查不到|账户余额一直没变化]",
            "[取消的|没发货就退的]{product}，{amount}元[怎么还没回来|几时退]",
            "[退差的|退运费的]{amount}块[到账了吗|还要等多久]",
            "{when}[申请的退款|提交的售后]，[今天还没处理|状态一直没变]",
            "[退到哪个卡|退款原路返回吗]，[我这边没看到|查了几遍账单]",
        ),
        details=(
            "[是微信付的|用银行卡付的|分期付的]，[尾号6621|储蓄卡]",
            "[寄回单号有|快递显示]{when}[就签收了|已签收]",
            "金额是{amount}[元|块]，[只退了一半|还差运费]",
            "[这个月要还信用卡|等着这笔钱用]，[能快一点吗|请帮忙加急]",
            "[前一个客服说三天|之前答复说当天]，[现在还没到账|都没人联系我]",
            "[到账会有短信吗|退了通知我一下]",
            "[还需要提供什么吗|不用再传凭证了吧]？",
        ),
        probes=(
            "[请稍等|好的]，我[查一下退款单|看下财务状态]",
            "请问[付款方式是|当时怎么支付的]？",
            "麻烦[提供一下|发下]订单尾号",
            "[退货单号|寄回的单号]方便发一下吗",
        ),
        answers=(
            "[财务已受理|退款单已审核]，预计{days}内[原路退回|到账]",
            "[查到了|核实到]银行在处理，[一般|通常]{days}[到账|入账]",
            "我[已催促财务|提交了加急]，[今天下班前|明天上午]给您回复",
            "仓库[刚完成验货|今天验收]，退款[随后打出|今晚发起]",
            "[金额{amount}元|全部款项]已退至原支付方式，[请留意账单|以账单为准]",
            "[运费部分|差额]我[另外登记|单独申请]，[三个工作日|本周]处理完",
        ),
        pushes=(
            "[已经问了{times}次|每次来问都是]，[都说在审核|同样的话]",
            "[收钱的时候快|扣款一秒]，[退钱怎么拖这么久|退款等半个月]",
            "[到底哪天到账|给个具体日期]，[别再说耐心等待|我记下来]",
            "[再不到账我去找银行和消协|这样我只能投诉了]",
            "[压着别人的钱不给|拖着不退]，[这样合适吗|太说不过去]",
        ),
    ),
    en=Speech(
        openings=(
            "[My refund|The refund for the last order] [has not arrived|is still pending]",
            "I returned the {product} {days} ago, [when do I get my money back|where is the refund]?",
            "Your email says refunded, [but my card shows nothing|the bank sees nothing]",
        ),
        details=(
            "I paid [by card|with my wallet], {amount} yuan",
            "The return was signed for [last week|on Monday]",
            "[Do you need a receipt|Will I get a message]?",
        ),
        probes=("Let me [check the refund|look at the status]", "Which [payment method|card] did you use?"),
        answers=(
            "Finance [approved it|has sent it], it takes {days} [to arrive|at the bank]",
            "I have [marked it urgent|asked finance], [you will hear today|please wait one day]",
        ),
        pushes=(
            "You said [three|five] days and that was [two weeks|ten days] ago",
            "[Charging was instant|This is my money], please hurry",
        ),
    ),
)
