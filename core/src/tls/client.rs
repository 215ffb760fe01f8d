//! What the connections of one pool key have in common: rustls' configuration, a session store, a clock.
//!
//! A store belongs to one pool key, so a session that was begun under other settings, or with another peer, is never resumed
//! (hazards E4, H8, L1): rustls looks sessions up by name alone.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use core::time::Duration;
use std::sync::Arc;

use rustls::client::{ClientConfig, Resumption};
use rustls::pki_types::UnixTime;
use rustls::sign::SingleCertAndKey;
use rustls::time_provider::TimeProvider;
use rustls::version::TLS13;

use super::error::TlsError;
use super::settings::{Settings, Source, Tls, Verification, Versions};
use super::settings_error::TlsSettingsError;
use super::trust::{self, PlatformTrust};
use crate::base::Now;

/// RFC 7301; the only one that we speak.
const ALPN: &[u8] = b"http/1.1";

/// rustls counts in tickets, and keeps eight for a name: this is one name, and its last few tickets.
const SESSIONS: usize = 8;

/// Made once for each pool key, and cloned for its connections.
#[derive(Clone, Debug)]
pub(crate) struct TlsClient {
    pub(super) config: Arc<ClientConfig>,
    pub(super) clock: Arc<Clock>,
    pub(super) verified: bool,
}

impl Tls {
    /// A client with a session store of its own, new at each call.
    pub(crate) fn client(&self, platform: Option<&PlatformTrust>) -> Result<TlsClient, TlsError> {
        let (config, verified, resumption) = match self.source() {
            Source::Given(config) => (ClientConfig::clone(config), true, true),
            Source::Built(settings) => {
                let verified = settings.choices.verification == Verification::On;
                let resumption = settings.choices.resumption;
                (configure(settings, platform)?, verified, resumption)
            }
        };
        let clock = Arc::new(Clock::default());
        let config = ours(config, &clock, resumption);
        Ok(TlsClient {
            config: Arc::new(config),
            clock,
            verified,
        })
    }
}

fn configure(
    settings: &Settings,
    platform: Option<&PlatformTrust>,
) -> Result<ClientConfig, TlsSettingsError> {
    let provider = trust::provider(settings.choices.cryptography)?;
    let verifier = trust::verifier(settings, platform, &provider)?;
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = match settings.choices.versions {
        Versions::Tls12AndTls13 => builder.with_safe_default_protocol_versions(),
        Versions::Tls13 => builder.with_protocol_versions(&[&TLS13]),
    };
    let builder = builder
        .map_err(|error| TlsSettingsError::Refused(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match &settings.client {
        Some(client) => {
            let resolver = SingleCertAndKey::from(Arc::clone(&client.certified));
            builder.with_client_cert_resolver(Arc::new(resolver))
        }
        None => builder.with_no_client_auth(),
    };
    config.enable_sni = settings.choices.server_name;
    Ok(config)
}

/// What is ours to say in any configuration.
fn ours(mut config: ClientConfig, clock: &Arc<Clock>, resumption: bool) -> ClientConfig {
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.time_provider = Arc::clone(clock) as Arc<dyn TimeProvider>;
    config.resumption = match resumption {
        true => Resumption::in_memory_sessions(SESSIONS),
        false => Resumption::disabled(),
    };
    config
}

/// The wall clock, as the driver read it last: seconds since the Unix epoch.
#[derive(Debug, Default)]
pub(super) struct Clock(AtomicU64);

impl Clock {
    pub(super) fn set(&self, now: Now) {
        self.0.store(now.wall.as_secs(), Relaxed);
    }
}

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = Duration::from_secs(self.0.load(Relaxed));
        Some(UnixTime::since_unix_epoch(seconds))
    }
}
