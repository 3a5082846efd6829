"""The centre: queues and their departments, agents and their shifts, products."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

__all__ = ["HOUR", "MINUTE", "QUEUES", "Agent", "Product", "Shift", "agents", "products"]

MINUTE = 60_000
HOUR = 60 * MINUTE

QUEUES: Mapping[str, str] = {
    "q-presale": "d-sales",
    "q-delivery": "d-logistics",
    "q-refund": "d-finance",
    "q-service": "d-technical",
    "q-account": "d-accounts",
}
"""Each queue's department."""


@dataclass(frozen=True, slots=True)
class Shift:
    """Working time in hours of the day, beyond 24 into the next one; breaks as (start, minutes)."""

    start: float
    end: float
    breaks: tuple[tuple[float, int], ...]

    def covers(self, hour: float) -> bool:
        """Whether an agent of this shift is at work at that hour (0..24)."""
        return self.start <= hour < self.end or self.start <= hour + 24 < self.end


SHIFTS = (
    Shift(8, 16.5, ((10.25, 12), (12, 40), (14.5, 12))),
    Shift(14, 23, ((16, 12), (18, 40), (20.5, 12))),
    Shift(9.5, 19, ((12.75, 40), (15.5, 12), (17.25, 12))),
    Shift(22.5, 32.25, ((27, 60),)),
    Shift(8, 16.5, ((9.75, 12), (11.25, 40), (14, 12))),
    Shift(14, 23, ((15.75, 12), (17.5, 40), (21, 12))),
)


@dataclass(frozen=True, slots=True)
class Agent:
    """A person who answers on one queue."""

    id: str
    team: str
    queue: str
    shift: Shift


def agents(rate: float) -> Mapping[str, tuple[Agent, ...]]:
    """The agents of each queue: six per queue at rate 1, more with more customers, never fewer."""
    size = max(len(SHIFTS), math.ceil(len(SHIFTS) * rate))
    return {
        queue: tuple(Agent(f"a-{number}{seat:03d}", f"t-{number}", queue, SHIFTS[seat % len(SHIFTS)]) for seat in range(1, size + 1))
        for number, queue in enumerate(QUEUES, start=1)
    }


@dataclass(frozen=True, slots=True)
class Product:
    """Something sold. `faults` are ways it can break, each told in several ways; `fault_en` is one of them in English."""

    id: str
    name: str
    name_en: str
    price: int
    faults: tuple[tuple[str, ...], ...]
    fault_en: str


KINDS: tuple[tuple[str, str, int, tuple[tuple[str, ...], ...], str], ...] = (
    (
        "蓝牙耳机",
        "headset",
        199,
        (("蓝牙老断开", "蓝牙一直断开连接", "连上蓝牙就断开", "听着歌蓝牙断开了"), ("左耳没声音", "左边耳机没声音", "只有右耳响")),
        "keeps disconnecting",
    ),
    (
        "电饭煲",
        "rice cooker",
        329,
        (("煮饭夹生", "煮出来的饭夹生", "米饭总是夹生"), ("锅盖漏气", "盖子漏气", "煮饭时锅盖漏气严重")),
        "leaves the rice raw",
    ),
    (
        "扫地机器人",
        "robot vacuum",
        1499,
        (("找不到充电座", "回不了充电座", "充电座总找不到"), ("原地转圈", "一直原地转圈", "扫两下就原地转圈")),
        "cannot find its dock",
    ),
    (
        "空气炸锅",
        "air fryer",
        259,
        (("有塑料味", "一加热就有塑料味", "塑料味特别大"), ("加热到一半停机", "加热中途停机", "总是加热途中停机")),
        "smells of plastic",
    ),
    (
        "智能门锁",
        "smart lock",
        1099,
        (("指纹识别失败", "指纹总识别失败", "按指纹经常识别失败"), ("耗电很快", "电池耗电太快", "半个月就耗电见底")),
        "rejects my fingerprint",
    ),
    (
        "加湿器",
        "humidifier",
        139,
        (("底部漏水", "底座一直漏水", "放一夜底部漏水"), ("出雾变小", "雾量变得很小", "出雾越来越小")),
        "leaks water",
    ),
    (
        "电动牙刷",
        "toothbrush",
        219,
        (("充不进电", "总是充不进电", "插一晚上充不进电"), ("刷头松动", "刷头总松动", "用着用着刷头松动")),
        "will not charge",
    ),
    (
        "洗碗机",
        "dishwasher",
        2899,
        (("排水报错", "排水时报错", "老是排水报错E4"), ("烘干后还是湿的", "烘干完碗是湿的", "烘干效果差碗还湿")),
        "shows a drain error",
    ),
    ("显示器", "monitor", 999, (("屏幕闪烁", "屏幕一直闪烁", "开机后屏幕闪烁"), ("边缘漏光", "四角漏光", "屏幕边缘漏光明显")), "flickers"),
    (
        "行车记录仪",
        "dash camera",
        359,
        (("录像丢失", "录的视频丢失", "昨天的录像丢失了"), ("开机就重启", "一开机反复重启", "反复自动重启")),
        "loses recordings",
    ),
    (
        "儿童手表",
        "kids watch",
        459,
        (("定位偏差大", "定位偏了几公里", "定位偏差特别大"), ("通话断断续续", "打电话断断续续", "通话声音断断续续")),
        "shows the wrong place",
    ),
    (
        "破壁机",
        "blender",
        399,
        (("底座冒烟", "一开机底座冒烟", "底座冒烟有焦味"), ("噪音巨大", "噪音特别大", "打豆浆噪音巨大")),
        "smells burnt",
    ),
    (
        "吸尘器",
        "vacuum cleaner",
        799,
        (("吸力变弱", "吸力越来越弱", "吸力一下变弱"), ("续航缩水", "电池续航缩水", "续航缩水一半")),
        "lost its suction",
    ),
    (
        "床垫",
        "mattress",
        1299,
        (("中间塌陷", "睡了中间塌陷", "床垫中间塌陷了"), ("异味很重", "拆开异味很重", "晾了几天异味还很重")),
        "sags in the middle",
    ),
    (
        "投影仪",
        "projector",
        1899,
        (("画面发黄", "投出来画面发黄", "画面整体发黄"), ("自动对焦失灵", "对焦失灵", "自动对焦老失灵")),
        "loses focus",
    ),
    (
        "净水器",
        "water filter",
        1199,
        (("出水发白", "接出来的水发白", "出水一直发白"), ("接口渗水", "接口处渗水", "管子接口渗水")),
        "drips at the joint",
    ),
)


@cache
def products() -> tuple[Product, ...]:
    """The catalogue: eight models of each kind."""
    return tuple(_models())


def _models() -> Iterator[Product]:
    for kind, (name, name_en, price, faults, fault_en) in enumerate(KINDS):
        for model in range(8):
            yield Product(f"sku-{1000 + kind * 8 + model}", name, name_en, price + 40 * model, faults, fault_en)
