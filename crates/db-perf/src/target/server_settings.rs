//! The settings of a throwaway server, by the size of the machine.

use std::collections::BTreeMap;
use std::path::Path;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
/// What a machine without `/proc/meminfo` is taken for.
const UNKNOWN_MEMORY: u64 = GIB;
/// Below this, `/dev/shm` (64 MB in many containers) is too small for parallel workers.
const SMALL_SHM: u64 = 512 * MIB;

/// What the settings depend on; sizes in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Machine {
    pub(super) memory: u64,
    pub(super) memory_available: u64,
    pub(super) cores: usize,
    pub(super) disk_available: u64,
    pub(super) shm_available: u64,
}

impl Machine {
    /// Looks at this machine; `folder` is where the server's data will be.
    pub(super) fn detect(folder: &Path) -> Self {
        let meminfo = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let field = |name: &str| {
            let line = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
            let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
            Some(kilobytes * 1024)
        };
        let limit = [
            "/sys/fs/cgroup/memory.max",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        ]
        .iter()
        .find_map(|path| std::fs::read_to_string(path).ok()?.trim().parse().ok())
        .unwrap_or(u64::MAX);
        let memory = field("MemTotal").unwrap_or(UNKNOWN_MEMORY).min(limit);
        Self {
            memory,
            memory_available: field("MemAvailable").unwrap_or(memory).min(limit),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            disk_available: available(folder),
            shm_available: available(Path::new("/dev/shm")),
        }
    }
}

fn available(folder: &Path) -> u64 {
    nix::sys::statvfs::statvfs(folder).map_or(0, |stat| {
        stat.blocks_available().saturating_mul(stat.fragment_size())
    })
}

/// The settings, by name. Durability is on, as on a real server: with it off ingest looks faster than
/// it is.
pub(super) fn settings(machine: Machine, extra: &[(String, String)]) -> BTreeMap<String, String> {
    let Machine {
        memory,
        memory_available,
        cores,
        disk_available,
        shm_available,
    } = machine;
    let shared_buffers = (memory / 4)
        .min(2 * GIB)
        .min(memory_available / 4)
        .max(32 * MIB);
    let parallel = cores.to_string();
    let per_query = (cores / 2).clamp(1, 4).to_string();
    let workers = cores.max(8).to_string();
    let shared_memory = if shm_available < SMALL_SHM {
        "mmap"
    } else {
        "posix"
    };
    let chosen = [
        ("shared_buffers", megabytes(shared_buffers)),
        (
            "effective_cache_size",
            megabytes((memory / 4 * 3).max(128 * MIB)),
        ),
        (
            "work_mem",
            megabytes((memory / 256).clamp(4 * MIB, 64 * MIB)),
        ),
        (
            "maintenance_work_mem",
            megabytes((memory / 16).clamp(32 * MIB, GIB)),
        ),
        (
            "max_wal_size",
            megabytes((disk_available / 4).clamp(256 * MIB, 4 * GIB)),
        ),
        ("checkpoint_timeout", "15min".to_owned()),
        ("checkpoint_completion_target", "0.9".to_owned()),
        ("random_page_cost", "1.1".to_owned()),
        ("effective_io_concurrency", "200".to_owned()),
        ("jit", "off".to_owned()),
        ("max_connections", "200".to_owned()),
        ("max_worker_processes", workers),
        ("max_parallel_workers", parallel.clone()),
        ("max_parallel_workers_per_gather", per_query.clone()),
        ("max_parallel_maintenance_workers", per_query),
        ("dynamic_shared_memory_type", shared_memory.to_owned()),
        ("fsync", "on".to_owned()),
        ("synchronous_commit", "on".to_owned()),
        ("full_page_writes", "on".to_owned()),
        ("track_io_timing", "on".to_owned()),
        ("logging_collector", "off".to_owned()),
        ("log_min_messages", "warning".to_owned()),
        ("timezone", "UTC".to_owned()),
        ("log_timezone", "UTC".to_owned()),
    ];
    let mut settings: BTreeMap<_, _> = chosen
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    settings.extend(extra.iter().cloned());
    settings
}

fn megabytes(bytes: u64) -> String {
    format!("{}MB", bytes / MIB)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Machine = Machine {
        memory: 2 * GIB,
        memory_available: GIB,
        cores: 2,
        disk_available: 8 * GIB,
        shm_available: 64 * MIB,
    };

    #[test]
    fn memory_is_taken_from_what_is_free() {
        let chosen = settings(SMALL, &[]);
        assert_eq!(chosen["shared_buffers"], "256MB");
        assert_eq!(chosen["max_wal_size"], "2048MB");
        assert_eq!(chosen["dynamic_shared_memory_type"], "mmap");
        let large = Machine {
            memory: 256 * GIB,
            memory_available: 200 * GIB,
            ..SMALL
        };
        assert_eq!(settings(large, &[])["shared_buffers"], "2048MB");
    }

    #[test]
    fn an_extra_setting_replaces_ours() {
        let extra = [("work_mem".to_owned(), "1MB".to_owned())];
        assert_eq!(settings(SMALL, &extra)["work_mem"], "1MB");
        assert_eq!(settings(SMALL, &extra)["fsync"], "on");
    }
}
