use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
#[cfg(not(target_arch = "wasm32"))]
use edge::describe::{Place, Scheme};
use edge::{Credentials, Proof, Result, auth, refusal, refusals};

refusals! {
    pub NOT_CONFIGURED: 503 "stripe_not_configured", fr: "Le paiement n'est pas configuré.", en: "Payment is not configured.";
}

/// How old a signature may be, and how far ahead of our clock: Stripe's own libraries allow as much for the first.
const TOLERANCE_S: i64 = 300;

/// Stripe, by the header `Stripe-Signature`: `t=<unix>,v1=<hex>[,v1=<hex>…]`, where each v1 is the HMAC-SHA-256 of `<t>.<body>`
/// under the whole text of a secret, `whsec_…`. While a secret is rolled, Stripe signs with both.
/// Source: docs.stripe.com/webhooks, "Verify webhook signatures manually". Needs [`SETTINGS`](crate::SETTINGS).
pub struct Stripe;

impl Proof for Stripe {
    const AFTER_BODY: bool = true;
    #[cfg(not(target_arch = "wasm32"))]
    const SCHEME: Scheme =
        Scheme::By { name: "stripe", place: Place::Header("Stripe-Signature"), about: "Stripe's signature of time and body." };

    fn verify(credentials: &Credentials) -> Result<Stripe> {
        let secrets = credentials.config.get("STRIPE_WEBHOOK_SECRET");
        if secrets.is_empty() {
            return Err(NOT_CONFIGURED.into());
        }
        let header = credentials.parts.headers.get("stripe-signature").unwrap_or_default();
        match is_signed(header, credentials.raw, secrets, credentials.now) {
            true => Ok(Stripe),
            false => Err(refusal::BAD_SIGNATURE.into()),
        }
    }
}

fn is_signed(header: &str, body: &[u8], secrets: &str, now: DateTime<Utc>) -> bool {
    let fields = || header.split(',').filter_map(|field| field.trim().split_once('='));
    let Some((_, time)) = fields().find(|(name, _)| *name == "t") else { return false };
    let is_recent = time.parse().is_ok_and(|time: i64| time.abs_diff(now.timestamp()) <= TOLERANCE_S.unsigned_abs());
    let signatures = fields().filter(|(name, _)| *name == "v1").filter_map(|(_, hex)| HEXLOWER.decode(hex.as_bytes()).ok());
    // Every one is compared, so that the time taken does not tell which one was right.
    let is_good = |signature: Vec<u8>| auth::is_hmac_of_any(secrets, &[time.as_bytes(), b".", body], &signature);
    is_recent & signatures.fold(false, |found, signature| found | is_good(signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by `stripe.webhooks.generateTestHeaderString` of Stripe's library for Node, version 23.1.0.
    const BODY: &[u8] = br#"{"id":"evt_1","object":"event"}"#;
    const SECRET: &str = "whsec_test_secret";
    const TIME: i64 = 1_767_225_600;
    const SIGNATURE: &str = "238d47ccc3251152491130a4587f0a855c0e33e88993ce968255c6d168ef7601";

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(TIME + seconds, 0).unwrap()
    }

    fn header(signatures: &[&str]) -> String {
        let signatures = signatures.iter().map(|signature| format!(",v1={signature}"));
        format!("t={TIME}{},v0=00", signatures.collect::<String>())
    }

    #[test]
    fn stripes_own_signature_holds_for_five_minutes_on_both_sides() {
        for (seconds, holds) in [(0, true), (300, true), (301, false), (-300, true), (-301, false)] {
            assert_eq!(is_signed(&header(&[SIGNATURE]), BODY, SECRET, at(seconds)), holds, "{seconds}");
        }
    }

    #[test]
    fn one_good_signature_of_several_is_enough_and_so_is_one_of_two_secrets() {
        let other = "0".repeat(64);
        assert!(is_signed(&header(&[&other, SIGNATURE]), BODY, SECRET, at(0)));
        assert!(is_signed(&header(&[SIGNATURE]), BODY, "whsec_next, whsec_test_secret", at(0)));
        assert!(!is_signed(&header(&[&other]), BODY, SECRET, at(0)));
    }

    #[test]
    fn anything_else_is_refused() {
        let good = header(&[SIGNATURE]);
        assert!(!is_signed(&good, b"{}", SECRET, at(0)));
        assert!(!is_signed(&good, BODY, "whsec_other", at(0)));
        assert!(!is_signed(&good, BODY, ",", at(0)));
        for bad in [
            "",
            "t=1",
            &good.replace("v1", "v0"),
            &good.replace("t=1", "t=01"),
            &format!("v1={SIGNATURE}"),
            "t=x,v1=00",
            "t=,v1=",
        ] {
            assert!(!is_signed(bad, BODY, SECRET, at(0)), "{bad}");
        }
    }
}
