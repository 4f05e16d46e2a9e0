"""How many connections there may be, in all and of one address; who makes room for whom, and what the others notice of it."""

import contextlib
import resource
import socket
import ssl
import time

import pytest

from harness.certificates import Authority
from harness.figures import figure, readiness
from harness.http import Answer, Connection, ConnectionEnded, request_bytes
from harness.service import DidNotStart, Service
from harness.tenant import Tenant
from harness.waiting import until

HALF, REST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Half: a", b"\r\n\r\n"
ADMIN_LIMIT = 64
PATIENCE = 60


@pytest.fixture
def start(make_service):
    """Starts a service with these flags; it is ended after the test."""
    started = []

    def begin(*arguments: str, **more) -> Service:
        service = make_service("connections", [Tenant("acme")], log_level="info", arguments=[*arguments], **more)
        started.append(service)
        return service.start()

    yield begin
    for service in started:
        service.kill()


def ask(connection: Connection, path: str = "/healthz") -> Answer:
    return connection.request("GET", path)


def served(connection: Connection) -> bool:
    """Whether this connection gets an answer, and not one that there are too many."""
    try:
        answer = ask(connection)
    except (OSError, ConnectionEnded):
        return False
    if answer.status == 200:
        return True
    check_refusal(answer)
    return False


def check_refusal(answer: Answer):
    assert answer.status == 503 and answer.problem["code"] == "overloaded" and answer.closes, (answer.status, answer.body)
    assert int(answer.headers["retry-after"]) >= 1 and answer.headers["x-request-id"] == answer.problem["requestId"]


def connections(service: Service, count: int, source: str | None = None) -> list[Connection]:
    """Each has been answered once before the next one comes, so the first is the one that is idle for the longest time."""
    made = []
    for _ in range(count):
        made.append(service.connect(PATIENCE, source))
        assert served(made[-1])
    return made


def begin_request(service: Service, *busy: Connection) -> float:
    """Each is in the middle of a request from now on, and the service has seen it. It has 9 s for the rest, and nobody pushes it out within one.

    When the first of them was begun."""
    began = time.monotonic()
    for connection in busy:
        before = held(service)
        connection.send(HALF)
        until("the half has come", lambda: held(service) > before, seconds=PATIENCE)
    return began


def finish_request(connection: Connection) -> int:
    connection.send(REST)
    return connection.read().status


def held(service: Service) -> float:
    return figure(service, "postern_connections_held_bytes")


def counted(service: Service) -> dict[str, float]:
    return {name: figure(service, f"postern_connections_{name}") for name in ("open", "total", "refused_total", "evicted_total")}


def closed(among: list[Connection]) -> list[int]:
    return [number for number, connection in enumerate(among) if not connection.is_open()]


# Room for new ones


def test_the_longest_idle_connection_makes_room(start):
    """Each new one closes exactly one, in the order in which they became idle."""
    service = start("--max-connections", "80", "--max-connections-per-peer", "1000")
    crowd = connections(service, 80)
    assert closed(crowd) == []
    for turn in range(8):
        new = service.connect(PATIENCE)
        assert served(new), f"number {81 + turn} is refused though all others are idle"
        until("one makes room", lambda: len(closed(crowd)) == turn + 1, seconds=PATIENCE)
        assert closed(crowd) == list(range(turn + 1))
        crowd.append(new)
    assert figure(service, "postern_connections_evicted_total") == 8 and figure(service, "postern_connections_refused_total") == 0


def test_neither_a_busy_connection_nor_one_that_was_just_used_makes_room(start):
    """The first forty are the oldest, but they are asked again; some of them are even in the middle of a request."""
    service = start("--max-connections", "80", "--max-connections-per-peer", "1000")
    crowd = connections(service, 80)
    used, idle = crowd[:40], crowd[40:]
    assert all(served(connection) for connection in used)
    begin_request(service, *used[:4])
    new = []
    for turn in range(10):
        new.append(service.connect(PATIENCE))
        assert served(new[-1]), f"number {81 + turn} is refused though others are idle"
    until("ten have made room", lambda: len(closed(used + idle + new)) == 10, seconds=PATIENCE)
    assert closed(used) == [] and closed(new) == [], "of the forty that are idle for longer"
    assert [finish_request(connection) for connection in used[:4]] == [200] * 4
    assert all(served(connection) for connection in used + new)


def test_who_makes_room_is_told_nothing_and_loses_nothing(start):
    """It is closed as any idle connection is: without a word, so that a client may send its next request again by another."""
    service = start("--max-connections", "2", "--max-connections-per-peer", "1000")
    first, second = connections(service, 2)
    new = service.connect(PATIENCE)
    assert served(new) and first.rest() == b"" and second.is_open()
    assert [line for line in service.log_lines() if line.get("code")] == [], "nobody was refused"


@pytest.mark.parametrize("place", range(4))
def test_one_idle_connection_is_enough(start, place):
    """Wherever it is among those that are busy."""
    service = start("--max-connections", "8", "--max-connections-per-peer", "1000")
    crowd = connections(service, 8)
    busy = [connection for number, connection in enumerate(crowd) if number != place]
    began = begin_request(service, *busy)
    with service.connect(PATIENCE) as new:
        assert served(new), "refused though one is idle"
        assert not crowd[place].is_open()
        if time.monotonic() - began < 9:
            assert [finish_request(connection) for connection in busy] == [200] * 7


@pytest.mark.parametrize("silent", [False, True], ids=["after a request", "before its first"])
def test_idle_connections_are_no_reason_to_refuse(start, silent):
    """As many as there may be, all idle, however they came: a hundred others are served one after the other."""
    service = start("--max-connections", "4", "--max-connections-per-peer", "1000")
    crowd = [service.connect(PATIENCE) for _ in range(4)] if silent else connections(service, 4)
    until("all are open", lambda: figure(service, "postern_connections_open") == 4, seconds=PATIENCE)
    with contextlib.ExitStack() as kept:
        refused = [turn for turn in range(100) if not served(kept.enter_context(service.connect(PATIENCE)))]
    assert refused == []
    for connection in crowd:
        connection.close()


# No room


def test_where_nobody_is_idle_a_new_one_is_refused(start):
    """At once, with a whole problem; those that have just begun are finished. Then they make room again."""
    service = start("--max-connections", "6", "--max-connections-per-peer", "1000")
    crowd = connections(service, 6)
    for _ in range(20):
        began, ids = begin_request(service, *crowd), []
        for _ in range(3):
            with service.connect(PATIENCE) as new:
                answer = ask(new)
                if answer.status == 200:
                    break
                check_refusal(answer)
                ids.append(answer.problem["requestId"])
                assert new.rest() == b""
        status, ready = readiness(service)
        if len(ids) == 3:
            break
        # Only on a machine that needs a second for all that: who has been half-sent for so long makes room.
        assert time.monotonic() - began >= 1
        for connection in crowd:
            connection.close()
        until("all are closed", lambda: figure(service, "postern_connections_open") == 0, seconds=PATIENCE)
        crowd = connections(service, 6)
    if time.monotonic() - began < 9:
        assert [finish_request(connection) for connection in crowd] == [200] * 6
    assert ready["connections"]["open"] == ready["connections"]["limit"] == 6 and ready["connections"]["refused"] >= 3
    assert status == 200 and any("connections" in reason for reason in ready["reasons"]), ready["reasons"]
    lines = until("they are in the log", lambda: (lines := [line for line in service.log_lines() if line.get("requestId") in ids])
                  and len(lines) == 3 and lines, seconds=PATIENCE)
    assert {(line["message"], line["code"], line["peer"]) for line in lines} == {("request refused", "overloaded", "127.0.0.1")}
    with service.connect(PATIENCE) as new:
        assert served(new), "all are idle again"


@pytest.mark.parametrize("kind", ["heads", "bodies"])
def test_who_is_half_sent_for_long_makes_room_where_nobody_is_idle(start, kind):
    """So nobody can fill the service by requests that never end: one that has taken a second gives way."""
    half = HALF if kind == "heads" else request_bytes("POST", "/v1/tickets", {"Content-Type": "application/json", "Content-Length": "10"}) + b"{"
    service = start("--max-connections", "8", "--max-connections-per-peer", "1000")
    crowd = [service.connect(PATIENCE) for _ in range(8)]
    for connection in crowd:
        connection.send(half)
    until("all have come", lambda: figure(service, "postern_connections_open") == 8 and held(service) > 0, seconds=PATIENCE)
    time.sleep(1.5)
    with contextlib.ExitStack() as kept:
        for turn in range(4):
            new = kept.enter_context(service.connect(PATIENCE))
            assert served(new), f"after {turn}"
    assert len(closed(crowd)) >= 1


def test_a_service_that_is_full_says_so(start):
    """It is ready all the same: the others of a fleet would only be next."""
    service = start("--max-connections", "3", "--max-connections-per-peer", "1000")
    assert not readiness(service)[1]["reasons"]
    crowd = connections(service, 3)
    status, ready = readiness(service)
    assert status == 200 and len(ready["reasons"]) == 1 and "connections" in ready["reasons"][0]
    assert figure(service, "postern_ready") == 1
    crowd.pop().close()
    until("there is room", lambda: not readiness(service)[1]["reasons"], seconds=PATIENCE)


def test_a_crowd_of_refused_ones_costs_little(start):
    """Some are told why and the rest are closed without a word, all are counted; nobody who was there before notices."""
    service = start("--max-connections-per-peer", "5")
    crowd = connections(service, 5)
    before = counted(service)
    many = [service.connect(PATIENCE) for _ in range(100)]
    assert not [connection for connection in many if served(connection)]
    assert counted(service) == before | {"total": before["total"] + 100, "refused_total": before["refused_total"] + 100}
    assert all(served(connection) for connection in crowd) and len(service.log_lines()) < 60
    for connection in crowd:
        connection.close()
    until("there is room", lambda: figure(service, "postern_connections_open") == 0, seconds=PATIENCE)
    assert len(connections(service, 5)) == 5


def test_a_refused_one_that_says_nothing_is_closed(start):
    service = start("--max-connections-per-peer", "1")
    kept = connections(service, 1)
    with service.connect(PATIENCE) as silent, service.connect(PATIENCE) as half:
        half.send(HALF)
        assert silent.rest() == b""
        check_refusal(half.read())
    assert served(kept[0])


# Of one address


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("connections-tls"), "authority")


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_no_more_than_so_many_of_one_address(start, authority, tls):
    """The sixth is refused; who comes from another address is served. Idle ones of the same address make no room: they may be others'."""
    certificate = authority.certify("service")
    service = start("--max-connections-per-peer", "5", *(["--tls-cert", str(certificate.chain), "--tls-key", str(certificate.key)] if tls else []))
    service.tls = ssl.create_default_context(cafile=str(authority.file)) if tls else None
    mine = connections(service, 5)
    for _ in range(3):
        with service.connect(PATIENCE) as sixth:
            answer = ask(sixth)
            check_refusal(answer)
    others = connections(service, 5, "127.0.0.2")
    with service.connect(PATIENCE, "127.0.0.2") as sixth:
        assert not served(sixth)
    assert all(served(connection) for connection in mine + others)
    mine.pop().close()

    def one_more() -> bool:
        with service.connect(PATIENCE) as another:
            return served(another)

    until("there is room for one", one_more, seconds=PATIENCE)
    assert figure(service, "postern_connections_refused_total") >= 4 and figure(service, "postern_connections_evicted_total") == 0


@pytest.mark.parametrize("limit, most", [("200", 100), ("80", 64), ("100", 64)])
def test_by_default_one_address_may_have_half_but_at_least_64(start, limit, most):
    service = start("--max-connections", limit)
    kept = connections(service, most)
    with service.connect(PATIENCE) as another, service.connect(PATIENCE, "127.0.0.2") as stranger:
        assert not served(another) and served(stranger)
    assert all(served(connection) for connection in kept)


def test_by_default_there_are_16384_or_as_many_as_there_may_be_open_files(start):
    """Less those that are kept for all else; test_settings.py sees them act."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert figure(start(), "postern_connections_limit") == min(16_384, (most if most != resource.RLIM_INFINITY else 1 << 20) - 96)


def test_trusted_proxies_speak_for_others(start):
    """The bound for one address is not for them, the bound for all is."""
    service = start("--max-connections-per-peer", "2", "--max-connections", "20", configuration={"trustedProxies": ["127.0.0.1"]})
    proxy, others = connections(service, 15), connections(service, 2, "127.0.0.2")
    with service.connect(PATIENCE, "127.0.0.2") as third:
        assert not served(third)
    proxy += connections(service, 3)
    assert all(served(connection) for connection in proxy + others) and figure(service, "postern_connections_open") == 20
    with service.connect(PATIENCE) as another:
        assert served(another), "another one makes room"
        until("one has made room", lambda: len(closed(proxy + others)) == 1, seconds=PATIENCE)


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
def test_an_ipv6_address_is_counted_too(make_service):
    """And where the socket takes both families an IPv4 address counts as itself, not as a part of the mapped block."""
    for attempt in range(10):
        service = make_service("connections-6", [Tenant("acme")], arguments=["--max-connections-per-peer", "3"], configuration={"trustedProxies": ["127.0.0.9"]})
        service.arguments[service.arguments.index("--listen") + 1] = f"[::]:{service.port}"
        try:
            service.start()
            break
        except DidNotStart:
            # The port is free on 127.0.0.1, which says nothing of all other addresses.
            assert "another process listens there" in service.log() and attempt < 9
    kept = []
    for host, source in (("::1", None), ("127.0.0.1", None), ("127.0.0.1", "127.0.0.2")):
        kept += [Connection(service.port, PATIENCE, host=host, source=source) for _ in range(3)]
        assert all(served(connection) for connection in kept)
        with Connection(service.port, PATIENCE, host=host, source=source) as fourth:
            assert not served(fourth), (host, source)
    kept += connections(service, 8, "127.0.0.9")
    assert all(served(connection) for connection in kept)
    service.kill()


# What the operator reads


def test_the_figures_of_connections(start):
    service = start("--max-connections", "4", "--max-connections-per-peer", "3")
    assert counted(service) == {"open": 0, "total": 0, "refused_total": 0, "evicted_total": 0} and figure(service, "postern_connections_limit") == 4
    mine = connections(service, 3)
    refused = service.connect(PATIENCE)
    assert not served(refused)
    refused.close()
    other = connections(service, 1, "127.0.0.2")
    assert counted(service) == {"open": 4, "total": 5, "refused_total": 1, "evicted_total": 0}
    new = service.connect(PATIENCE, "127.0.0.3")
    assert served(new), "one of the idle ones makes room"
    expected = {"open": 4, "total": 6, "refused_total": 1, "evicted_total": 1}
    assert counted(service) == expected
    assert readiness(service)[1]["connections"] == {"open": 4, "limit": 4, "refused": 1, "closedForOthers": 1}
    for connection in [*mine, *other, new]:
        connection.close()
    until("all are closed", lambda: counted(service) == expected | {"open": 0}, seconds=PATIENCE)
    assert readiness(service)[1]["connections"] == {"open": 0, "limit": 4, "refused": 1, "closedForOthers": 1}


@pytest.mark.parametrize("ending", ["leaves", "finishes"])
def test_half_a_request_is_held(start, ending):
    """As many bytes as have come, about; nothing once it is answered or its client has left."""
    service = start()
    assert held(service) == 0
    body = b'{"tickets": [' + b" " * 100_000
    with service.connect(PATIENCE) as connection:
        connection.send(request_bytes("POST", "/v1/tickets/batch", {"Content-Type": "application/json", "Content-Length": str(len(body) + 2)}) + body)
        until("it is held", lambda: len(body) <= held(service) <= 2 * len(body), seconds=PATIENCE)
        if ending == "finishes":
            connection.send(b"]}")
            assert connection.read().status == 401 and held(service) == 0
    until("nothing is held", lambda: held(service) == 0, seconds=PATIENCE)


def test_answers_that_nobody_reads_are_held(start):
    """Few of them: the service reads no further requests of a client that does not read."""
    service = start()
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", service.port))
        deaf.setblocking(False)
        asked = request_bytes("GET", "/openapi.yaml") * 100
        sent = 0
        with contextlib.suppress(BlockingIOError):
            while sent < 50_000_000:
                sent += deaf.send(asked)
        until("something is held", lambda: held(service) > 0, seconds=PATIENCE)
        assert held(service) < 20_000_000
        with service.connect(PATIENCE) as other:
            assert served(other)
    until("nothing is held", lambda: held(service) == 0, seconds=PATIENCE)


def test_half_requests_take_no_more_than_their_share_of_memory(start):
    """Of 158 MB that are sent in halves 128 MB are held at most; who is over that is told to come again."""
    service = start()
    before = service.resident_bytes()
    service.forget_peak()
    crowd = [service.connect(PATIENCE) for _ in range(620)]
    for connection in crowd:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.send(request_bytes("POST", "/v1/tickets/batch", {"Content-Length": "256000"}) + b" " * 255_000)

    def some_are_refused() -> bool:
        assert held(service) <= 128_000_000 + (1 << 20)
        return figure(service, "postern_problems_total", code="overloaded") is not None

    until("some are refused", some_are_refused, seconds=PATIENCE)
    assert service.peak_bytes() - before < 200 << 20
    with service.connect(PATIENCE) as small:
        assert served(small), "a whole request that is small is served"
    for connection in crowd:
        connection.close()
    until("nothing is held", lambda: held(service) == 0, seconds=PATIENCE)
    assert figure(service, "postern_connections_refused_total") == 0, "the connections were not too many"


# The admin listener


def admin_connections(service: Service, count: int) -> list[Connection]:
    made = []
    for _ in range(count):
        made.append(Connection(service.admin_port, PATIENCE))
        assert ask(made[-1], "/readyz").status == 200
    return made


def test_an_idle_connection_of_the_admin_listener_makes_room(start):
    """64 at most: whoever asks next is answered, for the operator must not be locked out by forgotten tools."""
    service = start()
    crowd = admin_connections(service, ADMIN_LIMIT)
    for turn in range(8):
        with Connection(service.admin_port, PATIENCE) as another:
            answer = ask(another, "/readyz")
            assert answer.status == 200, f"number {ADMIN_LIMIT + 1 + turn}: {answer.body}"
    assert 1 <= len(closed(crowd)) <= 8


def test_the_admin_listener_refuses_where_nobody_is_idle(start):
    service = start()
    crowd = admin_connections(service, ADMIN_LIMIT)
    half = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nX-Half: a"
    for connection in crowd:
        connection.send(half)
    refused = False
    # Nothing tells whether the halves have come; each try that does not come too early is refused.
    for _ in range(50):
        with Connection(service.admin_port, PATIENCE) as another:
            answer = ask(another, "/readyz")
            if answer.status != 200:
                check_refusal(answer)
                refused = True
                break
    assert refused
    open_still = [connection for connection in crowd if connection.is_open()]
    assert [finish_request(connection) for connection in open_still] == [200] * len(open_still)


def test_the_admin_listener_takes_none_of_the_public_ones(start):
    service = start("--max-connections", "3")
    # Room for the three that read figures below: the service may see one close after it has accepted the next.
    crowd = admin_connections(service, ADMIN_LIMIT - 3)
    assert figure(service, "postern_connections_open") == 0 and figure(service, "postern_connections_total") == 0
    public = connections(service, 3)
    assert readiness(service)[1]["connections"]["open"] == 3 and all(served(connection) for connection in public)
    assert all(ask(connection, "/readyz").status == 200 for connection in crowd), "nor the public one any of these"


def test_a_full_listener_is_alive(start):
    """A probe that took it for dead would have it restarted, and with it all that it serves."""
    service = start("--max-connections", "100", "--max-connections-per-peer", "3")
    crowd = connections(service, 3)
    begin_request(service, *crowd)
    answer = service.admin("/healthz")
    assert answer.status == 200 and answer.json() == {"status": "ok"}
    assert [finish_request(connection) for connection in crowd] == [200] * 3
