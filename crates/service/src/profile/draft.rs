//! Operations in files that are no profiles.

use serde::Deserialize;

use super::check::{self, Context};
use super::file::OperationFile;
use super::{Group, Operation, ProfileError, Scope};

/// An operation as it stands in a file of another kind, in the form of a profile's, unchecked.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct OperationDraft(OperationFile);

impl OperationDraft {
    /// Its name.
    pub fn name(&self) -> &str {
        self.0.name.get_ref()
    }

    /// Checks it. `text` and `origin` are the file, for the places of mistakes; `known` are the operations
    /// that it may be like. Without a group it is of the group of that one, else of processing where it
    /// starts a job, else of the catalogue.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line, column and field.
    pub fn check(
        self,
        (text, origin): (&str, &str),
        scope: Scope<'_>,
        known: &[Operation],
    ) -> Result<Operation, ProfileError> {
        let context = Context {
            text,
            origin,
            scope,
        };
        let group = match &self.0.group {
            Some(it) => {
                let field = format!("operation `{}`: group", self.name());
                check::group(context, it.get_ref(), it.span(), &field)?
            }
            None => self.usual_group(known),
        };
        check::operation(context, self.0, group, known)
    }

    fn usual_group(&self, known: &[Operation]) -> Group {
        let like = self.0.like.as_ref();
        let model = like.and_then(|like| known.iter().find(|it| it.name == *like.get_ref()));
        match (model, &self.0.job) {
            (Some(model), _) => model.group,
            (None, Some(_)) => Group::Processing,
            (None, None) => Group::Catalog,
        }
    }
}
