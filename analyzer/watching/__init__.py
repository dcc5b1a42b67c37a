"""A capture that goes on becomes a picture every few seconds."""
