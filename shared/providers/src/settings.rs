//! Our applications at the providers, and where each provider is. One rule names the variables of all: the provider in capitals, and what
//! of it. A function that speaks to one of them uses that provider's settings and no other's.

edge::settings! {
    /// Those of every provider.
    pub ALL: {
        with STRAVA, GARMIN, POLAR, COROS, WAHOO, FITBIT, GOOGLE_HEALTH;
    }
    pub STRAVA, together: {
        with STRAVA_HOSTS;
        "STRAVA_CLIENT_ID": Text = "", "our application at Strava; without id and secret it is not configured";
        "STRAVA_CLIENT_SECRET": Secret secret = "", "its secret";
    }
    STRAVA_HOSTS: {
        "STRAVA_AUTH_URL": Url = "https://www.strava.com", "where people give Strava their consent";
        "STRAVA_TOKEN_URL": Url = "https://www.strava.com", "where Strava gives tokens";
        "STRAVA_API_URL": Url = "https://www.strava.com/api/v3", "Strava's API";
        "STRAVA_SUNSET_ON": Text = "", "the day on which Strava's API is turned off, where that is known";
    }
    pub GARMIN, together: {
        with GARMIN_HOSTS;
        "GARMIN_CLIENT_ID": Text = "", "our application at Garmin; without id and secret it is not configured";
        "GARMIN_CLIENT_SECRET": Secret secret = "", "its secret";
    }
    GARMIN_HOSTS: {
        "GARMIN_AUTH_URL": Url = "https://connect.garmin.com", "where people give Garmin their consent";
        "GARMIN_TOKEN_URL": Url = "https://diauth.garmin.com", "where Garmin gives tokens";
        "GARMIN_API_URL": Url = "https://apis.garmin.com", "Garmin's API";
        "GARMIN_SUNSET_ON": Text = "", "the day on which Garmin's API is turned off, where that is known";
        "GARMIN_OAUTH": Text = "2", "`2`, or `1` for an application of before the move, until 2026-12-31";
        "GARMIN_OAUTH1_URL": Url = "https://connectapi.garmin.com", "where Garmin gives OAuth 1 tokens";
    }
    pub POLAR, together: {
        with POLAR_HOSTS;
        "POLAR_CLIENT_ID": Text = "", "our application at Polar; without id and secret it is not configured";
        "POLAR_CLIENT_SECRET": Secret secret = "", "its secret";
    }
    POLAR_HOSTS: {
        "POLAR_AUTH_URL": Url = "https://flow.polar.com", "where people give Polar their consent";
        "POLAR_TOKEN_URL": Url = "https://polarremote.com", "where Polar gives tokens";
        "POLAR_API_URL": Url = "https://www.polaraccesslink.com", "Polar's API";
        "POLAR_SUNSET_ON": Text = "", "the day on which Polar's API is turned off, where that is known";
    }
    pub COROS, together: {
        with COROS_HOSTS;
        "COROS_CLIENT_ID": Text = "", "our application at COROS; without id and secret it is not configured";
        "COROS_CLIENT_SECRET": Secret secret = "", "its secret";
    }
    COROS_HOSTS: {
        "COROS_AUTH_URL": Url = "https://open.coros.com", "where people give COROS their consent";
        "COROS_TOKEN_URL": Url = "https://open.coros.com", "where COROS gives tokens";
        "COROS_API_URL": Url = "https://open.coros.com", "COROS's API";
        "COROS_SUNSET_ON": Text = "", "the day on which COROS's API is turned off, where that is known";
    }
    pub WAHOO, together: {
        with WAHOO_HOSTS;
        "WAHOO_CLIENT_ID": Text = "", "our application at Wahoo; without id and secret it is not configured";
        "WAHOO_CLIENT_SECRET": Secret secret = "", "its secret";
    }
    WAHOO_HOSTS: {
        "WAHOO_AUTH_URL": Url = "https://api.wahooligan.com", "where people give Wahoo their consent";
        "WAHOO_TOKEN_URL": Url = "https://api.wahooligan.com", "where Wahoo gives tokens";
        "WAHOO_API_URL": Url = "https://api.wahooligan.com", "Wahoo's API";
        "WAHOO_SUNSET_ON": Text = "", "the day on which Wahoo's API is turned off, where that is known";
    }
    pub FITBIT, together: {
        with FITBIT_HOSTS;
        "FITBIT_CLIENT_ID": Text = "", "our application at Fitbit; without id and secret it is not configured";
        "FITBIT_CLIENT_SECRET": Secret secret = "", "its secret";
    }
    FITBIT_HOSTS: {
        "FITBIT_AUTH_URL": Url = "https://www.fitbit.com", "where people give Fitbit their consent";
        "FITBIT_TOKEN_URL": Url = "https://api.fitbit.com", "where Fitbit gives tokens";
        "FITBIT_API_URL": Url = "https://api.fitbit.com", "Fitbit's API";
        "FITBIT_SUNSET_ON": Text = "2026-11-02", "the day on which Fitbit's API is turned off, where that is known";
    }
    pub GOOGLE_HEALTH, together: {
        with GOOGLE_HEALTH_HOSTS;
        "GOOGLE_HEALTH_CLIENT_ID": Text = "", "our application at Google Health; without id and secret it is not configured";
        "GOOGLE_HEALTH_CLIENT_SECRET": Secret secret = "", "its secret";
    }
    GOOGLE_HEALTH_HOSTS: {
        "GOOGLE_HEALTH_AUTH_URL": Url = "https://accounts.google.com", "where people give Google Health their consent";
        "GOOGLE_HEALTH_TOKEN_URL": Url = "https://oauth2.googleapis.com", "where Google Health gives tokens";
        "GOOGLE_HEALTH_API_URL": Url = "https://health.googleapis.com", "Google Health's API";
        "GOOGLE_HEALTH_SUNSET_ON": Text = "", "the day on which Google Health's API is turned off, where that is known";
    }
}
