"""What every other package may use: folders, hardware, threads, progress, JSON.

* `paths`: where FairKD keeps what outlives a process
* `access`: which models and texts may be used, on a server that strangers visit
* `hosting`: how a dashboard is shared: its mode, and what its visitors may use
* `hardware`: cores, free memory, priority, and whether an error means that memory ran out
* `thread_map`: a function over many batches, each on a thread of its own
* `throttle`: how often progress is reported
* `settings_model`: what all settings have in common, and what is wrong with them in words
* `settings_file`: settings in files
* `suggestions`: the nearest right names for a wrong one
* `quoting`: what was given, as errors quote it
* `strict_yaml`: YAML from strangers, without what makes a small file large
* `plain_json`: values as JSON knows them
* `number_text`: percentages and signs, for people
* `table_text`: tables as Markdown and LaTeX; `page_templates`: documents that open without a network
* `plot_axis`: the axis of a plot in such a document; `citing`: what to cite
* `dashboard_files`: where the dashboard's files are

The public names are in `__init__.pyi`; they are imported when first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
