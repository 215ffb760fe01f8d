//! The pool key: all that two requests must share before they may share a connection.

use std::sync::Arc;

use super::path::Way;
use crate::message::Origin;

/// Everything that changes which peer is talked to, or what it sees or trusts.
///
/// The key is the origin and the whole of a request's [`Transport`], compared as derived: an option of transports has no
/// other place to stand than that struct, and there it is in the key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PoolKey {
    pub(crate) origin: Origin,
    pub(crate) transport: Transport,
}

/// The options of a request that concern its connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Transport {
    /// Whose connection it is, if the application keeps apart what the origin alone would not.
    pub(crate) partition: Option<Arc<str>>,
    /// The mount that keeps its connections apart, by its place among the session's.
    pub(crate) mount: Option<usize>,
    /// How the origin is reached, if that is not the session's way.
    pub(crate) way: Option<Arc<Way>>,
}

impl Transport {
    /// Another origin is asked from now on: what was said of the first alone is said of no other. How requests get out of
    /// the house stays as it is.
    pub(crate) fn leave_origin(&mut self) {
        if let Some(way) = &mut self.way {
            let way = Arc::make_mut(way);
            way.tls = None;
            way.socket = None;
        }
        self.way = self.way.take().filter(|way| **way != Way::default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::RequestBuilder;
    use crate::dial::LocalEnd;
    use crate::tls::Tls;

    /// Whoever adds an option must name it here, and say how it differs from none.
    #[test]
    fn every_option_gives_another_key() {
        let Transport {
            partition,
            mount,
            way,
        } = Transport::default();
        let by = |way: Way| Transport {
            way: Some(Arc::new(way)),
            ..Transport::default()
        };
        let Way {
            proxy,
            tls,
            local,
            socket,
        } = Way::default();
        let options = [
            Transport {
                way: way.or(Some(Arc::default())),
                ..Transport::default()
            },
            by(Way {
                proxy: proxy.or(Some(Ok(None))),
                ..Way::default()
            }),
            by(Way {
                tls: tls.or(Some(Tls::default())),
                ..Way::default()
            }),
            by(Way {
                local: local.or(Some(LocalEnd::default())),
                ..Way::default()
            }),
            by(Way {
                socket: socket.or(Some(std::path::Path::new("s").into())),
                ..Way::default()
            }),
            Transport {
                partition: partition.or(Some("one".into())),
                ..Transport::default()
            },
            Transport {
                mount: mount.or(Some(0)),
                ..Transport::default()
            },
        ];
        let origin = Origin::of(&"http://a/".parse().expect("a URL")).expect("an origin");
        let key = |transport| PoolKey {
            origin: origin.clone(),
            transport,
        };
        for option in options {
            assert_ne!(key(option.clone()), key(Transport::default()));
            assert_eq!(key(option.clone()), key(option));
        }
    }

    #[test]
    fn a_request_brings_its_options_into_its_key() {
        let request = |partition| {
            let request = RequestBuilder::new("GET", "http://a/").partition(partition);
            request.build().expect("a request").key
        };
        assert_eq!(request("one"), request("one"));
        assert_ne!(request("one"), request("two"));
        let plain = RequestBuilder::new("GET", "http://a/").build();
        assert_ne!(plain.expect("a request").key, request(""));
    }
}
