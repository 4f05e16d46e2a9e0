"""Slow and silent clients are closed in time, delay no stop, and a stop loses no accepted request."""

import concurrent.futures
import json
import threading
import time

import pytest

from harness.http import Connection, ConnectionEnded, check_problem, request_bytes
from harness.service import Service
from harness.tenant import Tenant

LIMIT, SLACK = 10, 1
WISH = json.dumps({"contentType": "image/png"}).encode()


def fields(tenant: Tenant) -> dict[str, str]:
    return {"Authorization": f"Bearer {tenant.token()}", "Content-Type": "application/json"}


@pytest.fixture
def fresh(make_service) -> Service:
    with make_service("slow", [Tenant("acme")]) as service:
        yield service


def drip(connection: Connection, data: bytes, every: float, stop: threading.Event):
    """One byte after the other, until all are sent or the server hangs up."""
    for byte in data:
        if stop.wait(every):
            return
        try:
            connection.send(bytes([byte]))
        except OSError:
            return


def slow_clients(service: Service) -> dict[str, tuple[bytes, bytes]]:
    """What each sends at once, and what it then drips."""
    tenant = next(iter(service.tenants.values()))
    whole = request_bytes("POST", "/v1/tickets", fields(tenant) | {"Content-Length": "200"})
    padded = WISH + b" " * (200 - len(WISH))
    return {
        "a slow header": (b"POST /v1/tickets HTTP/1.1\r\nHost: localhost\r\n", b"X-Slow: " + b"a" * 300),
        "a slow request line": (b"", b"POST /v1/tickets HTTP/1.1\r\nHost: localhost\r\n\r\n" * 3),
        "a body dripped a byte a second": (whole, padded),
        "a half-sent body": (whole + padded[:100], b""),
        "a half-sent header": (whole[:60], b""),
        "a chunked body dripped": (request_bytes("POST", "/v1/tickets", fields(tenant) | {"Transfer-Encoding": "chunked"}), b"1\r\n \r\n" * 40),
    }


def lifetime(service: Service, first: bytes, dripped: bytes) -> tuple[float, bytes]:
    """How long the server keeps the connection, and what it says before it hangs up."""
    stop, received = threading.Event(), b""
    with service.connect(timeout=LIMIT + 10) as connection:
        began = time.monotonic()
        connection.send(first)
        sender = threading.Thread(target=drip, args=(connection, dripped, 1.0, stop))
        sender.start()
        try:
            while data := connection.socket.recv(65536):
                received += data
        except ConnectionResetError:
            pass
        took = time.monotonic() - began
        stop.set()
        sender.join()
    return took, received


def test_slow_and_half_sent_requests_are_closed_within_ten_seconds(fresh):
    clients = slow_clients(fresh)
    with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
        took = dict(zip(clients, pool.map(lambda each: lifetime(fresh, *each), clients.values())))
    for name, (seconds, received) in took.items():
        assert 1 < seconds < LIMIT + SLACK, (name, seconds)
        assert received.startswith(b"HTTP/1.1 408 "), (name, received[:200])
        assert b'"request-timeout"' in received and b"application/problem+json" in received, (name, received)
    assert fresh.request("GET", "/healthz").status == 200


def test_silent_clients_are_closed_after_the_idle_timeout(make_service):
    """Whether they have asked before or never; without a word. The default of 75 s is in test_behind_a_balancer.py."""
    with make_service("silent", [Tenant("acme")], arguments=["--idle-timeout", "3s"]) as service:
        began = time.monotonic()
        with service.connect(timeout=60) as used, service.connect(timeout=60) as unused:
            assert used.request("GET", "/healthz").status == 200
            assert used.rest() == b"" and time.monotonic() - began >= 3
            assert unused.rest() == b"" and time.monotonic() - began >= 3
        assert service.request("GET", "/healthz").status == 200


def test_a_connection_that_is_used_stays(make_service):
    """Longer than it may be idle."""
    with make_service("used", [Tenant("acme")], arguments=["--idle-timeout", "10s"]) as service, service.connect() as connection:
        for _ in range(4):
            assert connection.request("GET", "/healthz").status == 200
            time.sleep(4)
        assert connection.request("GET", "/healthz").status == 200


def test_slow_clients_do_not_delay_the_stop(fresh):
    """None of them has sent a whole request, so none is waited for longer than the moment a request on its way gets."""
    connections = []
    for first, _ in slow_clients(fresh).values():
        connection = fresh.connect()
        connection.send(first)
        connections.append(connection)
    idle = fresh.connect()
    assert idle.request("GET", "/healthz").status == 200
    time.sleep(0.3)
    began = time.monotonic()
    assert fresh.stop() == 0
    took = time.monotonic() - began
    assert took < 3, f"the stop took {took:.1f} s"
    for connection in [*connections, idle]:
        connection.close()


class Client(threading.Thread):
    """Sends requests one after the other and writes down each that was sent whole and never answered."""

    def __init__(self, service: Service, data: bytes, keep_alive: bool):
        super().__init__(daemon=True)
        self.service, self.data, self.keep_alive = service, data, keep_alive
        self.answered, self.lost, self.failures = 0, [], []
        self.done = threading.Event()

    def run(self):
        connection = None
        while not self.done.is_set():
            used = connection is not None
            sent = None
            try:
                connection = connection or self.service.connect()
                connection.send(self.data)
                sent = time.monotonic()
                answer = connection.read()
            except (ConnectionEnded, OSError) as problem:
                if sent is not None:
                    self.lost.append((sent, used, getattr(problem, "received", b"")))
                if connection:
                    connection.close()
                connection = None
                if sent is None and not used:
                    return  # nobody listens any more
                continue
            if answer.status != 200:
                self.failures.append((answer.status, answer.body[:200]))
            self.answered += 1
            if answer.closes or not self.keep_alive:
                connection.close()
                connection = None


def test_a_stop_under_load_loses_no_accepted_request(make_service):
    """Batches of 100 tickets, so that there is always much under way when the signal comes."""
    for turn in range(3):
        tenant = Tenant("acme")
        service = make_service(f"stop-{turn}", [tenant], log_level="info").start()
        body = json.dumps({"tickets": [{"contentType": "image/png"}] * 100}).encode()
        data = request_bytes("POST", "/v1/tickets/batch", fields(tenant), body)
        clients = [Client(service, data, keep_alive=number % 3 != 0) for number in range(12)]
        for client in clients:
            client.start()
        time.sleep(1.5)
        signalled = time.monotonic()
        service.terminate()
        assert service.process.wait(20) == 0
        took = time.monotonic() - signalled
        for client in clients:
            client.done.set()
        for client in clients:
            client.join(10)
        assert sum(client.answered for client in clients) > 100
        assert not [failure for client in clients for failure in client.failures]
        # On a connection that has answered before, what was sent before the signal must be answered. A new connection may still
        # wait in the kernel's queue when the listener closes: it was not accepted, so half a second is its margin. What was sent
        # later meets a listener that is closed, or a kept connection that ends: the client may send it again.
        lost = [(signalled - sent, used, received[:80]) for client in clients for sent, used, received in client.lost
                if sent < signalled - (0 if used else 0.5) or received]
        assert not lost, f"turn {turn}: lost (seconds before the signal, kept connection, received): {lost}"
        assert took < 10, took


def test_the_health_of_a_service_that_stops(make_service):
    """Ready, then not ready and draining, then gone: with exit code 0."""
    service = make_service("draining", [Tenant("acme")]).start()
    assert service.admin("/readyz").status == 200
    tenant = service.tenants["acme"]
    with service.connect() as connection:
        data = request_bytes("POST", "/v1/tickets", fields(tenant), WISH)
        connection.send(data[:-5])
        time.sleep(0.1)
        service.terminate()
        time.sleep(0.3)
        try:
            assert service.admin("/readyz").status == 503
        except (OSError, ConnectionEnded):
            pass  # nobody there is not ready either
        connection.send(data[-5:])
        answer = connection.read()
    assert answer.status == 201 and answer.closes, "a request on its way at the signal is finished"
    assert service.process.wait(10) == 0


def test_a_stop_while_clients_connect(make_service):
    """Connections that are just being accepted when the listener closes: the process must not trip over them."""
    for turn in range(10):
        service = make_service(f"connecting-{turn}", [Tenant("acme")], log_level="info").start()
        stop, kept = threading.Event(), []

        def connect():
            while not stop.is_set():
                try:
                    kept.append(service.connect(timeout=5))
                except OSError:
                    return

        threads = [threading.Thread(target=connect) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.1)
        service.terminate()
        code = service.process.wait(20)
        stop.set()
        for thread in threads:
            thread.join()
        for connection in kept:
            connection.close()
        assert code == 0, f"turn {turn}: exit code {code} with {len(kept)} connections"


@pytest.mark.parametrize("count", [200])
def test_many_idle_connections(fresh, count):
    connections = [fresh.connect() for _ in range(count)]
    assert fresh.request("GET", "/healthz").status == 200
    began = time.monotonic()
    assert fresh.stop() == 0
    assert time.monotonic() - began < 3
    for connection in connections:
        connection.close()


def test_a_timed_out_request_is_a_whole_problem(fresh):
    with fresh.connect(timeout=LIMIT + 5) as connection:
        connection.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
        answer = connection.read()
    assert answer.status == 408 and answer.closes
    check_problem(answer)
