//! Random histories that are the same in every run: a seed names one for good.

/// How many histories a test that compares with an oracle lives through: `ORACLE_HISTORIES`, else 300.
pub fn histories() -> u64 {
    std::env::var("ORACLE_HISTORIES").ok().and_then(|text| text.parse().ok()).unwrap_or(300)
}

/// SplitMix64, from a seed.
pub struct Dice(pub u64);

impl Dice {
    /// From 0 to `bound`, which it is not.
    ///
    /// # Panics
    /// Where `bound` is not above 0.
    pub fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        i64::try_from((mixed ^ (mixed >> 31)) % u64::try_from(bound).expect("a bound above 0")).expect("below the bound")
    }

    /// One of these.
    ///
    /// # Panics
    /// Where there are none.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(i64::try_from(from.len()).expect("a short list"))).expect("below its length")]
    }

    /// Two times of three what is made.
    pub fn maybe<T>(&mut self, make: impl FnOnce(&mut Dice) -> T) -> Option<T> {
        (self.below(3) > 0).then(|| make(self))
    }
}
