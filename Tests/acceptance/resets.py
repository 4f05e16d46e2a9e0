"""Clients that ask and are gone before the answer: each connection is reset, at some moment while the request is being answered."""

import random
import socket
import struct
import time

from harness.http import request_bytes
from siege.honest import ticket_request
from siege.memory import Memory
from siege.report import mb
from siege.scene import Options, service_under_attack, still_runs
from unread_responses import batch_request

CONNECTIONS, SECONDS = 20_000, 10


def attack(options: Options):
    for name in ("a ticket", "a ticket and Connection: close", "a batch of 100", "16 pipelined batches", "what is refused", "an unknown path, TLS"):
        if not options.wants(name):
            continue
        with service_under_attack(options, tls="TLS" in name) as service:
            token = service.tenants["acme"].token("attacker")
            asked = {
                "a ticket": ticket_request(token),
                "a ticket and Connection: close": ticket_request(token).replace(b"\r\n", b"\r\nConnection: close\r\n", 1),
                "a batch of 100": batch_request(token),
                "16 pipelined batches": batch_request(token, 20) * 16,
                "what is refused": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            }.get(name, request_bytes("GET", "/nowhere", {"Connection": "close"}))
            report, memory = options.report, Memory(service.process.pid)
            report.title(f"resets: {name}")
            before, opened, end, chance = memory.resident, 0, time.monotonic() + SECONDS, random.Random(7)
            patience = {"a batch of 100": 0.002, "16 pipelined batches": 0.008, "an unknown path, TLS": 0.001}.get(name, 0.0004)
            while opened < options.many(CONNECTIONS) and time.monotonic() < end and service.running:
                try:
                    connection = service.connect(timeout=2)
                    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    connection.send(asked)
                    moment = time.perf_counter() + chance.random() * patience
                    while time.perf_counter() < moment:
                        pass
                    connection.close()
                except OSError as problem:
                    report.say(f"the connection after {opened:,} others: {problem}")
                    break
                opened += 1
            report.say(f"{opened:,} connections reset; resident: before {mb(before)}" + (f", after {mb(memory.resident)}" if service.running else ""))
            still_runs(service, report)
