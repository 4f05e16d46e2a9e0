"""3,000 connections that each ask for a batch of 100 tickets, about 200 KB, and never read it."""

import json

from harness.http import request_bytes
from siege.crowd import Crowd, TLSCrowd
from siege.scene import Options, besiege, service_under_attack

CONNECTIONS, SECONDS = 3000, 15


def batch_request(credential: str, count: int = 100) -> bytes:
    wishes = {"tickets": [{"rule": "avatars", "contentType": "image/png"}] * count}
    return request_bytes("POST", "/v1/tickets/batch", {"Authorization": f"Bearer {credential}", "Content-Type": "application/json"},
                         json.dumps(wishes, separators=(",", ":")).encode())


def attack(options: Options):
    for name, buffer, pipelined in (("a small receive buffer", 2048, 1), ("the usual receive buffer", None, 1),
                                    ("a small receive buffer, 8 pipelined", 2048, 8)):
        if not options.wants(name):
            continue
        with service_under_attack(options) as service:
            asked = batch_request(service.tenants["acme"].token("attacker")) * pipelined
            # Opened no faster than the service can sign: what is attacked is memory.
            crowd = Crowd(service.port, options.many(CONNECTIONS), lambda _: asked, reads=False, receive_buffer=buffer,
                          send_buffer=None, opens_per_second=300)
            besiege(service, options, f"unread_responses: {crowd.count:,} × a batch of 100, {name}", crowd, SECONDS)
    if options.wants("over TLS"):
        with service_under_attack(options, tls=True) as service:
            asked = batch_request(service.tenants["acme"].token("attacker"))
            crowd = TLSCrowd(service.port, options.many(CONNECTIONS), asked, service.tls, receive_buffer=2048)
            besiege(service, options, f"unread_responses: {crowd.count:,} × a batch of 100, a small receive buffer, over TLS", crowd, SECONDS)
