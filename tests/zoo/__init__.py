"""The zoo: a tiny checkpoint of every masked-LM type of transformers, in the shape of the published ones.

`make(name, folder)` writes one: a configuration with two narrow layers, random seeded weights, and a
tokenizer trained in memory. No network is needed. `NAMES` has one for each type in transformers' masked-LM
mapping, and a few more that differ in their tokenizer or head; `QUICK` has one of each kind of head and of
tokenizer. `python -m tests.zoo.table` tries FairKD on all of them, and
`python -m tests.zoo.presets` distills each with every preset.
"""

from tests.zoo.checkpoints import NAMES, QUICK, make

__all__ = ["NAMES", "QUICK", "make"]
