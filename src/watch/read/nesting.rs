//! How deep and wide the tree of a web page would be, from a look over its tags.
//!
//! What makes trees expensive is depth (each unclosed element in 2,000 cost the extraction 15 ms, all
//! together half a minute) and elements that the parser opens again by itself, so both are bounded
//! before a tree is built.

/// Most tags of a page; news pages have 2,000 to 8,000.
pub(super) const MAX_TAGS: usize = 20_000;
/// Deepest nesting; news pages reach 60.
const MAX_DEPTH: usize = 200;
/// Most pieces of mark-up like `<b>` that something else ends: the parser opens each of them again in
/// every paragraph that follows.
const MAX_LEFT_OPEN: usize = 16;

/// What an element means to those that hold it, as far as nesting goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Has no end tag.
    Void,
    /// Its content is no mark-up.
    Raw,
    /// Mark-up of characters, opened again by the parser where something else ended it.
    Format,
    /// Other mark-up inside a line.
    Inline,
    /// What end tags of what lies outside do not reach through.
    Wall,
    /// Everything else.
    Block,
}

fn role(name: &str) -> Role {
    match name {
        "area" | "base" | "br" | "col" | "embed" | "hr" | "img" | "input" | "link" | "meta"
        | "param" | "source" | "track" | "wbr" => Role::Void,
        "script" | "style" | "textarea" | "title" | "iframe" | "noembed" | "noframes" | "xmp" => {
            Role::Raw
        }
        "a" | "b" | "big" | "code" | "em" | "font" | "i" | "nobr" | "s" | "small" | "strike"
        | "strong" | "tt" | "u" => Role::Format,
        "table" | "td" | "th" | "caption" | "template" | "object" | "applet" | "marquee" => {
            Role::Wall
        }
        "span" | "label" | "abbr" | "cite" | "q" | "sub" | "sup" | "time" | "mark" | "bdi"
        | "bdo" | "kbd" | "samp" | "var" | "dfn" | "data" | "ins" | "del" | "svg" | "path" => {
            Role::Inline
        }
        _ => Role::Block,
    }
}

/// Open elements that the start of another ends, where they are on top, innermost first.
fn ended_by(name: &str) -> &'static [&'static str] {
    match name {
        "li" => &["p", "li"],
        "dt" | "dd" => &["p", "dt", "dd"],
        "td" | "th" => &["p", "td", "th"],
        "tr" => &["p", "td", "th", "tr"],
        "tbody" | "thead" | "tfoot" => &["p", "td", "th", "tr", "tbody", "thead", "tfoot"],
        "option" | "optgroup" => &["option"],
        _ if role(name) == Role::Block => &["p"],
        _ => &[],
    }
}

/// Whether a tree of a page would be small and shallow. The depth is never taken for smaller than it
/// is: an end tag ends only what the parser (HTML standard, 13.2.6) would let it end.
pub(super) fn is_harmless(page: &str) -> bool {
    let mut open: Vec<(String, Role)> = Vec::new();
    let (mut tags, mut left_open) = (0, 0);
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            continue;
        }
        let ends = rest.starts_with('/');
        let inside = rest.strip_prefix('/').unwrap_or(rest);
        if !inside.starts_with(|first: char| first.is_ascii_alphabetic()) {
            continue;
        }
        tags += 1;
        if tags > MAX_TAGS {
            return false;
        }
        let length = inside
            .find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'))
            .unwrap_or(inside.len());
        let name = inside[..length].to_ascii_lowercase();
        rest = &inside[length..];
        let role = role(&name);
        if ends {
            end(&mut open, &name, role, &mut left_open);
        } else if role == Role::Raw {
            rest = after_raw(rest, &name);
        } else if role != Role::Void {
            for above in ended_by(&name) {
                open.pop_if(|(top, _)| top == above);
            }
            open.push((name, role));
        }
        if open.len() > MAX_DEPTH || left_open > MAX_LEFT_OPEN {
            return false;
        }
    }
    true
}

/// Takes an end tag.
fn end(open: &mut Vec<(String, Role)>, name: &str, role: Role, left_open: &mut usize) {
    let table = matches!(name, "table" | "tbody" | "thead" | "tfoot" | "tr" | "td" | "th");
    let blocked = |(other, kind): &(String, Role)| match role {
        Role::Format | Role::Inline => matches!(kind, Role::Block | Role::Wall),
        _ if table => matches!(other.as_str(), "table" | "template"),
        _ => *kind == Role::Wall,
    };
    for at in (0..open.len()).rev() {
        if open[at].0 == name {
            *left_open += open[at + 1..].iter().filter(|one| one.1 == Role::Format).count();
            open.truncate(at);
            return;
        }
        if blocked(&open[at]) {
            return;
        }
    }
}

/// What follows the end tag of an element whose content is no mark-up; nothing where it never ends.
fn after_raw<'p>(page: &'p str, name: &str) -> &'p str {
    let mut rest = page;
    while let Some(at) = rest.find("</") {
        rest = &rest[at + 2..];
        let begins = rest.get(..name.len()).is_some_and(|it| it.eq_ignore_ascii_case(name));
        if begins {
            return rest;
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sloppy_pages_are_looked_at() {
        let list = "<ul><li>one<li>two</ul>".repeat(300);
        let rows = "<table><tr><td>a<td>b<tr><td>c</table>".repeat(300);
        let marks = "<p>a <b>b</b> <i>c</i>".repeat(300);
        for sloppy in [list, rows, marks] {
            assert!(is_harmless(&sloppy), "{}", &sloppy[..20]);
        }
    }
}
