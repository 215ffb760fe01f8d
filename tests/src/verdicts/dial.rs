//! Kind `dial`: answers and attempts in virtual time, and what the dial race does about them.
//!
//! The world that a case describes is kept as a list of what is still to come. In one instant come first the answers,
//! together; then the results of attempts, one at a time; then a cancellation; then the race's own time.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use sessile_core::{Families, Family, Lookup, Race, RaceAction, RaceAttempt, RaceSettings, Tick};

use super::case::Case;
use super::{Damaged, Judged, Mismatch};

const PORT: u16 = 80;

/// No race of a case takes so many turns: one that does would never end.
const MOST_TURNS: usize = 1_000;

pub(super) fn judge(case: &Case) -> Result<Judged, Damaged> {
    let wanted = case.objects("expect")?;
    let wanted: Vec<_> = wanted.iter().map(Done::read).collect::<Result<_, _>>()?;
    let mut world = World::read(case)?;
    let mut race = Race::new(settings(case)?, tick(0));
    let mut turns = 0;
    while let Some(at) = world.next_instant(&race).filter(|_| turns < MOST_TURNS) {
        world.turn(&mut race, at)?;
        turns += 1;
    }
    let agrees = wanted == world.done;
    Ok((!agrees).then(|| Mismatch::new(case.value("expect"), format_args!("{:?}", world.done))))
}

/// What the race did, and when, in the words of the cases.
#[derive(PartialEq, Eq)]
struct Done {
    at: u64,
    word: String,
    /// An address, or why it is over.
    about: String,
}

impl Done {
    fn read(case: &Case) -> Result<Self, Damaged> {
        Ok(Self {
            at: case.number("t")?,
            word: case.text("do")?.to_owned(),
            about: match case.has("addr") {
                true => address(case.text("addr")?)?.ip().to_string(),
                false => case.text("why")?.to_owned(),
            },
        })
    }
}

impl fmt::Debug for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.at, self.word, self.about)
    }
}

/// What a lookup comes to, and when.
struct Answer {
    at: u64,
    family: Family,
    /// `None`: it fails.
    addresses: Option<Vec<SocketAddr>>,
}

/// What an attempt comes to, and when. Successes come before failures, and the older attempt before the younger.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Outcome {
    at: u64,
    fails: bool,
    attempt: RaceAttempt,
}

struct World {
    literal: Option<SocketAddr>,
    answers: Vec<Answer>,
    sockets: Case,
    outcomes: Vec<Outcome>,
    cancel_at: Option<u64>,
    keep_idle: bool,
    done: Vec<Done>,
}

impl World {
    fn read(case: &Case) -> Result<Self, Damaged> {
        let resolve = case.object("resolve")?;
        let literal = resolve.has("literal").then(|| resolve.text("literal"));
        Ok(Self {
            literal: literal.transpose()?.map(address).transpose()?,
            answers: answers(&resolve)?,
            sockets: case.object("sockets")?,
            outcomes: Vec::new(),
            cancel_at: case.number_or_none("cancel_at")?,
            keep_idle: case.object("config")?.flag("keep_idle")?,
            done: Vec::new(),
        })
    }

    /// When something comes next, if the race goes on and anything comes at all.
    fn next_instant(&self, race: &Race) -> Option<u64> {
        let literal = self.literal.map(|_| 0);
        let answers = self.answers.iter().map(|answer| answer.at);
        let outcomes = self.outcomes.iter().map(|outcome| outcome.at);
        let deadline = race.deadline().map(milliseconds);
        let all = answers.chain(outcomes).chain(literal);
        let next = all.chain(self.cancel_at).chain(deadline).min();
        next.filter(|_| !race.is_over())
    }

    fn turn(&mut self, race: &mut Race, at: u64) -> Result<(), Damaged> {
        if let Some(literal) = self.literal.take() {
            race.handle_resolved(tick(at), Lookup::Addresses(&[literal]));
        }
        self.tell_answers(race, at);
        self.obey(race, at)?;
        while let Some(outcome) = self.next_outcome(at) {
            match outcome.fails {
                false => race.handle_connected(tick(at), outcome.attempt),
                true => race.handle_failed(tick(at), outcome.attempt),
            }
            self.obey(race, at)?;
        }
        if self.cancel_at.take_if(|cancel| *cancel == at).is_some() {
            match self.keep_idle {
                true => race.disown(),
                false => race.abandon(),
            }
        }
        race.handle_deadline(tick(at));
        self.obey(race, at)
    }

    fn tell_answers(&mut self, race: &mut Race, at: u64) {
        let come: Vec<_> = self
            .answers
            .extract_if(.., |answer| answer.at == at)
            .collect();
        let lookups = come.iter().map(|answer| {
            let addresses = answer.addresses.as_deref();
            let lookup = addresses.map_or(Lookup::Failed, Lookup::Addresses);
            (answer.family, lookup)
        });
        race.handle_answers(tick(at), &lookups.collect::<Vec<_>>());
    }

    fn next_outcome(&mut self, at: u64) -> Option<Outcome> {
        let all = self.outcomes.iter().enumerate();
        let (place, first) = all.min_by_key(|(_, outcome)| *outcome)?;
        (first.at == at).then(|| self.outcomes.swap_remove(place))
    }

    /// Does what the race says, and writes it down.
    fn obey(&mut self, race: &mut Race, at: u64) -> Result<(), Damaged> {
        while let Some(action) = race.poll() {
            let (word, about) = match action {
                RaceAction::Dial { attempt, address } => {
                    self.dial(at, attempt, address)?;
                    ("dial", shown(race, attempt))
                }
                RaceAction::Close(attempt) => ("close", shown(race, attempt)),
                RaceAction::Won(attempt) => (won(race), shown(race, attempt)),
                RaceAction::Failed(why) => (failed(race), why.code().to_owned()),
            };
            let word = word.to_owned();
            self.done.push(Done { at, word, about });
        }
        Ok(())
    }

    /// What will come of this attempt; nothing if the case does not say.
    fn dial(&mut self, at: u64, attempt: RaceAttempt, to: SocketAddr) -> Result<(), Damaged> {
        let name = to.ip().to_string();
        if !self.sockets.has(&name) {
            return Ok(());
        }
        let socket = self.sockets.object(&name)?;
        let fails = match socket.text("result")? {
            "ok" => false,
            "refused" | "unreachable" => true,
            "never" => return Ok(()),
            other => return Err(Damaged::new(format_args!("`result` is {other}"))),
        };
        let at = at + socket.number("after")?;
        self.outcomes.push(Outcome { at, fails, attempt });
        Ok(())
    }
}

fn won(race: &Race) -> &'static str {
    match race.is_wanted() {
        true => "won",
        false => "idle",
    }
}

fn failed(race: &Race) -> &'static str {
    match race.is_wanted() {
        true => "fail",
        false => "end",
    }
}

fn shown(race: &Race, attempt: RaceAttempt) -> String {
    let address = race.address(attempt);
    address.map_or_else(String::new, |address| address.ip().to_string())
}

fn settings(case: &Case) -> Result<RaceSettings, Damaged> {
    let (config, resolve) = (case.object("config")?, case.object("resolve")?);
    let limit = |key| Ok(config.number_or_none(key)?.map(Duration::from_millis));
    let literal = resolve.has("literal");
    Ok(RaceSettings {
        attempt_delay: Duration::from_millis(config.number("attempt_delay")?),
        resolution_delay: Duration::from_millis(config.number("resolution_delay")?),
        connect_timeout: limit("connect_timeout")?,
        resolve_timeout: limit("resolve_timeout")?,
        prefer: match config.text("prefer")? {
            "v6" => Family::V6,
            "v4" => Family::V4,
            other => return Err(Damaged::new(format_args!("`prefer` is {other}"))),
        },
        asked: match (resolve.has("v6"), resolve.has("v4")) {
            (true, true) => Families::Both,
            (true, false) => Families::Only(Family::V6),
            (false, true) => Families::Only(Family::V4),
            (false, false) if literal => Families::Both,
            (false, false) => return Err(Damaged::new("nothing is resolved")),
        },
    })
}

/// The answers that come at all.
fn answers(resolve: &Case) -> Result<Vec<Answer>, Damaged> {
    let mut answers = Vec::new();
    for (key, family) in [("v6", Family::V6), ("v4", Family::V4)] {
        if !resolve.has(key) {
            continue;
        }
        let answer = resolve.object(key)?;
        let Some(at) = answer.number_or_none("at")? else {
            continue;
        };
        let texts = answer.texts("addrs")?;
        let addresses = texts
            .iter()
            .map(|text| address(text))
            .collect::<Result<_, _>>()?;
        answers.push(Answer {
            at,
            family,
            addresses: (!answer.has("error")).then_some(addresses),
        });
    }
    Ok(answers)
}

fn address(text: &str) -> Result<SocketAddr, Damaged> {
    let ip: IpAddr = text.parse().map_err(Damaged::new)?;
    Ok(SocketAddr::new(ip, PORT))
}

fn tick(milliseconds: u64) -> Tick {
    Tick::default().after(Duration::from_millis(milliseconds))
}

/// Rounded up: no race is told that its time has come when it has not.
fn milliseconds(tick: Tick) -> u64 {
    tick.as_nanos().div_ceil(1_000_000)
}
