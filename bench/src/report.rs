//! What was measured, as tables or as JSON.

use serde_json::{Map, Value, json};
use std::fmt::Write;

/// One table.
#[derive(Debug)]
pub struct Section {
    /// What it shows.
    pub title: String,
    /// The columns' names, with units.
    pub columns: Vec<&'static str>,
    /// The rows, a cell a column.
    pub rows: Vec<Vec<Cell>>,
}

/// One cell.
#[derive(Debug, Clone)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A count.
    Count(u64),
    /// A measured number, with so many decimals.
    Number(f64, usize),
    /// Nothing to say.
    None,
}

impl Cell {
    /// Words.
    pub fn text(text: impl Into<String>) -> Cell {
        Cell::Text(text.into())
    }

    /// A time.
    pub fn time(value: f64) -> Cell {
        Cell::Number(value, if value < 100.0 { 1 } else { 0 })
    }

    /// How many times `part` is of `whole`.
    pub fn ratio(part: f64, whole: f64) -> Cell {
        Cell::Number(part / whole, 2)
    }

    fn show(&self) -> String {
        match self {
            Cell::Text(text) => text.clone(),
            Cell::Count(count) => count.to_string(),
            Cell::Number(value, decimals) => format!("{value:.decimals$}"),
            Cell::None => String::from("-"),
        }
    }

    fn value(&self) -> Value {
        match self {
            Cell::Text(text) => json!(text),
            Cell::Count(count) => json!(count),
            Cell::Number(value, _) => json!(value),
            Cell::None => Value::Null,
        }
    }
}

/// Says that a peer is left out, and what brings it.
pub fn skipped(needs: &str) {
    eprintln!("skipped: needs {needs}");
}

/// Tables of plain text; words to the left, numbers to the right.
pub fn table(sections: &[Section]) -> String {
    let mut text = String::new();
    for section in sections {
        let shown: Vec<Vec<String>> = section
            .rows
            .iter()
            .map(|row| row.iter().map(Cell::show).collect())
            .collect();
        let widths: Vec<usize> = (0..section.columns.len())
            .map(|column| width(section, &shown, column))
            .collect();
        // Writing to a string can't fail.
        let _ = writeln!(text, "{}\n", section.title);
        let head: Vec<String> = section
            .columns
            .iter()
            .map(|name| (*name).to_owned())
            .collect();
        for row in std::iter::once(&head).chain(&shown) {
            let mut line = String::new();
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let _ = if is_text(section, column) {
                    write!(line, "  {cell:<width$}")
                } else {
                    write!(line, "  {cell:>width$}")
                };
            }
            let _ = writeln!(text, "{}", line.trim_end());
        }
        text.push('\n');
    }
    text
}

fn width(section: &Section, shown: &[Vec<String>], column: usize) -> usize {
    let cells = shown.iter().filter_map(|row| row.get(column));
    let head = section.columns.get(column).map_or(0, |name| name.len());
    cells
        .map(|cell| cell.chars().count())
        .fold(head, usize::max)
}

fn is_text(section: &Section, column: usize) -> bool {
    section
        .rows
        .iter()
        .any(|row| matches!(row.get(column), Some(Cell::Text(_))))
}

/// An array of sections, each with its rows as objects by the columns' names.
pub fn json(sections: &[Section]) -> String {
    let sections: Vec<Value> = sections
        .iter()
        .map(|section| {
            let rows: Vec<Value> = section
                .rows
                .iter()
                .map(|row| {
                    let names = section.columns.iter().map(|name| (*name).to_owned());
                    Value::Object(
                        names
                            .zip(row.iter().map(Cell::value))
                            .collect::<Map<_, _>>(),
                    )
                })
                .collect();
            json!({"title": section.title, "rows": rows})
        })
        .collect();
    format!("{:#}\n", Value::Array(sections))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section() -> Section {
        Section {
            title: "Things".into(),
            columns: vec!["name", "ns"],
            rows: vec![
                vec![Cell::text("one"), Cell::time(1.25)],
                vec![Cell::text("three"), Cell::None],
            ],
        }
    }

    #[test]
    fn columns_are_aligned() {
        let expected = "Things\n\n  name    ns\n  one    1.2\n  three    -\n\n";
        assert_eq!(table(&[section()]), expected);
    }

    #[test]
    fn json_has_the_names_of_the_columns() {
        let value: Value = serde_json::from_str(&json(&[section()])).unwrap_or_default();
        let expected = json!([{"title": "Things", "rows": [
            {"name": "one", "ns": 1.25}, {"name": "three", "ns": null}]}]);
        assert_eq!(value, expected);
    }
}
