"""Sentiment: the learner text by text, its calibration, River's own estimator and SnowNLP as shipped beside it, negative share of pools."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import snownlp
from river import linear_model, optim
from snownlp import sentiment as shipped

from benchmarks._textdata import auc, name_of, rate, tab_rows
from config.lexicon_loader import load_analyser
from config.sentiment_prior import load_prior
from detectors.text.analyse import TextAnalyser
from detectors.text.calibration import BetaCalibration, Reliability
from detectors.text.hashed_logistic import HashedLogistic
from detectors.text.sentiment import SentimentPrior
from detectors.text.sentiment_learner import HashedText
from detectors.text.words import Words

__all__ = ["ROLE", "measure"]

ROLE = "sentiment"
FIRST, LAST, SHIPPED, BESIDE, COMPARED = 1_000, 5_000, 300, 3_000, 5_000
POOLS = (5, 10)
SEED = 1
METHOD = (
    "Texts are shuffled (seed 1), since a file sorted by label would give the labels away. Prequential: each text is predicted, "
    "then learnt. texts_s counts features, prediction and learning, words given; CPU time of one process. beside: the same "
    "features on the first 3,000."
)

Scored = list[tuple[float, bool]]


def measure(files: Sequence[Path]) -> dict[str, Any]:
    """One entry a file."""
    prior, analyse = load_prior(), load_analyser()
    return {name_of(path): _measure(_read(path), prior, analyse) for path in files}


def _read(path: Path) -> list[tuple[str, bool]]:
    rows = [(text, label == "1") for label, text in tab_rows(path)]
    random.Random(SEED).shuffle(rows)
    return rows


def _measure(rows: list[tuple[str, bool]], prior: SentimentPrior, analyse: TextAnalyser) -> dict[str, Any]:
    words = [(analyse(text), label) for text, label in rows]
    began = time.process_time()
    scored = _prequential(words, prior)
    took = time.process_time() - began
    return {
        "texts": len(rows),
        "positive": round(sum(label for _, label in rows) / len(rows), 3),
        "all": _quality(scored),
        f"first_{FIRST}": _quality(scored[:FIRST]),
        f"last_{LAST}": _quality(scored[-LAST:]),
        "texts_s": round(len(rows) / took),
        "calibration": _calibration(scored),
        "beside": _beside(words[:BESIDE], prior),
        "snownlp": _shipped(rows[:SHIPPED]),
        "prior": _prior([each for each, _ in words], prior, [label for _, label in words]),
        "pooled_negative_share_auc": {str(size): _pooled(words, size) for size in POOLS},
        "method": METHOD,
    }


def _prequential(words: Sequence[tuple[Words, bool]], prior: SentimentPrior) -> Scored:
    read, model, scored = HashedText(prior), HashedLogistic(), []
    for each, label in words:
        slots = read.transform_one(each)
        scored.append((model.predict_proba_one(slots)[True], label))
        model.learn_one(slots, label)
    return scored


def _quality(scored: Scored) -> dict[str, float | None]:
    area = auc(scored)
    right = sum((chance > 0.5) == label for chance, label in scored) / len(scored)
    return {"accuracy": round(right, 4), "auc": None if area is None else round(area, 4)}


def _calibration(scored: Scored) -> dict[str, Any]:
    """Expected calibration error and reliability, as the learner says it and as the online correction does."""
    raw, corrected, calibrate = Reliability(), Reliability(), BetaCalibration()
    for chance, label in scored:
        raw.learn_one(chance, label)
        corrected.learn_one(calibrate(chance), label)
        calibrate.learn_one(chance, label)
    tables = {"raw": raw, "beta": corrected}
    found: dict[str, Any] = {f"{name}_error": round(table.error, 4) for name, table in tables.items()}
    for name, table in tables.items():
        found[name] = [{"n": n, "said": round(said, 3), "happened": round(happened, 3)} for n, said, happened in table.bins()]
    return found


def _beside(words: Sequence[tuple[Words, bool]], prior: SentimentPrior) -> dict[str, Any]:
    """River's own logistic regression with the same step on the same features, and this learner on the same texts."""
    read = HashedText(prior)
    dense = [(read.transform_one(each), label) for each, label in words]
    sparse = [(dict(zip(slots.tolist(), values.tolist(), strict=True)), label) for (slots, values), label in dense]
    own = HashedLogistic()
    river = linear_model.LogisticRegression(optim.AdaGrad(own.rate), intercept_lr=0.0)
    found = {}
    for name, model, samples in (("hashed_logistic", own, dense), ("river_logistic_regression", river, sparse)):
        scored: Scored = []
        began = time.process_time()
        for sample, label in samples:
            scored.append((model.predict_proba_one(sample)[True], label))
            model.learn_one(sample, label)
        found[name] = {**_quality(scored), "texts_s_without_features": round(len(samples) / (time.process_time() - began))}
    return found


def _shipped(rows: Sequence[tuple[str, bool]]) -> dict[str, Any]:
    said: list[float] = []
    speed = rate(lambda text: said.append(snownlp.SnowNLP(text).sentiments), [text for text, _ in rows if text.strip()])
    labels = [label for text, label in rows if text.strip()]
    return {**_quality(list(zip(said, labels, strict=True))), "texts": len(labels), "texts_s": round(speed)}


def _prior(words: Sequence[Words], prior: SentimentPrior, labels: Sequence[bool]) -> dict[str, Any]:
    """SnowNLP's model as a table, against SnowNLP's own classifier on the same tokens."""
    tokens = [each.tokens for each in words]
    speed = rate(prior.probability, tokens)
    apart = max(abs(prior.probability(each) - _reference(each)) for each in tokens[:COMPARED])
    scored = [(prior.probability(each), label) for each, label in zip(tokens, labels, strict=True)]
    return {**_quality(scored), "largest_difference": apart, "compared": min(COMPARED, len(tokens)), "texts_s": round(speed)}


def _reference(tokens: Sequence[str]) -> float:
    label, chance = shipped.classifier.classifier.classify(tokens)
    return float(chance if label == "pos" else 1.0 - chance)


def _pooled(words: Sequence[tuple[Words, bool]], size: int) -> float | None:
    """AUC for the negative class of the share of negative words and negations in pools of texts of one label."""
    scored: Scored = []
    for label in (False, True):
        same = [each for each, is_positive in words if is_positive == label]
        for start in range(0, len(same) - size + 1, size):
            pool = same[start : start + size]
            told = sum(each.negatives + each.negations for each in pool)
            scored.append((told / max(1, sum(len(each.tokens) for each in pool)), not label))
    area = auc(scored)
    return None if area is None else round(area, 4)
