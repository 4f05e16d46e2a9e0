"""A reverse proxy on loopback that gives each bucket of a store a host of its own, as a CDN in front of a store does."""

import http.client

from .loopback import LoopbackServer, Reply, Request


class BucketHosts(LoopbackServer):
    """Passes a request for one of these hosts on to the store, with the bucket in the path and the store's own `Host`."""

    def __init__(self, target_port: int, buckets: dict[str, str]):
        """`buckets`: by host name without a port."""
        super().__init__()
        self.target_port, self.buckets = target_port, buckets

    def reply(self, request: Request) -> Reply:
        bucket = self.buckets.get(request.headers["host"].rpartition(":")[0])
        if bucket is None:
            return Reply(421, b"no such host here")
        headers = {name: value for name, value in request.headers.items() if name not in ("host", "connection")}
        connection = http.client.HTTPConnection("127.0.0.1", self.target_port, timeout=30)
        try:
            connection.request(request.method, f"/{bucket}{request.path}", request.body, headers)
            answer = connection.getresponse()
            kept = {name: value for name, value in answer.getheaders() if name.lower() in ("content-type", "location", "etag")}
            return Reply(answer.status, answer.read(), kept)
        finally:
            connection.close()
