"""The configuration of a distillation: one frozen model for page, file and command line. No torch.

* `config`: `Config`, and how it is made from values and files
* `config_file`: the config.json in a run's folder
* `sections`, `student_section`, `constraint_section`, `correction_section`, `run_sections`: the settings
* `words_section`: settings that choose word groups
* `settings_list`: all settings as a list, for help pages and widgets
* `presets`: named starting points
* `flat_settings`: settings by dotted name, and nested settings on top of others
* `renamed`: names of settings in earlier versions

The public names are in `__init__.pyi`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
