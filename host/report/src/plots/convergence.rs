//! Reliability after each wave.

use super::{Area, Drawn, Figure, Scale, diamond, font, line, write};
use crate::palette::{BLUE, GRID, MUTED, VERMILLION};
use crate::text;
use docket_types::assessment::WaveView;
use maud::Markup;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

const WIDTH: i32 = 1096;
const HEIGHT: i32 = 330;
const LEFT: i32 = 56;
const RIGHT: i32 = 170;
const TOP: i32 = 36;
const BOTTOM: i32 = 52;

/// Both reliabilities by wave; none if no wave has one.
pub(crate) fn convergence(waves: &[WaveView]) -> Option<Markup> {
    let honest = series(waves, |wave| wave.reliability);
    let inflated = series(waves, |wave| wave.inflated_separation_reliability);
    let last = honest.last().map(|(_, r)| *r)?;
    let n = i32::try_from(waves.len()).unwrap_or(i32::MAX);
    let x = Scale { values: (0.5, f64::from(n) + 0.5), pixels: (LEFT, WIDTH - RIGHT) };
    let y = Scale { values: (0.0, 1.0), pixels: (HEIGHT - BOTTOM, TOP) };
    let figure = Figure {
        id: "plot-convergence",
        title: "Reliability by wave",
        description: format!(
            "Reliability after each of {n} waves; {} after the last. The separation reliability is drawn beside it.",
            text::number(last, 2)
        ),
        size: (WIDTH.unsigned_abs(), HEIGHT.unsigned_abs()),
    };
    Some(figure.draw(|area| {
        y.up(area, (LEFT, WIDTH - RIGHT), "reliability")?;
        waves_axis(area, x, n)?;
        let place = |(wave, r): &(f64, f64)| (x.at(*wave), y.at(*r));
        let inflated: Vec<(i32, i32)> = inflated.iter().map(place).collect();
        let honest: Vec<(i32, i32)> = honest.iter().map(place).collect();
        for pair in inflated.windows(2) {
            dashed(area, pair[0], pair[1])?;
        }
        for spot in &inflated {
            diamond(area, *spot, 5, VERMILLION)?;
        }
        area.draw(&PathElement::new(honest.clone(), BLUE.stroke_width(3)))?;
        for spot in &honest {
            area.draw(&Circle::new(*spot, 4, BLUE.filled()))?;
        }
        names(area, honest.last().copied(), inflated.last().copied())
    }))
}

fn series(waves: &[WaveView], of: impl Fn(&WaveView) -> Option<f64>) -> Vec<(f64, f64)> {
    let all = waves.iter().zip(1_u32..).filter_map(|(wave, n)| Some((f64::from(n), of(wave)?)));
    all.filter(|(_, r)| r.is_finite()).collect()
}

fn waves_axis(area: &Area<'_>, x: Scale, n: i32) -> Drawn {
    let y = HEIGHT - BOTTOM;
    line(area, (x.pixels.0, y), (x.pixels.1, y), GRID, 1)?;
    let step = [1, 2, 5, 10, 20, 50, 100].into_iter().find(|step| n / step <= 20).unwrap_or(n / 10);
    for wave in (1..=n).filter(|wave| *wave == 1 || wave % step == 0) {
        let at = x.at(f64::from(wave));
        line(area, (at, y), (at, y + 4), MUTED, 1)?;
        write(area, &wave.to_string(), (at, y + 8), font(12.0, &MUTED, HPos::Center, VPos::Top))?;
    }
    let middle = (x.pixels.0 + x.pixels.1) / 2;
    write(area, "wave", (middle, y + 30), font(12.0, &MUTED, HPos::Center, VPos::Top))
}

/// A dashed line: told from the other one without its colour.
fn dashed(area: &Area<'_>, (x0, y0): (i32, i32), (x1, y1): (i32, i32)) -> Drawn {
    let length = f64::from(x1 - x0).hypot(f64::from(y1 - y0));
    let pieces = ((length / 6.0).round() as i32).max(1);
    let at = |i: i32| {
        let share = f64::from(i) / f64::from(pieces);
        let along = |from: i32, to: i32| from + (share * f64::from(to - from)).round() as i32;
        (along(x0, x1), along(y0, y1))
    };
    for i in (0..pieces).step_by(2) {
        line(area, at(i), at(i + 1), VERMILLION, 2)?;
    }
    Ok(())
}

/// The series' names at their ends, kept apart.
fn names(area: &Area<'_>, honest: Option<(i32, i32)>, inflated: Option<(i32, i32)>) -> Drawn {
    let x = WIDTH - RIGHT + 12;
    let near = |y: i32| y.clamp(TOP, HEIGHT - BOTTOM - 18);
    let mut low = honest.map(|(_, y)| near(y));
    let mut high = inflated.map(|(_, y)| near(y));
    if let (Some(h), Some(i)) = (low, high)
        && (h - i).abs() < 36
    {
        let middle = (h + i) / 2;
        let (up, down) = ((middle - 18).max(TOP - 10), (middle - 18).max(TOP - 10) + 36);
        (low, high) = if i <= h { (Some(down), Some(up)) } else { (Some(up), Some(down)) };
    }
    if let Some(y) = low {
        write(area, "reliability", (x, y), font(13.0, &BLUE, HPos::Left, VPos::Center))?;
    }
    if let Some(y) = high {
        write(area, "separation reliability", (x, y), font(13.0, &VERMILLION, HPos::Left, VPos::Center))?;
        write(area, "(inflated)", (x, y + 15), font(13.0, &VERMILLION, HPos::Left, VPos::Center))?;
    }
    Ok(())
}
