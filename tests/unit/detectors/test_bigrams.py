from __future__ import annotations

import pytest

from detectors.bigrams import KEPT, hashes, jaccard, pack, sketch

LONG = "".join(chr(0x4E00 + number) for number in range(400))


def test_alike_is_shared_pairs_over_all_pairs() -> None:
    assert jaccard(sketch("退款到账"), sketch("退款到了")) == pytest.approx(2 / 4)


def test_nothing_is_like_nothing() -> None:
    assert jaccard(sketch(""), sketch("")) == jaccard(sketch("好"), sketch("退款")) == 0


def test_a_pair_said_twice_counts_once() -> None:
    assert len(hashes(sketch("哈哈哈哈哈"))) == 1


def test_a_long_text_keeps_few_pairs_and_is_still_itself() -> None:
    assert len(sketch(LONG)) == 2 * KEPT
    assert jaccard(sketch(LONG), sketch(LONG)) == 1


@pytest.mark.parametrize(("shared", "expected"), [(300, 0.6), (0, 0.0), (400, 1.0)])
def test_long_texts_are_estimated(shared: int, expected: float) -> None:
    other = LONG[:shared] + "".join(chr(0x6E00 + number) for number in range(400 - shared))
    assert jaccard(sketch(LONG), sketch(other)) == pytest.approx(expected, abs=0.2)


def test_packed_words_do_not_depend_on_their_order() -> None:
    assert pack(["退款", "到账"], 8) == pack(["到账", "退款", "退款"], 8)
