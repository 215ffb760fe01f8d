//! Identities before the judge of `rustls`, on three clocks.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring;
use rustls::pki_types::{ServerName, UnixTime};
use rustls::{CertificateError, Error, RootCertStore};

use super::*;

const NAMES: [&str; 4] = ["localhost", "origin.test", "127.0.0.1", "::1"];

/// When the clock of a network begins, and now.
fn clocks() -> [Duration; 2] {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    [crate::network::BEGINNING, now]
}

fn judge(trusted: &Authority, identity: &Identity, name: &str, at: Duration) -> Result<(), Error> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.root_der().clone()).unwrap();
    let provider = Arc::new(ring::default_provider());
    let judge = WebPkiServerVerifier::builder_with_provider(roots.into(), provider);
    let (leaf, above) = identity.chain().split_first().unwrap();
    let (name, at) = (ServerName::try_from(name), UnixTime::since_unix_epoch(at));
    let verdict = judge
        .build()
        .unwrap()
        .verify_server_cert(leaf, above, &name.unwrap(), &[], at);
    verdict.map(|_| ())
}

fn fault(verdict: Result<(), Error>) -> CertificateError {
    match verdict {
        Err(Error::InvalidCertificate(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn given_an_identity_then_it_is_good_for_its_names_from_the_epoch_on() {
    let authority = Authority::new();
    let identity = authority.for_names(&NAMES);
    assert_eq!(identity.chain().len(), 2);
    for at in [Duration::ZERO].into_iter().chain(clocks()) {
        for name in NAMES {
            assert_eq!(judge(&authority, &identity, name, at), Ok(()), "{name}");
        }
        for name in ["other.test", "127.0.0.2"] {
            let fault = fault(judge(&authority, &identity, name, at));
            let name_differs = CertificateError::NotValidForName;
            let said = matches!(fault, CertificateError::NotValidForNameContext { .. });
            assert!(said || fault == name_differs, "{fault:?}");
        }
    }
}

#[test]
fn given_a_wildcard_then_it_stands_for_one_label() {
    let authority = Authority::new();
    let identity = authority.for_names(&["*.origin.test"]);
    let [at, _] = clocks();
    assert_eq!(judge(&authority, &identity, "a.origin.test", at), Ok(()));
    for name in ["origin.test", "a.b.origin.test"] {
        assert!(judge(&authority, &identity, name, at).is_err(), "{name}");
    }
}

#[test]
fn given_the_wrong_time_then_it_is_said() {
    let authority = Authority::new();
    for at in clocks() {
        let expired = authority.expired(&NAMES);
        let fault_of = |identity| fault(judge(&authority, identity, "localhost", at));
        let said = fault_of(&expired);
        assert!(
            matches!(
                said,
                CertificateError::Expired | CertificateError::ExpiredContext { .. }
            ),
            "{said:?}"
        );
        let said = fault_of(&authority.not_yet_valid(&NAMES));
        assert!(
            matches!(
                said,
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. }
            ),
            "{said:?}"
        );
    }
}

#[test]
fn given_no_way_to_the_root_then_the_issuer_is_unknown() {
    let authority = Authority::new();
    let strangers = [
        authority.without_intermediate(&NAMES),
        Identity::self_signed(&NAMES),
        Identity::by_a_stranger(&NAMES),
    ];
    for at in clocks() {
        for identity in &strangers {
            let said = fault(judge(&authority, identity, "localhost", at));
            assert_eq!(said, CertificateError::UnknownIssuer);
        }
    }
}

#[test]
fn given_a_client_then_it_is_no_server() {
    let authority = Authority::new();
    let [at, _] = clocks();
    let said = fault(judge(
        &authority,
        &authority.client("origin.test"),
        "origin.test",
        at,
    ));
    let purpose = matches!(
        said,
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. }
    );
    assert!(purpose, "{said:?}");
}

#[test]
fn given_pem_then_it_reads_back_as_the_same() {
    use rustls::pki_types::pem::PemObject;
    let authority = Authority::new();
    let identity = authority.for_names(&NAMES);
    let root = CertificateDer::from_pem_slice(authority.root_pem().as_bytes()).unwrap();
    assert_eq!(&root, authority.root_der());
    let pem = identity.chain_pem();
    assert!(pem.lines().all(|line| line.len() <= PEM_LINE));
    let chain = CertificateDer::pem_slice_iter(pem.as_bytes());
    let chain: Vec<_> = chain.map(Result::unwrap).collect();
    assert_eq!(chain, identity.chain());
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem().as_bytes()).unwrap();
    assert_eq!(&key, identity.key());
}
