"""Launchers: where runs work, on this machine or on a cluster.

A run that is sent away works as a job of a cluster, on a home folder that both share. The runner here submits
the job, follows it, and stores how it ended.

* `destination`: the launchers by name, and the settings that a run is sent away with
* `launcher`: what a launcher does; `launcher_registry`: all of them; `ray_jobs`, `command_template`: one each
* `cluster_check`: whether runs can be sent away; `check_job`: what looks there
* `job_command`: a job as a shell command; `job_files`: how the job and the runner know of each other
* `remote_worker`: the job of a run; `follower`: what the runner does for it

The public names are in `__init__.pyi`; they are imported when first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
