//! Requests that are given up, at each place where they can be: nothing of them is left.

use super::peers::{path, path_or, silence, text};
use super::{answered, eventually, get, milliseconds, nothing_left, one_connection};
use crate::origin::Act;
use crate::world::{Fate, World};

/// Given one connection in use, when a request that waits for it is given up, then who uses it goes on, and the next
/// request has it.
pub fn giving_up_in_the_queue_leaves_nothing(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        assert_ne!(request.path(), "/goes");
        Some(vec![Act::Pause(milliseconds(100)), text(request.path())])
    }));
    world.configure(one_connection());
    let stays = (Fate::Stays, get(&served.url("/stays")));
    let goes = (Fate::Goes, get(&served.url("/goes")));
    let replies = world.send_beside(vec![stays, goes], milliseconds(30));
    let [Ok(reply)] = &replies[..] else {
        panic!("an answer, not {replies:?}");
    };
    assert_eq!(reply.text(), "/stays");
    nothing_left(world);
    let reply = answered(world, get(&served.url("/next")));
    assert_eq!((reply.text(), reply.connection.served), ("/next", 1));
    assert_eq!(served.opened(), 1);
}

/// Given a dial that hears nothing, when its request is given up, then it waits no more, and the session goes on.
pub fn giving_up_a_dial_leaves_nothing(world: &mut dyn World) {
    let Some(unreachable) = world.unreachable() else {
        return;
    };
    let served = world.serve(path());
    world.send_and_cancel(get(&unreachable), milliseconds(30));
    nothing_left(world);
    assert_eq!(answered(world, get(&served.url("/next"))).text(), "/next");
}

/// Given a peer that does not answer, when the request is given up, then its connection is closed.
pub fn giving_up_before_the_head_leaves_nothing(world: &mut dyn World) {
    let served = world.serve(path_or(|request| {
        let silent = vec![silence(), text("never")];
        (request.path() == "/silent").then_some(silent)
    }));
    for count in 1..=2 {
        world.send_and_cancel(get(&served.url("/silent")), milliseconds(50));
        nothing_left(world);
        eventually(world, "it is closed", |_| served.closed() == count);
        assert!(world.pool().origins.is_empty(), "{:?}", world.pool());
    }
    let reply = answered(world, get(&served.url("/next")));
    assert_eq!((reply.text(), reply.connection.number), ("/next", 3));
}
