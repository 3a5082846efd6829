"""Write what follows from catalogue and policy: `docs/indicators.md` and the JSON Schemas that editors check the YAML files with."""

from __future__ import annotations

import json
from pathlib import Path

from config.loader import indicators_schema, load_policy
from config.policy_schema import policy_schema
from streams.catalogue import page

ROOT = Path(__file__).parent.parent


def main() -> None:
    """Write each, only where it differs."""
    files = {
        ROOT / "docs" / "indicators.md": page(load_policy()),
        ROOT / "config" / "indicators.schema.json": json.dumps(indicators_schema(), ensure_ascii=False, indent=1) + "\n",
        ROOT / "config" / "fenghuo.schema.json": json.dumps(policy_schema(), ensure_ascii=False, indent=1) + "\n",
    }
    for path, text in files.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
