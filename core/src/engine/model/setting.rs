//! What a world consists of: its requests, its limits, its limits of time.

use core::time::Duration;
use std::sync::Arc;

use http::Method;
use url::Url;

use crate::policy::{RedirectPolicy, Retry};
use crate::pool::{PoolLimits, WhenFull};
use crate::session::{Config, Content, Draft, ExpectContinue, Request, Timeouts};

/// Who moves the octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    InPlace,
    Taken,
}

/// Whom a request asks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Whom {
    Address,
    /// A name that is to be resolved first. It has two addresses.
    Name,
}

/// What a request is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Get,
    /// Content in memory, which a 100 is awaited for.
    Post,
    /// Content of four octets that is pushed.
    Stream,
    /// An offer to speak another protocol.
    Upgrade,
}

/// One small world.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    pub(super) name: &'static str,
    pub(super) requests: &'static [(Kind, Whom)],
    pub(super) live_per_origin: Option<usize>,
    pub(super) live_total: Option<usize>,
    pub(super) idle_per_origin: usize,
    pub(super) idle_total: usize,
    /// How long a request waits at a limit.
    pub(super) pool_wait: Duration,
    /// What becomes of a request that meets a limit.
    pub(super) when_full: WhenFull,
    /// How long a connection serves.
    pub(super) lifetime: Option<Duration>,
    /// How often a request is retried; the first time at once, the second after a while.
    pub(super) retries: u32,
    /// How many redirects of a request are followed; with none, nobody redirects.
    pub(super) redirects: u32,
    /// Each request's time, if it is limited as a whole.
    pub(super) deadline: Option<Duration>,
}

const FREE: Setting = Setting {
    name: "no limits",
    requests: &[(Kind::Get, Whom::Address), (Kind::Stream, Whom::Address)],
    live_per_origin: None,
    live_total: None,
    idle_per_origin: 10,
    idle_total: 100,
    pool_wait: Duration::from_secs(30),
    when_full: WhenFull::Wait,
    lifetime: None,
    retries: 0,
    redirects: 0,
    deadline: None,
};

/// The host of requests that ask a name.
pub(super) const NAME: &str = "name.example";

/// The worlds that are tried. A session's new setting (retries, what a full pool does) is one more line here.
pub(super) const SETTINGS: &[Setting] = &[
    FREE,
    Setting {
        name: "one connection to an origin",
        requests: &[
            (Kind::Get, Whom::Address),
            (Kind::Post, Whom::Address),
            (Kind::Get, Whom::Address),
        ],
        live_per_origin: Some(1),
        ..FREE
    },
    Setting {
        name: "one connection in all, two origins",
        requests: &[
            (Kind::Get, Whom::Address),
            (Kind::Get, Whom::Name),
            (Kind::Get, Whom::Address),
        ],
        live_total: Some(1),
        ..FREE
    },
    Setting {
        name: "two in all, one to an origin, a name",
        requests: &[
            (Kind::Get, Whom::Name),
            (Kind::Get, Whom::Name),
            (Kind::Post, Whom::Address),
        ],
        live_per_origin: Some(1),
        live_total: Some(2),
        ..FREE
    },
    Setting {
        name: "none kept",
        requests: &[(Kind::Stream, Whom::Address), (Kind::Get, Whom::Address)],
        live_per_origin: Some(1),
        idle_per_origin: 0,
        ..FREE
    },
    Setting {
        name: "another protocol",
        requests: &[(Kind::Upgrade, Whom::Address), (Kind::Get, Whom::Address)],
        live_per_origin: Some(1),
        ..FREE
    },
    Setting {
        name: "one kept in all, two origins",
        requests: &[(Kind::Get, Whom::Address), (Kind::Get, Whom::Name)],
        idle_total: 1,
        ..FREE
    },
    Setting {
        // A limit of the pool's may not strike one who waits for a dial, however slow that is.
        name: "a second in the queue, one connection",
        requests: &[
            (Kind::Get, Whom::Name),
            (Kind::Get, Whom::Name),
            (Kind::Get, Whom::Address),
        ],
        live_per_origin: Some(1),
        pool_wait: Duration::from_secs(1),
        ..FREE
    },
    Setting {
        name: "two retries, one connection",
        requests: &[
            (Kind::Get, Whom::Address),
            (Kind::Get, Whom::Name),
            (Kind::Get, Whom::Address),
        ],
        live_total: Some(1),
        retries: 2,
        ..FREE
    },
    Setting {
        name: "two retries",
        requests: &[(Kind::Get, Whom::Address), (Kind::Get, Whom::Address)],
        retries: 2,
        ..FREE
    },
    Setting {
        name: "two retries in five seconds",
        requests: &[(Kind::Get, Whom::Address), (Kind::Post, Whom::Address)],
        retries: 2,
        deadline: Some(Duration::from_secs(5)),
        ..FREE
    },
    Setting {
        name: "nobody waits, one retry",
        requests: &[(Kind::Get, Whom::Address), (Kind::Get, Whom::Address)],
        live_per_origin: Some(1),
        when_full: WhenFull::Fail,
        retries: 1,
        ..FREE
    },
    Setting {
        name: "one redirect, one connection",
        requests: &[(Kind::Post, Whom::Address), (Kind::Get, Whom::Name)],
        live_total: Some(1),
        redirects: 1,
        ..FREE
    },
    Setting {
        name: "one redirect, one retry, content that is pushed",
        requests: &[(Kind::Stream, Whom::Address), (Kind::Get, Whom::Address)],
        live_per_origin: Some(1),
        retries: 1,
        redirects: 1,
        ..FREE
    },
    Setting {
        name: "worn out in two seconds",
        requests: &[(Kind::Get, Whom::Address), (Kind::Get, Whom::Address)],
        live_per_origin: Some(1),
        lifetime: Some(Duration::from_secs(2)),
        ..FREE
    },
    Setting {
        name: "all in five seconds, one connection",
        requests: &[(Kind::Post, Whom::Name), (Kind::Get, Whom::Name)],
        live_per_origin: Some(1),
        deadline: Some(Duration::from_secs(5)),
        ..FREE
    },
    Setting {
        name: "all in five seconds, no limits",
        requests: &[(Kind::Stream, Whom::Address), (Kind::Get, Whom::Address)],
        deadline: Some(Duration::from_secs(5)),
        ..FREE
    },
];

/// One small world in one style, with its requests made.
pub(super) struct Model {
    pub(super) setting: &'static Setting,
    pub(super) style: Style,
    pub(super) requests: Vec<Arc<Request>>,
}

impl Model {
    pub(super) fn new(setting: &'static Setting, style: Style) -> Self {
        let places = 0..setting.requests.len();
        let requests = places.map(|place| Arc::new(setting.request(place)));
        Self {
            setting,
            style,
            requests: requests.collect(),
        }
    }
}

impl Setting {
    pub(super) fn config(&self) -> Config {
        Config {
            pool: PoolLimits {
                live_per_origin: self.live_per_origin,
                live_total: self.live_total,
                idle_per_origin: self.idle_per_origin,
                idle_total: self.idle_total,
                when_full: self.when_full,
                lifetime: self.lifetime,
                ..PoolLimits::default()
            },
            retry: (self.retries > 0).then(|| Retry {
                statuses: vec![503],
                backoff_factor: Duration::from_secs(1),
                ..Retry::new(self.retries)
            }),
            redirects: (self.redirects > 0).then(|| RedirectPolicy {
                max: self.redirects,
                ..RedirectPolicy::default()
            }),
            timeouts: Timeouts {
                pool_wait: Some(self.pool_wait),
                send: Some(Duration::from_secs(20)),
                deadline: self.deadline,
                ..Timeouts::default()
            },
            ..Config::default()
        }
    }

    fn request(&self, place: usize) -> Request {
        let (kind, whom) = self.requests[place];
        let url = match whom {
            Whom::Address => "http://192.0.2.1/".to_owned(),
            Whom::Name => format!("http://{NAME}/"),
        };
        let method = match kind {
            Kind::Get | Kind::Upgrade => Method::GET,
            Kind::Post | Kind::Stream => Method::POST,
        };
        let mut draft = Draft::new(method, Url::parse(&url).expect("a URL"));
        match kind {
            Kind::Get => {}
            Kind::Post => {
                draft.content = Content::Bytes("memory".into());
                draft.expect = Some(ExpectContinue::Always);
            }
            Kind::Stream => draft.content = Content::Stream { length: Some(4) },
            Kind::Upgrade => draft.fields.append("Upgrade", "any").expect("valid"),
        }
        draft.check().expect("a request")
    }

    /// Whether a request's content is pushed.
    pub(super) fn is_pushed(&self, place: usize) -> bool {
        matches!(self.requests[place].0, Kind::Stream)
    }
}
