//! Certificates that are made at run time: an authority, and who it vouches for.
//!
//! RFC 5280, as far as a client judges it: names, validity, the chain, whose signature stands at its top. Nothing is
//! read from files and nothing expires between two releases: what is valid is so from the Unix epoch, where a clock of
//! a test's may stand, to the end of this century.
//!
//! The boundary: this file makes identities, right ones and wrong ones; whoever speaks TLS with them is
//! [`crate::secured`].

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// The longest line of a PEM file, in characters (RFC 7468 §2).
const PEM_LINE: usize = 64;

/// When a certificate is valid, from the first day of one year to the first of another.
#[derive(Clone, Copy)]
struct Validity {
    from: i32,
    to: i32,
}

impl Validity {
    /// On every clock of ours. No date of a certificate is before 1970 for a client that counts from there.
    const ALWAYS: Self = Self {
        from: 1970,
        to: 2100,
    };
    /// Before the clocks of [`crate::network`] begin.
    const PAST: Self = Self {
        from: 1970,
        to: 1990,
    };
    const FUTURE: Self = Self {
        from: 2100,
        to: 2200,
    };
}

/// For what a certificate is good (RFC 5280 §4.2.1.12).
#[derive(Clone, Copy)]
enum Usage {
    Server,
    Client,
}

/// A root and an intermediate below it, which signs the leaves: so every chain has a link that can be missing.
pub struct Authority {
    root: CertifiedIssuer<'static, KeyPair>,
    intermediate: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// An authority with new keys.
    ///
    /// # Panics
    ///
    /// If the system gives no chance. So does all that makes keys here.
    pub fn new() -> Self {
        let (key, key_below) = (new_key(), new_key());
        let root = CertifiedIssuer::self_signed(issuing("root", &key), key);
        let root = root.expect("a root signs itself");
        let below = issuing("intermediate", &key_below);
        let intermediate = CertifiedIssuer::signed_by(below, key_below, &root);
        Self {
            intermediate: intermediate.expect("the root signs"),
            root,
        }
    }

    /// The certificate that a client is to trust.
    pub fn root_der(&self) -> &CertificateDer<'static> {
        self.root.der()
    }

    /// The same as a PEM file.
    pub fn root_pem(&self) -> String {
        pem("CERTIFICATE", self.root_der())
    }

    /// A server that may be called by these names: DNS names, `*.` in front of one, or IP addresses as text.
    ///
    /// # Panics
    ///
    /// If one of them is none of these.
    pub fn for_names(&self, names: &[&str]) -> Identity {
        self.vouch(leaf(names, Validity::ALWAYS, Usage::Server))
    }

    /// One whose certificate was valid until 1990.
    pub fn expired(&self, names: &[&str]) -> Identity {
        self.vouch(leaf(names, Validity::PAST, Usage::Server))
    }

    /// One whose certificate will be valid from 2100 on.
    pub fn not_yet_valid(&self, names: &[&str]) -> Identity {
        self.vouch(leaf(names, Validity::FUTURE, Usage::Server))
    }

    /// One that leaves the intermediate out of its chain, so that nothing leads to the root.
    pub fn without_intermediate(&self, names: &[&str]) -> Identity {
        let mut identity = self.for_names(names);
        identity.chain.truncate(1);
        identity
    }

    /// A client that calls itself by this name.
    ///
    /// A server with it has a certificate that is not meant for servers.
    pub fn client(&self, name: &str) -> Identity {
        self.vouch(leaf(&[name], Validity::ALWAYS, Usage::Client))
    }

    fn vouch(&self, leaf: CertificateParams) -> Identity {
        let key = new_key();
        let signed = leaf.signed_by(&key, &self.intermediate);
        let signed = signed.expect("the intermediate signs");
        let chain = vec![signed.der().clone(), self.intermediate.der().clone()];
        Identity::new(chain, &key)
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an authority for tests")
    }
}

/// Who somebody is: a chain of certificates, the leaf first, and the key of the leaf.
#[derive(Debug)]
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// A server that vouches for itself.
    ///
    /// # Panics
    ///
    /// As [`Authority::for_names`].
    pub fn self_signed(names: &[&str]) -> Self {
        let key = new_key();
        let signed = leaf(names, Validity::ALWAYS, Usage::Server).self_signed(&key);
        let signed = signed.expect("a leaf signs itself");
        Self::new(vec![signed.der().clone()], &key)
    }

    /// A server for which an authority vouches that nobody knows.
    ///
    /// # Panics
    ///
    /// As [`Authority::for_names`].
    pub fn by_a_stranger(names: &[&str]) -> Self {
        Authority::new().for_names(names)
    }

    fn new(chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> Self {
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        Self { chain, key }
    }

    /// The certificates, the leaf first, without the root.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// The key of the leaf, in PKCS #8.
    pub fn key(&self) -> &PrivateKeyDer<'static> {
        &self.key
    }

    /// The certificates as one PEM file.
    pub fn chain_pem(&self) -> String {
        let pems = self.chain.iter();
        pems.map(|certificate| pem("CERTIFICATE", certificate))
            .collect()
    }

    /// The key as a PEM file.
    pub fn key_pem(&self) -> String {
        pem("PRIVATE KEY", self.key.secret_der())
    }
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        Self {
            chain: self.chain.clone(),
            key: self.key.clone_key(),
        }
    }
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("the system gives chance")
}

fn named(name: &str, alternatives: &[&str], validity: Validity) -> CertificateParams {
    let alternatives: Vec<String> = alternatives.iter().map(|it| (*it).to_owned()).collect();
    let params = CertificateParams::new(alternatives);
    let mut params = params.expect("a DNS name or an IP address");
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(validity.from, 1, 1);
    params.not_after = date_time_ymd(validity.to, 1, 1);
    params
}

/// Its name has a piece of its key: two authorities of one name would be one that signs wrongly.
fn issuing(role: &str, key: &KeyPair) -> CertificateParams {
    let key = STANDARD.encode(key.public_key_raw());
    let name = format!("the {role} of the tests, {}", &key[key.len() - 16..]);
    let mut params = named(&name, &[], Validity::ALWAYS);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

/// Its common name says nothing: names stand in the subjectAltName (RFC 9525 §2).
fn leaf(names: &[&str], validity: Validity, usage: Usage) -> CertificateParams {
    let mut params = named("a leaf of the tests", names, validity);
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![match usage {
        Usage::Server => ExtendedKeyUsagePurpose::ServerAuth,
        Usage::Client => ExtendedKeyUsagePurpose::ClientAuth,
    }];
    params
}

/// RFC 7468 §3.
fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    for (number, character) in text.chars().enumerate() {
        if number > 0 && number % PEM_LINE == 0 {
            pem.push('\n');
        }
        pem.push(character);
    }
    pem + &format!("\n-----END {label}-----\n")
}

#[cfg(test)]
mod tests;
