use edge::{FieldError, Place, Result};

/// The most common passwords of 10 characters and more, in public lists of leaked ones and on French keyboards.
const COMMON: &str = "\
    0123456789 0987654321 1029384756 1122334455 11223344556677 1231231231 123123123123 1234512345 1234554321 123456123456 \
    1234567890 12345678901 1234567890a 1234567891 12345678910 123456789a 123456789q 1234qwerasdf 1q2w3e4r5t 1q2w3e4r5t6y \
    1qaz2wsx3edc 1qazxsw23edc 9876543210 a123456789 abcd123456 abcdefghij adminadmin asdfghjkl; azerty1234 azerty12345 \
    azerty123456 azertyuiop bonjour123 changeme123 doudou1234 football123 iloveyou12 iloveyou123 jetaime123 letmein123 \
    loulou1234 motdepasse motdepasse1 motdepasse123 p@ssw0rd123 passw0rd123 password10 password11 password12 password123 \
    password1234 password12345 q1w2e3r4t5 q1w2e3r4t5y6 qazwsxedcrfv qwerty1234 qwerty12345 qwerty123456 qwertyuiop \
    qwertyuiop123 soleil1234 unknown123 welcome123 welcome1234";

/// Refuses what somebody who knows the address would try first. `email` is the account's, empty
/// where nobody can know it.
///
/// # Errors
/// 422 `weak_password` for `field`.
pub fn refuse_guessable(field: &str, password: &str, email: &str) -> Result<()> {
    let typed = password.trim().to_ascii_lowercase();
    let mut characters = typed.chars();
    let first = characters.next();
    let guessable = characters.all(|character| Some(character) == first)
        || typed.eq_ignore_ascii_case(email)
        || email.split('@').next().is_some_and(|name| typed.eq_ignore_ascii_case(name))
        || COMMON.split(' ').any(|common| common == typed);
    if guessable { Err(FieldError::new(Place::Body, field, "weak_password").into()) } else { Ok(()) }
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
