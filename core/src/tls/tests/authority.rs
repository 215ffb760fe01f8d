//! A certification authority, and what it issues.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::tls::{Tls, TlsBuilder};

/// A root that the tests trust, or do not.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A chain, its own certificate first, and its key.
pub(super) struct Certified {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: KeyPair,
}

impl Authority {
    pub(super) fn new(name: &str) -> Self {
        let issuer = CertifiedIssuer::self_signed(authority_params(name), key());
        Self(issuer.expect("a root"))
    }

    pub(super) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(super) fn der(&self) -> &[u8] {
        self.0.der()
    }

    /// Settings that trust this root alone.
    pub(super) fn trusted(&self) -> TlsBuilder {
        Tls::builder().add_root_der(self.der()).only_own_roots()
    }

    /// A certificate for these names and addresses, valid through 2025.
    pub(super) fn issue(&self, names: &[&str]) -> Certified {
        self.issue_as(names, |_| {})
    }

    pub(super) fn issue_as(
        &self,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Certified {
        let mut params = server_params(names);
        change(&mut params);
        let key = key();
        let own = params.signed_by(&key, &self.0).expect("a certificate");
        Certified {
            chain: vec![own.der().clone()],
            key,
        }
    }

    /// Another certificate for the same key.
    pub(super) fn renew(&self, certified: &Certified) -> Certified {
        let key = KeyPair::from_pem(&certified.key.serialize_pem()).expect("a key");
        let own = server_params(&["renewed"]).signed_by(&key, &self.0);
        Certified {
            chain: vec![own.expect("a certificate").der().clone()],
            key,
        }
    }

    /// One that an authority below this one has issued: the chain has two certificates.
    pub(super) fn issue_below(&self, names: &[&str]) -> Certified {
        let below = CertifiedIssuer::signed_by(authority_params("below"), key(), &self.0);
        let below = Self(below.expect("an authority"));
        let mut certified = below.issue(names);
        certified.chain.push(below.0.der().clone());
        certified
    }
}

impl Certified {
    /// One that nobody else has signed.
    pub(super) fn by_itself(names: &[&str]) -> Self {
        let key = key();
        let own = server_params(names)
            .self_signed(&key)
            .expect("a certificate");
        Self {
            chain: vec![own.der().clone()],
            key,
        }
    }

    pub(super) fn key_der(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::try_from(self.key.serialize_der()).expect("a key")
    }

    pub(super) fn chain_pem(&self) -> String {
        let one = |der: &CertificateDer<'_>| {
            let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der);
            format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
        };
        self.chain.iter().map(one).collect()
    }
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a key")
}

fn valid(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(2025, 1, 1);
    params.not_after = date_time_ymd(2026, 1, 1);
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    valid(&mut params);
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn server_params(names: &[&str]) -> CertificateParams {
    let names = Vec::from_iter(names.iter().map(|name| (*name).to_owned()));
    let mut params = CertificateParams::new(names).expect("names");
    valid(&mut params);
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    params
}
