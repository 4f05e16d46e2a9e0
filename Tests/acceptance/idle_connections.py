"""What an idle connection costs, after one ticket or one batch of 100 each."""

import time

from siege.crowd import Crowd
from siege.honest import FromAddress, ticket_request
from siege.memory import Memory
from siege.report import mb
from siege.scene import REST, Options, service_under_attack, still_runs
from unread_responses import batch_request

PLAIN, FEWER = 10_000, 2000


def attack(options: Options):
    if options.wants("plain, after one ticket"):
        with service_under_attack(options) as service:
            asked = ticket_request(service.tenants["acme"].token())
            crowd = Crowd(service.port, options.many(PLAIN), lambda _: asked, again=(asked, 3600))

            def fill() -> int:
                end = time.monotonic() + 30
                while crowd.requests < crowd.count and time.monotonic() < end:
                    crowd.step()
                return crowd.requests

            look(service, options, "plain, after one ticket", fill, crowd.close)
    for name, tls, batch in (("TLS, after one ticket", True, False), ("plain, after one batch of 100", False, True),
                             ("TLS, after one batch of 100", True, True)):
        if not options.wants(name):
            continue
        with service_under_attack(options, tls=tls) as service:
            token, opened = service.tenants["acme"].token(), []
            asked = batch_request(token) if batch else ticket_request(token)

            def fill_slowly() -> int:
                for number in range(options.many(FEWER)):
                    connection = FromAddress(service.port, f"127.0.1.{number % 50 + 1}", service.tls)
                    connection.send(asked)
                    answer = connection.read()
                    assert answer.status in (200, 201), answer.body[:300]
                    opened.append(connection)
                return len(opened)

            look(service, options, name, fill_slowly, lambda: [each.close() for each in opened])


def look(service, options: Options, kind: str, fill, close):
    report, memory = options.report, Memory(service.process.pid)
    before = memory.resident
    memory.forget_peak()
    count = fill()
    time.sleep(1)
    full, peak = memory.resident, memory.peak
    heap = memory.heap(service.errors) if options.heap else None
    close()
    time.sleep(REST)
    after = memory.resident
    report.title(f"idle_connections: {count:,} {kind} each")
    report.say(f"resident: before {mb(before)}, idle {mb(full)}, peak {mb(peak)}, ten seconds after they were closed {mb(after)}; "
               f"a connection: {(full - before) / count / 1000:.2f} kB")
    if heap:
        later = memory.heap(service.errors)
        memory.trim()
        report.say(f"heap: idle {mb(heap[1])} in use of {mb(heap[0])}, after {mb(later[1])} of {mb(later[0])}; "
                   f"resident after malloc_trim {mb(memory.resident)}")
    still_runs(service, report)
