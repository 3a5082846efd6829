"""Write what follows from the catalogue: `docs/indicators.md` and the JSON Schema that editors check `indicators.yaml` with."""

from __future__ import annotations

import json
from pathlib import Path

from config.loader import indicators_schema, load_policy
from streams.catalogue import page

ROOT = Path(__file__).parent.parent


def main() -> None:
    """Write both, each only where it differs."""
    files = {
        ROOT / "docs" / "indicators.md": page(load_policy()),
        ROOT / "config" / "indicators.schema.json": json.dumps(indicators_schema(), ensure_ascii=False, indent=1) + "\n",
    }
    for path, text in files.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
