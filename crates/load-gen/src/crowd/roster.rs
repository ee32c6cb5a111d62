//! The names of everything that is counted, and where each stands among the labels.

use common::load::Labels;
use common::sky::RadiusClass;
use service::profile::Group;

use crate::scenario::Scenario;

/// The names of everything that is counted. Labels are the requests, then the personas, then the radii.
#[derive(Debug, Clone)]
pub struct Roster {
    /// Names of requests: the operations of the scenario's profile.
    pub requests: Vec<String>,
    /// Methods of the requests, for those who sort by them.
    pub methods: Vec<String>,
    /// Kinds of the requests.
    pub groups: Vec<Group>,
    /// Names of personas.
    pub personas: Vec<String>,
    /// Names of tasks as `persona.task`.
    pub tasks: Vec<String>,
    /// The labels of the recorders.
    pub labels: Labels,
}

impl Roster {
    /// The roster of a scenario.
    pub fn of(scenario: &Scenario) -> Self {
        let operations = &scenario.profile.operations;
        let requests: Vec<String> = operations.iter().map(|it| it.name.clone()).collect();
        let personas: Vec<String> = scenario.personas.iter().map(|it| it.name.clone()).collect();
        let radii = RadiusClass::ALL.iter().map(|it| format!("radius {it}"));
        let names = requests
            .iter()
            .cloned()
            .chain(personas.iter().map(|it| format!("persona {it}")))
            .chain(radii);
        Self {
            labels: Labels::new(names, service::session::PARTS),
            methods: operations
                .iter()
                .map(|it| it.call.request.method.to_string())
                .collect(),
            groups: operations.iter().map(|it| it.group).collect(),
            tasks: scenario
                .personas
                .iter()
                .flat_map(|it| {
                    it.tasks
                        .iter()
                        .map(|task| format!("{}.{}", it.name, task.name))
                })
                .collect(),
            requests,
            personas,
        }
    }

    /// Where a persona stands among the labels.
    pub fn persona_label(&self, persona: usize) -> usize {
        self.requests.len() + persona
    }

    /// Where a class of radii stands among the labels.
    pub fn radius_label(&self, class: RadiusClass) -> usize {
        let place = RadiusClass::ALL.iter().position(|it| *it == class);
        self.requests.len() + self.personas.len() + place.unwrap_or_default()
    }
}
