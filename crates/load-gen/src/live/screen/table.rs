//! Tables whose columns depend on the room there is.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Text};
use ratatui::widgets::{Block, Cell, Row, Table};

use super::super::words;

/// A column of rows of `T`.
pub(super) struct Column<T> {
    /// Its title.
    pub(super) title: &'static str,
    /// Its width; 0: what is left.
    pub(super) width: u16,
    /// It is shown where the table is at least so wide.
    pub(super) from: u16,
    /// What stands in it.
    pub(super) cell: fn(&T) -> String,
    /// Texts are at the left, figures at the right.
    pub(super) is_text: bool,
}

/// A column of texts.
pub(super) const fn text<T>(
    title: &'static str,
    width: u16,
    from: u16,
    cell: fn(&T) -> String,
) -> Column<T> {
    Column {
        is_text: true,
        ..number(title, width, from, cell)
    }
}

/// A column of figures.
pub(super) const fn number<T>(
    title: &'static str,
    width: u16,
    from: u16,
    cell: fn(&T) -> String,
) -> Column<T> {
    Column {
        title,
        width,
        from,
        cell,
        is_text: false,
    }
}

/// A row and how it looks.
pub(super) type Styled<'a, T> = (&'a T, Style);

/// Draws a table from the row `scroll` on.
pub(super) fn draw<T>(
    frame: &mut Frame<'_>,
    area: Rect,
    title: &str,
    columns: &[Column<T>],
    rows: &[Styled<'_, T>],
    scroll: usize,
) {
    let shown: Vec<&Column<T>> = columns.iter().filter(|it| it.from <= area.width).collect();
    let widths: Vec<Constraint> = shown
        .iter()
        .map(|it| match it.width {
            0 => Constraint::Fill(1),
            width => Constraint::Length(width),
        })
        .collect();
    let aligned = |place: usize, text: String| {
        let line = Line::from(words::one_line(&text));
        Cell::from(Text::from(if shown[place].is_text {
            line
        } else {
            line.right_aligned()
        }))
    };
    let scroll = scroll.min(rows.len().saturating_sub(1));
    let head = shown
        .iter()
        .enumerate()
        .map(|(place, it)| aligned(place, it.title.to_owned()));
    let head = Row::new(head).style(Style::new().add_modifier(Modifier::BOLD));
    let lines = rows.iter().skip(scroll).map(|(row, style)| {
        let cells = shown
            .iter()
            .enumerate()
            .map(|(place, it)| aligned(place, (it.cell)(row)));
        Row::new(cells).style(*style)
    });
    let room = usize::from(area.height.saturating_sub(3));
    let hidden = rows.len().saturating_sub(scroll + room);
    let mut block = Block::bordered().title(format!(" {title} "));
    if scroll > 0 || hidden > 0 {
        block = block.title_bottom(Line::from(format!(" ↑ {scroll} ↓ {hidden} ")).right_aligned());
    }
    frame.render_widget(Table::new(lines, widths).header(head).block(block), area);
}
