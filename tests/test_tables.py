"""Tables of facts are built from columns and rows, typed as they are declared."""

import inspect

import numpy as np
import pytest

from analyzer import tables
from analyzer.tables import (
    Arp,
    Certificates,
    Dhcp,
    Dns,
    Flows,
    Http,
    Icmp,
    Ntp,
    Quic,
    Rates,
    Tls,
    build,
    columns,
    from_rows,
)

TABLES = (Flows, Dns, Tls, Certificates, Http, Dhcp, Ntp, Quic, Icmp, Arp, Rates)


def test_every_table_is_tested_here():
    """No NamedTuple of the module is left out of these tests, but the one that describes columns."""
    declared = {kind for _, kind in inspect.getmembers(tables, inspect.isclass) if hasattr(kind, "_fields")}
    assert declared - {tables.Kind} == set(TABLES)


@pytest.mark.parametrize("table", TABLES)
def test_a_column_says_its_type_and_its_meaning(table):
    """Every column has a NumPy type, a meaning, and what its cells are where it holds objects."""
    for name, (kind, meaning) in columns(table).items():
        assert meaning, name
        assert (kind.cells is not None) == (np.dtype(kind.dtype) == object), name


@pytest.mark.parametrize("table", TABLES)
def test_an_empty_table_has_typed_columns(table):
    """A table without rows has all its columns, each of its own type."""
    made = from_rows(table, [])
    for name, (kind, _) in columns(table).items():
        assert getattr(made, name).dtype == np.dtype(kind.dtype)
        assert getattr(made, name).shape == (0,)


def test_tuples_stay_cells():
    """Cells that are tuples, all of one length or not, do not become a second dimension."""
    equal = build(Icmp, **{name: [0, 0] for name in columns(Icmp)} | {"sender": ["192.0.2.1", "192.0.2.2"]})
    assert equal.sender.tolist() == ["192.0.2.1", "192.0.2.2"]
    row = dict.fromkeys(columns(Dhcp), 0) | {"resolvers": ("a", "b"), "routers": ("c", "d"), "ntp_servers": ()}
    made = from_rows(Dhcp, [tuple(row.values())] * 2)
    assert made.resolvers.tolist() == [("a", "b"), ("a", "b")]
    assert made.routers.shape == (2,)


def test_a_missing_column_is_an_error():
    """A table that lacks a column is not built, and neither is one whose rows are too short."""
    with pytest.raises(KeyError):
        build(Rates, flow=[1], start_ns=[0], orig_octets=[0])
    with pytest.raises(ValueError, match="shorter"):
        from_rows(Rates, [(1, 0, 0)])
