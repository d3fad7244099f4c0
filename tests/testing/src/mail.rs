use serde::Deserialize;

use crate::variable;

/// A letter that the simulated mail provider took.
#[derive(Clone, Debug, Deserialize)]
pub struct Letter {
    pub subject: String,
    pub text: String,
}

#[derive(Deserialize)]
struct Letters {
    letters: Vec<Letter>,
}

impl Letter {
    /// The token in its link.
    ///
    /// # Panics
    /// Where it has none.
    pub fn token(&self) -> String {
        let (_, rest) = self.text.split_once("#token=").unwrap_or_else(|| panic!("no link in {self:?}"));
        rest.split_whitespace().next().unwrap_or_default().to_owned()
    }
}

/// What an address was sent, oldest first.
///
/// # Panics
/// Where the simulators do not answer.
pub async fn letters_to(address: &str) -> Vec<Letter> {
    let url = format!("{}/control/mail?to={address}", variable("SIMULATORS_URL"));
    let answer = reqwest::get(url).await.expect("the simulators do not answer");
    answer.json::<Letters>().await.expect("these are not letters").letters
}
