//! The look: every pair of colours can be read, and the style asks for nothing from elsewhere.

use std::collections::HashMap;

const STYLE: &str = include_str!("../style.css");

/// The colours of the first block, light, and of the second, dark over it.
fn colours() -> [HashMap<String, String>; 2] {
    let blocks = STYLE.split(":root {").skip(1).map(|rest| rest.split('}').next().unwrap());
    let read = |block: &str| -> HashMap<String, String> {
        let pairs =
            block.split(';').filter_map(|line| line.trim().strip_prefix("--")?.split_once(':'));
        pairs.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect()
    };
    let mut blocks = blocks.map(read);
    [blocks.next().unwrap(), blocks.next().unwrap()]
}

/// Relative luminance as WCAG 2 defines it.
fn luminance(colour: &str) -> f64 {
    let digits = colour.strip_prefix('#').unwrap();
    let wide: String = match digits.len() {
        3 => digits.chars().flat_map(|c| [c, c]).collect(),
        _ => digits.to_owned(),
    };
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&wide[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
}

fn contrast(one: &str, other: &str) -> f64 {
    let (a, b) = (luminance(one), luminance(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn every_text_can_be_read_on_its_ground() {
    assert!((contrast("#fff", "#000") - 21.0).abs() < 0.01);
    for colours in colours() {
        for (ink, grounds) in [
            ("ink", &["ground", "soft", "bad-soft"][..]),
            ("dim", &["ground", "soft", "bad-soft"]),
            ("link", &["ground", "soft", "bad-soft"]),
            ("mark-ink", &["mark"]),
            ("bad", &["ground", "bad-soft"]),
            ("good", &["good-soft"]),
            ("notable", &["notable-soft"]),
            ("ground", &["link"]),
        ] {
            for ground in grounds {
                let found = contrast(&colours[ink], &colours[*ground]);
                assert!(found >= 4.5, "{ink} on {ground} has {found:.2}");
            }
        }
    }
}

#[test]
fn the_style_stands_alone() {
    for wrong in ["url(", "@import", "http"] {
        assert!(!STYLE.contains(wrong), "the style holds {wrong}");
    }
}
