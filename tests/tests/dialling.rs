//! Names and dials, where the network decides what comes of them: what no socket can be made to do on command.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use sessile_core::{Config, Error, Progress, Request, RequestBuilder, Stage};
use sessile_tests::memory::{InPlace, Memory, Style, Taken};
use sessile_tests::network::{Conditions, Dial, Resolution};
use sessile_tests::origin::{Act, Scripted, response};
use sessile_tests::world::{Served, World};

const LIMIT: Duration = Duration::from_millis(50);

/// A world with a site at 10.0.0.1, which says "here".
fn world<S: Style>() -> (Memory<S>, Served) {
    let mut world = Memory::<S>::new(Conditions::calm());
    let answer = || vec![Act::Send(response(200, &[], b"here"))];
    let served = world.serve(Arc::new(Scripted::new(move |_| answer())));
    (world, served)
}

fn site() -> IpAddr {
    [10, 0, 0, 1].into()
}

fn ask() -> Request {
    let request = RequestBuilder::new("GET", "http://site.test/").build();
    request.expect("a request")
}

fn answer_after<S: Style>(world: &Memory<S>, after: Duration, addresses: &[IpAddr]) {
    let answer = Resolution::Addresses(addresses.to_vec());
    world.network().set_name("site.test", after, answer);
}

fn failed<S: Style>(world: &mut Memory<S>) -> Error {
    let error = world.send(ask()).expect_err("an error");
    assert_eq!(error.progress(), Progress::NotSent);
    let pool = world.pool();
    assert!(pool.origins.is_empty() && pool.requests == 0, "{pool:?}");
    error
}

/// Defines a test for each style.
macro_rules! in_both_styles {
    ($($scenario:ident),* $(,)?) => {$(
        mod $scenario {
            use super::{InPlace, Taken};

            #[test]
            fn in_place() {
                super::scenario::$scenario::<InPlace>();
            }

            #[test]
            fn taken() {
                super::scenario::$scenario::<Taken>();
            }
        }
    )*};
}

in_both_styles![
    a_refused_address_is_not_the_last,
    a_name_without_addresses_is_told,
    a_silent_resolver_is_not_waited_for,
    an_answer_after_its_time_is_ignored,
    an_answer_after_its_request_makes_an_idle_connection,
    a_dial_after_its_request_makes_an_idle_connection,
    a_dial_after_its_time_is_nobodys,
    the_answer_under_way_serves_the_next,
    a_silent_address_has_a_rival,
    of_two_that_connect_at_once_one_is_closed,
    a_name_is_remembered_as_long_as_it_is_said,
    from_one_family_nothing_of_the_other_is_dialled,
];

mod scenario {
    use super::*;

    /// Given two addresses of which the first refuses, then the second is asked, on the first connection that stands.
    pub(super) fn a_refused_address_is_not_the_last<S: Style>() {
        let (mut world, served) = world::<S>();
        answer_after(&world, Duration::ZERO, &[[10, 0, 0, 9].into(), site()]);
        let reply = world.send(ask()).expect("an answer");
        assert_eq!((reply.text(), reply.connection.number), ("here", 1));
        assert_eq!((served.opened(), world.pool().counters.opened), (1, 1));
    }

    pub(super) fn a_name_without_addresses_is_told<S: Style>() {
        let (mut world, _served) = world::<S>();
        answer_after(&world, Duration::ZERO, &[]);
        assert!(failed(&mut world).is_dns());
        let words = Resolution::Error("the moon is full".into());
        world.network().set_name("site.test", LIMIT, words);
        let error = failed(&mut world);
        assert!(error.is_dns() && error.to_string().contains("the moon is full"));
    }

    pub(super) fn a_silent_resolver_is_not_waited_for<S: Style>() {
        let (mut world, _served) = world::<S>();
        let mut config = Config::default();
        config.timeouts.resolve = Some(LIMIT);
        world.configure(config);
        world
            .network()
            .set_name("site.test", Duration::ZERO, Resolution::Never);
        let begun = world.network().now().tick;
        let error = failed(&mut world);
        assert_eq!((error.is_timeout(), error.stage()), (true, Stage::Resolve));
        assert!(error.is_dns() && !error.is_connect());
        assert_eq!(world.network().now().tick.since(begun), LIMIT);
    }

    /// Given an answer that comes when its time is over, then nothing is dialled, not even for the next request, which
    /// has a question of its own.
    pub(super) fn an_answer_after_its_time_is_ignored<S: Style>() {
        let (mut world, served) = world::<S>();
        let mut config = Config::default();
        config.timeouts.resolve = Some(LIMIT);
        world.configure(config);
        answer_after(&world, 3 * LIMIT / 2, &[site()]);
        for _ in 0..2 {
            assert_eq!(failed(&mut world).stage(), Stage::Resolve);
        }
        world.pass(2 * LIMIT);
        assert_eq!((served.opened(), world.pool().counters.opened), (0, 0));
        answer_after(&world, Duration::ZERO, &[site()]);
        assert_eq!(world.send(ask()).expect("an answer").text(), "here");
    }

    /// Given a request that is given up while its name is resolved, then the connection is made all the same, and is
    /// the next request's.
    pub(super) fn an_answer_after_its_request_makes_an_idle_connection<S: Style>() {
        let (mut world, served) = world::<S>();
        answer_after(&world, 2 * LIMIT, &[site()]);
        world.send_and_cancel(ask(), LIMIT);
        assert_eq!(world.pool().requests, 0);
        world.pass(2 * LIMIT);
        is_idle_for_the_next(&mut world, &served);
    }

    /// The same while the connection is dialled.
    pub(super) fn a_dial_after_its_request_makes_an_idle_connection<S: Style>() {
        let (mut world, served) = world::<S>();
        answer_after(&world, Duration::ZERO, &[site()]);
        let address = SocketAddr::new(site(), 80);
        world.network().set_dial(address, Dial::Connect(2 * LIMIT));
        world.send_and_cancel(ask(), LIMIT);
        let pool = world.pool();
        assert_eq!((pool.requests, pool.origins[0].dialling), (0, 1));
        world.pass(2 * LIMIT);
        is_idle_for_the_next(&mut world, &served);
    }

    fn is_idle_for_the_next<S: Style>(world: &mut Memory<S>, served: &Served) {
        let pool = world.pool();
        assert_eq!((pool.requests, pool.counters.opened), (0, 1));
        assert_eq!((pool.origins[0].idle, pool.origins[0].busy), (1, 0));
        let reply = world.send(ask()).expect("an answer");
        assert_eq!((reply.connection.number, reply.connection.served), (1, 0));
        assert_eq!(served.opened(), 1);
    }

    /// Given a dial that would connect when its time is over, then its transport was closed before.
    pub(super) fn a_dial_after_its_time_is_nobodys<S: Style>() {
        let (mut world, served) = world::<S>();
        let mut config = Config::default();
        config.timeouts.connect = Some(LIMIT);
        world.configure(config);
        answer_after(&world, Duration::ZERO, &[site()]);
        let address = SocketAddr::new(site(), 80);
        world.network().set_dial(address, Dial::Connect(2 * LIMIT));
        let error = failed(&mut world);
        assert_eq!((error.is_timeout(), error.stage()), (true, Stage::Connect));
        world.pass(2 * LIMIT);
        assert_eq!((served.opened(), world.pool().counters.opened), (0, 0));
    }

    /// Given a request that is given up while its name is resolved, then the next one has no question of its own: the
    /// answer that is under way serves it.
    pub(super) fn the_answer_under_way_serves_the_next<S: Style>() {
        let (mut world, served) = world::<S>();
        let mut config = Config::default();
        config.pool.live_per_origin = Some(1);
        world.configure(config);
        answer_after(&world, 2 * LIMIT, &[site()]);
        world.send_and_cancel(ask(), LIMIT);
        let begun = world.network().now().tick;
        let reply = world.send(ask()).expect("an answer");
        assert_eq!((reply.connection.number, served.opened()), (1, 1));
        assert_eq!(world.network().now().tick.since(begun), LIMIT);
    }

    /// Given an address that does not answer, then the next one is dialled beside it after 250 ms (RFC 8305 §5), and wins.
    pub(super) fn a_silent_address_has_a_rival<S: Style>() {
        let (mut world, served) = world::<S>();
        let silent = IpAddr::from([10, 0, 0, 9]);
        world
            .network()
            .set_dial(SocketAddr::new(silent, 80), Dial::Never);
        answer_after(&world, Duration::ZERO, &[silent, site()]);
        let begun = world.network().now().tick;
        world.send(ask()).expect("an answer");
        let took = world.network().now().tick.since(begun);
        assert_eq!(took, Duration::from_millis(250));
        assert_eq!((served.opened(), world.pool().counters.opened), (1, 1));
        world.pass(Duration::from_secs(60));
        let pool = world.pool();
        assert_eq!((pool.origins[0].idle, pool.origins[0].dialling), (1, 0));
    }

    /// Given two addresses that connect at the same moment, then one is used, and the other closed, once.
    pub(super) fn of_two_that_connect_at_once_one_is_closed<S: Style>() {
        let (mut world, first) = world::<S>();
        let answer = || vec![Act::Send(response(200, &[], b"there"))];
        let second = world.serve(Arc::new(Scripted::new(move |_| answer())));
        for (served, after) in [(&first, 350), (&second, 100)] {
            let after = Duration::from_millis(after);
            world
                .network()
                .set_dial(served.address(), Dial::Connect(after));
        }
        answer_after(&world, Duration::ZERO, &[site(), second.address().ip()]);
        let reply = world.send(ask()).expect("an answer");
        world.pass(Duration::from_secs(1));
        let (used, lost) = match reply.text() {
            "here" => (&first, &second),
            _ => (&second, &first),
        };
        assert_eq!((used.opened(), used.closed()), (1, 0));
        assert_eq!(
            (lost.opened(), lost.closed()),
            (lost.opened().min(1), lost.opened())
        );
        let pool = world.pool();
        assert_eq!((pool.counters.opened, pool.origins[0].idle), (1, 1));
    }

    /// Given addresses that are kept for a minute, then a second dial within it asks nobody; without that, each dial asks.
    pub(super) fn a_name_is_remembered_as_long_as_it_is_said<S: Style>() {
        for cache in [None, Some(Duration::from_secs(60))] {
            let (mut world, served) = world::<S>();
            let mut config = Config::default();
            config.dialling.cache = cache;
            world.configure(config);
            answer_after(&world, Duration::ZERO, &[site()]);
            world.send(ask()).expect("an answer");
            let gone = Resolution::Error("gone".into());
            world.network().set_name("site.test", Duration::ZERO, gone);
            world.close_idle();
            assert_eq!(world.send(ask()).is_ok(), cache.is_some());
            world.close_idle();
            world.pass(Duration::from_secs(61));
            assert!(failed(&mut world).is_dns());
            assert_eq!(served.opened(), 1 + usize::from(cache.is_some()));
        }
    }

    /// Given an address of ours to dial from, then the addresses of the other family are passed over.
    pub(super) fn from_one_family_nothing_of_the_other_is_dialled<S: Style>() {
        for (own, works) in [("10.0.0.77", true), ("2001:db8::77", false)] {
            let (mut world, served) = world::<S>();
            let mut config = Config::default();
            config.dialling.local.address = own.parse().ok();
            world.configure(config);
            let other = "2001:db8::9".parse().expect("an address");
            let addresses = if works {
                vec![other, site()]
            } else {
                vec![site()]
            };
            answer_after(&world, Duration::ZERO, &addresses);
            match works {
                true => drop(world.send(ask()).expect("an answer")),
                false => assert!(failed(&mut world).is_dns()),
            }
            assert_eq!(served.opened(), usize::from(works));
        }
    }
}
