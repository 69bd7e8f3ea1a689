from __future__ import annotations

import pytest

from linewarden.errors import ConfigError
from linewarden.plant.model import Role
from linewarden.plant.names import parse_names_csv
from linewarden.plant.role_words import parse_role


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("firewall", Role.ROUTER), ("remote I/O", Role.IO), ("Remote-IO", Role.IO), ("PLC", Role.CONTROLLER),
        ("spare PLC", Role.CONTROLLER), ("PLCs", Role.CONTROLLER), ("HMI 2", Role.HMI), ("hmi2", Role.HMI),
        ("Safety PLC", Role.SAFETY_CONTROLLER), ("protection relay", Role.RTU), ("MES", Role.MES),
        ("building management server", Role.SCADA), ("line 2 label printer", Role.PRINTER),
        ("access_point", Role.ACCESS_POINT), ("n/a", Role.UNKNOWN), ("?", Role.UNKNOWN), ("-", Role.UNKNOWN),
    ],
)  # fmt: skip
def test_roles_as_people_write_them(text: str, role: Role) -> None:
    assert parse_role(text) is role


@pytest.mark.parametrize("text", ["toaster", "", "plc or switch?"])
def test_what_is_no_role(text: str) -> None:
    assert parse_role(text) is None


def test_every_role_is_known_by_its_own_name() -> None:
    assert all(parse_role(role) is role for role in Role)


def test_a_wrong_role_is_refused_with_the_ones_there_are() -> None:
    with pytest.raises(ConfigError, match=r"line 2, column role: 'toaster'.*safety controller.*leave it empty"):
        parse_names_csv("address,role\n10.0.0.1,toaster\n")
