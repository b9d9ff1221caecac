//! Whom the rest of an item names as candidates, where its headline leaves that open.

use super::hits::Hit;
use super::lexicon::List;
use super::moves::{FoundMove, Reading, is_named_tie};
use super::parties::is_prose;
use crate::model::Field;

impl Reading<'_, '_> {
    /// Where a headline tells of growth and names nobody ("BRICS admits six"), or only some of several,
    /// those count whom the summary names in its first sentence with an act or a tie.
    pub(super) fn read_summary(&self, found: &mut [FoundMove], acts: &[bool], several: bool) {
        let Self { hits, lexicon, candidates, .. } = *self;
        let Some(first) = found.first_mut() else { return };
        let open = several || first.found.candidates.is_empty();
        if first.found.field != Field::Title || !open {
            return;
        }
        let headline = first.found.candidates.clone();
        // The first sentence that tells; those after it name further ones.
        let mut room = None;
        let code = |index: usize| hits.all[index].list.map(|list| &lexicon.list(list).name);
        for (index, hit) in hits.all.iter().enumerate() {
            if !candidates[index] || hits.field(hit) != Field::Summary {
                continue;
            }
            let beside: Vec<usize> = (0..hits.all.len())
                .filter(|at| {
                    (hits.all[*at].unit, hits.all[*at].sentence) == (hit.unit, hit.sentence)
                })
                .collect();
            let told = self.tells(hit, acts);
            // A list of several repeats those that the headline names.
            let repeats = headline
                .iter()
                .all(|named| beside.iter().any(|at| candidates[*at] && code(*at) == Some(named)));
            let Some(code) = code(index).filter(|_| told && repeats) else { continue };
            if *room.get_or_insert((hit.unit, hit.sentence)) != (hit.unit, hit.sentence) {
                break;
            }
            if !first.found.candidates.contains(code) {
                first.found.candidates.push(code.clone());
                first.shown_by.push(index);
            }
        }
    }

    /// A region gives way to its countries, where a sentence that tells names some of them: "Western
    /// Balkans" to the Albania and North Macedonia whose talks begin.
    pub(super) fn read_regions(&self, found: &mut [FoundMove], acts: &[bool]) {
        let Self { hits, lexicon, candidates, .. } = *self;
        let list = |hit: &Hit| hit.list.map(|list| lexicon.list(list));
        for one in found {
            let regions: Vec<&List> = (one.found.candidates.iter())
                .filter_map(|code| lexicon.by_name.get(code))
                .map(|list| lexicon.list(*list))
                .filter(|list| !list.region.is_empty())
                .collect();
            for region in regions {
                let named: Vec<usize> = (0..hits.all.len())
                    .filter(|index| candidates[*index] && is_prose(hits.field(&hits.all[*index])))
                    .filter(|index| {
                        list(&hits.all[*index])
                            .is_some_and(|list| region.region.contains(&list.name))
                    })
                    .filter(|index| self.tells(&hits.all[*index], acts))
                    .collect();
                if named.is_empty() {
                    continue;
                }
                one.found.candidates.retain(|code| *code != region.name);
                for index in named {
                    let Some(list) = list(&hits.all[index]) else { continue };
                    if !one.found.candidates.contains(&list.name) {
                        one.found.candidates.push(list.name.clone());
                    }
                    one.shown_by.push(index);
                }
            }
        }
    }

    /// Whether an act or a named tie stands in the sentence of a hit.
    fn tells(&self, hit: &Hit, acts: &[bool]) -> bool {
        self.hits.all.iter().zip(acts).any(|(other, act)| {
            (other.unit, other.sentence) == (hit.unit, hit.sentence)
                && (*act || is_named_tie(other, self.lexicon))
        })
    }
}
