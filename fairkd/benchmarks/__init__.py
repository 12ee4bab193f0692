"""The field's benchmarks of bias and quality, on one model or on several beside one another.

* `measure_config`: what is measured: models, benchmarks, data
* `texts`: what is said about each benchmark: definition, source, how to read it, weaknesses

The public names are in `__init__.pyi`; they are imported when first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
