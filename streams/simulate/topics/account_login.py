"""Trouble with logging in."""

from __future__ import annotations

from streams.simulate.speech import Speech, Topic

TOPIC = Topic(
    queue="q-account",
    weight=7,
    complaint=0.15,
    product=0.0,
    refer="q-service",
    zh=Speech(
        openings=(
            "[登录|登入]的时候[一直转圈|提示系统繁忙|闪退]",
            "[密码|登录密码]忘了，[短信验证码收不到|怎么重置]",
            "[换了手机|换了号码]，[怎么改绑|原来的号停用了]",
            "[短信码|验证码]等了十分钟[才来|都过期了]",
            "账号[被锁|显示冻结]了，[怎么解开|什么原因]",
            "[微信登录和手机号登录|两个入口]变成[两个账号|不同的会员]了，[能合并吗|积分在另一个]",
            "[人脸|指纹]识别[总失败|过不去]，[登不上去|不知道怎么办]",
            "[更新应用之后|升级完]就[登上去又退出|卡在首页]",
        ),
        details=(
            "[手机号就是这个|注册的是13800138000]",
            "[用的安卓|苹果手机]，[版本是最新的|系统昨天升的]",
            "[清过缓存|重装过]，[还是不行|没变化]",
            "[电脑上可以|网页能进]，[手机上才这样|应用里才有]",
            "[提示代码是1003|弹窗写稍后再试]",
            "[里面还有优惠券快到期|有订单要查]，[麻烦快一点|有点急]",
        ),
        probes=(
            "请问[提示语|报错]是[什么|哪一句]",
            "[您用的是|请问是]应用还是网页",
            "[方便截个图|发一下截图]吗",
            "[账号注册手机|会员号]后四位是多少",
        ),
        answers=(
            "[已解除锁定|帮您解锁了]，[请重新登录|十分钟后再试]",
            "[点忘记密码|在登录页选找回]，[用邮箱|用备用手机]验证",
            "[清缓存后重启|先卸载再装]，[一般就好|您试试]",
            "改绑[需要核对身份|走人工审核]，[链接发您|一个工作日]",
            "[线路拥堵|运营商延迟]，[稍后再试|可改用语音方式]",
            "[技术同事|后台]在[修复|处理]这个版本，[今晚更新|明天恢复]",
        ),
        pushes=("[登个录这么费劲|折腾一上午]，[活动都结束了|券都过期了]", "[按步骤做了{times}遍|试了一圈]，[结果一样|还在原地]"),
    ),
    en=Speech(
        openings=(
            "I [cannot log in|am locked out], the app [keeps spinning|says try later]",
            "How do I [reset my password|change my phone number]?",
            "The [login code|text message] arrives too late",
        ),
        details=("I am on [Android|an iPhone], latest version", "It works on the [web|laptop]", "The error code is 1003"),
        probes=("What does the [message|screen] say?", "App or [website|browser]?"),
        answers=("I have [unlocked it|reset it], please [try again|log in now]", "Please [clear the cache|reinstall the app]"),
        pushes=("I have [spent an hour on this|tried three times]",),
    ),
)
