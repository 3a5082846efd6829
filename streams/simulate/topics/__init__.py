"""What customers come about, one issue category a file, found by the file's name: `logistics_delay.py` is `logistics.delay`.

Each file defines `TOPIC`. Templates: `[a|b]` is a choice, `{product}` a slot; the slots are those of `streams.simulate.floor.slots`.
"""
