//! `db-perf`: measures how an astronomical catalogue performs on PostgreSQL + PostGIS.

fn main() {}
