//! How the service is: whether the database answers, what is left of the disk, what it uses of the
//! machine.
//!
//! Looked at twice a second in the background, so that a storm of health requests is no storm on
//! the database. An outage shows within a second.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError, Weak};
use std::time::Duration;

use sysinfo::{Disks, Pid, ProcessRefreshKind, ProcessesToUpdate, System};
use tokio::time::Instant;

use super::http::App;

/// From one look to the next.
const PERIOD: Duration = Duration::from_millis(500);

/// How long the database may take to answer.
const DATABASE_LIMIT: Duration = Duration::from_millis(500);

/// Looks from one at the machine to the next; the CPU's use is the mean of that time.
const MACHINE_EVERY: u32 = 2;

/// What was seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Seen {
    pub(super) database_up: bool,
    pub(super) total_bytes: Option<u64>,
    pub(super) free_bytes: Option<u64>,
    pub(super) cpus: usize,
    /// Of the whole machine, 0 to 1.
    pub(super) process_cpu_ratio: f64,
    /// Of the whole machine, 0 to 1.
    pub(super) system_cpu_ratio: f64,
    pub(super) resident_bytes: u64,
}

/// The last look.
pub(super) struct Vitals {
    seen: Mutex<Seen>,
    started: Instant,
}

impl Vitals {
    /// A database that has just been filled answers.
    pub(super) fn new() -> Self {
        Self {
            seen: Mutex::new(Seen {
                database_up: true,
                total_bytes: None,
                free_bytes: None,
                cpus: std::thread::available_parallelism().map_or(1, usize::from),
                process_cpu_ratio: 0.0,
                system_cpu_ratio: 0.0,
                resident_bytes: 0,
            }),
            started: Instant::now(),
        }
    }

    pub(super) fn now(&self) -> Seen {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    fn change(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Looks until the service is gone. Aborting it is fine.
pub(super) async fn watch(app: Weak<App>, folder: PathBuf) {
    let mut machine = Machine::new(folder);
    let mut looks = 0_u32;
    loop {
        let Some(app) = app.upgrade() else {
            return;
        };
        if looks.is_multiple_of(MACHINE_EVERY) {
            machine.look(&app.vitals);
        }
        looks = looks.wrapping_add(1);
        let up = app.catalogue.answers(DATABASE_LIMIT).await;
        app.vitals.change(|seen| seen.database_up = up);
        drop(app);
        tokio::time::sleep(PERIOD).await;
    }
}

struct Machine {
    /// None where the system does not tell.
    system: Option<System>,
    disks: Option<Disks>,
    pid: Option<Pid>,
    folder: PathBuf,
}

impl Machine {
    fn new(folder: PathBuf) -> Self {
        Self {
            system: System::new().ok(),
            disks: Disks::new_with_refreshed_list().ok(),
            pid: sysinfo::get_current_pid().ok(),
            folder,
        }
    }

    fn look(&mut self, vitals: &Vitals) {
        if let Some(disks) = &mut self.disks {
            disks.refresh(false);
            let disks = disks.iter();
            let here = disks.filter(|it| self.folder.starts_with(it.mount_point()));
            let disk = here.max_by_key(|it| it.mount_point().as_os_str().len());
            vitals.change(|seen| {
                seen.free_bytes = disk.map(sysinfo::Disk::available_space);
                seen.total_bytes = disk.map(sysinfo::Disk::total_space);
            });
        }
        let Some(system) = &mut self.system else {
            return;
        };
        system.refresh_cpu_usage();
        let pids: Vec<Pid> = self.pid.into_iter().collect();
        let wanted = ProcessRefreshKind::nothing().with_cpu().with_memory();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&pids), false, wanted);
        let process = self.pid.and_then(|pid| system.process(pid));
        vitals.change(|seen| {
            seen.system_cpu_ratio = f64::from(system.global_cpu_usage()) / 100.0;
            if let Some(process) = process {
                // sysinfo counts one whole processor as 100.
                let cpus = common::units::size_f64(seen.cpus);
                seen.process_cpu_ratio = f64::from(process.cpu_usage()) / 100.0 / cpus;
                seen.resident_bytes = process.memory();
            }
        });
    }
}
