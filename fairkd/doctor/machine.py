"""Checks of the machine: cores, memory, number format, browser, port and address, the Hub."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress

from fairkd.doctor.finding import Finding
from fairkd.utils import MODE_VARIABLE, free_memory, hardware, quoted, shortened

LITTLE_MEMORY = 1_000_000_000  # bytes; the dashboard with the embedded models needs about that
ENOUGH_MEMORY = 4_000_000_000  # with a run beside it
ADDRESS_VARIABLE = "STREAMLIT_SERVER_ADDRESS"
HUB_SECONDS = 5.0
BROWSERS = ("chromium", "google-chrome")


def resources() -> Iterator[Finding]:
    """Cores and free memory."""
    cores = hardware.cores()
    if cores < 2:
        yield Finding(
            "cores",
            "warning",
            "One core: pages wait while a run trains.",
            "Use a machine with two cores or more.",
        )
    else:
        yield Finding("cores", "ok", f"{cores} cores.")
    free = free_memory()
    sentence = f"{free / 1e9:,.1f} GB of memory are free."
    if free < ENOUGH_MEMORY:
        yield Finding(
            "memory",
            "problem" if free < LITTLE_MEMORY else "warning",
            sentence,
            "The dashboard needs about 1 GB and a run about 2 GB more: end other programs, or use a smaller "
            "model and lower optimizer.micro_batch_tokens.",
        )
    else:
        yield Finding("memory", "ok", sentence)


def number_format() -> Iterator[Finding]:
    """On what runs train here, and in which number format. Loads PyTorch."""
    import torch

    from fairkd.distill import resolve_precision

    device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    if device is None:
        chosen = resolve_precision("auto", torch.device("cpu"))
        yield Finding("number format", "ok", f"Runs train on the processor in {chosen}; there is no GPU.")
        return
    name = torch.cuda.get_device_name() if device.type == "cuda" else device.type
    yield Finding("number format", "ok", f"Runs train on {name} in {resolve_precision('auto', device)}.")


def browser() -> Iterator[Finding]:
    """Whether there is a browser that the tests can use; nothing else needs it."""
    found = next((name for name in BROWSERS if shutil.which(name)), None)
    sentence = (
        f"The tests in a browser can use {found}." if found else "There is none for tests in a browser."
    )
    yield Finding("browser", "ok", f"{sentence} Nothing else needs one on this machine.")


def address(given: str | None, port: int | None) -> Iterator[Finding]:
    """Who can reach the dashboard, and whether its port is free."""
    place = given or os.environ.get(ADDRESS_VARIABLE) or "127.0.0.1"
    mode = os.environ.get(MODE_VARIABLE, "").strip() or "local"
    if _is_loopback(place):
        yield Finding("address", "ok", f"The dashboard listens on {place}: only this machine reaches it.")
    elif mode == "local":
        yield Finding(
            "address",
            "warning",
            f"The dashboard listens on {place}: whoever reaches it may start, cancel and delete any run.",
            f"Set {MODE_VARIABLE} to demo or class, or listen on 127.0.0.1 behind a proxy with a login.",
        )
    else:
        yield Finding("address", "ok", f"The dashboard listens on {place}, in the mode {quoted(mode, 20)}.")
    if port is None:
        return
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        yield Finding(
            "port",
            "warning",
            f"Something listens on port {port} already: perhaps a dashboard.",
            f"For another one: fairkd dashboard --port {port + 1}",
        )
        return
    yield Finding("port", "ok", f"Port {port} is free.")


def _is_loopback(place: str) -> bool:
    try:
        return ipaddress.ip_address(place.strip("[]")).is_loopback
    except ValueError:
        return place == "localhost"


def hub() -> Iterator[Finding]:
    """Whether models of the Hugging Face Hub can be fetched."""
    from huggingface_hub import constants

    if constants.is_offline_mode():
        yield Finding("Hub", "ok", "Offline by HF_HUB_OFFLINE: models of the Hub come from the local cache.")
        return
    if reason := _unreachable(constants.ENDPOINT):
        yield Finding(
            "Hub",
            "warning",
            f"{constants.ENDPOINT} cannot be reached ({reason}). The embedded models need no network.",
            "Without a network, set HF_HUB_OFFLINE=1, so that nothing waits for it.",
        )
    else:
        yield Finding("Hub", "ok", f"{constants.ENDPOINT} can be reached.")


def _unreachable(url: str) -> str:
    """Why an address does not answer in a few seconds; empty if it does, be it with an error."""
    reasons: list[str] = []

    def ask() -> None:
        try:
            request = urllib.request.Request(url, method="HEAD")
            urllib.request.urlopen(request, timeout=HUB_SECONDS).close()
            reasons.append("")
        except urllib.error.HTTPError:
            reasons.append("")
        except (OSError, ValueError) as error:
            cause = getattr(error, "reason", error)
            reasons.append(shortened(getattr(cause, "strerror", None) or cause, 80))

    # In a thread, because no time limit holds for the look-up of a name.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(HUB_SECONDS + 1)
    return reasons[0] if reasons else "no answer"
