"""Clients that offer another protocol: by real clients, pipelined, and through real reverse proxies, where others' requests share their connection."""

import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import threading
from collections import Counter
from random import Random

import pytest

from harness.figures import figure
from harness.http import Answer, Connection, ConnectionEnded, request_bytes
from harness.loopback import LoopbackServer, Reply, Request
from harness.proxies import PROXIES, Proxy, ProxyMissing
from harness.service import Service
from harness.tenant import Tenant

ATTACKERS, HONEST, TICKETS = 20, 4, 200
MOST_VOLLEYS = 10_000  # of one attacker, should the honest clients never be done
PATIENCE = 120  # seconds for one answer: the service's own deadline is 9
OFFERS = {
    "h2c": {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA"},
    "websocket": {"Connection": "keep-alive, Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="},
    "made up": {"Connection": "Upgrade", "Upgrade": "made-up/1"},
}
# What a parser may take for an offer and another may not: llhttp reads Proxy-Connection as Connection, an Upgrade field without a value
# as none, and knows a name in Connection only between spaces, not tabs.
ODD_OFFERS = {
    "Proxy-Connection": {"Proxy-Connection": "upgrade", "Upgrade": "x"},
    "both Connections": {"Connection": "keep-alive", "Proxy-Connection": "x, Upgrade", "Upgrade": "x"},
    "no value": {"Connection": "Upgrade", "Upgrade": ""},
    "a tab behind": {"Connection": "Upgrade\t", "Upgrade": "x"},
    "tabs around": {"Connection": "x\t,\tUpgrade\t,x", "Upgrade": "x"},
    "several words": {"Connection": "Upgrade x, x upgrade", "Upgrade": "x"},
    "a long list": {"Connection": ",,keep-alive,a,b,c,upgrade,,", "Upgrade": "x, y/2, z"},
}
CONNECT = request_bytes("CONNECT", "localhost:80", {"Host": "localhost:80"})
WISH = {"contentType": "image/png"}


def fields(tenant: Tenant, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {tenant.token()}", "Content-Type": "application/json"} | more


@pytest.fixture(scope="module")
def target(make_service) -> Service:
    with make_service("behind", [Tenant("acme")], log_level="info") as service:
        yield service
        assert service.stop() == 0


@pytest.fixture(scope="module")
def tenant(target) -> Tenant:
    return target.tenants["acme"]


@pytest.fixture(autouse=True)
def nobody_waits(target):
    """In no test does a request run into the deadline, whoever sent it, and whether or not its sender is still there to read."""
    def late() -> tuple[float, float]:
        return figure(target, "postern_requests_total", status="408") or 0, figure(target, "postern_problems_total", code="request-timeout") or 0

    before = late()
    yield
    assert target.running and late() == before


def made_proxy(name: str, folder: pathlib.Path, port: int) -> Proxy:
    try:
        return PROXIES[name](folder / name, port)
    except ProxyMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture(params=PROXIES)
def proxy(request, target, tmp_path):
    """Each of the proxies, before the service."""
    with made_proxy(request.param, tmp_path, target.port) as started:
        yield started
        assert started.running, started.log.read_text(errors="replace")[-4000:]


# Without a proxy


# What the clients send beside Host, in their order. Java's HttpClient and `curl --http2` offer h2c in every request over plain HTTP.
CLIENTS = {
    "Java": OFFERS["h2c"] | {"User-Agent": "Java-http-client/17.0.15"},
    "curl": {"User-Agent": "curl/7.88.1", "Accept": "*/*", "Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c",
             "HTTP2-Settings": "AAMAAABkAAQCAAAAAAIAAAAA"},
}


def twenty(tenant: Tenant, client: str, kind: str) -> list[tuple[bytes, int | None]]:
    """Requests, each with the size of its ticket, by which an answer is known again; None for /healthz."""
    made = []
    for number in range(20):
        if kind == "health" or kind == "both" and number % 2:
            # Java says that a GET has no body.
            more = {"Content-Length": "0"} if client == "Java" else {}
            made.append((request_bytes("GET", "/healthz", CLIENTS[client] | more), None))
        else:
            size = 1000 + number
            body = json.dumps(WISH | {"size": size}).encode()
            made.append((request_bytes("POST", "/v1/tickets", CLIENTS[client] | fields(tenant), body), size))
    return made


def check_same(answer: Answer, size: int | None):
    """The answer is the one to that request, there is no change of protocol, and the connection stays."""
    assert answer.status == (200 if size is None else 201), (answer.status, answer.body)
    assert not answer.closes and "upgrade" not in answer.headers, answer.headers
    assert answer.json() == {"status": "ok"} if size is None else answer.json()["maxSize"] == size


@pytest.mark.parametrize("kind", ["health", "tickets", "both"])
@pytest.mark.parametrize("client", CLIENTS)
def test_twenty_offers_on_one_connection(target, tenant, client, kind):
    with target.connect(PATIENCE) as connection:
        for data, size in twenty(tenant, client, kind):
            connection.send(data)
            check_same(connection.read(), size)


@pytest.mark.parametrize("kind", ["health", "tickets", "both"])
@pytest.mark.parametrize("client", CLIENTS)
def test_twenty_offers_in_one_write(target, tenant, client, kind):
    requests = twenty(tenant, client, kind)
    with target.connect(PATIENCE) as connection:
        connection.send(b"".join(data for data, _ in requests))
        for _, size in requests:
            check_same(connection.read(), size)


NEXT = request_bytes("GET", "/healthz", {"X-Next": "next"})


def in_two_pieces(service: Service, first: bytes, cut: int, head_only: bool = False):
    """The next request begins in the write that ends the first one, and must be answered unless the first answer closes."""
    with service.connect(PATIENCE) as connection:
        connection.send(first + NEXT[:cut])
        answer = connection.read(head_only)
        assert answer.status in (200, 401), (first, answer.status, answer.body)
        if not answer.closes:
            connection.send(NEXT[cut:])
            answer = connection.read()
            assert answer.status == 200, (first, cut, answer.status, answer.body)


@pytest.mark.parametrize("offer", OFFERS | ODD_OFFERS)
def test_a_request_in_two_pieces_behind_an_offer(target, offer):
    first = request_bytes("GET", "/healthz", (OFFERS | ODD_OFFERS)[offer])
    for cut in range(len(NEXT)):
        in_two_pieces(target, first, cut)


def random_offer(random: Random) -> tuple[bytes, bool]:
    """A request with any mixture of the fields that an offer is made of, and whether its answer has no body."""
    words = ("upgrade", "Upgrade", "keep-alive", "x", "upgradex", "xupgrade", "h2c", "upgrade/1", "")
    separators = (",", ", ", " ,", "\t,", ",\t", " ", ";", ",,", "  ,  ")
    fields = [("Content-Type", "application/json")]
    for _ in range(random.randint(1, 4)):
        value = random.choice(("", " ", "\t"))
        for _ in range(random.randint(0, 3)):
            value += random.choice(words) + random.choice(separators)
        fields.append((random.choice(("Connection", "cONNECTION", "Upgrade", "uPGRADE", "Proxy-Connection")), value + random.choice(words)))
    method = random.choice(("GET", "HEAD", "POST", "chunked"))
    if method == "chunked":
        return request_bytes("POST", "/v1/tickets", [*fields, ("Transfer-Encoding", "chunked")], b"2\r\n{}\r\n0\r\n\r\n"), False
    return request_bytes(method, "/v1/tickets" if method == "POST" else "/healthz", fields, b"{}" if method == "POST" else None), method == "HEAD"


def test_five_thousand_random_offers(target):
    def share(seed: int):
        random = Random(seed)
        for _ in range(5000 // 8):
            first, head_only = random_offer(random)
            in_two_pieces(target, first, random.randrange(len(NEXT)), head_only)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(share, range(8)))


def run(arguments: list[str]) -> str:
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, (done.returncode, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout


def curl_statuses(service: Service, folder: pathlib.Path) -> list[str]:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed: install the Debian package curl (scripts/install test does)")
    addresses = [part for number in range(20) for part in ("-o", os.devnull, f"{service.url}/healthz?{number}")]
    # --disable: no ~/.curlrc
    return run([curl, "--disable", "-sS", "--http2", "--noproxy", "*", "--max-time", str(PATIENCE), "-w", "%{http_code}\n", *addresses]).split()


JAVA = """
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

public class Client {
    public static void main(String[] arguments) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        HttpRequest request = HttpRequest.newBuilder(URI.create(arguments[0])).build();
        for (int number = 0; number < 20; number++) {
            System.out.println(client.send(request, BodyHandlers.ofString()).statusCode());
        }
    }
}
"""


def java_statuses(service: Service, folder: pathlib.Path) -> list[str]:
    (folder / "Client.java").write_text(JAVA)
    return run(["java", str(folder / "Client.java"), f"{service.url}/healthz"]).split()


def runs_java_source() -> bool:
    """Whether the `java` of the PATH is that of a JDK, 11 or later: it compiles what it is given, and has the HTTP client."""
    try:
        told = subprocess.run(["java", "--list-modules"], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return told.returncode == 0 and {"java.net.http", "jdk.compiler"} <= {line.partition("@")[0] for line in told.stdout.splitlines()}


# Java's case is not there where there is no JDK, and is not skipped either: `scripts/install test` does not bring one (300 MB that
# nothing else here needs), and `CLIENTS` has what Java's client sends.
REAL_CLIENTS = {"curl": curl_statuses} | ({"Java": java_statuses} if runs_java_source() else {})


@pytest.mark.parametrize("client", REAL_CLIENTS)
def test_twenty_requests_of_a_real_client(target, tmp_path, client):
    """Each is answered, and all go over one connection."""
    before = figure(target, "postern_connections_total")
    assert REAL_CLIENTS[client](target, tmp_path) == ["200"] * 20
    assert figure(target, "postern_connections_total") - before == 1


# Behind a proxy


class Upstream(LoopbackServer):
    """Takes everything, so that a test sees what a proxy makes of it."""

    def reply(self, request: Request) -> Reply:
        return Reply(200, b"ok")


@pytest.mark.parametrize("name", PROXIES)
def test_the_proxies_pass_offers_on(name, tmp_path):
    """Else the tests below would show nothing."""
    with Upstream() as upstream:
        with made_proxy(name, tmp_path, upstream.port) as proxy:
            for offer in OFFERS.values():
                upstream.forget()
                assert proxy.request("GET", "/offer", offer).status == 200
                passed = upstream.asked("/offer")[0].headers
                assert passed["upgrade"] == offer["Upgrade"] and "upgrade" in passed["connection"].lower(), (name, passed)


def ticket_behind(offer: dict[str, str], proxy: Proxy, tenant: Tenant):
    """One client at a time: a proxy that keeps connections sends the second client's request behind the first one's offer."""
    with proxy.connect(PATIENCE) as attacker, proxy.connect(PATIENCE) as client:
        assert attacker.request("GET", "/healthz", offer).status == 200
        answer = client.request("POST", "/v1/tickets", fields(tenant), json.dumps(WISH).encode())
        assert answer.status == 201, (offer, answer.status, answer.body)


def test_the_request_after_another_clients_offer(target, tenant, proxy):
    before = figure(target, "postern_connections_total")
    for _ in range(10):
        for offer in OFFERS.values():
            ticket_behind(offer, proxy, tenant)
    assert figure(target, "postern_connections_total") - before < 15, "60 requests, so connections were kept and shared"


def test_the_request_after_another_clients_odd_offer(target, tenant, proxy):
    """HAProxy passes Proxy-Connection on."""
    for offer in ODD_OFFERS.values():
        ticket_behind(offer, proxy, tenant)


class Attacker:
    """Offers again and again what the service does not speak, and asks for tunnels."""

    def __init__(self, proxy: Proxy):
        self.proxy = proxy
        self.answers = Counter()
        self.connection: Connection | None = None

    def run(self, begun: threading.Barrier, done: threading.Event) -> Counter:
        try:
            self.volley()
            begun.wait(PATIENCE)
            for _ in range(MOST_VOLLEYS):
                if done.is_set():
                    break
                self.volley()
        except BaseException:
            begun.abort()
            raise
        finally:
            self.hang_up()
        return self.answers

    def volley(self):
        for offer in OFFERS.values():
            self.offer(request_bytes("GET", "/healthz", offer), "GET")
            self.offer(request_bytes("POST", "/v1/tickets", {"Content-Type": "application/json"} | offer, json.dumps(WISH).encode()), "POST")
        self.tunnel()

    def offer(self, data: bytes, method: str):
        """By a kept connection to the proxy."""
        self.connection = self.connection or self.proxy.connect(PATIENCE)
        self.connection.send(data)
        answer = self.connection.read()
        self.answers[method, answer.status] += 1
        if answer.closes:
            self.hang_up()

    def tunnel(self):
        """By a connection of its own: a proxy that passes it on may give the connection away for good."""
        with self.proxy.connect(PATIENCE) as connection:
            try:
                connection.send(CONNECT)
                self.answers["CONNECT", connection.read().status] += 1
            except (ConnectionEnded, BrokenPipeError, ConnectionResetError):
                self.answers["CONNECT", None] += 1

    def hang_up(self):
        if self.connection:
            self.connection.close()
        self.connection = None


def honest(proxy: Proxy, tenant: Tenant, count: int, begun: threading.Barrier) -> Counter:
    """Takes tickets one after the other, until one is not given."""
    statuses = Counter()
    data = request_bytes("POST", "/v1/tickets", fields(tenant), json.dumps(WISH).encode())
    begun.wait(PATIENCE)
    with proxy.connect(PATIENCE) as connection:
        while statuses.total() < count and set(statuses) <= {201}:
            connection.send(data)
            statuses[connection.read().status] += 1
    return statuses


def test_two_hundred_tickets_beside_twenty_attackers(target, tenant, proxy):
    """None fails, and none is late: 408 is what a client got whose request came behind an offer."""
    begun, done = threading.Barrier(ATTACKERS + HONEST), threading.Event()
    before = {name: figure(target, name) for name in ("postern_requests_total", "postern_connections_total")}
    with concurrent.futures.ThreadPoolExecutor(ATTACKERS + HONEST) as pool:
        attackers = [pool.submit(Attacker(proxy).run, begun, done) for _ in range(ATTACKERS)]
        clients = [pool.submit(honest, proxy, tenant, TICKETS // HONEST, begun) for _ in range(HONEST)]
        try:
            given = sum((client.result() for client in clients), Counter())
        finally:
            done.set()
    answers = sum((attacker.result() for attacker in attackers), Counter())
    requests, connections = (figure(target, name) - count for name, count in before.items())
    print(f"\n{proxy.program}: tickets {dict(given)}; attackers {dict(answers)}; {requests:.0f} requests by {connections:.0f} connections")

    assert given == {201: TICKETS}
    assert {method: {status for each, status in answers if each == method} for method in ("GET", "POST")} == {"GET": {200}, "POST": {401}}
    assert not [key for key in answers if key[1] in (101, 408)], answers
    assert target.request("GET", "/healthz").status == 200
