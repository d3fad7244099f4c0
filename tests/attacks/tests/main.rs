//! Every endpoint and every table is attacked, and none gives way; a function that is made to give way is found out.

#[cfg(test)]
mod campaign;
#[cfg(test)]
mod double;

/// The canary is one for all.
#[cfg(test)]
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
