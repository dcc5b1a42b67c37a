"""Buffers of octets become flows, their first octets and their rates."""
