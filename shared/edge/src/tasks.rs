//! Runs futures on an instance. JavaScript enters, every task that was woken is polled, and control returns: there is no other
//! queue. A task waits for what JavaScript does under a [`Ticket`].

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use futures::future::LocalBoxFuture;

use crate::http::{HttpAnswer, HttpFailure};

/// An instance never answers so many at once: what waits beyond this waits for callers that the runtime gave up with their
/// connection, of which it tells nobody.
const MOST: usize = 4096;

/// What came of a ticket.
pub(crate) enum Outcome {
    Said(bool),
    Received(HttpAnswer),
    Failed(HttpFailure),
}

/// Something that JavaScript was asked for.
pub(crate) struct Ticket(u32);

enum State {
    Waiting(Option<Waker>),
    Settled(Outcome),
}

/// Wakes the task of this number.
struct Waking(u32);

#[derive(Default)]
struct Tasks {
    tasks: RefCell<Vec<(u32, LocalBoxFuture<'static, ()>)>>,
    ready: RefCell<VecDeque<u32>>,
    tickets: RefCell<Vec<(u32, State)>>,
    last: Cell<u32>,
    is_running: Cell<bool>,
}

thread_local! {
    static TASKS: Tasks = Tasks::default();
}

impl Tasks {
    /// Never used twice: an answer may come after nobody waits for it any more.
    fn number(&self) -> u32 {
        self.last.set(self.last.get().wrapping_add(1));
        self.last.get()
    }

    fn take(&self, number: u32) -> Option<LocalBoxFuture<'static, ()>> {
        let mut tasks = self.tasks.borrow_mut();
        let at = tasks.iter().position(|(of, _)| *of == number)?;
        Some(tasks.swap_remove(at).1)
    }
}

/// A number that nothing else has.
pub(crate) fn number() -> u32 {
    TASKS.with(Tasks::number)
}

/// Adds a task; it is first polled by [`run`]. Where too many wait, the oldest is given up.
pub(crate) fn spawn(task: LocalBoxFuture<'static, ()>) {
    let oldest = TASKS.with(|all| {
        let number = all.number();
        let mut tasks = all.tasks.borrow_mut();
        let is_full = tasks.len() >= MOST;
        let oldest = if is_full { tasks.iter().map(|(of, _)| *of).min() } else { None };
        tasks.push((number, task));
        all.ready.borrow_mut().push_back(number);
        drop(tasks);
        oldest.and_then(|oldest| all.take(oldest))
    });
    // What it drops may ask for the tasks itself.
    drop(oldest);
}

/// Polls every task that can go on, until none can.
pub(crate) fn run() {
    TASKS.with(|all| {
        // What a task does may call back in; the loop below will see it.
        if all.is_running.replace(true) {
            return;
        }
        loop {
            let next = all.ready.borrow_mut().pop_front();
            let Some(number) = next else { break };
            // A task woken twice is gone, or waits again.
            let Some(mut task) = all.take(number) else { continue };
            let waker = Waker::from(Arc::new(Waking(number)));
            if task.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
                all.tasks.borrow_mut().push((number, task));
            }
        }
        all.is_running.set(false);
    });
}

/// Gives a ticket what came of it.
pub(crate) fn settle(ticket: u32, outcome: Outcome) {
    TASKS.with(|all| {
        let mut tickets = all.tickets.borrow_mut();
        let Some((_, state)) = tickets.iter_mut().find(|(number, _)| *number == ticket) else { return };
        if let State::Waiting(Some(waker)) = std::mem::replace(state, State::Settled(outcome)) {
            waker.wake();
        }
    });
}

impl Wake for Waking {
    fn wake(self: Arc<Self>) {
        TASKS.with(|all| all.ready.borrow_mut().push_back(self.0));
    }
}

impl Ticket {
    pub(crate) fn new() -> Ticket {
        TASKS.with(|all| {
            let number = all.number();
            all.tickets.borrow_mut().push((number, State::Waiting(None)));
            Ticket(number)
        })
    }

    pub(crate) fn number(&self) -> u32 {
        self.0
    }
}

impl Future for Ticket {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        TASKS.with(|all| {
            let mut tickets = all.tickets.borrow_mut();
            let Some(at) = tickets.iter().position(|(number, _)| *number == self.0) else { return Poll::Pending };
            match &mut tickets[at].1 {
                State::Waiting(waker) => {
                    *waker = Some(context.waker().clone());
                    Poll::Pending
                }
                State::Settled(_) => match tickets.swap_remove(at).1 {
                    State::Settled(outcome) => Poll::Ready(outcome),
                    State::Waiting(_) => Poll::Pending,
                },
            }
        })
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        // Where a thread ends, its tickets have gone before.
        let _ = TASKS.try_with(|all| all.tickets.borrow_mut().retain(|(number, _)| *number != self.0));
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use futures::future::join_all;

    use super::*;

    fn said(outcome: Outcome) -> bool {
        matches!(outcome, Outcome::Said(true))
    }

    #[test]
    fn a_task_goes_on_when_its_ticket_is_settled() {
        let seen = Rc::new(RefCell::new(Vec::new()));
        let (ticket, other) = (Ticket::new(), Ticket::new());
        let (number, other_number) = (ticket.number(), other.number());
        let log = seen.clone();
        spawn(Box::pin(async move {
            for ticket in [ticket, other] {
                let value = said(ticket.await);
                log.borrow_mut().push(value);
            }
        }));
        run();
        assert!(seen.borrow().is_empty());
        settle(number, Outcome::Said(true));
        run();
        assert_eq!(*seen.borrow(), [true]);
        settle(other_number, Outcome::Said(false));
        run();
        assert_eq!(*seen.borrow(), [true, false]);
    }

    #[test]
    fn tickets_may_be_awaited_together_and_settled_in_any_order() {
        let tickets: Vec<Ticket> = (0..40).map(|_| Ticket::new()).collect();
        let numbers: Vec<u32> = tickets.iter().map(Ticket::number).collect();
        let count = Rc::new(Cell::new(0));
        let seen = count.clone();
        spawn(Box::pin(async move { seen.set(join_all(tickets).await.len()) }));
        run();
        for number in numbers.into_iter().rev() {
            assert_eq!(count.get(), 0);
            settle(number, Outcome::Said(true));
            run();
        }
        assert_eq!(count.get(), 40);
    }

    #[test]
    fn of_too_many_that_wait_the_oldest_is_given_up() {
        let tickets: Vec<Ticket> = (0..=MOST).map(|_| Ticket::new()).collect();
        let numbers: Vec<u32> = tickets.iter().map(Ticket::number).collect();
        let seen = Rc::new(RefCell::new(Vec::new()));
        for (n, ticket) in tickets.into_iter().enumerate() {
            let log = seen.clone();
            spawn(Box::pin(async move {
                ticket.await;
                log.borrow_mut().push(n);
            }));
            run();
        }
        for number in numbers {
            settle(number, Outcome::Said(true));
            run();
        }
        assert_eq!(seen.borrow().len(), MOST);
        assert!(!seen.borrow().contains(&0));
    }

    #[test]
    fn an_answer_that_nobody_waits_for_is_forgotten() {
        let ticket = Ticket::new();
        let number = ticket.number();
        drop(ticket);
        settle(number, Outcome::Said(true));
        TASKS.with(|all| assert!(all.tickets.borrow().is_empty()));
    }
}
