use super::*;

const PLACE: Place = Place { table: "provider_connections", column: "access_token", row: "ada:strava" };

fn key(byte: u8) -> String {
    BASE64_STANDARD.encode([byte; 32])
}

fn keys(text: &str) -> Keys {
    Keys::parse(text).unwrap()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|byte| match byte {
            b'0'..=b'9' => byte - b'0',
            _ => byte - b'a' + 10,
        })
        .collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// draft-irtf-cfrg-xchacha-03, appendix A.3.1.
#[test]
fn the_cipher_agrees_with_the_published_vector() {
    let cipher =
        XChaCha20Poly1305::new_from_slice(&bytes("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f")).unwrap();
    let nonce = bytes("404142434445464748494a4b4c4d4e4f5051525354555657");
    let text =
        "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";
    let aad = bytes("50515253c0c1c2c3c4c5c6c7");
    let expected = bytes(
        "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216
         cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13
         b52e c0875924c1c7987947deafd8780acf49",
    );
    let sealed = cipher.encrypt(XNonce::from_slice(&nonce), Payload { msg: text.as_bytes(), aad: &aad }).unwrap();
    assert_eq!(sealed, expected);
    let opened = cipher.decrypt(XNonce::from_slice(&nonce), Payload { msg: &expected, aad: &aad }).unwrap();
    assert_eq!(opened, text.as_bytes());
}

#[test]
fn a_sealed_text_opens_in_its_own_place_only() {
    let keys = keys(&format!("a:{}", key(1)));
    let sealed = keys.seal(PLACE, "jeton é").unwrap();
    assert!(sealed.starts_with("a:") && !sealed.contains("jeton"));
    assert_eq!(keys.open(PLACE, &sealed).unwrap(), "jeton é");
    for other in [
        Place { table: "users", ..PLACE },
        Place { column: "refresh_token", ..PLACE },
        Place { row: "eve:strava", ..PLACE },
        // The same letters, divided in another way.
        Place { table: "provider_connectionsa", column: "ccess_token", ..PLACE },
    ] {
        assert_eq!(keys.open(other, &sealed), Err(Error::Forged), "{other:?}");
    }
}

#[test]
fn two_seals_of_one_text_differ() {
    let keys = keys(&format!("a:{}", key(1)));
    assert_ne!(keys.seal(PLACE, "x").unwrap(), keys.seal(PLACE, "x").unwrap());
}

#[test]
fn every_changed_character_is_noticed() {
    let keys = keys(&format!("a:{}", key(1)));
    let sealed = keys.seal(PLACE, "a token").unwrap();
    for at in 2..sealed.len() {
        let mut changed = sealed.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(matches!(keys.open(PLACE, &changed), Err(Error::Forged | Error::NotSealed)), "{changed}");
    }
    for wrong in ["", "a", "a:", "a::", "a:AAAA:AAAA", "plain text", &sealed[..sealed.len() - 1]] {
        assert!(keys.open(PLACE, wrong).is_err(), "{wrong}");
    }
}

#[test]
fn an_old_key_opens_until_it_is_taken_out_and_asks_to_be_replaced() {
    let before = keys(&format!("a:{}", key(1)));
    let between = keys(&format!("b:{},a:{}", key(2), key(1)));
    let after = keys(&format!("b:{}", key(2)));
    let old = before.seal(PLACE, "x").unwrap();
    assert!(!before.needs_resealing(&old) && between.needs_resealing(&old));
    let new = between.seal(PLACE, &between.open(PLACE, &old).unwrap()).unwrap();
    assert!(!between.needs_resealing(&new));
    assert_eq!((after.open(PLACE, &new).as_deref(), after.open(PLACE, &old)), (Ok("x"), Err(Error::UnknownKey)));
    // Another key under a known id is no key for it.
    assert_eq!(keys(&format!("a:{}", key(3))).open(PLACE, &old), Err(Error::Forged));
}

#[test]
fn keys_that_cannot_be_used_are_refused() {
    let (good, short) = (key(1), BASE64_STANDARD.encode([1; 31]));
    for wrong in [
        String::new(),
        good.clone(),
        format!(":{good}"),
        format!("a:{short}"),
        "a:!".to_owned(),
        format!("a:{good},a:{good}"),
        format!("a:{good},"),
    ] {
        assert!(matches!(Keys::parse(&wrong), Err(Error::BadKeys)), "{wrong}");
    }
}
