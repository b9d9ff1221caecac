//! How a sound input becomes a broken one: flipped, cut, doubled, spliced, and with words put in that
//! parsers trip over.

use crate::dice::Dice;

/// Most changes to one input.
const CHANGES: u64 = 8;
/// Largest piece that is moved or doubled, in bytes.
const PIECE: u64 = 64;
/// Longest flood of one word, in repetitions.
const FLOOD: u64 = 300;
/// Tries to make a failing input shorter: some fail by being slow.
const TRIES: usize = 2_000;
/// Inputs do not grow beyond this.
const LONGEST: usize = 64 * 1024;

/// What changes put in besides what the inputs hold themselves.
const WORDS: [&[u8]; 56] = [
    b"<",
    b">",
    b"&",
    b"\"",
    b"'",
    b"/",
    b"]]>",
    b"<![CDATA[",
    b"<!--",
    b"-->",
    b"<!",
    b"<?",
    b"?>",
    b"<!DOCTYPE x [",
    b"<!ENTITY a \"&a;\">",
    b"&#0;",
    b"&#x1F;",
    b"&#150;",
    b"&#xD800;",
    b"&#99999999999999999999;",
    b"&nbsp;",
    b"&amp;amp;",
    b"&unknown;",
    b"<item>",
    b"</item>",
    b"<entry>",
    b"<title>",
    b"</title>",
    b"<link>",
    b"<channel>",
    b"</channel>",
    b"<source>",
    b"<rss version='2.0'>",
    b"<feed xmlns='http://www.w3.org/2005/Atom'>",
    b" xml:base='../x/'",
    b" xmlns:a='http://www.w3.org/2005/Atom'",
    b" type='xhtml'",
    b" mode='base64'",
    b"<?xml version='1.0' encoding='utf-16'?>",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\xef\xbb\xbf",
    b"\0",
    b"\x80",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xe2\x80\xae",
    b"\r\n",
    b"99999999999999999999",
    b"-1",
    b"24:00:60",
    b"2026-02-31",
    b"\"\"\"",
    b"[[",
    b"NEAR/99999 ",
    b"@a{}",
];

/// A changed copy of an input; `other` is what it may be spliced with.
pub(crate) fn mutated(dice: &mut Dice, input: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=dice.below(CHANGES) {
        change(dice, &mut bytes, other);
        bytes.truncate(LONGEST);
    }
    bytes
}

fn change(dice: &mut Dice, bytes: &mut Vec<u8>, other: &[u8]) {
    let at = dice.place(bytes.len());
    let end = (at + dice.below(PIECE) as usize).min(bytes.len());
    match dice.below(10) {
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << dice.below(8);
            }
        }
        1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = dice.roll() as u8;
            }
        }
        2 => drop(bytes.drain(at..end)),
        3 => bytes.truncate(at),
        4 => {
            let piece = bytes[at..end].to_vec();
            let to = dice.place(bytes.len());
            bytes.splice(to..to, piece);
        }
        5 => {
            let from = dice.place(other.len());
            let length = dice.place(other.len() - from).min(4 * PIECE as usize);
            bytes.splice(at..end, other[from..from + length].iter().copied());
        }
        6 => {
            let from = dice.place(other.len());
            bytes.truncate(at);
            bytes.extend(&other[from..]);
        }
        7 => {
            let word = dice.pick(&WORDS).repeat(1 + dice.below(FLOOD) as usize);
            bytes.splice(at..at, word);
        }
        _ => {
            let word = dice.pick(&WORDS);
            bytes.splice(at..at, word.iter().copied());
        }
    }
}

/// The shortest input found by leaving pieces out for which `fails` still holds.
pub(crate) fn minimised(input: &[u8], fails: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut best = input.to_vec();
    let mut piece = best.len() / 2;
    let mut tries = 0;
    while piece > 0 {
        let mut at = 0;
        while at < best.len() && tries < TRIES {
            tries += 1;
            let mut shorter = best.clone();
            shorter.drain(at..(at + piece).min(best.len()));
            match fails(&shorter) {
                true => best = shorter,
                false => at += piece,
            }
        }
        piece /= 2;
    }
    best
}
