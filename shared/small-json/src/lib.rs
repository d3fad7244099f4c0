//! JSON in few bytes of wasm.
//!
//! `serde_json`'s reader costs a function 20 to 60 KB, for it tells by sentences what did not fit, can print every number, and is
//! copied for every type that it reads. This one reads the same documents (held by property tests against it) with its generic
//! parts kept thin. Its [`Error`] carries where in the document something did not fit, and why, as data. Three things differ:
//! nothing may be nested deeper than [`DEPTH`]; a struct is read from an object only, never from an array; and `6.0` and `6e0`
//! are the integer 6 (JSON Schema, 6.1.1).
//!
//! [`Text`] reads a single text as whatever is wanted of it: a key of an object, a parameter of a query. [`Object`] writes an object
//! member by member, for which a derived `Serialize` would take more than the object itself.

mod error;
mod escape;
mod number;
mod read;
mod text;
mod write;

#[cfg(test)]
mod tests;

pub use error::{Error, Why};
pub use escape::escape;
pub use number::number;
pub use read::{DEPTH, Reader, from_slice, from_str, members};
pub use text::{Text, from_pairs};
pub use write::{Object, write_string};
