//! The dial race under inputs by chance: too early, too late, twice, for attempts of another race, after the end.
//!
//! What must hold whatever happens: one last word; every attempt that was begun has one end; nothing is dialled after the
//! end, nothing twice, and nothing beyond the bound; whoever only waits for `deadline()` gets to the end.

use std::net::SocketAddr;
use std::time::Duration;

use sessile_core::{
    Families, Family, Lookup, Race, RaceAction, RaceAttempt, RaceFailure, RaceSettings, Tick,
};
use sessile_tests::network::Chance;

const RACES: u64 = 20_000;

/// What has become of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Running,
    Won,
    Failed,
    Closed,
}

/// A race, and what its driver has seen of it.
struct Driver {
    race: Race,
    chance: Chance,
    now: Tick,
    settings: RaceSettings,
    /// It does what the race wants after each input, as it is told to; others sometimes forget.
    attentive: bool,
    dialled: Vec<(SocketAddr, Fate)>,
    last_word: Option<RaceAction>,
}

impl Driver {
    fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let now = milliseconds(chance.up_to(1_000));
        let settings = settings(&mut chance);
        Self {
            race: Race::new(settings.clone(), now),
            attentive: chance.up_to(2) == 1,
            chance,
            now,
            settings,
            dialled: Vec::new(),
            last_word: None,
        }
    }

    /// Does what the race wants, and finds fault with it.
    fn obey(&mut self) {
        while let Some(action) = self.race.poll() {
            match action {
                RaceAction::Dial { attempt, address } => self.dial(attempt, address),
                RaceAction::Close(attempt) => {
                    assert!(self.race.is_over(), "nothing is closed in the middle");
                    self.end_attempt(attempt, Fate::Closed);
                }
                RaceAction::Won(attempt) => {
                    self.end_attempt(attempt, Fate::Won);
                    self.say(action);
                }
                RaceAction::Failed(why) => {
                    assert!(!self.runs_any(), "closed first: {why:?}");
                    self.check_failure(why);
                    self.say(action);
                }
            }
        }
        assert_eq!(self.race.is_over(), self.last_word.is_some());
        if self.race.is_over() {
            assert_eq!(self.race.deadline(), None);
            assert!(!self.runs_any(), "{:?}", self.dialled);
        }
    }

    fn dial(&mut self, attempt: RaceAttempt, address: SocketAddr) {
        assert!(!self.race.is_over(), "dialled after the end");
        assert_eq!(attempt.index(), self.dialled.len());
        assert_eq!(self.race.address(attempt), Some(address));
        let family = Family::of(&address);
        assert!(
            self.settings.asked == Families::Both || self.settings.asked == Families::Only(family)
        );
        let like = self
            .dialled
            .iter()
            .filter(|(known, _)| Family::of(known) == family);
        let like: Vec<_> = like.map(|(known, _)| *known).collect();
        assert!(
            like.len() < 16 && !like.contains(&address),
            "{address} after {like:?}"
        );
        self.dialled.push((address, Fate::Running));
    }

    fn end_attempt(&mut self, attempt: RaceAttempt, fate: Fate) {
        let before = &mut self.dialled[attempt.index()].1;
        assert_eq!(*before, Fate::Running, "{attempt:?} is to be {fate:?}");
        *before = fate;
    }

    fn say(&mut self, word: RaceAction) {
        assert_eq!(self.last_word, None, "and now {word:?}");
        self.last_word = Some(word);
    }

    fn check_failure(&self, why: RaceFailure) {
        let any = !self.dialled.is_empty();
        let all_failed = self.dialled.iter().all(|(_, fate)| *fate == Fate::Failed);
        match why {
            RaceFailure::AllRefused => {
                assert!(any && all_failed && self.race.last_failed().is_some());
            }
            RaceFailure::ConnectTimeout => {
                // A dial that nobody has heard of is called off without a word.
                assert!(any || !self.attentive);
                assert!(self.settings.connect_timeout.is_some());
            }

            RaceFailure::ResolveTimeout => assert!(!any && self.settings.resolve_timeout.is_some()),
            RaceFailure::Canceled => assert!(!self.race.is_wanted()),
            _ => assert!(!any),
        }
    }

    fn runs_any(&self) -> bool {
        self.dialled.iter().any(|(_, fate)| *fate == Fate::Running)
    }

    /// One input.
    fn call(&mut self, others: &[RaceAttempt]) {
        if self.chance.up_to(2) == 1 {
            self.now = self
                .now
                .after(Duration::from_millis(self.chance.up_to(120) as u64));
        }
        let now = self.now;
        let attempt = others[self.chance.up_to(others.len()) - 1];
        let was_running = self
            .dialled
            .get(attempt.index())
            .is_some_and(|tried| tried.1 == Fate::Running);
        let was_over = self.race.is_over();
        match self.chance.up_to(40) {
            1..=4 => self.answer(Family::V6),
            5..=8 => self.answer(Family::V4),
            9 => {
                let addresses = addresses(&mut self.chance);
                self.race
                    .handle_resolved(now, Lookup::Addresses(&addresses));
            }
            10 => self.race.handle_resolved(now, Lookup::Failed),
            11 => self.race.handle_answers(now, &[]),
            12 | 13 => self.race.handle_connected(now, attempt),
            14..=24 => {
                self.race.handle_failed(now, attempt);
                if was_running && !was_over {
                    self.end_attempt(attempt, Fate::Failed);
                    assert_eq!(self.race.last_failed(), Some(attempt));
                }
            }
            25 => self.race.disown(),
            26 if self.chance.up_to(4) == 1 => self.race.abandon(),
            _ => self.race.handle_deadline(now),
        }
    }

    fn answer(&mut self, family: Family) {
        let addresses = addresses(&mut self.chance);
        let answer = match self.chance.up_to(4) {
            1 => Lookup::Failed,
            _ => Lookup::Addresses(&addresses),
        };
        self.race.handle_answer(self.now, family, answer);
    }

    /// Too early, a deadline does nothing; then the race ends by its deadlines alone, if it has both limits.
    fn wait_to_the_end(&mut self) {
        for _ in 0..200 {
            let Some(deadline) = self.race.deadline() else {
                break;
            };
            if self.now < deadline {
                self.race.handle_deadline(self.now);
                assert_eq!(self.race.poll(), None, "it is not time");
                assert_eq!(self.race.deadline(), Some(deadline));
            }
            self.now = self.now.max(deadline);
            self.race.handle_deadline(self.now);
            self.obey();
        }
        let limited =
            self.settings.connect_timeout.is_some() && self.settings.resolve_timeout.is_some();
        assert!(self.race.is_over() || !limited, "{:?}", self.race);
        assert_eq!(self.race.deadline(), None, "it names times for ever");
    }
}

fn settings(chance: &mut Chance) -> RaceSettings {
    let delay = |chance: &mut Chance| Duration::from_millis([0, 1, 50, 250][chance.up_to(4) - 1]);
    let limit = |chance: &mut Chance| [None, Some(0), Some(300), Some(5_000)][chance.up_to(4) - 1];
    RaceSettings {
        attempt_delay: delay(chance),
        resolution_delay: delay(chance),
        connect_timeout: limit(chance).map(Duration::from_millis),
        resolve_timeout: limit(chance).map(Duration::from_millis),
        prefer: [Family::V6, Family::V4][chance.up_to(2) - 1],
        asked: match chance.up_to(6) {
            1 => Families::Only(Family::V6),
            2 => Families::Only(Family::V4),
            _ => Families::Both,
        },
    }
}

/// A few addresses or many, of either family, some of them twice.
fn addresses(chance: &mut Chance) -> Vec<SocketAddr> {
    let count = [0, 1, 2, 5, 40][chance.up_to(5) - 1];
    let address = |_| {
        let last = u8::try_from(chance.up_to(30)).expect("small");
        match chance.up_to(2) {
            1 => SocketAddr::from(([192, 0, 2, last], 80)),
            _ => SocketAddr::from(([0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::from(last)], 80)),
        }
    };
    (0..count).map(address).collect()
}

fn milliseconds(count: usize) -> Tick {
    Tick::default().after(Duration::from_millis(count as u64))
}

/// As many attempts as a race can have, and so some that others do not have.
fn attempts() -> Vec<RaceAttempt> {
    let settings = RaceSettings {
        attempt_delay: Duration::ZERO,
        ..RaceSettings::default()
    };
    let mut race = Race::new(settings, Tick::default());
    let v4 = (0..100).map(|last| SocketAddr::from(([192, 0, 2, last], 80)));
    let v6 = (0..100).map(|last| SocketAddr::from(([0x2001, 0xdb8, 0, 0, 0, 0, 0, last], 80)));
    let all: Vec<_> = v4.chain(v6).collect();
    race.handle_resolved(Tick::default(), Lookup::Addresses(&all));
    let mut attempts = Vec::new();
    while let Some(RaceAction::Dial { attempt, .. }) = race.poll() {
        attempts.push(attempt);
        race.handle_deadline(Tick::default());
    }
    attempts
}

#[test]
fn whatever_comes_a_race_has_one_last_word_and_every_attempt_one_end() {
    let attempts = attempts();
    assert_eq!(attempts.len(), 32, "sixteen of each family");
    let mut words = Vec::new();
    for seed in 0..RACES {
        let mut driver = Driver::new(seed);
        for _ in 0..driver.chance.up_to(60) {
            // Most inputs are about the first attempts, which most races have.
            let among = [2, 6, attempts.len()][driver.chance.up_to(3) - 1];
            driver.call(&attempts[..among]);
            if driver.attentive || driver.chance.up_to(4) > 1 {
                driver.obey();
            }
        }
        driver.obey();
        driver.wait_to_the_end();
        words.extend(driver.last_word.map(word));
    }
    // Chance has been everywhere.
    words.sort_unstable();
    let all = [
        "all-refused",
        "canceled",
        "no-address",
        "resolve",
        "resolve-timeout",
        "timeout",
        "won",
    ];
    let seen: Vec<_> = words
        .chunk_by(|a, b| a == b)
        .map(|same| (same[0], same.len()))
        .collect();
    println!("{seen:?}");
    assert!(seen.iter().map(|(word, _)| *word).eq(all));
    assert!(seen.iter().all(|(_, times)| *times > 100));
}

fn word(word: RaceAction) -> &'static str {
    match word {
        RaceAction::Failed(why) => why.code(),
        _ => "won",
    }
}
