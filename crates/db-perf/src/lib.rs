//! Database performance.
