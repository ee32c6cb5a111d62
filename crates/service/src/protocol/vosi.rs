//! What services say of themselves (VOSI 1.1): availability, capabilities, tables.

use super::Malformed;
use super::xml::Node;
use super::xml_document::{XmlReader, XmlRules};

/// Whether a service is up, by its own word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Availability {
    /// Whether it takes requests.
    pub available: bool,
    /// What it adds, such as the reason of a down time.
    pub notes: Vec<String>,
}

/// Something that a service can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capability {
    /// The standard it follows, such as `ivo://ivoa.net/std/TAP`.
    pub standard_id: Option<String>,
    /// Where it is done.
    pub access_urls: Vec<String>,
}

/// The tables that a service offers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TableSet {
    /// Tables in all schemas.
    pub tables: u64,
    /// Columns in all tables; 0 when the service was asked for the short form.
    pub columns: u64,
}

/// Reads an availability document; at most 4 MiB.
pub fn parse_availability(body: &[u8]) -> Result<Availability, Malformed> {
    let root = Node::read(body, "availability")?;
    let available = match root.child_text("available").as_deref() {
        Some("true" | "1") => true,
        Some("false" | "0") => false,
        _ => {
            let what = "an availability that is neither true nor false";
            return Err(Malformed::at(0, what));
        }
    };
    Ok(Availability {
        available,
        notes: root.children("note").map(Node::text).collect(),
    })
}

/// Reads a capabilities document; at most 4 MiB.
pub fn parse_capabilities(body: &[u8]) -> Result<Vec<Capability>, Malformed> {
    let root = Node::read(body, "capabilities")?;
    let capability = |node: &Node| Capability {
        standard_id: node.attribute("standardID").map(str::to_owned),
        access_urls: node
            .children("interface")
            .flat_map(|it| it.children("accessURL"))
            .map(Node::text)
            .filter(|it| !it.is_empty())
            .collect(),
    };
    Ok(root.children("capability").map(capability).collect())
}

/// Counts what a tables document lists: the whole set or one table. Any size; nothing is kept.
pub fn parse_tables(body: &[u8]) -> Result<TableSet, Malformed> {
    let count = |element: &str| {
        let mut reader = XmlReader::new(XmlRules {
            root: None,
            rows: Some(element.into()),
        });
        reader.feed(body);
        reader.finish()
    };
    let tables = count("table")?;
    if !["tableset", "table"].contains(&tables.root.as_str()) {
        let what = format!("the root element is `{}`, not `tableset`", tables.root);
        return Err(Malformed::at(0, what));
    }
    Ok(TableSet {
        tables: tables.rows.unwrap_or_default(),
        columns: count("column")?.rows.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_up_or_down_by_its_own_word() {
        let text = |available: &str| {
            format!(
                "<avl:availability xmlns:avl='a'><avl:available>{available}</avl:available>\
                 <avl:note>moving</avl:note></avl:availability>"
            )
        };
        let down = parse_availability(text(" false ").as_bytes()).unwrap();
        assert_eq!((down.available, down.notes), (false, vec!["moving".into()]));
        assert!(parse_availability(text("1").as_bytes()).unwrap().available);
        assert!(parse_availability(text("maybe").as_bytes()).is_err());
    }

    #[test]
    fn capabilities_have_standards_and_addresses() {
        let text = r#"<cap:capabilities xmlns:cap="c" xmlns:xsi="x"><capability
            standardID="ivo://ivoa.net/std/TAP" xsi:type="tr:TableAccess"><interface role="std">
            <accessURL use="base">http://h/tap</accessURL></interface></capability>
            <capability/></cap:capabilities>"#;
        let list = parse_capabilities(text.as_bytes()).unwrap();
        assert_eq!(
            list[0].standard_id.as_deref(),
            Some("ivo://ivoa.net/std/TAP")
        );
        assert_eq!(list[0].access_urls, ["http://h/tap"]);
        assert_eq!(list[1].access_urls.len(), 0);
    }

    #[test]
    fn tables_and_columns_are_counted() {
        let text = "<vt:tableset xmlns:vt='v'><schema><name>s</name>\
            <table><name>s.a</name><column/><column/></table><table/></schema></vt:tableset>";
        let set = parse_tables(text.as_bytes()).unwrap();
        assert_eq!((set.tables, set.columns), (2, 2));
        assert!(parse_tables(b"<html/>").is_err());
    }
}
