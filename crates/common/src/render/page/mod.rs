//! An HTML page that needs nothing but itself: no script, no request, light and dark, on paper too.

use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("style.css");

/// Nothing is loaded and nothing is run, whatever a text on the page says.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// What a mark says at a glance; it says it in words too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// To be looked at.
    Doubtful,
    /// Neither.
    Plain,
}

impl Tone {
    /// Its class in the style sheet.
    pub fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Doubtful => "hm",
            Self::Plain => "plain",
        }
    }
}

/// The whole page. `head` is what stands above everything, with the only `<h1>`; each part of `body` is a
/// section of its own.
pub fn page(title: &str, head: &Markup, body: &[Markup], foot: &str) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="referrer" content="no-referrer";
                link rel="icon" href="data:,";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header.top { (head) }
                main { @for part in body { (part) } }
                footer { p { (foot) } }
            }
        }
    };
    page.into_string()
}

/// A section with a heading, by whose `id` it can be linked.
pub fn section(id: &str, heading: &str, content: &Markup) -> Markup {
    let label = format!("{id}-heading");
    html! {
        section id=(id) aria-labelledby=(label) {
            h2 id=(label) { (heading) }
            (content)
        }
    }
}

/// A word on a coloured ground.
pub fn mark(tone: Tone, word: &str) -> Markup {
    html! { span class=(format!("mark {}", tone.class())) { (word) } }
}

/// A figure that is to be seen first.
#[derive(Debug, Clone)]
pub struct Tile {
    /// What it is.
    pub label: String,
    /// The figure.
    pub value: String,
    /// Its unit; may be empty.
    pub unit: String,
    /// What is to be known besides; may be empty.
    pub note: String,
    /// Whether it is not as it should be.
    pub is_bad: bool,
}

/// Figures side by side.
pub fn tiles(tiles: &[Tile]) -> Markup {
    html! {
        dl.tiles {
            @for tile in tiles {
                div {
                    dt { (tile.label) }
                    dd class=(if tile.is_bad { "bad-text" } else { "" }) {
                        (tile.value)
                        @if !tile.unit.is_empty() { " " small { (tile.unit) } }
                    }
                    @if !tile.note.is_empty() { dd.under { (tile.note) } }
                }
            }
        }
    }
}

/// How a column is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// Figures, at the right.
    Figures(&'static str),
    /// Words, at the left.
    Words(&'static str),
    /// Sentences, at the left, in several lines.
    Text(&'static str),
}

impl Column {
    fn heading(self) -> &'static str {
        match self {
            Self::Figures(heading) | Self::Words(heading) | Self::Text(heading) => heading,
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Figures(_) => "",
            Self::Words(_) => "left",
            Self::Text(_) => "left wrap",
        }
    }
}

/// A table whose rows are named by their first cell. The last row may be the sum of the others.
pub fn table(caption: &str, columns: &[Column], rows: &[Vec<Markup>], has_sum: bool) -> Markup {
    let class = |place: usize| columns.get(place).map_or("", |it| it.class());
    html! {
        div.scroll tabindex="0" role="group" aria-label=(caption) {
            table {
                caption { (caption) }
                thead {
                    tr {
                        @for column in columns {
                            th scope="col" class=(column.class()) { (column.heading()) }
                        }
                    }
                }
                tbody {
                    @for (number, row) in rows.iter().enumerate() {
                        tr class=(if has_sum && number + 1 == rows.len() { "sum" } else { "" }) {
                            @for (place, cell) in row.iter().enumerate() {
                                @if place == 0 {
                                    th scope="row" class=(class(place)) { (cell) }
                                } @else {
                                    td class=(class(place)) { (cell) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_wherever_they_stand() {
        let nasty = "\"><script>alert(1)</script>";
        let cells = vec![vec![html! { (nasty) }]];
        let parts = [
            section("a", nasty, &html! {}),
            mark(Tone::Bad, nasty),
            tiles(&[Tile {
                label: nasty.to_owned(),
                value: nasty.to_owned(),
                unit: nasty.to_owned(),
                note: nasty.to_owned(),
                is_bad: false,
            }]),
            table(nasty, &[Column::Words("a")], &cells, false),
        ];
        let page = page(nasty, &html! { (nasty) }, &parts, nasty);
        assert!(!page.contains("<script"), "{page}");
        // Title, head, heading, mark, four in the tile, label, caption and cell of the table, foot.
        assert_eq!(page.matches("&quot;&gt;&lt;script&gt;").count(), 12);
    }

    #[test]
    fn a_table_names_its_rows_and_columns() {
        let rows = [vec![html! { "cone" }, html! { "1" }]];
        let columns = [Column::Words("request"), Column::Figures("n")];
        let text = table("Requests", &columns, &rows, true).into_string();
        assert!(
            text.contains("<th scope=\"col\" class=\"left\">request</th>"),
            "{text}"
        );
        assert!(text.contains("<tr class=\"sum\"><th scope=\"row\" class=\"left\">cone</th>"));
    }

    #[test]
    fn nothing_outside_of_the_page_is_named() {
        let page = page("t", &html! {}, &[], "");
        assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("url("));
        assert!(page.contains("default-src 'none'"));
    }
}
