//! The database under the catalogue: a throwaway server or a given one, the schema, the rows; and how
//! all of it goes away again.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use common::sky::{Cone, Position, SkyConfig, Source};
use common::units::size_u64;
use db_perf::catalog::binary::Encoder;
use db_perf::catalog::{Catalog, LoadOptions, Loaded, Origin, Row, copy_encoded, load, tables};
use db_perf::cone::Oracle;
use db_perf::target::{ConnectSpec, Embedded, EmbeddedOptions, OwnSchema, SchemaError};
use jiff::Timestamp;
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

use super::catalogue::{Catalogue, Memory, Postgres, SECOND_INDEX, SIZES};
use super::error::ReferenceError;
use super::options::{CatalogueSource, ReferenceOptions};

/// How long a schema that is being made when the start is ended may take.
const MAKING_LIMIT: Duration = Duration::from_secs(10);

/// Rows between two lines of narration.
const NARRATED_ROWS: u64 = 1_000_000;

/// What has to be taken down at the end.
#[derive(Default)]
pub(super) struct Ground {
    embedded: Option<Embedded>,
    /// The schema while it is being made: a start that is ended then must not leave it.
    making: Option<JoinHandle<Result<OwnSchema, SchemaError>>>,
    schema: Option<OwnSchema>,
}

/// A catalogue that is ready.
pub(super) struct Ready {
    pub(super) catalogue: Catalogue,
    pub(super) truth: Truth,
    pub(super) sample: Vec<Position>,
    pub(super) facts: BTreeMap<String, Value>,
    /// Where the catalogue is, for people.
    pub(super) place: String,
}

/// All positions of the catalogue, to count in.
#[derive(Clone)]
pub(super) enum Truth {
    /// The catalogue itself is in memory.
    Memory,
    /// The rows as they were loaded: generated again, and those of the fields.
    Loaded {
        rows: Arc<Catalog>,
        extra: Arc<Vec<Position>>,
    },
}

impl Truth {
    /// How many rows each cone holds, by comparing every row of a loaded catalogue.
    pub(super) fn count(rows: &Catalog, extra: &[Position], cones: &[Cone]) -> Vec<u64> {
        let mut oracle = Oracle::new(cones.iter().copied());
        // Generated rows cannot be broken.
        let _ = rows.for_each(|row, _| {
            oracle.observe(row.position);
            true
        });
        for position in extra {
            oracle.observe(*position);
        }
        let counted = oracle.finish();
        let counted = counted.iter().zip(cones);
        counted.map(|(it, cone)| it.count_in(cone)).collect()
    }
}

impl Ground {
    /// Makes the catalogue ready with the sources of the fields in it. What was begun is in `self`
    /// and must be taken down whatever the outcome.
    pub(super) async fn prepare(
        &mut self,
        options: &ReferenceOptions,
        fields: Vec<Source>,
        narrate: &impl Fn(&str),
    ) -> Result<Ready, ReferenceError> {
        let sky = SkyConfig {
            seed: options.seed,
            ..SkyConfig::default()
        };
        let objects = options.catalogue.objects();
        match &options.catalogue {
            CatalogueSource::Memory { .. } => in_memory(sky, objects, fields).await,
            CatalogueSource::Throwaway { .. } => {
                let embedded = Embedded::start(EmbeddedOptions::default()).await?;
                let place = format!("throwaway PostgreSQL {}", embedded.version());
                let folder = embedded.folder().display();
                narrate(&format!(
                    "started a {place} in {folder}, which is removed at the end"
                ));
                let spec = embedded.spec();
                self.embedded = Some(embedded);
                self.load(&spec, place, options, sky, fields, narrate).await
            }
            CatalogueSource::Given { spec, .. } => {
                let place = spec.describe();
                self.load(spec, place, options, sky, fields, narrate).await
            }
        }
    }

    async fn load(
        &mut self,
        given: &ConnectSpec,
        place: String,
        options: &ReferenceOptions,
        sky: SkyConfig,
        fields: Vec<Source>,
        narrate: &impl Fn(&str),
    ) -> Result<Ready, ReferenceError> {
        let objects = options.catalogue.objects();
        let (wanted, run) = (given.clone(), run_id());
        let making = tokio::spawn(async move { OwnSchema::create(&wanted, &run).await });
        let made = self.making.insert(making).await;
        self.making = None;
        let schema = made.map_err(|error| ReferenceError::System(error.into()))??;
        let spec = schema.spec().clone();
        self.schema = Some(schema);
        let client = spec.connect().await?;
        let catalog = Arc::new(Catalog::new(&Origin::Generated { sky, objects }));
        let load_options = LoadOptions {
            external_rows: SIZES.second_rows,
            observations: 0,
            light_curves: SIZES.light_curves,
            seed: options.seed,
        };
        narrate(&format!("loading {objects} sources"));
        let told = Cell::new(0);
        let watch = |rows: u64| {
            if rows / NARRATED_ROWS > told.get() {
                told.set(rows / NARRATED_ROWS);
                narrate(&format!("loaded {rows} of {objects} sources"));
            }
        };
        let never = CancellationToken::new();
        let mut loaded = load(&client, &catalog, &load_options, &never, watch).await?;
        let extra: Vec<Position> = fields.iter().map(|it| it.position).collect();
        add(&client, &fields).await?;
        let facts = facts(&client, &loaded, objects, extra.len()).await?;
        client.close().await;
        let sample = std::mem::take(&mut loaded.sample);
        Ok(Ready {
            catalogue: Catalogue::Postgres(Postgres::new(&spec, options.connections)?),
            truth: Truth::Loaded {
                rows: catalog,
                extra: Arc::new(extra),
            },
            sample,
            facts,
            place,
        })
    }

    /// Takes everything down; says what could not be.
    pub(super) async fn take_down(self) -> Vec<String> {
        let mut left = Vec::new();
        let mut schema = self.schema;
        if let Some(making) = self.making
            && self.embedded.is_none()
            && let Ok(Ok(Ok(made))) = tokio::time::timeout(MAKING_LIMIT, making).await
        {
            schema = Some(made);
        }
        if let Some(schema) = schema.filter(|_| self.embedded.is_none()) {
            let name = schema.name.clone();
            if let Err(error) = schema.drop_all().await {
                left.push(format!("schema {name} is left behind: {error}"));
            }
        }
        if let Some(embedded) = self.embedded {
            let folder = embedded.folder().display().to_string();
            if let Err(error) = embedded.stop().await {
                left.push(format!(
                    "the throwaway server in {folder} is left behind: {error}"
                ));
            }
        }
        left
    }
}

async fn in_memory(
    sky: SkyConfig,
    objects: u64,
    fields: Vec<Source>,
) -> Result<Ready, ReferenceError> {
    let extra = fields.len();
    let generated =
        tokio::task::spawn_blocking(move || Memory::generate(sky, objects, &fields)).await;
    let memory = generated.map_err(|error| ReferenceError::System(error.into()))?;
    let facts = [
        ("catalogue", Value::from("memory")),
        ("objects", memory.rows().into()),
        ("objects_of_deep_fields", extra.into()),
        ("second_catalogue_rows", memory.second_rows().into()),
    ];
    Ok(Ready {
        sample: memory.sample(),
        catalogue: Catalogue::Memory(memory),
        truth: Truth::Memory,
        facts: named(facts),
        place: "memory".to_owned(),
    })
}

/// Adds the sources of the fields, and what the searches need beside the indexes that there are.
async fn add(client: &Client, fields: &[Source]) -> Result<(), tokio_postgres::Error> {
    let mut encoder = Encoder::default();
    for source in fields {
        tables::encode(&mut encoder, &Row::from(source));
    }
    copy_encoded(client, tables::OBJECTS, encoder.take()).await?;
    client.batch_execute(SECOND_INDEX).await?;
    client
        .batch_execute("ANALYZE astronomical_objects, external_catalog")
        .await
}

async fn facts(
    client: &Client,
    loaded: &Loaded,
    objects: u64,
    extra: usize,
) -> Result<BTreeMap<String, Value>, tokio_postgres::Error> {
    let sql = "SELECT current_setting('server_version'), postgis_lib_version()";
    let row = client.query_one(sql, &[]).await?;
    let (postgresql, postgis): (String, String) = (row.get(0), row.get(1));
    let facts = [
        ("catalogue", Value::from("postgresql")),
        ("postgresql_version", postgresql.into()),
        ("postgis_version", postgis.into()),
        ("objects", (objects + size_u64(extra)).into()),
        ("objects_of_deep_fields", extra.into()),
        ("second_catalogue_rows", loaded.external_rows.into()),
        ("light_curve_points", loaded.detections.into()),
        ("load_seconds", loaded.load_seconds.into()),
        ("index_seconds", loaded.index_seconds.into()),
    ];
    Ok(named(facts))
}

fn named<const N: usize>(facts: [(&str, Value); N]) -> BTreeMap<String, Value> {
    let facts = facts.into_iter();
    facts.map(|(name, fact)| (name.to_owned(), fact)).collect()
}

/// A name that no other run has: the time to the microsecond, and the process.
fn run_id() -> String {
    let micros = Timestamp::now().as_microsecond();
    format!("ref_{micros}_{}", std::process::id())
}
