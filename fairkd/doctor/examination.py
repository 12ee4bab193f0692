"""All checks, one after the other. None of them changes anything that remains."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fairkd.doctor import clusters, home_folder, installation, machine
from fairkd.doctor.finding import Finding
from fairkd.utils import shortened

Check = Callable[[], Iterator[Finding]]


def examine(*, port: int | None = 8501, address: str | None = None) -> tuple[Finding, ...]:
    """What would go wrong on this machine, the embedded models and the home folder included.

    It takes seconds: it loads PyTorch and asks the Hub once.

    Parameters
    ----------
    port
        The dashboard's port, which should be free. None: do not check it, because the dashboard runs.
    address
        The address that the dashboard listens on. None: that of the environment, or this machine's own.
    """
    checks: dict[str, Check] = {
        "packages": installation.packages,
        "optional packages": installation.optional_packages,
        "embedded models": installation.embedded_models,
        "settings": installation.settings,
        "home folder": home_folder.home_folder,
        "launcher": clusters.launcher,
        "machine": machine.resources,
        "number format": machine.number_format,
        "browser": machine.browser,
        "address": lambda: machine.address(address, port),
        "Hub": machine.hub,
    }
    return tuple(finding for topic, check in checks.items() for finding in _guarded(topic, check))


def _guarded(topic: str, check: Check) -> Iterator[Finding]:
    """The findings of a check; an error of its own is a finding, too, and hides no other check."""
    try:
        yield from check()
    except Exception as error:  # whatever a broken installation raises
        yield Finding(
            topic,
            "problem",
            f"This could not be checked ({type(error).__name__}: {shortened(error)}).",
            "Install FairKD again in a new environment: pip install -r requirements.txt",
        )
