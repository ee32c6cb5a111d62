//! What a body claims to be and what it looks like.

/// A media type without parameters: lower case, without white space.
pub fn media_type(content_type: &str) -> String {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

/// Whether a `Content-Type` is one of `allowed`, parameters and case ignored. An entry `*/*` allows
/// everything, `text/*` every text, `*/*+json` every type with that suffix.
pub fn content_type_is(content_type: &str, allowed: &[impl AsRef<str>]) -> bool {
    let actual = media_type(content_type);
    allowed.iter().any(|pattern| {
        let pattern = media_type(pattern.as_ref());
        match (pattern.strip_suffix("/*"), pattern.strip_prefix("*/*+")) {
            (Some("*"), _) => true,
            (Some(kind), _) => actual.split('/').next() == Some(kind),
            (_, Some(suffix)) => actual.rsplit_once('+').is_some_and(|(_, it)| it == suffix),
            (None, None) => actual == pattern,
        }
    })
}

/// Media types with which services send `VOTables`: the registered one, those of DALI and of cone
/// searches, and the shorthands that some servers send back as they got them (`votable/td`).
pub const VOTABLE_TYPES: [&str; 8] = [
    "application/x-votable+xml",
    "text/xml",
    "application/xml",
    "text/x-votable+xml",
    "votable",
    "votable/td",
    "votable/b2",
    "votable/b",
];

/// Whether a `Content-Type` can be that of a `VOTable`.
pub fn is_votable_type(content_type: &str) -> bool {
    content_type_is(content_type, &VOTABLE_TYPES)
}

/// Whether a `Content-Type` can be that of JSON.
pub fn is_json_type(content_type: &str) -> bool {
    content_type_is(content_type, &["application/json", "text/json", "*/*+json"])
}

/// Whether a body looks like a web page, by its first 1024 bytes: the error page of a proxy or a
/// login form, with status 200 or any other.
pub fn looks_like_html(body: &[u8]) -> bool {
    let head = &body[..body.len().min(1024)];
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let mut rest = head.trim_start_matches('\u{feff}').trim_start();
    // Comments and an XML declaration may stand before the page.
    loop {
        let (begin, end) = if rest.starts_with("<!--") {
            ("<!--", "-->")
        } else if rest.starts_with("<?") {
            ("<?", "?>")
        } else {
            break;
        };
        let Some((_, after)) = rest[begin.len()..].split_once(end) else {
            return false;
        };
        rest = after.trim_start();
    }
    let tags = ["!doctype html", "html", "head", "body", "title", "h1"];
    let ends = |after: &str| {
        after.is_empty() || after.starts_with(|c: char| c == '>' || c.is_ascii_whitespace())
    };
    rest.strip_prefix('<').is_some_and(|tag| {
        tags.iter()
            .any(|name| tag.strip_prefix(name).is_some_and(ends))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_case_and_space_do_not_matter() {
        for it in [
            "application/x-votable+xml",
            "Application/X-VOTable+XML; serialization=BINARY2",
            " text/xml ;charset=utf-8",
            "votable/td",
        ] {
            assert!(is_votable_type(it), "{it}");
        }
        for it in ["text/html", "application/json", "", "votable/"] {
            assert!(!is_votable_type(it), "{it}");
        }
        assert!(is_json_type(
            "application/vnd.spring-boot.actuator.v3+json;charset=UTF-8"
        ));
        assert!(!is_json_type("application/jsonp"));
    }

    #[test]
    fn patterns_allow_families() {
        assert!(content_type_is("text/plain; version=0.0.4", &["text/*"]));
        assert!(content_type_is("image/fits", &["*/*"]));
        assert!(!content_type_is(
            "image/fits",
            &["text/*", "application/fits"]
        ));
    }

    #[test]
    fn pages_are_told_from_documents() {
        for page in [
            "<!DOCTYPE html><html>",
            "\u{feff}\n <HTML lang='en'>",
            "<?xml version='1.0'?>\n<!-- x -->\n<!DOCTYPE HTML PUBLIC \"x\">",
            "<h1>Bad Gateway</h1>",
            "<head",
        ] {
            assert!(looks_like_html(page.as_bytes()), "{page}");
        }
        for other in [
            "",
            "<?xml version='1.0'?><VOTABLE>",
            "<!-- <html> -->",
            "<header>",
            "{\"html\": 1}",
            "html",
        ] {
            assert!(!looks_like_html(other.as_bytes()), "{other}");
        }
    }
}
