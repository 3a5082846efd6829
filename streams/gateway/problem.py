"""Errors as `application/problem+json` (RFC 9457), in English and Chinese: what is wrong and the next step.

They quote nothing that came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["KINDS", "Problem"]

_Texts = tuple[int, str, str, str, str]

KINDS: Final[Mapping[str, _Texts]] = {
    "malformed": (
        400,
        "The body is not what it must be",
        "请求体无法读取",
        "Mend the body; `reason` and `path` say what and where.",
        "请按 reason 和 path 修正后重发。",
    ),
    "rejected": (
        400,
        "No event was accepted",
        "没有事件被接受",
        "Mend the events; each one's reason and path are listed. Those that could be told apart lie in the dead-letter topic.",
        "请按所列原因和字段逐条修正;可识别的事件已写入死信主题。",
    ),
    "unauthorized": (
        401,
        "No valid token",
        "缺少有效令牌",
        "Send `Authorization: Bearer TOKEN` (or Basic with the token as password) with a token of the gateway's file.",
        "请在 Authorization 请求头中携带网关已配置的令牌。",
    ),
    "bad_signature": (
        401,
        "The signature does not match",
        "签名不符",
        "Check that both sides have the same signing secret and that the sender's clock is right.",
        "请核对双方的签名密钥与发送方时钟。",
    ),
    "forbidden": (
        403,
        "This token may not do that",
        "令牌无此权限",
        "Let the token's stanza in the gateway's file name this adapter, or set events: true.",
        "请在网关配置中为该令牌授权。",
    ),
    "not_found": (
        404,
        "There is nothing here",
        "地址不存在",
        "Post to /v1/events, /v1/events:batch or /v1/adapters/NAME with the name of an adapter in the gateway's file.",
        "可用地址:/v1/events、/v1/events:batch、/v1/adapters/名称。",
    ),
    "method_not_allowed": (
        405,
        "Another method is expected",
        "请求方法不符",
        "Use POST for events and GET for /healthz, /readyz and /metrics.",
        "提交事件用 POST,健康检查与指标用 GET。",
    ),
    "too_slow": (
        408,
        "The body did not come in time",
        "请求体接收超时",
        "Send the whole body within 30 seconds.",
        "请在 30 秒内发送完整请求体。",
    ),
    "in_progress": (
        409,
        "The same request is still on its way",
        "同一请求仍在处理中",
        "Wait and send it again with the same Idempotency-Key.",
        "请稍后用同一 Idempotency-Key 重试。",
    ),
    "too_large": (
        413,
        "The body is too large",
        "请求体过大",
        "Send fewer events at once: see FENGHUO_GATEWAY__MAX_BODY_BYTES (also after unpacking) and __MAX_EVENTS.",
        "请减少单次事件数;上限见 FENGHUO_GATEWAY__MAX_BODY_BYTES 与 __MAX_EVENTS。",
    ),
    "unsupported": (
        415,
        "The body's form is not read here",
        "不支持的内容格式",
        "Send JSON, JSON lines or CloudEvents JSON, plain or with Content-Encoding: gzip.",
        "请发送 JSON、JSONL 或 CloudEvents JSON,可用 gzip 压缩。",
    ),
    "reused": (
        422,
        "The same key came with another content",
        "同一键对应了不同内容",
        "Give another event another id, and another request another Idempotency-Key.",
        "不同的事件请用不同的 id,不同的请求请用不同的 Idempotency-Key。",
    ),
    "busy": (
        429,
        "Too much is on its way",
        "网关繁忙",
        "Wait as long as Retry-After says, then send the same again.",
        "请按 Retry-After 等待后重发。",
    ),
    "unavailable": (
        503,
        "Kafka has not acknowledged",
        "Kafka 未确认",
        "Only what is listed as accepted is stored. Wait as long as Retry-After says, then send all of it again: doubles are dropped.",
        "除已列为 accepted 者外均未入库;请按 Retry-After 等待后整体重发,重复事件会被去除。",
    ),
    "stopping": (
        503,
        "The gateway is stopping",
        "网关正在停止",
        "Send the same again, to another gateway or in a few seconds.",
        "请稍后或向其他网关重发。",
    ),
}
"""Status, title and next step of each kind, in both languages."""


@dataclass
class Problem(Exception):
    """A request that is answered with an error. `more` are further members of the answer, `retry_after_s` asks to wait."""

    kind: str
    more: Mapping[str, Any] = field(default_factory=dict)
    retry_after_s: int | None = None

    def __str__(self) -> str:
        return self.kind

    @property
    def status(self) -> int:
        """The HTTP status."""
        return KINDS[self.kind][0]

    def body(self) -> dict[str, Any]:
        """The answer.

        >>> Problem("busy", retry_after_s=1).body()["type"]
        'urn:fenghuo:problem:busy'
        """
        status, title, title_zh, step, step_zh = KINDS[self.kind]
        return {
            "type": f"urn:fenghuo:problem:{self.kind}",
            "title": title,
            "status": status,
            "detail": step,
            "title_zh": title_zh,
            "detail_zh": step_zh,
            **self.more,
        }
