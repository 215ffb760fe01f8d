//! What this crate knows of the machine that it runs on: the proxies that its environment names, and whom it trusts.

use std::env;

use sessile_core::{Config, ProxyRules};

/// The proxies that the environment names: `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`, as
/// [`ProxyRules::from_pairs`] reads them. A session whose [`Config::proxies`] says nothing goes by them.
///
/// A value that is no Unicode is no proxy, and an error for whom it is meant for: it is never passed over.
pub fn proxies_from_environment() -> ProxyRules {
    let pairs = env::vars_os().filter_map(|(name, value)| {
        // Names that are no Unicode are none of ours.
        let name = name.into_string().ok()?;
        let value = value
            .into_string()
            .unwrap_or_else(|_| "\u{fffd}://".to_owned());
        Some((name, value))
    });
    ProxyRules::from_pairs(pairs)
}

/// The settings with what the machine says where they say nothing.
pub(crate) fn at_home(mut config: Config) -> Config {
    config.proxies.get_or_insert_with(proxies_from_environment);
    #[cfg(feature = "tls")]
    config.platform_trust.get_or_insert_with(trust::platform);
    config
}

#[cfg(feature = "tls")]
mod trust {
    use std::sync::{Arc, Mutex, PoisonError};

    use rustls_platform_verifier::Verifier;
    use sessile_core::PlatformTrust;
    use sessile_core::rustls::client::danger::ServerCertVerifier;

    /// A verifier, and the roots of the application's that it trusts besides.
    type Known = (Vec<Vec<u8>>, Arc<dyn ServerCertVerifier>);

    /// Whom the platform trusts. Its roots are read once, when the first certificate is judged.
    pub(super) fn platform() -> PlatformTrust {
        let last: Mutex<Option<Known>> = Mutex::new(None);
        PlatformTrust::new(move |own, cryptography| {
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((roots, verifier)) = &*last
                && *roots == own
            {
                return Ok(Arc::clone(verifier));
            }
            let roots = own.iter().cloned().map(Into::into);
            let verifier = Verifier::new_with_extra_roots(roots, Arc::clone(cryptography))
                .map_err(|error| error.to_string())?;
            let verifier: Arc<dyn ServerCertVerifier> = Arc::new(verifier);
            *last = Some((own.to_vec(), Arc::clone(&verifier)));
            Ok(verifier)
        })
    }
}
