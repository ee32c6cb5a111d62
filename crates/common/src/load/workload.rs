//! What is executed: one iteration of something whose time is measured from outside.

use std::borrow::Cow;
use std::future::Future;
use std::time::Duration;

/// A unit of work that a runner repeats. Each worker owns its value (connection, seeded targets).
///
/// The runner measures the time; a failed iteration is a counted value, not an end of the run.
pub trait Workload: Send {
    /// Executes one iteration.
    fn execute(&mut self) -> impl Future<Output = Result<Done, Failure>> + Send;
}

/// The names of the statistics a workload keeps beside the total.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels {
    /// Classes of iterations (`radius 1'-10'`, `query health`); [`Tags`] hold indexes into this.
    pub tags: Vec<String>,
    /// Parts of an iteration (`pool_wait`); [`Spans`] hold indexes into this.
    pub spans: Vec<String>,
}

impl Labels {
    /// Labels from lists of names.
    pub fn new<T: Into<String>, S: Into<String>>(
        tags: impl IntoIterator<Item = T>,
        spans: impl IntoIterator<Item = S>,
    ) -> Self {
        Self {
            tags: tags.into_iter().map(Into::into).collect(),
            spans: spans.into_iter().map(Into::into).collect(),
        }
    }
}

/// Up to four classes that one iteration belongs to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tags([Option<u16>; 4]);

impl Tags {
    /// No class.
    pub const NONE: Self = Self([None; 4]);

    /// The classes with these indexes into [`Labels::tags`]; a fifth and later ones are ignored.
    pub fn of(indexes: &[u16]) -> Self {
        let mut tags = Self::NONE;
        for (place, index) in tags.0.iter_mut().zip(indexes) {
            *place = Some(*index);
        }
        tags
    }

    /// The indexes into [`Labels::tags`].
    pub fn iter(self) -> impl Iterator<Item = usize> {
        self.0.into_iter().flatten().map(usize::from)
    }
}

/// Up to eight parts of an iteration that the workload timed itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spans([Option<(u8, Duration)>; 8]);

impl Spans {
    /// No part.
    pub const NONE: Self = Self([None; 8]);

    /// One part, by its index into [`Labels::spans`].
    pub fn one(index: u8, time: Duration) -> Self {
        Self::NONE.and(index, time)
    }

    /// Adds a part; a ninth and later ones are ignored.
    #[must_use]
    pub fn and(mut self, index: u8, time: Duration) -> Self {
        if let Some(place) = self.0.iter_mut().find(|place| place.is_none()) {
            *place = Some((index, time));
        }
        self
    }

    /// The parts with their indexes into [`Labels::spans`].
    pub fn iter(self) -> impl Iterator<Item = (usize, Duration)> {
        self.0
            .into_iter()
            .flatten()
            .map(|(index, time)| (usize::from(index), time))
    }
}

/// A successful iteration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// What the iteration brought: rows read, rows written.
    pub items: u64,
    /// Bytes that were moved or processed; 0 where they are not counted.
    pub bytes: u64,
    /// The classes it belongs to.
    pub tags: Tags,
    /// The parts the workload timed itself.
    pub spans: Spans,
}

/// A failed iteration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure it is, for counting: `timeout`, `connection_lost`, an SQLSTATE name.
    pub kind: Cow<'static, str>,
    /// An example for people; secrets are masked by whoever makes it.
    pub message: String,
    /// The classes it belongs to.
    pub tags: Tags,
}

impl Failure {
    /// A failure of a kind with an example.
    pub fn new(kind: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            message: message.into(),
            tags: Tags::NONE,
        }
    }

    /// The same failure in these classes.
    #[must_use]
    pub fn tagged(mut self, tags: Tags) -> Self {
        self.tags = tags;
        self
    }
}

/// Does nothing, so that a run measures the tool itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Null;

impl Workload for Null {
    async fn execute(&mut self) -> Result<Done, Failure> {
        Ok(Done::default())
    }
}
