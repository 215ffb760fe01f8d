//! Our reading of a response beside that of others: every difference is one that is explained, or a finding.

use sessile_core::{Failure, Method, PeerViolation, Scratch, Version};

use crate::delivery::Delivery;
use crate::differences::DIFFERENCES;
use crate::exchange::{Outcome, run};
use crate::oracles::{Message, Oracle, Reading};
use crate::scenario::Scenario;
use crate::trace::Ending;
use crate::tree;

/// In which way two readings differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// We take what the other refuses.
    Laxer,
    /// We refuse what the other takes.
    Stricter,
    /// Both take it, or one of them still waits, and they do not mean the same: the class of desynchronisation.
    Other,
}

/// One scenario, read by us and by another.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    pub(crate) scenario: &'a Scenario<'a>,
    pub(crate) ours: &'a Outcome,
    pub(crate) theirs: &'a Reading,
}

/// Asserts, for any octets from a peer:
///
/// 1. a response drawn of good leaves is read as what it is;
/// 2. where `httparse` (heads), `hyper` or `ureq-proto` read the same octets differently, the difference is one that
///    `differences.rs` explains.
///
/// # Panics
/// If one of these does not hold.
pub fn differential(input: &[u8]) {
    let drawn = tree::expand(input);
    let Some(scenario) = Scenario::read(&drawn.plain) else {
        return;
    };
    let scenario = scenario.plain();
    let ours = run(&scenario, Delivery::WHOLE, &mut Scratch::default());
    drawn.judge(&ours.trace);
    for oracle in Oracle::ALL {
        let theirs = oracle.read(&scenario);
        let case = Case {
            scenario: &scenario,
            ours: &ours,
            theirs: &theirs,
        };
        if let Some(class) = case.class(oracle) {
            case.explain(oracle, class);
        }
    }
}

impl Case<'_> {
    /// How we and the other differ, if we do.
    fn class(&self, oracle: Oracle) -> Option<Class> {
        let ending = match oracle {
            // It reads heads: whoever has told the head has taken it.
            Oracle::Httparse if self.ours.trace.head.is_some() => Ending::Complete,
            _ => self.ours.trace.ending,
        };
        match (ending, self.theirs) {
            (Ending::Complete, Reading::Complete(theirs)) => self.differs(oracle, theirs),
            (Ending::Complete | Ending::Waiting, Reading::Refused(_)) => Some(Class::Laxer),
            (Ending::Failed(_), Reading::Complete(_)) => Some(Class::Stricter),
            (Ending::Complete, Reading::Waiting) | (Ending::Waiting, Reading::Complete(_)) => {
                Some(Class::Other)
            }
            (Ending::Switched, _) => panic!("no request of ours offers to switch"),
            // To refuse early is no difference.
            (Ending::Failed(_), Reading::Refused(_) | Reading::Waiting)
            | (Ending::Waiting, Reading::Waiting) => None,
        }
    }

    fn differs(&self, oracle: Oracle, theirs: &Message) -> Option<Class> {
        let ours = Message::ours(&self.ours.trace).expect("a head was told");
        let heads = ours.status == theirs.status && ours.lines == theirs.lines;
        // To close more often than others do is no desynchronisation.
        let content = ours.content == theirs.content && (theirs.reusable || !ours.reusable);
        let same = heads && (content || oracle == Oracle::Httparse);
        (!same).then_some(Class::Other)
    }

    /// Whether we refused for one of these reasons.
    pub(crate) fn violated(&self, codes: &[&str]) -> bool {
        self.violation()
            .is_some_and(|violation| codes.contains(&violation.code()))
    }

    /// Whether the final head is of HTTP/1.0.
    pub(crate) fn is_old(&self) -> bool {
        let head = self.ours.trace.head.as_ref();
        head.is_some_and(|head| head.version == Version::HTTP_10)
    }

    /// Whether the final head has a transfer coding.
    pub(crate) fn is_chunked(&self) -> bool {
        let head = self.ours.trace.head.as_ref();
        head.is_some_and(|head| head.lines.values("transfer-encoding").next().is_some())
    }

    /// Whether the list in this field has a member that is empty.
    pub(crate) fn has_empty_member(&self, name: &str) -> bool {
        let head = self.ours.trace.head.as_ref();
        head.is_some_and(|head| {
            let mut values = head.lines.values(name);
            values.any(|value| {
                let mut members = value.split(|&octet| octet == b',');
                members.any(|member| member.trim_ascii().is_empty())
            })
        })
    }

    /// Whether the response has no content whatever its fields say.
    pub(crate) fn is_bodiless(&self) -> bool {
        let head = self.ours.trace.head.as_ref();
        self.scenario.method == Method::HEAD
            || head.is_some_and(|head| matches!(head.status, 204 | 304))
    }

    /// The violation that made us refuse.
    pub(crate) fn violation(&self) -> Option<PeerViolation> {
        match self.ours.trace.ending {
            Ending::Failed(Failure::Violation(violation)) => Some(violation),
            _ => None,
        }
    }

    fn explain(&self, oracle: Oracle, class: Class) {
        let explained = DIFFERENCES.iter().any(|known| {
            known.class == class && known.oracles.contains(&oracle) && (known.is)(self)
        });
        assert!(
            explained,
            "{oracle}: {class:?}, {:?}\n{} {:?} \"{}\"\nours {:#?}\ntheirs {:#?}",
            self.violation().map(PeerViolation::code),
            self.scenario.method,
            self.scenario.end,
            self.scenario.octets.escape_ascii(),
            self.ours.trace,
            self.theirs
        );
    }
}
