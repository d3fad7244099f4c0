//! What runs by the clock.

use contracts::FUNCTIONS;
use edge::Trigger;
use testing::App;

/// A clock that comes late calls for the moment that was due: what asks the outside world does not take that moment for the time. It is
/// long ago here, where no other test's rows are.
#[tokio::test]
async fn a_run_for_a_moment_that_has_passed_succeeds() {
    for function in FUNCTIONS.iter().filter(|function| matches!(function.trigger, Trigger::Cron { .. })) {
        let run = App::edge().at("1999-01-01T00:00:00Z").cron(function.package).await;
        assert_eq!(run.status, 200, "{}: {run:?}", function.package);
    }
}
