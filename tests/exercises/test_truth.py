"""Ground truth finds the frames of a step, and not its neighbours'."""

from ipaddress import IPv4Address
from pathlib import Path

from linewarden.exercises.attacks.scan import REQUEST, arp_frame, mac
from linewarden.exercises.line import DEVICES
from linewarden.exercises.pcapng import Writer
from linewarden.exercises.scenario import Step
from linewarden.exercises.truth import Done, describe_step, frames_of


def packet(source: str, target: str) -> bytes:
    one, other = DEVICES[source], DEVICES[target]
    head = mac(target) + mac(source) + b"\x08\x00" + bytes(12)
    return head + IPv4Address(one.address).packed + IPv4Address(other.address).packed + bytes(20)


def test_frames_are_those_between_actor_and_targets_in_that_time(tmp_path: Path) -> None:
    said = [
        (10, packet("laptop-service", "plc-capper")),  # too early
        (20, packet("laptop-service", "plc-capper")),
        (21, packet("plc-capper", "laptop-service")),
        (22, packet("hmi-line1", "plc-capper")),  # somebody else
        (23, packet("laptop-service", "plc-filler")),  # another target
        (24, arp_frame(REQUEST, b"\xff" * 6, (mac("laptop-service"), "10.30.1.50"), (bytes(6), "10.30.1.12"))),
        (31, packet("laptop-service", "plc-capper")),  # too late
    ]
    path = tmp_path / "a.pcapng"
    with path.open("wb") as out:
        writer = Writer(out, "", "test")
        for stamp, frame in said:
            writer.write(stamp, frame)
    step = Step("stop", 1, "laptop-service", "stops", lambda ctx: "", ("plc-capper",), ("T0858",), hostile=True)
    done = Done(step, 15, 30, "done", "stopped")
    (shown,) = frames_of(path, [done])
    assert shown == {"count": 3, "first": 2, "last": 6, "first_ns": 20, "ranges": [[2, 3], [6, 6]]}
    entry = describe_step(done, shown)
    assert entry["who"]["mac"] == DEVICES["laptop-service"].mac
    assert entry["attack_ics_techniques"] == ["T0858"]
    assert (entry["impact"], entry["impact_ns"], entry["looks_normal"]) == (False, None, "")
