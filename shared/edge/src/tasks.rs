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

/// An instance never answers so many at once.
const MOST: usize = 4096;
/// Milliseconds. Nothing that a task waits for lasts so long: what still waits then waits for a caller whom the runtime gave up
/// with their connection, of which it tells nobody.
pub(crate) const LONGEST: f64 = 600_000.0;

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

struct Task {
    number: u32,
    /// When it last went on.
    polled: f64,
    future: LocalBoxFuture<'static, ()>,
}

/// Wakes the task of this number.
struct Waking(u32);

#[derive(Default)]
struct Tasks {
    tasks: RefCell<Vec<Task>>,
    ready: RefCell<VecDeque<u32>>,
    tickets: RefCell<Vec<(u32, State)>>,
    last: Cell<u32>,
    now: Cell<f64>,
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

    fn take(&self, number: u32) -> Option<Task> {
        let mut tasks = self.tasks.borrow_mut();
        let at = tasks.iter().position(|task| task.number == number)?;
        Some(tasks.swap_remove(at))
    }
}

/// A number that nothing else has.
pub(crate) fn number() -> u32 {
    TASKS.with(Tasks::number)
}

/// Says what time it is, in milliseconds, and gives up the tasks that nobody will wake any more.
pub(crate) fn tick(now: f64) {
    let forgotten: Vec<Task> = TASKS.with(|all| {
        all.now.set(now);
        all.tasks.borrow_mut().extract_if(.., |task| now - task.polled > LONGEST).collect()
    });
    // What it drops may ask for the tasks itself.
    drop(forgotten);
}

/// What [`tick`] was last told.
#[cfg(target_arch = "wasm32")]
pub(crate) fn now() -> f64 {
    TASKS.with(|all| all.now.get())
}

/// Adds a task; it is first polled by [`run`]. Where too many wait, the oldest is given up.
pub(crate) fn spawn(task: LocalBoxFuture<'static, ()>) {
    let oldest = TASKS.with(|all| {
        let number = all.number();
        let mut tasks = all.tasks.borrow_mut();
        let is_full = tasks.len() >= MOST;
        let oldest = if is_full { tasks.iter().map(|task| task.number).min() } else { None };
        tasks.push(Task { number, polled: all.now.get(), future: task });
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
            if task.future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
                task.polled = all.now.get();
                all.tasks.borrow_mut().push(task);
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
    fn a_task_that_nobody_wakes_for_longer_than_anything_lasts_is_given_up() {
        let gone = Rc::new(());
        let (ticket, awake) = (Ticket::new(), Ticket::new());
        let wakes = awake.number();
        let (held, kept) = (gone.clone(), gone.clone());
        spawn(Box::pin(async move {
            ticket.await;
            drop(held);
        }));
        spawn(Box::pin(async move {
            awake.await;
            Ticket::new().await;
            drop(kept);
        }));
        run();
        tick(LONGEST - 1.0);
        settle(wakes, Outcome::Said(true));
        run();
        assert_eq!(Rc::strong_count(&gone), 3);
        tick(LONGEST + 1.0);
        assert_eq!(Rc::strong_count(&gone), 2, "the one that went on in between stays");
        tick(3.0 * LONGEST);
        assert_eq!(Rc::strong_count(&gone), 1);
        TASKS.with(|all| assert!(all.tickets.borrow().is_empty()));
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
