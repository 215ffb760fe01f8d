//! Kind `reuse`: whether a connection goes on after an exchange, through a session on virtual time; and whether a request
//! goes on that has lost its connection, through the replay rule.

use std::time::Duration;

use sessile_core::{
    Connection, ContentPlan, Loss, Method, Now, PoolLimits, Progress, Received, Request,
    RequestBuilder, RequestPlan, Scratch,
};

use super::case::Case;
use super::transport::{Delivery, Peer, Takes};
use super::{Damaged, Judged, Mismatch};

pub(super) fn judge(case: &Case) -> Result<Judged, Damaged> {
    let expect = case.object("expect")?;
    if expect.has("replay") {
        return judge_replay(case, &expect);
    }
    let exchange = Exchange::read(case)?;
    let came = match exchange.method == Method::CONNECT {
        true => exchange.on_a_bare_connection(),
        false => exchange.in_a_session()?,
    };
    let wanted = Verdict::read(&expect)?;
    let also = expect.texts("also")?;
    Ok((!wanted.agrees(&came, &also)).then(|| {
        Mismatch::new(
            format_args!("{wanted:?} or {also:?}"),
            format_args!("{came:?}"),
        )
    }))
}

// ---------------------------------------------------------------------------------------------------------- replay

fn judge_replay(case: &Case, expect: &Case) -> Result<Judged, Damaged> {
    let method = Method::from_bytes(&case.octets("method")?).map_err(Damaged::new)?;
    let loss = Loss {
        reused: case.flag("reused")?,
        dead: matches!(case.text("cause")?, "eof" | "reset"),
        received: case.number("response_bytes")?,
        replays: u32::try_from(case.number("replays")?).map_err(Damaged::new)?,
        progress: match case.text("progress")? {
            "not-sent" => Progress::NotSent,
            "partly-sent" => Progress::PartlySent,
            "sent" => Progress::Sent,
            "head-seen" => Progress::HeadSeen,
            other => return Err(Damaged::new(format_args!("`progress` is {other}"))),
        },
        method: &method,
        safe: case.flag("safe")?,
        rewindable: case.text("content")? != "once",
    };
    let came = match loss.judge() {
        Ok(why) => (true, why.as_str()),
        Err(why) => (false, why.as_str()),
    };
    let wanted = (expect.flag("replay")?, expect.text("why")?);
    Ok((came != wanted)
        .then(|| Mismatch::new(format_args!("{wanted:?}"), format_args!("{came:?}"))))
}

// ----------------------------------------------------------------------------------------------------------- reuse

/// What is said about a connection.
#[derive(Debug, PartialEq)]
struct Verdict {
    /// Why it does not go on; `None` if it does.
    reason: Option<String>,
    discarded: Option<u64>,
    idle_limit: Option<Duration>,
    requests_left: Option<u64>,
}

impl Verdict {
    fn closed(reason: impl ToString) -> Self {
        Self {
            reason: Some(reason.to_string()),
            discarded: None,
            idle_limit: None,
            requests_left: None,
        }
    }

    fn read(expect: &Case) -> Result<Self, Damaged> {
        let seconds = expect.value("idle_limit").as_f64();
        Ok(Self {
            reason: match expect.flag("reuse")? {
                true => None,
                false => Some(expect.text("reason")?.to_owned()),
            },
            discarded: expect.number_or_none("drain")?,
            idle_limit: seconds.map(Duration::from_secs_f64),
            requests_left: expect.number_or_none("max_requests")?,
        })
    }

    fn agrees(&self, came: &Self, also: &[String]) -> bool {
        match (&self.reason, &came.reason) {
            (Some(wanted), Some(came)) => wanted == came || also.contains(came),
            (None, None) => self == came,
            _ => false,
        }
    }
}

/// One exchange, and what the peer says in it.
struct Exchange {
    method: Method,
    closes: bool,
    offers: bool,
    sent: Sent,
    head: Vec<u8>,
    upgrade: String,
    /// The response's content: what the application reads of it, what it leaves, and what ends it.
    content: Content,
    surplus: usize,
    end: Option<fn() -> Delivery>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sent {
    All,
    Part,
    Nothing,
}

struct Content {
    chunked: bool,
    read: u64,
    unread: u64,
    /// When the last octet comes, after the application has let go; `None` is never.
    arrives: Option<Duration>,
    /// The application reads to the end.
    whole: bool,
}

impl Exchange {
    fn read(case: &Case) -> Result<Self, Damaged> {
        let (request, response) = (case.object("request")?, case.object("response")?);
        let method = Method::from_bytes(&request.octets("method")?).map_err(Damaged::new)?;
        let fields = response.lines("fields")?;
        let status = response.number("status")?;
        let mut head = format!("HTTP/{} {status} X\r\n", response.text("version")?).into_bytes();
        for (name, value) in &fields {
            head.extend_from_slice(&[name, &b": "[..], value, b"\r\n"].concat());
        }
        head.extend_from_slice(b"\r\n");
        let of_name = |name: &str| {
            let mut lines = fields.iter();
            lines.find(|line| line.0.eq_ignore_ascii_case(name.as_bytes()))
        };
        let upgrade = of_name("upgrade").map_or(&b"any"[..], |line| &line.1);
        Ok(Self {
            closes: request.flag("close")?,
            offers: request.flag("upgrade")?,
            sent: match request.text("sent")? {
                "all" => Sent::All,
                "partial" => Sent::Part,
                "none" => Sent::Nothing,
                other => return Err(Damaged::new(format_args!("`sent` is {other}"))),
            },
            content: Content::read(&response, &method, status, &fields)?,
            surplus: usize::try_from(response.number("surplus")?).map_err(Damaged::new)?,
            end: match response.text("eof")? {
                "none" => None,
                "clean" => Some(|| Delivery::End),
                "abort" => Some(|| Delivery::Reset),
                other => return Err(Damaged::new(format_args!("`eof` is {other}"))),
            },
            upgrade: String::from_utf8_lossy(upgrade).into_owned(),
            method,
            head,
        })
    }

    fn request(&self) -> Result<Request, Damaged> {
        let mut builder = RequestBuilder::new(self.method.as_str(), "http://192.0.2.1/");
        if self.closes {
            builder = builder.header("Connection", "close");
        }
        if self.offers {
            builder = builder.header("Upgrade", &self.upgrade);
        }
        if self.sent == Sent::Part {
            // Content that nobody hands over: the head goes out, the rest does not.
            let length = Some(5);
            builder = builder.content(sessile_core::Content::Stream { length });
        }
        builder.build().map_err(Damaged::new)
    }

    fn in_a_session(&self) -> Result<Verdict, Damaged> {
        let takes = match self.sent {
            Sent::All | Sent::Part => Takes::Everything,
            Sent::Nothing => Takes::Nothing,
        };
        let wants = (!self.content.whole).then_some(self.content.read);
        let mut peer = Peer::new(takes, wants);
        peer.ask(self.request()?);
        let (first, rest) = (self.content.first(), self.content.rest());
        let surplus = vec![b'x'; self.surplus];
        let end = self.end.map(|end| end());
        if self.content.whole {
            let said = [&self.head[..], &first, &rest, &surplus].concat();
            peer.say([Delivery::Octets(said)].into_iter().chain(end));
            return Ok(verdict_of(&mut peer));
        }
        peer.say([Delivery::Octets([&self.head[..], &first].concat())]);
        peer.let_go();
        match self.content.arrives {
            Some(arrives) => {
                peer.pass(arrives);
                let said = Delivery::Octets([rest, surplus].concat());
                peer.say([said].into_iter().chain(end));
                peer.settle();
            }
            None => {
                peer.say(end);
                peer.pass(Duration::from_secs(1));
            }
        }
        Ok(verdict_of(&mut peer))
    }

    /// CONNECT is nothing that a session sends for anybody; the connection itself is asked.
    fn on_a_bare_connection(&self) -> Verdict {
        let (mut connection, now) = (Connection::default(), Now::default());
        let plan = RequestPlan::new(&self.method, ContentPlan::None);
        let begun = connection.start(now, plan, b"head", Scratch::default());
        begun.expect("it is new");
        let octets = connection.outgoing(b"").len();
        connection.sent(now, octets);
        let said = [&self.head[..], &self.content.first(), &self.content.rest()].concat();
        let said = [said, vec![b'x'; self.surplus]].concat();
        let mut said = said.as_slice();
        loop {
            let count = connection.feed(now, said);
            said = &said[count..];
            let left = said.len();
            match connection.poll() {
                Ok(Received::Content(content)) => {
                    let count = content.len();
                    connection.consume(now, count);
                }
                Ok(Received::NeedMore) if left == 0 => match self.end.map(|end| end()) {
                    Some(Delivery::End) => connection.receive_eof(),
                    Some(_) => connection.receive_failed(std::io::ErrorKind::ConnectionReset),
                    None => break,
                },
                Ok(Received::End | Received::Switched) | Err(_) => break,
                Ok(_) => {}
            }
        }
        match connection.renew() {
            Err(reason) => Verdict::closed(reason),
            Ok(()) => Verdict {
                reason: None,
                discarded: connection.discarded(),
                idle_limit: connection
                    .keep_alive()
                    .idle_within(PoolLimits::default().idle_time),
                requests_left: connection.keep_alive().requests,
            },
        }
    }
}

/// What the session says about the connection now.
fn verdict_of(peer: &mut Peer) -> Verdict {
    if let Some(reason) = peer.closed() {
        return Verdict::closed(reason);
    }
    let now = peer.now();
    let idle = peer.engine().pool(now).origins;
    let Some(idle) = idle
        .first()
        .and_then(|origin| origin.idle_connections.first())
    else {
        return Verdict::closed("neither idle nor closed");
    };
    let connection = peer.connection();
    let live = connection.and_then(|connection| peer.engine().drive(connection));
    Verdict {
        reason: None,
        discarded: live.and_then(|live| live.connection.discarded()),
        idle_limit: idle.idle_limit,
        requests_left: idle.requests_left,
    }
}

impl Content {
    fn read(
        response: &Case,
        method: &Method,
        status: u64,
        fields: &[(Vec<u8>, Vec<u8>)],
    ) -> Result<Self, Damaged> {
        let of = |name: &str| {
            fields
                .iter()
                .find(|line| line.0.eq_ignore_ascii_case(name.as_bytes()))
        };
        let chunked = of("transfer-encoding").is_some();
        let length = of("content-length").map(|line| String::from_utf8_lossy(&line.1).into_owned());
        let length = length
            .as_deref()
            .and_then(|text| text.split(',').next()?.trim().parse().ok());
        let bare = *method == Method::HEAD || matches!(status, 100..200 | 204 | 304);
        let tunnel = *method == Method::CONNECT && (200..300).contains(&status);
        let whole = response.text("content_read")? == "all";
        let unread = response.number_or_none("unread")?.unwrap_or_default();
        let total = match length {
            _ if bare || tunnel => 0,
            Some(length) if !chunked => length,
            _ if whole => 5,
            _ if response.text("content_read")? == "none" => unread,
            _ => unread + 5,
        };
        Ok(Self {
            chunked: chunked && !bare && !tunnel,
            read: total.saturating_sub(unread),
            unread,
            arrives: response
                .number_or_none("unread_arrives")?
                .map(Duration::from_millis),
            whole,
        })
    }

    /// What comes before the application lets go.
    fn first(&self) -> Vec<u8> {
        self.framed(self.read)
    }

    /// What comes after that.
    fn rest(&self) -> Vec<u8> {
        let last: &[u8] = if self.chunked { b"0\r\n\r\n" } else { b"" };
        [&self.framed(self.unread)[..], last].concat()
    }

    fn framed(&self, octets: u64) -> Vec<u8> {
        let content = vec![b'x'; usize::try_from(octets).expect("it is in memory")];
        match self.chunked && octets > 0 {
            true => [format!("{octets:x}\r\n").as_bytes(), &content, b"\r\n"].concat(),
            false => content,
        }
    }
}
