//! Secrets: a type that never prints itself, and masking of passwords inside texts of others.

use std::fmt;

/// What is shown in place of a secret.
pub const MASK: &str = "****";

/// A password or token whose `Debug` and `Display` print [`MASK`].
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Takes the secret text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl std::str::FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

/// Masks the passwords of all URLs (`scheme://user:password@host`) and of all `password=…`
/// parameters (URL queries, key/value connection strings, `PGPASSWORD=…`) inside `text`.
///
/// Where the end of a password is unclear, because it holds an unescaped `@` or `/`, more is masked
/// rather than less.
pub fn mask_urls(text: &str) -> String {
    mask_parameters(&mask_user_info(text))
}

fn mask_user_info(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + "://".len());
        masked.push_str(before);
        let end = after.find(ends_url).unwrap_or(after.len());
        let (url, tail) = after.split_at(end);
        masked.push_str(&mask_authority(url));
        rest = tail;
    }
    masked.push_str(rest);
    masked
}

fn ends_url(character: char) -> bool {
    character.is_whitespace() || matches!(character, '"' | '\'' | '`' | '<' | '>')
}

/// Masks the password of `user:password@host…`, the part of a URL after its scheme.
fn mask_authority(url: &str) -> String {
    let query = url.find('?').unwrap_or(url.len());
    let Some(at) = url[..query].rfind('@').or_else(|| url.rfind('@')) else {
        return url.to_owned();
    };
    let Some(colon) = url[..at].find(':') else {
        return url.to_owned();
    };
    let user_ends_early = url[..colon].contains(['/', '@', '?']);
    if user_ends_early {
        return url.to_owned();
    }
    format!("{}:{MASK}{}", &url[..colon], &url[at..])
}

fn mask_parameters(text: &str) -> String {
    const KEY: &str = "password";
    let lower = text.to_ascii_lowercase();
    let mut masked = String::with_capacity(text.len());
    let mut done = 0;
    while let Some(found) = lower[done..].find(KEY) {
        let after_key = done + found + KEY.len();
        masked.push_str(&text[done..after_key]);
        done = after_key;
        let value = &text[after_key..];
        let gap = value.len() - value.trim_start().len();
        if !value[gap..].starts_with('=') {
            continue;
        }
        let after_equals = after_key + gap + 1;
        let value = &text[after_equals..];
        let gap = value.len() - value.trim_start().len();
        let length = value_length(&value[gap..]);
        masked.push_str(&text[after_key..after_equals + gap]);
        masked.push_str(MASK);
        done = after_equals + gap + length;
    }
    masked.push_str(&text[done..]);
    masked
}

/// The length in bytes of a parameter's value: quoted as in a key/value connection string, or up to
/// a blank, a quote or the next URL parameter.
fn value_length(value: &str) -> usize {
    let quoted = value.starts_with('\'');
    let mut escaped = false;
    for (index, character) in value.char_indices().skip(usize::from(quoted)) {
        if escaped {
            escaped = false;
        } else if character == '\\' {
            escaped = true;
        } else if quoted && character == '\'' {
            return index + 1;
        } else if !quoted && (ends_url(character) || character == '&') {
            return index;
        }
    }
    value.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints_itself() {
        let secret = Secret::new("hunter2");
        assert_eq!(
            format!("{secret} {secret:?} {:?}", Some(&secret)),
            "**** **** Some(****)"
        );
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn the_password_of_a_url_is_masked() {
        for (text, expected) in [
            (
                "postgres://app:s3cret@db:5432/sky",
                "postgres://app:****@db:5432/sky",
            ),
            (
                "to `postgresql://a:b@h`: no",
                "to `postgresql://a:****@h`: no",
            ),
            ("postgres://app@db:5432/sky", "postgres://app@db:5432/sky"),
            ("postgres://db:5432/sky", "postgres://db:5432/sky"),
            (
                "http://a:b@h and postgres://c:d@i",
                "http://a:****@h and postgres://c:****@i",
            ),
        ] {
            assert_eq!(mask_urls(text), expected);
        }
    }

    #[test]
    fn an_unescaped_password_is_masked_to_the_last_at_sign() {
        for text in [
            "postgres://a:p@ss@h/d",
            "postgres://a:p/ss@h/d",
            "postgres://a:p?ss@h/d",
        ] {
            let masked = mask_urls(text);
            assert_eq!(masked, "postgres://a:****@h/d", "{text}");
        }
    }

    #[test]
    fn a_password_parameter_is_masked() {
        for (text, expected) in [
            (
                "host=db password=x dbname=d",
                "host=db password=**** dbname=d",
            ),
            (r"password = 'it\'s a' port=1", "password = **** port=1"),
            (
                "postgres://h/d?password=x&sslmode=require",
                "postgres://h/d?password=****&sslmode=require",
            ),
            ("PGPASSWORD=x db-perf", "PGPASSWORD=**** db-perf"),
            (
                "password authentication failed",
                "password authentication failed",
            ),
            ("the password", "the password"),
        ] {
            assert_eq!(mask_urls(text), expected);
        }
    }
}
