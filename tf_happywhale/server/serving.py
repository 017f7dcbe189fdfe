"""Serve a home folder at an address until it is stopped."""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import socket
import threading
import webbrowser
from contextlib import suppress
from pathlib import Path

from tf_happywhale.config.server import Server
from tf_happywhale.disk.files import write_text
from tf_happywhale.disk.locks import locked
from tf_happywhale.errors import InputError

NEEDED = ("fastapi", "uvicorn", "python_multipart")
HOME = "~/Happywhale"
PORT = 8765
BACKLOG = 2048  # connections that wait
GRACE = 5  # seconds for requests that are being answered when the server is stopped


def serve(folder: Path, settings: Server, *, personal: bool) -> None:
    """Serve a home folder until a signal stops it.

    Args:
        folder: the home folder; it is made if it is not there.
        settings: the section `server`.
        personal: for one person on this machine, whose browser is opened.

    Raises:
        InputError: the extra `app` is not installed, the folder holds something else, another
            process serves it, or the address is taken.
    """
    check_installed()
    from tf_happywhale.server.home.home import check_home, open_home

    folder = Path(folder).expanduser().absolute()
    check_home(folder)
    folder.mkdir(parents=True, exist_ok=True)
    opens = personal and settings.browser
    try:
        with (
            locked(folder, "serving", inside=True),
            bound(settings, personal=personal) as listening,
        ):
            home = open_home(folder, settings, personal=personal)
            address = address_of(listening)
            write_text(folder / "address", address + "\n")
            print(f"open {address}/?token={home.token}\nstop it with Ctrl-C", flush=True)
            if not is_this_machine(settings.host):
                print(
                    f"{settings.host} can be reached from other machines, and this server does not "
                    "encrypt: put a server with TLS before it (docs/app.md)",
                    flush=True,
                )
            opened = f"{address}/?token={home.token}" if opens else None
            _run(home, listening, opened, personal=personal)
    except InputError as error:
        if not opens or "is serving" not in str(error) or not _show_running(folder, settings):
            raise


def check_installed() -> None:
    """Raise InputError if a package of the extra `app` is missing."""
    for package in NEEDED:
        if importlib.util.find_spec(package) is None:
            raise InputError(
                f"{package.replace('_', '-')} is not installed: pip install 'tf-happywhale[app]'."
            )


def bound(settings: Server, *, personal: bool) -> socket.socket:
    """Return a socket that listens at the address.

    Raises:
        InputError: the address is taken, or is none of this machine.
    """
    port = settings.port if settings.port is not None else (0 if personal else PORT)
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, port))
        listening.listen(BACKLOG)  # so who is quicker than the server waits
    except OSError as error:
        listening.close()
        raise InputError(
            f"{settings.host}:{port} cannot be listened on ({error.strerror or error}): set "
            "server.port to a free one, or 0, and server.host to an address of this machine."
        ) from None
    return listening


def is_this_machine(host: str) -> bool:
    """Whether an address can be reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def address_of(listening: socket.socket) -> str:
    """Return the address that a browser on this machine opens."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{host}:{port}"


def _run(home: object, listening: socket.socket, opened: str | None, *, personal: bool) -> None:
    import uvicorn

    from tf_happywhale.server.application import make_application

    application = make_application(home)  # type: ignore[arg-type]
    if not personal:  # a person identifies by jobs: the memory is theirs
        application.state.matcher.loading.begin()  # in the background, so that nobody waits later
    config = uvicorn.Config(
        application,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        http="h11",
        ws="none",
        loop="asyncio",
    )
    if opened:
        threading.Thread(target=webbrowser.open, args=[opened], daemon=True).start()
    with suppress(KeyboardInterrupt):  # Ctrl-C is how a server ends
        uvicorn.Server(config).run(sockets=[listening])


def _show_running(folder: Path, settings: Server) -> bool:
    """Open the browser at the server that serves the folder already; whether that was done."""
    from tf_happywhale.server.home.home import read_token

    file = folder / "address"
    if not file.is_file() or os.environ.get("HAPPYWHALE_TOKEN"):
        return False
    address = file.read_text(encoding="utf-8").strip()
    print(f"it runs already: open {address}/?token={read_token(folder, settings)}")
    return webbrowser.open(f"{address}/?token={read_token(folder, settings)}")
