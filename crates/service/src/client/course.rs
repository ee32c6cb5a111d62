//! What is known of an exchange while it is under way, also when it fails.

use std::time::Duration;

use http::header::LOCATION;
use http::response::Parts;
use http::{Method, StatusCode, Uri};
use tokio::time::Instant;

use super::error::{TransportError, TransportKind, Trouble};
use super::exchange::{Redirects, SetUp};
use super::location;
use super::origin::Place;
use crate::request::Request;

/// An exchange under way.
pub(super) struct Course {
    pub(super) start: Instant,
    /// The method of the request under way, which a redirect may change.
    pub(super) method: Method,
    /// Requests that were answered with a redirect.
    visited: Vec<(Method, Uri)>,
    pub(super) wire_bytes: u64,
    pub(super) reconnects: u32,
    pub(super) connect: Option<Duration>,
    pub(super) set_up: Option<SetUp>,
}

impl Course {
    pub(super) fn of(request: &Request) -> Self {
        Self {
            start: Instant::now(),
            method: request.method.clone(),
            visited: Vec::new(),
            wire_bytes: 0,
            reconnects: 0,
            connect: None,
            set_up: None,
        }
    }

    pub(super) fn redirects(&self) -> u32 {
        u32::try_from(self.visited.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn add_set_up(&mut self, set_up: SetUp) {
        *self.connect.get_or_insert_default() += set_up.total();
        self.set_up = Some(set_up);
    }

    /// The method and address that an answer sends the client to; `None` where it is to be taken as it is.
    pub(super) fn redirect(
        &self,
        redirects: Redirects,
        head: &Parts,
        place: &Place,
    ) -> Result<Option<(Method, Uri)>, Trouble> {
        if redirects == Redirects::Return || !head.status.is_redirection() {
            return Ok(None);
        }
        let is_get = matches!(self.method, Method::GET | Method::HEAD);
        let method = match head.status {
            StatusCode::SEE_OTHER if !is_get => Method::GET,
            StatusCode::SEE_OTHER
            | StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
                if is_get =>
            {
                self.method.clone()
            }
            _ => return Ok(None),
        };
        let Some(location) = head.headers.get(LOCATION) else {
            return Ok(None);
        };
        match location::resolve(place, location.as_bytes()) {
            Some(uri) => Ok(Some((method, uri))),
            None => Err(Trouble::new(
                TransportKind::Protocol,
                "redirected to something that is no http or https address",
            )),
        }
    }

    /// Takes the way to the next address, unless it leads in a circle or has become too long.
    pub(super) fn go_on(
        &mut self,
        redirects: Redirects,
        from: &Place,
        method: Method,
        to: &Uri,
    ) -> Result<(), Trouble> {
        let in_loop = |cause: String| Err(Trouble::new(TransportKind::RedirectLoop, cause));
        if let Redirects::Follow { at_most } = redirects
            && self.redirects() >= at_most
        {
            return in_loop(format!("redirected more than {at_most} times"));
        }
        self.visited.push((self.method.clone(), from.uri()));
        if self
            .visited
            .iter()
            .any(|(asked, uri)| *asked == method && uri == to)
        {
            return in_loop("redirected to where it came from".to_owned());
        }
        self.method = method;
        Ok(())
    }

    /// The error that this trouble means for the whole.
    pub(super) fn error(
        &self,
        trouble: Trouble,
        request: &Request,
        place: Option<&Place>,
    ) -> TransportError {
        let method = &self.method;
        let shown = place.map_or_else(|| "an address".to_owned(), Place::shown);
        let cause = trouble.cause;
        let progress = match trouble.kind {
            TransportKind::Timeout => {
                format!(
                    " within {:?} ({} bytes of its body came)",
                    request.timeout, self.wire_bytes
                )
            }
            TransportKind::Truncated => format!(" ({} bytes came)", self.wire_bytes),
            _ => String::new(),
        };
        TransportError {
            kind: trouble.kind,
            message: format!("failed to {method} {shown}: {cause}{progress}"),
            elapsed: self.start.elapsed(),
            wire_bytes: self.wire_bytes,
        }
    }
}
