//! Tests of the HTTP surface against a real host in this process; see `tests/api`.
