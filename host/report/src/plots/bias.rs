//! Each judge's position bias, with its interval.

use super::{Figure, Scale, font, line, room, write};
use crate::facts::{Z95, known_error};
use crate::palette::{BLUE, EDGE, INK};
use crate::text;
use docket_types::assessment::BiasView;
use maud::Markup;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

const WIDTH: i32 = 1096;
const RIGHT: i32 = 40;
const TOP: i32 = 26;
const BOTTOM: i32 = 50;
const ROW: i32 = 30;

/// The probability that the first of two equal essays is called better, with its 95 % interval.
pub(crate) fn first_wins(judge: &BiasView) -> (f64, f64, f64) {
    let share = |log_odds: f64| 1.0 / (1.0 + (-log_odds).exp());
    let error = known_error(judge.standard_error);
    (share(judge.value), share(judge.value - Z95 * error), share(judge.value + Z95 * error))
}

/// A row for each judge.
pub(crate) fn bias(judges: &[BiasView]) -> Markup {
    let known = || judges.iter().filter(|judge| judge.value.is_finite()).map(first_wins);
    let far = known().map(|(_, low, high)| (low - 0.5).abs().max((high - 0.5).abs()));
    let far = (far.fold(0.1, f64::max) * 1.1).min(0.5);
    let bottom = TOP + ROW * i32::try_from(judges.len()).unwrap_or(0);
    let left = 24 + room(judges.iter().map(|judge| judge.judge.as_str()), 36);
    let x = Scale { values: (0.5 - far, 0.5 + far), pixels: (left, WIDTH - RIGHT) };
    let figure = Figure {
        id: "plot-bias",
        title: "Position bias by judge",
        description: "How often the essay shown first would win if both were equally good, by judge, with 95 % intervals. The table below has the numbers.".into(),
        size: (WIDTH.unsigned_abs(), (bottom + BOTTOM).unsigned_abs()),
    };
    figure.draw(|area| {
        x.across(area, (TOP, bottom), "the essay shown first wins, of two equally good ones", true)?;
        line(area, (x.at(0.5), TOP - 6), (x.at(0.5), bottom), EDGE, 2)?;
        write(area, "no bias", (x.at(0.5), TOP - 8), font(12.0, &INK, HPos::Center, VPos::Bottom))?;
        let mut y = TOP + ROW / 2;
        for judge in judges {
            let name = text::label(&judge.judge, 36);
            write(area, &name, (left - 16, y), font(13.0, &INK, HPos::Right, VPos::Center))?;
            if judge.value.is_finite() {
                let (middle, low, high) = first_wins(judge);
                line(area, (x.at(low), y), (x.at(high), y), BLUE, 2)?;
                line(area, (x.at(low), y - 5), (x.at(low), y + 5), BLUE, 2)?;
                line(area, (x.at(high), y - 5), (x.at(high), y + 5), BLUE, 2)?;
                area.draw(&Circle::new((x.at(middle), y), 5, BLUE.filled()))?;
            }
            y += ROW;
        }
        Ok(())
    })
}
