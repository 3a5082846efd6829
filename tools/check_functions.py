"""Function length: no function body is longer than 30 lines, its docstring not counted.

    python tools/check_functions.py [FOLDER ...]

The signature is not counted either: a command's options are its signature, one a line. Functions inside functions count twice,
in the outer one and by themselves. Prints each offender as `path:line name (n lines)` and exits with 1 when there is one.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

LIMIT = 30
FOLDERS = ("streams", "detectors", "alerts", "config", "benchmarks", "tools")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def body_lines(function: Function) -> int:
    r"""Lines from the first statement after the docstring to the last.

    >>> tree = ast.parse('def f(x):\n    "What it is."\n    y = x\n    return y')
    >>> body_lines(tree.body[0])
    2
    """
    statements = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if not statements:
        return 0
    return (statements[-1].end_lineno or statements[-1].lineno) - statements[0].lineno + 1


def offenders(path: Path) -> Iterator[str]:
    """One line of text for every function of the file that is too long."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, Function) and (lines := body_lines(node)) > LIMIT:
            yield f"{path}:{node.lineno} {node.name} ({lines} lines)"


def main(folders: list[str]) -> int:
    """Check every Python file under the folders; the exit code."""
    files = sorted(path for folder in folders or FOLDERS for path in Path(folder).rglob("*.py"))
    found = [line for path in files for line in offenders(path)]
    for line in found:
        print(line)
    print(f"{len(files)} files, {len(found)} functions longer than {LIMIT} lines")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
