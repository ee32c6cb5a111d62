//! A user who asks: one workload for all tests, which differ in what is drawn.

use common::load::{Done, Failure, Labels, Tags, Workload};
use common::sky::{RadiusClass, Target};
use service::profile::{Group, Profile};
use service::session::{JobChoice, LOOKUPS, PARTS, Problem, SOURCE_LIST, Session};

/// What a user asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// Operations of a group that end with their answer, by weight.
    Questions(Group),
    /// Operations of a group that start a job, followed to its end.
    Jobs(Group),
    /// All groups by their shares; jobs are submitted and not followed.
    Mixed,
    /// The workflow from end to end.
    Workflow,
}

/// The classes and parts of a profile's iterations: its operations, then the radii.
pub(crate) fn labels(profile: &Profile) -> Labels {
    let operations = profile.operations.iter().map(|it| it.name.clone());
    let radii = RadiusClass::ALL.iter().map(|it| format!("radius {it}"));
    Labels::new(operations.chain(radii), PARTS)
}

/// A user of the service.
pub(crate) struct Asking {
    pub(crate) session: Session,
    pub(crate) what: What,
}

impl Workload for Asking {
    async fn execute(&mut self) -> Result<Done, Failure> {
        let (group, choice) = match self.what {
            What::Workflow => return self.workflow().await,
            What::Questions(group) => (Some(group), JobChoice::Without),
            What::Jobs(group) => (Some(group), JobChoice::Only),
            What::Mixed => (self.session.choose_group(), JobChoice::Any),
        };
        let Some(index) = group.and_then(|it| self.session.choose(it, choice)) else {
            return Err(Failure::new(
                "request_not_made",
                "no operation can be asked",
            ));
        };
        if choice == JobChoice::Only {
            let outcome = self.session.follow(index).await;
            return outcome
                .map(|job| Done {
                    items: job.result.as_ref().and_then(|it| it.rows).unwrap_or(1),
                    bytes: job.bytes.unwrap_or(0),
                    tags: self.tags(index, job.target.filter(|_| self.has_cone(index))),
                    spans: job.spans(),
                })
                .map_err(|problem| self.failure(index, problem));
        }
        let outcome = self.session.ask(index).await;
        outcome
            .map(|answer| Done {
                items: answer.rows.unwrap_or(1),
                bytes: answer.wire_bytes,
                tags: self.tags(index, answer.target.filter(|_| self.has_cone(index))),
                spans: answer.spans(),
            })
            .map_err(|problem| self.failure(index, problem))
    }
}

impl Asking {
    async fn workflow(&mut self) -> Result<Done, Failure> {
        let outcome = self.session.workflow().await;
        outcome
            .map(|it| Done {
                items: it.found,
                bytes: it.job.bytes.unwrap_or(0),
                tags: Tags::NONE,
                spans: it
                    .job
                    .spans()
                    .and(SOURCE_LIST, it.list)
                    .and(LOOKUPS, it.lookups),
            })
            .map_err(|problem| problem.failure(Tags::NONE))
    }

    /// Only where the size of the answer follows the radius are radii a class.
    fn has_cone(&self, index: usize) -> bool {
        self.session.profile().operations[index]
            .call
            .success
            .inside_cone
    }

    fn failure(&self, index: usize, problem: Problem) -> Failure {
        problem.failure(self.tags(index, None))
    }

    fn tags(&self, index: usize, target: Option<Target>) -> Tags {
        let operations = self.session.profile().operations.len();
        // More than 65,000 operations are not told apart.
        let Ok(operation) = u16::try_from(index) else {
            return Tags::NONE;
        };
        let radius = target.and_then(|it| {
            let class = RadiusClass::of(it.cone.radius_deg);
            let place = RadiusClass::ALL.iter().position(|it| *it == class)?;
            u16::try_from(operations + place).ok()
        });
        match radius {
            Some(radius) => Tags::of(&[operation, radius]),
            None => Tags::of(&[operation]),
        }
    }
}
