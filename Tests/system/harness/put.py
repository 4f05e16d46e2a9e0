"""A presigned PUT as browsers send it, and what a store answers."""

import http.client
import urllib.parse

from . import canaries
from .form import StoreAnswer


def put(ticket: dict, content: bytes, *, method: str = "PUT", url: str | None = None, headers: dict[str, str] | None = None,
        more: list[tuple[str, str]] = ()) -> StoreAnswer:
    """Sends the file to the ticket's URL. `*.localhost` is 127.0.0.1 here, as browsers take it, whatever the resolver says.

    `headers` replaces the ticket's, `more` are sent beside them.
    """
    canaries.add_ticket(ticket)
    parts = urllib.parse.urlsplit(url or ticket["url"])
    address = "127.0.0.1" if parts.hostname == "localhost" or parts.hostname.endswith(".localhost") else parts.hostname
    connection = http.client.HTTPConnection(address, parts.port, timeout=30)
    try:
        connection.putrequest(method, f"{parts.path}?{parts.query}", skip_host=True, skip_accept_encoding=True)
        for name, value in [("Host", parts.netloc), ("Content-Length", str(len(content))),
                            *(ticket["headers"] if headers is None else headers).items(), *more]:
            connection.putheader(name, value)
        connection.endheaders(content)
        response = connection.getresponse()
        return StoreAnswer(response.status, dict(response.getheaders()), response.read())
    finally:
        connection.close()
