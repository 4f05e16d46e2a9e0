"""Peers that take all the connections they can get, and clients that still want a ticket."""

from harness.http import request_bytes
from siege.crowd import MANY_ADDRESSES, Crowd
from siege.honest import ticket_request
from siege.scene import Options, besiege, connections, readyz, service_under_attack

CAP, SECONDS, EVERY = 16_384, 25, 8.0


def attack(options: Options):
    report = options.report
    variants = {
        "one peer": (["127.0.0.1"], True, None),
        "50 peers": (MANY_ADDRESSES, True, None),
        "50 peers, each with half a head": (MANY_ADDRESSES, False, None),
        "one trusted proxy": (["127.0.0.1"], True, {"trustedProxies": ["127.0.0.1"]}),
    }
    for name, (sources, keeps_alive, configuration) in variants.items():
        if not options.wants(name):
            continue
        with service_under_attack(options, configuration=configuration) as service:
            asked = ticket_request(service.tenants["acme"].token("attacker"))
            crowd = Crowd(service.port, options.many(CAP), lambda _: asked if keeps_alive else asked[:40], sources=sources,
                          again=(asked, EVERY) if keeps_alive else None, opens_per_second=3000)

            def look():
                report.say(f"/readyz: {readyz(service)}")
                state = connections(service)
                if state and name == "one peer":
                    report.goal(f"connections open: {state['open']:,}", "at most half of the cap, and a few", state["open"] <= CAP // 2 + 8)
                elif state and configuration:
                    report.goal(f"connections open: {state['open']:,}", "more than half of the cap", state["open"] > options.many(CAP) // 2)

            besiege(service, options, f"fairness: {name} with {crowd.count:,} connections"
                    + (f", a ticket every {EVERY:g} s each" if keeps_alive else ""), crowd, SECONDS, judges_memory=False, at_last=look)
            report.say(f"the attackers were answered {crowd.requests:,} times")
