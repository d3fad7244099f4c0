//! What Stripe tells us. It is never asked: its webhooks say everything that tiers need.

mod event;
mod signature;

pub use event::{Event, Facts, Read, State, Subscription};
pub use signature::{NOT_CONFIGURED, Stripe};

edge::settings! {
    pub SETTINGS: {
        "STRIPE_WEBHOOK_SECRET": Secret secret = "", "signing secret of the Stripe webhook, of the live mode in production and of the test mode elsewhere; two separated by a comma while it is rolled; without it 503 stripe_not_configured";
    }
}
