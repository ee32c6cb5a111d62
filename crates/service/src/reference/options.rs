//! How the reference service is to be.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use db_perf::target::ConnectSpec;
use tokio_util::sync::CancellationToken;

use super::faults::Fault;

/// Where the catalogue is.
#[derive(Debug, Clone)]
pub enum CatalogueSource {
    /// In a throwaway PostgreSQL server with PostGIS that the service starts and removes.
    Throwaway {
        /// Sources of the generated sky.
        objects: u64,
    },
    /// In a given database: in a schema of our own, marked as such and dropped at the end.
    Given {
        /// The connection.
        spec: Box<ConnectSpec>,
        /// Sources of the generated sky.
        objects: u64,
    },
    /// In the memory of the service, for where there is no PostgreSQL.
    Memory {
        /// Sources of the generated sky.
        objects: u64,
    },
}

impl CatalogueSource {
    /// Sources of the generated sky.
    pub fn objects(&self) -> u64 {
        match self {
            Self::Throwaway { objects }
            | Self::Given { objects, .. }
            | Self::Memory { objects } => *objects,
        }
    }
}

/// How the reference service is to be.
#[derive(Debug, Clone)]
pub struct ReferenceOptions {
    /// Where it listens; port 0 takes a free one.
    pub addr: SocketAddr,
    /// Where its catalogue is.
    pub catalogue: CatalogueSource,
    /// Decides the sky, the images and the faults.
    pub seed: u64,
    /// Threads that calibrate, at least 1.
    pub workers: usize,
    /// Jobs that may wait, at least 1; one more is refused with 429.
    pub queue: usize,
    /// Sessions of the pool, at least 1.
    pub connections: usize,
    /// Faults on demand.
    pub faults: Vec<Fault>,
    /// The folder that stands for the buckets of raw images; none for generated ones in a temporary
    /// folder.
    pub objects_dir: Option<PathBuf>,
    /// Raw images that are generated, one deep field each.
    pub images: usize,
    /// Width and height of the generated images, 64 to 4096 pixels.
    pub image_size_px: u32,
    /// Bytes of results that are kept; the oldest go first.
    pub most_result_bytes: u64,
    /// Cancelled to end a start that goes on.
    pub stop: CancellationToken,
}

impl Default for ReferenceOptions {
    /// On a free port of 127.0.0.1 with 100,000 sources in memory, two workers and no faults.
    fn default() -> Self {
        Self {
            addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            catalogue: CatalogueSource::Memory { objects: 100_000 },
            seed: 1,
            workers: 2,
            queue: 100,
            connections: 10,
            faults: Vec::new(),
            objects_dir: None,
            images: 4,
            image_size_px: 1024,
            most_result_bytes: 1 << 30,
            stop: CancellationToken::new(),
        }
    }
}
