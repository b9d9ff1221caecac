//! Text inside the rewritten document: written so that it reads back as it is, and read back.

use super::reference::{Reference, reference, resolve};
use super::repair::Repair;

/// Copies a text of the document, with its references put right.
pub(super) fn push_text(out: &mut String, span: &str) -> Option<Repair> {
    if span == "<" {
        out.push_str("&lt;");
        return Some(Repair::BareCharacter);
    }
    let mut repair = None;
    let mut rest = span;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = match reference(rest) {
            Some((Reference::Known(_), length)) => {
                out.push_str(&rest[..length]);
                length
            }
            Some((Reference::Number(one), length)) => {
                push_escaped(out, one.encode_utf8(&mut [0; 4]));
                length
            }
            Some((Reference::Nothing, length)) => {
                repair = Some(Repair::BadReference);
                length
            }
            None => {
                out.push_str("&amp;");
                if !rest[1..].starts_with(|c: char| c.is_ascii_alphabetic()) {
                    repair = Some(Repair::BareCharacter);
                }
                1
            }
        };
        rest = &rest[length..];
    }
    out.push_str(rest);
    repair
}

/// Writes a text so that it reads back as it is.
pub(super) fn push_escaped(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>']) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            _ => "&gt;",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

/// Whether a written text holds nothing but blanks.
pub(super) fn is_blank(text: &str) -> bool {
    let mut rest = text.trim_start();
    while let Some(inside) = rest.strip_prefix("<![CDATA[") {
        let end = inside.find("]]>").unwrap_or(inside.len());
        if !inside[..end].trim().is_empty() {
            return false;
        }
        rest = inside[end..].trim_start_matches("]]>").trim_start();
    }
    rest.is_empty()
}

/// What a written text says.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("<![CDATA[") {
        out.push_str(&resolve(&rest[..at]));
        let inside = &rest[at + "<![CDATA[".len()..];
        let end = inside.find("]]>").unwrap_or(inside.len());
        out.push_str(&inside[..end]);
        rest = inside[end..].strip_prefix("]]>").unwrap_or("");
    }
    out.push_str(&resolve(rest));
    out.trim().to_owned()
}
