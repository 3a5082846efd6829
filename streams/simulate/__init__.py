"""A simulated customer-service centre: days of conversation events made from one seed, with planted incidents and their truth.

    world.py       the centre: queues, agents and their shifts, products
    shape.py       how many customers come, by hour and day of the week
    speech.py      text from templates; topics/ one category a file, manners.py what people say about anything
    case.py        one conversation or ticket as CloudEvents
    floor.py       plays whole conversations on a day; background.py an ordinary day
    site.py        the scored day as incidents see it; incidents/ one kind a file
    arrival.py     the order of arrival: disorder, late ones, doubles
    simulation.py  all of it; files.py writes it as JSONL

A new category is a new file in `topics/`, a new kind of incident a new file in `incidents/`: both are found by name. No clock and no
global state: everything comes from `random.Random` seeded by the simulation's seed and the name of what is made.
"""
