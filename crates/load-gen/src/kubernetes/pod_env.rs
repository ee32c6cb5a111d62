//! The environment variables that the manifests set and `load-gen kubernetes pod` reads.

/// How many workers the master waits for.
pub(super) const WORKERS: &str = "LOAD_GEN_WORKERS";
/// The host name of the master.
pub(super) const MASTER_HOST: &str = "LOAD_GEN_MASTER_HOST";
/// The port of the master.
pub(super) const MASTER_PORT: &str = "LOAD_GEN_MASTER_PORT";
/// The address of the pod.
pub(super) const POD_IP: &str = "LOAD_GEN_POD_IP";
/// The folder of the results.
pub(super) const RESULTS: &str = "LOAD_GEN_RESULTS";
/// The token that master and workers share.
pub(super) const TOKEN: &str = "LOAD_GEN_TOKEN";

/// How long the master waits for its workers.
pub(super) const MAX_WAIT: &str = "LOAD_GEN_MAX_WAIT";

/// All of them.
pub(super) const NAMES: [&str; 7] = [
    MAX_WAIT,
    WORKERS,
    MASTER_HOST,
    MASTER_PORT,
    POD_IP,
    RESULTS,
    TOKEN,
];
