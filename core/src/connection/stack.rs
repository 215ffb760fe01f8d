//! What lies between HTTP and the transport: TLS to a proxy, the handshake for a tunnel through it, TLS to the origin. Each is
//! there or not; their order is fixed.
//!
//! Octets of the transport go in and come out, octets of HTTP likewise; no ids, no policy. While it is *being made*, the stack
//! speaks for itself. What of a stage is over goes: behind a tunnel without TLS nothing is left of it.

use core::fmt;
use std::io;

use super::machine::StreamEnd;
use super::send::Outgoing;
use super::tunnel::{Tunnel, TunnelError, TunnelState};
use crate::base::{Buffer, Now, Stage};
use crate::message::ResponseHead;
use crate::tls::{TlsClient, TlsError, TlsInfo, TlsLayer};

/// What a stack is to be made of, from the transport up.
#[derive(Default)]
pub(crate) struct StackPlan {
    /// TLS to the proxy.
    pub(crate) below: Option<TlsPlan>,
    /// How the proxy is asked for a tunnel.
    pub(crate) tunnel: Option<Tunnel>,
    /// TLS to the origin.
    pub(crate) above: Option<TlsPlan>,
}

/// With whom TLS is to be spoken.
pub(crate) struct TlsPlan {
    pub(crate) client: TlsClient,
    /// The host as it stands in a URL.
    pub(crate) host: Box<str>,
}

/// Why a stack cannot be made, or has broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StackFailure {
    /// TLS with the proxy.
    ProxyTls(TlsError),
    Tunnel(TunnelError),
    /// TLS with the origin.
    Tls(TlsError),
    /// The transport failed at this stage.
    Transport(Stage, io::ErrorKind),
}

/// How far a stack has come.
#[derive(Debug)]
pub(crate) enum Making<'a> {
    /// It carries HTTP.
    Made,
    /// Its peers are at work, at this stage.
    Underway(Stage),
    /// The proxy wants credentials; the connection may be asked again, or another one must be.
    Challenged {
        head: &'a ResponseHead,
        reusable: bool,
    },
    Failed(&'a StackFailure),
}

/// The stages of one connection.
pub(crate) struct Stack {
    now: Now,
    plan: StackPlan,
    below: Option<TlsLayer>,
    above: Option<TlsLayer>,
    made: bool,
    /// What has come from the transport.
    inbox: Buffer,
    /// What has come out of the lower stages, for the upper ones.
    between: Buffer,
    /// What the upper TLS has to send and the lower has not taken.
    spill: Vec<u8>,
    /// What is to go to the transport, and how much of it has gone.
    out: Vec<u8>,
    written: usize,
    /// So many octets of HTTP stand encrypted in `out`, and were not told to have gone.
    owed: usize,
    failure: Option<StackFailure>,
    end: Option<StreamEnd>,
    /// Why the transport takes nothing any more.
    mute: Option<io::ErrorKind>,
}

impl Stack {
    /// A stack over a transport that has just been opened; `None` if nothing is to be between.
    pub(crate) fn new(now: Now, plan: StackPlan) -> Option<Box<Self>> {
        if plan.below.is_none() && plan.tunnel.is_none() && plan.above.is_none() {
            return None;
        }
        let mut stack = Box::new(Self {
            now,
            plan,
            below: None,
            above: None,
            made: false,
            inbox: Buffer::new(),
            between: Buffer::new(),
            spill: Vec::new(),
            out: Vec::new(),
            written: 0,
            owed: 0,
            failure: None,
            end: None,
            mute: None,
        });
        stack.advance();
        Some(stack)
    }

    // ------------------------------------------------------------------------------------------------- it is made

    pub(super) fn is_made(&self) -> bool {
        self.made && self.failure.is_none()
    }

    /// Whether TLS is spoken on it: otherwise nothing is left to do once it is made.
    pub(super) fn is_secured(&self) -> bool {
        self.below.is_some() || self.above.is_some()
    }

    pub(crate) fn making(&self) -> Making<'_> {
        if let Some(failure) = &self.failure {
            return Making::Failed(failure);
        }
        if self.made {
            return Making::Made;
        }
        match self.plan.tunnel.as_ref().map(Tunnel::state) {
            Some(TunnelState::Challenged { head, reusable }) if !self.is_below_open() => {
                Making::Challenged { head, reusable }
            }
            _ => Making::Underway(self.stage()),
        }
    }

    /// What has gone wrong on it.
    pub(super) fn failure(&self) -> Option<&StackFailure> {
        self.failure.as_ref()
    }

    /// What is known of its uppermost TLS.
    pub(crate) fn info(&self) -> Option<TlsInfo> {
        let top = self.above.as_ref().or(self.below.as_ref())?;
        Some(top.info())
    }

    /// Asks the proxy once more, with credentials.
    pub(super) fn answer(&mut self, head: &[u8]) {
        // A connection that cannot be asked again is not.
        let answered = self.plan.tunnel.as_mut().map(|tunnel| tunnel.answer(head));
        debug_assert!(matches!(answered, Some(Ok(()))));
        self.advance();
    }

    /// Nobody has an answer.
    pub(super) fn decline(&mut self) {
        let refusal = self.plan.tunnel.as_mut().and_then(Tunnel::decline);
        self.failure = self.failure.take().or(refusal.map(StackFailure::Tunnel));
    }

    pub(super) fn now(&self) -> Now {
        self.now
    }

    fn is_below_open(&self) -> bool {
        self.plan.below.is_some() || self.below.as_ref().is_some_and(TlsLayer::is_handshaking)
    }

    fn stage(&self) -> Stage {
        match &self.plan.tunnel {
            _ if self.is_below_open() => Stage::ProxyTls,
            Some(_) => Stage::Tunnel,
            None => Stage::Tls,
        }
    }

    /// Goes on as far as what has come allows.
    fn advance(&mut self) {
        if self.failure.is_some() || self.made {
            return;
        }
        match self.try_advance() {
            Ok(made) => self.made = made,
            Err(failure) => self.failure = Some(failure),
        }
        // An alert that tells the peer why is among it.
        self.flush();
    }

    fn try_advance(&mut self) -> Result<bool, StackFailure> {
        if let Some(plan) = self.plan.below.take() {
            self.below = Some(open(plan, self.now).map_err(StackFailure::ProxyTls)?);
        }
        if !self.advance_below()? || !self.advance_tunnel()? {
            return Ok(false);
        }
        if let Some(plan) = self.plan.above.take() {
            self.above = Some(open(plan, self.now).map_err(StackFailure::Tls)?);
        }
        self.advance_above()
    }

    fn advance_below(&mut self) -> Result<bool, StackFailure> {
        let Some(below) = &mut self.below else {
            return Ok(true);
        };
        while below.is_handshaking() {
            if !feed(below, self.now, &mut self.inbox).map_err(StackFailure::ProxyTls)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn advance_tunnel(&mut self) -> Result<bool, StackFailure> {
        loop {
            self.flush_tunnel();
            let Some(tunnel) = &mut self.plan.tunnel else {
                return Ok(true);
            };
            match tunnel.state() {
                TunnelState::Established => {
                    self.plan.tunnel = None;
                    return Ok(true);
                }
                TunnelState::Challenged { .. } => return Ok(false),
                TunnelState::Underway => {}
            }
            let source = source(
                &mut self.below,
                self.now,
                &mut self.inbox,
                &mut self.between,
            )?;
            if source.unread_len() == 0 {
                return Ok(false);
            }
            let taken = tunnel.receive(source.unread());
            source.consume(taken.map_err(StackFailure::Tunnel)?);
        }
    }

    /// What the handshake for the tunnel has to say goes out.
    fn flush_tunnel(&mut self) {
        if let Some(tunnel) = &mut self.plan.tunnel {
            let octets = tunnel.outgoing();
            let count = match &mut self.below {
                Some(below) => below.encrypt(&[octets]),
                None => {
                    self.out.extend_from_slice(octets);
                    octets.len()
                }
            };
            tunnel.sent(count);
        }
        self.flush();
    }

    fn advance_above(&mut self) -> Result<bool, StackFailure> {
        while self.above.as_ref().is_some_and(TlsLayer::is_handshaking) {
            if !self.feed_top()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    // ------------------------------------------------------------------------------------------------ octets come

    /// Space for octets of the transport.
    pub(super) fn space(&mut self) -> &mut [u8] {
        self.inbox.space(0)
    }

    pub(super) fn received(&mut self, now: Now, octets: usize) {
        self.now = now;
        self.inbox.filled(octets);
        self.advance();
    }

    /// The transport has ended, or failed.
    pub(super) fn ended(&mut self, end: StreamEnd) {
        self.end.get_or_insert(end);
        if self.made || self.failure.is_some() {
            return;
        }
        // As in `end`.
        let end = self.mute.map_or(end, StreamEnd::Failed);
        self.failure = Some(match end {
            StreamEnd::Failed(kind) => StackFailure::Transport(self.stage(), kind),
            StreamEnd::Clean | StreamEnd::Cut => match self.cut() {
                Some(failure) => failure,
                None => return,
            },
        });
    }

    /// What it means that nothing more comes while the stack is made; nothing, if what the proxy said is whole with that.
    fn cut(&mut self) -> Option<StackFailure> {
        if let Some(below) = self.below.as_ref().filter(|below| below.is_handshaking()) {
            return Some(StackFailure::ProxyTls(below.cut()));
        }
        if let Some(tunnel) = &mut self.plan.tunnel {
            return tunnel.receive_eof().err().map(StackFailure::Tunnel);
        }
        let above = self.above.as_ref()?;
        Some(StackFailure::Tls(above.cut()))
    }

    /// Octets for HTTP; none, if more must come from the transport first.
    pub(super) fn read(&mut self, into: &mut [u8]) -> usize {
        loop {
            let Some(top) = self.above.as_mut().or(self.below.as_mut()) else {
                return self.read_plain(into);
            };
            if top.has_plain() {
                return top.read_plain(into);
            }
            match self.feed_top() {
                Ok(true) => {}
                Ok(false) => return 0,
                Err(failure) => {
                    self.failure.get_or_insert(failure);
                    self.flush();
                    return 0;
                }
            }
        }
    }

    /// What came behind the handshake for a tunnel.
    fn read_plain(&mut self, into: &mut [u8]) -> usize {
        let count = self.inbox.unread_len().min(into.len());
        into[..count].copy_from_slice(&self.inbox.unread()[..count]);
        self.inbox.consume(count);
        count
    }

    /// Feeds the uppermost TLS with what has come; `false` if there is nothing for it.
    fn feed_top(&mut self) -> Result<bool, StackFailure> {
        if self.failure.is_some() {
            return Ok(false);
        }
        let fed = match &mut self.above {
            Some(above) => {
                let source = source(
                    &mut self.below,
                    self.now,
                    &mut self.inbox,
                    &mut self.between,
                )?;
                feed(above, self.now, source).map_err(StackFailure::Tls)
            }
            None => match &mut self.below {
                Some(below) => {
                    feed(below, self.now, &mut self.inbox).map_err(StackFailure::ProxyTls)
                }
                None => Ok(false),
            },
        };
        self.flush();
        fed
    }

    /// How the octets for HTTP have ended, once [`Stack::read`] has given the last.
    pub(super) fn end(&self) -> Option<StreamEnd> {
        let top = self.above.as_ref().or(self.below.as_ref());
        let lower_ended =
            self.above.is_some() && self.below.as_ref().is_some_and(TlsLayer::has_ended);
        match (top, self.end) {
            _ if self.failure.is_some() => Some(StreamEnd::Failed(io::ErrorKind::InvalidData)),
            (Some(top), _) if top.has_ended() => Some(StreamEnd::Clean),
            // Behind a reset that a write has met, reads find a clean end.
            (Some(_), Some(StreamEnd::Clean | StreamEnd::Cut)) => {
                Some(self.mute.map_or(StreamEnd::Cut, StreamEnd::Failed))
            }
            (Some(_), None) if lower_ended => Some(StreamEnd::Cut),
            (_, end) => end,
        }
    }

    // -------------------------------------------------------------------------------------------------- octets go

    /// Takes octets of HTTP and encrypts them, unless octets that were taken before are still on their way; tells how many.
    pub(super) fn encrypt(&mut self, plain: &Outgoing<'_>) -> usize {
        let held = self.owed > 0 || self.has_out() || self.mute.is_some();
        if held || self.failure.is_some() || plain.is_empty() {
            return 0;
        }
        let parts = [plain.pending, plain.lent, plain.closing];
        if let Some(top) = self.above.as_mut().or(self.below.as_mut()) {
            self.owed = top.encrypt(&parts);
        }
        self.flush();
        self.owed
    }

    /// What is to be written to the transport.
    pub(super) fn pending(&self) -> &[u8] {
        self.out.get(self.written..).unwrap_or_default()
    }

    pub(super) fn has_out(&self) -> bool {
        !self.pending().is_empty()
    }

    /// The transport has taken octets; so many octets of HTTP have gone with them. The last of these count only when all
    /// have gone, and never none when some have: whether a request was sent is decided by that.
    pub(super) fn sent(&mut self, octets: usize) -> usize {
        self.written += octets;
        let gone = match self.has_out() {
            true => octets.min(self.owed.saturating_sub(1)),
            false => {
                self.out.clear();
                self.written = 0;
                self.flush();
                match self.has_out() {
                    true => octets.min(self.owed.saturating_sub(1)),
                    false => self.owed,
                }
            }
        };
        self.owed -= gone;
        gone
    }

    /// The transport takes nothing any more: what stands to be written is nobody's.
    pub(super) fn send_failed(&mut self, why: io::ErrorKind) {
        self.mute.get_or_insert(why);
        self.flush();
    }

    /// Tells the peer that nothing more comes (TLS close_notify).
    pub(super) fn close(&mut self) {
        let top = self.above.as_mut().or(self.below.as_mut());
        if let Some(top) = top.filter(|_| self.made) {
            top.close();
        }
        self.flush();
    }

    /// What the TLS stages have to send goes down to the transport.
    fn flush(&mut self) {
        self.flush_layers();
        if self.mute.is_some() {
            self.out.clear();
            self.written = 0;
        }
    }

    fn flush_layers(&mut self) {
        let Some(below) = &mut self.below else {
            if let Some(above) = &mut self.above {
                above.take_wire(&mut self.out);
            }
            return;
        };
        if let Some(above) = &mut self.above {
            above.take_wire(&mut self.spill);
        }
        if !self.spill.is_empty() && !below.is_handshaking() {
            let taken = below.encrypt(&[&self.spill]);
            self.spill.drain(..taken);
        }
        below.take_wire(&mut self.out);
    }

    /// Nobody uses the connection for a while: it holds no memory that it does not need.
    pub(super) fn rest(&mut self) {
        for buffer in [&mut self.inbox, &mut self.between] {
            if buffer.unread_len() == 0 {
                *buffer = Buffer::new();
            }
        }
        if !self.has_out() {
            self.out = Vec::new();
            self.written = 0;
        }
    }
}

fn open(plan: TlsPlan, now: Now) -> Result<TlsLayer, TlsError> {
    TlsLayer::new(&plan.client, &plan.host, now)
}

/// Feeds a layer with what stands in a buffer; whether it took anything.
fn feed(layer: &mut TlsLayer, now: Now, source: &mut Buffer) -> Result<bool, TlsError> {
    if source.unread_len() == 0 {
        return Ok(false);
    }
    let taken = layer.feed(now, source.unread())?;
    source.consume(taken);
    Ok(taken > 0 || layer.has_plain())
}

/// What has come for the stage above the lower TLS: what that has decrypted, or if there is none, what the transport brought.
fn source<'a>(
    below: &mut Option<TlsLayer>,
    now: Now,
    inbox: &'a mut Buffer,
    between: &'a mut Buffer,
) -> Result<&'a mut Buffer, StackFailure> {
    let Some(below) = below else {
        return Ok(inbox);
    };
    while between.unread_len() == 0 {
        if below.has_plain() {
            let count = below.read_plain(between.space(0));
            between.filled(count);
        } else if !feed(below, now, inbox).map_err(StackFailure::ProxyTls)? {
            break;
        }
    }
    Ok(between)
}

impl fmt::Debug for Stack {
    /// How far it has come; no octet of anything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.making() {
            Making::Made => f.write_str("a stack"),
            making => write!(f, "a stack, {making:?}"),
        }
    }
}
