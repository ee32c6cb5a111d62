//! What a request is made of, until it is made for the connection that it goes on.

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{Method, Uri, Version};

use super::Endpoint;
use super::cookies::Jar;
use super::origin::Place;
use super::pieces::{Pieces, Sent};
use crate::request::Request;

/// A request that is not made yet.
///
/// It is made where it is sent, so that an exchange under way does not hold it twice.
#[derive(Clone, Copy)]
pub(super) struct Draft<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) jar: &'a Jar,
    /// The method, which a redirect may have changed.
    pub(super) method: &'a Method,
    pub(super) place: &'a Place,
    pub(super) request: &'a Request,
}

impl Draft<'_> {
    /// The request for a connection of this version, and the counter of what was sent of its body.
    pub(super) fn message(&self, is_http2: bool) -> (http::Request<Pieces>, Sent) {
        let (place, request) = (self.place, self.request);
        let mut headers = self.endpoint.headers_for(place, &request.headers, is_http2);
        self.jar.add_to(&mut headers, place);
        let has_become_get = *self.method != request.method;
        let (body, sent) = if has_become_get {
            for name in [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING] {
                headers.remove(name);
            }
            Pieces::new(&[])
        } else {
            Pieces::new(&request.body)
        };
        let mut message = http::Request::new(body);
        *message.method_mut() = self.method.clone();
        *message.headers_mut() = headers;
        if is_http2 {
            *message.uri_mut() = place.uri();
            *message.version_mut() = Version::HTTP_2;
        } else {
            *message.uri_mut() = Uri::from(place.path.clone());
        }
        (message, sent)
    }
}
