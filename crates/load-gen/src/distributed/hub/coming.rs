//! Workers come, go, and are lost.

use tokio::time::Instant;

use super::super::hello::Hello;
use super::super::link::{Event, Link};
use super::super::message::{ToMaster, ToWorker};
use super::member::{Member, State};
use super::{Hub, Phase};

impl Hub {
    /// Takes in what happened to a connection.
    pub(super) fn hear(&mut self, event: Event) {
        match event {
            Event::Joined(hello, link) => self.join(&hello, link),
            Event::Heard(link, message) => {
                if let Some(index) = self.of_link(link) {
                    self.members[index].heard = Instant::now();
                    self.listen(index, message);
                }
            }
            Event::Gone { link, why, by_peer } => {
                let Some(index) = self.of_link(link) else {
                    return;
                };
                let member = &mut self.members[index];
                member.link = None;
                // One that may not know that it is cut off has its parts until its silence is long enough.
                if by_peer || !member.is_at_work() {
                    self.lose(index, &why);
                }
            }
        }
    }

    fn of_link(&self, link: u64) -> Option<usize> {
        let of = |it: &Member| it.link.as_ref().is_some_and(|it| it.id == link);
        self.members.iter().position(of)
    }

    fn join(&mut self, hello: &Hello, link: Link) {
        let known = self
            .members
            .iter()
            .position(|it| it.session == hello.session);
        let index = if let Some(index) = known {
            self.reconnect(index, link);
            index
        } else {
            let name = self.free_name(&hello.name);
            self.members.push(Member::new(name, hello.session, link));
            self.members.len() - 1
        };
        let Some(run) = &self.run else { return };
        let holds_run = hello.run == Some(run.id);
        let finishing = matches!(run.phase, Phase::Finishing { .. });
        if holds_run && self.members[index].prepared {
            self.enlist(index);
        } else if holds_run {
            self.members[index].state = State::Preparing;
        } else if !finishing {
            self.ask_to_prepare(index);
        }
        if finishing {
            self.ask_to_finish(index, std::time::Duration::ZERO);
        }
    }

    /// Takes the new connection of a known worker for the old one.
    fn reconnect(&mut self, index: usize, link: Link) {
        if self.members[index].is_at_work() {
            self.lose(index, "it came back on a new connection");
        }
        let member = &mut self.members[index];
        if let Some(old) = member.link.replace(link) {
            old.close();
        }
        member.heard = Instant::now();
        member.state = State::Ready;
    }

    /// A name that no other worker has.
    fn free_name(&self, wanted: &str) -> String {
        let taken = |name: &str| self.members.iter().any(|it| it.name == name);
        let numbered = (2..).map(|number| format!("{wanted} ({number})"));
        std::iter::once(wanted.to_owned())
            .chain(numbered)
            .find(|it| !taken(it))
            .unwrap_or_default()
    }

    /// Takes a worker for missing; others get its parts.
    pub(super) fn lose(&mut self, index: usize, why: &str) {
        let start = match self.run.as_ref().map(|it| &it.phase) {
            Some(Phase::Running { start } | Phase::Finishing { start, .. }) => Some(*start),
            _ => None,
        };
        let member = &mut self.members[index];
        let was_at_work = member.is_at_work();
        if let Some(link) = member.link.take() {
            link.close();
        }
        if member.state == State::Left {
            return;
        }
        let is_done = member.state == State::Leaving && member.audit.is_some();
        member.state = if is_done { State::Left } else { State::Missing };
        let (Some(start), Some(run), true) = (start, &mut self.run, was_at_work && !is_done) else {
            return;
        };
        let since = member.heard.saturating_duration_since(start);
        let share = run.load.share_of(index);
        run.load.lose((index, member.generation), member.covered);
        if share > 0.0 {
            member.absent = Some((since, share));
        }
        let note = format!(
            "worker `{}` is missing since {:.1} s, with {:.0} % of the load: {why}",
            member.name,
            since.as_secs_f64(),
            share * 100.0,
        );
        self.note(note);
    }

    fn listen(&mut self, index: usize, message: ToMaster) {
        let member = &mut self.members[index];
        match message {
            ToMaster::Ping { sight, .. } => member.sight = sight.or(member.sight),
            ToMaster::Prepared { run, trouble } => self.prepared(index, run, trouble),
            ToMaster::Obeyed { run, generation } => self.obeyed(index, run, generation),
            ToMaster::Report(report) => self.report(index, *report),
            ToMaster::Leaving => self.leave(index),
        }
    }

    fn leave(&mut self, index: usize) {
        let member = &mut self.members[index];
        if !member.is_at_work() {
            member.tell(&ToWorker::Quit);
            member.state = State::Left;
            return;
        }
        member.state = State::Leaving;
        let note = format!("worker `{}` leaves", member.name);
        self.note(note);
        self.give_up(index);
    }
}
