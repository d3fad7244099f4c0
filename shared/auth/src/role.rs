use serde::{Deserialize, Serialize};

/// What a person may do beyond their own data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema), schemars(extend("x-published" = true)))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    User,
    /// Sees aggregates of their organisation.
    Manager,
    Admin,
    /// Privacy operations: anonymised exports, retention.
    Privacy,
    /// Reads quality reports.
    Qa,
}

impl Role {
    pub fn name(self) -> &'static str {
        match self {
            Role::User => "user",
            Role::Manager => "manager",
            Role::Admin => "admin",
            Role::Privacy => "privacy",
            Role::Qa => "qa",
        }
    }
}
