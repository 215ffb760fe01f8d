//! Doubly linked lists of ids, threaded through one table: every operation in constant time, no allocation once the
//! table has grown to the number of things alive.

use crate::base::Key;

/// The links of all ids that may stand in some list of one kind. An id stands in one list of the kind at a time.
#[derive(Debug, Default)]
pub(crate) struct Links {
    nodes: Vec<Option<Node>>,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    key: Key,
    before: Option<u32>,
    after: Option<u32>,
}

/// One list: its ends and its length.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct List {
    front: Option<u32>,
    back: Option<u32>,
    length: usize,
}

impl List {
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    pub(crate) fn front(&self, links: &Links) -> Option<Key> {
        links.node(self.front?).map(|node| node.key)
    }

    pub(crate) fn back(&self, links: &Links) -> Option<Key> {
        links.node(self.back?).map(|node| node.key)
    }

    /// The ids from the front on.
    pub(crate) fn iter(&self, links: &Links) -> impl Iterator<Item = Key> {
        let mut next = self.front;
        core::iter::from_fn(move || {
            let node = links.node(next?)?;
            next = node.after;
            Some(node.key)
        })
    }

    /// Adds an id that stands in no list of this kind.
    #[inline]
    pub(crate) fn push_back(&mut self, links: &mut Links, key: Key) {
        links.set(
            key.index,
            Node {
                key,
                before: self.back,
                after: None,
            },
        );
        match self.back {
            Some(back) => links.change(back, |node| node.after = Some(key.index)),
            None => self.front = Some(key.index),
        }
        self.back = Some(key.index);
        self.length += 1;
    }

    #[inline]
    pub(crate) fn push_front(&mut self, links: &mut Links, key: Key) {
        links.set(
            key.index,
            Node {
                key,
                before: None,
                after: self.front,
            },
        );
        match self.front {
            Some(front) => links.change(front, |node| node.before = Some(key.index)),
            None => self.back = Some(key.index),
        }
        self.front = Some(key.index);
        self.length += 1;
    }

    pub(crate) fn pop_front(&mut self, links: &mut Links) -> Option<Key> {
        let place = links.nodes.get_mut(self.front? as usize)?;
        let node = place.take()?;
        self.front = node.after;
        match node.after {
            Some(after) => links.change(after, |neighbour| neighbour.before = None),
            None => self.back = None,
        }
        self.length -= 1;
        Some(node.key)
    }

    /// Removes an id that stands in this list; `false` if it stands in none.
    pub(crate) fn remove(&mut self, links: &mut Links, key: Key) -> bool {
        let Some(node) = links.node(key.index).filter(|node| node.key == key) else {
            return false;
        };
        match node.before {
            Some(before) => links.change(before, |neighbour| neighbour.after = node.after),
            None => self.front = node.after,
        }
        match node.after {
            Some(after) => links.change(after, |neighbour| neighbour.before = node.before),
            None => self.back = node.before,
        }
        links.nodes[key.index as usize] = None;
        self.length -= 1;
        true
    }
}

impl Links {
    fn node(&self, index: u32) -> Option<Node> {
        self.nodes.get(index as usize).copied().flatten()
    }

    fn set(&mut self, index: u32, node: Node) {
        let place = index as usize;
        if place >= self.nodes.len() {
            self.nodes.resize(place + 1, None);
        }
        self.nodes[place] = Some(node);
    }

    fn change(&mut self, index: u32, change: impl FnOnce(&mut Node)) {
        if let Some(Some(node)) = self.nodes.get_mut(index as usize) {
            change(node);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(index: u32) -> Key {
        Key {
            index,
            generation: 7,
        }
    }

    #[test]
    fn ids_come_out_in_order_and_leave_from_anywhere() {
        let (mut links, mut list) = (Links::default(), List::default());
        for index in [3, 1, 4] {
            list.push_back(&mut links, key(index));
        }
        list.push_front(&mut links, key(0));
        assert!(list.remove(&mut links, key(1)));
        assert!(!list.remove(&mut links, key(1)));
        assert!(!list.remove(
            &mut links,
            Key {
                index: 3,
                generation: 8
            }
        ));
        assert_eq!(list.len(), 3);
        let order: Vec<_> = core::iter::from_fn(|| list.pop_front(&mut links)).collect();
        assert_eq!(order, [key(0), key(3), key(4)]);
        assert_eq!(list.front(&links), None);
    }
}
