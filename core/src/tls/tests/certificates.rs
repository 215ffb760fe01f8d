//! Certificates that are not accepted, each for its own reason, and those that are (hazard L3).

use std::sync::Arc;

use rcgen::{ExtendedKeyUsagePurpose, date_time_ymd};

use super::authority::{Authority, Certified};
use super::peer::{Pair, handshake, handshake_at, server};
use super::{MIDDLE, at, now};
use crate::tls::{CertificateFault, Tls, TlsError, TlsLayer};

const HOST: &str = "example.org";
const DAY: u64 = 86_400;

/// What comes of a certificate under settings that trust this authority alone.
fn verdict(authority: &Authority, certified: &Certified, host: &str) -> Result<(), TlsError> {
    let tls = authority.trusted().build().expect("settings");
    let (pair, outcome) = handshake(&tls, host, server(certified));
    assert_eq!(outcome.is_ok(), !pair.layer.is_handshaking());
    outcome
}

fn fault(outcome: Result<(), TlsError>) -> CertificateFault {
    match outcome.expect_err("it should not be accepted") {
        TlsError::Certificate(fault) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_clock_that_counts_is_the_drivers() {
    let authority = Authority::new("root");
    let tls = authority.trusted().build().expect("settings");
    // Of the same certificate. 2025-01-01 and 2026-01-01, its last second.
    let (begin, end) = (1_735_689_600, 1_767_225_600);
    let certified = authority.issue(&[HOST]);
    for (seconds, code) in [
        (begin - 1, Some("tls-certificate-not-valid-yet")),
        (begin, None),
        (end, None),
        (end + 1, Some("tls-certificate-expired")),
    ] {
        let (_, outcome) = handshake_at(at(seconds), &tls, HOST, server(&certified));
        let told = outcome.as_ref().err().map(TlsError::code);
        assert_eq!(told, code, "{seconds}: {outcome:?}");
    }
}

#[test]
fn the_time_that_counts_is_that_of_the_turn_in_which_the_certificate_comes() {
    let authority = Authority::new("root");
    let client = authority.trusted().build().expect("settings").client(None);
    let client = client.expect("settings");
    let config = Arc::new(server(&authority.issue(&[HOST])));
    for (begun, fed, accepted) in [(MIDDLE, MIDDLE + 365 * DAY, false), (0, MIDDLE, true)] {
        let mut pair = Pair::at(at(begun), &client, HOST, &config);
        pair.now = at(fed);
        assert_eq!(
            pair.exchange().is_ok(),
            accepted,
            "begun at {begun}, fed at {fed}"
        );
    }
}

#[test]
fn a_driver_without_a_wall_clock_trusts_nobody() {
    let authority = Authority::new("root");
    let tls = authority.trusted().build().expect("settings");
    let (_, outcome) = handshake_at(at(0), &tls, HOST, server(&authority.issue(&[HOST])));
    assert!(matches!(
        fault(outcome),
        CertificateFault::NotValidYet { .. }
    ));
}

#[test]
fn expired_and_not_valid_yet_say_by_how_much() {
    let authority = Authority::new("root");
    let expired = authority.issue_as(&[HOST], |params| {
        params.not_after = date_time_ymd(2025, 6, 1);
    });
    let since = MIDDLE - 1_748_736_000;
    let told = fault(verdict(&authority, &expired, HOST));
    let wanted = core::time::Duration::from_secs(since);
    assert_eq!(
        told,
        CertificateFault::Expired {
            since: Some(wanted)
        }
    );
    assert!(
        told.to_string()
            .contains(&format!("expired, {} days ago", since / DAY))
    );

    let early = authority.issue_as(&[HOST], |params| {
        params.not_before = date_time_ymd(2025, 8, 1);
    });
    let told = fault(verdict(&authority, &early, HOST));
    assert!(
        matches!(told, CertificateFault::NotValidYet { wait: Some(_) }),
        "{told:?}"
    );
}

#[test]
fn another_name_is_named() {
    let authority = Authority::new("root");
    let certified = authority.issue(&["example.net", "*.example.net", "192.0.2.1"]);
    let told = fault(verdict(&authority, &certified, HOST));
    let presented = ["example.net", "*.example.net", "192.0.2.1"].map(str::to_owned);
    let wanted = HOST.to_owned();
    let CertificateFault::Name {
        wanted: w,
        presented: p,
    } = &told
    else {
        panic!("{told:?}")
    };
    assert_eq!((w, p.as_slice()), (&wanted, presented.as_slice()));
    assert_eq!(
        told.to_string(),
        "the peer's certificate is not for example.org, but for example.net, *.example.net, 192.0.2.1 \
         (tls-certificate-name; RFC 9525 section 6)"
    );
}

#[test]
fn of_many_names_a_few_are_told() {
    let authority = Authority::new("root");
    let names = Vec::from_iter((0..300).map(|n| format!("n{n}.example.net")));
    let names = Vec::from_iter(names.iter().map(String::as_str));
    let told = fault(verdict(&authority, &authority.issue(&names), HOST));
    assert!(matches!(&told, CertificateFault::Name { presented, .. } if presented.len() == 8));
}

#[test]
fn only_a_chain_to_a_trusted_root_is_accepted() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    assert_eq!(verdict(&ours, &ours.issue_below(&[HOST]), HOST), Ok(()));

    let mut broken = ours.issue_below(&[HOST]);
    broken.chain.truncate(1);
    // Of the same name as ours, but by another key.
    let impostor = Authority::new("ours");
    for (certified, what) in [
        (theirs.issue(&[HOST]), CertificateFault::UnknownIssuer),
        (broken, CertificateFault::UnknownIssuer),
        (
            Certified::by_itself(&[HOST]),
            CertificateFault::UnknownIssuer,
        ),
        (impostor.issue(&[HOST]), CertificateFault::Signature),
    ] {
        assert_eq!(fault(verdict(&ours, &certified, HOST)), what);
    }
}

#[test]
fn a_certificate_that_signs_itself_can_be_made_a_root() {
    let certified = Certified::by_itself(&[HOST]);
    let pem = certified.chain_pem();
    let tls = Tls::builder().add_root_pem(pem.as_bytes()).only_own_roots();
    let (_, outcome) = handshake(&tls.build().expect("settings"), HOST, server(&certified));
    assert_eq!(outcome, Ok(()));
}

#[test]
fn a_certificate_for_clients_is_not_for_servers() {
    let authority = Authority::new("root");
    let certified = authority.issue_as(&[HOST], |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    assert_eq!(
        fault(verdict(&authority, &certified, HOST)),
        CertificateFault::Purpose
    );
}

#[test]
fn an_address_is_verified_as_an_address_and_a_name_as_a_name() {
    let authority = Authority::new("root");
    let v4 = authority.issue(&["192.0.2.1"]);
    let v6 = authority.issue(&["2001:db8::1"]);
    // A name that only looks like an address, as some have tried to say an address by.
    let posing = authority.issue_as(&[], |params| {
        let name = "192.0.2.1".try_into().expect("ASCII");
        params.subject_alt_names = vec![rcgen::SanType::DnsName(name)];
    });
    assert_eq!(verdict(&authority, &v4, "192.0.2.1"), Ok(()));
    assert_eq!(verdict(&authority, &v6, "[2001:db8::1]"), Ok(()));
    for (certified, host) in [
        (&v4, "192.0.2.2"),
        (&v4, HOST),
        (&v6, "[2001:db8::2]"),
        (&posing, "192.0.2.1"),
        (&authority.issue(&["*.0.2.1"]), "192.0.2.1"),
    ] {
        let told = fault(verdict(&authority, certified, host));
        assert!(
            matches!(told, CertificateFault::Name { .. }),
            "{host}: {told:?}"
        );
    }
}

#[test]
fn a_wildcard_stands_for_one_label_and_idn_is_compared_in_ascii() {
    let authority = Authority::new("root");
    let wild = authority.issue(&["*.example.org"]);
    let idn = authority.issue(&["xn--bcher-kva.example"]);
    let wild_idn = authority.issue(&["*.xn--bcher-kva.example"]);
    for (certified, host, accepted) in [
        (&wild, "www.example.org", true),
        (&wild, "WWW.Example.ORG", true),
        (&wild, "www.example.org.", true),
        (&wild, "xn--bcher-kva.example.org", true),
        (&wild, "example.org", false),
        (&wild, "a.b.example.org", false),
        (&idn, "xn--bcher-kva.example", true),
        (&idn, "bcher.example", false),
        (&wild_idn, "www.xn--bcher-kva.example", true),
        (&wild_idn, "xn--bcher-kva.example", false),
    ] {
        let outcome = verdict(&authority, certified, host);
        assert_eq!(outcome.is_ok(), accepted, "{host}: {outcome:?}");
    }
}

#[test]
fn the_host_of_a_url_is_taken_as_it_stands_there() {
    let tls = Authority::new("root").trusted().build().expect("settings");
    let client = tls.client(None).expect("settings");
    for host in [
        "a_b.example",
        "localhost",
        "127.0.0.1",
        "[::1]",
        "[::ffff:1.2.3.4]",
    ] {
        assert!(TlsLayer::new(&client, host, now()).is_ok(), "{host}");
    }
    for host in [
        "",
        ".",
        "a..b",
        "[::1",
        "::1]",
        "[1.2.3.4]",
        "[fe80::1%1]",
        "bücher.example",
        "a b",
    ] {
        let outcome = TlsLayer::new(&client, host, now()).err();
        assert_eq!(outcome, Some(TlsError::Host), "{host}");
    }
}

#[test]
fn verification_that_is_off_accepts_anybody_and_says_so() {
    let tls = Tls::builder()
        .danger_accept_invalid_certs()
        .build()
        .expect("settings");
    for versions in [&[&rustls::version::TLS12], &[&rustls::version::TLS13]] {
        let certified = Certified::by_itself(&["example.net"]);
        let config = super::peer::server_with(&certified, versions, None);
        let (pair, outcome) = handshake_at(at(0), &tls, HOST, config);
        assert_eq!(outcome, Ok(()));
        let info = pair.layer.info();
        assert!(!info.verified());
        assert!(format!("{info:?}").contains("MAY BE ANYBODY"), "{info:?}");
    }
    assert!(format!("{tls:?}").contains("ANYBODY IS TRUSTED"), "{tls:?}");
}

#[test]
fn verification_that_is_off_still_asks_for_the_key() {
    // A server that shows another's certificate, and signs with its own key.
    let (shown, own) = (Certified::by_itself(&[HOST]), Certified::by_itself(&[HOST]));
    let tls = Tls::builder()
        .danger_accept_invalid_certs()
        .build()
        .expect("settings");
    for versions in [&[&rustls::version::TLS12], &[&rustls::version::TLS13]] {
        let config = super::peer::server_of_another(&shown, &own, versions);
        let (_, outcome) = handshake(&tls, HOST, config);
        assert_eq!(fault(outcome), CertificateFault::Signature);
    }
}
