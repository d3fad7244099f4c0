edge::function! {
    //! Answers every path below our prefixes that belongs to no function: 404.

    FALLBACK;
}

#[cfg(test)]
mod tests;
