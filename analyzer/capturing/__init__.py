"""A file, a pipe or standard input becomes buffers of octets, whatever it is packed in."""
