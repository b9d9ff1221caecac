//! A message as lines of marked-up text, in the reader's eye order, within a budget.
//!
//! Each piece is whole or not there at all, so a mark that is opened is closed. Where the budget is
//! short, the pieces that tell least go first.

use super::contract::{Letter, Stationery};
use super::inert::{address, defuse, fit};
use super::notice::Notice;
use super::parts::Parts;

/// Characters of an address; longer ones are not worth a lost message.
const ADDRESS: usize = 1500;

/// How a receiver writes.
pub(super) struct Markup {
    /// Makes plain text safe.
    pub(super) prepare: fn(&str) -> String,
    /// Makes safe text stand out.
    pub(super) strong: fn(&str) -> String,
    /// Makes a link of a safe label and an address that cannot leave its brackets.
    pub(super) link: fn(&str, &str) -> String,
    /// What the receiver counts.
    pub(super) size: fn(&str) -> usize,
    /// Between lines.
    pub(super) line: &'static str,
}

/// Plain text: the address stands for itself.
pub(super) const PLAIN: Markup = Markup {
    prepare: defuse,
    strong: |text| text.to_owned(),
    link: |label, url| format!("{label}\n{url}"),
    size: super::inert::json_bytes,
    line: "\n",
};

/// A piece of a line. Of rank 0 is what no message lacks.
struct Piece {
    /// Ten times its line, and its place there.
    at: usize,
    rank: usize,
    text: String,
}

impl Markup {
    /// Safe text of at most this size.
    pub(super) fn fit(&self, text: &str, budget: usize) -> String {
        fit(text, budget, self.prepare, self.size)
    }

    /// A link, or the label alone where the address is too long.
    fn linked(&self, label: &str, url: &str) -> String {
        match url.len() <= ADDRESS {
            true => (self.link)(label, &address(url)),
            false => label.to_owned(),
        }
    }

    /// One alert.
    pub(super) fn alert(&self, parts: &Parts, budget: usize) -> String {
        let mut pieces = self.pieces(parts, budget);
        pieces.sort_by_key(|piece| piece.rank);
        let between = (self.size)(self.line).max((self.size)(" · "));
        let mut used = 0;
        pieces.retain(|piece| {
            let cost = (self.size)(&piece.text) + between;
            let fits = used + cost <= budget;
            used += if fits { cost } else { 0 };
            fits
        });
        pieces.sort_by_key(|piece| piece.at);
        let mut out = String::new();
        let mut line = None;
        for piece in pieces {
            match line {
                None => {}
                Some(same) if same == piece.at / 10 => out.push_str(" · "),
                Some(_) => out.push_str(self.line),
            }
            line = Some(piece.at / 10);
            out.push_str(&piece.text);
        }
        out
    }

    fn pieces(&self, parts: &Parts, budget: usize) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut add = |at, rank, text: String| {
            if !text.is_empty() {
                pieces.push(Piece { at, rank, text });
            }
        };
        // Together what no message lacks takes most of the smallest budget; marks have their room.
        let third = budget.saturating_sub(80) / 3;
        let verdict = self.fit(&parts.verdict, third.min(900));
        // The mark alone would be shown as it is.
        add(0, 0, if verdict.is_empty() { verdict } else { (self.strong)(&verdict) });
        let headline = self.fit(&parts.headline, third.min(900));
        let linked = parts.link.as_ref().map(|url| self.linked(&headline, url));
        let room = budget.saturating_sub(third.min(900) + 80);
        add(10, 0, linked.filter(|text| (self.size)(text) <= room).unwrap_or(headline));
        add(69, 0, self.fit(&parts.id, 40));
        let source = self.fit(&parts.source, 400);
        add(20, 1, source);
        if let Some(page) = &parts.page {
            add(21, 2, self.linked("details", page));
        }
        add(30, 2, self.evidence(parts));
        if let Some(follows) = &parts.follows {
            let text = self.fit(&follows.text, 700);
            let text = match &follows.page {
                Some(page) => self.linked(&text, page),
                None => text,
            };
            add(50, 3, format!("Follows {text}"));
        }
        if !parts.also_named.is_empty() {
            add(31, 4, format!("also named: {}", self.fit(&parts.also_named, 600)));
        }
        if !parts.gloss.is_empty() {
            add(40, 5, self.fit(&parts.gloss, 600));
        }
        // Before the id, on its line.
        for (at, label, text) in [(60, "Before", &parts.before), (61, "Also in", &parts.also_in)] {
            if !text.is_empty() {
                add(at, 6, format!("{label}: {}", self.fit(text, 700)));
            }
        }
        pieces
    }

    /// `“Canada may *join* AUKUS” (body)`
    fn evidence(&self, parts: &Parts) -> String {
        let Some(evidence) = &parts.evidence else { return String::new() };
        let mut shown = String::new();
        for (piece, marked) in evidence.pieces() {
            let inner = piece.trim();
            if !marked || inner.is_empty() {
                shown.push_str(&(self.prepare)(&piece));
                continue;
            }
            // Marks want blanks outside.
            let lead = piece.len() - piece.trim_start().len();
            shown.push_str(&piece[..lead]);
            shown.push_str(&(self.strong)(&(self.prepare)(inner)));
            shown.push_str(&piece[lead + inner.len()..]);
        }
        match parts.evidence_from.is_empty() {
            true => shown,
            false => format!("“{shown}” ({})", parts.evidence_from),
        }
    }

    /// Several alerts, of which at most `most` are shown.
    pub(super) fn digest(&self, all: &[Parts], most: usize, budget: usize) -> String {
        let shown = &all[..all.len().min(most)];
        let head = (self.strong)(&count(all.len()));
        let gap = format!("{}{}", self.line, self.line);
        let rest = match all.len() - shown.len() {
            0 => String::new(),
            more => format!("{gap}and {more} more: see `pactwatch alerts list`"),
        };
        let taken = (self.size)(&head) + (self.size)(&rest);
        let each = budget.saturating_sub(taken) / shown.len().max(1);
        let each = each.saturating_sub((self.size)(&gap));
        let mut out = head;
        for parts in shown {
            out.push_str(&gap);
            out.push_str(&self.alert(parts, each));
        }
        out.push_str(&rest);
        out
    }
}

/// `2 alerts`
pub(super) fn count(alerts: usize) -> String {
    format!("{alerts} {}", if alerts == 1 { "alert" } else { "alerts" })
}

impl Markup {
    /// What operators are told.
    pub(super) fn notice(&self, notice: &Notice, budget: usize) -> String {
        let mut out = (self.strong)(&self.fit(&notice.head, budget / 4));
        for line in &notice.lines {
            let gap = (self.size)(self.line);
            let left = budget.saturating_sub((self.size)(&out) + gap);
            let text = self.fit(line, left.min(1000));
            if text.is_empty() {
                break;
            }
            out.push_str(self.line);
            out.push_str(&text);
        }
        out
    }

    /// A whole letter as text.
    pub(super) fn letter(
        &self,
        letter: &Letter,
        stationery: &Stationery,
        most: usize,
        budget: usize,
    ) -> String {
        match letter {
            Letter::Ping => super::PING.to_owned(),
            Letter::Event(event) => self.notice(&Notice::of(event, stationery), budget),
            Letter::Alert(view) => self.alert(&Parts::of(view, stationery), budget),
            Letter::Digest(views) => {
                let all: Vec<Parts> =
                    views.iter().map(|view| Parts::of(view, stationery)).collect();
                self.digest(&all, most, budget)
            }
        }
    }
}
