//! Where a `Location` leads: RFC 3986 §5.2, lenient about characters that should have been escaped.

use std::borrow::Cow;
use std::fmt::Write as _;

use http::Uri;

use super::origin::Place;

/// The absolute address of `location` as seen from `place`; `None` where it is none of HTTP.
pub(super) fn resolve(place: &Place, location: &[u8]) -> Option<Uri> {
    let location = escape(location.trim_ascii());
    let reference = location.split('#').next().unwrap_or_default();
    let scheme = place.origin.scheme();
    let absolute = if has_scheme(reference) {
        reference.to_owned()
    } else if reference.starts_with("//") {
        format!("{scheme}:{reference}")
    } else {
        let authority = place.origin.authority();
        format!("{scheme}://{authority}{}", relative(place, reference))
    };
    let uri: Uri = absolute.parse().ok()?;
    let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
    (is_http && uri.host().is_some_and(|host| !host.is_empty())).then_some(uri)
}

fn has_scheme(reference: &str) -> bool {
    let before = reference.split(['/', '?']).next().unwrap_or_default();
    before.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    })
}

/// The path and query of a reference without scheme and host.
fn relative(place: &Place, reference: &str) -> String {
    let base = place.path.path();
    let (path, query) = match reference.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (reference, None),
    };
    let (path, query) = if path.is_empty() {
        (base.to_owned(), query.or(place.path.query()))
    } else if path.starts_with('/') {
        (without_dots(path), query)
    } else {
        let folder = base.rfind('/').map_or("/", |slash| &base[..=slash]);
        (without_dots(&format!("{folder}{path}")), query)
    };
    match query {
        Some(query) => format!("{path}?{query}"),
        None => path,
    }
}

/// The path without `.` and `..` (RFC 3986 §5.2.4).
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let last = segments.len().saturating_sub(1);
    for (index, segment) in segments.into_iter().enumerate() {
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if index == last {
                    kept.push("");
                }
            }
            _ => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

/// Escapes what no URI may hold: blanks, quotes, non-ASCII bytes.
fn escape(location: &[u8]) -> Cow<'_, str> {
    let is_wrong = |byte: &u8| {
        !byte.is_ascii_graphic()
            || matches!(
                byte,
                b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}'
            )
    };
    if !location.iter().any(is_wrong) {
        return String::from_utf8_lossy(location);
    }
    let mut escaped = String::with_capacity(location.len() + 16);
    for byte in location {
        if is_wrong(byte) {
            // Writing to a string does not fail.
            let _ = write!(escaped, "%{byte:02X}");
        } else {
            escaped.push(char::from(*byte));
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::client::origin::Origin;

    fn resolved(base: &str, location: &str) -> String {
        let uri: Uri = base.parse().unwrap();
        let place = Place {
            origin: Arc::new(Origin::of(&uri).unwrap()),
            is_home: true,
            path: uri.path_and_query().unwrap().clone(),
        };
        resolve(&place, location.as_bytes())
            .map_or_else(|| "nowhere".to_owned(), |uri| uri.to_string())
    }

    #[test]
    fn references_resolve_as_the_rfc_says() {
        // RFC 3986 §5.4, without the fragments.
        for (reference, expected) in [
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g/"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q"),
            ("g#s", "http://a/b/c/g"),
            (";x", "http://a/b/c/;x"),
            ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("./", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../..", "http://a/"),
            ("../../g", "http://a/g"),
            ("../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g.", "http://a/b/c/g."),
            ("..g", "http://a/b/c/..g"),
            ("./../g", "http://a/b/g"),
            ("g/./h", "http://a/b/c/g/h"),
            ("g/../h", "http://a/b/c/h"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("g?y/../x", "http://a/b/c/g?y/../x"),
        ] {
            assert_eq!(
                resolved("http://a/b/c/d;p?q", reference),
                expected,
                "{reference}"
            );
        }
    }

    #[test]
    fn absolute_and_sloppy_locations_are_understood() {
        let base = "https://[::1]:8443/x/y";
        for (location, expected) in [
            ("http://other:81/z?q#f", "http://other:81/z?q"),
            ("//other", "https://other/"),
            ("/a b/ü", "https://[::1]:8443/a%20b/%C3%BC"),
            (" z ", "https://[::1]:8443/x/z"),
            ("z:1", "nowhere"),
            ("mailto:me", "nowhere"),
            ("ftp://h/x", "nowhere"),
            ("http://", "nowhere"),
        ] {
            assert_eq!(resolved(base, location), expected, "{location}");
        }
    }
}
