//! One file per provider.

mod coros;
mod fitbit;
mod garmin;
mod google_health;
mod polar;
mod strava;
mod wahoo;

pub use coros::Coros;
pub use fitbit::Fitbit;
pub use garmin::{Garmin, oauth1_page, oauth1_pair};
pub use google_health::GoogleHealth;
pub use polar::Polar;
pub use strava::Strava;
pub use wahoo::Wahoo;
