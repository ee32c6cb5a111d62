//! `db-perf`: measures how an astronomical catalogue performs on PostgreSQL + PostGIS.

use std::process::ExitCode;

fn main() -> ExitCode {
    db_perf::main(std::env::args_os())
}
