//! Colours: after Okabe and Ito, so that colour-blind readers and grey printers tell them apart.
//!
//! Plots carry the light colours as attributes; a style sheet that is made from the same table replaces them in the dark.

use plotters::style::RGBColor;
use std::fmt::Write;

/// Text.
pub(crate) const INK: RGBColor = RGBColor(0x1B, 0x1F, 0x24);
/// Text of less weight.
pub(crate) const MUTED: RGBColor = RGBColor(0x57, 0x60, 0x6A);
/// Lines that guide the eye.
pub(crate) const GRID: RGBColor = RGBColor(0xD9, 0xDE, 0xE3);
/// Every second grade band.
pub(crate) const BAND: RGBColor = RGBColor(0xEE, 0xF1, 0xF4);
/// Where two grade bands meet.
pub(crate) const EDGE: RGBColor = RGBColor(0xA8, 0xB1, 0xBA);
/// Essays, wins, the honest reliability.
pub(crate) const BLUE: RGBColor = RGBColor(0x00, 0x72, 0xB2);
/// Anchors and the inflated reliability.
pub(crate) const VERMILLION: RGBColor = RGBColor(0xD5, 0x5E, 0x00);
/// Losses: lighter than the blue, also in grey.
pub(crate) const ORANGE: RGBColor = RGBColor(0xE6, 0x9F, 0x00);
/// The page behind a hollow mark.
pub(crate) const PAPER: RGBColor = RGBColor(0xFF, 0xFF, 0xFF);

/// Each colour and its replacement in the dark.
const DARK: &[(RGBColor, &str)] = &[
    (INK, "#e6e9ee"),
    (MUTED, "#a3adb8"),
    (GRID, "#343b45"),
    (BAND, "#1e242c"),
    (EDGE, "#5b6673"),
    (BLUE, "#56b4e9"),
    (VERMILLION, "#ff8a3d"),
    (ORANGE, "#e69f00"),
    (PAPER, "#14181d"),
];

/// The rules that turn the plots dark.
pub(crate) fn dark_rules() -> String {
    let mut css = String::from("@media screen and (prefers-color-scheme: dark) {\n");
    for (RGBColor(r, g, b), dark) in DARK {
        let light = format!("#{r:02X}{g:02X}{b:02X}");
        let _ = writeln!(css, "  svg [fill=\"{light}\"] {{ fill: {dark} }}");
        let _ = writeln!(css, "  svg [stroke=\"{light}\"] {{ stroke: {dark} }}");
    }
    css.push_str("}\n");
    css
}
