//! The machine that a tool ran on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

use crate::units::size_u64;

/// The machine and how busy it was before and after the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Host {
    /// The processor's name for itself; null where the system does not tell.
    pub cpu_model: Option<String>,
    /// Logical processors that this process may use.
    pub cores: u64,
    /// Memory in bytes; 0 where the system does not tell.
    pub memory_bytes: u64,
    /// Operating system with its version; null where the system does not tell.
    pub os: Option<String>,
    /// Version of the kernel; null where the system does not tell.
    pub kernel: Option<String>,
    /// Load average over one minute before the run; null where the system does not tell.
    pub load_before: Option<f64>,
    /// Load average over one minute after the run; null while it goes on.
    pub load_after: Option<f64>,
}

impl Host {
    /// Looks at this machine.
    pub fn observe() -> Self {
        let system = System::new_with_specifics(
            RefreshKind::nothing()
                .with_cpu(CpuRefreshKind::nothing())
                .with_memory(MemoryRefreshKind::nothing().with_ram()),
        );
        Self {
            cpu_model: system
                .as_ref()
                .ok()
                .and_then(|system| system.cpus().first())
                .map(|cpu| cpu.brand().trim().to_owned())
                .filter(|brand| !brand.is_empty()),
            cores: std::thread::available_parallelism().map_or(1, |cores| size_u64(cores.get())),
            memory_bytes: system.map_or(0, |system| system.total_memory()),
            os: System::long_os_version().ok(),
            kernel: System::kernel_version().ok(),
            load_before: load(),
            load_after: None,
        }
    }

    /// Notes the load after the run.
    pub fn observe_end(&mut self) {
        self.load_after = load();
    }
}

fn load() -> Option<f64> {
    System::load_average().ok().map(|load| load.one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_has_cores_and_memory() {
        let host = Host::observe();
        assert!(host.cores >= 1);
        assert!(host.memory_bytes > 1 << 20);
    }
}
