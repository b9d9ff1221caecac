//! Pictures as inline SVG, each with the same in words: bars of days, moves on a time line.

use jiff::Timestamp;
use jiff::civil::Date;
use maud::{Markup, html};

/// Height of a picture of bars.
const HEIGHT: u32 = 40;
/// Width of a bar with its gap.
const STEP: usize = 8;
/// Width of a time line.
const LINE: f64 = 640.0;
/// Room left and right of the first and last move.
const MARGIN: f64 = 12.0;
/// Height of a stage on a time line.
const STAGE: f64 = 26.0;

/// A bar a day, oldest first.
pub(super) fn bars(days: &[(Date, u64)], one: &str, many: &str) -> Markup {
    let most = days.iter().map(|(_, count)| *count).max().unwrap_or(0);
    let total: u64 = days.iter().map(|(_, count)| count).sum();
    let width = days.len() * STEP;
    let height = |count: u64| match most {
        0 => 0,
        most => (count * u64::from(HEIGHT - 2)).div_ceil(most),
    };
    let what = if total == 1 { one } else { many };
    let words = format!("{total} {what} in {} days, at most {most} on one day", days.len());
    html! {
        svg.bars role="img" aria-label=(words) width=(width) height=(HEIGHT)
            viewBox={ "0 0 " (width) " " (HEIGHT) } {
            @for (index, (day, count)) in days.iter().enumerate() {
                @let tall = height(*count).max(1);
                rect class=[(*count == 0).then_some("none")] x=(index * STEP)
                    y=(u64::from(HEIGHT) - tall) width=(STEP - 2) height=(tall) {
                    title { (day) ": " (count) }
                }
            }
        }
    }
}

/// A move on a time line.
pub(super) struct Dot {
    pub(super) at: Timestamp,
    /// How far it brings the candidate, 1 to 5; 0 for acts against.
    pub(super) stage: u8,
    pub(super) formal: bool,
    pub(super) label: String,
}

/// Moves on a line of time, the nearer to membership the higher.
pub(super) fn timeline(dots: &[Dot], words: &str) -> Markup {
    let first = dots.iter().map(|dot| dot.at).min().unwrap_or(Timestamp::UNIX_EPOCH);
    let last = dots.iter().map(|dot| dot.at).max().unwrap_or(first);
    let span = (last.as_second() - first.as_second()).max(1) as f64;
    let top = dots.iter().map(|dot| dot.stage).max().unwrap_or(0);
    let height = f64::from(top) * STAGE + 40.0;
    let x = |at: Timestamp| {
        let share = (at.as_second() - first.as_second()) as f64 / span;
        let room = if first == last { 0.5 } else { share };
        MARGIN + room * (LINE - 2.0 * MARGIN)
    };
    let y = |stage: u8| height - 24.0 - f64::from(stage) * STAGE;
    let path: Vec<String> =
        dots.iter().map(|dot| format!("{:.0},{:.0}", x(dot.at), y(dot.stage))).collect();
    let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
    html! {
        svg.line role="img" aria-label=(words) viewBox={ "0 0 " (LINE) " " (height) } {
            line.axis x1="0" x2=(LINE) y1=(height - 18.0) y2=(height - 18.0) {}
            polyline points=(path.join(" ")) {}
            @for dot in dots {
                circle class=(class(dot)) cx=(format!("{:.0}", x(dot.at))) cy=(format!("{:.0}", y(dot.stage)))
                    r=(if dot.formal { 7 } else { 5 }) {
                    title { (dot.label) }
                }
            }
            @if last == first {
                text x=(LINE / 2.0) y=(height - 4.0) text-anchor="middle" { (day(first)) }
            } @else {
                text x="0" y=(height - 4.0) { (day(first)) }
                text x=(LINE) y=(height - 4.0) text-anchor="end" { (day(last)) }
            }
        }
    }
}

fn class(dot: &Dot) -> &'static str {
    match (dot.stage, dot.formal) {
        (0, _) => "against",
        (_, true) => "formal",
        (_, false) => "step",
    }
}
