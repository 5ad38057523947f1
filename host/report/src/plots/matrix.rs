//! Who beat whom.

use super::{Area, Drawn, Figure, diamond, fill, font, line, room, write};
use crate::palette::{BLUE, EDGE, GRID, INK, MUTED, ORANGE};
use crate::text;
use maud::Markup;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

/// What happened between a row and a column.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Cell {
    /// Comparisons.
    pub(crate) count: u32,
    /// Of these, won by the row; a tie is half.
    pub(crate) wins: f64,
}

impl Cell {
    /// The share that the row won; none without comparisons.
    fn share(self) -> Option<f64> {
        (self.count > 0).then(|| self.wins / f64::from(self.count))
    }
}

const TOP: i32 = 30;

/// A cell for each pair of essays, in the order of the ranking.
pub(crate) fn pairs(essays: &[&str], cells: &[Vec<Cell>]) -> Markup {
    let n = i32::try_from(essays.len()).unwrap_or(0);
    let side = (850 / n.max(1)).clamp(14, 30);
    let end = n * side;
    let left = 52 + room(essays.iter().copied(), 28);
    let figure = Figure {
        id: "plot-matrix",
        title: "Who beat whom",
        description: format!(
            "A square for each of {n} by {n} pairs of essays, best first: large and blue where the row's essay won, small and orange where it lost."
        ),
        size: ((left + end + 12).unsigned_abs(), (TOP + end + 12).unsigned_abs()),
    };
    figure.draw(|area| {
        let small = f64::from(side - 2).min(12.0);
        for (i, essay) in (0..n).zip(essays) {
            let middle = TOP + i * side + side / 2;
            let place = (i + 1).to_string();
            write(area, &place, (26, middle), font(small, &MUTED, HPos::Right, VPos::Center))?;
            write(
                area,
                &text::label(essay, 28),
                (36, middle),
                font(small + 0.5, &INK, HPos::Left, VPos::Center),
            )?;
            if side >= 18 || i == 0 || (i + 1) % 5 == 0 {
                let at = (left + i * side + side / 2, TOP - 6);
                write(area, &place, at, font(small, &MUTED, HPos::Center, VPos::Bottom))?;
            }
            fill(
                area,
                (left + i * side, middle - side / 2),
                (left + (i + 1) * side, middle - side / 2 + side),
                GRID.mix(1.0),
            )?;
        }
        for i in 0..=n {
            let color = if i % 5 == 0 || i == n { EDGE } else { GRID };
            line(area, (left + i * side, TOP), (left + i * side, TOP + end), color, 1)?;
            line(area, (left, TOP + i * side), (left + end, TOP + i * side), color, 1)?;
        }
        for (i, row) in (0..n).zip(cells) {
            for (j, cell) in (0..n).zip(row) {
                mark(area, *cell, (left + j * side, TOP + i * side), side)?;
            }
        }
        Ok(())
    })
}

/// A pair's mark: its size says the same as its colour.
fn mark(area: &Area<'_>, cell: Cell, (x, y): (i32, i32), side: i32) -> Drawn {
    let Some(share) = cell.share() else { return Ok(()) };
    let square = |inset: i32, color: RGBColor| {
        fill(area, (x + inset, y + inset), (x + side - inset, y + side - inset), color.mix(1.0))
    };
    if share > 0.5 {
        square(2, BLUE)
    } else if share < 0.5 {
        square((side / 3).max(3), ORANGE)
    } else {
        diamond(area, (x + side / 2, y + side / 2), side / 2 - 2, MUTED)
    }
}

/// The key of [`pairs`], as a small plot.
pub(crate) fn key() -> Markup {
    let figure = Figure {
        id: "plot-matrix-key",
        title: "Key of the matrix",
        description: "Large blue square: the row won. Small orange square: the row lost. Grey diamond: as often won as lost. Empty: not compared.".into(),
        size: (720, 26),
    };
    figure.draw(|area| {
        let win = Cell { count: 1, wins: 1.0 };
        let marks = [
            (win, "row won"),
            (Cell { wins: 0.0, ..win }, "row lost"),
            (Cell { count: 2, wins: 1.0 }, "as often won as lost"),
            (Cell::default(), "empty: not compared"),
        ];
        let mut x = 2;
        for (cell, words) in marks {
            mark(area, cell, (x, 4), 18)?;
            let room = if cell.count > 0 { 24 } else { 0 };
            write(area, words, (x + room, 13), font(13.0, &INK, HPos::Left, VPos::Center))?;
            x += room + 28 + 7 * i32::try_from(words.len()).unwrap_or(0);
        }
        Ok(())
    })
}

/// A cell for each pair of groups of neighbours, with the share that the row's group won.
pub(crate) fn groups(names: &[String], cells: &[Vec<Cell>]) -> Markup {
    const LEFT: i32 = 110;
    const TOP: i32 = 34;
    const SIDE: (i32, i32) = (72, 38);
    let n = i32::try_from(names.len()).unwrap_or(0);
    let figure = Figure {
        id: "plot-matrix",
        title: "Which group beat which",
        description: format!(
            "Shares of comparisons that the row's group won against the column's, for {n} groups of neighbours in the ranking, best first."
        ),
        size: ((LEFT + n * SIDE.0 + 4).unsigned_abs(), (TOP + n * SIDE.1 + 4).unsigned_abs()),
    };
    figure.draw(|area| {
        for (i, name) in (0..n).zip(names) {
            let (x, y) = (LEFT + i * SIDE.0 + SIDE.0 / 2, TOP + i * SIDE.1 + SIDE.1 / 2);
            write(area, name, (LEFT - 12, y), font(12.0, &MUTED, HPos::Right, VPos::Center))?;
            write(area, name, (x, TOP - 10), font(12.0, &MUTED, HPos::Center, VPos::Bottom))?;
        }
        for (i, row) in (0..n).zip(cells) {
            for (j, cell) in (0..n).zip(row) {
                let (x, y) = (LEFT + j * SIDE.0, TOP + i * SIDE.1);
                let share = cell.share().filter(|_| i != j);
                if let Some(share) = share {
                    let color = if share >= 0.5 { BLUE } else { ORANGE };
                    let depth = 0.06 + (share - 0.5).abs();
                    fill(area, (x, y), (x + SIDE.0, y + SIDE.1), color.mix(depth))?;
                }
                let words = share.map(text::percent).unwrap_or_default();
                let middle = (x + SIDE.0 / 2, y + SIDE.1 / 2);
                write(area, &words, (middle.0, middle.1 - 6), font(13.0, &INK, HPos::Center, VPos::Center))?;
                let many = match (cell.count, share) {
                    (0, _) => "–".into(),
                    (n, Some(_)) => format!("of {n}"),
                    (n, None) => format!("{n} within"),
                };
                let below = if share.is_some() { middle.1 + 9 } else { middle.1 };
                write(area, &many, (middle.0, below), font(10.5, &INK, HPos::Center, VPos::Center))?;
            }
        }
        for i in 0..=n {
            line(area, (LEFT + i * SIDE.0, TOP), (LEFT + i * SIDE.0, TOP + n * SIDE.1), EDGE, 1)?;
            line(area, (LEFT, TOP + i * SIDE.1), (LEFT + n * SIDE.0, TOP + i * SIDE.1), EDGE, 1)?;
        }
        Ok(())
    })
}
