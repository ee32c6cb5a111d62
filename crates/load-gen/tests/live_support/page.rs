//! A live page without a browser.

use std::sync::Arc;

use load_gen::live::web::{Downloads, Served, serve};
use load_gen::live::{Desk, Order, Wanted, steering};
use serde_json::Value;

use super::http::{Answer, send};
use super::rehearsal::Rehearsal;

/// A page of a run that stands still, and the run's end of it.
pub(crate) struct Scene {
    pub(crate) served: Served,
    pub(crate) desk: Desk,
    pub(crate) downloads: Downloads,
    pub(crate) run: Rehearsal,
}

impl Scene {
    pub(crate) async fn new(address: &str, run: Rehearsal) -> Self {
        let (desk, view) = steering(run.now());
        let downloads = Downloads::default();
        let Ok(served) = serve(address, view, downloads.clone()).await else {
            panic!("the page is not served");
        };
        let scene = Self {
            served,
            desk,
            downloads,
            run,
        };
        scene.publish();
        scene
    }

    pub(crate) async fn running() -> Self {
        Self::new("127.0.0.1:0", Rehearsal::after(Wanted::Users(50), None, 20)).await
    }

    pub(crate) fn publish(&self) {
        *self.desk.course.lock().unwrap() = self.run.course();
        self.desk.now.send_replace(Arc::new(self.run.now()));
    }

    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.served.address.port())
    }

    pub(crate) async fn get(&self, path: &str, more: &[(&str, &str)]) -> Answer {
        let host = self.host();
        let headers = [&[("host", host.as_str())], more].concat();
        send(self.served.address, &format!("GET {path}"), &headers, "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value, more: &[(&str, &str)]) -> Answer {
        let host = self.host();
        let own = [
            ("host", host.as_str()),
            ("content-type", "application/json"),
        ];
        let headers = [&own, more].concat();
        send(
            self.served.address,
            &format!("POST {path}"),
            &headers,
            &body.to_string(),
        )
        .await
    }

    pub(crate) fn order(&mut self) -> Option<Order> {
        self.desk.orders.try_recv().ok()
    }
}
