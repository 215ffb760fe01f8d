//! What is measured: every contender with every response. And how many instructions ours may take.

use crate::messages::Answer;
use crate::{ours, peers};

/// One exchange, set up, to be repeated.
pub(crate) type Exchange = Box<dyn FnMut()>;

/// Whose exchange it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Warm, it must not allocate.
    Ours,
    /// It keeps cookies, for which it may allocate.
    Keeping,
    /// To compare with.
    Peer,
}

type Contender = (&'static str, Side, fn(Answer) -> Exchange);

const CONTENDERS: [Contender; 6] = [
    ("connection", Side::Ours, ours::bare),
    ("engine", Side::Ours, ours::in_place),
    ("engine taken", Side::Ours, ours::taken),
    (HYPER, Side::Peer, peers::hyper),
    (UREQ_PROTO, Side::Peer, peers::ureq_proto),
    ("httparse", Side::Peer, peers::parse_alone),
];

/// The contenders that the others of their group are compared with.
pub(crate) const HYPER: &str = "hyper";
pub(crate) const UREQ_PROTO: &str = "ureq-proto";

type Response = (&'static str, fn() -> Answer);

const RESPONSES: [Response; 4] = [
    ("small", Answer::small),
    ("20 fields", Answer::twenty_fields),
    ("64 KiB in 1 KiB chunks", || Answer::chunked(1024)),
    ("64 KiB in 8 KiB chunks", || Answer::chunked(8 * 1024)),
];

/// The most instructions that one warm exchange may take.
const BOUNDS: [(&str, u64); 5] = [
    ("connection small", 3_000),
    ("connection 20 fields", 7_500),
    // What it needs since it may go over TLS, and a little more; the aim is 5,000.
    ("engine small", 5_100),
    ("engine 20 fields", 11_000),
    // Two cookies are set and two are sent; what it needs today and a little more.
    ("engine, cookies kept, 20 fields", 17_000),
];

/// One contender with one response.
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) contender: &'static str,
    pub(crate) side: Side,
    /// In instructions.
    pub(crate) bound: Option<u64>,
    answer: fn() -> Answer,
    set_up: fn(Answer) -> Exchange,
}

impl Scenario {
    fn new(contender: Contender, response: Response) -> Self {
        let ((contender, side, set_up), (response, answer)) = (contender, response);
        let name = format!("{contender} {response}");
        let bound = BOUNDS.iter().find(|(bounded, _)| *bounded == name);
        Self {
            bound: bound.map(|&(_, bound)| bound),
            name,
            contender,
            side,
            answer,
            set_up,
        }
    }

    /// Everything that is there before the first exchange.
    pub(crate) fn set_up(&self) -> Exchange {
        (self.set_up)((self.answer)())
    }
}

/// The contenders with one response.
pub(crate) struct Group {
    pub(crate) response: &'static str,
    pub(crate) scenarios: Vec<Scenario>,
}

impl Group {
    fn new(response: Response) -> Self {
        Self {
            response: response.0,
            scenarios: CONTENDERS
                .map(|contender| Scenario::new(contender, response))
                .into(),
        }
    }
}

/// The scenarios whose names contain the filter; no group is empty.
pub(crate) fn groups(filter: &str) -> Vec<Group> {
    let mut groups = RESPONSES.map(Group::new);
    // The same whatever the response: it stands in the first group alone.
    let request = ("http::Request alone", Side::Peer, peers::request_alone as _);
    let request = Scenario::new(request, RESPONSES[0]);
    groups[0].scenarios.push(request);
    // The others of their group keep no cookies, and two are set in each of its responses.
    let keeping = ("engine, cookies kept,", Side::Keeping, ours::keeping as _);
    let keeping = Scenario::new(keeping, RESPONSES[1]);
    groups[1].scenarios.push(keeping);
    check_bounds(&groups);
    for group in &mut groups {
        group
            .scenarios
            .retain(|scenario| scenario.name.contains(filter));
    }
    groups
        .into_iter()
        .filter(|group| !group.scenarios.is_empty())
        .collect()
}

/// The scenarios whose names contain the filter, without their groups.
pub(crate) fn scenarios(filter: &str) -> Vec<Scenario> {
    groups(filter)
        .into_iter()
        .flat_map(|group| group.scenarios)
        .collect()
}

/// A bound whose scenario was renamed would bound nothing.
fn check_bounds(groups: &[Group]) {
    let scenarios = groups.iter().flat_map(|group| &group.scenarios);
    let bounded = scenarios.filter(|scenario| scenario.bound.is_some());
    assert_eq!(bounded.count(), BOUNDS.len(), "each bound names a scenario");
}
