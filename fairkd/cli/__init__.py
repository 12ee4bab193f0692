"""The command line, `fairkd` or `python -m fairkd`.

* `commands`: the application and the commands on models and predictions
* `gaps_command`, `gap_tables`: `fairkd gaps`
* `measure_command`: `fairkd measure`; `measure_tables`: what it prints
* `promoted_command`: `fairkd promoted`
* `data_commands`: `fairkd data`; `cache_commands`: `fairkd cache`
* `learn_command`: `fairkd learn`
* `dashboard_command`: `fairkd dashboard`
* `doctor_command`: `fairkd doctor`
* `distill_commands`: `fairkd distill`; `foreground`: one distillation in the terminal, for it
* `report_command`: `fairkd report`
* `run_commands`: `fairkd runs`; `run_tables`: its tables and JSON documents
* `study_commands`: `fairkd study`; `study_tables`: its tables and JSON documents; `study_watch`: its matrix
  while the cells fill; `study_export`: its files
* `settings_command`: `fairkd settings`
* `model_options`: how commands load a model and print notes
* `console`: tables, progress bars and JSON on the terminal
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
