use std::borrow::Cow;

use edge::{Context, FieldError, Message, Place, Result, Statement, msg};
use unicode_normalization::UnicodeNormalization;

use crate::digest;

/// Between two spellings of one password, where SQL compares it (`edge.password_matches`). Nobody types it.
pub(crate) const OR: &str = "\u{1f}";

/// Characters that a password has at least, however it is spelled.
const SHORTEST: usize = 10;

/// A password as it is hashed: blanks are U+0020, and accents are one with their letters (RFC 8265, 4.2.2). A Mac sends `é` in
/// one character or in two, and its Option key makes a blank of its own; to who types it is one password.
pub(crate) fn prepared(typed: &str) -> Cow<'_, str> {
    if typed.is_ascii() {
        return Cow::Borrowed(typed);
    }
    let blank = |c| {
        if matches!(c, '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}') { ' ' } else { c }
    };
    Cow::Owned(typed.chars().map(blank).nfc().collect())
}

/// The spellings under which a password may have been hashed, today's first.
pub(crate) fn spellings(typed: &str) -> Vec<Cow<'_, str>> {
    let prepared = prepared(typed);
    if prepared == typed { vec![prepared] } else { vec![prepared, Cow::Borrowed(typed)] }
}

/// The most common passwords of 10 characters and more, in public lists of leaked ones and on French keyboards.
const COMMON: &str = "\
    0123456789 0987654321 1029384756 1122334455 11223344556677 1231231231 123123123123 1234512345 1234554321 123456123456 \
    1234567890 12345678901 1234567890a 1234567891 12345678910 123456789a 123456789q 1234qwerasdf 1q2w3e4r5t 1q2w3e4r5t6y \
    1qaz2wsx3edc 1qazxsw23edc 9876543210 a123456789 abcd123456 abcdefghij adminadmin asdfghjkl; azerty1234 azerty12345 \
    azerty123456 azertyuiop bonjour123 changeme123 doudou1234 football123 iloveyou12 iloveyou123 jetaime123 letmein123 \
    loulou1234 motdepasse motdepasse1 motdepasse123 p@ssw0rd123 passw0rd123 password10 password11 password12 password123 \
    password1234 password12345 q1w2e3r4t5 q1w2e3r4t5y6 qazwsxedcrfv qwerty1234 qwerty12345 qwerty123456 qwertyuiop \
    qwertyuiop123 soleil1234 unknown123 welcome123 welcome1234";

const WEAK_PASSWORD: Message =
    msg!("weak_password", fr: "Mot de passe trop facile à deviner.", en: "This password is too easy to guess.");

/// The digest of a password that somebody chooses for the account whose address `address` asks for, if any. It is asked for
/// beforehand: the database is never told a password that could be compared with it.
///
/// # Errors
/// As [`refuse_guessable`] and [`Context::sql`].
pub async fn chosen(ctx: &Context, field: &str, password: &str, address: impl Into<Statement>) -> Result<String> {
    let email: Option<String> = ctx.sql(address).await?.value()?;
    refuse_guessable(field, password, email.as_deref().unwrap_or_default())?;
    Ok(digest(ctx, password))
}

/// Refuses what somebody who knows the address would try first. `email` is the account's, empty
/// where nobody can know it.
///
/// # Errors
/// 422 `weak_password` for `field`, or `too_short` for what is so once its accents are one with their letters.
pub fn refuse_guessable(field: &str, password: &str, email: &str) -> Result<()> {
    let prepared = prepared(password);
    if prepared.chars().count() < SHORTEST {
        let mut short = FieldError::new(Place::Body, field, "too_short");
        short.params.push(("min".to_owned(), SHORTEST.to_string()));
        return Err(short.into());
    }
    let typed = prepared.trim().to_ascii_lowercase();
    let mut characters = typed.chars();
    let first = characters.next();
    let guessable = characters.all(|character| Some(character) == first)
        || typed.eq_ignore_ascii_case(email)
        || email.split('@').next().is_some_and(|name| typed.eq_ignore_ascii_case(name))
        || COMMON.split(' ').any(|common| common == typed);
    if guessable { Err(FieldError::says(Place::Body, field, WEAK_PASSWORD).into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_common_passwords_holds_only_what_the_length_lets_through() {
        for password in COMMON.split(' ') {
            assert!(password.len() >= 10 && password == password.to_ascii_lowercase(), "{password}");
        }
    }

    #[test]
    fn a_password_is_one_in_every_spelling() {
        for (typed, one) in [
            ("été à la plage", "e\u{301}te\u{301} a\u{300} la plage"),
            ("trois petits chats", "trois\u{a0}petits\u{202f}chats"),
            ("Ångström ﬁn", "\u{212b}ngstro\u{308}m ﬁn"),
        ] {
            assert_eq!(prepared(one), typed);
            assert_eq!(spellings(one), [typed, one]);
        }
        assert_eq!(spellings("Ｐａｓｓ １"), ["Ｐａｓｓ １"], "width is the typist's own");
        assert_ne!(prepared("ete"), prepared("été"));
    }

    #[test]
    fn an_accent_typed_apart_makes_no_password_longer() {
        assert!(refuse_guessable("password", &"e\u{301}a".repeat(4), "").is_err());
        assert!(refuse_guessable("password", &"e\u{301}a".repeat(5), "").is_ok());
        assert!(refuse_guessable("password", "mot\u{a0}de passe", "").is_ok());
    }

    proptest::proptest! {
        #[test]
        fn what_is_prepared_stays_as_it_is(typed: String) {
            let once = prepared(&typed).into_owned();
            proptest::prop_assert_eq!(prepared(&once), once.as_str());
            let apart: String = typed.nfd().collect();
            proptest::prop_assert_eq!(prepared(&apart), once.as_str());
        }
    }

    #[test]
    fn what_anybody_would_guess_is_refused() {
        let local = "ada.lovelace";
        let email = "ada.lovelace@example.org";
        for password in ["aaaaaaaaaaaa", "          ", "MotDePasse123", "azertyuiop", local, email] {
            assert!(refuse_guessable("password", password, email).is_err(), "{password}");
        }
        assert!(refuse_guessable("password", local, "Ada.Lovelace@example.org").is_err());
        assert!(refuse_guessable("password", "trois petits chats", email).is_ok());
        assert!(refuse_guessable("password", "ada.lovelace", "").is_ok());
    }
}
