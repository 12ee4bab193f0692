"""What would go wrong on this machine: for `fairkd doctor`, and for whoever hosts the dashboard.

* `examination`: all checks, one after the other
* `finding`: what a check has found
* `clusters`: where runs work, and whether that can be reached
* `installation`: packages, embedded models, environment variables
* `home_folder`: whether runs can be kept in the home folder: permissions, locks, database, disk
* `machine`: cores, memory, number format, browser, port and address, the Hub

The public names are in `__init__.pyi`; they are imported when first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
