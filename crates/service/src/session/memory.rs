//! What a user remembers beside its jobs: captured values and the records it was given. Most users remember
//! nothing, and then it takes no room.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::draws::{Draws, Occasion};
use super::{Problem, Session, kinds};
use crate::profile::{Operation, Template};

/// Longest value that a user keeps, bytes.
const LONGEST_VALUE: usize = 4096;

/// Values and records of a user.
#[derive(Debug, Default)]
pub(super) struct Memory {
    values: BTreeMap<String, String>,
    records: Vec<Option<Record>>,
    /// The target of templates that are evaluated between two requests.
    between: Option<Occasion>,
    /// What the request that is being composed needs and the user has not.
    missing: Option<String>,
}

/// A row of a table that all users share.
#[derive(Debug, Clone)]
struct Record {
    table: Arc<Vec<Vec<String>>>,
    row: usize,
}

impl Draws {
    fn memory(&mut self) -> &mut Memory {
        self.memory.get_or_insert_default()
    }

    /// A value by its name; an empty text where the user has none, which is noted.
    pub(super) fn value(&mut self, name: &str) -> String {
        let memory = self.memory();
        memory.values.get(name).cloned().unwrap_or_else(|| {
            memory.missing = Some(format!("`{{value.{name}}}`"));
            String::new()
        })
    }

    /// A column of the record of a feeder; an empty text where the user has none, which is noted.
    pub(super) fn column(&mut self, feeder: usize, column: usize) -> String {
        let memory = self.memory();
        let record = memory.records.get(feeder).and_then(Option::as_ref);
        let found = record.and_then(|it| it.table.get(it.row)?.get(column));
        found.cloned().unwrap_or_else(|| {
            memory.missing = Some(format!("a record of feeder {}", feeder + 1));
            String::new()
        })
    }

    /// Forgets what was noted as missing, and tells it.
    pub(super) fn take_missing(&mut self) -> Option<String> {
        self.memory.as_mut().and_then(|it| it.missing.take())
    }

    /// A request follows: templates that are evaluated behind it see another target.
    pub(super) fn leave_between(&mut self) {
        if let Some(memory) = &mut self.memory {
            memory.between = None;
        }
    }
}

impl Session {
    /// The value of a name that was captured or set.
    pub fn value(&self, name: &str) -> Option<&str> {
        let memory = self.draws.memory.as_ref()?;
        memory.values.get(name).map(String::as_str)
    }

    /// Gives a name a value, for `{value.NAME}`; what is longer than 4096 bytes is cut off.
    pub fn set_value(&mut self, name: &str, mut value: String) {
        let end = value.floor_char_boundary(LONGEST_VALUE);
        value.truncate(end);
        let values = &mut self.draws.memory().values;
        match values.get_mut(name) {
            Some(known) => *known = value,
            None => {
                values.insert(name.to_owned(), value);
            }
        }
    }

    /// Fills a template in outside of a request. Values that the user has not are empty; all templates
    /// between two requests see the same target.
    pub fn evaluate(&mut self, template: &Template) -> String {
        if let Some(plain) = template.as_plain() {
            return plain.to_owned();
        }
        let between = self.draws.memory().between.take();
        let mut occasion = match between {
            Some(occasion) => occasion,
            None => self.draws.occasion(),
        };
        if occasion.job.is_none() {
            occasion.job = self.jobs.back().cloned();
        }
        let mut text = String::new();
        template.render(
            &mut text,
            |piece, out| out.push_str(piece),
            |it| self.draws.draw(it, &occasion),
        );
        self.draws.take_missing();
        self.draws.memory().between = Some(occasion);
        text
    }

    /// Gives the user a record of a feeder, for `{feed.NAME.COLUMN}`: a row of the feeder's table.
    pub fn set_record(&mut self, feeder: usize, table: &Arc<Vec<Vec<String>>>, row: usize) {
        let records = &mut self.draws.memory().records;
        if records.len() <= feeder {
            records.resize(feeder + 1, None);
        }
        records[feeder] = Some(Record {
            table: Arc::clone(table),
            row,
        });
    }

    /// Whether the user has what an operation needs: a job to ask for, where it asks for one.
    pub fn can_ask(&self, index: usize) -> bool {
        let operation = &self.profile.operations[index];
        let has_job = !self.jobs.is_empty() || !operation.needs_job();
        has_job && self.draws.scene.can_ask(operation)
    }

    /// Keeps what an operation captures of a right answer, behind the first `offset` values that were
    /// kept of the body for other reasons.
    pub(super) fn keep(
        &mut self,
        operation: &Operation,
        answer: &super::Answer,
        offset: usize,
    ) -> Result<(), Problem> {
        let mut pointers = answer.captures.iter().skip(offset);
        for capture in &operation.captures {
            let found = super::capture::find(capture, answer, &mut pointers);
            let value = found
                .filter(|it| it.len() <= LONGEST_VALUE)
                .or_else(|| capture.default.clone());
            let Some(value) = value else {
                let place = super::capture::place(capture);
                let message = format!(
                    "the answer of `{}` has no `{}`: {place}",
                    operation.name, capture.name
                );
                return Err(Problem::new(kinds::CAPTURE_MISSING, message));
            };
            self.set_value(&capture.name, value);
        }
        Ok(())
    }
}
