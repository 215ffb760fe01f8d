//! What a small program is to do: which URLs it asks, by which settings. Its command line says so, or [`Ways`] do.

use std::{env, error, fs};

use sessile_core::{Config, ProxyRules, Tls};

use super::Ways;

/// URLs to be asked, and the settings that lead there.
#[derive(Debug)]
pub struct Errand {
    /// What is to be asked.
    pub urls: Vec<String>,
    /// The settings of the session that asks.
    pub config: Config,
    /// What is asked, if nothing else was said. Dropping it ends it.
    pub ways: Option<Ways>,
}

impl Errand {
    /// The arguments are the URLs; `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` say how to get there, and
    /// `SSL_CERT_FILE` names a PEM file with the roots to be trusted. Without arguments it is [`Errand::demo`].
    ///
    /// # Errors
    ///
    /// If the file cannot be read or holds no certificate, or as [`Errand::demo`].
    pub fn of_arguments() -> Result<Self, Box<dyn error::Error>> {
        let urls: Vec<String> = env::args().skip(1).collect();
        if urls.is_empty() {
            return Self::demo();
        }
        let root = match env::var_os("SSL_CERT_FILE") {
            Some(file) => Some(fs::read(file)?),
            None => None,
        };
        Ok(Self {
            urls,
            config: config(env::vars().collect(), root.as_deref())?,
            ways: None,
        })
    }

    /// The demonstration site by its three ways, and a port where nobody listens.
    ///
    /// # Errors
    ///
    /// As [`Ways::start`].
    pub fn demo() -> Result<Self, Box<dyn error::Error>> {
        let ways = Ways::start()?;
        Ok(Self {
            urls: vec![
                ways.open("/get"),
                ways.secured("/chunked/4"),
                ways.behind_proxy("/bytes/300000"),
                "http://127.0.0.1:1/".to_owned(),
            ],
            config: config(ways.environment(), Some(ways.root_pem().as_bytes()))?,
            ways: Some(ways),
        })
    }
}

/// Proxies by an environment, and trust in these roots alone, if there are any.
fn config(
    environment: Vec<(String, String)>,
    roots: Option<&[u8]>,
) -> Result<Config, Box<dyn error::Error>> {
    let tls = match roots {
        Some(pem) => Tls::builder().only_own_roots().add_root_pem(pem).build()?,
        None => Tls::default(),
    };
    Ok(Config {
        proxies: Some(ProxyRules::from_pairs(environment)),
        tls,
        ..Config::default()
    })
}
