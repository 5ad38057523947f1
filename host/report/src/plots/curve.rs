//! The ranking of many essays: scores from best to worst as a curve with intervals.

use super::{Area, Drawn, Figure, Scale, diamond, fill, font, line, score_range, write};
use crate::facts::{Facts, interval};
use crate::palette::{BAND, BLUE, EDGE, GRID, INK, MUTED, VERMILLION};
use crate::text;
use maud::Markup;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

const LEFT: i32 = 56;
const RIGHT: i32 = 64;
const TOP: i32 = 36;
const HEIGHT: i32 = 470;
const BOTTOM: i32 = 52;
/// About how wide the curve is, in pixels.
const ROOM: i32 = 976;
/// The most essays whose intervals are drawn one by one.
pub(crate) const SINGLE: i32 = 450;

/// The ranking, as a curve.
pub(crate) fn curve(facts: &Facts<'_>) -> Markup {
    let n = i32::try_from(facts.view.ranking.len()).unwrap_or(i32::MAX).max(1);
    // Whole pixels for each essay: no stripes from rounding.
    let width = if n <= SINGLE { (ROOM + n / 2) / n * n } else { ROOM };
    let y = Scale { values: score_range(facts), pixels: (HEIGHT - BOTTOM, TOP) };
    let x = Scale { values: (0.5, f64::from(n) + 0.5), pixels: (LEFT, LEFT + width) };
    let figure = Figure {
        id: "plot-ranking",
        title: "Ranking with 95 % intervals",
        description: format!(
            "The scores of {n} essays from best, on the left, to worst, with 95 % intervals. The table below has the numbers."
        ),
        size: ((LEFT + width + RIGHT).unsigned_abs(), HEIGHT.unsigned_abs()),
    };
    figure.draw(|area| {
        bands(area, facts, x, y)?;
        y.up(area, (LEFT, x.pixels.1), "score (logits)")?;
        places(area, x, y.pixels.0, n)?;
        if n <= SINGLE {
            singles(area, facts, x, y)?
        } else {
            ribbon(area, facts, x, y)?
        }
        anchors(area, facts, x, y)
    })
}

fn bands(area: &Area<'_>, facts: &Facts<'_>, x: Scale, y: Scale) -> Drawn {
    let (left, right) = x.pixels;
    let mut free = i32::MAX;
    for (i, (low, high, name)) in facts.bands().into_iter().enumerate() {
        let (from, to) = (y.at(low), y.at(high));
        if from == to {
            continue;
        }
        if i % 2 == 0 {
            fill(area, (left, to), (right + RIGHT - 8, from), BAND.mix(1.0))?;
        }
        if from < y.pixels.0 {
            line(area, (left, from), (right + RIGHT - 8, from), EDGE, 1)?;
        }
        let middle = (from + to) / 2;
        let Some(name) = name.filter(|_| middle + 6 < free && from - to >= 8) else { continue };
        free = middle - 6;
        let style = font(12.0, &INK, HPos::Left, VPos::Center);
        write(area, &text::label(name, 6), (right + 10, middle), style)?;
    }
    Ok(())
}

/// The axis of places in the order.
fn places(area: &Area<'_>, x: Scale, y: i32, n: i32) -> Drawn {
    line(area, (x.pixels.0, y), (x.pixels.1, y), GRID, 1)?;
    let step = [5, 10, 20, 25, 50, 100, 200, 500, 1000].into_iter().find(|step| n / step <= 12);
    let step = step.unwrap_or(n / 10);
    let inner = (1..).map(|i| i * step).take_while(|place| *place <= n);
    for place in std::iter::once(1).chain(inner) {
        let at = x.at(f64::from(place));
        line(area, (at, y), (at, y + 4), MUTED, 1)?;
        write(area, &place.to_string(), (at, y + 8), font(12.0, &MUTED, HPos::Center, VPos::Top))?;
    }
    let middle = (x.pixels.0 + x.pixels.1) / 2;
    let words = "place in the order, best first";
    write(area, words, (middle, y + 30), font(12.0, &MUTED, HPos::Center, VPos::Top))
}

fn singles(area: &Area<'_>, facts: &Facts<'_>, x: Scale, y: Scale) -> Drawn {
    let step = (x.pixels.1 - x.pixels.0) / i32::try_from(facts.view.ranking.len()).unwrap_or(1).max(1);
    let (radius, width) = (if step >= 6 { 3 } else { 2 }, if step >= 6 { 2 } else { 1 });
    let free = || {
        facts
            .view
            .ranking
            .iter()
            .zip(1_u32..)
            .filter(|(essay, _)| essay.anchor_grade.is_none() && essay.score.is_finite())
    };
    for (essay, place) in free() {
        let ((low, high), at) = (interval(essay), x.at(f64::from(place)));
        let stroke = BLUE.mix(0.45).stroke_width(width);
        area.draw(&PathElement::new(vec![(at, y.at(low)), (at, y.at(high))], stroke))?;
    }
    for (essay, place) in free() {
        area.draw(&Circle::new((x.at(f64::from(place)), y.at(essay.score)), radius, BLUE.filled()))?;
    }
    Ok(())
}

/// More essays than pixels for lines: the intervals as one surface.
fn ribbon(area: &Area<'_>, facts: &Facts<'_>, x: Scale, y: Scale) -> Drawn {
    let points =
        || facts.view.ranking.iter().zip(1_u32..).map(|(essay, place)| (x.at(f64::from(place)), essay));
    let upper = points().map(|(at, essay)| (at, y.at(interval(essay).1)));
    let lower = points().map(|(at, essay)| (at, y.at(interval(essay).0)));
    let lower: Vec<(i32, i32)> = lower.collect();
    let outline: Vec<(i32, i32)> = upper.chain(lower.into_iter().rev()).collect();
    area.draw(&Polygon::new(outline, BLUE.mix(0.3).filled()))?;
    let scores: Vec<(i32, i32)> = points().map(|(at, essay)| (at, y.at(essay.score))).collect();
    area.draw(&PathElement::new(scores, BLUE.stroke_width(2)))
}

fn anchors(area: &Area<'_>, facts: &Facts<'_>, x: Scale, y: Scale) -> Drawn {
    let mut written: Vec<(i32, i32)> = Vec::new();
    for (essay, place) in facts.view.ranking.iter().zip(1_u32..) {
        let Some(grade) = essay.anchor_grade.as_ref().filter(|_| essay.score.is_finite()) else { continue };
        let ((low, high), at) = (interval(essay), x.at(f64::from(place)));
        line(area, (at, y.at(low)), (at, y.at(high)), VERMILLION, 2)?;
        diamond(area, (at, y.at(essay.score)), 6, VERMILLION)?;
        let spot = (at, y.at(high) - 9);
        if written.iter().all(|(wx, wy)| (wx - spot.0).abs() > 18 || (wy - spot.1).abs() > 12) {
            write(area, &text::label(grade, 4), spot, font(12.0, &INK, HPos::Center, VPos::Center))?;
            written.push(spot);
        }
    }
    Ok(())
}
