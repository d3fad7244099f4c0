//! The fitness providers that an account can be connected to, and our applications there. A function that speaks to one of them
//! uses that provider's settings and no other's.

edge::settings! {
    /// Those of every provider.
    pub ALL: {
        with STRAVA, GARMIN, POLAR, COROS, WAHOO, FITBIT;
    }
    pub STRAVA, together: {
        "STRAVA_CLIENT_ID": Text = "", "our application at Strava; without id and secret it is not configured";
        "STRAVA_CLIENT_SECRET": Secret secret = "", "its secret";
    }
    pub GARMIN, together: {
        "GARMIN_CLIENT_ID": Text = "", "our application at Garmin; without id and secret it is not configured";
        "GARMIN_CLIENT_SECRET": Secret secret = "", "its secret";
    }
    pub POLAR, together: {
        "POLAR_CLIENT_ID": Text = "", "our application at Polar; without id and secret it is not configured";
        "POLAR_CLIENT_SECRET": Secret secret = "", "its secret";
    }
    pub COROS, together: {
        "COROS_CLIENT_ID": Text = "", "our application at COROS; without id and secret it is not configured";
        "COROS_CLIENT_SECRET": Secret secret = "", "its secret";
    }
    pub WAHOO, together: {
        "WAHOO_CLIENT_ID": Text = "", "our application at Wahoo; without id and secret it is not configured";
        "WAHOO_CLIENT_SECRET": Secret secret = "", "its secret";
    }
    pub FITBIT, together: {
        "FITBIT_CLIENT_ID": Text = "", "our application at Fitbit; without id and secret it is not configured";
        "FITBIT_CLIENT_SECRET": Secret secret = "", "its secret";
    }
}
