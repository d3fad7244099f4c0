//! One file a module.

pub mod breathing;
pub mod bubbles;
pub mod cards;
pub mod dome;
pub mod filters;
pub mod galaxy;
pub mod meditation;
pub mod music;
pub mod screen;
pub mod story;
