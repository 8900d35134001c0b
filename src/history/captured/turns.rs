//! The turns of an agent, which can be woken again: how each ended, and what its caller got of it.

use super::settle;
use crate::model::{Delivery, Evidence, TextRef, Timestamp, Turn};

/// How a turn ended.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnEnd {
    pub at: Timestamp,
    /// What the agent said at its end: the longest there is.
    pub message: Option<TextRef>,
    /// What its caller got.
    pub delivered: Option<TextRef>,
}

/// The ends of all turns, oldest first; none while the first goes on. The last one's is the end of the
/// execution.
///
/// A harness tells them when they come. What was delivered before the first that was told is of a turn that
/// was not, such as before the hooks were there.
pub fn turns(evidence: &Evidence) -> Vec<TurnEnd> {
    let mut told: Vec<TurnEnd> =
        evidence.turns.iter().map(|(hash, turn)| told_by(hash, turn)).collect();
    told.sort_by(|a, b| (a.at, &a.message).cmp(&(b.at, &b.message)));
    let mut deliveries: Vec<&Delivery> = evidence.deliveries.values().collect();
    deliveries.sort_by_key(|it| (it.at, *it));
    let mut ends = Vec::new();
    for it in deliveries {
        match of(&told, it) {
            Some(at) => told[at].delivered = it.text.clone(),
            None => ends.push(TurnEnd {
                at: it.at,
                message: it.text.clone(),
                delivered: it.text.clone(),
            }),
        }
    }
    ends.extend(told);
    for end in &mut ends {
        end.message = end.message.take().max(end.delivered.clone());
    }
    match (settle::ending(evidence), ends.last_mut()) {
        (Some(ending), Some(last)) => last.message = ending.message,
        (Some(ending), None) => {
            ends.push(TurnEnd { at: ending.at, message: ending.message, delivered: None });
        }
        (None, _) => {}
    }
    ends
}

fn told_by(hash: &str, turn: &Turn) -> TurnEnd {
    let message = TextRef { bytes: turn.bytes, hash: hash.to_owned() };
    TurnEnd { at: turn.at, message: Some(message), delivered: None }
}

/// The turn that something was delivered of: the one that said it, or the last one before.
fn of(told: &[TurnEnd], it: &Delivery) -> Option<usize> {
    let said = told.iter().position(|end| end.message.is_some() && end.message == it.text);
    said.or_else(|| told.iter().rposition(|end| end.at <= it.at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn at(second: u8) -> Timestamp {
        format!("2026-10-01T10:00:{second:02}Z").parse().unwrap()
    }

    fn text(said: &str) -> TextRef {
        TextRef { bytes: said.len() as u64, hash: said.to_owned() }
    }

    fn delivery(second: u8, said: &str) -> Delivery {
        Delivery {
            at: at(second),
            success: true,
            text: Some(text(said)),
            error: None,
            usage: None,
            reported_tokens: None,
            tool_uses: None,
            duration_ms: None,
        }
    }

    fn evidence<T: AsRef<str>>(turns: &[(u8, T)], deliveries: &[(u8, T)]) -> Evidence {
        let turn = |(second, said): &(u8, T)| {
            let said = said.as_ref();
            (said.to_owned(), Turn { at: at(*second), bytes: said.len() as u64 })
        };
        let got =
            |(second, said): &(u8, T)| (said.as_ref().to_owned(), delivery(*second, said.as_ref()));
        Evidence {
            started_at: Some(at(0)),
            turns: turns.iter().map(turn).collect(),
            deliveries: deliveries.iter().map(got).collect(),
            ..Evidence::default()
        }
    }

    /// What was said and what was got of it, a turn each.
    fn told(evidence: &Evidence) -> Vec<String> {
        let name = |it: Option<TextRef>| it.map_or("-".to_owned(), |it| it.hash);
        let ends = turns(evidence).into_iter();
        ends.map(|it| format!("{}/{}", name(it.message), name(it.delivered))).collect()
    }

    #[test]
    fn each_turn_has_what_was_delivered_of_it() {
        assert!(told(&evidence::<&str>(&[], &[])).is_empty(), "it has not ended one");
        assert_eq!(told(&evidence(&[(3, "one")], &[])), ["one/-"]);
        let cut =
            evidence(&[(3, "the first"), (6, "the second")], &[(4, "first"), (7, "the second")]);
        assert_eq!(told(&cut), ["the first/first", "the second/the second"]);
        let late = evidence(&[(3, "one"), (6, "two")], &[(8, "one"), (9, "two")]);
        assert_eq!(told(&late), ["one/one", "two/two"]);
        let before_the_hooks = evidence(&[(6, "two")], &[(4, "one"), (7, "two")]);
        assert_eq!(told(&before_the_hooks), ["one/one", "two/two"]);
        assert_eq!(told(&evidence(&[], &[(4, "one"), (7, "two")])), ["one/one", "two/two"]);
    }

    proptest! {
        /// What a hook told stands there, in order, and the last turn is how the execution ended.
        #[test]
        fn turns_are_those_that_were_told(
            said in proptest::collection::btree_map("[a-c]{1,3}", 1..60u8, 0..4),
            got in proptest::collection::btree_map("[a-c]{1,3}", 1..60u8, 0..4),
        ) {
            let pairs = |of: &'_ BTreeMap<String, u8>| -> Vec<(u8, String)> {
                of.iter().map(|(text, at)| (*at, text.clone())).collect()
            };
            let evidence = evidence(&pairs(&said), &pairs(&got));
            let ends = turns(&evidence);
            prop_assert!(ends.iter().map(|it| it.at).is_sorted());
            prop_assert!(ends.len() >= said.len());
            prop_assert!(ends.len() <= said.len() + got.len());
            let ending = settle::ending(&evidence);
            prop_assert_eq!(ends.last().map(|it| &it.message), ending.as_ref().map(|it| &it.message));
            for end in &ends[..ends.len().saturating_sub(1)] {
                prop_assert!(end.message >= end.delivered);
            }
        }
    }
}
