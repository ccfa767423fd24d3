"""python -m services.gateway: serve until SIGTERM.

Exit status 1: the address cannot be had. 2: a setting or the policy is wrong.
"""

import errno
import os
import socket
import struct
import sys

from services.contract import logs
from services.contract.policy import PolicyError
from services.contract.settings import Settings, SettingsError, load
from services.gateway.factory import create_app

BACKLOG = 512
HEAD_SECONDS = 10


def listen(settings: Settings) -> socket.socket:
    """The socket to serve on. Raises OSError."""
    family = socket.AF_INET6 if ":" in settings.gateway_host else socket.AF_INET
    address = (settings.gateway_host, settings.gateway_port)
    listener = socket.create_server(address, family=family, backlog=BACKLOG)
    # Inherited by every connection: the head of a request is read before the application is asked.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", HEAD_SECONDS, 0))
    return listener


def explain(settings: Settings, error: OSError) -> str:
    """What to do about an address that cannot be had."""
    address = f"{settings.gateway_host}:{settings.gateway_port}"
    if error.errno == errno.EADDRINUSE:
        return f"{address} is in use; set STORYTELLER_GATEWAY_PORT to a free port"
    return (
        f"cannot listen on {address}: {error.strerror}; "
        "set STORYTELLER_GATEWAY_HOST and STORYTELLER_GATEWAY_PORT to an address of this machine"
    )


def main() -> int:
    """Serve; the exit status."""
    try:
        settings = load(os.environ)
        app = create_app(settings)
    except (SettingsError, PolicyError) as error:
        print(f"gateway: {error}", file=sys.stderr)
        return 2
    try:
        listener = listen(settings)
    except OSError as error:
        print(f"gateway: {explain(settings, error)}", file=sys.stderr)
        return 1
    logs.configure("gateway", settings)
    from services.gateway.server import Server  # noqa: PLC0415 - a wrong setting is told at once

    Server(app, listener).run()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
