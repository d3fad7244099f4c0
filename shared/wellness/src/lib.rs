//! Bodies by declaration. A module of wellness is data: which fields it has, what each may be, and when it may be sent. One reader,
//! one writer and one description serve all of them, so that the twentieth module brings no code.

mod given;
mod read;
#[cfg(not(target_arch = "wasm32"))]
pub mod schema;

pub use given::{Given, Sent};
pub use read::{read, scaled};

edge::refusals! {
    pub SESSION_ENDED: 409 "session_ended", fr: "Cette séance est terminée.", en: "This session has ended.";
}

/// One field of a body or an answer.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    pub name: &'static str,
    pub kind: Kind,
    /// When it is sent and whether it is shown: [`NEW`], [`BEAT`], [`CHANGE`], [`END`], [`SHOWN`]; [`REQUIRED`], [`NULLABLE`].
    pub when: u8,
    /// For callers: what it means, with its unit.
    pub about: &'static str,
}

/// May be sent to begin.
pub const NEW: u8 = 1;
/// May be sent with a beat.
pub const BEAT: u8 = 2;
/// May be sent to change.
pub const CHANGE: u8 = 4;
/// May be sent to end.
pub const END: u8 = 8;
/// Is in the answer.
pub const SHOWN: u8 = 16;
/// Must be sent to begin, or in the object that it is of.
pub const REQUIRED: u8 = 32;
/// May be null in the answer.
pub const NULLABLE: u8 = 64;
/// Sent whenever something is, and shown.
pub const ALWAYS: u8 = NEW | BEAT | CHANGE | END | SHOWN;
/// Sent while it goes on or at its end, and shown.
pub const DURING: u8 = BEAT | CHANGE | END | SHOWN;

/// What a field may hold; bounds are inclusive.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Flag,
    Whole(i64, i64),
    Number(f64, f64),
    /// From so many to so many characters.
    Text(u32, u32),
    Words(&'static [&'static str]),
    /// One of these numbers.
    OneOf(&'static [i64]),
    /// RFC 3339.
    Moment,
    /// A calendar day; shown, never sent.
    Day,
    Id,
    /// At most so many.
    List(u32, &'static Kind),
    Object(&'static Shape),
    /// Any object of so many bytes of JSON and four levels at most, whose members are named by words; no picture.
    Free(usize),
}

/// An object within a body or an answer, the same in both, which fields of several modules may be.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// What it is called in the OpenAPI document.
    pub name: &'static str,
    /// For callers: what it is.
    pub about: &'static str,
    pub fields: &'static [Field],
}

impl Field {
    pub const fn new(name: &'static str, kind: Kind, when: u8, about: &'static str) -> Field {
        Field { name, kind, when, about }
    }

    pub const fn is(&self, when: u8) -> bool {
        self.when & when != 0
    }
}

#[cfg(test)]
mod tests;
