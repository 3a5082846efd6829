from __future__ import annotations

import asyncio
import sys

import aiohttp
import msgspec
import pytest
from pydantic import SecretStr, ValidationError

from alerts.notifiers.apprise import Apprise
from alerts.page import Delivered, Delivery, Failed, Page, Retry
from tests.receivers import HttpReceiver, Reply

PAGE = Page("tail", "3f9c", 1, "acme", "yellow", "raised", 1_760_000_000.0, b"{}")

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # apprise imports it


def sent(receiver: HttpReceiver, page: Page, query: str = "", max_tier: str = "yellow") -> Delivery:
    async def send() -> Delivery:
        port = await receiver.open()
        params = Apprise.Params.model_validate({"name": "tail", "type": "apprise", "max_tier": max_tier})
        try:
            async with aiohttp.ClientSession() as session:
                return await Apprise(params, session, [SecretStr(f"json://127.0.0.1:{port}/{query}")]).send(page, 1_760_000_060.0)
        finally:
            await receiver.close()

    return asyncio.run(send())


@pytest.mark.parametrize("tier", ["orange", "red", "none", ""])
def test_a_policy_cannot_send_the_top_tiers_this_way(tier: str) -> None:
    with pytest.raises(ValidationError, match="best effort"):
        Apprise.Params.model_validate({"name": "tail", "type": "apprise", "max_tier": tier})


@pytest.mark.parametrize(("tier", "highest"), [("orange", "yellow"), ("red", "yellow"), ("yellow", "blue")])
def test_a_page_above_the_highest_tier_is_refused(tier: str, highest: str) -> None:
    receiver = HttpReceiver(Reply(200))
    assert sent(receiver, msgspec.structs.replace(PAGE, tier=tier), max_tier=highest) == Failed("tier_too_high")
    assert receiver.taken == 0


def test_apprise_itself_does_not_try_again_even_where_its_url_says_so() -> None:
    receiver = HttpReceiver(Reply(400))
    assert sent(receiver, PAGE, "?retry=3&wait=0") == Retry("apprise")
    assert receiver.taken == 1


def test_apprise_follows_no_redirect_even_where_its_url_says_so() -> None:
    receiver = HttpReceiver(Reply(307, headers={"Location": "/elsewhere"}), Reply(200))
    assert sent(receiver, PAGE, "?redirect=yes") == Retry("apprise")
    assert receiver.taken == 1


def test_a_lower_page_is_delivered() -> None:
    assert sent(HttpReceiver(Reply(200)), msgspec.structs.replace(PAGE, tier="blue")) == Delivered()


def test_without_the_extra_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ValueError, match=r"pip install 'fenghuo\[apprise\]'"):
        sent(HttpReceiver(Reply(200)), PAGE)
