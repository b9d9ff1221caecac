//! Where the clauses of a headline part: "NATO meets; Brazil joins OPEC", "Kyiv: NATO door is open".
//!
//! A semicolon ends a sentence there. A colon, a dash between blanks and a bar end a clause: a sentence
//! goes on after them, but words that must stand close together do not stand across one.

/// The marks of one headline, in Unicode scalars of the text as stored.
#[derive(Debug, Default)]
pub(crate) struct Clauses {
    ends: Vec<u32>,
    marks: Vec<u32>,
}

impl Clauses {
    /// Finds the marks of a headline.
    pub(crate) fn of(title: &str) -> Self {
        let mut clauses = Clauses::default();
        let mut before = ' ';
        // The ";" of "Turkey &#39;s" or "T&amp;T" ends no sentence.
        let mut entity = false;
        let mut chars = title.chars().peekable();
        let mut at = 0;
        while let Some(here) = chars.next() {
            let blank_after = chars.peek().is_none_or(|next| next.is_whitespace());
            match here {
                ';' if !entity && blank_after => clauses.ends.push(at),
                '；' => clauses.ends.push(at),
                // "10:30" and "x:y" are one word.
                ':' if blank_after => clauses.marks.push(at),
                '：' | '|' | '｜' | '—' => clauses.marks.push(at),
                '-' | '–' if blank_after && before.is_whitespace() => clauses.marks.push(at),
                _ => {}
            }
            entity = matches!(here, '&' | '#') || (entity && here.is_alphanumeric());
            before = here;
            at += 1;
        }
        clauses
    }

    /// Sentences that have ended before a scalar.
    pub(crate) fn ended(&self, at: u32) -> u32 {
        let ended = self.ends.iter().filter(|end| **end < at).count();
        u32::try_from(ended).unwrap_or(u32::MAX)
    }

    /// Whether a mark stands between two scalars.
    pub(crate) fn part(&self, from: usize, to: usize) -> bool {
        self.marks.iter().any(|mark| (from..to).contains(&(*mark as usize)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headlines_part_at_their_marks() {
        let clauses = Clauses::of("NATO meets; Brazil: OPEC – no");
        assert_eq!((clauses.ended(5), clauses.ended(12)), (0, 1));
        assert!(clauses.part(12, 20) && clauses.part(20, 27) && !clauses.part(12, 18));
    }

    #[test]
    fn marks_inside_words_part_nothing() {
        assert_eq!(Clauses::of("Turkey #39;s EU hopes, AT&amp; T").ended(40), 0);
        for title in ["At 10:30 NATO", "NATO-led", "2020–2024", "Orbán's"] {
            assert!(!Clauses::of(title).part(0, title.len()), "{title}");
        }
        assert!(Clauses::of("北约：瑞典加入").part(0, 4));
    }
}
