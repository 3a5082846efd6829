"""What can be planted on the scored day, one kind a file, found by the file's name.

Each file defines `plant(site, rng)`: it writes its events through the site, and says with `site.incident` what an alert must find,
or with `site.benign` what must raise none. Kinds are planted in the order of their names, each with a random source of its own.
"""
