//! What people do across functions: see `tests/`.
