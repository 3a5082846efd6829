"""DingTalk group robots (钉钉自定义机器人)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final
from urllib.parse import quote

from yarl import URL

from alerts.notifiers.base import Delivery, Page, Rate
from alerts.notifiers.shared.body_code import BodyCode
from alerts.notifiers.shared.http_notifier import Answer, Request, json_body
from alerts.notifiers.shared.message import Message, fitting, message_of
from alerts.notifiers.shared.robot import Robot, RobotParams
from alerts.notifiers.shared.text import cut, markdown

__all__ = ["Dingtalk", "sign"]

MAX_BYTES: Final = 20_000
BLOCKED_S: Final = 600.0
_CODES: Final = BodyCode(
    "errcode",
    slow={130101: BLOCKED_S, 410100: BLOCKED_S},
    refused=frozenset({40035, 43004, 310000, 400105, 430101, 430102, 430103, 430104, 460101}),
    gone=frozenset({300001, 400013, 400101, 400102, 400106}),
)
"""310000 is the robot's security settings: signature, time, keyword or address."""


def sign(secret: bytes, timestamp_ms: int) -> str:
    r"""base64(HMAC-SHA256(key = secret, message = timestamp + "\n" + secret)), not yet percent-encoded (DingTalk, 自定义机器人安全设置).

    >>> sign(b"SEC0", 1760000060700)
    'fj1Al3BJtSSIILWwJyAVm9IQffWsiq0CB+Xbq9Nzu4g='
    """
    signed = b"%d\n%s" % (timestamp_ms, secret)
    return base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()


class Dingtalk(Robot):
    """Posts a Markdown message to a DingTalk robot, signed where a signing secret (加签, `SEC…`) stands beside the URL.

    DingTalk takes 20 messages a minute and then none for 10 minutes: the default rate stays below. `at_mobiles` and `at_all` call
    people by name. HTTP 200 says nothing; `errcode` does.
    """

    signs = True
    max_request_bytes = MAX_BYTES

    class Params(RobotParams):
        """A receiver of type dingtalk."""

        rate: Rate | None = Rate(per_minute=20)
        at_mobiles: list[str] = []
        at_all: bool = False

    def request(self, page: Page, now: float) -> Request:
        """The message, with timestamp and sign in the query."""
        return Request(self._signed(now), fitting(message_of(page, self.params), self._body, MAX_BYTES))

    def judge(self, answer: Answer) -> Delivery:
        """By `errcode`."""
        return _CODES.judge(answer)

    def _signed(self, now: float) -> URL:
        if self.signing_secret is None:
            return self._url
        timestamp = int(now * 1000)
        query = f"timestamp={timestamp}&sign={quote(sign(self.signing_secret, timestamp), safe='')}"
        url = str(self._url)
        return URL(f"{url}{'&' if self._url.raw_query_string else '?'}{query}", encoded=True)

    def _body(self, message: Message) -> bytes:
        lines = [f"#### {message.mark} {markdown(message.summary)}"]
        lines += [f"**{each.label}** {markdown(each.text)}" for each in message.lines()]
        if message.link:
            lines.append(f"[{message.link_text}]({message.link})")
        lines += [" ".join(f"@{mobile}" for mobile in self.params.at_mobiles)] if self.params.at_mobiles else []
        content = {"title": cut(markdown(message.heading), 100), "text": "\n\n".join(lines)}
        at = {"atMobiles": self.params.at_mobiles, "isAtAll": self.params.at_all}
        return json_body({"msgtype": "markdown", "markdown": content, "at": at})
