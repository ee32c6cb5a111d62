//! Numbers that go up and down: set when they are given out.

use prometheus_client::metrics::gauge::Gauge;

/// A number that goes up and down.
pub(crate) type Level = Gauge<f64, std::sync::atomic::AtomicU64>;

/// What is set before it is given out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Levels {
    pub(crate) process_cpu_usage: Level,
    pub(crate) process_resident_memory_bytes: Level,
    pub(crate) process_uptime_seconds: Level,
    pub(crate) system_cpu_usage: Level,
    pub(crate) system_cpu_count: Level,
    pub(crate) jobs_queue_size: Level,
    pub(crate) jobs_queue_capacity: Level,
    pub(crate) jobs_active: Level,
    pub(crate) pool_active: Level,
    pub(crate) pool_idle: Level,
    pub(crate) pool_pending: Level,
    pub(crate) pool_max: Level,
}

impl Levels {
    /// Micrometer's name, its unit, what it is, the value.
    pub(super) fn all(&self) -> [(&'static str, &'static str, &'static str, &Level); 12] {
        [
            (
                "process.cpu.usage",
                "",
                "CPU of this process, 0 to 1 of the machine",
                &self.process_cpu_usage,
            ),
            (
                "process.resident.memory",
                "bytes",
                "Resident memory of this process",
                &self.process_resident_memory_bytes,
            ),
            (
                "process.uptime",
                "seconds",
                "Time since the start",
                &self.process_uptime_seconds,
            ),
            (
                "system.cpu.usage",
                "",
                "CPU of the machine, 0 to 1",
                &self.system_cpu_usage,
            ),
            (
                "system.cpu.count",
                "",
                "Processors of the machine",
                &self.system_cpu_count,
            ),
            (
                "jobs.queue.size",
                "",
                "Jobs that wait",
                &self.jobs_queue_size,
            ),
            (
                "jobs.queue.capacity",
                "",
                "Jobs that may wait",
                &self.jobs_queue_capacity,
            ),
            ("jobs.active", "", "Jobs being worked on", &self.jobs_active),
            (
                "hikaricp.connections.active",
                "",
                "Sessions in use",
                &self.pool_active,
            ),
            (
                "hikaricp.connections.idle",
                "",
                "Sessions not in use",
                &self.pool_idle,
            ),
            (
                "hikaricp.connections.pending",
                "",
                "Requests that wait for a session",
                &self.pool_pending,
            ),
            (
                "hikaricp.connections.max",
                "",
                "Most sessions",
                &self.pool_max,
            ),
        ]
    }
}
