//! libpq connection strings: `postgres://…` and `host=… dbname=…`.

use std::collections::BTreeMap;

/// Connection parameters by libpq keyword.
pub(super) type Parameters = BTreeMap<String, String>;

/// Reads a URL or a key/value string into its parameters. The error says what is wrong, without
/// quoting the text (it may hold a password).
pub(super) fn parse(text: &str) -> Result<Parameters, String> {
    let url = ["postgres://", "postgresql://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme));
    match url {
        Some(rest) => parse_url(rest),
        None if text.contains("://") => {
            Err("the scheme must be `postgres://` or `postgresql://`".to_owned())
        }
        None => parse_pairs(text),
    }
}

fn parse_url(rest: &str) -> Result<Parameters, String> {
    let mut parameters = Parameters::new();
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let (user_info, hosts) = match authority.rsplit_once('@') {
        Some((user_info, hosts)) => (Some(user_info), hosts),
        None => (None, authority),
    };
    if let Some(user_info) = user_info {
        let (user, password) = match user_info.split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (user_info, None),
        };
        insert(&mut parameters, "user", &decode(user)?);
        insert(
            &mut parameters,
            "password",
            &decode(password.unwrap_or_default())?,
        );
    }
    let (hosts, ports) = split_hosts(hosts)?;
    insert(&mut parameters, "host", &hosts);
    insert(&mut parameters, "port", &ports);
    insert(&mut parameters, "dbname", &decode(database)?);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair
            .split_once('=')
            .ok_or_else(|| format!("the parameter `{pair}` has no `=`"))?;
        parameters.insert(decode(key)?, decode(value)?);
    }
    Ok(parameters)
}

fn insert(parameters: &mut Parameters, key: &str, value: &str) {
    if !value.is_empty() {
        parameters.insert(key.to_owned(), value.to_owned());
    }
}

/// Splits `a:1,[::1]:2,c` into the lists `a,::1,c` and `1,2,`.
fn split_hosts(text: &str) -> Result<(String, String), String> {
    let mut hosts = Vec::new();
    let mut ports = Vec::new();
    for part in text.split(',') {
        let (host, port) = if let Some(rest) = part.strip_prefix('[') {
            let (host, after) = rest
                .split_once(']')
                .ok_or("an IPv6 address lacks its closing `]`")?;
            (host.to_owned(), after.strip_prefix(':').unwrap_or(after))
        } else {
            let (host, port) = part.split_once(':').unwrap_or((part, ""));
            (decode(host)?, port)
        };
        hosts.push(host);
        ports.push(port.to_owned());
    }
    let no_port = ports.iter().all(String::is_empty);
    Ok((
        hosts.join(","),
        if no_port {
            String::new()
        } else {
            ports.join(",")
        },
    ))
}

/// Resolves `%20` escapes.
fn decode(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        if byte != b'%' {
            bytes.push(byte);
            rest = tail;
            continue;
        }
        let digits = tail
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            .ok_or("a `%` is not followed by two hexadecimal digits")?;
        bytes.push(digits);
        rest = &tail[2..];
    }
    String::from_utf8(bytes).map_err(|_| "a `%` escape is not UTF-8".to_owned())
}

/// Writes `text` so that it can stand in any part of a URL.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            for digit in [byte >> 4, byte & 15] {
                encoded.extend(char::from_digit(digit.into(), 16).map(|c| c.to_ascii_uppercase()));
            }
        }
    }
    encoded
}

fn parse_pairs(text: &str) -> Result<Parameters, String> {
    let mut parameters = Parameters::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (key, after) = rest
            .split_once('=')
            .ok_or("it is neither a `postgres://` URL nor a list of `keyword=value`")?;
        let key = key.trim_end();
        if key.is_empty() || key.contains(char::is_whitespace) {
            return Err("a keyword is not followed by `=`".to_owned());
        }
        let (value, after) = take_value(after.trim_start())?;
        parameters.insert(key.to_owned(), value);
        rest = after.trim_start();
    }
    if parameters.is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok(parameters)
}

/// Takes one value, quoted or up to a blank, and gives it back with the rest of the text.
fn take_value(text: &str) -> Result<(String, &str), String> {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut escaped = false;
    for (index, character) in text.char_indices().skip(usize::from(quoted)) {
        if escaped {
            value.push(character);
            escaped = false;
        } else if character == '\\' {
            escaped = true;
        } else if quoted && character == '\'' {
            return Ok((value, &text[index + 1..]));
        } else if !quoted && character.is_whitespace() {
            return Ok((value, &text[index..]));
        } else {
            value.push(character);
        }
    }
    if quoted {
        return Err("a quoted value lacks its closing `'`".to_owned());
    }
    Ok((value, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Vec<(String, String)> {
        parse(text).unwrap().into_iter().collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn a_url_is_split_into_its_parts() {
        assert_eq!(
            parsed("postgres://app:p%40ss@db:6543/sky?sslmode=require&options=-c%20a%3Db"),
            pairs(&[
                ("dbname", "sky"),
                ("host", "db"),
                ("options", "-c a=b"),
                ("password", "p@ss"),
                ("port", "6543"),
                ("sslmode", "require"),
                ("user", "app"),
            ])
        );
    }

    #[test]
    fn a_url_may_hold_several_hosts_and_addresses() {
        assert_eq!(
            parsed("postgresql://a:1,[::1],%2Ftmp:3/"),
            pairs(&[("host", "a,::1,/tmp"), ("port", "1,,3")])
        );
        assert_eq!(parsed("postgres://"), pairs(&[]));
        assert_eq!(
            parsed("postgres:///d?host=/tmp"),
            pairs(&[("dbname", "d"), ("host", "/tmp")])
        );
    }

    #[test]
    fn pairs_may_be_quoted_and_escaped() {
        assert_eq!(
            parsed(r"host = db password='it\'s \\ a' user=a\ b dbname=''"),
            pairs(&[
                ("dbname", ""),
                ("host", "db"),
                ("password", r"it's \ a"),
                ("user", "a b")
            ])
        );
    }

    #[test]
    fn a_broken_string_is_refused_without_being_quoted() {
        for text in [
            "secret",
            "host",
            "a='b",
            "mysql://secret@h",
            "postgres://a%zz@h",
            "",
            "postgres://[::1/d",
        ] {
            let reason = parse(text).unwrap_err();
            assert!(!reason.contains("secret"), "{reason}");
        }
    }

    #[test]
    fn encoding_is_undone_by_decoding() {
        let text = "a/b:c@d ?&ü";
        assert_eq!(decode(&encode(text)).unwrap(), text);
    }
}
